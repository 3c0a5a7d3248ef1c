/** Fifteen bits of the last three bytes. */
const hashBits = 0x7fff;

/** Which of many short texts may occur in a file, found in one pass over its bytes: a search for each would cost many. */
export class NeedleSieve {
  readonly #needles: readonly string[];
  /** By the hash of three bytes: one more than the index of their group; 0 for none. */
  readonly #groupOf = new Uint8Array(hashBits + 1);
  readonly #groups: string[][] = [];

  /** Needles of three bytes and more. */
  constructor(needles: readonly string[]) {
    this.#needles = [...new Set(needles)];
    for (const needle of this.#needles) {
      const hash = hashOf(rarest(needle));
      const known = this.#groupOf[hash] ?? 0;
      if (known > 0) this.#groups[known - 1]?.push(needle);
      else this.#groupOf[hash] = this.#groups.push([needle]);
    }
  }

  /** The needles that occur in the text; `bytes` are the same text in one byte a character. */
  of(bytes: Uint8Array, text: string): ReadonlySet<string> {
    const groupOf = this.#groupOf;
    const seen = new Uint8Array(this.#groups.length + 1);
    let hash = 0;
    for (let at = 0; at < bytes.length; at++) {
      hash = ((hash << 5) ^ (bytes[at] ?? 0)) & hashBits;
      seen[groupOf[hash] ?? 0] = 1;
    }
    const found = new Set<string>();
    for (const [index, group] of this.#groups.entries()) {
      if (seen[index + 1] === 1) for (const needle of group) if (text.includes(needle)) found.add(needle);
    }
    return found;
  }
}

function hashOf(three: string): number {
  let hash = 0;
  for (const sign of three) hash = ((hash << 5) ^ sign.charCodeAt(0)) & hashBits;
  return hash;
}

/** The three characters in a row with the fewest lower-case letters: words are everywhere. */
function rarest(needle: string): string {
  let best = needle.slice(0, 3);
  let least = Infinity;
  for (let at = 0; at + 3 <= needle.length; at++) {
    const three = needle.slice(at, at + 3);
    const common = three.replace(/[^a-z ]/g, '').length;
    if (common < least) {
      least = common;
      best = three;
    }
  }
  return best;
}
