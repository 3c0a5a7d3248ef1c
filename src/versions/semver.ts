import { compareText } from '../core/order.ts';
import { compareDigits, compareNumbers } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** A semantic version; build metadata is dropped, as it has no part in the order. */
export interface SemverVersion {
  /** Major, minor and patch as digits. */
  readonly core: readonly [string, string, string];
  /** Identifiers of the pre-release; empty for a release. */
  readonly preRelease: readonly string[];
}

const DIGITS = /^[0-9]+$/;
/** Go names its own releases so; its advisories have `1.21.0-rc.2`. */
const GO_PRE_RELEASE = /^([0-9]+\.[0-9]+)(rc|beta)([0-9]+)$/;

/**
 * Lax, as advisories and lock files are: a leading `v` is cut, missing parts are 0, parts beyond three and text that
 * follows a number without a hyphen (`1.0.0beta1`) are read as if behind the pre-release mark. Not a version: what does
 * not begin with a number, or has something else than numbers for major, minor or patch.
 */
function parse(text: string): SemverVersion | undefined {
  const word = wordOf(text)?.replace(GO_PRE_RELEASE, '$1.0-$2.$3');
  if (word === undefined) return undefined;
  const [version = ''] = (word.startsWith('v') ? word.slice(1) : word).split('+', 1);
  const numbers = /^[0-9]+(?:\.[0-9]+){0,2}/.exec(version)?.[0];
  if (numbers === undefined) return undefined;
  const [major = '0', minor = '0', patch = '0', ...none] = numbers.split('.');
  const rest = version.slice(numbers.length);
  if (none.length > 0 || !/^(?:$|[-A-Za-z]|\.)/.test(rest)) return undefined;
  const isBeyondThree = rest.startsWith('.');
  if (isBeyondThree && numbers.split('.').length < 3) return undefined;
  return { core: [major, minor, patch], preRelease: identifiersOf(rest) };
}

/** `-rc.1` is rc, 1; `.4-rc.1`, the tail of a version of four parts, is 4, rc, 1. */
function identifiersOf(rest: string): readonly string[] {
  if (rest === '') return [];
  if (!rest.startsWith('.')) return (rest.startsWith('-') ? rest.slice(1) : rest).split('.');
  const hyphen = rest.indexOf('-');
  if (hyphen < 0) return rest.slice(1).split('.');
  return [...rest.slice(1, hyphen).split('.'), ...rest.slice(hyphen + 1).split('.')];
}

function compareIdentifiers(a: string, b: string): Comparison {
  const isNumber = DIGITS.test(a);
  if (isNumber !== DIGITS.test(b)) return isNumber ? -1 : 1;
  return isNumber ? compareDigits(a, b) : compareText(a, b);
}

/** Identifiers by turns: numbers before text, fewer before more; a release, which has none, behind all pre-releases. */
export function comparePreReleases(a: readonly string[], b: readonly string[]): Comparison {
  if (a.length === 0 || b.length === 0) return compareNumbers(Number(a.length === 0), Number(b.length === 0));
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return compareNumbers(a.length, b.length);
}

function compare(a: SemverVersion, b: SemverVersion): Comparison {
  return (
    compareDigits(a.core[0], b.core[0]) ||
    compareDigits(a.core[1], b.core[1]) ||
    compareDigits(a.core[2], b.core[2]) ||
    comparePreReleases(a.preRelease, b.preRelease)
  );
}

/** Order of npm, Go, crates.io and other ecosystems that follow Semantic Versioning. */
export const semver: VersionScheme<SemverVersion> = {
  id: 'semver',
  source: 'Semantic Versioning 2.0.0, clause 11; Go module reference, "Versions"',
  parse,
  compare,
};
