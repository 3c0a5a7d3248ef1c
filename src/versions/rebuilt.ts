import { compareDigits } from './natural.ts';
import type { Comparison, VersionScheme } from './scheme.ts';

/** A version with the number of its rebuild, or without one. */
export interface RebuiltVersion {
  readonly version: unknown;
  readonly rebuild: string | undefined;
}

/** `1.2.3-r0.root.io.4`, `1.2.3+root.io.4` */
const REBUILD = /[.+]root\.io\.(\d+)$/;

/** The scheme with rebuild numbers of Root as a last tie-break: without one, then by number. */
export function withRebuilds(scheme: VersionScheme<unknown>): VersionScheme<unknown> {
  const rebuilt: VersionScheme<RebuiltVersion> = {
    id: scheme.id,
    source: `${scheme.source}; rebuild numbers of Root`,
    parse: (text) => {
      const rebuild = REBUILD.exec(text)?.[1];
      const version = scheme.parse(text.replace(REBUILD, ''));
      return version === undefined ? undefined : { version, rebuild };
    },
    compare: (a, b) => scheme.compare(a.version, b.version) || compareRebuilds(a.rebuild, b.rebuild),
  };
  return rebuilt;
}

function compareRebuilds(a: string | undefined, b: string | undefined): Comparison {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareDigits(a, b);
}
