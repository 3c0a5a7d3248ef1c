import { l10n } from '../editor.ts';
import { formatDate } from '../l10n.ts';
import { askInput, askPick, type BoxOutcome, type Place } from './box.ts';
import { isIsoDate, monthsFrom } from './draft.ts';

export interface ExpiryAnswer {
  /** ISO date; undefined: not known. */
  readonly date: string | undefined;
}

/** "When does the secret expire?" */
export async function askExpiry(
  place: Place,
  now: Date,
  current: string | undefined,
): Promise<BoxOutcome<ExpiryAnswer>> {
  type Choice = 6 | 12 | 24 | 'keep' | 'date' | 'unknown';
  for (;;) {
    const month = (count: 6 | 12 | 24, label: string): { choice: Choice; label: string; description: string } => ({
      choice: count,
      label,
      description: formatDate(l10n, monthsFrom(now, count)),
    });
    const outcome = await askPick<Choice>({
      place,
      placeholder: l10n.t('When does the secret expire?'),
      items: [
        ...(current === undefined
          ? []
          : [{ choice: 'keep' as const, label: l10n.t('On {date}', { date: formatDate(l10n, current) }) }]),
        month(6, l10n.t('In 6 months')),
        month(12, l10n.t('In 12 months')),
        month(24, l10n.t('In 24 months')),
        { choice: 'date', label: l10n.t('On a date...') },
        { choice: 'unknown', label: l10n.t('I do not know') },
      ],
      selected: (choice) => choice === (current === undefined ? 12 : 'keep'),
    });
    if (outcome.kind !== 'done') return outcome;
    const [choice] = outcome.value;
    if (choice === 'keep') return { kind: 'done', value: { date: current } };
    if (choice === 'unknown' || choice === undefined) return { kind: 'done', value: { date: undefined } };
    if (choice !== 'date') return { kind: 'done', value: { date: monthsFrom(now, choice) } };
    const typed = await askInput<string>({
      place: { ...place, canGoBack: true },
      prompt: l10n.t('Day on which the secret expires, as YYYY-MM-DD'),
      placeholder: monthsFrom(now, 12),
      value: current ?? '',
      check: (text, final) =>
        isIsoDate(text.trim()) || (!final && text.trim().length < 10)
          ? undefined
          : { level: 'error', message: l10n.t('That is no date like 2027-03-31.') },
      submit: (text) => Promise.resolve({ done: text.trim() }),
    });
    if (typed.kind === 'done') return { kind: 'done', value: { date: typed.value } };
    if (typed.kind !== 'back') return typed;
  }
}
