import { DatabaseSync } from 'node:sqlite';
import { DatabaseUnusableError } from '../core/errors.ts';
import { fileVersion } from './ecosystem-writer.ts';
import { type StoredEntry, decodeEntries } from './entries.ts';
import type { StoredHead } from './osv.ts';

/** What the records say of one package in one release. */
export interface PackageEntries {
  readonly suffix: string;
  readonly entries: readonly StoredEntry[];
}

/**
 * A finished ecosystem file, open for reading. Look-ups are prepared statements on an index. All methods throw
 * DatabaseUnusableError when the file turns out to be damaged.
 */
export class EcosystemFile {
  readonly ecosystem: string;
  readonly #database: DatabaseSync;
  readonly #byName;
  readonly #byNameAndSuffix;
  readonly #head;
  readonly #byOsv;
  readonly #suffixes: readonly string[];

  /** Throws DatabaseUnusableError for a file of another version, a half-written or a broken one. */
  constructor(file: string, ecosystem: string) {
    this.ecosystem = ecosystem;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(file, { readOnly: true });
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== fileVersion) throw new RangeError(`version ${version}`);
      this.#byName = database.prepare('SELECT suffix, entries FROM packages WHERE name = ? ORDER BY suffix, part');
      this.#byNameAndSuffix = database.prepare(
        'SELECT suffix, entries FROM packages WHERE name = ? AND suffix = ? ORDER BY part',
      );
      this.#head = database.prepare('SELECT head FROM records WHERE id = ?');
      this.#byOsv = database.prepare('SELECT head FROM records WHERE osv = ? LIMIT 1');
      const rows = database.prepare('SELECT suffix FROM suffixes ORDER BY suffix').all();
      this.#suffixes = rows.map((row) => String(row['suffix']));
      this.#database = database;
    } catch (cause) {
      database?.close();
      throw unusable(ecosystem, cause);
    }
  }

  /** What is said of a package in the releases that `wanted` accepts; `only` is the one release, when there is but one. */
  lookUp(name: string, wanted: (suffix: string) => boolean, only?: string): PackageEntries[] {
    return this.#read(() => {
      const rows = only === undefined ? this.#byName.all(name) : this.#byNameAndSuffix.all(name, only);
      return rows.flatMap((row) => {
        const suffix = String(row['suffix']);
        return wanted(suffix) ? [{ suffix, entries: decodeEntries(String(row['entries'])) }] : [];
      });
    });
  }

  /** The record that an entry names. */
  head(record: number): StoredHead {
    return this.#read(() => {
      const row = this.#head.get(record);
      if (row === undefined) throw new RangeError(`there is no record ${record}`);
      return JSON.parse(String(row['head'])) as StoredHead; // our own writing
    });
  }

  /** The record with an OSV id. */
  headOf(osv: string): StoredHead | undefined {
    return this.#read(() => {
      const row = this.#byOsv.get(osv);
      return row === undefined ? undefined : (JSON.parse(String(row['head'])) as StoredHead); // our own writing
    });
  }

  knowsSuffix(wanted: (suffix: string) => boolean): boolean {
    return this.#suffixes.some(wanted);
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

function unusable(ecosystem: string, cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError(
    `Cannot use the stored advisories of ${ecosystem}`,
    'Update the vulnerability data.',
    { cause },
  );
}
