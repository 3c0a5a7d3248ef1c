import { isNode, LineCounter, parseDocument } from 'yaml';
import type { SettingsInForce } from './settings.ts';
import { resolveSettings } from './settings.ts';

/** A refused setting with its place in the file; `line` counts from 1. */
export interface RefusedLine {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly reason: string;
}

/** Longer files are refused whole: settings need a few kilobytes. */
const MAX_FILE_LENGTH = 256 * 1024;

/** Keys of factors hold dots, so that a path is split at its first dot only. */
function keysOf(path: string): readonly string[] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path] : [path.slice(0, dot), path.slice(dot + 1)];
}

/**
 * Reads the priorities file of a team (YAML). Never throws: what cannot be used is refused with file and line, its default
 * stays in force, and the rest applies.
 */
export function readPrioritySettings(
  text: string,
  file: string,
): { readonly settings: SettingsInForce; readonly refused: readonly RefusedLine[] } {
  const whole = (line: number, reason: string): ReturnType<typeof readPrioritySettings> => ({
    settings: resolveSettings(undefined),
    refused: [{ file, line, path: 'settings', reason }],
  });
  if (text.length > MAX_FILE_LENGTH) return whole(1, `longer than ${MAX_FILE_LENGTH} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) return whole(lines.linePos(broken.pos[0]).line, `not YAML: ${broken.code}`);
  let given: unknown;
  try {
    given = document.toJS({ maxAliasCount: 100 });
  } catch {
    return whole(1, 'too many aliases');
  }
  const settings = resolveSettings(given ?? undefined);
  const refused = settings.rejected.map(({ path, reason }) => {
    const node = path === 'settings' ? document.contents : document.getIn(keysOf(path), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return { file, line: offset === undefined ? 1 : lines.linePos(offset).line, path, reason };
  });
  return { settings, refused };
}
