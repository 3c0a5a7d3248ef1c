import { isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { schemeFor } from '../versions/index.ts';
import type { EcosystemFile } from './ecosystem-file.ts';
import { type LookUp, type Subject, lookUpFor, ownerDecides } from './ecosystems.ts';
import { type AdvisoryRecord, groupRecords } from './grouping.ts';
import { judgeOf } from './judge.ts';
import { comparableName, splitEcosystem } from './osv.ts';
import { RecordReader } from './record-reader.ts';
import { type Release, releaseOf } from './releases.ts';
import type { Signals } from './signals.ts';
import type { Coverage, MatchRequest, MatchResult, Vulnerability } from './types.ts';

/** What matching reads. `file` answers undefined when there are no advisories of an ecosystem. */
export interface AdvisorySource {
  file(ecosystem: string): EcosystemFile | undefined;
  readonly signals: Signals | undefined;
  /** Why an ecosystem has none, or that it stands still. */
  stale(ecosystem: string): string | undefined;
}

type Item = MatchRequest['packages'][number];

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
  const coverage = new CoverageBook(source, request);
  const memory = new Map<string, Matched>();
  const readers = new Map<EcosystemFile, RecordReader>();
  for (const [index, item] of request.packages.entries()) {
    const lookUp = lookUpFor(item, coverage.release);
    if (lookUp === undefined) {
      coverage.takeUnknown(item.type);
      continue;
    }
    const file = coverage.take(lookUp);
    if (file === undefined) continue;
    if (item.ownedBy !== undefined && !lookUp.isSystem && coverage.isSystemCovered && ownerDecides(request.osEcosystem))
      continue;
    if (item.thirdParty === true && lookUp.isSystem) {
      incomparable.push(index); // the distribution's advisories know nothing of another vendor's versions
      continue;
    }
    const key = JSON.stringify([lookUp.base, lookUp.subjects, item.architecture, item.modularity]);
    let found = memory.get(key);
    if (found === undefined) {
      let reader = readers.get(file);
      if (reader === undefined) readers.set(file, (reader = new RecordReader(file)));
      const used = reader;
      found = coverage.attempt(lookUp, () => matchOne(item, lookUp, file, used, source));
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
  /** The operating system's release; undefined when OSV knows nothing of it. */
  readonly release: Release | undefined;
  readonly isSystemCovered: boolean;
  readonly #source: AdvisorySource;
  readonly #entries = new Map<string, Coverage>();

  /** The operating system has its entry also when no package of it was found: silence must not look clean. */
  constructor(source: AdvisorySource, { osEcosystem, osName, osUncovered, streams }: MatchRequest) {
    this.#source = source;
    if (osEcosystem === undefined) {
      if (osName !== undefined) this.#none(osName, osUncovered ?? 'there is no advisory source for it');
      this.isSystemCovered = false;
      return;
    }
    const suffixes = source.file(splitEcosystem(osEcosystem).base)?.suffixes ?? [];
    this.release = releaseOf(osEcosystem, { suffixes, streams });
    this.isSystemCovered = this.take(this.release) !== undefined;
  }

  takeUnknown(type: string): void {
    const systemTypes = ['deb', 'apk', 'rpm'];
    if (!systemTypes.includes(type)) this.#none(type, 'there is no advisory source for it');
    else if (this.#entries.size === 0) this.#none('unknown operating system', 'there is no advisory source for it');
  }

  /** The file that judges a look-up; undefined when nothing can be said. */
  take(release: Release): EcosystemFile | undefined {
    const ecosystem = nameOf(release);
    const known = this.#entries.get(ecosystem);
    if (known?.state === 'none') return undefined;
    const file = this.#source.file(release.base);
    if (known === undefined) this.#entries.set(ecosystem, this.#judge(ecosystem, release, file));
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

  #judge(ecosystem: string, release: Release, file: EcosystemFile | undefined): Coverage {
    const { base, suffixText, wantsSuffix, note } = release;
    const none = (reason: string): Coverage => ({ ecosystem, state: 'none', reason });
    if (schemeFor(base) === undefined) return none(`versions of ${base} cannot be compared`);
    if (file === undefined) return none(`no advisories of ${base} have been downloaded`);
    if (suffixText !== '' && !file.knowsSuffix(wantsSuffix)) return none(`the source knows no release "${suffixText}"`);
    const stale = this.#source.stale(base);
    if (stale !== undefined) return { ecosystem, state: 'stale', reason: stale };
    return note === undefined ? { ecosystem, state: 'full' } : { ecosystem, state: 'full', reason: note };
  }
}

function nameOf({ base, suffixText }: Release): string {
  return suffixText === '' ? base : `${base}:${suffixText}`;
}

function matchOne(
  item: Item,
  lookUp: LookUp,
  file: EcosystemFile,
  reader: RecordReader,
  source: AdvisorySource,
): Matched {
  const scheme = schemeFor(lookUp.base);
  if (scheme === undefined) return { vulnerabilities: [], isUncertain: false };
  const plain: AdvisoryRecord[] = [];
  const subscribed: AdvisoryRecord[] = [];
  for (const subject of [...lookUp.subjects, ...builtFrom(item, lookUp, file)]) {
    const found = file.lookUp(comparableName(lookUp.base, subject.name), lookUp.wantsSuffix, lookUp.onlySuffixes);
    if (found.length === 0) continue;
    const judge = judgeOf(scheme, lookUp, subject, item);
    for (const entry of found) {
      const verdict = judge(entry);
      if (verdict === undefined) continue;
      const list = entry.suffix === lookUp.subscription?.suffix ? subscribed : plain;
      list.push({ ...entry, ...verdict });
    }
  }
  const records = withSubscription(plain, subscribed, lookUp, item.version);
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

/** Lists without source packages (chisel's) name binaries alone: what the records say of them leads to the sources. */
function builtFrom(item: Item, lookUp: LookUp, file: EcosystemFile): Subject[] {
  if (lookUp.base !== 'Ubuntu' || item.source !== undefined) return [];
  return file.sourcesOf(item.name).map((name) => ({ name, version: item.version }));
}

/** Versions that Ubuntu publishes to subscribers: `1.2-3ubuntu0.1~esm2`. */
const subscribersVersion = /esm\d/;

/**
 * What is fixed for subscribers alone stays open for everybody else, and says so. Who has a subscriber's version installed
 * is judged by the subscribers' entry.
 */
function withSubscription(
  plain: readonly AdvisoryRecord[],
  subscribed: readonly AdvisoryRecord[],
  { subscription }: LookUp,
  version: string,
): AdvisoryRecord[] {
  if (subscription === undefined || subscribed.length === 0) return [...plain];
  const isSubscriber = subscribersVersion.test(version);
  const byRecord = new Map(subscribed.map((record) => [record.record, record]));
  const known = new Set(plain.map(({ record }) => record));
  const marked = (record: AdvisoryRecord, fixed: string | undefined): AdvisoryRecord => {
    const { fixed: _, ...rest } = record;
    return fixed === undefined
      ? rest
      : { ...rest, subscribersFix: { version: fixed, subscription: subscription.name } };
  };
  return [
    ...plain.map((record) => {
      const other = byRecord.get(record.record);
      if (other === undefined || record.verdict !== 'affected' || record.fixed !== undefined) return record;
      if (other.verdict === 'not-affected') return isSubscriber ? { ...record, verdict: other.verdict } : record;
      return marked(record, other.fixed);
    }),
    ...subscribed.flatMap((record) => {
      if (known.has(record.record) || record.verdict !== 'affected') return [];
      return [isSubscriber ? record : marked(record, record.fixed)];
    }),
  ];
}
