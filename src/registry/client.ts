import type * as z from 'zod';
import { sleep } from '../core/concurrency.ts';
import { DigestMismatchError, LimitExceededError, NotFoundError, UnexpectedResponseError } from '../core/errors.ts';
import { headerText, type HttpClient, type HttpResponse } from '../core/http.ts';
import { parseJson } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { createAuthorizer } from './authorizer.ts';
import { openBlob } from './blob-stream.ts';
import { digestOf, readBytes } from './bytes.ts';
import { parseChallenge } from './challenge.ts';
import { knownRegistry } from './known-registries.ts';
import {
  catalogPage,
  manifestsPage,
  maxPages,
  nextPage,
  readManifests,
  readReferrers,
  readRepository,
  readTags,
  referrersAnswer,
  repositoryAnswer,
  tagNamesPage,
  tagsPage,
  type ManifestAttributes,
  type RepositoryAttributes,
  type TagAttributes,
} from './listing.ts';
import { acceptManifests } from './media-types.ts';
import { isDigest } from './reference.ts';
import { faultError, readFault, withoutQuery } from './registry-errors.ts';
import type { AuthChallenge, Descriptor, RegistryCredentials } from './types.ts';

/** Ceilings of Azure Container Registry; no genuine document comes near. */
export const maxManifestBytes = 4 * 1024 * 1024;
export const maxConfigBytes = 8 * 1024 * 1024;

export interface RegistryClientOptions {
  readonly http: HttpClient;
  readonly log: Log;
  /** Host as image references write it, with its port if that is not 443. */
  readonly host: string;
  readonly credentials: RegistryCredentials;
  /** Where blobs may be redirected to: `.suffix`, or a host with its port if that is not 443. The registry's own host always may. */
  readonly allowedBlobHosts: readonly string[];
  /** Hosts beside the registry's own that may be named as realm, such as the global login server of a regional endpoint. */
  readonly tokenHosts?: readonly string[];
  /** True for Azure Container Registry: lists come from `/acr/v1`, with attributes. */
  readonly acr?: boolean;
  /** Entries asked for a page. Default 100. */
  readonly pageSize?: number;
  /** Longest rate of requests to the registry; Azure throttles each identity. Default 20. */
  readonly requestsPerSecond?: number;
  /** First pause before a cut download is resumed; doubles while nothing comes. Default 500. */
  readonly backOffMs?: number;
}

export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * One registry over the OCI distribution API. Every method throws AccessDeniedError, NotFoundError, RefusedError (sign-in,
 * page or blob on a foreign host), UnexpectedResponseError and what HttpClient throws; lists are async generators that
 * ask for the next page only when they are read on.
 */
export interface RegistryClient {
  readonly host: string;
  /** Asks whether there is a registry. Returns its challenge, or undefined when it is open to everybody. */
  ping(signal: AbortSignal): Promise<AuthChallenge | undefined>;
  repositories(signal: AbortSignal): AsyncGenerator<string, void, undefined>;
  /** Azure Container Registry alone. */
  repository(name: string, signal: AbortSignal): Promise<RepositoryAttributes>;
  /** Newest first on Azure Container Registry; names alone elsewhere. */
  tags(name: string, signal: AbortSignal): AsyncGenerator<TagAttributes, void, undefined>;
  /** Newest first, untagged ones too. Azure Container Registry alone. */
  manifests(name: string, signal: AbortSignal): AsyncGenerator<ManifestAttributes, void, undefined>;
  /** By tag or digest; the digest is verified (DigestMismatchError). */
  manifest(name: string, reference: string, signal: AbortSignal): Promise<FetchedManifest>;
  /** What a tag or digest stands for now; undefined when there is none. */
  head(name: string, reference: string, signal: AbortSignal): Promise<Descriptor | undefined>;
  /** The blob as it streams, resumed when cut, not yet verified. */
  blob(name: string, descriptor: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Signatures, SBOMs and the like that refer to a manifest; also from the fallback tag. */
  referrers(name: string, digest: string, signal: AbortSignal, artifactType?: string): Promise<readonly Descriptor[]>;
}

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { http, log, host, credentials } = options;
  const known = knownRegistry(host);
  const apiHost = known?.apiHost ?? host;
  const origin = `https://${apiHost}`;
  const pageSize = options.pageSize ?? 100;
  const blobHosts = [apiHost, ...options.allowedBlobHosts, ...(known?.blobHosts ?? [])];
  const authorizer = createAuthorizer({
    host: apiHost,
    credentials,
    tokenHosts: [...(options.tokenHosts ?? []), ...(known?.tokenHosts ?? [])],
  });
  const turn = pace(options.requestsPerSecond ?? 20);

  interface Call {
    readonly url: string;
    readonly scope: string;
    readonly method?: 'GET' | 'HEAD';
    readonly headers?: Readonly<Record<string, string>>;
  }

  /** Sends with the value of the scope; a 401 is answered with a fresh one, once. Any other status is returned. */
  async function call(request: Call, signal: AbortSignal): Promise<HttpResponse> {
    const send = async (authorization: string | undefined): Promise<HttpResponse> => {
      await turn(signal);
      return http.send({
        url: request.url,
        method: request.method ?? 'GET',
        headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
        signal,
      });
    };
    const used = await authorizer.current(request.scope, signal);
    const response = await send(used);
    if (response.status !== 401) return response;
    const challenge = parseChallenge(headerText(response.headers, 'www-authenticate'));
    if (challenge === undefined) return response;
    let fresh: string | undefined;
    try {
      fresh = await authorizer.afterRefusal(request.scope, used, challenge, signal);
    } catch (error) {
      response.discard();
      throw error;
    }
    if (fresh === undefined || fresh === used) return response;
    response.discard();
    return send(fresh);
  }

  async function ok(response: HttpResponse, what: string, scope: string, signal: AbortSignal): Promise<HttpResponse> {
    if (response.status === 200) return response;
    if (response.status >= 300 && response.status < 400) {
      response.discard();
      throw new UnexpectedResponseError(
        `Cannot ${what}: the registry redirects to another place`,
        'Use the address that it redirects to as the registry host.',
        { url: withoutQuery(response.url), httpStatus: response.status },
      );
    }
    throw faultError(what, scope, response.url, await readFault(response, signal));
  }

  async function json<T>(
    request: Call,
    schema: z.ZodType<T>,
    what: string,
    signal: AbortSignal,
  ): Promise<{ value: T; next: string | undefined }> {
    const response = await ok(await call(request, signal), what, request.scope, signal);
    const body = await response.json();
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new UnexpectedResponseError(
        `Cannot ${what}: the answer has an unknown form at "${issue?.path.join('.') ?? ''}" (${issue?.message ?? ''})`,
        'Try again; report it with the log if it stays.',
        { url: withoutQuery(request.url), httpStatus: response.status },
      );
    }
    return { value: parsed.data, next: nextPage(headerText(response.headers, 'link'), request.url) };
  }

  async function* pages<T>(
    request: Call,
    schema: z.ZodType<T>,
    what: string,
    signal: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const seen = new Set<string>();
    let url: string | undefined = request.url;
    while (url !== undefined) {
      if (seen.has(url)) {
        throw new UnexpectedResponseError(`Cannot ${what}: its pages lead in a circle`, 'Report it with the log.', {
          url: withoutQuery(url),
        });
      }
      if (seen.size >= maxPages) {
        throw new LimitExceededError(`Cannot ${what}: it has more than ${maxPages} pages`, 'Limit the scan to a part.');
      }
      seen.add(url);
      const page: { value: T; next: string | undefined } = await json({ ...request, url }, schema, what, signal);
      yield page.value;
      url = page.next;
    }
  }

  const pull = (name: string): string => `repository:${name}:pull`;
  const metadata = (name: string): string => `repository:${name}:metadata_read`;
  const shown = (name: string): string => `"${host}/${name}"`;
  const manifestUrl = (name: string, reference: string): string => `${origin}/v2/${name}/manifests/${reference}`;

  async function manifest(name: string, reference: string, signal: AbortSignal): Promise<FetchedManifest> {
    const separator = isDigest(reference) ? '@' : ':';
    const what = `read manifest "${host}/${name}${separator}${reference}"`;
    const request: Call = {
      url: manifestUrl(name, reference),
      scope: pull(name),
      headers: { accept: acceptManifests },
    };
    const response = await ok(await call(request, signal), what, request.scope, signal);
    const bytes = await readBytes(response, maxManifestBytes, what.slice('read '.length), signal);
    const digest = digestOf(bytes);
    const promised = isDigest(reference) ? reference : headerText(response.headers, 'docker-content-digest');
    if (promised !== undefined && promised.startsWith('sha256:') && promised !== digest) {
      throw new DigestMismatchError(
        `Cannot ${what}: its content has digest ${digest}, not ${promised}`,
        'The registry or something in between changed it. Nothing of it was used.',
      );
    }
    log.debug('manifest fetched', { host, repository: name, reference, digest });
    return { descriptor: { mediaType: contentType(response), digest, size: bytes.length }, bytes };
  }

  /** OCI distribution-spec v1.1, "Unavailable Referrers API": an index under a tag made from the digest. */
  async function referrersByTag(
    name: string,
    digest: string,
    what: string,
    signal: AbortSignal,
  ): Promise<Descriptor[]> {
    let bytes: Uint8Array;
    try {
      bytes = (await manifest(name, digest.replace(':', '-'), signal)).bytes;
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
    const parsed = referrersAnswer.safeParse(parseJson(Buffer.from(bytes).toString('utf8'), 'a list of referrers'));
    if (parsed.success) return readReferrers(parsed.data);
    throw new UnexpectedResponseError(`Cannot ${what}: its fallback tag is no index`, 'Report it with the log.', {
      url: manifestUrl(name, digest.replace(':', '-')),
    });
  }

  return {
    host,
    async ping(signal) {
      await turn(signal);
      const response = await http.send({ url: `${origin}/v2/`, signal });
      const challenge = parseChallenge(headerText(response.headers, 'www-authenticate'));
      if (response.status === 401 && challenge !== undefined) {
        response.discard();
        return challenge;
      }
      (await ok(response, `reach registry "${host}"`, 'registry', signal)).discard();
      return undefined;
    },
    async *repositories(signal) {
      const path = options.acr === true ? '/acr/v1/_catalog' : '/v2/_catalog';
      const request: Call = { url: `${origin}${path}?n=${pageSize}`, scope: 'registry:catalog:*' };
      for await (const page of pages(request, catalogPage, `list the repositories of "${host}"`, signal)) {
        yield* page.repositories ?? [];
      }
    },
    async repository(name, signal) {
      const request: Call = { url: `${origin}/acr/v1/${name}`, scope: metadata(name) };
      const { value } = await json(request, repositoryAnswer, `read repository ${shown(name)}`, signal);
      return readRepository(value);
    },
    async *tags(name, signal) {
      const what = `list the tags of ${shown(name)}`;
      if (options.acr === true) {
        const url = `${origin}/acr/v1/${name}/_tags?n=${pageSize}&orderby=timedesc`;
        for await (const page of pages({ url, scope: metadata(name) }, tagsPage, what, signal)) yield* readTags(page);
        return;
      }
      const url = `${origin}/v2/${name}/tags/list?n=${pageSize}`;
      for await (const page of pages({ url, scope: pull(name) }, tagNamesPage, what, signal)) {
        for (const tag of page.tags ?? []) yield { name: tag };
      }
    },
    async *manifests(name, signal) {
      const request: Call = {
        url: `${origin}/acr/v1/${name}/_manifests?n=${pageSize}&orderby=timedesc`,
        scope: metadata(name),
      };
      for await (const page of pages(request, manifestsPage, `list the manifests of ${shown(name)}`, signal)) {
        yield* readManifests(page);
      }
    },
    manifest,
    async head(name, reference, signal) {
      const request: Call = {
        url: manifestUrl(name, reference),
        scope: pull(name),
        method: 'HEAD',
        headers: { accept: acceptManifests },
      };
      const response = await call(request, signal);
      if (response.status === 404) {
        response.discard();
        return undefined;
      }
      await ok(response, `look at manifest "${host}/${name}:${reference}"`, request.scope, signal);
      response.discard();
      const digest = headerText(response.headers, 'docker-content-digest');
      if (digest === undefined || !isDigest(digest)) {
        throw new UnexpectedResponseError(
          `Cannot look at manifest "${host}/${name}:${reference}": the registry names no digest`,
          'Scan it by digest instead.',
          { url: withoutQuery(request.url), httpStatus: response.status },
        );
      }
      const size = Number(headerText(response.headers, 'content-length') ?? Number.NaN);
      return { mediaType: contentType(response), digest, size: Number.isFinite(size) ? size : 0 };
    },
    blob(name, descriptor, signal) {
      const scope = pull(name);
      const url = `${origin}/v2/${name}/blobs/${descriptor.digest}`;
      return openBlob(
        {
          http,
          log,
          allowedHosts: blobHosts,
          digest: descriptor.digest,
          size: descriptor.size,
          what: `blob ${descriptor.digest} of ${shown(name)}`,
          scope,
          backOffMs: options.backOffMs ?? 500,
          ask: (range, inner) =>
            call({ url, scope, headers: { accept: '*/*', ...(range === undefined ? {} : { range }) } }, inner),
        },
        signal,
      );
    },
    async referrers(name, digest, signal, artifactType) {
      const what = `list what refers to "${host}/${name}@${digest}"`;
      const filter = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
      const request: Call = { url: `${origin}/v2/${name}/referrers/${digest}${filter}`, scope: pull(name) };
      const found: Descriptor[] = [];
      try {
        for await (const page of pages(request, referrersAnswer, what, signal)) found.push(...readReferrers(page));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        found.push(...(await referrersByTag(name, digest, what, signal)));
      }
      return artifactType === undefined ? found : found.filter((entry) => entry.artifactType === artifactType);
    },
  };
}

function contentType(response: HttpResponse): string {
  return (headerText(response.headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Resolves when the next request may go out: bursts of one second's worth, then evenly. */
function pace(perSecond: number): (signal: AbortSignal) => Promise<void> {
  const intervalMs = 1000 / Math.max(1, perSecond);
  let free = 0;
  return async (signal) => {
    const now = performance.now();
    free = Math.max(free, now - 1000) + intervalMs;
    if (free > now) await sleep(free - now, signal);
  };
}
