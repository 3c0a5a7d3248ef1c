/** Bytes behind a position that a seeker sees before it has to decide about the position. */
export const lookAheadBytes = 640;

/** Looks for one thing in a file that passes by in windows. */
export interface Seeker {
  /**
   * `base` is the offset in the file of the window's first byte. Positions below `limit` are new in this window and not seen
   * again; bytes behind them, up to the window's end, come again in the next one. What is kept of the window is copied.
   */
  feed(window: Buffer, base: number, limit: number): void;
}

/** Gathers bytes from an offset of the file on, as windows pass by. */
export class Gathering {
  readonly #from: number;
  readonly #maxBytes: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  constructor(from: number, maxBytes: number) {
    this.#from = from;
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#length >= this.#maxBytes;
  }

  /** What was gathered so far; valid until the next call of `feed`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes what lies below `limit`. The windows of one file have no gaps. */
  feed(window: Buffer, base: number, limit: number): void {
    const start = Math.max(0, this.#from + this.#length - base);
    const end = Math.min(limit, start + this.#maxBytes - this.#length);
    if (end <= start) return;
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, 2 * this.#bytes.length, 1024)));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    window.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }
}
