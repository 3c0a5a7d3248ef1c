// Tar archives as container tools write them: ustar headers, pax records for what does not fit.
// POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".

/** One entry of an archive. Paths carry neither a leading slash nor "./"; directories end without a slash. */
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  /** Size of the content in bytes; 0 for everything but files. */
  readonly size: number;
  /** Where a link points: as written for symbolic links, a path of the archive for hard links. */
  readonly linkTarget?: string;
  /** The content of a file; asked for once, while the archive is written. */
  content?(): AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const TYPE_FLAGS = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

function writeOctal(header: Buffer, offset: number, length: number, value: number): void {
  header.write(value.toString(8).padStart(length - 1, '0') + '\0', offset, 'latin1');
}

function splitPath(path: Buffer): { prefix: Buffer; name: Buffer } | undefined {
  if (path.length <= 100) return { prefix: Buffer.alloc(0), name: path };
  for (let cut = path.length - 1; cut > 0; cut -= 1) {
    if (path[cut] !== 0x2f) continue;
    if (path.length - cut - 1 > 100) break;
    if (cut <= 155) return { prefix: path.subarray(0, cut), name: path.subarray(cut + 1) };
  }
  return undefined;
}

function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function rawHeader(entry: TarEntry, path: string, typeFlag: string, size: number, linkTarget: string): Buffer {
  const header = Buffer.alloc(BLOCK);
  const parts = splitPath(Buffer.from(path)) ?? { prefix: Buffer.alloc(0), name: Buffer.from(path).subarray(0, 100) };
  parts.name.copy(header, 0);
  writeOctal(header, 100, 8, entry.mode & 0o7777);
  writeOctal(header, 108, 8, entry.uid);
  writeOctal(header, 116, 8, entry.gid);
  writeOctal(header, 124, 12, size);
  writeOctal(header, 136, 12, Math.max(0, Math.floor(entry.mtimeSeconds)));
  header.write('        ', 148, 'latin1');
  header.write(typeFlag, 156, 'latin1');
  Buffer.from(linkTarget).subarray(0, 100).copy(header, 157);
  header.write('ustar\x0000', 257, 'latin1');
  parts.prefix.copy(header, 345);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(sum.toString(8).padStart(6, '0') + '\0 ', 148, 'latin1');
  return header;
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The archive's bytes, entries in the order given, closed by two zero blocks. */
export async function* tarBytes(entries: Iterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    const path = entry.kind === 'directory' ? `${entry.path}/` : entry.path;
    const linkTarget = entry.linkTarget ?? '';
    const records: string[] = [];
    if (splitPath(Buffer.from(path)) === undefined) records.push(paxRecord('path', path));
    if (Buffer.byteLength(linkTarget) > 100) records.push(paxRecord('linkpath', linkTarget));
    if (records.length > 0) {
      const body = Buffer.from(records.join(''));
      yield rawHeader({ ...entry, mode: 0o644 }, 'PaxHeaders/entry', 'x', body.length, '');
      yield body;
      yield padding(body.length);
    }
    yield rawHeader(entry, path, TYPE_FLAGS[entry.kind], entry.kind === 'file' ? entry.size : 0, linkTarget);
    if (entry.kind !== 'file') continue;
    let written = 0;
    if (entry.content !== undefined) {
      for await (const chunk of entry.content()) {
        written += chunk.length;
        yield chunk;
      }
    }
    if (written !== entry.size) {
      throw new Error(
        `"${entry.path}" has ${written} bytes, its entry says ${entry.size}: it changed while it was read.`,
      );
    }
    yield padding(entry.size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** A small file whose bytes are at hand. */
export function fileEntry(path: string, bytes: Uint8Array | string, mtimeSeconds: number, mode = 0o644): TarEntry {
  const body = Buffer.from(bytes);
  return {
    path,
    kind: 'file',
    mode,
    uid: 0,
    gid: 0,
    mtimeSeconds,
    size: body.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous for files on disk
    content: async function* () {
      yield body;
    },
  };
}
