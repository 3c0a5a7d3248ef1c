import assert from 'node:assert/strict';
import { pnpmLock } from '../../../../src/image/cataloguers/pnpm-lock.ts';
import { brief, marksOf, run, viewOf } from './support.ts';

const path = 'app/pnpm-lock.yaml';

const version5 = `lockfileVersion: 5.4

specifiers:
  left: ^1.0.0

dependencies:
  left: 1.2.3

packages:

  /@scope/left/1.2.3:
    resolution: {integrity: sha512-AA==}
    engines: {node: '>= 0.6'}
    dependencies:
      name: 9.9.9
      version: 9.9.9
    dev: false

  /@size-limit/file/8.1.0_size-limit@8.1.0:
    resolution: {integrity: sha512-AA==}
    peerDependencies:
      size-limit: 8.1.0
    dev: true

  /react-dom/18.2.0_react@18.2.0:
    resolution: {integrity: sha512-AA==}
    dev: false

  registry.example.org/right/2.0.0:
    resolution: {integrity: sha512-AA==, tarball: https://registry.example.org/right/-/right-2.0.0.tgz}
    dev: true

  github.com/owner/forked/0123456789:
    resolution: {tarball: https://codeload.github.com/owner/forked/tar.gz/0123456789}
    name: forked
    version: 0.1.0
    dev: false

  file:own:
    resolution: {directory: own, type: directory}
    name: own
    version: 0.0.1
    dev: false
`;

const version6 = `lockfileVersion: '6.0'

dependencies:
  react-dom:
    specifier: ^18
    version: 18.3.1(react@18.3.1)

packages:

  /@scope/left@1.2.3:
    resolution: {integrity: sha512-AA==}
    dev: true

  /react-dom@18.3.1(react@18.3.1):
    resolution: {integrity: sha512-AA==}
    dev: false

  /react-dom@18.3.1(@types/react@18.0.0)(react@18.3.1):
    resolution: {integrity: sha512-AA==}
    dev: true

  '@git.example.org/owner/forked/0123':
    resolution: {commit: '0123', repo: 'https://git.example.org/owner/forked.git', type: git}
    name: forked
    version: 0.1.0
    dev: false
`;

const version9 = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    dependencies:
      alias:
        specifier: npm:real@^4
        version: real@4.0.0
      react-dom:
        specifier: ^18
        version: 18.3.1(react@18.3.1)
      tool:
        specifier: workspace:*
        version: link:packages/tool
    optionalDependencies:
      fsevents:
        specifier: ^2
        version: 2.3.3
    devDependencies:
      mocha:
        specifier: ^10
        version: 10.8.2

  packages/tool:
    dependencies:
      '@scope/left':
        specifier: ^1
        version: 1.2.3

packages:

  '@scope/left@1.2.3':
    resolution: {integrity: sha512-AA==}
    engines: {node: '>=6.9.0'}

  forked@https://codeload.github.com/owner/forked/tar.gz/0123:
    resolution: {tarball: https://codeload.github.com/owner/forked/tar.gz/0123}
    version: 0.1.0

  fsevents@2.3.3:
    resolution: {integrity: sha512-AA==}
    os: [darwin]

  mocha@10.8.2:
    resolution: {integrity: sha512-AA==}
    hasBin: true

  ms@2.1.3:
    resolution: {integrity: sha512-AA==}

  own@file:own:
    resolution: {directory: own, type: directory}

  react-dom@18.3.1:
    resolution: {integrity: sha512-AA==}
    peerDependencies:
      react: ^18.3.1

  react@18.3.1:
    resolution: {integrity: sha512-AA==}

  real@4.0.0:
    resolution: {integrity: sha512-AA==}

  yargs@16.2.0:
    resolution: {integrity: sha512-AA==}

snapshots:

  '@scope/left@1.2.3': {}

  forked@https://codeload.github.com/owner/forked/tar.gz/0123: {}

  fsevents@2.3.3:
    optional: true

  mocha@10.8.2:
    dependencies:
      ms: 2.1.3
      yargs: 16.2.0

  ms@2.1.3: {}

  react-dom@18.3.1(react@18.3.1):
    dependencies:
      react: 18.3.1

  react@18.3.1:
    optionalDependencies:
      forked: https://codeload.github.com/owner/forked/tar.gz/0123
      renamed: ms@2.1.3

  real@4.0.0: {}

  yargs@16.2.0: {}
`;

const found9 = [
  '@scope/left@1.2.3',
  'forked@0.1.0 elsewhere',
  'fsevents@2.3.3',
  'mocha@10.8.2 dev',
  'ms@2.1.3',
  'react-dom@18.3.1',
  'react@18.3.1',
  'real@4.0.0',
  'yargs@16.2.0 dev',
];

describe('lock files of pnpm', () => {
  it('of version 5 say name, version and peers in a path', async () => {
    const { packages, problems } = await run(pnpmLock, path, version5);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), [
      '@scope/left@1.2.3',
      '@size-limit/file@8.1.0 dev',
      'react-dom@18.2.0',
      'right@2.0.0 dev',
      'forked@0.1.0 elsewhere',
    ]);
  });

  it('of version 6 have the peers in brackets; one use to run is enough', async () => {
    const { packages, problems } = await run(pnpmLock, path, version6);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['@scope/left@1.2.3 dev', 'react-dom@18.3.1', 'forked@0.1.0 elsewhere']);
  });

  it('of version 9 tell by who needs whom what is for development', async () => {
    const { packages, problems } = await run(pnpmLock, path, version9);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), found9);
    assert.ok(packages.every((found) => found.type === 'npm' && found.path === path));
  });

  it('may have several documents', async () => {
    const first = `---
lockfileVersion: '9.0'

importers:

  .:
    packageManagerDependencies:
      pnpm:
        specifier: 11.0.0
        version: 11.0.0

packages:

  pnpm@11.0.0:
    resolution: {integrity: sha512-AA==}

snapshots:

  pnpm@11.0.0: {}

---
`;
    const { packages, problems } = await run(pnpmLock, path, first + version9);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['pnpm@11.0.0 dev', ...found9]);
  });

  it('may have keys too long for one line with their value', async () => {
    const long = `react-dom@18.3.1(${'peer@1.0.0)('.repeat(200)}x@1.0.0)`;
    const text = `lockfileVersion: '6.0'\n\npackages:\n\n  ? /${long}\n  : resolution: {integrity: sha512-AA==}\n    dev: true\n`;
    const { packages, problems } = await run(pnpmLock, path, text);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['react-dom@18.3.1 dev']);
  });

  it('beside an installed tree mark what is for development, and give no packages', async () => {
    const view = viewOf('app/node_modules/.pnpm/mocha@10.8.2/node_modules/mocha/package.json');
    assert.deepEqual((await run(pnpmLock, path, version9, view)).packages, []);
    assert.deepEqual(await marksOf(pnpmLock, path, version9, view), [
      'mocha@10.8.2 app/node_modules',
      'yargs@16.2.0 app/node_modules',
    ]);
    assert.deepEqual(await marksOf(pnpmLock, path, version6, view), ['@scope/left@1.2.3 app/node_modules']);
  });

  it('are empty, cut off or something else', async () => {
    assert.deepEqual(await run(pnpmLock, path, ''), { packages: [], problems: [] });
    const cut = await run(pnpmLock, path, version5.slice(0, version5.indexOf('/react-dom') + 8));
    assert.deepEqual(brief(cut.packages), ['@scope/left@1.2.3', '@size-limit/file@8.1.0 dev']);
    for (const text of [
      '{"name": "left"}',
      'x'.repeat(1_000_000),
      '['.repeat(100_000),
      'packages:\n  /a/1.0.0: {}\n',
    ]) {
      const { packages, problems } = await run(pnpmLock, path, text);
      assert.deepEqual([packages.length, problems.length], [0, 1], text.slice(0, 20));
    }
    const odd = await run(
      pnpmLock,
      path,
      "lockfileVersion: '9.0'\npackages:\n  noversion:\n    x: 1\n  ok@1.0.0:\n    x: 1\n",
    );
    assert.deepEqual([brief(odd.packages), odd.problems.length], [['ok@1.0.0'], 1]);
  });
});
