import { sleep } from '../core/concurrency.ts';
import { DigestMismatchError, RefusedError, UnexpectedResponseError, UnreachableError } from '../core/errors.ts';
import { headerText, translate, type HttpClient, type HttpResponse } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import { isAllowedHost } from './known-registries.ts';
import { faultError, readFault, withoutQuery } from './registry-errors.ts';

/** Cuts without a single new byte in between that end a download. */
const fruitlessAttempts = 4;
const longestRedirectChain = 4;

export interface BlobStreamOptions {
  readonly http: HttpClient;
  readonly log: Log;
  /** Asks the registry for the blob, with authorization; `range` is the value of a Range header. */
  ask(range: string | undefined, signal: AbortSignal): Promise<HttpResponse>;
  /** Hosts and suffixes that redirects may lead to. */
  readonly allowedHosts: readonly string[];
  readonly digest: string;
  /** Size that the manifest promises, in bytes. */
  readonly size: number;
  /** For messages: `layer sha256:… of "host/repo"`. */
  readonly what: string;
  readonly scope: string;
  readonly backOffMs: number;
}

/**
 * The bytes of a blob, resumed with Range requests when the connection is cut. The promise settles with the first answer,
 * so that "not found" and "denied" come before any byte. Redirects are followed to allowed hosts alone and without
 * Authorization; their addresses carry signatures and appear in no log line and no message.
 * Throws DigestMismatchError when more bytes come than promised, RefusedError, AccessDeniedError, NotFoundError,
 * UnreachableError, UnexpectedResponseError.
 */
export async function openBlob(options: BlobStreamOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { http, log, allowedHosts, size, what } = options;
  /** Where the registry last sent us; used again for ranges until the storage refuses its signature. */
  let location: string | undefined;

  async function open(offset: number): Promise<HttpResponse> {
    const range = offset === 0 ? undefined : `bytes=${offset}-`;
    if (location !== undefined) {
      const stored = await follow(location, range);
      if (stored.status === 200 || stored.status === 206 || stored.status === 416) return stored;
      stored.discard(); // most likely an expired signature: the registry gives a new one
      location = undefined;
    }
    const answer = await options.ask(range, signal);
    const target = redirectTarget(answer);
    if (target === undefined) return answer;
    answer.discard();
    return follow(target, range);
  }

  async function follow(target: string, range: string | undefined): Promise<HttpResponse> {
    let url = target;
    for (let hop = 0; hop < longestRedirectChain; hop++) {
      const { host, protocol, username } = new URL(url);
      if (protocol !== 'https:' || username !== '' || !isAllowedHost(host, allowedHosts)) {
        throw new RefusedError(
          `Cannot read ${what}: the registry redirects to "${host}", which is not among its storage hosts`,
          'Nothing was sent there. If this registry stores its layers there, allow the host in the cloud settings.',
        );
      }
      const answer = await http.send({
        url,
        headers: { accept: '*/*', ...(range === undefined ? {} : { range }) },
        signal,
      });
      const next = redirectTarget(answer);
      if (next === undefined) {
        location = url;
        return answer;
      }
      answer.discard();
      url = next;
    }
    throw new UnexpectedResponseError(`Cannot read ${what}: it is redirected in circles`, 'Try again later.', {
      url: withoutQuery(url),
    });
  }

  async function* stream(first: HttpResponse): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    let response: HttpResponse | undefined = first;
    let fruitless = 0;
    for (;;) {
      const before = received;
      let cut: unknown;
      try {
        response ??= await check(await open(received), received);
        let skip = response.status === 200 ? received : 0; // a server that ignores Range sends all of it again
        for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
          signal.throwIfAborted();
          const fresh = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
          skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          received += fresh.length;
          if (received > size) {
            throw new DigestMismatchError(
              `Cannot read ${what}: it is larger than the ${size} bytes that the manifest names`,
              'The registry or something in between changed it. Nothing of it was used.',
            );
          }
          yield fresh;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isCut(error)) throw error;
        cut = error;
      } finally {
        response?.body.destroy();
        response = undefined;
      }
      if (received === size) return;
      fruitless = received > before ? 0 : fruitless + 1;
      if (fruitless > fruitlessAttempts) {
        if (cut instanceof Error) throw translate(cut, new URL(first.url));
        throw new UnreachableError(
          `Cannot read ${what}: it ends after ${received} of ${size} bytes`,
          'Try again; a proxy in between may cut long downloads.',
          { host: new URL(first.url).host, reason: 'reset' },
        );
      }
      log.debug('download resumed', { digest: options.digest, received, size });
      await sleep(options.backOffMs * 2 ** fruitless, signal);
    }
  }

  async function check(response: HttpResponse, offset: number): Promise<HttpResponse> {
    if (response.status === 200) return response;
    if (response.status === 206) {
      const start = /^bytes (\d+)-/.exec(headerText(response.headers, 'content-range') ?? '')?.[1];
      if (Number(start) === offset) return response;
      response.body.destroy();
      throw new UnexpectedResponseError(
        `Cannot read ${what}: ${new URL(response.url).host} sent another part than the one asked for`,
        'Try again; a proxy in between may answer from a damaged cache.',
        { url: withoutQuery(response.url), httpStatus: 206 },
      );
    }
    const fault = await readFault(response, signal);
    throw faultError(`read ${what}`, options.scope, response.url, fault);
  }

  return stream(await check(await open(0), 0));
}

function redirectTarget(response: HttpResponse): string | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = headerText(response.headers, 'location');
  if (location === undefined || !URL.canParse(location, response.url)) {
    response.discard();
    throw new UnexpectedResponseError(
      `Cannot follow a redirect of ${new URL(response.url).host}: it names no usable address`,
      'Try again; report it if it stays.',
      { url: withoutQuery(response.url), httpStatus: response.status },
    );
  }
  return new URL(location, response.url).href;
}

/** True for a connection that ended early, which a Range request can mend. */
function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof UnreachableError) return error.reason === 'reset' || error.reason === 'timeout';
  const code = 'code' in error ? String(error.code) : '';
  return (
    error.message === 'aborted' ||
    ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ETIMEDOUT', 'timed-out', 'HPE_INVALID_EOF_STATE'].includes(
      code,
    )
  );
}
