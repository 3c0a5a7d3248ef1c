import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { DamagedError, DatabaseUnusableError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { EpssEntry, KevEntry } from './types.ts';

const signalsVersion = 1;
const largestText = 256 * 1024 * 1024;

/** CISA, "Known Exploited Vulnerabilities Catalog", JSON schema; only what is used. */
const kevSchema = z.object({
  catalogVersion: z.string().optional(),
  dateReleased: z.string().optional(),
  vulnerabilities: z
    .array(
      z.object({
        cveID: z.string(),
        dateAdded: z.string(),
        dueDate: z.string().optional(),
        knownRansomwareCampaignUse: z.string().optional(),
      }),
    )
    .max(100_000),
});

export interface SignalsSummary {
  readonly kev?: { readonly entries: number; readonly date: string };
  readonly epss?: { readonly entries: number; readonly date: string };
}

/**
 * Writes the file of exploit signals from the KEV catalogue (JSON text) and the EPSS scores (gzip'd CSV); either may be
 * absent. Meant for a worker thread. Throws DamagedError for texts of another form.
 */
export function writeSignalsFile(
  file: string,
  kevText: string | undefined,
  epssGzip: Uint8Array | undefined,
): SignalsSummary {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
      CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT NOT NULL, due TEXT, ransomware INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE epss (cve TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
      CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
      BEGIN;
    `);
    const kev = kevText === undefined ? undefined : writeKev(database, kevText);
    const epss = epssGzip === undefined ? undefined : writeEpss(database, epssGzip);
    database.exec(`COMMIT; PRAGMA user_version = ${signalsVersion};`);
    return { ...(kev === undefined ? {} : { kev }), ...(epss === undefined ? {} : { epss }) };
  } catch (error) {
    database.close();
    rmSync(file, { force: true });
    throw error;
  } finally {
    if (database.isOpen) database.close();
  }
}

function writeKev(database: DatabaseSync, text: string): { entries: number; date: string } {
  const parsed = kevSchema.safeParse(parseJson(text, 'the KEV catalogue'));
  if (!parsed.success)
    throw new DamagedError('Cannot read the KEV catalogue: it has another form', 'Download it again.');
  const put = database.prepare('INSERT OR REPLACE INTO kev (cve, added, due, ransomware) VALUES (?, ?, ?, ?)');
  for (const entry of parsed.data.vulnerabilities) {
    put.run(entry.cveID, entry.dateAdded, entry.dueDate ?? null, entry.knownRansomwareCampaignUse === 'Known' ? 1 : 0);
  }
  const date = parsed.data.dateReleased ?? parsed.data.catalogVersion ?? '';
  database.prepare('INSERT INTO facts VALUES (?, ?)').run('kevDate', date);
  return { entries: parsed.data.vulnerabilities.length, date };
}

/** FIRST, "EPSS data": comment lines `#model_version:…,score_date:…`, a head line, then `cve,epss,percentile`. */
function writeEpss(database: DatabaseSync, gzip: Uint8Array): { entries: number; date: string } {
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
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, end).trimEnd();
    at = end + 1;
    if (line.startsWith('#')) {
      date = /score_date:([^,\s]+)/.exec(line)?.[1] ?? date;
      model = /model_version:([^,\s]+)/.exec(line)?.[1] ?? model;
      continue;
    }
    if (!line.startsWith('CVE-')) continue;
    const [cve = '', probability = '', percentile = ''] = line.split(',', 3);
    const p = Number(probability);
    const q = Number(percentile);
    if (probability === '' || !(p >= 0 && p <= 1) || !(q >= 0 && q <= 1)) continue;
    put.run(cve, p, q);
    entries++;
  }
  if (entries === 0) throw new DamagedError('Cannot read the EPSS scores: no score was found', 'Download it again.');
  database.prepare('INSERT INTO facts VALUES (?, ?)').run('epssDate', date);
  database.prepare('INSERT INTO facts VALUES (?, ?)').run('epssModel', model);
  return { entries, date };
}

/** The finished file, open for reading. */
export class Signals {
  readonly #database: DatabaseSync;
  readonly #kev;
  readonly #epss;
  readonly #epssDate: string;

  /** Throws DatabaseUnusableError. */
  constructor(file: string) {
    try {
      this.#database = new DatabaseSync(file, { readOnly: true });
      const version = Number(this.#database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== signalsVersion) throw new RangeError(`version ${version}`);
      this.#kev = this.#database.prepare('SELECT added, due, ransomware FROM kev WHERE cve = ?');
      this.#epss = this.#database.prepare('SELECT probability, percentile FROM epss WHERE cve = ?');
      const date = this.#database.prepare(`SELECT value FROM facts WHERE name = 'epssDate'`).get();
      this.#epssDate = date === undefined ? '' : String(date['value']);
    } catch (cause) {
      throw new DatabaseUnusableError('Cannot use the stored exploit signals', 'Update the vulnerability data.', {
        cause,
      });
    }
  }

  kev(cve: string): KevEntry | undefined {
    const row = this.#kev.get(cve);
    if (row === undefined) return undefined;
    return {
      dateAdded: String(row['added']),
      ransomware: Number(row['ransomware']) === 1,
      ...(typeof row['due'] === 'string' ? { dueDate: row['due'] } : {}),
    };
  }

  epss(cve: string): EpssEntry | undefined {
    const row = this.#epss.get(cve);
    if (row === undefined) return undefined;
    return { probability: Number(row['probability']), percentile: Number(row['percentile']), date: this.#epssDate };
  }

  close(): void {
    this.#database.close();
  }
}
