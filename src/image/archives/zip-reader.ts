import { constants, inflateRawSync } from 'node:zlib';
import { Inflater } from './inflater.ts';

/** What all archives inside one file may take together. */
export interface ZipBudget {
  /** Called with what comes out of members; throws when it is too much. */
  inflated(bytes: number): void;
  /** Called for each member; throws when there are too many. */
  member(): void;
  /** Gives others a turn when it is time. */
  pause(): Promise<void>;
}

/** Receives the bytes of a member that is an archive itself. */
export interface ZipSink {
  write(bytes: Buffer): Promise<void>;
  /** `reason` says why not all of it came. */
  end(reason?: string): Promise<void>;
}

export interface ZipMember {
  readonly name: string;
  /** Where its header lies in the archive. */
  readonly offset: number;
}

export interface ZipHandler {
  /** Only members it answers for are unpacked: 'content' for small ones, a sink for archives. */
  member(member: ZipMember): 'content' | ZipSink | undefined;
  /** Asked for names of the directory: whether the archive is incomplete without them. */
  isOfInterest(name: string): boolean;
  /** The content of a small member; of a large one the beginning. */
  content(member: ZipMember, bytes: Buffer): void;
  problem(reason: string): void;
  /** The directory at the end names exactly these of the members of interest; the others are not part of the archive. */
  directory(isListed: (member: ZipMember) => boolean): void;
}

/** Compressed and unpacked bytes of a small member; the rest of a larger one is left out. */
const maxContentBytes = 32 * 1024;
const maxUnpackedBytes = 256 * 1024;
/** So few bytes inflate to less than `maxUnpackedBytes`: deflate makes 1032 out of one at most. */
const fewestBytes = 250;
/** Bytes that are looked through at a time. */
const pieceBytes = 256 * 1024;
/** Records of the directory that are of interest. */
const maxListed = 200_000;

const signature = {
  member: 0x04034b50,
  descriptor: 0x08074b50,
  directory: 0x02014b50,
  zip64End: 0x06064b50,
  zip64Locator: 0x07064b50,
  end: 0x06054b50,
} as const;
const memberHeaderBytes = 30;
const directoryHeaderBytes = 46;
const endBytes = 22;
/** Everything of interest in a zip archive begins with it. */
const pk = Buffer.from('PK', 'latin1');
/** A descriptor, without or with its signature and of either size, and the signature behind it. */
const heldBackBytes = 48;
const unknown32 = 0xffffffff;

interface OpenMember {
  readonly member: ZipMember;
  readonly deflated: boolean;
  /** Compressed bytes still to come; undefined when only a descriptor behind them says how many there were. */
  left: number | undefined;
  /** Compressed bytes seen. */
  seen: number;
  readonly content?: Buffer[];
  contentBytes: number;
  readonly sink?: ZipSink;
  readonly inflater?: Inflater;
}

/**
 * Reads a zip archive that arrives in pieces, from its first member on: the directory at the end is used to verify what was
 * found. Whatever stands in front of the first member is stepped over. PKWARE, "APPNOTE.TXT", 4.3 to 4.5.
 */
export class ZipReader {
  readonly #handler: ZipHandler;
  readonly #budget: ZipBudget;
  /** Not yet used; begins at `#position` of the archive. */
  #input: Buffer = Buffer.alloc(0);
  #position = 0;
  #open: OpenMember | undefined;
  #isSeeking = false;
  #members = 0;
  #directoryAt: number | undefined;
  readonly #listed = new Map<number, string>();
  #zip64Directory: number | undefined;
  #isFinished = false;
  readonly #found: ZipMember[] = [];

  constructor(handler: ZipHandler, budget: ZipBudget) {
    this.#handler = handler;
    this.#budget = budget;
  }

  /** Throws what the budget and the handler throw. */
  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) await this.#writePiece(bytes.subarray(at, at + pieceBytes));
  }

  async #writePiece(bytes: Buffer): Promise<void> {
    if (this.#isFinished) return;
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes]);
    await this.#advance(false);
    // What is left is a header that was cut: the piece it lies in belongs to the caller.
    if (this.#input.length > 0) this.#input = Buffer.from(this.#input);
  }

  /** After the last piece. `reason` says why not all of them came. */
  async end(reason?: string): Promise<void> {
    if (!this.#isFinished) await this.#advance(true);
    if (this.#open !== undefined) await this.#close(this.#open, 'the archive ends inside of it');
    if (reason !== undefined) this.#handler.problem(reason);
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (reason !== undefined) return;
    if (this.#members === 0 && this.#directoryAt === undefined) this.#handler.problem('it is no zip archive');
    else this.#handler.problem('the archive ends early');
  }

  destroy(): void {
    this.#open?.inflater?.destroy();
  }

  async #advance(isLast: boolean): Promise<void> {
    while (!this.#isFinished) {
      await this.#budget.pause();
      if (this.#open !== undefined) {
        if (!(await this.#data(this.#open, isLast))) return;
      } else if (this.#isSeeking) {
        if (!this.#seek()) return;
      } else if (!this.#record()) return;
    }
    this.#use(this.#input.length);
  }

  #use(bytes: number): void {
    this.#input = this.#input.subarray(bytes);
    this.#position += bytes;
  }

  /** Steps over bytes that are no record. False: more bytes are needed. */
  #seek(): boolean {
    for (let at = this.#input.indexOf(pk); at >= 0; at = this.#input.indexOf(pk, at + 1)) {
      if (at + 4 > this.#input.length) break;
      const found = this.#input.readUInt32LE(at);
      if (found !== signature.member && found !== signature.directory && found !== signature.end) continue;
      this.#use(at);
      this.#isSeeking = false;
      return true;
    }
    this.#use(Math.max(0, this.#input.length - 3));
    return false;
  }

  /** Reads one record. False: more bytes are needed. */
  #record(): boolean {
    const input = this.#input;
    if (input.length < 4) return false;
    switch (input.readUInt32LE(0)) {
      case signature.member:
        return this.#member();
      case signature.directory:
        return this.#listedMember();
      case signature.descriptor: {
        if (input.length < 28) return false; // an end record follows at least
        this.#use(input.readUInt16LE(16) === 0x4b50 ? 16 : 24);
        return true;
      }
      case signature.zip64End:
        if (input.length < 56) return false;
        this.#zip64Directory = Number(input.readBigUInt64LE(48));
        this.#use(56);
        return true;
      case signature.zip64Locator:
        if (input.length < 20) return false;
        this.#use(20);
        return true;
      case signature.end:
        if (input.length < endBytes) return false;
        this.#finish(input.readUInt32LE(16));
        return true;
      default:
        this.#use(1);
        this.#isSeeking = true;
        return true;
    }
  }

  #member(): boolean {
    const input = this.#input;
    if (input.length < memberHeaderBytes) return false;
    const nameBytes = input.readUInt16LE(26);
    const extraBytes = input.readUInt16LE(28);
    const headerBytes = memberHeaderBytes + nameBytes + extraBytes;
    if (input.length < headerBytes) return false;
    this.#budget.member();
    this.#members++;
    const flags = input.readUInt16LE(6);
    const method = input.readUInt16LE(8);
    let compressed = input.readUInt32LE(18);
    const name = nameOf(input, memberHeaderBytes, nameBytes);
    if (compressed === unknown32) {
      const extra = input.subarray(memberHeaderBytes + nameBytes, headerBytes);
      compressed = zip64Fields(extra, [input.readUInt32LE(22), compressed])[1] ?? compressed;
    }
    const hasDescriptor = (flags & 8) !== 0;
    const member: ZipMember = { name, offset: this.#position };
    const answer = this.#handler.member(member);
    const readable = (flags & 1) === 0 && (method === 0 || method === 8);
    if (this.#handler.isOfInterest(name)) this.#found.push(member);
    if (answer !== undefined) {
      if (!readable)
        this.#handler.problem(
          `"${shown(name)}" is ${(flags & 1) === 0 ? 'compressed in an unknown way' : 'encrypted'}`,
        );
    }
    const wanted = readable ? answer : undefined;
    const sink = typeof wanted === 'object' ? wanted : undefined;
    this.#open = {
      member,
      deflated: method === 8,
      left: hasDescriptor && compressed === 0 ? undefined : compressed,
      seen: 0,
      contentBytes: 0,
      ...(wanted === 'content' ? { content: [] } : {}),
      ...(sink === undefined ? {} : { sink }),
      ...(sink === undefined || method === 0
        ? {}
        : {
            inflater: new Inflater((bytes) => {
              this.#budget.inflated(bytes.length);
              return sink.write(bytes);
            }),
          }),
    };
    this.#use(headerBytes);
    return true;
  }

  /** Takes bytes of the open member. False: more bytes are needed. */
  async #data(open: OpenMember, isLast: boolean): Promise<boolean> {
    const input = this.#input;
    if (open.left !== undefined) {
      const take = Math.min(open.left, input.length);
      open.left -= take;
      await this.#deliver(open, input.subarray(0, take));
      this.#use(take);
      if (open.left > 0) return false;
      await this.#close(open);
      return true;
    }
    const end = this.#findDescriptor(open);
    const take = end?.data ?? Math.max(0, input.length - (isLast ? 0 : heldBackBytes));
    await this.#deliver(open, input.subarray(0, take));
    open.seen += take;
    this.#use(take + (end?.descriptor ?? 0));
    if (end === undefined) return false;
    await this.#close(open);
    return true;
  }

  /** The end of a member whose size is told behind it only: where the size that is told there fits. */
  #findDescriptor(open: OpenMember): { data: number; descriptor: number } | undefined {
    const input = this.#input;
    for (let at = input.indexOf(pk); at >= 0 && at + 28 <= input.length; at = input.indexOf(pk, at + 1)) {
      const found = input.readUInt32LE(at);
      const size = open.seen + at;
      if (found === signature.descriptor) {
        // Of an empty member both readings fit: what follows decides.
        const isWide = Number(input.readBigUInt64LE(at + 8)) === size && input.readUInt16LE(at + 16) !== 0x4b50;
        if (isWide) return { data: at, descriptor: 24 };
        if (input.readUInt32LE(at + 8) === size % 2 ** 32) return { data: at, descriptor: 16 };
      } else if (found === signature.member || found === signature.directory) {
        if (at >= 12 && input.readUInt32LE(at - 8) === (size - 12) % 2 ** 32) return { data: at - 12, descriptor: 12 };
        if (at >= 20 && Number(input.readBigUInt64LE(at - 16)) === size - 20) return { data: at - 20, descriptor: 20 };
      }
    }
    return undefined;
  }

  async #deliver(open: OpenMember, bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (open.content !== undefined) {
      const room = maxContentBytes - open.contentBytes;
      if (room <= 0) return;
      open.content.push(Buffer.from(bytes.subarray(0, room)));
      open.contentBytes += Math.min(room, bytes.length);
    } else if (open.inflater !== undefined) await open.inflater.write(bytes);
    else if (open.sink !== undefined) await open.sink.write(bytes);
  }

  async #close(open: OpenMember, reason?: string): Promise<void> {
    this.#open = undefined;
    if (open.content !== undefined) this.#closeContent(open, open.content);
    if (open.sink === undefined) return;
    let why = reason;
    try {
      await open.inflater?.end();
    } catch (error) {
      if (!isDataError(error)) throw error;
      why = 'its compressed data is damaged';
    }
    await open.sink.end(why);
  }

  #closeContent({ member, deflated }: OpenMember, pieces: readonly Buffer[]): void {
    let bytes: Buffer = Buffer.concat(pieces);
    if (deflated) {
      let unpacked = beginningOf(bytes);
      for (let length = bytes.length / 2; unpacked === undefined && length >= fewestBytes / 2; length /= 2) {
        unpacked = beginningOf(bytes.subarray(0, length));
      }
      this.#budget.inflated(unpacked?.length ?? maxUnpackedBytes);
      if (unpacked === undefined) {
        this.#handler.problem(`"${shown(member.name)}" cannot be unpacked`);
        return;
      }
      bytes = unpacked;
    }
    this.#handler.content(member, bytes);
  }

  #listedMember(): boolean {
    const input = this.#input;
    if (input.length < directoryHeaderBytes) return false;
    const nameBytes = input.readUInt16LE(28);
    const extraBytes = input.readUInt16LE(30);
    const recordBytes = directoryHeaderBytes + nameBytes + extraBytes + input.readUInt16LE(32);
    if (input.length < recordBytes) return false;
    this.#directoryAt ??= this.#position;
    this.#budget.member();
    const name = nameOf(input, directoryHeaderBytes, nameBytes);
    if (this.#handler.isOfInterest(name) && this.#listed.size < maxListed) {
      const extra = input.subarray(directoryHeaderBytes + nameBytes, directoryHeaderBytes + nameBytes + extraBytes);
      const stated = [input.readUInt32LE(24), input.readUInt32LE(20), input.readUInt32LE(42)];
      this.#listed.set(zip64Fields(extra, stated)[2] ?? 0, name);
    }
    this.#use(recordBytes);
    return true;
  }

  /** What stands before the first member shifts all offsets, unless the writer counted it in. */
  #finish(stated: number): void {
    this.#isFinished = true;
    const directory = stated === unknown32 ? (this.#zip64Directory ?? stated) : stated;
    const shift = (this.#directoryAt ?? this.#position) - directory;
    const isListed = ({ name, offset }: ZipMember): boolean => this.#listed.get(offset - shift) === name;
    this.#handler.directory(isListed);
    const met = this.#found.filter(isListed).length;
    if (met < this.#listed.size) {
      this.#handler.problem(`${this.#listed.size - met} members of the archive are not where its directory says`);
    }
  }
}

/** Inflates as far as the data goes; undefined when it is damaged or more than a small member's. */
function beginningOf(bytes: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    if (!isDataError(error)) throw error;
    return undefined;
  }
}

function nameOf(bytes: Buffer, at: number, length: number): string {
  return bytes.toString('utf8', at, at + length);
}

function shown(name: string): string {
  return name.slice(0, 200).replace(/[\u0000-\u001f\u007f]/g, '\ufffd');
}

/** Values that did not fit into 32 bits stand in the extra field 1, in the order of the record. APPNOTE.TXT, 4.5.3. */
function zip64Fields(extra: Buffer, stated: readonly number[]): number[] {
  if (!stated.includes(unknown32)) return [...stated];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    return stated.map((value) => {
      if (value !== unknown32 || field + 8 > extra.length) return value;
      field += 8;
      return Number(extra.readBigUInt64LE(field - 8));
    });
  }
  return [...stated];
}

function isDataError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
}
