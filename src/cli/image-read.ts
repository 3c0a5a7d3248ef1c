import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRegistryTokenSource, credentialsForRegistry } from '../azure/acr-tokens.ts';
import { isRegistryHost } from '../azure/clouds.ts';
import { createAzureSession } from '../azure/session.ts';
import type { Cloud } from '../azure/types.ts';
import { systemClock } from '../core/clock.ts';
import { describeError, isAbort } from '../core/errors.ts';
import { createHttpClient, type HttpClient } from '../core/http.ts';
import type { KnownImages } from '../image/base-image.ts';
import { createImageReader } from '../image/read-image.ts';
import type { ResolvedImage } from '../image/resolve.ts';
import { isLocalImage, openImageSource } from '../image/sources/index.ts';
import type { ImageReport, ImageSource, LayerCache, Problem } from '../image/types.ts';
import { createRegistryClient, type RegistryClient } from '../registry/client.ts';
import { parseReference } from '../registry/reference.ts';
import type { Referrer } from '../registry/referrers.ts';
import type { Platform } from '../registry/types.ts';
import { Documents } from '../scan/documents.ts';
import { type KnownRecord, ScannedImages } from '../scan/known-images.ts';
import { readFingerprintKey } from '../store/fingerprint-key.ts';
import { StateStore } from '../store/state-store.ts';
import { azureDeps, readCloud, readIdentity } from './azure.ts';
import type { CommandContext } from './command.ts';
import { dockerAccounts } from './docker-accounts.ts';

export interface ImageRequest {
  readonly ref: string;
  readonly platform?: Platform;
  readonly cloud?: string;
  /** Folder of databases and caches. */
  readonly data: string;
  /** Also list signatures and attestations. */
  readonly withReferrers: boolean;
}

export interface ReadImageResult {
  readonly report: ImageReport;
  /** Absent for a folder. */
  readonly resolved?: ResolvedImage;
  /** Absent when they were not asked for, when the source can hold none, and when they could not be listed. */
  readonly referrers?: readonly Referrer[];
  /** Images of earlier runs and scans with the same data folder, as possible bases. */
  readonly known: KnownImages;
  /** Beside those of the report. */
  readonly problems: readonly Problem[];
}

/** Reads one image. Throws EngineErrors. */
export async function readOneImage(request: ImageRequest, context: CommandContext): Promise<ReadImageResult> {
  const { ref, platform } = request;
  const { log, signal } = context;
  const http = createHttpClient({ log, userAgent: 'plimsoll-cli' });
  // Layers of registries are kept between runs; local images are read anew each time.
  const local = isLocalImage(ref);
  const folder = local ? await mkdtemp(path.join(os.tmpdir(), 'plimsoll-image-')) : request.data;
  const store = new StateStore(folder, systemClock, log);
  let source: ImageSource | undefined;
  try {
    source = await openImageSource(ref, { registry: (host) => openRegistry(host, request.cloud, http, context) });
    let resolved: ResolvedImage | undefined;
    const fingerprintKey = await readFingerprintKey(request.data, log);
    const reader = createImageReader({ cache: local ? forgetful : store, log, fingerprintKey });
    const report = await reader.read({
      source,
      signal,
      onResolved: (found) => (resolved = found),
      ...(platform === undefined ? {} : { platform, strictPlatform: true }),
    });
    const known = remember(store, ref, report, resolved);
    if (resolved === undefined) return { report, known, problems: [] };
    return {
      report,
      known,
      resolved,
      ...(request.withReferrers ? await referrersOf(source, resolved, signal) : { problems: [] }),
    };
  } finally {
    http.close();
    store.close();
    await source?.dispose?.();
    if (local) await rm(folder, { recursive: true, force: true });
  }
}

/** Registries of the Azure cloud by the identity of the environment; all others, and without one, as Docker would. */
async function openRegistry(
  host: string,
  cloudOption: string | undefined,
  http: HttpClient,
  context: CommandContext,
): Promise<RegistryClient> {
  const { log, redactor } = context;
  const cloud = await readCloud(cloudOption);
  const own = isRegistryHost(cloud, host);
  if (!own || (context.env['AZURE_CLIENT_SECRET'] ?? '') === '') {
    const allowedBlobHosts = own ? storageHosts(cloud) : [];
    return createRegistryClient({ http, log, host, credentials: dockerAccounts(http, context), allowedBlobHosts });
  }
  const session = createAzureSession(cloud, readIdentity(context), { ...azureDeps(context), http });
  const credentials = credentialsForRegistry(session, createRegistryTokenSource(session), host, {
    http,
    clock: systemClock,
    redactor,
  });
  return createRegistryClient({ http, log, host, credentials, allowedBlobHosts: storageHosts(cloud), acr: true });
}

/** Where registries of a cloud keep layers: its storage, and their dedicated data endpoints, `<name>.<region>.data.azurecr.io`. */
function storageHosts({ blobHosts, registrySuffix }: Cloud): readonly string[] {
  return registrySuffix.startsWith('.') ? [...blobHosts, `.data${registrySuffix}`] : blobHosts;
}

/** What is kept about the image and about the index that names it. */
async function referrersOf(
  source: ImageSource,
  resolved: ResolvedImage,
  signal: AbortSignal,
): Promise<{ readonly referrers?: readonly Referrer[]; readonly problems: readonly Problem[] }> {
  if (source.referrers === undefined) return { problems: [] };
  const found = new Map<string, Referrer>();
  for (const { digest, mediaType, artifactType, size } of resolved.attestations) {
    // BuildKit, "Attestation storage": its manifests hold in-toto statements and say so in annotations alone
    found.set(digest, {
      digest,
      mediaType,
      artifactType: artifactType ?? 'application/vnd.in-toto+json',
      size,
      foundBy: 'index',
    });
  }
  let omitted = 0;
  try {
    for (const digest of new Set([resolved.digest, resolved.named.digest])) {
      const listed = await source.referrers(digest, signal);
      omitted += listed.omitted;
      for (const each of listed.found) if (!found.has(each.digest)) found.set(each.digest, each);
    }
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    const reason = `signatures and attestations could not be listed: ${describeError(error).message}`;
    return { problems: [{ path: '', reason }] };
  }
  const reason = `${omitted} more signatures and attestations are not listed`;
  return { referrers: [...found.values()], problems: omitted === 0 ? [] : [{ path: '', reason }] };
}

const knownKind = 'known-image';

/** What was read before, this image left out; keeps the layers of this one for those that stand on it. */
function remember(
  store: StateStore,
  ref: string,
  report: ImageReport,
  resolved: ResolvedImage | undefined,
): KnownImages {
  const documents = new Documents(store);
  const earlier = store.documents(knownKind).map(({ key, value }) => ({ key, record: value as KnownRecord })); // our own
  const key = `${ref}@${report.digest}`;
  const known = new ScannedImages([...documents.images(), ...earlier]).below(key, report.config.diffIds);
  if (resolved === undefined || isLocalImage(ref)) return known;
  const { host, repository, tag } = parseReference(ref);
  const record: KnownRecord = {
    host,
    repository,
    digest: report.digest,
    asked: [resolved.named.digest],
    tags: tag === undefined ? [] : [tag],
    diffIds: report.config.diffIds,
    scannedAt: systemClock.now().toISOString(),
  };
  store.putDocument(knownKind, key, undefined, record);
  return known;
}

/** Keeps nothing. */
const forgetful: LayerCache = {
  getLayer: () => Promise.resolve(undefined),
  putLayer: () => Promise.resolve(),
  getImage: () => Promise.resolve(undefined),
  putImage: () => Promise.resolve(),
};
