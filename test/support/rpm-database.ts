// Writes databases of rpm: package headers, and the files that its three back ends keep them in.
import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Value of a tag; a list of texts is an array of strings. */
export type TagValue = string | number | readonly string[] | readonly number[];

export interface RpmInput {
  readonly name?: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly arch?: string;
  readonly vendor?: string;
  readonly sourceRpm?: string;
  readonly modularity?: string;
  /** Absolute paths. */
  readonly files?: readonly string[];
  /** Further tags, after the others: the last of a tag counts. */
  readonly tags?: readonly (readonly [tag: number, value: TagValue])[];
  /** Without the region that packages of rpm 4 and later begin with. */
  readonly withoutRegion?: boolean;
}

/** Header as databases keep it: number of entries, size of data, entries of 16 bytes, data; numbers are big endian. */
export function rpmHeader(input: RpmInput): Buffer {
  const all: (readonly [number, TagValue])[] = [];
  const put = (tag: number, value: TagValue | undefined): void => {
    if (value !== undefined) all.push([tag, value]);
  };
  put(1000, input.name);
  put(1001, input.version);
  put(1002, input.release);
  put(1003, input.epoch);
  put(1011, input.vendor);
  put(1022, input.arch);
  put(1044, input.sourceRpm);
  if (input.files !== undefined) {
    const directories = [...new Set(input.files.map((file) => file.slice(0, file.lastIndexOf('/') + 1)))];
    put(
      1116,
      input.files.map((file) => directories.indexOf(file.slice(0, file.lastIndexOf('/') + 1))),
    );
    put(
      1117,
      input.files.map((file) => file.slice(file.lastIndexOf('/') + 1)),
    );
    put(1118, directories);
  }
  put(5096, input.modularity);
  for (const [tag, value] of input.tags ?? []) put(tag, value);

  const entries: Buffer[] = [];
  let data = Buffer.alloc(0);
  const add = (tag: number, type: number, count: number, content: Buffer): void => {
    const padding = type === 4 ? (4 - (data.length % 4)) % 4 : 0;
    data = Buffer.concat([data, Buffer.alloc(padding)]);
    entries.push(uint32s([tag, type, data.length, count], true));
    data = Buffer.concat([data, content]);
  };
  for (const [tag, value] of all) {
    if (typeof value === 'string') add(tag, 6, 1, Buffer.from(`${value}\0`));
    else if (typeof value === 'number') add(tag, 4, 1, uint32s([value], true));
    else if (value.every((one) => typeof one === 'number')) add(tag, 4, value.length, uint32s(value, true));
    else add(tag, 8, value.length, Buffer.from(value.map((one) => `${one}\0`).join('')));
  }
  if (input.withoutRegion !== true) {
    entries.unshift(uint32s([63, 7, data.length, 16], true));
    data = Buffer.concat([data, uint32s([63, 7, 0x1_0000_0000 - entries.length * 16, 16], true)]);
  }
  return Buffer.concat([uint32s([entries.length, data.length], true), ...entries, data]);
}

function uint32s(values: readonly number[], bigEndian: boolean): Buffer {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) {
    if (bigEndian) out.writeUInt32BE(value, i * 4);
    else out.writeUInt32LE(value, i * 4);
  }
  return out;
}

export interface HashOptions {
  readonly pageSize?: number;
  readonly bigEndian?: boolean;
  /** Pages of type 2, as Berkeley DB wrote them before it sorted keys. */
  readonly unsorted?: boolean;
}

/**
 * A hash database of Berkeley DB: head, one page a record with its key and a reference, and overflow pages behind.
 * The first record is the counter of packages.
 */
export function hashDatabase(blobs: readonly Buffer[], options: HashOptions = {}): Buffer {
  const { pageSize = 4096, bigEndian = false, unsorted = false } = options;
  const u16 = (page: Buffer, value: number, at: number): void => {
    if (bigEndian) page.writeUInt16BE(value, at);
    else page.writeUInt16LE(value, at);
  };
  const u32 = (page: Buffer, value: number, at: number): void => {
    if (bigEndian) page.writeUInt32BE(value, at);
    else page.writeUInt32LE(value, at);
  };
  const pages: Buffer[] = [];
  const make = (type: number): { page: Buffer; number: number } => {
    const page = Buffer.alloc(pageSize);
    const number = pages.push(page) - 1;
    u32(page, number, 8);
    page[25] = type;
    return { page, number };
  };
  const { page: head } = make(8);
  const items = (values: readonly Buffer[]): void => {
    const { page } = make(unsorted ? 2 : 13);
    let end = pageSize;
    for (const [i, value] of values.entries()) {
      end -= value.length;
      value.copy(page, end);
      u16(page, end, 26 + i * 2);
    }
    u16(page, values.length, 20);
    u16(page, end, 22);
  };
  const key = (number: number): Buffer => {
    const out = Buffer.alloc(5);
    out[0] = 1;
    u32(out, number, 1);
    return out;
  };
  items([key(0), key(blobs.length)]);
  const room = pageSize - 26;
  for (const [i, blob] of blobs.entries()) {
    if (blob.length < pageSize / 4) {
      items([key(i + 1), Buffer.concat([Buffer.from([1]), blob])]);
      continue;
    }
    const reference = Buffer.alloc(12);
    reference[0] = 3;
    u32(reference, pages.length + 1, 4);
    u32(reference, blob.length, 8);
    items([key(i + 1), reference]);
    for (let at = 0; at < blob.length; at += room) {
      const { page, number } = make(7);
      const part = blob.subarray(at, at + room);
      part.copy(page, 26);
      u32(page, at + room < blob.length ? number + 1 : 0, 16);
      u16(page, part.length, 22);
    }
  }
  u32(head, 0x00061561, 12);
  u32(head, 9, 16);
  u32(head, pageSize, 20);
  u32(head, pages.length - 1, 32);
  return Buffer.concat(pages);
}

/** A database of the "ndb" back end: slots, then blobs of whole 16-byte blocks with head and tail. */
export function ndbDatabase(blobs: readonly Buffer[]): Buffer {
  const slotPages = Math.ceil((blobs.length + 2) / 256);
  const head = uint32s([0x506d7052, 0, 7, slotPages, blobs.length + 1, 0, 0, 0], false);
  let block = slotPages * 256;
  const slots: Buffer[] = [head];
  const bodies: Buffer[] = [];
  for (const [i, blob] of blobs.entries()) {
    const blocks = Math.ceil((16 + blob.length + 12) / 16);
    const start = uint32s([0x53626c42, i + 1, 1_700_000_000, blob.length], false);
    const padding = Buffer.alloc(blocks * 16 - 16 - blob.length - 12);
    const checked = Buffer.concat([start, blob, padding]);
    bodies.push(checked, uint32s([adler32(checked), blob.length, 0x45626c42], false));
    slots.push(uint32s([0x746f6c53, i + 1, block, blocks], false));
    block += blocks;
  }
  const used = blobs.length + 2;
  for (let slot = used; slot < slotPages * 256; slot++) slots.push(uint32s([0x746f6c53, 0, 0, 0], false));
  return Buffer.concat([...slots, ...bodies]);
}

/** RFC 1950. */
function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

export interface SqliteFiles {
  readonly database: Buffer;
  readonly log: Buffer;
}

export interface SqliteOptions {
  readonly pageSize?: number;
  /** Done in WAL mode after `blobs` were stored and moved to the database, and left in the log. */
  readonly later?: (database: DatabaseSync) => void;
}

/** A database of the "sqlite" back end, made by SQLite: its tables as rpm makes them, a log when there is something later. */
export function sqliteDatabase(blobs: readonly Buffer[], options: SqliteOptions = {}): SqliteFiles {
  const directory = mkdtempSync(path.join(tmpdir(), 'rpmdb-'));
  const file = path.join(directory, 'rpmdb.sqlite');
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA page_size = ${options.pageSize ?? 4096}; PRAGMA journal_mode = WAL`);
    database.exec(`PRAGMA wal_autocheckpoint = 0;
      CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);
      CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)`);
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    database.exec('BEGIN');
    for (const blob of blobs) insert.run(blob);
    database.exec('COMMIT');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    options.later?.(database);
    return { database: readFileSync(file), log: readFileSync(`${file}-wal`) };
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
