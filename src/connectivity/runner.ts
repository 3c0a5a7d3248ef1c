import { describeError, isAbort, isEngineError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { withDeadline } from '../azure/deadline.ts';
import type { StepState, VerifyStep } from './types.ts';

/** How a step ended. `usable` says whether steps that need it may run; default: only after `pass`. */
export interface StepOutcome {
  /** `fail` of an optional step is shown as `warn`. */
  readonly state: 'pass' | 'warn' | 'fail' | 'skipped';
  readonly usable?: boolean;
  readonly reason?: string;
  readonly nextStep?: string;
  readonly command?: NonNullable<VerifyStep['command']>;
  readonly link?: NonNullable<VerifyStep['link']>;
  readonly detail?: NonNullable<VerifyStep['detail']>;
  /** The missing role was assigned so lately that trying again makes sense. */
  readonly again?: boolean;
}

/** A step before it runs. */
export interface StepPlan {
  readonly id: string;
  readonly group: VerifyStep['group'];
  readonly title: string;
  readonly target?: VerifyStep['target'];
  readonly required: boolean;
  /** Steps of one kind of which a single pass is enough. */
  readonly oneOf?: string;
  readonly neededFor: readonly string[];
  /** Ids of steps that must have passed; each must have been planned before. */
  readonly needs: readonly string[];
  run(signal: AbortSignal): Promise<StepOutcome>;
}

export interface RunnerOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Longest time for one step. */
  readonly stepTimeoutMs: number;
  /** Steps that run at once. */
  readonly atOnce: number;
  readonly onStep?: ((step: VerifyStep) => void) | undefined;
}

const ended: ReadonlySet<StepState> = new Set(['pass', 'warn', 'fail', 'blocked', 'skipped', 'cancelled']);

/** Runs planned steps in the order of their needs, some at once, and keeps what each of them told. */
export class StepRunner {
  readonly #options: RunnerOptions;
  readonly #plans = new Map<string, StepPlan>();
  readonly #steps = new Map<string, VerifyStep>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #usable = new Set<string>();
  readonly #again = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#free = options.atOnce;
  }

  /** Steps in the order in which they were planned. */
  get steps(): readonly VerifyStep[] {
    return [...this.#steps.values()];
  }

  /** Steps whose missing role was assigned lately. */
  get toTryAgain(): readonly string[] {
    return [...this.#again];
  }

  isUsable(id: string): boolean {
    return this.#usable.has(id);
  }

  /** Shows the steps as pending and starts them as soon as what they need is there. */
  start(plans: readonly StepPlan[]): void {
    for (const plan of plans) {
      this.#plans.set(plan.id, plan);
      this.#set({
        id: plan.id,
        group: plan.group,
        title: plan.title,
        ...(plan.target === undefined ? {} : { target: plan.target }),
        state: 'pending',
        required: plan.required,
        neededFor: plan.neededFor,
      });
    }
    for (const plan of plans) this.#running.set(plan.id, this.#perform(plan));
  }

  /** Resolves when all steps that were started have ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Resolves when one step has ended. */
  async ended(id: string): Promise<void> {
    await this.#running.get(id);
  }

  /** Runs some steps once more. */
  async repeat(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const plan = this.#plans.get(id);
      this.#again.delete(id);
      if (plan !== undefined) this.#running.set(id, this.#perform(plan));
    }
    await this.settle();
  }

  /** One of several is enough: the others stop being required and warn once one has passed. */
  conclude(): void {
    for (const plan of this.#plans.values()) {
      const { oneOf } = plan;
      if (oneOf === undefined) continue;
      const step = this.#steps.get(plan.id);
      if (step === undefined || step.state === 'pass') continue;
      const another = [...this.#plans.values()].some(
        (other) => other.oneOf === oneOf && this.#steps.get(other.id)?.state === 'pass',
      );
      if (another) this.#set({ ...step, required: false, state: step.state === 'fail' ? 'warn' : step.state });
    }
  }

  #set(step: VerifyStep): void {
    this.#steps.set(step.id, step);
    this.#options.onStep?.(step);
  }

  async #perform(plan: StepPlan): Promise<void> {
    const { signal, log, stepTimeoutMs } = this.#options;
    for (const id of plan.needs) await this.#running.get(id);
    const before = this.#base(plan);
    const missing = plan.needs.find((id) => !this.#usable.has(id));
    if (signal.aborted) {
      this.#set({ ...before, state: 'cancelled' });
      return;
    }
    if (missing !== undefined) {
      const title = this.#steps.get(missing)?.title ?? missing;
      this.#set({ ...before, state: 'blocked', reason: `Needs the step "${title}".` });
      return;
    }
    await this.#turn();
    const started = performance.now();
    try {
      if (isStopped(signal)) {
        this.#set({ ...before, state: 'cancelled' });
        return;
      }
      this.#set({ ...before, state: 'running' });
      const outcome = await withDeadline(signal, stepTimeoutMs, `finish the step "${plan.title}"`, (inner) =>
        plan.run(inner),
      ).catch((error: unknown): StepOutcome | undefined => {
        if (isAbort(error, signal)) return undefined;
        if (!isEngineError(error)) log.error('step of the verification broke', error, { step: plan.id });
        return failed(error);
      });
      const durationMs = Math.round(performance.now() - started);
      if (outcome === undefined) {
        this.#set({ ...before, state: 'cancelled', durationMs });
        return;
      }
      this.#finish(plan, before, outcome, durationMs);
    } finally {
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  #finish(plan: StepPlan, before: VerifyStep, outcome: StepOutcome, durationMs: number): void {
    const { usable, again, state, ...told } = outcome;
    if (usable ?? state === 'pass') this.#usable.add(plan.id);
    else this.#usable.delete(plan.id);
    if (again === true) this.#again.add(plan.id);
    this.#set({ ...before, ...told, state: state === 'fail' && !plan.required ? 'warn' : state, durationMs });
  }

  #base(plan: StepPlan): VerifyStep {
    const { id, group, title, target, required, neededFor } = plan;
    return { id, group, title, ...(target === undefined ? {} : { target }), state: 'pending', required, neededFor };
  }

  async #turn(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free--;
  }

  /** False while any step has not ended; a view then shows no spinner for ever. */
  get isDone(): boolean {
    return [...this.#steps.values()].every(({ state }) => ended.has(state));
  }
}

/** Asked anew after every wait. */
export function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The outcome for an error, in its own words. */
export function failed(error: unknown, more: Partial<StepOutcome> = {}): StepOutcome {
  const { message, nextStep } = describeError(error);
  const detail = detailOf(error);
  return {
    state: 'fail',
    reason: sentence(message),
    nextStep: sentence(nextStep),
    ...(detail === undefined ? {} : { detail }),
    ...more,
  };
}

/** Code, trace id and status of an error, as far as it has them. */
export function detailOf(error: unknown): NonNullable<VerifyStep['detail']> | undefined {
  if (!isEngineError(error)) return undefined;
  const aadsts = 'aadsts' in error && typeof error.aadsts === 'number' ? `AADSTS${error.aadsts}` : undefined;
  const service = 'serviceCode' in error && typeof error.serviceCode === 'string' ? error.serviceCode : undefined;
  const traceId = 'traceId' in error && typeof error.traceId === 'string' ? error.traceId : undefined;
  const httpStatus = 'httpStatus' in error && typeof error.httpStatus === 'number' ? error.httpStatus : undefined;
  const code = aadsts ?? service ?? error.code;
  return {
    code,
    ...(traceId === undefined ? {} : { traceId }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

/** A text as a sentence: with a full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
