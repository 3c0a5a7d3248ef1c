import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https, { Agent } from 'node:https';
import { sleep } from './concurrency.ts';
import {
  LimitExceededError,
  RefusedError,
  ThrottledError,
  TimedOutError,
  UnexpectedResponseError,
  UnreachableError,
  type UnreachableCause,
} from './errors.ts';
import { parseJson } from './json.ts';
import type { Log } from './log.ts';

/** Certificates of one connection. `ca` replaces the trusted roots for it. All PEM. */
export interface TlsIdentity {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Longest silence on the socket, also before the first byte. Default: the client's. */
  readonly idleTimeoutMs?: number;
  /** Attempts beside the first, for answers 429, 500, 502, 503, 504 and broken connections. Default 3 (POST only when the call reads). */
  readonly retries?: number;
  readonly tls?: TlsIdentity;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  /** The body as it streams. Read it, or call `discard`. */
  readonly body: IncomingMessage;
  /** The whole body as UTF-8 text. Throws LimitExceededError over `maxBytes` (default 16 MiB). */
  text(maxBytes?: number): Promise<string>;
  /** The whole body as JSON; throws UnexpectedResponseError when it is none. */
  json(maxBytes?: number): Promise<unknown>;
  discard(): void;
}

/**
 * The one way to the network. Redirects are never followed: the caller checks the target and drops credentials.
 * Throws UnreachableError, TimedOutError, ThrottledError (retries used up), RefusedError (no https); any other status is
 * returned.
 */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
}

const retried: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
/** A server may ask for hours; no call of ours waits longer than this at a time. */
const longestRetryAfterMs = 60_000;

export interface HttpClientOptions {
  readonly log: Log;
  readonly userAgent: string;
  readonly idleTimeoutMs?: number;
  /** First pause of the back-off; doubles each time, with jitter. Tests make it small. */
  readonly backOffMs?: number;
  /** Told when a host asks us to slow down for more than five seconds. */
  readonly onThrottled?: (host: string, waitMs: number) => void;
  /** Answers true when nothing may be sent. */
  readonly isOffline?: () => boolean;
}

/** A client on `node:https`, which the extension host patches for proxies and system certificates. */
export function createHttpClient(options: HttpClientOptions): HttpClient & { close(): void } {
  const agents = new Map<string, Agent>();
  const pausedUntil = new Map<string, number>();

  const agentFor = (tls: TlsIdentity | undefined): Agent | undefined => {
    if (tls === undefined) return undefined; // the global agent: the editor attaches proxies there
    const key = JSON.stringify([tls.ca, tls.cert, tls.key]);
    let agent = agents.get(key);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: 16, ...tls });
      agents.set(key, agent);
    }
    return agent;
  };

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const url = new URL(request.url);
    if (url.protocol !== 'https:') {
      throw new RefusedError(
        `Cannot call "${url.origin}": only https addresses are used`,
        'Correct the address to begin with https://.',
      );
    }
    const retries = request.retries ?? (request.method === 'POST' ? 0 : 3);
    for (let attempt = 0; ; attempt++) {
      request.signal.throwIfAborted();
      if (options.isOffline?.() === true) {
        throw new UnreachableError(
          `Cannot reach ${url.host}: working offline`,
          'Switch the setting plimsoll.offline off.',
          {
            host: url.host,
            reason: 'offline',
          },
        );
      }
      const pause = (pausedUntil.get(url.host) ?? 0) - performance.now();
      if (pause > 0) await sleep(pause, request.signal);
      let response: HttpResponse;
      try {
        response = await once(url, request);
      } catch (error) {
        if (
          attempt < retries &&
          error instanceof UnreachableError &&
          (error.reason === 'reset' || error.reason === 'timeout')
        ) {
          await sleep(backOff(attempt), request.signal);
          continue;
        }
        throw error;
      }
      if (!retried.has(response.status)) return response;
      const asked = retryAfterMs(response.headers);
      if (response.status === 429 && asked !== undefined) {
        const wait = Math.min(asked, longestRetryAfterMs);
        pausedUntil.set(url.host, performance.now() + wait);
        if (wait > 5000) options.onThrottled?.(url.host, wait);
      }
      if (attempt >= retries) {
        if (response.status !== 429) return response;
        response.discard();
        throw new ThrottledError(`${url.host} asks to slow down`, 'Wait a few minutes and try again.', {
          retryAfterMs: asked,
        });
      }
      response.discard();
      options.log.debug('request retried', { url: request.url, status: response.status, attempt });
      await sleep(Math.min(asked ?? backOff(attempt), longestRetryAfterMs), request.signal);
    }
  }

  const backOff = (attempt: number): number => (options.backOffMs ?? 800) * 2 ** attempt * (0.75 + Math.random() / 2);

  function once(url: URL, request: HttpRequest): Promise<HttpResponse> {
    const timeout = request.idleTimeoutMs ?? options.idleTimeoutMs ?? 30_000;
    const agent = agentFor(request.tls);
    return new Promise<HttpResponse>((resolve, reject) => {
      const outgoing = https.request(
        url,
        {
          method: request.method ?? 'GET',
          headers: {
            'user-agent': options.userAgent,
            accept: 'application/json',
            ...request.headers,
            ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
          },
          signal: request.signal,
          ...(agent === undefined ? {} : { agent }),
          ...(request.tls?.ca === undefined ? {} : { ca: request.tls.ca }),
        },
        (incoming) => resolve(wrap(url.href, incoming)),
      );
      outgoing.setTimeout(timeout, () => {
        outgoing.destroy(
          new TimedOutError(
            `Cannot read from ${url.host}: no answer within ${Math.round(timeout / 1000)} s`,
            'Check the network, then try again.',
          ),
        );
      });
      outgoing.on('error', (error) =>
        reject(request.signal.aborted ? abortReason(request.signal) : translate(error, url)),
      );
      outgoing.end(request.body);
    });
  }

  return {
    send,
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function wrap(url: string, incoming: IncomingMessage): HttpResponse {
  const text = async (maxBytes = 16 * 1024 * 1024): Promise<string> => {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxBytes) {
          throw new LimitExceededError(
            `Cannot read the answer of ${new URL(url).host}: it is larger than ${maxBytes} bytes`,
            'Report this if the service is genuine.',
          );
        }
        chunks.push(chunk);
      }
    } catch (error) {
      throw translate(error, new URL(url));
    } finally {
      incoming.destroy();
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    url,
    body: incoming,
    text,
    async json(maxBytes) {
      const body = await text(maxBytes);
      try {
        return parseJson(body, `the answer of ${new URL(url).host}`);
      } catch (cause) {
        const html = /^\s*<(!doctype|html)/i.test(body);
        throw new UnexpectedResponseError(
          `Cannot understand the answer of ${new URL(url).host}: ${html ? 'it is a web page, not data' : 'it is not valid JSON'}`,
          html
            ? 'A proxy or sign-in page may stand in between: check the proxy settings.'
            : 'Try again; report it if it stays.',
          { url, httpStatus: incoming.statusCode, cause },
        );
      }
    },
    discard() {
      incoming.resume();
    },
  };
}

/** `Retry-After` in milliseconds, also the hints that ARM sends. RFC 9110, 10.2.3; dates are read as well. */
export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const value = Number(headers[name]);
    if (headers[name] !== undefined && Number.isFinite(value) && value >= 0) return value;
  }
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

const causes: Readonly<Record<string, readonly [UnreachableCause, string, string]>> = {
  ENOTFOUND: ['name', 'the name does not resolve', 'Check the name and the DNS of this machine.'],
  EAI_AGAIN: ['name', 'the name does not resolve at the moment', 'Check the network of this machine.'],
  ECONNREFUSED: ['refused', 'the connection was refused', 'Check the address and any firewall in between.'],
  ETIMEDOUT: ['timeout', 'the connection timed out', 'Check firewalls and private endpoints in between.'],
  EHOSTUNREACH: ['timeout', 'there is no route to it', 'Check the network of this machine.'],
  ENETUNREACH: ['timeout', 'there is no route to it', 'Check the network of this machine.'],
  ECONNRESET: ['reset', 'the connection was cut', 'Try again; a proxy or firewall may cut connections.'],
  EPIPE: ['reset', 'the connection was cut', 'Try again; a proxy or firewall may cut connections.'],
  ERR_STREAM_PREMATURE_CLOSE: [
    'reset',
    'the connection was cut',
    'Try again; a proxy or firewall may cut connections.',
  ],
};

const certificateCodes =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_.*|ERR_TLS_CERT_ALTNAME_INVALID|ERR_SSL_.*|EPROTO)$/;

/** Turns an error of the socket layer into one that a person can act on; others pass through. */
export function translate(error: unknown, url: URL): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof TimedOutError || error instanceof LimitExceededError || error.name === 'AbortError')
    return error;
  const code = 'code' in error ? String(error.code) : '';
  const known = causes[code];
  if (known !== undefined) {
    return new UnreachableError(`Cannot reach ${url.host}: ${known[1]}`, known[2], {
      host: url.host,
      reason: known[0],
      cause: error,
    });
  }
  if (error.message === 'aborted' || error.message === 'socket hang up') {
    return new UnreachableError(
      `Cannot reach ${url.host}: the connection was cut`,
      'Try again; a proxy or firewall may cut connections.',
      {
        host: url.host,
        reason: 'reset',
        cause: error,
      },
    );
  }
  if (certificateCodes.test(code)) {
    return new UnreachableError(
      `Cannot reach ${url.host}: its certificate is not trusted (${code})`,
      'If your organisation inspects TLS, add its authority to the system certificates; check the clock of this machine.',
      { host: url.host, reason: 'certificate', cause: error },
    );
  }
  return new UnreachableError(
    `Cannot reach ${url.host}: ${error.message}`,
    'Check the network and the proxy settings.',
    {
      host: url.host,
      reason: /proxy|tunnel/i.test(error.message) ? 'proxy' : 'other',
      cause: error,
    },
  );
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('Aborted', 'AbortError');
}

/** Value of a header that may be repeated: the first. */
export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
