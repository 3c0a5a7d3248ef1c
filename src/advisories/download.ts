import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DamagedError, LimitExceededError, UnexpectedResponseError } from '../core/errors.ts';
import { type HttpClient, type HttpResponse, headerText, translate } from '../core/http.ts';

const mostRedirects = 5;

/** A resource of a public source as it comes; `unchanged` when it still has the tag that was given. */
export type Fetched =
  | { readonly state: 'unchanged' }
  | { readonly state: 'missing' }
  | {
      readonly state: 'there';
      readonly etag?: string;
      /** Bytes, when the source says it. */
      readonly size?: number;
      readonly response: HttpResponse;
    };

/**
 * GET that follows redirects of public data sources to https addresses; no credentials are involved. Throws
 * UnexpectedResponseError for answers other than 200, 304 and 404, and what the client throws.
 */
export async function fetchPublic(
  http: HttpClient,
  address: string,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  let url = address;
  const { host, pathname } = new URL(address);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const headers = { accept: '*/*', ...(etag === undefined ? {} : { 'if-none-match': etag }) };
    const response = await http.send({ url, headers, signal });
    if (response.status === 200) {
      const tag = headerText(response.headers, 'etag');
      const length = headerText(response.headers, 'content-length');
      const size = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
      return {
        state: 'there',
        ...(tag === undefined || tag.length > 500 ? {} : { etag: tag }),
        ...(size === undefined ? {} : { size }),
        response,
      };
    }
    response.discard();
    if (response.status === 304 && etag !== undefined) return { state: 'unchanged' };
    if (response.status === 404) return { state: 'missing' };
    const location = headerText(response.headers, 'location');
    if (response.status < 300 || response.status >= 400 || location === undefined) {
      throw new UnexpectedResponseError(
        `Cannot download ${pathname} from ${host}: the server answered ${response.status}`,
        'Try again later.',
        { url: address, httpStatus: response.status },
      );
    }
    url = new URL(location, url).href;
  }
  throw new UnexpectedResponseError(`Cannot download from ${host}: too many redirects`, 'Check the address.', {
    url: address,
  });
}

/** Throws LimitExceededError beyond `most` bytes, and the errors of the connection translated. */
export async function* bodyOf(
  response: HttpResponse,
  url: string,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      size += chunk.length;
      if (size > most)
        throw new LimitExceededError(`Cannot download ${url}: it is larger than ${most} bytes`, 'Check the mirror.');
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isNetworkError(error) ? translate(error, new URL(url)) : error;
  } finally {
    response.discard();
  }
}

/**
 * Writes a body to a new file. `onProgress` is told the bytes so far, now and then. Throws DamagedError when it is not
 * what the source says it is (Google Cloud Storage, "x-goog-hash").
 */
export async function saveBody(
  response: HttpResponse,
  url: string,
  file: string,
  most: number,
  signal: AbortSignal,
  onProgress?: (bytes: number) => void,
): Promise<void> {
  const expected = /(?:^|,)\s*md5=([A-Za-z0-9+/]{22}==)/.exec(headerText(response.headers, 'x-goog-hash') ?? '')?.[1];
  const hash = createHash('md5');
  const counted = async function* (): AsyncGenerator<Buffer, void, undefined> {
    let bytes = 0;
    let told = 0;
    for await (const chunk of bodyOf(response, url, most, signal)) {
      bytes += chunk.length;
      if (expected !== undefined) hash.update(chunk);
      if (bytes - told >= tellEvery) onProgress?.((told = bytes));
      yield chunk;
    }
  };
  await pipeline(counted, createWriteStream(file, { flags: 'wx' }), { signal });
  if (expected !== undefined && hash.digest('base64') !== expected) {
    throw new DamagedError(`Cannot use ${url}: it was damaged on its way`, 'Try again.');
  }
}

const tellEvery = 1024 * 1024;

/** The whole body. */
export async function readBody(
  response: HttpResponse,
  url: string,
  most: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(response, url, most, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Errors of the connection, told from those of the disk. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ETIMEDOUT';
}
