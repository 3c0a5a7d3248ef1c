import { schemeFor } from '../versions/index.ts';
import { splitEcosystem } from './osv.ts';

/** OSV ecosystem of a language package by its type. https://ossf.github.io/osv-schema/#defined-ecosystems */
const languages: Readonly<Record<string, string>> = {
  npm: 'npm',
  pypi: 'PyPI',
  nuget: 'NuGet',
  maven: 'Maven',
  golang: 'Go',
  cargo: 'crates.io',
  gem: 'RubyGems',
  composer: 'Packagist',
};

/** Package types of operating systems. */
const osTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm']);

/** Which names of a package advisories use, and which version they compare. */
export interface LookUp {
  readonly base: string;
  /** A package of the operating system. */
  readonly isSystem: boolean;
  /** Accepts the suffix of an affected entry. */
  readonly wantsSuffix: (suffix: string) => boolean;
  readonly suffixText: string;
  /** The one suffix that `wantsSuffix` accepts, where it is but one. */
  readonly onlySuffix?: string;
  readonly subjects: readonly { readonly name: string; readonly version: string }[];
}

interface Subject {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly source?: { readonly name: string; readonly version: string };
}

/**
 * How advisories of an ecosystem call a package. Debian, Ubuntu and most RPM distributions speak of source packages,
 * Alpine of origins, Wolfi and its relatives of binary packages (with origins as a second try), Red Hat and AlmaLinux
 * of binary RPMs. Undefined: the package's ecosystem is not known.
 */
export function lookUpFor(item: Subject, osEcosystem: string | undefined): LookUp | undefined {
  if (!osTypes.has(item.type)) {
    const base = languages[item.type];
    if (base === undefined) return undefined;
    // `Maven:https://…` and the like name other repositories of the same packages.
    const subjects = [{ name: item.name, version: item.version }];
    return { base, isSystem: false, suffixText: '', wantsSuffix: () => true, subjects };
  }
  if (osEcosystem === undefined) return undefined;
  const release = releaseLookUp(osEcosystem);
  const { base } = release;
  const own = { name: item.name, version: item.version };
  const source = item.source ?? own;
  let subjects: LookUp['subjects'];
  switch (base) {
    case 'Debian':
    case 'Ubuntu':
    case 'SUSE':
    case 'openSUSE':
    case 'Azure Linux':
    case 'openEuler':
    case 'Mageia':
      subjects = [source];
      break;
    case 'Alpine':
      subjects = [{ name: source.name, version: item.version }];
      break;
    case 'Rocky Linux':
      subjects = unique([source, own]);
      break;
    case 'Red Hat':
    case 'AlmaLinux':
      subjects = [own];
      break;
    default:
      subjects = unique([own, { name: source.name, version: item.version }]);
  }
  return { ...release, subjects };
}

/** A look-up in a release of an operating system that names no package yet. */
export function releaseLookUp(osEcosystem: string): LookUp {
  const { base, suffix } = splitEcosystem(osEcosystem);
  const rule = suffixRule(base, suffix);
  const common = { base, isSystem: true, suffixText: suffix, subjects: [] };
  return rule === undefined
    ? { ...common, wantsSuffix: (candidate) => candidate === suffix, onlySuffix: suffix }
    : { ...common, wantsSuffix: rule };
}

/** Which suffixes count for an installation; undefined: its own alone. Only RHEL and SLES draw from several streams. */
function suffixRule(base: string, suffix: string): ((candidate: string) => boolean) | undefined {
  if (base === 'Red Hat') {
    const major = /^enterprise_linux:(\d+)/.exec(suffix)?.[1];
    if (major === undefined) return undefined;
    return (candidate) =>
      candidate.startsWith(`enterprise_linux:${major}::`) || candidate === `enterprise_linux:${major}`;
  }
  if (base === 'SUSE') {
    const tail = / \d+( SP\d+)?$/.exec(suffix)?.[0];
    return tail === undefined ? undefined : (candidate) => candidate.endsWith(tail);
  }
  return undefined;
}

function unique(subjects: LookUp['subjects']): LookUp['subjects'] {
  const [first, second] = subjects;
  return first !== undefined && second?.name === first.name && second.version === first.version ? [first] : subjects;
}

/**
 * On these distributions advisories also list unfixed issues, so a language package that the OS package manager owns is
 * judged by them alone. Elsewhere the distribution's silence proves nothing.
 */
const listsUnfixed: ReadonlySet<string> = new Set(['Debian', 'Ubuntu', 'Azure Linux']);

export function ownerDecides(osEcosystem: string | undefined): boolean {
  return osEcosystem !== undefined && listsUnfixed.has(splitEcosystem(osEcosystem).base);
}

/** Ecosystems (without suffix) whose advisories can judge the packages of an image, sorted. */
export function ecosystemsNeeded(osEcosystem: string | undefined, types: Iterable<string>): string[] {
  const out = new Set<string>();
  for (const type of types) {
    const base = osTypes.has(type)
      ? osEcosystem === undefined
        ? undefined
        : splitEcosystem(osEcosystem).base
      : languages[type];
    if (base !== undefined && schemeFor(base) !== undefined) out.add(base);
  }
  return [...out].sort();
}

/** Sources with changes on most days; a newest change older than this many days means that the source stands still. */
const busy: ReadonlySet<string> = new Set([
  'Debian',
  'Ubuntu',
  'Alpine',
  'Wolfi',
  'Chainguard',
  'Azure Linux',
  'Red Hat',
  'SUSE',
  'npm',
  'PyPI',
  'Maven',
  'Go',
]);
const staleAfterDays = 14;

export function isStale(ecosystem: string, newestModified: string | undefined, now: Date): boolean {
  if (newestModified === undefined || !busy.has(ecosystem)) return false;
  const time = Date.parse(newestModified);
  return !Number.isNaN(time) && now.getTime() - time > staleAfterDays * 86_400_000;
}
