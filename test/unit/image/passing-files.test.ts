// Programs and archives in images: read as they pass by, wherever they lie and however they are reached.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../../src/core/log.ts';
import { readImage } from '../../../src/image/read-image.ts';
import { rootfsSource } from '../../../src/image/sources/rootfs.ts';
import type { ImageReport, ImageSource } from '../../../src/image/types.ts';
import { goBuildInfo, program } from '../../support/executables.ts';
import { tar, type TarInput } from '../../support/tar.ts';
import { zip } from '../../support/zip.ts';
import { debianRelease, dpkgStatus, MemoryCache, MemoryRegistry, type MemoryImage } from './memory-image.ts';

const signal = new AbortController().signal;
const read = (source: ImageSource, cache = new MemoryCache()): Promise<ImageReport> =>
  readImage({ source, cache, log: silentLog, signal });
const image = (layers: MemoryImage['layers']): { registry: MemoryRegistry; source: ImageSource } => {
  const registry = new MemoryRegistry();
  return { registry, source: registry.source(registry.image({ layers })) };
};
/** `name version path @layer`. */
const shown = ({ packages, layers }: ImageReport): string[] =>
  packages.map(
    ({ name, version, path: at, layer }) =>
      `${name} ${version} ${at ?? ''} @${layers.findIndex(({ digest }) => digest === layer)}`,
  );

const goProgram = (version = 'go1.22.3'): Buffer => program({ format: 'elf64', data: goBuildInfo(version, '') });
const jar = (name = 'leaf', version = '1.0'): Buffer =>
  zip([{ name: 'pom.properties', content: `groupId=g\nartifactId=${name}\nversion=${version}\n` }]);
const executable = (name: string, content: Buffer): TarInput => ({
  name,
  content,
  tweak: (header) => header.write('0000755', 100),
});

describe('programs and archives in an image', () => {
  it('are found wherever they lie, and belong to the layer that brought them', async () => {
    const { source } = image([
      tar(
        executable('usr/bin/tool', goProgram()),
        { name: 'opt/app.jar', content: jar() },
        { name: 'etc/motd', content: 'x'.repeat(600) },
      ),
      tar(executable('opt/v1.2/tool.linux-amd64', goProgram('go1.21.0')), {
        name: 'opt/app.jar',
        content: jar('leaf', '2.0'),
      }),
      tar(executable('usr/bin/tool', goProgram())), // touched, not changed
    ]);
    const report = await read(source);
    assert.deepEqual(report.problems, []);
    assert.deepEqual(shown(report), [
      'stdlib 1.21.0 opt/v1.2/tool.linux-amd64 @1',
      'stdlib 1.22.3 usr/bin/tool @0',
      'g:leaf 2.0 opt/app.jar @1',
    ]);
    assert.deepEqual(
      report.packages.map(({ purl }) => purl),
      ['pkg:golang/stdlib@1.21.0', 'pkg:golang/stdlib@1.22.3', 'pkg:maven/g/leaf@2.0'],
    );
  });

  it('that a layer took away are not in the image', async () => {
    const { source } = image([
      tar(executable('usr/bin/tool', goProgram()), { name: 'opt/app.jar', content: jar() }),
      tar({ name: 'usr/bin/.wh.tool' }, { name: 'opt/.wh..wh..opq' }),
    ]);
    assert.deepEqual(shown(await read(source)), []);
  });

  it('count once behind symbolic links, and under every name of a hard link', async () => {
    const { source } = image([
      tar(
        executable('opt/tool', goProgram()),
        { name: 'usr/bin/tool', type: '2', link: '/opt/tool' },
        { name: 'usr/bin/same', type: '1', link: 'opt/tool' },
        { name: 'opt/lib-1.0.jar', content: jar() },
        { name: 'opt/lib.jar', type: '2', link: 'lib-1.0.jar' },
      ),
    ]);
    assert.deepEqual(shown(await read(source)), [
      'stdlib 1.22.3 opt/tool @0',
      'stdlib 1.22.3 usr/bin/same @0',
      'g:leaf 1.0 opt/lib-1.0.jar @0',
    ]);
  });

  it('are read in a second pass when they lie under a name that says nothing', async () => {
    const { registry, source } = image([
      tar({ name: 'store/ab12.blob', content: jar() }),
      tar(
        { name: 'app/a.jar', type: '2', link: '../store/ab12.blob' },
        { name: 'app/b.jar', type: '1', link: 'store/ab12.blob' },
      ),
    ]);
    assert.deepEqual(shown(await read(source)), ['g:leaf 1.0 app/a.jar @0', 'g:leaf 1.0 app/b.jar @1']);
    assert.equal(registry.blobsAsked().length, 1 + 2 + 1, 'config, two layers, and the lower one again');
  });

  it('do not stand in the way of a link from a wanted name to a file without one', async () => {
    const { source } = image([
      tar(
        { name: 'store/ab12', content: JSON.stringify({ name: 'x', version: '1.0.0', more: 'x'.repeat(600) }) },
        { name: 'app/node_modules/x/package.json', type: '2', link: '../../../store/ab12' },
      ),
    ]);
    assert.deepEqual(shown(await read(source)), ['x 1.0.0 app/node_modules/x/package.json @0']);
  });

  it('belong to the package of the system that installed them, with all that is in them', async () => {
    const war = zip([{ name: 'WEB-INF/lib/leaf.jar', content: jar(), stored: true }]);
    const { source } = image([
      tar(
        { name: 'etc/os-release', content: debianRelease },
        { name: 'var/lib/dpkg/status', content: dpkgStatus('runc 1.1') },
        executable('usr/sbin/runc', goProgram()),
        executable('usr/local/bin/mine', goProgram()),
        { name: 'usr/share/java/app.war', content: war },
        {
          name: 'var/lib/dpkg/info/runc.list',
          content: '/.\n/usr/sbin/runc\n/usr/share/java/app.war\n/usr/share/doc/runc/copyright\n',
        },
      ),
    ]);
    const report = await read(source);
    assert.deepEqual(
      report.packages.map(({ path: at, ownedBy }) => [at, ownedBy]),
      [
        ['var/lib/dpkg/status', undefined],
        ['usr/local/bin/mine', undefined],
        ['usr/sbin/runc', 'runc'],
        ['usr/share/java/app.war!/WEB-INF/lib/leaf.jar', 'runc'],
      ],
    );
  });

  it('are known again from the cache without any request', async () => {
    const { registry, source } = image([
      tar(executable('usr/bin/tool', goProgram()), { name: 'a.jar', content: jar() }),
    ]);
    const cache = new MemoryCache();
    await read(source, cache);
    const [layer] = [...cache.layers.values()];
    const kept = layer?.entries.reduce(
      (sum, { content, extract }) => sum + (content?.length ?? 0) + (extract?.length ?? 0),
      0,
    );
    assert.ok(kept !== undefined && kept > 0 && kept < 500, `${kept} bytes are kept`);
    cache.images.clear();
    registry.asked.length = 0;
    assert.equal((await read(source, cache)).packages.length, 2);
    assert.equal(registry.blobsAsked().length, 1, 'the config alone');
  });

  it('that cannot be read are problems beside the rest', async () => {
    const { source } = image([
      tar({ name: 'bad.jar', content: 'no archive at all' }, { name: 'good.jar', content: jar() }),
    ]);
    const report = await read(source);
    assert.deepEqual(report.problems, [{ path: 'bad.jar', reason: 'it is no zip archive' }]);
    assert.deepEqual(shown(report), ['g:leaf 1.0 good.jar @0']);
  });

  it('are the same in a folder', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'passing-'));
    try {
      await mkdir(path.join(folder, 'bin'));
      await writeFile(path.join(folder, 'bin/tool'), goProgram());
      await chmod(path.join(folder, 'bin/tool'), 0o755);
      await writeFile(path.join(folder, 'bin/script'), `#!/bin/sh\n${'#'.repeat(600)}`);
      await writeFile(path.join(folder, 'app.jar'), jar());
      await writeFile(path.join(folder, 'blob'), jar('linked'));
      await symlink('blob', path.join(folder, 'linked.jar'));
      await writeFile(path.join(folder, 'bad.jar'), 'no archive');
      const report = await read(rootfsSource('dir', folder));
      assert.deepEqual(
        report.packages.map(({ name, version, path: at }) => `${name} ${version} ${at ?? ''}`),
        ['stdlib 1.22.3 bin/tool', 'g:leaf 1.0 app.jar', 'g:linked 1.0 linked.jar'],
      );
      assert.deepEqual(report.problems, [{ path: 'bad.jar', reason: 'it is no zip archive' }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
