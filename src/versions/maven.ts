import { compareText } from '../core/order.ts';
import { compareDigits, compareNumbers, isDigit, withoutZeros } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';

type Item =
  /** Without leading zeros; empty for 0. */
  | { readonly digits: string }
  /** `text` decides among the qualifiers without a name of their own; empty for the others. */
  | { readonly place: number; readonly text: string };

/**
 * A list of items, and the list behind the next hyphen, or behind the next border between digits and letters. Maven nests
 * these lists; each is the last member of the one before, so that a chain says the same and needs no recursion.
 */
interface Level {
  readonly items: readonly Item[];
  readonly next: Level | undefined;
}

/** A Maven version. */
export interface MavenVersion {
  readonly first: Level;
}

const RELEASE = 5;
const PLACES: ReadonlyMap<string, number> = new Map([
  ['alpha', 0],
  ['beta', 1],
  ['milestone', 2],
  ['rc', 3],
  ['cr', 3],
  ['snapshot', 4],
  ['', RELEASE],
  ['ga', RELEASE],
  ['final', RELEASE],
  ['release', RELEASE],
  ['sp', 6],
]);
const OTHER = 7;

/** Short only where a digit follows. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

/** What Maven forbids in versions: expressions and ranges among them. */
const FORBIDDEN = /[\\/:"<>|?*[\](){},]/;

/** Any word is a version, since some number their releases by names (`Finchley.SR1`); only what Maven forbids is none. */
function parse(text: string): MavenVersion | undefined {
  const word = wordOf(text)?.toLowerCase();
  if (word === undefined || FORBIDDEN.test(word)) return undefined;
  const lists: Item[][] = [[]];
  const add = (part: string, isBeforeDigit: boolean): void => {
    lists.at(-1)?.push(itemOf(part, isBeforeDigit));
  };
  let start = 0;
  for (let at = 0; at < word.length; at++) {
    const char = word[at];
    if (char === '.' || char === '-') {
      add(at === start ? '0' : word.slice(start, at), false);
      start = at + 1;
      if (char === '-') lists.push([]);
    } else if (at > start && isDigit(word.charCodeAt(at)) !== isDigit(word.charCodeAt(at - 1))) {
      add(word.slice(start, at), isDigit(word.charCodeAt(at)));
      start = at;
      lists.push([]);
    }
  }
  if (start < word.length) add(word.slice(start), false);
  return { first: chain(lists) };
}

function itemOf(part: string, isBeforeDigit: boolean): Item {
  if (isDigit(part.charCodeAt(0))) return { digits: withoutZeros(part) };
  const name = isBeforeDigit ? (SHORT.get(part) ?? part) : part;
  const place = PLACES.get(name);
  return place === undefined ? { place: OTHER, text: name } : { place, text: '' };
}

const isNull = (item: Item | undefined): boolean =>
  item !== undefined && ('digits' in item ? item.digits === '' : item.place === RELEASE);

/** Null values (0, ga, final, release) before a hyphen and at the end are cut, then lists without members. */
function chain(lists: readonly (readonly Item[])[]): Level {
  let next: Level | undefined;
  for (let index = lists.length - 1; index > 0; index--) {
    const list = lists[index] ?? [];
    const items = withoutNulls(list);
    if (items.length > 0) next = { items, next };
    // `1-ga-1` is `1-1`: a release is nothing to stand between two hyphens. A 0 is, as in `1-0-1`.
    else if (next !== undefined && list.some((item) => 'digits' in item)) next = { items, next };
  }
  return { items: withoutNulls(lists[0] ?? []), next };
}

function withoutNulls(list: readonly Item[]): readonly Item[] {
  let end = list.length;
  while (isNull(list[end - 1])) end--;
  return list.slice(0, end);
}

/** Against nothing, a number is compared with 0 and a qualifier with the release. */
function compareWithNothing(item: Item): Comparison {
  return 'digits' in item ? (item.digits === '' ? 0 : 1) : compareNumbers(item.place, RELEASE);
}

function compareLevelWithNothing(level: Level): Comparison {
  for (let at: Level | undefined = level; at !== undefined; at = at.next) {
    for (const item of at.items) {
      const order = compareWithNothing(item);
      if (order !== 0) return order;
    }
  }
  return 0;
}

function compareItems(a: Item, b: Item): Comparison {
  if ('digits' in a) return 'digits' in b ? compareDigits(a.digits, b.digits) : 1;
  return 'digits' in b ? -1 : compareNumbers(a.place, b.place) || compareText(a.text, b.text);
}

/** How one list goes on where the other, equal so far, has no more items: with the items from `index` on. */
function compareRest(level: Level, index: number, other: Level): Comparison {
  const item = level.items[index];
  // The list of the other, if it has one, stands against this item: older than a number, newer than a qualifier.
  if (item !== undefined && other.next !== undefined) return 'digits' in item ? 1 : -1;
  return compareLevelWithNothing({ items: level.items.slice(index), next: level.next });
}

function compare(a: MavenVersion, b: MavenVersion): Comparison {
  let left: Level | undefined = a.first;
  let right: Level | undefined = b.first;
  while (left !== undefined && right !== undefined) {
    for (const [index, item] of left.items.entries()) {
      const other = right.items[index];
      if (other === undefined) return compareRest(left, index, right);
      const order = compareItems(item, other);
      if (order !== 0) return order;
    }
    if (right.items.length > left.items.length) {
      return (0 - compareRest(right, left.items.length, left)) as Comparison;
    }
    left = left.next;
    right = right.next;
  }
  if (left !== undefined) return compareLevelWithNothing(left);
  return right === undefined ? 0 : ((0 - compareLevelWithNothing(right)) as Comparison);
}

/**
 * Order of Maven artifacts. Maven's own order is no order among three versions of one artifact that differ in their
 * separators (`1-1` < `1.0-rc` … `1.0.rc` < `1`), and neither is this one; it is for versions of one style.
 */
export const maven: VersionScheme<MavenVersion> = {
  id: 'maven',
  source: 'Maven 3.8 POM reference, "Version Order Specification", and ComparableVersion as in Maven 3.2.5 to 3.8.6',
  parse,
  compare,
};
