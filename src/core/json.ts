import { DamagedError, LimitExceededError } from './errors.ts';

/** Parses JSON from outside: refuses texts over `maxChars` and nesting over `maxDepth`. Throws DamagedError, LimitExceededError. */
export function parseJson(text: string, what: string, limits?: { maxChars?: number; maxDepth?: number }): unknown {
  const maxChars = limits?.maxChars ?? 64 * 1024 * 1024;
  const maxDepth = limits?.maxDepth ?? 200;
  if (text.length > maxChars) {
    throw new LimitExceededError(
      `Cannot read ${what}: it has ${text.length} characters, more than ${maxChars}`,
      'Report the file if it is genuine.',
    );
  }
  if (deeperThan(text, maxDepth)) {
    throw new LimitExceededError(
      `Cannot read ${what}: it nests deeper than ${maxDepth} levels`,
      'Report the file if it is genuine.',
    );
  }
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
  } catch (cause) {
    throw new DamagedError(`Cannot read ${what}: it is not valid JSON`, 'Check where it comes from.', { cause });
  }
}

function deeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
