import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../core/clock.ts';
import { abandonOnAbort, mapConcurrently } from '../core/concurrency.ts';
import { BadInputError, UnexpectedResponseError, describeError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import { compareText } from '../core/order.ts';
import { readChanges } from './changes.ts';
import { bodyOf, fetchPublic, readBody, saveBody } from './download.ts';
import type { ImportSummary } from './ecosystem-writer.ts';
import { type SourceFacts, type StoredState, ecosystemFolder } from './library.ts';
import type { SignalsSummary } from './signals.ts';

/** Public addresses. OSV: https://google.github.io/osv.dev/data/; KEV: cisa.gov; EPSS: first.org/epss/data_stats. */
const osvAddress = 'https://osv-vulnerabilities.storage.googleapis.com';
const kevAddress = 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json';
const epssAddress = 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz';

const kevName = 'known_exploited_vulnerabilities.json';
const epssName = 'epss_scores-current.csv.gz';

const largestDump = 2 * 1024 * 1024 * 1024;
const largestList = 256 * 1024 * 1024;
const largestRecord = 64 * 1024 * 1024;
const largestSignals = 128 * 1024 * 1024;
/** A first download beyond this size is asked for. */
const askBeyond = 50_000_000;
/** Single records under way at once. */
const concurrentRecords = 6;
/** More records that are listed and not there, and the list is of no use. */
const mostMissing = 20;
/** Deletions show in the whole dump alone. */
const wholeEveryMs = 7 * 86_400_000;
/** Sources are published with this delay: what changed just before our newest record is asked for again. */
const overlapMs = 15 * 60_000;

/** What imports; runs in a worker thread. */
export interface AdvisoryImporter {
  /** Undefined when nothing usable is stored. */
  state(ecosystem: string): Promise<StoredState | undefined>;
  importEcosystem(ecosystem: string, folder: string, about: SourceFacts, signal: AbortSignal): Promise<ImportSummary>;
  /** Takes over single records that have changed. */
  extendEcosystem(ecosystem: string, folder: string, about: SourceFacts, signal: AbortSignal): Promise<ImportSummary>;
  confirmEcosystem(ecosystem: string, about: SourceFacts, isWhole: boolean): Promise<void>;
  /** `ETag` of the stored catalogue. */
  signalEtag(which: 'kev' | 'epss'): Promise<string | undefined>;
  /** What is not given stays as it was. */
  importSignals(
    kevText: string | undefined,
    epssGzip: Uint8Array | undefined,
    etag: string | undefined,
  ): Promise<SignalsSummary>;
}

export interface UpdateResult {
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  readonly failed: readonly { readonly what: string; readonly reason: string; readonly nextStep: string }[];
}

export interface UpdateOptions {
  readonly ecosystems: readonly string[];
  /** An https address or an absolute folder laid out like the OSV mirror; empty means the public sources. */
  readonly mirror: string;
  /** False: KEV and EPSS stay as they are. */
  readonly signals?: boolean;
  /** Downloads wait here for their import. */
  readonly workFolder: string;
  readonly importer: AdvisoryImporter;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** True: everything is fetched whole, changed or not. */
  readonly whole?: boolean;
  /** What is worked on now: an ecosystem, or it with how far its download has come. */
  readonly onProgress?: (text: string) => void;
  /** Asked before the first download of an ecosystem that is large; absent: downloads go on. */
  readonly confirm?: (ecosystem: string, bytes: number) => Promise<boolean>;
}

/** A folder takes no network. */
export function isFolderMirror(mirror: string): boolean {
  return mirror !== '' && path.isAbsolute(mirror);
}

/**
 * Brings the advisories of some ecosystems, KEV and EPSS up to date: single records while few have changed, else the
 * whole dump, and once a week at any rate. What fails is told in the result, the rest goes on, and what was stored stays.
 * Throws BadInputError for a mirror of another form, and when the signal aborts.
 */
export async function updateLibrary(options: UpdateOptions): Promise<UpdateResult> {
  const { importer, signal, mirror } = options;
  const updated: string[] = [];
  const unchanged: string[] = [];
  const failed: { what: string; reason: string; nextStep: string }[] = [];
  const isFolder = isFolderMirror(mirror);
  if (mirror !== '' && !isFolder && !mirror.startsWith('https://')) {
    throw new BadInputError(
      `Cannot use the mirror "${mirror}"`,
      'Give an https address or an absolute folder in plimsoll.data.mirror.',
    );
  }
  const attempt = async (what: string, work: () => Promise<boolean>): Promise<void> => {
    signal.throwIfAborted();
    options.onProgress?.(what);
    try {
      ((await work()) ? updated : unchanged).push(what);
    } catch (error) {
      signal.throwIfAborted();
      options.log.error('advisories not updated', error, { what });
      const { message, nextStep } = describeError(error);
      failed.push({ what, reason: message, nextStep });
    }
  };
  for (const ecosystem of options.ecosystems) {
    await attempt(ecosystem, () =>
      isFolder
        ? fromFolder(ecosystem, options)
        : new NetworkUpdate(ecosystem, mirror === '' ? osvAddress : trimSlash(mirror), options).run(),
    );
  }
  if (options.signals === false) return { updated, unchanged, failed };
  await attempt('KEV', async () => {
    const kev = await signalFile('kev', kevName, mirror === '' ? kevAddress : undefined, options);
    if (kev === undefined) return false;
    await importer.importSignals(kev.bytes.toString('utf8'), undefined, kev.etag);
    return true;
  });
  await attempt('EPSS', async () => {
    const epss = await signalFile('epss', epssName, mirror === '' ? epssAddress : undefined, options);
    if (epss === undefined) return false;
    await importer.importSignals(undefined, epss.bytes, epss.etag);
    return true;
  });
  return { updated, unchanged, failed };
}

/** True when there was something to import. */
async function fromFolder(ecosystem: string, { importer, signal, mirror, whole }: UpdateOptions): Promise<boolean> {
  const folder = ecosystemFolder(mirror, ecosystem);
  if (!existsSync(folder)) {
    throw new BadInputError(
      `Cannot find advisories of ${ecosystem} in "${mirror}"`,
      `Put ${ecosystem}/all.zip into the mirror folder.`,
    );
  }
  const etag = await stampOf(folder);
  const state = await importer.state(ecosystem);
  if (whole !== true && state?.source === mirror && state.etag === etag) {
    await importer.confirmEcosystem(ecosystem, {}, true);
    return false;
  }
  await importer.importEcosystem(ecosystem, folder, { source: mirror, etag }, signal);
  return true;
}

/** Tells a folder from what it was: sizes and times of its files. */
async function stampOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name === 'all.zip' || name.endsWith('.json'));
  const hash = createHash('sha256');
  for (const name of names.includes('all.zip') ? ['all.zip'] : names.sort(compareText)) {
    const { size, mtimeMs } = await stat(path.join(folder, name));
    hash.update(`${name}\n${size}\n${mtimeMs}\n`);
  }
  return `files-${hash.digest('hex')}`;
}

/** One ecosystem from an address. */
class NetworkUpdate {
  readonly #ecosystem: string;
  readonly #source: string;
  readonly #options: UpdateOptions;

  constructor(ecosystem: string, source: string, options: UpdateOptions) {
    this.#ecosystem = ecosystem;
    this.#source = source;
    this.#options = options;
  }

  /** True when something was imported. */
  async run(): Promise<boolean> {
    const { importer, clock, log, whole } = this.#options;
    const stored = await importer.state(this.#ecosystem);
    const state = stored?.source === this.#source ? stored : undefined;
    const age = state === undefined ? Infinity : clock.now().getTime() - Date.parse(state.wholeAt);
    const newest = Date.parse(state?.newestModified ?? '');
    if (whole === true) return this.#whole(undefined, stored === undefined);
    if (state === undefined || !(age < wholeEveryMs) || Number.isNaN(newest))
      return this.#whole(state, stored === undefined);
    const url = this.#url('modified_id.csv');
    const list = await this.#fetch(url, state.listEtag);
    if (list.state === 'unchanged') {
      await importer.confirmEcosystem(this.#ecosystem, {}, false);
      return false;
    }
    if (list.state === 'missing') return this.#whole(state, false);
    // A record may carry a time of the future; it must not hide what comes after it.
    const since = Math.min(newest, Date.parse(state.updatedAt)) - overlapMs;
    const changes = await readChanges(bodyOf(list.response, url, largestList, this.#options.signal), since);
    if (changes.kind === 'whole') {
      log.info('whole dump instead of changes', { ecosystem: this.#ecosystem, why: changes.why });
      return this.#whole(state, false);
    }
    const about = list.etag === undefined ? {} : { listEtag: list.etag };
    if (changes.ids.length === 0) {
      await importer.confirmEcosystem(this.#ecosystem, about, false);
      return false;
    }
    return this.#changed(changes.ids, about, state);
  }

  async #whole(state: StoredState | undefined, isFirst: boolean): Promise<boolean> {
    const { importer, confirm, signal, log } = this.#options;
    const url = this.#url('all.zip');
    let answer = await this.#fetch(url, state?.etag);
    if (answer.state === 'unchanged') {
      await importer.confirmEcosystem(this.#ecosystem, {}, true);
      return false;
    }
    if (answer.state === 'there' && isFirst && confirm !== undefined && (answer.size ?? 0) > askBeyond) {
      const size = answer.size ?? 0;
      answer.response.discard();
      if (!(await abandonOnAbort(confirm(this.#ecosystem, size), signal))) {
        throw new BadInputError(
          `The advisories of ${this.#ecosystem} (${megabytes(size)}) were not wanted`,
          'Run "Update Vulnerability Data" to download them.',
        );
      }
      answer = await this.#fetch(url, undefined);
    }
    if (answer.state !== 'there') {
      throw new UnexpectedResponseError(
        `Cannot download ${new URL(url).pathname} from ${new URL(url).host}: the server answered 404`,
        'The source may not have this ecosystem; check plimsoll.data.mirror.',
        { url, httpStatus: 404 },
      );
    }
    const { response, size, etag } = answer;
    return this.#inFolder(async (folder) => {
      await saveBody(response, url, path.join(folder, 'all.zip'), largestDump, signal, (bytes) =>
        this.#tell(bytes, size),
      );
      const about = { source: this.#source, ...(etag === undefined ? {} : { etag }) };
      const summary = await importer.importEcosystem(this.#ecosystem, folder, about, signal);
      log.info('advisories imported', { ...summary });
      return true;
    });
  }

  /** Fetches single records. One that is listed and not there was deleted: the whole dump says so at its time. */
  async #changed(ids: readonly string[], about: SourceFacts, state: StoredState): Promise<boolean> {
    const { importer, signal, log } = this.#options;
    let missing = 0;
    let done = 0;
    const fetchOne = async (folder: string, id: string, index: number): Promise<void> => {
      const url = this.#url(`${encodeURIComponent(id)}.json`);
      const answer = await this.#fetch(url, undefined);
      if (answer.state === 'there')
        await saveBody(answer.response, url, path.join(folder, `${index}.json`), largestRecord, signal);
      else missing++;
      this.#options.onProgress?.(`${this.#ecosystem}: ${++done} of ${ids.length} changes`);
    };
    const isDone = await this.#inFolder(async (folder) => {
      const items = ids.map((id, index) => ({ id, index }));
      const run = mapConcurrently(items, concurrentRecords, signal, ({ id, index }) => fetchOne(folder, id, index));
      for await (const _ of run) signal.throwIfAborted();
      if (missing === ids.length || missing > mostMissing) return false;
      const summary = await importer.extendEcosystem(this.#ecosystem, folder, about, signal);
      log.info('advisories extended', { ...summary, changed: ids.length, missing });
      return true;
    });
    return isDone || this.#whole(state, false);
  }

  async #inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = path.join(this.#options.workFolder, `download-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #url(name: string): string {
    return `${this.#source}/${encodeURIComponent(this.#ecosystem)}/${name}`;
  }

  #fetch(url: string, etag: string | undefined): ReturnType<typeof fetchPublic> {
    return fetchPublic(this.#options.http, url, etag, this.#options.signal);
  }

  #tell(bytes: number, size: number | undefined): void {
    const of = size === undefined ? '' : ` of ${megabytes(size)}`;
    this.#options.onProgress?.(`${this.#ecosystem}: ${megabytes(bytes)}${of}`);
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

/** A file of exploit signals; undefined when it has not changed, or when a mirror folder does not have it. */
async function signalFile(
  which: 'kev' | 'epss',
  name: string,
  address: string | undefined,
  { mirror, http, importer, signal, whole }: UpdateOptions,
): Promise<{ readonly bytes: Buffer; readonly etag: string | undefined } | undefined> {
  const stored = whole === true ? undefined : await importer.signalEtag(which);
  if (isFolderMirror(mirror)) {
    const file = path.join(mirror, name);
    if (!existsSync(file)) return undefined;
    const { size, mtimeMs } = await stat(file);
    const etag = `file-${size}-${mtimeMs}`;
    return etag === stored ? undefined : { bytes: await readFile(file), etag };
  }
  const url = address ?? `${trimSlash(mirror)}/${name}`;
  const answer = await fetchPublic(http, url, stored, signal);
  if (answer.state === 'unchanged') return undefined;
  if (answer.state === 'missing') {
    throw new UnexpectedResponseError(
      `Cannot download ${new URL(url).pathname} from ${new URL(url).host}: the server answered 404`,
      'The mirror may not have this file; check plimsoll.data.mirror.',
      { url, httpStatus: 404 },
    );
  }
  return { bytes: await readBody(answer.response, url, largestSignals, signal), etag: answer.etag };
}

function trimSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
