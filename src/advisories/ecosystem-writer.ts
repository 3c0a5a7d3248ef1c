import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { compareText } from '../core/order.ts';
import type { DumpRecord } from './dump.ts';
import { encodeEntry } from './entries.ts';
import { readRecord } from './osv.ts';

/** Raised when the stored form changes; files of another version are made again from the dump. */
export const fileVersion = 2;

export interface ImportSummary {
  readonly ecosystem: string;
  readonly records: number;
  readonly withdrawn: number;
  readonly problems: number;
  /** First few problems, for the log. */
  readonly examples: readonly string[];
  readonly newestModified?: string;
}

/** Slices of the write transaction; one commit at the end would hold all pages in memory. */
const slice = 5_000;
/** Entries are gathered by package and written in one row; beyond this size, estimated, what is there is written. */
const mostGathered = 24 * 1024 * 1024;
const entryOverhead = 48;
const packageOverhead = 200;

/**
 * Writes the SQLite file of one ecosystem from the records of its dump. The file is complete when this returns; it is
 * removed when this throws. Meant for a worker thread.
 */
export async function writeEcosystemFile(
  file: string,
  ecosystem: string,
  records: AsyncIterable<readonly DumpRecord[]>,
  signal: AbortSignal,
): Promise<ImportSummary> {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    // Nobody reads the file before it is whole, so neither journal nor syncing is needed until the end.
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16000;
      CREATE TABLE records (id INTEGER PRIMARY KEY, osv TEXT NOT NULL, head TEXT NOT NULL);
      CREATE TABLE packages (
        name TEXT NOT NULL, suffix TEXT NOT NULL, part INTEGER NOT NULL, entries TEXT NOT NULL,
        PRIMARY KEY (name, suffix, part)
      ) WITHOUT ROWID;
      CREATE TABLE withdrawn (osv TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE suffixes (suffix TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    `);
    const summary = await fill(database, ecosystem, records, signal);
    // The version comes last: a file without it is half-written.
    database.exec(`CREATE INDEX records_by_osv ON records (osv); PRAGMA user_version = ${fileVersion};`);
    return summary;
  } catch (error) {
    database.close();
    rmSync(file, { force: true });
    throw error;
  } finally {
    if (database.isOpen) database.close();
  }
}

async function fill(
  database: DatabaseSync,
  ecosystem: string,
  records: AsyncIterable<readonly DumpRecord[]>,
  signal: AbortSignal,
): Promise<ImportSummary> {
  const putRecord = database.prepare('INSERT INTO records (id, osv, head) VALUES (?, ?, ?)');
  const putWithdrawn = database.prepare('INSERT OR IGNORE INTO withdrawn (osv) VALUES (?)');
  const packages = new PackageGatherer(
    database.prepare('INSERT INTO packages (name, suffix, part, entries) VALUES (?, ?, ?, ?)'),
  );
  const examples: string[] = [];
  let count = 0;
  let withdrawn = 0;
  let problems = 0;
  let newest: string | undefined;
  const complain = (name: string, reason: string): void => {
    problems++;
    if (examples.length < 5) examples.push(`${name}: ${reason}`);
  };
  database.exec('BEGIN');
  for await (const batch of records) {
    signal.throwIfAborted();
    for (const item of batch) {
      if ('problem' in item) {
        complain(item.name, item.problem);
        continue;
      }
      let json: unknown;
      try {
        json = JSON.parse(item.text);
      } catch {
        complain(item.name, 'not valid JSON');
        continue;
      }
      const record = readRecord(json, ecosystem);
      if (record === undefined) {
        complain(item.name, 'not an OSV record');
        continue;
      }
      if (record.cut !== undefined) complain(item.name, record.cut);
      const { id, modified } = record.head;
      if (modified !== undefined && (newest === undefined || modified > newest)) newest = modified;
      if (record.withdrawn) {
        withdrawn++;
        putWithdrawn.run(id);
        continue;
      }
      if (record.rows.length === 0) continue;
      count++;
      putRecord.run(count, id, JSON.stringify(record.head));
      for (const { name, suffix, affected } of record.rows) packages.add(name, suffix, encodeEntry(count, affected));
      if (count % slice === 0) database.exec('COMMIT; BEGIN');
    }
  }
  packages.write();
  const putSuffix = database.prepare('INSERT INTO suffixes (suffix, entries) VALUES (?, ?)');
  for (const [suffix, entries] of packages.suffixes) putSuffix.run(suffix, entries);
  const putFact = database.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
  putFact.run('ecosystem', ecosystem);
  putFact.run('records', String(count));
  if (newest !== undefined) putFact.run('newestModified', newest);
  database.exec('COMMIT');
  return {
    ecosystem,
    records: count,
    withdrawn,
    problems,
    examples,
    ...(newest === undefined ? {} : { newestModified: newest }),
  };
}

/** Gathers the entries of each package and release, so that a look-up is one row. */
class PackageGatherer {
  readonly #put: StatementSync;
  /** By release, then by package. */
  readonly #gathered = new Map<string, Map<string, string[]>>();
  readonly suffixes = new Map<string, number>();
  #size = 0;
  #part = 0;

  constructor(put: StatementSync) {
    this.#put = put;
  }

  add(name: string, suffix: string, entry: string): void {
    let release = this.#gathered.get(suffix);
    if (release === undefined) {
      release = new Map();
      this.#gathered.set(suffix, release);
    }
    let entries = release.get(name);
    if (entries === undefined) {
      entries = [];
      release.set(name, entries);
      this.#size += packageOverhead;
    }
    // A record may say the same once for each architecture.
    if (entries.at(-1) === entry) return;
    entries.push(entry);
    this.#size += entry.length + entryOverhead;
    if (this.#size > mostGathered) this.write();
  }

  /** Rows in the order of the key: the tree then grows at its end. */
  write(): void {
    const rows: (readonly [name: string, suffix: string, entries: readonly string[]])[] = [];
    for (const [suffix, release] of this.#gathered) {
      let count = this.suffixes.get(suffix) ?? 0;
      for (const [name, entries] of release) {
        rows.push([name, suffix, entries]);
        count += entries.length;
      }
      this.suffixes.set(suffix, count);
    }
    rows.sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]));
    for (const [name, suffix, entries] of rows) this.#put.run(name, suffix, this.#part, entries.join(','));
    this.#part++;
    this.#gathered.clear();
    this.#size = 0;
  }
}
