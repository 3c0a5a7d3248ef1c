import assert from 'node:assert/strict';
import fc from 'fast-check';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isEngineError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { cataloguers } from '../../../src/image/cataloguers/index.ts';
import { parseConfig } from '../../../src/image/config.ts';
import { normaliseEntry } from '../../../src/image/history.ts';
import { readLayer } from '../../../src/image/layer.ts';
import { parseManifest } from '../../../src/image/manifest.ts';
import { readOsRelease } from '../../../src/image/operating-system.ts';
import { readImage } from '../../../src/image/read-image.ts';
import { maskCredentials } from '../../../src/core/masking.ts';
import { normalisePath } from '../../../src/image/tar-path.ts';
import { gnuLong, paxHeader, tar } from '../../support/tar.ts';
import { run } from './cataloguers/support.ts';
import { debianRelease, dpkgStatus, MemoryCache, MemoryRegistry, sha256 } from './memory-image.ts';

const signal = new AbortController().signal;

/** A layer with one of everything. */
const archive = tar(
  { name: 'etc/os-release', content: debianRelease },
  { name: 'var/lib/dpkg/status', content: dpkgStatus('a 1', 'b 2') },
  paxHeader({ path: 'node_modules/@s/x/package.json' }),
  { name: 'cut', content: '{"name":"@s/x","version":"1.0.0"}' },
  gnuLong('d/'.repeat(80), 'L'),
  { name: 'cut/', format: 'gnu' },
  { name: 'lib', type: '2', link: 'usr/lib' },
  { name: 'hard', type: '1', link: 'etc/os-release' },
  { name: 'gone/.wh.x' },
);

/** Bytes changed at some places, some cut off, some put in. */
const spoilt = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 12 }),
      cut: fc.option(fc.nat(bytes.length)),
      put: fc.option(fc.tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 600 }))),
    })
    .map(({ changes, cut, put }) => {
      let copy = Buffer.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      if (put !== null) copy = Buffer.concat([copy.subarray(0, put[0]), put[1], copy.subarray(put[0])]);
      return cut === null ? copy : copy.subarray(0, cut);
    });

/** Only errors that were thought of. */
async function thoughtOf(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(isEngineError(error), error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await new Promise((resolve) => setImmediate(resolve));
  yield bytes;
}

describe('hostile input', function () {
  this.timeout(60_000);

  it('in an archive ends in problems, and every path that comes out is clean', async () => {
    await fc.assert(
      fc.asyncProperty(spoilt(archive), async (bytes) => {
        const expected = { digest: sha256(bytes), sizeBytes: bytes.length, diffId: sha256(bytes) };
        const { entries } = await readLayer(whole(bytes), expected, { keep: () => ({ maxBytes: 1000 }), signal });
        for (const { path } of entries) assert.equal(normalisePath(path), path);
      }),
      { numRuns: 400 },
    );
  });

  it('in compressed data ends in a stated error', async () => {
    for (const packed of [gzipSync(archive), zstdCompressSync(archive)]) {
      await fc.assert(
        fc.asyncProperty(spoilt(packed), (bytes) =>
          thoughtOf(() => {
            const expected = { digest: sha256(bytes), sizeBytes: bytes.length, diffId: sha256(archive) };
            return readLayer(whole(bytes), expected, { keep: () => ({ maxBytes: 1000 }), signal });
          }),
        ),
        { numRuns: 200 },
      );
    }
  });

  it('in a whole image ends in a report or a stated error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spoilt(archive), { minLength: 1, maxLength: 3 }), (layers) =>
        thoughtOf(async () => {
          const registry = new MemoryRegistry();
          const source = registry.source(registry.image({ layers }));
          await readImage({ source, cache: new MemoryCache(), log: silentLog, signal });
        }),
      ),
      { numRuns: 100 },
    );
  });

  it('in files of package sources ends in problems or a stated error', async () => {
    const seeds = [
      dpkgStatus('a 1', 'b 2'),
      'P:a\nV:1-r0\nF:x\nR:y\n\nP:b\nV:2-r0\n\n',
      '{"name":"x","version":"1.0.0"}',
      '{"packages":{"node_modules/x":{"version":"1"}},"dependencies":{"y":{"version":"2"}}}',
    ];
    for (const cataloguer of cataloguers) {
      for (const seed of seeds) {
        await fc.assert(
          fc.asyncProperty(fc.oneof(spoilt(Buffer.from(seed)), fc.uint8Array({ maxLength: 400 })), (bytes) =>
            thoughtOf(async () => {
              const content = cataloguer.reduce?.('x', bytes, () => true) ?? bytes;
              for (const found of (await run(cataloguer, 'x', content)).packages) {
                assert.ok(found.name !== '' && found.version !== '');
              }
            }),
          ),
          { numRuns: 60 },
        );
      }
    }
  });

  it('in manifests and configs ends in a stated error', async () => {
    const seeds = [
      {
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256('c'), size: 1 },
        layers: [{ mediaType: 'x', digest: sha256('l'), size: 2 }],
      },
      {
        manifests: [{ mediaType: 'x', digest: sha256('m'), size: 3, platform: { os: 'linux', architecture: 'amd64' } }],
      },
      {
        architecture: 'amd64',
        os: 'linux',
        config: { Env: ['A=1'], Labels: {} },
        rootfs: { diff_ids: [sha256('d')] },
        history: [{ created_by: 'x' }],
      },
    ];
    for (const seed of seeds) {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            spoilt(Buffer.from(JSON.stringify(seed))),
            fc.json().map((text) => Buffer.from(text)),
          ),
          async (bytes) => {
            await thoughtOf(async () => Promise.resolve(parseManifest(bytes, '', '"x"')));
            await thoughtOf(async () => Promise.resolve(parseConfig(bytes, '"x"')));
          },
        ),
        { numRuns: 300 },
      );
    }
  });

  it('in texts is read or left', () => {
    const pieces = fc.constantFrom(
      'RUN',
      'COPY',
      '/bin/sh -c',
      '#(nop)',
      '# buildkit',
      '|2',
      'A=1',
      '--chown=x',
      ' ',
      '\n',
      '"',
      "'",
      '\\',
      'token=',
      'Authorization:',
      'https://',
      '@',
      'ID=',
      '|inheritLabels=false',
      '[',
      '{',
    );
    const text = fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (one) => {
        assert.equal(typeof normaliseEntry({ createdBy: one, emptyLayer: false }).text, 'string');
        assert.equal(typeof maskCredentials(one), 'string');
        readOsRelease(one);
      }),
      { numRuns: 2000 },
    );
  });
});
