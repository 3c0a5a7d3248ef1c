/** A record of a database, or what is wrong at a place of it. */
export type Blob = Buffer | string;

/** Berkeley DB 4 and 5, "db_page.h" and "hash.h": DB_HASHMAGIC, page types and item types. */
const magic = 0x00061561;
const hashPage = 13;
const unsortedHashPage = 2;
const hashMetaPage = 8;
const overflowPage = 7;
const onPageItem = 1;
const offPageItem = 3;
const pageHeaderBytes = 26;

/** True for a hash database of Berkeley DB, written by a machine of either byte order. */
export function isHashDatabase(bytes: Buffer): boolean {
  return bytes.length >= 16 && (bytes.readUInt32LE(12) === magic || bytes.readUInt32BE(12) === magic);
}

/** Reads numbers in the byte order of the machine that wrote the file. */
interface Numbers {
  u16(at: number): number;
  u32(at: number): number;
}

/**
 * The values of a Berkeley DB hash database, in the order of their pages: the headers of packages and, among them, small
 * records of rpm's own. Pages are taken one after the other; no overflow page is read twice, so damaged chains end.
 */
export function* readHash(bytes: Buffer): Generator<Blob, void, undefined> {
  const little = bytes.readUInt32LE(12) === magic;
  const numbers: Numbers = {
    u16: (at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    u32: (at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)),
  };
  if (bytes.length < 512) return yield 'the database ends in its first page';
  const pageSize = numbers.u32(20);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    return yield `the database claims pages of ${pageSize} bytes`;
  }
  if (bytes[24] !== 0) return yield 'the database is encrypted';
  if (bytes[25] !== hashMetaPage) return yield 'the database does not begin with a page of a hash';
  const lastPage = numbers.u32(32);
  const pages = Math.ceil(bytes.length / pageSize);
  const seen = new Set<number>();
  const count = Math.min(lastPage, pages - 1);
  for (let page = 1; page <= count; page++) {
    const start = page * pageSize;
    const end = Math.min(start + pageSize, bytes.length);
    if (end - start < pageHeaderBytes) break;
    const type = bytes[start + 25];
    if (type === hashPage || type === unsortedHashPage) yield* valuesOf(bytes, numbers, start, end, pageSize, seen);
  }
  if (lastPage >= pages) yield `the database ends after page ${pages - 1}, but claims ${lastPage}`;
}

/** Offsets of keys and values by turns; items fill the page from its end, so each ends where the one before begins. */
function* valuesOf(
  bytes: Buffer,
  numbers: Numbers,
  start: number,
  end: number,
  pageSize: number,
  seen: Set<number>,
): Generator<Blob, void, undefined> {
  const entries = numbers.u16(start + 20);
  const page = start / pageSize;
  const room = Math.floor((end - start - pageHeaderBytes) / 2);
  if (entries > room) yield `page ${page} claims ${entries} entries`;
  for (let i = 1; i < Math.min(entries, room); i += 2) {
    const at = start + numbers.u16(start + pageHeaderBytes + i * 2);
    if (at < start + pageHeaderBytes || at >= end) {
      yield `entry ${i} of page ${page} lies outside it`;
      continue;
    }
    const type = bytes[at];
    if (type === offPageItem) {
      if (at + 12 > end) yield `entry ${i} of page ${page} lies outside it`;
      else yield readChain(bytes, numbers, numbers.u32(at + 4), numbers.u32(at + 8), pageSize, seen);
    } else if (type === onPageItem) {
      const keyAt = start + numbers.u16(start + pageHeaderBytes + (i - 1) * 2);
      if (keyAt > at && keyAt <= end) yield bytes.subarray(at + 1, keyAt);
    }
  }
}

function readChain(
  bytes: Buffer,
  numbers: Numbers,
  first: number,
  length: number,
  pageSize: number,
  seen: Set<number>,
): Blob {
  if (length > bytes.length) return `a record claims ${length} bytes, more than the database has`;
  const parts: Buffer[] = [];
  let collected = 0;
  for (let page = first; collected < length;) {
    const start = page * pageSize;
    if (page === 0 || start + pageHeaderBytes > bytes.length)
      return `a record goes on in page ${page}, which is not there`;
    if (bytes[start + 25] !== overflowPage) return `a record goes on in page ${page}, which holds something else`;
    if (seen.has(page)) return `a record goes on in page ${page}, which was read before`;
    seen.add(page);
    const next = numbers.u32(start + 16);
    const used = next === 0 ? numbers.u16(start + 22) : pageSize - pageHeaderBytes;
    const end = Math.min(start + pageHeaderBytes + used, start + pageSize, bytes.length);
    const part = bytes.subarray(start + pageHeaderBytes, end);
    parts.push(part);
    collected += part.length;
    if (next === 0) break;
    page = next;
  }
  if (collected < length) return `a record has ${collected} of ${length} bytes`;
  return Buffer.concat(parts).subarray(0, length);
}
