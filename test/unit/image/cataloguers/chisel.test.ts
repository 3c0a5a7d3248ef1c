import assert from 'node:assert/strict';
import { zstdCompressSync } from 'node:zlib';
import { chiselManifest } from '../../../../src/image/cataloguers/chisel.ts';
import { run } from './support.ts';

const path = 'var/lib/chisel/manifest.wall';

/** In the form of chisel's manifests; names and versions are those of Ubuntu 24.04, digests are made up. */
const lines = [
  '{"jsonwall":"1.0","schema":"1.0","count":9}',
  '{"kind":"content","slice":"libssl3t64_libs","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3"}',
  '{"kind":"package","name":"libc6","version":"2.39-0ubuntu8.4","sha256":"aa","arch":"amd64"}',
  '{"kind":"package","name":"libgcc-s1","version":"14.2.0-4ubuntu2~24.04","sha256":"bb","arch":"amd64"}',
  '{"kind":"package","name":"libssl3t64","version":"3.0.13-0ubuntu3.5","sha256":"cc","arch":"amd64"}',
  '{"kind":"package","name":"redis-server","version":"5:7.0.15-1build2","sha256":"dd","arch":"amd64"}',
  '{"kind":"path","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3","mode":"0644","slices":["libssl3t64_libs"],"sha256":"ee","size":1}',
  '{"kind":"path","path":"/usr/lib/python3/dist-packages/six.egg-info","mode":"0644","slices":["python3-six_all"]}',
  '{"kind":"slice","name":"libssl3t64_libs"}',
];
const wall = (...some: readonly string[]): Buffer => zstdCompressSync(Buffer.from(`${some.join('\n')}\n`));

describe('the manifest of a chiselled image', () => {
  it('gives the packages with the sources that advisories name', async () => {
    const { packages, problems } = await run(chiselManifest, path, wall(...lines));
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      {
        type: 'deb',
        name: 'libc6',
        version: '2.39-0ubuntu8.4',
        architecture: 'amd64',
        source: { name: 'glibc', version: '2.39-0ubuntu8.4' },
        path,
      },
      {
        type: 'deb',
        name: 'libgcc-s1',
        version: '14.2.0-4ubuntu2~24.04',
        architecture: 'amd64',
        source: { name: 'gcc-14', version: '14.2.0-4ubuntu2~24.04' },
        path,
      },
      {
        type: 'deb',
        name: 'libssl3t64',
        version: '3.0.13-0ubuntu3.5',
        architecture: 'amd64',
        source: { name: 'openssl', version: '3.0.13-0ubuntu3.5' },
        path,
      },
      { type: 'deb', name: 'redis-server', version: '5:7.0.15-1build2', architecture: 'amd64', path },
    ]);
  });

  it('is kept as packages and files of interest, and reads the same then', async () => {
    const bytes = wall(...lines);
    const kept = chiselManifest.reduce?.(path, bytes, (file) => file.endsWith('.egg-info')) ?? bytes;
    assert.deepEqual(Buffer.from(kept).toString().trimEnd().split('\n'), [
      lines[0],
      lines[2],
      lines[3],
      lines[4],
      lines[5],
      lines[7],
    ]);
    assert.deepEqual(await run(chiselManifest, path, kept), await run(chiselManifest, path, bytes));
  });

  it('loses damaged lines alone', async () => {
    const { packages, problems } = await run(
      chiselManifest,
      path,
      wall(lines[0] ?? '', '{"kind":"package","name":"x"}', '{"kind":"package","na', ...lines.slice(2)),
    );
    assert.equal(packages.length, 4);
    assert.deepEqual(
      problems.map(({ line, reason }) => [line, reason]),
      [
        [2, 'the line is damaged: passed over'],
        [3, 'the line is damaged: passed over'],
      ],
    );
  });

  const broken: [string, Buffer][] = [
    ['that is cut off', wall(...lines).subarray(0, 40)],
    ['that is something else', Buffer.from('PK\u0003\u0004 and more')],
    ['that unpacks to far too much', zstdCompressSync(Buffer.alloc(80 * 1024 * 1024))],
    ['that is empty text', Buffer.from('\n')],
  ];
  for (const [what, bytes] of broken) {
    it(`${what} is an error, also after it was reduced`, async () => {
      await assert.rejects(run(chiselManifest, path, bytes), { name: 'DamagedError' });
      const kept = chiselManifest.reduce?.(path, bytes, () => false) ?? bytes;
      await assert.rejects(run(chiselManifest, path, kept), { name: 'DamagedError' });
    });
  }
});
