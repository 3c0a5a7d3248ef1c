// One origin of the lab: a TLS server on a port of its own. A handler gives a reply as data; what faults do to it, and
// how it travels, is decided here.
import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { KeyedCertificate } from './certificates.ts';
import type { FaultBoard, FaultRule } from './faults.ts';
import type { Journal, OpenEntry } from './journal.ts';
import { isObject, parseObject, textOf, type JsonObject } from './json.ts';

/** A request that has been read whole. */
export interface Exchange {
  readonly role: string;
  readonly method: string;
  /** Path as sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `https://127.0.0.1:port` of this origin. */
  readonly origin: string;
  readonly host: string;
  readonly faults: readonly FaultRule[];
  /** Common name and organization of a client certificate that the origin's authority signed. */
  readonly clientCertificate?: { readonly commonName: string; readonly organization: string };
  /** Notes that no reader may send this. */
  violation(reason: string): void;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: JsonObject;
  readonly body?: string | Uint8Array;
  readonly file?: { readonly path: string; readonly start: number; readonly length: number };
  /** Closes the connection instead of answering. */
  readonly hangUp?: true;
}

export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

export interface Origin {
  readonly role: string;
  /** `https://127.0.0.1:port` */
  readonly origin: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Until it is called, everything is answered with 503. */
  serve(handler: Handler): void;
  close(): Promise<void>;
}

export interface OriginOptions {
  readonly role: string;
  readonly certificate: KeyedCertificate;
  /** PEM of the authority whose client certificates are recognised. */
  readonly clientAuthority?: string;
  readonly journal: Journal;
  readonly faults: FaultBoard;
  /** Address of the host of another owner, for faults that lead there. */
  readonly elsewhere: () => string;
  readonly log: (line: string) => void;
}

const maxBodyBytes = 1024 * 1024;
const recordedBodyChars = 64 * 1024;

export function json(status: number, body: JsonObject, headers: Reply['headers'] = {}): Reply {
  return { status, headers, json: body };
}

/** Starts the server on a free port. */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  let handler: Handler = () => ({ status: 503, body: 'The lab is still starting.' });
  const server: Server = createServer({
    cert: options.certificate.certificatePem,
    key: options.certificate.keyPem,
    ...(options.clientAuthority === undefined
      ? {}
      : { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: false }),
  });
  // clients with a wrong authority break the handshake: that is their finding, not a fault of the lab
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `https://${host}`;
  server.on('request', (request, response) => {
    void answer({ ...options, origin, host, handler: (exchange) => handler(exchange) }, request, response).catch(
      (error: unknown) => {
        options.log(`${options.role}: ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`);
        response.destroy();
      },
    );
  });
  return {
    role: options.role,
    origin,
    host,
    serve(next) {
      handler = next;
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface Running extends OriginOptions {
  readonly origin: string;
  readonly host: string;
  readonly handler: Handler;
}

async function answer(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => undefined);
  const body = await readBody(request);
  const target = request.url ?? '/';
  const [path = '/', ...rest] = target.split('?');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const method = request.method ?? 'GET';
  const faults = running.faults.take({ role: running.role, method, target, body: body ?? '' });
  const entry: OpenEntry = {
    at: Date.now(),
    role: running.role,
    method,
    path,
    query: rest.join('?'),
    headers,
    authorization: authorizationOf(headers['authorization']),
    body: (body ?? '').slice(0, recordedBodyChars),
    status: 0,
    faults: faults.map(({ kind }) => kind),
  };
  running.journal.add(entry);
  const certificate = clientCertificateOf(request);
  const exchange: Exchange = {
    role: running.role,
    method,
    path,
    query: new URLSearchParams(rest.join('?')),
    headers,
    body: body ?? '',
    origin: running.origin,
    host: running.host,
    faults,
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    violation(reason) {
      entry.violation ??= reason;
    },
  };
  const delay = faults.find(({ kind }) => kind === 'slow')?.delayMs ?? 0;
  if (delay > 0) await sleep(delay);
  if (faults.some(({ kind }) => kind === 'reset')) {
    request.socket.destroy();
    return;
  }
  const reply: Reply =
    body === undefined ? { status: 413, body: 'The body is too large.' } : await replyOf(running, exchange);
  if (reply.hangUp === true) {
    request.socket.destroy();
    return;
  }
  entry.status = reply.status;
  const skew = running.faults.settings.dateSkewSeconds;
  if (skew !== 0) response.setHeader('date', new Date(Date.now() + skew * 1000).toUTCString());
  await send(reply, exchange, response);
}

async function replyOf(running: Running, exchange: Exchange): Promise<Reply> {
  for (const fault of exchange.faults) {
    switch (fault.kind) {
      case 'status':
        return statusReply(fault, exchange.role);
      case 'html':
        return htmlReply(fault.status ?? 502);
      case 'claimsChallenge':
        return claimsChallenge(exchange);
      case 'redirect':
        return { status: 307, headers: { location: `${running.elsewhere()}${exchange.path}` } };
      case 'aadsts':
      case 'corrupt':
      case 'cut':
      case 'emptyPage':
      case 'expireContinue':
      case 'foreignNextLink':
      case 'reset':
      case 'slow':
        break;
    }
  }
  let reply: Reply;
  try {
    reply = await running.handler(exchange);
  } catch (error) {
    running.log(
      `${exchange.role}: ${exchange.method} ${exchange.path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return statusReply({ kind: 'status', status: 500, text: 'The lab itself failed.' }, exchange.role);
  }
  for (const fault of exchange.faults) {
    if (fault.kind === 'foreignNextLink') reply = withForeignNextLink(reply, exchange, running.elsewhere());
    if (fault.kind === 'emptyPage') reply = emptied(reply, exchange);
  }
  return reply;
}

/** The body that a service of this role sends with a failure of its own. */
function statusReply(fault: FaultRule, role: string): Reply {
  const status = fault.status ?? 500;
  const headers = {
    ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
    ...fault.headers,
  };
  if (fault.text !== undefined) {
    return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: fault.text };
  }
  const [code, message] = failureWords(status);
  if (role.startsWith('registry')) {
    return json(
      status,
      { errors: [{ code: status === 429 ? 'TOOMANYREQUESTS' : 'UNKNOWN', message, detail: null }] },
      headers,
    );
  }
  if (role.startsWith('cluster')) {
    return json(
      status,
      { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: code, message, code: status },
      headers,
    );
  }
  if (role === 'entra') {
    return json(
      status,
      { error: 'temporarily_unavailable', error_description: `AADSTS90033: ${message}`, error_codes: [90033] },
      headers,
    );
  }
  return json(status, { error: { code, message } }, { 'x-ms-failure-cause': 'gateway', ...headers });
}

function failureWords(status: number): readonly [code: string, message: string] {
  switch (status) {
    case 429:
      return ['TooManyRequests', 'The request was throttled. Please retry later.'];
    case 502:
      return ['BadGateway', 'The gateway did not receive a response from the server.'];
    case 503:
      return ['ServerUnavailable', 'The service is temporarily unavailable.'];
    case 504:
      return ['GatewayTimeout', 'The gateway did not receive a response within the specified time period.'];
    default:
      return ['InternalServerError', 'The server encountered an internal error.'];
  }
}

function htmlReply(status: number): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<html><head><title>${status}</title></head><body><h2>The web server reported an error.</h2><hr>Application gateway</body></html>`,
  };
}

function claimsChallenge(exchange: Exchange): Reply {
  const claims = Buffer.from(
    JSON.stringify({ access_token: { nbf: { essential: true, value: String(Math.floor(Date.now() / 1000)) } } }),
  ).toString('base64');
  return json(
    401,
    {
      error: {
        code: 'InvalidAuthenticationToken',
        message:
          'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
      },
    },
    {
      'www-authenticate': `Bearer realm="", authorization_uri="${exchange.origin}/common/oauth2/authorize", error="insufficient_claims", claims="${claims}"`,
    },
  );
}

function withForeignNextLink(reply: Reply, exchange: Exchange, elsewhere: string): Reply {
  const link = `${elsewhere}${exchange.path}?${exchange.query.toString()}`;
  if (exchange.role.startsWith('registry')) {
    return { ...reply, headers: { ...reply.headers, link: `<${link}>; rel="next"` } };
  }
  const name = exchange.role === 'graph' ? '@odata.nextLink' : 'nextLink';
  return reply.json === undefined ? reply : { ...reply, json: { ...reply.json, [name]: link } };
}

function emptied(reply: Reply, exchange: Exchange): Reply {
  if (!isObject(reply.json)) return reply;
  const name = exchange.role === 'graph' ? '@odata.nextLink' : 'nextLink';
  const query = exchange.query.size === 0 ? '' : `?${exchange.query.toString()}`;
  return { ...reply, json: { ...reply.json, value: [], [name]: `${exchange.origin}${exchange.path}${query}` } };
}

async function send(reply: Reply, exchange: Exchange, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (reply.json !== undefined && !response.hasHeader('content-type')) {
    response.setHeader('content-type', 'application/json; charset=utf-8');
  }
  response.statusCode = reply.status;
  const damaged = exchange.faults.some(({ kind }) => kind === 'cut' || kind === 'corrupt' || kind === 'slow');
  if (reply.file !== undefined && !damaged) {
    response.setHeader('content-length', reply.file.length);
    await sendFile(reply.file, exchange.method === 'HEAD', response);
    return;
  }
  const whole = reply.file === undefined ? bytesOf(reply) : await readWhole(reply.file);
  if (!response.hasHeader('content-length') && reply.status !== 204 && reply.status !== 304) {
    response.setHeader('content-length', whole.length);
  }
  if (exchange.method === 'HEAD') {
    response.end();
    return;
  }
  await sendDamaged(whole, exchange, response);
}

async function sendDamaged(whole: Buffer, exchange: Exchange, response: ServerResponse): Promise<void> {
  let bytes = whole;
  if (exchange.faults.some(({ kind }) => kind === 'corrupt') && bytes.length > 0) {
    bytes = Buffer.from(bytes);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = bytes[middle]! ^ 0x01;
  }
  if (exchange.faults.some(({ kind }) => kind === 'cut')) {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
    // let the half arrive before the connection goes
    await sleep(20);
    response.socket?.destroy();
    return;
  }
  const rate = exchange.faults.find(({ kind }) => kind === 'slow')?.bytesPerSecond;
  if (rate !== undefined) {
    const step = Math.max(1, Math.floor(rate / 10));
    for (let start = 0; start < bytes.length && !response.destroyed; start += step) {
      response.write(bytes.subarray(start, start + step));
      await sleep(100);
    }
    response.end();
    return;
  }
  response.end(bytes);
}

function bytesOf(reply: Reply): Buffer {
  if (reply.json !== undefined) return Buffer.from(JSON.stringify(reply.json));
  return typeof reply.body === 'string' ? Buffer.from(reply.body) : Buffer.from(reply.body ?? '');
}

async function readWhole(file: NonNullable<Reply['file']>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of fileStream(file)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function fileStream(file: NonNullable<Reply['file']>): AsyncIterable<Buffer> {
  return createReadStream(file.path, { start: file.start, end: file.start + Math.max(file.length - 1, 0) });
}

async function sendFile(file: NonNullable<Reply['file']>, headOnly: boolean, response: ServerResponse): Promise<void> {
  if (headOnly || file.length === 0) {
    response.end();
    return;
  }
  for await (const chunk of fileStream(file)) {
    if (response.destroyed) return;
    if (!response.write(chunk)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          response.off('drain', done);
          response.off('close', done);
          resolve();
        };
        response.on('drain', done);
        response.on('close', done);
      });
    }
  }
  response.end();
}

/** Undefined when there is more than any reader sends. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  return size > maxBodyBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function authorizationOf(header: string | undefined): OpenEntry['authorization'] {
  if (header === undefined) return { scheme: 'none' };
  const [scheme = '', value = ''] = header.split(' ');
  if (scheme !== 'Bearer') return { scheme };
  const claims = parseObject(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const audience = textOf(claims?.['aud']);
  const subject = textOf(claims?.['oid']) ?? textOf(claims?.['sub']);
  return { scheme, ...(audience === undefined ? {} : { audience }), ...(subject === undefined ? {} : { subject }) };
}

function clientCertificateOf(request: IncomingMessage): Exchange['clientCertificate'] {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const peer: Partial<PeerCertificate> = socket.getPeerCertificate();
  const first = (value: string | string[] | undefined): string =>
    typeof value === 'string' ? value : (value?.[0] ?? '');
  return peer.subject === undefined
    ? undefined
    : { commonName: first(peer.subject.CN), organization: first(peer.subject.O) };
}
