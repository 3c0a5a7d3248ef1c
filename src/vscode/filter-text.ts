import { isDeepStrictEqual } from 'node:util';
import type { FindingsFilter } from '../report/contract.ts';
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
