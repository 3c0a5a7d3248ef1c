import assert from 'node:assert/strict';
import { repositoryOf, engineOnLab, removeFolders, type EngineOnLab } from './engine-on-lab.ts';
import type { ScanSummary } from '../../../src/report/contract.ts';
import type { FaultRule } from '../../lab/main.ts';
import { startLabProcess, type LabProcess } from '../../support/lab-process.ts';
import { trustLab } from '../../support/trust-lab.ts';

describe('a scan while Azure misbehaves', function () {
  this.timeout(300_000);
  let lab: LabProcess;
  let host: EngineOnLab | undefined;

  before(async () => {
    lab = await startLabProcess({ requireRealRegistry: process.platform === 'linux' });
    trustLab(lab.caPem);
  });

  afterEach(async () => {
    await host?.close();
    host = undefined;
    await lab.reset();
    removeFolders();
  });

  after(() => lab.stop());

  /** A first scan of the small registry with these faults, and the repositories that findings came from. */
  const scanWith = async (
    rules: readonly FaultRule[],
    asset = lab.registries.acronly.resourceId,
  ): Promise<{ summary: ScanSummary; repositories: string[]; problems: string }> => {
    await lab.clearRequests();
    for (const rule of rules) await lab.addFault(rule);
    host = await engineOnLab(lab, { subscriptionIds: [lab.credentials.subscriptionId] });
    const summary = await host.scan({ connectionId: 'lab', assetId: asset });
    const found = new Set((await host.all()).map(repositoryOf).filter((name) => name !== undefined));
    return {
      summary,
      repositories: [...found].sort(),
      problems: summary.problems.map(({ what, reason, nextStep }) => `${what}: ${reason} ${nextStep}`).join('\n'),
    };
  };

  const all = ['platform/proxy', 'platform/sidecar', 'services/reports', 'services/storefront'];
  const others = all.filter((name) => name !== 'services/storefront');

  it('without a fault reads every image of the registry', async () => {
    const { repositories } = await scanWith([]);
    assert.deepEqual(repositories, all);
  });

  it('waits as long as it is told to after 429, then reads everything', async () => {
    const { repositories } = await scanWith([
      { kind: 'status', role: 'arm', status: 429, retryAfter: 1, times: 2 },
      { kind: 'status', role: 'registry.acronly', path: '/manifests/', status: 429, retryAfter: 1, times: 1 },
    ]);
    assert.deepEqual(repositories, all);
    const [refused, next] = (await lab.requests()).filter(({ role }) => role === 'arm');
    assert.equal(refused?.status, 429);
    assert.ok(next !== undefined && next.at - refused.at >= 900, String((next?.at ?? 0) - refused.at));
  });

  it('goes on after passing server errors and broken connections', async () => {
    const { repositories } = await scanWith([
      { kind: 'status', role: 'arm', status: 503, times: 1 },
      { kind: 'html', role: 'registry.acronly', path: '/manifests/', times: 1 },
      { kind: 'reset', role: 'registry.acronly', path: '/oauth2/', times: 1 },
    ]);
    assert.deepEqual(repositories, all);
  });

  it('reads a layer on after its connection broke', async () => {
    const { repositories } = await scanWith([
      { kind: 'cut', role: 'dataEndpoint', times: 2 },
      { kind: 'cut', role: 'blobs', times: 2 },
    ]);
    assert.deepEqual(repositories, all);
  });

  it('names a registry that always fails, and judges the configuration all the same', async () => {
    const { summary, repositories, problems } = await scanWith([
      { kind: 'status', role: 'registry.acronly', status: 500 },
    ]);
    assert.equal(summary.state, 'partial');
    assert.deepEqual(repositories, []);
    assert.match(problems, /harbourshared/);
    const posture = (await host?.all())?.filter(({ kind }) => kind !== 'vulnerability') ?? [];
    assert.ok(posture.length > 0);
  });

  it('names an image whose layers break off each time, and keeps the others', async () => {
    const small = lab.images.find(({ repository }) => repository === 'services/storefront');
    const hex = small?.layers.at(-2)?.digest.slice(7) ?? 'none';
    const { summary, repositories, problems } = await scanWith([{ kind: 'cut', path: hex }]);
    assert.equal(summary.state, 'partial');
    assert.deepEqual(repositories, others);
    assert.match(problems, /services\/storefront/);
  });

  it('takes no layer that is not what its digest says', async () => {
    const small = lab.images.find(({ repository }) => repository === 'services/storefront');
    const hex = small?.layers.at(-2)?.digest.slice(7) ?? 'none';
    const { summary, repositories, problems } = await scanWith([{ kind: 'corrupt', path: hex }]);
    assert.equal(summary.state, 'partial');
    assert.deepEqual(repositories, others);
    assert.match(problems, /services\/storefront.*digest/s);
  });

  it('takes no manifest that is not what its digest says', async () => {
    const { repositories, problems } = await scanWith([
      { kind: 'corrupt', path: '/services/storefront/manifests/sha256' },
    ]);
    assert.deepEqual(repositories, others);
    assert.match(problems, /services\/storefront.*digest/s);
  });

  it('follows no redirect of a layer to a host of another owner', async () => {
    const { summary, repositories, problems } = await scanWith([
      { kind: 'redirect', role: 'registry.acronly', path: '/services/storefront/blobs/' },
    ]);
    assert.equal(summary.state, 'partial');
    assert.deepEqual(repositories, others);
    assert.match(problems, /services\/storefront/);
    const elsewhere = (await lab.requests()).filter(({ role }) => role === 'elsewhere');
    assert.deepEqual(
      elsewhere.map(({ path: asked }) => asked),
      [],
    );
  });

  it('follows no next page to a host of another owner', async () => {
    await scanWith([
      { kind: 'foreignNextLink', role: 'arm' },
      { kind: 'foreignNextLink', role: 'registry' },
    ]);
    assert.deepEqual(
      (await lab.requests()).filter(({ role }) => role === 'elsewhere').map(({ path: asked }) => asked),
      [],
    );
  });

  it('ends, and says why, when the secret has expired', async () => {
    await lab.configure({ secretExpired: true });
    const { summary, problems } = await scanWith([]);
    assert.notEqual(summary.state, 'complete');
    assert.match(problems, /expired/);
  });

  it('leaves out a locked subscription and says so', async () => {
    await lab.configure({ lockedSubscriptions: [lab.credentials.subscriptionId2] });
    await lab.clearRequests();
    host = await engineOnLab(lab);
    const summary = await host.scan({ connectionId: 'lab', assetId: lab.registries.acronly.resourceId });
    assert.equal(summary.state, 'partial');
    const repositories = new Set((await host.all()).map(repositoryOf).filter((name) => name !== undefined));
    assert.deepEqual([...repositories].sort(), all);
  });
});
