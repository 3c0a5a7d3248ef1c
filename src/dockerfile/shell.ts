import { FlatText } from './flat-text.ts';
import type { Dockerfile, Instruction } from './model.ts';
import type { TextRange } from './types.ts';
import { decodeJsonString, isSpace } from './words.ts';

/**
 * A small reader of shell text, enough to know which commands run with which words and where they stand in the file.
 * POSIX.1-2024, "Shell Command Language", 2.2 quoting, 2.7.4 here-documents, 2.10 grammar; process substitution as in
 * bash. It expands nothing.
 */
export interface ShellWord {
  /** With quotes and escapes taken off; `$(…)`, `<(…)` and backquotes as they stand. */
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

/** Scripts within scripts: `sh -c "…"`, here-documents that a shell reads. */
const deepest = 4;

const shells = /^(?:ba|da|a|z|k)?sh$/;

/** A list of commands of one script, in the order of the text. Scripts inside it are lists of their own. */
export type ShellScript = readonly ShellCommand[];

/** The scripts of a RUN: its shell form, what `sh -c` is given, here-documents that a shell reads. */
export function shellScripts(file: Dockerfile, instruction: Instruction): readonly ShellScript[] {
  const out: ShellScript[] = [];
  const { body, heredocs, words } = instruction;
  const read = (script: FlatText): void => new ScriptReader(file, script, out, 0).read();
  if (instruction.isJson) {
    const at = shells.test(baseName(words[0]?.text ?? '')) ? words.findIndex(({ text }) => isCommandOption(text)) : -1;
    const script = at < 0 ? undefined : words[at + 1];
    if (script !== undefined) read(decodeJsonString(body, script.span));
    return out;
  }
  const [first] = heredocs;
  if (first === undefined) {
    read(body);
    return out;
  }
  if (/^\d*<<-?\S+\s*$/.test(body.text)) {
    // Nothing but the here-document: it is the script, of a shell or of what its first line names.
    const content = FlatText.of(file.text, [[first.start, first.end]]);
    const interpreter = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(content.text);
    const program = baseName(interpreter?.[1] ?? 'sh');
    if (shells.test(program === 'env' ? baseName(interpreter?.[2] ?? '') : program)) read(content);
    return out;
  }
  // The line with the here-documents behind it, as a shell would read them.
  const pieces = body.pieces();
  const lineEnd = pieces.at(-1)?.[1] ?? first.start;
  read(FlatText.of(file.text, [...pieces, [lineEnd, file.lines.offset(instruction.range.end)]]));
  return out;
}

interface PendingDocument {
  readonly name: string;
  readonly stripsTabs: boolean;
  /** Words of the command that reads it; complete when the line ends. */
  readonly words: readonly ShellWord[];
}

const reserved: ReadonlySet<string> = new Set([
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

/** A read word: decoded text with the index of each of its characters, to read scripts that are given as words. */
interface RawWord {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

class ScriptReader {
  readonly #file: Dockerfile;
  readonly #flat: FlatText;
  readonly #text: string;
  readonly #out: ShellScript[];
  readonly #depth: number;
  readonly #commands: ShellCommand[] = [];
  readonly #pending: PendingDocument[] = [];
  #words: ShellWord[] = [];
  #raw: RawWord[] = [];
  #before = '';

  constructor(file: Dockerfile, flat: FlatText, out: ShellScript[], depth: number) {
    this.#file = file;
    this.#flat = flat;
    this.#text = flat.text;
    this.#out = out;
    this.#depth = depth;
    out.push(this.#commands);
  }

  read(): void {
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const c = text[at] ?? '';
      if (c === '\n') {
        this.#finish('\n');
        at = this.#readDocuments(at + 1);
      } else if (isSpace(text.charCodeAt(at))) at++;
      else if (c === '#') at = lineEnd(text, at);
      else if (c === '\\' && isLineEnd(text, at + 1)) at = text.startsWith('\r\n', at + 1) ? at + 3 : at + 2;
      else if (isOperatorStart(c) && !this.#isPlainBrace(at)) {
        const operator = readOperator(text, at);
        this.#finish(operator);
        at += operator.length;
      } else if ((c === '<' || c === '>') && text[at + 1] !== '(') at = this.#readRedirection(at);
      else at = this.#takeWord(at);
    }
    this.#finish('');
  }

  /** A brace is an operator only as a word of its own, and a closing one only where a command may begin. */
  #isPlainBrace(at: number): boolean {
    const c = this.#text[at];
    if (c === '{') return !/^[\s]/.test(this.#text[at + 1] ?? ' ') || this.#words.length > 0;
    return c === '}' && this.#words.length > 0;
  }

  #finish(operator: string): void {
    const first = this.#words[0];
    const last = this.#words.at(-1);
    if (first === undefined || last === undefined) {
      // A pipe goes on behind a line break, and into a group.
      const goesOn = operator === '\n' || operator === '(' || operator === '{';
      if (!(goesOn && this.#before.startsWith('|'))) this.#before = operator;
      return;
    }
    const command = {
      words: this.#words,
      before: this.#before,
      range: { start: first.range.start, end: last.range.end },
    };
    this.#commands.push(command);
    this.#readInnerScript(command);
    this.#words = [];
    this.#raw = [];
    this.#before = operator;
  }

  /** `sh -c "…"`: the script is read as one of its own. */
  #readInnerScript(command: ShellCommand): void {
    if (this.#depth >= deepest) return;
    const words = effectiveWords(command);
    if (!shells.test(baseName(words[0]?.text ?? ''))) return;
    const skipped = command.words.length - words.length;
    const option = words.findIndex(({ text }, index) => index > 0 && isCommandOption(text));
    const raw = option < 0 ? undefined : this.#raw[skipped + option + 1];
    if (raw === undefined) return;
    const script = unquoted(this.#flat, raw);
    new ScriptReader(this.#file, script, this.#out, this.#depth + 1).read();
  }

  #takeWord(at: number): number {
    const word = readWord(this.#text, at);
    const { end, text } = word;
    const isFirst = this.#words.length === 0;
    const isAssignment = isFirst && /^[A-Za-z_]\w*=/.test(text);
    const isDescriptor = /^\d+$/.test(text) && /^[<>]/.test(this.#text[end] ?? '');
    if (!isAssignment && !isDescriptor && !(isFirst && reserved.has(text))) {
      this.#words.push({ text, range: this.#file.lines.range(...this.#flat.span(at, end)) });
      this.#raw.push(word);
    }
    return Math.max(end, at + 1);
  }

  #readRedirection(start: number): number {
    const text = this.#text;
    let at = start;
    while (text[at] === '<' || text[at] === '>') at++;
    const operator = text.slice(start, at);
    const stripsTabs = operator === '<<' && text[at] === '-';
    if (stripsTabs || text[at] === '&' || text[at] === '|') at++;
    while (text[at] === ' ' || text[at] === '\t') at++;
    const word = readWord(text, at);
    if (operator === '<<' && word.text !== '') this.#pending.push({ name: word.text, stripsTabs, words: this.#words });
    return word.end;
  }

  /** Passes over the here-documents that the line before asked for; what a shell reads is a script. */
  #readDocuments(start: number): number {
    let at = start;
    for (const { name, stripsTabs, words } of this.#pending.splice(0)) {
      const contentStart = at;
      let contentEnd = this.#text.length;
      while (at < this.#text.length) {
        const end = lineEnd(this.#text, at);
        const line = this.#text.slice(at, end).replace(/\r$/, '');
        if ((stripsTabs ? line.replace(/^\t+/, '') : line) === name) {
          contentEnd = at;
          at = end + 1;
          break;
        }
        at = end + 1;
      }
      const program = effectiveWords({ words });
      if (this.#depth < deepest && shells.test(baseName(program[0]?.text ?? '')) && readsProgramFromInput(program)) {
        const script = this.#flat.slice(contentStart, contentEnd);
        new ScriptReader(this.#file, script, this.#out, this.#depth + 1).read();
      }
    }
    return Math.min(at, this.#text.length);
  }
}

function isOperatorStart(c: string): boolean {
  return c === '&' || c === '|' || c === ';' || c === '(' || c === ')' || c === '{' || c === '}';
}

function readOperator(text: string, at: number): string {
  const two = text.slice(at, at + 2);
  return two === '&&' || two === '||' || two === ';;' || two === '|&' ? two : (text[at] ?? '');
}

/** One word; what is quoted or substituted belongs to it. */
function readWord(text: string, start: number): RawWord {
  let out = '';
  let at = start;
  while (at < text.length) {
    const c = text[at] ?? '';
    if ((c === '<' || c === '>' || c === '$') && text[at + 1] === '(') {
      const end = closing(text, at + 1);
      out += text.slice(at, end);
      at = end;
      continue;
    }
    if (isSpace(text.charCodeAt(at)) || c === ';' || c === '|' || c === '&' || c === '<' || c === '>') break;
    if (c === '(' || c === ')') break;
    if (c === "'") {
      const close = text.indexOf("'", at + 1);
      const end = close < 0 ? text.length : close;
      out += text.slice(at + 1, end);
      at = end + 1;
    } else if (c === '"') {
      const end = quoteEnd(text, at);
      out += text.slice(at + 1, end).replace(/\\(["\\$`])/g, '$1');
      at = end + 1;
    } else if (c === '\\') {
      if (!isLineEnd(text, at + 1)) out += text[at + 1] ?? '';
      at += 2;
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
  return { start, end: Math.min(at, text.length), text: out };
}

/** The characters of a word without quotes and escapes, each with its place. */
function unquoted(flat: FlatText, { start, end }: RawWord): FlatText {
  const { text } = flat;
  let out = '';
  const indexes: number[] = [];
  let quote = '';
  for (let at = start; at < end; at++) {
    let c = text[at] ?? '';
    if (quote === '' && (c === "'" || c === '"')) {
      quote = c;
      continue;
    }
    if (c === quote) {
      quote = '';
      continue;
    }
    if (c === '\\' && quote !== "'" && (quote === '' || /["\\$`]/.test(text[at + 1] ?? ''))) c = text[++at] ?? '';
    out += c;
    indexes.push(at);
  }
  return FlatText.decoded(out, flat, indexes);
}

/** Index of the double quote that closes the one at `open`. */
function quoteEnd(text: string, open: number): number {
  let at = open + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\') at += 2;
    else if (text[at] === '$' && text[at + 1] === '(') at = closing(text, at + 1);
    else at++;
  }
  return Math.min(at, text.length);
}

/** Index behind the parenthesis that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  let quote = '';
  for (let at = open; at < text.length; at++) {
    const c = text[at];
    if (c === '\\' && quote !== "'") at++;
    else if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '(') depth++;
    else if (c === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function isLineEnd(text: string, at: number): boolean {
  return text[at] === '\n' || text.startsWith('\r\n', at);
}

/** `-c`, `-ec`, `-lc`: the next word is a script. */
function isCommandOption(text: string): boolean {
  return /^-[A-Za-z]*c$/.test(text);
}

/** Commands that run another command given as words: `sudo -E curl …`; with the options that take a value. */
const runners: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['sudo', new Set(['-u', '-g', '-h', '-p', '-C', '-r', '-t', '-U'])],
  ['doas', new Set(['-u', '-C'])],
  ['env', new Set(['-u', '-C', '-S'])],
  ['nice', new Set(['-n'])],
  ['exec', new Set(['-a'])],
  ['command', new Set<string>()],
  ['nohup', new Set<string>()],
  ['time', new Set(['-f', '-o'])],
]);

/** The words of the command that really runs, behind `sudo`, `env` and the like. */
export function effectiveWords(command: Pick<ShellCommand, 'words'>): readonly ShellWord[] {
  const { words } = command;
  let index = 0;
  for (;;) {
    const withValue = runners.get(baseName(words[index]?.text ?? ''));
    if (withValue === undefined) return index === 0 ? words : words.slice(index);
    for (index++; index < words.length; index++) {
      const text = words[index]?.text ?? '';
      if (withValue.has(text)) index++;
      else if (!text.startsWith('-') && !/^[A-Za-z_]\w*=/.test(text)) break;
    }
  }
}

/** True when an interpreter gets its program from standard input, so that no word names a script or is one. */
export function readsProgramFromInput(words: readonly ShellWord[]): boolean {
  const [program, ...rest] = words;
  const isShell = shells.test(baseName(program?.text ?? ''));
  for (let index = 0; index < rest.length; index++) {
    const text = rest[index]?.text ?? '';
    if (text === '-' || text === '/dev/stdin') return true;
    if (text === '--') return rest[index + 1] === undefined;
    if (!/^[-+]/.test(text)) return false;
    if (isShell) {
      if (/^-[A-Za-z]*s[A-Za-z]*$/.test(text)) return true;
      if (isCommandOption(text)) return false;
      if (/^[-+][A-Za-z]*o$/.test(text)) index++;
      // Options of other interpreters that give a program or a module: -c, -e, -m, -n, -p, -r.
    } else if (/^-[A-Za-z]*[ceEmnprR]/.test(text)) return false;
  }
  return true;
}

/** `/usr/bin/curl` → `curl` */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
