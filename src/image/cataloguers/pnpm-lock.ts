import { TurnTaker } from '../../core/concurrency.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { blockEntries } from './block-yaml.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { checkNpmName } from './npm-name.ts';
import { directoryOf, isProjectPath } from './places.ts';

const lockName = /(?:^|\/)pnpm-lock\.yaml$/;
const slashed = /^([A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z0-9.-]+(?::\d+)?\/)?((?:@[^/@]+\/)?[^/@]+)\/(\d[^/_]*)(?:_.*)?$/;
const maxKeyLength = 1000;
/** Keys that say no version: folders of the project, repositories, archives. */
const otherSource = /^(?:file|link|workspace|git|git\+\w+|https?|ssh):|\.git(?:#|$)|\.t(?:ar\.)?gz(?:$|[?#])/;

/**
 * Lock files of pnpm, versions 5 (`/name/1.2.3_peer`), 6 (`/name@1.2.3(peer)`) and 9 (`name@1.2.3`, with `snapshots`
 * apart). Beside an installed tree they say what of it is needed to build only. pnpm, "lockfile types", "dependency path".
 */
export const pnpmLock: Cataloguer = {
  id: 'pnpm-lock',
  maxFileBytes: 64 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('pnpm-lock.yaml') && lockName.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    const directory = directoryOf(file.path);
    const found = await readLock(decodeText(await file.bytes(signal)), signal);
    if (!image.has(`${directory}node_modules`)) {
      yield* listedPackages('npm', file.path, found, signal);
      return;
    }
    const within = `${directory}node_modules`;
    for await (const item of listedPackages('npm', file.path, found, signal)) {
      if (item.kind !== 'package' || item.package.developmentOnly !== true) continue;
      const { name, version } = item.package;
      yield { kind: 'development', mark: { type: 'npm', name, version, within } };
    }
  },
};

interface Entry {
  readonly key: string;
  /** Said for packages from elsewhere. */
  name?: string;
  version?: string;
  dev?: boolean;
}

async function readLock(text: string, signal: AbortSignal): Promise<(ListedPackage | string)[]> {
  const entries = new Map<string, Entry>();
  const graph = new Graph();
  let isLock = false;
  const turns = new TurnTaker();
  for (const line of blockEntries(text)) {
    await turns.pause();
    signal.throwIfAborted();
    if (line === undefined) continue;
    const { path, value } = line;
    const [section = '', key = '', field = '', name = ''] = path;
    if (section === 'lockfileVersion') isLock = true;
    else if (section === 'packages' && key !== '') {
      const entry = entries.get(key) ?? { key };
      entries.set(key, entry);
      if (path.length === 3 && value !== '') {
        if (field === 'name') entry.name = value;
        else if (field === 'version') entry.version = value;
        else if (field === 'dev') entry.dev = value === 'true';
      }
    } else if (section === 'importers' && path.length >= 4) graph.addImport(field, name, path[4], value);
    else if (section === 'snapshots' && path.length === 2) graph.addSnapshot(key);
    else if (section === 'snapshots' && path.length === 4 && /^(?:optionalD|d)ependencies$/.test(field))
      graph.addDependency(key, name, value);
  }
  if (!isLock && text.trim() !== '') return ['it is no pnpm lock file'];
  const needed = await graph.needed(signal);
  const found: (ListedPackage | string)[] = [];
  for (const entry of entries.values()) {
    await turns.pause();
    signal.throwIfAborted();
    const one = packageOf(entry);
    if (one === undefined) continue;
    const dev = entry.dev ?? (needed !== undefined && !needed.has(withoutPeers(entry.key)));
    found.push(typeof one === 'string' || !dev ? one : { ...one, dev });
  }
  return found;
}

/**
 * Who needs whom. Version 9 no longer says which packages are for development: they are those that no importer needs by
 * way of `dependencies` and `optionalDependencies`.
 */
class Graph {
  readonly #roots = new Set<string>();
  readonly #edges = new Map<string, string[]>();

  /** `importers: <folder>: <kind>: <name>: version: <value>` */
  addImport(kind: string, name: string, field: string | undefined, value: string): void {
    if (field === 'version' && (kind === 'dependencies' || kind === 'optionalDependencies'))
      for (const target of targetsOf(name, value)) this.#roots.add(target);
  }

  addSnapshot(key: string): void {
    if (!this.#edges.has(key)) this.#edges.set(key, []);
  }

  addDependency(key: string, name: string, value: string): void {
    this.addSnapshot(key);
    this.#edges.get(key)?.push(...targetsOf(name, value));
  }

  /** Keys of `packages` that are needed to run; undefined when the file does not tell. */
  async needed(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    if (this.#edges.size === 0) return undefined;
    const seen = new Set(this.#roots);
    const pending = [...seen];
    const turns = new TurnTaker();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      await turns.pause();
      signal.throwIfAborted();
      for (const target of this.#edges.get(next) ?? []) {
        if (seen.has(target)) continue;
        seen.add(target);
        pending.push(target);
      }
    }
    return new Set([...seen].map(withoutPeers));
  }
}

/**
 * `1.2.3(peer@1)` of `name` is the snapshot `name@1.2.3(peer@1)`, an address likewise; an alias is written as the key
 * itself. The form that it is not names nothing.
 */
function targetsOf(name: string, value: string): readonly string[] {
  return [`${name}@${value}`, value];
}

function withoutPeers(key: string): string {
  const at = key.indexOf('(');
  return at < 0 ? key : key.slice(0, at);
}

function packageOf({ key, name, version }: Entry): ListedPackage | string | undefined {
  const bare = withoutPeers(key).replace(/^\//, '');
  const at = bare.indexOf('@', 1);
  const reference = at < 0 ? '' : bare.slice(at + 1);
  if (bare.length > maxKeyLength) return `entry "${key.slice(0, 300)}" has an unknown form`;
  if (/^(?:file|link|workspace):/.test(reference) || /^(?:file|link|workspace):/.test(bare)) return undefined;
  if (name !== undefined && version !== undefined) return checkNpmName({ name, version, notFromIndex: true });
  if (at > 0 && otherSource.test(reference)) {
    return version === undefined ? undefined : checkNpmName({ name: bare.slice(0, at), version, notFromIndex: true });
  }
  // Version 5: name/version, with the peers behind "_"; in front of it the host when it is not the default registry.
  const [, host, path = '', found = ''] = slashed.exec(bare) ?? [];
  if (path !== '' && (host === undefined || !key.startsWith('/'))) {
    return checkNpmName({ name: path, version: version ?? found });
  }
  // Version 6 and 9: name@version.
  if (at > 0 && /^\d/.test(reference)) return checkNpmName({ name: bare.slice(0, at), version: version ?? reference });
  return `entry "${key.slice(0, 300)}" has an unknown form`;
}
