import zlib from 'node:zlib';
import { DamagedError } from '../core/errors.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

/** Output comes in pieces of this size: fewer trips to the thread pool make up for what hashing costs. */
const outputChunkBytes = 1024 * 1024;
/** Input is gathered to this size; sockets hand over 16 KiB at a time. */
const inputChunkBytes = 256 * 1024;
const magicBytes = 4;

/**
 * By the first bytes, whatever the media type says: RFC 1952 (gzip), RFC 8878 (zstd frames and skippable frames);
 * anything else is taken for a bare tar.
 */
export function detectCompression(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  if (a !== undefined && a >= 0x50 && a <= 0x5f && b === 0x2a && c === 0x4d && d === 0x18) return 'zstd';
  return 'none';
}

/**
 * Unpacks gzip (any number of members), zstd (any number of frames) or nothing, on the thread pool. The source is read to
 * its end in every case but cancellation, so that its digest can be judged also when the content is damaged; what follows
 * the compressed data (padding) is passed over. Throws DamagedError.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  const input = new Input(source);
  try {
    switch (detectCompression(await input.peek(magicBytes))) {
      case 'gzip':
        yield* unpack(input, () => zlib.createGunzip(streamOptions));
        break;
      case 'zstd':
        // The stream of Node ends after the first frame when more follow in the same piece: begin again behind it.
        do yield* unpack(input, () => zlib.createZstdDecompress(streamOptions));
        while (detectCompression(await input.peek(magicBytes)) === 'zstd');
        break;
      case 'none':
        for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) yield chunk;
    }
    await input.drain();
  } finally {
    await input.close();
  }
}

/** The high water marks let the thread pool work ahead while the last piece is hashed. */
const streamOptions: { chunkSize: number; readableHighWaterMark: number; writableHighWaterMark: number } = {
  chunkSize: outputChunkBytes,
  readableHighWaterMark: 2 * outputChunkBytes,
  writableHighWaterMark: 2 * inputChunkBytes,
};

async function* unpack(
  input: Input,
  make: () => zlib.Gunzip | zlib.ZstdDecompress,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = make();
  const fed: Buffer[] = [];
  /** Offset of the first of `fed` in what the stream was given. */
  let fedFrom = 0;
  let over = false;
  let wake = (): void => undefined;
  const isOver = (): boolean => over;
  const stop = (): void => {
    over = true;
    wake();
  };
  stream.on('end', stop).on('close', stop).on('error', stop);

  const feed = async (): Promise<void> => {
    while (!isOver()) {
      const chunk = await input.next();
      if (chunk === undefined) {
        stream.end();
        return;
      }
      fed.push(chunk); // also when the stream ended meanwhile: it is given back below
      if (isOver()) return;
      const room = stream.write(chunk);
      while (fed[0] !== undefined && fedFrom + fed[0].length <= stream.bytesWritten) {
        fedFrom += fed[0].length;
        fed.shift();
      }
      if (!room) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.once('drain', resolve);
        });
      }
    }
  };
  const feeding = feed();
  feeding.catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
    await feeding;
    const unread = Buffer.concat(fed).subarray(stream.bytesWritten - fedFrom);
    if (unread.length > 0) input.unshift(unread);
  } catch (error) {
    await feeding; // an error of the source goes before what it did to the stream
    if (!(error instanceof Error) || !isDataError(error)) throw error;
    await input.drain();
    throw new DamagedError(
      `Cannot unpack a layer: ${'code' in error && error.code === 'Z_BUF_ERROR' ? 'its compressed data ends early' : 'its compressed data is damaged'}`,
      'Push the image again.',
      { cause: error },
    );
  } finally {
    stream.destroy();
    if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  }
}

function isDataError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^(Z_|ZSTD_|ERR_ZLIB|ERR_BUFFER)/.test(error.code);
}

/** The source in larger pieces, with the possibility to look at the beginning and to give back what was not used. */
class Input {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #waiting: Buffer | undefined;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async #pull(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const result = await this.#iterator.next();
    if (result.done === true) {
      this.#ended = true;
      return undefined;
    }
    const { buffer, byteOffset, byteLength } = result.value;
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  async next(): Promise<Buffer | undefined> {
    const first = this.#waiting ?? (await this.#pull());
    this.#waiting = undefined;
    if (first === undefined || first.length >= inputChunkBytes / 2) return first;
    const chunks = [first];
    let size = first.length;
    while (size < inputChunkBytes) {
      const chunk = await this.#pull();
      if (chunk === undefined) break;
      chunks.push(chunk);
      size += chunk.length;
    }
    return chunks.length === 1 ? first : Buffer.concat(chunks, size);
  }

  async peek(bytes: number): Promise<Uint8Array> {
    while ((this.#waiting?.length ?? 0) < bytes) {
      const chunk = await this.#pull();
      if (chunk === undefined) break;
      this.#waiting = this.#waiting === undefined ? chunk : Buffer.concat([this.#waiting, chunk]);
    }
    return this.#waiting ?? new Uint8Array();
  }

  unshift(chunk: Buffer): void {
    this.#waiting = this.#waiting === undefined ? chunk : Buffer.concat([chunk, this.#waiting]);
  }

  async drain(): Promise<void> {
    this.#waiting = undefined;
    while ((await this.#pull()) !== undefined);
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }
}
