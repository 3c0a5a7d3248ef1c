import assert from 'node:assert/strict';
import { dotnetDeps } from '../../../../src/image/cataloguers/dotnet-deps.ts';
import { run } from './support.ts';
import { listed } from './passing.ts';

const lib = (version: string) => ({
  runtime: { [`lib/net8.0/x.dll`]: { assemblyVersion: version, fileVersion: version } },
});
/** As `dotnet publish` writes it. */
const published = {
  runtimeTarget: { name: '.NETCoreApp,Version=v8.0/linux-x64', signature: '' },
  compilationOptions: {},
  targets: {
    '.NETCoreApp,Version=v8.0': {},
    '.NETCoreApp,Version=v8.0/linux-x64': {
      'Shop/1.0.0': { dependencies: { 'Newtonsoft.Json': '13.0.1', Microsoft: '1' }, runtime: { 'Shop.dll': {} } },
      'Newtonsoft.Json/13.0.1': lib('13.0.0.0'),
      'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.4': {
        runtime: { 'System.dll': {} },
        native: { 'libclrjit.so': {} },
      },
      'SQLitePCLRaw.lib.e_sqlite3/2.1.6': { runtimeTargets: { 'runtimes/linux-x64/native/libe_sqlite3.so': {} } },
      'System.Memory/4.5.5': {},
      'NETStandard.Library/2.0.3': { dependencies: { 'Microsoft.NETCore.Platforms': '1.1.0' } },
      'Empty.Runtime/1.0.0': { runtime: {} },
      'Shared/1.0.0': { runtime: { 'Shared.dll': {} } },
    },
  },
  libraries: {
    'Shop/1.0.0': { type: 'project', serviceable: false, sha512: '' },
    'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.4': {
      type: 'runtimepack',
      serviceable: false,
      sha512: '',
    },
    'Newtonsoft.Json/13.0.1': {
      type: 'package',
      serviceable: true,
      sha512: 'sha512-x',
      path: 'newtonsoft.json/13.0.1',
    },
    'SQLitePCLRaw.lib.e_sqlite3/2.1.6': { type: 'Package' },
    'System.Memory/4.5.5': { type: 'package' },
    'NETStandard.Library/2.0.3': { type: 'package' },
    'Empty.Runtime/1.0.0': { type: 'package' },
    'Not.In.Target/2.0.0-beta.1': { type: 'package' },
    'Shared/1.0.0': { type: 'project' },
    'Assembly.Reference/1.0.0.0': { type: 'reference' },
    'Other.Reference/1.0.0.0': { type: 'referenceassembly' },
    NoVersion: { type: 'package' },
    '/1.0.0': { type: 'package' },
  },
};

describe('deps.json of .NET', () => {
  it('is known by its ending', () => {
    assert.ok(dotnetDeps.wants('app/Shop.deps.json'));
    assert.ok(dotnetDeps.wants('usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.4/Microsoft.NETCore.App.deps.json'));
    assert.ok(!dotnetDeps.wants('app/deps.json'));
    assert.ok(!dotnetDeps.wants('app/Shop.runtimeconfig.json'));
    assert.ok(!dotnetDeps.wants('proc/1/root/Shop.deps.json'));
  });

  it('lists packages that bring files, the runtime, and what its target does not name', async () => {
    const result = await run(dotnetDeps, 'app/Shop.deps.json', JSON.stringify(published));
    assert.deepEqual(result.problems, []);
    assert.deepEqual(listed(result), [
      'nuget Microsoft.NETCore.App.Runtime.linux-x64 8.0.4',
      'nuget Newtonsoft.Json 13.0.1',
      'nuget SQLitePCLRaw.lib.e_sqlite3 2.1.6',
      'nuget Not.In.Target 2.0.0-beta.1',
    ]);
    assert.equal(result.packages[0]?.path, 'app/Shop.deps.json');
  });

  it('of a shared framework names the framework', async () => {
    const framework = {
      runtimeTarget: { name: '.NETCoreApp,Version=v8.0/linux-musl-x64', signature: '' },
      targets: {
        '.NETCoreApp,Version=v8.0': {},
        '.NETCoreApp,Version=v8.0/linux-musl-x64': {
          'Microsoft.NETCore.App.Runtime.linux-musl-x64/8.0.11': { runtime: { 'System.dll': {} }, native: {} },
        },
      },
      libraries: {
        'Microsoft.NETCore.App.Runtime.linux-musl-x64/8.0.11': { type: 'package', serviceable: true, sha512: '' },
      },
    };
    assert.deepEqual(listed(await run(dotnetDeps, 'x.deps.json', JSON.stringify(framework))), [
      'nuget Microsoft.NETCore.App.Runtime.linux-musl-x64 8.0.11',
    ]);
  });

  for (const [what, change] of [
    ['without its target', { targets: { other: {} } }],
    ['without targets', { targets: undefined }],
    ['with a name for a target that every object has', { runtimeTarget: { name: 'constructor' } }],
    ['without the name of its target', { runtimeTarget: undefined }],
  ] as const) {
    it(`${what} lists every package`, async () => {
      const result = await run(dotnetDeps, 'x.deps.json', JSON.stringify({ ...published, ...change }));
      assert.equal(result.packages.length, 7);
      assert.deepEqual(result.problems, []);
    });
  }

  it('may name its target in short and begin with a byte order mark', async () => {
    const document = { ...published, runtimeTarget: published.runtimeTarget.name };
    const result = await run(dotnetDeps, 'x.deps.json', `\ufeff${JSON.stringify(document)}`);
    assert.equal(result.packages.length, 4);
  });

  it('with entries of an unknown form tells how many, and lists the others', async () => {
    const document = { libraries: { 'A/1.0.0': 7, 'B/2.0.0': { type: 'package' }, 'C/ 1': { type: 'package' } } };
    const result = await run(dotnetDeps, 'x.deps.json', JSON.stringify(document));
    assert.deepEqual(listed(result), ['nuget B 2.0.0']);
    assert.deepEqual(result.problems, [{ path: 'x.deps.json', reason: '2 of its libraries have an unknown form' }]);
  });

  it('of another form is told', async () => {
    const result = await run(dotnetDeps, 'x.deps.json', '{"libraries": []}');
    assert.deepEqual(result.problems, [{ path: 'x.deps.json', reason: 'it is no list of .NET dependencies' }]);
    await assert.rejects(run(dotnetDeps, 'x.deps.json', ''), { code: 'damaged' });
    await assert.rejects(run(dotnetDeps, 'x.deps.json', JSON.stringify(published).slice(0, 500)), { code: 'damaged' });
    await assert.rejects(run(dotnetDeps, 'x.deps.json', '['.repeat(100_000)), { code: 'limit-exceeded' });
  });
});
