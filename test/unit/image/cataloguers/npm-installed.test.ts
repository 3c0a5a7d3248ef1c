import assert from 'node:assert/strict';
import { npmInstalled } from '../../../../src/image/cataloguers/npm-installed.ts';
import { run } from './support.ts';

const path = 'app/node_modules/left/package.json';

describe('packages in node_modules', () => {
  it('are wanted at their own directory alone', () => {
    const paths: [string, boolean][] = [
      ['app/node_modules/left/package.json', true],
      ['node_modules/left/package.json', true],
      ['app/node_modules/@scope/left/package.json', true],
      ['app/node_modules/left/node_modules/right/package.json', true],
      ['app/node_modules/.pnpm/left@1.0.0/node_modules/left/package.json', true],
      ['app/node_modules/.pnpm/left@1.0.0_peer@2/node_modules/@s/left/package.json', true],
      ['usr/local/lib/node_modules/npm/node_modules/abbrev/package.json', true],
      ['app/node_modules/.bun/left@1.0.0/node_modules/left/package.json', true],
      ['app/node_modules/.store/left-npm-1.0.0-0123456789/package/package.json', true],
      ['app/.yarn/unplugged/left-npm-1.0.0-0123456789/node_modules/left/package.json', true],
      ['usr/local/lib/node_modules/server/lib/editor/node_modules/left/package.json', true],
      ['app/test/node_modules/left/package.json', true],
      ['app/node_modules/resolve/test/resolver/deep/node_modules/left/package.json', false],
      ['app/node_modules/test/node_modules/left/package.json', true],
      ['app/node_modules/@scope/examples/node_modules/left/package.json', true],
      ['app/node_modules/resolve/__tests__/node_modules/left/package.json', false],
      ['app/node_modules/.left-Xa1b2c3d/package.json', false],
      ['app/node_modules/@scope/.left-Xa1b2c3d/package.json', false],
      ['app/node_modules/.bin/package.json', false],
      ['usr/local/share/.cache/yarn/v6/npm-left-1.0.0-0123/node_modules/left/package.json', false],
      ['app/package.json', false],
      ['app/node_modules/package.json', false],
      ['app/node_modules/@scope/package.json', false],
      ['app/node_modules/left/dist/esm/package.json', false],
      ['app/node_modules/left/test/fixtures/package.json', false],
      ['app/node_modules/left/package.json.bak', false],
      ['app/not_node_modules/left/package.json', false],
      ['proc/1/root/app/node_modules/left/package.json', false],
      ['sys/node_modules/left/package.json', false],
    ];
    for (const [one, wanted] of paths) assert.equal(npmInstalled.wants(one), wanted, one);
  });

  const found: [string, string, string, string][] = [
    ['plain', '{"name":"left","version":"1.2.3"}', 'left', '1.2.3'],
    ['scoped', '{"name":"@scope/left","version":"1.0.0-rc.1"}', '@scope/left', '1.0.0-rc.1'],
    ['an alias, by the name inside', '{"name":"right","version":"2.0.0"}', 'right', '2.0.0'],
    ['with a byte order mark', '\ufeff{"name":"left","version":"1.2.3"}', 'left', '1.2.3'],
    [
      'with members of any type',
      '{"name":"left","version":"1.2.3","author":7,"license":[null],"engines":[],"contributors":[1,{}],"dependencies":"none"}',
      'left',
      '1.2.3',
    ],
    ['with a key twice, the last one', '{"name":"old","version":"0","name":"left","version":"1.2.3"}', 'left', '1.2.3'],
    ['an old name in capitals', '{"name":"JSONStream","version":"1.3.5"}', 'JSONStream', '1.3.5'],
  ];
  for (const [what, text, name, version] of found) {
    it(`are read: ${what}`, async () => {
      assert.deepEqual(await run(npmInstalled, path, text), {
        packages: [{ type: 'npm', name, version, path }],
        problems: [],
      });
    });
    it(`are the same in their reduced form: ${what}`, async () => {
      const reduced = npmInstalled.reduce?.(path, Buffer.from(text), () => false) ?? Buffer.from('');
      assert.deepEqual((await run(npmInstalled, path, reduced)).packages, [{ type: 'npm', name, version, path }]);
      assert.ok(reduced.length <= Buffer.byteLength(text));
    });
  }

  for (const text of [
    '{"type":"module"}',
    '{"name":"left"}',
    '{"version":"1.0.0"}',
    '{"name":"","version":"1"}',
    '{"name":"left","version":""}',
  ]) {
    it(`are no packages without both name and version: ${text}`, async () => {
      assert.deepEqual(await run(npmInstalled, path, text), { packages: [], problems: [] });
    });
  }

  for (const text of [
    '{"name":"left/","version":"1.0.0"}',
    '{"name":"../x","version":"1"}',
    '{"name":"a b","version":"1"}',
    '{"name":1,"version":"1"}',
    '{"name":"x","version":{}}',
    '[]',
    '"x"',
    'null',
  ]) {
    it(`are a problem where the manifest is none: ${text}`, async () => {
      const { packages, problems } = await run(npmInstalled, path, text);
      assert.deepEqual(packages, []);
      assert.equal(problems.length, 1);
    });
  }

  for (const [what, text] of [
    ['an empty file', ''],
    ['a file that ends early', '{"name":"left","ver'],
    ['nesting without end', '['.repeat(100_000)],
  ] as const) {
    it(`cannot be read from ${what}, also after it was reduced`, async () => {
      await assert.rejects(run(npmInstalled, path, text), { name: /^(DamagedError|LimitExceededError)$/ });
      const reduced = npmInstalled.reduce?.(path, Buffer.from(text), () => false) ?? Buffer.from('');
      assert.equal(Buffer.from(reduced).toString(), text);
    });
  }
});
