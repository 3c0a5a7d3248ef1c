import assert from 'node:assert/strict';
import { request } from 'node:http';
import { SubscriptionClient } from '@azure/arm-subscriptions';
import { ClientSecretCredential } from '@azure/identity';
import { at, isArray, parseJson, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { armToken, ask, bearer, type Answer } from './support.ts';

describe('lab: faults', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());
  beforeEach(() => lab.clearRequests());
  afterEach(() => lab.faults.reset());

  const subscriptions = async (query = ''): Promise<Answer> =>
    ask(
      lab,
      `${lab.customCloud.armEndpoint}/subscriptions?api-version=2022-12-01${query}`,
      bearer(await armToken(lab)),
    );
  const control = async (
    method: string,
    path: string,
    body?: Json,
  ): Promise<{ readonly status: number; readonly json: Json | undefined }> =>
    new Promise((resolve, reject) => {
      const sent = request(`${lab.controlUrl}${path}`, { method }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, json: parseJson(text) }));
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });

  it('throttles with and without Retry-After, as often as told', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', status: 429, retryAfter: 7, times: 1 });
    const first = await subscriptions();
    assert.deepEqual([first.status, first.headers['retry-after']], [429, '7']);
    assert.equal(at(first.json, 'error', 'code'), 'TooManyRequests');
    assert.equal((await subscriptions()).status, 200);
    lab.faults.add({ kind: 'status', role: 'arm', status: 429, times: 1 });
    assert.equal((await subscriptions()).headers['retry-after'], undefined);
  });

  it('breaks the second page alone', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'skiptoken', status: 500 });
    const first = await subscriptions();
    assert.equal(first.status, 200);
    const next = textOf(first.json['nextLink']) ?? '';
    assert.equal((await ask(lab, next, bearer(await armToken(lab)))).status, 500);
  });

  it('lets some requests pass before it begins', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', status: 503, skip: 1, times: 1 });
    const statuses = [(await subscriptions()).status, (await subscriptions()).status, (await subscriptions()).status];
    assert.deepEqual(statuses, [200, 503, 200]);
  });

  it('sends HTML of a gateway, half a body, a slow one, and nothing at all', async () => {
    lab.faults.add({ kind: 'html', role: 'arm', times: 1 });
    const html = await subscriptions();
    assert.deepEqual([html.status, html.headers['content-type']], [502, 'text/html; charset=utf-8']);
    lab.faults.add({ kind: 'cut', role: 'arm', times: 1 });
    await assert.rejects(subscriptions(), /aborted|hang up|ECONNRESET/);
    lab.faults.add({ kind: 'slow', role: 'arm', times: 1, delayMs: 150 });
    const started = performance.now();
    assert.equal((await subscriptions()).status, 200);
    assert.ok(performance.now() - started >= 150);
    lab.faults.add({ kind: 'reset', role: 'arm', times: 1 });
    await assert.rejects(subscriptions());
    assert.deepEqual(
      lab
        .requests()
        .filter(({ role }) => role === 'arm')
        .map(({ status, faults }) => [status, faults]),
      [
        [502, ['html']],
        [200, ['cut']],
        [200, ['slow']],
        [0, ['reset']],
      ],
    );
  });

  it('leads the next page to a host of another owner, which the SDK follows with its token', async () => {
    lab.faults.add({ kind: 'foreignNextLink', role: 'arm', times: 1 });
    const { tenantId, clientId, clientSecret } = lab.credentials;
    const client = new SubscriptionClient(
      new ClientSecretCredential(tenantId, clientId, clientSecret, {
        authorityHost: lab.customCloud.authorityHost,
        disableInstanceDiscovery: true,
        tlsOptions: { ca: lab.caPem },
      }),
      {
        endpoint: lab.customCloud.armEndpoint,
        credentialScopes: [`${lab.customCloud.armAudience}/.default`],
        tlsOptions: { ca: lab.caPem },
      },
    );
    const names: (string | undefined)[] = [];
    for await (const { displayName } of client.subscriptions.list()) names.push(displayName);
    const [leaked] = lab.requests().filter(({ role }) => role === 'elsewhere');
    assert.equal(leaked?.authorization.scheme, 'Bearer');
    assert.equal(leaked.violation, 'a request to a host of another owner');
  });

  it('sends an empty page with a link to the full one', async () => {
    lab.faults.add({ kind: 'emptyPage', role: 'arm', times: 1 });
    const empty = await subscriptions();
    assert.deepEqual(empty.json['value'], []);
    const full = await ask(lab, textOf(empty.json['nextLink']) ?? '', bearer(await armToken(lab)));
    assert.ok(isArray(full.json['value']) && full.json['value'].length === 2);
  });

  it('challenges for claims, which the SDK answers with a new token once', async () => {
    lab.faults.add({ kind: 'claimsChallenge', role: 'arm', times: 1 });
    const { tenantId, clientId, clientSecret } = lab.credentials;
    const client = new SubscriptionClient(
      new ClientSecretCredential(tenantId, clientId, clientSecret, {
        authorityHost: lab.customCloud.authorityHost,
        disableInstanceDiscovery: true,
        tlsOptions: { ca: lab.caPem },
      }),
      {
        endpoint: lab.customCloud.armEndpoint,
        credentialScopes: [`${lab.customCloud.armAudience}/.default`],
        tlsOptions: { ca: lab.caPem },
      },
    );
    const names: (string | undefined)[] = [];
    for await (const { displayName } of client.subscriptions.list()) names.push(displayName);
    assert.equal(names.length, 3);
    const tokens = lab.requests().filter(({ role, method }) => role === 'entra' && method === 'POST');
    assert.equal(tokens.length, 2);
    assert.match(decodeURIComponent(tokens[1]?.body ?? ''), /"nbf":\{"essential":true/);
  });

  it('sets clocks forward', async () => {
    lab.faults.configure({ dateSkewSeconds: 900 });
    const skew = Date.parse((await subscriptions()).headers['date'] ?? '') - Date.now();
    assert.ok(Math.abs(skew - 900_000) < 5000);
  });

  it('can be switched from other processes', async () => {
    const added = await control('POST', '/faults', { kind: 'status', role: 'arm', status: 500, times: 1 });
    assert.equal(added.status, 200);
    assert.equal((await subscriptions()).status, 500);
    assert.equal(
      at(
        isArray((await control('GET', '/faults')).json)
          ? ((await control('GET', '/faults')).json as Json[])[0]
          : undefined,
        'met',
      ),
      1,
    );
    assert.equal((await control('POST', '/settings', { dateSkewSeconds: 60 })).status, 200);
    assert.equal(lab.faults.settings.dateSkewSeconds, 60);
    assert.equal((await control('POST', '/reset')).status, 200);
    assert.equal(lab.faults.settings.dateSkewSeconds, 0);
    const asked = (await control('GET', '/requests')).json;
    assert.ok(isArray(asked) && asked.length === lab.requests().length);
    assert.equal(at((await control('GET', '/handle')).json, 'customCloud', 'armEndpoint'), lab.customCloud.armEndpoint);
    assert.equal((await control('DELETE', '/requests')).status, 200);
    assert.deepEqual(lab.requests(), []);
  });

  it('refuses rules and settings that it does not have', async () => {
    assert.equal((await control('POST', '/faults', { kind: 'everything' })).status, 400);
    assert.equal((await control('POST', '/settings', { everything: true })).status, 400);
    assert.equal((await control('GET', '/everything')).status, 404);
    assert.throws(() => lab.faults.add({ kind: 'status', path: '(' }), TypeError);
  });
});
