import assert from 'node:assert/strict';
import { zstdCompressSync } from 'node:zlib';
import { silentLog } from '../../../src/core/log.ts';
import { readImage } from '../../../src/image/read-image.ts';
import type { ImageReport } from '../../../src/image/types.ts';
import { hashDatabase, rpmHeader, sqliteDatabase, type RpmInput } from '../../support/rpm-database.ts';
import { tar, type TarInput } from '../../support/tar.ts';
import { MemoryCache, MemoryRegistry } from './memory-image.ts';

const release: TarInput = {
  name: 'usr/lib/os-release',
  content: 'ID=azurelinux\nVERSION_ID="3.0"\nPRETTY_NAME="Microsoft Azure Linux 3.0"\n',
};
const linked: TarInput = { name: 'var/lib/rpm', type: '2', link: '../../usr/lib/sysimage/rpm' };
const database = 'usr/lib/sysimage/rpm/rpmdb.sqlite';

const azure = (name: string, version: string, more: Partial<RpmInput> = {}): Buffer =>
  rpmHeader({ name, version, release: '1.azl3', arch: 'x86_64', vendor: 'Microsoft Corporation', ...more });

async function read(...layers: readonly Buffer[]): Promise<{ report: ImageReport; cache: MemoryCache }> {
  const registry = new MemoryRegistry();
  const cache = new MemoryCache();
  const source = registry.source(registry.image({ layers }));
  const report = await readImage({ source, cache, log: silentLog, signal: new AbortController().signal });
  return { report, cache };
}

/** Packages as `name version @layer`. */
function shown({ packages, layers }: ImageReport): string[] {
  return packages.map(
    ({ name, version, layer }) => `${name} ${version} @${layers.findIndex(({ digest }) => digest === layer)}`,
  );
}

describe('an image with rpm', () => {
  it('lists a database once that two directories lead to, and tells the layers of its packages', async () => {
    const { report } = await read(
      tar(release, linked, {
        name: database,
        content: sqliteDatabase([azure('bash', '5.2'), azure('curl', '8.8')]).database,
      }),
      // The next layer writes through the link.
      tar({
        name: 'var/lib/rpm/rpmdb.sqlite',
        content: sqliteDatabase([azure('bash', '5.2'), azure('curl', '8.9'), azure('jq', '1.7')]).database,
      }),
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(shown(report), ['bash 5.2-1.azl3 @0', 'curl 8.9-1.azl3 @1', 'jq 1.7-1.azl3 @1']);
    assert.equal(report.packages[0]?.path, database);
    assert.equal(report.packages[0].purl, 'pkg:rpm/azurelinux/bash@5.2-1.azl3?arch=x86_64&distro=azurelinux-3.0');
    assert.equal(report.packages[1]?.firstLayer, report.layers[0]?.digest);
  });

  it('reads the log that a later layer brings for the database below', async () => {
    const { database: main, log } = sqliteDatabase([azure('bash', '5.2'), azure('curl', '8.8')], {
      later: (open) => {
        open.exec('DELETE FROM Packages WHERE hnum = 2');
        open.prepare('INSERT INTO Packages (blob) VALUES (?)').run(azure('jq', '1.7'));
      },
    });
    const { report } = await read(
      tar(release, linked, { name: database, content: main }),
      tar({ name: `${database}-wal`, content: log }),
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(shown(report), ['bash 5.2-1.azl3 @0', 'jq 1.7-1.azl3 @1']);
  });

  it('says which language packages the distribution owns, and not those of other vendors', async () => {
    const manifest = (name: string): string => JSON.stringify({ name, version: '1.0.0' });
    const blobs = [
      azure('nodejs', '20', { files: ['/usr/lib/node_modules/npm/package.json'] }),
      rpmHeader({
        name: 'docker-ce',
        version: '27',
        release: '1',
        vendor: 'Docker',
        files: ['/opt/docker/node_modules/left/package.json'],
      }),
      rpmHeader({ name: 'own', version: '1', release: '1', files: ['/opt/own/node_modules/right/package.json'] }),
    ];
    const { report, cache } = await read(
      tar(
        release,
        { name: 'var/lib/rpm/Packages', content: hashDatabase(blobs) },
        { name: 'usr/lib/node_modules/npm/package.json', content: manifest('npm') },
        { name: 'opt/docker/node_modules/left/package.json', content: manifest('left') },
        { name: 'opt/own/node_modules/right/package.json', content: manifest('right') },
      ),
    );
    assert.deepEqual(
      report.packages.flatMap(({ type, name, ownedBy }) => (type === 'npm' ? [[name, ownedBy]] : [])),
      [
        ['left', undefined],
        ['npm', 'nodejs'],
        ['right', undefined],
      ],
    );
    const kept = [...cache.layers.values()].flatMap(({ entries }) => entries);
    const content = kept.find(({ path }) => path === 'var/lib/rpm/Packages')?.content;
    assert.ok(content !== undefined && content.length < 1000, 'the layer cache keeps the list alone');
  });

  it('writes epochs of package URLs where they belong', async () => {
    const blob = azure('openssl', '3.3', { epoch: 1 });
    const { report } = await read(tar(release, { name: database, content: sqliteDatabase([blob]).database }));
    assert.equal(report.packages[0]?.version, '1:3.3-1.azl3');
    assert.equal(
      report.packages[0].purl,
      'pkg:rpm/azurelinux/openssl@3.3-1.azl3?arch=x86_64&distro=azurelinux-3.0&epoch=1',
    );
  });
});

describe('a chiselled image', () => {
  it('says which language packages its slices own', async () => {
    const wall = [
      '{"jsonwall":"1.0","schema":"1.0","count":2}',
      '{"kind":"package","name":"nodejs","version":"18.19.1+dfsg-6ubuntu5","sha256":"aa","arch":"amd64"}',
      '{"kind":"path","path":"/usr/share/node_modules/npm/package.json","mode":"0644","slices":["nodejs_bins"]}',
    ].join('\n');
    const { report } = await read(
      tar(
        { name: 'etc/os-release', content: 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION="24.04 LTS"\n' },
        { name: 'var/lib/chisel/manifest.wall', content: zstdCompressSync(Buffer.from(wall)) },
        { name: 'usr/share/node_modules/npm/package.json', content: '{"name":"npm","version":"9.2.0"}' },
      ),
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(
      report.packages.map(({ type, name, ownedBy }) => [type, name, ownedBy]),
      [
        ['deb', 'nodejs', undefined],
        ['npm', 'npm', 'nodejs'],
      ],
    );
  });
});

describe('an image whose system is known and its packages are not', () => {
  it('says so, with and without packages of languages', async () => {
    for (const more of [[], [{ name: 'app/node_modules/a/package.json', content: '{"name":"a","version":"1.0.0"}' }]]) {
      const { report } = await read(
        tar({ name: 'etc/os-release', content: 'ID=ubuntu\nVERSION_ID="22.04"\n' }, ...more),
      );
      assert.equal(report.packages.length, more.length);
      assert.deepEqual(report.problems, [
        { path: '', reason: 'no packages of ubuntu were found: the image has no package list that is known here' },
      ]);
    }
  });
});

describe('an image with two package lists of one system', () => {
  const stanza = (name: string, version: string, status = true): string =>
    `Package: ${name}\n${status ? 'Status: install ok installed\n' : ''}Architecture: amd64\nVersion: ${version}\n`;

  it('names a package of dpkg once that stands in the database and in a file of its own', async () => {
    const { report } = await read(
      tar(
        { name: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
        { name: 'var/lib/dpkg/status', content: `${stanza('base-files', '12.4')}\n${stanza('tzdata', '2025a')}` },
        {
          name: 'var/lib/dpkg/status.d/base',
          content: `${stanza('base-files', '12.4', false)}\n${stanza('libc6', '2.36', false)}`,
        },
      ),
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(
      report.packages.map(({ name, version, path }) => [name, version, path]),
      [
        ['base-files', '12.4', 'var/lib/dpkg/status'],
        ['libc6', '2.36', 'var/lib/dpkg/status.d/base'],
        ['tzdata', '2025a', 'var/lib/dpkg/status'],
      ],
    );
  });

  it('takes the database of apk and not the bills of materials beside it', async () => {
    const { report } = await read(
      tar(
        { name: 'etc/os-release', content: 'ID=wolfi\n' },
        { name: 'lib', type: '2', link: 'usr/lib' },
        { name: 'usr/lib/apk/db/installed', content: 'P:openssl\nV:3.5.0-r0\nA:x86_64\no:openssl\n\n' },
        {
          name: 'var/lib/db/sbom/openssl-3.5.0-r0.spdx.json',
          content: '{"spdxVersion":"SPDX-2.3","packages":[{"name":"openssl","versionInfo":"3.5.0-r0"}]}',
        },
      ),
    );
    assert.deepEqual(report.problems, []);
    assert.deepEqual(
      report.packages.map(({ name, path }) => [name, path]),
      [['openssl', 'usr/lib/apk/db/installed']],
    );
  });
});
