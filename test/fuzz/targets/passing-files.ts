import assert from 'node:assert/strict';
import { extractJavaArchive } from '../../../src/image/archives/java-archive.ts';
import { dotnetBundle } from '../../../src/image/cataloguers/dotnet-bundle.ts';
import { dotnetDeps } from '../../../src/image/cataloguers/dotnet-deps.ts';
import { goBinary } from '../../../src/image/cataloguers/go-binary.ts';
import { javaArchive } from '../../../src/image/cataloguers/java-archive.ts';
import { nugetConfig, nugetLock } from '../../../src/image/cataloguers/nuget-lock.ts';
import { rustBinary } from '../../../src/image/cataloguers/rust-binary.ts';
import type { Cataloguer, Extractor, ImageView } from '../../../src/image/types.ts';
import {
  crateList,
  dotnetBundle as bundle,
  goBuildInfo,
  oldGoProgram,
  program,
  rustSectionNames,
} from '../../support/executables.ts';
import { zip } from '../../support/zip.ts';
import { textSeeds, type FuzzTarget } from '../target.ts';

const signal = new AbortController().signal;
const view: ImageView = { has: () => false, file: () => undefined, list: () => [] };

/** Reads what was kept; returns how many packages and problems came of it. */
async function read(cataloguer: Cataloguer, bytes: Uint8Array): Promise<string> {
  const count = { package: 0, problem: 0, development: 0 };
  const file = { path: 'x', size: bytes.length, bytes: () => Promise.resolve(bytes) };
  for await (const item of cataloguer.read(file, view, signal)) {
    count[item.kind]++;
    if (item.kind === 'package') assert.ok(item.package.name !== '' && item.package.version !== '');
  }
  return `${Math.min(count.package, 20)} ${Math.min(count.problem, 20)}`;
}

async function passBy(
  make: () => Extractor | undefined,
  input: Uint8Array,
  step: number,
): Promise<Uint8Array | undefined> {
  const extractor = make();
  if (extractor === undefined) return undefined;
  for (let at = 0; at < input.length; at += step) {
    const piece = Buffer.from(input.subarray(at, at + step));
    const more = await extractor.write(piece);
    piece.fill(0x50); // it was the caller's
    if (!more) return undefined;
  }
  return extractor.end();
}

/** The same is kept of a file however it comes in pieces. */
async function keptOf(make: () => Extractor | undefined, input: Uint8Array): Promise<Uint8Array | undefined> {
  const whole = await passBy(make, input, Math.max(1, input.length));
  const step = 1 + (((input[0] ?? 0) * 7 + input.length) % 1500);
  const inPieces = await passBy(make, input, step);
  // Of damaged data as much is unpacked as came before it was noticed.
  if (!/damaged|ends inside/.test(String(whole)))
    assert.equal(String(inPieces), String(whole), `in pieces of ${step} bytes`);
  return whole;
}

const pom = (name: string) => ({
  name: `META-INF/maven/g/${name}/pom.properties`,
  content: `groupId=g\nartifactId=${name}\nversion=1.0\n`,
});
const leaf = zip([pom('leaf'), { name: 'x.class', content: 'x'.repeat(300) }]);

const javaArchives: FuzzTarget = {
  name: 'image-java-archive',
  limitMs: 3000,
  seeds: () => [
    leaf,
    zip([{ name: 'META-INF/MANIFEST.MF', content: 'Bundle-SymbolicName: a.b\r\nBundle-Version: 1.0\r\n' }]),
    zip([{ name: 'lib/a.jar', content: leaf, stored: true }, { name: 'lib/b.jar', content: leaf }, pom('outer')]),
    zip([
      { name: 'a.jar', content: leaf, descriptor: 'signed' },
      { ...pom('b'), descriptor: 'bare' },
      { ...pom('c'), descriptor: 'wide' },
    ]),
    zip(
      [
        { ...pom('zip64'), zip64: true },
        { name: 'locked.jar', encrypted: true },
      ],
      { prefix: '#!/bin/sh\nexit 0\n', counted: true, comment: 'c' },
    ),
    zip([{ name: 'a.jar', content: zip([{ name: 'b.jar', content: zip([{ name: 'c.jar', content: leaf }]) }]) }]),
  ],
  dictionary: [
    'PK\u0001\u0002',
    'PK\u0003\u0004',
    'PK\u0005\u0006',
    'PK\u0006\u0006',
    'PK\u0006\u0007',
    'PK\u0007\b',
    'pom.properties',
    'META-INF/MANIFEST.MF',
    '.jar',
  ],
  async run(input) {
    const kept = await keptOf(() => extractJavaArchive({ path: 'x.jar', size: input.length, mode: 0o644 }), input);
    return kept === undefined ? 'nothing' : read(javaArchive, kept);
  },
};

const modules = 'path\tx/y\nmod\tx/y\t(devel)\ndep\ta.b/c\tv1.0.0\th1:x\n=>\ta.b/d\tv1.1.0\th1:y\n';
const crates = { packages: [{ name: 'a', version: '1.0.0', source: 'crates.io' }] };
const deps = JSON.stringify({
  runtimeTarget: { name: 't' },
  targets: { t: { 'A/1.0.0': { runtime: { a: {} } } } },
  libraries: { 'A/1.0.0': { type: 'package' } },
});

const executables: FuzzTarget = {
  name: 'image-executable',
  seeds: () => [
    ...(['elf64', 'elf32-big', 'pe', 'pe32', 'macho', 'macho-big'] as const).flatMap((format) => [
      program({ format, data: goBuildInfo('go1.22.3', modules) }),
      oldGoProgram(format, 'go1.17.1', modules),
    ]),
    program({ format: 'elf64', goNote: false, readOnly: crateList(crates), tail: rustSectionNames }),
    program({ format: 'elf64', goNote: false, readOnly: crateList(crates, 0) }),
    bundle(deps).subarray(90_000),
    Buffer.concat([program({ format: 'elf64' }), bundle(deps).subarray(100_000)]),
  ],
  dictionary: [Buffer.from('\xff Go buildinf:', 'latin1'), '.dep-v0\0', 'UPX!', '"runtimeTarget"', 'go1.22', 'devel '],
  mostBytes: 32_768,
  limitMs: 3000,
  shortRun: 300,
  async run(input) {
    const kept = await keptOf(() => goBinary.extract?.({ path: 'x', size: input.length, mode: 0o755 }), input);
    if (kept === undefined) return 'nothing';
    const found: string[] = [];
    for (const cataloguer of [goBinary, rustBinary, dotnetBundle]) {
      // One part may be damaged and the others not.
      found.push(
        await read(cataloguer, kept).catch((error: unknown) =>
          error instanceof assert.AssertionError ? Promise.reject(error) : 'refused',
        ),
      );
    }
    return found.join();
  },
};

const documents: FuzzTarget[] = [
  {
    name: 'image-dotnet-deps',
    seeds: () => textSeeds([deps, '{"libraries":{"runtimepack.R/1.0.0":{"type":"runtimepack"}}}']),
    dictionary: [
      '"type"',
      '"package"',
      '"runtimeTarget"',
      '"targets"',
      '"libraries"',
      '"native"',
      '__proto__',
      'constructor',
    ],
    run: (input) => read(dotnetDeps, input),
  },
  {
    name: 'image-nuget-config',
    seeds: () =>
      textSeeds([
        '<packages><package id="A" version="1.0"/><package id="B" version="2" developmentDependency="true"></package></packages>',
      ]),
    dictionary: ['<package ', 'id="', 'version="', '<!--', '-->', '</packages>'],
    run: (input) => read(nugetConfig, input),
  },
  {
    name: 'image-nuget-lock',
    seeds: () =>
      textSeeds([
        '{"version":1,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"},"b":{"type":"Project"}}}}',
      ]),
    dictionary: ['"resolved"', '"type"', '"Project"', '"dependencies"'],
    run: (input) => read(nugetLock, input),
  },
];

/** Files that are read as they pass by, and the lists of .NET. */
export const passingFileTargets: readonly FuzzTarget[] = [javaArchives, executables, ...documents];
