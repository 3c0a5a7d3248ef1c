import type { Comparison, VersionScheme } from './scheme.ts';

/** `i` introduced, `f` fixed, `l` last_affected, `m` limit, with the version that the advisory names. */
export type RangeEvent = readonly ['i' | 'f' | 'l' | 'm', string];

/** What an advisory says of one version. */
export interface RangeResult {
  readonly affected: boolean;
  /** True when the version, or an event that would decide, is not a version of the scheme: "not affected" is not known. */
  readonly uncertain: boolean;
  /**
   * Smallest fixed version above the installed one among the ranges that contain it, as the advisory writes it; absent when
   * none is known. Where a fix exists within the same major version, it is the smallest.
   */
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
 * Whether a version is affected: listed (by its text, or by another spelling of the same version), or inside one of the
 * ranges. An entry with neither ranges nor versions says nothing. OSV schema 1.7, "affected[].versions", "affected[].ranges[].events"
 * and "Evaluation".
 */
export function evaluateRanges(
  scheme: VersionScheme<unknown>,
  installed: string,
  ranges: readonly (readonly RangeEvent[])[],
  versions: readonly string[],
): RangeResult {
  const version = scheme.parse(installed);
  let affected = false;
  let uncertain = version === undefined && versions.length > 0;
  let fixed: ParsedEvent | undefined;
  for (const range of ranges) {
    const events = parseEvents(scheme, range);
    const within = events === undefined ? 'unknown' : isWithin(scheme, range, version, events);
    if (events === undefined || within !== 'inside') {
      uncertain ||= within === 'unknown';
      continue;
    }
    affected = true;
    if (version === undefined) continue;
    for (const event of events) {
      if (event.kind !== 'f' || compareEnds(scheme, event.version, version) <= 0) continue;
      if (fixed === undefined || compareEnds(scheme, event.version, fixed.version) < 0) fixed = event;
    }
  }
  affected ||= isListed(scheme, installed, version, versions);
  return { affected, uncertain: uncertain && !affected, ...(fixed !== undefined && { fixed: fixed.text }) };
}

function isListed(
  scheme: VersionScheme<unknown>,
  installed: string,
  version: unknown,
  versions: readonly string[],
): boolean {
  if (versions.includes(installed)) return true;
  if (version === undefined) return false;
  return versions.some((text) => {
    const listed = scheme.parse(text);
    return listed !== undefined && scheme.compare(listed, version) === 0;
  });
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

/** `version`: undefined when the installed one cannot be compared; then only a range over all versions, or none, is known. */
function isWithin(
  scheme: VersionScheme<unknown>,
  range: readonly RangeEvent[],
  version: unknown,
  events: readonly ParsedEvent[],
): 'inside' | 'outside' | 'unknown' {
  let inside = false;
  for (const event of events) {
    if (version === undefined && event.version !== BOTTOM) return 'unknown';
    const order = event.version === BOTTOM ? -1 : scheme.compare(event.version, version);
    if (event.kind === 'i' && order <= 0) inside = true;
    else if (event.kind === 'f' && order <= 0) inside = false;
    else if (event.kind === 'l' && order < 0) inside = false;
  }
  if (!inside) return 'outside';
  const limits = range.filter(([kind]) => kind === 'm').map(([, text]) => text);
  if (limits.length === 0 || limits.includes('*')) return 'inside';
  if (version === undefined) return 'unknown';
  const parsed = limits.map((text) => scheme.parse(text));
  if (parsed.some((limit) => limit !== undefined && scheme.compare(version, limit) < 0)) return 'inside';
  return parsed.includes(undefined) ? 'unknown' : 'outside';
}
