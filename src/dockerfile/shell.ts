import type { Dockerfile, Instruction } from './model.ts';
import type { TextRange } from './types.ts';

/**
 * A small reader of shell text, enough to know which commands run with which words and where they stand in the file.
 * POSIX.1-2024, "Shell Command Language", 2.2 quoting, 2.10 grammar. It does not expand anything.
 */
export interface ShellWord {
  /** With quotes and escapes taken off. */
  readonly text: string;
  readonly range: TextRange;
}

export interface ShellCommand {
  /** Assignments in front and redirections left out. */
  readonly words: readonly ShellWord[];
  /** The operator before it: `|` when it reads from the command before. */
  readonly before: string;
  readonly range: TextRange;
}

interface Flat {
  readonly text: string;
  /** Offset in the file of each character of `text`. */
  readonly offsets: readonly number[];
}

/** Commands of the shell form of RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD, heredocs included; none for the JSON form. */
export function shellCommands(file: Dockerfile, instruction: Instruction): readonly ShellCommand[] {
  const flat = flatten(file, instruction);
  return flat === undefined ? [] : parseShell(file, flat);
}

/** Takes continuations, comment lines and flags out; undefined for the JSON form. */
function flatten(file: Dockerfile, instruction: Instruction): Flat | undefined {
  const { text, escape } = file;
  const chars: string[] = [];
  const offsets: number[] = [];
  let at = instruction.argumentStart;
  const { end } = instruction;
  const rest = text.slice(at, end);
  const heredoc = /<<-?\s*(["']?)([A-Za-z_][\w.-]*)\1/.exec(rest);
  const heredocStart = heredoc === null ? end : at + Math.max(0, rest.indexOf('\n', heredoc.index));
  while (at < end) {
    if (heredoc !== null && at >= heredocStart && heredocStart < end) break;
    const c = text[at] ?? '';
    if (c === escape) {
      const after = /^[ \t]*(\r\n|\n|\r)/.exec(text.slice(at + 1, Math.min(end, at + 200)));
      if (after !== null) {
        at = skipCommentLines(text, at + 1 + after[0].length, end);
        continue;
      }
    }
    chars.push(c);
    offsets.push(at);
    at++;
  }
  let flat: Flat = { text: chars.join(''), offsets };
  if (heredoc !== null && heredocStart < end) {
    // The body is a script of its own; the line before it is the command that reads it.
    const head = flat.text.trim();
    const body = bodyOf(text, heredocStart, end, heredoc[2] ?? '');
    const scriptOnly = /^(--\S+\s+)*<<-?\s*\S+$/.test(head);
    flat = scriptOnly
      ? body
      : { text: `${flat.text}\n${body.text}`, offsets: [...flat.offsets, heredocStart, ...body.offsets] };
  }
  return withoutFlags(flat);
}

function bodyOf(text: string, start: number, end: number, delimiter: string): Flat {
  let body = text.slice(start, end);
  const last = body.lastIndexOf('\n');
  if (body.slice(last + 1).trim() === delimiter) body = body.slice(0, last + 1);
  return { text: body, offsets: Array.from(body, (_, index) => start + index) };
}

function skipCommentLines(text: string, start: number, end: number): number {
  let at = start;
  for (;;) {
    const line = /^[ \t]*(#[^\n]*)?(\r\n|\n)/.exec(text.slice(at, Math.min(end, at + 4096)));
    if (line === null || at >= end) return at;
    at += line[0].length;
  }
}

function withoutFlags(flat: Flat): Flat | undefined {
  const flags = /^\s*(--[\w-]+(=\S*)?\s+)*/.exec(flat.text);
  const skip = flags?.[0].length ?? 0;
  const text = flat.text.slice(skip);
  if (text.startsWith('[')) return undefined;
  return { text, offsets: flat.offsets.slice(skip) };
}

const operators = ['&&', '||', ';;', '|&', ';', '|', '&', '(', ')', '{', '}', '\n'] as const;
const keywords: ReadonlySet<string> = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'do',
  'done',
  'while',
  'until',
  'for',
  '!',
  'time',
  'case',
  'esac',
  'in',
]);

function parseShell(file: Dockerfile, flat: Flat): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: ShellWord[] = [];
  let before = '';
  const offset = (index: number): number => flat.offsets[index] ?? (flat.offsets.at(-1) ?? 0) + 1;
  const finish = (operator: string): void => {
    const first = words[0];
    const last = words.at(-1);
    if (first !== undefined && last !== undefined) {
      commands.push({ words, before, range: { start: first.range.start, end: last.range.end } });
    }
    words = [];
    before = operator;
  };
  let at = 0;
  const { text } = flat;
  while (at < text.length) {
    const c = text[at] ?? '';
    if (c === ' ' || c === '\t' || c === '\r') {
      at++;
      continue;
    }
    if (c === '#') {
      while (at < text.length && text[at] !== '\n') at++;
      continue;
    }
    const operator = operators.find(
      (each) => text.startsWith(each, at) && !(each === '{' && !/\s/.test(text[at + 1] ?? ' ')),
    );
    if (operator !== undefined && !(operator === '}' && words.length > 0)) {
      finish(operator);
      at += operator.length;
      continue;
    }
    if (c === '<' || c === '>') {
      at += /^[<>]+[&-]?\s*/.exec(text.slice(at))?.[0].length ?? 1;
      at = readWord(text, at).end;
      continue;
    }
    const word = readWord(text, at);
    const start = offset(at);
    const end = offset(word.end - 1) + 1;
    const assignment = words.length === 0 && /^[A-Za-z_]\w*=/.test(word.text);
    if (!assignment && !(words.length === 0 && keywords.has(word.text))) {
      if (/^\d+$/.test(word.text) && /[<>]/.test(text[word.end] ?? '')) at = word.end;
      else words.push({ text: word.text, range: file.lines.range(start, end) });
    }
    at = Math.max(word.end, at + 1);
  }
  finish('');
  return commands;
}

/** One word, quotes and escapes resolved; `$(…)` and backquotes are kept as they stand. */
function readWord(text: string, start: number): { readonly text: string; readonly end: number } {
  let out = '';
  let at = start;
  while (at < text.length) {
    const c = text[at] ?? '';
    if (/[\s;|&()<>]/.test(c)) break;
    if (c === "'") {
      const close = text.indexOf("'", at + 1);
      const end = close < 0 ? text.length : close;
      out += text.slice(at + 1, end);
      at = end + 1;
    } else if (c === '"') {
      at++;
      while (at < text.length && text[at] !== '"') {
        if (text[at] === '\\' && /["\\$`]/.test(text[at + 1] ?? '')) at++;
        out += text[at] ?? '';
        at++;
      }
      at++;
    } else if (c === '\\') {
      out += text[at + 1] ?? '';
      at += 2;
    } else if (c === '$' && text[at + 1] === '(') {
      const end = closing(text, at + 1);
      out += text.slice(at, end);
      at = end;
    } else if (c === '`') {
      const close = text.indexOf('`', at + 1);
      const end = close < 0 ? text.length : close + 1;
      out += text.slice(at, end);
      at = end;
    } else {
      out += c;
      at++;
    }
  }
  return { text: out, end: at };
}

/** Index behind the parenthesis that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

/** Commands that run another command given as words: `sudo -E curl …`. The words of the inner command. */
const runners: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['sudo', new Set(['-u', '-g', '-h', '-p', '-C', '-r', '-t', '-U'])],
  ['env', new Set(['-u', '-C', '-S'])],
  ['nice', new Set(['-n'])],
  ['exec', new Set(['-a'])],
  ['command', new Set<string>()],
  ['nohup', new Set<string>()],
  ['time', new Set(['-f', '-o'])],
]);

/** The words of the command that really runs, behind `sudo`, `env` and the like; the name without its path. */
export function effectiveWords(command: ShellCommand): readonly ShellWord[] {
  let { words } = command;
  for (;;) {
    const [first] = words;
    const withValue = first === undefined ? undefined : runners.get(baseName(first.text));
    if (withValue === undefined) return words;
    let index = 1;
    for (; index < words.length; index++) {
      const text = words[index]?.text ?? '';
      if (withValue.has(text)) index++;
      else if (!text.startsWith('-') && !/^[A-Za-z_]\w*=/.test(text)) break;
    }
    words = words.slice(index);
  }
}

/** `/usr/bin/curl` → `curl` */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
