import assert from 'node:assert/strict';
import { composerInstalledPhp } from '../../../../src/image/cataloguers/composer-php.ts';
import { brief, fixture, run, viewOf } from './support.ts';

const path = 'app/vendor/composer/installed.php';
const text = fixture('composer-2.5-installed.php');

describe("Composer's list of installed packages for PHP", () => {
  it('gives what is installed, not the project and no names that others provide', async () => {
    const { packages, problems } = await run(composerInstalledPhp, path, text);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), [
      'harbour/alpha@v1.2.3 installed',
      'harbour/beta@2.0.0-RC1 installed',
      'harbour/tool@0.1.0 installed dev',
    ]);
  });

  it('gives way to the list in JSON', async () => {
    const view = viewOf('app/vendor/composer/installed.json');
    assert.deepEqual(await run(composerInstalledPhp, path, text, view), { packages: [], problems: [] });
  });

  it('is wanted beside it, and may be empty, cut off or something else', async () => {
    assert.ok(composerInstalledPhp.wants(path));
    assert.ok(!composerInstalledPhp.wants('app/vendor/x/installed.php'));
    assert.deepEqual((await run(composerInstalledPhp, path, '')).packages, []);
    const cut = await run(composerInstalledPhp, path, text.slice(0, text.indexOf("'harbour/beta'")));
    assert.deepEqual(brief(cut.packages), ['harbour/alpha@v1.2.3 installed']);
    assert.deepEqual((await run(composerInstalledPhp, path, '<?php '.repeat(100_000))).packages, []);
  });
});
