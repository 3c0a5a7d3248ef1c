import { compareText } from '../core/order.ts';
import type { FindingsSortKey } from './contract.ts';
import { hasFix, severityChanged } from './list-item.ts';
import type { FindingListItem } from './list-item.ts';
import {
  assetKinds,
  effectiveSeverities,
  findingKinds,
  findingStates,
  originalSeverities,
  sourceTools,
} from './words.ts';

/** A text column: each distinct value once, and for each finding the number of its value. */
export interface TextColumn {
  readonly codes: Uint32Array;
  readonly values: readonly string[];
  readonly search: Haystack;
}

/** Texts in lower case, joined by line feeds: searched in one go, many times as fast as one by one. */
export interface Haystack {
  readonly text: string;
  /** Where each value begins, and where a value after the last one would. */
  readonly starts: Uint32Array;
}

/** Marks of the values that contain the term, which is in lower case and holds no line feed. */
export function findIn({ text, starts }: Haystack, term: string): Uint8Array {
  const size = starts.length - 1;
  const hits = new Uint8Array(size);
  for (let at = text.indexOf(term); at >= 0;) {
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    hits[low] = 1;
    at = text.indexOf(term, starts[low + 1] ?? text.length);
  }
  return hits;
}

function* makeHaystack(values: readonly string[]): Steps<Haystack> {
  const starts = new Uint32Array(values.length + 1);
  const lower: string[] = [];
  let at = 0;
  for (let code = 0; code < values.length; code++) {
    const text = (values[code] ?? '').toLowerCase().replaceAll('\n', ' ');
    lower.push(text);
    at += text.length + 1;
    starts[code + 1] = at;
    if (code % (2 * stepSize) === 2 * stepSize - 1) yield;
  }
  return { text: lower.join('\n'), starts };
}

/** A column of a closed vocabulary: for each finding the place of its word. */
export type WordColumn = Uint8Array;

/** Bits of `flags`. */
export const flagBits = {
  fixAvailable: 1,
  running: 2,
  internetFacing: 4,
  knownExploited: 8,
  severityChanged: 16,
} as const;

/** Findings handled between two looks at the clock: about a millisecond of work. */
const stepSize = 2048;

/** Work with rests in it: the caller goes on when it likes. */
type Steps<T> = Generator<undefined, T, undefined>;

function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The list of findings as columns, so that 100,000 of them are filtered, grouped and counted in a few milliseconds.
 * It does not change; when findings change, a new one is built.
 */
export class FindingIndex {
  /** In the order of their ids (UTF-16 code units). */
  readonly items: readonly FindingListItem[];
  readonly severity: WordColumn;
  readonly original: WordColumn;
  readonly state: WordColumn;
  readonly kind: WordColumn;
  readonly assetKind: WordColumn;
  readonly sourceTool: WordColumn;
  readonly flags: Uint8Array;
  /** Milliseconds since 1970; NaN when the time cannot be read. */
  readonly firstSeen: Float64Array;
  readonly ids: TextColumn;
  readonly titles: TextColumn;
  readonly checks: TextColumn;
  readonly packages: TextColumn;
  readonly files: TextColumn;
  readonly fixes: TextColumn;
  readonly applications: TextColumn;
  readonly connections: TextColumn;
  readonly subscriptions: TextColumn;
  /** By asset id. */
  readonly assets: TextColumn;
  /** For each asset of `assets`: its name, and a finding of it. */
  readonly assetNames: readonly string[];
  readonly assetSearch: Haystack;
  readonly assetSample: Uint32Array;
  /** Rows, most urgent first. */
  readonly urgent: Uint32Array;
  readonly #titleRanks: Uint32Array;
  readonly #orders = new Map<FindingsSortKey, Uint32Array>();

  private constructor(columns: Columns) {
    this.items = columns.items;
    this.severity = columns.severity;
    this.original = columns.original;
    this.state = columns.state;
    this.kind = columns.kind;
    this.assetKind = columns.assetKind;
    this.sourceTool = columns.sourceTool;
    this.flags = columns.flags;
    this.firstSeen = columns.firstSeen;
    const { texts } = columns;
    this.ids = texts.ids;
    this.titles = texts.titles;
    this.checks = texts.checks;
    this.packages = texts.packages;
    this.files = texts.files;
    this.fixes = texts.fixes;
    this.applications = texts.applications;
    this.connections = texts.connections;
    this.subscriptions = texts.subscriptions;
    this.assets = texts.assets;
    this.assetSample = columns.assetSample;
    this.assetNames = columns.assetNames;
    this.assetSearch = columns.assetSearch;
    this.#titleRanks = columns.titleRanks;
    this.urgent = columns.urgent;
  }

  /** Builds it in one go. */
  static of(items: readonly FindingListItem[]): FindingIndex {
    return new FindingIndex(atOnce(build(items)));
  }

  /** Builds it in steps of a few milliseconds, so that a host stays responsive. */
  static async build(items: readonly FindingListItem[], signal: AbortSignal): Promise<FindingIndex> {
    const steps = build(items);
    for (;;) {
      signal.throwIfAborted();
      const until = performance.now() + 8;
      do {
        const step = steps.next();
        if (step.done === true) return new FindingIndex(step.value);
      } while (performance.now() < until);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get size(): number {
    return this.items.length;
  }

  /** Row of a finding, or -1. */
  rowOf(id: string): number {
    let low = 0;
    let high = this.items.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareText(this.items[middle]?.id ?? '', id);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** All rows in ascending order of the key; what is equal in it stands most urgent first. */
  order(key: FindingsSortKey): Uint32Array {
    if (key === 'severity') return this.urgent;
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = atOnce(sortRows(this.size, this.#ranker(key), this.urgent));
      this.#orders.set(key, order);
    }
    return order;
  }

  #ranker(key: Exclude<FindingsSortKey, 'severity'>): (row: number) => number {
    switch (key) {
      case 'state':
        return (row) => this.state[row] ?? 0;
      case 'sourceTool':
        return (row) => this.sourceTool[row] ?? 0;
      case 'firstSeen':
        return (row) => timeRank(this.firstSeen[row] ?? NaN);
      case 'title':
        return (row) => this.#titleRanks[this.titles.codes[row] ?? 0] ?? 0;
      case 'fix':
        return textRanker(this.fixes.codes, this.fixes.values);
      case 'asset':
        return textRanker(this.assets.codes, this.assetNames);
    }
  }
}

/** Ranks are packed with a row number of 24 bits into one exact number. */
const maxRank = 2 ** 28 - 1;
const rowSpace = 2 ** 24;

/** Minutes since 1970, which fit until the year 2480; times that cannot be read come last. */
function timeRank(time: number): number {
  return Number.isNaN(time) ? maxRank : bounded(time / 60_000, 0, maxRank - 1);
}

/** Ranks by UTF-16 code units; equal values share one, the empty text comes last. */
function textRanker(codes: Uint32Array, values: readonly string[]): (row: number) => number {
  // Without a comparer, sort compares UTF-16 code units, and is several times as fast.
  const sorted = [...new Set(values)].sort();
  const rankOf = new Map(sorted.map((value, rank) => [value, rank]));
  const ranks = Uint32Array.from(values, (value) => (value === '' ? sorted.length : (rankOf.get(value) ?? 0)));
  return (row) => ranks[codes[row] ?? 0] ?? 0;
}

/** Rows by ascending rank; rows of one rank keep the order of `before`. */
function* sortRows(size: number, rank: (row: number) => number, before?: Uint32Array): Steps<Uint32Array> {
  const keys = new Float64Array(size);
  for (let place = 0; place < size; place++) {
    keys[place] = rank(before === undefined ? place : (before[place] ?? 0)) * rowSpace + place;
    if (place % (8 * stepSize) === 0) yield;
  }
  yield;
  keys.sort();
  yield;
  const order = new Uint32Array(size);
  for (let place = 0; place < size; place++) {
    const from = (keys[place] ?? 0) % rowSpace;
    order[place] = before === undefined ? from : (before[from] ?? 0);
  }
  return order;
}

/** Collects a text column. */
class TextBuilder {
  readonly codes: Uint32Array;
  /** A row for each distinct value. */
  readonly samples: number[] = [];
  readonly #values: string[] = [];
  readonly #known = new Map<string, number>();

  constructor(size: number) {
    this.codes = new Uint32Array(size);
  }

  put(row: number, value: string): void {
    let code = this.#known.get(value);
    if (code === undefined) {
      code = this.#values.length;
      this.#values.push(value);
      this.samples.push(row);
      this.#known.set(value, code);
    }
    this.codes[row] = code;
  }

  *finish(): Steps<TextColumn> {
    return { codes: this.codes, values: this.#values, search: yield* makeHaystack(this.#values) };
  }
}

type TextName =
  | 'ids'
  | 'titles'
  | 'checks'
  | 'packages'
  | 'files'
  | 'fixes'
  | 'applications'
  | 'connections'
  | 'subscriptions'
  | 'assets';

interface Columns {
  readonly items: readonly FindingListItem[];
  readonly severity: Uint8Array;
  readonly original: Uint8Array;
  readonly state: Uint8Array;
  readonly kind: Uint8Array;
  readonly assetKind: Uint8Array;
  readonly sourceTool: Uint8Array;
  readonly flags: Uint8Array;
  readonly firstSeen: Float64Array;
  readonly texts: Readonly<Record<TextName, TextColumn>>;
  readonly assetSample: Uint32Array;
  readonly assetNames: readonly string[];
  readonly assetSearch: Haystack;
  /** Rank of each distinct title; there are too many to sort them when somebody asks. */
  readonly titleRanks: Uint32Array;
  readonly urgent: Uint32Array;
}

/** Yields between steps, so that the caller may rest. */
function* build(given: readonly FindingListItem[]): Steps<Columns> {
  const items = isSorted(given) ? given : [...given].sort((a, b) => compareText(a.id, b.id));
  yield;
  const size = items.length;
  const words = () => new Uint8Array(size);
  const severity = words();
  const original = words();
  const state = words();
  const kind = words();
  const assetKind = words();
  const sourceTool = words();
  const flags = words();
  const firstSeen = new Float64Array(size);
  const text = () => new TextBuilder(size);
  const texts = {
    ids: text(),
    titles: text(),
    checks: text(),
    packages: text(),
    files: text(),
    fixes: text(),
    applications: text(),
    connections: text(),
    subscriptions: text(),
    assets: text(),
  };
  const times = new Map<string, number>();
  for (let row = 0; row < size; row++) {
    const item = items[row];
    if (item === undefined) break;
    severity[row] = effectiveSeverities.indexOf(item.severity);
    original[row] = originalSeverities.indexOf(item.original);
    state[row] = findingStates.indexOf(item.state);
    kind[row] = findingKinds.indexOf(item.kind);
    assetKind[row] = assetKinds.indexOf(item.assetKind);
    sourceTool[row] = sourceTools.indexOf(item.sourceTool);
    flags[row] =
      (hasFix(item) ? flagBits.fixAvailable : 0) |
      (item.running ? flagBits.running : 0) |
      (item.internetFacing ? flagBits.internetFacing : 0) |
      (item.knownExploited ? flagBits.knownExploited : 0) |
      (severityChanged(item) ? flagBits.severityChanged : 0);
    let time = times.get(item.firstSeen);
    if (time === undefined) times.set(item.firstSeen, (time = Date.parse(item.firstSeen)));
    firstSeen[row] = time;
    texts.ids.put(row, item.id);
    texts.titles.put(row, item.title);
    texts.checks.put(row, item.check);
    texts.packages.put(row, item.packageName ?? '');
    texts.files.put(row, item.file ?? '');
    texts.fixes.put(row, item.fix ?? '');
    texts.applications.put(row, item.application);
    texts.connections.put(row, item.connectionId ?? '');
    texts.subscriptions.put(row, item.subscriptionId ?? '');
    texts.assets.put(row, item.assetId);
    if (row % stepSize === stepSize - 1) yield;
  }
  const known = [...new Set(firstSeen)].filter((time) => !Number.isNaN(time)).sort((a, b) => a - b);
  const timeRanks = new Map(known.map((time, rank) => [time, rank]));
  yield;
  // Least significant first; each pass keeps the order of the one before. The rows' own order is that of the ids.
  const bySeen = yield* sortRows(size, (row) => timeRanks.get(firstSeen[row] ?? NaN) ?? maxRank);
  yield;
  const byReach = yield* sortRows(size, (row) => reachRank(items[row], flags[row] ?? 0), bySeen);
  yield;
  const urgent = yield* sortRows(size, (row) => urgencyRank(items[row], severity[row] ?? 0), byReach);
  yield;
  const finished = {} as Record<TextName, TextColumn>; // filled just below, a column a step
  for (const [name, builder] of Object.entries(texts)) {
    finished[name as TextName] = yield* builder.finish(); // the keys are those of the literal above
    yield;
  }
  const assetSample = Uint32Array.from(texts.assets.samples);
  const assetNames = texts.assets.samples.map((row) => items[row]?.assetName ?? '');
  const assetSearch = yield* makeHaystack(assetNames);
  const titleRanks = yield* rankInSteps(finished.titles.values);
  return {
    items,
    severity,
    original,
    state,
    kind,
    assetKind,
    sourceTool,
    flags,
    firstSeen,
    texts: finished,
    assetSample,
    assetNames,
    assetSearch,
    titleRanks,
    urgent,
  };
}

/** Ranks by UTF-16 code units of distinct values, the empty text last: runs are sorted, then merged, with rests between. */
function* rankInSteps(values: readonly string[]): Steps<Uint32Array> {
  const before = (a: number, b: number) => {
    const [one = '', other = ''] = [values[a], values[b]];
    return one !== '' && (other === '' || one < other);
  };
  let order = Uint32Array.from(values, (_, code) => code);
  for (let from = 0; from < order.length; from += stepSize) {
    order.subarray(from, from + stepSize).sort((a, b) => (a === b ? 0 : before(a, b) ? -1 : 1));
    yield;
  }
  for (let run = stepSize; run < order.length; run *= 2) {
    const merged = new Uint32Array(order.length);
    for (let from = 0; from < order.length; from += 2 * run) {
      const middle = Math.min(from + run, order.length);
      const end = Math.min(from + 2 * run, order.length);
      for (let left = from, right = middle, to = from; to < end; to++) {
        const takesLeft = right >= end || (left < middle && !before(order[right] ?? 0, order[left] ?? 0));
        merged[to] = order[takesLeft ? left++ : right++] ?? 0;
        if (to % (4 * stepSize) === 0) yield;
      }
    }
    order = merged;
  }
  const ranks = new Uint32Array(order.length);
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank] ?? 0] = rank;
  return ranks;
}

/** Replicas descending, then what can be fixed. */
function reachRank(item: FindingListItem | undefined, flags: number): number {
  const replicas = Math.min(65_535, Math.max(0, Math.round(item?.replicas ?? 0)));
  return (65_535 - replicas) * 2 + ((flags & flagBits.fixAvailable) === 0 ? 1 : 0);
}

/** Level, known exploited, pressure, EPSS in thousandths, CVSS in tenths; all descending, unknown last. 29 bits. */
function urgencyRank(item: FindingListItem | undefined, severity: number): number {
  if (item === undefined) return maxRank;
  const pressure = item.pressure === null ? 0 : bounded(item.pressure + 65, 1, 255);
  const epss = item.epss === undefined ? 0 : bounded(item.epss * 1000 + 1, 1, 1001);
  const cvss = item.cvss === undefined ? 0 : bounded(item.cvss * 10 + 1, 1, 101);
  return (
    (((severity * 2 + (item.knownExploited ? 0 : 1)) * 256 + (255 - pressure)) * 1024 + (1023 - epss)) * 128 +
    (127 - cvss)
  );
}

function bounded(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : low;
}

function isSorted(items: readonly FindingListItem[]): boolean {
  for (let row = 1; row < items.length; row++) {
    if ((items[row - 1]?.id ?? '') >= (items[row]?.id ?? '')) return false;
  }
  return true;
}
