import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BadInputError, LimitExceededError, UnexpectedResponseError, describeError } from '../core/errors.ts';
import { type HttpClient, type HttpResponse, headerText, translate } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import type { ImportSummary } from './ecosystem-writer.ts';
import { ecosystemFolder } from './library.ts';
import type { SignalsSummary } from './signals.ts';

/** Public addresses. OSV: https://google.github.io/osv.dev/data/; KEV: cisa.gov; EPSS: first.org/epss/data_stats. */
const osvAddress = 'https://osv-vulnerabilities.storage.googleapis.com';
const kevAddress = 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json';
const epssAddress = 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz';

const kevName = 'known_exploited_vulnerabilities.json';
const epssName = 'epss_scores-current.csv.gz';

const largestDump = 2 * 1024 * 1024 * 1024;
const largestSignals = 128 * 1024 * 1024;
const mostRedirects = 5;

/** What imports; runs in a worker thread. */
export interface AdvisoryImporter {
  etag(ecosystem: string): Promise<string | undefined>;
  importEcosystem(
    ecosystem: string,
    folder: string,
    about: { readonly source?: string; readonly etag?: string },
    signal: AbortSignal,
  ): Promise<ImportSummary>;
  confirmEcosystem(ecosystem: string): Promise<void>;
  /** What is not given stays as it was. */
  importSignals(kevText: string | undefined, epssGzip: Uint8Array | undefined): Promise<SignalsSummary>;
}

export interface UpdateResult {
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  readonly failed: readonly { readonly what: string; readonly reason: string; readonly nextStep: string }[];
}

/**
 * Brings the advisories of some ecosystems, KEV and EPSS up to date. `mirror` is an https address or an absolute folder
 * laid out like the OSV mirror; empty means the public sources. What fails is told in the result, the rest goes on.
 */
export async function updateLibrary(options: {
  readonly ecosystems: readonly string[];
  readonly mirror: string;
  /** False: KEV and EPSS stay as they are. */
  readonly signals?: boolean;
  readonly workFolder: string;
  readonly importer: AdvisoryImporter;
  readonly http: HttpClient;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}): Promise<UpdateResult> {
  const { importer, signal, mirror } = options;
  const updated: string[] = [];
  const unchanged: string[] = [];
  const failed: { what: string; reason: string; nextStep: string }[] = [];
  const folderMirror = mirror !== '' && path.isAbsolute(mirror);
  if (mirror !== '' && !folderMirror && !mirror.startsWith('https://')) {
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
      if (signal.aborted) throw error;
      options.log.error('advisories not updated', error, { what });
      const { message, nextStep } = describeError(error);
      failed.push({ what, reason: message, nextStep });
    }
  };
  for (const ecosystem of options.ecosystems) {
    await attempt(ecosystem, () =>
      folderMirror
        ? fromFolder(ecosystem, mirror, options)
        : fromNetwork(ecosystem, mirror === '' ? osvAddress : trimSlash(mirror), options),
    );
  }
  if (options.signals === false) return { updated, unchanged, failed };
  await attempt('KEV', async () => {
    const kev = await signalFile(kevName, mirror === '' ? kevAddress : undefined, options);
    if (kev === undefined) return false;
    await importer.importSignals(kev.toString('utf8'), undefined);
    return true;
  });
  await attempt('EPSS', async () => {
    const epss = await signalFile(epssName, mirror === '' ? epssAddress : undefined, options);
    if (epss === undefined) return false;
    await importer.importSignals(undefined, epss);
    return true;
  });
  return { updated, unchanged, failed };
}

type Options = Parameters<typeof updateLibrary>[0];

async function fromFolder(ecosystem: string, mirror: string, { importer, signal }: Options): Promise<boolean> {
  const folder = ecosystemFolder(mirror, ecosystem);
  if (!existsSync(folder)) {
    throw new BadInputError(
      `Cannot find advisories of ${ecosystem} in "${mirror}"`,
      `Put ${ecosystem}/all.zip into the mirror folder.`,
    );
  }
  await importer.importEcosystem(ecosystem, folder, { source: mirror }, signal);
  return true;
}

async function fromNetwork(
  ecosystem: string,
  base: string,
  { importer, http, workFolder, log, signal }: Options,
): Promise<boolean> {
  const url = `${base}/${encodeURIComponent(ecosystem)}/all.zip`;
  const etag = await importer.etag(ecosystem);
  const response = await get(http, url, etag === undefined ? {} : { 'if-none-match': etag }, signal);
  if (response.status === 304) {
    response.discard();
    await importer.confirmEcosystem(ecosystem);
    return false;
  }
  const folder = path.join(workFolder, `download-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    await download(response, url, path.join(folder, 'all.zip'), signal);
    const newTag = headerText(response.headers, 'etag');
    const summary = await importer.importEcosystem(
      ecosystem,
      folder,
      { source: base, ...(newTag === undefined ? {} : { etag: newTag }) },
      signal,
    );
    log.info('advisories imported', { ...summary });
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(response: HttpResponse, url: string, file: string, signal: AbortSignal): Promise<void> {
  try {
    const target = createWriteStream(file, { flags: 'wx' });
    await pipeline(response.body, limited(largestDump, url), target, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw isNetworkError(error) ? translate(error, new URL(url)) : error;
  }
}

/** Errors of the connection, told from those of the disk. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ETIMEDOUT';
}

/** A file of exploit signals; undefined when a mirror folder does not have it. */
async function signalFile(name: string, address: string | undefined, options: Options): Promise<Buffer | undefined> {
  const { mirror, http, signal } = options;
  if (path.isAbsolute(mirror)) {
    const file = path.join(mirror, name);
    return existsSync(file) ? readFile(file) : undefined;
  }
  const url = address ?? `${trimSlash(mirror)}/${name}`;
  const response = await get(http, url, {}, signal);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of limited(largestSignals, url)(response.body as AsyncIterable<Buffer>)) chunks.push(chunk);
  } catch (error) {
    signal.throwIfAborted();
    throw isNetworkError(error) ? translate(error, new URL(url)) : error;
  }
  return Buffer.concat(chunks);
}

/** GET that follows redirects of public data sources to https addresses; no credentials are involved. */
async function get(
  http: HttpClient,
  address: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): ReturnType<HttpClient['send']> {
  let url = address;
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await http.send({ url, headers: { accept: '*/*', ...headers }, signal });
    if (response.status === 200 || response.status === 304) return response;
    response.discard();
    const location = headerText(response.headers, 'location');
    if (response.status < 300 || response.status >= 400 || location === undefined) {
      throw new UnexpectedResponseError(
        `Cannot download ${new URL(address).pathname} from ${new URL(address).host}: the server answered ${response.status}`,
        response.status === 404
          ? 'The source may not have this ecosystem; check plimsoll.data.mirror.'
          : 'Try again later.',
        { url: address, httpStatus: response.status },
      );
    }
    url = new URL(location, url).href;
  }
  throw new UnexpectedResponseError(
    `Cannot download from ${new URL(address).host}: too many redirects`,
    'Check the address.',
    { url: address },
  );
}

function limited(most: number, url: string): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (source) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most)
        throw new LimitExceededError(`Cannot download ${url}: it is larger than ${most} bytes`, 'Check the mirror.');
      yield chunk;
    }
  };
}

function trimSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
