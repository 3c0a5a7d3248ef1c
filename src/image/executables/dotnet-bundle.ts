import { Gathering, type Seeker } from './seeker.ts';

/** .NET, "bundle marker": SHA-256 of ".net core bundle\n"; the eight bytes before it say where the bundle's header lies. */
const marker = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
/** Searching for a part of it that begins with a rare byte takes a fraction of the time. */
const rareAt = 13;
const rarePart = marker.subarray(rareAt);
/** The host in front of the bundle has some ten megabytes. */
const maxHostBytes = 64 * 1024 * 1024;
const property = Buffer.from('"runtimeTarget"', 'latin1');
const maxDocuments = 4;
const maxDocumentBytes = 16 * 1024 * 1024;
/** Header without the list of files. */
const maxHeaderBytes = 512;

/** The list of packages inside a single-file application; without a text when it is there and could not be taken. */
export interface Bundle {
  readonly depsJson?: string;
}

/**
 * Finds `deps.json` in a .NET application published as a single file. The header that says where it lies comes after it, so
 * the documents that look like one are noted as they pass. .NET, "single-file bundler", bundle format 2 and later.
 */
export class BundleSeeker implements Seeker {
  #header: Gathering | undefined;
  #openDocument: Document | undefined;
  readonly #documents: Document[] = [];

  feed(window: Buffer, base: number, limit: number): void {
    this.#header ??= findHeader(window, base, limit);
    if (this.#header === undefined) return;
    this.#header.feed(window, base, limit);
    this.#noteDocuments(window, base, limit);
  }

  #noteDocuments(window: Buffer, base: number, limit: number): void {
    let from = 0;
    for (;;) {
      if (this.#openDocument !== undefined) {
        from = this.#openDocument.feed(window, base, limit);
        if (!this.#openDocument.isClosed) return;
        this.#documents.push(this.#openDocument);
        this.#openDocument = undefined;
      }
      if (this.#documents.length >= maxDocuments) return;
      const at = window.indexOf(property, from);
      if (at < 0 || at >= limit + 16) return;
      from = at + 1;
      const blanks = /\{\s*$/.exec(window.toString('latin1', Math.max(0, at - 16), at))?.[0].length;
      const start = at - (blanks ?? 0);
      if (blanks === undefined || start >= limit) continue;
      this.#openDocument = new Document(base + start);
    }
  }

  /** Call after the last window. Undefined when it is no bundle. */
  result(): Bundle | undefined {
    const header = this.#header?.bytes;
    if (header === undefined || header.length < 13) return undefined;
    const major = header.readUInt32LE(0);
    const idLength = header[12] ?? 0;
    const at = 13 + idLength;
    if (major < 2 || major > 100 || idLength > 127 || header.length < at + 16) return {};
    const offset = Number(header.readBigInt64LE(at));
    const size = Number(header.readBigInt64LE(at + 8));
    if (size === 0) return {};
    // A byte order mark may stand before the document.
    const found = this.#documents.find((one) => one.from >= offset && one.from <= offset + 3);
    return found === undefined ? {} : { depsJson: found.text };
  }
}

/** The place that the marker in the host names. */
function findHeader(window: Buffer, base: number, limit: number): Gathering | undefined {
  if (base > maxHostBytes) return undefined;
  const first = 8 + rareAt;
  for (let rare = window.indexOf(rarePart, first); rare >= 0; rare = window.indexOf(rarePart, rare + 1)) {
    const at = rare - first;
    if (at >= limit) return undefined;
    if (window.compare(marker, 0, rareAt, rare - rareAt, rare) !== 0) continue;
    const offset = Number(window.readBigInt64LE(at));
    // Zero in a host without a bundle.
    if (offset > base + at && Number.isSafeInteger(offset)) return new Gathering(offset, maxHeaderBytes);
  }
  return undefined;
}

/** A JSON document from its opening brace on. */
class Document {
  readonly from: number;
  readonly #bytes: Gathering;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Offset behind the closing brace. */
  #end: number | undefined;
  #next: number;

  constructor(from: number) {
    this.from = from;
    this.#next = from;
    this.#bytes = new Gathering(from, maxDocumentBytes);
  }

  get isClosed(): boolean {
    return this.#end !== undefined || this.#bytes.isFull;
  }

  get text(): string {
    return this.#end === undefined ? '' : this.#bytes.bytes.toString('utf8', 0, this.#end - this.from);
  }

  /** Returns the position in the window behind what it took. */
  feed(window: Buffer, base: number, limit: number): number {
    let at = this.#next - base;
    for (; at < limit && this.#end === undefined; at++) {
      const byte = window[at];
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString) {
        if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#inString = false;
      } else if (byte === 0x22) this.#inString = true;
      else if (byte === 0x7b || byte === 0x5b) this.#depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --this.#depth === 0) this.#end = base + at + 1;
    }
    this.#next = base + at;
    this.#bytes.feed(window, base, at);
    return at;
  }
}
