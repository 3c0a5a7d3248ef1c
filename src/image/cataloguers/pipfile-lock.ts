import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { isProjectPath, isWord } from './places.ts';

const fileName = /(?:^|\/)Pipfile\.lock$/;
/** Every section but `_meta` is a group of packages; `default` is the one that is always installed. */
const shape = z.record(z.string(), z.unknown());
const groupShape = z.record(z.string(), z.unknown());
const entryShape = z.object({ version: z.string().optional() });

/** What Pipenv resolved. Pipenv, "Pipfile.lock". */
export const pipfileLock: Cataloguer = {
  id: 'python-pipfile-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('Pipfile.lock') && fileName.test(path) && isProjectPath(path),
  async *read(file, _image, signal) {
    const parsed = shape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no Pipenv lock file' } };
      return;
    }
    yield* listedPackages('pypi', file.path, lockedIn(parsed.data), signal);
  },
};

function* lockedIn(groups: Readonly<Record<string, unknown>>): Generator<ListedPackage | string, void, undefined> {
  for (const [group, value] of Object.entries(groups)) {
    if (group === '_meta') continue;
    const packages = groupShape.safeParse(value);
    if (!packages.success) {
      yield `group "${group.slice(0, 300)}" has an unknown form`;
      continue;
    }
    for (const [name, found] of Object.entries(packages.data)) {
      const entry = entryShape.safeParse(found);
      const version = entry.data?.version?.replace(/^={2,3}\s*/, '');
      if (!entry.success) yield `entry "${name.slice(0, 300)}" has an unknown form`;
      else if (version !== undefined && isWord(name) && /^[\w.!+-]+$/.test(version)) {
        yield { name, version, ...(group === 'develop' ? { dev: true } : {}) };
      } // without a version: from a repository or a folder
    }
  }
}
