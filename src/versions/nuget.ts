import { compareDigits } from './natural.ts';
import { type Comparison, type VersionScheme, wordOf } from './scheme.ts';
import { comparePreReleases } from './semver.ts';

/** A NuGet version; metadata is dropped, as it has no part in the order. */
export interface NugetVersion {
  /** Major, minor, patch and revision as digits. */
  readonly numbers: readonly string[];
  /** Identifiers of the pre-release in lower case; empty for a release. */
  readonly preRelease: readonly string[];
}

const VERSION = /^v?(\d+(?:\.\d+){0,3})(?:-([\da-z-]+(?:\.[\da-z-]+)*))?(?:\+[\da-z.-]+)?$/i;

/** One to four numbers; a leading `v` is cut, since advisories are written by hand. Anything else that NuGet refuses is no version. */
function parse(text: string): NugetVersion | undefined {
  const match = VERSION.exec(wordOf(text) ?? '');
  if (match === null) return undefined;
  const [, numbers = '', preRelease] = match;
  return { numbers: numbers.split('.'), preRelease: preRelease?.toLowerCase().split('.') ?? [] };
}

function compare(a: NugetVersion, b: NugetVersion): Comparison {
  for (let index = 0; index < 4; index++) {
    const order = compareDigits(a.numbers[index] ?? '', b.numbers[index] ?? '');
    if (order !== 0) return order;
  }
  return comparePreReleases(a.preRelease, b.preRelease);
}

/** Order of NuGet packages: that of Semantic Versioning with a fourth number, and without regard to case. */
export const nuget: VersionScheme<NugetVersion> = {
  id: 'nuget',
  source: 'NuGet documentation, "Package versioning" (2025), and Semantic Versioning 2.0.0',
  parse,
  compare,
};
