import assert from 'node:assert/strict';
import { nugetConfig, nugetLock } from '../../../../src/image/cataloguers/nuget-lock.ts';
import type { ImageView } from '../../../../src/image/types.ts';
import { brief, run, viewOf } from './support.ts';

const lock = JSON.stringify({
  version: 1,
  dependencies: {
    'net8.0': {
      'Newtonsoft.Json': { type: 'Direct', requested: '[13.0.1, )', resolved: '13.0.1', contentHash: 'x' },
      'System.Buffers': { type: 'Transitive', resolved: '4.5.1', contentHash: 'x' },
      shared: { type: 'Project', dependencies: { Dapper: '2.0.0' } },
    },
    'net8.0/linux-x64': { 'System.Buffers': { type: 'Transitive', resolved: '4.5.1', contentHash: 'x' } },
  },
});
const config = `<?xml version="1.0" encoding="utf-8"?>
<packages>
  <!-- <package id="Old" version="1.0.0" /> -->
  <package id="jQuery" version="3.4.1" targetFramework="net48" />
  <package version='5.2.7' id='Microsoft.AspNet.Mvc'></package>
  <package id="StyleCop" version="6.0.0" developmentDependency="true" />
</packages>`;
const publishedBeside: ImageView = { ...viewOf(), list: (directory) => [`${directory}/App.deps.json`] };

describe('lock files of NuGet', () => {
  it('are known by their names', () => {
    assert.ok(nugetLock.wants('src/app/packages.lock.json'));
    assert.ok(!nugetLock.wants('src/node_modules/x/packages.lock.json'));
    assert.ok(nugetConfig.wants('src/packages.config'));
    assert.ok(nugetConfig.wants('packages.config'));
    assert.ok(!nugetConfig.wants('src/mypackages.config'));
  });

  it('list what was resolved, as declared, each once', async () => {
    const { packages, problems } = await run(nugetLock, 'src/packages.lock.json', lock);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['Newtonsoft.Json@13.0.1', 'System.Buffers@4.5.1']);
    assert.ok(packages.every(({ type, declared }) => type === 'nuget' && declared === true));
  });

  it('list what older projects ask for, and what only helps to build', async () => {
    const { packages, problems } = await run(nugetConfig, 'src/packages.config', config);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['jQuery@3.4.1', 'Microsoft.AspNet.Mvc@5.2.7', 'StyleCop@6.0.0 dev']);
  });

  it('say nothing where an application was published', async () => {
    assert.deepEqual((await run(nugetLock, 'app/packages.lock.json', lock, publishedBeside)).packages, []);
    assert.deepEqual(
      (await run(nugetLock, 'app/packages.lock.json', lock, viewOf('app/bin/Release/x.dll'))).packages,
      [],
    );
    assert.deepEqual((await run(nugetConfig, 'app/packages.config', config, publishedBeside)).packages, []);
  });

  it('that are damaged are told, entry by entry', async () => {
    const odd = JSON.stringify({ dependencies: { net8: { A: 1, B: { resolved: '1.0.0' } }, net9: [] } });
    const result = await run(nugetLock, 'packages.lock.json', odd);
    assert.deepEqual(brief(result.packages), ['B@1.0.0']);
    assert.equal(result.problems.length, 2);
    assert.equal((await run(nugetLock, 'packages.lock.json', '[]')).problems.length, 1);
    await assert.rejects(run(nugetLock, 'packages.lock.json', lock.slice(0, 90)), { code: 'damaged' });
    assert.equal((await run(nugetConfig, 'packages.config', '')).problems.length, 1);
    const cut = await run(
      nugetConfig,
      'packages.config',
      '<packages><package id="A" /><package id="B" version="1"/><package id="C" ver',
    );
    assert.deepEqual(brief(cut.packages), ['B@1']);
    assert.equal(cut.problems.length, 1);
  });
});
