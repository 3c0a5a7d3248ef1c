import { TurnTaker } from '../../core/concurrency.ts';
import { readDatabase, reduceDatabase, type RpmList } from '../rpm/database.ts';
import type { RpmRecord } from '../rpm/header.ts';
import type { Cataloguer, Extractor, ImageFile, ImageView, Package } from '../types.ts';

/** Where rpm keeps its database, by age of the distribution; usually one is a link to another. */
const directories = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'] as const;
/** The newest back end first: rpm reads one database of a directory and leaves what others left behind. */
const names = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;
const logSuffix = '-wal';

const databasePaths: ReadonlySet<string> = new Set(
  directories.flatMap((directory) => names.map((name) => `${directory}/${name}`)),
);
const logPaths: ReadonlySet<string> = new Set([...databasePaths].map((path) => path + logSuffix));

const mebibyte = 1024 * 1024;
const nothing = (): boolean => false;

/** True for a database of rpm, whatever its format. */
export function isRpmDatabase(path: string): boolean {
  return databasePaths.has(path);
}

/** The write-ahead log that belongs to a database. */
export function logOf(database: string): string {
  return database + logSuffix;
}

/** The database of installed packages of rpm, in any of its formats. rpm 4.18, "Database back ends". */
export const rpmDatabase: Cataloguer = {
  id: 'rpm-database',
  maxFileBytes: 256 * mebibyte,
  database: true,
  wants: (path) => databasePaths.has(path) || logPaths.has(path),
  /** A tenth of a database or less is kept: it is full of indexes, and of checksums of files. A log is kept as it is. */
  extract: ({ path, size, isOfInterest = nothing }) =>
    new WholeFile(size, (bytes) => (logPaths.has(path) ? bytes : reduceDatabase(bytes, isOfInterest))),
  async *read(file, image, signal) {
    if (logPaths.has(file.path)) {
      const database = file.path.slice(0, -logSuffix.length);
      if (file.size > 0 && !image.has(database)) {
        yield { kind: 'problem', problem: { path: file.path, reason: 'the database that it belongs to is not there' } };
      }
      return;
    }
    const list = await listOf(file, image, signal);
    if (list.records.length === 0 || isLeftOver(file.path)) {
      for (const other of othersBeside(file.path, list.records.length > 0)) {
        const beside = image.file(other);
        if (beside !== undefined && (await listOf(beside, image, signal)).records.length > 0) return;
      }
    }
    const turns = new TurnTaker();
    for (const record of list.records) {
      await turns.pause();
      signal.throwIfAborted();
      yield { kind: 'package', package: toPackage(record, file.path) };
    }
    for (const reason of list.problems) yield { kind: 'problem', problem: { path: file.path, reason } };
    if (file.size === 0 && list.records.length === 0) {
      yield {
        kind: 'problem',
        problem: { path: file.path, reason: 'it is empty, and no other database is beside it' },
      };
    }
  },
};

/** Collects a file whose parts refer to each other, so that it cannot be read as it passes by. */
class WholeFile implements Extractor {
  readonly #size: number;
  readonly #finish: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  #parts: Uint8Array[] = [];

  constructor(size: number, finish: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
    this.#size = size;
    this.#finish = finish;
  }

  write(bytes: Uint8Array): boolean {
    this.#parts.push(Buffer.from(bytes)); // the caller's bytes are valid for this call alone
    return true;
  }

  end(): Uint8Array | Promise<Uint8Array> {
    const whole = Buffer.concat(this.#parts, this.#size);
    this.#parts = [];
    return this.#finish(whole);
  }
}

async function listOf(file: ImageFile, image: ImageView, signal: AbortSignal): Promise<RpmList> {
  const log = await image.file(logOf(file.path))?.bytes(signal);
  return readDatabase(await file.bytes(signal), log, nothing);
}

function isLeftOver(path: string): boolean {
  return !path.endsWith(`/${names[0]}`);
}

/** Databases of the same directory: all, or those of newer back ends. */
function othersBeside(path: string, newerOnly: boolean): string[] {
  const slash = path.lastIndexOf('/') + 1;
  const name = path.slice(slash);
  const rank = names.findIndex((one) => one === name);
  return names.filter((_, i) => (newerOnly ? i < rank : i !== rank)).map((one) => path.slice(0, slash) + one);
}

/** A record as a package that a list at a path names. */
export function toPackage(record: RpmRecord, path: string): Package {
  const { name, version, architecture, source, modularity, thirdParty } = record;
  return {
    type: 'rpm',
    name,
    version,
    ...(architecture === undefined ? {} : { architecture }),
    ...(source === undefined ? {} : { source }),
    ...(modularity === undefined ? {} : { modularity }),
    ...(thirdParty === undefined ? {} : { thirdParty }),
    path,
  };
}
