import type { FlatText } from './flat-text.ts';
import { LineMap } from './line-map.ts';
import { type Heredoc, type LogicalLine, readLines } from './logical-lines.ts';
import type { TextRange } from './types.ts';
import { expand } from './variables.ts';
import { type JsonWord, type Span, insideQuotes, isSpace, jsonWords, splitWords, unquote, wordEnd } from './words.ts';

/** Larger texts are no Dockerfiles; they are parsed as empty. */
const longestText = 2 * 1024 * 1024;

export interface Instruction {
  /** Upper case, such as `RUN`. For `ONBUILD RUN …` this is the inner instruction, with `onbuild` set. */
  readonly keyword: string;
  readonly onbuild: boolean;
  /** From the outer keyword to the last character, here-documents included. */
  readonly range: TextRange;
  readonly keywordRange: TextRange;
  /** Index of its stage; -1 before the first FROM. */
  readonly stage: number;
  /** Words of the form `--name=value` behind the keyword. */
  readonly flags: readonly Flag[];
  /** What stands behind keyword and flags, without continuation marks, comments and here-documents. */
  readonly body: FlatText;
  readonly heredocs: readonly Heredoc[];
  /** False when the file ends inside it. */
  readonly isComplete: boolean;
  /** The strings of the JSON form, else the words of `body` without their quotes. */
  readonly words: readonly Word[];
  readonly isJson: boolean;
}

export interface Flag {
  readonly name: string;
  readonly value: string;
}

export interface Word {
  /** Without quotes and escapes; variables stay. */
  readonly text: string;
  /** Place without the quotes around it. */
  readonly range: TextRange;
  /** Place in the instruction's `body`, with quotes. */
  readonly span: Span;
}

/** What a stage is built on. */
export type StageBase =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'stage'; readonly stage: number }
  | { readonly kind: 'scratch' }
  /** A build argument without a default stands in it, shown here as NUL. */
  | { readonly kind: 'unresolved'; readonly written: string; readonly variable: string; readonly reference: string };

export interface Stage {
  readonly index: number;
  readonly name?: string;
  readonly from: Instruction;
  readonly base: StageBase;
  /** The image as written, without FROM, flags and alias. */
  readonly imageRange?: TextRange;
  readonly instructions: readonly Instruction[];
}

export interface Comment {
  readonly line: number;
  readonly range: TextRange;
  /** Without the `#`. */
  readonly text: string;
  /** True between the lines of a continued instruction. */
  readonly isInside: boolean;
}

export interface Dockerfile {
  readonly text: string;
  readonly lines: LineMap;
  readonly escape: string;
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  readonly comments: readonly Comment[];
  /** Defaults of the build arguments in front of the first FROM. */
  readonly globalArguments: ReadonlyMap<string, string>;
}

interface GrowingStage extends Stage {
  readonly instructions: Instruction[];
}

/** Parses any text; what is no Dockerfile gives one without stages. Never throws. */
export function parseDockerfile(source: string): Dockerfile {
  const text = source.length > longestText ? '' : source;
  const lines = new LineMap(text);
  const read = readLines(text);
  const instructions: Instruction[] = [];
  const stages: GrowingStage[] = [];
  const stageByName = new Map<string, number>();
  const globalArguments = new Map<string, string>();
  for (const line of read.lines) {
    const instruction = toInstruction(line, lines, read.escape, stages.length);
    instructions.push(instruction);
    if (instruction.stage === stages.length) {
      const stage = toStage(instruction, globalArguments, stageByName);
      stages.push(stage);
      if (stage.name !== undefined) stageByName.set(stage.name.toLowerCase(), stage.index);
      continue;
    }
    const stage = stages.at(-1);
    if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') addArguments(instruction, globalArguments, new Map());
  }
  const comments = read.comments.map(({ start, end, isInside }): Comment => {
    const range = lines.range(start, end);
    return { line: range.start.line, range, text: text.slice(start + 1, end), isInside };
  });
  return { text, lines, escape: read.escape, instructions, stages, comments, globalArguments };
}

/** `stages` counts those that began before; a FROM begins the next. */
function toInstruction(line: LogicalLine, lines: LineMap, escape: string, stages: number): Instruction {
  const { flat, heredocs, isComplete } = line;
  const { text } = flat;
  let keywordEnd = wordEnd(text, 0, escape);
  let keywordStart = 0;
  let keyword = text.slice(0, keywordEnd).toUpperCase();
  let onbuild = false;
  if (keyword === 'ONBUILD') {
    const inner = skipSpace(text, keywordEnd);
    if (inner < text.length) {
      onbuild = true;
      keywordStart = inner;
      keywordEnd = wordEnd(text, inner, escape);
      keyword = text.slice(inner, keywordEnd).toUpperCase();
    }
  }
  const flags: Flag[] = [];
  let bodyStart = skipSpace(text, keywordEnd);
  while (text.startsWith('--', bodyStart)) {
    const end = wordEnd(text, bodyStart, escape);
    const flag = unquote(text.slice(bodyStart + 2, end), escape);
    bodyStart = skipSpace(text, end);
    if (flag === '') break;
    const equals = flag.indexOf('=');
    flags.push(equals < 0 ? { name: flag, value: '' } : { name: flag.slice(0, equals), value: flag.slice(equals + 1) });
  }
  const body = flat.slice(bodyStart);
  let json: { readonly words: readonly JsonWord[] | undefined } | undefined;
  let words: readonly Word[] | undefined;
  const readJson = (): readonly JsonWord[] | undefined => (json ??= { words: jsonWords(body.text.trimEnd()) }).words;
  return {
    keyword,
    onbuild,
    range: lines.range(line.start, line.end),
    keywordRange: lines.range(...flat.span(keywordStart, keywordEnd)),
    stage: keyword === 'FROM' && !onbuild ? stages : stages - 1,
    flags,
    body,
    heredocs,
    isComplete,
    get words() {
      return (words ??= readWords(body, readJson(), lines, escape));
    },
    get isJson() {
      return readJson() !== undefined;
    },
  };
}

function readWords(
  body: FlatText,
  json: readonly JsonWord[] | undefined,
  lines: LineMap,
  escape: string,
): readonly Word[] {
  const { text } = body;
  if (json !== undefined) {
    return json.map(({ text: value, span }) => ({
      text: value,
      span,
      range: lines.range(...body.span(span.start, span.end)),
    }));
  }
  return splitWords(text, 0, escape).map((span) => {
    const inner = insideQuotes(text, span);
    return {
      text: unquote(text.slice(span.start, span.end), escape),
      span,
      range: lines.range(...body.span(inner.start, inner.end)),
    };
  });
}

function toStage(
  from: Instruction,
  values: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, number>,
): GrowingStage {
  const [image, as, name] = from.words;
  const named = as?.text.toLowerCase() === 'as' && name !== undefined ? name.text : undefined;
  return {
    index: from.stage,
    from,
    base: baseOf(image?.text ?? '', values, names),
    instructions: [],
    ...(named === undefined ? {} : { name: named }),
    ...(image === undefined ? {} : { imageRange: image.range }),
  };
}

function baseOf(written: string, values: ReadonlyMap<string, string>, names: ReadonlyMap<string, number>): StageBase {
  const { text, missing } = expand(written, values, '\0');
  if (missing !== undefined) return { kind: 'unresolved', written, variable: missing, reference: text };
  if (text.toLowerCase() === 'scratch') return { kind: 'scratch' };
  const stage = names.get(text.toLowerCase());
  if (stage !== undefined) return { kind: 'stage', stage };
  return { kind: 'image', reference: text };
}

/** Index of the last instruction that begins on or above a line; -1 when none does. */
export function instructionAt({ instructions }: Dockerfile, line: number): number {
  let low = -1;
  let high = instructions.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((instructions[middle]?.range.start.line ?? 0) <= line) low = middle;
    else high = middle;
  }
  return low;
}

/** Stages that the last one is built from, lowest first, itself included. */
export function finalChain(file: Dockerfile): readonly Stage[] {
  const chain: Stage[] = [];
  let stage = file.stages.at(-1);
  while (stage !== undefined) {
    chain.push(stage);
    // A stage can only stand on an earlier one, so this ends.
    stage = stage.base.kind === 'stage' ? file.stages[stage.base.stage] : undefined;
  }
  return chain.reverse();
}

/** A `NAME=value` pair of ENV, ARG or LABEL. */
export interface Pair {
  readonly name: string;
  /** Without quotes and escapes; absent for `ARG NAME`. */
  readonly value?: string;
  /** The value without the quotes around it. */
  readonly valueRange?: TextRange;
  /** The whole pair in the instruction's `body`. */
  readonly span: Span;
}

/** The pairs of ENV, ARG and LABEL, also of the old form `ENV NAME value`. */
export function pairsOf(file: Dockerfile, instruction: Instruction): readonly Pair[] {
  const { text } = instruction.body;
  const spans = splitWords(text, 0, file.escape);
  const [first, second] = spans;
  if (first === undefined) return [];
  if (instruction.keyword !== 'ARG' && !text.slice(first.start, first.end).includes('=')) {
    if (second === undefined) return [];
    const value = { start: second.start, end: spans.at(-1)?.end ?? second.end };
    return [toPair(file, instruction, first, value, { start: first.start, end: value.end })];
  }
  return spans.flatMap((span) => {
    const equals = text.indexOf('=', span.start);
    if (equals < 0 || equals >= span.end) {
      const name = unquote(text.slice(span.start, span.end), file.escape);
      return instruction.keyword === 'ARG' ? [{ name, span }] : [];
    }
    return [toPair(file, instruction, { start: span.start, end: equals }, { start: equals + 1, end: span.end }, span)];
  });
}

function toPair(file: Dockerfile, { body }: Instruction, name: Span, value: Span, span: Span): Pair {
  const inner = insideQuotes(body.text, value);
  return {
    name: unquote(body.text.slice(name.start, name.end), file.escape),
    value: unquote(body.text.slice(value.start, value.end), file.escape),
    valueRange: file.lines.range(...body.span(inner.start, inner.end)),
    span,
  };
}

/** Values of build arguments and environment variables, as far as the file gives them, updated instruction by instruction. */
export class Variables {
  readonly #file: Dockerfile;
  readonly #values = new Map<string, string>();
  readonly #environment = new Set<string>();

  constructor(file: Dockerfile) {
    this.#file = file;
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** To be called for each instruction of a chain of stages, in order. */
  take(instruction: Instruction): void {
    if (instruction.onbuild) return;
    if (instruction.keyword === 'ARG') {
      const before = new Map(this.#values);
      addArguments(instruction, this.#values, this.#file.globalArguments);
      // An environment variable goes before a build argument of its name.
      for (const name of this.#environment) restore(this.#values, name, before.get(name));
    }
    if (instruction.keyword !== 'ENV') return;
    const found: [string, string | undefined][] = [];
    for (const { name, value = '' } of pairsOf(this.#file, instruction)) {
      const { text, missing } = expand(value, this.#values);
      found.push([name, missing === undefined ? text : undefined]);
    }
    // Values of one instruction do not see each other.
    for (const [name, value] of found) {
      this.#environment.add(name);
      restore(this.#values, name, value);
    }
  }
}

function restore(values: Map<string, string>, name: string, value: string | undefined): void {
  if (value === undefined) values.delete(name);
  else values.set(name, value);
}

/** Adds the defaults of an ARG instruction; one without takes that of the same name in front of the first FROM. */
function addArguments(
  instruction: Instruction,
  values: Map<string, string>,
  globals: ReadonlyMap<string, string>,
): void {
  for (const { text } of instruction.words) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? globals.get(name) : text.slice(equals + 1);
    if (value === undefined) continue;
    const expanded = expand(value, values);
    if (expanded.missing === undefined) values.set(name, expanded.text);
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}
