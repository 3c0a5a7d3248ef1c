import { DockerfileParser, From, Onbuild, type Instruction as AstInstruction } from 'dockerfile-ast';
import { LineMap } from './line-map.ts';
import type { TextRange } from './types.ts';

/** Larger texts are no Dockerfiles; they are parsed as empty. */
const longestText = 2 * 1024 * 1024;

export interface Instruction {
  /** Upper case, such as `RUN`. For `ONBUILD RUN …` this is the inner instruction, with `onbuild` set. */
  readonly keyword: string;
  readonly onbuild: boolean;
  readonly range: TextRange;
  readonly keywordRange: TextRange;
  /** Offsets into the text, from behind the keyword to the end of the instruction. */
  readonly argumentStart: number;
  readonly end: number;
  /** Words as the parser sees them, continuations and comments taken out. */
  readonly words: readonly Word[];
  /** Index of its stage; -1 before the first FROM. */
  readonly stage: number;
  readonly ast: AstInstruction;
}

export interface Word {
  readonly text: string;
  readonly range: TextRange;
}

/** What a stage is built on. */
export type StageBase =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'stage'; readonly stage: number }
  | { readonly kind: 'scratch' }
  /** A build argument without a default stands in it. */
  | { readonly kind: 'unresolved'; readonly written: string; readonly variable: string };

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
  readonly text: string;
}

export interface Dockerfile {
  readonly text: string;
  readonly lines: LineMap;
  readonly escape: string;
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  readonly comments: readonly Comment[];
}

/** Parses any text; what is no Dockerfile gives one without instructions. Never throws. */
export function parseDockerfile(source: string): Dockerfile {
  const text = source.length > longestText ? '' : source;
  const lines = new LineMap(text);
  const ast = DockerfileParser.parse(text);
  const defaults = new Map<string, string>();
  for (const arg of ast.getInitialARGs()) {
    const property = arg.getProperty();
    const value = property?.getValue();
    if (property !== null && typeof value === 'string') defaults.set(property.getName(), value);
  }
  const instructions: Instruction[] = [];
  const stages: {
    index: number;
    name?: string;
    from: Instruction;
    base: StageBase;
    imageRange?: TextRange;
    instructions: Instruction[];
  }[] = [];
  for (const node of ast.getInstructions()) {
    const outer = toInstruction(node, false, stages.length - (node instanceof From ? 0 : 1), lines);
    if (node instanceof From) {
      const name = node.getBuildStage() ?? undefined;
      const imageRange = node.getImageRange() ?? undefined;
      const base = baseOf(node.getImage() ?? '', defaults, stages);
      stages.push({
        index: stages.length,
        from: outer,
        base,
        instructions: [],
        ...(name === undefined ? {} : { name }),
        ...(imageRange === undefined ? {} : { imageRange }),
      });
      instructions.push(outer);
      continue;
    }
    const trigger = node instanceof Onbuild ? node.getTriggerInstruction() : null;
    const instruction =
      trigger === null ? outer : { ...toInstruction(trigger, true, outer.stage, lines), range: outer.range };
    instructions.push(instruction);
    stages.at(-1)?.instructions.push(instruction);
  }
  const comments = ast.getComments().map((comment) => {
    const range = comment.getRange();
    return { line: range.start.line, range, text: comment.getContent() };
  });
  return { text, lines, escape: ast.getEscapeCharacter(), instructions, stages, comments };
}

function toInstruction(node: AstInstruction, onbuild: boolean, stage: number, lines: LineMap): Instruction {
  const range = node.getRange();
  const keywordRange = node.getInstructionRange();
  let words: readonly Word[] | undefined;
  return {
    keyword: node.getKeyword(),
    onbuild,
    range,
    keywordRange,
    argumentStart: lines.offset(keywordRange.end),
    end: lines.offset(range.end),
    stage,
    ast: node,
    get words() {
      words ??= node.getArguments().map((word) => ({ text: word.getValue(), range: word.getRange() }));
      return words;
    },
  };
}

function baseOf(
  written: string,
  defaults: ReadonlyMap<string, string>,
  stages: readonly { name?: string; index: number }[],
): StageBase {
  const { text, missing } = expand(written, defaults);
  if (missing !== undefined) return { kind: 'unresolved', written, variable: missing };
  if (text.toLowerCase() === 'scratch') return { kind: 'scratch' };
  const stage = stages.findLast((each) => each.name?.toLowerCase() === text.toLowerCase());
  if (stage !== undefined) return { kind: 'stage', stage: stage.index };
  return { kind: 'image', reference: text };
}

/** Replaces `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`; `missing` names the first one without a value. */
export function expand(
  written: string,
  values: ReadonlyMap<string, string>,
): { readonly text: string; readonly missing?: string } {
  let missing: string | undefined;
  const text = written.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (
      _all,
      bare: string | undefined,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
    ) => {
      const name = bare ?? braced ?? '';
      const value = values.get(name);
      if (operator === '-') return value === undefined || value === '' ? (word ?? '') : value;
      if (operator === '+') return value === undefined || value === '' ? '' : (word ?? '');
      if (value === undefined) missing ??= name;
      return value ?? '';
    },
  );
  const plain = text.replace(/^(["'])(.*)\1$/, '$2');
  return missing === undefined ? { text: plain } : { text: plain, missing };
}

/** Stages that the last one is built from, lowest first, itself included. */
export function finalChain(file: Dockerfile): readonly Stage[] {
  const chain: Stage[] = [];
  let stage = file.stages.at(-1);
  while (stage !== undefined && !chain.includes(stage)) {
    chain.unshift(stage);
    stage = stage.base.kind === 'stage' ? file.stages[stage.base.stage] : undefined;
  }
  return chain;
}
