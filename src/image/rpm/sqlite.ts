import type { Blob } from './hash.ts';

/** SQLite, "Database File Format". Numbers are big endian. */
const magic = 'SQLite format 3\0';
const fileHeaderBytes = 100;
const interiorTable = 5;
const leafTable = 13;
const walMagics: ReadonlySet<number> = new Set([0x377f0682, 0x377f0683]);
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
/** Levels of a tree; three hold every package database there is. */
const maxDepth = 20;
/** References between pages; a file of the largest size that is read has a quarter of them. */
const maxChildren = 1_000_000;

export function isSqlite(bytes: Buffer): boolean {
  return bytes.length >= 16 && bytes.toString('latin1', 0, 16) === magic;
}

/** The layout that all pages of a file share. */
export interface PageLayout {
  readonly pageSize: number;
  /** Page size without the bytes that extensions reserve. */
  readonly usableBytes: number;
}

/** Page by number, from 1; undefined when the file does not have it. */
export type PageSource = (page: number) => Buffer | undefined;

/** One row of a table. */
export interface Cell {
  readonly rowId: number;
  /** Size of the whole record; `local` has its beginning. */
  readonly size: number;
  readonly local: Buffer;
  /** First overflow page, 0 for none. */
  readonly overflow: number;
}

export type TreeNode =
  | { readonly kind: 'interior'; readonly children: readonly number[] }
  | { readonly kind: 'leaf'; readonly cells: readonly Cell[] };

/** Layout of a database file; the text says what is wrong with it. */
export function layoutOf(bytes: Buffer): PageLayout | string {
  if (bytes.length < fileHeaderBytes) return 'the database ends in its head';
  return layout(bytes.readUInt16BE(16), bytes.readUInt8(20));
}

function layout(stated: number, reserved: number): PageLayout | string {
  const pageSize = stated === 1 ? 65_536 : stated;
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    return `the database claims pages of ${pageSize} bytes`;
  }
  const usableBytes = pageSize - reserved;
  return usableBytes < 480 ? `the database reserves ${reserved} bytes of each page` : { pageSize, usableBytes };
}

export function pagesOf(bytes: Buffer, { pageSize }: PageLayout): PageSource {
  const pages = Math.floor(bytes.length / pageSize);
  return (page) => (page >= 1 && page <= pages ? bytes.subarray((page - 1) * pageSize, page * pageSize) : undefined);
}

/** The committed frames of a write-ahead log: newest content of each page they hold. */
export interface LogPages {
  readonly layout: PageLayout;
  readonly pages: ReadonlyMap<number, Buffer>;
}

/**
 * Reads a write-ahead log as a reader after a crash does: frames count up to the last commit, as long as their salts are
 * those of the head and their checksums go on from frame to frame. SQLite, "WAL-mode File Format".
 */
export function readLog(bytes: Buffer, reservedBytes: number): LogPages | string {
  if (bytes.length < walHeaderBytes) return 'the log of the database ends in its head';
  const kind = bytes.readUInt32BE(0);
  if (!walMagics.has(kind)) return 'the log of the database has another format';
  const found = layout(bytes.readUInt32BE(8), reservedBytes);
  if (typeof found === 'string') return found;
  const bigEndian = (kind & 1) === 1;
  let sum: readonly [number, number] = checksum(bytes, 0, 24, [0, 0], bigEndian);
  if (sum[0] !== bytes.readUInt32BE(24) || sum[1] !== bytes.readUInt32BE(28)) return 'the head of its log is damaged';
  const committed = new Map<number, Buffer>();
  let pending = new Map<number, Buffer>();
  const frameBytes = frameHeaderBytes + found.pageSize;
  for (let at = walHeaderBytes; at + frameBytes <= bytes.length; at += frameBytes) {
    // Frames of an earlier use of the file follow the valid ones: they have other salts.
    if (bytes.compare(bytes, 16, 24, at + 8, at + 16) !== 0) break;
    const page = bytes.readUInt32BE(at);
    sum = checksum(bytes, at, at + 8, sum, bigEndian);
    sum = checksum(bytes, at + frameHeaderBytes, at + frameBytes, sum, bigEndian);
    if (page === 0 || sum[0] !== bytes.readUInt32BE(at + 16) || sum[1] !== bytes.readUInt32BE(at + 20)) break;
    pending.set(page, bytes.subarray(at + frameHeaderBytes, at + frameBytes));
    if (bytes.readUInt32BE(at + 4) === 0) continue; // not the end of a transaction
    for (const [number, content] of pending) committed.set(number, content);
    pending = new Map();
  }
  return { layout: found, pages: committed };
}

/** SQLite, "Checksum Algorithm". */
function checksum(
  bytes: Buffer,
  start: number,
  end: number,
  [first, second]: readonly [number, number],
  bigEndian: boolean,
): readonly [number, number] {
  let a = first;
  let b = second;
  for (let at = start; at < end; at += 8) {
    a = (a + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}

/** A page of a table's tree; the text says what is wrong with it. */
export function parseNode(content: Buffer, page: number, { usableBytes }: PageLayout): TreeNode | string {
  const start = page === 1 ? fileHeaderBytes : 0;
  const type = content[start];
  if (type !== interiorTable && type !== leafTable) return `page ${page} of the database is no page of a table`;
  const cellCount = content.readUInt16BE(start + 3);
  const pointers = start + (type === interiorTable ? 12 : 8);
  if (pointers + cellCount * 2 > usableBytes) return `page ${page} of the database claims ${cellCount} rows`;
  const offsets = Array.from({ length: cellCount }, (_, i) => content.readUInt16BE(pointers + i * 2));
  if (offsets.some((offset) => offset < pointers || offset + 4 > usableBytes)) {
    return `a row of page ${page} of the database lies outside it`;
  }
  if (type === interiorTable) {
    const children = offsets.map((offset) => content.readUInt32BE(offset));
    return { kind: 'interior', children: [...children, content.readUInt32BE(start + 8)] };
  }
  const cells: Cell[] = [];
  for (const offset of offsets) {
    const cell = parseCell(content.subarray(0, usableBytes), offset, usableBytes);
    if (cell === undefined) return `a row of page ${page} of the database lies outside it`;
    cells.push(cell);
  }
  return { kind: 'leaf', cells };
}

/** A row in a leaf: size, row id, the beginning of the record, and where it goes on. SQLite, "B-tree Cell Format". */
function parseCell(content: Buffer, offset: number, usable: number): Cell | undefined {
  const size = varint(content, offset);
  if (size === undefined) return undefined;
  const rowId = varint(content, size.end);
  if (rowId === undefined) return undefined;
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const spread = least + ((size.value - least) % (usable - 4));
  const localBytes = size.value <= most ? size.value : spread <= most ? spread : least;
  const end = rowId.end + localBytes;
  const overflows = localBytes < size.value;
  if (end + (overflows ? 4 : 0) > content.length) return undefined;
  return {
    rowId: rowId.value,
    size: size.value,
    local: content.subarray(rowId.end, end),
    overflow: overflows ? content.readUInt32BE(end) : 0,
  };
}

/** SQLite, "Varint". Values beyond 2^53 lose their last digits: no size or number here is genuine then. */
function varint(content: Buffer, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = content[start + i];
    if (byte === undefined) return undefined;
    if (i === 8) return { value: value * 256 + byte, end: start + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  return undefined;
}

/** Visits the leaves of a tree from left to right; a page that comes again, or too deep, is a problem and is passed over. */
export function* leavesOf(
  root: number,
  node: (page: number) => TreeNode | string,
): Generator<{ readonly page: number; readonly cells: readonly Cell[] } | string, void, undefined> {
  const pending = [{ page: root, depth: 0 }];
  const seen = new Set<number>();
  let childrenLeft = maxChildren;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { page, depth } = next;
    if (seen.has(page) || depth > maxDepth) {
      yield `page ${page} of the database comes up twice`;
      continue;
    }
    seen.add(page);
    const found = node(page);
    if (typeof found === 'string') yield found;
    else if (found.kind === 'leaf') yield { page, cells: found.cells };
    else {
      childrenLeft -= found.children.length;
      if (childrenLeft < 0) return yield 'the tree of the database has too many pages';
      for (const child of found.children.toReversed()) pending.push({ page: child, depth: depth + 1 });
    }
  }
}

/** The whole record of a row. `seen` has the overflow pages read before: each belongs to one row alone. */
export function payloadOf(
  cell: Cell,
  pages: PageSource,
  { usableBytes }: PageLayout,
  maxBytes: number,
  seen: Set<number>,
): Blob {
  if (cell.size > maxBytes) return `row ${cell.rowId} claims ${cell.size} bytes, more than the database has`;
  const parts = [cell.local];
  let collected = cell.local.length;
  for (let page = cell.overflow; collected < cell.size;) {
    const content = pages(page);
    if (content === undefined) return `row ${cell.rowId} goes on in page ${page}, which is not there`;
    if (seen.has(page)) return `row ${cell.rowId} goes on in page ${page}, which was read before`;
    seen.add(page);
    const part = content.subarray(4, Math.min(usableBytes, 4 + cell.size - collected));
    parts.push(part);
    collected += part.length;
    page = content.readUInt32BE(0);
  }
  return parts.length === 1 ? cell.local : Buffer.concat(parts);
}

/** Number of the first page of a table, out of the schema in page 1. The beginning of a row is enough: its text comes last. */
export function rootOfTable(name: string, node: (page: number) => TreeNode | string): number | string | undefined {
  for (const leaf of leavesOf(1, node)) {
    if (typeof leaf === 'string') return leaf;
    for (const { local } of leaf.cells) {
      const columns = recordColumns(local, 4);
      const [type, , table, root] = columns;
      if (columns.length < 4 || type === undefined || table === undefined || root === undefined) continue;
      if (local.toString('utf8', type.start, type.end) !== 'table') continue;
      if (local.toString('utf8', table.start, table.end) !== name) continue;
      if (root.end > local.length || root.end - root.start > 6) continue;
      return root.end === root.start ? undefined : local.readUIntBE(root.start, root.end - root.start);
    }
  }
  return undefined;
}

interface Column {
  readonly start: number;
  readonly end: number;
}

/** Where the first columns of a record lie. SQLite, "Record Format". */
export function recordColumns(record: Buffer, max: number): Column[] {
  const headerSize = varint(record, 0);
  const columns: Column[] = [];
  if (headerSize === undefined) return columns;
  let start = headerSize.value;
  for (let at = headerSize.end; at < headerSize.value && columns.length < max;) {
    const type = varint(record, at);
    if (type === undefined) break;
    const end = start + columnBytes(type.value);
    columns.push({ start, end });
    start = end;
    at = type.end;
  }
  return columns;
}

const numberBytes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function columnBytes(serialType: number): number {
  return serialType >= 12 ? Math.floor((serialType - 12) / 2) : (numberBytes[serialType] ?? 0);
}
