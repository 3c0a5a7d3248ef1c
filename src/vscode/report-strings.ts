import { reportStrings } from '../report/strings.ts';
import type { L10n } from './l10n.ts';

/** The words of the page in the language of the editor; names in braces stay for the page to fill in. */
export function reportStringsFor(l10n: L10n): {
  readonly language: string;
  readonly strings: Readonly<Record<string, string>>;
} {
  const strings = Object.fromEntries(Object.entries(reportStrings).map(([key, text]) => [key, l10n.t(text)]));
  return { language: l10n.language, strings };
}
