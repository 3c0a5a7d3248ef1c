import type { PluralKey, StringKey } from './strings.ts';

/** Values for the names in braces of a text. */
export type TextValues = Readonly<Record<string, string | number>>;

/** The words of one language: texts by key, and numbers, times and lists in its manner. */
export interface Texts {
  readonly language: string;
  /** The text of a key; the key itself when the host did not send it. */
  t(key: StringKey, values?: TextValues): string;
  /** The text of a key in the plural form of `count`, which fills `{count}`. */
  plural(key: PluralKey, count: number, values?: TextValues): string;
  number(value: number): string;
  /** 0 to 1 as a percentage, with at most so many decimals. */
  percent(value: number, decimals?: number): string;
  /** Day and time. Returns the text as it came when it is no time. */
  dateTime(iso: string): string;
  date(iso: string): string;
  /** "3 hours ago", "in 2 days". */
  relative(iso: string, now: number): string;
  list(items: readonly string[]): string;
}

const units = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['week', 7 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Makes the words of a language from its dictionary. Falls back to English forms for a language that Intl does not know. */
export function makeTexts(language: string, strings: Readonly<Record<string, string>>): Texts {
  const locale = knownLocale(language);
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const relatives = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });

  const get = (key: string) => (Object.hasOwn(strings, key) ? strings[key] : undefined);
  const fill = (template: string, values: TextValues | undefined) =>
    template.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) return whole;
      return typeof value === 'number' ? numbers.format(value) : value;
    });
  const at = (iso: string, show: (time: number) => string) => {
    const time = Date.parse(iso);
    return Number.isNaN(time) ? iso : show(time);
  };

  return {
    language: locale,
    t: (key, values) => fill(get(key) ?? key, values),
    plural: (key, count, values) =>
      fill(get(`${key}#${plurals.select(count)}`) ?? get(`${key}#other`) ?? key, { count, ...values }),
    number: (value) => numbers.format(value),
    percent: (value, decimals = 0) =>
      new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: decimals }).format(value),
    dateTime: (iso) => at(iso, (time) => dateTimes.format(time)),
    date: (iso) => at(iso, (time) => dates.format(time)),
    relative: (iso, now) =>
      at(iso, (time) => {
        const seconds = (time - now) / 1000;
        const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60];
        return relatives.format(Math.trunc(seconds / size), unit);
      }),
    list: (items) => lists.format(items),
  };
}

function knownLocale(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? 'en';
  } catch {
    return 'en';
  }
}
