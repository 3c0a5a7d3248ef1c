import * as z from 'zod';
import type { Severity } from '../core/severity.ts';
import { formatNumber, plural, type L10n } from './l10n.ts';
import type { BadgeChoice } from './settings.ts';

const counts = z.object({
  critical: z.number(),
  high: z.number(),
  medium: z.number(),
  low: z.number(),
  info: z.number(),
});

const shape = z.object({
  hasResults: z.boolean(),
  open: counts,
  /** Open findings first seen in the latest scan. */
  fresh: z.number(),
  /** Findings under the filter. */
  visible: z.number(),
  denied: z.number(),
  total: z.number(),
  lastScanAt: z.string().exactOptional(),
});

/** The few numbers that badges and the status bar show, kept in global state so that a start opens no database. */
export type Summary = z.infer<typeof shape>;

export const emptySummary: Summary = {
  hasResults: false,
  open: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
  fresh: 0,
  visible: 0,
  denied: 0,
  total: 0,
};

export function parseSummary(stored: unknown): Summary {
  const parsed = shape.safeParse(stored);
  return parsed.success ? parsed.data : emptySummary;
}

/** `4 critical and 9 high findings are open`; names the levels that are not empty, worst first. */
export function openFindingsText(l10n: L10n, open: Readonly<Record<Severity, number>>): string {
  const { critical, high } = open;
  const rest = open.medium + open.low + open.info;
  const args = {
    critical: formatNumber(l10n, critical),
    high: formatNumber(l10n, high),
    rest: formatNumber(l10n, rest),
  };
  if (critical > 0 && high > 0) return l10n.t('{critical} critical and {high} high findings are open', args);
  if (critical > 0) {
    return plural(l10n, critical, {
      one: l10n.t('{critical} critical finding is open', args),
      other: l10n.t('{critical} critical findings are open', args),
    });
  }
  if (high > 0) {
    return plural(l10n, high, {
      one: l10n.t('{high} high finding is open', args),
      other: l10n.t('{high} high findings are open', args),
    });
  }
  if (rest > 0) {
    return plural(l10n, rest, {
      one: l10n.t('No critical or high finding is open, {rest} of lower severity is', args),
      other: l10n.t('No critical or high finding is open, {rest} of lower severity are', args),
    });
  }
  return l10n.t('No finding is open');
}

/** Number and words of the badge of the Findings view; undefined when there is none. */
export function findingsBadge(
  l10n: L10n,
  summary: Summary,
  choice: BadgeChoice,
): { readonly value: number; readonly tooltip: string } | undefined {
  const { critical, high, medium, low, info } = summary.open;
  const tooltip = openFindingsText(l10n, summary.open);
  const badge = (value: number, words: string) => (value === 0 ? undefined : { value, tooltip: words });
  switch (choice) {
    case 'off':
      return undefined;
    case 'critical':
      return badge(critical, tooltip);
    case 'criticalAndHigh':
      return badge(critical + high, tooltip);
    case 'new':
      return badge(
        summary.fresh,
        plural(l10n, summary.fresh, {
          one: l10n.t('{count} finding is new since the last scan', { count: formatNumber(l10n, summary.fresh) }),
          other: l10n.t('{count} findings are new since the last scan', { count: formatNumber(l10n, summary.fresh) }),
        }),
      );
    case 'all':
      return badge(critical + high + medium + low + info, tooltip);
  }
}
