import { evaluateRanges } from '../versions/range.ts';
import type { VersionScheme } from '../versions/scheme.ts';
import type { PackageEntry } from './ecosystem-file.ts';
import type { LookUp, Subject } from './ecosystems.ts';
import { type StoredAffected, type StoredEvent, decodeWhat, onlyFix } from './entries.ts';
import { modularRelease } from './osv.ts';
import type { MatchRequest } from './types.ts';

/** What an entry says of one version. */
export interface Verdict {
  readonly verdict: 'affected' | 'not-affected' | 'unknown';
  /** Smallest fixed version above the installed one. */
  readonly fixed?: string;
  /** Last version known to be affected, where no fix is known. */
  readonly lastKnown?: string;
}

type Item = MatchRequest['packages'][number];

const affected: Verdict = { verdict: 'affected' };
const notAffected: Verdict = { verdict: 'not-affected' };
const unknown: Verdict = { verdict: 'unknown' };

/** Distributions with modules. */
const modular: ReadonlySet<string> = new Set(['Red Hat', 'AlmaLinux', 'Rocky Linux']);
const epoch = /^\d+:/;

/**
 * Judges the entries of a look-up for one version, which is parsed once. Undefined: the entry is not about this package:
 * another architecture, another module, another binary.
 */
export function judgeOf(
  scheme: VersionScheme<unknown>,
  lookUp: LookUp,
  subject: Subject,
  item: Item,
): (entry: PackageEntry) => Verdict | undefined {
  const { binary } = subject;
  const spelled = (text: string): string => (subject.ignoresEpoch === true ? text.replace(epoch, '') : text);
  const installed = spelled(subject.version);
  const parsed = scheme.parse(installed);
  const module = modular.has(lookUp.base) ? moduleRule(item) : undefined;
  const judgeFix = (fixed: string): Verdict => {
    const end = parsed === undefined ? undefined : scheme.parse(spelled(fixed));
    if (parsed === undefined || end === undefined) return unknown;
    return scheme.compare(parsed, end) < 0 ? { verdict: 'affected', fixed } : notAffected;
  };
  const judgeFull = (entry: StoredAffected): Verdict => {
    const { ranges, versions = [], lastKnown } = entry;
    const told = subject.ignoresEpoch === true ? ranges.map((events) => events.map(withoutEpoch)) : ranges;
    const result = evaluateRanges(scheme, installed, told, versions);
    if (result.affected || isListed(scheme, parsed, versions)) {
      if (result.fixed !== undefined) return { verdict: 'affected', fixed: result.fixed };
      return lastKnown === undefined ? affected : { verdict: 'affected', lastKnown };
    }
    return result.uncertain ? unknown : notAffected;
  };
  return ({ what }) => {
    const fixed = onlyFix(what);
    if (fixed !== undefined && fixed !== '0') {
      // The short form "before 1.2": nearly all records, so it does not take the long way.
      const belongs = module?.(modularRelease.test(fixed), undefined) ?? 'same';
      return belongs === 'same' ? judgeFix(fixed) : belongs === 'unknown' ? unknown : undefined;
    }
    const entry = decodeWhat(what);
    const { architecture, binaries } = entry;
    if (architecture !== undefined && item.architecture !== undefined && architecture !== item.architecture)
      return undefined;
    const belongs = module?.(entry.module !== undefined || isModular(entry), entry.module) ?? 'same';
    if (belongs !== 'same') return belongs === 'unknown' ? unknown : undefined;
    if (binary !== undefined && binaries !== undefined) {
      const own = Object.hasOwn(binaries, binary) ? binaries[binary] : undefined;
      if (own === undefined) return undefined;
      if (own !== '' && isUpToFix(entry)) return judgeFix(own);
    }
    return judgeFull(entry);
  };
}

function withoutEpoch([kind, version]: StoredEvent): StoredEvent {
  return [kind, version.replace(epoch, '')];
}

/** Affected from the beginning up to one fix. */
function isUpToFix({ ranges }: StoredAffected): boolean {
  const [events = [], ...more] = ranges;
  return more.length === 0 && events.length === 2 && events[0]?.[1] === '0' && events[1]?.[0] === 'f';
}

function isModular({ ranges }: StoredAffected): boolean {
  return ranges.some((events) => events.some(([, version]) => modularRelease.test(version)));
}

/** Versions are listed in any spelling: `1.0` is also `1.0.0`. */
function isListed(scheme: VersionScheme<unknown>, installed: unknown, versions: readonly string[]): boolean {
  if (installed === undefined) return false;
  return versions.some((text) => {
    const version = scheme.parse(text);
    return version !== undefined && scheme.compare(version, installed) === 0;
  });
}

/**
 * Whether an entry is about a package's module. What is built for one stream of a module says nothing of another, nor of
 * packages of no module; a modular package without its label belongs to an unknown one.
 */
function moduleRule(
  item: Item,
): (isEntryModular: boolean, modules: string | undefined) => 'same' | 'another' | 'unknown' {
  const label = item.modularity?.split(':').slice(0, 2).join(':');
  const isPackageModular = label !== undefined || modularRelease.test(item.version);
  return (isEntryModular, modules) => {
    if (isEntryModular !== isPackageModular) return 'another';
    if (!isEntryModular) return 'same';
    if (label === undefined || modules === undefined) return 'unknown';
    return modules.split('|').includes(label) ? 'same' : 'another';
  };
}
