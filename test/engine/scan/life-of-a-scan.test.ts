import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineOnLab } from './engine-on-lab.ts';
import { BadInputError } from '../../../src/core/errors.ts';
import { startLabProcess, type LabProcess } from '../../support/lab-process.ts';
import { trustLab } from '../../support/trust-lab.ts';
import { engineOnLab, newFolder, removeFolders, repositoryOf } from './engine-on-lab.ts';

/** An image's name with its tag, as progress shows it. */
const imageText = /^(services|tools|base)\/[\w-]+:/;

describe('the life of a scan', function () {
  this.timeout(300_000);
  let lab: LabProcess;
  const open = new Set<EngineOnLab>();

  before(async () => {
    lab = await startLabProcess({ requireRealRegistry: process.platform === 'linux' });
    trustLab(lab.caPem);
  });

  beforeEach(() => lab.clearRequests());

  afterEach(async () => {
    for (const host of open) await host.close();
    open.clear();
    await lab.reset();
    removeFolders();
  });

  after(() => lab.stop());

  const start = async (options: Parameters<typeof engineOnLab>[1] = {}): Promise<EngineOnLab> => {
    const host = await engineOnLab(lab, options);
    open.add(host);
    return host;
  };

  const close = async (host: EngineOnLab): Promise<void> => {
    open.delete(host);
    await host.close();
  };

  /** Digests of blobs that were delivered since the last clearing. */
  const blobsRead = async (): Promise<string[]> =>
    (await lab.requests())
      .filter(
        ({ role, status }) =>
          (role === 'blobs' || role === 'dataEndpoint' || role.startsWith('registry.')) && status === 200,
      )
      .flatMap(({ path: asked }) => {
        const hex = /blobs?\/.*?([0-9a-f]{64})/.exec(asked)?.[1];
        return hex === undefined ? [] : [hex];
      });

  it('keeps what was finished when it is cancelled, and the next one goes on there', async () => {
    const host = await start({ settings: { concurrency: 1 } });
    const cancel = new AbortController();
    let finished = 0;
    const cancelled = await host.scan({}, cancel.signal, ({ text }) => {
      if (imageText.test(text)) finished += 1;
      // each image is told of when it begins and when it ends: the third has begun
      if (finished === 5) cancel.abort();
    });
    assert.equal(cancelled.state, 'cancelled');
    assert.ok(cancelled.done < cancelled.total, `${cancelled.done} of ${cancelled.total}`);
    const kept = new Set((await host.all()).map(repositoryOf).filter((name) => name !== undefined));
    assert.ok(kept.size >= 1 && kept.size <= 3, [...kept].join(' '));
    const first = new Set(await blobsRead());
    assert.ok(first.size > 0);

    await lab.clearRequests();
    const told: string[] = [];
    const next = await host.scan({}, undefined, ({ text }) => told.push(text));
    assert.equal(next.state, 'partial');
    const resumed = next.resumed ?? 0;
    assert.ok(resumed === 2 || resumed === 3, String(resumed));
    assert.ok(
      told.some((text) => text.startsWith(`Going on: ${resumed} of `)),
      told.find((text) => text.startsWith('Going on')),
    );
    const again = (await blobsRead()).filter((hex) => first.has(hex));
    assert.deepEqual(again, []);
    const [newest, before] = await host.engine.scanHistory(2);
    assert.deepEqual([newest?.state, before?.state], ['partial', 'cancelled']);
  });

  it('goes on after the cancelled scan of one connection when all are scanned', async () => {
    const host = await start({ settings: { concurrency: 1 }, subscriptionIds: [lab.credentials.subscriptionId2] });
    const cancel = new AbortController();
    let images = 0;
    const cancelled = await host.scan({ connectionId: host.connectionId }, cancel.signal, ({ text }) => {
      if (imageText.test(text) && ++images === 3) cancel.abort();
    });
    assert.equal(cancelled.state, 'cancelled');
    const next = await host.scan();
    assert.ok((next.resumed ?? 0) >= 1, JSON.stringify(next));
    assert.equal((await host.scan()).resumed, undefined);
  });

  it('stops using the network within two seconds of a cancel', async () => {
    const host = await start();
    await lab.addFault({ kind: 'slow', role: 'blobs', bytesPerSecond: 20_000 });
    const cancel = new AbortController();
    let at = 0;
    setTimeout(() => {
      at = performance.now();
      cancel.abort();
    }, 4000);
    const summary = await host.scan({}, cancel.signal);
    assert.ok(at > 0, 'the scan ended before it was cancelled');
    assert.equal(summary.state, 'cancelled');
    assert.ok(performance.now() - at < 2000, `${performance.now() - at} ms`);
    await lab.clearRequests();
    await sleep(500);
    assert.deepEqual(await lab.requests(), []);
  });

  it('is called interrupted when its host was killed, and the next one goes on there', async () => {
    const dataDir = newFolder();
    const child = fork(path.join(import.meta.dirname, 'scanning-child.ts'), {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: lab.caFile },
      silent: true,
    });
    let images = 0;
    const killed = new Promise<void>((resolve, reject) => {
      child.once('exit', (_, signal) =>
        signal === 'SIGKILL' ? resolve() : reject(new Error('the child ended by itself')),
      );
      child.on('message', (message) => {
        const { text } = message as { text: string }; // from scanning-child.ts
        if (imageText.test(text) && ++images === 5) child.kill('SIGKILL');
      });
    });
    // functions do not travel
    child.send({ lab: JSON.parse(JSON.stringify(lab)) as object, dataDir });
    await killed;
    const first = new Set(await blobsRead());
    await lab.clearRequests();

    // a window that was killed frees the lease by its silence
    const late = { now: () => new Date(Date.now() + 60_000) };
    const host = await start({ dataDir, clock: late });
    const [last] = await host.engine.scanHistory(1);
    assert.equal(last?.state, 'interrupted');
    const next = await host.scan();
    assert.equal(next.state, 'partial');
    assert.ok((next.resumed ?? 0) >= 1, JSON.stringify(next.resumed));
    // the layer that was half read when the host died is the only one to be read again
    const again = (await blobsRead()).filter((hex) => first.has(hex));
    assert.ok(again.length <= 2, again.join(' '));
  });

  it('is refused in a second window while the first scans', async () => {
    const one = await start();
    const two = await start({ dataDir: one.dataDir });
    await lab.addFault({ kind: 'slow', role: 'arm', delayMs: 300 });
    const running = one.scan();
    while ((await two.engine.scanHistory(1))[0]?.state !== 'running') await sleep(20);
    await assert.rejects(
      two.scan(),
      (error) => error instanceof BadInputError && /another window/i.test(error.message),
    );
    assert.equal((await two.engine.scanHistory(1))[0]?.state, 'running');
    assert.notEqual((await running).state, 'failed');
    assert.notEqual((await two.scan()).state, 'failed');
  });

  it('makes findings fixed when their repository is gone, new to open, and opens them again', async () => {
    const host = await start({ subscriptionIds: [lab.credentials.subscriptionId2] });
    await host.scan();
    const ofStatic = async () => (await host.all()).filter((finding) => repositoryOf(finding) === 'base/static');
    const states = async () => [...new Set((await ofStatic()).map(({ state }) => state))];
    assert.deepEqual(await states(), ['new']);
    const ids = (await ofStatic()).map(({ id }) => id).sort();
    assert.ok(ids.length >= 5);

    await host.scan();
    assert.deepEqual(await states(), ['open']);

    await lab.addFault({
      kind: 'status',
      role: 'registry.admin',
      path: '^/acr/v1/_catalog',
      status: 200,
      headers: { 'content-type': 'application/json' },
      text: JSON.stringify({ repositories: ['tools/legacy', 'tools/status'] }),
    });
    await host.scan();
    assert.deepEqual(await states(), ['fixed']);

    await lab.reset();
    await host.scan();
    assert.deepEqual((await ofStatic()).map(({ id }) => id).sort(), ids);
    for (const finding of await ofStatic()) {
      assert.ok(['open', 'new'].includes(finding.state), finding.state);
      assert.ok(finding.reopenedAt, finding.id);
      assert.deepEqual(
        finding.history.map(({ what }) => what),
        ['seen', 'fixed', 'reopened'],
      );
    }
  });

  it('keeps earlier findings of a registry that is out of reach', async () => {
    const host = await start({ subscriptionIds: [lab.credentials.subscriptionId2] });
    await host.scan();
    const before = (await host.all()).filter((finding) => repositoryOf(finding)?.startsWith('base/') === true);
    assert.ok(before.length >= 5);
    await lab.addFault({ kind: 'status', role: 'registry.admin', status: 503 });
    const summary = await host.scan();
    assert.equal(summary.state, 'partial');
    assert.match(summary.problems.map(({ what }) => what).join(), /harbouredge/);
    const after = (await host.all()).filter((finding) => repositoryOf(finding)?.startsWith('base/') === true);
    assert.deepEqual(after.map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
    assert.deepEqual(
      after.filter(({ state }) => state === 'fixed'),
      [],
    );
  });

  it('follows the advisories: withdrawn makes fixed, published again opens again, without the network', async () => {
    const mirror = newFolder();
    const folder = path.join(mirror, 'Debian');
    fs.mkdirSync(folder);
    const record = (id: string, name: string, fixed: string, extra: object = {}): void =>
      fs.writeFileSync(
        path.join(folder, `${id}.json`),
        JSON.stringify({
          schema_version: '1.7.0',
          id,
          modified: '2026-10-01T00:00:00Z',
          published: '2026-10-01T00:00:00Z',
          upstream: [id.replace('DEBIAN-', '')],
          affected: [
            {
              package: { ecosystem: 'Debian:12', name },
              ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
            },
          ],
          ...extra,
        }),
      );
    record('DEBIAN-CVE-2026-90001', 'openssl', '9.0.0-1');
    record('DEBIAN-CVE-2026-90002', 'openssl', '9.0.0-1');
    for (const name of ['Alpine', 'npm']) {
      fs.mkdirSync(path.join(mirror, name));
      fs.writeFileSync(
        path.join(mirror, name, 'NONE-1.json'),
        JSON.stringify({ id: 'NONE-1', modified: '2026-10-01T00:00:00Z', affected: [] }),
      );
    }
    const host = await start({
      settings: { advisoryMirror: mirror },
      subscriptionIds: [lab.credentials.subscriptionId2],
    });
    const signal = new AbortController().signal;
    const stateOf = async (check: string) => [
      ...new Set(
        (await host.all())
          .filter((finding) => finding.check === check && repositoryOf(finding) === 'base/static')
          .map(({ state }) => state),
      ),
    ];
    await host.scan();
    assert.deepEqual(await stateOf('CVE-2026-90001'), ['new']);

    record('DEBIAN-CVE-2026-90001', 'openssl', '9.0.0-1', {
      modified: '2026-10-02T00:00:00Z',
      withdrawn: '2026-10-02T00:00:00Z',
    });
    await host.engine.updateAdvisories(signal);
    await lab.clearRequests();
    await host.scan();
    assert.deepEqual(await stateOf('CVE-2026-90001'), ['fixed']);
    assert.deepEqual(await stateOf('CVE-2026-90002'), ['open']);
    assert.deepEqual(await blobsRead(), []);

    record('DEBIAN-CVE-2026-90001', 'openssl', '9.0.0-1', { modified: '2026-10-03T00:00:00Z' });
    await host.engine.updateAdvisories(signal);
    await host.scan();
    const again = (await host.all()).find(({ check }) => check === 'CVE-2026-90001');
    assert.ok(again?.reopenedAt);
    assert.notEqual(again.state, 'fixed');
  });

  it('leaves nothing behind that a later start trips over', async () => {
    const host = await start({ subscriptionIds: [lab.credentials.subscriptionId] });
    const cancel = new AbortController();
    await lab.addFault({ kind: 'slow', role: 'blobs', bytesPerSecond: 20_000 });
    const running = host.scan({}, cancel.signal);
    while ((await blobsRead()).length === 0) await sleep(50);
    cancel.abort();
    await running;
    await lab.reset();
    const { dataDir } = host;
    await close(host);
    const next = await start({ dataDir, subscriptionIds: [lab.credentials.subscriptionId] });
    assert.equal((await next.engine.scanHistory(1))[0]?.state, 'cancelled');
    assert.notEqual((await next.scan()).state, 'failed');
  });
});
