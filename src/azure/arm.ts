import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { LimitExceededError, RefusedError, UnexpectedResponseError } from '../core/errors.ts';
import { headerText, type HttpClient, type HttpResponse } from '../core/http.ts';
import { parseJson } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { armError, readServiceError } from './arm-errors.ts';
import { armScope } from './clouds.ts';
import { withDeadline } from './deadline.ts';
import type { TokenProvider, TokenRequest } from './tokens.ts';
import type { Cloud } from './types.ts';
import { callerHeaders, flatHeaders, type Wire, type WireRequest, type WireResponse } from './wire.ts';

/** POST requests that read. Everything else but GET and HEAD is refused before it is sent. */
const readingPosts: readonly RegExp[] = [
  /^\/providers\/microsoft\.resourcegraph\/resources$/,
  /\/providers\/microsoft\.containerservice\/managedclusters\/[^/]+\/listclusterusercredential$/,
  /\/providers\/microsoft\.web\/sites\/[^/]+(\/slots\/[^/]+)?\/config\/[^/]+\/list$/,
  /\/providers\/microsoft\.network\/bastionhosts\/[^/]+\/getshareablelinks$/,
];

export interface ArmDeps {
  readonly http: HttpClient;
  readonly log: Log;
  readonly tokens: TokenProvider;
  readonly clock: Clock;
  /** Longest time for one call with its retries. Default 120 s. */
  readonly callTimeoutMs?: number;
}

/** Refusals that another token of the same identity would meet as well. */
const finalRefusals: ReadonlySet<string> = new Set([
  'InvalidAuthenticationTokenTenant',
  'InvalidAuthenticationTokenAudience',
]);

/** Largest answer that is read: Resource Graph sends up to 16 MB a page. */
const largestAnswer = 48 * 1024 * 1024;

/**
 * The wire to Resource Manager: requests go to its own origin alone, with a token of its own; a refused token is
 * renewed once; waiting is bounded; any status of 400 or more becomes the error that `armError` makes of it.
 */
export function createArmWire(cloud: Cloud, deps: ArmDeps): Wire {
  const { http, log, tokens } = deps;
  const scope = armScope(cloud);

  async function exchange(request: WireRequest, renewal: TokenRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { token } = await tokens.getToken(scope, signal, renewal);
    return http.send({
      method: request.method === 'POST' ? 'POST' : request.method === 'HEAD' ? 'HEAD' : 'GET',
      url: request.url,
      headers: {
        'x-ms-client-request-id': randomUUID(),
        ...callerHeaders(request.headers),
        authorization: `Bearer ${token}`,
      },
      ...(request.method === 'POST' ? { body: request.body ?? '' } : {}),
      signal,
      retries: 3, // every POST that passes reads
    });
  }

  return async (request) => {
    const url = new URL(request.url);
    if (url.origin !== cloud.armEndpoint) {
      throw new RefusedError(
        `Cannot follow Azure to ${url.origin}: it is not the Resource Manager of this cloud`,
        'Nothing was sent there. Report this if the cloud is genuine.',
      );
    }
    const path = url.pathname.replace(/\/{2,}/g, '/').toLowerCase();
    const reads =
      request.method === 'GET' ||
      request.method === 'HEAD' ||
      (request.method === 'POST' && readingPosts.some((pattern) => pattern.test(path)));
    if (!reads) throw new RefusedError(`Cannot send ${request.method} ${path}: it may change Azure`, 'Report this.');
    const outer = request.signal ?? new AbortController().signal;
    return withDeadline(outer, deps.callTimeoutMs ?? 120_000, `read from ${url.host}`, async (signal) => {
      let response = await exchange(request, {}, signal);
      let body = await response.text(largestAnswer);
      if (response.status === 401 && !finalRefusals.has(readServiceError(body).code)) {
        const claims = claimsChallenge(headerText(response.headers, 'www-authenticate'));
        response = await exchange(request, { renew: true, ...(claims === undefined ? {} : { claims }) }, signal);
        body = await response.text(largestAnswer);
      }
      log.debug('azure answered', {
        method: request.method,
        url: request.url,
        status: response.status,
        correlation: headerText(response.headers, 'x-ms-correlation-request-id'),
      });
      if (response.status >= 400) {
        throw armError({ status: response.status, headers: response.headers, url: request.url, body });
      }
      if (response.status >= 300) {
        throw new RefusedError(
          `Cannot read "${url.pathname}": ${url.host} redirects elsewhere`,
          'Redirects are not followed, so that the token stays where it belongs. Check the proxy settings.',
        );
      }
      return { status: response.status, headers: flatHeaders(response.headers), body } satisfies WireResponse;
    });
  };
}

/** The decoded `claims` of a challenge. Microsoft identity platform, "Claims challenges, claims requests and client capabilities". */
export function claimsChallenge(header: string | undefined): string | undefined {
  const encoded = /\bclaims="([A-Za-z0-9+/_=-]{1,8192})"/.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  return decoded.startsWith('{') ? decoded : undefined;
}

/** Reads of Resource Manager as JSON that nothing was dropped from. */
export interface ArmReader {
  /** `path` begins with a slash. Throws what `armError` makes; NotFoundError, AccessDeniedError among them. */
  get(path: string, apiVersion: string, signal: AbortSignal): Promise<unknown>;
  /**
   * Pages of a list. A page that fails after others throws; those already yielded stay good. Following pages must lie
   * at the same origin.
   */
  list(path: string, apiVersion: string, signal: AbortSignal): AsyncGenerator<readonly unknown[], void, undefined>;
}

const listPage = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });
const mostPages = 1000;
/** A page may come empty and lead to itself once or twice; more is a circle. */
const mostVisits = 3;

export function createArmReader(cloud: Cloud, wire: Wire): ArmReader {
  async function read(url: string, signal: AbortSignal): Promise<unknown> {
    const answer = await wire({ method: 'GET', url, headers: { accept: 'application/json' }, signal });
    try {
      return parseJson(answer.body, `the answer of ${new URL(url).host}`);
    } catch (cause) {
      throw new UnexpectedResponseError(
        `Cannot understand the answer of ${new URL(url).host}: ${/^\s*</.test(answer.body) ? 'it is a web page, not data' : 'it is not valid JSON'}`,
        'A proxy may stand in between: check the proxy settings.',
        { url, httpStatus: answer.status, cause },
      );
    }
  }
  const address = (path: string, apiVersion: string): string => {
    const url = new URL(`${cloud.armEndpoint}${path}`);
    url.searchParams.set('api-version', apiVersion);
    return url.href;
  };
  return {
    get: (path, apiVersion, signal) => read(address(path, apiVersion), signal),
    async *list(path, apiVersion, signal) {
      let url: string | undefined = address(path, apiVersion);
      const visits = new Map<string, number>();
      for (let pages = 0; url !== undefined; pages++) {
        signal.throwIfAborted();
        const visit = (visits.get(url) ?? 0) + 1;
        if (visit > mostVisits || pages >= mostPages) {
          throw new LimitExceededError(`Cannot read all of "${path}": its pages do not end`, 'Report this.');
        }
        visits.set(url, visit);
        const page = listPage.safeParse(await read(url, signal));
        if (!page.success) {
          throw new UnexpectedResponseError(
            `Cannot understand the list "${path}": ${page.error.issues[0]?.message ?? 'no value'}`,
            'Report this with the log.',
            { url },
          );
        }
        yield page.data.value;
        const { nextLink } = page.data;
        url = nextLink === undefined || nextLink === null || nextLink === '' ? undefined : absolute(nextLink, url);
      }
    },
  };
}

function absolute(link: string, base: string): string {
  if (!URL.canParse(link, base)) {
    throw new UnexpectedResponseError('Cannot read the next page: its address is malformed', 'Report this.', {
      url: base,
    });
  }
  return new URL(link, base).href;
}
