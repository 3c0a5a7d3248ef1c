import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bunLock } from '../../../src/image/cataloguers/bun-lock.ts';
import { composerInstalled, composerLock } from '../../../src/image/cataloguers/composer.ts';
import { composerInstalledPhp } from '../../../src/image/cataloguers/composer-php.ts';
import { condaMeta } from '../../../src/image/cataloguers/conda.ts';
import { gemInstalled } from '../../../src/image/cataloguers/gem-installed.ts';
import { gemfileLock } from '../../../src/image/cataloguers/gemfile-lock.ts';
import { npmInstalled } from '../../../src/image/cataloguers/npm-installed.ts';
import { npmHiddenLock, npmLock } from '../../../src/image/cataloguers/npm-lock.ts';
import { pipfileLock } from '../../../src/image/cataloguers/pipfile-lock.ts';
import { pnpmLock } from '../../../src/image/cataloguers/pnpm-lock.ts';
import { pythonInstalled } from '../../../src/image/cataloguers/python-installed.ts';
import { pythonTomlLock } from '../../../src/image/cataloguers/python-toml-lock.ts';
import { requirements } from '../../../src/image/cataloguers/requirements.ts';
import { yarnCache } from '../../../src/image/cataloguers/yarn-cache.ts';
import { yarnLock } from '../../../src/image/cataloguers/yarn-lock.ts';
import type { FuzzTarget } from '../target.ts';
import { textSeeds } from '../target.ts';
import { listTarget, type ListTarget } from './system-packages.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/image');
const fixture = (name: string): Uint8Array => readFileSync(path.join(fixtures, name));
const none = (): boolean => false;

const json = ['"version"', '"name"', '{', '}', '[', ']', ',', ':', 'null', '1e400', '"__proto__"', '\ufeff'];

/** A header of a zip member without content, with its name. */
function member(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name)]);
}

const pnpm9 = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      left:
        version: 1.0.0(peer@2.0.0)
packages:
  left@1.0.0:
    resolution: {integrity: sha512-AA==}
  'dev@https://example.org/a.tgz':
    version: 3.0.0
snapshots:
  left@1.0.0(peer@2.0.0):
    dependencies:
      peer: 2.0.0
`;
const pnpm5 = 'lockfileVersion: 5.4\npackages:\n  /@a/left/1.0.0_peer@2.0.0:\n    dev: true\n  ? /long\n  : x: 1\n';
const berry = '__metadata:\n  version: 8\n"left@npm:^1":\n  version: 1.0.0\n  resolution: "left@npm:1.0.0"\n';
const classic =
  '# yarn lockfile v1\n"left@npm:real@^1", left@^2:\n  version "1.0.0"\n  resolved "https://x/-/left.tgz"\n';
const npm3 =
  '{"lockfileVersion":3,"packages":{"":{},"node_modules/left":{"version":"1.0.0","dev":true},"node_modules/a":{"name":"b","version":"2"}}}';
const npm1 = '{"dependencies":{"left":{"version":"1.0.0","dependencies":{"a":{"version":"npm:b@2","dev":true}}}}}';
const toml =
  '[[package]]\nname = "left"\nversion = "1.0.0"\ngroups = ["main", "dev"]\nsource = { git = "x" }\n[package.source]\ntype = "git"\n';

const lists: readonly ListTarget[] = [
  {
    name: 'image-bun-lock',
    cataloguer: bunLock,
    at: 'app/bun.lock',
    seeds: () => textSeeds(['{"packages":{"left":["left@1.0.0","",{},"sha512-AA=="],"w":["w@workspace:w",],},}']),
    dictionary: [...json, ',}', ',]', '@workspace:', '\\"'],
  },
  {
    name: 'image-composer',
    cataloguer: composerInstalled,
    at: 'app/vendor/composer/installed.json',
    seeds: () =>
      textSeeds([
        '{"packages":[{"name":"a/b","version":"v1.0","dist":{"type":"path"}}],"dev-package-names":["a/b"]}',
        '[{"name":"a/b","version":"1.x-dev"}]',
      ]),
    dictionary: [...json, '"packages"', '"dev-package-names"'],
  },
  {
    name: 'image-composer-lock',
    cataloguer: composerLock,
    at: 'app/composer.lock',
    seeds: () =>
      textSeeds(['{"packages":[{"name":"a/b","version":"v1.0"}],"packages-dev":[{"name":"c/d","version":"2"}]}']),
    dictionary: [...json, '"packages"', '"packages-dev"'],
  },
  {
    name: 'image-composer-php',
    cataloguer: composerInstalledPhp,
    at: 'app/vendor/composer/installed.php',
    seeds: () => [fixture('composer-2.5-installed.php')],
    dictionary: ["'versions' => array(", "'pretty_version' => '1'", "\n        '", "' => "],
  },
  {
    name: 'image-conda',
    cataloguer: condaMeta,
    at: 'opt/conda/conda-meta/left.json',
    seeds: () =>
      textSeeds(['{"name":"left","version":"1.0.0","noarch":"python","files":["left-1.dist-info/METADATA"]}']),
    dictionary: [...json, '"noarch"', '"python"', '"files"'],
  },
  {
    name: 'image-gem',
    cataloguer: gemInstalled,
    at: 'usr/lib/ruby/gems/3.1.0/specifications/left-1.0.0.gemspec',
    seeds: () => [fixture('debian-12-rack.gemspec')],
    dictionary: [
      'Gem::Specification.new do |s|',
      's.name = ',
      's.version = ',
      '".freeze',
      'Gem::Version.new(',
      '|',
      ';',
    ],
  },
  {
    name: 'image-gem-lock',
    cataloguer: gemfileLock,
    at: 'app/Gemfile.lock',
    seeds: () =>
      textSeeds(['GIT\n  remote: x\n  specs:\n    a (1.0)\n\nGEM\n  specs:\n    b (1.0-x86_64-linux)\n      a\n']),
    dictionary: ['GEM', 'PATH', '  specs:\n', '    a (', ')', '-', '<<<<<<<'],
  },
  {
    name: 'image-npm',
    cataloguer: npmInstalled,
    at: 'app/node_modules/left/package.json',
    seeds: () => textSeeds(['{"name":"@scope/left","version":"1.0.0","author":7}']),
    dictionary: json,
  },
  {
    name: 'image-npm-hidden-lock',
    cataloguer: npmHiddenLock,
    at: 'app/node_modules/.package-lock.json',
    seeds: () => textSeeds([npm3]),
    dictionary: [...json, '"packages"', '"dev":true', 'node_modules/'],
  },
  {
    name: 'image-npm-lock',
    cataloguer: npmLock,
    at: 'app/package-lock.json',
    seeds: () => textSeeds([npm3, npm1]),
    dictionary: [...json, '"packages"', '"dependencies"', '"dev":true', '"npm:', 'node_modules/', '"link":true'],
    has: none,
  },
  {
    name: 'image-pipfile-lock',
    cataloguer: pipfileLock,
    at: 'app/Pipfile.lock',
    seeds: () => textSeeds(['{"_meta":{},"default":{"left":{"version":"==1.0"}},"develop":{"x":{"version":"==2"}}}']),
    dictionary: [...json, '"default"', '"develop"', '"=='],
  },
  {
    name: 'image-pnpm-lock',
    cataloguer: pnpmLock,
    at: 'app/pnpm-lock.yaml',
    seeds: () => textSeeds([pnpm9, pnpm5]),
    dictionary: [
      '\n---\n',
      '? ',
      '\n  : ',
      "'",
      '"',
      '(',
      ')',
      '_',
      'dev: true',
      'packages:',
      'snapshots:',
      'importers:',
    ],
    has: none,
  },
  {
    name: 'image-python',
    cataloguer: pythonInstalled,
    at: 'usr/lib/python3/dist-packages/left.egg-info',
    seeds: () => textSeeds(['Metadata-Version: 2.1\nName: left\nVersion: 1.0.0\nSummary: a\n b\n\ntext\n']),
    dictionary: ['Name:', 'version:', '\n ', '\n\n', '\r\n', 'UNKNOWN', '\ufeff'],
    has: none,
  },
  {
    name: 'image-python-requirements',
    cataloguer: requirements,
    at: 'app/requirements.txt',
    seeds: () =>
      textSeeds(['a==1.0\nb[x,y] == 2.0 ; python_version > "3" # c\nc (===3) \\\n  --hash=sha256:aa\n-r x\n']),
    dictionary: ['==', '===', '[', ']', '(', ')', ' #', ' --', '\\\n', ';', ' '],
  },
  {
    name: 'image-python-toml-lock',
    cataloguer: pythonTomlLock,
    at: 'app/uv.lock',
    seeds: () => textSeeds([toml]),
    dictionary: [
      '[[package]]\n',
      '[[packages]]\n',
      'name = "',
      'version = "',
      '"""',
      "'''",
      '[package.source]\n',
      'groups = [',
    ],
  },
  {
    name: 'image-yarn-cache',
    cataloguer: yarnCache,
    at: 'app/.yarn/cache/@s-left-npm-1.0.0-0123456789-0123456789.zip',
    seeds: () => [
      Buffer.concat([member('node_modules/'), member('node_modules/@s/'), member('node_modules/@s/left/')]),
    ],
    dictionary: ['PK\u0003\u0004', 'node_modules/', '@s/', '/'],
  },
  {
    name: 'image-yarn-lock',
    cataloguer: yarnLock,
    at: 'app/yarn.lock',
    seeds: () => textSeeds([classic, berry]),
    dictionary: [
      '# yarn lockfile v1\n',
      '__metadata:\n',
      '\n  version',
      '\n  resolution: "',
      '@npm:',
      '? ',
      '\n:\n',
      'workspace:',
    ],
    has: none,
  },
];

/** Readers of packages of Node, Python, Ruby and PHP. */
export const languagePackageTargets: readonly FuzzTarget[] = lists.map(listTarget);
