// The part of the Dockerfile language that the sample workspace uses, read strictly: what is not understood is an error,
// because a step that was skipped would make the image's history a lie.

export interface Instruction {
  readonly keyword: string;
  /** Flags such as `--from=build`, by name without the dashes. */
  readonly flags: ReadonlyMap<string, string>;
  /** The rest of the instruction with continuation lines joined the way BuildKit joins them. */
  readonly text: string;
  readonly line: number;
}

export interface Stage {
  readonly name?: string;
  /** As written, not expanded. */
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface ParsedDockerfile {
  /** ARG instructions in front of the first FROM. */
  readonly globals: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

const KEYWORDS = new Set(
  'FROM ARG RUN COPY ADD ENV USER LABEL WORKDIR CMD ENTRYPOINT EXPOSE HEALTHCHECK VOLUME STOPSIGNAL SHELL MAINTAINER'.split(
    ' ',
  ),
);

export function parseDockerfile(source: string): ParsedDockerfile {
  const globals = new Map<string, string>();
  const stages: { name?: string; base: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(source)) {
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [, base, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.text) ?? [];
      if (base === undefined) throw new Error(`Line ${instruction.line}: FROM cannot be read.`);
      stages.push({ base, instructions: [], ...(name === undefined ? {} : { name }) });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (instruction.keyword === 'ARG') {
      const [name, value] = nameAndValue(instruction.text);
      globals.set(name, value ?? '');
    } else {
      throw new Error(`Line ${instruction.line}: ${instruction.keyword} stands before the first FROM.`);
    }
  }
  return { globals, stages };
}

function* instructionsOf(source: string): Generator<Instruction> {
  let pending: { text: string; line: number } | undefined;
  for (const [index, raw] of source.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(raw) || (raw.trim() === '' && pending === undefined)) continue;
    const continues = /\\[ \t]*$/.test(raw);
    const part = continues ? raw.replace(/\\[ \t]*$/, '') : raw;
    pending = pending === undefined ? { text: part, line: index + 1 } : { ...pending, text: pending.text + part };
    if (continues) continue;
    yield toInstruction(pending.text.trim(), pending.line);
    pending = undefined;
  }
  if (pending !== undefined) yield toInstruction(pending.text.trim(), pending.line);
}

function toInstruction(whole: string, line: number): Instruction {
  const [, word, rest] = /^(\S+)\s+(.*)$/s.exec(whole) ?? [];
  const keyword = word?.toUpperCase();
  if (keyword === undefined || rest === undefined || !KEYWORDS.has(keyword)) {
    throw new Error(`Line ${line}: "${whole}" is not understood by the lab's builder.`);
  }
  const flags = new Map<string, string>();
  let text = rest;
  for (;;) {
    const [matched, name, value] = /^--([a-z-]+)(?:=(\S*))?\s+/.exec(text) ?? [];
    if (matched === undefined || name === undefined) break;
    flags.set(name, value ?? '');
    text = text.slice(matched.length);
  }
  if (text.includes('<<') && ['RUN', 'COPY', 'ADD'].includes(keyword)) {
    throw new Error(`Line ${line}: heredocs are not understood by the lab's builder.`);
  }
  return { keyword, flags, text, line };
}

/** `NAME`, `NAME=value` or `NAME="value"`. */
export function nameAndValue(text: string): [name: string, value: string | undefined] {
  const at = text.indexOf('=');
  if (at < 0) return [text, undefined];
  return [text.slice(0, at), unquote(text.slice(at + 1))];
}

/** The `KEY=value KEY="two words"` pairs of ENV and LABEL. */
export function pairsOf(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [matched] of text.matchAll(/[^\s=]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)/g)) {
    const [name, value] = nameAndValue(matched);
    pairs.push([name, value ?? '']);
  }
  return pairs;
}

function unquote(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

/** Expands `$NAME`, `${NAME}` and `${NAME:-default}`; an unknown name is the empty string, as in Docker. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_whole, braced: string | undefined, fallback: string | undefined, bare: string | undefined) => {
      const value = variables.get(braced ?? bare ?? '');
      return value === undefined || value === '' ? (fallback ?? '') : value;
    },
  );
}

/** The exec form `["a", "b"]`, or undefined when the text is a shell command. */
export function execForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : undefined;
}
