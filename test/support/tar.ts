// Writes tar archives by hand, also such as no tool would write.
import { Buffer } from 'node:buffer';

export interface TarInput {
  readonly name: string;
  /** Type flag; `0` by default, `5` for names that end with a slash. */
  readonly type?: string;
  readonly content?: string | Uint8Array;
  readonly link?: string;
  /** Stated instead of the length of the content. */
  readonly size?: number;
  readonly prefix?: string;
  /** `ustar` (default), `gnu`, or none at all as before 1988. */
  readonly format?: 'ustar' | 'gnu' | 'v7';
  /** Changes the finished header; the checksum is made after it. */
  readonly tweak?: (header: Buffer) => void;
  /** A checksum that is wrong by this much. */
  readonly checksumError?: number;
}

/** One member: header, content, padding. */
export function tarMember(input: TarInput): Buffer {
  const content = typeof input.content === 'string' ? Buffer.from(input.content) : Buffer.from(input.content ?? []);
  const header = Buffer.alloc(512);
  header.write(input.name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  const size = input.size ?? content.length;
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(input.type ?? (input.name.endsWith('/') ? '5' : '0'), 156);
  header.write(input.link ?? '', 157, 100, 'utf8');
  if (input.format === 'gnu') header.write('ustar  \0', 257);
  else if (input.format !== 'v7') header.write('ustar\u000000', 257);
  header.write(input.prefix ?? '', 345, 155, 'utf8');
  input.tweak?.(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0) + (input.checksumError ?? 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** An archive with its two closing blocks. */
export function tar(...inputs: readonly (TarInput | Buffer)[]): Buffer {
  return Buffer.concat([
    ...inputs.map((input) => (Buffer.isBuffer(input) ? input : tarMember(input))),
    Buffer.alloc(1024),
  ]);
}

/** An extended header for the next member, or for all that follow with type `g`. */
export function paxHeader(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Buffer {
  const content = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value))));
  return tarMember({ name: 'PaxHeaders/0', type, content });
}

export function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** GNU's way to say a long name (`L`) or link target (`K`). */
export function gnuLong(text: string, type: 'L' | 'K'): Buffer {
  return tarMember({ name: '././@LongLink', type, content: `${text}\0`, format: 'gnu' });
}
