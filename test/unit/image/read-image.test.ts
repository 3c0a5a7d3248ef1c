import assert from 'node:assert/strict';
import { silentLog } from '../../../src/core/log.ts';
import { createImageReader, readImage, type ReadProgress } from '../../../src/image/read-image.ts';
import type { ImageReport, ImageSource, PlacedPackage } from '../../../src/image/types.ts';
import { mediaTypes } from '../../../src/registry/media-types.ts';
import type { Platform } from '../../../src/registry/types.ts';
import { gnuLong, tar, type TarInput } from '../../support/tar.ts';
import { debianRelease, dpkgStatus, MemoryCache, MemoryRegistry, sha256, type MemoryImage } from './memory-image.ts';

const signal = new AbortController().signal;

function read(source: ImageSource, cache = new MemoryCache(), platform?: Platform): Promise<ImageReport> {
  return readImage({ source, cache, log: silentLog, signal, ...(platform === undefined ? {} : { platform }) });
}

/** Reads an image of these layers; packages as `name version @layer`. */
async function packagesOf(...layers: readonly Buffer[]): Promise<string[]> {
  const registry = new MemoryRegistry();
  const report = await read(registry.source(registry.image({ layers })));
  assert.deepEqual(report.problems, []);
  return shown(report);
}

function shown(report: ImageReport): string[] {
  const number = (digest: string | undefined): string =>
    String(report.layers.findIndex((layer) => layer.digest === digest));
  return report.packages.map(
    ({ name, version, layer, firstLayer }: PlacedPackage) =>
      `${name} ${version} @${number(layer)}${firstLayer === undefined ? '' : ` since ${number(firstLayer)}`}`,
  );
}

const status = (...packages: string[]): TarInput => ({ name: 'var/lib/dpkg/status', content: dpkgStatus(...packages) });
const release: TarInput = { name: 'etc/os-release', content: debianRelease };
const manifest = (path: string, name: string, version: string): TarInput => ({
  name: `${path}/package.json`,
  content: JSON.stringify({ name, version }),
});

describe('reading an image', () => {
  it('reports system, packages, layers and their commands', async () => {
    const registry = new MemoryRegistry();
    const layers = [
      tar(
        { name: 'usr/lib/os-release', content: debianRelease },
        { name: 'etc/os-release', type: '2', link: '../usr/lib/os-release' },
        status('libc6 2.36-9', 'bash 5.2'),
      ),
      tar(manifest('app/node_modules/left', 'left', '1.2.3')),
    ];
    const stored = registry.image({
      layers,
      history: [
        { created_by: 'ADD rootfs.tar / ' },
        { created_by: 'CMD ["bash"]', empty_layer: true },
        { created_by: 'RUN /bin/sh -c npm ci --token=abc # buildkit' },
      ],
      config: { Env: ['PATH=/bin', 'API_KEY=x'] },
      annotations: { 'org.example.note': 'n' },
    });
    const report = await read(registry.source(stored));
    assert.equal(report.digest, stored.descriptor.digest);
    assert.equal(report.mediaType, mediaTypes.ociManifest);
    assert.deepEqual(report.platform, { os: 'linux', architecture: 'amd64' });
    assert.deepEqual(report.os, {
      id: 'debian',
      version: '12',
      name: 'Debian GNU/Linux 12 (bookworm)',
      ecosystem: 'Debian:12',
    });
    assert.deepEqual(report.annotations, { 'org.example.note': 'n' });
    assert.deepEqual(
      report.layers.map(({ diffId, createdBy }) => [diffId, createdBy]),
      [
        [sha256(layers[0]!), 'ADD rootfs.tar / '],
        [sha256(layers[1]!), 'RUN /bin/sh -c npm ci --token=*** # buildkit'],
      ],
    );
    assert.deepEqual(report.packages, [
      {
        type: 'deb',
        name: 'bash',
        version: '5.2',
        architecture: 'amd64',
        source: { name: 'bash', version: '5.2' },
        path: 'var/lib/dpkg/status',
        purl: 'pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12',
        layer: report.layers[0]?.digest,
      },
      {
        type: 'deb',
        name: 'libc6',
        version: '2.36-9',
        architecture: 'amd64',
        source: { name: 'libc6', version: '2.36-9' },
        path: 'var/lib/dpkg/status',
        purl: 'pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12',
        layer: report.layers[0]?.digest,
      },
      {
        type: 'npm',
        name: 'left',
        version: '1.2.3',
        path: 'app/node_modules/left/package.json',
        purl: 'pkg:npm/left@1.2.3',
        layer: report.layers[1]?.digest,
      },
    ]);
    assert.deepEqual(report.config.env, ['PATH=/bin', 'API_KEY=']);
    assert.deepEqual(report.problems, []);
  });

  describe('the layer of a package', () => {
    it('is told by what the database listed after each layer', async () => {
      assert.deepEqual(
        await packagesOf(
          tar(release, status('a 1', 'b 1', 'c 1', 'd 1')),
          tar(status('a 1', 'b 2', 'c 1', 'd 1', 'e 1')),
          tar({ name: 'srv/x', content: 'x' }),
          tar(status('a 1', 'b 2', 'd 1', 'e 1')),
          tar(status('a 1', 'b 2', 'c 1', 'd 1', 'e 1'), { name: 'srv/y' }),
        ),
        ['a 1 @0', 'b 2 @1 since 0', 'c 1 @4 since 0', 'd 1 @0', 'e 1 @1'],
      );
    });

    it('is that of the file for packages with a file of their own, and the lower one when nothing changed', async () => {
      assert.deepEqual(
        await packagesOf(
          tar(
            manifest('node_modules/a', 'a', '1.0.0'),
            manifest('node_modules/b', 'b', '1.0.0'),
            manifest('node_modules/c', 'c', '1.0.0'),
          ),
          tar(manifest('node_modules/a', 'a', '1.0.0'), manifest('node_modules/b', 'b', '2.0.0'), {
            name: 'node_modules/.wh.c',
          }),
        ),
        ['a 1.0.0 @0', 'b 2.0.0 @1 since 0'],
      );
    });

    it('is the lower one for a file that was written anew with the same package, and that of the last change', async () => {
      const formatted = {
        name: 'node_modules/a/package.json',
        content: JSON.stringify({ name: 'a', version: '1.0.0', private: false }, undefined, 2),
      };
      assert.deepEqual(
        await packagesOf(
          tar(manifest('node_modules/a', 'a', '1.0.0'), manifest('node_modules/b', 'b', '1.0.0')),
          tar(formatted, manifest('node_modules/b', 'b', '2.0.0')),
          tar(manifest('node_modules/b', 'b', '1.0.0')),
        ),
        ['a 1.0.0 @0', 'b 1.0.0 @2 since 0'],
      );
    });

    it('is right for stanzas of dpkg in files of their own', async () => {
      const one = (name: string, version: string): TarInput => ({
        name: `var/lib/dpkg/status.d/${name}`,
        content: `Package: ${name}\nVersion: ${version}\n`,
      });
      assert.deepEqual(await packagesOf(tar(release, one('tzdata', '1')), tar(one('libc6', '2'))), [
        'libc6 2 @1',
        'tzdata 1 @0',
      ]);
    });

    it('holds through a move of the database to merged /usr', async () => {
      const apk = (...packages: string[]): string => packages.map((one) => `P:${one}\nV:1-r0\n\n`).join('');
      assert.deepEqual(
        await packagesOf(
          tar({ name: 'lib/apk/db/installed', content: apk('a', 'b') }),
          tar(
            { name: 'lib', type: '2', link: 'usr/lib' },
            { name: 'usr/lib/apk/db/installed', content: apk('a', 'b', 'c') },
          ),
          tar({ name: 'lib/apk/db/installed', content: apk('a', 'b', 'c', 'd') }),
        ),
        ['a 1-r0 @0', 'b 1-r0 @0', 'c 1-r0 @1', 'd 1-r0 @2'],
      );
    });
  });

  it('lists a package of the system once that two databases name', async () => {
    const both = tar(release, status('a 1'), {
      name: 'var/lib/dpkg/status.d/a',
      content: 'Package: a\nArchitecture: amd64\nVersion: 1\n',
    });
    assert.deepEqual(await packagesOf(both), ['a 1 @0']);
  });

  it('names the package of the system that owns a language package', async () => {
    const registry = new MemoryRegistry();
    const source = registry.source(
      registry.image({
        layers: [
          tar(
            release,
            status('nodejs 18'),
            { name: 'lib', type: '2', link: 'usr/lib' },
            manifest('usr/lib/node_modules/npm', 'npm', '9.2.0'),
            manifest('opt/node_modules/mine', 'mine', '1.0.0'),
            {
              name: 'var/lib/dpkg/info/nodejs:amd64.list',
              content: '/.\n/lib\n/lib/node_modules/npm/package.json\n/usr/bin/node\n',
            },
          ),
        ],
      }),
    );
    const { packages } = await read(source);
    assert.deepEqual(
      packages.map(({ name, ownedBy }) => [name, ownedBy]),
      [
        ['nodejs', undefined],
        ['mine', undefined],
        ['npm', 'nodejs'],
      ],
    );
  });

  it('names the owner by the database of apk, and by checksums where dpkg is not there', async () => {
    const registry = new MemoryRegistry();
    const alpine = tar(
      { name: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.3\n' },
      {
        name: 'lib/apk/db/installed',
        content: 'P:npm\nV:10-r0\nF:usr/lib/node_modules/npm\nR:package.json\nZ:Q1x\n\n',
      },
      manifest('usr/lib/node_modules/npm', 'npm', '10.0.0'),
    );
    const distroless = tar(
      release,
      { name: 'var/lib/dpkg/status.d/nodejs', content: 'Package: nodejs\nVersion: 18\n' },
      {
        name: 'var/lib/dpkg/status.d/nodejs.md5sums',
        content: `${'a'.repeat(32)}  usr/lib/node_modules/npm/package.json\n`,
      },
      manifest('usr/lib/node_modules/npm', 'npm', '10.0.0'),
    );
    for (const [layer, owner] of [
      [alpine, 'npm'],
      [distroless, 'nodejs'],
    ] as const) {
      const { packages } = await read(registry.source(registry.image({ layers: [layer] })));
      assert.equal(packages.find(({ type }) => type === 'npm')?.ownedBy, owner);
    }
  });

  it('reads lock files only where nothing is installed', async () => {
    const lock = JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/x': { version: '1.0.0' } } });
    const layer = tar(
      { name: 'one/package-lock.json', content: lock },
      { name: 'two/package-lock.json', content: lock },
      manifest('two/node_modules/y', 'y', '2.0.0'),
    );
    const registry = new MemoryRegistry();
    const { packages } = await read(registry.source(registry.image({ layers: [layer] })));
    assert.deepEqual(
      packages.map(({ name, path, declared }) => [name, path, declared]),
      [
        ['x', 'one/package-lock.json', true],
        ['y', 'two/node_modules/y/package.json', undefined],
      ],
    );
  });

  it('lists a package of pnpm once, at its real place', async () => {
    const layer = tar(manifest('app/node_modules/.pnpm/left@1.0.0/node_modules/left', 'left', '1.0.0'), {
      name: 'app/node_modules/left',
      type: '2',
      link: '.pnpm/left@1.0.0/node_modules/left',
    });
    assert.deepEqual(await packagesOf(layer), ['left 1.0.0 @0']);
  });

  it('reads a layer again for files that are hard links to names nobody wants', async () => {
    const registry = new MemoryRegistry();
    const cache = new MemoryCache();
    const store = tar({ name: 'store/v3/files/00/ab12', content: '{"name":"left","version":"1.0.0"}' });
    const app = tar({ name: 'app/node_modules/left/package.json', type: '1', link: 'store/v3/files/00/ab12' });
    const stored = registry.image({ layers: [store, app] });
    const report = await read(registry.source(stored), cache);
    assert.deepEqual(shown(report), ['left 1.0.0 @1']);
    assert.equal(registry.blobsAsked().length, 1 + 2 + 1);

    const other = registry.image({ layers: [store, app, tar({ name: 'x' })] });
    registry.asked.length = 0;
    assert.deepEqual(shown(await read(registry.source(other), cache)), ['left 1.0.0 @1']);
    assert.equal(registry.blobsAsked().length, 2, 'config and the new layer alone');
  });

  describe('what was read before', () => {
    it('is not asked for again: no blob when the report is kept', async () => {
      const registry = new MemoryRegistry();
      const cache = new MemoryCache();
      const stored = registry.image({ layers: [tar(release, status('a 1'))] });
      const first = await read(registry.source(stored), cache);
      registry.asked.length = 0;
      assert.deepEqual(await read(registry.source(stored), cache), first);
      assert.deepEqual(registry.asked, ['resolve']);
    });

    it('costs the config alone when only the report is new', async () => {
      const registry = new MemoryRegistry();
      const cache = new MemoryCache();
      const base = tar(release, status('a 1'));
      await read(registry.source(registry.image({ layers: [base] })), cache);
      const child = registry.image({ layers: [base], config: { User: 'node' } });
      registry.asked.length = 0;
      await read(registry.source(child), cache);
      const config = (JSON.parse(child.bytes.toString()) as { config: { digest: string } }).config.digest;
      assert.deepEqual(registry.blobsAsked(), [config]);
    });

    it('costs only the layers that are new', async () => {
      const registry = new MemoryRegistry();
      const cache = new MemoryCache();
      const base = tar(release, status('a 1'));
      const images = [1, 2, 3].map((n) => registry.image({ layers: [base, tar({ name: `app/${n}` })] }));
      for (const stored of images) await read(registry.source(stored), cache);
      assert.equal(registry.blobsAsked().length, 3 + 1 + 3);
    });

    it('is shared by images that are read at the same time', async () => {
      const registry = new MemoryRegistry();
      const reader = createImageReader({ cache: new MemoryCache(), log: silentLog });
      const base = tar(release, status('a 1'));
      const images = [1, 2, 3].map((n) => registry.image({ layers: [base, tar({ name: `app/${n}` })] }));
      await Promise.all(images.map((stored) => reader.read({ source: registry.source(stored), signal })));
      assert.equal(registry.blobsAsked().length, 3 + 1 + 3);
    });

    it('survives the cancelling of the one who read it first', async () => {
      const registry = new MemoryRegistry();
      const reader = createImageReader({ cache: new MemoryCache(), log: silentLog });
      const base = tar(release, status('a 1'));
      const [one, two] = [
        registry.image({ layers: [base] }),
        registry.image({ layers: [base], config: { User: 'x' } }),
      ];
      const controller = new AbortController();
      const opened = Promise.withResolvers<undefined>();
      let held = 0;
      registry.gate = async ({ mediaType }) => {
        if (mediaType === mediaTypes.ociConfig || ++held > 1) return;
        await opened.promise;
      };
      const first = reader.read({ source: registry.source(one), signal: controller.signal });
      const second = reader.read({ source: registry.source(two), signal });
      while (registry.blobsAsked().length < 3) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      opened.resolve(undefined);
      await assert.rejects(first, { name: 'AbortError' });
      assert.deepEqual(shown(await second), ['a 1 @0']);
    });

    it('is the same from layers that were compressed another way', async () => {
      const registry = new MemoryRegistry();
      const cache = new MemoryCache();
      const base = tar(release, status('a 1'));
      await read(registry.source(registry.image({ layers: [base] })), cache);
      const bare = registry.put(base, 'application/vnd.oci.image.layer.v1.tar');
      const other = registry.image({ layers: [base], change: (document) => (document['layers'] = [bare]) });
      registry.asked.length = 0;
      const report = await read(registry.source(other), cache);
      assert.ok(!registry.blobsAsked().includes(bare.digest));
      assert.equal(report.layers[0]?.digest, bare.digest);
    });
  });

  describe('an index', () => {
    it('leads to the platform that was asked for', async () => {
      const registry = new MemoryRegistry();
      const member = (architecture: string): object => {
        const { descriptor } = registry.image({ layers: [tar(release, status(`${architecture} 1`))], architecture });
        return { ...descriptor, platform: { os: 'linux', architecture } };
      };
      const index = registry.document(
        { schemaVersion: 2, manifests: [member('amd64'), member('arm64')] },
        mediaTypes.ociIndex,
      );
      const source = registry.source(index);
      assert.deepEqual(shown(await read(source)), ['amd64 1 @0']);
      assert.deepEqual(shown(await read(source, undefined, { os: 'linux', architecture: 'arm64' })), ['arm64 1 @0']);
      await assert.rejects(read(source, undefined, { os: 'linux', architecture: 's390x' }), {
        code: 'bad-input',
        message: /linux\/amd64, linux\/arm64/,
      });
    });

    it('may lead to an index, but not for ever', async () => {
      const registry = new MemoryRegistry();
      let top = registry.image({ layers: [tar(release)] });
      for (let depth = 0; depth < 3; depth++) {
        top = registry.document({ manifests: [{ ...top.descriptor }] }, mediaTypes.ociIndex);
      }
      await read(registry.source(top));
      for (let depth = 0; depth < 3; depth++)
        top = registry.document({ manifests: [{ ...top.descriptor }] }, mediaTypes.ociIndex);
      await assert.rejects(read(registry.source(top)), { code: 'limit-exceeded' });
    });

    it('whose member was changed is not believed', async () => {
      const registry = new MemoryRegistry();
      const { descriptor } = registry.image({ layers: [] });
      registry.manifests.set(descriptor.digest, Buffer.from('{}'));
      const index = registry.document({ manifests: [descriptor] }, mediaTypes.ociIndex);
      await assert.rejects(read(registry.source(index)), { code: 'digest-mismatch' });
    });
  });

  describe('what cannot be believed', () => {
    const spoilt = (
      change: (registry: MemoryRegistry, digests: readonly string[]) => void,
      image: Partial<MemoryImage> = {},
    ): Promise<ImageReport> => {
      const registry = new MemoryRegistry();
      const stored = registry.image({ layers: [tar(release, status('a 1'))], ...image });
      const document = JSON.parse(stored.bytes.toString()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      change(registry, [document.config.digest, ...document.layers.map(({ digest }) => digest)]);
      return read(registry.source(stored));
    };

    it('is a layer with another content', async () => {
      await assert.rejects(
        spoilt((registry, [, layer = '']) =>
          registry.blobs.set(layer, Buffer.from(registry.blobs.get(layer)!).fill(7, 20, 30)),
        ),
        { code: 'digest-mismatch' },
      );
    });

    it('is a config with another content or size', async () => {
      await assert.rejects(
        spoilt((registry, [config = '']) => registry.blobs.set(config, Buffer.from('{}'))),
        { code: 'digest-mismatch' },
      );
      await assert.rejects(
        spoilt((registry, [config = '']) =>
          registry.blobs.set(config, Buffer.concat([registry.blobs.get(config)!, Buffer.from(' ')])),
        ),
        { code: 'digest-mismatch' },
      );
    });

    it('is a config that names other layers than the manifest', async () => {
      await assert.rejects(
        spoilt(() => undefined, { change: (document) => (document['layers'] = []) }),
        { code: 'damaged' },
      );
    });
  });

  describe('what cannot be read', () => {
    it('is a problem beside the rest: a layer that the registry lost', async () => {
      const registry = new MemoryRegistry();
      const cache = new MemoryCache();
      const stored = registry.image({ layers: [tar(release, status('a 1')), tar({ name: 'x' })] });
      const lost = (JSON.parse(stored.bytes.toString()) as { layers: { digest: string }[] }).layers[1]!.digest;
      const kept = registry.blobs.get(lost)!;
      registry.blobs.delete(lost);
      const report = await read(registry.source(stored), cache);
      assert.deepEqual(shown(report), ['a 1 @0']);
      assert.deepEqual(report.problems, [{ path: '', reason: `layer ${lost}: the registry does not have it` }]);
      registry.blobs.set(lost, kept);
      assert.deepEqual((await read(registry.source(stored), cache)).problems, [], 'it is looked for again');
    });

    it('is a problem beside the rest: foreign and encrypted layers', async () => {
      const registry = new MemoryRegistry();
      const stored = registry.image({
        layers: [tar({ name: 'w' }), tar({ name: 'e' }), tar(release, status('a 1'))],
        layerType: (index) =>
          [
            'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
          ][index] ?? 'application/vnd.oci.image.layer.v1.tar+gzip',
      });
      const [foreign] = (JSON.parse(stored.bytes.toString()) as { layers: { digest: string }[] }).layers;
      registry.blobs.delete(foreign!.digest);
      const report = await read(registry.source(stored));
      assert.deepEqual(shown(report), ['a 1 @2']);
      assert.deepEqual(
        report.problems.map(({ reason }) => reason.replace(/sha256:\w+/, '…')),
        ['layer …: it is kept outside the registry: not read', 'layer …: it is encrypted: not read'],
      );
    });

    it('is a problem beside the rest: damaged compression, a bomb, a broken file', async () => {
      const registry = new MemoryRegistry();
      const bomb = tar({ name: 'zeros', content: Buffer.alloc(4_000_000) });
      const stored = registry.image({
        layers: [
          tar(release, status('a 1'), { name: 'node_modules/x/package.json', content: '{"name":' }),
          bomb,
          tar({ name: 'y' }),
        ],
        change: (document) => {
          const layers = document['layers'] as { digest: string; size: number; mediaType: string }[];
          const bytes = registry.blobs.get(layers[2]!.digest)!.subarray(0, -9);
          layers[2] = registry.put(bytes, layers[2]!.mediaType);
        },
      });
      const cache = new MemoryCache();
      const report = await readImage({
        source: registry.source(stored),
        cache,
        log: silentLog,
        signal,
        limits: { expansionGraceBytes: 1_000_000 },
      });
      assert.deepEqual(shown(report), ['a 1 @0']);
      assert.equal(report.problems.length, 3);
      assert.match(report.problems[0]!.reason, /unpacks to more than 200 times/);
      assert.match(report.problems[1]!.reason, /compressed data ends early/);
      assert.equal(report.problems[2]!.path, 'node_modules/x/package.json');
      assert.equal(cache.layers.size, 1);
    });

    it('is told for images that are too large', async () => {
      const registry = new MemoryRegistry();
      const source = registry.source(registry.image({ layers: [tar(release)] }));
      await assert.rejects(readImage({ source, cache: new MemoryCache(), log: silentLog, signal, maxImageBytes: 10 }), {
        code: 'limit-exceeded',
      });
    });
  });

  it('ends when it is cancelled, and stops reading', async () => {
    const registry = new MemoryRegistry();
    const controller = new AbortController();
    const source = registry.source(
      registry.image({
        layers: Array.from({ length: 20 }, (_, i) =>
          tar({ name: `f${i}`, content: Buffer.from(sha256(String(i)).repeat(500)) }),
        ),
      }),
    );
    const reading = readImage({ source, cache: new MemoryCache(), log: silentLog, signal: controller.signal });
    while (registry.blobsAsked().length < 4) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await assert.rejects(reading, { name: 'AbortError' });
    const asked = registry.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(registry.asked.length, asked);
  });

  it('stops the other layers when one may not be believed', async () => {
    const registry = new MemoryRegistry();
    const stored = registry.image({
      layers: Array.from({ length: 30 }, (_, i) =>
        tar({ name: `f${i}`, content: Buffer.from(sha256(String(i)).repeat(500)) }),
      ),
    });
    const [first] = (JSON.parse(stored.bytes.toString()) as { layers: { digest: string }[] }).layers;
    registry.blobs.set(first!.digest, Buffer.from('changed'));
    await assert.rejects(read(registry.source(stored)), { code: 'digest-mismatch' });
    const asked = registry.asked.length;
    assert.ok(asked < 20, `${asked} requests`);
  });

  it('tells how far it is', async () => {
    const registry = new MemoryRegistry();
    const told: ReadProgress[] = [];
    const source = registry.source(registry.image({ layers: [tar(release), tar({ name: 'x' })] }));
    await readImage({
      source,
      cache: new MemoryCache(),
      log: silentLog,
      signal,
      onProgress: (progress) => told.push(progress),
    });
    const last = told.at(-1)!;
    assert.deepEqual([last.layersDone, last.layersTotal], [2, 2]);
    assert.equal(last.bytesDone, last.bytesTotal);
    assert.ok(last.bytesTotal > 0);
  });

  it('says what a damaged layer lost, and lists what came before', async () => {
    const registry = new MemoryRegistry();
    const layer = tar(release, status('a 1'), gnuLong('x'.repeat(30), 'L'), { name: 'cut', checksumError: 3 });
    const report = await read(registry.source(registry.image({ layers: [layer] })));
    assert.deepEqual(shown(report), ['a 1 @0']);
    assert.match(report.problems[0]!.reason, /wrong checksum/);
  });
});
