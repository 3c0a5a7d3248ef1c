import type { Comparison, VersionScheme } from './scheme.ts';

/** `i` introduced, `f` fixed, `l` last_affected, `m` limit, with the version that the advisory names. */
export type RangeEvent = readonly ['i' | 'f' | 'l' | 'm', string];

/** What an advisory says of one version. */
export interface RangeResult {
  readonly affected: boolean;
  /** True when the version, or an event that would decide, is not a version of the scheme: "not affected" is not known. */
  readonly uncertain: boolean;
  /** Smallest fixed version above the installed one among the ranges that contain it; absent when none is known. */
  readonly fixed?: string;
}

/** Below every version of every ecosystem: never parsed. */
const BOTTOM = Symbol('below every version');

interface ParsedEvent {
  readonly kind: 'i' | 'f' | 'l';
  readonly version: unknown;
  readonly text: string;
}

const KIND_ORDER = { i: 0, f: 1, l: 2 } as const;

/**
 * Whether a version is affected: listed by its exact text, or inside one of the ranges. OSV schema, "affected[].versions"
 * and "Evaluation". An entry with neither ranges nor versions says nothing.
 */
export function evaluateRanges(
  scheme: VersionScheme<unknown>,
  installed: string,
  ranges: readonly (readonly RangeEvent[])[],
  versions: readonly string[],
): RangeResult {
  const isListed = versions.includes(installed);
  const version = scheme.parse(installed);
  if (version === undefined) return { affected: isListed, uncertain: !isListed && ranges.length + versions.length > 0 };
  const compare = (a: unknown, b: unknown): Comparison => compareEnds(scheme, a, b);
  let affected = isListed;
  let uncertain = false;
  let fixed: ParsedEvent | undefined;
  for (const range of ranges) {
    const events = parseEvents(scheme, range);
    if (events === undefined) {
      uncertain = true;
      continue;
    }
    const within = isWithin(scheme, range, version, events);
    if (within !== 'inside') {
      uncertain ||= within === 'unknown';
      continue;
    }
    affected = true;
    for (const event of events) {
      if (event.kind !== 'f' || compare(event.version, version) <= 0) continue;
      if (fixed === undefined || compare(event.version, fixed.version) < 0) fixed = event;
    }
  }
  return { affected, uncertain: uncertain && !affected, ...(fixed !== undefined && { fixed: fixed.text }) };
}

function compareEnds(scheme: VersionScheme<unknown>, a: unknown, b: unknown): Comparison {
  if (a === BOTTOM || b === BOTTOM) return a === b ? 0 : a === BOTTOM ? -1 : 1;
  return scheme.compare(a, b);
}

/** The events in the order of evaluation; undefined when one of them is no version. */
function parseEvents(scheme: VersionScheme<unknown>, range: readonly RangeEvent[]): readonly ParsedEvent[] | undefined {
  const events: ParsedEvent[] = [];
  for (const [kind, text] of range) {
    if (kind === 'm') continue;
    // `fixed: "0"` says that no version ever was affected.
    const version = text === '0' && kind !== 'l' ? BOTTOM : scheme.parse(text);
    if (version === undefined) return undefined;
    events.push({ kind, version, text });
  }
  return events.sort((a, b) => compareEnds(scheme, a.version, b.version) || KIND_ORDER[a.kind] - KIND_ORDER[b.kind]);
}

function isWithin(
  scheme: VersionScheme<unknown>,
  range: readonly RangeEvent[],
  version: unknown,
  events: readonly ParsedEvent[],
): 'inside' | 'outside' | 'unknown' {
  let inside = false;
  for (const event of events) {
    const order = compareEnds(scheme, event.version, version);
    if (event.kind === 'i' && order <= 0) inside = true;
    else if (event.kind === 'f' && order <= 0) inside = false;
    else if (event.kind === 'l' && order < 0) inside = false;
  }
  if (!inside) return 'outside';
  const limits = range.filter(([kind]) => kind === 'm').map(([, text]) => text);
  if (limits.length === 0 || limits.includes('*')) return 'inside';
  const parsed = limits.map((text) => scheme.parse(text));
  if (parsed.some((limit) => limit !== undefined && scheme.compare(version, limit) < 0)) return 'inside';
  return parsed.includes(undefined) ? 'unknown' : 'outside';
}
