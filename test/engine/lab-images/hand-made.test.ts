import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildImages, type BuiltImages } from '../../lab/images/main.ts';
import { tagOf } from './stored.ts';

describe('hand-made images alone', function () {
  this.timeout(120_000);
  let cacheDir: string;
  const lines: string[] = [];
  const build = (): Promise<BuiltImages> =>
    buildImages({ cacheDir, only: 'hand-made', log: (line) => lines.push(line) });

  beforeEach(async () => {
    cacheDir = await mkdtemp(path.join(tmpdir(), 'lab-cache-'));
    lines.length = 0;
  });

  afterEach(() => rm(cacheDir, { recursive: true, force: true }));

  it('need neither root nor Debian, say so, and lie in the same storage layout', async () => {
    const built = await build();
    assert.equal(built.available, false);
    assert.ok(built.reason);
    assert.deepEqual(
      built.images.map(({ repository, tag }) => `${repository}:${tag}`),
      [
        'base/alpine:3.20',
        'base/static:12',
        'services/gateway:2.0.3',
        'services/storefront:3.1.0',
        'services/reports:0.4.0',
        'services/ledger:5.2.0',
      ],
    );
    for (const { repository, tag, digest, indexDigest } of built.images) {
      assert.equal(await tagOf(built, repository, tag), indexDigest ?? digest);
    }
  });

  it('are the same to the last byte each time, and a half-finished build is thrown away', async () => {
    const first = await build();
    const [folder = ''] = await readdir(cacheDir);
    await rm(path.join(cacheDir, folder, 'images.json'));
    await mkdir(path.join(cacheDir, 'images-partial-left'));
    const second = await build();
    assert.deepEqual(second, first);
    assert.deepEqual(await readdir(cacheDir), [folder]);
  });

  it('are built by one process at a time; a lock that nobody touches any more is taken over', async () => {
    const lock = path.join(cacheDir, 'images.lock');
    await writeFile(lock, String(process.pid));
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(lock, longAgo, longAgo);
    const [first, second] = await Promise.all([build(), build()]);
    assert.deepEqual(first, second);
    assert.ok(lines.some((line) => line.includes('waiting')));
  });
});
