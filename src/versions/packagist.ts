import { compareDigits, compareNumbers, isDigit, isLetter } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** Parts of a Composer version: numbers as digits, and words; an empty one stands behind a separator at the end. */
export interface PackagistVersion {
  readonly parts: readonly string[];
}

/** Places of parts, lowest first; a number and the end of a version have places among the words. */
const PLACE = { nothing: -2, otherWord: -1, end: 4, number: 4.5 } as const;

/** Words by the beginning that tells them, in the order in which PHP looks for it. */
const WORDS: readonly (readonly [start: string, place: number])[] = [
  ['dev', 0],
  ['a', 1],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  ['p', 5],
];

/**
 * A leading `v` is cut. Not a version: what does not begin with a digit then, branches (`dev-main`) among them, and the
 * branches of a series (`1.x-dev`), which stand for whatever comes next in it: whether advisories apply is not known.
 */
function parse(text: string): PackagistVersion | undefined {
  const word = wordOf(text)?.replace(/^v/i, '');
  if (word === undefined || !isDigit(word.charCodeAt(0)) || /^[\d.]+\.[x*](?:-dev)?$/i.test(word)) return undefined;
  const parts: string[] = [];
  let start = 0;
  const cut = (end: number): void => {
    // Separators that follow one another are one.
    if (end > start) parts.push(word.slice(start, end));
  };
  for (let at = 1; at < word.length; at++) {
    const isSeparator = isSeparatorAt(word, at);
    if (isSeparator || isDigit(word.charCodeAt(at - 1)) !== isDigit(word.charCodeAt(at))) {
      cut(at);
      start = isSeparator ? at + 1 : at;
    }
  }
  cut(word.length);
  if (start === word.length) parts.push('');
  return { parts };
}

/** Dot, hyphen, underscore, plus; of the other characters those that do not follow a digit. */
function isSeparatorAt(word: string, at: number): boolean {
  const code = word.charCodeAt(at);
  if (isDigit(code) || isLetter(code)) return false;
  return '.-_+'.includes(word.charAt(at)) || !isDigit(word.charCodeAt(at - 1));
}

function placeOf(part: string | undefined): number {
  if (part === undefined) return PLACE.end;
  if (part === '') return PLACE.nothing;
  if (isDigit(part.charCodeAt(0))) return PLACE.number;
  return WORDS.find(([start]) => part.startsWith(start))?.[1] ?? PLACE.otherWord;
}

function compare(a: PackagistVersion, b: PackagistVersion): Comparison {
  const length = Math.max(a.parts.length, b.parts.length);
  for (let index = 0; index < length; index++) {
    const left = a.parts[index];
    const right = b.parts[index];
    const place = placeOf(left);
    const order =
      compareNumbers(place, placeOf(right)) || (place === PLACE.number ? compareDigits(left ?? '', right ?? '') : 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** Order of Composer packages: that of PHP's version_compare, without a leading `v`. */
export const packagist: VersionScheme<PackagistVersion> = {
  id: 'packagist',
  source: 'PHP 8.2 manual, "version_compare"; Composer 2 documentation, "Versions and constraints"',
  parse,
  compare,
};
