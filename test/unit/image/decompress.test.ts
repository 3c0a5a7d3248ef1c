import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompress, detectCompression } from '../../../src/image/decompress.ts';

/** Hands bytes out in pieces and counts them. */
async function* pieces(bytes: Uint8Array, size: number, count?: { bytes: number }): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise((resolve) => setImmediate(resolve));
    const piece = bytes.subarray(at, at + size);
    if (count !== undefined) count.bytes += piece.length;
    yield piece;
  }
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(source)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from('table')]);

describe('unpacking a layer blob', () => {
  const text = Buffer.from('The quick brown fox. '.repeat(20_000));
  const noise = randomBytes(700_000);

  const blobs: [string, Uint8Array, Uint8Array][] = [
    ['a bare archive', text, text],
    ['an empty blob', Buffer.alloc(0), Buffer.alloc(0)],
    ['gzip', gzipSync(text), text],
    ['gzip of noise', gzipSync(noise), noise],
    [
      'gzip in three members',
      Buffer.concat([gzipSync('a'), gzipSync(text), gzipSync('z')]),
      Buffer.concat([Buffer.from('a'), text, Buffer.from('z')]),
    ],
    ['gzip with zeros behind', Buffer.concat([gzipSync(text), Buffer.alloc(300_000)]), text],
    ['zstd', zstdCompressSync(text), text],
    ['zstd of noise', zstdCompressSync(noise), noise],
    [
      'zstd in several frames',
      Buffer.concat([zstdCompressSync('a'), zstdCompressSync(text), zstdCompressSync(noise)]),
      Buffer.concat([Buffer.from('a'), text, noise]),
    ],
    [
      'zstd with skippable frames around',
      Buffer.concat([skippable, zstdCompressSync(text), skippable, zstdCompressSync('end'), skippable]),
      Buffer.concat([text, Buffer.from('end')]),
    ],
    ['zstd with padding behind', Buffer.concat([zstdCompressSync(text), Buffer.alloc(5000)]), text],
  ];
  for (const [name, blob, expected] of blobs) {
    for (const size of [blob.length + 1, 65_536, 1000]) {
      it(`gives the content of ${name} in pieces of ${size}, and reads all of the blob`, async () => {
        const count = { bytes: 0 };
        assert.ok((await all(pieces(blob, size, count))).equals(expected));
        assert.equal(count.bytes, blob.length);
      });
    }
  }

  it('gives the content of gzip that arrives byte by byte', async () => {
    const blob = Buffer.concat([gzipSync('hello '), gzipSync('world')]);
    assert.equal((await all(pieces(blob, 1))).toString(), 'hello world');
  });

  it('gives the content of many small zstd frames that arrive byte by byte', async () => {
    const blob = Buffer.concat(Array.from({ length: 50 }, (_, i) => zstdCompressSync(`frame ${i}\n`)));
    const expected = Array.from({ length: 50 }, (_, i) => `frame ${i}\n`).join('');
    assert.equal((await all(pieces(blob, 1))).toString(), expected);
  });

  const damaged: [string, Uint8Array, RegExp][] = [
    ['gzip that ends early', gzipSync(noise).subarray(0, 500_000), /ends early/],
    ['gzip with a flipped byte', flipped(gzipSync(text), 200), /is damaged/],
    ['gzip with garbage behind', Buffer.concat([gzipSync(text), Buffer.from('garbage')]), /is damaged/],
    ['zstd that ends early', zstdCompressSync(noise).subarray(0, 500_000), /ends early/],
    [
      'zstd with a broken header',
      Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(100, 0xff)]),
      /is damaged/,
    ],
    ['gzip without anything', Buffer.from([0x1f, 0x8b]), /ends early/],
  ];
  for (const [name, blob, reason] of damaged) {
    it(`says that ${name} is damaged, after reading all of it`, async () => {
      const count = { bytes: 0 };
      await assert.rejects(all(pieces(blob, 10_000, count)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'damaged');
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(count.bytes, blob.length);
    });
  }

  it('passes on an error of the source', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield gzipSync(noise).subarray(0, 300_000);
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('the line went dead');
    }
    await assert.rejects(all(broken()), /the line went dead/);
  });

  it('closes the source when the reader stops early', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          yield gzipSync(noise);
        }
      } finally {
        closed = true;
      }
    }
    for await (const chunk of decompress(endless())) {
      assert.ok(chunk.length > 0);
      break;
    }
    assert.equal(closed, true);
  });

  it('tells compression by the first bytes', () => {
    assert.equal(detectCompression(gzipSync('x')), 'gzip');
    assert.equal(detectCompression(zstdCompressSync('x')), 'zstd');
    assert.equal(detectCompression(skippable), 'zstd');
    assert.equal(detectCompression(Buffer.from('usr/')), 'none');
    assert.equal(detectCompression(Buffer.alloc(0)), 'none');
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
