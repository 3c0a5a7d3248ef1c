import { decodeName } from './tar-path.ts';

/** One member of an archive, after extended headers were applied. POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar, "Basic Tar Format". */
export interface TarMember {
  /** As written. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Size of the file; of a sparse one with its holes. */
  readonly size: number;
  /** Permission bits; 0 when the field is damaged. */
  readonly mode: number;
  /** Target of a link, as written. */
  readonly target: string;
  /** Stored with holes left out: the content that follows is not the file's. */
  readonly sparse: boolean;
  /** Where the content begins in the archive. */
  readonly offset: number;
}

export interface TarHandler {
  /** Called for each member. Answer true to be given its content in one piece, 'pieces' to be given it as it comes. */
  member(member: TarMember): boolean | 'pieces';
  /** Content of the member last announced. The bytes are the receiver's own. */
  content(bytes: Buffer): void;
  /**
   * The next piece of the content; of an empty file one empty piece. The bytes are the caller's, and valid until the answer
   * is there. False: the rest is not wanted.
   */
  piece?(bytes: Buffer, isLast: boolean): boolean | Promise<boolean>;
  problem(reason: string): void;
}

const blockBytes = 512;
/** What a block of zeros sums up to: eight spaces. */
const blankChecksum = 8 * 0x20;
/** A pax header or a GNU long name over this size is damage, not a name. */
const maxExtensionBytes = 1024 * 1024;

const typeFlag = {
  oldFile: 0,
  file: 0x30,
  hardLink: 0x31,
  symlink: 0x32,
  characterDevice: 0x33,
  blockDevice: 0x34,
  directory: 0x35,
  fifo: 0x36,
  contiguous: 0x37,
  gnuLongLink: 0x4b,
  gnuLongName: 0x4c,
  gnuSparse: 0x53,
  paxGlobal: 0x67,
  paxNext: 0x78,
} as const;

type Extension = 'pax' | 'longName' | 'longLink';

/**
 * Reads a tar archive that arrives in pieces, without a stream or a promise for each member: contents nobody wants are
 * stepped over. Damage ends the reading with a problem; what follows is ignored until the end.
 */
export class TarReader {
  readonly #handler: TarHandler;
  /** Bytes of a header that was cut by the end of a piece. */
  readonly #partial = Buffer.alloc(blockBytes);
  #partialLength = 0;
  /** Bytes of content and padding still to step over. */
  #skip = 0;
  /** Content being gathered: for an extended header, or for the handler. */
  #gather: Buffer | undefined;
  #gathered = 0;
  #gatherFor: Extension | 'content' = 'content';
  #padding = 0;
  /** Bytes of content that are still to be handed on in pieces. */
  #passOn = 0;
  #waiting: Promise<void> | undefined;
  /** The next block is a continuation of an old GNU sparse map. */
  #sparseMapContinues = false;
  #afterSparseMap = 0;
  #pax: Map<string, string> | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  #zeroBlocks = 0;
  /** Offset in the archive of the piece being read. */
  #position = 0;
  /** Offset in the archive behind the last header. */
  #afterHeader = 0;
  #finished = false;
  #current = '';

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /**
   * Reads from `from` on. Returns where it stopped: at the end of the chunk, or before it when the handler asked for time;
   * await `waiting` and call again from there.
   */
  write(chunk: Buffer, from = 0): number {
    let at = from;
    while (at < chunk.length && !this.#finished) {
      if (this.#passOn > 0) {
        const take = Math.min(this.#passOn, chunk.length - at);
        this.#passOn -= take;
        if (this.#passOn === 0) this.#skip = this.#padding;
        at += take;
        this.#piece(chunk.subarray(at - take, at));
        if (this.#waiting === undefined) continue;
        if (at === chunk.length) this.#position += at;
        return at;
      }
      if (this.#gather !== undefined) {
        const take = Math.min(this.#gather.length - this.#gathered, chunk.length - at);
        chunk.copy(this.#gather, this.#gathered, at, at + take);
        this.#gathered += take;
        at += take;
        if (this.#gathered === this.#gather.length) this.#endGathering(this.#gather);
        continue;
      }
      if (this.#skip > 0) {
        const take = Math.min(this.#skip, chunk.length - at);
        this.#skip -= take;
        at += take;
        continue;
      }
      if (this.#partialLength === 0 && chunk.length - at >= blockBytes) {
        this.#afterHeader = this.#position + at + blockBytes;
        at += blockBytes;
        this.#block(chunk, at - blockBytes);
        if (this.#waiting === undefined) continue;
        if (at === chunk.length) this.#position += at;
        return at;
      }
      const take = Math.min(blockBytes - this.#partialLength, chunk.length - at);
      chunk.copy(this.#partial, this.#partialLength, at, at + take);
      this.#partialLength += take;
      at += take;
      if (this.#partialLength === blockBytes) {
        this.#partialLength = 0;
        this.#afterHeader = this.#position + at;
        this.#block(this.#partial, 0);
        if (this.#waiting === undefined) continue;
        if (at === chunk.length) this.#position += at;
        return at;
      }
    }
    this.#position += chunk.length;
    return chunk.length;
  }

  /** Settles when the handler is ready for more; absent when it is ready now. */
  get waiting(): Promise<void> | undefined {
    return this.#waiting;
  }

  #piece(bytes: Buffer): void {
    const answer = this.#handler.piece?.(bytes, this.#passOn === 0) ?? false;
    if (answer === false) this.#stepOverRest();
    else if (answer !== true) {
      this.#waiting = answer.then((more) => {
        this.#waiting = undefined;
        if (!more) this.#stepOverRest();
      });
    }
  }

  #stepOverRest(): void {
    if (this.#passOn === 0) return;
    this.#skip = this.#passOn + this.#padding;
    this.#passOn = 0;
  }

  /**
   * For archives that can be read anywhere: how many of the following bytes nobody wants. The reader takes them as stepped
   * over.
   */
  stepOver(): number {
    const bytes = this.#skip;
    this.#skip = 0;
    this.#padding = 0;
    this.#position += bytes;
    return bytes;
  }

  /** True when the end of the archive, or damage, was met. */
  get isFinished(): boolean {
    return this.#finished;
  }

  /** Call once after the last piece. */
  end(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#gather !== undefined || this.#passOn > 0 || this.#skip > this.#padding || this.#partialLength > 0) {
      const where = this.#current === '' ? '' : ` in or behind "${this.#current.slice(0, 200)}"`;
      this.#handler.problem(`the archive ends early${where}`);
    }
  }

  #damaged(reason: string): void {
    this.#finished = true;
    const behind = this.#current === '' ? '' : ` behind "${this.#current.slice(0, 200)}"`;
    this.#handler.problem(`${reason}${behind}; the rest of the archive was not read`);
  }

  #block(buffer: Buffer, at: number): void {
    if (this.#sparseMapContinues) {
      this.#sparseMapContinues = buffer[at + 504] === 1;
      if (!this.#sparseMapContinues) this.#skipContent(this.#afterSparseMap);
      return;
    }
    const sum = checksum(buffer, at);
    if (sum.unsigned === blankChecksum && isZero(buffer, at)) {
      if (++this.#zeroBlocks === 2) this.#finished = true;
      return;
    }
    this.#zeroBlocks = 0;
    const stated = readNumber(buffer, at + 148, 8);
    if (stated !== sum.unsigned && stated !== sum.signed) {
      this.#damaged(this.#current === '' ? 'it is no tar archive' : 'a header has a wrong checksum');
      return;
    }
    this.#header(buffer, at);
  }

  #header(buffer: Buffer, at: number): void {
    const type = buffer[at + 156] ?? 0;
    const stored = readNumber(buffer, at + 124, 12);
    if (stored === undefined) {
      this.#damaged('a header has an impossible size');
      return;
    }
    switch (type) {
      case typeFlag.paxNext:
        this.#beginExtension('pax', stored);
        return;
      case typeFlag.gnuLongName:
        this.#beginExtension('longName', stored);
        return;
      case typeFlag.gnuLongLink:
        this.#beginExtension('longLink', stored);
        return;
      case typeFlag.paxGlobal:
        // Container runtimes do not apply global headers to the members behind them: neither do we.
        this.#skipContent(stored);
        return;
      default:
    }
    const pax = this.#pax;
    const longName = this.#longName;
    const longLink = this.#longLink;
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;

    const paxSize = pax?.get('size');
    const dataSize = paxSize === undefined ? stored : decimal(paxSize);
    if (dataSize === undefined) {
      this.#damaged('an extended header has an impossible size');
      return;
    }
    const name = pax?.get('GNU.sparse.name') ?? pax?.get('path') ?? longName ?? headerName(buffer, at);
    this.#current = name;
    const target = pax?.get('linkpath') ?? longLink ?? field(buffer, at + 157, 100);
    const realSize = pax?.get('GNU.sparse.realsize') ?? pax?.get('GNU.sparse.size');
    let sparse = realSize !== undefined || pax?.has('GNU.sparse.map') === true;
    let size = (realSize === undefined ? undefined : decimal(realSize)) ?? dataSize;
    if (type === typeFlag.gnuSparse) {
      sparse = true;
      size = readNumber(buffer, at + 483, 12) ?? dataSize;
    }
    const kind = kindOf(type, name);
    const hasContent = kind === 'file' || (kind === 'other' && !isDevice(type));
    const wanted = this.#handler.member({
      name,
      kind,
      size: kind === 'file' ? size : 0,
      mode: (readNumber(buffer, at + 100, 8) ?? 0) & 0o7777,
      target,
      sparse,
      offset: this.#afterHeader,
    });
    if (!hasContent) return; // links, directories and devices carry no content whatever their size field says
    if (type === typeFlag.gnuSparse && buffer[at + 482] === 1) {
      this.#sparseMapContinues = true;
      this.#afterSparseMap = dataSize;
      return;
    }
    if (wanted === false || kind !== 'file' || sparse) this.#skipContent(dataSize);
    else if (wanted === true) this.#beginGathering('content', dataSize);
    else {
      this.#padding = padding(dataSize);
      this.#passOn = dataSize;
      if (dataSize === 0) this.#piece(Buffer.alloc(0));
    }
  }

  #skipContent(size: number): void {
    this.#padding = padding(size);
    this.#skip = size + this.#padding;
  }

  #beginExtension(what: Extension, size: number): void {
    if (size > maxExtensionBytes) this.#damaged('an extended header is far too large');
    else this.#beginGathering(what, size);
  }

  #beginGathering(what: Extension | 'content', size: number): void {
    this.#gatherFor = what;
    this.#gather = Buffer.allocUnsafeSlow(size);
    this.#gathered = 0;
    this.#padding = padding(size);
    if (size === 0) this.#endGathering(this.#gather);
  }

  #endGathering(bytes: Buffer): void {
    this.#gather = undefined;
    this.#skip = this.#padding;
    switch (this.#gatherFor) {
      case 'content':
        this.#handler.content(bytes);
        return;
      case 'longName':
        this.#longName = untilNul(bytes);
        return;
      case 'longLink':
        this.#longLink = untilNul(bytes);
        return;
      case 'pax': {
        const records = readPax(bytes);
        if (records === undefined) this.#damaged('an extended header is damaged');
        else this.#pax = records;
      }
    }
  }
}

function kindOf(type: number, name: string): TarMember['kind'] {
  switch (type) {
    case typeFlag.oldFile:
    case typeFlag.file:
      return name.endsWith('/') ? 'directory' : 'file'; // how directories were written before they had a type
    case typeFlag.contiguous:
    case typeFlag.gnuSparse:
      return 'file';
    case typeFlag.directory:
      return 'directory';
    case typeFlag.symlink:
      return 'symlink';
    case typeFlag.hardLink:
      return 'hardlink';
    default:
      return 'other';
  }
}

function isDevice(type: number): boolean {
  return type === typeFlag.characterDevice || type === typeFlag.blockDevice || type === typeFlag.fifo;
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Sum of the 512 header bytes, the checksum field itself read as spaces; some old writers summed signed bytes. POSIX.1-2017, pax, "ustar Interchange Format". */
function checksum(buffer: Buffer, at: number): { unsigned: number; signed: number } {
  let unsigned = blankChecksum;
  let high = 0;
  for (let i = at; i < at + 148; i++) {
    const byte = buffer[i] ?? 0;
    unsigned += byte;
    high += byte >> 7;
  }
  for (let i = at + 156; i < at + blockBytes; i++) {
    const byte = buffer[i] ?? 0;
    unsigned += byte;
    high += byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

function isZero(buffer: Buffer, at: number): boolean {
  for (let i = at; i < at + blockBytes; i++) if (buffer[i] !== 0) return false;
  return true;
}

/** Octal digits, or base 256 when the top bit is set. Undefined for anything negative, beyond 2^53 or not a number. */
function readNumber(buffer: Buffer, at: number, length: number): number | undefined {
  const first = buffer[at] ?? 0;
  let value = 0;
  if ((first & 0x80) !== 0) {
    if (first !== 0x80) return undefined;
    for (let i = at + 1; i < at + length; i++) {
      value = value * 256 + (buffer[i] ?? 0);
      if (value > Number.MAX_SAFE_INTEGER) return undefined;
    }
    return value;
  }
  let i = at;
  while (i < at + length && buffer[i] === 0x20) i++;
  for (; i < at + length; i++) {
    const byte = buffer[i] ?? 0;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) return undefined;
    value = value * 8 + byte - 0x30;
  }
  return value;
}

function decimal(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function field(buffer: Buffer, at: number, length: number): string {
  if (buffer[at] === 0) return '';
  const nul = buffer.indexOf(0, at);
  return decodeName(buffer.subarray(at, nul < 0 || nul > at + length ? at + length : nul));
}

function headerName(buffer: Buffer, at: number): string {
  const name = field(buffer, at, 100);
  // "ustar" and NUL: POSIX, with a prefix field. GNU writes "ustar  " and keeps times there.
  const posix = buffer[at + 257] === 0x75 && buffer[at + 262] === 0;
  const prefix = posix ? field(buffer, at + 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function untilNul(bytes: Buffer): string {
  const nul = bytes.indexOf(0);
  return decodeName(nul < 0 ? bytes : bytes.subarray(0, nul));
}

/** Records of "length key=value\n", the length counting itself. POSIX.1-2017, pax, "pax Extended Header". */
function readPax(bytes: Buffer): Map<string, string> | undefined {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 0) break; // padding that some writers count in
    const space = bytes.indexOf(0x20, at);
    if (space < 0 || space - at > 8) return undefined;
    const length = decimal(bytes.toString('latin1', at, space));
    const end = at + (length ?? 0);
    if (length === undefined || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) return undefined;
    const equals = bytes.indexOf(0x3d, space);
    if (equals < 0 || equals >= end) return undefined;
    const key = bytes.toString('latin1', space + 1, equals);
    // an empty value takes back what a header said
    if (equals === end - 2) records.delete(key);
    else records.set(key, decodeName(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}
