import { createInflateRaw, type InflateRaw } from 'node:zlib';

const chunkBytes = 64 * 1024;

/** Inflates raw deflate data that arrives in pieces, on the thread pool, and hands the output on in order. RFC 1951. */
export class Inflater {
  readonly #stream: InflateRaw = createInflateRaw({ chunkSize: chunkBytes });
  readonly #pumping: Promise<void>;
  #isOver = false;

  constructor(sink: (bytes: Buffer) => Promise<void>) {
    this.#pumping = this.#pump(sink);
    this.#pumping.catch(() => undefined); // awaited in end()
  }

  async #pump(sink: (bytes: Buffer) => Promise<void>): Promise<void> {
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) await sink(chunk);
    } finally {
      this.#isOver = true;
    }
  }

  /** Settles when the bytes are used, and their output handed on but for what fits into one piece. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#isOver) return; // the data had ended, or end() says why not
    const taken = new Promise<void>((resolve) => this.#stream.write(bytes, () => resolve()));
    await Promise.race([taken, this.#pumping.catch(() => undefined)]);
  }

  /** Throws what the sink threw, and errors of zlib when the data is damaged or ends early. */
  async end(): Promise<void> {
    if (!this.#isOver) this.#stream.end();
    await this.#pumping;
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
