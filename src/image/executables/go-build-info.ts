import { Gathering, type Seeker } from './seeker.ts';
import { addressMap, type AddressMap } from './segments.ts';

/** What Go's linker wrote into a program. */
export interface GoBuildInfo {
  /** As written, such as `go1.22.3` or `go1.21.0 X:boringcrypto`; absent when it could not be read. */
  readonly version?: string;
  /** Lines of module information without their frame; empty for programs built without modules. */
  readonly modules: string;
}

/** Go, "debug/buildinfo" and "cmd/link": a header of 32 bytes at a multiple of 16. */
const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
/** Go, "cmd/go/internal/modload": what frames the module lines, wherever they lie. */
const frameStart = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
const frameEnd = Buffer.from('f932433186182072008242104116d8f2', 'hex');
/** The frame without its first two bytes: fewer places begin like it. */
const rareStart = frameStart.subarray(2);
/** The longest known have some hundred kilobytes. */
const maxModuleBytes = 4 * 1024 * 1024;
const maxVersionBytes = 256;
/** Places where a version may stand, kept until the pointer to it is known. Programs of before Go 1.18 alone need them. */
const maxVersionPlaces = 4096;
const versionStart = Buffer.from('go1.', 'latin1');
/** Go, "cmd/link": the build id stands in a note of ELF, else in front of the code. */
const buildIdMarks = [
  Buffer.from('\x04\0\0\0Go\0\0', 'latin1'),
  Buffer.from('\0\0\0\x04Go\0\0', 'latin1'),
  Buffer.from('Go build ID: "', 'latin1'),
];

/**
 * Finds the build information of Go: since 1.18 it follows the header; before, the header has addresses of two strings that
 * lie before it in the file, so module lines and everything that looks like a version are noted as they pass.
 */
export class GoSeeker implements Seeker {
  readonly #map: AddressMap;
  /** Whether it says in its first bytes that it is Go's: only then is anything noted that old programs alone need. */
  readonly #mayBeOld: boolean;
  readonly #versionPlaces = new Map<number, string>();
  /** Module lines between frames, wherever they were. */
  #framed: Gathering | undefined;
  #framedFrom = 0;
  #framedText: string | undefined;
  /** What follows the header of Go 1.18 and later. */
  #inline: Gathering | undefined;
  #found: GoBuildInfo | undefined;
  /** Of Go before 1.18: where the string header of the version lies, then where its text lies. */
  #pointers: { readonly pointerBytes: number; readonly bigEndian: boolean } | undefined;
  #versionHeader: Gathering | undefined;
  #version: Gathering | undefined;

  constructor(head: Buffer) {
    this.#map = addressMap(head);
    this.#mayBeOld = buildIdMarks.some((mark) => head.includes(mark));
  }

  get isDone(): boolean {
    return this.#found !== undefined;
  }

  feed(window: Buffer, base: number, limit: number): void {
    if (this.isDone) return;
    if (this.#inline !== undefined) {
      this.#inline.feed(window, base, limit);
      this.#readInline();
      return;
    }
    if (this.#mayBeOld) this.#noteFramed(window, base, limit);
    if (this.#pointers === undefined) {
      if (this.#mayBeOld) this.#noteVersions(window, base, limit);
      this.#findHeader(window, base, limit);
    }
    this.#followVersion(window, base, limit);
  }

  /** Call after the last window. */
  result(): GoBuildInfo | undefined {
    if (this.#found !== undefined) return this.#found;
    if (this.#inline !== undefined) return this.#readInline(true);
    if (this.#pointers === undefined) return undefined;
    const version = this.#version?.bytes.toString('utf8');
    const plausible = version !== undefined && isVersion(version) ? { version } : {};
    return { ...plausible, modules: this.#framedText ?? '' };
  }

  #findHeader(window: Buffer, base: number, limit: number): void {
    for (let at = (16 - (base % 16)) % 16; at < limit; at += 16) {
      if (window[at] !== 0xff || window[at + 1] !== 0x20 || window[at + 2] !== 0x47) continue;
      if (window.length - at < headerBytes || window.compare(magic, 0, magic.length, at, at + magic.length) !== 0)
        continue;
      const pointerBytes = window[at + 14] ?? 0;
      const flags = window[at + 15] ?? 0;
      if ((flags & 2) !== 0) {
        const length = window[at + headerBytes] ?? 0;
        const start = window.toString('latin1', at + headerBytes + 1, at + headerBytes + 1 + Math.min(length, 6));
        if (!isVersion(start)) continue; // the marker itself, in a program that looks for it
        this.#inline = new Gathering(base + at + headerBytes, maxVersionBytes + maxModuleBytes);
        this.#inline.feed(window, base, limit);
        this.#readInline();
        return;
      }
      if (flags > 1 || (pointerBytes !== 4 && pointerBytes !== 8)) continue;
      this.#pointers = { pointerBytes, bigEndian: flags === 1 };
      const header = this.#map(this.#pointer(window, at + 16));
      // A string header that has passed already is not looked for: linkers put it behind.
      if (header !== undefined && header >= base) this.#versionHeader = new Gathering(header, 2 * pointerBytes);
      return;
    }
  }

  #pointer(bytes: Buffer, at: number): number {
    const { pointerBytes, bigEndian } = this.#pointers ?? { pointerBytes: 8, bigEndian: false };
    if (pointerBytes === 4) return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    return Number(bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  }

  /** Length as a varint and text, twice. */
  #readInline(atEnd = false): GoBuildInfo | undefined {
    const bytes = this.#inline?.bytes ?? Buffer.alloc(0);
    const version = readText(bytes, 0, maxVersionBytes);
    const modules = version === undefined ? undefined : readText(bytes, version.end, maxModuleBytes);
    if (version !== undefined && modules !== undefined) {
      this.#found = { version: version.text.toString('utf8'), modules: unframed(modules.text) };
      this.#inline = undefined;
      return this.#found;
    }
    if (!atEnd || version === undefined) return undefined;
    return { version: version.text.toString('utf8'), modules: this.#framedText ?? '' };
  }

  #noteFramed(window: Buffer, base: number, limit: number): void {
    if (this.#framedText !== undefined) return;
    if (this.#framed === undefined) {
      let at = window.indexOf(rareStart, 2);
      while (at >= 2 && at - 2 < limit && (window[at - 2] !== frameStart[0] || window[at - 1] !== frameStart[1])) {
        at = window.indexOf(rareStart, at + 1);
      }
      if (at < 2 || at - 2 >= limit) return;
      this.#framedFrom = base + at - 2 + frameStart.length;
      this.#framed = new Gathering(this.#framedFrom, maxModuleBytes);
    }
    const end = window.indexOf(frameEnd, Math.max(0, this.#framedFrom - base));
    if (end < 0 || end >= limit) {
      this.#framed.feed(window, base, limit);
      return;
    }
    this.#framed.feed(window, base, end);
    this.#framedText = this.#framed.bytes.toString('utf8');
  }

  #noteVersions(window: Buffer, base: number, limit: number): void {
    let at = window.indexOf(versionStart);
    while (at >= 0 && at < limit && this.#versionPlaces.size < maxVersionPlaces) {
      this.#versionPlaces.set(base + at, window.toString('latin1', at, at + 64));
      at = window.indexOf(versionStart, at + 1);
    }
  }

  #followVersion(window: Buffer, base: number, limit: number): void {
    if (this.#version !== undefined) {
      this.#version.feed(window, base, limit);
      return;
    }
    const header = this.#versionHeader;
    header?.feed(window, base, limit);
    if (header?.isFull !== true || this.#pointers === undefined) return;
    this.#versionHeader = undefined;
    const length = this.#pointer(header.bytes, this.#pointers.pointerBytes);
    const offset = this.#map(this.#pointer(header.bytes, 0));
    if (offset === undefined || length === 0 || length > maxVersionBytes) return;
    const noted = this.#versionPlaces.get(offset);
    if (noted === undefined && offset < base) return;
    this.#version = new Gathering(offset, length);
    if (noted === undefined) this.#version.feed(window, base, limit);
    else this.#version.feed(Buffer.from(noted, 'latin1'), offset, Math.min(length, noted.length));
  }
}

/** A length of at most eight bytes, seven bits each, low ones first, and so many bytes of text. */
function readText(bytes: Buffer, from: number, maxBytes: number): { text: Buffer; end: number } | undefined {
  let length = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    const start = from + i + 1;
    if (length > maxBytes || start + length > bytes.length) return undefined;
    return { text: bytes.subarray(start, start + length), end: start + length };
  }
  return undefined;
}

function unframed(text: Buffer): string {
  const framed = text.length >= 33 && text[text.length - 17] === 0x0a;
  return framed ? text.toString('utf8', 16, text.length - 16) : '';
}

function isVersion(text: string): boolean {
  return text.startsWith('go') || text.startsWith('devel');
}

/** A module that was linked into a program. */
export interface GoModule {
  readonly path: string;
  /** With its leading `v`; `(devel)` or empty for the program's own source. */
  readonly version: string;
}

/** Go, "debug.BuildInfo": the program's own module, and the others with their replacements. */
export function readModules(text: string): {
  main?: GoModule;
  dependencies: readonly GoModule[];
  damagedLines: number;
} {
  let main: GoModule | undefined;
  const dependencies: GoModule[] = [];
  let damagedLines = 0;
  let last: 'main' | 'dependency' | undefined;
  for (const line of text.split('\n')) {
    const [key, path, version] = line.split('\t');
    if (key !== 'mod' && key !== 'dep' && key !== '=>') continue;
    if (
      path === undefined ||
      path.length > 1024 ||
      (version?.length ?? 0) > 256 ||
      hasControl(path + (version ?? ''))
    ) {
      damagedLines++;
      last = undefined;
      continue;
    }
    const found: GoModule = { path, version: version ?? '' };
    if (key === 'mod') {
      main = found;
      last = 'main';
    } else if (key === 'dep') {
      dependencies.push(found);
      last = 'dependency';
    } else if (path !== '') {
      if (last === 'main') main = found;
      else if (last === 'dependency') dependencies.splice(-1, 1, found);
    }
  }
  return { ...(main === undefined ? {} : { main }), dependencies, damagedLines };
}

function hasControl(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text);
}
