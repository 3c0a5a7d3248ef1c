import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { isNpmName } from './npm-name.ts';
import { isCachePath, isKernelPath } from './places.ts';

/**
 * The directory of a package directly inside a `node_modules`, with its manifest. Names that begin with a dot are what a
 * package manager keeps for itself or was about to remove.
 */
const manifest = /(?:^|\/)node_modules\/(?:@[^/.][^/]*\/)?[^/@.][^/]*\/package\.json$/;
/** Yarn's linker of the pnpm kind, "nodeLinker: pnpm": links lead there. */
const yarnStore = /(?:^|\/)node_modules\/\.store\/[^/]+\/package\/package\.json$/;
/** Folders of a package that hold its own tests and examples, at times with whole trees of packages. */
const testFolder = /^(?:__?(?:tests?|fixtures|mocks)__?|tests?|specs?|fixtures?|testdata|examples?)$/;

/** Everything else of a manifest may have any type. npm, "package.json". */
const shape = z.object({ name: z.unknown().optional(), version: z.unknown().optional() });

/**
 * Packages installed by npm, yarn or pnpm: one manifest each in a `node_modules`. The name inside counts, so that aliases
 * are seen as what they are. pnpm's links lead to the real directories, which are listed once.
 */
export const npmInstalled: Cataloguer = {
  id: 'npm-installed',
  maxFileBytes: 16 * 1024 * 1024,
  wants: (path) =>
    path.endsWith('/package.json') &&
    (manifest.test(path) || yarnStore.test(path)) &&
    !isKernelPath(path) &&
    !isCachePath(path) &&
    !isOfTests(path),
  /** Name and version alone: manifests of large applications have some ten megabytes together. */
  reduce(path, bytes) {
    try {
      const { name, version } = shape.parse(parseJson(decodeText(bytes), path));
      return Buffer.from(JSON.stringify({ name, version }), 'utf8');
    } catch {
      return bytes; // read() says what is wrong with it
    }
  },
  async *read(file, _image, signal) {
    const parsed = shape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    const name = parsed.data?.name;
    const version = parsed.data?.version;
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no package manifest' } };
      return;
    }
    // A marker such as {"type": "module"}, or something local: without both it cannot come from a registry.
    if (name === undefined || version === undefined || name === '' || version === '') return;
    if (typeof name !== 'string' || typeof version !== 'string') {
      yield { kind: 'problem', problem: { path: file.path, reason: 'its name or its version is no text' } };
      return;
    }
    if (!isNpmName(name)) {
      yield { kind: 'problem', problem: { path: file.path, reason: `"${name.slice(0, 214)}" is no npm package name` } };
      return;
    }
    yield { kind: 'package', package: { type: 'npm', name, version, path: file.path } };
  },
};

/** True in a tree that a package carries for its tests; the parts directly behind a `node_modules` are names of packages. */
function isOfTests(path: string): boolean {
  let isName = false;
  let isInside = false;
  let isTest = false;
  for (const part of path.split('/')) {
    if (part === 'node_modules') {
      if (isTest) return true;
      isName = isInside = true;
    } else if (isName) isName = part.startsWith('@');
    else isTest ||= isInside && testFolder.test(part);
  }
  return false;
}
