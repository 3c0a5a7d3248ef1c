import { compareText } from '../core/order.ts';
import { compareDigits, compareNumbers } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** Kinds of tokens, earliest first: where two versions go on differently, the earlier kind is newer. */
const KIND = { number: 0, letter: 1, suffix: 2, hash: 3, revision: 4, end: 5 } as const;

type Token =
  | { readonly kind: typeof KIND.number; readonly digits: string }
  | { readonly kind: typeof KIND.letter; readonly letter: string }
  /** `order` is negative for suffixes that stand before the release: alpha, beta, pre, rc. */
  | { readonly kind: typeof KIND.suffix; readonly order: number; readonly digits: string }
  | { readonly kind: typeof KIND.hash; readonly hash: string }
  | { readonly kind: typeof KIND.revision; readonly digits: string };

/** An Alpine version. One that breaks the grammar keeps the tokens up to the break. */
export interface ApkVersion {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly isWellFormed: boolean;
}

const SUFFIX_ORDER: ReadonlyMap<string, number> = new Map([
  ['alpha', -4],
  ['beta', -3],
  ['pre', -2],
  ['rc', -1],
  ['cvs', 1],
  ['svn', 2],
  ['git', 3],
  ['hg', 4],
  ['p', 5],
]);

/** What may come next, in the order of the grammar `number{.number}[letter]{_suffix[number]}[~hash][-rN]`. */
const NUMBER = /\.(\d+)/y;
const LETTER = /[a-z]/y;
const SUFFIX = /_([a-z]+)(\d*)/y;
const HASH = /~([0-9a-f]+)/y;
const REVISION = /-r(\d*)/y;

/**
 * Reads tokens as far as the grammar goes. Only nothing and a text with a blank inside are no version: Alpine and its
 * relatives publish malformed ones as well, apk orders them, and so matching takes them for versions.
 */
function parse(whole: string): ApkVersion | undefined {
  const text = wordOf(whole);
  if (text === undefined) return undefined;
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  };
  const first = take(/\d+/y);
  if (first === undefined) return { text, tokens, isWellFormed: false };
  tokens.push({ kind: KIND.number, digits: first[0] });
  for (let match = take(NUMBER); match !== undefined; match = take(NUMBER)) {
    tokens.push({ kind: KIND.number, digits: match[1] ?? '' });
  }
  const letter = take(LETTER);
  if (letter !== undefined) tokens.push({ kind: KIND.letter, letter: letter[0] });
  for (let match = take(SUFFIX); match !== undefined; match = take(SUFFIX)) {
    const order = SUFFIX_ORDER.get(match[1] ?? '');
    if (order === undefined) return { text, tokens, isWellFormed: false };
    tokens.push({ kind: KIND.suffix, order, digits: match[2] ?? '' });
  }
  const hash = take(HASH);
  if (hash !== undefined) tokens.push({ kind: KIND.hash, hash: hash[1] ?? '' });
  const revision = take(REVISION);
  if (revision !== undefined) tokens.push({ kind: KIND.revision, digits: revision[1] ?? '' });
  return { text, tokens, isWellFormed: at === text.length };
}

function compareTokens(a: Token, b: Token, index: number): Comparison {
  if (a.kind === KIND.number && b.kind === KIND.number) {
    // The first number is a number; later ones with a leading zero are compared as text, as in Gentoo's fractions.
    const asText = index > 0 && (a.digits.startsWith('0') || b.digits.startsWith('0'));
    return asText ? compareText(a.digits, b.digits) : compareDigits(a.digits, b.digits);
  }
  if (a.kind === KIND.letter && b.kind === KIND.letter) return compareText(a.letter, b.letter);
  if (a.kind === KIND.suffix && b.kind === KIND.suffix) {
    return compareNumbers(a.order, b.order) || compareDigits(a.digits, b.digits);
  }
  if (a.kind === KIND.hash && b.kind === KIND.hash) return compareText(a.hash, b.hash);
  if (a.kind === KIND.revision && b.kind === KIND.revision) return compareDigits(a.digits, b.digits);
  const isPreRelease = (token: Token): boolean => token.kind === KIND.suffix && token.order < 0;
  if (isPreRelease(a)) return -1;
  if (isPreRelease(b)) return 1;
  return compareNumbers(b.kind, a.kind);
}

/** What one version has beyond the other: a pre-release suffix makes it older, anything else newer. */
function compareRest(token: Token): Comparison {
  return token.kind === KIND.suffix && token.order < 0 ? -1 : 1;
}

function compare(a: ApkVersion, b: ApkVersion): Comparison {
  if (!a.isWellFormed && !b.isWellFormed) return compareText(a.text, b.text);
  const common = Math.min(a.tokens.length, b.tokens.length);
  for (let index = 0; index < common; index++) {
    const left = a.tokens[index];
    const right = b.tokens[index];
    const order = left === undefined || right === undefined ? 0 : compareTokens(left, right, index);
    if (order !== 0) return order;
  }
  const left = a.tokens[common];
  const right = b.tokens[common];
  // A malformed side that has run out of tokens is the older one; one that goes on is compared by its tokens.
  if (left === undefined && !a.isWellFormed) return -1;
  if (right === undefined && !b.isWellFormed) return 1;
  if (left !== undefined) return compareRest(left);
  return right === undefined ? 0 : (-compareRest(right) as Comparison);
}

/**
 * Order of Alpine packages and those of its relatives. Total over well-formed versions. A malformed one is antisymmetric
 * with every other, but no order can be promised among three.
 */
export const apk: VersionScheme<ApkVersion> = {
  id: 'apk',
  source: 'apk-tools 3, apk-package(5) "Version" and its ordering of tokens',
  parse,
  compare,
};
