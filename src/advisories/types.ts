/** One source's opinion on how severe a vulnerability is. The base severity is chosen among them later. */
export interface Rating {
  /**
   * `own`: the package's distribution release or ecosystem; `general`: GHSA and other general databases; `nvd`: the
   * National Vulnerability Database; `cna`: the CVE's numbering authority.
   */
  readonly origin: 'own' | 'general' | 'nvd' | 'cna';
  /** Who says so: `Debian`, `Ubuntu`, `GHSA`, `NVD`, … */
  readonly source: string;
  /** The source's own word: `moderate`, `unimportant`, `not yet assigned`. */
  readonly word?: string;
  /** CVSS vector, as given. */
  readonly vector?: string;
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
  readonly ratings: readonly Rating[];
  /** Smallest fixed version above the installed one; absent when none is known. */
  readonly fixed?: string;
  /** What is known where `fixed` is absent, beyond "no fix yet". */
  readonly noFix?: NoFix;
  readonly published?: string;
  readonly modified?: string;
  /** A malicious package (`MAL-`). */
  readonly malicious: boolean;
  readonly kev?: KevEntry;
  readonly epss?: EpssEntry;
  readonly references: readonly string[];
}

/** Why there is no fixed version to go to. */
export type NoFix =
  /** Only subscribers get the fix: Ubuntu Pro. */
  | { readonly kind: 'subscription'; readonly version: string; readonly subscription: string }
  /** The vendor has ended its support of the package. */
  | { readonly kind: 'end-of-life'; readonly vendor: string }
  /** Affected up to this version, as far as the advisory knows; there is none that it calls fixed. */
  | { readonly kind: 'last-known'; readonly version: string };

/** CISA's Known Exploited Vulnerabilities catalogue. Dates `YYYY-MM-DD`. */
export interface KevEntry {
  readonly dateAdded: string;
  readonly ransomware: boolean;
  readonly dueDate?: string;
}

/** FIRST's Exploit Prediction Scoring System. Both figures 0..1; date and model are those of the scores. */
export interface EpssEntry {
  readonly probability: number;
  readonly percentile: number;
  readonly date: string;
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
  /** Why the operating system has no ecosystem, as a clause. */
  readonly osUncovered?: string;
  /** Ecosystems of the repositories that the image says it draws from (Red Hat). */
  readonly streams?: readonly string[];
  readonly packages: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly source?: { readonly name: string; readonly version: string };
    readonly ownedBy?: string;
    readonly architecture?: string;
    /** From another vendor's repository than the distribution's. */
    readonly thirdParty?: boolean;
    /** Label of a modular RPM: `name:stream`, then more behind colons. */
    readonly modularity?: string;
  }[];
}

export interface MatchResult {
  /** `package` is the index in the request. */
  readonly matches: readonly { readonly package: number; readonly vulnerability: Vulnerability }[];
  readonly coverage: readonly Coverage[];
  /**
   * Indexes of packages of which something stays unknown: their version, or one that an advisory names, is none of the
   * ecosystem. They may have matches all the same.
   */
  readonly incomparable: readonly number[];
}

export interface AdvisoryStatus {
  readonly ecosystems: readonly {
    readonly ecosystem: string;
    readonly records: number;
    /** ISO times: of our download, and the newest change among the records. */
    readonly updatedAt: string;
    readonly newestModified?: string;
    readonly stale: boolean;
    /** Why it is stale. */
    readonly reason?: string;
    /** Records that could not be read, or only in part. */
    readonly problems: number;
    /** Where they came from: an address, or a folder. */
    readonly source?: string;
  }[];
  readonly kev?: { readonly entries: number; readonly date: string };
  readonly epss?: { readonly entries: number; readonly date: string; readonly model?: string };
  /** When KEV or EPSS were last downloaded. */
  readonly signalsUpdatedAt?: string;
  readonly source?: string;
}
