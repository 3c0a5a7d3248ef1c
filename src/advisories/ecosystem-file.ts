import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DamagedError, DatabaseUnusableError, isEngineError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { type DumpRecord } from './dump.ts';
import { type StoredAffected, type StoredHead, readRecord } from './osv.ts';

/** Raised when the stored form changes; files of another version are made again from the dump. */
export const fileVersion = 1;

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

/**
 * Writes the SQLite file of one ecosystem from the records of its dump. The file is complete when this returns; it is
 * removed when this throws. Meant for a worker thread.
 */
export async function writeEcosystemFile(
  file: string,
  ecosystem: string,
  records: AsyncIterable<DumpRecord>,
  signal: AbortSignal,
): Promise<ImportSummary> {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    // Nobody reads the file before it is whole, so neither journal nor syncing is needed until the end.
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16000;
      CREATE TABLE records (id INTEGER PRIMARY KEY, osv TEXT NOT NULL, head TEXT NOT NULL);
      CREATE TABLE affected (name TEXT NOT NULL, suffix TEXT NOT NULL, record INTEGER NOT NULL, data TEXT NOT NULL);
      CREATE TABLE withdrawn (osv TEXT NOT NULL);
      CREATE TABLE suffixes (suffix TEXT PRIMARY KEY, rows INTEGER NOT NULL);
      CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    `);
    const summary = await fill(database, ecosystem, records, signal);
    database.exec(`
      CREATE INDEX affected_by_name ON affected (name, suffix);
      CREATE INDEX records_by_osv ON records (osv);
      ANALYZE;
      PRAGMA user_version = ${fileVersion};
    `);
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
  records: AsyncIterable<DumpRecord>,
  signal: AbortSignal,
): Promise<ImportSummary> {
  const putRecord = database.prepare('INSERT INTO records (id, osv, head) VALUES (?, ?, ?)');
  const putAffected = database.prepare('INSERT INTO affected (name, suffix, record, data) VALUES (?, ?, ?, ?)');
  const putWithdrawn = database.prepare('INSERT INTO withdrawn (osv) VALUES (?)');
  const suffixes = new Map<string, number>();
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
  for await (const item of records) {
    signal.throwIfAborted();
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
    const { modified } = record.head;
    if (modified !== undefined && (newest === undefined || modified > newest)) newest = modified;
    if (record.withdrawn) {
      withdrawn++;
      putWithdrawn.run(record.head.id);
      continue;
    }
    if (record.rows.length === 0) continue;
    count++;
    putRecord.run(count, record.head.id, JSON.stringify(record.head));
    for (const row of record.rows) {
      putAffected.run(row.name, row.suffix, count, JSON.stringify(row.affected));
      suffixes.set(row.suffix, (suffixes.get(row.suffix) ?? 0) + 1);
    }
    if (count % slice === 0) database.exec('COMMIT; BEGIN');
  }
  const putSuffix = database.prepare('INSERT INTO suffixes (suffix, rows) VALUES (?, ?)');
  for (const [suffix, rows] of suffixes) putSuffix.run(suffix, rows);
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

export interface Candidate {
  readonly head: StoredHead;
  readonly affected: StoredAffected;
  readonly suffix: string;
}

/** A finished ecosystem file, open for reading. Look-ups are prepared statements on an index. */
export class EcosystemFile {
  readonly ecosystem: string;
  readonly #database: DatabaseSync;
  readonly #byName;
  readonly #byOsv;

  /** Throws DatabaseUnusableError for a file of another version, a half-written or a broken one. */
  constructor(file: string, ecosystem: string) {
    this.ecosystem = ecosystem;
    try {
      this.#database = new DatabaseSync(file, { readOnly: true });
      const version = Number(this.#database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== fileVersion) throw new RangeError(`version ${version}`);
      this.#byName = this.#database.prepare(
        'SELECT r.head AS head, a.data AS data, a.suffix AS suffix FROM affected a JOIN records r ON r.id = a.record WHERE a.name = ?',
      );
      this.#byOsv = this.#database.prepare('SELECT head FROM records WHERE osv = ? LIMIT 1');
    } catch (cause) {
      throw new DatabaseUnusableError(
        `Cannot use the stored advisories of ${ecosystem}`,
        'Update the vulnerability data.',
        { cause },
      );
    }
  }

  /** Entries for a package, of the releases that `wanted` accepts. */
  lookUp(name: string, wanted: (suffix: string) => boolean): Candidate[] {
    const out: Candidate[] = [];
    for (const row of this.#byName.iterate(name)) {
      const suffix = String(row['suffix']);
      if (!wanted(suffix)) continue;
      out.push({
        suffix,
        head: JSON.parse(String(row['head'])) as StoredHead, // our own writing
        affected: JSON.parse(String(row['data'])) as StoredAffected,
      });
    }
    return out;
  }

  head(osv: string): StoredHead | undefined {
    const row = this.#byOsv.get(osv);
    return row === undefined ? undefined : (JSON.parse(String(row['head'])) as StoredHead);
  }

  knowsSuffix(wanted: (suffix: string) => boolean): boolean {
    for (const row of this.#database.prepare('SELECT suffix FROM suffixes').iterate()) {
      if (wanted(String(row['suffix']))) return true;
    }
    return false;
  }

  close(): void {
    this.#database.close();
  }
}

/** Reads a JSON file of the mirror whole; used for KEV. Throws DamagedError, LimitExceededError. */
export function parseBounded(text: string, what: string): unknown {
  try {
    return parseJson(text, what);
  } catch (error) {
    if (isEngineError(error)) throw error;
    throw new DamagedError(`Cannot read ${what}`, 'Download it again.', { cause: error });
  }
}
