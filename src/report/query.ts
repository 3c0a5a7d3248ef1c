import { compareText } from '../core/order.ts';
import type { Severity } from '../core/severity.ts';
import type {
  Facets,
  FacetValue,
  FindingRow,
  FindingsFilter,
  FindingsGrouping,
  FindingsPage,
  FindingsQuery,
  SameCause,
  SeverityCounts,
} from './contract.ts';
import { filterFlags } from './contract.ts';
import type { FindingIndex, TextColumn, WordColumn } from './finding-index.ts';
import { findIn, flagBits } from './finding-index.ts';
import { firstSeenFrom, isInAsset, searchTerms } from './filter.ts';
import { toRow } from './list-item.ts';
import type { FindingListItem } from './list-item.ts';
import {
  assetKinds,
  effectiveSeverities,
  findingKinds,
  findingStates,
  originalSeverities,
  sourceTools,
} from './words.ts';

/** Names for ids that stand in facets. */
export interface FacetNames {
  readonly connections: ReadonlyMap<string, string>;
  readonly subscriptions: ReadonlyMap<string, string>;
}

/** One question of the page. `limit` is cut to 500. */
export interface FindingsRequest {
  readonly queryId: number;
  readonly query: FindingsQuery;
  readonly offset: number;
  readonly limit: number;
  readonly facets: boolean;
  readonly locate?: string;
}

interface Group {
  readonly key: string;
  readonly label: string;
  readonly count: number;
  readonly newCount: number;
  /** By place in `effectiveSeverities`. */
  readonly counts: readonly number[];
  readonly expanded: boolean;
  /** Its first finding in `rows`, and its head's place among all lines shown. */
  readonly from: number;
  readonly line: number;
}

/** A filtered, sorted and grouped list, of which windows are shown. */
export interface FindingsResult {
  readonly index: FindingIndex;
  /** Rows of the index in display order, folded ones included. */
  readonly rows: Uint32Array;
  readonly groups: readonly Group[] | undefined;
  readonly totalRows: number;
  readonly deniedCount: number;
}

const maxWindow = 500;
const maxFacetValues = 200;

/** Each filter that has a facet fails in a bit of its own; all others share the last. */
const bits = {
  sourceTools: 1,
  severities: 2,
  originalSeverities: 4,
  states: 8,
  kinds: 16,
  assetKinds: 32,
  connections: 64,
  subscriptions: 128,
  applications: 256,
  flags: { fixAvailable: 512, running: 1024, internetFacing: 2048, knownExploited: 4096, severityChanged: 8192 },
  other: 16384,
} as const;

const deniedStates = [findingStates.indexOf('denied'), findingStates.indexOf('unreadable')];
const newState = findingStates.indexOf('new');
const openState = findingStates.indexOf('open');

/** For each finding the bits of the filters that it fails; 0 passes all of them. */
function failures(index: FindingIndex, filter: FindingsFilter, now: Date): Uint16Array {
  const fails = new Uint16Array(index.size);
  const byWord = (column: WordColumn, words: readonly string[], wanted: readonly string[] | undefined, bit: number) => {
    if (wanted === undefined || wanted.length === 0) return;
    const passes = words.map((word) => wanted.includes(word));
    if (words === findingStates && wanted.includes('open')) passes[newState] = true;
    for (let row = 0; row < fails.length; row++) {
      if (passes[column[row] ?? 0] !== true) fails[row] = (fails[row] ?? 0) | bit;
    }
  };
  const byCode = (codes: Uint32Array, passes: Uint8Array, bit: number) => {
    for (let row = 0; row < fails.length; row++) {
      if (passes[codes[row] ?? 0] === 0) fails[row] = (fails[row] ?? 0) | bit;
    }
  };
  const byValue = (column: TextColumn, wanted: readonly string[] | undefined, bit: number) => {
    if (wanted === undefined || wanted.length === 0) return;
    const set = new Set(wanted);
    byCode(
      column.codes,
      Uint8Array.from(column.values, (value) => Number(set.has(value))),
      bit,
    );
  };
  byWord(index.sourceTool, sourceTools, filter.sourceTools, bits.sourceTools);
  byWord(index.severity, effectiveSeverities, filter.severities, bits.severities);
  byWord(index.original, originalSeverities, filter.originalSeverities, bits.originalSeverities);
  byWord(index.state, findingStates, filter.states, bits.states);
  byWord(index.kind, findingKinds, filter.kinds, bits.kinds);
  byWord(index.assetKind, assetKinds, filter.assetKinds, bits.assetKinds);
  byValue(index.connections, filter.connections, bits.connections);
  byValue(index.subscriptions, filter.subscriptions, bits.subscriptions);
  byValue(index.applications, filter.applications, bits.applications);
  for (const flag of filterFlags) {
    const wanted = filter[flag];
    if (wanted === undefined) continue;
    const mask = flagBits[flag];
    const passing = wanted ? mask : 0;
    for (let row = 0; row < fails.length; row++) {
      if (((index.flags[row] ?? 0) & mask) !== passing) fails[row] = (fails[row] ?? 0) | bits.flags[flag];
    }
  }
  const { check, asset } = filter;
  if (check !== undefined) {
    const want = check.toLowerCase();
    byCode(
      index.checks.codes,
      Uint8Array.from(index.checks.values, (value) => Number(value.toLowerCase() === want)),
      bits.other,
    );
  }
  if (asset !== undefined) {
    const passes = Uint8Array.from(index.assets.values, (id, code) =>
      Number(isInAsset(id, index.items[index.assetSample[code] ?? 0]?.within ?? [], asset)),
    );
    byCode(index.assets.codes, passes, bits.other);
  }
  const from = firstSeenFrom(filter, now);
  if (from !== undefined) {
    for (let row = 0; row < fails.length; row++) {
      if (!((index.firstSeen[row] ?? NaN) >= from)) fails[row] = (fails[row] ?? 0) | bits.other;
    }
  }
  for (const term of searchTerms(filter.text)) markMissing(index, term, fails);
  return fails;
}

/** Every distinct text is searched once, however many findings share it. */
function markMissing(index: FindingIndex, term: string, fails: Uint16Array): void {
  const columns = [index.titles, index.checks, index.packages, index.files, index.ids, index.assets];
  const missing = new Uint8Array(fails.length).fill(1);
  const keepFound = (codes: Uint32Array, hits: Uint8Array) => {
    if (!hits.includes(1)) return;
    for (let row = 0; row < missing.length; row++) if (hits[codes[row] ?? 0] === 1) missing[row] = 0;
  };
  for (const { codes, search } of columns) keepFound(codes, findIn(search, term));
  keepFound(index.assets.codes, findIn(index.assetSearch, term));
  for (let row = 0; row < fails.length; row++) {
    if (missing[row] === 1) fails[row] = (fails[row] ?? 0) | bits.other;
  }
}

/** Filters, sorts and groups. About ten milliseconds for 100,000 findings. */
export function queryFindings(index: FindingIndex, query: FindingsQuery, now: Date): FindingsResult {
  return arrange(index, query, failures(index, query.filter, now));
}

function arrange(index: FindingIndex, query: FindingsQuery, fails: Uint16Array): FindingsResult {
  const order = index.order(query.sort.key);
  // Severity alone reads worst first; "descending" is its order as it stands.
  const backwards = query.sort.key === 'severity' ? !query.sort.descending : query.sort.descending;
  const matches = new Uint32Array(index.size);
  let count = 0;
  let deniedCount = 0;
  for (let place = 0; place < order.length; place++) {
    const row = order[backwards ? order.length - 1 - place : place] ?? 0;
    const failed = fails[row] ?? 0;
    if (failed === 0) matches[count++] = row;
    if ((failed & ~bits.states) === 0 && deniedStates.includes(index.state[row] ?? 0)) deniedCount++;
  }
  const rows = matches.subarray(0, count);
  const grouped = group(index, rows, query.grouping, new Set(query.folded));
  if (grouped === undefined) return { index, rows, groups: undefined, totalRows: count, deniedCount };
  const last = grouped.groups.at(-1);
  const totalRows = last === undefined ? 0 : last.line + 1 + (last.expanded ? last.count : 0);
  return { index, ...grouped, totalRows, deniedCount };
}

function group(
  index: FindingIndex,
  rows: Uint32Array,
  grouping: FindingsGrouping,
  folded: ReadonlySet<string>,
): { readonly rows: Uint32Array; readonly groups: readonly Group[] } | undefined {
  const by = groupColumn(index, grouping);
  if (by === undefined) return undefined;
  const levels = effectiveSeverities.length;
  const counts = new Uint32Array(by.values.length);
  const fresh = new Uint32Array(by.values.length);
  const bySeverity = new Uint32Array(by.values.length * levels);
  // In the order of their first findings: what is most urgent stands in the first group.
  let present: number[] = [];
  for (const row of rows) {
    const code = by.codes[row] ?? 0;
    if (counts[code] === 0) present.push(code);
    counts[code] = (counts[code] ?? 0) + 1;
    if (index.state[row] === newState) fresh[code] = (fresh[code] ?? 0) + 1;
    const at = code * levels + (index.severity[row] ?? 0);
    bySeverity[at] = (bySeverity[at] ?? 0) + 1;
  }
  if (by.fixedOrder) present = present.sort((a, b) => a - b);
  const next = new Uint32Array(by.values.length);
  const groups: Group[] = [];
  let from = 0;
  let line = 0;
  for (const code of present) {
    const count = counts[code] ?? 0;
    const key = `${grouping}:${by.values[code] ?? ''}`;
    const expanded = !folded.has(key);
    groups.push({
      key,
      label: by.labels[code] ?? '',
      count,
      newCount: fresh[code] ?? 0,
      counts: [...bySeverity.subarray(code * levels, (code + 1) * levels)],
      expanded,
      from,
      line,
    });
    next[code] = from;
    from += count;
    line += 1 + (expanded ? count : 0);
  }
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const code = by.codes[row] ?? 0;
    const place = next[code] ?? 0;
    sorted[place] = row;
    next[code] = place + 1;
  }
  return { rows: sorted, groups };
}

interface GroupColumn {
  readonly codes: Uint32Array | Uint8Array;
  readonly values: readonly string[];
  readonly labels: readonly string[];
  readonly fixedOrder: boolean;
}

function groupColumn(index: FindingIndex, grouping: FindingsGrouping): GroupColumn | undefined {
  const words = (codes: Uint8Array, values: readonly string[]) => ({ codes, values, labels: values, fixedOrder: true });
  const texts = ({ codes, values }: TextColumn, labels: readonly string[] = values) => ({
    codes,
    values,
    labels,
    fixedOrder: false,
  });
  switch (grouping) {
    case 'none':
      return undefined;
    case 'severity':
      return words(index.severity, effectiveSeverities);
    case 'sourceTool':
      return words(index.sourceTool, sourceTools);
    case 'application':
      return texts(index.applications);
    case 'asset':
      return texts(index.assets, index.assetNames);
    case 'check':
      return texts(index.checks);
    case 'package':
      return texts(index.packages);
  }
}

/** A window of the lines shown. */
export function buildRows(result: FindingsResult, offset: number, limit: number): FindingRow[] {
  const { index, rows, groups, totalRows } = result;
  const out: FindingRow[] = [];
  const end = Math.min(totalRows, offset + Math.min(limit, maxWindow));
  const push = (place: number) => {
    const item = index.items[rows[place] ?? -1];
    if (item !== undefined) out.push(toRow(item));
  };
  if (groups === undefined) {
    for (let line = Math.max(0, offset); line < end; line++) push(line);
    return out;
  }
  let at = groupAt(groups, offset);
  for (let line = Math.max(0, offset); line < end; line++) {
    if (groups[at + 1] !== undefined && line >= (groups[at + 1]?.line ?? Infinity)) at++;
    const head = groups[at];
    if (head === undefined) break;
    if (line === head.line) out.push(groupRow(head));
    else push(head.from + (line - head.line - 1));
  }
  return out;
}

/** The last group whose head stands at or before the line. */
function groupAt(groups: readonly Group[], line: number): number {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((groups[middle]?.line ?? 0) <= line) low = middle;
    else high = middle - 1;
  }
  return low;
}

function groupRow({ key, label, count, newCount, counts, expanded }: Group): FindingRow {
  return { type: 'group', key, label, count, newCount, severityCounts: severityCounts(counts), expanded };
}

function severityCounts(counts: readonly number[]): SeverityCounts {
  const of = (severity: Severity) => counts[effectiveSeverities.indexOf(severity)] ?? 0;
  return { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low'), info: of('info') };
}

/** The line of a finding; undefined when it is filtered out or its group is folded. */
export function locateRow(result: FindingsResult, id: string): number | undefined {
  const wanted = result.index.rowOf(id);
  if (wanted < 0) return undefined;
  const place = result.rows.indexOf(wanted);
  if (place < 0) return undefined;
  if (result.groups === undefined) return place;
  const head = result.groups.findLast((group) => group.from <= place);
  return head?.expanded === true ? head.line + 1 + (place - head.from) : undefined;
}

/** Counts of every value of every filter, each under the other filters. */
export function buildFacets(index: FindingIndex, filter: FindingsFilter, now: Date, names?: FacetNames): Facets {
  return countFacets(index, filter, failures(index, filter, now), names);
}

function countFacets(index: FindingIndex, filter: FindingsFilter, fails: Uint16Array, names?: FacetNames): Facets {
  const counter = (codes: Uint32Array | Uint8Array, size: number, bit: number) => {
    const counts = new Uint32Array(size);
    for (let row = 0; row < fails.length; row++) {
      if (((fails[row] ?? 0) & ~bit) !== 0) continue;
      const code = codes[row] ?? 0;
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  };
  const words = (column: WordColumn, values: readonly string[], bit: number): FacetValue[] => {
    const counts = counter(column, values.length, bit);
    if (values === findingStates) counts[openState] = (counts[openState] ?? 0) + (counts[newState] ?? 0);
    return values.map((value, code) => ({ value, label: value, count: counts[code] ?? 0 }));
  };
  const texts = (
    column: TextColumn,
    bit: number,
    chosen: readonly string[] | undefined,
    labels?: ReadonlyMap<string, string>,
  ): FacetValue[] => {
    const counts = counter(column.codes, column.values.length, bit);
    const found = column.values
      .map((value, code) => ({ value, label: labels?.get(value) ?? value, count: counts[code] ?? 0 }))
      .filter(({ value, count }) => value !== '' && (count > 0 || chosen?.includes(value) === true));
    for (const value of chosen ?? []) {
      if (!found.some((facet) => facet.value === value))
        found.push({ value, label: labels?.get(value) ?? value, count: 0 });
    }
    // The commonest when there are too many; shown by name.
    return found
      .sort((a, b) => b.count - a.count || compareText(a.label, b.label))
      .slice(0, maxFacetValues)
      .sort((a, b) => compareText(a.label.toLowerCase(), b.label.toLowerCase()) || compareText(a.value, b.value));
  };
  return {
    sourceTools: words(index.sourceTool, sourceTools, bits.sourceTools),
    severities: words(index.severity, effectiveSeverities, bits.severities).filter(({ value }) => value !== 'none'),
    originalSeverities: words(index.original, originalSeverities, bits.originalSeverities),
    states: words(index.state, findingStates, bits.states),
    kinds: words(index.kind, findingKinds, bits.kinds),
    assetKinds: words(index.assetKind, assetKinds, bits.assetKinds).filter(
      ({ value, count }) => count > 0 || filter.assetKinds?.some((kind) => kind === value) === true,
    ),
    connections: texts(index.connections, bits.connections, filter.connections, names?.connections),
    subscriptions: texts(index.subscriptions, bits.subscriptions, filter.subscriptions, names?.subscriptions),
    applications: texts(index.applications, bits.applications, filter.applications),
    flags: filterFlags.map((flag) => {
      const mask = flagBits[flag];
      const bit = bits.flags[flag];
      let count = 0;
      for (let row = 0; row < fails.length; row++) {
        if (((fails[row] ?? 0) & ~bit) === 0 && ((index.flags[row] ?? 0) & mask) !== 0) count++;
      }
      return { value: flag, label: flag, count };
    }),
  };
}

/** Answers the page's questions about one index; keeps the last result, of which further windows are then cheap. */
export class FindingQueries {
  readonly index: FindingIndex;
  readonly #names: FacetNames | undefined;
  #last: { readonly key: string; readonly fails: Uint16Array; readonly result: FindingsResult } | undefined;

  constructor(index: FindingIndex, names?: FacetNames) {
    this.index = index;
    this.#names = names;
  }

  /** A window of the list. `now` matters to filters by age alone. */
  page(request: FindingsRequest, now: Date): FindingsPage {
    const { query, offset, limit } = request;
    const { fails, result } = this.#result(query, now);
    const locatedRow = request.locate === undefined ? undefined : locateRow(result, request.locate);
    return {
      queryId: request.queryId,
      totalRows: result.totalRows,
      totalFindings: result.rows.length,
      allFindings: this.index.size,
      deniedCount: result.deniedCount,
      offset,
      rows: buildRows(result, offset, limit),
      ...(request.facets && { facets: countFacets(this.index, query.filter, fails, this.#names) }),
      ...(locatedRow !== undefined && { locatedRow }),
    };
  }

  /** What passes a filter, most urgent first. */
  *matching(filter: FindingsFilter, now: Date): Generator<FindingListItem, undefined, undefined> {
    const fails = failures(this.index, filter, now);
    for (const row of this.index.urgent) {
      const item = this.index.items[row];
      if (fails[row] === 0 && item !== undefined) yield item;
    }
    return undefined;
  }

  /** Open findings by severity, and how many pass the filter, are denied, and exist. */
  counts(
    filter: FindingsFilter,
    now: Date,
  ): { readonly open: SeverityCounts; readonly visible: number; readonly denied: number; readonly total: number } {
    const fails = failures(this.index, filter, now);
    const open = new Array<number>(effectiveSeverities.length).fill(0);
    let visible = 0;
    let denied = 0;
    for (let row = 0; row < fails.length; row++) {
      const state = this.index.state[row] ?? 0;
      const failed = fails[row] ?? 0;
      if (failed === 0) visible++;
      if ((failed & ~bits.states) !== 0) continue;
      if (deniedStates.includes(state)) denied++;
      const severity = this.index.severity[row] ?? 0;
      if (failed === 0 && (state === openState || state === newState)) open[severity] = (open[severity] ?? 0) + 1;
    }
    return { open: severityCounts(open), visible, denied, total: this.index.size };
  }

  /** Other findings with the same check and package, most urgent first. */
  sameCause(id: string, limit: number): { readonly found: readonly SameCause[]; readonly total: number } {
    const { index } = this;
    const self = index.rowOf(id);
    const found: SameCause[] = [];
    let total = 0;
    if (self < 0) return { found, total };
    const check = index.checks.codes[self];
    const packageCode = index.packages.codes[self];
    for (const row of index.urgent) {
      if (row === self || index.checks.codes[row] !== check || index.packages.codes[row] !== packageCode) continue;
      const item = index.items[row];
      if (item === undefined) continue;
      total++;
      if (found.length >= limit) continue;
      found.push({
        id: item.id,
        asset: item.assetName,
        assetKind: item.assetKind,
        severity: item.severity,
        state: item.state,
        running: item.running,
        internetFacing: item.internetFacing,
      });
    }
    return { found, total };
  }

  #result(query: FindingsQuery, now: Date): { readonly fails: Uint16Array; readonly result: FindingsResult } {
    const key = JSON.stringify([query.filter, query.grouping, query.sort, query.folded]);
    if (this.#last?.key !== key) {
      const fails = failures(this.index, query.filter, now);
      this.#last = { key, fails, result: arrange(this.index, query, fails) };
    }
    return this.#last;
  }
}
