/**
 * Reading of OSV records (Open Source Vulnerability format 1.7, "schema.md"). Written by hand rather than with schemas:
 * a dump holds hundreds of thousands of records, and a reader that costs more than the JSON parser is too slow. Every
 * value is checked before use; what has another type is as if absent.
 */

/** Kind and version of an event: `i` introduced, `f` fixed, `l` last_affected, `m` limit. In the order of the record. */
export type StoredEvent = readonly ['i' | 'f' | 'l' | 'm', string];

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
  /** Binary packages of a SUSE record. */
  readonly binaries?: readonly string[];
  /** Module of a modular RPM: `name:stream`. */
  readonly module?: string;
}

/** `CVSS_V3` and a vector, `Ubuntu` and a word. */
export type StoredSeverity = readonly [type: string, value: string];

/** What is kept of a record beside its affected entries. */
export interface StoredHead {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly upstream?: readonly string[];
  readonly summary?: string;
  readonly published?: string;
  readonly modified?: string;
  readonly severities?: readonly StoredSeverity[];
  /** `database_specific.severity` */
  readonly word?: string;
  readonly references?: readonly string[];
}

export interface AffectedRow {
  /** Name as compared: normalised where the ecosystem wants it. */
  readonly name: string;
  /** Ecosystem behind the first colon, such as `12` or `24.04:LTS`; empty for none. */
  readonly suffix: string;
  readonly affected: StoredAffected;
}

export interface ReadRecord {
  readonly head: StoredHead;
  readonly withdrawn: boolean;
  readonly rows: readonly AffectedRow[];
  /** What was left out, because a ceiling was reached. */
  readonly cut?: string;
}

/** Ids of these say their CVEs in `related`, not in `upstream`. */
const relatedIsUpstream = /^(ALSA|RLSA|SUSE-SU|openSUSE-SU|RHSA)-/;
const cve = /^CVE-\d{4}-\d{4,}$/;

/** Ecosystems whose listed versions are kept beside ranges: their lists go further than their ranges. */
const keepsVersions: ReadonlySet<string> = new Set(['PyPI', 'Maven']);

/** Ceilings far above genuine records (Ubuntu's kernels); what lies beyond them is told. */
const mostAffected = 100_000;
const mostEvents = 10_000;
const mostVersions = 100_000;
const longestText = 300;
/** Debian assigns no urgency to most; these words are no opinion. */
const noUrgency = /^(not yet assigned|)$/i;

const eventKinds = [
  ['introduced', 'i'],
  ['fixed', 'f'],
  ['last_affected', 'l'],
  ['limit', 'm'],
] as const;

type Loose = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An ISO time; converters write the year 1 where they know none. */
function time(value: unknown): string | undefined {
  const found = text(value);
  return found !== undefined && found > '1980' && found.length <= 40 && /^\d{4}-\d\d-\d\d/.test(found)
    ? found
    : undefined;
}

function texts(value: unknown, most: number): string[] {
  const out: string[] = [];
  for (const item of list(value)) {
    if (typeof item === 'string' && item !== '' && item.length < 200) out.push(item);
    if (out.length >= most) break;
  }
  return out;
}

function severities(value: unknown): StoredSeverity[] {
  const out: StoredSeverity[] = [];
  for (const item of list(value)) {
    if (!isRecord(item)) continue;
    const type = text(item['type']);
    const score = text(item['score']);
    if (type !== undefined && score !== undefined && score.length <= 400) out.push([type, score]);
    if (out.length >= 8) break;
  }
  return out;
}

/** The part of an ecosystem string before the first colon, and the rest. */
export function splitEcosystem(ecosystem: string): { readonly base: string; readonly suffix: string } {
  const colon = ecosystem.indexOf(':');
  return colon < 0
    ? { base: ecosystem, suffix: '' }
    : { base: ecosystem.slice(0, colon), suffix: ecosystem.slice(colon + 1) };
}

/** A package name in the form in which its ecosystem compares names (PEP 503 for PyPI; NuGet and Packagist fold case). */
export function comparableName(base: string, name: string): string {
  switch (base) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
      return name.toLowerCase();
    default:
      return name;
  }
}

/** Takes from a parsed record what concerns one ecosystem. Undefined: not an OSV record. */
export function readRecord(json: unknown, base: string): ReadRecord | undefined {
  if (!isRecord(json)) return undefined;
  const id = text(json['id']);
  if (id === undefined || id.length > 200) return undefined;
  const withdrawn = text(json['withdrawn']) !== undefined;
  const modified = time(json['modified']);
  if (withdrawn) return { head: { id, ...(modified === undefined ? {} : { modified }) }, withdrawn, rows: [] };
  const malicious = id.startsWith('MAL-');
  const rows: AffectedRow[] = [];
  let cut: string | undefined;
  for (const entry of list(json['affected'])) {
    if (rows.length >= mostAffected) {
      cut = `more than ${mostAffected} affected packages`;
      break;
    }
    const row = affectedRow(entry, base, malicious);
    if (typeof row === 'string') cut = row;
    else if (row !== undefined) rows.push(row);
  }
  return { head: head(json, id, modified), withdrawn, rows, ...(cut === undefined ? {} : { cut }) };
}

/** Undefined: the entry says nothing about this ecosystem. A text: it was left out for that reason. */
function affectedRow(entry: unknown, base: string, malicious: boolean): AffectedRow | string | undefined {
  if (!isRecord(entry)) return undefined;
  const pack = entry['package'];
  if (!isRecord(pack)) return undefined;
  const ecosystem = text(pack['ecosystem']);
  const name = text(pack['name']);
  if (ecosystem === undefined || name === undefined || name.length > 500) return undefined;
  if (!ecosystem.startsWith(base) || (ecosystem.length > base.length && ecosystem[base.length] !== ':'))
    return undefined;
  const ranges: (readonly StoredEvent[])[] = [];
  for (const range of list(entry['ranges'])) {
    const events = readRange(range);
    if (events === undefined) continue;
    if (events.length > mostEvents) return `more than ${mostEvents} events for ${name}`;
    ranges.push(events);
  }
  // Errors of a converter: a file name for a package, a module for a version. They would match nothing, or too much.
  if (base === 'Red Hat' && (name.endsWith('.src.rpm') || ranges.flat().some(([, version]) => isModule(version)))) {
    return undefined;
  }
  const keepVersions = ranges.length === 0 || malicious || keepsVersions.has(base);
  const listed = keepVersions ? list(entry['versions']) : [];
  if (listed.length > mostVersions) return `more than ${mostVersions} versions of ${name}`;
  const versions = texts(listed, mostVersions);
  if (ranges.length === 0 && versions.length === 0) return undefined;
  const specific = isRecord(entry['ecosystem_specific']) ? entry['ecosystem_specific'] : undefined;
  const urgency = specific === undefined ? undefined : text(specific['urgency'])?.replace(/\*+$/, '').trim();
  const own = severities(entry['severity']);
  const binaries = specific === undefined ? [] : binaryList(specific['binaries']);
  const module = specific === undefined ? undefined : text(specific['rpm_modularity']);
  return {
    name: comparableName(base, name),
    suffix: ecosystem.slice(base.length + 1),
    affected: {
      ranges,
      ...(versions.length === 0 ? {} : { versions }),
      ...(urgency === undefined || urgency.length > 50 || noUrgency.test(urgency) ? {} : { urgency }),
      ...(own.length === 0 ? {} : { severities: own }),
      ...(binaries.length === 0 ? {} : { binaries }),
      ...(module === undefined ? {} : { module }),
    },
  };
}

/** `virt-devel:rhel` */
function isModule(version: string): boolean {
  return /^[A-Za-z][\w.-]*:[A-Za-z]/.test(version);
}

/** The events of a range with an order; undefined for git ranges, and for those that introduce nothing. */
function readRange(range: unknown): StoredEvent[] | undefined {
  if (!isRecord(range) || (range['type'] !== 'SEMVER' && range['type'] !== 'ECOSYSTEM')) return undefined;
  const events: StoredEvent[] = [];
  let begins = false;
  for (const event of list(range['events'])) {
    if (!isRecord(event)) continue;
    for (const [key, kind] of eventKinds) {
      const version = text(event[key]);
      if (version === undefined) continue;
      events.push([kind, version]);
      begins ||= kind === 'i';
    }
    if (events.length > mostEvents) break;
  }
  return begins ? events : undefined;
}

function binaryList(value: unknown): string[] {
  const out: string[] = [];
  for (const item of list(value)) {
    if (!isRecord(item)) continue;
    for (const name of Object.keys(item)) if (out.length < 500) out.push(name);
  }
  return out;
}

function head(json: Loose, id: string, modified: string | undefined): StoredHead {
  const aliases = texts(json['aliases'], 50);
  const upstream = texts(json['upstream'], 500);
  if (relatedIsUpstream.test(id)) {
    for (const related of texts(json['related'], 500)) {
      if (cve.test(related) && !upstream.includes(related)) upstream.push(related);
    }
  }
  const severity = severities(json['severity']);
  const specific = json['database_specific'];
  const word = isRecord(specific) ? text(specific['severity'])?.slice(0, 50) : undefined;
  const whole = (text(json['summary']) ?? text(json['details']) ?? '').slice(0, 2 * longestText);
  const summary = whole.replace(/\s+/g, ' ').trim();
  const published = time(json['published']);
  const refs: string[] = [];
  for (const reference of list(json['references'])) {
    if (refs.length >= 3) break;
    if (!isRecord(reference)) continue;
    const url = text(reference['url']);
    const wanted = reference['type'] === 'ADVISORY' || reference['type'] === 'FIX';
    if (wanted && url !== undefined && url.startsWith('https://') && url.length < 300) refs.push(url);
  }
  return {
    id,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(upstream.length === 0 ? {} : { upstream }),
    ...(summary === ''
      ? {}
      : { summary: summary.length > longestText ? `${summary.slice(0, longestText - 1)}…` : summary }),
    ...(published === undefined ? {} : { published }),
    ...(modified === undefined ? {} : { modified }),
    ...(severity.length === 0 ? {} : { severities: severity }),
    ...(word === undefined ? {} : { word }),
    ...(refs.length === 0 ? {} : { references: refs }),
  };
}
