import { type StoredEvent, type StoredSeverity, encodeWhat, isShort, withArchitecture } from './entries.ts';

/**
 * Reading of OSV records (Open Source Vulnerability format 1.7, "schema.md"). Written by hand rather than with schemas:
 * a dump holds hundreds of thousands of records, and a reader that costs more than the JSON parser is too slow. Every
 * value is checked before use; what has another type is as if absent.
 */

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

/** Without the id, which stands beside. */
export type StoredText = Omit<StoredHead, 'id'>;

export interface AffectedRow {
  /** Name as compared: normalised where the ecosystem wants it. */
  readonly name: string;
  /** Ecosystem behind the first colon, such as `12` or `24.04:LTS`; empty for none. */
  readonly suffix: string;
  /** What is said of it, in the form of `encodeWhat`. */
  readonly what: string;
  /** Binary packages of other names that are built from a source package (Ubuntu). */
  readonly builds?: readonly string[];
}

export interface ReadRecord {
  readonly id: string;
  readonly head: StoredText;
  readonly withdrawn: boolean;
  readonly rows: readonly AffectedRow[];
  /** What was left out, because a ceiling was reached. */
  readonly cut?: string;
}

/** Ids of these say their CVEs in `related`, not in `upstream`. */
const relatedIsUpstream = /^(ALSA|RLSA|SUSE-SU|openSUSE-SU|RHSA)-/;
const cve = /^CVE-\d{4}-\d{4,}$/;
/** Updates of Red Hat and its relatives name the module of modular packages in their title. */
const namesModules = /^(RH|AL|RL|RX)(SA|BA|EA)-/;
const moduleStream = /(?:^|\s)([A-Za-z0-9][\w.+-]*:[A-Za-z0-9][\w.+-]*)(?=\s|$)/g;
/** The release of a modular RPM: `1.module+el8.9.0+123`. */
export const modularRelease = /\.module[+_]/;

/** Ecosystems whose listed versions are kept beside ranges: their lists go further than their ranges. */
const keepsVersions: ReadonlySet<string> = new Set(['PyPI', 'Maven']);
/** Ecosystems with an affected entry an architecture, named in its package URL. */
const perArchitecture: ReadonlySet<string> = new Set(['Wolfi', 'Chainguard', 'MinimOS']);

/** Ceilings far above genuine records (Ubuntu's kernels); what lies beyond them is told. */
const mostAffected = 100_000;
const mostEvents = 10_000;
const mostVersions = 100_000;
const mostBinaries = 2_000;
const longestText = 300;
const longestVersion = 1_024;
/** Debian assigns no urgency to most; these words are no opinion. */
const noUrgency = /^(not yet assigned|)$/i;
/** White space that is not one blank. */
const oddSpace = /\s{2,}|[^\S ]/g;

type Loose = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const nothing: readonly unknown[] = [];

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : nothing;
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
  if (withdrawn) return { id, head: modified === undefined ? {} : { modified }, withdrawn, rows: [] };
  const context: Context = {
    base,
    isMalicious: id.startsWith('MAL-'),
    isPerArchitecture: perArchitecture.has(base),
    modules: namesModules.test(id) ? modulesIn(json['summary']) : undefined,
  };
  let rows: (AffectedRow & { readonly architecture?: string })[] = [];
  let cut: string | undefined;
  for (const entry of list(json['affected'])) {
    if (rows.length >= mostAffected) {
      cut = `more than ${mostAffected} affected packages`;
      break;
    }
    const row = affectedRow(entry, context);
    if (typeof row === 'string') cut = row;
    else if (row !== undefined) rows.push(row);
  }
  if (context.isPerArchitecture) rows = joinArchitectures(rows);
  const head = headOf(json, id, modified, context.isMalicious);
  return cut === undefined ? { id, head, withdrawn, rows } : { id, head, withdrawn, rows, cut };
}

interface Context {
  readonly base: string;
  readonly isMalicious: boolean;
  readonly isPerArchitecture: boolean;
  /** Modules that the title names, parted by `|`. */
  readonly modules: string | undefined;
}

/** `Important: virt:rhel and virt-devel:rhel security update` */
function modulesIn(title: unknown): string | undefined {
  const found = [...(text(title)?.slice(0, 500) ?? '').matchAll(moduleStream)].map(([, name = '']) => name);
  return found.length === 0 ? undefined : found.join('|');
}

/** Undefined: the entry says nothing about this ecosystem. A text: it was left out for that reason. */
function affectedRow(
  entry: unknown,
  { base, isMalicious, isPerArchitecture, modules }: Context,
): (AffectedRow & { readonly architecture?: string }) | string | undefined {
  if (!isRecord(entry)) return undefined;
  const pack = entry['package'];
  if (!isRecord(pack)) return undefined;
  const ecosystem = text(pack['ecosystem']);
  const name = text(pack['name']);
  if (ecosystem === undefined || name === undefined || name.length > 500 || ecosystem.length > 300) return undefined;
  if (!ecosystem.startsWith(base) || (ecosystem.length > base.length && ecosystem[base.length] !== ':'))
    return undefined;
  const plain = plainFix(entry['ranges']);
  const ranges = plain === undefined ? readRanges(entry['ranges']) : [];
  if (ranges === undefined) return `more than ${mostEvents} events for ${name.slice(0, 100)}`;
  const hasRange = plain !== undefined || ranges.length > 0;
  // Errors of a converter: a file name for a package, a module for a version. They would match nothing, or too much.
  if (base === 'Red Hat' && isConversionError(name, plain, ranges)) return undefined;
  let versions: string[] | undefined;
  if (!hasRange || isMalicious || keepsVersions.has(base)) {
    const listed = list(entry['versions']);
    if (listed.length > mostVersions) return `more than ${mostVersions} versions of ${name.slice(0, 100)}`;
    versions = texts(listed, mostVersions);
    if (versions.length === 0) versions = undefined;
  }
  if (!hasRange && versions === undefined) return undefined;
  const own = Array.isArray(entry['severity']) ? severities(entry['severity']) : nothingSevere;
  let urgency: string | undefined;
  let binaries: Record<string, string> | undefined;
  let builds: string[] | undefined;
  let module: string | undefined;
  const specific = entry['ecosystem_specific'];
  if (isRecord(specific)) {
    urgency = urgencyOf(specific['urgency']);
    module = text(specific['rpm_modularity'])?.slice(0, 200);
    if (base === 'Ubuntu') builds = buildsOf(specific['binaries'], name);
    else binaries = binariesOf(specific['binaries']);
  }
  if (module === undefined && modules !== undefined && isModular(plain, ranges)) module = modules;
  const database = entry['database_specific'];
  const lastKnown = isRecord(database)
    ? text(database['last_known_affected_version_range'])?.slice(0, longestVersion)
    : undefined;
  const isBare =
    versions === undefined &&
    urgency === undefined &&
    module === undefined &&
    binaries === undefined &&
    lastKnown === undefined &&
    own.length === 0;
  const what =
    (isBare ? plain : undefined) ??
    encodeWhat({
      ranges: plain === undefined ? ranges : [upTo(plain)],
      ...(versions === undefined ? {} : { versions }),
      ...(urgency === undefined ? {} : { urgency }),
      ...(own.length === 0 ? {} : { severities: own }),
      ...(binaries === undefined ? {} : { binaries }),
      ...(module === undefined ? {} : { module }),
      ...(lastKnown === undefined ? {} : { lastKnown }),
    });
  const architecture = isPerArchitecture
    ? /[?&]arch=([\w.-]{1,30})/.exec(text(pack['purl'])?.slice(0, 1000) ?? '')?.[1]
    : undefined;
  const row = {
    name: comparableName(base, name),
    suffix: ecosystem.length === base.length ? '' : ecosystem.slice(base.length + 1),
    what,
  };
  if (builds !== undefined) return { ...row, builds };
  return architecture === undefined ? row : { ...row, architecture };
}

const nothingSevere: readonly StoredSeverity[] = [];

/**
 * The commonest form, read without a detour: one range from the beginning to a fixed version (which is the answer), or
 * without end (the empty text). Undefined: the ranges say something else.
 */
function plainFix(ranges: unknown): string | undefined {
  if (!Array.isArray(ranges) || ranges.length !== 1) return undefined;
  const range: unknown = ranges[0];
  if (!isRecord(range) || (range['type'] !== 'ECOSYSTEM' && range['type'] !== 'SEMVER')) return undefined;
  const events = range['events'];
  if (!Array.isArray(events) || events.length === 0 || events.length > 2) return undefined;
  const first: unknown = events[0];
  if (!isRecord(first) || first['introduced'] !== '0' || hasOther(first, 'fixed')) return undefined;
  if (events.length === 1) return '';
  const second: unknown = events[1];
  if (!isRecord(second) || hasOther(second, 'introduced')) return undefined;
  const fixed = second['fixed'];
  return typeof fixed === 'string' && isShort(fixed) && fixed.length <= longestVersion ? fixed : undefined;
}

function hasOther(event: Loose, kind: 'introduced' | 'fixed'): boolean {
  return event[kind] !== undefined || event['last_affected'] !== undefined || event['limit'] !== undefined;
}

function upTo(fixed: string): StoredEvent[] {
  return fixed === ''
    ? [['i', '0']]
    : [
        ['i', '0'],
        ['f', fixed],
      ];
}

/** Undefined: there are too many events. */
function readRanges(value: unknown): (readonly StoredEvent[])[] | undefined {
  const ranges: (readonly StoredEvent[])[] = [];
  for (const range of list(value)) {
    const events = readRange(range);
    if (events === undefined) continue;
    if (events.length > mostEvents) return undefined;
    ranges.push(events);
  }
  return ranges;
}

type Ranges = readonly (readonly StoredEvent[])[];

function isModular(plain: string | undefined, ranges: Ranges): boolean {
  if (plain !== undefined) return modularRelease.test(plain);
  return ranges.some((events) => events.some(([, version]) => modularRelease.test(version)));
}

function isConversionError(name: string, plain: string | undefined, ranges: Ranges): boolean {
  if (name.endsWith('src.rpm') || (plain !== undefined && moduleForVersion.test(plain))) return true;
  return ranges.some((events) => events.some(([, version]) => moduleForVersion.test(version)));
}

/** `virt-devel:rhel` */
const moduleForVersion = /^[A-Za-z][\w.-]*:[A-Za-z]/;

function urgencyOf(value: unknown): string | undefined {
  const word = text(value);
  if (word === undefined || word === 'not yet assigned' || word.length > 50) return undefined;
  const trimmed = word.replace(/\*+$/, '').trim();
  return noUrgency.test(trimmed) ? undefined : trimmed;
}

/** Where the architectures of a package agree, one entry says it for all. */
function joinArchitectures(rows: readonly (AffectedRow & { readonly architecture?: string })[]): AffectedRow[] {
  const places = new Map<string, (AffectedRow & { readonly architecture?: string })[]>();
  for (const row of rows) {
    const place = `${row.name}\n${row.suffix}`;
    const found = places.get(place);
    if (found === undefined) places.set(place, [row]);
    else found.push(row);
  }
  return [...places.values()].flatMap((group) => {
    const [first, ...more] = group;
    if (first === undefined) return [];
    const { name, suffix, what } = first;
    if (more.every((row) => row.what === what)) return [{ name, suffix, what }];
    return group.map((row) => ({ name, suffix, what: withArchitecture(row.what, row.architecture) }));
  });
}

/** The events of a range with an order; undefined for git ranges, and for those that introduce nothing. */
function readRange(range: unknown): StoredEvent[] | undefined {
  if (!isRecord(range)) return undefined;
  const type = range['type'];
  if (type !== 'ECOSYSTEM' && type !== 'SEMVER') return undefined;
  const events: StoredEvent[] = [];
  let begins = false;
  for (const event of list(range['events'])) {
    if (!isRecord(event)) continue;
    if (take(events, 'i', event['introduced'])) begins = true;
    take(events, 'f', event['fixed']);
    take(events, 'l', event['last_affected']);
    take(events, 'm', event['limit']);
    if (events.length > mostEvents) break;
  }
  return begins ? events : undefined;
}

function take(events: StoredEvent[], kind: StoredEvent[0], version: unknown): boolean {
  if (typeof version !== 'string' || version === '' || version.length > longestVersion) return false;
  events.push([kind, version]);
  return true;
}

/** SUSE: `[{ "libfoo1": "1.2-3" }]`. */
function binariesOf(value: unknown): Record<string, string> | undefined {
  let out: Record<string, string> | undefined;
  let count = 0;
  for (const item of list(value)) {
    if (!isRecord(item)) continue;
    for (const [name, version] of Object.entries(item)) {
      if (typeof version !== 'string' || name === '__proto__' || version.length > longestVersion) continue;
      if (count++ >= mostBinaries) return out;
      out ??= {};
      out[name] = version;
    }
  }
  return out;
}

/** Ubuntu: `[{ "binary_name": "libc6", "binary_version": "2.39-0ubuntu8" }]`. */
function buildsOf(value: unknown, source: string): string[] | undefined {
  let out: string[] | undefined;
  for (const item of list(value)) {
    const name = isRecord(item) ? text(item['binary_name']) : undefined;
    if (name === undefined || name === source || name.length > 200) continue;
    out ??= [];
    if (out.length >= mostBinaries) break;
    out.push(name);
  }
  return out;
}

function headOf(json: Loose, id: string, modified: string | undefined, isMalicious: boolean): StoredText {
  const out: { -readonly [K in keyof StoredText]: StoredText[K] } = {};
  const aliases = texts(json['aliases'], 50);
  if (aliases.length > 0) out.aliases = aliases;
  const upstream = texts(json['upstream'], 500);
  if (relatedIsUpstream.test(id)) {
    for (const related of texts(json['related'], 500)) {
      if (cve.test(related) && !upstream.includes(related)) upstream.push(related);
    }
  }
  if (upstream.length > 0) out.upstream = upstream;
  const published = time(json['published']);
  if (published !== undefined) out.published = published;
  if (modified !== undefined) out.modified = modified;
  // Of malware there are hundreds of thousands, which all say the same.
  if (isMalicious) return out;
  const summary = summaryOf(text(json['summary']) ?? text(json['details']) ?? '');
  if (summary !== '') out.summary = summary;
  const severity = severities(json['severity']);
  if (severity.length > 0) out.severities = severity;
  const specific = json['database_specific'];
  const word = isRecord(specific) ? text(specific['severity'])?.slice(0, 50) : undefined;
  if (word !== undefined) out.word = word;
  const references = referencesOf(json['references']);
  if (references.length > 0) out.references = references;
  return out;
}

function summaryOf(whole: string): string {
  const line = whole
    .slice(0, 2 * longestText)
    .replace(oddSpace, ' ')
    .trim();
  return line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line;
}

function referencesOf(value: unknown): string[] {
  const out: string[] = [];
  for (const reference of list(value)) {
    if (out.length >= 3) break;
    if (!isRecord(reference)) continue;
    const type = reference['type'];
    if (type !== 'ADVISORY' && type !== 'FIX') continue;
    const url = text(reference['url']);
    if (url !== undefined && url.length < 300 && url.startsWith('https://')) out.push(url);
  }
  return out;
}
