import type { Dockerfile } from '../model.ts';
import type { RuleInfo, Violation } from '../types.ts';

/** A rule about a Dockerfile: exact ranges and plain text edits out, nothing read but the file. */
export interface DockerfileRule extends RuleInfo {
  check(file: Dockerfile): Iterable<Violation>;
}
