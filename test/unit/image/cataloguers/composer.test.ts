import assert from 'node:assert/strict';
import { composerInstalled, composerLock } from '../../../../src/image/cataloguers/composer.ts';
import { brief, run, viewOf } from './support.ts';

const path = 'app/vendor/composer/installed.json';
const packages = [
  { name: 'symfony/console', version: 'v6.4.1', version_normalized: '6.4.1.0', dist: { type: 'zip', url: 'x' } },
  { name: 'Harbour/Alpha', version: 'dev-master', dist: null },
  { name: 'harbour/own', version: '1.x-dev', dist: { type: 'path', url: 'libs/own' } },
  { name: 'phpunit/phpunit', version: '10.0.0', type: 'library', authors: 7 },
];

describe('packages of Composer', () => {
  it('are listed in its vendor directory, as written', async () => {
    const content = { packages, dev: true, 'dev-package-names': ['phpunit/phpunit', 7] };
    const found = await run(composerInstalled, path, JSON.stringify(content));
    assert.deepEqual(found.problems, []);
    assert.deepEqual(brief(found.packages), [
      'symfony/console@v6.4.1 installed',
      'Harbour/Alpha@dev-master installed',
      'harbour/own@1.x-dev installed elsewhere',
      'phpunit/phpunit@10.0.0 installed dev',
    ]);
    assert.ok(found.packages.every((one) => one.type === 'composer' && one.path === path));
  });

  it('of Composer 1 are a bare list', async () => {
    const { packages: found } = await run(composerInstalled, path, JSON.stringify(packages));
    assert.equal(found.length, 4);
    assert.ok(found.every((one) => one.developmentOnly === undefined));
  });

  it('are declared by the lock file where there is no vendor directory', async () => {
    const lock = JSON.stringify({ packages: packages.slice(0, 1), 'packages-dev': packages.slice(3) });
    const { packages: found } = await run(composerLock, 'app/composer.lock', lock);
    assert.deepEqual(brief(found), ['symfony/console@v6.4.1', 'phpunit/phpunit@10.0.0 dev']);
    assert.deepEqual((await run(composerLock, 'app/composer.lock', lock, viewOf(path))).packages, []);
  });

  it('are wanted at their places', () => {
    assert.ok(composerInstalled.wants(path));
    assert.ok(composerInstalled.wants('app/lib/composer/installed.json'));
    assert.ok(!composerInstalled.wants('app/installed.json'));
    assert.ok(composerLock.wants('app/composer.lock'));
    assert.ok(!composerLock.wants('app/vendor/symfony/console/composer.lock'));
  });

  it('lose a bad entry and no other', async () => {
    const text =
      '{"packages":[7,{"name":"a/b"},{"name":"php","version":"8"},{"name":"c/d","version":"1 2"},{"name":"e/f","version":"1"}]}';
    const { packages: found, problems } = await run(composerInstalled, path, text);
    assert.deepEqual([brief(found), problems.length], [['e/f@1 installed'], 4]);
    const long = await run(composerInstalled, path, JSON.stringify([{ name: 'a'.repeat(1_000_000), version: '1' }]));
    assert.deepEqual([long.packages.length, long.problems.length], [0, 1]);
  });

  it('that are cut off or something else are a problem', async () => {
    for (const reader of [composerInstalled, composerLock]) {
      await assert.rejects(run(reader, path, ''), { code: 'damaged' });
      await assert.rejects(run(reader, path, '{"packages":[{'), { code: 'damaged' });
      await assert.rejects(run(reader, path, '['.repeat(100_000)), { code: 'limit-exceeded' });
      assert.equal((await run(reader, path, '"x"')).problems.length, 1);
      assert.equal((await run(reader, path, '{"packages":{}}')).problems.length, 1);
    }
  });
});
