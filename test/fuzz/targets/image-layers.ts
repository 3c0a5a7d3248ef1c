import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readLayer } from '../../../src/image/layer.ts';
import { normalisePath } from '../../../src/image/tar-path.ts';
import type { LayerContent } from '../../../src/image/types.ts';
import { gnuLong, paxHeader, tar, tarMember } from '../../support/tar.ts';
import type { FuzzTarget } from '../target.ts';

const { signal } = new AbortController();
const limits = { maxEntries: 40, maxKeptBytes: 4_000, maxProblems: 5, maxNameChars: 2_000 };
const longestKept = 1_500;

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function* inPieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += step) yield await Promise.resolve(bytes.slice(at, at + step));
}

function layerOf(blob: Uint8Array, diffId: string, step: number): Promise<LayerContent> {
  return readLayer(
    inPieces(blob, step),
    { digest: sha256(blob), sizeBytes: blob.length, diffId },
    { keep: (path) => (path.length % 2 === 0 ? { maxBytes: longestKept } : undefined), signal, limits },
  );
}

function checked({ entries, problems }: LayerContent): string {
  assert.ok(entries.length <= limits.maxEntries);
  assert.ok(problems.length <= limits.maxProblems + 2);
  let kept = 0;
  let chars = 0;
  for (const { path, size, content, target = '' } of entries) {
    assert.equal(normalisePath(path), path, 'a path is clean');
    assert.ok(Number.isSafeInteger(size) && size >= 0);
    assert.ok(content === undefined || content.length <= longestKept);
    kept += content?.length ?? 0;
    chars += path.length + target.length;
  }
  assert.ok(kept <= limits.maxKeptBytes && chars <= limits.maxNameChars);
  const kinds = [...new Set(entries.map(({ kind }) => kind))].sort().join(' ');
  const reasons = [...new Set(problems.map(({ reason }) => reason.replace(/"[^"]*"|\d+/g, '').slice(0, 60)))].sort();
  return `${Math.min(entries.length, 10)} ${kinds} ${kept > 0} ${reasons.join('|')}`;
}

const small = [
  tar({ name: 'ab', content: 'content' }, { name: 'd/' }, { name: 'd/.wh.x' }, { name: 'd/.wh..wh..opq' }),
  tar({ name: 'lib', type: '2', link: 'usr/lib' }, { name: 'hard', type: '1', link: 'ab' }, { name: 'p', type: '6' }),
  tar(paxHeader({ path: 'long/name', size: '3' }), { name: 'cut', content: 'abc' }, paxHeader({ a: 'b' }, 'g')),
  tar(gnuLong('d/'.repeat(80), 'L'), gnuLong('t'.repeat(120), 'K'), { name: 'cut', type: '2', format: 'gnu' }),
  tar(
    paxHeader({ 'GNU.sparse.major': '1', 'GNU.sparse.name': 'sparse', 'GNU.sparse.realsize': '4096' }),
    { name: 'cut', content: 'x' },
    {
      name: 'old',
      type: 'S',
      format: 'gnu',
      content: Buffer.alloc(512 + 4),
      size: 4,
      tweak: (header) => {
        header[482] = 1;
        header.write('00000010000\0', 483);
      },
    },
    { name: 'after' },
  ),
  tar({ name: 'b256', tweak: (header) => header.writeUInt32BE(0x8000_0000, 124) }, { name: 'v7', format: 'v7' }),
];

/** Sums of headers are made right again: without that, nearly every mutant ends at its first header. */
function withChecksums(input: Uint8Array): Buffer {
  const bytes = Buffer.from(input);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (!/^[ 0-7]{6}/.test(bytes.toString('latin1', at + 148, at + 154))) continue;
    bytes.fill(' ', at + 148, at + 156);
    let sum = 0;
    for (const byte of bytes.subarray(at, at + 512)) sum += byte;
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return bytes;
}

const plainLayers: FuzzTarget = {
  name: 'image-layer',
  seeds: () => small,
  dictionary: [
    ...[
      '.wh.',
      '.wh..wh..opq',
      '../',
      'ustar\u000000',
      'ustar  \0',
      'GNU.sparse.realsize=',
      'GNU.sparse.map=',
      'size=',
    ],
    ...['path=', 'linkpath=', '30 path=', '12 size=99\n', '77777777777\0', Buffer.from([0x80, 0, 0, 0, 0, 0, 1])],
    tarMember({ name: 'x' }),
    tarMember({ name: 'ab', content: 'y' }),
  ],
  mostBytes: 6_144,
  shortRun: 500,
  async run(input) {
    const bytes = withChecksums(input);
    const whole = await layerOf(bytes, sha256(bytes), Math.max(1, bytes.length));
    const step = 1 + (((input[0] ?? 0) * 7 + input.length) % 1_500);
    assert.deepEqual(await layerOf(bytes, sha256(bytes), step), whole, `in pieces of ${step} bytes`);
    return checked(whole);
  },
};

/** The digest of the archive cannot be right for a mutant: what is asked is that each ends in a declared error. */
function packedLayers(name: string, pack: (bytes: Uint8Array) => Buffer): FuzzTarget {
  return {
    name,
    seeds: () => [
      ...small.slice(0, 3).map(pack),
      Buffer.concat([pack(small[0] ?? Buffer.alloc(0)), pack(Buffer.from('second')), Buffer.alloc(9)]),
      pack(Buffer.alloc(200_000)),
    ],
    dictionary: [
      Buffer.from([0x1f, 0x8b, 8]),
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
      Buffer.from([0x50, 0x2a, 0x4d, 0x18]),
    ],
    mostBytes: 1_024,
    shortRun: 200,
    async run(input) {
      const bytes = Buffer.from(input);
      return checked(await layerOf(bytes, sha256(small[0] ?? bytes), 1 + (input.length % 300)));
    },
  };
}

export const imageLayerTargets: readonly FuzzTarget[] = [
  plainLayers,
  packedLayers('image-layer-gzip', (bytes) => gzipSync(bytes)),
  packedLayers('image-layer-zstd', (bytes) => zstdCompressSync(bytes)),
];
