import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { checkNpmName } from './npm-name.ts';
import { directoryOf, isProjectPath } from './places.ts';

const lockName = /(?:^|\/)bun\.lock$/;
const shape = z.object({ packages: z.record(z.string(), z.unknown()).optional() });
/** `["name@version", …]`; what follows differs by source. */
const entryShape = z.tuple([z.string()]).rest(z.unknown());

/** The text lock file of Bun: JSON that may have commas before closing brackets. Bun, "Lockfile". */
export const bunLock: Cataloguer = {
  id: 'bun-lock',
  maxFileBytes: 16 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('bun.lock') && lockName.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    if (image.has(`${directoryOf(file.path)}node_modules`)) return;
    const text = withoutTrailingCommas(decodeText(await file.bytes(signal)));
    const parsed = shape.safeParse(parseJson(text, `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no Bun lock file' } };
      return;
    }
    yield* listedPackages('npm', file.path, lockedIn(parsed.data.packages ?? {}), signal);
  },
};

function* lockedIn(packages: Readonly<Record<string, unknown>>): Generator<ListedPackage | string, void, undefined> {
  for (const [key, value] of Object.entries(packages)) {
    const entry = entryShape.safeParse(value);
    const resolution = entry.success ? entry.data[0] : '';
    const at = resolution.indexOf('@', 1);
    if (at < 0) {
      yield `entry "${key.slice(0, 300)}" has an unknown form`;
      continue;
    }
    const reference = resolution.slice(at + 1);
    // Workspaces, links and folders are the project's own; repositories and archives say no version here.
    if (
      /^(?:workspace|link|file|root|git|github|https?|git\+\w+):/.test(reference) ||
      /\.t(?:ar\.)?gz$/.test(reference)
    )
      continue;
    yield checkNpmName({ name: resolution.slice(0, at), version: reference.replace(/^npm:/, '') });
  }
}

/** The same text with blanks for commas that a closing bracket follows; strings stay as they are. */
function withoutTrailingCommas(text: string): string {
  let out = '';
  let from = 0;
  let comma = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
      comma = -1;
    } else if (c === 0x2c) comma = i;
    else if (c === 0x7d || c === 0x5d) {
      if (comma >= 0) {
        out += text.slice(from, comma);
        from = comma + 1;
      }
      comma = -1;
    } else if (c !== 0x20 && c !== 0x09 && c !== 0x0a && c !== 0x0d) comma = -1;
  }
  return out + text.slice(from);
}
