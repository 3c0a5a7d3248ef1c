import { apk } from './apk.ts';
import { deb } from './deb.ts';
import { withRebuilds } from './rebuilt.ts';
import type { VersionScheme } from './scheme.ts';
import { semver } from './semver.ts';

/** All version schemes, sorted by id. */
export const schemes: readonly VersionScheme<unknown>[] = [apk, deb, semver];

/** Ecosystems by their name before the first colon, sorted. https://ossf.github.io/osv-schema/#defined-ecosystems */
const ECOSYSTEMS: ReadonlyMap<string, VersionScheme<unknown>> = new Map<string, VersionScheme<unknown>>([
  ['Alpaquita', apk],
  ['Alpine', apk],
  ['BellSoft Hardened Containers', apk],
  ['Chainguard', apk],
  ['CleanStart', apk],
  ['Debian', deb],
  ['Echo', deb],
  ['Go', semver],
  ['Hex', semver],
  ['MinimOS', apk],
  ['SwiftURL', semver],
  ['Ubuntu', deb],
  ['Wolfi', apk],
  ['crates.io', semver],
  ['npm', semver],
]);

/** Ecosystems whose packages are those of the ecosystem named behind the colon. */
const DELEGATES: ReadonlySet<string> = new Set(['Docker Hardened Images', 'Root', 'TuxCare']);

/**
 * The version scheme of an OSV ecosystem, with or without its suffix (`Debian`, `Debian:12`, `Alpine:v3.20`). Undefined:
 * versions of this ecosystem cannot be compared, so that nothing may be said about its packages.
 */
export function schemeFor(ecosystem: string): VersionScheme<unknown> | undefined {
  const [name = '', behind = ''] = splitOnce(ecosystem);
  if (!DELEGATES.has(name)) return ECOSYSTEMS.get(name);
  const [delegate = ''] = splitOnce(behind);
  const scheme = ECOSYSTEMS.get(delegate);
  return name === 'Root' && scheme !== undefined ? withRebuilds(scheme) : scheme;
}

function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}
