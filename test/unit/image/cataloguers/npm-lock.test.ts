import assert from 'node:assert/strict';
import { npmHiddenLock, npmLock } from '../../../../src/image/cataloguers/npm-lock.ts';
import type { ImageView } from '../../../../src/image/types.ts';
import { brief, marksOf, run, viewOf } from './support.ts';

const path = 'app/package-lock.json';

/** Names with versions; `dev` behind those that are only needed to build. */
async function locked(content: unknown, view?: ImageView): Promise<string[]> {
  const { packages } = await run(npmLock, path, JSON.stringify(content), view);
  assert.ok(packages.every((found) => found.type === 'npm' && found.declared === true && found.path === path));
  return packages.map(
    ({ name, version, developmentOnly }) => `${name}@${version}${developmentOnly === true ? ' dev' : ''}`,
  );
}

const version3 = {
  name: 'app',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { left: '^1' } },
    'node_modules/left': { version: '1.2.3', resolved: 'https://registry.npmjs.org/left/-/left-1.2.3.tgz' },
    'node_modules/@s/right': { version: '2.0.0', dev: true },
    'node_modules/left/node_modules/right': { version: '3.0.0' },
    'node_modules/alias': { name: 'real', version: '4.0.0' },
    'node_modules/tool': { resolved: 'packages/tool', link: true },
    'packages/tool': { version: '0.0.1' },
    'node_modules/nothing': {},
  },
};

describe('npm lock files', () => {
  it('are wanted outside of node_modules', () => {
    const paths: [string, boolean][] = [
      ['app/package-lock.json', true],
      ['npm-shrinkwrap.json', true],
      ['app/node_modules/left/npm-shrinkwrap.json', false],
      ['app/node_modules/.package-lock.json', false],
      ['app/my-package-lock.json', false],
      ['proc/1/cwd/package-lock.json', false],
    ];
    for (const [one, wanted] of paths) assert.equal(npmLock.wants(one), wanted, one);
  });

  it('of version 3 give what lies in node_modules, aliases by their real names, no workspaces', async () => {
    assert.deepEqual(await locked(version3), ['left@1.2.3', '@s/right@2.0.0 dev', 'right@3.0.0', 'real@4.0.0']);
  });

  it('of version 2 are read by their places and not twice', async () => {
    const both = {
      ...version3,
      lockfileVersion: 2,
      dependencies: { left: { version: '1.2.3' }, other: { version: '9' } },
    };
    assert.deepEqual(await locked(both), ['left@1.2.3', '@s/right@2.0.0 dev', 'right@3.0.0', 'real@4.0.0']);
  });

  it('of version 1 are trees, with aliases in the version', async () => {
    const content = {
      lockfileVersion: 1,
      dependencies: {
        left: {
          version: '1.2.3',
          dependencies: { right: { version: '3.0.0', dev: true }, left2: { version: 'npm:@s/real@4.0.0' } },
        },
        git: { version: 'git+ssh://git@example.org/x.git#abc', from: 'git+ssh://x' },
        right: { version: '3.0.0', dev: true },
      },
    };
    assert.deepEqual(await locked(content), [
      'left@1.2.3',
      'right@3.0.0 dev',
      '@s/real@4.0.0',
      'git@git+ssh://git@example.org/x.git#abc',
    ]);
  });

  it('say nothing where the installed tree is there', async () => {
    assert.deepEqual(await locked(version3, viewOf('app/node_modules/left/package.json')), []);
  });

  it('beside an installed tree say what of it is for development', async () => {
    const view = viewOf('app/node_modules/left/package.json');
    assert.deepEqual(await marksOf(npmLock, path, JSON.stringify(version3), view), [
      '@s/right@2.0.0 app/node_modules/@s/right/package.json',
    ]);
    const version1 = {
      dependencies: {
        left: { version: '1.2.3', dependencies: { alias: { version: 'npm:real@4.0.0', dev: true } } },
        both: { version: '1.0.0', dev: false },
      },
    };
    assert.deepEqual(await marksOf(npmLock, path, JSON.stringify(version1), view), [
      'real@4.0.0 app/node_modules/left/node_modules/alias/package.json',
    ]);
    // The one that npm keeps in the tree knows better.
    const hidden = viewOf('app/node_modules/.package-lock.json');
    assert.deepEqual(await marksOf(npmLock, path, JSON.stringify(version3), hidden), []);
  });

  it('in the installed tree say what of it is for development, and nothing else', async () => {
    const at = 'app/node_modules/.package-lock.json';
    assert.ok(npmHiddenLock.wants(at));
    assert.ok(!npmHiddenLock.wants('app/.package-lock.json'));
    const content = JSON.stringify({
      lockfileVersion: 3,
      packages: {
        'node_modules/left': { version: '1.2.3' },
        'node_modules/@s/right': { version: '2.0.0', dev: true },
        'node_modules/optional': { version: '3.0.0', devOptional: true },
      },
    });
    assert.deepEqual(await marksOf(npmHiddenLock, at, content), [
      '@s/right@2.0.0 app/node_modules/@s/right/package.json',
    ]);
    assert.deepEqual(await run(npmHiddenLock, at, content), { packages: [], problems: [] });
  });

  it('tell what comes from elsewhere, and leave folders out', async () => {
    const content = {
      packages: {
        'node_modules/private': { version: '1.0.0', resolved: 'https://example.org/npm/private/-/private-1.0.0.tgz' },
        'node_modules/forked': { version: '2.0.0', resolved: 'git+ssh://git@example.org/forked.git#0123' },
        'node_modules/archive': { version: '3.0.0', resolved: 'https://example.org/archive.tar.gz' },
        'node_modules/own': { version: 'file:../own' },
      },
    };
    const { packages } = await run(npmLock, path, JSON.stringify(content));
    assert.deepEqual(brief(packages), ['private@1.0.0', 'forked@2.0.0 elsewhere', 'archive@3.0.0 elsewhere']);
  });

  it('say nothing where npm-shrinkwrap.json goes before them', async () => {
    const view = viewOf('app/npm-shrinkwrap.json');
    assert.deepEqual(await locked(version3, view), []);
    const { packages } = await run(npmLock, 'app/npm-shrinkwrap.json', JSON.stringify(version3), view);
    assert.equal(packages.length, 4);
  });

  it('lose a bad entry and no other', async () => {
    const content = {
      packages: { 'node_modules/a': 7, 'node_modules/b': { version: '1.0.0' }, 'node_modules/c d': { version: '1' } },
    };
    const { packages, problems } = await run(npmLock, path, JSON.stringify(content));
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['b'],
    );
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['entry "node_modules/a" has an unknown form', '"c d" is no npm package name'],
    );
  });

  it('that are something else are a problem', async () => {
    for (const text of ['[]', '"x"', '{"packages":[]}', '7']) {
      const { packages, problems } = await run(npmLock, path, text);
      assert.deepEqual([packages.length, problems.length], [0, 1], text);
    }
    await assert.rejects(run(npmLock, path, '{"packages":{'), { code: 'damaged' });
  });

  it('that nest without end are told', async () => {
    let tree: object = {};
    for (let i = 0; i < 90; i++) tree = { dependencies: { a: tree } };
    assert.deepEqual((await run(npmLock, path, JSON.stringify(tree))).problems, []);
    await assert.rejects(run(npmLock, path, `${'{"dependencies":{"a":'.repeat(150)}{}${'}}'.repeat(150)}`), {
      code: 'limit-exceeded',
    });
  });
});
