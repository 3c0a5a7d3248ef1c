import { type Dirent, closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import * as yauzl from 'yauzl';
import { DamagedError } from '../core/errors.ts';

/** A record of a dump as text, or why it could not be read. */
export type DumpRecord =
  { readonly name: string; readonly text: string } | { readonly name: string; readonly problem: string };

/** Larger records are passed over with a problem; the largest genuine ones (Ubuntu kernels) stay under 10 MB. */
const largestRecord = 64 * 1024 * 1024;
const mostRecords = 3_000_000;

/**
 * Records of an OSV dump: `all.zip`, else the single `*.json` files of the folder. Meant for a worker thread: reading is
 * synchronous. Throws DamagedError when there is neither, or when the archive has no usable directory.
 */
export async function* readDump(folder: string, signal: AbortSignal): AsyncGenerator<DumpRecord, void, undefined> {
  const zip = path.join(folder, 'all.zip');
  if (isFile(zip)) {
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
    const file = path.join(folder, name);
    if (statSync(file).size > largestRecord) yield { name, problem: 'larger than 64 MiB' };
    else yield { name, text: readFileSync(file, 'utf8') };
  }
}

async function* readZip(file: string, signal: AbortSignal): AsyncGenerator<DumpRecord, void, undefined> {
  const fd = openSync(file, 'r');
  let archive: yauzl.ZipFile | undefined;
  try {
    try {
      archive = await yauzl.fromFdPromise(fd, { autoClose: false, lazyEntries: true, decodeStrings: true });
    } catch (cause) {
      throw new DamagedError(`Cannot read "${file}": it is no complete zip archive`, 'Download it again.', { cause });
    }
    if (archive.entryCount > mostRecords) {
      throw new DamagedError(
        `Cannot read "${file}": ${archive.entryCount} entries are too many`,
        'Check where it comes from.',
      );
    }
    const window = new FileWindow(fd);
    for await (const entry of archive.eachEntry()) {
      signal.throwIfAborted();
      const name = entry.fileName;
      if (!name.endsWith('.json')) continue;
      if (entry.uncompressedSize > largestRecord || entry.compressedSize > largestRecord) {
        yield { name, problem: 'larger than 64 MiB' };
        continue;
      }
      try {
        // Local file header: APPNOTE.TXT 6.3.10, 4.3.7; its own name and extra lengths stand at 26 and 28.
        const header = window.read(entry.relativeOffsetOfLocalHeader, 30);
        if (header.readUInt32LE(0) !== 0x04034b50) throw new RangeError('no local header');
        const start = entry.relativeOffsetOfLocalHeader + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
        const data = window.read(start, entry.compressedSize);
        if (entry.compressionMethod === 8) {
          yield { name, text: inflateRawSync(data, { maxOutputLength: largestRecord }).toString('utf8') };
        } else if (entry.compressionMethod === 0) yield { name, text: data.toString('utf8') };
        else yield { name, problem: `compression method ${entry.compressionMethod} is not supported` };
      } catch (error) {
        yield { name, problem: error instanceof Error ? error.message : String(error) };
      }
    }
  } catch (error) {
    if (signal.aborted || error instanceof DamagedError) throw error;
    throw new DamagedError(`Cannot read "${file}": its directory is damaged`, 'Download it again.', { cause: error });
  } finally {
    // closing the archive closes its descriptor, some turns of the event loop later
    if (archive === undefined) closeSync(fd);
    else archive.close();
  }
}

/** Reads forward through a file in large pieces; entries of a dump lie one behind the other. */
class FileWindow {
  readonly #fd: number;
  #buffer = Buffer.alloc(0);
  #start = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(position: number, length: number): Buffer {
    const offset = position - this.#start;
    if (offset >= 0 && offset + length <= this.#buffer.length) return this.#buffer.subarray(offset, offset + length);
    const size = Math.max(length, 4 * 1024 * 1024);
    const next = Buffer.allocUnsafe(size);
    const got = readSync(this.#fd, next, 0, size, position);
    this.#buffer = next.subarray(0, got);
    this.#start = position;
    if (got < length) throw new RangeError('the archive ends too early');
    return this.#buffer.subarray(0, length);
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}
