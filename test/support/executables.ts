// Writes programs as linkers lay them out, just enough of them for what reads their build information.
import { Buffer } from 'node:buffer';
import { deflateSync } from 'node:zlib';

export const programFormats = ['elf64', 'elf64-big', 'elf32', 'elf32-big', 'pe', 'pe32', 'macho', 'macho-big'] as const;
export type ProgramFormat = (typeof programFormats)[number];

export interface ProgramInput {
  readonly format: ProgramFormat;
  /** Contents of the read-only segment. */
  readonly readOnly?: Buffer;
  /** Contents of the writable segment, for a function of where both come to lie in memory. */
  readonly data?: Buffer | ((addresses: { readOnly: number; data: number }) => Buffer);
  /** Says in its first bytes that Go's linker made it. Default true. */
  readonly goNote?: boolean;
  /** Bytes behind the segments: tables of sections, or what was appended. */
  readonly tail?: Buffer;
}

const pageBytes = 0x1000;
const readOnlyAddress = 0x401000;

const pad = (bytes: Buffer, multiple: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((multiple - (bytes.length % multiple)) % multiple)]);

export function isBigEndian(format: ProgramFormat): boolean {
  return format.endsWith('-big');
}

export function pointerBytes(format: ProgramFormat): 4 | 8 {
  return format.startsWith('elf32') || format === 'pe32' ? 4 : 8;
}

/** A number of the format's byte order. */
export function number(format: ProgramFormat, value: number, bytes: 2 | 4 | 8): Buffer {
  const out = Buffer.alloc(bytes);
  if (bytes === 8) {
    if (isBigEndian(format)) out.writeBigUInt64BE(BigInt(value));
    else out.writeBigUInt64LE(BigInt(value));
  } else if (isBigEndian(format)) out.writeUIntBE(value, 0, bytes);
  else out.writeUIntLE(value, 0, bytes);
  return out;
}

export function program(input: ProgramInput): Buffer {
  const readOnly = pad(input.readOnly ?? Buffer.alloc(16), pageBytes);
  const dataAddress = readOnlyAddress + readOnly.length + pageBytes;
  const made = input.data ?? Buffer.alloc(16);
  const data = pad(
    typeof made === 'function' ? made({ readOnly: readOnlyAddress, data: dataAddress }) : made,
    pageBytes,
  );
  const segments = [
    { address: readOnlyAddress, offset: pageBytes, size: readOnly.length },
    { address: dataAddress, offset: pageBytes + readOnly.length, size: data.length },
  ];
  const { format } = input;
  const head = format.startsWith('elf')
    ? elf(format, segments)
    : format.startsWith('pe')
      ? pe(format, segments)
      : machO(format, segments);
  const note =
    input.goNote === false
      ? Buffer.alloc(0)
      : Buffer.concat([number(format, 4, 4), Buffer.from('Go\0\0Go build ID: "x"')]);
  return Buffer.concat([pad(Buffer.concat([head, note]), pageBytes), readOnly, data, input.tail ?? Buffer.alloc(0)]);
}

interface Segment {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** gABI, "ELF Header" and "Program Header". */
function elf(format: ProgramFormat, segments: readonly Segment[]): Buffer {
  const is64 = pointerBytes(format) === 8;
  const wide = is64 ? 8 : 4;
  const n = (value: number, bytes: 2 | 4 | 8): Buffer => number(format, value, bytes);
  const headBytes = is64 ? 64 : 52;
  const entryBytes = is64 ? 56 : 32;
  const ident = Buffer.from([
    0x7f,
    0x45,
    0x4c,
    0x46,
    is64 ? 2 : 1,
    isBigEndian(format) ? 2 : 1,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const header = Buffer.concat([
    ident,
    ...[n(2, 2), n(62, 2), n(1, 4), n(readOnlyAddress, wide), n(headBytes, wide), n(0, wide), n(0, 4)],
    ...[n(headBytes, 2), n(entryBytes, 2), n(segments.length, 2), n(0, 2), n(0, 2), n(0, 2)],
  ]);
  const entries = segments.map(({ address, offset, size }) => {
    const [o, a, s] = [n(offset, wide), n(address, wide), n(size, wide)] as const;
    return Buffer.concat(
      is64 ? [n(1, 4), n(6, 4), o, a, a, s, s, n(pageBytes, 8)] : [n(1, 4), o, a, a, s, s, n(6, 4), n(pageBytes, 4)],
    );
  });
  return Buffer.concat([header, ...entries]);
}

/** Microsoft, "PE Format". */
function pe(format: ProgramFormat, segments: readonly Segment[]): Buffer {
  const is64 = format === 'pe';
  const imageBase = 0x400000;
  const n = (value: number, bytes: 2 | 4 | 8): Buffer => number(format, value, bytes);
  const dos = Buffer.alloc(0x80);
  dos.write('MZ');
  dos.writeUInt32LE(0x80, 0x3c);
  const optional = Buffer.alloc(is64 ? 240 : 224);
  optional.writeUInt16LE(is64 ? 0x20b : 0x10b, 0);
  if (is64) optional.writeBigUInt64LE(BigInt(imageBase), 24);
  else optional.writeUInt32LE(imageBase, 28);
  const coff = Buffer.concat([
    Buffer.from('PE\0\0'),
    n(0x8664, 2),
    n(segments.length, 2),
    n(0, 8),
    n(0, 4),
    n(optional.length, 2),
    n(0, 2),
  ]);
  const sections = segments.map(({ address, offset, size }, index) =>
    Buffer.concat([
      Buffer.from(index === 0 ? '.rdata\0\0' : '.data\0\0\0'),
      n(size, 4),
      n(address - imageBase, 4),
      n(size, 4),
      n(offset, 4),
      Buffer.alloc(16),
    ]),
  );
  return Buffer.concat([dos, coff, optional, ...sections]);
}

/** Apple, "mach-o/loader.h": LC_SEGMENT_64. */
function machO(format: ProgramFormat, segments: readonly Segment[]): Buffer {
  const n = (value: number, bytes: 2 | 4 | 8): Buffer => number(format, value, bytes);
  const commands = segments.map(({ address, offset, size }, index) =>
    Buffer.concat([
      n(0x19, 4),
      n(72, 4),
      Buffer.from((index === 0 ? '__TEXT' : '__DATA').padEnd(16, '\0')),
      n(address, 8),
      n(size, 8),
      n(offset, 8),
      n(size, 8),
      Buffer.alloc(16),
    ]),
  );
  const header = [
    n(0xfeedfacf, 4),
    n(0x01000007, 4),
    n(3, 4),
    n(2, 4),
    n(commands.length, 4),
    n(72 * commands.length, 4),
    n(0, 8),
  ];
  return Buffer.concat([...header, ...commands]);
}

const goMagic = Buffer.from('\xff Go buildinf:', 'latin1');

/** Module lines between the marks that Go puts round them. */
export function goFrame(modules: string): Buffer {
  const start = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
  const end = Buffer.from('f932433186182072008242104116d8f2', 'hex');
  return Buffer.concat([start, Buffer.from(modules), end]);
}

function withLength(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** What Go's linker writes since 1.18: header, version, module lines. */
export function goBuildInfo(version: string, modules: string): Buffer {
  const header = Buffer.concat([goMagic, Buffer.from([8, 2]), Buffer.alloc(16)]);
  return Buffer.concat([
    header,
    withLength(Buffer.from(version)),
    withLength(modules === '' ? Buffer.alloc(0) : goFrame(modules)),
  ]);
}

/** A program as Go before 1.18 linked it: the header points at strings whose texts lie in front. */
export function oldGoProgram(
  format: ProgramFormat,
  version: string,
  modules: string,
  options: Partial<ProgramInput> = {},
): Buffer {
  const wide = pointerBytes(format);
  const before = Buffer.from('runtime error: go1.1 index out of range'.padEnd(3000, '.'));
  const texts = Buffer.concat([
    before,
    Buffer.from(version),
    Buffer.from('reflect.Value'),
    goFrame(modules),
    Buffer.alloc(100),
  ]);
  return program({
    format,
    readOnly: texts,
    data({ readOnly, data }) {
      const p = (value: number): Buffer => number(format, value, wide);
      const pointers = Buffer.concat([p(data + 64), p(data + 64 + 2 * wide)]);
      const header = Buffer.concat([goMagic, Buffer.from([wide, isBigEndian(format) ? 1 : 0]), pointers]);
      const versionAt = readOnly + before.length;
      const modulesAt = versionAt + version.length + 13;
      const strings = [p(versionAt), p(version.length), p(modulesAt), p(goFrame(modules).length)];
      return Buffer.concat([header, Buffer.alloc(64 - header.length), ...strings]);
    },
    ...options,
  });
}

/** Section of cargo-auditable: zlib over JSON. */
export function crateList(list: unknown, level = 7, strategy?: number): Buffer {
  return deflateSync(JSON.stringify(list), { level, ...(strategy === undefined ? {} : { strategy }) });
}

/** Names of sections, as they stand in front of the table at the end of ELF files. */
export const rustSectionNames = Buffer.from('\0.text\0.rodata\0.dep-v0\0.shstrtab\0');

const bundleMarker = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');

/** A .NET application in a single file: host with the marker, files, header of format 6. */
export function dotnetBundle(
  depsJson: string,
  options: { readonly depsSize?: number; readonly other?: Buffer } = {},
): Buffer {
  const host = (headerAt: number): Buffer =>
    program({
      format: 'elf64',
      goNote: false,
      data: Buffer.concat([Buffer.alloc(100_000, 'h'), number('elf64', headerAt, 8), bundleMarker]),
    });
  const files = Buffer.concat([
    options.other ?? Buffer.alloc(5000, 'f'),
    Buffer.from(depsJson),
    Buffer.alloc(70_000, 'g'),
  ]);
  const depsAt = host(0).length + (options.other?.length ?? 5000);
  const headerAt = host(0).length + files.length;
  const n = (value: number, bytes: 4 | 8): Buffer => number('elf64', value, bytes);
  const header = [
    n(6, 4),
    n(0, 4),
    n(3, 4),
    Buffer.from('\x0cAbCdEfGh1234'),
    n(depsAt, 8),
    n(options.depsSize ?? Buffer.byteLength(depsJson), 8),
  ];
  return Buffer.concat([host(headerAt), files, ...header, Buffer.alloc(200)]);
}
