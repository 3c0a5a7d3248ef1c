import * as z from 'zod';
import { DamagedError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Extractor, OfferedFile } from '../types.ts';
import { BundleSeeker } from './dotnet-bundle.ts';
import { GoSeeker } from './go-build-info.ts';
import { RustSeeker } from './rust-audit.ts';
import { lookAheadBytes } from './seeker.ts';

/** First bytes that are gathered before anything is looked for: magic number and tables of segments lie in them. */
const headBytes = 64 * 1024;
const magicBytes = 8;
/** Larger ones than a program that prints a line; scripts and markers are smaller. */
const minExecutableBytes = 512;

/** What was found in an executable, in the form in which it is kept. */
export interface ExecutableExtract {
  readonly go?: { readonly version?: string | undefined; readonly modules: string } | undefined;
  /** Base64 of the zlib stream with the list of crates; empty when there is a section for it and no list was found. */
  readonly rust?: string | undefined;
  /** `deps.json` of a single-file application; empty when it could not be taken out. */
  readonly dotnet?: string | undefined;
  /** Compressed by UPX: nothing can be seen. */
  readonly packed?: boolean | undefined;
}

const shape = z.object({
  go: z.object({ version: z.string().optional(), modules: z.string() }).optional(),
  rust: z.string().optional(),
  dotnet: z.string().optional(),
  packed: z.boolean().optional(),
});

/** Throws DamagedError. */
export function readExecutableExtract(bytes: Uint8Array, path: string): ExecutableExtract {
  const parsed = shape.safeParse(parseJson(decodeText(bytes), `"${path}"`));
  if (parsed.success) return parsed.data;
  throw new DamagedError(`Cannot read "${path}": what was kept of it is damaged`, 'Scan it again.');
}

/** Paths whose files may be executables by what is known of a path alone. */
export function mayBeExecutablePath(path: string): boolean {
  return !/^(?:proc|sys|dev)\//.test(path);
}

const executableName = /(?:^|\/)[^./]+$|\.(?:exe|dll|so|dylib|bin|elf|node|run)$|\.so\.[\d.]+$/i;

/** For cataloguers of executables: all of them share this. */
export function extractExecutable({ path, size, mode }: OfferedFile): Extractor | undefined {
  if (size < minExecutableBytes) return undefined;
  return (mode & 0o111) !== 0 || executableName.test(path) ? new ExecutableExtractor(size) : undefined;
}

/** ELF, PE ("MZ") or Mach-O, also of several architectures in one file. */
export function isExecutable(head: Buffer): boolean {
  if (head.length < magicBytes) return false;
  const magic = head.readUInt32BE(0);
  switch (magic) {
    case 0x7f454c46:
    case 0xfeedface:
    case 0xfeedfacf:
    case 0xcefaedfe:
    case 0xcffaedfe:
      return true;
    case 0xcafebabe:
    case 0xcafebabf:
      return head.readUInt32BE(4) <= 20; // a class of Java begins so too, and has its version here: 45 and more
    default:
      return magic >>> 16 === 0x4d5a;
  }
}

class ExecutableExtractor implements Extractor {
  /** First pieces until there is enough of them. */
  #head: Buffer[] = [];
  #headLength = 0;
  /** Bytes that are seen again in the next window. */
  #held: Buffer = Buffer.alloc(0);
  readonly #fileBytes: number;
  #base = 0;
  #seekers: { readonly go: GoSeeker; readonly rust: RustSeeker; readonly dotnet: BundleSeeker } | undefined;
  #isChecked = false;
  #packed = false;

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  write(piece: Uint8Array): boolean {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.#seekers === undefined) return this.#begin(bytes);
    if (bytes.length < 2 * lookAheadBytes) this.#passAndHold(Buffer.concat([this.#held, bytes]));
    else {
      // Only what lies across the border of two pieces is put together.
      const held = this.#held.length;
      this.#pass(Buffer.concat([this.#held, bytes.subarray(0, lookAheadBytes)]), held);
      this.#passAndHold(bytes);
    }
    return true;
  }

  /** Gathers the first bytes. False when they are not an executable's. */
  #begin(bytes: Buffer): boolean {
    this.#head.push(bytes);
    this.#headLength += bytes.length;
    if (!this.#isChecked && this.#headLength >= magicBytes) {
      if (!isExecutable(Buffer.concat(this.#head))) return false;
      this.#isChecked = true;
    }
    if (this.#headLength >= headBytes) this.#passAndHold(this.#takeHead());
    else this.#head[this.#head.length - 1] = Buffer.from(bytes); // the caller's bytes are valid for this call alone
    return true;
  }

  #takeHead(): Buffer {
    const [first] = this.#head;
    const head = this.#head.length === 1 && first !== undefined ? first : Buffer.concat(this.#head);
    this.#head = [];
    return head;
  }

  #passAndHold(window: Buffer): void {
    const limit = Math.max(0, window.length - lookAheadBytes);
    this.#pass(window, limit);
    this.#held = Buffer.from(window.subarray(limit));
  }

  #pass(window: Buffer, limit: number): void {
    if (this.#seekers === undefined) {
      const head = window.subarray(0, headBytes);
      this.#packed = head.subarray(0, 4096).includes('UPX!', 0, 'latin1');
      this.#seekers = { go: new GoSeeker(head), rust: new RustSeeker(this.#fileBytes), dotnet: new BundleSeeker() };
    }
    const { go, rust, dotnet } = this.#seekers;
    go.feed(window, this.#base, limit);
    if (!go.isDone) {
      if (!rust.isDone) rust.feed(window, this.#base, limit);
      dotnet.feed(window, this.#base, limit);
    }
    this.#base += limit;
  }

  async end(): Promise<Uint8Array | undefined> {
    if (!this.#isChecked) return undefined;
    const rest = this.#seekers === undefined ? this.#takeHead() : this.#held;
    this.#pass(rest, rest.length);
    const go = this.#seekers?.go.result();
    const rust = go === undefined ? await this.#seekers?.rust.result() : undefined;
    const bundle = this.#seekers?.dotnet.result();
    if (go === undefined && rust === undefined && bundle === undefined && !this.#packed) return undefined;
    const extract: ExecutableExtract = {
      ...(go === undefined ? {} : { go }),
      ...(rust === undefined ? {} : { rust: Buffer.from(rust).toString('base64') }),
      ...(bundle === undefined ? {} : { dotnet: bundle.depsJson ?? '' }),
      ...(this.#packed ? { packed: true } : {}),
    };
    return Buffer.from(JSON.stringify(extract), 'utf8');
  }
}
