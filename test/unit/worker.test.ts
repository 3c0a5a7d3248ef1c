import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../src/core/log.ts';
import { matchInWorker } from '../../src/engine/worker-advisories.ts';
import { WorkerClient } from '../../src/engine/worker-client.ts';

const signal = new AbortController().signal;

describe('the worker thread', function () {
  this.timeout(30_000);
  let folder: string;
  let worker: WorkerClient;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'worker-test-'));
    const file = path.resolve(import.meta.dirname, '../../src/worker.ts');
    worker = new WorkerClient(file, { advisories: path.join(folder, 'library') }, silentLog);
  });

  afterEach(async () => {
    await worker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function dump(name = 'npm', id = 'GHSA-aaaa-bbbb-cccc'): string {
    const target = path.join(folder, name);
    mkdirSync(target);
    const record = {
      schema_version: '1.7.0',
      id,
      modified: '2026-11-20T00:00:00Z',
      affected: [
        {
          package: { ecosystem: 'npm', name: 'left' },
          ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
        },
      ],
    };
    writeFileSync(path.join(target, '1.json'), JSON.stringify(record));
    return target;
  }

  const left = { packages: [{ type: 'npm', name: 'left', version: '1.0.0' }] };

  it('imports advisories, and matches packages with what has been imported', async () => {
    const before = await worker.call('match', left, signal);
    assert.deepEqual([before.matches, before.coverage[0]?.state], [[], 'none']);
    await worker.call('importEcosystem', { ecosystem: 'npm', folder: dump(), about: { etag: '"1"' } }, signal);
    const { matches } = await worker.call('match', left, signal);
    assert.deepEqual(
      matches.map(({ package: index, vulnerability: { id, fixed } }) => [index, id, fixed]),
      [[0, 'GHSA-aaaa-bbbb-cccc', '2.0.0']],
    );
    assert.equal((await worker.call('storedState', { ecosystem: 'npm' }, signal))?.etag, '"1"');
    const { ecosystems } = await worker.call('status', null, signal);
    assert.deepEqual(
      ecosystems.map(({ ecosystem, records }) => [ecosystem, records]),
      [['npm', 1]],
    );
  });

  it('answers in the order of the calls, so that a match sees the import before it', async () => {
    const imported = worker.call('importEcosystem', { ecosystem: 'npm', folder: dump(), about: {} }, signal);
    const matched = worker.call('match', left, signal);
    assert.equal((await matched).matches.length, 1);
    await imported;
  });

  it('takes over changed records, and has no state of what is not stored', async () => {
    assert.equal(await worker.call('storedState', { ecosystem: 'npm' }, signal), null);
    await worker.call('importEcosystem', { ecosystem: 'npm', folder: dump(), about: { source: 's' } }, signal);
    const changed = { ecosystem: 'npm', folder: dump('changed', 'GHSA-dddd-eeee-ffff'), about: { listEtag: '"2"' } };
    assert.equal((await worker.call('extendEcosystem', changed, signal)).records, 2);
    const state = await worker.call('storedState', { ecosystem: 'npm' }, signal);
    assert.deepEqual([state?.source, state?.listEtag], ['s', '"2"']);
    await worker.call('confirmEcosystem', { ecosystem: 'npm', about: { listEtag: '"3"' }, isWhole: false }, signal);
    assert.equal((await worker.call('storedState', { ecosystem: 'npm' }, signal))?.listEtag, '"3"');
    assert.equal((await worker.call('match', left, signal)).matches.length, 2);
  });

  it('hands thousands of matches over in pieces', async () => {
    const target = path.join(folder, 'Debian');
    mkdirSync(target);
    for (let index = 0; index < 1_001; index++) {
      const record = {
        id: `DEBIAN-CVE-2024-${10_000 + index}`,
        affected: [
          {
            package: { ecosystem: 'Debian:12', name: 'linux' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
          },
        ],
      };
      writeFileSync(path.join(target, `${index}.json`), JSON.stringify(record));
    }
    await worker.call('importEcosystem', { ecosystem: 'Debian', folder: target, about: {} }, signal);
    const request = { osEcosystem: 'Debian:12', packages: [{ type: 'deb', name: 'linux', version: '6.1' }] };
    const piece = await worker.call('match', request, signal);
    assert.equal(piece.matches.length, 200);
    const whole = await matchInWorker(worker, request, signal);
    assert.deepEqual(
      whole.matches.map(({ vulnerability }) => vulnerability.id),
      Array.from({ length: 1_001 }, (_, index) => `CVE-2024-${10_000 + index}`),
    );
    assert.deepEqual(Object.keys(whole).sort(), ['coverage', 'incomparable', 'matches']);
    await assert.rejects(worker.call('matchMore', { ticket: 99 }, signal), { code: 'database-unusable' });
  });

  it('goes on after a call that failed', async () => {
    const missing = path.join(folder, 'missing');
    await assert.rejects(worker.call('importEcosystem', { ecosystem: 'npm', folder: missing, about: {} }, signal));
    assert.deepEqual((await worker.call('status', null, signal)).ecosystems, []);
  });

  it('leaves out a call that was cancelled while it waited for the one before', async () => {
    const cancel = new AbortController();
    const imported = worker.call('importEcosystem', { ecosystem: 'npm', folder: dump(), about: {} }, signal);
    const matched = worker.call('match', left, cancel.signal);
    cancel.abort();
    await assert.rejects(matched, { name: 'AbortError' });
    assert.equal((await imported).records, 1);
  });
});
