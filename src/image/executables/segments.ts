/** A stretch of memory that is filled from the file. */
interface Segment {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** Headers with more entries than this are damage. */
const maxSegments = 4096;

/** Where the bytes at an address of a loaded program lie in its file; undefined when they do not. */
export type AddressMap = (address: number) => number | undefined;

/**
 * Reads the tables in the first bytes of an executable: program headers of ELF (gABI, "Program Header"), the section table
 * of PE (Microsoft, "PE Format"), segment commands of Mach-O (Apple, "mach-o/loader.h"). What does not parse maps nothing.
 */
export function addressMap(head: Buffer): AddressMap {
  const segments = read(head);
  return (address) => {
    const found = segments.find((one) => address >= one.address && address < one.address + one.size);
    return found === undefined ? undefined : found.offset + (address - found.address);
  };
}

function read(head: Buffer): readonly Segment[] {
  try {
    const magic = head.readUInt32BE(0);
    if (magic === 0x7f454c46) return elf(head);
    if (magic >>> 16 === 0x4d5a) return pe(head);
    return machO(head, magic);
  } catch (error) {
    if (error instanceof RangeError) return []; // the tables lie beyond the first bytes
    throw error;
  }
}

interface Numbers {
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Values beyond 2^53 come out inexact: no file is that large. */
  readonly u64: (at: number) => number;
}

function numbers(head: Buffer, bigEndian: boolean): Numbers {
  return bigEndian
    ? {
        u16: (at) => head.readUInt16BE(at),
        u32: (at) => head.readUInt32BE(at),
        u64: (at) => Number(head.readBigUInt64BE(at)),
      }
    : {
        u16: (at) => head.readUInt16LE(at),
        u32: (at) => head.readUInt32LE(at),
        u64: (at) => Number(head.readBigUInt64LE(at)),
      };
}

function elf(head: Buffer): readonly Segment[] {
  const is64 = head[4] === 2;
  const { u16, u32, u64 } = numbers(head, head[5] === 2);
  const table = is64 ? u64(32) : u32(28);
  const entryBytes = u16(is64 ? 54 : 42);
  const count = Math.min(u16(is64 ? 56 : 44), maxSegments);
  const segments: Segment[] = [];
  for (let i = 0, at = table; i < count; i++, at += entryBytes) {
    if (u32(at) !== 1) continue; // PT_LOAD
    segments.push(
      is64
        ? { offset: u64(at + 8), address: u64(at + 16), size: u64(at + 32) }
        : { offset: u32(at + 4), address: u32(at + 8), size: u32(at + 16) },
    );
  }
  return segments;
}

function pe(head: Buffer): readonly Segment[] {
  const { u16, u32, u64 } = numbers(head, false);
  const at = u32(0x3c);
  if (u32(at) !== 0x4550) return [];
  const optional = at + 24;
  const imageBase = u16(optional) === 0x20b ? u64(optional + 24) : u32(optional + 28);
  const sections = optional + u16(at + 20);
  const segments: Segment[] = [];
  for (let i = 0; i < Math.min(u16(at + 6), maxSegments); i++) {
    const section = sections + i * 40;
    segments.push({
      address: imageBase + u32(section + 12),
      offset: u32(section + 20),
      size: Math.min(u32(section + 8), u32(section + 16)),
    });
  }
  return segments;
}

function machO(head: Buffer, magic: number): readonly Segment[] {
  const bigEndian = magic === 0xfeedface || magic === 0xfeedfacf;
  const is64 = magic === 0xfeedfacf || magic === 0xcffaedfe;
  const { u32, u64 } = numbers(head, bigEndian);
  const segments: Segment[] = [];
  const count = Math.min(u32(16), maxSegments);
  for (let i = 0, at = is64 ? 32 : 28; i < count; i++) {
    const command = u32(at);
    if (command === 0x19) segments.push({ address: u64(at + 24), offset: u64(at + 40), size: u64(at + 48) });
    else if (command === 0x1) segments.push({ address: u32(at + 24), offset: u32(at + 32), size: u32(at + 36) });
    const bytes = u32(at + 4);
    if (bytes < 8) return segments;
    at += bytes;
  }
  return segments;
}
