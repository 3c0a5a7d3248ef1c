import { compareText } from '../core/order.ts';
import { encodeList } from './entries.ts';

/** Entries are gathered by package and release; beyond this size, estimated, what is there is written. */
const mostGathered = 20 * 1024 * 1024;
const listSize = 250;
const textOverhead = 80;

/** Entries for which there is room before what is there is written. */
const mostEntries = 500_000;

/** What one package has in one release: a chain of entries. */
interface Gathered {
  first: number;
  last: number;
}

/** The end of a chain. */
const end = -1;

/** Gathers the entries of each package and release, so that a look-up is one row. */
export class PackageGatherer {
  readonly #put: (name: string, suffix: string, part: number, list: string) => void;
  /** By package, then by release. */
  readonly #packages = new Map<string, Map<string, Gathered>>();
  /** Texts by number, each kept once: most entries say what many others say. */
  readonly #texts = new Map<string, number>();
  /** Entries by number, outside of the heap: record, number of what is said, next entry of the chain. */
  readonly #records = new Int32Array(mostEntries);
  readonly #whats = new Int32Array(mostEntries);
  readonly #next = new Int32Array(mostEntries);
  #count = 0;
  #size = 0;
  #part: number;
  #lastName: string | undefined;
  #last: Map<string, Gathered> | undefined;

  constructor(firstPart: number, put: (name: string, suffix: string, part: number, list: string) => void) {
    this.#part = firstPart;
    this.#put = put;
  }

  add(name: string, suffix: string, record: number, what: string): void {
    let releases = name === this.#lastName ? this.#last : this.#packages.get(name);
    if (releases === undefined) {
      releases = new Map();
      this.#packages.set(name, releases);
    }
    this.#lastName = name;
    this.#last = releases;
    let list = releases.get(suffix);
    if (list === undefined) {
      list = { first: end, last: end };
      releases.set(suffix, list);
      this.#size += listSize;
    }
    let number = this.#texts.get(what);
    if (number === undefined) {
      number = this.#texts.size;
      this.#texts.set(what, number);
      this.#size += 2 * what.length + textOverhead;
    }
    const { last } = list;
    // A record may say the same once for each architecture.
    if (last !== end && this.#records[last] === record && this.#whats[last] === number) return;
    const entry = this.#count++;
    this.#records[entry] = record;
    this.#whats[entry] = number;
    this.#next[entry] = end;
    if (last === end) list.first = entry;
    else this.#next[last] = entry;
    list.last = entry;
    if (this.#count === mostEntries || this.#size > mostGathered) this.write();
  }

  /** Rows in the order of the key: the tree then grows at its end. */
  write(): void {
    const texts = [...this.#texts.keys()];
    const byName = [...this.#packages].sort(([a], [b]) => compareText(a, b));
    for (const [name, releases] of byName) {
      const bySuffix = [...releases].sort(([a], [b]) => compareText(a, b));
      for (const [suffix, { first }] of bySuffix) {
        const records: number[] = [];
        const whats: string[] = [];
        for (let entry = first; entry !== end; entry = this.#next[entry] ?? end) {
          records.push(this.#records[entry] ?? 0);
          whats.push(texts[this.#whats[entry] ?? 0] ?? '');
        }
        this.#put(name, suffix, this.#part, encodeList({ records, whats }));
      }
    }
    this.#part++;
    this.#packages.clear();
    this.#texts.clear();
    this.#last = undefined;
    this.#lastName = undefined;
    this.#size = 0;
    this.#count = 0;
  }
}
