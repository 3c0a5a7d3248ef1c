import { isDeepStrictEqual } from 'node:util';
import { filterFlags, type FindingsFilter } from '../report/contract.ts';
import {
  assetKinds,
  findingKinds,
  findingStates,
  originalSeverities,
  severities,
  sourceTools,
} from '../report/words.ts';
import { formatList, type L10n } from './l10n.ts';
import { findingStateWord, severityList, sourceToolName } from './words.ts';

export function isSameFilter(a: FindingsFilter, b: FindingsFilter): boolean {
  return isDeepStrictEqual(withoutAbsent(a), withoutAbsent(b));
}

/** Empty lists and `undefined` filter nothing, like absent members; the order in lists means nothing. */
function withoutAbsent(filter: FindingsFilter): unknown {
  const entries = Object.entries(filter).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return [];
    return [[key, Array.isArray(value) ? value.map(String).sort() : value]];
  });
  return Object.fromEntries(entries);
}

/** What a filter shows, in a few words for the line beside the view's name; empty for the usual one. */
export function filterInWords(l10n: L10n, filter: FindingsFilter, usual: FindingsFilter): string {
  const parts: string[] = [];
  if (filter.text !== undefined && filter.text !== '') parts.push(`“${filter.text}”`);
  if (filter.severities !== undefined && filter.severities.length > 0)
    parts.push(severityList(l10n, filter.severities));
  if (filter.sourceTools !== undefined && filter.sourceTools.length > 0) {
    parts.push(
      formatList(
        l10n,
        filter.sourceTools.map((tool) => sourceToolName(l10n, tool)),
      ),
    );
  }
  if (filter.states !== undefined && !isSameFilter({ states: filter.states }, { states: usual.states ?? [] })) {
    parts.push(
      formatList(
        l10n,
        filter.states.map((state) => findingStateWord(l10n, state)),
      ),
    );
  }
  if (filter.applications !== undefined && filter.applications.length > 0) {
    parts.push(formatList(l10n, filter.applications));
  }
  if (filter.asset !== undefined) parts.push(l10n.t('one asset'));
  if (filter.check !== undefined) parts.push(filter.check);
  if (filter.fixAvailable !== undefined) parts.push(filter.fixAvailable ? l10n.t('fix available') : l10n.t('no fix'));
  if (filter.running === true) parts.push(l10n.t('running'));
  if (filter.internetFacing === true) parts.push(l10n.t('internet-facing'));
  if (filter.knownExploited === true) parts.push(l10n.t('known exploited'));
  if (filter.severityChanged === true) parts.push(l10n.t('severity changed'));
  const shown = new Set([
    'text',
    'severities',
    'sourceTools',
    'states',
    'applications',
    'asset',
    'check',
    'fixAvailable',
    'running',
    'internetFacing',
    'knownExploited',
    'severityChanged',
  ]);
  const others = Object.entries(filter).filter(
    ([key, value]) => !shown.has(key) && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  if (others.length > 0) parts.push(l10n.t('more filters'));
  return parts.join(' · ');
}

const mostValues = 200;

/**
 * A stored filter of this or an earlier version: what it holds of the known members, undefined when it is no filter.
 * By hand, because the schemas of the report's messages cost more to make than a whole start may take.
 */
export function readFilter(stored: unknown): FindingsFilter | undefined {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return undefined;
  const members = new Map<string, unknown>(Object.entries(stored));
  const texts = (key: string): readonly string[] => {
    const value = members.get(key);
    return Array.isArray(value)
      ? value.filter((item): item is string => typeof item === 'string').slice(0, mostValues)
      : [];
  };
  const words = <T extends string>(key: string, known: readonly T[]): readonly T[] => {
    const chosen = texts(key);
    return known.filter((word) => chosen.includes(word));
  };
  const lists = {
    sourceTools: words('sourceTools', sourceTools),
    severities: words('severities', severities),
    originalSeverities: words('originalSeverities', originalSeverities),
    states: words('states', findingStates),
    kinds: words('kinds', findingKinds),
    assetKinds: words('assetKinds', assetKinds),
    connections: texts('connections'),
    subscriptions: texts('subscriptions'),
    applications: texts('applications'),
  } satisfies Partial<FindingsFilter>;
  const filter: FindingsFilter = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  const flags = filterFlags.flatMap((flag) => {
    const value = members.get(flag);
    return typeof value === 'boolean' ? [[flag, value] as const] : [];
  });
  const strings = (['asset', 'check', 'text'] as const).flatMap((key) => {
    const value = members.get(key);
    return typeof value === 'string' && value !== '' ? [[key, value.slice(0, 500)] as const] : [];
  });
  const days = members.get('firstSeenDays');
  return {
    ...filter,
    ...Object.fromEntries(flags),
    ...Object.fromEntries(strings),
    ...(typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= 9999 ? { firstSeenDays: days } : {}),
  };
}
