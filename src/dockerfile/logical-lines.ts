import { FlatText } from './flat-text.ts';
import { splitWords, unquote } from './words.ts';

/**
 * A Dockerfile as BuildKit's front end cuts it: directives, comments, and logical lines with their here-documents.
 * Dockerfile reference, "Format", "Parser directives", "Here-Documents"; what it leaves open is decided as in
 * moby/buildkit, "frontend/dockerfile/parser".
 */
export interface LogicalLine {
  /** First character that is no blank. */
  readonly start: number;
  /** Behind the last character, here-documents with their terminators included. */
  readonly end: number;
  /** Without continuation marks, comment lines, blank lines and here-documents. */
  readonly flat: FlatText;
  readonly heredocs: readonly Heredoc[];
  /** False when the file ends inside it: behind a continuation mark, or in a here-document. */
  readonly isComplete: boolean;
}

export interface Heredoc {
  readonly name: string;
  /** `<<-`: tabs in front of its lines do not count. */
  readonly stripsTabs: boolean;
  /** Offsets of its content: behind the line that opens it, before the terminator. */
  readonly start: number;
  readonly end: number;
}

export interface CommentLine {
  /** From the `#` to the end of the line. */
  readonly start: number;
  readonly end: number;
  /** True between the lines of a continued instruction. */
  readonly isInside: boolean;
}

export interface FileLines {
  readonly escape: '\\' | '`';
  readonly lines: readonly LogicalLine[];
  readonly comments: readonly CommentLine[];
  /** Directives at the top, such as `# syntax=docker/dockerfile:1`. */
  readonly directives: readonly CommentLine[];
}

/** Instructions that take here-documents; ONBUILD passes them on. */
const takesHeredocs = /^(?:ONBUILD\s+)?(?:ADD|COPY|RUN)\s/i;
const directive = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/;
/** A line names no more than these. */
const mostHeredocs = 50;

export function readLines(text: string): FileLines {
  const lines: LogicalLine[] = [];
  const comments: CommentLine[] = [];
  const directives: CommentLine[] = [];
  let escape: '\\' | '`' = '\\';
  let atTop = true;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    const end = lineEnd(text, at);
    const start = skipBlanks(text, at, end);
    if (start === end) {
      atTop = false;
      at = nextLine(text, end);
      continue;
    }
    if (text[start] === '#') {
      const found = atTop ? directive.exec(text.slice(start, end)) : null;
      if (found === null) {
        atTop = false;
        comments.push({ start, end, isInside: false });
      } else {
        directives.push({ start, end, isInside: false });
        if (found[1]?.toLowerCase() === 'escape' && (found[2] === '`' || found[2] === '\\')) escape = found[2];
      }
      at = nextLine(text, end);
      continue;
    }
    atTop = false;
    const line = readLogicalLine(text, start, escape, comments);
    // A mark that continues nothing is no instruction.
    if (line.line.flat.text !== '') lines.push(line.line);
    at = line.next;
  }
  return { escape, lines, comments, directives };
}

function readLogicalLine(
  text: string,
  start: number,
  escape: string,
  comments: CommentLine[],
): { readonly line: LogicalLine; readonly next: number } {
  const pieces: [number, number][] = [];
  let pieceStart = start;
  let end = lineEnd(text, start);
  let last = end;
  let isComplete = true;
  for (;;) {
    const mark = continuationMark(text, pieceStart, end, escape);
    pieces.push([pieceStart, mark ?? trimmedEnd(text, pieceStart, end)]);
    last = trimmedEnd(text, pieceStart, end);
    if (mark === undefined) break;
    // Comments and blank lines between the parts of an instruction do not count.
    let next = nextLine(text, end);
    let found = false;
    while (next < text.length) {
      const nextEnd = lineEnd(text, next);
      const content = skipBlanks(text, next, nextEnd);
      if (content < nextEnd && text[content] !== '#') {
        pieceStart = next;
        end = nextEnd;
        found = true;
        break;
      }
      if (content < nextEnd) comments.push({ start: content, end: nextEnd, isInside: true });
      end = nextEnd;
      next = nextLine(text, nextEnd);
    }
    if (!found) {
      isComplete = false;
      break;
    }
  }
  const flat = FlatText.of(text, pieces);
  const heredocs: Heredoc[] = [];
  let next = nextLine(text, end);
  for (const { name, stripsTabs } of heredocMarks(flat, escape)) {
    const contentStart = next;
    let contentEnd = text.length;
    let terminated = false;
    while (next < text.length) {
      const bodyEnd = lineEnd(text, next);
      const from = stripsTabs ? skipTabs(text, next, bodyEnd) : next;
      if (bodyEnd - from === name.length && text.startsWith(name, from)) {
        contentEnd = next;
        last = bodyEnd;
        next = nextLine(text, bodyEnd);
        terminated = true;
        break;
      }
      next = nextLine(text, bodyEnd);
    }
    if (!terminated) {
      isComplete = false;
      last = text.length;
    }
    heredocs.push({ name, stripsTabs, start: Math.min(contentStart, contentEnd), end: contentEnd });
  }
  return { line: { start, end: last, flat, heredocs, isComplete }, next };
}

/** Offset of the mark that continues a line; undefined without one. A doubled mark is text. */
function continuationMark(text: string, start: number, end: number, escape: string): number | undefined {
  const at = trimmedEnd(text, start, end) - 1;
  if (at < start || text[at] !== escape) return undefined;
  return at > start && text[at - 1] === escape ? undefined : at;
}

/** The here-documents that a line opens: whole words of the form `<<NAME`, `<<-NAME`, `<<"NAME"`, with a digit in front. */
function heredocMarks(flat: FlatText, escape: string): { readonly name: string; readonly stripsTabs: boolean }[] {
  const { text } = flat;
  if (!text.includes('<<') || !takesHeredocs.test(text)) return [];
  const out: { name: string; stripsTabs: boolean }[] = [];
  for (const { start, end } of splitWords(text, 0, escape)) {
    const found = /^\d*<<(-?)([^<]+)$/.exec(text.slice(start, end));
    if (found === null) continue;
    const name = unquote(found[2] ?? '', escape);
    if (name !== '') out.push({ name, stripsTabs: found[1] === '-' });
    if (out.length >= mostHeredocs) break;
  }
  return out;
}

function lineEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || c === 13) return i;
  }
  return text.length;
}

function nextLine(text: string, end: number): number {
  if (end >= text.length) return text.length;
  return text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? end + 2 : end + 1;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 11 || code === 12;
}

function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function skipTabs(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === 9) at++;
  return at;
}

function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}
