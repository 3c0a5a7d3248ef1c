import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AdvisoryLibrary } from '../../../src/advisories/library.ts';
import { matchPackages } from '../../../src/advisories/match.ts';
import { type UpdateOptions, type UpdateResult, updateLibrary } from '../../../src/advisories/update.ts';
import { createHttpClient } from '../../../src/core/http.ts';
import { silentLog } from '../../../src/core/log.ts';
import { trustLab } from '../../support/trust-lab.ts';
import { type Publisher, type PublishedRecord, startPublisher } from './publisher.ts';

/** An advisory of an npm package: affected before `fixed`, or for ever. */
function advisory(id: string, name: string, modified: string, fixed?: string): PublishedRecord {
  const events = fixed === undefined ? [{ introduced: '0' }] : [{ introduced: '0' }, { fixed }];
  return { id, modified, affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }] };
}

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}T06:00:00Z`;

describe('an update from an address', () => {
  let publisher: Publisher;
  let folder: string;
  let library: AdvisoryLibrary;
  let now: Date;
  const http = createHttpClient({ log: silentLog, userAgent: 'plimsoll-test', backOffMs: 2, idleTimeoutMs: 400 });
  const clock = { now: () => now };

  before(async () => {
    publisher = await startPublisher();
    trustLab(publisher.caPem);
  });
  after(async () => {
    http.close();
    await publisher.stop();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'update-test-'));
    now = new Date(day(12));
    library = new AdvisoryLibrary(folder, clock);
    publisher.faults.reset();
    publisher.asked();
  });
  afterEach(() => {
    library.close();
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(publisher.violations(), []);
  });

  function update(more: Partial<UpdateOptions> = {}): Promise<UpdateResult> {
    return updateLibrary({
      ecosystems: ['npm'],
      mirror: publisher.url,
      signals: false,
      workFolder: folder,
      http,
      clock,
      log: silentLog,
      signal: new AbortController().signal,
      importer: {
        state: (ecosystem) => Promise.resolve(library.state(ecosystem)),
        importEcosystem: (...each) => library.importEcosystem(...each),
        extendEcosystem: (...each) => library.extendEcosystem(...each),
        confirmEcosystem: (...each) => library.confirmEcosystem(...each),
        signalEtag: (which) => Promise.resolve(library.signalEtags()[which]),
        importSignals: (...each) => library.importSignals(...each),
      },
      ...more,
    });
  }

  /** Ids that hit version 1.0.0 of a package, with their fixes. */
  function found(...names: string[]): string[] {
    const packages = names.map((name) => ({ type: 'npm', name, version: '1.0.0' }));
    return matchPackages({ packages }, library).matches.map(
      ({ vulnerability: { id, fixed } }) => `${id}<${fixed ?? ''}`,
    );
  }

  const first = [advisory('GHSA-1', 'a', day(10), '2.0.0'), advisory('GHSA-2', 'b', day(11), '2.0.0')];

  it('fetches the whole dump first', async () => {
    publisher.publish('npm', first);
    assert.deepEqual(await update(), { updated: ['npm'], unchanged: [], failed: [] });
    assert.deepEqual(publisher.asked(), ['200 /npm/all.zip']);
    assert.deepEqual(found('a', 'b'), ['GHSA-1<2.0.0', 'GHSA-2<2.0.0']);
    assert.deepEqual(
      library.status().ecosystems.map(({ source, records, newestModified }) => [source, records, newestModified]),
      [[publisher.url, 2, day(11)]],
    );
  });

  it('fetches then what has changed, and nothing when nothing has', async () => {
    publisher.publish('npm', first);
    await update();
    publisher.asked();
    now = new Date(day(14));
    const [one, two] = first;
    assert.ok(one !== undefined && two !== undefined);
    publisher.publish('npm', [one, advisory('GHSA-2', 'b', day(13), '3.0.0'), advisory('GHSA-3', 'c', day(14))]);
    assert.deepEqual((await update()).updated, ['npm']);
    assert.deepEqual(publisher.asked().sort(), [
      '200 /npm/GHSA-2.json',
      '200 /npm/GHSA-3.json',
      '200 /npm/modified_id.csv',
    ]);
    assert.deepEqual(found('a', 'b', 'c'), ['GHSA-1<2.0.0', 'GHSA-2<3.0.0', 'GHSA-3<']);
    assert.equal(library.status().ecosystems[0]?.records, 3);
    assert.deepEqual((await update()).unchanged, ['npm']);
    assert.deepEqual(publisher.asked(), ['304 /npm/modified_id.csv']);
    assert.equal(library.status().ecosystems[0]?.updatedAt, now.toISOString());
  });

  it('takes back what is withdrawn, and keeps its id', async () => {
    publisher.publish('npm', first);
    await update();
    publisher.publish('npm', [first[1]!, { id: 'GHSA-1', modified: day(12), withdrawn: day(12), affected: [] }]);
    await update();
    assert.deepEqual(found('a', 'b'), ['GHSA-2<2.0.0']);
    assert.equal(library.file('npm')?.isWithdrawn('GHSA-1'), true);
    assert.equal(library.file('npm')?.isWithdrawn('GHSA-2'), false);
  });

  it('fetches the whole dump after a week, which shows deletions', async () => {
    publisher.publish('npm', first);
    await update();
    publisher.publish('npm', [first[1]!]);
    now = new Date(day(18));
    await update();
    assert.deepEqual(found('a'), ['GHSA-1<2.0.0'], 'the list of changes does not show that it is gone');
    publisher.asked();
    now = new Date(day(20));
    await update();
    assert.deepEqual(publisher.asked(), ['200 /npm/all.zip']);
    assert.deepEqual(found('a', 'b'), ['GHSA-2<2.0.0']);
    now = new Date(day(28));
    assert.deepEqual((await update()).unchanged, ['npm']);
    assert.deepEqual(publisher.asked(), ['304 /npm/all.zip']);
  });

  it('fetches the whole dump when more than 2,000 records have changed', async () => {
    publisher.publish('npm', first);
    await update();
    const many = Array.from({ length: 2_001 }, (_, index) => advisory(`GHSA-m${index}`, `m${index}`, day(12)));
    publisher.publish('npm', [...first, ...many]);
    publisher.asked();
    await update();
    assert.deepEqual(publisher.asked(), ['200 /npm/modified_id.csv', '200 /npm/all.zip']);
    assert.deepEqual(found('m2000'), ['GHSA-m2000<']);
  });

  it('does without a list of changes, and with one that is none', async () => {
    publisher.publish('npm', first, false);
    await update();
    publisher.publish('npm', [...first, advisory('GHSA-3', 'c', day(12))], false);
    publisher.asked();
    await update();
    assert.deepEqual(publisher.asked(), ['404 /npm/modified_id.csv', '200 /npm/all.zip']);
    publisher.faults.add({ kind: 'status', status: 200, path: 'modified_id', text: '<html>\n'.repeat(50) });
    publisher.publish('npm', [...first, advisory('GHSA-4', 'd', day(12))], false);
    await update();
    assert.deepEqual(found('d'), ['GHSA-4<']);
  });

  it('passes over a record that is listed and gone', async () => {
    publisher.publish('npm', first);
    await update();
    publisher.publish('npm', [...first, advisory('GHSA-3', 'c', day(12)), advisory('GHSA-4', 'd', day(12))]);
    rmSync(path.join(publisher.folder, 'npm', 'GHSA-3.json'));
    assert.deepEqual((await update()).updated, ['npm']);
    assert.deepEqual(found('c', 'd'), ['GHSA-4<']);
  });

  it('fetches whole what comes from another source', async () => {
    publisher.publish('npm', first);
    await update();
    await library.confirmEcosystem('npm', { source: 'https://elsewhere.example' }, false);
    publisher.asked();
    await update();
    assert.deepEqual(publisher.asked(), ['200 /npm/all.zip']);
  });

  const faults = [
    { title: 'is refused', rule: { kind: 'status', status: 403 } },
    { title: 'is throttled for good', rule: { kind: 'status', status: 429 } },
    { title: 'is cut', rule: { kind: 'cut' } },
    { title: 'is damaged', rule: { kind: 'corrupt' } },
    { title: 'trickles and stands still', rule: { kind: 'slow', delayMs: 2_000 } },
    { title: 'is the page of a gateway', rule: { kind: 'html' } },
  ] as const;
  for (const { title, rule } of faults) {
    it(`keeps what was there when the download ${title}`, async () => {
      publisher.publish('npm', first);
      await update();
      const before = readFileSync(path.join(folder, 'index.json'), 'utf8');
      now = new Date(day(25));
      publisher.publish('npm', [...first, advisory('GHSA-9', 'z', day(24))]);
      publisher.faults.add({ ...rule, path: 'all\\.zip' });
      const { updated, failed } = await update();
      assert.deepEqual([updated, failed.map(({ what }) => what)], [[], ['npm']]);
      assert.notEqual(failed[0]?.nextStep, '');
      assert.equal(readFileSync(path.join(folder, 'index.json'), 'utf8'), before);
      assert.deepEqual(found('a', 'b'), ['GHSA-1<2.0.0', 'GHSA-2<2.0.0']);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith('download-')),
        [],
      );
      publisher.faults.reset();
      assert.deepEqual((await update()).updated, ['npm'], 'the next time it works');
    }).timeout(20_000);
  }

  it('waits when it is told to slow down', async () => {
    publisher.publish('npm', first);
    publisher.faults.add({ kind: 'status', status: 429, retryAfter: 1, times: 1 });
    assert.deepEqual((await update()).updated, ['npm']);
    assert.deepEqual(publisher.asked(), ['429 /npm/all.zip', '200 /npm/all.zip']);
  });

  it('keeps what was there when one of the changed records cannot be fetched', async () => {
    publisher.publish('npm', first);
    await update();
    publisher.publish('npm', [...first, advisory('GHSA-3', 'c', day(12)), advisory('GHSA-4', 'd', day(12))]);
    publisher.faults.add({ kind: 'cut', path: 'GHSA-4' });
    const { failed } = await update();
    assert.equal(failed.length, 1);
    assert.deepEqual(found('a', 'c', 'd'), ['GHSA-1<2.0.0']);
    publisher.faults.reset();
    await update();
    assert.deepEqual(found('c', 'd'), ['GHSA-3<', 'GHSA-4<']);
  });

  it('is stopped in the midst of a download, and leaves nothing behind', async () => {
    publisher.publish('npm', [...first, ...Array.from({ length: 500 }, (_, n) => advisory(`GHSA-x${n}`, 'x', day(1)))]);
    publisher.faults.add({ kind: 'slow', path: 'all\\.zip', bytesPerSecond: 20_000 });
    const stop = new AbortController();
    const running = update({ signal: stop.signal });
    setTimeout(() => stop.abort(), 150);
    await assert.rejects(running, { name: 'AbortError' });
    assert.deepEqual(readdirSync(folder), []);
  });

  it('goes on with the other ecosystems when one is not there', async () => {
    publisher.publish('npm', first);
    const { updated, failed } = await update({ ecosystems: ['Hex', 'npm'] });
    assert.deepEqual([updated, failed.map(({ what }) => what)], [['npm'], ['Hex']]);
    assert.match(failed[0]?.reason ?? '', /404/);
  });

  it('asks before a first download of more than 50 MB, once, and not for small ones', async () => {
    publisher.publish('npm', first);
    const asked: (readonly [string, number])[] = [];
    const answer =
      (isWanted: boolean) =>
      (ecosystem: string, bytes: number): Promise<boolean> => {
        asked.push([ecosystem, bytes]);
        return Promise.resolve(isWanted);
      };
    await update({ confirm: answer(false) });
    assert.deepEqual(asked, []);
    publisher.faults.add({
      kind: 'status',
      status: 200,
      path: 'Debian/all\\.zip',
      headers: { 'content-length': '60000000' },
      times: 2,
    });
    const { failed } = await update({ ecosystems: ['Debian'], confirm: answer(false) });
    assert.match(failed[0]?.reason ?? '', /Debian \(60 MB\) were not wanted/);
    assert.deepEqual(asked, [['Debian', 60_000_000]]);
    publisher.publish('Debian', []);
    publisher.publishDump('Debian', [
      { id: 'DEBIAN-CVE-2026-0001', modified: day(1), affected: [{ package: { ecosystem: 'Debian:12', name: 'x' } }] },
    ]);
    assert.deepEqual((await update({ ecosystems: ['Debian'], confirm: answer(true) })).updated, ['Debian']);
    assert.equal(asked.length, 2);
  });

  it('fetches KEV and EPSS, and not again while they are the same', async () => {
    publisher.publish('npm', first);
    publisher.publishSignals(['CVE-2026-0001'], { 'CVE-2026-0002': 0.5 });
    assert.deepEqual((await update({ signals: true })).updated, ['npm', 'KEV', 'EPSS']);
    await update();
    publisher.asked();
    assert.deepEqual((await update({ signals: true })).unchanged, ['npm', 'KEV', 'EPSS']);
    assert.deepEqual(publisher.asked().slice(1), [
      '304 /known_exploited_vulnerabilities.json',
      '304 /epss_scores-current.csv.gz',
    ]);
    publisher.publishSignals(['CVE-2026-0001', 'CVE-2026-0003'], { 'CVE-2026-0002': 0.5 });
    assert.deepEqual((await update({ signals: true })).updated, ['KEV']);
    assert.notEqual(library.signals?.kev('CVE-2026-0003'), undefined);
    assert.equal(library.signals?.epss('CVE-2026-0002')?.probability, 0.5);
    assert.equal(library.status().epss?.model, 'v2025.03.14');
  });

  it('of two windows at once leaves one whole state', async () => {
    publisher.publish('npm', first);
    const other = new AdvisoryLibrary(folder, clock);
    try {
      const results = await Promise.all([update(), update()]);
      assert.deepEqual(results.map(({ failed }) => failed).flat(), []);
      other.refresh();
      assert.equal(other.status().ecosystems[0]?.records, 2);
      assert.notEqual(other.file('npm'), undefined);
    } finally {
      other.close();
    }
  });

  it('accepts https alone', async () => {
    await assert.rejects(update({ mirror: 'http://127.0.0.1:1' }), { code: 'bad-input' });
  });
});
