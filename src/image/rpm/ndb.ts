import type { Blob } from './hash.ts';

/** rpm 4.18, "lib/backend/ndb/rpmpkg.c". All numbers are little endian. */
const headerMagic = 0x506d7052; // RpmP
const slotMagic = 0x746f6c53; // Slot
const blobMagic = 0x53626c42; // BlbS
const slotPageBytes = 4096;
const maxSlotPages = 2048;
const slotBytes = 16;
const blockBytes = 16;
const blobHeadBytes = 16;

/** True for the package database of rpm's "ndb" back end. */
export function isNdb(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === headerMagic;
}

/** The headers of packages, in the order of their slots. */
export function* readNdb(bytes: Buffer): Generator<Blob, void, undefined> {
  if (bytes.length < 32) return yield 'the database ends in its head';
  const version = bytes.readUInt32LE(4);
  if (version !== 0) return yield `the database has version ${version}, which is not known`;
  const slotPages = bytes.readUInt32LE(12);
  if (slotPages < 1 || slotPages > maxSlotPages) return yield `the database claims ${slotPages} pages of slots`;
  const slotsEnd = slotPages * slotPageBytes;
  if (slotsEnd > bytes.length) yield 'the database ends within its slots';
  const end = Math.min(slotsEnd, bytes.length - slotBytes + 1);
  for (let at = 2 * slotBytes; at < end; at += slotBytes) {
    if (bytes.readUInt32LE(at) !== slotMagic) {
      yield `slot ${at / slotBytes} of the database is damaged`;
      continue;
    }
    const index = bytes.readUInt32LE(at + 4);
    if (index === 0) continue; // free
    const start = bytes.readUInt32LE(at + 8) * blockBytes;
    yield readBlob(bytes, index, start, slotsEnd);
  }
}

function readBlob(bytes: Buffer, index: number, start: number, slotsEnd: number): Blob {
  if (start < slotsEnd || start + blobHeadBytes > bytes.length) return `package ${index} lies outside the database`;
  if (bytes.readUInt32LE(start) !== blobMagic || bytes.readUInt32LE(start + 4) !== index) {
    return `package ${index} is not where its slot says`;
  }
  const length = bytes.readUInt32LE(start + 12);
  const begin = start + blobHeadBytes;
  if (length > bytes.length - begin) return `package ${index} claims ${length} bytes, more than the database has`;
  return bytes.subarray(begin, begin + length);
}
