import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { writeFileAtomically } from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { sleep } from '../core/concurrency.ts';
import { BadInputError, DatabaseUnusableError, isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { readDump } from './dump.ts';
import { EcosystemFile } from './ecosystem-file.ts';
import { type ImportSummary, writeEcosystemFile } from './ecosystem-writer.ts';
import { checksumOf } from './file-checksum.ts';
import { isStale } from './ecosystems.ts';
import type { AdvisorySource } from './match.ts';
import { Signals, type SignalsSummary, writeSignalsFile } from './signals.ts';
import type { AdvisoryStatus } from './types.ts';

const figures = z.object({ entries: z.number(), date: z.string() });

/** A file of the library, with what tells a damaged one. */
const fileSchema = z.object({
  file: z.string().regex(/^[\w.-]+\.db$/),
  checksum: z.string(),
  updatedAt: z.string(),
});

const indexSchema = z.object({
  version: z.literal(3),
  source: z.string().optional(),
  ecosystems: z.record(
    z.string(),
    fileSchema.extend({
      records: z.number(),
      /** Records that could not be read, or only in part. */
      problems: z.number(),
      newestModified: z.string().optional(),
      etag: z.string().optional(),
    }),
  ),
  signals: fileSchema
    .extend({
      kev: figures.optional(),
      epss: figures.optional(),
    })
    .optional(),
});

type Index = z.infer<typeof indexSchema>;

const emptyIndex: Index = { version: 3, ecosystems: {} };

/** Another window changes the index within this time; an older lock is left from a crash. */
const staleLockMs = 10_000;
const lockRetryMs = 25;

/**
 * The advisories on this machine: a folder with one SQLite file an ecosystem, one of exploit signals, and `index.json`
 * that names those in force. A new file is written beside the old one and becomes valid when the index names it, so a
 * crash in between leaves the old state; what no index names is removed later. A file that cannot be opened counts as
 * absent.
 */
export class AdvisoryLibrary implements AdvisorySource {
  readonly #folder: string;
  readonly #clock: Clock;
  #index: Index = emptyIndex;
  #indexStamp = '';
  readonly #open = new Map<string, EcosystemFile | undefined>();
  #signals: Signals | undefined;
  #signalsName = '';

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.refresh();
  }

  /** Takes notice of what another window has imported. */
  refresh(): void {
    const file = path.join(this.#folder, 'index.json');
    const stat = statSync(file, { throwIfNoEntry: false });
    const stamp = stat === undefined ? '' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    if (stamp === this.#indexStamp) return;
    this.#indexStamp = stamp;
    this.#close();
    this.#index = stat === undefined ? emptyIndex : readIndex(file);
  }

  file(ecosystem: string): EcosystemFile | undefined {
    if (this.#open.has(ecosystem)) return this.#open.get(ecosystem);
    const entry = this.#index.ecosystems[ecosystem];
    const opened =
      entry === undefined ? undefined : this.#openChecked(entry, (file) => new EcosystemFile(file, ecosystem));
    this.#open.set(ecosystem, opened);
    return opened;
  }

  get signals(): Signals | undefined {
    const entry = this.#index.signals;
    if ((entry?.file ?? '') !== this.#signalsName) {
      this.#signals?.close();
      this.#signals = entry === undefined ? undefined : this.#openChecked(entry, (file) => new Signals(file));
      this.#signalsName = entry?.file ?? '';
    }
    return this.#signals;
  }

  /** A file that is not as it was written counts as absent, so that it is downloaded again. */
  #openChecked<T>({ file, checksum }: z.infer<typeof fileSchema>, open: (file: string) => T): T | undefined {
    const whole = path.join(this.#folder, file);
    try {
      if (checksumOf(whole) !== checksum) return undefined;
      return open(whole);
    } catch (error) {
      if (isEngineError(error)) return undefined;
      throw error;
    }
  }

  stale(ecosystem: string): string | undefined {
    const newest = this.#index.ecosystems[ecosystem]?.newestModified;
    return isStale(ecosystem, newest, this.#clock.now())
      ? `the newest change in the advisories of ${ecosystem} is of ${newest?.slice(0, 10) ?? 'an unknown day'}`
      : undefined;
  }

  status(): AdvisoryStatus {
    const { ecosystems, signals, source } = this.#index;
    return {
      ecosystems: Object.entries(ecosystems)
        .sort(([a], [b]) => compareText(a, b))
        .map(([ecosystem, entry]) => ({
          ecosystem,
          records: entry.records,
          updatedAt: entry.updatedAt,
          problems: entry.problems,
          ...(entry.newestModified === undefined ? {} : { newestModified: entry.newestModified }),
          stale: isStale(ecosystem, entry.newestModified, this.#clock.now()),
        })),
      ...(signals?.kev === undefined ? {} : { kev: signals.kev }),
      ...(signals?.epss === undefined ? {} : { epss: signals.epss }),
      ...(source === undefined ? {} : { source }),
    };
  }

  /** `ETag` of the dump that an ecosystem was made from, when its file is still usable. */
  etag(ecosystem: string): string | undefined {
    return this.file(ecosystem) === undefined ? undefined : this.#index.ecosystems[ecosystem]?.etag;
  }

  /**
   * Imports the dump in `folder` (`all.zip` or `*.json`) and puts it in force. Meant for a worker thread. Throws
   * DamagedError; the old state then stays.
   */
  async importEcosystem(
    ecosystem: string,
    folder: string,
    about: { readonly source?: string; readonly etag?: string },
    signal: AbortSignal,
  ): Promise<ImportSummary> {
    mkdirSync(this.#folder, { recursive: true });
    const name = `${ecosystem.replace(/[^A-Za-z0-9]+/g, '-')}.${randomUUID()}.db`;
    const summary = await writeEcosystemFile(
      path.join(this.#folder, name),
      ecosystem,
      readDump(folder, signal),
      signal,
    );
    const checksum = checksumOf(path.join(this.#folder, name));
    await this.#change((index) => ({
      ...index,
      ...(about.source === undefined ? {} : { source: about.source }),
      ecosystems: {
        ...index.ecosystems,
        [ecosystem]: {
          file: name,
          checksum,
          records: summary.records,
          problems: summary.problems,
          updatedAt: this.#clock.now().toISOString(),
          ...(summary.newestModified === undefined ? {} : { newestModified: summary.newestModified }),
          ...(about.etag === undefined ? {} : { etag: about.etag }),
        },
      },
    }));
    return summary;
  }

  /** Says that an ecosystem's dump was looked at and has not changed. */
  async confirmEcosystem(ecosystem: string): Promise<void> {
    await this.#change((index) => {
      const entry = index.ecosystems[ecosystem];
      if (entry === undefined) return index;
      return {
        ...index,
        ecosystems: { ...index.ecosystems, [ecosystem]: { ...entry, updatedAt: this.#clock.now().toISOString() } },
      };
    });
  }

  /** Imports KEV (JSON text) and EPSS (gzip'd CSV) and puts them in force; what is not given stays as it was. */
  async importSignals(kevText: string | undefined, epssGzip: Uint8Array | undefined): Promise<SignalsSummary> {
    mkdirSync(this.#folder, { recursive: true });
    const name = `signals.${randomUUID()}.db`;
    const file = path.join(this.#folder, name);
    this.refresh();
    const earlier = this.#index.signals?.file;
    const summary = writeSignalsFile(
      file,
      kevText,
      epssGzip,
      earlier === undefined ? undefined : path.join(this.#folder, earlier),
    );
    const checksum = checksumOf(file);
    await this.#change((index) => ({
      ...index,
      signals: { file: name, checksum, updatedAt: this.#clock.now().toISOString(), ...summary },
    }));
    return summary;
  }

  /** Changes the index while no other window does. */
  async #change(edit: (index: Index) => Index): Promise<void> {
    await withLock(path.join(this.#folder, 'index.lock'), async () => {
      this.refresh();
      const next = edit(this.#index);
      await writeFileAtomically(path.join(this.#folder, 'index.json'), `${JSON.stringify(next, undefined, 1)}\n`);
      this.refresh();
    });
    this.#sweep();
  }

  /** Removes files that the index does not name and that nobody is writing: older than an hour. */
  #sweep(): void {
    const named = new Set([
      ...Object.values(this.#index.ecosystems).map((entry) => entry.file),
      this.#index.signals?.file,
    ]);
    for (const name of readdirSync(this.#folder)) {
      if (!name.endsWith('.db') || named.has(name)) continue;
      const file = path.join(this.#folder, name);
      const age = this.#clock.now().getTime() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > 3_600_000) removeUnlessInUse(file);
    }
  }

  close(): void {
    this.#close();
  }

  #close(): void {
    for (const file of this.#open.values()) file?.close();
    this.#open.clear();
    this.#signals?.close();
    this.#signals = undefined;
    this.#signalsName = '';
  }
}

function readIndex(file: string): Index {
  try {
    const parsed = indexSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : emptyIndex;
  } catch {
    return emptyIndex; // half-written by a crash of the machine: everything is downloaded again
  }
}

/** Where another process has it open, some systems refuse: the next sweep comes. */
function removeUnlessInUse(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    return;
  }
}

/** Runs `work` while the lock file is ours. Throws DatabaseUnusableError when another process keeps it. */
async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const patience = AbortSignal.timeout(2 * staleLockMs);
  for (;;) {
    try {
      await (await open(file, 'wx')).close();
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const since = await stat(file).catch(() => undefined);
    if (since !== undefined && Date.now() - since.mtimeMs > staleLockMs) await rm(file, { force: true });
    if (patience.aborted) {
      throw new DatabaseUnusableError(
        'Cannot change the stored advisories: another window does not finish',
        'Close other windows, or delete index.lock in the folder of the vulnerability data.',
      );
    }
    await sleep(lockRetryMs, new AbortController().signal);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * A library for one run, made from a folder laid out like the OSV mirror (`<Ecosystem>/all.zip` or `<Ecosystem>/*.json`,
 * KEV and EPSS beside them), or opened where the folder is a library already. `dispose` removes what was made. Throws
 * BadInputError, DamagedError.
 */
export async function openAdvisories(
  folder: string,
  clock: Clock,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly library: AdvisoryLibrary; dispose(): void }> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new BadInputError(
      `Cannot find advisories in "${folder}"`,
      'Name a folder: a database, or one laid out like the OSV mirror.',
    );
  }
  if (existsSync(path.join(folder, 'index.json'))) {
    const library = new AdvisoryLibrary(folder, clock);
    return { library, dispose: () => library.close() };
  }
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-advisories-'));
  const library = new AdvisoryLibrary(temporary, clock);
  const dispose = (): void => {
    library.close();
    rmSync(temporary, { recursive: true, force: true });
  };
  try {
    for (const ecosystem of wanted) {
      signal.throwIfAborted();
      const dump = ecosystemFolder(folder, ecosystem);
      if (existsSync(dump)) await library.importEcosystem(ecosystem, dump, {}, signal);
    }
    const kev = readIfThere(path.join(folder, 'known_exploited_vulnerabilities.json'));
    const epss = readIfThere(path.join(folder, 'epss_scores-current.csv.gz'));
    if (kev !== undefined || epss !== undefined) await library.importSignals(kev?.toString('utf8'), epss);
    return { library, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The folder of an ecosystem in a mirror. Throws BadInputError for a name that would lead elsewhere. */
export function ecosystemFolder(mirror: string, ecosystem: string): string {
  if (/^[A-Za-z][\w .-]*$/.test(ecosystem)) return path.join(mirror, ecosystem);
  throw new BadInputError(`"${ecosystem}" is no ecosystem`, 'Use an ecosystem name of OSV, such as Debian or npm.');
}

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}
