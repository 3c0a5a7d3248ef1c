import type { Log, Redactor } from '../core/log.ts';

/** Documented exit codes. */
export const exitCodes = { done: 0, findings: 1, usage: 2, partial: 3, interrupted: 130 } as const;

export interface CommandContext {
  readonly log: Log;
  readonly redactor: Redactor;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes results. Resolves when the receiver can take more. */
  out(text: string): Promise<void>;
  stdin(): AsyncIterable<string>;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  /** Arguments behind the command's name. Resolves to the exit code; throws EngineErrors. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}
