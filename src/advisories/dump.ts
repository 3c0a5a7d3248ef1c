import { isAscii } from 'node:buffer';
import { type Dirent, closeSync, fstatSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { crc32, gunzip, inflateRawSync } from 'node:zlib';
import * as yauzl from 'yauzl';
import { DamagedError, LimitExceededError } from '../core/errors.ts';

/** A record of a dump, or why it could not be read. */
export type DumpRecord = DumpText | { readonly name: string; readonly problem: string };

/** A record that is made a text when it is asked for: what is asked one by one is dropped one by one. */
export class DumpText {
  readonly name: string;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #isAscii: boolean;

  constructor(name: string, bytes: Buffer, start: number, end: number, areAscii: boolean) {
    this.name = name;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#isAscii = areAscii;
  }

  /** Plain ASCII, which most records are, is faster to take over. */
  get text(): string {
    return this.#bytes.toString(this.#isAscii ? 'latin1' : 'utf8', this.#start, this.#end);
  }
}

function wholeText(name: string, bytes: Buffer): DumpText {
  return new DumpText(name, bytes, 0, bytes.length, isAscii(bytes));
}

/** Larger records are passed over with a problem; the largest genuine ones (Ubuntu kernels) stay under 10 MB. */
const largestRecord = 64 * 1024 * 1024;
const mostRecords = 3_000_000;
/** All records together, unpacked. */
const largestDump = 64 * 1024 * 1024 * 1024;
/** Records are unpacked in batches of this size, or one by one when larger. */
const batchBytes = 512 * 1024;
const batchRecords = 512;
/** Batches that are unpacked while the ones before are worked on. */
const ahead = 2;

const unpack = promisify<Uint8Array, { maxOutputLength: number; chunkSize: number }, Buffer>(gunzip);

/**
 * Records of an OSV dump in batches: `all.zip`, else the single `*.json` files of the folder. Meant for a worker thread:
 * files are read synchronously. Throws DamagedError when there is neither, or when the archive has no usable directory;
 * LimitExceededError for an archive that unpacks to more than any dump.
 */
export async function* readDump(
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<readonly DumpRecord[], void, undefined> {
  const zip = path.join(folder, 'all.zip');
  if (statSync(zip, { throwIfNoEntry: false })?.isFile() === true) {
    yield* readZip(zip, signal);
    return;
  }
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw new DamagedError(`Cannot read advisories in "${folder}"`, 'Name a folder laid out like the OSV mirror.', {
      cause,
    });
  }
  const names = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json')).map((entry) => entry.name);
  if (names.length === 0) {
    throw new DamagedError(
      `Cannot find advisories in "${folder}": neither all.zip nor *.json`,
      'Name a folder laid out like the OSV mirror.',
    );
  }
  for (const name of names.sort()) {
    signal.throwIfAborted();
    yield [readRecordFile(path.join(folder, name), name)];
  }
}

function readRecordFile(file: string, name: string): DumpRecord {
  try {
    if (statSync(file).size > largestRecord) return { name, problem: 'larger than 64 MiB' };
    return wholeText(name, readFileSync(file));
  } catch (error) {
    return { name, problem: reasonOf(error) };
  }
}

/** An entry of the archive with its packed bytes. */
interface Packed {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly data: Buffer;
}

async function* readZip(file: string, signal: AbortSignal): AsyncGenerator<readonly DumpRecord[], void, undefined> {
  const fd = openSync(file, 'r');
  try {
    const running: Promise<readonly DumpRecord[]>[] = [];
    for await (const batch of packedBatches(fd, file, signal)) {
      const unpacked = unpackBatch(batch);
      unpacked.catch(() => undefined); // awaited below; this only keeps a late rejection from being "unhandled"
      running.push(unpacked);
      const first = running.length > ahead ? running.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (const rest of running) yield await rest;
  } finally {
    closeSync(fd);
  }
}

/** The entries of the archive, read from the file in batches; what cannot be read is a problem in its place. */
async function* packedBatches(
  fd: number,
  file: string,
  signal: AbortSignal,
): AsyncGenerator<readonly (Packed | DumpRecord)[], void, undefined> {
  const { size } = fstatSync(fd);
  const directory = new FileReader(fd);
  const contents = new FileReader(fd);
  try {
    const archive = await yauzl.fromRandomAccessReaderPromise(directory, size, {
      autoClose: false,
      lazyEntries: true,
      decodeStrings: true,
      validateEntrySizes: false,
    });
    if (archive.entryCount > mostRecords) {
      throw new LimitExceededError(
        `Cannot read "${file}": ${archive.entryCount} entries are too many`,
        'Check where it comes from.',
      );
    }
    let batch: (Packed | DumpRecord)[] = [];
    let bytes = 0;
    let total = 0;
    for await (const entry of archive.eachEntry()) {
      const { fileName: name, uncompressedSize } = entry;
      if (!name.endsWith('.json')) continue;
      total += uncompressedSize;
      if (total > largestDump) {
        throw new LimitExceededError(`Cannot read "${file}": it unpacks to too much`, 'Check where it comes from.');
      }
      batch.push(packedEntry(contents, entry));
      bytes += Math.min(uncompressedSize, largestRecord);
      if (bytes < batchBytes && batch.length < batchRecords) continue;
      signal.throwIfAborted();
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) yield batch;
  } catch (error) {
    if (signal.aborted || error instanceof DamagedError || error instanceof LimitExceededError) throw error;
    throw new DamagedError(`Cannot read "${file}": it is no complete zip archive`, 'Download it again.', {
      cause: error,
    });
  }
}

function packedEntry(reader: FileReader, entry: yauzl.Entry): Packed | DumpRecord {
  const { fileName: name, uncompressedSize: size, compressedSize, compressionMethod: method, crc32: crc } = entry;
  if (size > largestRecord || compressedSize > largestRecord) return { name, problem: 'larger than 64 MiB' };
  if (method !== 0 && method !== 8) return { name, problem: `compression method ${method} is not supported` };
  try {
    // Local file header: APPNOTE.TXT 6.3.10, 4.3.7; its own name and extra lengths stand at 26 and 28.
    const header = reader.bytes(entry.relativeOffsetOfLocalHeader, 30);
    if (header.readUInt32LE(0) !== 0x04034b50) throw new RangeError('no local header');
    const start = entry.relativeOffsetOfLocalHeader + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    return { name, size, crc, method, data: Buffer.from(reader.bytes(start, compressedSize)) };
  } catch (error) {
    return { name, problem: reasonOf(error) };
  }
}

/**
 * Unpacks a batch in one call, as one gzip file with a member an entry (RFC 1952, 2.2): that is much faster than a call
 * an entry, checks sizes and checksums on the way, and happens beside this thread. When anything is wrong with one of
 * them, each is unpacked by itself.
 */
async function unpackBatch(batch: readonly (Packed | DumpRecord)[]): Promise<readonly DumpRecord[]> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const item of batch) {
    if (!('data' in item) || item.method !== 8) continue;
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(item.crc, 0);
    trailer.writeUInt32LE(item.size, 4);
    parts.push(gzipHeader, item.data, trailer);
    total += item.size;
  }
  let bytes: Buffer | undefined;
  if (total > 0) {
    try {
      const packed = Buffer.concat(parts);
      bytes = await unpack(packed, { maxOutputLength: total, chunkSize: total + 64 });
      if (bytes.length !== total) bytes = undefined;
    } catch {
      bytes = undefined; // one of them is damaged: found below
    }
  }
  let at = 0;
  const areAscii = bytes !== undefined && isAscii(bytes);
  return batch.map((item): DumpRecord => {
    if (!('data' in item)) return item;
    if (item.method !== 8 || bytes === undefined) return unpackOne(item);
    at += item.size;
    return new DumpText(item.name, bytes, at - item.size, at, areAscii);
  });
}

/** RFC 1952, 2.3: deflate, no flags, no time. */
const gzipHeader = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

function unpackOne({ name, size, crc, method, data }: Packed): DumpRecord {
  try {
    const bytes = method === 0 ? data : inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
    if (bytes.length !== size) throw new RangeError('its size is another than the archive says');
    if (crc32(bytes) !== crc) throw new RangeError('its checksum is wrong');
    return wholeText(name, bytes);
  } catch (error) {
    return { name, problem: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads a file forward in large pieces, and in single ones where it is told to jump. */
class FileReader extends yauzl.RandomAccessReader {
  readonly #fd: number;
  #buffer = Buffer.alloc(0);
  #start = 0;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  /** Valid until the next call. Throws RangeError behind the end of the file. */
  bytes(position: number, length: number): Buffer {
    const offset = position - this.#start;
    if (offset >= 0 && offset + length <= this.#buffer.length) return this.#buffer.subarray(offset, offset + length);
    const isForward = offset >= 0 && offset <= this.#buffer.length + 1024;
    const size = Math.max(length, isForward ? 2 * 1024 * 1024 : 64 * 1024);
    const next = Buffer.allocUnsafe(size);
    const got = readSync(this.#fd, next, 0, size, position);
    this.#buffer = next.subarray(0, got);
    this.#start = position;
    if (got < length) throw new RangeError('the archive ends too early');
    return this.#buffer.subarray(0, length);
  }

  /** What yauzl asks for: the archive's directory. Without it every entry would cost two turns of the event loop. */
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead: number) => void,
  ): void {
    let got = 0;
    try {
      got = this.bytes(position, length).copy(buffer, offset);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), 0);
      return;
    }
    callback(null, got);
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}
