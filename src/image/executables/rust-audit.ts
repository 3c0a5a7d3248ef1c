import { constants, inflate, inflateRawSync } from 'node:zlib';
import { Gathering, type Seeker } from './seeker.ts';

/** cargo-auditable, "PARSING.md": the inflated text of the section begins so. */
const textStart = '{"packages":';
/** Inflated. */
export const maxCrateListBytes = 64 * 1024 * 1024;
/** Compressed. */
const maxStreamBytes = 8 * 1024 * 1024;
const trialBytes = 512;
/** What so many bytes of a list inflate to, and more. */
const maxTrialOutputBytes = 32 * 1024;
/** Places in one window that are tried; pictures bring some dozen. */
const maxTrials = 200;
/** The name of the section, as tables of sections have it: in the first bytes of PE and Mach-O, in the last ones of ELF. */
const sectionName = Buffer.from('.dep-v0\0', 'latin1');
const sectionNamesBytes = 1024 * 1024;
/** RFC 1950: deflate with a window of 32 KiB, then one of four levels. */
const streamStart = 0x78;
const levels: ReadonlySet<number | undefined> = new Set([0x01, 0x5e, 0x9c, 0xda]);

/**
 * Finds the list of crates that cargo-auditable puts into a section of its own. Tables of sections lie at the end of most
 * files and cannot be asked first: the list is known by being a zlib stream that begins as the list does.
 */
export class RustSeeker implements Seeker {
  #stream: Gathering | undefined;
  #named = false;
  readonly #fileBytes: number;

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  get isDone(): boolean {
    return this.#stream?.isFull === true;
  }

  feed(window: Buffer, base: number, limit: number): void {
    if (!this.#named && (base === 0 || base + window.length > this.#fileBytes - sectionNamesBytes)) {
      const at = window.indexOf(sectionName);
      this.#named = at >= 0 && at < limit;
    }
    if (this.#stream === undefined) {
      const at = findStream(window, limit);
      if (at === undefined) return;
      this.#stream = new Gathering(base + at, maxStreamBytes);
    }
    this.#stream.feed(window, base, limit);
  }

  /**
   * Call after the last window: the zlib stream; empty when there is a section of that name and no list in it, or a damaged
   * one. Undefined in programs without.
   */
  async result(): Promise<Uint8Array | undefined> {
    const bytes = this.#stream?.bytes;
    if (bytes === undefined) return this.#named ? new Uint8Array() : undefined;
    return bytes.subarray(0, await streamLength(bytes));
  }
}

/** How many of the bytes belong to the zlib stream that they begin with; 0 when it is damaged or inflates beyond all bounds. */
function streamLength(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    inflate(bytes, { info: true, maxOutputLength: maxCrateListBytes }, (error, result) => {
      if (error !== null) resolve(0);
      else resolve((result as unknown as { engine: { bytesWritten: number } }).engine.bytesWritten); // with `info`, as Node documents
    });
  });
}

function findStream(window: Buffer, limit: number): number | undefined {
  let trials = 0;
  for (let at = window.indexOf(streamStart); at >= 0 && at < limit; at = window.indexOf(streamStart, at + 1)) {
    if (!levels.has(window[at + 1]) || !mayBeDeflated(window, at + 2)) continue;
    if (++trials > maxTrials) return undefined;
    if (beginsAsList(window.subarray(at + 2, at + 2 + trialBytes))) return at;
  }
  return undefined;
}

/** What nearly all random bytes fail: a first block whose head RFC 1951, 3.2.7 allows. */
function mayBeDeflated(bytes: Buffer, at: number): boolean {
  const bits = (from: number, count: number): number => {
    const byte = at + (from >> 3);
    return ((((bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8)) >> (from & 7)) & ((1 << count) - 1)) >>> 0;
  };
  switch (bits(1, 2)) {
    case 0:
      return bytes[at + 5] === 0x7b; // stored: the text itself follows
    case 1:
      return bits(3, 8) === 0xd5; // fixed codes: "{" is 0xab, highest bit first
    case 2:
      break;
    default:
      return false;
  }
  if (bits(3, 5) > 29 || bits(8, 5) > 29) return false;
  const lengths = bits(13, 4) + 4;
  let sum = 0;
  for (let i = 0; i < lengths; i++) {
    const length = bits(17 + 3 * i, 3);
    if (length > 0) sum += 128 >> length;
  }
  return sum === 128;
}

function beginsAsList(bytes: Uint8Array): boolean {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxTrialOutputBytes };
    const text = inflateRawSync(bytes, options);
    return text.subarray(0, textStart.length).toString('latin1') === textStart;
  } catch {
    return false; // no deflated data
  }
}
