import assert from 'node:assert/strict';
import { systemClock } from '../../../src/core/clock.ts';
import { readClusterFacts, type ClusterFacts } from '../../../src/kubernetes/cluster-facts.ts';
import { readCluster } from '../../../src/kubernetes/read-cluster.ts';
import type { ClusterState, Workload } from '../../../src/kubernetes/types.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from '../azure/session-on-lab.ts';

describe('reading a cluster', function () {
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
  afterEach(() => {
    assert.deepEqual(
      lab.requests().filter(({ violation }) => violation !== undefined),
      [],
    );
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  async function read(
    key: 'local' | 'entra',
    more: { signal?: AbortSignal; missingAround?: readonly string[]; facts?: Partial<ClusterFacts> } = {},
  ): Promise<ClusterState> {
    const session = on.session('good');
    const raw = await session.arm.get(lab.clusters[key].resourceId, '2025-10-01', never);
    const facts = { ...(readClusterFacts(raw) ?? assert.fail('no facts')), ...more.facts };
    return readCluster({
      facts,
      kubeconfig: (await session.clusterKubeconfig(facts.id, never)) ?? assert.fail('no credentials'),
      getToken: async (scope, signal, renew) => (await session.tokens.getToken(scope, signal, { renew })).token,
      http: on.deps.http,
      log: on.deps.log,
      clock: systemClock,
      signal: more.signal ?? never,
      missingAround: more.missingAround ?? [],
    });
  }

  const named = (state: ClusterState, name: string): Workload =>
    state.workloads.find((workload) => workload.name === name) ?? assert.fail(`no ${name}`);

  it('with local accounts lists workloads, running digests and who reaches them', async () => {
    const state = await read('local');
    assert.equal(state.version, 'v1.31.7');
    assert.deepEqual(state.errors, []);
    assert.deepEqual(state.namespaces, ['accounts', 'default', 'edge', 'kube-system']);
    assert.deepEqual(
      state.workloads.map(({ namespace, kind, name, replicas, exposure }) => [
        namespace,
        kind,
        name,
        replicas,
        exposure.class,
      ]),
      [
        ['accounts', 'StatefulSet', 'ledger', 1, 'isolated'],
        ['edge', 'DaemonSet', 'gateway', 2, 'internet'],
        ['edge', 'Deployment', 'status', 2, 'isolated'],
        ['kube-system', 'DaemonSet', 'kube-proxy', 2, 'cluster-only'],
        ['kube-system', 'Deployment', 'coredns', 2, 'cluster-only'],
      ],
    );
    const digests = named(state, 'gateway').containers.map(({ digest }) => digest);
    const specimen = lab.specimens.images.find(({ indexDigest }) => indexDigest !== undefined);
    assert.deepEqual(new Set(digests), new Set([specimen?.digest, specimen?.indexDigest]), 'an index or its platform');
    const [started, waiting] = named(state, 'status').containers;
    assert.equal(started?.running, true);
    assert.deepEqual([waiting?.running, waiting?.digest], [false, undefined], 'not started yet');
  });

  it('uses the certificate of a local cluster, and no token', async () => {
    await read('local');
    const asked = lab.requests().filter(({ role }) => role === 'cluster.local');
    assert.ok(asked.length > 10);
    assert.ok(asked.every(({ authorization }) => authorization.scheme === 'none'));
  });

  it('with Entra asks for a token of the server application, and runs no command', async () => {
    const state = await read('entra');
    assert.equal(state.version, 'v1.33.4');
    const asked = lab.requests().filter(({ role }) => role === 'cluster.entra');
    assert.deepEqual(
      [...new Set(asked.map(({ authorization }) => authorization.audience))],
      ['6dae42f8-4368-4678-94ff-3960e28e3630'],
    );
    assert.ok(asked.every(({ method }) => method === 'GET'));
  });

  it('leaves "not reachable" open where the Gateway API may not be read, and nothing else', async () => {
    const state = await read('entra');
    assert.deepEqual(
      state.errors.map(({ path, status }) => [path, status]),
      [
        ['/apis/gateway.networking.k8s.io/v1/gateways', 403],
        ['/apis/gateway.networking.k8s.io/v1/httproutes', 403],
      ],
    );
    assert.equal(named(state, 'orders').exposure.class, 'internet');
    assert.equal(named(state, 'storefront').exposure.class, 'internet');
    const internal = named(state, 'legacy-report').exposure;
    assert.equal(internal.class, 'unknown');
    assert.deepEqual(internal.missing, [
      '/apis/gateway.networking.k8s.io/v1/gateways: 403',
      '/apis/gateway.networking.k8s.io/v1/httproutes: 403',
    ]);
    assert.equal(internal.routes[0]?.class, 'internal-lb');
    assert.equal(internal.routes[0].factor, undefined);
  });

  it('publishes the host of an ingress', async () => {
    const routes = named(await read('entra'), 'storefront').exposure.routes;
    const route = routes.find(({ factor }) => factor === 'exposure.ingress-host');
    assert.equal(route?.values['host'], 'shop.harbour.example');
    assert.match(route.ref, /^k8s:\/subscriptions\/.*\/shop\/ingress\//);
  });

  it('leaves "not reachable" open where Azure around the cluster could not be read', async () => {
    const state = await read('local', {
      missingAround: ['/subscriptions/x/providers/Microsoft.Network/publicIPAddresses: 403'],
    });
    assert.equal(named(state, 'status').exposure.class, 'unknown');
    assert.equal(named(state, 'gateway').exposure.class, 'internet');
  });

  it('begins a list again when its pages grew too old', async () => {
    lab.faults.add({ kind: 'expireContinue', role: 'cluster.local', path: '/pods', skip: 1, times: 1 });
    const state = await read('local');
    assert.deepEqual(state.errors, []);
    assert.equal(named(state, 'coredns').replicas, 2);
    assert.ok(lab.requests().some(({ status }) => status === 410));
  });

  it('reports a list that never holds still, and reads the others', async () => {
    lab.faults.add({ kind: 'expireContinue', role: 'cluster.local', path: '/pods' });
    const state = await read('local');
    assert.deepEqual(
      state.errors.map(({ path, status }) => [path, status]),
      [['/api/v1/pods', 410]],
    );
    assert.equal(named(state, 'coredns').replicas, 2, 'as wanted by its owner');
    assert.deepEqual(named(state, 'coredns').containers, []);
  });

  it('keeps one failed list to itself', async () => {
    lab.faults.add({ kind: 'status', role: 'cluster.local', path: '/services', status: 500 });
    const state = await read('local');
    assert.deepEqual(
      state.errors.map(({ path, status }) => [path, status]),
      [['/api/v1/services', 500]],
    );
    assert.equal(named(state, 'gateway').exposure.class, 'unknown');
    assert.equal(named(state, 'gateway').containers.length, 2);
  });

  it('says that the server refuses the token', async () => {
    lab.faults.add({ kind: 'status', role: 'cluster.entra', status: 401 });
    await assert.rejects(read('entra'), { code: 'not-signed-in' });
  });

  it('says that the API is out of reach, and why, within seconds', async () => {
    lab.faults.add({ kind: 'slow', role: 'cluster.entra', delayMs: 60_000 });
    const started = performance.now();
    await assert.rejects(read('entra'), {
      code: 'unreachable',
      message: /answers only to authorised addresses/,
    });
    assert.ok(performance.now() - started < 8000);
  });

  it('does not try a stopped cluster', async () => {
    await assert.rejects(read('local', { facts: { power: 'stopped' } }), { message: /is stopped/ });
    assert.deepEqual(
      lab.requests().filter(({ role }) => role.startsWith('cluster')),
      [],
    );
  });

  it('sends nothing to a server that is not the one of the ARM resource', async () => {
    await assert.rejects(read('entra', { facts: { hosts: ['aks-harbour.hcp.westeurope.azmk8s.io'] } }), {
      code: 'refused',
    });
    assert.deepEqual(
      lab.requests().filter(({ role }) => role.startsWith('cluster')),
      [],
    );
  });

  it('stops when the caller does', async () => {
    lab.faults.add({ kind: 'slow', role: 'cluster.local', path: '/pods', delayMs: 20_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 500);
    const started = performance.now();
    await assert.rejects(read('local', { signal: stop.signal }), { name: 'AbortError' });
    assert.ok(performance.now() - started < 2500);
  });
});
