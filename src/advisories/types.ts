import type { OriginalSeverity } from '../core/severity.ts';

/** One opinion on how severe a vulnerability is. */
export interface Rating {
  /** Who says so: `Debian`, `Ubuntu`, `GHSA`, `NVD`, … */
  readonly source: string;
  readonly level: OriginalSeverity;
  /** CVSS vector it comes from. */
  readonly vector?: string;
  readonly score?: number;
  /** The source's own word when it is no level: `unimportant`, `negligible`, `end-of-life`. */
  readonly word?: string;
}

/** A vulnerability that hits one package. One a (package, group of aliases). */
export interface Vulnerability {
  /** CVE if there is one, else GHSA, else the record's own id. */
  readonly id: string;
  readonly aliases: readonly string[];
  /** Id of the record that decided. */
  readonly advisory: string;
  readonly ecosystem: string;
  readonly summary?: string;
  readonly severity: OriginalSeverity;
  /** `Debian`, `GHSA`, `NVD`, … as in `ratings`. */
  readonly severitySource: string;
  readonly ratings: readonly Rating[];
  /** Vector of the base rating, or the best known. */
  readonly cvss?: string;
  readonly fixed?: string;
  readonly published?: string;
  readonly modified?: string;
  /** A malicious package (`MAL-`). */
  readonly malicious: boolean;
  readonly kev?: { readonly dateAdded: string; readonly ransomware: boolean; readonly dueDate?: string };
  readonly epss?: { readonly probability: number; readonly percentile: number; readonly date: string };
  readonly references: readonly string[];
}

/** Whether the packages of an ecosystem could be judged. */
export interface Coverage {
  readonly ecosystem: string;
  readonly state: 'full' | 'none' | 'stale';
  readonly reason?: string;
}

/** The packages of one image, as far as matching needs them. Plain data: it crosses to worker threads. */
export interface MatchRequest {
  readonly osEcosystem?: string;
  /** Says the operating system in `coverage` when it has no ecosystem. */
  readonly osName?: string;
  readonly packages: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly source?: { readonly name: string; readonly version: string };
    readonly ownedBy?: string;
  }[];
}

export interface MatchResult {
  /** `package` is the index in the request. */
  readonly matches: readonly { readonly package: number; readonly vulnerability: Vulnerability }[];
  readonly coverage: readonly Coverage[];
}

export interface AdvisoryStatus {
  readonly ecosystems: readonly {
    readonly ecosystem: string;
    readonly records: number;
    /** ISO times: of our download, and the newest change among the records. */
    readonly updatedAt: string;
    readonly newestModified?: string;
    readonly stale: boolean;
  }[];
  readonly kev?: { readonly entries: number; readonly date: string };
  readonly epss?: { readonly entries: number; readonly date: string };
  readonly source?: string;
}
