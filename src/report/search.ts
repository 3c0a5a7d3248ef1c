import type { Facets, FilterFlag, FilterList, FindingsFilter } from './contract.ts';
import { assetKinds, findingKinds, findingStates, originalSeverities, severities, sourceTools } from './words.ts';

/** Longest text that the search box takes. */
export const maxSearchLength = 500;

/** Keys of the search box: `severity:critical`, `-state:fixed`, `fix:yes`, `app:"web shop"`, `seen:7d`. */
export const searchKeys = [
  'severity',
  'original',
  'source',
  'state',
  'kind',
  'asset-kind',
  'app',
  'connection',
  'subscription',
  'asset',
  'check',
  'fix',
  'running',
  'internet',
  'exploited',
  'changed',
  'seen',
] as const;
export type SearchKey = (typeof searchKeys)[number];

const wordLists = {
  severity: { list: 'severities', words: severities },
  original: { list: 'originalSeverities', words: originalSeverities },
  source: { list: 'sourceTools', words: sourceTools },
  state: { list: 'states', words: findingStates },
  kind: { list: 'kinds', words: findingKinds },
  'asset-kind': { list: 'assetKinds', words: assetKinds },
} as const satisfies Partial<Record<SearchKey, { list: FilterList; words: readonly string[] }>>;

const namedLists = {
  app: 'applications',
  connection: 'connections',
  subscription: 'subscriptions',
} as const satisfies Partial<Record<SearchKey, FilterList>>;

const flags = {
  fix: 'fixAvailable',
  running: 'running',
  internet: 'internetFacing',
  exploited: 'knownExploited',
  changed: 'severityChanged',
} as const satisfies Partial<Record<SearchKey, FilterFlag>>;

/** A part of the text that looks like `key:value` and means nothing (yet). */
export interface SearchProblem {
  readonly key: SearchKey;
  readonly value: string;
}

export interface ParsedSearch {
  readonly filter: FindingsFilter;
  readonly problems: readonly SearchProblem[];
}

type Names = Pick<Facets, 'applications' | 'connections' | 'subscriptions'>;

interface Token {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly negative: boolean;
  readonly key: SearchKey | undefined;
  /** What stands behind the colon, quotes and commas included. */
  readonly rest: string;
}

/**
 * Reads the search box. `key:value` with a known key filters; everything else is text. `names` turn names of connections,
 * subscriptions and applications into their ids; a value that is no name is taken as an id.
 */
export function parseSearch(input: string, names?: Names): ParsedSearch {
  const lists = new Map<FilterList, { readonly words?: readonly string[]; yes: Set<string>; no: Set<string> }>();
  const listOf = (list: FilterList, words?: readonly string[]) => {
    let entry = lists.get(list);
    if (entry === undefined) lists.set(list, (entry = { ...(words && { words }), yes: new Set(), no: new Set() }));
    return entry;
  };
  const single: { asset?: string; check?: string; firstSeenDays?: number } = {};
  const switches: Partial<Record<FilterFlag, boolean>> = {};
  const text: string[] = [];
  const problems: SearchProblem[] = [];
  for (const token of tokens(input.slice(0, maxSearchLength))) {
    const { key, negative } = token;
    if (key === undefined) {
      text.push(token.text);
      continue;
    }
    const values = valuesOf(token.rest);
    if (values.length === 0) problems.push({ key, value: '' });
    for (const value of values) {
      const problem = () => problems.push({ key, value });
      if (isKeyOf(key, wordLists)) {
        const { list, words } = wordLists[key];
        const word = (words as readonly string[]).find((known) => plain(known) === plain(value));
        if (word === undefined || (negative && word === 'new')) problem();
        else listOf(list, words)[negative ? 'no' : 'yes'].add(word);
      } else if (isKeyOf(key, namedLists)) {
        if (negative) problem();
        else listOf(namedLists[key]).yes.add(idOf(value, names?.[namedLists[key]]));
      } else if (isKeyOf(key, flags)) {
        const answer = yesOrNo(value);
        if (answer === undefined) problem();
        else switches[flags[key]] = answer !== negative;
      } else if (negative) problem();
      else if (key === 'seen') {
        const days = /^(\d{1,4})d?$/i.exec(value)?.[1];
        if (days === undefined || Number(days) === 0) problem();
        else single.firstSeenDays = Number(days);
      } else single[key] = value;
    }
  }
  const filter: Partial<Record<FilterList, readonly string[]>> = {};
  for (const [list, { words, yes, no }] of lists) {
    const from = yes.size > 0 ? [...yes] : (words ?? []);
    const chosen = from.filter((word) => !no.has(word));
    filter[list] = list === 'states' ? withoutNew(chosen) : chosen;
  }
  return {
    filter: {
      ...(filter as FindingsFilter), // the words come from the lists above
      ...single,
      ...switches,
      ...(text.length > 0 && { text: text.join(' ') }),
    },
    problems,
  };
}

/** Writes a filter as the search box shows it; parsing it gives the same filter. */
export function formatSearch(filter: FindingsFilter, names?: Names): string {
  const parts: string[] = [];
  for (const [key, { list, words }] of Object.entries(wordLists)) {
    const chosen: readonly string[] | undefined = filter[list];
    if (chosen === undefined || chosen.length === 0) continue;
    const all: readonly string[] = list === 'states' && chosen.includes('open') ? withoutNew(words) : words;
    const shown = list === 'states' ? withoutNew(chosen) : chosen;
    const missing = all.filter((word) => !shown.includes(word));
    if (missing.length > 0 && missing.length < shown.length && !missing.includes('new')) {
      parts.push(`-${key}:${missing.join(',')}`);
    } else parts.push(`${key}:${shown.join(',')}`);
  }
  for (const [key, list] of Object.entries(namedLists)) {
    const chosen = filter[list];
    if (chosen === undefined || chosen.length === 0) continue;
    parts.push(`${key}:${chosen.map((id) => quoted(nameOf(id, names?.[list]))).join(',')}`);
  }
  if (filter.asset !== undefined) parts.push(`asset:${quoted(filter.asset)}`);
  if (filter.check !== undefined) parts.push(`check:${quoted(filter.check)}`);
  for (const [key, flag] of Object.entries(flags)) {
    if (filter[flag] !== undefined) parts.push(`${key}:${filter[flag] ? 'yes' : 'no'}`);
  }
  if (filter.firstSeenDays !== undefined) parts.push(`seen:${filter.firstSeenDays}d`);
  if (filter.text !== undefined && filter.text !== '') parts.push(filter.text);
  return parts.join(' ');
}

export type Suggestion =
  | { readonly type: 'key'; readonly key: SearchKey; readonly insert: string }
  | {
      readonly type: 'value';
      readonly key: SearchKey;
      readonly value: string;
      readonly label: string;
      readonly count?: number;
      readonly insert: string;
    };

export interface Suggestions {
  /** The part of the text that a suggestion replaces. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Suggestion[];
}

/** What may stand at the caret: keys while a word is typed, values behind a colon. At most twelve. */
export function suggest(input: string, caret: number, facets: Facets | undefined): Suggestions {
  const token = tokens(input.slice(0, maxSearchLength)).find(({ from, to }) => from < caret && caret <= to);
  if (token === undefined) return { from: caret, to: caret, items: [] };
  const typed = input.slice(token.from, caret);
  const sign = typed.startsWith('-') ? '-' : '';
  if (token.key === undefined) {
    const start = typed.slice(sign.length).toLowerCase();
    const items = searchKeys
      .filter((key) => start !== '' && key.startsWith(start))
      .map((key): Suggestion => ({ type: 'key', key, insert: `${sign}${key}:` }));
    return { from: token.from, to: token.to, items };
  }
  const { key } = token;
  const colon = token.from + sign.length + key.length + 1;
  if (caret < colon) return { from: caret, to: caret, items: [] };
  const comma = input.slice(colon, caret).lastIndexOf(',');
  const from = colon + comma + 1;
  const start = plain(input.slice(from, caret).replaceAll('"', ''));
  const already = new Set(valuesOf(input.slice(colon, from)).map(plain));
  const items = choices(key, facets)
    .filter(({ value, label }) => plain(label).includes(start) || plain(value).startsWith(start))
    .filter(({ value, label }) => !already.has(plain(value)) && !already.has(plain(label)))
    .slice(0, 12)
    .map(({ value, label, count }): Suggestion => {
      const insert = isKeyOf(key, namedLists) ? quoted(label) : value;
      return { type: 'value', key, value, label, ...(count !== undefined && { count }), insert };
    });
  return { from, to: token.to, items };
}

function choices(
  key: SearchKey,
  facets: Facets | undefined,
): readonly { readonly value: string; readonly label: string; readonly count?: number }[] {
  const bare = (values: readonly string[]) => values.map((value) => ({ value, label: value }));
  if (isKeyOf(key, wordLists)) {
    const { list, words } = wordLists[key];
    const counted = facets?.[list] ?? [];
    return [...counted, ...bare(words.filter((word) => !counted.some(({ value }) => value === word)))];
  }
  if (isKeyOf(key, namedLists)) return facets?.[namedLists[key]] ?? [];
  if (isKeyOf(key, flags)) return bare(['yes', 'no']);
  return key === 'seen' ? bare(['1d', '7d', '30d']) : [];
}

function tokens(input: string): readonly Token[] {
  return [...input.matchAll(/(?:"[^"]*"?|[^\s"])+/g)].map((match) => {
    const [text] = match;
    const parts = /^(-?)([a-z][a-z-]*):(.*)$/is.exec(text);
    const key = searchKeys.find((known) => known === parts?.[2]?.toLowerCase());
    return {
      from: match.index,
      to: match.index + text.length,
      text,
      negative: parts?.[1] === '-',
      key,
      rest: parts?.[3] ?? '',
    };
  });
}

function valuesOf(rest: string): readonly string[] {
  return [...rest.matchAll(/(?:"[^"]*"?|[^,"])+/g)]
    .map(([value]) => value.replaceAll('"', '').trim())
    .filter((value) => value !== '');
}

function quoted(value: string): string {
  return /[\s,"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}

/** Words are typed as one likes: `not-affected`, `NotAffected`. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '');
}

function yesOrNo(value: string): boolean | undefined {
  if (/^(yes|y|true)$/i.test(value)) return true;
  return /^(no|n|false)$/i.test(value) ? false : undefined;
}

function idOf(value: string, facets: Facets[FilterList] | undefined): string {
  const wanted = value.toLowerCase();
  const same = (text: string) => text.replaceAll('"', '').toLowerCase() === wanted;
  return facets?.find((facet) => same(facet.label) || same(facet.value))?.value ?? value;
}

/** The name when it is the only one of its kind, else the id. */
function nameOf(id: string, facets: Facets[FilterList] | undefined): string {
  const label = facets?.find(({ value }) => value === id)?.label;
  if (label === undefined || idOf(label.replaceAll('"', ''), facets) !== id) return id;
  return label;
}

/** `open` takes in `new`. */
function withoutNew<T extends string>(states: readonly T[]): readonly T[] {
  return states.includes('open' as T) ? states.filter((state) => state !== 'new') : states;
}

function isKeyOf<T extends object>(key: PropertyKey, of: T): key is keyof T {
  return Object.hasOwn(of, key);
}
