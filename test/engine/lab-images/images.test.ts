import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { parseDockerfile } from '../../lab/images/dockerfile.ts';
import { buildImages, readTruth, WORKSPACE, type BuiltImage, type BuiltImages } from '../../lab/images/main.ts';
import { startRegistry } from '../../lab/images/registry.ts';
import { dpkgTruth } from '../../lab/images/truth.ts';
import { blobFile, CACHE, Config, Index, Manifest, pathsIn, readJson, tagOf, tagsOf } from './stored.ts';

const run = promisify(execFile);

describe('images of the lab', function () {
  this.timeout(600_000);
  let built: BuiltImages;

  before(async () => {
    built = await buildImages({ cacheDir: CACHE, log: (line) => console.log(`      ${line}`) });
  });

  const imageOf = (repository: string, tag: string): BuiltImage => {
    const found = built.images.find((image) => image.repository === repository && image.tags.includes(tag));
    assert.ok(found, `${repository}:${tag}`);
    return found;
  };

  /** Debian's images are there wherever continuous integration runs; elsewhere their absence has a reason. */
  const hasDebian = (): boolean => {
    if (built.available) return true;
    assert.equal(process.env['CI'], undefined, built.reason);
    assert.ok(built.reason);
    return false;
  };

  it('come in four registries, with repository names of their own', () => {
    const registries = new Map(built.images.map(({ repository, registry }) => [repository, registry]));
    assert.equal(registries.get('services/gateway'), 'good');
    assert.equal(registries.get('base/static'), 'admin');
    assert.equal(registries.get('services/storefront'), 'acronly');
    assert.equal(registries.get('services/ledger'), 'firewall');
    for (const { repository, registry } of built.images) assert.equal(registries.get(repository), registry);
    assert.equal(built.images.length, hasDebian() ? 12 : 6);
  });

  it('have layers whose digests and diff ids are those of their bytes', async () => {
    const seen = new Set<string>();
    for (const { layers } of built.images) {
      for (const { digest, diffId } of layers) {
        if (seen.has(digest)) continue;
        seen.add(digest);
        const outer = createHash('sha256');
        const inner = createHash('sha256');
        const head = (await readFile(blobFile(built, digest))).subarray(0, 4);
        await pipeline(createReadStream(blobFile(built, digest)), outer);
        const inflate = head[0] === 0x1f ? [createGunzip()] : head[0] === 0x28 ? [createZstdDecompress()] : [];
        await pipeline([createReadStream(blobFile(built, digest)), ...inflate, inner]);
        assert.equal(`sha256:${outer.digest('hex')}`, digest);
        assert.equal(`sha256:${inner.digest('hex')}`, diffId);
      }
    }
  });

  it('have a history with one entry a layer, in the order of the layers', async () => {
    for (const image of built.images) {
      const config = await readJson(built, image.configDigest, Config);
      const filled = config.history.filter((entry) => entry.empty_layer !== true);
      assert.deepEqual(
        filled.map((entry) => entry.created_by),
        image.layers.map((layer) => layer.createdBy),
      );
      assert.deepEqual(
        config.rootfs.diff_ids,
        image.layers.map((layer) => layer.diffId),
      );
    }
  });

  it('have a history that ends with the instructions of their Dockerfile', async () => {
    for (const image of built.images) {
      assert.ok(image.dockerfile);
      const source = await readFile(path.join(WORKSPACE, image.dockerfile), 'utf8');
      const instructions = parseDockerfile(source).stages.at(-1)?.instructions ?? [];
      const { history } = await readJson(built, image.configDigest, Config);
      const own = history.slice(-instructions.length);
      assert.deepEqual(
        own.map((entry) => entry.created_by.split(' ', 1)[0]),
        instructions.map((instruction) => instruction.keyword),
        image.dockerfile,
      );
    }
  });

  it('write each instruction as BuildKit does', async () => {
    const { history } = await readJson(built, imageOf('services/gateway', '2.0.3').configDigest, Config);
    assert.deepEqual(
      history.map((entry) => [entry.created_by, entry.empty_layer === true]),
      [
        ['ARG TARGETARCH=amd64', true],
        [
          'LABEL org.opencontainers.image.title=Harbour base: Alpine 3.20 org.opencontainers.image.source=https://git.harbour.example/harbour/harbour',
          true,
        ],
        ['COPY rootfs/ / # buildkit', false],
        ['COPY rootfs-amd64/ / # buildkit', false],
        ['CMD ["/bin/sh"]', true],
        ['ARG TARGETARCH=amd64', true],
        [
          'LABEL org.opencontainers.image.title=Harbour gateway org.opencontainers.image.source=https://git.harbour.example/harbour/harbour',
          true,
        ],
        ['COPY rootfs-amd64/ / # buildkit', false],
        ['COPY nginx.conf /etc/nginx/nginx.conf # buildkit', false],
        ['COPY --chmod=755 reload.sh /usr/local/bin/reload # buildkit', false],
        ['ENV NGINX_WORKERS=2', true],
        ['EXPOSE [8443/tcp]', true],
        ['STOPSIGNAL SIGQUIT', true],
        ['USER nginx', true],
        ['ENTRYPOINT ["/usr/sbin/nginx"]', true],
        ['CMD ["-g" "daemon off;"]', true],
      ],
    );
  });

  it('come for two platforms, with attestations beside them and a signature that refers to the index', async () => {
    const gateway = imageOf('services/gateway', '2.0.3');
    assert.ok(gateway.indexDigest);
    assert.equal(await tagOf(built, 'services/gateway', '2.0.3'), gateway.indexDigest);
    const { manifests } = await readJson(built, gateway.indexDigest, Index);
    assert.deepEqual(
      manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`),
      ['linux/amd64', 'linux/arm64', 'unknown/unknown', 'unknown/unknown'],
    );
    assert.deepEqual(
      manifests.slice(0, 2).map(({ digest }) => digest),
      gateway.platformDigests,
    );
    assert.equal(manifests[2]?.annotations?.['vnd.docker.reference.digest'], gateway.digest);
    const [signature] = built.artifacts;
    assert.equal(signature?.subject, gateway.indexDigest);
    const manifest = await readJson(built, signature.digest, Manifest);
    assert.equal(manifest.artifactType, 'application/vnd.cncf.notary.signature');
    assert.equal(manifest.subject?.digest, gateway.indexDigest);
  });

  it('use gzip, zstd and plain tar, and the media types of OCI and of Docker', async () => {
    const typesOf = async (image: BuiltImage): Promise<string[]> => {
      const manifest = await readJson(built, image.digest, Manifest);
      return [manifest.mediaType, manifest.layers.at(-1)?.mediaType ?? ''];
    };
    const oci = 'application/vnd.oci.image.manifest.v1+json';
    const layer = 'application/vnd.oci.image.layer.v1.tar';
    assert.deepEqual(await typesOf(imageOf('services/ledger', '5.2.0')), [oci, `${layer}+gzip`]);
    assert.deepEqual(await typesOf(imageOf('services/storefront', '3.1.0')), [oci, `${layer}+zstd`]);
    assert.deepEqual(await typesOf(imageOf('services/reports', '0.4.0')), [oci, layer]);
    if (!hasDebian()) return;
    assert.deepEqual(await typesOf(imageOf('tools/legacy', 'latest')), [
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
    ]);
  });

  it('name the base image they were built on, whose layers come first', async () => {
    const pairs = [
      ['services/ledger', '5.2.0', 'base/alpine', '3.20'],
      ['services/reports', '0.4.0', 'base/static', '12'],
      ...(hasDebian() ? ([['services/orders', '1.4.2', 'base/debian', '12']] as const) : []),
    ] as const;
    for (const [repository, tag, baseRepository, baseTag] of pairs) {
      const base = imageOf(baseRepository, baseTag).layers.map(({ digest }) => digest);
      const own = imageOf(repository, tag).layers.map(({ digest }) => digest);
      assert.deepEqual(own.slice(0, base.length), base);
    }
    if (!hasDebian()) return;
    const { config } = await readJson(built, imageOf('services/orders', '1.4.2').configDigest, Config);
    assert.equal(config.Labels?.['org.opencontainers.image.base.name'], 'harbour.azurecr.example/base/debian:12');
    assert.equal(config.Labels['org.opencontainers.image.base.digest'], imageOf('base/debian', '12').digest);
    assert.equal(config.Labels['com.docker.image.source.entrypoint'], 'services/orders/Dockerfile');
    assert.equal(config.User, '10001:10001');
    assert.ok(config.Env.includes('NODE_ENV=production'));
  });

  it('let a tag move on and leave the older image untagged', async () => {
    if (!hasDebian()) return;
    const builds = built.images.filter(({ repository }) => repository === 'services/orders');
    assert.deepEqual(
      builds.map(({ tags }) => tags),
      [[], ['1.4.1'], ['1.4.2', 'latest']],
    );
    assert.deepEqual(await tagsOf(built, 'services/orders'), ['1.4.1', '1.4.2', 'latest']);
    assert.equal(await tagOf(built, 'services/orders', 'latest'), imageOf('services/orders', '1.4.2').digest);
    const untagged = builds[0]?.digest ?? '';
    assert.equal((await readJson(built, untagged, Manifest)).layers.length, 8);
    assert.equal(new Set(builds.map(({ digest }) => digest)).size, 3);
  });

  it('hold a real Debian of more than 60 MB, whose steps removed what earlier ones installed', async () => {
    if (!hasDebian()) return;
    const orders = imageOf('services/orders', '1.4.2');
    assert.ok(orders.sizeBytes > 60_000_000, `${orders.sizeBytes} bytes`);
    const installed = await pathsIn(built, orders.layers[2]?.digest ?? '');
    assert.ok(installed.includes('usr/bin/node'));
    assert.ok(installed.includes('var/lib/dpkg/status'));
    const removed = await pathsIn(built, orders.layers[3]?.digest ?? '');
    assert.ok(removed.includes('usr/bin/.wh.wget'));
    assert.ok(removed.includes('usr/bin/.wh.curl'));
    assert.ok(removed.includes('var/lib/dpkg/status'));
    const legacy = imageOf('tools/legacy', 'latest');
    const remade = legacy.layers.find(({ createdBy }) => createdBy.includes('rm -rf /usr/share/doc'));
    assert.ok((await pathsIn(built, remade?.digest ?? '')).includes('usr/share/doc/.wh..wh..opq'));
  });

  it('hold what dpkg, apk and npm say they hold', async () => {
    const gateway = await readTruth(built, imageOf('services/gateway', '2.0.3'));
    assert.equal(gateway.apk?.length, 26);
    assert.deepEqual(
      gateway.apk.find(({ name }) => name === 'libssl3'),
      { name: 'libssl3', version: '3.3.1-r3', architecture: 'x86_64', origin: 'openssl' },
    );
    const reports = await readTruth(built, imageOf('services/reports', '0.4.0'));
    assert.equal(reports.deb?.length, 6);
    const storefront = await readTruth(built, imageOf('services/storefront', '3.1.0'));
    assert.ok(storefront.npm?.some(({ name, version }) => name === 'react-server-dom-webpack' && version === '19.1.0'));
    if (!hasDebian()) return;
    const orders = await readTruth(built, imageOf('services/orders', '1.4.2'));
    assert.deepEqual(
      orders.deb?.filter(({ status }) => status !== 'install ok installed').map(({ name, status }) => [name, status]),
      [['wget', 'deinstall ok config-files']],
    );
    assert.ok(!orders.deb.some(({ name }) => name === 'curl'));
    assert.ok(orders.deb.some(({ name, source }) => name === 'libssl3' && source === 'openssl'));
    assert.deepEqual(
      orders.npm?.filter(({ name }) => name === 'lodash').map(({ version, path: at }) => [version, at]),
      [
        ['4.17.20', 'app/node_modules/lodash/package.json'],
        ['4.17.15', 'app/node_modules/lodash-3-prices/package.json'],
      ],
    );
  });

  it('unpack with other tools to the very packages of the truth file', async () => {
    if (!hasDebian()) return;
    const work = await mkdtemp(path.join(tmpdir(), 'lab-images-'));
    try {
      await using registry = await startRegistry(built.registryStorage, work);
      for (const [repository, tag] of [
        ['services/orders', '1.4.2'],
        ['tools/legacy', 'latest'],
      ] as const) {
        const layout = path.join(work, `${path.basename(repository)}-layout`);
        const source = `docker://127.0.0.1:${registry.port}/${repository}:${tag}`;
        await run('skopeo', ['copy', '--quiet', '--src-tls-verify=false', source, `oci:${layout}:${tag}`]);
        const bundle = path.join(work, path.basename(repository));
        await run('umoci', ['raw', 'unpack', '--image', `${layout}:${tag}`, bundle]);
        const truth = await readTruth(built, imageOf(repository, tag));
        assert.deepEqual(await dpkgTruth(bundle), truth.deb);
        const { stdout } = await run('dpkg', [`--root=${bundle}`, '--verify', 'libc6'], { env: process.env });
        assert.deepEqual(
          stdout.split('\n').filter((line) => line !== '' && !line.includes('/usr/share/doc/')),
          [],
        );
      }
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });

  it('are there at once the second time', async () => {
    const started = performance.now();
    const again = await buildImages({ cacheDir: CACHE, log: () => undefined });
    assert.ok(performance.now() - started < 1000, `${performance.now() - started} ms`);
    assert.deepEqual(again, built);
  });

  it('leave no mount behind', async () => {
    if (process.platform !== 'linux') return;
    const mounts = await readFile('/proc/self/mountinfo', 'utf8');
    assert.ok(!mounts.includes(CACHE));
  });
});
