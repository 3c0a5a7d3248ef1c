import { compareDigits, compareNumbers, isDigit, isLetter } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** A Debian version: `[epoch:]upstream[-revision]`. */
export interface DebVersion {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

/**
 * Invalid as for dpkg's parseversion: nothing, blanks inside, an epoch that is no number, nothing behind the epoch or
 * behind the last hyphen. What policy forbids but archives and advisories hold is read all the same: an upstream version
 * that does not begin with a digit, and characters outside the allowed ones.
 */
function parse(text: string): DebVersion | undefined {
  const version = wordOf(text);
  if (version === undefined) return undefined;
  const colon = version.indexOf(':');
  const epoch = colon < 0 ? '0' : version.slice(0, colon);
  if (!/^[0-9]+$/.test(epoch)) return undefined;
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf('-');
  const upstream = hyphen < 0 ? rest : rest.slice(0, hyphen);
  const revision = hyphen < 0 ? '0' : rest.slice(hyphen + 1);
  return upstream === '' || revision === '' ? undefined : { epoch, upstream, revision };
}

/** `~` before the end (and before a digit, which ends the run), then letters, then everything else by its code. */
function weightAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (Number.isNaN(code) || isDigit(code)) return 0;
  if (text[index] === '~') return -1;
  return isLetter(code) ? code : code + 0x10000;
}

function digitsFrom(text: string, start: number): string {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return text.slice(start, end);
}

/** By turns a run without digits, character by character, and a run of digits as a number; a missing one is 0. */
function compareParts(a: string, b: string): Comparison {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    let left = weightAt(a, i);
    let right = weightAt(b, j);
    while (left !== 0 || right !== 0) {
      if (left !== right) return compareNumbers(left, right);
      left = weightAt(a, ++i);
      right = weightAt(b, ++j);
    }
    const leftNumber = digitsFrom(a, i);
    const rightNumber = digitsFrom(b, j);
    const order = compareDigits(leftNumber, rightNumber);
    if (order !== 0) return order;
    i += leftNumber.length;
    j += rightNumber.length;
  }
  return 0;
}

function compare(a: DebVersion, b: DebVersion): Comparison {
  return (
    compareDigits(a.epoch, b.epoch) || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision)
  );
}

/** Order of Debian packages and those of its descendants. */
export const deb: VersionScheme<DebVersion> = {
  id: 'deb',
  source: 'Debian Policy 4.7, 5.6.12 "Version"; deb-version(7) of dpkg 1.21',
  parse,
  compare,
};
