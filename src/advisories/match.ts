import { isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { schemeFor } from '../versions/index.ts';
import { evaluateRanges } from '../versions/range.ts';
import type { VersionScheme } from '../versions/scheme.ts';
import type { EcosystemFile } from './ecosystem-file.ts';
import { type LookUp, lookUpFor, ownerDecides, releaseLookUp } from './ecosystems.ts';
import { type StoredEntry, affectedOf } from './entries.ts';
import { type AdvisoryRecord, groupRecords } from './grouping.ts';
import { comparableName } from './osv.ts';
import { RecordReader } from './record-reader.ts';
import type { Signals } from './signals.ts';
import type { Coverage, MatchRequest, MatchResult, Vulnerability } from './types.ts';

/** What matching reads. `file` answers undefined when there are no advisories of an ecosystem. */
export interface AdvisorySource {
  file(ecosystem: string): EcosystemFile | undefined;
  readonly signals: Signals | undefined;
  /** Why an ecosystem has none, or that it stands still. */
  stale(ecosystem: string): string | undefined;
}

/** What is known of the packages that one look-up names. */
interface Matched {
  readonly vulnerabilities: readonly Vulnerability[];
  /** The version, or one that a record names, is none of the scheme: that record says nothing. */
  readonly isUncertain: boolean;
}

/** Finds the vulnerabilities of a package list. Deterministic; synchronous, so run it in a worker thread. */
export function matchPackages(request: MatchRequest, source: AdvisorySource): MatchResult {
  const matches: { package: number; vulnerability: Vulnerability }[] = [];
  const incomparable: number[] = [];
  const coverage = new CoverageBook(source);
  const isOsCovered = coverage.takeSystem(request);
  const memory = new Map<string, Matched>();
  for (const [index, item] of request.packages.entries()) {
    const lookUp = lookUpFor(item, request.osEcosystem);
    if (lookUp === undefined) {
      coverage.takeUnknown(item.type);
      continue;
    }
    const file = coverage.take(lookUp);
    if (file === undefined) continue;
    if (item.ownedBy !== undefined && !lookUp.isSystem && isOsCovered && ownerDecides(request.osEcosystem)) continue;
    const key = JSON.stringify([lookUp.base, lookUp.subjects]);
    let found = memory.get(key);
    if (found === undefined) {
      found = coverage.attempt(lookUp, () => matchOne(lookUp, file, source));
      if (found === undefined) continue;
      memory.set(key, found);
    }
    if (found.isUncertain) incomparable.push(index);
    for (const vulnerability of found.vulnerabilities) matches.push({ package: index, vulnerability });
  }
  return { matches, coverage: coverage.entries(), incomparable };
}

/** Says for each ecosystem of a request whether its packages can be judged. */
class CoverageBook {
  readonly #source: AdvisorySource;
  readonly #entries = new Map<string, Coverage>();

  constructor(source: AdvisorySource) {
    this.#source = source;
  }

  /** The operating system has its entry also when no package of it was found: silence must not look clean. */
  takeSystem({ osEcosystem, osName }: MatchRequest): boolean {
    if (osEcosystem !== undefined) return this.take(releaseLookUp(osEcosystem)) !== undefined;
    if (osName !== undefined) this.#none(osName, 'there is no advisory source for it');
    return false;
  }

  takeUnknown(type: string): void {
    const systemTypes = ['deb', 'apk', 'rpm'];
    if (!systemTypes.includes(type)) this.#none(type, 'there is no advisory source for it');
    else if (this.#entries.size === 0) this.#none('unknown operating system', 'there is no advisory source for it');
  }

  /** The file that judges a look-up; undefined when nothing can be said. */
  take(lookUp: LookUp): EcosystemFile | undefined {
    const ecosystem = nameOf(lookUp);
    const known = this.#entries.get(ecosystem);
    if (known?.state === 'none') return undefined;
    const file = this.#source.file(lookUp.base);
    if (known === undefined) this.#entries.set(ecosystem, this.#judge(ecosystem, lookUp, file));
    return this.#entries.get(ecosystem)?.state === 'none' ? undefined : file;
  }

  /** Runs a look-up; when the file turns out to be damaged, its ecosystem is no longer covered. */
  attempt<T>(lookUp: LookUp, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isEngineError(error)) throw error;
      this.#none(nameOf(lookUp), error.message);
      return undefined;
    }
  }

  entries(): Coverage[] {
    return [...this.#entries.values()].sort((a, b) => compareText(a.ecosystem, b.ecosystem));
  }

  #none(ecosystem: string, reason: string): void {
    this.#entries.set(ecosystem, { ecosystem, state: 'none', reason });
  }

  #judge(ecosystem: string, lookUp: LookUp, file: EcosystemFile | undefined): Coverage {
    const { base, suffixText, wantsSuffix } = lookUp;
    const none = (reason: string): Coverage => ({ ecosystem, state: 'none', reason });
    if (schemeFor(base) === undefined) return none(`versions of ${base} cannot be compared yet`);
    if (file === undefined) return none(`no advisories of ${base} have been downloaded`);
    if (suffixText !== '' && !file.knowsSuffix(wantsSuffix)) return none(`the source knows no release "${suffixText}"`);
    const stale = this.#source.stale(base);
    return stale === undefined ? { ecosystem, state: 'full' } : { ecosystem, state: 'stale', reason: stale };
  }
}

function nameOf({ base, suffixText }: LookUp): string {
  return suffixText === '' ? base : `${base}:${suffixText}`;
}

function matchOne(lookUp: LookUp, file: EcosystemFile, source: AdvisorySource): Matched {
  const scheme = schemeFor(lookUp.base);
  if (scheme === undefined) return { vulnerabilities: [], isUncertain: false };
  const records: AdvisoryRecord[] = [];
  const reader = new RecordReader(file);
  for (const { name, version } of lookUp.subjects) {
    const found = file.lookUp(comparableName(lookUp.base, name), lookUp.wantsSuffix, lookUp.onlySuffix);
    if (found.length === 0) continue;
    const judge = judgeOf(scheme, version);
    for (const { suffix, entries } of found) {
      for (const entry of entries) records.push({ record: entry[0], suffix, entry, ...judge(entry) });
    }
  }
  const isUncertain = records.some(({ verdict }) => verdict === 'unknown');
  if (!isUncertain && !records.some(({ verdict }) => verdict === 'affected')) {
    return { vulnerabilities: [], isUncertain };
  }
  const groups = groupRecords(records, lookUp, reader, scheme);
  return {
    vulnerabilities: groups.vulnerabilities(source.signals),
    isUncertain: groups.isUncertain,
  };
}

type Verdict = Pick<AdvisoryRecord, 'verdict' | 'fixed'>;

const affected: Verdict = { verdict: 'affected' };
const notAffected: Verdict = { verdict: 'not-affected' };
const unknown: Verdict = { verdict: 'unknown' };

/** Judges entries for one version, which is parsed once. */
function judgeOf(scheme: VersionScheme<unknown>, version: string): (entry: StoredEntry) => Verdict {
  const parsed = scheme.parse(version);
  return (entry) => {
    const what = entry[1];
    if (parsed !== undefined && typeof what === 'string' && what !== '0') {
      // The short form "before 1.2": nearly all records, so it does not take the long way.
      const fixed = scheme.parse(what);
      if (fixed === undefined) return unknown;
      return scheme.compare(parsed, fixed) < 0 ? { verdict: 'affected', fixed: what } : notAffected;
    }
    if (parsed !== undefined && what === undefined) return affected;
    const { ranges, versions = [] } = affectedOf(entry);
    const result = evaluateRanges(scheme, version, ranges, versions);
    if (result.affected) return result.fixed === undefined ? affected : { verdict: 'affected', fixed: result.fixed };
    return result.uncertain ? unknown : notAffected;
  };
}
