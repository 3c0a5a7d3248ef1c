import { compareText } from '../core/order.ts';
import { compareDigits, isDigit, withoutZeros } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** Segments of a gem's version: numbers without leading zeros (`''` for 0) and words. */
export interface GemVersion {
  readonly segments: readonly string[];
}

const VERSION = /^\d+(?:\.[\da-z]+)*(?:-[\da-z-]+(?:\.[\da-z-]+)*)?$/i;

const isWord = (segment: string): boolean => segment !== '' && !isDigit(segment.charCodeAt(0));

/** What RubyGems itself takes for a version; the platform behind it must be cut before, as it would be read as a pre-release. */
function parse(text: string): GemVersion | undefined {
  const word = wordOf(text);
  if (word === undefined || !VERSION.test(word)) return undefined;
  const found = word.replaceAll('-', '.pre.').match(/\d+|[a-z]+/gi) ?? [];
  const segments = found.map((segment) => (isWord(segment) ? segment : withoutZeros(segment)));
  const first = segments.findIndex(isWord);
  if (first < 0) return { segments: withoutTrailingZeros(segments) };
  return {
    segments: [...withoutTrailingZeros(segments.slice(0, first)), ...withoutTrailingZeros(segments.slice(first))],
  };
}

function withoutTrailingZeros(segments: readonly string[]): readonly string[] {
  let end = segments.length;
  while (end > 0 && segments[end - 1] === '') end--;
  return segments.slice(0, end);
}

/** A missing segment is 0; a word, which marks a pre-release, is older than any number. */
function compare(a: GemVersion, b: GemVersion): Comparison {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const left = a.segments[index] ?? '';
    const right = b.segments[index] ?? '';
    if (left === right) continue;
    if (isWord(left) !== isWord(right)) return isWord(left) ? -1 : 1;
    const order = isWord(left) ? compareText(left, right) : compareDigits(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Order of Ruby gems. */
export const rubygems: VersionScheme<GemVersion> = {
  id: 'rubygems',
  source: 'RubyGems 3.3, documentation of Gem::Version',
  parse,
  compare,
};
