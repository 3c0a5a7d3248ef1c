import type { HistoryEntry, LayerContent } from '../types.ts';
import { inspectCommand, inspectText, inspectVariable } from './inspect.ts';
import type { FoundSecret, ImageSecret } from './kinds.ts';
import type { Fingerprint } from './search.ts';

/** Secrets told of one image. */
const mostInImage = 1000;
/** Characters of one text of a config that are searched. */
const longestText = 64 * 1024;

/**
 * The secrets of all layers, lowest first, each once with the lowest layer that holds it. A file that a higher layer deletes
 * or replaces is still in the image that everybody pulls: it is told with that layer. `digests` are those of the layers.
 */
export function secretsOfLayers(layers: readonly LayerContent[], digests: readonly string[]): ImageSecret[] {
  const all: { found: FoundSecret; first: number; last: number }[] = [];
  const known = new Map<string, { found: FoundSecret; first: number; last: number }>();
  for (const [index, { secrets }] of layers.entries()) {
    for (const found of secrets ?? []) {
      const key = `${found.kind}\0${found.path}\0${found.fingerprint}`;
      const before = known.get(key);
      if (before !== undefined) {
        before.last = index;
        continue;
      }
      if (all.length >= mostInImage) continue;
      const one = { found, first: index, last: index };
      known.set(key, one);
      all.push(one);
    }
  }
  const changes = changesOf(layers, new Set(all.map(({ found }) => found.path)));
  return all.map(({ found, first, last }) => {
    const layer = digests[first];
    const gone = firstChange(changes, found.path, last);
    const removedBy = gone === undefined ? undefined : digests[gone];
    return {
      kind: found.kind,
      fingerprint: found.fingerprint,
      path: found.path,
      ...(found.line === undefined ? {} : { line: found.line }),
      ...(layer === undefined ? {} : { layer }),
      ...(removedBy === undefined ? {} : { removedBy }),
    };
  });
}

/** Layers that take away a path, and those that take away everything below one, lowest first. */
interface Changes {
  readonly at: ReadonlyMap<string, readonly number[]>;
  readonly below: ReadonlyMap<string, readonly number[]>;
}

/** The lowest layer above `last` that takes the file away. */
function firstChange({ at, below }: Changes, path: string, last: number): number | undefined {
  const lists = [at.get(path), below.get(''), ...parentsOf(path).map((parent) => below.get(parent))];
  const first = lists.flatMap((layers) => layers?.find((index) => index > last) ?? []);
  return first.length === 0 ? undefined : Math.min(...first);
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    parents.push(path.slice(0, slash));
  return parents;
}

/** What layers do to these paths and the directories above them. */
function changesOf(layers: readonly LayerContent[], paths: ReadonlySet<string>): Changes {
  const at = new Map<string, number[]>();
  const below = new Map<string, number[]>();
  if (paths.size === 0) return { at, below };
  const above = new Set<string>(['']);
  for (const path of paths) for (const parent of parentsOf(path)) above.add(parent);
  const note = (map: Map<string, number[]>, path: string, index: number): void => {
    const list = map.get(path);
    if (list === undefined) map.set(path, [index]);
    else if (list.at(-1) !== index) list.push(index);
  };
  for (const [index, { entries }] of layers.entries()) {
    for (const { path, kind } of entries) {
      if (kind === 'directory') continue;
      // Anything that is no directory takes the place of what was there, and of everything below it.
      if (above.has(path)) note(below, path, index);
      if (kind !== 'opaque' && paths.has(path)) note(at, path, index);
    }
  }
  return { at, below };
}

/** Texts of a config before anything in them was hidden. */
export interface RawConfig {
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Words of entry point and command. */
  readonly texts: readonly string[];
  /** What each history entry was created by, oldest first. */
  readonly history: readonly string[];
}

/**
 * Secrets in variables, labels, commands and history. A variable that the history shows being set is told once, with the
 * history entry; one that was set and unset again is in the history alone, for everybody to read.
 */
export function secretsOfConfig(
  config: RawConfig,
  layerOf: (historyIndex: number) => string | undefined,
  fingerprint: Fingerprint,
): ImageSecret[] {
  const out: ImageSecret[] = [];
  const inHistory = config.history.map((text) =>
    inspectCommand(text.slice(0, longestText)).map(({ kind, value }) => ({ kind, fingerprint: fingerprint(value) })),
  );
  const lastIn = new Map<string, number>();
  for (const [history, found] of inHistory.entries()) {
    for (const { fingerprint: print } of found) lastIn.set(print, history);
  }
  const told = new Set<string>();
  for (const entry of config.env) {
    const equals = entry.indexOf('=');
    if (equals < 0) continue;
    const env = entry.slice(0, equals);
    for (const { kind, value } of inspectVariable(env, entry.slice(equals + 1, equals + 1 + longestText))) {
      const print = fingerprint(value);
      const history = lastIn.get(print);
      told.add(print);
      out.push({ kind, fingerprint: print, env, ...(history === undefined ? {} : { history }) });
    }
  }
  for (const [label, text] of Object.entries(config.labels)) {
    for (const { kind, value } of inspectText(text.slice(0, longestText))) {
      out.push({ kind, fingerprint: fingerprint(value), label });
    }
  }
  for (const [history, found] of inHistory.entries()) {
    for (const { kind, fingerprint: print } of found) {
      if (told.has(print)) continue;
      told.add(print);
      const layer = layerOf(history);
      out.push({ kind, fingerprint: print, history, ...(layer === undefined ? {} : { layer }) });
    }
  }
  for (const { kind, value } of inspectCommand(config.texts.join(' ').slice(0, longestText))) {
    const print = fingerprint(value);
    if (told.has(print)) continue;
    told.add(print);
    out.push({ kind, fingerprint: print, command: true });
  }
  return out.slice(0, mostInImage);
}

/** The digest of the layer that a history entry made, by its index. */
export function layersByEntry(
  history: readonly HistoryEntry[],
  ofLayers: readonly (HistoryEntry | undefined)[],
  digests: readonly string[],
): (historyIndex: number) => string | undefined {
  return (index) => {
    const entry = history[index];
    const layer = entry === undefined ? -1 : ofLayers.indexOf(entry);
    return layer < 0 ? undefined : digests[layer];
  };
}
