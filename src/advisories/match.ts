import { compareText } from '../core/order.ts';
import { evaluateRanges } from '../versions/range.ts';
import { schemeFor } from '../versions/index.ts';
import type { VersionScheme } from '../versions/scheme.ts';
import type { Candidate, EcosystemFile } from './ecosystem-file.ts';
import { type LookUp, lookUpFor, ownerDecides } from './ecosystems.ts';
import { comparableName } from './osv.ts';
import type { Signals } from './signals.ts';
import type { Coverage, MatchRequest, MatchResult, Rating, Vulnerability } from './types.ts';

/** What matching reads. `file` answers undefined when there are no advisories of an ecosystem. */
export interface AdvisorySource {
  file(ecosystem: string): EcosystemFile | undefined;
  readonly signals: Signals | undefined;
  /** Why an ecosystem has none, or that it stands still. */
  stale(ecosystem: string): string | undefined;
}

const cvePattern = /^CVE-\d{4}-\d{4,}$/;
const ghsaPattern = /^GHSA-/;

/** Records that bundle several CVEs of one update. */
const bundlePrefix =
  /^(DSA|DLA|USN|LSN|RHSA|RHBA|RHEA|ALSA|ALBA|ALEA|RLSA|RLBA|SUSE-SU|SUSE-RU|openSUSE-SU|openSUSE-RU)-/;
/** Bundles that are security updates even when they name no CVE. */
const securityBundle = /^(DSA|DLA|USN|LSN|RHSA|ALSA|RLSA|SUSE-SU|openSUSE-SU)-/;

/** Where GHSA goes before the ecosystem's own database: PYSEC often lists versions without ranges. */
const ghsaFirst: ReadonlySet<string> = new Set(['PyPI', 'npm']);

interface Judged {
  readonly candidate: Candidate;
  readonly affected: boolean;
  /** The version or an event of the record is none of the scheme: nothing can be said. */
  readonly uncertain: boolean;
  readonly fixed?: string;
  /** CVEs that the record is about. */
  readonly cves: readonly string[];
  readonly bundle: boolean;
}

/** Finds the vulnerabilities of a package list. Deterministic; synchronous, so run it in a worker thread. */
export function matchPackages(request: MatchRequest, source: AdvisorySource): MatchResult {
  const matches: { package: number; vulnerability: Vulnerability }[] = [];
  const incomparable: number[] = [];
  const coverage = new Map<string, Coverage>();
  const memory = new Map<string, readonly Vulnerability[] | 'incomparable'>();
  for (const [index, item] of request.packages.entries()) {
    const lookUp = lookUpFor(item, request.osEcosystem);
    if (lookUp === undefined) {
      const name = request.osName ?? 'unknown operating system';
      coverage.set(name, { ecosystem: name, state: 'none', reason: 'there is no advisory source for it' });
      continue;
    }
    if (!cover(coverage, lookUp, source)) continue;
    if (item.ownedBy !== undefined && lookUp.suffixText === '' && ownerDecides(request.osEcosystem)) continue;
    const key = JSON.stringify([lookUp.base, lookUp.suffixText, lookUp.subjects]);
    let found = memory.get(key);
    if (found === undefined) {
      found = matchOne(lookUp, source);
      memory.set(key, found);
    }
    if (found === 'incomparable') incomparable.push(index);
    else for (const vulnerability of found) matches.push({ package: index, vulnerability });
  }
  const sorted = [...coverage.values()].sort((a, b) => compareText(a.ecosystem, b.ecosystem));
  return { matches, coverage: sorted, incomparable };
}

/** Records what can be said for the look-up's ecosystem; true when it can be matched. */
function cover(coverage: Map<string, Coverage>, lookUp: LookUp, source: AdvisorySource): boolean {
  const ecosystem = lookUp.suffixText === '' ? lookUp.base : `${lookUp.base}:${lookUp.suffixText}`;
  const known = coverage.get(ecosystem);
  if (known !== undefined) return known.state !== 'none';
  const answer = ((): Coverage => {
    if (schemeFor(lookUp.base) === undefined) {
      return { ecosystem, state: 'none', reason: `versions of ${lookUp.base} cannot be compared yet` };
    }
    const file = source.file(lookUp.base);
    if (file === undefined)
      return { ecosystem, state: 'none', reason: `no advisories of ${lookUp.base} have been downloaded` };
    if (lookUp.suffixText !== '' && !file.knowsSuffix(lookUp.wantsSuffix)) {
      return { ecosystem, state: 'none', reason: `the source knows no release "${lookUp.suffixText}"` };
    }
    const stale = source.stale(lookUp.base);
    return stale === undefined ? { ecosystem, state: 'full' } : { ecosystem, state: 'stale', reason: stale };
  })();
  coverage.set(ecosystem, answer);
  return answer.state !== 'none';
}

function matchOne(lookUp: LookUp, source: AdvisorySource): readonly Vulnerability[] | 'incomparable' {
  const file = source.file(lookUp.base);
  const scheme = schemeFor(lookUp.base);
  if (file === undefined || scheme === undefined) return [];
  const judged: Judged[] = [];
  for (const subject of lookUp.subjects) {
    const candidates = file.lookUp(comparableName(lookUp.base, subject.name), lookUp.wantsSuffix);
    for (const candidate of candidates) judged.push(judge(candidate, subject.version, scheme));
  }
  if (judged.some((entry) => entry.uncertain) && !judged.some((entry) => entry.affected)) return 'incomparable';
  return group(judged, lookUp.base, source);
}

function judge(candidate: Candidate, version: string, scheme: VersionScheme<unknown>): Judged {
  const { head, affected } = candidate;
  const ids = [head.id, ...(head.aliases ?? []), ...(head.upstream ?? [])];
  const bundle = bundlePrefix.test(head.id);
  const result = evaluateRanges(scheme, version, affected.r ?? [], affected.v ?? []);
  return {
    candidate,
    affected: result.affected,
    uncertain: result.uncertain,
    ...(result.fixed === undefined ? {} : { fixed: result.fixed }),
    cves: [...new Set(ids.filter((id) => cvePattern.test(id)))],
    bundle,
  };
}

/** Joins records about the same vulnerability: aliases are symmetric and transitive, a record's CVEs count with them. */
function group(judged: readonly Judged[], base: string, source: AdvisorySource): Vulnerability[] {
  const single = judged.filter((entry) => !entry.bundle);
  const sets = new DisjointSets();
  for (const entry of single) {
    const { head } = entry.candidate;
    for (const other of [...(head.aliases ?? []), ...(entry.cves.length === 1 ? entry.cves : [])])
      sets.join(head.id, other);
    sets.find(head.id);
  }
  const groups = new Map<string, Judged[]>();
  for (const entry of single) {
    const root = sets.find(entry.candidate.head.id);
    const members = groups.get(root);
    if (members === undefined) groups.set(root, [entry]);
    else members.push(entry);
  }
  const out: Vulnerability[] = [];
  const decided = new Set<string>();
  for (const members of groups.values()) {
    for (const member of members) for (const cve of member.cves) decided.add(cve);
    const chosen = decide(members, base);
    if (!chosen.affected) continue;
    const links = judged.filter(
      (entry) => entry.bundle && entry.cves.some((cve) => members.some((m) => m.cves.includes(cve))),
    );
    out.push(vulnerability(chosen, members, links, undefined, base, source));
  }
  const byCve = new Map<string, Judged[]>();
  for (const entry of judged) {
    if (!entry.bundle || !entry.affected) continue;
    const own = entry.cves.filter((cve) => !decided.has(cve));
    const ids =
      entry.cves.length === 0 && securityBundle.test(entry.candidate.head.id) ? [entry.candidate.head.id] : own;
    for (const id of ids) {
      const members = byCve.get(id);
      if (members === undefined) byCve.set(id, [entry]);
      else members.push(entry);
    }
  }
  for (const [id, members] of byCve) {
    const [chosen] = members;
    if (chosen !== undefined) out.push(vulnerability(chosen, members, [], id, base, source));
  }
  return out.sort((a, b) => compareText(a.id, b.id));
}

/** The record that decides for a group: the ecosystem's own database, or GHSA where that is the better kept one. */
function decide(members: readonly Judged[], base: string): Judged {
  const isGhsa = (entry: Judged): boolean => ghsaPattern.test(entry.candidate.head.id);
  const preferred = members.filter((entry) => isGhsa(entry) === ghsaFirst.has(base));
  const pool = preferred.length > 0 ? preferred : members;
  // Several entries of one record (a package listed twice, several streams): affected by any is affected.
  const hit = pool.find((entry) => entry.affected);
  const [first] = pool;
  if (hit !== undefined) return hit;
  if (first === undefined) throw new RangeError('a group has members');
  return first;
}

function vulnerability(
  chosen: Judged,
  members: readonly Judged[],
  links: readonly Judged[],
  only: string | undefined,
  base: string,
  source: AdvisorySource,
): Vulnerability {
  const { head } = chosen.candidate;
  const ids = new Set<string>(only === undefined ? [] : [only]);
  for (const member of members) {
    const theirs = member.candidate.head;
    if (only === undefined) {
      ids.add(theirs.id);
      for (const id of [...(theirs.aliases ?? []), ...member.cves]) ids.add(id);
    } else ids.add(theirs.id);
  }
  for (const link of links) ids.add(link.candidate.head.id);
  const sorted = [...ids].sort(compareText);
  const id =
    only ?? sorted.find((each) => cvePattern.test(each)) ?? sorted.find((each) => ghsaPattern.test(each)) ?? head.id;
  const cves = sorted.filter((each) => cvePattern.test(each));
  let kev: Vulnerability['kev'];
  let epss: Vulnerability['epss'];
  for (const cve of only === undefined ? cves : [only]) {
    kev ??= source.signals?.kev(cve);
    const score = source.signals?.epss(cve);
    if (score !== undefined && (epss === undefined || score.probability > epss.probability)) epss = score;
  }
  const fixed =
    members.length > 1
      ? (chosen.fixed ?? members.find((member) => member.affected && member.fixed !== undefined)?.fixed)
      : chosen.fixed;
  return {
    id,
    aliases: sorted.filter((each) => each !== id),
    advisory: head.id,
    ecosystem: chosen.candidate.suffix === '' ? base : `${base}:${chosen.candidate.suffix}`,
    ...(head.summary === undefined ? {} : { summary: head.summary }),
    ratings: ratings(members, base),
    ...(fixed === undefined ? {} : { fixed }),
    ...(head.published === undefined ? {} : { published: head.published }),
    ...(head.modified === undefined ? {} : { modified: head.modified }),
    malicious: sorted.some((each) => each.startsWith('MAL-')),
    ...(kev === undefined ? {} : { kev }),
    ...(epss === undefined ? {} : { epss }),
    references: references(id, [...members, ...links]),
  };
}

function references(id: string, records: readonly Judged[]): string[] {
  const out = new Set<string>();
  for (const { candidate } of records) {
    out.add(
      ghsaPattern.test(candidate.head.id)
        ? `https://github.com/advisories/${candidate.head.id}`
        : `https://osv.dev/vulnerability/${encodeURIComponent(candidate.head.id)}`,
    );
  }
  if (cvePattern.test(id)) out.add(`https://nvd.nist.gov/vuln/detail/${id}`);
  for (const { candidate } of records) for (const url of candidate.head.refs ?? []) out.add(url);
  return [...out].slice(0, 8);
}

/** Sources whose top-level vectors are NVD's: their own opinion, where they have one, is a word. */
const nvdVectors: ReadonlySet<string> = new Set(['Debian', 'Alpine', 'Azure Linux', 'Ubuntu', 'Wolfi', 'Chainguard']);

/** Every opinion that the records of a group hold. */
function ratings(members: readonly Judged[], base: string): Rating[] {
  const out = new Map<string, Rating>();
  const add = (rating: Rating): void => {
    out.set(JSON.stringify(rating), rating);
  };
  for (const { candidate } of members) {
    const { head, affected } = candidate;
    const ghsa = ghsaPattern.test(head.id);
    if (affected.u !== undefined) add({ origin: 'own', source: base, word: affected.u });
    if (bundlePrefix.test(head.id)) {
      const word = /^(Low|Moderate|Important|Critical):/.exec(head.summary ?? '')?.[1];
      if (word !== undefined) add({ origin: 'own', source: base, word });
    }
    if (head.id.startsWith('MAL-')) add({ origin: 'own', source: 'OSV', word: 'critical' });
    for (const [type, value] of [...(affected.s ?? []), ...(head.s ?? [])]) {
      if (type === 'Ubuntu') add({ origin: 'own', source: 'Ubuntu', word: value });
      else if (!/^CVSS_V[234]$/.test(type)) continue;
      else if (ghsa)
        add({
          origin: 'general',
          source: 'GHSA',
          vector: value,
          ...(head.word === undefined ? {} : { word: head.word }),
        });
      else if (nvdVectors.has(base)) add({ origin: 'nvd', source: 'NVD', vector: value });
      else add({ origin: 'general', source: sourceName(head.id, base), vector: value });
    }
    if (ghsa && head.word !== undefined && (head.s ?? []).length === 0)
      add({ origin: 'general', source: 'GHSA', word: head.word });
  }
  return [...out.values()].sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)));
}

function sourceName(id: string, base: string): string {
  const prefix = /^([A-Za-z]+)-/.exec(id)?.[1];
  switch (prefix) {
    case 'RUSTSEC':
      return 'RustSec';
    case 'PYSEC':
      return 'PyPA';
    case 'GO':
      return 'Go';
    default:
      return base;
  }
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
