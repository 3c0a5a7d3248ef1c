import type { OriginalSeverity, Severity } from '../core/severity.ts';

/** Where a finding comes from. */
export type SourceTool = 'acr' | 'aks' | 'azure' | 'defender' | 'dockerfile';

export type FindingKind = 'vulnerability' | 'configuration' | 'dockerfile' | 'secret' | 'exposure';

/** `new` is an open finding first seen in the latest scan of its asset. */
export type FindingState = 'open' | 'new' | 'excepted' | 'fixed' | 'denied' | 'unreadable' | 'notAffected' | 'disabled';

export type AssetKind =
  | 'connection'
  | 'subscription'
  | 'registry'
  | 'repository'
  | 'image'
  | 'cluster'
  | 'namespace'
  | 'workload'
  | 'resource'
  | 'dockerfile';

export interface AssetRef {
  /** ARM id in lower case, `k8s:…`, `image:<host>/<repository>@<digest>`, `dockerfile:<uri>`. */
  readonly id: string;
  readonly kind: AssetKind;
  readonly name: string;
  /** Names from the connection down, for display. */
  readonly path: readonly string[];
}

/** One observed fact, with where and when it was read. Values that look secret are masked before they get here. */
export interface Evidence {
  readonly label: string;
  readonly value: string;
  readonly expected?: string;
  /** Object it was read from: ARM id, `k8s:…`, path in the image. */
  readonly ref?: string;
  readonly field?: string;
  readonly at?: string;
}

export interface Remediation {
  readonly kind: 'dockerfile' | 'azureCli' | 'portal' | 'bicep' | 'text';
  readonly text: string;
  /** What the change may break. */
  readonly caution?: string;
}

/** A place in the workspace. */
export interface SourceLink {
  readonly uri: string;
  /** Zero-based, both included. */
  readonly line: number;
  readonly endLine: number;
  /** exact: layer ↔ instruction; likely: same base image; possible: a weak match. */
  readonly confidence: 'exact' | 'likely' | 'possible';
  readonly excerpt?: readonly string[];
}

/** How the effective severity came about. Levels in lower case. */
export interface SeverityExplanation {
  readonly original: { readonly level: OriginalSeverity; readonly source: string; readonly other?: string };
  readonly factors: readonly {
    readonly id: string;
    readonly label: string;
    readonly points: number;
    readonly text: string;
    readonly stale?: true;
    readonly evidenceId?: string;
  }[];
  readonly unknown: readonly {
    readonly id: string;
    readonly label: string;
    readonly why: string;
    readonly counterfactual: string;
  }[];
  readonly up: number | null;
  readonly down: number | null;
  readonly pressure: number | null;
  readonly rules: readonly string[];
  readonly window: string | null;
  readonly effective: Severity | 'none';
  readonly verdict?: 'not_affected' | 'not_present' | 'not_applicable';
  readonly placement: string | null;
  readonly headline: string;
}

export interface FindingPackage {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly path?: string;
  readonly layer?: string;
  readonly createdBy?: string;
  readonly fixed?: string;
}

/** What a scan produces; the store adds identity over time. */
export interface FindingDraft {
  /** Stable: the same cause on the same asset has the same id in every scan. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly sourceTool: SourceTool;
  /** CVE, GHSA, check id or rule id. */
  readonly check: string;
  readonly title: string;
  readonly summary: string;
  readonly asset: AssetRef;
  readonly connectionId?: string;
  readonly subscriptionId?: string;
  readonly application: string;
  readonly explanation: SeverityExplanation;
  /** Result that decides the state: an open fact, no access, a shape that is not documented, a verdict, an exception. */
  readonly result: 'open' | 'denied' | 'unreadable' | 'notAffected' | 'excepted' | 'disabled';
  readonly package?: FindingPackage;
  readonly aliases: readonly string[];
  readonly knownExploited: boolean;
  readonly epss?: number;
  readonly running: boolean;
  readonly internetFacing: boolean;
  readonly evidence: readonly Evidence[];
  readonly remediation: readonly Remediation[];
  readonly references: readonly string[];
  readonly source?: SourceLink;
  /** Workloads that run the asset, for vulnerabilities. */
  readonly affected: readonly AssetRef[];
}

export interface Finding extends FindingDraft {
  readonly state: FindingState;
  /** ISO times. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly fixedAt?: string;
  readonly reopenedAt?: string;
  readonly history: readonly FindingEvent[];
}

export interface FindingEvent {
  readonly at: string;
  readonly what: 'seen' | 'fixed' | 'reopened' | 'severity' | 'state';
  readonly text: string;
  readonly scanId?: string;
}
