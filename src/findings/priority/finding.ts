import type { FactorId } from './factors.ts';
import type { BaseLevel, EffectiveLevel } from './levels.ts';

/** What is known of one factor; a factor that nobody names is false. */
export interface FactorEvidence {
  readonly id: FactorId;
  readonly value: boolean | 'unknown';
  /** Age of the evidence in hours; absent: fresh. */
  readonly ageHours?: number | undefined;
  /** True: older than the limit of its group, whatever the age. */
  readonly stale?: boolean | undefined;
  /** Fill the names in braces of the factor's sentence. */
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** Why it is unknown: the read that failed. */
  readonly why?: string | undefined;
  /** Comes back with the factor, so that a view can lead to the evidence. */
  readonly evidenceId?: string | undefined;
}

/** One container that runs the image: image digest, cluster, namespace, workload, container behind one id. */
export interface Placement {
  readonly id: string;
  /** Each replaces the finding's own evidence of the same factor. */
  readonly factors?: readonly FactorEvidence[] | undefined;
}

/** The base severity as chosen among the sources; `other` names the runner-up. */
export interface PriorityBase {
  readonly level: BaseLevel;
  readonly source: string;
  readonly other?: string | undefined;
}

/** Everything the model looks at for one finding. Ids of factors are unique in each list, ids of placements too. */
export interface PriorityInput {
  readonly finding: string;
  readonly kind: 'vulnerability' | 'posture';
  readonly base: PriorityBase;
  /** CVSS vector of a vulnerability; one that cannot be read counts as absent. */
  readonly cvss?: string | undefined;
  /** Used when there is no readable vector. */
  readonly attackVector?: 'N' | 'A' | 'L' | 'P' | undefined;
  /** CISA enrichment of a vulnerability; absent or unknown: taken from the vector. */
  readonly ssvc?:
    | {
        readonly automatable?: 'yes' | 'no' | 'unknown' | undefined;
        readonly technicalImpact?: 'partial' | 'total' | 'unknown' | undefined;
      }
    | undefined;
  /** The package is listed as malicious (OSV `MAL-` id). */
  readonly malicious?: boolean | undefined;
  /** Posture: the factors that the check itself reports; they give no points to its own finding. */
  readonly self?: readonly FactorId[] | undefined;
  /** Posture: the check is about the API server. */
  readonly apiServer?: boolean | undefined;
  readonly factors?: readonly FactorEvidence[] | undefined;
  /** Absent or empty: the finding is evaluated once, as "registry only". */
  readonly placements?: readonly Placement[] | undefined;
}

export type FindingState = 'open' | 'not_affected' | 'not_present' | 'not_applicable';

/** How soon to act, soonest first. */
export const WINDOWS = ['3d+triage', '3d', '14d', '60d', 'next upgrade', 'before deploy'] as const;

export type RemediationWindow = (typeof WINDOWS)[number];

/** Guards, ceiling and floors in the order in which they act. */
export const RULES = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'C1', 'F1', 'F2', 'F3', 'F4'] as const;

export type RuleId = (typeof RULES)[number];

/** A factor that counted, with its points before caps. */
export interface CountedFactor {
  readonly id: FactorId;
  readonly points: number;
  readonly text: string;
  readonly stale?: true;
  readonly evidenceId?: string;
}

/** A factor that counts as unknown, and what the level would be were it true: "High → Critical". */
export interface UnknownFactor {
  readonly id: FactorId;
  readonly why: string;
  readonly counterfactual: string;
}

/** What the model says of one finding, in the members and the order of the line format. */
export interface PriorityResult {
  readonly finding: string;
  readonly base: PriorityBase;
  readonly effective: EffectiveLevel;
  readonly state: FindingState;
  /** The leading placement; null without placements. */
  readonly placement: string | null;
  /** Capped raising and lowering points before guards; null with a verdict. */
  readonly up: number | null;
  readonly down: number | null;
  readonly pressure: number | null;
  readonly rules: readonly (RuleId | 'verdict')[];
  readonly window: RemediationWindow | null;
  readonly headline: string;
  readonly factors: readonly CountedFactor[];
  readonly unknown: readonly UnknownFactor[];
  readonly rejected: readonly string[];
  readonly model: string;
  readonly settings: string;
}
