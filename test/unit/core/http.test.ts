import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  LimitExceededError,
  RefusedError,
  ThrottledError,
  TimedOutError,
  UnexpectedResponseError,
  UnreachableError,
} from '../../../src/core/errors.ts';
import { type HttpClient, createHttpClient, headerText, retryAfterMs } from '../../../src/core/http.ts';
import { silentLog } from '../../../src/core/log.ts';
import { createAuthority } from '../../lab/certificates.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const never = new AbortController().signal;

describe('the HTTP client', () => {
  let origin = '';
  let ca = '';
  let answers: Answer[] = [];
  let seen: string[] = [];
  let stop: () => void = () => undefined;
  let client: HttpClient & { close(): void };
  let isOffline = false;

  before(async () => {
    const authority = createAuthority('Test');
    const { certificatePem, keyPem } = authority.issue({ commonName: 'test', hosts: ['127.0.0.1'] });
    ca = authority.certificatePem;
    const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined) response.end('{}');
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = createHttpClient({
      log: silentLog,
      userAgent: 'test',
      backOffMs: 1,
      idleTimeoutMs: 500,
      isOffline: () => isOffline,
    });
    stop = () => {
      client.close();
      server.closeAllConnections();
      server.close();
    };
  });
  after(() => stop());
  beforeEach(() => {
    answers = [];
    seen = [];
    isOffline = false;
  });

  const get = (path = '/', more: object = {}) =>
    client.send({ url: origin + path, signal: never, tls: { ca }, ...more });
  const status =
    (code: number, headers: Record<string, string> = {}): Answer =>
    (_request, response) => {
      response.writeHead(code, headers);
      response.end('{}');
    };

  it('gives status, headers and body', async () => {
    answers = [(_request, response) => response.writeHead(200, { 'x-a': 'b' }).end('{"a":[1]}')];
    const response = await get('/x?y=1');
    assert.equal(response.status, 200);
    assert.equal(headerText(response.headers, 'x-a'), 'b');
    assert.deepEqual(await response.json(), { a: [1] });
    assert.deepEqual(seen, ['GET /x?y=1']);
  });

  it('tries again after 5xx, and gives the last answer when that does not help', async () => {
    answers = [status(503), status(500), status(200)];
    assert.equal((await get()).status, 200);
    assert.equal(seen.length, 3);
    seen = [];
    answers = [status(502)];
    assert.equal((await get('/', { retries: 1 })).status, 502);
    assert.equal(seen.length, 2);
  });

  it('does not repeat a POST unless told that it only reads', async () => {
    answers = [status(503)];
    assert.equal((await get('/', { method: 'POST', body: 'x' })).status, 503);
    assert.equal(seen.length, 1);
  });

  it('gives other statuses and redirects as they are', async () => {
    answers = [status(404)];
    assert.equal((await get()).status, 404);
    answers = [status(307, { location: 'https://elsewhere.example/' })];
    assert.equal((await get()).status, 307);
    assert.equal(seen.length, 2);
  });

  it('slows down when asked, and says so when that does not help', async () => {
    answers = [status(429, { 'retry-after-ms': '20' }), status(200)];
    assert.equal((await get()).status, 200);
    answers = [status(429, { 'retry-after-ms': '1' })];
    await assert.rejects(get('/', { retries: 1 }), ThrottledError);
  });

  it('ends a wait when it is told to stop', async () => {
    answers = [status(429, { 'retry-after': '3600' })];
    const stopper = new AbortController();
    setTimeout(() => stopper.abort(), 30);
    // A client of its own: the host stays paused for it.
    const other = createHttpClient({ log: silentLog, userAgent: 'test' });
    await assert.rejects(other.send({ url: origin, signal: stopper.signal, tls: { ca } }), { name: 'AbortError' });
    other.close();
  });

  it('refuses what is not https, and sends nothing while offline', async () => {
    await assert.rejects(client.send({ url: 'http://127.0.0.1/', signal: never }), RefusedError);
    isOffline = true;
    await assert.rejects(get(), (error) => error instanceof UnreachableError && error.reason === 'offline');
    assert.deepEqual(seen, []);
  });

  it('tells an unknown authority and a closed port apart', async () => {
    await assert.rejects(
      client.send({ url: origin, signal: never, retries: 0 }),
      (error) => error instanceof UnreachableError && error.reason === 'certificate',
    );
    await assert.rejects(
      client.send({ url: 'https://127.0.0.1:1/', signal: never, retries: 0 }),
      (error) => error instanceof UnreachableError && error.reason === 'refused',
    );
  });
});

describe('the body of an answer', () => {
  let origin = '';
  let ca = '';
  let answer: Answer = (_request, response) => response.end();
  let stop: () => void = () => undefined;
  let client: HttpClient & { close(): void };

  before(async () => {
    const authority = createAuthority('Test');
    const { certificatePem, keyPem } = authority.issue({ commonName: 'test', hosts: ['127.0.0.1'] });
    ca = authority.certificatePem;
    const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) =>
      answer(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = createHttpClient({ log: silentLog, userAgent: 'test', backOffMs: 1, idleTimeoutMs: 200 });
    stop = () => {
      client.close();
      server.closeAllConnections();
      server.close();
    };
  });
  after(() => stop());
  const get = () => client.send({ url: origin, signal: never, tls: { ca }, retries: 0 });

  it('is refused over its limit', async () => {
    answer = (_request, response) => response.end('x'.repeat(1000));
    await assert.rejects((await get()).text(999), LimitExceededError);
    assert.equal((await (await get()).text(1000)).length, 1000);
  });

  it('that is a web page instead of data is called one', async () => {
    answer = (_request, response) => response.end('<!DOCTYPE html><title>Sign in</title>');
    await assert.rejects(
      (await get()).json(),
      (error) => error instanceof UnexpectedResponseError && /web page/.test(error.message),
    );
    answer = (_request, response) => response.end('{"a":');
    await assert.rejects((await get()).json(), UnexpectedResponseError);
  });

  it('that is cut is no body', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x');
      setTimeout(() => response.destroy(), 20);
    };
    await assert.rejects(
      (await get()).text(),
      (error) => error instanceof UnreachableError && error.reason === 'reset',
    );
  });

  it('that stays away ends in a deadline', async () => {
    answer = () => undefined;
    await assert.rejects(get(), TimedOutError);
  });
});

describe('Retry-After', () => {
  it('is read in all its forms', () => {
    assert.equal(retryAfterMs({}), undefined);
    assert.equal(retryAfterMs({ 'retry-after': '7' }), 7000);
    assert.equal(retryAfterMs({ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }), 0);
    assert.equal(retryAfterMs({ 'retry-after': 'soon' }), undefined);
    assert.equal(retryAfterMs({ 'x-ms-retry-after-ms': '250', 'retry-after': '7' }), 250);
    assert.equal(retryAfterMs({ 'retry-after-ms': '-1' }), undefined);
  });
});
