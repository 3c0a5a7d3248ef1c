// Writes zip archives by hand, also such as no tool would write. PKWARE, "APPNOTE.TXT".
import { Buffer } from 'node:buffer';
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipInput {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Default: deflated. */
  readonly stored?: boolean;
  /** Sizes follow the data: `signed`, as most tools do, or `bare`; `wide` ones have eight bytes. */
  readonly descriptor?: 'signed' | 'bare' | 'wide';
  /** Sizes stand in an extra field. */
  readonly zip64?: boolean;
  readonly encrypted?: boolean;
  readonly method?: number;
  /** Written as the data as it is. */
  readonly raw?: Buffer;
  /** Not named by the directory. */
  readonly unlisted?: boolean;
}

export interface ZipOptions {
  /** In front of the first member; counted into the offsets if `counted`. */
  readonly prefix?: string | Buffer;
  readonly counted?: boolean;
  /** Without the directory at the end. */
  readonly cut?: boolean;
  readonly comment?: string;
}

const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);
const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};
const u64 = (value: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
};

export function zip(inputs: readonly ZipInput[], options: ZipOptions = {}): Buffer {
  const prefix = Buffer.from(options.prefix ?? '');
  const pieces: Buffer[] = [prefix];
  const directory: Buffer[] = [];
  let at = options.counted === true ? prefix.length : 0;
  for (const input of inputs) {
    const { local, central } = member(input, at);
    pieces.push(local);
    if (input.unlisted !== true) directory.push(central);
    at += local.length;
  }
  if (options.cut === true) return Buffer.concat(pieces);
  const records = Buffer.concat(directory);
  const comment = Buffer.from(options.comment ?? '');
  const end = [
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(directory.length),
    u16(directory.length),
    u32(records.length),
    u32(at),
  ];
  return Buffer.concat([...pieces, records, ...end, u16(comment.length), comment]);
}

function member(input: ZipInput, offset: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(input.content ?? '');
  const method = input.method ?? (input.stored === true ? 0 : 8);
  const data = input.raw ?? (method === 0 ? content : deflateRawSync(content));
  const name = Buffer.from(input.name);
  const flags = (input.descriptor === undefined ? 0 : 8) | (input.encrypted === true ? 1 : 0);
  const crc = crc32(content);
  const sizes = [u32(data.length), u32(content.length)];
  const extra =
    input.zip64 === true ? Buffer.concat([u16(1), u16(16), u64(content.length), u64(data.length)]) : Buffer.alloc(0);
  const stated =
    input.descriptor !== undefined
      ? [u32(0), u32(0)]
      : input.zip64 === true
        ? [u32(0xffffffff), u32(0xffffffff)]
        : sizes;
  const head = [u16(20), u16(flags), u16(method), u16(0), u16(0x21), u32(input.descriptor === undefined ? crc : 0)];
  const descriptor =
    input.descriptor === undefined
      ? []
      : input.descriptor === 'wide'
        ? [u32(0x08074b50), u32(crc), u64(data.length), u64(content.length)]
        : [...(input.descriptor === 'signed' ? [u32(0x08074b50)] : []), u32(crc), ...sizes];
  const local = Buffer.concat([
    u32(0x04034b50),
    ...head,
    ...stated,
    u16(name.length),
    u16(extra.length),
    name,
    extra,
    data,
    ...descriptor,
  ]);
  const central = Buffer.concat([
    ...[u32(0x02014b50), u16(20), u16(20), u16(flags), u16(method), u16(0), u16(0x21), u32(crc), ...sizes],
    ...[u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(offset), name],
  ]);
  return { local, central };
}
