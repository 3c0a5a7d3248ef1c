import assert from 'node:assert/strict';
import { dotnetBundle } from '../../../../src/image/cataloguers/dotnet-bundle.ts';
import { dotnetBundle as bundle, program } from '../../../support/executables.ts';
import { extractOf, listed, pass } from './passing.ts';

const depsJson = JSON.stringify(
  {
    runtimeTarget: { name: '.NETCoreApp,Version=v9.0/linux-x64', signature: '' },
    targets: {
      '.NETCoreApp,Version=v9.0/linux-x64': {
        'Serilog/4.0.0': { runtime: { 'Serilog.dll': { note: 'a "}" in a text' } } },
      },
    },
    libraries: { 'App/1.0.0': { type: 'project' }, 'Serilog/4.0.0': { type: 'package' } },
  },
  undefined,
  2,
);
const expected = ['nuget Serilog 4.0.0'];

describe('.NET applications in a single file', () => {
  for (const step of [1024 * 1024, 65_536, 4096, 700]) {
    it(`list the packages that are in them, in pieces of ${step} bytes`, async () => {
      const result = await pass(dotnetBundle, 'app/tool', bundle(depsJson), { step });
      assert.deepEqual(result.problems, []);
      assert.deepEqual(listed(result), expected);
    });
  }

  it('go by their header when another document looks the same', async () => {
    const other = Buffer.from(
      `x{ "runtimeTarget": { "name": "other" }, "libraries": { "Wrong/1.0.0": { "type": "package" } } }y`,
    );
    assert.deepEqual(listed(await pass(dotnetBundle, 'app/tool', bundle(depsJson, { other }))), expected);
  });

  const unreadable: [string, Buffer][] = [
    ['without the list', bundle(depsJson, { depsSize: 0 })],
    ['whose list is no JSON', bundle('no list at all')],
    ['whose list has no end', bundle(depsJson.slice(0, -30))],
    ['whose list is damaged', bundle('{"runtimeTarget": oops}')],
  ];
  for (const [what, file] of unreadable) {
    it(`${what} say so`, async () => {
      const { packages, problems } = await pass(dotnetBundle, 'app/tool', file).catch((error: unknown) => ({
        packages: [],
        problems: [error],
      }));
      assert.deepEqual(packages, []);
      assert.equal(problems.length, 1);
    });
  }

  it('full of places that look like a list take no time', async () => {
    const other = Buffer.alloc(8 * 1024 * 1024, '"runtimeTarget"');
    const start = performance.now();
    const result = await pass(dotnetBundle, 'app/tool', bundle(depsJson, { other }));
    assert.deepEqual(listed(result), expected);
    assert.ok(performance.now() - start < 1500, 'it took too long');
  });

  it('are not what the host alone is', async () => {
    const host = program({
      format: 'elf64',
      goNote: false,
      data: Buffer.concat([
        Buffer.alloc(8),
        Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex'),
      ]),
      tail: Buffer.from(depsJson),
    });
    assert.equal(await extractOf(dotnetBundle, 'dotnet', host), undefined);
  });

  it('that are cut off anywhere do no harm', async () => {
    const whole = bundle(depsJson);
    for (let end = 512; end < whole.length; end += 3001)
      await extractOf(dotnetBundle, 'app/tool', whole.subarray(0, end));
  });
});
