import { compareDigits, compareNumbers } from './natural.ts';
import type { Comparison, VersionScheme } from './scheme.ts';
import { type SemverVersion, comparePreReleases, semver } from './semver.ts';

/** A version with the number of its rebuild, or without one. */
export interface RebuiltVersion {
  readonly version: unknown;
  readonly rebuild: string | undefined;
}

/** `1.2.3-r0.root.io.4`, `1.2.3+root.io.4`, `1.2.3+echo.1` */
const REBUILD = /(?:[.+]root\.io|\+echo)\.(\d+)$/;

/** The scheme with a vendor's rebuild numbers as a last tie-break: without one, then by number. */
export function withRebuilds(scheme: VersionScheme<unknown>): VersionScheme<unknown> {
  const rebuilt: VersionScheme<RebuiltVersion> = {
    id: scheme.id,
    source: `${scheme.source}; rebuild numbers of Root and Echo`,
    parse: (text) => {
      const match = REBUILD.exec(text.trimEnd());
      const version = scheme.parse(match === null ? text : text.slice(0, match.index));
      return version === undefined ? undefined : { version, rebuild: match?.[1] };
    },
    compare: (a, b) => scheme.compare(a.version, b.version) || compareRebuilds(a.rebuild, b.rebuild),
  };
  return rebuilt;
}

function compareRebuilds(a: string | undefined, b: string | undefined): Comparison {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareDigits(a, b);
}

/** Semantic versions as Dart's packages have them: build metadata counts, none before some. pub_semver, "Semantics". */
export const pub: VersionScheme<{ readonly version: SemverVersion; readonly build: readonly string[] }> = {
  id: semver.id,
  source: `${semver.source}; Dart documentation, "Package versioning"`,
  parse: (text) => {
    const version = semver.parse(text);
    const plus = text.indexOf('+');
    const build =
      plus < 0
        ? []
        : text
            .slice(plus + 1)
            .trim()
            .split('.');
    return version === undefined ? undefined : { version, build };
  },
  compare: (a, b) => {
    const order = semver.compare(a.version, b.version);
    if (order !== 0) return order;
    const isBuilt = compareNumbers(Number(a.build.length > 0), Number(b.build.length > 0));
    return isBuilt === 0 ? comparePreReleases(a.build, b.build) : isBuilt;
  },
};
