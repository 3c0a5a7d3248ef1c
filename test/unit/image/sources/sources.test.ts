import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { silentLog } from '../../../../src/core/log.ts';
import { readImage } from '../../../../src/image/read-image.ts';
import { openArchive } from '../../../../src/image/sources/archive.ts';
import { openImageSource } from '../../../../src/image/sources/index.ts';
import type { ImageReport } from '../../../../src/image/types.ts';
import type { RegistryClient } from '../../../../src/registry/client.ts';
import { mediaTypes } from '../../../../src/registry/media-types.ts';
import type { Descriptor } from '../../../../src/registry/types.ts';
import { paxHeader, tar, type TarInput } from '../../../support/tar.ts';
import { debianRelease, dpkgStatus, MemoryCache, MemoryRegistry, sha256 } from '../memory-image.ts';

const signal = new AbortController().signal;
const noRegistry = { registry: (): RegistryClient => assert.fail('no registry is asked') };

let folder = '';
/** Where temporary files of these tests alone lie. */
let temporary = '';
let usual: string | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-sources-'));
  temporary = path.join(folder, 'tmp');
  await mkdir(temporary);
  usual = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
});
afterEach(async () => {
  if (usual === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = usual;
  await rm(folder, { recursive: true });
});

async function read(ref: string): Promise<ImageReport> {
  const source = await openImageSource(ref, noRegistry);
  try {
    return await readImage({ source, cache: new MemoryCache(), log: silentLog, signal });
  } finally {
    await source.dispose?.();
  }
}
const names = (report: ImageReport): string[] => report.packages.map(({ name, version }) => `${name} ${version}`);

function debian(...packages: string[]): Buffer {
  return tar(
    { name: 'etc/os-release', content: debianRelease },
    { name: 'var/lib/dpkg/status', content: dpkgStatus(...packages) },
  );
}

/** Writes images of one layer as an OCI layout; keys are their tags. */
async function layout(images: Readonly<Record<string, Buffer>>): Promise<void> {
  const registry = new MemoryRegistry();
  const manifests = Object.entries(images).map(([tag, layer]) => ({
    ...registry.image({ layers: [layer] }).descriptor,
    ...(tag === '' ? {} : { annotations: { 'org.opencontainers.image.ref.name': tag } }),
  }));
  await mkdir(path.join(folder, 'blobs/sha256'), { recursive: true });
  for (const [digest, bytes] of [...registry.blobs, ...registry.manifests]) {
    await writeFile(path.join(folder, 'blobs/sha256', digest.slice(7)), bytes);
  }
  await writeFile(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(path.join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

describe('an OCI layout', () => {
  it('is read by its only image, with and without the tag', async () => {
    await layout({ latest: debian('a 1') });
    assert.deepEqual(names(await read(`oci:${folder}`)), ['a 1']);
    assert.deepEqual(names(await read(`oci:${folder}:latest`)), ['a 1']);
  });

  it('of several images asks for a tag and lists them', async () => {
    await layout({ one: debian('a 1'), 'registry.example/app:two': debian('a 2') });
    assert.deepEqual(names(await read(`oci:${folder}:two`)), ['a 2']);
    await assert.rejects(read(`oci:${folder}`), { code: 'bad-input', message: /one, registry\.example\/app:two/ });
    await assert.rejects(read(`oci:${folder}:three`), { code: 'bad-input', message: /Cannot find "three"/ });
  });

  it('whose manifest or layer was changed is not believed', async () => {
    await layout({ latest: debian('a 1') });
    const index = JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    await writeFile(path.join(folder, 'blobs/sha256', index.manifests[0]!.digest.slice(7)), '{}');
    await assert.rejects(read(`oci:${folder}`), { code: 'digest-mismatch' });
  });

  describe('in an archive', () => {
    const archive = async (name: string, pack: (bytes: Buffer) => Buffer = (bytes) => bytes): Promise<string> => {
      const files = [
        'oci-layout',
        'index.json',
        ...(await readdir(path.join(folder, 'blobs/sha256'))).map((each) => `blobs/sha256/${each}`),
      ];
      const members: TarInput[] = [{ name: 'blobs/' }];
      for (const each of files) members.push({ name: `./${each}`, content: await readFile(path.join(folder, each)) });
      const file = path.join(folder, name);
      await writeFile(file, pack(tar(...members)));
      return file;
    };

    it('is read like a folder, bare or compressed', async () => {
      await layout({ one: debian('a 1'), two: debian('a 2') });
      for (const [name, pack] of [
        ['bare.tar', (bytes: Buffer) => bytes],
        ['packed.tar.gz', gzipSync],
        ['packed.tar.zst', zstdCompressSync],
      ] as const) {
        const file = await archive(name, pack);
        assert.deepEqual(names(await read(`oci:${file}:two`)), ['a 2'], name);
        assert.deepEqual(names(await read(`oci-archive:${file}:one`)), ['a 1'], name);
        await assert.rejects(read(`oci:${file}`), { code: 'bad-input', message: /one, two/ }, name);
      }
    });

    it('leaves nothing behind, also when it is no layout', async () => {
      await layout({ one: debian('a 1') });
      await read(`oci:${await archive('x.tar.gz', gzipSync)}`);
      await writeFile(path.join(folder, 'y.tar.gz'), gzipSync(tar({ name: 'x' })));
      await assert.rejects(read(`oci:${folder}/y.tar.gz`), { code: 'bad-input', message: /no index\.json/ });
      await writeFile(
        path.join(folder, 'z.tar.gz'),
        gzipSync(tar({ name: 'x', content: 'y'.repeat(5000) })).subarray(0, 40),
      );
      await assert.rejects(read(`oci:${folder}/z.tar.gz`), { code: 'damaged', message: /cut or damaged/ });
      assert.deepEqual(await readdir(temporary), []);
    });

    it('of docker save is told its own name', async () => {
      await writeFile(path.join(folder, 'd.tar'), tar({ name: 'manifest.json', content: '[]' }));
      await assert.rejects(read(`oci:${folder}/d.tar`), { code: 'bad-input', nextStep: /docker-archive:<file>/ });
    });

    it('without a blob, or with a blob of another content, is refused', async () => {
      await layout({ one: debian('a 1') });
      const index = await readFile(path.join(folder, 'index.json'));
      await writeFile(path.join(folder, 'less.tar'), tar({ name: 'index.json', content: index }));
      await assert.rejects(read(`oci:${folder}/less.tar`), { code: 'not-found' });
      const { manifests } = JSON.parse(index.toString()) as { manifests: { digest: string }[] };
      const name = `blobs/sha256/${manifests[0]!.digest.slice(7)}`;
      await writeFile(
        path.join(folder, 'other.tar'),
        tar({ name: 'index.json', content: index }, { name, content: '{}' }),
      );
      await assert.rejects(read(`oci:${folder}/other.tar`), { code: 'digest-mismatch' });
    });
  });

  it('of one image and its signatures needs no tag, and lists them', async () => {
    await layout({ '': debian('a 1') });
    const index = JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
    const image = index.manifests[0]!;
    const add = async (document: object, annotations?: Record<string, string>): Promise<string> => {
      const bytes = Buffer.from(JSON.stringify(document));
      const digest = sha256(bytes);
      await writeFile(path.join(folder, 'blobs/sha256', digest.slice(7)), bytes);
      index.manifests.push({
        mediaType: mediaTypes.ociManifest,
        digest,
        size: bytes.length,
        ...(annotations === undefined ? { artifactType: 'application/vnd.cncf.notary.signature' } : { annotations }),
      });
      return digest;
    };
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 };
    const notation = await add({ schemaVersion: 2, config: empty, layers: [], subject: { digest: image.digest } });
    const cosign = await add(
      {
        schemaVersion: 2,
        config: { mediaType: mediaTypes.ociConfig, digest: sha256('{}'), size: 2 },
        layers: [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' }],
      },
      { 'org.opencontainers.image.ref.name': `${image.digest.replace(':', '-')}.sig` },
    );
    await add({ schemaVersion: 2, config: empty, layers: [], subject: { digest: sha256('another') } });
    await writeFile(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, ...index }));
    assert.deepEqual(names(await read(`oci:${folder}`)), ['a 1']);
    const source = await openImageSource(`oci:${folder}`, noRegistry);
    const { found, omitted } = (await source.referrers?.(image.digest, signal))!;
    assert.equal(omitted, 0);
    assert.deepEqual(
      found.map(({ digest, artifactType, foundBy }) => [digest, artifactType, foundBy]),
      [
        [notation, 'application/vnd.cncf.notary.signature', 'referrers'],
        [cosign, 'application/vnd.dev.cosign.simplesigning.v1+json', 'tag'],
      ],
    );
  });

  it('that is not there, or empty, is told', async () => {
    await assert.rejects(read(`oci:${folder}/nothing`), { code: 'not-found' });
    await writeFile(path.join(folder, 'index.json'), '{"manifests":[]}');
    await assert.rejects(read(`oci:${folder}`), { code: 'bad-input', message: /lists no image/ });
    await writeFile(path.join(folder, 'index.json'), '{');
    await assert.rejects(read(`oci:${folder}`), { code: 'damaged' });
  });
});

describe('an archive of docker save', () => {
  const config = (...layers: Buffer[]): string =>
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) },
      history: layers.map((_, i) => ({ created_by: `RUN ${i}` })),
    });
  const save = async (...members: TarInput[]): Promise<string> => {
    const file = path.join(folder, 'image.tar');
    await writeFile(file, tar(...members));
    return `docker-archive:${file}`;
  };
  const manifest = (...images: object[]): TarInput => ({ name: 'manifest.json', content: JSON.stringify(images) });
  const base = debian('a 1');
  const app = tar({ name: 'node_modules/x/package.json', content: '{"name":"x","version":"1.0.0"}' });

  it('is read, manifest first or last', async () => {
    const parts: TarInput[] = [
      { name: 'c.json', content: config(base, app) },
      { name: 'l1/layer.tar', content: base },
      { name: 'l2/layer.tar', content: app },
    ];
    const list = manifest({ Config: 'c.json', RepoTags: ['app:1'], Layers: ['l1/layer.tar', 'l2/layer.tar'] });
    const last = await read(await save(...parts, list));
    assert.deepEqual(names(last), ['a 1', 'x 1.0.0']);
    assert.deepEqual(
      last.layers.map(({ digest, createdBy }) => [digest, createdBy]),
      [
        [sha256(base), 'RUN 0'],
        [sha256(app), 'RUN 1'],
      ],
    );
    assert.equal((await read(await save(list, ...parts))).digest, last.digest);
  });

  it('may hold links to shared layers, and layers named by their digest', async () => {
    const packed = gzipSync(app);
    const name = `blobs/sha256/${sha256(packed).slice(7)}`;
    const report = await read(
      await save(
        { name: 'c.json', content: config(base, app) },
        { name: 'real/layer.tar', content: base },
        { name: 'l1/layer.tar', type: '2', link: '../real/layer.tar' },
        { name, content: packed },
        manifest({ Config: 'c.json', RepoTags: null, Layers: ['l1/layer.tar', name] }),
      ),
    );
    assert.deepEqual(names(report), ['a 1', 'x 1.0.0']);
    assert.equal(report.layers[1]?.digest, sha256(packed));
  });

  it('may hold a compressed layer without its digest', async () => {
    const packed = gzipSync(base);
    const ref = await save(
      { name: 'c.json', content: config(base) },
      { name: 'l/layer.tar', content: packed },
      manifest({ Config: 'c.json', Layers: ['l/layer.tar'] }),
    );
    assert.equal((await read(ref)).layers[0]?.digest, sha256(packed));
  });

  it('of several images asks for one', async () => {
    const ref = await save(
      { name: 'a.json', content: config(base) },
      { name: 'b.json', content: config(app) },
      { name: 'a.tar', content: base },
      { name: 'b.tar', content: app },
      manifest(
        { Config: 'a.json', RepoTags: ['base:1'], Layers: ['a.tar'] },
        { Config: 'b.json', RepoTags: ['app:2'], Layers: ['b.tar'] },
      ),
    );
    assert.deepEqual(names(await read(`${ref}:app:2`)), ['x 1.0.0']);
    await assert.rejects(read(ref), { code: 'bad-input', message: /base:1, app:2/ });
    await assert.rejects(read(`${ref}:none`), { code: 'bad-input', message: /Cannot find "none"/ });
  });

  const refused: [string, TarInput[], string][] = [
    ['no manifest', [{ name: 'x' }], 'bad-input'],
    ['an OCI archive', [{ name: 'index.json', content: '{}' }], 'bad-input'],
    ['a manifest of another form', [{ name: 'manifest.json', content: '{}' }], 'damaged'],
    ['a missing config', [manifest({ Config: 'c.json', Layers: [] })], 'damaged'],
    [
      'a missing layer',
      [{ name: 'c.json', content: config(base) }, manifest({ Config: 'c.json', Layers: ['l.tar'] })],
      'damaged',
    ],
    [
      'a layer outside of it',
      [
        { name: 'c.json', content: config(base) },
        { name: 'l.tar', type: '2', link: '/etc/passwd' },
        manifest({ Config: 'c.json', Layers: ['l.tar'] }),
      ],
      'damaged',
    ],
    [
      'links in a circle',
      [
        { name: 'c.json', content: config(base) },
        { name: 'l', type: '2', link: 'm' },
        { name: 'm', type: '2', link: 'l' },
        manifest({ Config: 'c.json', Layers: ['l'] }),
      ],
      'damaged',
    ],
    [
      'fewer layers than its config',
      [{ name: 'c.json', content: config(base) }, manifest({ Config: 'c.json', Layers: [] })],
      'damaged',
    ],
    [
      'a layer of another content',
      [
        { name: 'c.json', content: config(base) },
        { name: 'l.tar', content: app },
        manifest({ Config: 'c.json', Layers: ['l.tar'] }),
      ],
      'digest-mismatch',
    ],
  ];
  for (const [what, members, code] of refused) {
    it(`with ${what} is refused`, async () => {
      await assert.rejects(read(await save(...members)), { code });
    });
  }

  it('may be compressed as a whole', async () => {
    const whole = tar(
      { name: 'c.json', content: config(base) },
      { name: 'l/layer.tar', content: base },
      manifest({ Config: 'c.json', RepoTags: ['app:1'], Layers: ['l/layer.tar'] }),
    );
    const file = path.join(folder, 'image.tar.gz');
    await writeFile(file, gzipSync(whole));
    const report = await read(`docker-archive:${file}`);
    assert.deepEqual(names(report), ['a 1']);
    await writeFile(path.join(folder, 'image.tar'), whole);
    assert.equal((await read(`docker-archive:${folder}/image.tar`)).digest, report.digest);
    assert.deepEqual(names(await read(`docker-archive:${file}:app:1`)), ['a 1']);
  });

  it('that unpacks to more than any image has is refused', async () => {
    const zeros = gzipSync(tar({ name: 'x', content: Buffer.alloc(3_000_000) }));
    await writeFile(path.join(folder, 'bomb.tar.gz'), zeros);
    const limits = { maxUnpackedBytes: 2_000_000, maxExpansion: 200, expansionGraceBytes: 1_000_000 };
    for (const each of [limits, { ...limits, maxUnpackedBytes: 10_000_000 }])
      await assert.rejects(openArchive(path.join(folder, 'bomb.tar.gz'), signal, each), { code: 'limit-exceeded' });
    assert.deepEqual(await readdir(temporary), []);
    const roomy = { maxUnpackedBytes: 10_000_000, maxExpansion: 2000, expansionGraceBytes: 1_000_000 };
    const archive = await openArchive(path.join(folder, 'bomb.tar.gz'), signal, roomy);
    assert.equal(archive.member('x').size, 3_000_000);
    await archive.dispose();
  });

  it('that is no archive, cut, or not there is told', async () => {
    const file = path.join(folder, 'x');
    await writeFile(file, 'hello');
    await assert.rejects(read(`docker-archive:${file}`), { code: 'damaged' });
    const whole = tar({ name: 'big', content: Buffer.alloc(100_000) }, { name: 'manifest.json', content: '[]' });
    await writeFile(file, whole.subarray(0, 50_000));
    await assert.rejects(read(`docker-archive:${file}`), { code: 'damaged' });
    await assert.rejects(read(`docker-archive:${folder}/none`), { code: 'not-found' });
    await assert.rejects(read(`docker-archive:${folder}`), { code: 'bad-input' });
  });
});

describe('a hostile layout or archive', () => {
  const pipe = (name: string): string => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', path.join(folder, name)]);
    return path.join(folder, name);
  };

  it('with a pipe or a device in the place of a file is refused, and nobody waits', async function () {
    if (process.platform === 'win32') return this.skip();
    await layout({ one: debian('a 1') });
    const names = (await readdir(path.join(folder, 'blobs/sha256'))).map((name) => `blobs/sha256/${name}`);
    for (const name of ['index.json', ...names]) {
      const before = await readFile(path.join(folder, name));
      await rm(path.join(folder, name));
      pipe(name);
      await assert.rejects(read(`oci:${folder}`), { code: 'bad-input', message: /a pipe or a device/ }, name);
      await rm(path.join(folder, name));
      await writeFile(path.join(folder, name), before);
    }
    pipe('archive.tar');
    for (const scheme of ['oci', 'docker-archive'])
      await assert.rejects(read(`${scheme}:${folder}/archive.tar`), {
        code: 'bad-input',
        message: /a pipe or a device/,
      });
    await assert.rejects(read('docker-archive:/dev/zero'), { code: 'bad-input' });
  });

  it('never shows a file from outside: its content has another digest', async () => {
    await layout({ one: debian('a 1') });
    await writeFile(path.join(folder, 'secret'), 'top secret');
    for (const name of await readdir(path.join(folder, 'blobs/sha256'))) {
      const at = path.join(folder, 'blobs/sha256', name);
      await rm(at);
      await symlink(path.join(folder, 'secret'), at);
    }
    await assert.rejects(read(`oci:${folder}`), (error: Error) => {
      assert.doesNotMatch(inspect(error), /top secret/);
      return 'code' in error && error.code === 'digest-mismatch';
    });
  });

  const index = (manifests: unknown): Promise<void> =>
    writeFile(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const entry = { mediaType: mediaTypes.ociManifest, digest: `sha256:${'a'.repeat(64)}`, size: 10 };
  for (const [what, manifests, code] of [
    ['a digest that is a path', [{ ...entry, digest: 'sha256:../../../../etc/passwd' }], 'damaged'],
    ['a digest of capitals', [{ ...entry, digest: `sha256:${'A'.repeat(64)}` }], 'damaged'],
    ['a negative size', [{ ...entry, size: -1 }], 'damaged'],
    ['no list', { ...entry }, 'damaged'],
    ['more members than any index has', Array.from({ length: 1001 }, () => entry), 'limit-exceeded'],
    ['a member that is not there', [entry], 'not-found'],
  ] as const) {
    it(`with ${what} is refused`, async () => {
      await index(manifests);
      await assert.rejects(read(`oci:${folder}`), { code });
    });
  }

  it('with an index over 4 MiB, or one that nests without end, is refused', async () => {
    await writeFile(path.join(folder, 'index.json'), `{"x":"${'y'.repeat(5_000_000)}"}`);
    await assert.rejects(read(`oci:${folder}`), { code: 'limit-exceeded' });
    await writeFile(path.join(folder, 'index.json'), `{"manifests":${'['.repeat(5000)}${']'.repeat(5000)}}`);
    await assert.rejects(read(`oci:${folder}`), { code: 'limit-exceeded' });
  });

  it('in an archive is bounded in the same way', async () => {
    const file = path.join(folder, 'x.tar');
    await writeFile(file, tar({ name: 'index.json', content: `{"x":"${'y'.repeat(5_000_000)}"}` }));
    await assert.rejects(read(`oci:${file}`), { code: 'limit-exceeded' });
    await writeFile(file, tar(paxHeader({ 'GNU.sparse.map': '0,2' }), { name: 'index.json', content: '{}' }));
    await assert.rejects(read(`oci:${file}`), { code: 'bad-input', message: /no index\.json/ });
    await writeFile(file, gzipSync('no archive at all\n'.repeat(100)));
    await assert.rejects(read(`oci:${file}`), { code: 'damaged', message: /it is no tar archive/ });
    assert.deepEqual(await readdir(temporary), []);
  });

  it('in an archive that was cut tells what is missing, and reads what is there', async () => {
    const content = JSON.stringify({ schemaVersion: 2, manifests: [entry] });
    const whole = tar(
      { name: 'index.json', content },
      { name: `blobs/sha256/${'a'.repeat(64)}`, content: 'x'.repeat(9000) },
    );
    await writeFile(path.join(folder, 'cut.tar'), whole.subarray(0, 1200));
    await assert.rejects(read(`oci:${folder}/cut.tar`), { code: 'not-found', message: /manifest sha256:a+/ });
  });

  it('with paths that climb out of the archive writes nothing and reads nothing there', async () => {
    const file = path.join(folder, 'climb.tar.gz');
    await writeFile(
      file,
      gzipSync(
        tar(
          { name: '../../outside', content: 'x' },
          { name: '/absolute', content: 'x' },
          { name: 'index.json', type: '2', link: '../../../etc/hostname' },
        ),
      ),
    );
    await assert.rejects(read(`oci:${file}`), { code: 'bad-input', message: /no index\.json/ });
    await assert.rejects(readFile(path.join(folder, '../outside')), { code: 'ENOENT' });
  });
});

describe('a root file system', () => {
  const put = async (at: string, content: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, 'root', at)), { recursive: true });
    await writeFile(path.join(folder, 'root', at), content);
  };

  it('is read with its links inside the root', async () => {
    await put('usr/lib/os-release', debianRelease);
    await put('var/lib/dpkg/status', dpkgStatus('a 1'));
    await put('app/node_modules/x/package.json', '{"name":"x","version":"1.0.0"}');
    await mkdir(path.join(folder, 'root/etc'));
    await symlink('/usr/lib/os-release', path.join(folder, 'root/etc/os-release'));
    const report = await read(`dir:${folder}/root`);
    assert.equal(report.os?.ecosystem, 'Debian:12');
    assert.deepEqual(
      report.packages.map(({ name, path: at, layer }) => [name, at, layer]),
      [
        ['a', 'var/lib/dpkg/status', undefined],
        ['x', 'app/node_modules/x/package.json', undefined],
      ],
    );
    assert.deepEqual(report.layers, []);
    assert.deepEqual(report.problems, []);
  });

  it('never shows anything from outside', async () => {
    await mkdir(path.join(folder, 'outside/lib/dpkg'), { recursive: true });
    await writeFile(path.join(folder, 'outside/lib/dpkg/status'), dpkgStatus('secret 1'));
    await writeFile(path.join(folder, 'outside/package.json'), '{"name":"secret","version":"1.0.0"}');
    await put('etc/os-release', debianRelease);
    await symlink(path.join(folder, 'outside'), path.join(folder, 'root/var'));
    await mkdir(path.join(folder, 'root/node_modules'), { recursive: true });
    await symlink('../../outside', path.join(folder, 'root/node_modules/secret'));
    await mkdir(path.join(folder, 'root/node_modules/other'));
    await symlink('../../../outside/package.json', path.join(folder, 'root/node_modules/other/package.json'));
    const report = await read(`dir:${folder}/root`);
    assert.deepEqual(report.packages, []);
  });

  it('may hold a link at a wanted place to a file of another name', async () => {
    await put('store/ab12', '{"name":"x","version":"1.0.0"}');
    await put('node_modules/x/readme', '');
    await symlink('../../store/ab12', path.join(folder, 'root/node_modules/x/package.json'));
    assert.deepEqual(names(await read(`dir:${folder}/root`)), ['x 1.0.0']);
  });

  it('has the same digest for the same content, and another for another', async () => {
    await put('var/lib/dpkg/status', dpkgStatus('a 1'));
    const first = await read(`dir:${folder}/root`);
    assert.equal((await read(`dir:${folder}/root`)).digest, first.digest);
    await put('var/lib/dpkg/status', dpkgStatus('a 2'));
    assert.notEqual((await read(`dir:${folder}/root`)).digest, first.digest);
  });

  it('leaves out the views of the kernel', async () => {
    await put('proc/1/cwd/node_modules/x/package.json', '{"name":"x","version":"1.0.0"}');
    await put('srv/proc/node_modules/y/package.json', '{"name":"y","version":"1.0.0"}');
    assert.deepEqual(names(await read(`dir:${folder}/root`)), ['y 1.0.0']);
  });

  it('that is not there, or a file, is told', async () => {
    await assert.rejects(read(`dir:${folder}/none`), { code: 'not-found' });
    await writeFile(path.join(folder, 'file'), '');
    await assert.rejects(read(`dir:${folder}/file`), { code: 'bad-input' });
  });
});

describe('an image reference', () => {
  it('without a scheme goes to the registry that it names', async () => {
    const asked: string[] = [];
    const client = {
      manifest: (repository: string, reference: string) => {
        asked.push(`${repository} ${reference}`);
        return Promise.resolve({
          descriptor: { mediaType: mediaTypes.ociManifest, digest: '', size: 0 },
          bytes: Buffer.from('{}'),
        });
      },
    };
    const ports = {
      registry: (host: string): RegistryClient => {
        asked.push(host);
        return client as unknown as RegistryClient;
      },
    };
    for (const ref of ['contoso.azurecr.io/team/api:1', `contoso.azurecr.io/api:1@sha256:${'a'.repeat(64)}`, 'nginx']) {
      const source = await openImageSource(ref, ports);
      assert.equal(source.ref, ref);
      await source.resolve(signal);
    }
    assert.deepEqual(asked, [
      'contoso.azurecr.io',
      'team/api 1',
      'contoso.azurecr.io',
      `api sha256:${'a'.repeat(64)}`,
      'docker.io',
      'library/nginx latest',
    ]);
  });

  for (const ref of [
    'docker-daemon:app:1',
    'containers-storage:app',
    'file:./x',
    'oci-layout:/srv/x',
    'dirs:~/x',
    'rootfs:.\\x',
  ]) {
    it(`with the scheme of ${ref} is refused with the schemes there are`, async () => {
      await assert.rejects(openImageSource(ref, noRegistry), { code: 'bad-input', nextStep: /dir:<folder>/ });
    });
  }

  it('with a port is no scheme', async () => {
    const hosts: string[] = [];
    const ports = { registry: (host: string) => (hosts.push(host), {} as RegistryClient) };
    for (const ref of ['localhost:5000/app', 'myhost:5000/app:1', 'app:1.2', 'file:1', 'file/app:1'])
      await openImageSource(ref, ports);
    assert.deepEqual(hosts, ['localhost:5000', 'myhost:5000', 'docker.io', 'docker.io', 'docker.io']);
  });

  it('without a path behind its scheme is refused', async () => {
    for (const ref of ['oci:', 'oci-archive:', 'dir:', 'docker-archive:'])
      await assert.rejects(openImageSource(ref, noRegistry), { code: 'bad-input' });
  });
});
