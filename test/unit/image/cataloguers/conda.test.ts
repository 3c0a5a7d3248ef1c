import assert from 'node:assert/strict';
import { condaMeta } from '../../../../src/image/cataloguers/conda.ts';
import { run } from './support.ts';

const path = 'opt/conda/conda-meta/left-1.2.3-pyhd8ed1ab_0.json';
const always = (): boolean => true;

describe('records of conda', () => {
  const cases: [what: string, record: object, isPackage: boolean][] = [
    ['of pure Python are packages', { noarch: 'python', files: ['lib/left.py'] }, true],
    ['of pure Python without a list of files are packages', { noarch: 'python' }, true],
    ['with metadata give way to it', { noarch: 'python', files: ['left-1.2.3.dist-info/METADATA'] }, false],
    ['with an egg-info give way to it', { noarch: 'python', files: ['lib/x/left-1.2.3.egg-info'] }, false],
    ['of compiled packages are none of PyPI', { files: ['lib/left.so'] }, false],
    ['without platform are none of PyPI', { noarch: 'generic', files: [] }, false],
    ['with members of other types are read', { noarch: 'python', files: [7, null, {}], depends: 3 }, true],
  ];
  for (const [what, more, isPackage] of cases) {
    it(what, async () => {
      const bytes = Buffer.from(JSON.stringify({ name: 'left', version: '1.2.3', build: 'pyhd8ed1ab_0', ...more }));
      const expected = isPackage ? [{ type: 'pypi', name: 'left', version: '1.2.3', path }] : [];
      assert.deepEqual(await run(condaMeta, path, bytes), { packages: expected, problems: [] });
      const reduced = condaMeta.reduce?.(path, bytes, always) ?? bytes;
      assert.deepEqual(await run(condaMeta, path, reduced), { packages: expected, problems: [] });
    });
  }

  it('are wanted in conda-meta alone', () => {
    assert.ok(condaMeta.wants(path));
    assert.ok(!condaMeta.wants('opt/conda/conda-meta/history'));
    assert.ok(!condaMeta.wants('opt/conda/left.json'));
    assert.ok(!condaMeta.wants('opt/conda/conda-meta/x/left.json'));
  });

  it('that are cut off or something else are a problem, also after they were reduced', async () => {
    const cut = Buffer.from('{"name":"left","ver');
    await assert.rejects(run(condaMeta, path, cut), { code: 'damaged' });
    assert.deepEqual(condaMeta.reduce?.(path, cut, always), cut);
    assert.equal((await run(condaMeta, path, '[]')).problems.length, 1);
  });
});
