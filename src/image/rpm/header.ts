import { isDistributionVendor } from './vendor.ts';

/** One installed package out of an rpm database, with what the catalogue needs of it. */
export interface RpmRecord {
  readonly name: string;
  /** `[epoch:]version-release`; the epoch only when it is not 0. */
  readonly version: string;
  readonly architecture?: string;
  readonly source?: { readonly name: string; readonly version: string };
  readonly modularity?: string;
  /** True when its vendor is the maker of a distribution. */
  readonly ofDistribution?: boolean;
  /** True when it names a vendor, and that is none. */
  readonly thirdParty?: boolean;
  /** Files that somebody asked about, without leading slash. */
  readonly files?: readonly string[];
}

/** The values that make an rpm record, however the list that names them is written. */
export interface RpmIdentity {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch?: number;
  readonly architecture?: string;
  readonly vendor?: string;
  readonly sourceRpm?: string;
  readonly modularity?: string;
}

/** Tells for the path of a file whether its owner is wanted. */
export type FileInterest = (path: string) => boolean;

/** rpm 4.18, "rpmtag.h". */
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  architecture: 1022,
  fullNames: 1027,
  sourceRpm: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  modularity: 5096,
} as const;
const wantedTags: ReadonlySet<number> = new Set(Object.values(tags));

/** Types of tag data. rpm, "Header format". */
const int32Type = 4;
const stringType = 6;
const stringArrayType = 8;
const i18nStringType = 9;

const maxEntries = 65_536;
/** Names, versions and vendors; file names of packages have no more than 255 bytes. */
const maxTextBytes = 512;
const maxPathBytes = 4096;
/** Files of one package; the largest known have under 100 000. */
const maxFiles = 1_000_000;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/**
 * Reads the header of an installed package as rpm databases keep it: index, then data, without the magic of package files.
 * The text says what is wrong with it. Keys that were imported to check signatures are undefined: they are no software.
 * rpm, "Header format"; a tag that comes twice counts as it comes last. Without an interest no files are looked at.
 */
export function readHeader(blob: Buffer, isOfInterest: FileInterest | undefined): RpmRecord | string | undefined {
  if (blob.length < 8) return 'its header has less than 8 bytes';
  const entryCount = blob.readUInt32BE(0);
  const dataLength = blob.readUInt32BE(4);
  if (entryCount < 1 || entryCount > maxEntries) return `its header claims ${entryCount} entries`;
  const dataStart = 8 + entryCount * 16;
  if (dataStart + dataLength > blob.length) return 'its header claims more data than there are';
  const data = blob.subarray(dataStart, dataStart + dataLength);
  const entries = new Map<number, Entry>();
  for (let at = 8; at < dataStart; at += 16) {
    const tag = blob.readUInt32BE(at);
    if (!wantedTags.has(tag)) continue;
    const offset = blob.readUInt32BE(at + 8);
    if (offset < data.length)
      entries.set(tag, { type: blob.readUInt32BE(at + 4), offset, count: blob.readUInt32BE(at + 12) });
  }
  const text = (tag: number): string | undefined => textOf(data, entries.get(tag));
  const name = text(tags.name);
  const version = text(tags.version);
  const release = text(tags.release);
  if (name === undefined) return 'its header has no name';
  if (name === 'gpg-pubkey') return undefined;
  if (version === undefined || release === undefined) return `package "${name}": it has no version or no release`;
  const epoch = int32sOf(data, entries.get(tags.epoch), 1)[0];
  const architecture = text(tags.architecture);
  const vendor = text(tags.vendor);
  const sourceRpm = text(tags.sourceRpm);
  const modularity = text(tags.modularity);
  const files = isOfInterest === undefined ? [] : filesOf(data, entries, isOfInterest);
  if (typeof files === 'string') return `package "${name}": ${files}`;
  return {
    ...toRecord({
      name,
      version,
      release,
      ...(epoch === undefined ? {} : { epoch }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(vendor === undefined ? {} : { vendor }),
      ...(sourceRpm === undefined ? {} : { sourceRpm }),
      ...(modularity === undefined ? {} : { modularity }),
    }),
    ...(files.length === 0 ? {} : { files }),
  };
}

/** Spells the version, splits the name of the source and judges the vendor. */
export function toRecord(identity: RpmIdentity): RpmRecord {
  const { name, epoch = 0, architecture, vendor, modularity, release } = identity;
  const versionRelease = `${identity.version}-${release}`;
  const prefix = epoch === 0 ? '' : `${epoch}:`;
  const source = sourceOf(identity.sourceRpm, versionRelease, prefix);
  const own = isDistributionVendor(vendor, release);
  return {
    name,
    version: prefix + versionRelease,
    ...(architecture === undefined ? {} : { architecture }),
    ...(source === undefined ? {} : { source }),
    ...(modularity === undefined ? {} : { modularity }),
    ...(own ? { ofDistribution: true } : {}),
    ...(!own && vendor !== undefined ? { thirdParty: true } : {}),
  };
}

/**
 * `name-version-release.src.rpm`. File names carry no epoch: that of the package counts where version and release are the
 * same, else none.
 */
function sourceOf(
  file: string | undefined,
  versionRelease: string,
  prefix: string,
): { name: string; version: string } | undefined {
  const found = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '');
  const name = found?.[1];
  const version = found?.[2];
  if (name === undefined || version === undefined) return undefined;
  return { name, version: version === versionRelease ? prefix + version : version };
}

/** A text of reasonable length; `(none)` is what rpm writes for a missing one. */
function textOf(data: Buffer, entry: Entry | undefined): string | undefined {
  if (entry === undefined) return undefined;
  if (entry.type !== stringType && entry.type !== i18nStringType && entry.type !== stringArrayType) return undefined;
  const end = data.indexOf(0, entry.offset);
  if (end < 0 || end - entry.offset > maxTextBytes) return undefined;
  const text = data.toString('utf8', entry.offset, end).trim();
  return text === '' || text === '(none)' ? undefined : text;
}

function int32sOf(data: Buffer, entry: Entry | undefined, max: number): number[] {
  if (entry?.type !== int32Type) return [];
  const count = Math.min(entry.count, max, Math.floor((data.length - entry.offset) / 4));
  return Array.from({ length: count }, (_, i) => data.readUInt32BE(entry.offset + i * 4));
}

/** Strings that lie one behind the other, as many as are there; overlong ones are empty. */
function stringsOf(data: Buffer, entry: Entry | undefined, max: number): readonly string[] {
  if (entry?.type !== stringArrayType && entry?.type !== stringType) return [];
  const count = Math.min(entry.count, max);
  let end = entry.offset;
  for (let found = 0; found < count && end < data.length; end++) if (data[end] === 0) found++;
  if (end === entry.offset) return [];
  const strings = data.toString('utf8', entry.offset, end).split('\0');
  strings.pop(); // behind the last NUL, or without one
  return strings.map((text) => (text.length > maxPathBytes ? '' : text));
}

/** Directory and base name of each file, or full names in packages made before rpm 4. */
function filesOf(data: Buffer, entries: ReadonlyMap<number, Entry>, isOfInterest: FileInterest): string[] | string {
  const files: string[] = [];
  const take = (path: string): void => {
    const relative = path.startsWith('/') ? path.slice(1) : path;
    if (relative !== '' && isOfInterest(relative)) files.push(relative);
  };
  const baseNames = entries.get(tags.baseNames);
  const names = baseNames ?? entries.get(tags.fullNames);
  if (names === undefined) return files;
  if (names.count > maxFiles) return `it claims ${names.count} files`;
  if (baseNames === undefined) {
    for (const path of stringsOf(data, names, maxFiles)) take(path);
    return files;
  }
  const directories = stringsOf(data, entries.get(tags.dirNames), maxFiles);
  const indexes = int32sOf(data, entries.get(tags.dirIndexes), maxFiles);
  let i = 0;
  for (const name of stringsOf(data, baseNames, maxFiles)) {
    const directory = directories[indexes[i++] ?? -1];
    if (directory !== undefined && name !== '') take(directory + name);
  }
  return files;
}
