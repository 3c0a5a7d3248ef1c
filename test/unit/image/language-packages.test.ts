import assert from 'node:assert/strict';
import { catalogue, keepFilter } from '../../../src/image/catalogue.ts';
import { cataloguers } from '../../../src/image/cataloguers/index.ts';
import type { LayerContent, LayerEntry, Package } from '../../../src/image/types.ts';
import { debianRelease, dpkgStatus } from './memory-image.ts';

const keep = keepFilter(cataloguers);

/** A layer of files by path, kept as reading one does; a content that begins with "-> " is a symbolic link. */
function layerOf(diffId: string, files: Readonly<Record<string, string>>): LayerContent {
  const entries = Object.entries(files).map(([path, text]): LayerEntry => {
    if (text.startsWith('-> ')) return { path, kind: 'symlink', size: 0, target: text.slice(3) };
    const bytes = Buffer.from(text);
    const rule = keep(path);
    const content = rule?.reduce?.(path, bytes) ?? bytes;
    return { path, kind: 'file', size: bytes.length, ...(rule === undefined ? {} : { content }) };
  });
  return { diffId, entries, problems: [] };
}

async function packagesOf(...layers: readonly Readonly<Record<string, string>>[]): Promise<Package[]> {
  const contents = layers.map((files, index) => layerOf(`sha256:${index}`, files));
  const { packages, problems } = await catalogue(contents, cataloguers, new AbortController().signal);
  assert.deepEqual(problems, []);
  return packages.map(({ found }) => found).filter(({ type }) => type !== 'deb');
}

const manifest = (name: string, version: string): string => JSON.stringify({ name, version });
const metadata = (name: string, version: string): string =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`;
const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages });

describe('packages of languages in an image', () => {
  it('are for development when the lock file of their tree says so', async () => {
    const found = await packagesOf({
      'app/node_modules/.package-lock.json': lock({
        'node_modules/left': { version: '1.0.0' },
        'node_modules/mocha': { version: '10.0.0', dev: true },
      }),
      'app/node_modules/left/package.json': manifest('left', '1.0.0'),
      'app/node_modules/mocha/package.json': manifest('mocha', '10.0.0'),
      'other/node_modules/mocha/package.json': manifest('mocha', '10.0.0'),
    });
    assert.deepEqual(
      found.map(({ path, developmentOnly }) => [path, developmentOnly]),
      [
        ['app/node_modules/left/package.json', undefined],
        ['app/node_modules/mocha/package.json', true],
        ['other/node_modules/mocha/package.json', undefined],
      ],
    );
  });

  it('are declared until a layer above installs them', async () => {
    const declares = { 'app/package-lock.json': lock({ 'node_modules/left': { version: '1.0.0' } }) };
    const installs = { 'app/node_modules/left/package.json': manifest('left', '1.0.0') };
    assert.deepEqual(
      (await packagesOf(declares)).map(({ path, declared }) => [path, declared]),
      [['app/package-lock.json', true]],
    );
    assert.deepEqual(
      (await packagesOf(declares, installs)).map(({ path, declared }) => [path, declared]),
      [['app/node_modules/left/package.json', undefined]],
    );
  });

  it('of Python and Ruby are not declared where they are installed elsewhere', async () => {
    const found = await packagesOf({
      'app/requirements.txt': 'Left_Package==1.0\nright==2.0\nnever-installed==3.0\n',
      'app/Gemfile.lock': 'GEM\n  specs:\n    rack (2.0.0)\n',
      'usr/local/lib/python3.12/site-packages/left_package-1.1.dist-info/METADATA': metadata('left-package', '1.1'),
      'usr/local/lib/python3.12/site-packages/right-2.0.dist-info/METADATA': metadata('right', '2.0'),
    });
    assert.deepEqual(
      found.map(({ name, version, declared }) => [name, version, declared]),
      [
        ['rack', '2.0.0', true],
        ['left-package', '1.1', undefined],
        ['right', '2.0', undefined],
      ],
    );
  });

  it('of the distribution have their owner, through links too; its lock files declare nothing', async () => {
    const found = await packagesOf({
      'etc/os-release': debianRelease,
      'var/lib/dpkg/status': dpkgStatus('python3-six 1.16.0-4', 'node-left 1.0.0-1'),
      'var/lib/dpkg/info/python3-six.list': '/.\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n',
      'var/lib/dpkg/info/node-left.list': [
        '/usr/share/nodejs/left/yarn.lock',
        '/usr/share/nodejs/app/node_modules/left/package.json',
        '/usr/share/nodejs/left/package.json',
        '',
      ].join('\n'),
      'usr/lib/python3/dist-packages/six-1.16.0.egg-info': metadata('six', '1.16.0'),
      'usr/lib/python3/dist-packages/own-1.0.dist-info/METADATA': metadata('own', '1.0'),
      'usr/share/nodejs/left/yarn.lock': '# yarn lockfile v1\n\nmocha@^10:\n  version "10.0.0"\n',
      'usr/share/nodejs/left/package.json': manifest('left', '1.0.0'),
      'usr/share/nodejs/app/node_modules/left/package.json': '-> ../../../left/manifest.json',
      'usr/share/nodejs/left/manifest.json': manifest('left', '1.0.0'),
    });
    assert.deepEqual(
      found.map(({ name, ownedBy }) => [name, ownedBy]),
      [
        ['left', 'node-left'],
        ['own', undefined],
        ['six', 'python3-six'],
      ],
    );
  });
});
