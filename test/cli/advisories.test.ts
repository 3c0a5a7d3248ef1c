import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Publisher, startPublisher } from '../engine/advisories/publisher.ts';

const program = path.resolve(import.meta.dirname, '../../dist/cli.js');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'advisories', ...args], { env: { ...process.env, ...env } });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const today = new Date().toISOString().slice(0, 10);
const advisory = (id: string, ecosystem: string, name: string, modified = `${today}T00:00:00Z`) => ({
  id,
  modified,
  affected: [{ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] }],
});

describe('plimsoll advisories', function () {
  this.timeout(60_000);
  let folder: string;
  let publisher: Publisher;

  before(async () => {
    publisher = await startPublisher();
  });
  after(() => publisher.stop());
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'cli-advisories-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function writeMirror(): string {
    const mirror = path.join(folder, 'mirror');
    for (const [ecosystem, record] of [
      ['npm', advisory('GHSA-1', 'npm', 'left')],
      ['Debian', advisory('DEBIAN-CVE-2020-0001', 'Debian:12', 'tar', '2020-01-01T00:00:00Z')],
    ] as const) {
      mkdirSync(path.join(mirror, ecosystem), { recursive: true });
      writeFileSync(path.join(mirror, ecosystem, `${record.id}.json`), JSON.stringify(record));
    }
    return mirror;
  }

  it('says what to do while there is nothing', async () => {
    const { code, out } = await run(['status', '--data', folder]);
    assert.deepEqual([code, out], [0, 'There is no vulnerability data. Run "plimsoll advisories update".\n']);
    const json = await run(['status', '--data', folder, '--format', 'json']);
    assert.deepEqual(JSON.parse(json.out), { schema: 'plimsoll.advisories/1', ecosystems: [], failed: [] });
  });

  it('imports every ecosystem of a folder without network, and tells the state of each', async () => {
    const mirror = writeMirror();
    const { code, out } = await run(['update', '--from', mirror, '--offline', '--data', folder]);
    assert.equal(code, 0);
    const [debian = '', npm = '', ...more] = out.trimEnd().split('\n');
    assert.match(debian, /^Debian\t1 records\tchecked \S+\tnewest of 2020-01-01\tstale: .+2020-01-01\tupdated now$/);
    assert.match(npm, new RegExp(`^npm\\t1 records\\tchecked \\S+\\tnewest of ${today}\\tupdated now$`));
    assert.deepEqual(more, []);
    const again = await run(['update', '--from', mirror, '--offline', '--data', folder, '--format', 'json']);
    const { ecosystems, updated, unchanged } = JSON.parse(again.out) as Record<string, unknown>;
    assert.deepEqual([updated, unchanged], [[], ['Debian', 'npm', 'KEV', 'EPSS']]);
    assert.deepEqual(
      (ecosystems as { ecosystem: string; stale: boolean; source: string }[]).map((each) => [
        each.ecosystem,
        each.stale,
        each.source,
      ]),
      [
        ['Debian', true, mirror],
        ['npm', false, mirror],
      ],
    );
    const whole = await run(['update', '--from', mirror, '--whole', '--data', folder, '--format', 'json']);
    assert.deepEqual((JSON.parse(whole.out) as Record<string, unknown>)['updated'], ['Debian', 'npm']);
  });

  it('asks an address for what has changed, and ends with 3 when some of it fails', async () => {
    const trust = { NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') };
    writeFileSync(trust.NODE_EXTRA_CA_CERTS, publisher.caPem);
    const update = ['update', '--from', publisher.url, '--ecosystem', 'npm', '--data', folder];
    publisher.publishSignals(['CVE-2026-0001'], { 'CVE-2026-0002': 0.5 });
    publisher.publish('npm', [advisory('GHSA-1', 'npm', 'left', '2026-11-01T00:00:00Z')]);
    assert.equal((await run(update, trust)).code, 0);
    publisher.publish('npm', [
      advisory('GHSA-1', 'npm', 'left', '2026-11-01T00:00:00Z'),
      advisory('GHSA-2', 'npm', 'right'),
    ]);
    publisher.asked();
    const { out } = await run(update, trust);
    assert.match(out, /^npm\t2 records\t.+\tupdated now$/m);
    assert.match(out, /^EPSS\t1 scores\tof 2026-11-20T00:00:00Z\tmodel v2025\.03\.14$/m);
    assert.ok(!publisher.asked().some((request) => request.includes('all.zip')));
    publisher.faults.add({ kind: 'status', status: 403, path: 'npm/' });
    const failed = await run(update, trust);
    publisher.faults.reset();
    assert.equal(failed.code, 3);
    assert.match(failed.out, /^npm\t2 records\t.+\tFAILED$/m);
    assert.match(failed.err, /npm: .*403/);
  });

  it('answers bad usage with 2', async () => {
    for (const args of [
      [],
      ['remove'],
      ['update', '--from', path.join(folder, 'missing')],
      ['update', '--offline'],
      ['update', '--offline', '--from', 'https://mirror.example'],
    ]) {
      const { code, out, err } = await run([...args, '--data', folder]);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.match(err, /^plimsoll: [^\n]+\n$/);
    }
    assert.deepEqual(readdirSync(folder), []);
  });
});
