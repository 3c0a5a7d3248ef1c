import assert from 'node:assert/strict';
import { constants } from 'node:zlib';
import { rustBinary } from '../../../../src/image/cataloguers/rust-binary.ts';
import { crateList, program, rustSectionNames, type ProgramFormat } from '../../../support/executables.ts';
import { extractOf, listed, pass } from './passing.ts';

const list = {
  packages: [
    { name: 'adler', version: '1.0.2', source: 'crates.io' },
    { name: 'cc', version: '1.0.79', source: 'crates.io', kind: 'build' },
    { name: 'hello', version: '0.1.0', source: 'local', dependencies: [0, 3], root: true },
    { name: 'regex', version: '1.9.1', source: 'registry', kind: 'runtime' },
    { name: 'patched', version: '2.0.0', source: 'git', kind: 'runtime' },
  ],
};

/** A program whose list of crates lies between other read-only data, and names of sections at its end. */
const rustProgram = (section: Buffer, format: ProgramFormat = 'elf64'): Buffer =>
  program({
    format,
    goNote: false,
    readOnly: Buffer.concat([noise(90_001), section, noise(50_000)]),
    tail: rustSectionNames,
  });

/** Bytes without order, the same every time. */
function noise(length: number): Buffer {
  const out = Buffer.alloc(length);
  let state = 12_345;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[i] = state >>> 16;
  }
  return out;
}

describe('Rust binaries', () => {
  for (const format of ['elf64', 'elf32-big', 'pe', 'macho'] as const) {
    it(`list the crates that are in them: ${format}`, async () => {
      const { packages, problems } = await pass(rustBinary, 'usr/bin/app', rustProgram(crateList(list), format));
      assert.deepEqual(problems, []);
      assert.deepEqual(packages, [
        { type: 'cargo', name: 'adler', version: '1.0.2', path: 'usr/bin/app' },
        { type: 'cargo', name: 'hello', version: '0.1.0', path: 'usr/bin/app', notFromIndex: true },
        { type: 'cargo', name: 'regex', version: '1.9.1', path: 'usr/bin/app' },
        { type: 'cargo', name: 'patched', version: '2.0.0', path: 'usr/bin/app', notFromIndex: true },
      ]);
    });
  }

  const names = ['cargo adler 1.0.2', 'cargo hello 0.1.0', 'cargo regex 1.9.1', 'cargo patched 2.0.0'];
  const written: [string, Buffer][] = [
    ['stored', crateList(list, 0)],
    ['fast', crateList(list, 1)],
    ['best', crateList(list, 9)],
    ['with fixed codes', crateList(list, 6, constants.Z_FIXED)],
    ['with Huffman codes alone', crateList(list, 6, constants.Z_HUFFMAN_ONLY)],
  ];
  for (const [how, section] of written) {
    it(`may have their list compressed in any way: ${how}`, async () => {
      assert.deepEqual(listed(await pass(rustBinary, 'app', rustProgram(section))), names);
    });
  }

  for (const step of [65_536, 4096, 640, 97]) {
    it(`are the same when they come in pieces of ${step} bytes`, async () => {
      assert.deepEqual(listed(await pass(rustBinary, 'app', rustProgram(crateList(list)), { step })), names);
    });
  }

  it('may have thousands of crates', async () => {
    const packages = Array.from({ length: 5000 }, (_, i) => ({
      name: `crate-${i}`,
      version: `1.${i}.0`,
      source: 'crates.io',
    }));
    const result = await pass(rustBinary, 'app', rustProgram(crateList({ packages })), { step: 10_000 });
    assert.equal(result.packages.length, 5000);
  });

  it('without a list keep nothing', async () => {
    assert.equal(
      await extractOf(rustBinary, 'app', program({ format: 'elf64', readOnly: noise(3_000_000) })),
      undefined,
    );
  });

  it('with other compressed data in them are not taken for some', async () => {
    const other = crateList({ files: list.packages });
    assert.equal(await extractOf(rustBinary, 'app', program({ format: 'elf64', readOnly: other })), undefined);
  });

  const damaged: [string, Buffer][] = [
    ['whose list is cut off', crateList(list).subarray(0, 30)],
    ['whose list is not there', Buffer.alloc(10)],
    ['whose list is of another form', crateList({ packages: 'none' })],
  ];
  for (const [what, section] of damaged) {
    it(`${what} say so`, async () => {
      const { packages, problems } = await pass(rustBinary, 'app', rustProgram(section));
      assert.deepEqual(packages, []);
      assert.deepEqual(problems, [{ path: 'app', reason: 'its list of Rust crates is damaged' }]);
    });
  }

  it('whose list unpacks to far too much say so, and nothing of it is kept', async function () {
    this.timeout(20_000); // to make it takes the time
    const bomb = crateList({ packages: 'x'.repeat(70 * 1024 * 1024) }, 9);
    const extract = await extractOf(rustBinary, 'app', rustProgram(bomb));
    assert.ok((extract?.length ?? Infinity) < 100);
  });

  it('full of places that look like a list take no time', async () => {
    const bait = crateList({ files: 'abcdefghij'.repeat(20_000) }, 9).subarray(0, 64);
    const made = program({ format: 'elf64', goNote: false, readOnly: Buffer.alloc(8 * 1024 * 1024, bait) });
    const start = performance.now();
    assert.equal(await extractOf(rustBinary, 'app', made), undefined);
    assert.ok(performance.now() - start < 1500, 'it took too long');
  });

  it('with entries of an unknown form tell how many, and list the others', async () => {
    const odd = { packages: [{ name: 1 }, 'x', { name: 'ok', version: '1.0.0', source: 'crates.io' }] };
    const result = await pass(rustBinary, 'app', rustProgram(crateList(odd)));
    assert.deepEqual(listed(result), ['cargo ok 1.0.0']);
    assert.deepEqual(result.problems, [
      { path: 'app', reason: '2 entries of its list of Rust crates have an unknown form' },
    ]);
  });
});
