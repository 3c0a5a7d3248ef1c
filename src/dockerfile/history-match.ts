import { maskCredentials } from '../core/masking.ts';
import { type Dockerfile, type Instruction, Variables, finalChain } from './model.ts';
import { expand } from './variables.ts';

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
  /** Index in the history, oldest first. */
  readonly entry?: number;
}

export interface MatchedStep {
  readonly step: BuildStep;
  readonly instruction: Instruction;
  /** The texts are the same, apart from white space, flags and values known only to the build; else only alike. */
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
/** Words of a text that are compared. */
const mostWords = 300;

/** Instructions that leave no trace in the history of some builders. */
const traceless: ReadonlySet<string> = new Set(['ARG', 'SHELL', 'MAINTAINER', 'ONBUILD', 'FROM']);

/** Stands for what only the build knows. */
const hole = '\0';

/** An instruction or a step with the words that are compared. */
interface Side {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly set: ReadonlySet<string>;
}

/**
 * Aligns the instructions of the final stage (with the stages it is built from) with the history of an image, in order:
 * a longest common subsequence weighted by how alike the texts are. Of a classic build's COPY, which writes a hash, the
 * destination counts; beyond that the kind alone counts a little.
 */
export function matchHistory(file: Dockerfile, steps: readonly BuildStep[]): HistoryMatch {
  const wanted = wantedOf(file).slice(-mostSteps);
  const given = steps
    .filter((step) => step.base !== true && !traceless.has(step.instruction))
    .slice(-mostSteps)
    .map((step) => ({ step, side: toSide(step.instruction, step.text) }));
  if (wanted.length === 0) return { steps: [], similarity: 0 };
  const width = given.length + 1;
  const weight = new Float64Array(wanted.length * width);
  const best = new Float64Array((wanted.length + 1) * width);
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = given.length - 1; j >= 0; j--) {
      const left = wanted[i];
      const right = given[j];
      const pair =
        left === undefined || right === undefined
          ? 0
          : left.sides.reduce((most, side) => Math.max(most, alike(side, right.side)), 0);
      weight[i * width + j] = pair;
      const taken = pair > 0 ? pair + (best[(i + 1) * width + j + 1] ?? 0) : 0;
      best[i * width + j] = Math.max(taken, best[(i + 1) * width + j] ?? 0, best[i * width + j + 1] ?? 0);
    }
  }
  const matched: MatchedStep[] = [];
  let close = 0;
  for (let i = 0, j = 0; i < wanted.length && j < given.length;) {
    const pair = weight[i * width + j] ?? 0;
    const here = best[i * width + j] ?? 0;
    const left = wanted[i];
    const right = given[j];
    if (pair > 0 && left !== undefined && right !== undefined && here === pair + (best[(i + 1) * width + j + 1] ?? 0)) {
      matched.push({ step: right.step, instruction: left.instruction, exact: pair >= sameText });
      if (pair > sameKind) close++;
      i++;
      j++;
    } else if (here === (best[(i + 1) * width + j] ?? 0)) i++;
    else j++;
  }
  return { steps: matched, similarity: close / wanted.length };
}

/** Each instruction, as history may show it. */
function wantedOf(file: Dockerfile): { readonly instruction: Instruction; readonly sides: readonly Side[] }[] {
  const variables = new Variables(file);
  const out: { instruction: Instruction; sides: readonly Side[] }[] = [];
  for (const instruction of finalChain(file).flatMap((stage) => stage.instructions)) {
    const { keyword, onbuild } = instruction;
    if (!onbuild && !traceless.has(keyword)) {
      // The shell expands variables of RUN when it runs; of all others history shows the values.
      const written = textOf(file, instruction);
      const text = keyword === 'RUN' ? written : expand(written, variables.values, hole).text;
      // History is known with its credentials hidden, and how far one reaches depends on whether the builder wrote quotes.
      const masked = maskCredentials(text);
      const sides = masked === text ? [text] : [text, masked];
      out.push({ instruction, sides: sides.map((each) => toSide(keyword, each)) });
    }
    variables.take(instruction);
  }
  return out;
}

/** Arguments of an instruction as builders write them into history: the script of a here-document instead of its name. */
function textOf(file: Dockerfile, { keyword, body, heredocs }: Instruction): string {
  const [first] = heredocs;
  if (keyword !== 'RUN' || first === undefined) return body.text;
  const contents = heredocs.map(({ start, end }) => file.text.slice(start, end));
  if (/^\d*<<-?\S+\s*$/.test(body.text)) return contents[0] ?? '';
  return [body.text, ...contents.map((content, index) => `${content}${heredocs[index]?.name ?? ''}`)].join('\n');
}

/** Brackets, quotes and commas differ from builder to builder; ports are tcp unless they say otherwise. */
function toSide(keyword: string, text: string): Side {
  let plain = text;
  if (keyword !== 'RUN') {
    plain = plain
      .replace(/["'\\]+/g, '')
      .replace(/[[\],]+/g, ' ')
      .replace(/\s*&\{|\}\s*$/g, ' ')
      .trim();
    if (keyword === 'CMD' || keyword === 'ENTRYPOINT') plain = plain.replace(/^\/bin\/sh\s+-c\s+/, '');
    if (keyword === 'EXPOSE') plain = plain.replaceAll('/tcp', '');
    if (keyword === 'WORKDIR') plain = plain.replace(/(.)\/$/, '$1');
    if (keyword === 'ENV' && !/^\S+=/.test(plain)) plain = plain.replace(/\s+/, '=');
  }
  plain = maskCredentials(plain);
  const words = plain.split(/\s+/, mostWords + 1).filter((word) => word !== '');
  return { keyword, words: words.slice(0, mostWords), set: new Set(words) };
}

function alike(left: Side, right: Side): number {
  if (left.keyword !== right.keyword) return 0;
  if (sameWords(left.words, right.words)) return sameText;
  // Classic builds write only a hash for what COPY and ADD take in: the destination has to do.
  if (/^(file|dir|multi):[0-9a-f]{16,}$/.test(right.words[0] ?? '')) {
    return fitsHoles(folder(left.words.at(-1)), folder(right.words.at(-1))) ? mostAlike : sameKind;
  }
  const share = overlap(left, right);
  if (share >= 0.5) return sameKind + (mostAlike - sameKind) * share;
  return left.keyword === 'RUN' ? 0 : sameKind;
}

function sameWords(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((word, index) => fitsHoles(word, right[index] ?? ''));
}

/** `/app/` and `/app` alike. */
function folder(path = ''): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** True when the texts are the same but for holes, which may be anything. */
function fitsHoles(pattern: string, text: string): boolean {
  if (!pattern.includes(hole)) return pattern === text;
  const parts = pattern.split(hole);
  const head = parts[0] ?? '';
  const tail = parts.at(-1) ?? '';
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Share of words that both texts have. */
function overlap(left: Side, right: Side): number {
  let both = 0;
  for (const word of left.set) if (right.set.has(word)) both++;
  return (2 * both) / (left.set.size + right.set.size);
}
