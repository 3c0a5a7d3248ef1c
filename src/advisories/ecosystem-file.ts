import { DatabaseSync } from 'node:sqlite';
import { DatabaseUnusableError } from '../core/errors.ts';
import { fileVersion } from './ecosystem-writer.ts';
import { decodeList } from './entries.ts';
import type { StoredHead } from './osv.ts';

/** What one record says of one package in one release; `what` is read with `decodeWhat`. */
export interface PackageEntry {
  readonly suffix: string;
  readonly record: number;
  readonly what: string;
}

/**
 * A finished ecosystem file, open for reading. Look-ups are prepared statements on an index. All methods throw
 * DatabaseUnusableError when the file turns out to be damaged.
 */
export class EcosystemFile {
  readonly ecosystem: string;
  /** Releases that the records name, sorted. */
  readonly suffixes: readonly string[];
  readonly #database: DatabaseSync;
  readonly #byName;
  readonly #byNameAndSuffix;
  readonly #head;
  readonly #byOsv;
  readonly #withdrawn;
  readonly #builds;
  /** Numbers of records that a later form has replaced. */
  readonly #replaced: ReadonlySet<number>;

  /** Throws DatabaseUnusableError for a file of another version, a half-written or a broken one. */
  constructor(file: string, ecosystem: string) {
    this.ecosystem = ecosystem;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file, { readOnly: true });
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== fileVersion) throw new RangeError(`version ${version}`);
      this.#byName = database.prepare('SELECT suffix, list FROM packages WHERE name = ? ORDER BY suffix, part');
      this.#byNameAndSuffix = database.prepare(
        'SELECT suffix, list FROM packages WHERE name = ? AND suffix = ? ORDER BY part',
      );
      this.#head = database.prepare('SELECT osv, head FROM records WHERE id = ?');
      this.#byOsv = database.prepare('SELECT osv, head FROM records WHERE osv = ? LIMIT 1');
      this.#withdrawn = database.prepare('SELECT 1 FROM withdrawn WHERE osv = ?');
      this.#builds = database.prepare('SELECT source FROM builds WHERE name = ? ORDER BY source LIMIT 20');
      const rows = database.prepare('SELECT suffix FROM suffixes ORDER BY suffix').all();
      this.suffixes = rows.map((row) => String(row['suffix']));
      const replaced = database.prepare('SELECT record FROM replaced').all();
      this.#replaced = new Set(replaced.map((row) => Number(row['record'])));
      this.#database = database;
    } catch (cause) {
      database?.close();
      throw unusable(ecosystem, cause);
    }
  }

  /** What is said of a package in the releases that `wanted` accepts; `only` are these releases, when they are known. */
  lookUp(name: string, wanted: (suffix: string) => boolean, only?: readonly string[]): PackageEntry[] {
    return this.#read(() => {
      const rows =
        only === undefined
          ? this.#byName.all(name).filter((row) => wanted(String(row['suffix'])))
          : only.flatMap((suffix) => this.#byNameAndSuffix.all(name, suffix));
      const out: PackageEntry[] = [];
      for (const row of rows) {
        const suffix = String(row['suffix']);
        const { records, whats } = decodeList(String(row['list']));
        for (const [index, record] of records.entries()) {
          if (!this.#replaced.has(record)) out.push({ suffix, record, what: whats[index] ?? '' });
        }
      }
      return out;
    });
  }

  /** The record that an entry names. */
  head(record: number): StoredHead {
    return this.#read(() => {
      const row = this.#head.get(record);
      if (row === undefined) throw new RangeError(`there is no record ${record}`);
      return toHead(row);
    });
  }

  /** The record with an OSV id. */
  headOf(osv: string): StoredHead | undefined {
    return this.#read(() => {
      const row = this.#byOsv.get(osv);
      return row === undefined ? undefined : toHead(row);
    });
  }

  /** True for the id of a record that its source has taken back. */
  isWithdrawn(osv: string): boolean {
    return this.#read(() => this.#withdrawn.get(osv) !== undefined);
  }

  /** Source packages that a binary package of another name is built from, as far as the records tell (Ubuntu). */
  sourcesOf(binary: string): readonly string[] {
    return this.#read(() => this.#builds.all(binary).map((row) => String(row['source'])));
  }

  knowsSuffix(wanted: (suffix: string) => boolean): boolean {
    return this.suffixes.some(wanted);
  }

  close(): void {
    this.#database.close();
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw unusable(this.ecosystem, cause);
    }
  }
}

function toHead(row: Record<string, unknown>): StoredHead {
  const head = JSON.parse(String(row['head'])) as StoredHead & { id: string }; // our own writing
  head.id = String(row['osv']);
  return head;
}

function unusable(ecosystem: string, cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError(
    `Cannot use the stored advisories of ${ecosystem}`,
    'Update the vulnerability data.',
    { cause },
  );
}
