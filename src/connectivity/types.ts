export type StepGroup = 'identity' | 'directory' | 'subscription' | 'registry' | 'cluster' | 'optional';
export type StepState = 'pending' | 'running' | 'pass' | 'warn' | 'fail' | 'blocked' | 'skipped' | 'cancelled';

/** One thing that was tried, with what to do when it did not work. Sentences are plain text. */
export interface VerifyStep {
  /** Such as `token.arm`, `role.reader:<subscription id>`, `registry.data:<name>`. */
  readonly id: string;
  readonly group: StepGroup;
  readonly title: string;
  readonly target?: { readonly kind: string; readonly id: string; readonly name: string };
  readonly state: StepState;
  readonly required: boolean;
  /** Features that do not work without it. */
  readonly neededFor: readonly string[];
  readonly reason?: string;
  readonly nextStep?: string;
  /** A command for a terminal, never with a secret. */
  readonly command?: { readonly label: string; readonly text: string };
  readonly link?: { readonly label: string; readonly uri: string };
  readonly detail?: { readonly code?: string; readonly traceId?: string; readonly httpStatus?: number };
  readonly durationMs?: number;
}

export interface VerifyResult {
  readonly connectionId: string;
  /** ISO time. */
  readonly startedAt: string;
  /** The machine it ran from: `this computer`, `WSL: Ubuntu`, … */
  readonly ranFrom: string;
  readonly verdict: 'active' | 'gaps' | 'failed';
  readonly steps: readonly VerifyStep[];
}
