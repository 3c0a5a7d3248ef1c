const slash = 0x2f;
const dot = 0x2e;

/**
 * The path of a tar entry without leading and trailing slashes, `./` and doubled slashes; the empty string for the root.
 * Undefined when it climbs with `..` or holds a NUL: such an entry is refused.
 */
export function normalisePath(path: string): string | undefined {
  if (isNormal(path)) return path;
  if (path.includes('\0')) return undefined;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') return undefined;
    parts.push(part);
  }
  return parts.join('/');
}

/** No part is empty, `.` or `..`, and there is no NUL. Nearly all entries but for a leading `./` or a trailing `/` are. */
function isNormal(path: string): boolean {
  let partStart = 0;
  for (let i = 0; i <= path.length; i++) {
    const code = i === path.length ? slash : path.charCodeAt(i);
    if (code === 0) return false;
    if (code !== slash) continue;
    const length = i - partStart;
    if (length === 0) return path === '';
    if (length <= 2 && path.charCodeAt(partStart) === dot && (length === 1 || path.charCodeAt(partStart + 1) === dot)) {
      return false;
    }
    partStart = i + 1;
  }
  return true;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Names are bytes: UTF-8 where they are that, else each byte for itself. */
export function decodeName(bytes: Buffer): string {
  for (const byte of bytes) {
    if (byte < 0x80) continue;
    try {
      return strictUtf8.decode(bytes);
    } catch {
      return bytes.toString('latin1');
    }
  }
  return bytes.toString('latin1');
}
