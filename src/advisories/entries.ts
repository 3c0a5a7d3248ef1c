import type { StoredAffected, StoredEvent, StoredSeverity } from './osv.ts';

/**
 * Stored form of the entries of a package: JSON lists, one behind the other with commas between. Nearly all say "affected
 * up to a fixed version" or "affected, not fixed", so these two are shortest.
 * - `[7]`: record 7, all versions;
 * - `[7,"1.2"]`: record 7, all versions before 1.2;
 * - `[7,{…}]`: record 7, and what its entry says.
 */
export type StoredEntry = readonly [record: number, what?: string | FullEntry];

/** Events as one text each: the kind, then the version. */
interface FullEntry {
  readonly r?: readonly (readonly string[])[];
  readonly v?: readonly string[];
  readonly u?: string;
  readonly s?: readonly StoredSeverity[];
  readonly b?: readonly string[];
  readonly m?: string;
}

export function encodeEntry(record: number, affected: StoredAffected): string {
  const { ranges, versions, urgency, severities, binaries, module } = affected;
  if (
    ranges.length === 1 &&
    versions === undefined &&
    urgency === undefined &&
    severities === undefined &&
    binaries === undefined &&
    module === undefined
  ) {
    const [events = []] = ranges;
    const [first, second] = events;
    if (first !== undefined && first[0] === 'i' && first[1] === '0') {
      if (events.length === 1) return `[${record}]`;
      if (events.length === 2 && second?.[0] === 'f') return `[${record},${JSON.stringify(second[1])}]`;
    }
  }
  const full: FullEntry = {
    ...(ranges.length === 0 ? {} : { r: ranges.map((events) => events.map(([kind, version]) => kind + version)) }),
    ...(versions === undefined ? {} : { v: versions }),
    ...(urgency === undefined ? {} : { u: urgency }),
    ...(severities === undefined ? {} : { s: severities }),
    ...(binaries === undefined ? {} : { b: binaries }),
    ...(module === undefined ? {} : { m: module }),
  };
  return `[${record},${JSON.stringify(full)}]`;
}

/** Reads what `encodeEntry` wrote, entries parted by commas. */
export function decodeEntries(text: string): readonly StoredEntry[] {
  return JSON.parse(`[${text}]`) as readonly StoredEntry[]; // our own writing, in a file with a checksum
}

export function affectedOf([, what]: StoredEntry): StoredAffected {
  if (what === undefined) return { ranges: [[['i', '0']]] };
  if (typeof what === 'string') {
    return {
      ranges: [
        [
          ['i', '0'],
          ['f', what],
        ],
      ],
    };
  }
  return {
    ranges: (what.r ?? []).map((events) => events.map(toEvent)),
    ...(what.v === undefined ? {} : { versions: what.v }),
    ...(what.u === undefined ? {} : { urgency: what.u }),
    ...(what.s === undefined ? {} : { severities: what.s }),
    ...(what.b === undefined ? {} : { binaries: what.b }),
    ...(what.m === undefined ? {} : { module: what.m }),
  };
}

function toEvent(text: string): StoredEvent {
  return [text[0] as StoredEvent[0], text.slice(1)]; // written by encodeEntry
}
