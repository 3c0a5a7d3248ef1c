import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { isEngineError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import { isHashDatabase, readHash, type Blob } from './hash.ts';
import { readHeader, type FileInterest, type RpmRecord } from './header.ts';
import { isNdb, readNdb } from './ndb.ts';
import {
  isSqlite,
  layoutOf,
  leavesOf,
  pagesOf,
  parseNode,
  payloadOf,
  readLog,
  recordColumns,
  rootOfTable,
  type Cell,
  type LogPages,
  type TreeNode,
} from './sqlite.ts';

/** What an rpm database says. */
export interface RpmList {
  readonly records: readonly RpmRecord[];
  readonly problems: readonly string[];
}

/** First member of the form that is kept of a database; no database begins like it. */
const keptMark = '{"rpmList":1';
const maxProblems = 50;
/** Rows of a database, packages or not; the largest known have ten thousand packages. */
const maxRows = 100_000;
/** Characters of file names that are looked at, all together: twice what the largest databases have. */
const maxNameChars = 64 * 1024 * 1024;

const recordShape = z.object({
  name: z.string(),
  version: z.string(),
  architecture: z.string().exactOptional(),
  source: z.object({ name: z.string(), version: z.string() }).exactOptional(),
  modularity: z.string().exactOptional(),
  ofDistribution: z.boolean().exactOptional(),
  thirdParty: z.boolean().exactOptional(),
  files: z.array(z.string()).exactOptional(),
});

/**
 * The tree of the package table, so that pages of a write-ahead log, which may come in another layer, can be put over it:
 * children of interior pages; of leaves row id, first overflow page and index of the record (-1: it could not be read).
 */
const treeShape = z.object({
  reservedBytes: z.number(),
  root: z.number().exactOptional(),
  interior: z.record(z.string(), z.array(z.number())),
  leaves: z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.number()]))),
});

const keptShape = z.object({
  rpmList: z.literal(1),
  records: z.array(recordShape),
  problems: z.array(z.string()),
  tree: treeShape.exactOptional(),
});

type KeptTree = z.infer<typeof treeShape>;

interface KeptList extends RpmList {
  readonly rpmList: 1;
  readonly tree?: KeptTree;
}

/**
 * What is kept of a database file in place of its bytes: its packages with the files of interest, which is some percent of
 * them. The name of a file tells nothing: its first bytes do. Yields to the event loop. What cannot be read is a problem of
 * the list.
 */
export async function reduceDatabase(bytes: Uint8Array, isOfInterest: FileInterest): Promise<Uint8Array> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === 0) return buffer; // another back end's: rpm makes it and never uses it
  const turns = new TurnTaker();
  const steps = listSteps(buffer, isOfInterest);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await turns.pause();
  return Buffer.from(JSON.stringify(step.value), 'utf8');
}

/**
 * The packages of a database, in its own form or in the kept one, with the transactions of its write-ahead log on top.
 * Throws DamagedError when the kept form is not as it was written.
 */
export function readDatabase(bytes: Uint8Array, log: Uint8Array | undefined, isOfInterest: FileInterest): RpmList {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = keptOf(buffer) ?? readRaw(buffer, isOfInterest);
  if (log === undefined || log.length === 0 || (kept.tree === undefined && buffer.length > 0)) return kept;
  const logPages = readLog(Buffer.from(log.buffer, log.byteOffset, log.byteLength), kept.tree?.reservedBytes ?? 0);
  if (typeof logPages === 'string') return { ...kept, problems: [...kept.problems, logPages] };
  return logPages.pages.size === 0 ? kept : withLog(kept, logPages, isOfInterest);
}

function keptOf(buffer: Buffer): KeptList | undefined {
  if (buffer.toString('latin1', 0, keptMark.length) !== keptMark) return undefined;
  try {
    const parsed = keptShape.safeParse(parseJson(decodeText(buffer), 'package list', { maxChars: 512 * 1024 * 1024 }));
    return parsed.success ? parsed.data : { rpmList: 1, records: [], problems: ['its package list is damaged'] };
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return { rpmList: 1, records: [], problems: ['its package list is damaged'] };
  }
}

/** The whole list at once. */
function readRaw(buffer: Buffer, isOfInterest: FileInterest): KeptList {
  const steps = listSteps(buffer, isOfInterest);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Reads a database in its own form, package by package. */
function* listSteps(buffer: Buffer, isOfInterest: FileInterest): Generator<void, KeptList, void> {
  if (buffer.length === 0) return { rpmList: 1, records: [], problems: [] };
  if (isSqlite(buffer)) return yield* sqliteSteps(buffer, isOfInterest);
  const book = new Book(isOfInterest, buffer.length);
  if (isHashDatabase(buffer)) {
    for (const blob of readHash(buffer)) {
      if (book.isFull()) break;
      // The counter of packages lies among them: four bytes.
      if (typeof blob === 'string' || blob.length >= 16) book.add(blob);
      yield;
    }
  } else if (isNdb(buffer)) {
    for (const blob of readNdb(buffer)) {
      if (book.isFull()) break;
      book.add(blob);
      yield;
    }
  } else book.problem('it is no package database of a known format');
  return { rpmList: 1, records: book.records, problems: book.problems() };
}

/** Collects records and, up to a number, problems. `maxBytes` is the size of the file: what lies in it apart is no longer. */
class Book {
  readonly records: RpmRecord[] = [];
  readonly #problems: string[] = [];
  #problemCount = 0;
  readonly #isOfInterest: FileInterest;
  #nameCharsLeft = maxNameChars;
  #rowsLeft = maxRows;
  #bytesLeft: number;

  constructor(isOfInterest: FileInterest, maxBytes: number) {
    this.#bytesLeft = maxBytes;
    this.#isOfInterest = (path) => {
      if (this.#nameCharsLeft < 0) return false;
      this.#nameCharsLeft -= path.length;
      if (this.#nameCharsLeft < 0) this.problem('its packages claim more files than are looked at');
      return isOfInterest(path);
    };
  }

  /** True when no more is read, which is a problem then. */
  isFull(): boolean {
    return this.#rowsLeft < 0 || this.#bytesLeft < 0;
  }

  /** Index of the record; -1 when there is none. */
  add(blob: Blob): number {
    if (this.isFull()) return -1;
    this.#rowsLeft--;
    if (typeof blob !== 'string') this.#bytesLeft -= blob.length;
    if (this.isFull()) {
      this.problem(this.#rowsLeft < 0 ? `it has more than ${maxRows} rows` : 'its packages overlap');
      return -1;
    }
    const record =
      typeof blob === 'string' ? blob : readHeader(blob, this.#nameCharsLeft < 0 ? undefined : this.#isOfInterest);
    if (record === undefined) return -1;
    if (typeof record === 'string') {
      this.problem(record);
      return -1;
    }
    return this.records.push(record) - 1;
  }

  problem(reason: string): void {
    if (++this.#problemCount <= maxProblems) this.#problems.push(reason);
  }

  problems(): string[] {
    const more = this.#problemCount - this.#problems.length;
    return more > 0 ? [...this.#problems, `${more} more problems of this database are not listed`] : this.#problems;
  }
}

const packagesTable = 'Packages';

function* sqliteSteps(buffer: Buffer, isOfInterest: FileInterest): Generator<void, KeptList, void> {
  const book = new Book(isOfInterest, buffer.length);
  const reservedBytes = buffer[20] ?? 0;
  const tree: KeptTree = { reservedBytes, interior: {}, leaves: {} };
  const layout = layoutOf(buffer);
  if (typeof layout === 'string') return { rpmList: 1, records: [], problems: [layout], tree };
  const pages = pagesOf(buffer, layout);
  const node = (page: number): TreeNode | string => {
    const content = pages(page);
    return content === undefined
      ? `the database leads to page ${page}, which is not there`
      : parseNode(content, page, layout);
  };
  const root = rootOfTable(packagesTable, node);
  if (typeof root === 'string') book.problem(root);
  else if (root !== undefined) {
    tree.root = root;
    const seen = new Set<number>();
    const noting = (page: number): TreeNode | string => {
      const found = node(page);
      if (typeof found !== 'string' && found.kind === 'interior') tree.interior[page] = [...found.children];
      return found;
    };
    for (const leaf of leavesOf(root, noting)) {
      if (book.isFull()) break;
      if (typeof leaf === 'string') book.problem(leaf);
      else {
        const known: [number, number, number][] = [];
        tree.leaves[leaf.page] = known;
        for (const cell of leaf.cells) {
          if (book.isFull()) break;
          const index = book.add(blobOf(payloadOf(cell, pages, layout, buffer.length, seen)));
          known.push([cell.rowId, cell.overflow, index]);
          yield;
        }
      }
    }
  } else if (buffer.length > layout.pageSize) book.problem('the database has no table of packages');
  return { rpmList: 1, records: book.records, problems: book.problems(), tree };
}

/** The second column of a row is the header of the package. */
function blobOf(record: Blob): Blob {
  if (typeof record === 'string') return record;
  const blob = recordColumns(record, 2)[1];
  if (blob === undefined || blob.end > record.length) return 'a row of the database is damaged';
  return record.subarray(blob.start, blob.end);
}

/** Pages of the log count in place of those of the file; rows whose overflow pages did not change are known already. */
function withLog(kept: KeptList, log: LogPages, isOfInterest: FileInterest): RpmList {
  const book = new Book(isOfInterest, log.pages.size * log.layout.pageSize);
  for (const problem of kept.problems) book.problem(problem);
  const tree: KeptTree = kept.tree ?? { reservedBytes: 0, interior: {}, leaves: {} };
  const { layout, pages } = log;
  const known = new Map<string, number>();
  const knownByPage = new Map<number, readonly KnownCell[]>();
  for (const [page, cells] of Object.entries(tree.leaves)) {
    for (const [rowId, overflow, index] of cells) if (overflow !== 0) known.set(`${rowId} ${overflow}`, index);
    knownByPage.set(
      Number(page),
      cells.map(([rowId, overflow, index]) => ({ rowId, overflow, size: 0, local: Buffer.alloc(0), index })),
    );
  }
  const node = (page: number): TreeNode | string => {
    const content = pages.get(page);
    if (content !== undefined) return parseNode(content, page, layout);
    const children = tree.interior[page];
    if (children !== undefined) return { kind: 'interior', children };
    const cells = knownByPage.get(page);
    return cells === undefined ? `the database leads to page ${page}, which is not there` : { kind: 'leaf', cells };
  };
  const root = rootWithLog(tree.root, log, node);
  if (typeof root !== 'number') {
    return { records: kept.records, problems: [...kept.problems, root ?? 'the database has no table of packages'] };
  }
  const records: RpmRecord[] = [];
  const seen = new Set<number>();
  const maxBytes = pages.size * layout.pageSize;
  const take = (index: number | undefined): void => {
    const record = kept.records[index ?? -1];
    if (record !== undefined) records.push(record);
  };
  const addCell = (cell: Cell): void => {
    const unchanged = pages.has(cell.overflow) ? undefined : known.get(`${cell.rowId} ${cell.overflow}`);
    if (unchanged !== undefined) {
      take(unchanged);
      return;
    }
    const index = book.add(blobOf(payloadOf(cell, (page) => pages.get(page), layout, maxBytes, seen)));
    const record = book.records[index];
    if (record !== undefined) records.push(record);
  };
  for (const leaf of leavesOf(root, node)) {
    if (typeof leaf === 'string') book.problem(leaf);
    else if (pages.has(leaf.page)) leaf.cells.forEach(addCell);
    else for (const cell of knownByPage.get(leaf.page) ?? []) take(cell.index);
  }
  return { records, problems: book.problems() };
}

interface KnownCell extends Cell {
  readonly index: number;
}

/** The schema is in the log when the log made the table; else the root is where it was. */
function rootWithLog(
  root: number | undefined,
  log: LogPages,
  node: (page: number) => TreeNode | string,
): number | string | undefined {
  if (!log.pages.has(1)) return root;
  const found = rootOfTable(packagesTable, node);
  return typeof found === 'number' ? found : (root ?? found);
}
