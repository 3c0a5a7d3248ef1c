import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { isNpmName } from './npm-name.ts';
import { isKernelPath } from './places.ts';

/**
 * The directory of a package directly inside a `node_modules`, with its manifest. Names that begin with a dot are what a
 * package manager keeps for itself or was about to remove.
 */
const manifest = /(?:^|\/)node_modules\/(?:@[^/.][^/]*\/)?[^/@.][^/]*\/package\.json$/;
/** Yarn's linker of the pnpm kind, "nodeLinker: pnpm": links lead there. */
const yarnStore = /(?:^|\/)node_modules\/\.store\/[^/]+\/package\/package\.json$/;
/** A tree that a package carries for its own tests or as an example. */
const ofTests =
  /(?:^|\/)node_modules\/(?:.*\/)?(?:__?(?:tests?|fixtures|mocks)__?|tests?|specs?|fixtures?|testdata|examples?)\/(?:.*\/)?node_modules\//;

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
    !ofTests.test(path),
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
