import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { writeFileAtomically } from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { BadInputError, isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { readDump } from './dump.ts';
import { EcosystemFile, type ImportSummary, writeEcosystemFile } from './ecosystem-file.ts';
import { isStale } from './ecosystems.ts';
import type { AdvisorySource } from './match.ts';
import { Signals, type SignalsSummary, writeSignalsFile } from './signals.ts';
import type { AdvisoryStatus } from './types.ts';

const figures = z.object({ entries: z.number(), date: z.string() });

const indexSchema = z.object({
  version: z.literal(1),
  source: z.string().optional(),
  ecosystems: z.record(
    z.string(),
    z.object({
      file: z.string().regex(/^[\w.-]+$/),
      records: z.number(),
      updatedAt: z.string(),
      newestModified: z.string().optional(),
      etag: z.string().optional(),
    }),
  ),
  signals: z
    .object({
      file: z.string().regex(/^[\w.-]+$/),
      updatedAt: z.string(),
      kev: figures.optional(),
      epss: figures.optional(),
    })
    .optional(),
});

type Index = z.infer<typeof indexSchema>;

const emptyIndex: Index = { version: 1, ecosystems: {} };

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
      entry === undefined
        ? undefined
        : openOrUndefined(() => new EcosystemFile(path.join(this.#folder, entry.file), ecosystem));
    this.#open.set(ecosystem, opened);
    return opened;
  }

  get signals(): Signals | undefined {
    const name = this.#index.signals?.file ?? '';
    if (name !== this.#signalsName) {
      this.#signals?.close();
      this.#signals = name === '' ? undefined : openOrUndefined(() => new Signals(path.join(this.#folder, name)));
      this.#signalsName = name;
    }
    return this.#signals;
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
    await this.#change((index) => ({
      ...index,
      ...(about.source === undefined ? {} : { source: about.source }),
      ecosystems: {
        ...index.ecosystems,
        [ecosystem]: {
          file: name,
          records: summary.records,
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

  /** Imports KEV (JSON text) and EPSS (gzip'd CSV) and puts them in force; what is not given is then unknown. */
  async importSignals(kevText: string | undefined, epssGzip: Uint8Array | undefined): Promise<SignalsSummary> {
    mkdirSync(this.#folder, { recursive: true });
    const name = `signals.${randomUUID()}.db`;
    const summary = writeSignalsFile(path.join(this.#folder, name), kevText, epssGzip);
    await this.#change((index) => ({
      ...index,
      signals: { file: name, updatedAt: this.#clock.now().toISOString(), ...summary },
    }));
    return summary;
  }

  async #change(edit: (index: Index) => Index): Promise<void> {
    this.refresh();
    const next = edit(this.#index);
    await writeFileAtomically(path.join(this.#folder, 'index.json'), `${JSON.stringify(next, undefined, 1)}\n`);
    this.refresh();
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
      if (age > 3_600_000) rmSync(file, { force: true });
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

function openOrUndefined<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (isEngineError(error)) return undefined;
    throw error;
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
      const dump = path.join(folder, ecosystem);
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

function readIfThere(file: string): Buffer | undefined {
  return existsSync(file) ? readFileSync(file) : undefined;
}
