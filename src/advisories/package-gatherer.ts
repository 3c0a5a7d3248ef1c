import { compareText } from '../core/order.ts';
import { encodeList } from './entries.ts';

/** Entries are gathered by package and release; beyond this size, estimated, what is there is written. */
const mostGathered = 20 * 1024 * 1024;
const entrySize = 16;
const listSize = 250;
const textOverhead = 80;

/** What one package has in one release: record numbers and, beside each, the number of what is said. */
interface Gathered {
  readonly records: number[];
  readonly whats: number[];
}

/** Gathers the entries of each package and release, so that a look-up is one row. */
export class PackageGatherer {
  readonly #put: (name: string, suffix: string, part: number, list: string) => void;
  /** By package, then by release. */
  readonly #packages = new Map<string, Map<string, Gathered>>();
  /** Texts by number, each kept once: most entries say what many others say. */
  readonly #texts = new Map<string, number>();
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
      list = { records: [], whats: [] };
      releases.set(suffix, list);
      this.#size += listSize;
    }
    let number = this.#texts.get(what);
    if (number === undefined) {
      number = this.#texts.size;
      this.#texts.set(what, number);
      this.#size += 2 * what.length + textOverhead;
    }
    const { records, whats } = list;
    // A record may say the same once for each architecture.
    if (records.at(-1) === record && whats.at(-1) === number) return;
    records.push(record);
    whats.push(number);
    this.#size += entrySize;
    if (this.#size > mostGathered) this.write();
  }

  /** Rows in the order of the key: the tree then grows at its end. */
  write(): void {
    const texts = [...this.#texts.keys()];
    const byName = [...this.#packages].sort(([a], [b]) => compareText(a, b));
    for (const [name, releases] of byName) {
      const bySuffix = [...releases].sort(([a], [b]) => compareText(a, b));
      for (const [suffix, { records, whats }] of bySuffix) {
        this.#put(name, suffix, this.#part, encodeList({ records, whats: whats.map((number) => texts[number] ?? '') }));
      }
    }
    this.#part++;
    this.#packages.clear();
    this.#texts.clear();
    this.#last = undefined;
    this.#lastName = undefined;
    this.#size = 0;
  }
}
