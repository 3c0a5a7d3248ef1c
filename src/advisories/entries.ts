/** Kind and version of an event: `i` introduced, `f` fixed, `l` last_affected, `m` limit. In the order of the record. */
export type StoredEvent = readonly ['i' | 'f' | 'l' | 'm', string];

/** `CVSS_V3` and a vector, `Ubuntu` and a word. */
export type StoredSeverity = readonly [type: string, value: string];

/** What matching needs of one `affected` entry. */
export interface StoredAffected {
  /** Ranges of type SEMVER and ECOSYSTEM. */
  readonly ranges: readonly (readonly StoredEvent[])[];
  /** Listed versions; left out where ranges say it. */
  readonly versions?: readonly string[];
  /** Vendor's word for this package: Debian urgency. */
  readonly urgency?: string;
  /** Severities of this entry: type and value. */
  readonly severities?: readonly StoredSeverity[];
  /** Binary packages of a SUSE record with the version that fixes each. */
  readonly binaries?: Readonly<Record<string, string>>;
  /** Module of a modular RPM: `name:stream`. */
  readonly module?: string;
  /** Architecture that the entry is about, when others of the record say something else. */
  readonly architecture?: string;
  /** Last version known to be affected, such as `<= 1.2.3`: no fix is known. */
  readonly lastKnown?: string;
}

/** What is said of one package in one release: record numbers, and beside each what its entry says (`encodeWhat`). */
export interface StoredList {
  readonly records: readonly number[];
  readonly whats: readonly string[];
}

/** Events as one text each: the kind, then the version. */
interface FullEntry {
  readonly r?: readonly (readonly string[])[];
  readonly v?: readonly string[];
  readonly u?: string;
  readonly s?: readonly StoredSeverity[];
  readonly b?: Readonly<Record<string, string>>;
  readonly m?: string;
  readonly a?: string;
  readonly k?: string;
}

/**
 * Stored form of an entry. Nearly all say "affected up to a fixed version" or "affected, not fixed", so these two are
 * shortest:
 * - the empty text: all versions;
 * - a version: all versions before it;
 * - `{…}`: JSON of what the entry says.
 */
export function encodeWhat(affected: StoredAffected): string {
  const { ranges, versions, urgency, severities, binaries, module, architecture, lastKnown } = affected;
  const isPlain =
    ranges.length === 1 &&
    versions === undefined &&
    urgency === undefined &&
    severities === undefined &&
    binaries === undefined &&
    module === undefined &&
    architecture === undefined &&
    lastKnown === undefined;
  if (isPlain) {
    const [events = []] = ranges;
    const [first, second] = events;
    if (first !== undefined && first[0] === 'i' && first[1] === '0') {
      if (events.length === 1) return '';
      if (events.length === 2 && second?.[0] === 'f' && isShort(second[1])) return second[1];
    }
  }
  return JSON.stringify({
    r: ranges.length === 0 ? undefined : ranges.map((events) => events.map(([kind, version]) => kind + version)),
    v: versions,
    u: urgency,
    s: severities,
    b: binaries,
    m: module,
    a: architecture,
    k: lastKnown,
  });
}

/** The short form of "before this version" is told from the long form by its first character. */
export function isShort(version: string): boolean {
  return version !== '' && !version.startsWith('{');
}

/** The fixed version of the short form "all versions before it"; undefined for the others. */
export function onlyFix(what: string): string | undefined {
  return isShort(what) ? what : undefined;
}

export function decodeWhat(what: string): StoredAffected {
  if (what === '') return { ranges: [[['i', '0']]] };
  if (isShort(what)) {
    return {
      ranges: [
        [
          ['i', '0'],
          ['f', what],
        ],
      ],
    };
  }
  const { r, v, u, s, b, m, a, k } = JSON.parse(what) as FullEntry; // written by encodeWhat
  return {
    ranges: (r ?? []).map((events) => events.map(toEvent)),
    ...(v === undefined ? {} : { versions: v }),
    ...(u === undefined ? {} : { urgency: u }),
    ...(s === undefined ? {} : { severities: s }),
    ...(b === undefined ? {} : { binaries: b }),
    ...(m === undefined ? {} : { module: m }),
    ...(a === undefined ? {} : { architecture: a }),
    ...(k === undefined ? {} : { lastKnown: k }),
  };
}

function toEvent(text: string): StoredEvent {
  return [text[0] as StoredEvent[0], text.slice(1)]; // written by encodeWhat
}

export function encodeList(list: StoredList): string {
  return JSON.stringify([list.records, list.whats]);
}

/** Reads what `encodeList` wrote. */
export function decodeList(text: string): StoredList {
  const [records, whats] = JSON.parse(text) as readonly [readonly number[], readonly string[]]; // our own writing, in a file with a checksum
  return { records, whats };
}

/** The same, said of one architecture alone. */
export function withArchitecture(what: string, architecture: string | undefined): string {
  return architecture === undefined ? what : encodeWhat({ ...decodeWhat(what), architecture });
}
