import { isEngineError } from '../../src/core/errors.ts';
import { type MutationRules, mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzFailure {
  /** What was thrown, or that it took too long. */
  readonly reason: string;
  readonly stack?: string;
  /** The shortest input found that fails in the same way. */
  readonly input: Uint8Array;
  /** Number of the execution, from 1. */
  readonly execution: number;
}

export interface FuzzReport {
  readonly executions: number;
  readonly perSecond: number;
  readonly slowestMs: number;
  /** Inputs that declared errors answered. */
  readonly refused: number;
  /** Different ways that inputs took, as far as the target names them. */
  readonly ways: number;
  readonly failure?: FuzzFailure;
}

export interface FuzzOptions {
  readonly executions: number;
  /** The same seed tries the same inputs. */
  readonly seed: number;
  /** Called with each input before it is read. */
  readonly watch?: (input: Uint8Array) => void;
}

/** Ways beyond this number are not told apart. */
const mostWays = 10_000;
/** Mutants that are kept beside the seeds. */
const mostKept = 4_096;
const mostAttempts = 500;

/** Tries mutants of a target's seeds until one fails, or all executions are done. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const random = new Random(options.seed);
  const rules: MutationRules = {
    mostBytes: target.mostBytes ?? 4_096,
    dictionary: (target.dictionary ?? []).map((word) => (typeof word === 'string' ? Buffer.from(word) : word)),
  };
  const seeds = await target.seeds();
  const corpus = [...seeds];
  const ways = new Set<string>();
  const started = performance.now();
  let slowestMs = 0;
  let refused = 0;
  let execution = 0;
  let failure: FuzzFailure | undefined;
  while (execution < options.executions && failure === undefined) {
    execution++;
    const seed = seeds[execution - 1];
    const input = seed ?? mutate(random.pick(corpus), random, rules, random.pick(corpus));
    options.watch?.(input);
    const result = await attempt(target, input);
    slowestMs = Math.max(slowestMs, result.ms);
    if (result.reason !== undefined) {
      failure = { ...(await shorten(target, input, result, options.watch)), execution };
      break;
    }
    if (result.isRefused) refused++;
    if (result.way !== undefined && ways.size < mostWays && !ways.has(result.way)) {
      ways.add(result.way);
      if (seed === undefined && corpus.length < seeds.length + mostKept) corpus.push(input);
    }
  }
  const perSecond = Math.round((execution * 1_000) / Math.max(1, performance.now() - started));
  return { executions: execution, perSecond, slowestMs, refused, ways: ways.size, ...(failure && { failure }) };
}

interface Attempt {
  readonly ms: number;
  readonly way?: string | undefined;
  readonly isRefused?: boolean;
  readonly reason?: string;
  readonly stack?: string;
}

/** Reads one input. One that took too long is read again, as a busy machine may have been the cause. */
export async function attempt(target: FuzzTarget, input: Uint8Array): Promise<Attempt> {
  const limitMs = target.limitMs ?? 1_000;
  let result = await once(target, input);
  for (let again = 0; again < 2 && result.reason === undefined && result.ms > limitMs; again++) {
    result = await once(target, input);
  }
  return result.reason === undefined && result.ms > limitMs
    ? { ...result, reason: `took ${Math.round(result.ms)} ms; the limit is ${limitMs} ms` }
    : result;
}

async function once(target: FuzzTarget, input: Uint8Array): Promise<Attempt> {
  const begin = performance.now();
  try {
    // A copy, so that a reader that writes into its input cannot spoil the corpus.
    const answer = target.run(input.slice());
    const way = typeof answer === 'object' ? await answer : answer;
    return { ms: performance.now() - begin, way };
  } catch (error) {
    const ms = performance.now() - begin;
    if (isEngineError(error)) return { ms, isRefused: true, way: `${error.code} ${error.name}` };
    const stack = error instanceof Error ? error.stack : undefined;
    return { ms, reason: String(error), ...(stack !== undefined && { stack }) };
  }
}

/** Takes blocks out of a failing input as long as it fails in the same way. */
async function shorten(
  target: FuzzTarget,
  input: Uint8Array,
  result: Attempt,
  watch: FuzzOptions['watch'],
): Promise<Omit<FuzzFailure, 'execution'>> {
  const kind = kindOf(result.reason);
  let best = input;
  let found = result;
  let attempts = result.ms > 1_000 ? mostAttempts - 10 : 0;
  for (let size = Math.ceil(best.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && attempts < mostAttempts;) {
      const shorter = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]));
      attempts++;
      watch?.(shorter);
      const next = await attempt(target, shorter);
      if (kindOf(next.reason) === kind) {
        best = shorter;
        found = next;
      } else at += size;
    }
  }
  return { reason: found.reason ?? '', ...(found.stack !== undefined && { stack: found.stack }), input: best };
}

/** The reason without what differs from input to input. */
function kindOf(reason: string | undefined): string | undefined {
  return reason?.slice(0, 40).replace(/\d+/g, '0');
}
