import assert from 'node:assert/strict';
import { armScope } from '../../../src/azure/clouds.ts';
import { readClaims } from '../../../src/azure/jwt.ts';
import { createAzureSession } from '../../../src/azure/session.ts';
import { fieldOfSignInError } from '../../../src/azure/sign-in-errors.ts';
import type { Cloud } from '../../../src/azure/types.ts';
import { isEngineError, type EngineError } from '../../../src/core/errors.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from './session-on-lab.ts';

describe('signing in', function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: OnLab;
  const never = new AbortController().signal;

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    on = onLab(lab);
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  const tokenPosts = () => lab.requests().filter(({ role, method }) => role === 'entra' && method === 'POST');

  async function refusal(name: string, cloud: Cloud = on.cloud, signal = never): Promise<EngineError> {
    const session = createAzureSession(cloud, on.secret(name), on.deps);
    try {
      await session.tokens.getToken(armScope(cloud), signal);
    } catch (error) {
      if (isEngineError(error)) return error;
      throw error;
    }
    return assert.fail('signed in');
  }

  it('gives a token whose claims name the identity', async () => {
    const { token, expiresAt } = await on.session('good').tokens.getToken(armScope(on.cloud), never);
    const claims = readClaims(token);
    assert.equal(claims?.tid, lab.credentials.tenantId);
    assert.equal(claims.appid, lab.credentials.clientId);
    assert.equal(claims.aud, lab.customCloud.armAudience);
    assert.ok(Math.abs(expiresAt - Date.now() - 3599_000) < 60_000);
    assert.deepEqual(
      lab.requests().filter(({ violation }) => violation !== undefined),
      [],
    );
  });

  const refusals: readonly (readonly [string, string, number, string, RegExp])[] = [
    ['wrongTenant', 'a tenant that is not there', 90002, 'tenant', /^No tenant with this ID in Custom cloud\.$/],
    ['malformedTenant', 'a tenant that is no id', 900023, 'tenant', /neither an ID nor a domain name/],
    [
      'unknownApp',
      'an unknown application',
      700016,
      'client',
      /^This tenant has no application with this client ID\.$/,
    ],
    ['wrongSecret', 'a wrong secret', 7000215, 'secret', /Check that it is the Value, not the Secret ID\.$/],
    [
      'secretId',
      'the Secret ID instead of the secret',
      7000215,
      'secret',
      /It looks like the Secret ID; Azure needs the Value\.$/,
    ],
    ['expiredSecret', 'an expired secret', 7000222, 'secret', /^This secret has expired\. Create a new one\.$/],
    [
      'disabledApp',
      'a disabled application',
      7000112,
      'none',
      /disabled in this tenant\. Ask your Entra administrator\.$/,
    ],
    ['blocked', 'a Conditional Access policy', 53003, 'none', /^A Conditional Access policy blocks this sign-in/],
  ];
  for (const [name, title, code, field, message] of refusals) {
    it(`explains ${title} (AADSTS${code})`, async () => {
      const error = await refusal(name);
      assert.equal(error.code, 'not-signed-in');
      assert.equal('aadsts' in error && error.aadsts, code);
      assert.match('traceId' in error ? String(error.traceId) : '', /^[0-9a-f-]{36}$/);
      assert.match(error.message, message);
      assert.ok(error.nextStep.length > 10);
      assert.equal(fieldOfSignInError(error), field);
    });
  }

  it('shows Azure’s own words and the code when it does not know the code', async () => {
    lab.faults.add({ kind: 'aadsts', role: 'entra', code: 7654321 });
    const error = await refusal('good');
    assert.equal(error.message, 'Cannot sign in: A fault that the lab was asked for. (AADSTS7654321)');
    assert.match(error.nextStep, /error\?code=7654321 .* trace ID [0-9a-f-]{36}/);
  });

  it('signs in again after a refusal, without a block that stays', async () => {
    const session = on.session('good');
    lab.faults.add({ kind: 'aadsts', role: 'entra', path: '/token', code: 90033, status: 400, times: 1 });
    await assert.rejects(session.tokens.getToken(armScope(on.cloud), never), { code: 'not-signed-in', aadsts: 90033 });
    await session.tokens.getToken(armScope(on.cloud), never);
  });

  it('asks once for callers that come together, and not again while the token lasts', async () => {
    const { tokens } = on.session('good');
    const both = await Promise.all([1, 2, 3].map(() => tokens.getToken(armScope(on.cloud), never)));
    assert.equal(new Set(both.map(({ token }) => token)).size, 1);
    await tokens.getToken(armScope(on.cloud), never);
    assert.equal(tokenPosts().length, 1);
    const renewed = await tokens.getToken(armScope(on.cloud), never, { renew: true });
    assert.notEqual(renewed.token, both[0]?.token);
    assert.equal((await tokens.getToken(armScope(on.cloud), never)).token, renewed.token);
    assert.equal(tokenPosts().length, 2);
  });

  it('fetches a new token before the old one ends', async () => {
    let now = Date.now();
    const { tokens } = createAzureSession(on.cloud, on.secret('good'), {
      ...on.deps,
      clock: { now: () => new Date(now) },
    });
    await tokens.getToken(armScope(on.cloud), never);
    now += 3599_000 - 5 * 60_000 - 30_000;
    await tokens.getToken(armScope(on.cloud), never);
    assert.equal(tokenPosts().length, 1);
    now += 60_000;
    // the package's own cache is asked: it may keep the token that is still good
    await tokens.getToken(armScope(on.cloud), never);
    assert.ok(tokenPosts().length <= 2);
  });

  it('stops at once when the caller does, and lets another caller go on', async () => {
    lab.faults.add({ kind: 'slow', role: 'entra', path: '/token', delayMs: 1500 });
    const { tokens } = on.session('good');
    const stop = new AbortController();
    const first = tokens.getToken(armScope(on.cloud), stop.signal);
    const second = tokens.getToken(armScope(on.cloud), never);
    setTimeout(() => stop.abort(), 200);
    const started = performance.now();
    await assert.rejects(first, { name: 'AbortError' });
    assert.ok(performance.now() - started < 1000);
    await second;
    assert.equal(tokenPosts().length, 1);
  });

  it('ends the request itself when nobody waits any more', async () => {
    lab.faults.add({ kind: 'slow', role: 'entra', path: '/token', delayMs: 5000 });
    const { tokens } = on.session('good');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await assert.rejects(tokens.getToken(armScope(on.cloud), stop.signal), { name: 'AbortError' });
    lab.faults.reset();
    const started = performance.now();
    await tokens.getToken(armScope(on.cloud), never);
    assert.ok(performance.now() - started < 2000, 'a new caller does not join the stopped request');
  });

  it('has a deadline of its own', async () => {
    lab.faults.add({ kind: 'slow', role: 'entra', path: '/token', delayMs: 10_000 });
    const session = createAzureSession(on.cloud, on.secret('good'), { ...on.deps, signInTimeoutMs: 700 });
    const started = performance.now();
    await assert.rejects(session.tokens.getToken(armScope(on.cloud), never), { code: 'timed-out' });
    assert.ok(performance.now() - started < 3000);
  });

  it('does not wait an hour because a server says so', async () => {
    lab.faults.add({ kind: 'status', role: 'entra', path: '/token', status: 429, retryAfter: 3600 });
    // a host that was told to wait is waited for by everybody: a client of its own
    const apart = onLab(lab);
    const session = createAzureSession(apart.cloud, apart.secret('good'), { ...apart.deps, signInTimeoutMs: 700 });
    const started = performance.now();
    await assert.rejects(session.tokens.getToken(armScope(on.cloud), never), { code: 'timed-out' });
    assert.ok(performance.now() - started < 3000);
    apart.close();
  });

  describe('in a custom cloud, where the package gives no reason', () => {
    it('names a refused connection', async () => {
      const error = await refusal('good', { ...on.cloud, authorityHost: 'https://127.0.0.1:9' });
      assert.equal(error.code, 'unreachable');
      assert.equal('reason' in error && error.reason, 'refused');
    });

    it('names a host that does not resolve', async () => {
      const error = await refusal('good', { ...on.cloud, authorityHost: 'https://login.plimsoll.invalid' });
      assert.equal('reason' in error && error.reason, 'name');
    });

    it('names a certificate that is not trusted', async () => {
      const error = await refusal('good', { ...on.cloud, authorityHost: lab.clusters.entra.server });
      assert.equal('reason' in error && error.reason, 'certificate');
      assert.match(error.nextStep, /inspects TLS/);
    });

    it('names a web page in between', async () => {
      lab.faults.add({ kind: 'html', role: 'entra', status: 200 });
      const error = await refusal('good');
      assert.equal(error.code, 'unexpected-response');
      assert.match(error.message, /answered with a web page/);
    });

    it('names an address that is no authority', async () => {
      const error = await refusal('good', { ...on.cloud, authorityHost: lab.customCloud.graphEndpoint });
      assert.equal(error.code, 'not-signed-in');
      assert.match(`${error.message} ${error.nextStep}`, /authorityHost/);
    });

    it('sends no secret to another host that the directory names', async () => {
      const base = `${lab.customCloud.authorityHost}/${lab.credentials.tenantId}`;
      const foreign = {
        token_endpoint: `${lab.elsewhereUrl}/${lab.credentials.tenantId}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      };
      lab.faults.add({
        kind: 'status',
        role: 'entra',
        path: 'openid-configuration',
        status: 200,
        text: JSON.stringify(foreign),
      });
      const error = await refusal('good');
      assert.equal(error.code, 'refused');
      assert.deepEqual(
        lab.requests().filter(({ role }) => role === 'elsewhere'),
        [],
      );
    });

    it('explains an issuer that does not fit', async () => {
      const base = `${lab.customCloud.authorityHost}/${lab.credentials.tenantId}`;
      const odd = {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        issuer: 'https://sts.contoso.test/x/',
        jwks_uri: `${base}/discovery/v2.0/keys`,
      };
      lab.faults.add({
        kind: 'status',
        role: 'entra',
        path: 'openid-configuration',
        status: 200,
        text: JSON.stringify(odd),
      });
      const error = await refusal('good');
      assert.equal(error.code, 'refused');
      assert.match(error.message, /issuer "https:\/\/sts\.contoso\.test\/x\/"/);
    });
  });

  it('asks the public cloud nothing about a custom one', async () => {
    await on.session('good').tokens.getToken(armScope(on.cloud), never);
    const paths = lab.requests().map(({ role, path }) => `${role} ${path}`);
    assert.deepEqual(paths, [
      `entra /${lab.credentials.tenantId}/v2.0/.well-known/openid-configuration`,
      `entra /${lab.credentials.tenantId}/oauth2/v2.0/token`,
    ]);
  });

  it('leaves no secret and no token in the log, whatever happened above', async () => {
    const { token } = await on.session('good').tokens.getToken(armScope(on.cloud), never);
    on.deps.log.debug('a careless line', { text: `Bearer ${token}`, value: lab.credentials.clientSecret });
    const all = on.lines.join('\n');
    assert.ok(on.lines.length > 10, `${on.lines.length} lines are too few to say anything`);
    for (const { clientSecret } of Object.values(lab.credentials.named)) {
      assert.ok(!all.includes(clientSecret));
      assert.ok(!all.includes(encodeURIComponent(clientSecret)));
    }
    assert.ok(!/eyJ[\w-]{10}/.test(all));
  });
});
