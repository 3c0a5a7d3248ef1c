import { type Dockerfile, type Instruction, finalChain } from './model.ts';

/** One step of an image's history, oldest first, in the normal form of its instruction. */
export interface BuildStep {
  /** `RUN`, `COPY`, … ; empty when the builder does not say. */
  readonly instruction: string;
  /** Arguments without shell prefix, comments and flags. */
  readonly text: string;
  /** Digest of the layer that it made; absent for steps without one, or when history does not fit the layers. */
  readonly layer?: string;
  /** True when the step belongs to the base image. */
  readonly base?: boolean;
}

export interface MatchedStep {
  readonly step: BuildStep;
  readonly instruction: Instruction;
  /** The texts are the same, apart from white space and flags; else only alike. */
  readonly exact: boolean;
}

export interface HistoryMatch {
  readonly steps: readonly MatchedStep[];
  /** Share of the final stage's instructions that the history shows: 0..1. */
  readonly similarity: number;
}

/** Weight of a pair in the alignment; a pair of other kinds never aligns. */
const sameText = 10;
const mostAlike = 6;
const sameKind = 1;

/** Longest lists that are aligned; the table has their product. */
const mostSteps = 400;

/**
 * Aligns the instructions of the final stage (with the stages it is built from) with the history of an image, in order:
 * a longest common subsequence weighted by how alike the texts are. Arguments that were expanded while building make
 * texts differ, so the kind alone counts a little.
 */
export function matchHistory(file: Dockerfile, steps: readonly BuildStep[]): HistoryMatch {
  const wanted = finalChain(file)
    .flatMap((stage) => stage.instructions)
    .filter(({ keyword, onbuild }) => !onbuild && keyword !== 'ARG' && keyword !== 'SHELL' && keyword !== 'MAINTAINER')
    .slice(-mostSteps)
    .map((instruction) => ({ instruction, text: normalise(file, instruction) }));
  const given = steps.filter((step) => step.base !== true && step.instruction !== 'ARG').slice(-mostSteps);
  if (wanted.length === 0) return { steps: [], similarity: 0 };
  const weight = wanted.map((left) => given.map((right) => alike(left.instruction.keyword, left.text, right)));
  const width = given.length + 1;
  const best = new Float64Array((wanted.length + 1) * width);
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = given.length - 1; j >= 0; j--) {
      const pair = weight[i]?.[j] ?? 0;
      const taken = pair > 0 ? pair + (best[(i + 1) * width + j + 1] ?? 0) : 0;
      best[i * width + j] = Math.max(taken, best[(i + 1) * width + j] ?? 0, best[i * width + j + 1] ?? 0);
    }
  }
  const matched: MatchedStep[] = [];
  let close = 0;
  for (let i = 0, j = 0; i < wanted.length && j < given.length;) {
    const pair = weight[i]?.[j] ?? 0;
    const here = best[i * width + j] ?? 0;
    const left = wanted[i];
    const right = given[j];
    if (pair > 0 && left !== undefined && right !== undefined && here === pair + (best[(i + 1) * width + j + 1] ?? 0)) {
      matched.push({ step: right, instruction: left.instruction, exact: pair >= sameText });
      if (pair > sameKind) close++;
      i++;
      j++;
    } else if (here === (best[(i + 1) * width + j] ?? 0)) i++;
    else j++;
  }
  return { steps: matched, similarity: close / wanted.length };
}

function alike(keyword: string, text: string, step: BuildStep): number {
  if (step.instruction !== keyword) return 0;
  const given = squeeze(step.text);
  if (given === text) return sameText;
  const share = overlap(text, given);
  if (share >= 0.5) return sameKind + (mostAlike - sameKind) * share;
  // Classic builds write only a hash for COPY and ADD: kind and order have to do, with the destination.
  if (/^(file|dir|multi):[0-9a-f]{16,}/.test(given))
    return given.split(' ').at(-1) === text.split(' ').at(-1) ? mostAlike : sameKind;
  return keyword === 'RUN' ? 0 : sameKind;
}

/** Share of words that both texts have. */
function overlap(a: string, b: string): number {
  const left = new Set(a.split(' '));
  const right = new Set(b.split(' '));
  let both = 0;
  for (const word of left) if (right.has(word)) both++;
  return (2 * both) / (left.size + right.size);
}

/** Arguments of an instruction as builders write them into history: no flags, no continuations, no comments. */
function normalise(file: Dockerfile, instruction: Instruction): string {
  const raw = instruction.ast.getArgumentsContent() ?? file.text.slice(instruction.argumentStart, instruction.end);
  const heredoc = /^(?:--\S+\s+)*<<-?\s*["']?([A-Za-z_]\w*)["']?\s*\n([\s\S]*)$/.exec(raw.trim());
  if (instruction.keyword === 'RUN' && heredoc !== null) {
    const body = (heredoc[2] ?? '').replace(new RegExp(`\\n?${heredoc[1] ?? ''}\\s*$`), '');
    return squeeze(body);
  }
  return squeeze(raw.replace(/^(\s*--[\w-]+(=\S*)?\s+)+/, ''));
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
