import { apk } from './apk.ts';
import { deb } from './deb.ts';
import { maven } from './maven.ts';
import { nuget } from './nuget.ts';
import { packagist } from './packagist.ts';
import { pep440 } from './pep440.ts';
import { pub, withRebuilds } from './rebuilt.ts';
import { rpm } from './rpm.ts';
import { rubygems } from './rubygems.ts';
import type { VersionScheme } from './scheme.ts';
import { semver } from './semver.ts';

/** All version schemes, sorted by id. */
export const schemes: readonly VersionScheme<unknown>[] = [
  apk,
  deb,
  maven,
  nuget,
  packagist,
  pep440,
  rpm,
  rubygems,
  semver,
];

/** Ecosystems by their name before the first colon, sorted. https://ossf.github.io/osv-schema/#defined-ecosystems */
const ECOSYSTEMS: ReadonlyMap<string, VersionScheme<unknown>> = new Map<string, VersionScheme<unknown>>([
  ['AlmaLinux', rpm],
  ['Alpaquita', apk],
  ['Alpine', apk],
  ['Azure Linux', rpm],
  ['BellSoft Hardened Containers', apk],
  ['Bitnami', semver],
  ['Chainguard', apk],
  ['CleanStart', apk],
  ['Debian', deb],
  ['Echo', deb],
  ['Go', semver],
  ['Hex', semver],
  ['Mageia', rpm],
  ['Maven', maven],
  ['MinimOS', apk],
  ['NuGet', nuget],
  ['Packagist', packagist],
  ['Photon OS', rpm],
  ['Pub', pub],
  ['PyPI', pep440],
  ['Red Hat', rpm],
  ['Rocky Linux', rpm],
  ['RubyGems', rubygems],
  ['SUSE', rpm],
  ['SwiftURL', semver],
  ['Ubuntu', deb],
  ['Wolfi', apk],
  ['crates.io', semver],
  ['npm', semver],
  ['openEuler', rpm],
  ['openSUSE', rpm],
]);

/** Vendors whose packages are those of the ecosystem named behind the colon (`Root:Alpine:3.18`). */
const DELEGATES: ReadonlySet<string> = new Set(['Docker Hardened Images', 'Root', 'TuxCare']);

/** Names of all ecosystems whose versions can be compared, sorted; those of vendors end in a colon and want another behind it. */
export const ecosystemNames: readonly string[] = [
  ...ECOSYSTEMS.keys(),
  ...[...DELEGATES].map((name) => `${name}:`),
].sort();

/**
 * The version scheme of an OSV ecosystem, with or without its suffix (`Debian`, `Debian:12`, `Alpine:v3.20`). Undefined:
 * versions of this ecosystem cannot be compared, so that nothing may be said about its packages.
 */
export function schemeFor(ecosystem: string): VersionScheme<unknown> | undefined {
  const [name = '', behind = ''] = splitOnce(ecosystem);
  const [delegate = ''] = splitOnce(behind);
  const own = ECOSYSTEMS.get(name);
  // Echo is a distribution of its own, and builds packages of other ecosystems as well (`Echo:npm`).
  const scheme = DELEGATES.has(name) || name === 'Echo' ? (ECOSYSTEMS.get(delegate) ?? own) : own;
  const isRebuilt = name === 'Root' || (name === 'Echo' && scheme === semver);
  return scheme !== undefined && isRebuilt ? withRebuilds(scheme) : scheme;
}

function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}
