import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Catalogued, Cataloguer, ImageView, Package } from '../types.ts';
import { isNpmName } from './npm-name.ts';

const lockNames = /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/;
const elsewhere = /(?:^|\/)node_modules\/|^(?:proc|sys|dev)\//;
/** Nesting of `dependencies` in version 1; deeper trees are damage. */
const maxDepth = 100;

/** npm, "package-lock.json". Entries are checked one by one, so that a bad one does not lose the others. */
const shape = z.object({
  packages: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});
const entryShape = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  link: z.boolean().optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
});
const nestedShape = z.object({ dependencies: z.record(z.string(), z.unknown()).optional().catch(undefined) });

/**
 * What a lock file resolved, in directories without an installed tree: marked `declared`, since nothing proves that it is
 * there. `npm-shrinkwrap.json` goes before `package-lock.json`.
 */
export const npmLock: Cataloguer = {
  id: 'npm-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('.json') && lockNames.test(path) && !elsewhere.test(path),
  async *read(file, image, signal) {
    if (isSuperseded(file.path, image)) return;
    const parsed = shape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no npm lock file' } };
      return;
    }
    const { packages, dependencies } = parsed.data;
    const seen = new Set<string>();
    const turns = new TurnTaker();
    for (const found of packages === undefined ? fromTree(dependencies ?? {}, 0) : fromPaths(packages)) {
      await turns.pause();
      signal.throwIfAborted();
      if (typeof found === 'string') {
        yield { kind: 'problem', problem: { path: file.path, reason: found } };
        continue;
      }
      const key = `${found.name}@${found.version}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield toCatalogued(found, file.path);
    }
  },
};

interface Locked {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/** Versions 2 and 3: keyed by place in the tree. "" is the project, places outside `node_modules` are its workspaces. */
function* fromPaths(packages: Readonly<Record<string, unknown>>): Generator<Locked | string, void, undefined> {
  const marker = 'node_modules/';
  for (const [place, value] of Object.entries(packages)) {
    const at = place.lastIndexOf(marker);
    if (at < 0) continue;
    const entry = entryShape.safeParse(value);
    if (!entry.success) {
      yield `entry "${place.slice(0, 300)}" has an unknown form`;
      continue;
    }
    const { name, version, link, dev } = entry.data;
    if (link === true || version === undefined || version === '') continue;
    yield checked(name ?? place.slice(at + marker.length), version, dev === true);
  }
}

/** Version 1: a tree of names; an alias says `npm:name@version` as its version. */
function* fromTree(
  dependencies: Readonly<Record<string, unknown>>,
  depth: number,
): Generator<Locked | string, void, undefined> {
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
    if (version !== undefined && version !== '') {
      const alias = /^npm:(.+)@([^@]+)$/.exec(version);
      yield checked(alias?.[1] ?? name, alias?.[2] ?? version, dev === true);
    }
    const nested = nestedShape.safeParse(value).data?.dependencies;
    if (nested !== undefined) yield* fromTree(nested, depth + 1);
  }
}

function checked(name: string, version: string, dev: boolean): Locked | string {
  return isNpmName(name) ? { name, version, dev } : `"${name.slice(0, 214)}" is no npm package name`;
}

function toCatalogued({ name, version, dev }: Locked, path: string): Catalogued {
  const found: Package = {
    type: 'npm',
    name,
    version,
    path,
    declared: true,
    ...(dev ? { developmentOnly: true } : {}),
  };
  return { kind: 'package', package: found };
}

function isSuperseded(path: string, image: ImageView): boolean {
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  if (image.has(`${directory}node_modules`)) return true;
  return path.endsWith('package-lock.json') && image.has(`${directory}npm-shrinkwrap.json`);
}
