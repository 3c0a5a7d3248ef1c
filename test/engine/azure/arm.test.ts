import assert from 'node:assert/strict';
import { createArmWire } from '../../../src/azure/arm.ts';
import { meansNothingThere } from '../../../src/azure/arm-errors.ts';
import { createAzureSession, type AzureSession } from '../../../src/azure/session.ts';
import { AccessDeniedError, isEngineError, type EngineError } from '../../../src/core/errors.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from './session-on-lab.ts';

describe('reading Resource Manager', function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: OnLab;
  let session: AzureSession;
  const never = new AbortController().signal;

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    on = onLab(lab);
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
    session = on.session('good');
  });
  afterEach(() => {
    const expected = /foreign|redirect|api-version|other host|unknown type/;
    assert.deepEqual(
      lab.requests().filter(({ violation }) => violation !== undefined && !expected.test(violation)),
      [],
    );
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  const registries = (subscription = lab.credentials.subscriptionId): string =>
    `/subscriptions/${subscription}/providers/Microsoft.ContainerRegistry/registries`;

  async function readAll(path: string, apiVersion = '2025-11-01', by = session): Promise<unknown[]> {
    const items: unknown[] = [];
    for await (const page of by.arm.list(path, apiVersion, never)) items.push(...page);
    return items;
  }

  async function failure(work: Promise<unknown>): Promise<EngineError> {
    try {
      await work;
    } catch (error) {
      if (isEngineError(error)) return error;
      throw error;
    }
    return assert.fail('it worked');
  }

  const elsewhere = (): unknown[] => lab.requests().filter(({ role }) => role === 'elsewhere');

  it('keeps every property, also those that no package knows', async () => {
    const [first] = await readAll(registries(), '2025-06-01-preview');
    assert.ok(JSON.stringify(first).includes('softDeletePolicy'));
  });

  it('follows pages, empty ones too', async () => {
    const all = `/subscriptions/${lab.credentials.subscriptionId}/resources`;
    const whole = await readAll(all, '2021-04-01');
    assert.ok(whole.length > 3, 'more than one page');
    lab.faults.add({ kind: 'emptyPage', role: 'arm', path: '/resources', times: 1 });
    assert.deepEqual(await readAll(all, '2021-04-01'), whole);
  });

  it('does not follow a page to another host, with any token', async () => {
    lab.faults.add({ kind: 'foreignNextLink', role: 'arm', path: '/resources' });
    const error = await failure(readAll(`/subscriptions/${lab.credentials.subscriptionId}/resources`, '2021-04-01'));
    assert.equal(error.code, 'refused');
    assert.deepEqual(elsewhere(), []);
  });

  it('does not let the packages follow one either', async () => {
    lab.faults.add({ kind: 'foreignNextLink', role: 'arm', path: 'roleDefinitions' });
    const error = await failure((await session.clients()).roleDefinitions(lab.credentials.subscriptionId, never));
    assert.equal(error.code, 'refused');
    assert.deepEqual(elsewhere(), []);
  });

  it('does not follow redirects', async () => {
    lab.faults.add({ kind: 'redirect', role: 'arm', path: 'registries' });
    assert.equal((await failure(readAll(registries()))).code, 'refused');
    const viaPackage = (await session.clients()).registries(lab.credentials.subscriptionId, never);
    assert.equal((await failure(viaPackage)).code, 'refused');
    assert.deepEqual(elsewhere(), []);
  });

  it('keeps the pages before one that fails', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: '/resources', status: 500, skip: 1 });
    const items: unknown[] = [];
    await assert.rejects(
      async () => {
        const path = `/subscriptions/${lab.credentials.subscriptionId}/resources`;
        for await (const page of session.arm.list(path, '2021-04-01', never)) items.push(...page);
      },
      { code: 'unexpected-response', httpStatus: 500 },
    );
    assert.ok(items.length > 0);
  });

  it('waits and tries again when asked to slow down, and after passing faults', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'registries', status: 429, retryAfter: 1, times: 1 });
    lab.faults.add({ kind: 'html', role: 'arm', path: 'registries', status: 502, times: 1 });
    lab.faults.add({ kind: 'reset', role: 'arm', path: 'registries', times: 1 });
    assert.equal((await readAll(registries())).length, 2);
  });

  it('does not wait an hour because a server says so', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'registries', status: 429, retryAfter: 3600 });
    // a host that was told to wait is waited for by everybody: a client of its own
    const apart = onLab(lab);
    const impatient = createAzureSession(apart.cloud, apart.secret('good'), { ...apart.deps, callTimeoutMs: 700 });
    const started = performance.now();
    const error = await failure(readAll(registries(), '2025-11-01', impatient));
    apart.close();
    assert.equal(error.code, 'timed-out');
    assert.ok(performance.now() - started < 4000);
  });

  it('stops at once when the caller does', async () => {
    lab.faults.add({ kind: 'slow', role: 'arm', path: 'registries', delayMs: 10_000 });
    await session.claims(never);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const started = performance.now();
    await assert.rejects(session.arm.get(registries(), '2025-11-01', stop.signal), { name: 'AbortError' });
    await assert.rejects((await session.clients()).registries(lab.credentials.subscriptionId, AbortSignal.abort()));
    assert.ok(performance.now() - started < 2000);
  });

  it('reports a body that was cut, and one that is no JSON', async () => {
    lab.faults.add({ kind: 'cut', role: 'arm', path: 'registries' });
    assert.equal((await failure(readAll(registries()))).code, 'unreachable');
    lab.faults.reset();
    lab.faults.add({ kind: 'html', role: 'arm', path: 'registries', status: 200 });
    const error = await failure(readAll(registries()));
    assert.equal(error.code, 'unexpected-response');
    assert.match(error.message, /web page/);
  });

  it('answers a challenge of continuous access evaluation once', async () => {
    lab.faults.add({ kind: 'claimsChallenge', role: 'arm', path: 'registries', times: 1 });
    assert.equal((await readAll(registries())).length, 2);
    const asked = lab.requests().filter(({ role, body }) => role === 'entra' && body.includes('claims='));
    assert.equal(asked.length, 1);
    lab.faults.add({ kind: 'claimsChallenge', role: 'arm', path: 'registries' });
    const error = await failure(readAll(registries()));
    assert.equal(error.code, 'not-signed-in');
    assert.match(error.nextStep, /revoked or is blocked/);
  });

  it('ExpiredAuthenticationToken: signs in once more, then points at the clock', async () => {
    lab.faults.configure({ tokenLifetimeSeconds: -60 });
    const error = await failure(readAll(registries()));
    assert.equal(error.code, 'not-signed-in');
    assert.match(error.message, /ExpiredAuthenticationToken/);
    assert.match(error.nextStep, /clock/);
    assert.equal(lab.requests().filter(({ role, status }) => role === 'arm' && status === 401).length, 2);
  });

  it('ExpiredAuthenticationToken that a new token cures is not noticed', async () => {
    lab.faults.configure({ tokenLifetimeSeconds: -60 });
    await session.claims(never);
    lab.faults.configure({ tokenLifetimeSeconds: 3599 });
    assert.equal((await readAll(registries())).length, 2);
  });

  it('AuthorizationFailed names action and scope, by either way of reading', async () => {
    const scope = `/subscriptions/${lab.credentials.deniedSubscriptionId}`;
    const clients = await session.clients();
    for (const work of [
      readAll(registries(lab.credentials.deniedSubscriptionId)),
      clients.registries(lab.credentials.deniedSubscriptionId, never),
    ]) {
      const error = await failure(work);
      assert.ok(error instanceof AccessDeniedError);
      assert.equal(error.action, 'Microsoft.ContainerRegistry/registries/read');
      assert.equal(error.scope, scope);
      assert.equal(error.httpStatus, 403);
      assert.match(error.traceId ?? '', /^[0-9a-f-]{36}$/);
      assert.match(error.nextStep, /^Assign the role Reader at /);
    }
  });

  it('AuthorizationFailed of a read that the older packages make is the same error', async () => {
    const clients = await on.session('pullOnly').clients();
    const error = await failure(
      clients.roleAssignments(lab.credentials.subscriptionId2, 'a9911ca7-0000-4000-8000-000000000008', never),
    );
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.action, 'Microsoft.Authorization/roleAssignments/read');
  });

  it('SubscriptionNotFound and InvalidSubscriptionId are told apart', async () => {
    assert.equal(
      (await failure(session.subscription('dead0000-2222-4000-8000-000000000000', never))).code,
      'not-found',
    );
    assert.equal((await failure(session.subscription('not-an-id', never))).code, 'bad-input');
  });

  it('InvalidAuthenticationTokenTenant names the tenant that owns the subscription', async () => {
    const foreign = on.session('otherTenant');
    const error = await failure(foreign.subscription(lab.credentials.subscriptionId, never));
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.serviceCode, 'InvalidAuthenticationTokenTenant');
    assert.ok(error.message.includes(lab.credentials.tenantId));
    assert.equal(
      lab.requests().filter(({ role, status }) => role === 'arm' && status === 401).length,
      1,
      'no second try',
    );
  });

  it('InvalidAuthenticationTokenAudience points at the settings of the cloud', async () => {
    const mixed = createAzureSession(
      { ...on.cloud, armAudience: on.cloud.registryAudience },
      on.secret('good'),
      on.deps,
    );
    const error = await failure(mixed.arm.get(registries(), '2025-11-01', never));
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.serviceCode, 'InvalidAuthenticationTokenAudience');
    assert.match(error.nextStep, /armAudience/);
    lab.clearRequests(); // the lab counts this as a violation, rightly
  });

  it('an api-version that the cloud lacks means that there is nothing', async () => {
    assert.equal(meansNothingThere(await failure(readAll(registries(), '2019-01-01'))), 'notInCloud');
  });

  it('sends nothing that could change Azure', async () => {
    const wire = createArmWire(on.cloud, { ...on.deps, tokens: session.tokens });
    const send = (method: string, path: string): Promise<unknown> =>
      wire({ method, url: `${on.cloud.armEndpoint}${path}?api-version=2025-11-01`, headers: {} });
    for (const [method, path] of [
      ['PUT', registries()],
      ['DELETE', `${registries()}/x`],
      ['PATCH', registries()],
      ['POST', `${registries()}/x/listCredentials`],
      ['POST', '/subscriptions/x/providers/Microsoft.ContainerService/managedClusters/c/runCommand'],
      ['POST', '/providers/Microsoft.ResourceGraph/resources/../x'],
    ] as const) {
      assert.equal((await failure(send(method, path))).code, 'refused', `${method} ${path}`);
    }
    assert.deepEqual(lab.requests(), []);
  });

  it('lists subscriptions with the tenant and tags that only Resource Graph tells', async () => {
    const subscriptions = await session.subscriptions(never);
    assert.deepEqual(
      subscriptions.map(({ displayName, state, tenantId }) => [displayName, state, tenantId]),
      [
        ['Harbour Production', 'Enabled', lab.credentials.tenantId],
        ['Harbour Staging', 'Enabled', lab.credentials.tenantId],
        ['Harbour Finance', 'Enabled', lab.credentials.tenantId],
      ],
    );
    assert.deepEqual(subscriptions[0]?.tags, { env: 'prod', owner: 'platform' });
  });

  it('lists subscriptions also when Resource Graph is down', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'ResourceGraph', status: 500 });
    assert.equal((await session.subscriptions(never)).length, 3);
  });

  it('reads permissions at a subscription, a group and a resource', async () => {
    const resource = lab.registries.good.resourceId;
    const group = resource.slice(0, resource.indexOf('/providers/'));
    const scopes = [`/subscriptions/${lab.credentials.subscriptionId}`, group, resource];
    const held = await Promise.all(scopes.map((scope) => session.permissions(scope, never)));
    assert.ok(held[0]?.some(({ actions }) => actions.includes('*/read')));
    const [atSubscription = 0, atGroup = 0, atResource = 0] = held.map(({ length }) => length);
    assert.equal(atGroup, atSubscription);
    assert.ok(atResource > atSubscription, 'roles of the registry itself come in addition');
  });

  it('reads deny assignments that concern the identity', async () => {
    const clients = await session.clients();
    const oid = (await session.claims(never))?.oid ?? assert.fail('no object id');
    const [denial] = await clients.denyAssignments(lab.credentials.subscriptionId, oid, never);
    assert.match(denial?.name ?? '', /deployment stack/);
    assert.deepEqual(denial?.permissions[0]?.actions, ['*/write', '*/delete']);
  });

  it('gets a kubeconfig by a POST that reads', async () => {
    const text = await session.clusterKubeconfig(lab.clusters.entra.resourceId, never);
    assert.match(text ?? '', /kubelogin/);
  });
});
