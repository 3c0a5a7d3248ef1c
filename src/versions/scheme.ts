/** How one family of ecosystems writes and orders its versions. Parse once, compare parsed values. */
export interface VersionScheme<V> {
  /** Stable name: `deb`, `apk`, `semver`. */
  readonly id: string;
  /** The document or program that defines the order. */
  readonly source: string;
  /**
   * Undefined: not a version of this scheme, so that ranges say nothing about it but "not known" (unless they name all
   * versions). Never throws; takes time in proportion to the length of the text.
   */
  parse(text: string): V | undefined;
  /** A total order over well-formed versions; never throws. */
  compare(a: V, b: V): Comparison;
}

/** -1: the left side is older, 1: newer. */
export type Comparison = -1 | 0 | 1;

/** Longer texts are no versions of any scheme. */
export const MAX_VERSION_LENGTH = 16_384;

/** A text without the blanks at its ends. Undefined: nothing is left, a blank is inside, or it is too long for a version. */
export function wordOf(text: string): string | undefined {
  if (text.length > MAX_VERSION_LENGTH) return undefined;
  const word = text.trim();
  return word === '' || /\s/.test(word) ? undefined : word;
}
