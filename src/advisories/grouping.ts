import { compareText } from '../core/order.ts';
import type { VersionScheme } from '../versions/scheme.ts';
import type { PackageEntry } from './ecosystem-file.ts';
import type { LookUp } from './ecosystems.ts';
import { decodeWhat } from './entries.ts';
import type { Verdict } from './judge.ts';
import type { StoredHead } from './osv.ts';
import { ratingsOf } from './ratings.ts';
import { type RecordReader, isCve } from './record-reader.ts';
import type { Signals } from './signals.ts';
import type { NoFix, Vulnerability } from './types.ts';

/** A record as far as it concerns one version of one package. */
export interface AdvisoryRecord extends PackageEntry, Verdict {
  /** Fixed for subscribers alone. */
  readonly subscribersFix?: { readonly version: string; readonly subscription: string };
}

/** With its head and the CVEs it is about. */
interface Member extends AdvisoryRecord {
  readonly head: StoredHead;
  readonly cves: readonly string[];
}

/** One vulnerability with the records about it. */
interface Group {
  /** The record that decides. */
  readonly chosen: Member;
  readonly members: readonly Member[];
  /** Bundles that mention it: they add their link. */
  readonly bundles: readonly Member[];
  /** The one CVE of a bundle that this is about; absent: all ids of the members. */
  readonly only?: string;
}

/** Records that bundle several CVEs of one update. */
const bundlePrefix =
  /^(DSA|DLA|ELA|USN|LSN|RHSA|RHBA|RHEA|ALSA|ALBA|ALEA|RLSA|RLBA|RXSA|SUSE-SU|SUSE-RU|openSUSE-SU|openSUSE-RU)-/;
/** Bundles that are security updates even when they name no CVE. */
const securityBundle = /^(DSA|DLA|ELA|USN|LSN|RHSA|ALSA|RLSA|RXSA|SUSE-SU|openSUSE-SU)-/;
const ghsaPattern = /^GHSA-/;
const maliciousPattern = /^MAL-/;

/** Where GHSA's fixed versions go before those of the ecosystem's own database, which often lists versions without ranges. */
const ghsaFixesFirst: ReadonlySet<string> = new Set(['PyPI']);

/** Ecosystems whose own database may contradict GHSA. */
const hasOwnDatabase: ReadonlySet<string> = new Set(['Go', 'PyPI', 'crates.io']);

/** References of one vulnerability. */
const mostReferences = 8;

/**
 * Joins records about the same vulnerability. OSV schema: aliases are symmetric and transitive, upstream is transitive
 * alone. Among records of two levels the one about the single CVE decides, and an update that bundles several adds its link.
 */
export function groupRecords(
  records: readonly AdvisoryRecord[],
  lookUp: LookUp,
  reader: RecordReader,
  scheme: VersionScheme<unknown>,
): { readonly isUncertain: boolean; vulnerabilities(signals: Signals | undefined): Vulnerability[] } {
  const toMember = (each: AdvisoryRecord): Member => {
    const head = reader.head(each.record);
    return { ...each, head, cves: reader.cves(head) };
  };
  const load = (each: readonly AdvisoryRecord[]): Member[] =>
    each.map(toMember).sort((a, b) => compareText(a.head.id, b.head.id) || compareText(a.suffix, b.suffix));
  const loaded = load(records.filter(({ verdict }) => verdict !== 'not-affected'));
  const bundles = loaded.filter(({ head }) => bundlePrefix.test(head.id));
  // What does not hit the version still counts where two databases may differ, and where a bundle says otherwise.
  const others =
    (lookUp.isSystem && bundles.length > 0) || hasOwnDatabase.has(lookUp.base)
      ? load(records.filter(({ verdict }) => verdict === 'not-affected'))
      : [];
  const singles = [...loaded, ...others].filter(({ head }) => !bundlePrefix.test(head.id));
  const found: Group[] = [];
  let isUncertain = bundles.some(({ verdict }) => verdict === 'unknown');
  for (const members of joinAliases(singles)) {
    const verdict = decide(members, lookUp);
    if (verdict === 'unknown') isUncertain = true;
    if (typeof verdict === 'string') continue;
    const cves = new Set(members.flatMap((member) => member.cves));
    const links = bundles.filter((bundle) => bundle.cves.some((cve) => cves.has(cve)));
    found.push({ chosen: verdict, members, bundles: links });
  }
  const decided = new Set(singles.flatMap(({ cves }) => cves));
  for (const [id, members] of byVulnerability(bundles, decided)) {
    const [chosen] = members.toSorted((a, b) => compareFixes(scheme, a.fixed, b.fixed));
    if (chosen !== undefined) found.push({ chosen, members, bundles: [], only: id });
  }
  return {
    isUncertain,
    vulnerabilities: (signals) =>
      found
        .map((group) => toVulnerability(group, lookUp, reader, signals))
        .sort((a, b) => compareText(a.id, b.id) || compareText(a.advisory, b.advisory)),
  };
}

function joinAliases(singles: readonly Member[]): Iterable<readonly Member[]> {
  const sets = new DisjointSets();
  for (const { head, cves } of singles) {
    // A record about several CVEs is not the same thing as each of them.
    for (const other of [...(head.aliases ?? []), ...(cves.length === 1 ? cves : [])]) sets.join(head.id, other);
  }
  const groups = new Map<string, Member[]>();
  for (const member of singles) {
    const root = sets.find(member.head.id);
    const members = groups.get(root);
    if (members === undefined) groups.set(root, [member]);
    else members.push(member);
  }
  return groups.values();
}

/** Affected bundles by the CVEs that no record of its own decides; by their own id when they name none. */
function byVulnerability(bundles: readonly Member[], decided: ReadonlySet<string>): ReadonlyMap<string, Member[]> {
  const out = new Map<string, Member[]>();
  for (const bundle of bundles) {
    if (bundle.verdict !== 'affected') continue;
    const { cves, head } = bundle;
    const ids = cves.length === 0 && securityBundle.test(head.id) ? [head.id] : cves.filter((cve) => !decided.has(cve));
    for (const id of ids) {
      const members = out.get(id);
      if (members === undefined) out.set(id, [bundle]);
      else members.push(bundle);
    }
  }
  return out;
}

/**
 * The record that decides for a group, when the version is affected. A malicious package is one whoever lists it. The
 * ecosystem's own database goes before GHSA: what it does not list as affected is not, unless it cannot be read.
 */
function decide(members: readonly Member[], { base }: LookUp): Member | 'not-affected' | 'unknown' {
  const hits = members.filter(({ verdict }) => verdict === 'affected');
  const malicious = hits.find(({ head }) => maliciousPattern.test(head.id));
  if (malicious !== undefined) return malicious;
  const isGhsa = ({ head }: Member): boolean => ghsaPattern.test(head.id);
  const own = members.filter((member) => !isGhsa(member) && !maliciousPattern.test(member.head.id));
  const ownHit = hits.find((member) => !isGhsa(member));
  const ghsaHit = hits.find(isGhsa);
  if (ownHit !== undefined) return ghsaFixesFirst.has(base) ? withFix(ownHit, ghsaHit) : withFix(ownHit, undefined);
  const isOwnReadable = own.length > 0 && own.every(({ verdict }) => verdict === 'not-affected');
  if (isOwnReadable) return 'not-affected';
  if (ghsaHit !== undefined) return ghsaHit;
  return members.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'not-affected';
}

function withFix(chosen: Member, other: Member | undefined): Member {
  return other?.fixed === undefined ? chosen : { ...chosen, fixed: other.fixed };
}

/** Smallest first; none last. */
function compareFixes(scheme: VersionScheme<unknown>, a: string | undefined, b: string | undefined): number {
  const left = a === undefined ? undefined : scheme.parse(a);
  const right = b === undefined ? undefined : scheme.parse(b);
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  return scheme.compare(left, right);
}

function toVulnerability(
  { chosen, members, bundles, only }: Group,
  lookUp: LookUp,
  reader: RecordReader,
  signals: Signals | undefined,
): Vulnerability {
  const { head, suffix } = chosen;
  const ids = new Set<string>(only === undefined ? [] : [only]);
  for (const member of members) {
    ids.add(member.head.id);
    if (only === undefined) for (const id of [...(member.head.aliases ?? []), ...member.cves]) ids.add(id);
  }
  for (const bundle of bundles) ids.add(bundle.head.id);
  const sorted = [...ids].sort(compareText);
  const id = only ?? sorted.find(isCve) ?? sorted.find((each) => ghsaPattern.test(each)) ?? head.id;
  const cves = only === undefined ? sorted.filter(isCve) : [only];
  let kev: Vulnerability['kev'];
  let epss: Vulnerability['epss'];
  for (const cve of cves) {
    kev ??= signals?.kev(cve);
    const score = signals?.epss(cve);
    if (score !== undefined && (epss === undefined || score.probability > epss.probability)) epss = score;
  }
  const fixed = chosen.fixed ?? members.find((member) => member.verdict === 'affected' && member.fixed)?.fixed;
  const noFix = fixed === undefined ? noFixOf([chosen, ...members], lookUp.base) : undefined;
  return {
    id,
    aliases: sorted.filter((each) => each !== id),
    advisory: head.id,
    ecosystem: suffix === '' ? lookUp.base : `${lookUp.base}:${suffix}`,
    ...summaryOf(head),
    ratings: ratingsOf(
      members.map((member) => ({ head: member.head, affected: decodeWhat(member.what) })),
      lookUp,
      reader,
    ),
    ...(fixed === undefined ? {} : { fixed }),
    ...(noFix === undefined ? {} : { noFix }),
    ...(head.published === undefined ? {} : { published: head.published }),
    ...(head.modified === undefined ? {} : { modified: head.modified }),
    malicious: sorted.some((each) => maliciousPattern.test(each)),
    ...(kev === undefined ? {} : { kev }),
    ...(epss === undefined ? {} : { epss }),
    references: referencesOf(id, [...members, ...bundles]),
  };
}

/** Malware has no summary of its own: it all says the same. */
function summaryOf({ id, summary }: StoredHead): { summary?: string } {
  if (summary !== undefined) return { summary };
  return maliciousPattern.test(id) ? { summary: 'The package holds malicious code.' } : {};
}

/** Debian's tracker marks packages whose support has ended, beside urgencies. */
const endOfLifeWord = 'end-of-life';

function noFixOf(members: readonly Member[], base: string): NoFix | undefined {
  for (const { subscribersFix, lastKnown, what, verdict } of members) {
    if (verdict !== 'affected') continue;
    if (subscribersFix !== undefined) return { kind: 'subscription', ...subscribersFix };
    if (lastKnown !== undefined) return { kind: 'last-known', version: lastKnown.replace(/^[<=\s]+/, '') };
    if (decodeWhat(what).urgency === endOfLifeWord) return { kind: 'end-of-life', vendor: base };
  }
  return undefined;
}

function referencesOf(id: string, records: readonly Member[]): string[] {
  const out = new Set<string>();
  for (const { head } of records) {
    out.add(
      ghsaPattern.test(head.id)
        ? `https://github.com/advisories/${head.id}`
        : `https://osv.dev/vulnerability/${encodeURIComponent(head.id)}`,
    );
  }
  if (isCve(id)) out.add(`https://nvd.nist.gov/vuln/detail/${id}`);
  for (const { head } of records) for (const url of head.references ?? []) out.add(url);
  return [...out].slice(0, mostReferences);
}

class DisjointSets {
  readonly #parent = new Map<string, string>();

  find(id: string): string {
    let root = id;
    for (let up = this.#parent.get(root); up !== undefined && up !== root; up = this.#parent.get(root)) root = up;
    this.#parent.set(id, root);
    return root;
  }

  join(a: string, b: string): void {
    const left = this.find(a);
    const right = this.find(b);
    if (left !== right) this.#parent.set(right, left);
  }
}
