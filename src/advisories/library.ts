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
import { type ImportSummary, extendEcosystemFile, writeEcosystemFile } from './ecosystem-writer.ts';
import { checksumOf } from './file-checksum.ts';
import { isStale } from './ecosystems.ts';
import type { AdvisorySource } from './match.ts';
import { Signals, type SignalsSummary, writeSignalsFile } from './signals.ts';
import type { AdvisoryStatus } from './types.ts';

const figures = z.object({ entries: z.number(), date: z.string(), model: z.string().exactOptional() });

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
      /** Where it came from; another source is imported whole. */
      source: z.string().optional(),
      /** `ETag` of the whole dump, and of the list of changes. */
      etag: z.string().optional(),
      listEtag: z.string().optional(),
      /** When the whole dump was last looked at. */
      wholeAt: z.string(),
    }),
  ),
  signals: fileSchema
    .extend({
      kev: figures.optional(),
      epss: figures.optional(),
      kevEtag: z.string().optional(),
      epssEtag: z.string().optional(),
    })
    .optional(),
});

type Index = z.infer<typeof indexSchema>;

const emptyIndex: Index = { version: 3, ecosystems: {} };

/** A download of our own that is older is told; sources move on. */
const oldAfterDays = 14;

/** What is known of the stored advisories of an ecosystem, to ask its source for what is newer. */
export interface StoredState {
  readonly source?: string;
  readonly etag?: string;
  readonly listEtag?: string;
  /** ISO times: the source was last asked, its whole dump was last looked at, newest change among the records. */
  readonly updatedAt: string;
  readonly wholeAt: string;
  readonly newestModified?: string;
}

/** What a source said of a dump or of a list of changes. */
export interface SourceFacts {
  readonly source?: string;
  readonly etag?: string;
  readonly listEtag?: string;
}

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
    const entry = this.#index.ecosystems[ecosystem];
    const now = this.#clock.now();
    if (isStale(ecosystem, entry?.newestModified, now))
      return `the newest change in the advisories of ${ecosystem} is of ${entry?.newestModified?.slice(0, 10) ?? 'an unknown day'}`;
    const days = entry === undefined ? 0 : Math.floor((now.getTime() - Date.parse(entry.updatedAt)) / 86_400_000);
    return days >= oldAfterDays ? `the advisories of ${ecosystem} were brought up to date ${days} days ago` : undefined;
  }

  #staleness(ecosystem: string): { readonly stale: boolean; readonly reason?: string } {
    const reason = this.stale(ecosystem);
    return reason === undefined ? { stale: false } : { stale: true, reason };
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
          ...this.#staleness(ecosystem),
          ...(entry.source === undefined ? {} : { source: entry.source }),
        })),
      ...(signals?.kev === undefined ? {} : { kev: signals.kev }),
      ...(signals?.epss === undefined ? {} : { epss: signals.epss }),
      ...(signals === undefined ? {} : { signalsUpdatedAt: signals.updatedAt }),
      ...(source === undefined ? {} : { source }),
    };
  }

  /** What is stored of an ecosystem, when its file is usable. */
  state(ecosystem: string): StoredState | undefined {
    const entry = this.#index.ecosystems[ecosystem];
    if (entry === undefined || this.file(ecosystem) === undefined) return undefined;
    const { source, etag, listEtag, updatedAt, wholeAt, newestModified } = entry;
    return {
      ...(source === undefined ? {} : { source }),
      ...(etag === undefined ? {} : { etag }),
      ...(listEtag === undefined ? {} : { listEtag }),
      updatedAt,
      wholeAt,
      ...(newestModified === undefined ? {} : { newestModified }),
    };
  }

  /** `ETag` of the stored exploit signals; nothing when they cannot be used. */
  signalEtags(): { readonly kev?: string; readonly epss?: string } {
    const entry = this.#index.signals;
    if (entry === undefined || this.signals === undefined) return {};
    return {
      ...(entry.kevEtag === undefined || entry.kev === undefined ? {} : { kev: entry.kevEtag }),
      ...(entry.epssEtag === undefined || entry.epss === undefined ? {} : { epss: entry.epssEtag }),
    };
  }

  /**
   * Imports the dump in `folder` (`all.zip` or `*.json`) and puts it in force. Meant for a worker thread. Throws
   * DamagedError; the old state then stays.
   */
  async importEcosystem(
    ecosystem: string,
    folder: string,
    about: SourceFacts,
    signal: AbortSignal,
  ): Promise<ImportSummary> {
    const name = this.#newFile(ecosystem);
    const file = path.join(this.#folder, name);
    const summary = await writeEcosystemFile(file, ecosystem, readDump(folder, signal), signal);
    const checksum = checksumOf(file);
    const now = this.#clock.now().toISOString();
    await this.#change((index) => ({
      ...index,
      ...(about.source === undefined ? {} : { source: about.source }),
      ecosystems: {
        ...index.ecosystems,
        [ecosystem]: { file: name, checksum, ...figuresOf(summary), updatedAt: now, wholeAt: now, ...about },
      },
    }));
    return summary;
  }

  /**
   * Takes over records that have changed, from single files in `folder`, and puts the result in force. Meant for a worker
   * thread. Throws DatabaseUnusableError when what is stored cannot be used, and DamagedError; the old state then stays.
   */
  async extendEcosystem(
    ecosystem: string,
    folder: string,
    about: SourceFacts,
    signal: AbortSignal,
  ): Promise<ImportSummary> {
    this.refresh();
    const earlier = this.#index.ecosystems[ecosystem];
    if (earlier === undefined || this.file(ecosystem) === undefined) {
      throw new DatabaseUnusableError(
        `Cannot use the stored advisories of ${ecosystem}`,
        'Update the vulnerability data.',
      );
    }
    const name = this.#newFile(ecosystem);
    const file = path.join(this.#folder, name);
    const old = path.join(this.#folder, earlier.file);
    const summary = await extendEcosystemFile(file, old, ecosystem, readDump(folder, signal), signal);
    const checksum = checksumOf(file);
    await this.#change((index) => ({
      ...index,
      ecosystems: {
        ...index.ecosystems,
        [ecosystem]: {
          ...earlier,
          file: name,
          checksum,
          ...figuresOf(summary),
          problems: earlier.problems + summary.problems,
          updatedAt: this.#clock.now().toISOString(),
          ...about,
        },
      },
    }));
    return summary;
  }

  #newFile(ecosystem: string): string {
    mkdirSync(this.#folder, { recursive: true });
    return `${ecosystem.replace(/[^A-Za-z0-9]+/g, '-')}.${randomUUID()}.db`;
  }

  /** Says that the source of an ecosystem was asked and has nothing newer; `isWhole`: the dump itself was looked at. */
  async confirmEcosystem(ecosystem: string, about: SourceFacts, isWhole: boolean): Promise<void> {
    await this.#change((index) => {
      const entry = index.ecosystems[ecosystem];
      if (entry === undefined) return index;
      const now = this.#clock.now().toISOString();
      return {
        ...index,
        ecosystems: {
          ...index.ecosystems,
          [ecosystem]: { ...entry, ...about, updatedAt: now, ...(isWhole ? { wholeAt: now } : {}) },
        },
      };
    });
  }

  /** Imports KEV (JSON text) and EPSS (gzip'd CSV) and puts them in force; what is not given stays as it was. */
  async importSignals(
    kevText: string | undefined,
    epssGzip: Uint8Array | undefined,
    etag?: string,
  ): Promise<SignalsSummary> {
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
      signals: {
        ...(kevText === undefined ? { kevEtag: index.signals?.kevEtag } : { kevEtag: etag }),
        ...(epssGzip === undefined ? { epssEtag: index.signals?.epssEtag } : { epssEtag: etag }),
        file: name,
        checksum,
        updatedAt: this.#clock.now().toISOString(),
        ...summary,
      },
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

function figuresOf({ records, problems, newestModified }: ImportSummary): {
  readonly records: number;
  readonly problems: number;
  readonly newestModified?: string;
} {
  return { records, problems, ...(newestModified === undefined ? {} : { newestModified }) };
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
 * KEV and EPSS beside them), or opened where the folder is a library already, or holds one in `advisories`. `dispose` removes what was made. Throws
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
  for (const candidate of [folder, path.join(folder, 'advisories')]) {
    if (!existsSync(path.join(candidate, 'index.json'))) continue;
    const library = new AdvisoryLibrary(candidate, clock);
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
    const epss = readIfThere(path.join(folder, epssFile(folder)));
    if (kev !== undefined || epss !== undefined) await library.importSignals(kev?.toString('utf8'), epss);
    return { library, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The current scores; else the newest of those that carry their day. */
function epssFile(folder: string): string {
  const current = 'epss_scores-current.csv.gz';
  const dated = readdirSync(folder).filter((name) => /^epss_scores-\d{4}-\d\d-\d\d\.csv\.gz$/.test(name));
  return existsSync(path.join(folder, current)) ? current : (dated.sort(compareText).at(-1) ?? current);
}

/** The folder of an ecosystem in a mirror. Throws BadInputError for a name that would lead elsewhere. */
export function ecosystemFolder(mirror: string, ecosystem: string): string {
  if (/^[A-Za-z][\w .-]*$/.test(ecosystem)) return path.join(mirror, ecosystem);
  throw new BadInputError(`"${ecosystem}" is no ecosystem`, 'Use an ecosystem name of OSV, such as Debian or npm.');
}

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}
