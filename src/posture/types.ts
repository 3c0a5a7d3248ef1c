import type { Severity } from '../core/severity.ts';
import type { ArmResource } from '../inventory/types.ts';

export type CheckStatus = 'pass' | 'fail' | 'denied' | 'excepted' | 'unreadable';

/** A value that was looked at: property path and what stood there. */
export interface CheckEvidence {
  readonly path: string;
  readonly value: unknown;
}

/** One per check and resource. */
export interface CheckResult {
  readonly check: string;
  /** Id as the snapshot has it. */
  readonly resource: string;
  readonly status: CheckStatus;
  readonly reason: string;
  readonly evidence: readonly CheckEvidence[];
  readonly exception?: string;
}

/** Section numbers of frameworks; facts only. */
export interface References {
  /** CIS Microsoft Azure Foundations Benchmark, `<version> <section>`. */
  readonly cis?: readonly string[];
  /** Microsoft cloud security benchmark controls. */
  readonly mcsb?: readonly string[];
}

export interface Verdict {
  readonly pass: boolean;
  readonly reason: string;
  readonly evidence: readonly CheckEvidence[];
}

/** Something that a check reads beside its target. */
export type Input =
  /** All objects directly below `<target id>/<path>`; none and no error means empty. */
  | { readonly kind: 'collection'; readonly path: string }
  /** One object at `<target id>/<path>` that always exists in Azure; not there means not read. */
  | { readonly kind: 'single'; readonly path: string };

/** Objects of the inputs, in the order of the check's `inputs`. */
export type InputObjects = readonly (readonly ArmResource[])[];

/**
 * A posture check. The runner resolves target and inputs: where access to one was denied, or one has no readable
 * `properties`, `judge` is never called, so no check repeats that logic and none can forget it.
 */
export interface Check {
  /** `<service prefix>-<what holds when it passes>`; never renamed. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** ARM type judged. */
  readonly target: string;
  /**
   * Where set, the check runs once for each subscription that holds a resource of this type and reports on the
   * subscription; `target` then names the type of its one `single` input.
   */
  readonly perSubscriptionWith?: string;
  readonly why: string;
  readonly fix: string;
  readonly references: References;
  readonly inputs?: readonly Input[];
  /** False: nothing at all is reported for this resource. Decided from the target alone, before anything else. */
  readonly applies?: (resource: ArmResource) => boolean;
  /** Pure and synchronous. For checks per subscription `resource` is the subscription. */
  readonly judge: (resource: ArmResource, inputs: InputObjects) => Verdict;
}

/** All checks of one service, in catalogue order. */
export interface CheckService {
  readonly service: string;
  readonly title: string;
  readonly checks: readonly Check[];
}
