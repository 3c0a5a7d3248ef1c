import { splitEcosystem } from './osv.ts';

/** A release of an operating system, as advisories name it. */
export interface Release {
  readonly base: string;
  /** Accepts the suffix of an affected entry. */
  readonly wantsSuffix: (suffix: string) => boolean;
  readonly suffixText: string;
  /** The suffixes that `wantsSuffix` accepts, where they are known. */
  readonly onlySuffixes?: readonly string[];
  /** Suffix of entries that speak of subscribers alone, and what they subscribe to. */
  readonly subscription?: { readonly suffix: string; readonly name: string };
  /** What the reader should know: another release stands in. */
  readonly note?: string;
}

export interface ReleaseHints {
  /** Suffixes that the advisories name at all. */
  readonly suffixes: readonly string[];
  /** Ecosystems of the repositories that the image says it draws from (`Red Hat:rhel_eus:9.4::baseos`). */
  readonly streams?: readonly string[] | undefined;
}

/**
 * Which suffixes of an ecosystem speak of an installation. Most distributions have one for each release; RHEL and SLES
 * draw from several streams, Alpine's edge has none of its own. OSV schema 1.7, "Defined ecosystems", and the suffixes of
 * the published dumps.
 */
export function releaseOf(osEcosystem: string, hints: ReleaseHints): Release {
  const { base, suffix } = splitEcosystem(osEcosystem);
  const exact = (only: string): Release => ({
    base,
    suffixText: suffix,
    wantsSuffix: (candidate) => candidate === only,
    onlySuffixes: [only],
  });
  const some = (wantsSuffix: (candidate: string) => boolean): Release => ({ base, suffixText: suffix, wantsSuffix });
  switch (base) {
    case 'Alpine': {
      if (suffix !== 'edge') return exact(suffix);
      const newest = newestBranch(hints.suffixes);
      return newest === undefined
        ? exact(suffix)
        : {
            ...exact(newest),
            note: `edge has no advisories of its own: judged by those of ${newest}, the newest branch`,
          };
    }
    case 'Ubuntu': {
      const pro = `Pro:${suffix}`;
      return {
        base,
        suffixText: suffix,
        wantsSuffix: (candidate) => candidate === suffix || candidate === pro,
        onlySuffixes: [suffix, pro],
        subscription: { suffix: pro, name: 'Ubuntu Pro' },
      };
    }
    case 'Red Hat': {
      const wants = redHatStreams(suffix, hints);
      return wants === undefined ? exact(suffix) : some(wants);
    }
    case 'SUSE': {
      const wants = suseProducts(suffix);
      return wants === undefined ? exact(suffix) : some(wants);
    }
    default:
      return exact(suffix);
  }
}

/** `v3.23` of `v3.9`, `v3.22`, `v3.23`. */
function newestBranch(suffixes: readonly string[]): string | undefined {
  const branches = suffixes.flatMap((suffix) => {
    const found = /^v(\d+)\.(\d+)$/.exec(suffix);
    return found === null ? [] : [{ suffix, order: Number(found[1]) * 10_000 + Number(found[2]) }];
  });
  return branches.sort((a, b) => b.order - a.order)[0]?.suffix;
}

/**
 * One RHEL installation draws from several streams, of which os-release names but one: all that are not extended count
 * (`enterprise_linux:9::appstream`, `enterprise_linux:10.1`), unless the image says its repositories. Undefined: the
 * suffix is of another form.
 */
function redHatStreams(suffix: string, { streams = [] }: ReleaseHints): ((candidate: string) => boolean) | undefined {
  const major = /^enterprise_linux:(\d+)/.exec(suffix)?.[1];
  if (major === undefined) return undefined;
  const main = new RegExp(`^enterprise_linux:${major}(\\.\\d+)?(::.*)?$`);
  const said = new Set(streams.map((stream) => splitEcosystem(stream).suffix));
  if (said.size === 0) return (candidate) => main.test(candidate);
  const drawsFromMain = [...said].some((stream) => main.test(stream));
  return (candidate) => said.has(candidate) || (drawsFromMain && main.test(candidate));
}

/**
 * Packages of SLE come from modules with a suffix of their own that ends like the product's
 * (`Linux Enterprise Module for Basesystem 15 SP6`), those of long-term support with a mark behind. Undefined: the
 * product stands alone.
 */
function suseProducts(suffix: string): ((candidate: string) => boolean) | undefined {
  if (suffix.includes('Micro')) return undefined;
  const tail = / \d+(\.\d+)?( SP\d+)?(?=(-LTSS)?$)/.exec(suffix)?.[0];
  return tail === undefined ? undefined : (candidate) => candidate.endsWith(tail) || candidate.endsWith(`${tail}-LTSS`);
}
