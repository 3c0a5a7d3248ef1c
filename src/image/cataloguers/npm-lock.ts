import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Catalogued, Cataloguer, ImageFile } from '../types.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { checkNpmName } from './npm-name.ts';
import { directoryOf, isKernelPath, isProjectPath } from './places.ts';

const lockNames = /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/;
const hiddenLock = /(?:^|\/)node_modules\/\.package-lock\.json$/;
/** Nesting of `dependencies` in version 1; deeper trees are damage. */
const maxDepth = 90;
/** An address instead of a version: of a repository or an archive. */
const address = /^(?:git\b|git\+|github:|gitlab:|bitbucket:|https?:|ssh:)/;
const registryArchive = /^https?:\/\/[^?#]*\/-\/[^?#]*\.tgz/;
const maxAddressLength = 2000;
const local = /^(?:file|link|workspace|portal):/;

/** npm, "package-lock.json". Entries are checked one by one, so that a bad one does not lose the others. */
const shape = z.object({
  packages: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});
const entryShape = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional().catch(undefined),
  link: z.boolean().optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
});
const nestedShape = z.object({ dependencies: z.record(z.string(), z.unknown()).optional().catch(undefined) });

/**
 * What a lock file resolved, in directories without an installed tree: marked `declared`, since nothing proves that it is
 * there. `npm-shrinkwrap.json` goes before `package-lock.json`. Beside an installed tree it says what of it is needed to
 * build only.
 */
export const npmLock: Cataloguer = {
  id: 'npm-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('.json') && lockNames.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    const directory = directoryOf(file.path);
    const isInstalled = image.has(`${directory}node_modules`);
    if (isInstalled && image.has(`${directory}node_modules/.package-lock.json`)) return;
    if (file.path.endsWith('package-lock.json') && image.has(`${directory}npm-shrinkwrap.json`)) return;
    yield* isInstalled
      ? marks(file, directory, signal)
      : listedPackages('npm', file.path, withoutPlaces(await lockedIn(file, signal)), signal);
  },
};

/** The lock file that npm 7 and later keeps of the tree it installed. It is asked for what is needed to build only. */
export const npmHiddenLock: Cataloguer = {
  id: 'npm-hidden-lock',
  maxFileBytes: 32 * 1024 * 1024,
  wants: (path) => path.endsWith('.package-lock.json') && hiddenLock.test(path) && !isKernelPath(path),
  async *read(file, _image, signal) {
    yield* marks(file, file.path.slice(0, -'node_modules/.package-lock.json'.length), signal);
  },
};

async function* marks(file: ImageFile, directory: string, signal: AbortSignal): AsyncGenerator<Catalogued> {
  const turns = new TurnTaker();
  for (const found of await lockedIn(file, signal)) {
    await turns.pause();
    signal.throwIfAborted();
    if (typeof found === 'string' || found.dev !== true || found.place === undefined) continue;
    const { name, version, place } = found;
    yield { kind: 'development', mark: { type: 'npm', name, version, within: `${directory}${place}/package.json` } };
  }
}

interface Placed extends ListedPackage {
  /** Directory relative to that of the lock file. */
  readonly place?: string;
}

function* withoutPlaces(found: Iterable<Placed | string>): Generator<ListedPackage | string, void, undefined> {
  for (const one of found) yield typeof one === 'string' ? one : checkNpmName(one);
}

async function lockedIn(file: ImageFile, signal: AbortSignal): Promise<Iterable<Placed | string>> {
  const text = decodeText(await file.bytes(signal));
  const parsed = shape.safeParse(parseJson(text, `"${file.path}"`));
  if (!parsed.success) return ['it is no npm lock file'];
  const { packages, dependencies } = parsed.data;
  return packages === undefined ? fromTree(dependencies ?? {}, '', 0) : fromPaths(packages);
}

/** Versions 2 and 3: keyed by place in the tree. "" is the project, places outside `node_modules` are its workspaces. */
function* fromPaths(packages: Readonly<Record<string, unknown>>): Generator<Placed | string, void, undefined> {
  const marker = 'node_modules/';
  for (const [place, value] of Object.entries(packages)) {
    const at = place.lastIndexOf(marker);
    if (at < 0) continue;
    const entry = entryShape.safeParse(value);
    if (!entry.success) {
      yield `entry "${place.slice(0, 300)}" has an unknown form`;
      continue;
    }
    const { name, version, link, dev, resolved = '' } = entry.data;
    if (link === true || version === undefined || version === '' || local.test(version)) continue;
    const notFromIndex = address.test(version) || local.test(resolved) || isOtherSource(resolved);
    yield { name: name ?? place.slice(at + marker.length), version, place, ...flags(dev === true, notFromIndex) };
  }
}

/** Version 1: a tree of names; an alias says `npm:name@version` as its version. */
function* fromTree(
  dependencies: Readonly<Record<string, unknown>>,
  below: string,
  depth: number,
): Generator<Placed | string, void, undefined> {
  if (depth > maxDepth) {
    yield `its dependencies nest deeper than ${maxDepth} levels`;
    return;
  }
  for (const [name, value] of Object.entries(dependencies)) {
    const entry = entryShape.safeParse(value);
    if (!entry.success) {
      yield `entry "${name.slice(0, 300)}" has an unknown form`;
      continue;
    }
    const { version, dev } = entry.data;
    const place = `${below}node_modules/${name}`;
    if (version !== undefined && version !== '' && !local.test(version)) {
      const alias = /^npm:(.+)@([^@]+)$/.exec(version);
      yield {
        name: alias?.[1] ?? name,
        version: alias?.[2] ?? version,
        place,
        ...flags(dev === true, address.test(version)),
      };
    }
    const nested = nestedShape.safeParse(value).data?.dependencies;
    if (nested !== undefined) yield* fromTree(nested, `${place}/`, depth + 1);
  }
}

function isOtherSource(resolved: string): boolean {
  return address.test(resolved) && !registryArchive.test(resolved.slice(0, maxAddressLength));
}

function flags(dev: boolean, notFromIndex: boolean): Pick<ListedPackage, 'dev' | 'notFromIndex'> {
  return { ...(dev ? { dev } : {}), ...(notFromIndex ? { notFromIndex } : {}) };
}
