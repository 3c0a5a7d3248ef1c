import { compareText } from '../core/order.ts';
import { compareDigits, compareNumbers, isDigit, isLetter } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

/** An RPM version: `[epoch:]version[-release]`. */
export interface RpmVersion {
  readonly epoch: string;
  readonly version: string;
  readonly release: string | undefined;
}

/**
 * The epoch is what stands before a colon when that is nothing but digits, the release what stands behind the last hyphen,
 * as for rpm. Not a version: nothing, or a blank inside. Everything else is read, since rpm takes characters that it does
 * not know for separators.
 */
function parse(text: string): RpmVersion | undefined {
  const word = wordOf(text);
  if (word === undefined) return undefined;
  let colon = 0;
  while (isDigit(word.charCodeAt(colon))) colon++;
  const hasEpoch = word[colon] === ':';
  const epoch = hasEpoch ? word.slice(0, colon) : '0';
  const rest = hasEpoch ? word.slice(colon + 1) : word;
  const hyphen = rest.lastIndexOf('-');
  const version = hyphen < 0 ? rest : rest.slice(0, hyphen);
  const release = hyphen < 0 ? undefined : rest.slice(hyphen + 1);
  return { epoch, version, release };
}

const TILDE = 126;
const CARET = 94;

/** The next character that counts: a letter, a digit, a tilde or a caret; the length of the text when there is none. */
function nextAt(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code) || isLetter(code) || code === TILDE || code === CARET) break;
  }
  return at;
}

function runEnd(text: string, from: number, belongs: (code: number) => boolean): number {
  let end = from;
  while (belongs(text.charCodeAt(end))) end++;
  return end;
}

/** Segment by segment: `~` before everything, also before the end; `^` behind the end and before everything else. */
function compareParts(a: string, b: string): Comparison {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  for (;;) {
    i = nextAt(a, i);
    j = nextAt(b, j);
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(j);
    if (left === TILDE || right === TILDE) {
      if (left !== right) return left === TILDE ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (left === CARET || right === CARET) {
      if (left !== right) return left === CARET ? (j === b.length ? 1 : -1) : i === a.length ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (i === a.length || j === b.length) return compareNumbers(Number(i < a.length), Number(j < b.length));
    const isNumber = isDigit(left);
    if (isNumber !== isDigit(right)) return isNumber ? 1 : -1;
    const iEnd = runEnd(a, i, isNumber ? isDigit : isLetter);
    const jEnd = runEnd(b, j, isNumber ? isDigit : isLetter);
    const order = (isNumber ? compareDigits : compareText)(a.slice(i, iEnd), b.slice(j, jEnd));
    if (order !== 0) return order;
    i = iEnd;
    j = jEnd;
  }
}

function compareReleases(a: string | undefined, b: string | undefined): Comparison {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareParts(a, b);
}

function compare(a: RpmVersion, b: RpmVersion): Comparison {
  return compareDigits(a.epoch, b.epoch) || compareParts(a.version, b.version) || compareReleases(a.release, b.release);
}

/** Order of RPM packages: version by version as rpmvercmp, a version without a release before those with one. */
export const rpm: VersionScheme<RpmVersion> = {
  id: 'rpm',
  source: 'RPM 4.18, rpm-version(7) and its reference manual, "Dependencies", Versioning',
  parse,
  compare,
};
