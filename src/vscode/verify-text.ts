import type { VerifyResult } from '../connectivity/types.ts';
import { plural, type L10n } from './l10n.ts';

/** `Connected. 2 of 14 steps need attention.` */
export function verdictSentence(l10n: L10n, result: Pick<VerifyResult, 'verdict' | 'steps'>): string {
  const total = result.steps.length;
  const attention = result.steps.filter(
    ({ state }) => state === 'warn' || state === 'fail' || state === 'blocked',
  ).length;
  const args = { attention, total };
  switch (result.verdict) {
    case 'active':
      return plural(l10n, total, {
        one: l10n.t('Connected. The step passed.'),
        other: l10n.t('Connected. All {total} steps passed or do not apply.', args),
      });
    case 'gaps':
      return plural(l10n, attention, {
        one: l10n.t('Connected. {attention} of {total} steps needs attention.', args),
        other: l10n.t('Connected. {attention} of {total} steps need attention.', args),
      });
    case 'failed': {
      const first = result.steps.find(({ state, required }) => state === 'fail' && required);
      return first?.reason === undefined
        ? l10n.t('Not connected. {attention} of {total} steps need attention.', args)
        : l10n.t('Not connected. {step}: {reason}', { step: first.title, reason: first.reason });
    }
  }
}
