import assert from 'node:assert/strict';
import { yarnCache } from '../../../../src/image/cataloguers/yarn-cache.ts';
import { extractOf, run, viewOf } from './support.ts';

/** Header of a stored member without content, as Yarn writes directories first. PKWARE, "APPNOTE.TXT", 4.3.7. */
function member(name: string, content = ''): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name + content)]);
}

function archiveOf(...names: readonly string[]): Buffer {
  return Buffer.concat([...names.map((name) => member(name)), member('x/package.json', 'y'.repeat(10_000))]);
}

const view = viewOf('app/.pnp.cjs');
const at = (name: string): string => `app/.yarn/cache/${name}`;

describe('archives that Yarn runs packages out of', () => {
  it('are wanted in the cache of a project', () => {
    const paths: [string, boolean][] = [
      [at('left-npm-1.2.3-0123456789-0123456789.zip'), true],
      ['.yarn/cache/left-npm-1.2.3-0123456789-0123456789.zip', true],
      ['app/.yarn/cache/.gitignore', false],
      ['app/.yarn/cache/deep/left.zip', false],
      ['root/.yarn/berry/cache/left-npm-1.2.3-0123456789-10c0.zip', false],
      ['app/left.zip', false],
    ];
    for (const [one, wanted] of paths) assert.equal(yarnCache.wants(one), wanted, one);
  });

  const packages: [file: string, name: string, version: string, entries: string[]][] = [
    ['left-npm-1.2.3-0123456789-abcdef0123.zip', 'left', '1.2.3', ['node_modules/', 'node_modules/left/']],
    [
      '@scope-with-dash-left-npm-1.0.0-rc.1-0123456789-abcdef0123.zip',
      '@scope-with-dash/left',
      '1.0.0-rc.1',
      ['node_modules/', 'node_modules/@scope-with-dash/', 'node_modules/@scope-with-dash/left/'],
    ],
    ['old-npm-2.0.0-0123456789.zip', 'old', '2.0.0', ['node_modules/old/package.json']],
    ['get-npm-tasks-npm-3.0.0-0123456789-10c0.zip', 'get-npm-tasks', '3.0.0', ['node_modules/get-npm-tasks/']],
  ];
  for (const [file, name, version, entries] of packages) {
    it(`name ${name} ${version}`, async () => {
      const kept = await extractOf(yarnCache, at(file), archiveOf(...entries));
      assert.ok(kept !== undefined && kept.length <= 2048);
      assert.deepEqual(await run(yarnCache, at(file), kept, view), {
        packages: [{ type: 'npm', name, version, path: at(file) }],
        problems: [],
      });
    });
  }

  it('are a mere cache without the table of "Plug\'n\'Play"', async () => {
    const found = await run(yarnCache, at('left-npm-1.2.3-0123456789-abcdef0123.zip'), archiveOf('node_modules/left/'));
    assert.deepEqual(found, { packages: [], problems: [] });
  });

  it('of patched packages stand beside the package itself', async () => {
    const file = at('typescript-patch-6fda4d02cf-ad09fdf7a7.zip');
    assert.deepEqual(await run(yarnCache, file, archiveOf('node_modules/typescript/'), view), {
      packages: [],
      problems: [],
    });
  });

  it('whose entries say another name are a problem', async () => {
    for (const content of [archiveOf('node_modules/right/'), archiveOf('left/'), Buffer.alloc(0), Buffer.from('PK')]) {
      const found = await run(yarnCache, at('left-npm-1.2.3-0123456789-abcdef0123.zip'), content, view);
      assert.deepEqual([found.packages.length, found.problems.length], [0, 1]);
    }
  });
});
