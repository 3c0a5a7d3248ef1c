import type { FilterFlag, FindingsFilter } from './contract.ts';
import { filterFlags } from './contract.ts';
import { hasFix, severityChanged } from './list-item.ts';
import type { FindingListItem } from './list-item.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Terms of a text search in lower case: words, and phrases in double quotes. At most 16. */
export function searchTerms(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const terms: string[] = [];
  for (const [, phrase, word] of text.matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const term = (phrase ?? word ?? '').replaceAll('\n', ' ').trim().toLowerCase();
    if (term !== '' && terms.length < 16) terms.push(term);
  }
  return terms;
}

/** True when the asset is the one meant or lies below it. Ids of Azure are compared without regard to case. */
export function isInAsset(assetId: string, within: readonly string[], wanted: string): boolean {
  const want = wanted.toLowerCase();
  return isBelow(assetId, want) || within.some((id) => isBelow(id, want));
}

function isBelow(id: string, want: string): boolean {
  const lower = id.toLowerCase();
  return lower === want || lower.startsWith(`${want}/`);
}

/** Times at or after this one pass `firstSeenDays`. */
export function firstSeenFrom(filter: FindingsFilter, now: Date): number | undefined {
  return filter.firstSeenDays === undefined ? undefined : now.getTime() - filter.firstSeenDays * dayMs;
}

/** Whether one finding passes a filter: what tree, report, diagnostics and tools agree on. */
export function matchesFilter(item: FindingListItem, filter: FindingsFilter, now: Date): boolean {
  const { states } = filter;
  const from = firstSeenFrom(filter, now);
  return (
    isAmong(filter.sourceTools, item.sourceTool) &&
    isAmong<string>(filter.severities, item.severity) &&
    isAmong(filter.originalSeverities, item.original) &&
    (isAmong(states, item.state) || (item.state === 'new' && states?.includes('open') === true)) &&
    isAmong(filter.kinds, item.kind) &&
    isAmong(filter.assetKinds, item.assetKind) &&
    isAmong(filter.connections, item.connectionId ?? '') &&
    isAmong(filter.subscriptions, item.subscriptionId ?? '') &&
    isAmong(filter.applications, item.application) &&
    filterFlags.every((flag) => filter[flag] === undefined || filter[flag] === flagOf(item, flag)) &&
    (filter.check === undefined || filter.check.toLowerCase() === item.check.toLowerCase()) &&
    (filter.asset === undefined || isInAsset(item.assetId, item.within, filter.asset)) &&
    (from === undefined || Date.parse(item.firstSeen) >= from) &&
    searchTerms(filter.text).every((term) => hasTerm(item, term))
  );
}

/** The value of a flag of the filter. */
export function flagOf(item: FindingListItem, flag: FilterFlag): boolean {
  switch (flag) {
    case 'fixAvailable':
      return hasFix(item);
    case 'severityChanged':
      return severityChanged(item);
    default:
      return item[flag];
  }
}

function isAmong<T>(wanted: readonly T[] | undefined, value: T): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}

function hasTerm(item: FindingListItem, term: string): boolean {
  return [item.id, item.title, item.packageName, item.assetName, item.assetId, item.check, item.file].some(
    (text) => text?.toLowerCase().includes(term) === true,
  );
}
