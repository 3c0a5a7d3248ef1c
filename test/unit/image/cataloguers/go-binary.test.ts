import assert from 'node:assert/strict';
import { goBinary } from '../../../../src/image/cataloguers/go-binary.ts';
import {
  goBuildInfo,
  oldGoProgram,
  program,
  type ProgramFormat,
  programFormats,
} from '../../../support/executables.ts';
import { extractOf, listed, pass } from './passing.ts';

const modules = [
  'path\texample.com/app/cmd/app',
  'mod\texample.com/app\t(devel)\t',
  'dep\tgithub.com/pkg/errors\tv0.9.1\th1:FEBL=',
  'dep\tgolang.org/x/net\tv0.17.0\th1:abc=',
  '=>\tgithub.com/fork/net\tv0.17.1\th1:def=',
  'dep\tgithub.com/docker/docker\tv20.10.7+incompatible\th1:ghi=',
  'build\t-compiler=gc',
  '',
].join('\n');
const expected = [
  'golang stdlib 1.22.3',
  'golang github.com/pkg/errors v0.9.1',
  'golang github.com/fork/net v0.17.1',
  'golang github.com/docker/docker v20.10.7+incompatible',
];

/** A program with something in front of the build information, which begins at a multiple of 16. */
const goProgram = (format: ProgramFormat, version: string, text: string, front = 160_000): Buffer =>
  program({ format, readOnly: Buffer.alloc(front, 'r'), data: goBuildInfo(version, text) });
const found = async (version: string, text: string): Promise<string[]> =>
  listed(await pass(goBinary, 'usr/bin/app', goProgram('elf64', version, text)));

describe('Go binaries', () => {
  for (const format of programFormats) {
    it(`of Go 1.18 and later list their modules and the standard library: ${format}`, async () => {
      const result = await pass(goBinary, 'usr/bin/app', goProgram(format, 'go1.22.3', modules));
      assert.deepEqual(listed(result), expected);
      assert.deepEqual(result.problems, []);
      assert.equal(result.packages[0]?.path, 'usr/bin/app');
    });

    it(`of before Go 1.18 are read through their addresses: ${format}`, async () => {
      const result = await pass(goBinary, 'app', oldGoProgram(format, 'go1.17.13', modules));
      assert.deepEqual(listed(result), ['golang stdlib 1.17.13', ...expected.slice(1)]);
      assert.deepEqual(result.problems, []);
    });
  }

  for (const step of [100_000, 65_536, 4096, 997, 16]) {
    it(`are the same when they come in pieces of ${step} bytes`, async () => {
      const now = goProgram('elf64', 'go1.22.3', modules);
      assert.deepEqual(listed(await pass(goBinary, 'app', now, { step })), expected);
      const old = oldGoProgram('elf64', 'go1.17.13', modules, { tail: Buffer.alloc(100_000) });
      assert.deepEqual(listed(await pass(goBinary, 'app', old, { step })).length, 4);
    });
  }

  it('may have module lists of any length', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `dep\texample.com/m${i}\tv1.0.${i}\th1:${'x'.repeat(43)}=`);
    const result = await found('go1.21.0', `${lines.join('\n')}\n`);
    assert.equal(result.length, 20_001);
    assert.equal(result.at(-1), 'golang example.com/m19999 v1.0.19999');
  });

  describe('the version of the standard library', () => {
    const cases: [string, string | undefined][] = [
      ['go1.22.3', '1.22.3'],
      ['go1.21rc2', '1.21rc2'],
      ['go1.19.4 X:boringcrypto', '1.19.4'],
      ['go1.21.0-X:nocoverageredesign', '1.21.0'],
      ['go1.20.12 (Red Hat 1.20.12-1.el9_3)', '1.20.12'],
      ['devel go1.23-abcdef1234 Tue Jan 2 15:04:05 2024 +0000', undefined],
    ];
    for (const [version, expectedVersion] of cases) {
      it(`of "${version}" is ${expectedVersion ?? 'not known, which is told'}`, async () => {
        const result = await pass(goBinary, 'app', goProgram('elf64', version, ''));
        assert.deepEqual(listed(result), expectedVersion === undefined ? [] : [`golang stdlib ${expectedVersion}`]);
        assert.equal(result.problems.length, expectedVersion === undefined ? 1 : 0);
      });
    }
  });

  it('count their own module when its version is known, and leave out what has none', async () => {
    const text = [
      'path\texample.com/tool',
      'mod\texample.com/tool\tv1.4.0\th1:a=',
      'dep\texample.com/local\tv0.0.0-00010101000000-000000000000',
      '=>\t./local\t(devel)\t',
      'dep\t\tv1.0.0',
      'dep\texample.com/kept\tv1.1.0',
      '=>\t\t',
      'dep\texample.com/kept\tv1.1.0',
      '',
    ].join('\n');
    assert.deepEqual(await found('go1.22.0', text), [
      'golang stdlib 1.22.0',
      'golang example.com/tool v1.4.0',
      'golang example.com/kept v1.1.0',
    ]);
  });

  it('without modules name the standard library alone', async () => {
    assert.deepEqual(await found('go1.19.8', ''), ['golang stdlib 1.19.8']);
  });

  it('are not recognised by the marker that programs looking for it have in their texts', async () => {
    const text = Buffer.concat([
      Buffer.from('\xff Go buildinf:\x08\x02'.padEnd(32, '.'), 'latin1'),
      Buffer.from('inflate: invalid'),
    ]);
    const scanner = program({ format: 'elf64', readOnly: text, data: goBuildInfo('go1.22.3', modules) });
    assert.deepEqual(listed(await pass(goBinary, 'scanner', scanner)), expected);
    const other = program({ format: 'elf64', readOnly: text });
    assert.equal(await extractOf(goBinary, 'other', other), undefined);
  });

  it('whose version lies nowhere to be found say so and list their modules', async () => {
    // Position independent programs have zeros where the loader puts addresses.
    const made = oldGoProgram('elf64', 'go1.16.5', modules);
    const at = made.indexOf('\xff Go buildinf:', 0, 'latin1');
    made.fill(0, at + 16, at + 32);
    const result = await pass(goBinary, 'app', made);
    assert.deepEqual(listed(result), expected.slice(1));
    assert.deepEqual(result.problems, [
      {
        path: 'app',
        reason: 'it was built with a version of Go that cannot be read: its standard library cannot be compared',
      },
    ]);
  });

  it('that are cut off, anywhere, do no harm', async () => {
    for (const made of [goProgram('elf64', 'go1.22.3', modules, 5000), oldGoProgram('macho', 'go1.17.13', modules)]) {
      for (let end = 512; end < made.length; end += 401) await pass(goBinary, 'app', made.subarray(0, end));
    }
  });

  it('with damaged lines tell how many, and list the others', async () => {
    const result = await pass(
      goBinary,
      'app',
      goProgram('elf64', 'go1.22.3', 'dep\tbad\u0001name\tv1\ndep\texample.com/ok\tv1.0.0\n'),
    );
    assert.deepEqual(listed(result), ['golang stdlib 1.22.3', 'golang example.com/ok v1.0.0']);
    assert.deepEqual(result.problems, [{ path: 'app', reason: '1 lines of its list of Go modules are damaged' }]);
  });

  it('packed with UPX show nothing, which is told', async () => {
    const packed = program({ format: 'elf64', goNote: false });
    packed.write('UPX!', 200);
    const result = await pass(goBinary, 'app', packed);
    assert.deepEqual(result.packages, []);
    assert.match(result.problems[0]?.reason ?? '', /UPX/);
  });

  describe('among other files', () => {
    it('are looked for where programs may be, and nowhere else', () => {
      const offered = (path: string, mode: number, size = 10_000): boolean =>
        goBinary.wants(path) && goBinary.extract?.({ path, size, mode }) !== undefined;
      assert.ok(offered('usr/bin/app', 0o755));
      assert.ok(offered('opt/app-v1.2.3', 0o755));
      assert.ok(offered('opt/app', 0o644));
      assert.ok(offered('opt/app.exe', 0o644));
      assert.ok(!offered('usr/share/doc/x/readme.txt', 0o644));
      assert.ok(!offered('usr/bin/tiny', 0o755, 100));
      assert.ok(!offered('proc/1/exe', 0o755));
    });

    it('are told by their first bytes: nothing more is asked of a script', async () => {
      for (const content of ['#!/bin/sh\necho hello\n', '\u007fELX not quite it']) {
        const extractor = goBinary.extract?.({ path: 'usr/bin/x', size: 5000, mode: 0o755 });
        assert.equal(await extractor?.write(Buffer.from(content)), false);
      }
      // A class of Java begins like a Mach-O of several architectures.
      const extractor = goBinary.extract?.({ path: 'X', size: 5000, mode: 0o644 });
      assert.equal(await extractor?.write(Buffer.from('cafebabe00000041001d0a00', 'hex')), false);
    });
  });

  it('keep little of what they are', async () => {
    const extract = await extractOf(goBinary, 'app', goProgram('elf64', 'go1.22.3', modules, 3_000_000));
    assert.ok((extract?.length ?? Infinity) < 1000);
  });
});
