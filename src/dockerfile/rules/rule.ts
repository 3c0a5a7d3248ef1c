import type { Dockerfile } from '../model.ts';
import type { RuleSeverity, Violation } from '../types.ts';

/** A rule about a Dockerfile: exact ranges and plain text edits out, nothing read but the file. */
export interface DockerfileRule {
  /** `df-` and what holds when the rule passes; never renamed. */
  readonly id: string;
  /** Names of the same rule in the field, such as `DL3006`. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly severity: RuleSeverity;
  readonly why: string;
  /** Documentation of the matter, https. */
  readonly docs: string;
  check(file: Dockerfile): Iterable<Violation>;
}
