import { createHash } from 'node:crypto';
import { TurnTaker } from '../core/concurrency.ts';
import { DamagedError, DigestMismatchError, LimitExceededError, isEngineError } from '../core/errors.ts';
import { decompress } from './decompress.ts';
import { defaultLayerLimits, type LayerLimits } from './limits.ts';
import { TarReader, type TarHandler, type TarMember } from './tar.ts';
import { normalisePath } from './tar-path.ts';
import type { FoundSecret } from './secrets/kinds.ts';
import type { Extractor, KeepFilter, KeepRule, LayerContent, LayerEntry, Problem } from './types.ts';

/** What manifest and config promise about a layer. */
export interface ExpectedLayer {
  /** Digest of the blob as it is transferred. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Digest of the unpacked archive. */
  readonly diffId: string;
}

export interface ReadLayerOptions {
  readonly keep: KeepFilter;
  readonly signal: AbortSignal;
  readonly limits?: Partial<LayerLimits>;
  /** Told the number of bytes of the blob that were read so far. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads a layer in one pass over its bytes: hashes them, unpacks, hashes the archive, lists its entries and keeps the
 * contents that `keep` asks for. Nothing is returned before size and both digests were found right.
 * Throws DigestMismatchError (size, blob or archive), DamagedError (compressed data; the digests were right),
 * LimitExceededError (unpacked size or expansion), and what the source throws. Damage inside the archive, oversized files
 * and refused paths are problems in the result.
 */
export async function readLayer(
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedLayer,
  options: ReadLayerOptions,
): Promise<LayerContent> {
  const { signal, onBytes } = options;
  const limits = { ...defaultLayerLimits, ...options.limits };
  const blobHash = createHash('sha256');
  let blobBytes = 0;
  async function* hashed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      signal.throwIfAborted();
      blobHash.update(chunk);
      blobBytes += chunk.length;
      if (blobBytes > expected.sizeBytes) throw mismatch(expected, `it is larger than ${expected.sizeBytes} bytes`);
      onBytes?.(blobBytes);
      yield chunk;
    }
  }

  const archiveHash = createHash('sha256');
  const collector = new Collector(options.keep, limits);
  const reader = new TarReader(collector);
  let archiveBytes = 0;
  let damage: DamagedError | undefined;
  const turns = new TurnTaker();
  try {
    for await (const chunk of decompress(hashed())) {
      signal.throwIfAborted();
      archiveBytes += chunk.length;
      checkExpansion(expected, limits, blobBytes, archiveBytes);
      archiveHash.update(chunk);
      for (let at = 0; at < chunk.length;) {
        at = reader.write(chunk, at);
        await reader.waiting;
      }
      await turns.pause();
    }
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    damage = error;
  } finally {
    collector.abandon();
  }

  const digest = `sha256:${blobHash.digest('hex')}`;
  if (blobBytes !== expected.sizeBytes) {
    throw mismatch(expected, `it has ${blobBytes} bytes instead of ${expected.sizeBytes}`);
  }
  if (digest !== expected.digest) throw mismatch(expected, `its digest is ${digest}`);
  const diffId = `sha256:${archiveHash.digest('hex')}`;
  if (damage !== undefined) throw damage;
  if (diffId !== expected.diffId) {
    throw mismatch(expected, `its unpacked digest is ${diffId} instead of ${expected.diffId}`);
  }
  reader.end();
  const { entries, secrets } = collector;
  return { diffId, entries, problems: collector.problems(), ...(secrets.length === 0 ? {} : { secrets }) };
}

function mismatch(expected: ExpectedLayer, reason: string): DigestMismatchError {
  return new DigestMismatchError(
    `Cannot use layer ${expected.digest}: ${reason}`,
    'The registry or something in between changed it, or the image is broken. Nothing of it was used; push it again if it stays.',
  );
}

function checkExpansion(expected: ExpectedLayer, limits: LayerLimits, blobBytes: number, archiveBytes: number): void {
  if (archiveBytes > limits.maxUnpackedBytes) {
    throw new LimitExceededError(
      `Cannot read layer ${expected.digest}: it unpacks to more than ${limits.maxUnpackedBytes} bytes`,
      'Nothing of it was used. Split the layer if it is genuine.',
    );
  }
  if (archiveBytes > limits.expansionGraceBytes && archiveBytes > blobBytes * limits.maxExpansion) {
    throw new LimitExceededError(
      `Cannot read layer ${expected.digest}: it unpacks to more than ${limits.maxExpansion} times its size`,
      'Nothing of it was used. It holds endless repetitions, such as a log file of zeros: remove it from the image.',
    );
  }
}

/** A file that is being read as it passes by. */
interface Extracting {
  readonly path: string;
  readonly size: number;
  readonly rule: KeepRule;
  readonly extractor: Extractor;
}

const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';
const aufsPrefix = '.wh..wh.';

/** Turns members of the archive into entries of the layer. */
class Collector implements TarHandler {
  readonly entries: LayerEntry[] = [];
  readonly secrets: FoundSecret[] = [];
  readonly #keep: KeepFilter;
  readonly #limits: LayerLimits;
  readonly #problems: Problem[] = [];
  #problemCount = 0;
  #passedOver = 0;
  #keptBytes = 0;
  #nameChars = 0;
  #wanted: { path: string; size: number; rule: KeepRule } | undefined;
  #extracting: Extracting | undefined;

  constructor(keep: KeepFilter, limits: LayerLimits) {
    this.#keep = keep;
    this.#limits = limits;
  }

  member(member: TarMember): boolean | 'pieces' {
    this.#wanted = undefined;
    this.#extracting = undefined;
    const path = normalisePath(member.name);
    if (path === undefined) {
      this.#problem(member.name, 'its path leads out of the image: passed over');
      return false;
    }
    if (path === '') return false; // the root itself
    // Every character is at least one byte.
    if (path.length > this.#limits.maxPathBytes) {
      this.#problem(path, `its path is longer than ${this.#limits.maxPathBytes} bytes: passed over`);
      return false;
    }
    const { target } = member;
    if (target.length > this.#limits.maxPathBytes) {
      this.#problem(path, `its link target is longer than ${this.#limits.maxPathBytes} bytes: passed over`);
      return false;
    }
    const nameChars = this.#nameChars + path.length + target.length;
    if (this.entries.length >= this.#limits.maxEntries || nameChars > this.#limits.maxNameChars) {
      this.#passedOver++;
      return false;
    }
    this.#nameChars = nameChars;
    if (path.includes(whiteoutPrefix) && this.#whiteout(path)) return false;
    const { kind } = member;
    if (kind === 'symlink' || kind === 'hardlink') {
      this.entries.push({ path, kind, size: 0, target });
      return false;
    }
    const rule = kind === 'file' ? this.#keep(path) : undefined;
    if (rule?.extract !== undefined) {
      const { size, mode } = member;
      const extractor = rule.extract({ path, size, mode });
      if (extractor !== undefined && this.#accepts(path, member, rule)) {
        this.#extracting = { path, size, rule, extractor };
        return 'pieces'; // the entry follows with its extract
      }
    } else if (rule !== undefined && this.#accepts(path, member, rule)) {
      this.#wanted = { path, size: member.size, rule };
      return true; // the entry follows with its content
    }
    this.entries.push({ path, kind, size: member.size });
    return false;
  }

  content(bytes: Buffer): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const { path, size, rule } = wanted;
    if (rule.search !== undefined) this.secrets.push(...rule.search(path, bytes));
    if (rule.searchOnly === true) {
      this.entries.push({ path, kind: 'file', size });
      return;
    }
    const content = rule.reduce?.(path, bytes) ?? bytes;
    this.#keptBytes += content.length;
    this.entries.push({ path, kind: 'file', size, content });
  }

  piece(bytes: Buffer, isLast: boolean): boolean | Promise<boolean> {
    const going = this.#extracting;
    if (going === undefined) return false;
    let more: boolean | Promise<boolean>;
    try {
      more = bytes.length === 0 || going.extractor.write(bytes);
    } catch (error) {
      return this.#spoilt(going, error);
    }
    if (more === false) return this.#extracted(going, undefined);
    if (more === true && !isLast) return true;
    return this.#pieceInTime(going, more, isLast);
  }

  async #pieceInTime(going: Extracting, write: boolean | Promise<boolean>, isLast: boolean): Promise<boolean> {
    try {
      if (!(await write)) return this.#extracted(going, undefined);
      return isLast ? this.#extracted(going, await going.extractor.end()) : true;
    } catch (error) {
      return this.#spoilt(going, error);
    }
  }

  /** Answers false: no more of this file is wanted. */
  #extracted({ path, size, rule }: Extracting, extract: Uint8Array | undefined): false {
    this.#extracting = undefined;
    let kept = extract;
    if (kept !== undefined && this.#keptBytes + kept.length > this.#limits.maxKeptBytes) {
      this.#problem(
        path,
        `the files to read in this layer have more than ${this.#limits.maxKeptBytes} bytes: not read`,
      );
      kept = undefined;
    }
    this.#keptBytes += kept?.length ?? 0;
    const part = kept === undefined ? {} : rule.byContent === true ? { extract: kept } : { content: kept };
    this.entries.push({ path, kind: 'file', size, ...part });
    return false;
  }

  #spoilt(going: Extracting, error: unknown): false {
    if (!isEngineError(error)) throw error;
    going.extractor.abandon?.();
    this.#problem(going.path, error.message);
    return this.#extracted(going, undefined);
  }

  /** The rest of the archive will not come. */
  abandon(): void {
    this.#extracting?.extractor.abandon?.();
    this.#extracting = undefined;
  }

  problem(reason: string): void {
    this.#problem('', reason);
  }

  problems(): Problem[] {
    const all = [...this.#problems];
    const more = this.#problemCount - this.#problems.length;
    if (more > 0) all.push({ path: '', reason: `${more} more problems of this layer are not listed` });
    if (this.#passedOver > 0) {
      const most =
        this.entries.length >= this.#limits.maxEntries
          ? `${this.#limits.maxEntries} entries`
          : `${this.#limits.maxNameChars} characters of paths`;
      all.push({ path: '', reason: `the layer has more than ${most}: ${this.#passedOver} were passed over` });
    }
    return all;
  }

  #accepts(path: string, member: TarMember, rule: KeepRule): boolean {
    if (rule.searchOnly === true) return !member.sparse && member.size > 0 && member.size <= rule.maxBytes;
    if (member.sparse) {
      this.#problem(path, 'it is stored with holes: not read');
      return false;
    }
    if (member.size > rule.maxBytes) {
      this.#problem(path, `it has ${member.size} bytes, more than the ${rule.maxBytes} that are read`);
      return false;
    }
    if (rule.extract === undefined && this.#keptBytes + member.size > this.#limits.maxKeptBytes) {
      this.#problem(
        path,
        `the files to read in this layer have more than ${this.#limits.maxKeptBytes} bytes: not read`,
      );
      return false;
    }
    return true;
  }

  /** OCI image-spec v1.1, "layer.md", "Whiteouts". True when the path was one, or a left-over of aufs. */
  #whiteout(path: string): boolean {
    const slash = path.lastIndexOf('/');
    const directory = slash < 0 ? '' : path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (name === opaqueName) this.entries.push({ path: directory, kind: 'opaque', size: 0 });
    else if (name.startsWith(aufsPrefix)) return true;
    else if (name.startsWith(whiteoutPrefix)) {
      const hidden = name.slice(whiteoutPrefix.length);
      if (hidden === '' || hidden === '.' || hidden === '..') {
        this.#problem(path, 'it hides nothing that could exist: passed over');
        return true;
      }
      this.entries.push({ path: directory === '' ? hidden : `${directory}/${hidden}`, kind: 'whiteout', size: 0 });
    } else return `/${directory}`.includes(`/${whiteoutPrefix}`);
    return true;
  }

  #problem(path: string, reason: string): void {
    if (++this.#problemCount <= this.#limits.maxProblems) {
      this.#problems.push({ path: path.slice(0, 300).replace(/[\u0000-\u001f\u007f]/g, '\ufffd'), reason });
    }
  }
}
