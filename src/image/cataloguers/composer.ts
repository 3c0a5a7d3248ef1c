import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { directoryOf, isKernelPath, isProjectPath, isWord } from './places.ts';

const installedFile = /(?:^|\/)composer\/installed\.json$/;
const lockFile = /(?:^|\/)composer\.lock$/;
/** `vendor/name`; platform packages such as `php` and `ext-json` are none. Composer, "The composer.json schema", "name". */
export const composerName = /^[A-Za-z0-9][A-Za-z0-9_.-]*\/[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const maxLength = 300;

const entryShape = z.object({
  name: z.string(),
  version: z.string(),
  dist: z
    .object({ type: z.string().optional().catch(undefined) })
    .nullish()
    .catch(undefined),
});
/** Composer 1 wrote the bare list, Composer 2 wraps it. */
const installedShape = z.union([
  z.array(z.unknown()).transform((packages) => ({ packages, 'dev-package-names': [] as unknown[] })),
  z.object({
    packages: z.array(z.unknown()),
    'dev-package-names': z.array(z.unknown()).catch([]).default([]),
  }),
]);
const lockShape = z.object({
  packages: z.array(z.unknown()).optional(),
  'packages-dev': z.array(z.unknown()).nullish(),
});

/** What Composer installed. Composer, "installed.json" of its vendor directory. */
export const composerInstalled: Cataloguer = {
  id: 'composer-installed',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('/installed.json') && installedFile.test(path) && !isKernelPath(path),
  async *read(file, _image, signal) {
    const parsed = installedShape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no list of Composer packages' } };
      return;
    }
    const development = new Set(parsed.data['dev-package-names']);
    const found = entriesOf(parsed.data.packages, (name) => development.has(name));
    yield* listedPackages('composer', file.path, found, signal, 'installed');
  },
};

/** What Composer resolved, where there is no vendor directory. Composer, "Basic usage", "composer.lock". */
export const composerLock: Cataloguer = {
  id: 'composer-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('composer.lock') && lockFile.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    if (image.has(`${directoryOf(file.path)}vendor`)) return;
    const parsed = lockShape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no Composer lock file' } };
      return;
    }
    const { packages = [], 'packages-dev': development } = parsed.data;
    const found = [...entriesOf(packages, () => false), ...entriesOf(development ?? [], () => true)];
    yield* listedPackages('composer', file.path, found, signal);
  },
};

function* entriesOf(
  packages: readonly unknown[],
  isDevelopment: (name: string) => boolean,
): Generator<ListedPackage | string, void, undefined> {
  for (const [index, value] of packages.entries()) {
    const entry = entryShape.safeParse(value);
    if (!entry.success) {
      yield `package ${index + 1} has no name or no version`;
      continue;
    }
    const { name, version, dist } = entry.data;
    if (!composerName.test(name) || name.length > maxLength || !isWord(version)) {
      yield `"${name.slice(0, maxLength)}" is no Composer package`;
      continue;
    }
    const dev = isDevelopment(name);
    yield { name, version, ...(dev ? { dev } : {}), ...(dist?.type === 'path' ? { notFromIndex: true } : {}) };
  }
}
