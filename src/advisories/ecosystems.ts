import { schemeFor } from '../versions/index.ts';
import { splitEcosystem } from './osv.ts';
import type { Release } from './releases.ts';
import type { MatchRequest } from './types.ts';

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

type Item = MatchRequest['packages'][number];

/** One name under which advisories may speak of a package, with the version that they compare. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** Versions are compared without their epochs: the one of the source package is not known. */
  readonly ignoresEpoch?: true;
  /** Binary package that an entry must list, where it lists any. */
  readonly binary?: string;
}

/** Which names of a package advisories use, and which version they compare. */
export interface LookUp extends Release {
  /** A package of the operating system. */
  readonly isSystem: boolean;
  readonly subjects: readonly Subject[];
}

/**
 * How advisories of an ecosystem call a package. Debian, Ubuntu and most RPM distributions speak of source packages,
 * Alpine of origins, Wolfi and its relatives of binary packages (with origins as a second try), Red Hat and AlmaLinux
 * of binary RPMs. Undefined: the package's ecosystem is not known.
 */
export function lookUpFor(item: Item, release: Release | undefined): LookUp | undefined {
  if (!osTypes.has(item.type)) {
    const base = languages[item.type];
    if (base === undefined) return undefined;
    // `Maven:https://…` and the like name other repositories of the same packages.
    const subjects = [{ name: item.name, version: item.version }];
    return { base, isSystem: false, suffixText: '', wantsSuffix: () => true, subjects };
  }
  if (release === undefined) return undefined;
  return { ...release, isSystem: true, subjects: subjectsOf(item, release.base) };
}

function subjectsOf(item: Item, base: string): readonly Subject[] {
  const own = { name: item.name, version: item.version };
  switch (base) {
    case 'Debian':
    case 'Ubuntu':
      return [item.source ?? own];
    case 'SUSE':
    case 'openSUSE':
      // Versions of binaries are compared, and listed in the entry.
      return [{ name: item.source?.name ?? item.name, version: item.version, binary: item.name }];
    case 'Azure Linux':
    case 'openEuler':
    case 'Mageia':
      return [sourceRpm(item)];
    case 'Alpine':
      return [{ name: item.source?.name ?? item.name, version: item.version }];
    case 'Rocky Linux':
      return unique([sourceRpm(item), own]);
    case 'Red Hat':
    case 'AlmaLinux':
      return [own];
    default:
      return unique([own, { name: item.source?.name ?? item.name, version: item.version }]);
  }
}

const epoch = /^\d+:/;

/** The source package of an RPM. Where its version is another than that of the binary, its epoch is not recorded. */
function sourceRpm({ name, version, source }: Item): Subject {
  if (source === undefined) return { name, version };
  const isSame = version.replace(epoch, '') === source.version.replace(epoch, '');
  return isSame || epoch.test(source.version) ? source : { ...source, ignoresEpoch: true };
}

function unique(subjects: readonly [Subject, Subject]): readonly Subject[] {
  const [first, second] = subjects;
  return second.name === first.name && second.version === first.version ? [first] : subjects;
}

/**
 * On these distributions advisories also list unfixed issues, so a language package that the OS package manager owns is
 * judged by them alone. Elsewhere the distribution's silence proves nothing.
 */
const listsUnfixed: ReadonlySet<string> = new Set(['Debian', 'Ubuntu', 'Red Hat', 'Azure Linux']);

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
  'openSUSE',
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
