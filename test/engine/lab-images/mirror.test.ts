import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { openPromise } from 'yauzl';
import { z } from 'zod';
import { buildImages, buildMirror, readTruth } from '../../lab/images/main.ts';
import { CACHE } from './stored.ts';

const run = promisify(execFile);

const OsvRecord = z.looseObject({
  id: z.string(),
  modified: z.string(),
  withdrawn: z.string().optional(),
  affected: z.array(
    z.looseObject({
      package: z.object({ ecosystem: z.string(), name: z.string(), purl: z.string() }),
      ranges: z.array(z.object({ type: z.string(), events: z.array(z.record(z.string(), z.string())) }).loose()),
    }),
  ),
});
type OsvRecord = z.infer<typeof OsvRecord>;

describe('advisory mirror of the lab', () => {
  let folder: string;
  let cacheDir: string;

  before(async () => {
    cacheDir = await mkdtemp(path.join(tmpdir(), 'lab-mirror-'));
    folder = await buildMirror({ cacheDir, now: new Date('2026-11-21T12:00:00Z') });
  });

  after(() => rm(cacheDir, { recursive: true, force: true }));

  const recordsOf = async (ecosystem: string): Promise<OsvRecord[]> => {
    const zip = await openPromise(path.join(folder, ecosystem, 'all.zip'));
    const records: OsvRecord[] = [];
    for await (const entry of zip.eachEntry()) {
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      assert.equal(await readFile(path.join(folder, ecosystem, entry.fileName), 'utf8'), text);
      records.push(OsvRecord.parse(JSON.parse(text)));
    }
    return records;
  };

  it('has each record in the archive and as a file, and lists them newest first', async () => {
    assert.equal(await readFile(path.join(folder, 'ecosystems.txt'), 'utf8'), 'Alpine\nDebian\nnpm\n');
    for (const [ecosystem, count] of [
      ['Alpine', 16],
      ['Debian', 21],
      ['npm', 20],
    ] as const) {
      const records = await recordsOf(ecosystem);
      assert.equal(records.length, count, ecosystem);
      assert.equal((await readdir(path.join(folder, ecosystem))).length, count + 2);
      const lines = (await readFile(path.join(folder, ecosystem, 'modified_id.csv'), 'utf8')).trim().split('\n');
      assert.deepEqual(
        lines,
        records.map(({ modified, id }) => `${modified},${id}`),
      );
      const times = lines.map((line) => line.slice(0, '2026-11-21T00:00:00Z'.length));
      assert.deepEqual(times, times.toSorted().reverse());
      assert.equal(records[0]?.modified, '2026-11-21T00:00:00Z');
    }
  });

  it('has the shapes that matchers stumble over', async () => {
    const npm = await recordsOf('npm');
    const withdrawn = npm.filter((record) => record.withdrawn !== undefined).map(({ id }) => id);
    assert.deepEqual(withdrawn, ['GHSA-8p5q-j9m2-g8wr']);
    const ranges = npm.flatMap((record) => record.affected.flatMap((entry) => entry.ranges));
    assert.ok(ranges.some(({ type }) => type === 'GIT'));
    assert.ok(ranges.some(({ events }) => events.some((event) => event['last_affected'] === '2.0.1')));
    assert.ok(npm.some(({ id }) => id.startsWith('MAL-')));
    const debian = await recordsOf('Debian');
    assert.ok(debian.some(({ id }) => id === 'DSA-5764-1'));
    const [tar] = debian.filter(({ id }) => id === 'DEBIAN-CVE-2005-2541');
    assert.deepEqual(
      tar?.affected.map((entry) => [entry.package.ecosystem, entry.ranges[0]?.events]),
      [
        ['Debian:11', [{ introduced: '0' }]],
        ['Debian:12', [{ introduced: '0' }]],
        ['Debian:13', [{ introduced: '0' }]],
      ],
    );
  });

  it('has both exploit signals in the form of their publishers', async () => {
    const kev = z
      .object({ count: z.number(), vulnerabilities: z.array(z.object({ cveID: z.string(), dateAdded: z.string() })) })
      .parse(JSON.parse(await readFile(path.join(folder, 'known_exploited_vulnerabilities.json'), 'utf8')));
    assert.equal(kev.count, kev.vulnerabilities.length);
    assert.deepEqual(kev.vulnerabilities[0], { cveID: 'CVE-2025-55182', dateAdded: '2025-12-05' });
    const [comment, header, row] = gunzipSync(await readFile(path.join(folder, 'epss_scores-current.csv.gz')))
      .toString()
      .split('\n');
    assert.equal(comment, '#model_version:v2025.03.14,score_date:2026-11-21T00:00:00Z');
    assert.equal(header, 'cve,epss,percentile');
    assert.equal(row, 'CVE-2005-2541,0.02361,0.84312');
  });

  it('is written once a day and content', async () => {
    assert.equal(await buildMirror({ cacheDir, now: new Date('2026-11-21T23:00:00Z') }), folder);
    assert.notEqual(await buildMirror({ cacheDir, now: new Date('2026-11-22T01:00:00Z') }), folder);
  });

  it('has something to say about the real Debian, by the judgement of dpkg itself', async function () {
    this.timeout(600_000);
    const built = await buildImages({ cacheDir: CACHE, log: () => undefined });
    const orders = built.images.find((image) => image.repository === 'services/orders' && image.tag === '1.4.2');
    if (orders === undefined) {
      assert.equal(built.available, false);
      assert.equal(process.env['CI'], undefined, built.reason);
      return;
    }
    const { deb = [] } = await readTruth(built, orders);
    const affected = new Set<string>();
    const fixedAlready = new Set<string>();
    for (const record of await recordsOf('Debian')) {
      for (const { package: named, ranges } of record.affected) {
        if (named.ecosystem !== 'Debian:12') continue;
        const fixed = ranges[0]?.events.find((event) => event['fixed'] !== undefined)?.['fixed'];
        const installed = deb.find(({ source, status }) => source === named.name && status === 'install ok installed');
        if (installed === undefined) continue;
        const isOpen =
          fixed === undefined ||
          (await run('dpkg', ['--compare-versions', installed.sourceVersion, 'lt', fixed]).then(
            () => true,
            () => false,
          ));
        (isOpen ? affected : fixedAlready).add(record.id);
      }
    }
    for (const cve of [
      '2005-2541',
      '2016-2781',
      '2023-45853',
      '2025-15661',
      '2026-111497',
      '2026-48618',
      '2026-8376',
    ]) {
      assert.ok(affected.has(`DEBIAN-CVE-${cve}`), cve);
    }
    for (const id of ['DEBIAN-CVE-2019-8457', 'DEBIAN-CVE-2024-6119', 'DEBIAN-CVE-2025-0395', 'DSA-5764-1']) {
      assert.ok(fixedAlready.has(id), id);
    }
    assert.ok(!affected.has('DEBIAN-CVE-2018-1000021'), 'git is not in this image');
  });
});
