import assert from 'node:assert/strict';
import { createRegistryTokenSource, openRegistry } from '../../../src/azure/acr-tokens.ts';
import { systemClock } from '../../../src/core/clock.ts';
import {
  errorsBelow,
  missingAround,
  otherResources,
  registryType,
  resourcesOfType,
} from '../../../src/inventory/assets.ts';
import { collectInventory, type InventoryOptions, type InventoryPart } from '../../../src/inventory/collect.ts';
import { listImages, listRepositories } from '../../../src/inventory/registry-tree.ts';
import type { Snapshot } from '../../../src/inventory/types.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from '../azure/session-on-lab.ts';

describe('collecting the estate', function () {
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

  const collect = (name: string, more: Partial<InventoryOptions> = {}): Promise<Snapshot> =>
    collectInventory({
      session: on.session(name),
      subscriptionIds: [],
      clock: systemClock,
      log: on.deps.log,
      signal: never,
      ...more,
    });

  const names = (snapshot: Snapshot, type: string): string[] => resourcesOfType(snapshot, type).map(({ name }) => name);

  it('holds subscriptions, registries with their details, clusters, plans and all other resources', async () => {
    const snapshot = await collect('good');
    assert.deepEqual(
      snapshot.subscriptions.map(({ displayName, state }) => [displayName, state]),
      [
        ['Harbour Finance', 'Enabled'],
        ['Harbour Production', 'Enabled'],
        ['Harbour Staging', 'Enabled'],
      ],
    );
    assert.deepEqual(names(snapshot, registryType), ['harbourprod', 'harbourshared', 'harbouredge', 'harbourvault']);
    assert.deepEqual(names(snapshot, 'Microsoft.ContainerService/managedClusters'), ['aks-harbour', 'aks-edge']);
    assert.deepEqual(names(snapshot, 'Microsoft.ContainerRegistry/registries/tokens'), [
      'edge-sync',
      'legacy-mirror',
      'vendor',
    ]);
    assert.deepEqual(names(snapshot, 'Microsoft.ContainerRegistry/registries/replications'), [
      'northeurope',
      'westeurope',
      'westeurope',
      'northeurope',
      'northeurope',
    ]);
    assert.equal(names(snapshot, 'Microsoft.Insights/diagnosticSettings').length, 2);
    assert.ok(names(snapshot, 'Microsoft.Security/pricings').includes('Containers'));
    const others = [lab.credentials.subscriptionId, lab.credentials.subscriptionId2].map(
      (id) => [...otherResources(snapshot, `/subscriptions/${id}`).values()].flat().length,
    );
    assert.ok((others[0] ?? 0) + (others[1] ?? 0) >= 40, `${others.join('+')} other resources`);
    assert.deepEqual(
      lab.requests().filter(({ violation }) => violation !== undefined),
      [],
    );
  });

  it('keeps settings that only a preview shows, and every property of ARM', async () => {
    const snapshot = await collect('good');
    const registry = resourcesOfType(snapshot, registryType).find(({ name }) => name === 'harbourshared');
    assert.match(JSON.stringify(registry?.properties), /"softDeletePolicy":\{"retentionDays":14/);
    assert.equal(registry?.type, 'Microsoft.ContainerRegistry/registries', 'as ARM writes it');
  });

  it('a denied subscription is one entry of errors and empties nothing', async () => {
    const snapshot = await collect('good');
    const finance = `/subscriptions/${lab.credentials.deniedSubscriptionId}`;
    assert.deepEqual(
      snapshot.errors.map(({ id, status, code, action }) => [id, status, code, action]),
      [[finance, 403, 'AuthorizationFailed', '*/read']],
    );
    assert.equal(errorsBelow(snapshot, finance).length, 1);
    assert.equal(errorsBelow(snapshot, `/subscriptions/${lab.credentials.subscriptionId}`).length, 0);
  });

  it('a subscription that is named but cannot be seen stands in both lists', async () => {
    const unknown = 'dead0000-2222-4000-8000-000000000000';
    const snapshot = await collect('good', { subscriptionIds: [lab.credentials.subscriptionId, unknown] });
    assert.deepEqual(
      snapshot.subscriptions.map(({ displayName }) => displayName),
      ['Harbour Production', unknown],
    );
    assert.deepEqual(
      snapshot.errors.map(({ id, status }) => [id, status]),
      [[`/subscriptions/${unknown}`, 404]],
    );
    assert.deepEqual(names(snapshot, registryType), ['harbourprod', 'harbourshared']);
  });

  it('an identity without any role gives an empty estate, not an error', async () => {
    const snapshot = await collect('noRoles');
    assert.deepEqual([snapshot.subscriptions, snapshot.resources, snapshot.errors], [[], [], []]);
  });

  it('a locked subscription is still read', async () => {
    lab.faults.configure({ lockedSubscriptions: [lab.credentials.subscriptionId] });
    const snapshot = await collect('good', { subscriptionIds: [lab.credentials.subscriptionId] });
    assert.equal(snapshot.subscriptions[0]?.state, 'Disabled');
    assert.deepEqual(names(snapshot, registryType), ['harbourprod', 'harbourshared']);
  });

  it('one failed list stays one failure', async () => {
    const path = `/subscriptions/${lab.credentials.subscriptionId2}/providers/Microsoft.ContainerRegistry/registries`;
    lab.faults.add({ kind: 'status', role: 'arm', path: `${path}\\?`, status: 500 });
    lab.faults.add({ kind: 'status', role: 'arm', path: 'harbourprod/tokens', status: 403 });
    const snapshot = await collect('good');
    const failed = snapshot.errors.filter(({ id }) => !id.includes(lab.credentials.deniedSubscriptionId));
    assert.deepEqual(
      failed.map(({ id, status }) => [id, status]),
      [
        [`${lab.registries.good.resourceId}/tokens`, 403],
        [path, 500],
      ],
    );
    // Resource Graph still knows the registries of the failed list
    assert.deepEqual(names(snapshot, registryType), ['harbourprod', 'harbourshared', 'harbouredge', 'harbourvault']);
    assert.deepEqual(names(snapshot, 'Microsoft.ContainerService/managedClusters'), ['aks-harbour', 'aks-edge']);
  });

  it('names what Resource Graph leaves out in silence', async () => {
    lab.faults.configure({ revokedRoles: ['Reader'] });
    const snapshot = await collect('good', { subscriptionIds: [lab.credentials.subscriptionId2] });
    const scope = `/subscriptions/${lab.credentials.subscriptionId2}`;
    const ids = snapshot.errors.map(({ id }) => id);
    assert.ok(ids.includes(`${scope}/resources`));
    assert.ok(ids.includes(`${scope}/providers/Microsoft.Network/publicIPAddresses`));
    assert.ok(
      !ids.includes(`${scope}/providers/Microsoft.ContainerService/managedClusters`),
      'another role reads clusters',
    );
    const around = missingAround(snapshot, lab.clusters.local.resourceId);
    assert.ok(around.includes(`${scope}/providers/Microsoft.Network/loadBalancers: 403`));
    assert.deepEqual(missingAround(await (lab.faults.reset(), collect('good')), lab.clusters.local.resourceId), []);
  });

  it('Resource Graph that fails is an entry for each subscription, and the rest is there', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'ResourceGraph', status: 500 });
    const snapshot = await collect('good');
    const scopes = [
      lab.credentials.subscriptionId,
      lab.credentials.subscriptionId2,
      lab.credentials.deniedSubscriptionId,
    ];
    assert.deepEqual(
      snapshot.errors.filter(({ id }) => /ResourceGraph/.test(id)).map(({ id, status }) => [id, status]),
      scopes.map((id) => [`/subscriptions/${id}/providers/Microsoft.ResourceGraph/resources`, 500]),
    );
    assert.equal(names(snapshot, registryType).length, 4);
    assert.notDeepEqual(missingAround(snapshot, lab.clusters.local.resourceId), []);
  });

  it('gives its parts as they arrive', async () => {
    const parts: InventoryPart[] = [];
    const snapshot = await collect('good', { onPart: (part) => parts.push(part) });
    assert.equal(parts[0]?.subscriptions.length, 3, 'subscriptions come first');
    assert.ok(parts.length > 5);
    const ids = new Set(parts.flatMap(({ resources }) => resources.map(({ id }) => id.toLowerCase())));
    assert.deepEqual([...ids].sort(), snapshot.resources.map(({ id }) => id.toLowerCase()).sort());
    assert.deepEqual(
      parts.flatMap(({ errors }) => errors),
      snapshot.errors,
    );
  });

  it('stops within two seconds when the caller does', async () => {
    lab.faults.add({ kind: 'slow', role: 'arm', path: 'registries', delayMs: 30_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 500);
    const started = performance.now();
    await assert.rejects(collect('good', { signal: stop.signal }), { name: 'AbortError' });
    assert.ok(performance.now() - started < 2500);
  });

  it('asks no more than a constant for each kind of detail beside the pages', async () => {
    const big = await startLab({ images: 'specimens', resources: 3000 });
    const bigOn = onLab(big);
    try {
      const snapshot = await collectInventory({
        session: bigOn.session('good'),
        subscriptionIds: [],
        clock: systemClock,
        log: bigOn.deps.log,
        signal: never,
      });
      assert.ok(snapshot.resources.length > 3000);
      const asked = big.requests().filter(({ role }) => role === 'arm').length;
      const pages = Math.ceil(snapshot.resources.length / 1000);
      const constant = 4 + 3 * 5 + 4 * 3; // subscriptions and groups; lists and permissions; details of four registries
      assert.ok(asked <= pages + constant, `${asked} requests for ${snapshot.resources.length} resources`);
    } finally {
      bigOn.close();
      await big.stop();
    }
  });

  describe('of one registry', () => {
    const client = (key: 'good' | 'acronly' | 'firewall') => {
      const session = on.session('good');
      const { loginServer } = lab.registries[key];
      return openRegistry(session, createRegistryTokenSource(session), { loginServer, dataEndpointHosts: [] }, on.deps);
    };

    it('lists repositories up to a limit', async () => {
      const all = await listRepositories(client('acronly'), 100, never);
      assert.deepEqual(all, { items: [...lab.specimens.repositories].sort(), complete: true });
      const some = await listRepositories(client('acronly'), 2, never);
      assert.deepEqual(some, { items: all.items.slice(0, 2), complete: false });
    });

    it('lists images by tag, without the members of an index, and marks what is no image', async () => {
      const proxy = await listImages(client('acronly'), 'platform/proxy', 100, never);
      const tagged = proxy.items.filter(({ tag }) => tag !== undefined);
      assert.ok(tagged.some(({ isIndex, isImage }) => isIndex && isImage));
      const members = lab.specimens.images.flatMap(({ indexDigest, digest }) =>
        indexDigest === undefined ? [] : [digest],
      );
      assert.ok(proxy.items.every(({ digest, tag }) => tag !== undefined || !members.includes(digest)));
      const charts = await listImages(client('acronly'), 'platform/charts/harbour', 100, never);
      assert.ok(charts.items.length > 0);
      assert.ok(charts.items.every(({ isImage }) => !isImage));
    });

    it('says what is refused', async () => {
      await assert.rejects(listImages(client('acronly'), 'restricted/payroll', 100, never), { code: 'access-denied' });
      await assert.rejects(listRepositories(client('firewall'), 10, never), { code: 'access-denied', httpStatus: 403 });
    });
  });
});
