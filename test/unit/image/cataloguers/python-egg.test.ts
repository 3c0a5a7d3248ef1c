import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pythonEgg } from '../../../../src/image/cataloguers/python-egg.ts';
import { extractOf, run } from './support.ts';

const file = 'opt/venv/lib/python3.11/site-packages/left-1.0.post1-py3.11.egg';
const real = readFileSync(path.resolve(import.meta.dirname, '../../../fixtures/image/setuptools-66.egg'));

describe('eggs that are one archive', () => {
  it('are wanted where they are installed', () => {
    assert.ok(pythonEgg.wants(file));
    assert.ok(!pythonEgg.wants('srv/left/dist/left-1.0-py3.11.egg'));
    assert.ok(!pythonEgg.wants(`${file}/EGG-INFO/PKG-INFO`));
    assert.ok(!pythonEgg.wants('proc/1/root/left-1.0-py3.11.egg'));
  });

  it('say name and version in their metadata', async () => {
    const kept = await extractOf(pythonEgg, file, real);
    assert.ok(kept !== undefined && kept.length < 100);
    assert.deepEqual(await run(pythonEgg, file, kept), {
      packages: [{ type: 'pypi', name: 'Harbour.eggzip-Pkg', version: '1.0.post1', path: file }],
      problems: [],
    });
  });

  it('are none without metadata', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('text'), real.subarray(0, 60), Buffer.alloc(100_000, 'PK')]) {
      const kept = (await extractOf(pythonEgg, file, bytes)) ?? Buffer.alloc(0);
      assert.deepEqual(await run(pythonEgg, file, kept), { packages: [], problems: [] });
    }
  });
});
