import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
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
import { CandidateFinder, type FileRole } from '../../../src/image/secrets/files.ts';
import { inspectFile } from '../../../src/image/secrets/inspect.ts';
import { gnuLong, paxHeader, tar, tarMember, type TarInput } from '../../support/tar.ts';
import { zip } from '../../support/zip.ts';
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

/** A blob in the same piece again and again. */
async function* repeated(piece: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < times; i++) yield await Promise.resolve(piece);
}

function digestOf(piece: Uint8Array, times: number): string {
  const hash = createHash('sha256');
  for (let i = 0; i < times; i++) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

const reasons = ({ problems }: { problems: readonly { reason: string }[] }): string[] =>
  problems.map(({ reason }) => reason);

/** Milliseconds of the processor: a busy machine does not count. */
async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('what is made to take time or memory', function () {
  this.timeout(30_000);

  for (const [name, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    it(`ends at the ceiling of expansion: ${name}`, async () => {
      const piece = pack(Buffer.alloc(4 * 1024 * 1024)); // members and frames follow each other
      const expected = { digest: digestOf(piece, 1_000), sizeBytes: piece.length * 1_000, diffId: sha256('') };
      const limits = { expansionGraceBytes: 16 * 1024 * 1024 };
      await assert.rejects(readLayer(repeated(piece, 1_000), expected, { keep: () => undefined, signal, limits }), {
        code: 'limit-exceeded',
        message: /unpacks to more than 200 times its size/,
      });
    });
  }

  it('ends at the ceiling of depth: archives in archives', async () => {
    let inner = zip([{ name: 'META-INF/maven/g/a/pom.properties', content: 'groupId=g\nartifactId=a\nversion=1\n' }]);
    for (let i = 0; i < 40; i++) inner = zip([{ name: `${i}.jar`, content: inner }]);
    const layer = tar({ name: 'app/x.jar', content: inner });
    const registry = new MemoryRegistry();
    const source = registry.source(registry.image({ layers: [layer] }));
    const report = await readImage({ source, cache: new MemoryCache(), log: silentLog, signal });
    assert.deepEqual(report.packages, []);
    assert.match(reasons(report).join(), /nest|deep|archives in/);
  });

  it('ends at the ceiling of entries, and the rest is counted', async () => {
    const member = tarMember({ name: 'x' });
    const piece = Buffer.concat(Array.from({ length: 2_000 }, () => member));
    const digest = digestOf(piece, 20);
    const expected = { digest, sizeBytes: piece.length * 20, diffId: digest };
    const { entries, problems } = await readLayer(repeated(piece, 20), expected, {
      keep: () => undefined,
      signal,
      limits: { maxEntries: 1_000 },
    });
    assert.equal(entries.length, 1_000);
    assert.deepEqual(reasons({ problems }), ['the layer has more than 1000 entries: 39000 were passed over']);
  });

  it('ends at the ceiling of all paths together, however few entries it has', async () => {
    const archive = tar(
      ...Array.from({ length: 9 }, (_, i) => [
        paxHeader({ path: `${i}/${'p'.repeat(600)}`, linkpath: 't'.repeat(400) }),
        { name: 'cut', type: '2' },
      ]).flat(),
    );
    const expected = { digest: sha256(archive), sizeBytes: archive.length, diffId: sha256(archive) };
    const limits = { maxNameChars: 5_000 };
    const { entries, problems } = await readLayer(whole(archive), expected, { keep: () => undefined, signal, limits });
    assert.equal(entries.length, 4);
    assert.deepEqual(reasons({ problems }), ['the layer has more than 5000 characters of paths: 5 were passed over']);
  });

  it('is passed over: a link whose target is longer than any path', async () => {
    const archive = tar(paxHeader({ linkpath: 't'.repeat(100_000) }), { name: 'l', type: '2' }, { name: 'after' });
    const expected = { digest: sha256(archive), sizeBytes: archive.length, diffId: sha256(archive) };
    const { entries, problems } = await readLayer(whole(archive), expected, { keep: () => undefined, signal });
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['after'],
    );
    assert.deepEqual(problems, [{ path: 'l', reason: 'its link target is longer than 4096 bytes: passed over' }]);
  });

  it('takes no memory for a length that is only claimed', async () => {
    const wide = (header: Buffer): void => {
      header.fill(0, 124, 136);
      header[124] = 0x80;
      header.writeBigUInt64BE(1n << 52n, 128);
    };
    const claims: TarInput[] = [
      { name: 'wanted', size: 0o77777777777 },
      { name: 'wanted', tweak: wide },
      { name: '././@LongLink', type: 'L', size: 8_000_000_000 },
    ];
    for (const claim of claims) {
      const archive = tar(claim);
      const expected = { digest: sha256(archive), sizeBytes: archive.length, diffId: sha256(archive) };
      const { problems } = await readLayer(whole(archive), expected, { keep: () => ({ maxBytes: 1000 }), signal });
      assert.match(reasons({ problems }).join(), /more than the 1000 that are read|far too large/);
    }
    const pax = tar(paxHeader({ size: '9007199254740991' }), { name: 'wanted' });
    const expected = { digest: sha256(pax), sizeBytes: pax.length, diffId: sha256(pax) };
    const { problems } = await readLayer(whole(pax), expected, { keep: () => ({ maxBytes: 1000 }), signal });
    assert.match(reasons({ problems }).join(), /more than the 1000 that are read/);
  });

  it('turns in no circle: links that lead to each other', async () => {
    const layer = tar(
      { name: 'etc/os-release', type: '2', link: '../usr/lib/os-release' },
      { name: 'usr/lib/os-release', type: '2', link: '/etc/os-release' },
      { name: 'var/lib/dpkg', type: '2', link: 'dpkg' },
      { name: 'var/lib/dpkg/status', type: '1', link: 'var/lib/dpkg/status' },
      { name: 'lib', type: '2', link: 'usr/lib' },
      { name: 'usr/lib', type: '2', link: '../lib' },
      { name: 'lib/apk/db/installed', content: 'P:a\nV:1-r0\n\n' },
    );
    const registry = new MemoryRegistry();
    const source = registry.source(registry.image({ layers: [layer, layer] }));
    const report = await readImage({ source, cache: new MemoryCache(), log: silentLog, signal });
    assert.equal(report.layers.length, 2);
    assert.ok(report.problems.length > 0);
  });

  it('ends at the ceiling of nesting: JSON', async () => {
    for (const deep of ['['.repeat(200_000), '{"a":'.repeat(100_000)]) {
      const bytes = Buffer.from(deep);
      assert.throws(() => parseManifest(bytes, '', '"x"'), { code: 'limit-exceeded' });
      assert.throws(() => parseConfig(bytes, '"x"'), { code: 'limit-exceeded' });
      for (const cataloguer of cataloguers) await thoughtOf(() => run(cataloguer, 'x', bytes));
    }
  });

  it('is read in time: one line of half a mebibyte in each format', async () => {
    const lines = ['a', ' ', '[', 'a ', 'a=', '"', 'a@', '- ', '(', '{"a":"', ',"'];
    for (const [index, cataloguer] of cataloguers.entries()) {
      for (const line of lines) {
        const bytes = Buffer.alloc(512 * 1024, line);
        const ms = await processorMs(() => thoughtOf(() => run(cataloguer, 'x', bytes)));
        assert.ok(ms < 1_000, `cataloguer ${index}, ${JSON.stringify(line)}: ${ms} ms`);
      }
    }
  });

  it('is refused: ten thousand layers, or entries of history', async () => {
    const registry = new MemoryRegistry();
    const layer = tar({ name: 'x' });
    const many = registry.image({
      layers: [layer],
      change: (manifest) => {
        const [first] = Array.isArray(manifest['layers']) ? (manifest['layers'] as unknown[]) : [];
        manifest['layers'] = Array.from({ length: 10_000 }, () => first);
      },
    });
    const history = Array.from({ length: 10_000 }, () => ({ created_by: 'RUN x' }));
    const long = registry.image({ layers: [layer], history });
    for (const [image, message] of [
      [many, /it has 10000 layers, more than 1000/],
      [long, /it has 10000 entries in "history", more than 5000/],
    ] as const) {
      const source = registry.source(image);
      await assert.rejects(readImage({ source, cache: new MemoryCache(), log: silentLog, signal }), {
        code: 'limit-exceeded',
        message,
      });
    }
  });

  it('is refused before it is read: lists of a config without end', () => {
    const list = Array.from({ length: 5_001 }, (_, i) => `A${i}=b`);
    const labels = Object.fromEntries(list.map((name) => [name, '']));
    for (const config of [{ Env: list }, { Cmd: list }, { Entrypoint: list }, { Labels: labels }]) {
      const bytes = Buffer.from(JSON.stringify({ rootfs: {}, config }));
      assert.throws(() => parseConfig(bytes, '"x"'), { code: 'limit-exceeded', message: /5001 entries in / });
    }
    const layers = Array.from({ length: 5_001 }, () => sha256('x'));
    assert.throws(() => parseConfig(Buffer.from(JSON.stringify({ rootfs: { diff_ids: layers } })), '"x"'), {
      code: 'limit-exceeded',
    });
  });

  it('is searched for secrets in time: blanks and braces without end', async () => {
    const texts: [FileRole, string][] = [
      ['kubeconfig', `token: a${'{{'.repeat(9_000)}\n`],
      ['env', `A="x"\nTOKEN=x${' '.repeat(3_900)}x\n`],
      ['key', `-----BEGIN PRIVATE KEY-----${' '.repeat(19_000)}-----END`],
    ];
    for (const [role, text] of texts) {
      const bytes = Buffer.from(text.repeat(Math.floor((250 * 1024) / text.length)));
      const ms = await processorMs(() => inspectFile(role, bytes));
      assert.ok(ms < 500, `${role}: ${ms} ms`);
    }
    const finder = new CandidateFinder();
    assert.equal(finder.roleOf(`app/${'trust'.repeat(60)}.pem`), undefined);
    assert.equal(finder.roleOf(`app/${'a'.repeat(251)}.pem`)?.role, 'key');
  });
});
