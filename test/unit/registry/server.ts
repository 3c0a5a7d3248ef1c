// Registries of a few lines each, over TLS on loopback, and a client that trusts them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createHttpClient, type HttpClient } from '../../../src/core/http.ts';
import { createLog, Redactor, silentLog } from '../../../src/core/log.ts';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from '../../../src/registry/client.ts';
import type { RegistryCredentials } from '../../../src/registry/types.ts';
import { createAuthority } from '../../lab/certificates.ts';

const authority = createAuthority('registry tests');
const { certificatePem, keyPem } = authority.issue({ commonName: 'localhost', hosts: ['127.0.0.1', 'localhost'] });

export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Server extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly seen: Seen[];
}

/** Serves on a free port; every request is in `seen` before `answer` is called. */
export async function serve(answer: (request: Seen, response: ServerResponse) => void): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer({ cert: certificatePem, key: keyPem }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(request);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client that trusts the servers here; finished log lines are collected. */
export function httpClient(lines?: string[]): HttpClient & { close(): void } {
  const log = lines === undefined ? silentLog : createLog((_level, line) => lines.push(line), new Redactor());
  const client = createHttpClient({ log, userAgent: 'plimsoll-test', backOffMs: 1 });
  return {
    send: (request) => client.send({ ...request, tls: { ca: authority.certificatePem } }),
    close: () => client.close(),
  };
}

/** Credentials that hand out `Bearer <scope> <count>` and note what they were asked. */
export function countingCredentials(): RegistryCredentials & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    authorization: ({ scope, renew }) => {
      asked.push(`${scope}${renew ? ' renew' : ''}`);
      return Promise.resolve(`Bearer ${scope} ${asked.length}`);
    },
  };
}

export function registryClient(host: string, options: Partial<RegistryClientOptions> = {}): RegistryClient {
  return createRegistryClient({
    http: httpClient(),
    log: silentLog,
    host,
    credentials: { authorization: () => Promise.resolve(undefined) },
    allowedBlobHosts: [],
    requestsPerSecond: 1000,
    backOffMs: 1,
    ...options,
  });
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function challenge(response: ServerResponse, realm: string, detail?: unknown): void {
  json(
    response,
    401,
    { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: detail ?? null }] },
    { 'www-authenticate': `Bearer realm="${realm}",service="service"` },
  );
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A JWT with these claims and a signature of nothing. */
export function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}
