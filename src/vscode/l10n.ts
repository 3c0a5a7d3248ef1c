/** The part of `vscode.l10n` and `vscode.env` that words need; pure modules take it as an argument. */
export interface L10n {
  /** Named placeholders: `t('{count} findings', { count })`. The message is a literal, so that it can be collected. */
  t(message: string, args?: Record<string, string | number | boolean>): string;
  /** BCP 47. */
  readonly language: string;
}

/** One of the finished sentences, by the plural category of `count` in the language of the editor. */
export function plural(l10n: L10n, count: number, forms: { readonly one: string; readonly other: string }): string {
  return new Intl.PluralRules(l10n.language).select(count) === 'one' ? forms.one : forms.other;
}

export function formatNumber(l10n: L10n, value: number): string {
  return new Intl.NumberFormat(l10n.language).format(value);
}

/** `a, b, and c` as the language writes it. */
export function formatList(l10n: L10n, items: readonly string[]): string {
  return new Intl.ListFormat(l10n.language, { type: 'conjunction' }).format(items);
}

export function formatDate(l10n: L10n, iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  // a date without time means that day everywhere, not midnight in London
  const timeZone = /^\d{4}-\d{2}-\d{2}$/.test(iso) ? 'UTC' : undefined;
  return new Intl.DateTimeFormat(l10n.language, { dateStyle: 'medium', timeZone }).format(time);
}

/** Day and time of day. */
export function formatMoment(l10n: L10n, iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return new Intl.DateTimeFormat(l10n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(time);
}

export function formatTime(l10n: L10n, iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? iso : new Intl.DateTimeFormat(l10n.language, { timeStyle: 'short' }).format(time);
}

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** `3 hours ago`, `in 2 days`; `now` under a minute. */
export function formatRelative(l10n: L10n, iso: string, now: Date): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const seconds = (time - now.getTime()) / 1000;
  const format = new Intl.RelativeTimeFormat(l10n.language, { numeric: 'auto' });
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** Whole days from today until an ISO date; negative when it is past. Days begin at midnight UTC. */
export function daysUntil(isoDate: string, now: Date): number | undefined {
  const time = Date.parse(isoDate.slice(0, 10));
  if (Number.isNaN(time)) return undefined;
  return Math.round((time - Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate())) / 86_400_000);
}

/** Text for a MarkdownString that stays text: nothing in it becomes a link, an image, markup or an icon. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]()#+\-.!|<>&~$:@"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Shortened in the middle: the ends of image references and ids tell most. */
export function shortenMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}
