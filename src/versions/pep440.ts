import { compareText } from '../core/order.ts';
import { compareDigits, compareNumbers, isDigit, withoutZeros } from './natural.ts';
import { type Comparison, MAX_VERSION_LENGTH, type VersionScheme } from './scheme.ts';

/** A version as PEP 440 writes it. Numbers are digits. */
interface StandardVersion {
  readonly epoch: string;
  /** Without trailing zeros. */
  readonly release: readonly string[];
  readonly pre: { readonly place: number; readonly digits: string };
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[] | undefined;
}

/** Anything else, in the parts by which setuptools ordered it. */
interface LegacyVersion {
  readonly legacy: readonly string[];
}

/** The version of a Python package. */
export type PythonVersion = StandardVersion | LegacyVersion;

/** Case does not matter; `-`, `_` and `.` before and behind the words are free. */
const STANDARD = new RegExp(
  [
    '^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)',
    '(?:[-_.]?(?<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?<preNumber>\\d*))?',
    '(?<post>-(?<bare>\\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\\d*))?',
    '(?<dev>[-_.]?dev[-_.]?(?<devNumber>\\d*))?',
    '(?:\\+(?<local>[\\da-z]+(?:[-_.][\\da-z]+)*))?$',
  ].join(''),
  'i',
);

/** Places among the pre-releases of one release. Without one, a development release stands first and all else last. */
const PLACE = { development: 0, alpha: 1, beta: 2, candidate: 3, none: 4 } as const;

function placeOf(word: string): number {
  const initial = word.charAt(0).toLowerCase();
  return initial === 'a' ? PLACE.alpha : initial === 'b' ? PLACE.beta : PLACE.candidate;
}

/**
 * Only nothing and a text beyond all measure are no version: what PEP 440 does not know is a legacy version, as PyPI held
 * them before, and has an order too.
 */
function parse(text: string): PythonVersion | undefined {
  if (text.length > MAX_VERSION_LENGTH) return undefined;
  const word = text.trim();
  if (word === '') return undefined;
  const groups = STANDARD.exec(word)?.groups;
  if (groups === undefined) return { legacy: legacyParts(word) };
  const { epoch, release = '', pre, preNumber, post, bare, postNumber, dev, devNumber, local } = groups;
  const numbers = release.split('.');
  let end = numbers.length;
  while (end > 0 && withoutZeros(numbers[end - 1] ?? '') === '') end--;
  const none = post === undefined && dev !== undefined ? PLACE.development : PLACE.none;
  return {
    epoch: epoch ?? '0',
    release: numbers.slice(0, end),
    pre: { place: pre === undefined ? none : placeOf(pre), digits: preNumber ?? '' },
    post: post === undefined ? undefined : (bare ?? postNumber ?? ''),
    dev: dev === undefined ? undefined : (devNumber ?? ''),
    local: local?.toLowerCase().split(/[-_.]/),
  };
}

/** Words that setuptools read as others. */
const LEGACY_WORDS: ReadonlyMap<string, string> = new Map([
  ['pre', 'c'],
  ['preview', 'c'],
  ['rc', 'c'],
  ['-', 'final-'],
  ['dev', '@'],
]);

/**
 * Numbers of eight digits or more places, words with a star before them, so that all compare as text. A word before
 * `*final` takes back the hyphens before it, and any word the zeros.
 */
function legacyParts(word: string): readonly string[] {
  const parts: string[] = [];
  const add = (part: string): void => {
    if (part.startsWith('*')) {
      if (part < '*final') while (parts.at(-1) === '*final-') parts.pop();
      while (parts.at(-1) === '00000000') parts.pop();
    }
    parts.push(part);
  };
  for (const [part] of word.toLowerCase().matchAll(/\d+|[a-z]+|-|[^\da-z.-]+/g)) {
    add(isDigit(part.charCodeAt(0)) ? part.padStart(8, '0') : `*${LEGACY_WORDS.get(part) ?? part}`);
  }
  add('*final');
  return parts;
}

function compareLegacy(a: readonly string[], b: readonly string[]): Comparison {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part !== other) return compareText(part, other);
  }
  return compareNumbers(a.length, b.length);
}

function compareReleases(a: readonly string[], b: readonly string[]): Comparison {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareDigits(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** `ifMissing`: where the one stands that has no number. */
function compareOptional(a: string | undefined, b: string | undefined, ifMissing: Comparison): Comparison {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? ifMissing : (-ifMissing as Comparison);
  return compareDigits(a, b);
}

function compareLocals(a: readonly string[] | undefined, b: readonly string[] | undefined): Comparison {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const isNumber = /^\d+$/.test(left);
    if (isNumber !== /^\d+$/.test(right)) return isNumber ? 1 : -1;
    const order = isNumber ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
  }
  return compareNumbers(a.length, b.length);
}

function compare(a: PythonVersion, b: PythonVersion): Comparison {
  if ('legacy' in a) return 'legacy' in b ? compareLegacy(a.legacy, b.legacy) : -1;
  if ('legacy' in b) return 1;
  return (
    compareDigits(a.epoch, b.epoch) ||
    compareReleases(a.release, b.release) ||
    compareNumbers(a.pre.place, b.pre.place) ||
    compareDigits(a.pre.digits, b.pre.digits) ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1) ||
    compareLocals(a.local, b.local)
  );
}

/** Order of Python packages: versions of PEP 440, below them all others in the order that setuptools gave them. */
export const pep440: VersionScheme<PythonVersion> = {
  id: 'pep440',
  source: 'PEP 440, "Version scheme" and "Normalization"; setuptools 8 and older for what it does not cover',
  parse,
  compare,
};
