import { copyFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { compareText } from '../core/order.ts';
import type { DumpRecord } from './dump.ts';
import { PackageGatherer } from './package-gatherer.ts';
import { type ReadRecord, readRecord } from './osv.ts';

/** Raised when the stored form changes; files of another version are made again from the dump. */
export const fileVersion = 3;

export interface ImportSummary {
  readonly ecosystem: string;
  readonly records: number;
  readonly withdrawn: number;
  readonly problems: number;
  /** First few problems, for the log. */
  readonly examples: readonly string[];
  readonly newestModified?: string;
}

/** Pairs of a binary and its source; Ubuntu has some tens of thousands. */
const mostBuilds = 500_000;
/** Slices of the write transaction; one commit at the end would hold all pages in memory. */
const slice = 5_000;
/** Larger pages than usual: rows are written once, in the order of their keys, and have a kilobyte and more. */
const schema = `
  PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA cache_size = -8000;
  CREATE TABLE records (id INTEGER PRIMARY KEY, osv TEXT NOT NULL, suffixes TEXT NOT NULL, head TEXT NOT NULL);
  CREATE TABLE packages (
    name TEXT NOT NULL, suffix TEXT NOT NULL, part INTEGER NOT NULL, list TEXT NOT NULL,
    PRIMARY KEY (name, suffix, part)
  ) WITHOUT ROWID;
  CREATE TABLE builds (name TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (name, source)) WITHOUT ROWID;
  CREATE TABLE withdrawn (osv TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE suffixes (id INTEGER PRIMARY KEY, suffix TEXT NOT NULL, records INTEGER NOT NULL);
  CREATE TABLE replaced (record INTEGER PRIMARY KEY);
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

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
  return finish(file, async (database) => {
    // Nobody reads the file before it is whole, so neither journal nor syncing is needed until the end.
    database.exec(schema);
    database.prepare('INSERT INTO facts (name, value) VALUES (?, ?)').run('ecosystem', ecosystem);
    const summary = await new Writer(database, ecosystem).fill(records, signal);
    // The version comes last: a file without it is half-written.
    database.exec(`CREATE INDEX records_by_osv ON records (osv); PRAGMA user_version = ${fileVersion};`);
    return summary;
  });
}

/**
 * Writes the file of an ecosystem anew from an earlier one and the records that have changed since. What it says then
 * is the same as if it had been written from a dump with these records; the earlier one stays as it is. The new file is
 * removed when this throws. Throws an Error of SQLite when the earlier one is damaged.
 */
export async function extendEcosystemFile(
  file: string,
  earlier: string,
  ecosystem: string,
  changed: AsyncIterable<readonly DumpRecord[]>,
  signal: AbortSignal,
): Promise<ImportSummary> {
  copyFileSync(earlier, file);
  return finish(file, async (database) => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version !== fileVersion) throw new RangeError(`version ${version}`);
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -8000;
      PRAGMA user_version = 0;
    `);
    const summary = await new Writer(database, ecosystem, true).fill(changed, signal);
    database.exec(`PRAGMA user_version = ${fileVersion};`);
    return summary;
  });
}

async function finish<T>(file: string, work: (database: DatabaseSync) => Promise<T>): Promise<T> {
  const database = new DatabaseSync(file);
  try {
    return await work(database);
  } catch (error) {
    database.close();
    rmSync(file, { force: true });
    throw error;
  } finally {
    if (database.isOpen) database.close();
  }
}

/** Puts records into a file that is made or extended. */
class Writer {
  readonly #database: DatabaseSync;
  readonly #ecosystem: string;
  /** Earlier forms of the records are there. */
  readonly #extends: boolean;
  readonly #putRecord;
  readonly #putWithdrawn;
  readonly #packages: PackageGatherer;
  readonly #suffixes = new Map<string, { readonly id: number; records: number }>();
  /** Binaries by source. */
  readonly #builds = new Map<string, Set<string>>();
  #buildCount = 0;
  readonly #examples: string[] = [];
  #nextId = 1;
  #nextSuffix = 1;
  #count = 0;
  #problems = 0;
  #withdrawn = 0;
  #newest: string | undefined;

  constructor(database: DatabaseSync, ecosystem: string, isExtension = false) {
    this.#database = database;
    this.#ecosystem = ecosystem;
    this.#extends = isExtension;
    this.#putRecord = database.prepare('INSERT INTO records (id, osv, suffixes, head) VALUES (?, ?, ?, ?)');
    this.#putWithdrawn = database.prepare('INSERT OR IGNORE INTO withdrawn (osv) VALUES (?)');
    const put = database.prepare('INSERT INTO packages (name, suffix, part, list) VALUES (?, ?, ?, ?)');
    let part = 0;
    if (isExtension) {
      this.#nextId =
        1 +
        this.#figure(
          'SELECT max((SELECT ifnull(max(id), 0) FROM records), (SELECT ifnull(max(record), 0) FROM replaced))',
        );
      part = 1 + this.#figure('SELECT ifnull(max(part), 0) FROM packages');
      for (const row of database.prepare('SELECT id, suffix, records FROM suffixes').all())
        this.#suffixes.set(String(row['suffix']), { id: Number(row['id']), records: Number(row['records']) });
      this.#nextSuffix = 1 + this.#figure('SELECT ifnull(max(id), 0) FROM suffixes');
      this.#count = this.#figure(`SELECT value FROM facts WHERE name = 'records'`);
      const newest = database.prepare(`SELECT value FROM facts WHERE name = 'newestModified'`).get();
      if (newest !== undefined) this.#newest = String(newest['value']);
    }
    this.#packages = new PackageGatherer(part, (...row) => put.run(...row));
  }

  async fill(records: AsyncIterable<readonly DumpRecord[]>, signal: AbortSignal): Promise<ImportSummary> {
    let inSlice = 0;
    this.#database.exec('BEGIN');
    for await (const batch of records) {
      signal.throwIfAborted();
      for (const item of batch) {
        this.#take(item);
        if (++inSlice < slice) continue;
        inSlice = 0;
        this.#database.exec('COMMIT; BEGIN');
      }
    }
    this.#packages.write();
    this.#finish();
    this.#database.exec('COMMIT');
    return {
      ecosystem: this.#ecosystem,
      records: this.#count,
      withdrawn: this.#withdrawn,
      problems: this.#problems,
      examples: this.#examples,
      ...(this.#newest === undefined ? {} : { newestModified: this.#newest }),
    };
  }

  #take(item: DumpRecord): void {
    if ('problem' in item) {
      this.#complain(item.name, item.problem);
      return;
    }
    let json: unknown;
    try {
      json = JSON.parse(item.text);
    } catch {
      this.#complain(item.name, 'not valid JSON');
      return;
    }
    const record = readRecord(json, this.#ecosystem);
    if (record === undefined) {
      this.#complain(item.name, 'not an OSV record');
      return;
    }
    if (record.cut !== undefined) this.#complain(item.name, record.cut);
    const { id } = record;
    const { modified } = record.head;
    if (modified !== undefined && (this.#newest === undefined || modified > this.#newest)) this.#newest = modified;
    if (this.#extends) this.#remove(id);
    if (record.withdrawn) {
      this.#withdrawn++;
      this.#putWithdrawn.run(id);
    } else if (record.rows.length > 0) this.#put(record);
  }

  #put({ id, head, rows }: ReadRecord): void {
    const number = this.#nextId++;
    const suffixes = new Set<number>();
    let last: string | undefined;
    for (const { name, suffix, what, builds } of rows) {
      this.#packages.add(name, suffix, number, what);
      if (builds !== undefined) this.#noteBuilds(name, builds);
      if (suffix === last) continue;
      last = suffix;
      let known = this.#suffixes.get(suffix);
      if (known === undefined) {
        known = { id: this.#nextSuffix++, records: 0 };
        this.#suffixes.set(suffix, known);
      }
      if (suffixes.has(known.id)) continue;
      suffixes.add(known.id);
      known.records++;
    }
    this.#putRecord.run(number, id, [...suffixes].join(','), JSON.stringify(head));
    this.#count++;
  }

  #noteBuilds(source: string, builds: readonly string[]): void {
    let known = this.#builds.get(source);
    if (known === undefined) {
      known = new Set();
      this.#builds.set(source, known);
    }
    const before = known.size;
    for (const built of builds) if (this.#buildCount < mostBuilds) known.add(built);
    this.#buildCount += known.size - before;
  }

  /** Takes an earlier form of a record away: its entries stay, and count no more. */
  #remove(osv: string): void {
    this.#database.prepare('DELETE FROM withdrawn WHERE osv = ?').run(osv);
    const rows = this.#database.prepare('SELECT id, suffixes FROM records WHERE osv = ?').all(osv);
    if (rows.length === 0) return;
    const byId = new Map([...this.#suffixes.values()].map((each) => [each.id, each]));
    for (const row of rows) {
      for (const id of String(row['suffixes']).split(',')) {
        const known = byId.get(Number(id));
        if (known !== undefined) known.records--;
      }
      this.#database.prepare('INSERT OR IGNORE INTO replaced (record) VALUES (?)').run(Number(row['id']));
      this.#database.prepare('DELETE FROM records WHERE id = ?').run(Number(row['id']));
      this.#count--;
    }
  }

  #finish(): void {
    const putBuild = this.#database.prepare('INSERT OR IGNORE INTO builds (name, source) VALUES (?, ?)');
    const pairs = [...this.#builds].flatMap(([source, names]) => [...names].map((name) => [name, source] as const));
    pairs.sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]));
    for (const pair of pairs) putBuild.run(...pair);
    this.#database.exec('DELETE FROM suffixes');
    const putSuffix = this.#database.prepare('INSERT INTO suffixes (id, suffix, records) VALUES (?, ?, ?)');
    for (const [suffix, { id, records }] of this.#suffixes) if (records > 0) putSuffix.run(id, suffix, records);
    const putFact = this.#database.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)');
    putFact.run('records', String(this.#count));
    if (this.#newest !== undefined) putFact.run('newestModified', this.#newest);
  }

  #complain(name: string, reason: string): void {
    this.#problems++;
    if (this.#examples.length < 5) this.#examples.push(`${name}: ${reason}`);
  }

  #figure(query: string): number {
    const [value] = Object.values(this.#database.prepare(query).get() ?? {});
    return Number(value);
  }
}
