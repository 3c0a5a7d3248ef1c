import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DamagedError } from '../../../src/core/errors.ts';
import { readLayer, type ExpectedLayer } from '../../../src/image/layer.ts';
import type { LayerLimits } from '../../../src/image/limits.ts';
import type { KeepFilter, LayerContent } from '../../../src/image/types.ts';
import { gnuLong, paxHeader, tar, tarMember } from '../../support/tar.ts';

const signal = new AbortController().signal;
const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + 65_536);
  }
}

interface Options {
  readonly blob?: Uint8Array;
  readonly expected?: Partial<ExpectedLayer>;
  readonly keep?: KeepFilter;
  readonly limits?: Partial<LayerLimits>;
  readonly signal?: AbortSignal;
}

/** Reads an archive as a layer; gzip unless `blob` is another wrapping of it. */
function read(archive: Uint8Array, options: Options = {}): Promise<LayerContent> {
  const blob = options.blob ?? gzipSync(archive);
  const expected = { digest: sha256(blob), sizeBytes: blob.length, diffId: sha256(archive), ...options.expected };
  return readLayer(pieces(blob), expected, {
    keep: options.keep ?? (() => undefined),
    signal: options.signal ?? signal,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
}

const keepText: KeepFilter = (path) => (path.endsWith('.txt') ? { maxBytes: 100 } : undefined);

describe('reading a layer', () => {
  it('lists every entry and keeps the contents that are wanted', async () => {
    const archive = tar(
      { name: './' },
      { name: './etc/' },
      { name: './etc/a.txt', content: 'kept' },
      { name: './etc/b', content: 'not kept' },
      { name: 'lib', type: '2', link: 'usr/lib' },
      { name: 'etc/c.txt', type: '1', link: 'etc/a.txt' },
      { name: 'dev/null', type: '3' },
    );
    const layer = await read(archive, { keep: keepText });
    assert.equal(layer.diffId, sha256(archive));
    assert.deepEqual(layer.problems, []);
    assert.deepEqual(layer.entries, [
      { path: 'etc', kind: 'directory', size: 0 },
      { path: 'etc/a.txt', kind: 'file', size: 4, content: Buffer.from('kept') },
      { path: 'etc/b', kind: 'file', size: 8 },
      { path: 'lib', kind: 'symlink', size: 0, target: 'usr/lib' },
      { path: 'etc/c.txt', kind: 'hardlink', size: 0, target: 'etc/a.txt' },
      { path: 'dev/null', kind: 'other', size: 0 },
    ]);
  });

  it('is the same layer however it is compressed', async () => {
    const archive = tar({ name: 'a.txt', content: 'same' });
    const [bare, gzip, zstd] = await Promise.all(
      [archive, gzipSync(archive), zstdCompressSync(archive)].map((blob) => read(archive, { blob, keep: keepText })),
    );
    assert.deepEqual(bare, gzip);
    assert.deepEqual(zstd, gzip);
  });

  it('keeps the reduced form of a content where there is one', async () => {
    const keep: KeepFilter = () => ({ maxBytes: 100, reduce: (_path, bytes) => bytes.subarray(0, 2) });
    const { entries } = await read(tar({ name: 'x', content: 'abcdef' }), { keep });
    assert.deepEqual(entries, [{ path: 'x', kind: 'file', size: 6, content: Buffer.from('ab') }]);
  });

  describe('files that are read as they pass by', () => {
    /** Keeps how many bytes there were and how many pieces, of files that begin with an M. */
    const counting = (inTime: boolean, byContent = false): KeepFilter => {
      const answer = (value: boolean): boolean | Promise<boolean> => (inTime ? Promise.resolve(value) : value);
      return () => ({
        maxBytes: 10_000_000,
        byContent,
        extract: ({ size, mode }) => {
          if (size < 4) return undefined;
          let bytes = 0;
          return {
            write(piece) {
              if (bytes === 0 && piece[0] !== 0x4d) return answer(false);
              bytes += piece.length;
              return answer(true);
            },
            end: () => Buffer.from(`${bytes} ${mode.toString(8)}`),
          };
        },
      });
    };
    const archive = tar(
      { name: 'big', content: Buffer.alloc(3_000_000, 'M') },
      { name: 'other', content: Buffer.alloc(3_000_000, 'X') },
      { name: 'tiny', content: 'M' },
      { name: 'last', content: 'MMMM' },
    );

    for (const inTime of [false, true]) {
      it(`give their extract instead of their content, ${inTime ? 'in their own time' : 'at once'}`, async () => {
        const { entries, problems } = await read(archive, { keep: counting(inTime) });
        assert.deepEqual(problems, []);
        assert.deepEqual(entries, [
          { path: 'big', kind: 'file', size: 3_000_000, content: Buffer.from('3000000 644') },
          { path: 'other', kind: 'file', size: 3_000_000 },
          { path: 'tiny', kind: 'file', size: 1 },
          { path: 'last', kind: 'file', size: 4, content: Buffer.from('4 644') },
        ]);
      });
    }

    it('keep it apart from contents when the bytes decided', async () => {
      const { entries } = await read(tar({ name: 'x', content: 'MMMM' }), { keep: counting(false, true) });
      assert.deepEqual(entries, [{ path: 'x', kind: 'file', size: 4, extract: Buffer.from('4 644') }]);
    });

    it('that are damaged become a problem, and the next one is read', async () => {
      const keep: KeepFilter = (path) => ({
        maxBytes: 100,
        extract: () => ({
          write: () => true,
          end() {
            if (path === 'bad') throw new DamagedError('it is bad', '');
            return Promise.resolve(Buffer.from('ok'));
          },
        }),
      });
      const { entries, problems } = await read(tar({ name: 'bad', content: 'x' }, { name: 'good', content: 'x' }), {
        keep,
      });
      assert.deepEqual(problems, [{ path: 'bad', reason: 'it is bad' }]);
      assert.deepEqual(entries, [
        { path: 'bad', kind: 'file', size: 1 },
        { path: 'good', kind: 'file', size: 1, content: Buffer.from('ok') },
      ]);
    });

    it('are let go when the archive ends early', async () => {
      let abandoned = 0;
      const keep: KeepFilter = () => ({
        maxBytes: 10_000,
        extract: () => ({ write: () => true, end: () => Buffer.from('whole'), abandon: () => abandoned++ }),
      });
      const { entries, problems } = await read(tarMember({ name: 'cut', content: 'x', size: 5000 }), { keep });
      assert.deepEqual(entries, []);
      assert.equal(problems.length, 1);
      assert.equal(abandoned, 1);
    });

    it('are bounded by what they keep, not by what they are', async () => {
      const options = { keep: counting(false), limits: { maxKeptBytes: 12 } };
      const { entries, problems } = await read(archive, options);
      assert.deepEqual(
        entries.map(({ content }) => content?.length),
        [11, undefined, undefined, undefined],
      );
      assert.deepEqual(problems, [
        { path: 'last', reason: 'the files to read in this layer have more than 12 bytes: not read' },
      ]);
    });
  });

  it('knows whiteouts and passes over what aufs left behind', async () => {
    const { entries } = await read(
      tar(
        { name: 'etc/.wh.hosts' },
        { name: 'var/cache/.wh..wh..opq' },
        { name: '.wh..wh..opq' },
        { name: '.wh..wh.plnk', type: '5' },
        { name: '.wh..wh.plnk/12.34', content: 'x' },
        { name: '.wh..wh.aufs' },
        { name: '.wh.tmp' },
      ),
    );
    assert.deepEqual(entries, [
      { path: 'etc/hosts', kind: 'whiteout', size: 0 },
      { path: 'var/cache', kind: 'opaque', size: 0 },
      { path: '', kind: 'opaque', size: 0 },
      { path: 'tmp', kind: 'whiteout', size: 0 },
    ]);
  });

  it('refuses paths that climb out, and says so', async () => {
    const { entries, problems } = await read(
      tar({ name: '../etc/passwd' }, { name: 'a/../../b' }, { name: '/abs//x/./y' }),
    );
    assert.deepEqual(entries, [{ path: 'abs/x/y', kind: 'file', size: 0 }]);
    assert.deepEqual(problems, [
      { path: '../etc/passwd', reason: 'its path leads out of the image: passed over' },
      { path: 'a/../../b', reason: 'its path leads out of the image: passed over' },
    ]);
  });

  it('keeps a broken whiteout out of the tree', async () => {
    const { entries, problems } = await read(tar({ name: 'a/.wh..' }, { name: 'a/.wh.' }, { name: 'a/.wh...' }));
    assert.deepEqual(entries, []);
    assert.equal(problems.length, 3);
  });

  describe('digests and size', () => {
    const archive = tar({ name: 'a.txt', content: 'x' });
    const wrong = `sha256:${'0'.repeat(64)}`;
    const cases: [string, Partial<ExpectedLayer>][] = [
      ['another blob digest', { digest: wrong }],
      ['another unpacked digest', { diffId: wrong }],
      ['a smaller size', { sizeBytes: 10 }],
      ['a larger size', { sizeBytes: 10_000_000 }],
    ];
    for (const [what, expected] of cases) {
      it(`believes nothing when the manifest names ${what}`, async () => {
        await assert.rejects(read(archive, { expected }), { code: 'digest-mismatch' });
      });
    }

    it('stops at the promised size instead of reading an endless blob', async () => {
      let handed = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          handed += 65_536;
          yield Buffer.alloc(65_536);
        }
      }
      const expected = { digest: wrong, sizeBytes: 100_000, diffId: wrong };
      await assert.rejects(readLayer(endless(), expected, { keep: () => undefined, signal }), {
        code: 'digest-mismatch',
      });
      assert.ok(handed <= 65_536 * 8, `${handed} bytes were taken`);
    });

    it('says damaged, not changed, when the blob is the promised one and cannot be unpacked', async () => {
      const blob = gzipSync(archive).subarray(0, -12);
      await assert.rejects(read(archive, { blob }), { code: 'damaged' });
    });

    it('refuses garbage behind the compressed data, as container runtimes do', async () => {
      const blob = Buffer.concat([gzipSync(archive), Buffer.from('trailing garbage')]);
      await assert.rejects(read(archive, { blob }), { code: 'damaged' });
    });
  });

  describe('limits', () => {
    it('names a wanted file that is too large and goes on', async () => {
      const { entries, problems } = await read(
        tar({ name: 'big.txt', content: 'x'.repeat(101) }, { name: 'small.txt', content: 'y' }),
        { keep: keepText },
      );
      assert.deepEqual(problems, [{ path: 'big.txt', reason: 'it has 101 bytes, more than the 100 that are read' }]);
      assert.deepEqual(
        entries.map(({ path, content }) => [path, content?.length]),
        [
          ['big.txt', undefined],
          ['small.txt', 1],
        ],
      );
    });

    it('counts the entries beyond the ceiling', async () => {
      const { entries, problems } = await read(tar(...Array.from({ length: 10 }, (_, i) => ({ name: `f${i}` }))), {
        limits: { maxEntries: 4 },
      });
      assert.equal(entries.length, 4);
      assert.deepEqual(problems, [{ path: '', reason: 'the layer has more than 4 entries: 6 were passed over' }]);
    });

    it('passes over paths that no system could hold', async () => {
      const { entries, problems } = await read(
        tar(gnuLong('d/'.repeat(5000), 'L'), { name: 'cut', format: 'gnu' }, { name: 'ok' }),
      );
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['ok'],
      );
      assert.equal(problems[0]?.reason, 'its path is longer than 4096 bytes: passed over');
    });

    it('stops at an expansion that no software has', async () => {
      const archive = tar({ name: 'zeros', content: Buffer.alloc(3_000_000) });
      await assert.rejects(read(archive, { limits: { expansionGraceBytes: 1_000_000 } }), { code: 'limit-exceeded' });
    });

    it('stops at the unpacked size', async () => {
      const archive = tar({ name: 'zeros', content: Buffer.alloc(3_000_000) });
      await assert.rejects(read(archive, { limits: { maxUnpackedBytes: 1_000_000 } }), { code: 'limit-exceeded' });
    });

    it('keeps no more bytes than allowed for all files together', async () => {
      const archive = tar({ name: '1.txt', content: 'x'.repeat(60) }, { name: '2.txt', content: 'x'.repeat(60) });
      const { problems } = await read(archive, { keep: keepText, limits: { maxKeptBytes: 100 } });
      assert.deepEqual(problems, [
        { path: '2.txt', reason: 'the files to read in this layer have more than 100 bytes: not read' },
      ]);
    });

    it('lists a bounded number of problems and counts the rest', async () => {
      const archive = tar(...Array.from({ length: 9 }, (_, i) => ({ name: `../${i}` })));
      const { problems } = await read(archive, { limits: { maxProblems: 2 } });
      assert.equal(problems.length, 3);
      assert.equal(problems[2]?.reason, '7 more problems of this layer are not listed');
    });

    it('does not read a wanted file that is stored with holes', async () => {
      const archive = tar(paxHeader({ 'GNU.sparse.realsize': '9', 'GNU.sparse.name': 'a.txt' }), {
        name: 'x',
        content: 'map',
      });
      const { problems } = await read(archive, { keep: keepText });
      assert.deepEqual(problems, [{ path: 'a.txt', reason: 'it is stored with holes: not read' }]);
    });
  });

  it('tells damage inside the archive and gives what came before', async () => {
    const archive = tar({ name: 'a.txt', content: 'x' }, { name: 'b', checksumError: 7 });
    const { entries, problems } = await read(archive, { keep: keepText });
    assert.equal(entries.length, 1);
    assert.deepEqual(problems, [
      { path: '', reason: 'a header has a wrong checksum behind "a.txt"; the rest of the archive was not read' },
    ]);
  });

  it('replaces control characters of names in problems', async () => {
    const { problems } = await read(tar({ name: '../a\u001b[31m' }));
    assert.equal(problems[0]?.path, '../a\ufffd[31m');
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const archive = Buffer.concat([
      tarMember({ name: 'a', content: Buffer.alloc(4_000_000, 'x') }),
      Buffer.alloc(1024),
    ]);
    const reading = read(archive, { blob: archive, signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(reading, { name: 'AbortError' });
  });

  it('leaves the event loop its turns', async () => {
    const archive = tar(...Array.from({ length: 30_000 }, (_, i) => ({ name: `d${i % 100}/f${i}`, content: 'x' })));
    const gaps: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 1);
    // All at once and without compression: nothing but the reader itself can give way.
    async function* atOnce(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      for (let at = 0; at < archive.length; at += 1_048_576) yield archive.subarray(at, at + 1_048_576);
    }
    const expected = { digest: sha256(archive), sizeBytes: archive.length, diffId: sha256(archive) };
    last = performance.now();
    await readLayer(atOnce(), expected, { keep: () => undefined, signal });
    clearInterval(timer);
    assert.ok(gaps.length > 2, 'no timer ran meanwhile');
    assert.ok(Math.max(...gaps) < 250, `the loop stood still for ${Math.max(...gaps)} ms`);
  });
});
