import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { DamagedError, DatabaseUnusableError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { EpssEntry, KevEntry } from './types.ts';

const signalsVersion = 2;
const largestText = 256 * 1024 * 1024;
const mostEntries = 2_000_000;

/** CISA, "Known Exploited Vulnerabilities Catalog", JSON schema; only what is used. */
const kevSchema = z.object({
  catalogVersion: z.string().max(100).optional().catch(undefined),
  dateReleased: z.string().max(100).optional().catch(undefined),
  vulnerabilities: z.array(z.unknown()),
});

const kevEntrySchema = z.object({
  cveID: z.string().regex(/^CVE-\d{4}-\d{4,}$/),
  dateAdded: z.string().regex(/^\d{4}-\d\d-\d\d/),
  dueDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d/)
    .optional()
    .catch(undefined),
  knownRansomwareCampaignUse: z.string().optional().catch(undefined),
});

interface Figures {
  readonly entries: number;
  readonly date: string;
  /** Version of the model; another one shifts all scores. */
  readonly model?: string;
}

export interface SignalsSummary {
  readonly kev?: Figures;
  readonly epss?: Figures;
}

/**
 * Writes the file of exploit signals from the KEV catalogue (JSON text) and the EPSS scores (gzip'd CSV). What is not given
 * is taken over from `earlier`, the file in force, when there is one. Meant for a worker thread. Throws DamagedError for
 * texts of another form; the file is then removed.
 */
export function writeSignalsFile(
  file: string,
  kevText: string | undefined,
  epssGzip: Uint8Array | undefined,
  earlier?: string,
): SignalsSummary {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
      CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT NOT NULL, due TEXT, ransomware INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE epss (cve TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
      CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    `);
    if (earlier !== undefined && existsSync(earlier)) takeOver(database, earlier, kevText, epssGzip);
    database.exec('BEGIN');
    if (kevText !== undefined) writeKev(database, kevText);
    if (epssGzip !== undefined) writeEpss(database, epssGzip);
    database.exec(`COMMIT; PRAGMA user_version = ${signalsVersion};`);
    return summaryOf(database);
  } catch (error) {
    database.close();
    rmSync(file, { force: true });
    throw error;
  } finally {
    if (database.isOpen) database.close();
  }
}

/** Copies what no new text replaces. A file that cannot be read gives nothing. */
function takeOver(
  database: DatabaseSync,
  earlier: string,
  kevText: string | undefined,
  epssGzip: Uint8Array | undefined,
): void {
  database.prepare('ATTACH DATABASE ? AS earlier').run(earlier);
  try {
    const version = Number(database.prepare('PRAGMA earlier.user_version').get()?.['user_version']);
    if (version !== signalsVersion) return;
    for (const [table, isReplaced] of [
      ['kev', kevText !== undefined],
      ['epss', epssGzip !== undefined],
    ] as const) {
      if (isReplaced) continue;
      database.exec(`
        INSERT OR REPLACE INTO ${table} SELECT * FROM earlier.${table};
        INSERT OR REPLACE INTO facts SELECT * FROM earlier.facts WHERE name LIKE '${table}%';
      `);
    }
  } catch {
    database.exec('DELETE FROM kev; DELETE FROM epss; DELETE FROM facts;'); // damaged: it is as if there were none
  } finally {
    database.exec('DETACH DATABASE earlier');
  }
}

function summaryOf(database: DatabaseSync): SignalsSummary {
  const fact = (name: string): string | undefined => {
    const row = database.prepare('SELECT value FROM facts WHERE name = ?').get(name);
    return row === undefined ? undefined : String(row['value']);
  };
  const figures = (table: 'kev' | 'epss'): Figures | undefined => {
    const date = fact(`${table}Date`);
    if (date === undefined) return undefined;
    const model = fact(`${table}Model`) ?? '';
    const entries = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return { entries, date, ...(model === '' ? {} : { model }) };
  };
  const kev = figures('kev');
  const epss = figures('epss');
  return { ...(kev === undefined ? {} : { kev }), ...(epss === undefined ? {} : { epss }) };
}

function writeKev(database: DatabaseSync, text: string): void {
  const parsed = kevSchema.safeParse(parseJson(text, 'the KEV catalogue'));
  const entries = parsed.success
    ? parsed.data.vulnerabilities.slice(0, mostEntries).flatMap((each) => kevEntrySchema.safeParse(each).data ?? [])
    : [];
  if (!parsed.success || (entries.length === 0 && parsed.data.vulnerabilities.length > 0))
    throw new DamagedError('Cannot read the KEV catalogue: it has another form', 'Download it again.');
  const put = database.prepare('INSERT OR REPLACE INTO kev (cve, added, due, ransomware) VALUES (?, ?, ?, ?)');
  for (const { cveID, dateAdded, dueDate, knownRansomwareCampaignUse } of entries) {
    const isRansomware = knownRansomwareCampaignUse?.toLowerCase() === 'known';
    put.run(cveID, dateAdded.slice(0, 10), dueDate?.slice(0, 10) ?? null, isRansomware ? 1 : 0);
  }
  const date = parsed.data.dateReleased ?? parsed.data.catalogVersion ?? '';
  database.prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)').run('kevDate', date);
}

/** FIRST, "EPSS data": comment lines `#model_version:…,score_date:…`, a head line, then `cve,epss,percentile`. */
function writeEpss(database: DatabaseSync, gzip: Uint8Array): void {
  let text: string;
  try {
    text = gunzipSync(gzip, { maxOutputLength: largestText }).toString('latin1');
  } catch (cause) {
    throw new DamagedError('Cannot read the EPSS scores: the file is damaged', 'Download it again.', { cause });
  }
  const put = database.prepare('INSERT OR REPLACE INTO epss (cve, probability, percentile) VALUES (?, ?, ?)');
  let date = '';
  let model = '';
  let entries = 0;
  let at = 0;
  while (at < text.length && entries < mostEntries) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, Math.min(end, at + 300));
    at = end + 1;
    if (line.startsWith('#')) {
      date = /score_date:([^,\s]+)/.exec(line)?.[1] ?? date;
      model = /model_version:([^,\s]+)/.exec(line)?.[1] ?? model;
      continue;
    }
    const found = /^(CVE-\d{4}-\d{4,}),([\d.eE+-]+),([\d.eE+-]+)\s*$/.exec(line);
    if (found === null) continue;
    const p = Number(found[2]);
    const q = Number(found[3]);
    if (!(p >= 0 && p <= 1) || !(q >= 0 && q <= 1)) continue;
    put.run(found[1] ?? '', p, q);
    entries++;
  }
  if (entries === 0) throw new DamagedError('Cannot read the EPSS scores: no score was found', 'Download it again.');
  const putFact = database.prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)');
  putFact.run('epssDate', date);
  putFact.run('epssModel', model);
}

/** The finished file, open for reading. */
export class Signals {
  readonly #database: DatabaseSync;
  /** Some thousands of entries at most, asked for with every finding. */
  readonly #kev = new Map<string, KevEntry>();
  readonly #epss;
  readonly #epssDate: string;

  /** Throws DatabaseUnusableError. */
  constructor(file: string) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file, { readOnly: true });
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== signalsVersion) throw new RangeError(`version ${version}`);
      for (const row of database.prepare('SELECT cve, added, due, ransomware FROM kev').iterate()) {
        this.#kev.set(String(row['cve']), {
          dateAdded: String(row['added']),
          ransomware: Number(row['ransomware']) === 1,
          ...(typeof row['due'] === 'string' ? { dueDate: row['due'] } : {}),
        });
      }
      this.#epss = database.prepare('SELECT probability, percentile FROM epss WHERE cve = ?');
      const date = database.prepare(`SELECT value FROM facts WHERE name = 'epssDate'`).get();
      this.#epssDate = date === undefined ? '' : String(date['value']);
      this.#database = database;
    } catch (cause) {
      database?.close();
      throw unusable(cause);
    }
  }

  kev(cve: string): KevEntry | undefined {
    return this.#kev.get(cve);
  }

  /** Throws DatabaseUnusableError. */
  epss(cve: string): EpssEntry | undefined {
    let row: Record<string, unknown> | undefined;
    try {
      row = this.#epss.get(cve);
    } catch (cause) {
      throw unusable(cause);
    }
    if (row === undefined) return undefined;
    return { probability: Number(row['probability']), percentile: Number(row['percentile']), date: this.#epssDate };
  }

  close(): void {
    this.#database.close();
  }
}

function unusable(cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError('Cannot use the stored exploit signals', 'Update the vulnerability data.', {
    cause,
  });
}
