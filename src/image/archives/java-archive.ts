import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { DamagedError, LimitExceededError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import { decodeText, textLines } from '../text-lines.ts';
import type { Extractor, OfferedFile } from '../types.ts';
import { ZipReader, type ZipBudget, type ZipHandler, type ZipMember, type ZipSink } from './zip-reader.ts';

/** Ceilings for one file with all archives inside it. */
export interface JavaArchiveLimits {
  /** Archives inside archives. */
  readonly maxDepth: number;
  readonly maxArchives: number;
  readonly maxMembers: number;
  readonly maxInflatedBytes: number;
  /** Inflated bytes for each byte of the file, once `expansionGraceBytes` came out. */
  readonly maxExpansion: number;
  readonly expansionGraceBytes: number;
}

const mebibyte = 1024 * 1024;

/** An application server with all its applications has some thousand archives and a million members. */
export const defaultJavaArchiveLimits: JavaArchiveLimits = {
  maxDepth: 20,
  maxArchives: 20_000,
  maxMembers: 5_000_000,
  maxInflatedBytes: 4096 * mebibyte,
  maxExpansion: 100,
  expansionGraceBytes: 64 * mebibyte,
};

const archiveName = /\.(?:jar|war|ear|par|sar|nar|hpi|jpi|kar|lpkg)$/i;
/** Endings that nobody else uses; the others are those of other kinds of files too. */
const javaAlone = /\.(?:jar|war|ear)$/i;
/** Sources, documentation and tests run nowhere. */
const notRun = /-(?:sources?|javadoc|tests?|test-sources)\.jar$/i;
const maxProblems = 50;
/** Kept of one archive; a shaded one has some hundred. */
const maxCoordinates = 20_000;
const maxTextLength = 300;

/** Attributes of a manifest that name a library. JAR File Specification, "Main Attributes"; OSGi Core, "Bundle Manifest Headers". */
const attributes = [
  'Bundle-SymbolicName',
  'Extension-Name',
  'Implementation-Vendor-Id',
  'Automatic-Module-Name',
  'Implementation-Title',
  'Implementation-Version',
  'Specification-Version',
  'Bundle-Version',
] as const;
export type ManifestAttribute = (typeof attributes)[number];
const attributeByLowerCase = new Map<string, ManifestAttribute>(attributes.map((one) => [one.toLowerCase(), one]));

/** Group, artifact and version of a `pom.properties`. */
export type Coordinates = readonly [group: string, artifact: string, version: string];

/** What an archive says of itself, and the archives inside it. */
export interface JavaArchive {
  /** Path inside the archive around it; empty for the file itself. */
  readonly name: string;
  readonly coordinates: readonly Coordinates[];
  readonly manifest: Readonly<Partial<Record<ManifestAttribute, string>>>;
  readonly archives: readonly JavaArchive[];
  readonly problems: readonly string[];
}

const archiveShape: z.ZodType<JavaArchive> = z.object({
  name: z.string(),
  coordinates: z.array(z.tuple([z.string(), z.string(), z.string()])),
  manifest: z.partialRecord(z.enum(attributes), z.string()),
  archives: z.array(z.lazy(() => archiveShape)),
  problems: z.array(z.string()),
});

/** Throws DamagedError. */
export function readJavaArchiveExtract(bytes: Uint8Array, path: string): JavaArchive {
  const parsed = archiveShape.safeParse(parseJson(decodeText(bytes), `"${path}"`));
  if (parsed.success) return parsed.data;
  throw new DamagedError(`Cannot read "${path}": what was kept of it is damaged`, 'Scan it again.');
}

export function isJavaArchive(path: string): boolean {
  return archiveName.test(path) && !notRun.test(path);
}

/** Reads an archive as it passes by; of its members only those that name libraries are unpacked. */
export function extractJavaArchive(file: OfferedFile, limits = defaultJavaArchiveLimits): Extractor {
  return new JavaArchiveExtractor(file, limits);
}

class JavaArchiveExtractor implements Extractor {
  readonly #archive: OpenArchive;
  readonly #reader: ZipReader;
  /** Whether its first bytes may be anything, such as a shell script. */
  #isKnown: boolean;
  #isOver = false;

  constructor({ path, size }: OfferedFile, limits: JavaArchiveLimits) {
    this.#isKnown = javaAlone.test(path);
    const budget = new Budget(size, limits);
    this.#archive = new OpenArchive('', 0, budget);
    this.#reader = new ZipReader(this.#archive, budget);
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    if (!this.#isKnown && bytes.length >= 2) {
      if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return false; // "PK"
      this.#isKnown = true;
    }
    if (!this.#isOver) {
      await this.#guarded(this.#reader.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    }
    return true;
  }

  async end(): Promise<Uint8Array> {
    if (!this.#isOver) await this.#guarded(this.#reader.end());
    return Buffer.from(JSON.stringify(this.#archive.result()), 'utf8');
  }

  /** A ceiling ends the reading; what was found up to there counts. */
  async #guarded(reading: Promise<void>): Promise<void> {
    try {
      await reading;
    } catch (error) {
      this.abandon();
      if (!(error instanceof LimitExceededError)) throw error;
      this.#archive.problem(error.message);
    }
  }

  abandon(): void {
    this.#isOver = true;
    this.#reader.destroy();
  }
}

class Budget implements ZipBudget {
  readonly limits: JavaArchiveLimits;
  readonly #maxInflatedBytes: number;
  readonly #turns = new TurnTaker();
  #inflatedBytes = 0;
  #members = 0;
  #archives = 0;
  #coordinates = 0;

  constructor(fileBytes: number, limits: JavaArchiveLimits) {
    this.limits = limits;
    this.#maxInflatedBytes = Math.min(
      limits.maxInflatedBytes,
      Math.max(limits.expansionGraceBytes, fileBytes * limits.maxExpansion),
    );
  }

  inflated(bytes: number): void {
    this.#inflatedBytes += bytes;
    if (this.#inflatedBytes > this.#maxInflatedBytes)
      throw exceeded(`it unpacks to more than ${this.#maxInflatedBytes} bytes`);
  }

  member(): void {
    if (++this.#members > this.limits.maxMembers) throw exceeded(`it has more than ${this.limits.maxMembers} members`);
  }

  archive(): void {
    if (++this.#archives > this.limits.maxArchives) {
      throw exceeded(`it has more than ${this.limits.maxArchives} archives inside`);
    }
  }

  coordinates(): void {
    if (++this.#coordinates > maxCoordinates) throw exceeded(`it names more than ${maxCoordinates} libraries`);
  }

  pause(): Promise<void> {
    return this.#turns.pause();
  }
}

function exceeded(reason: string): LimitExceededError {
  return new LimitExceededError(`${reason}: the rest was not read`, 'Look into the archive if it is genuine.');
}

/** An archive being read. What its directory does not name in the end is not part of it. */
class OpenArchive implements ZipHandler {
  readonly #name: string;
  readonly #depth: number;
  readonly #budget: Budget;
  readonly #coordinates: { readonly member: ZipMember; readonly found: Coordinates }[] = [];
  readonly #archives: { readonly member: ZipMember; readonly archive: OpenArchive }[] = [];
  #manifest: { readonly member: ZipMember; readonly found: JavaArchive['manifest'] } | undefined;
  #isListed: (member: ZipMember) => boolean = () => true; // an archive that ends early has no directory
  readonly #problems: string[] = [];
  #moreProblems = 0;

  constructor(name: string, depth: number, budget: Budget) {
    this.#name = name;
    this.#depth = depth;
    this.#budget = budget;
  }

  member(member: ZipMember): 'content' | ZipSink | undefined {
    if (!this.isOfInterest(member.name)) return undefined;
    return archiveName.test(member.name) ? this.#inside(member) : 'content';
  }

  isOfInterest(name: string): boolean {
    if (name.endsWith('pom.properties')) return name.length === 14 || name[name.length - 15] === '/';
    if (name.length === 20 && name.toUpperCase() === 'META-INF/MANIFEST.MF') return true;
    return isJavaArchive(name);
  }

  #inside(member: ZipMember): ZipSink | undefined {
    if (this.#depth >= this.#budget.limits.maxDepth) {
      this.problem(`it holds archives inside more than ${this.#budget.limits.maxDepth} others: not read`);
      return undefined;
    }
    this.#budget.archive();
    const archive = new OpenArchive(member.name.slice(0, 1000), this.#depth + 1, this.#budget);
    const reader = new ZipReader(archive, this.#budget);
    this.#archives.push({ member, archive });
    return {
      write: (bytes) => reader.write(bytes),
      end: (reason) => reader.end(reason),
    };
  }

  content(member: ZipMember, bytes: Buffer): void {
    if (!member.name.endsWith('pom.properties')) {
      this.#manifest = { member, found: readManifest(decodeText(bytes)) };
      return;
    }
    const found = readCoordinates(decodeText(bytes));
    if (found === undefined) return;
    this.#budget.coordinates();
    this.#coordinates.push({ member, found });
  }

  problem(reason: string): void {
    if (this.#problems.length < maxProblems) this.#problems.push(reason);
    else this.#moreProblems++;
  }

  directory(isListed: (member: ZipMember) => boolean): void {
    this.#isListed = isListed;
  }

  result(): JavaArchive {
    const seen = new Set<string>();
    const coordinates: Coordinates[] = [];
    for (const { member, found } of this.#coordinates) {
      const key = found.join('\0');
      if (seen.has(key) || !this.#isListed(member)) continue;
      seen.add(key);
      coordinates.push(found);
    }
    const manifest = this.#manifest !== undefined && this.#isListed(this.#manifest.member) ? this.#manifest.found : {};
    return {
      name: this.#name,
      coordinates,
      manifest,
      archives: this.#archives.filter(({ member }) => this.#isListed(member)).map(({ archive }) => archive.result()),
      problems:
        this.#moreProblems === 0 ? this.#problems : [...this.#problems, `${this.#moreProblems} more problems of it`],
    };
  }
}

/** Apache Maven Archiver, "pom.properties": `key=value` lines; `:` and blanks round the separator occur. */
function readCoordinates(text: string): Coordinates | undefined {
  const values = new Map<string, string>();
  for (const { text: line } of textLines(text)) {
    const pair = /^\s*(groupId|artifactId|version)\s*[=:]\s*(\S.*?)\s*$/.exec(line.slice(0, 2 * maxTextLength));
    if (pair?.[1] !== undefined && pair[2] !== undefined) values.set(pair[1], pair[2]);
  }
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((key) => usable(values.get(key)));
  return group === undefined || artifact === undefined || version === undefined
    ? undefined
    : [group, artifact, version];
}

/** Main attributes; lines go on behind one blank in front. JAR File Specification, "Notes on Manifest and Signature Files". */
function readManifest(text: string): JavaArchive['manifest'] {
  const found: Partial<Record<ManifestAttribute, string>> = {};
  let current: { name: ManifestAttribute; value: string } | undefined;
  const keep = (): void => {
    const value = usable(current?.value);
    if (current !== undefined && value !== undefined) found[current.name] ??= value;
    current = undefined;
  };
  for (const { text: line } of textLines(text)) {
    if (line.startsWith(' ')) {
      if (current !== undefined && current.value.length <= 4 * maxTextLength) current.value += line.slice(1);
      continue;
    }
    keep();
    if (/^name\s*:/i.test(line)) break; // sections of single members begin
    const pair = /^([A-Za-z-]{1,70})\s*:\s?(.*)$/.exec(line);
    const name = attributeByLowerCase.get(pair?.[1]?.toLowerCase() ?? '');
    if (name !== undefined) current = { name, value: pair?.[2] ?? '' };
  }
  keep();
  return found;
}

/** Templates that nobody filled in are no values. */
function usable(value: string | undefined): string | undefined {
  const text = value?.trim() ?? '';
  return text === '' || text.length > maxTextLength || text.includes('${') || text.startsWith('%') ? undefined : text;
}
