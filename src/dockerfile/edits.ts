import type { Dockerfile, Instruction } from './model.ts';
import type { Fix, TextEdit, TextRange } from './types.ts';

/** Applies edits to a text; of two that overlap the first in the text counts. Ranges are those of the text as given. */
export function applyEdits(file: Dockerfile, edits: readonly TextEdit[]): string {
  const placed = edits.map((edit) => placeOf(file, edit)).sort((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let at = 0;
  for (const edit of placed) {
    if (edit.start < at) continue;
    out += file.text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + file.text.slice(at);
}

/** Applies fixes; each one whole or not at all, when an earlier one touches the same place. */
export function applyFixes(file: Dockerfile, fixes: readonly Fix[]): string {
  const taken: { readonly start: number; readonly end: number }[] = [];
  const edits = fixes.flatMap((fix) => {
    const places = fix.edits.map((edit) => placeOf(file, edit));
    const isFree = places.every(({ start, end }) =>
      taken.every((other) => start !== other.start && (end <= other.start || start >= other.end)),
    );
    if (!isFree) return [];
    taken.push(...places);
    return fix.edits;
  });
  return applyEdits(file, edits);
}

function placeOf(file: Dockerfile, { range, newText }: TextEdit): { start: number; end: number; text: string } {
  return { start: file.lines.offset(range.start), end: file.lines.offset(range.end), text: newText };
}

/** The whole lines of a range with the line break behind them, or, at the end of the file, the one before. */
export function wholeLines(file: Dockerfile, { start, end }: TextRange): TextRange {
  if (end.line + 1 < file.lines.count) {
    return { start: { line: start.line, character: 0 }, end: { line: end.line + 1, character: 0 } };
  }
  const last = { line: end.line, character: file.lines.line(end.line).length };
  if (start.line === 0) return { start: { line: 0, character: 0 }, end: last };
  return { start: { line: start.line - 1, character: file.lines.line(start.line - 1).length }, end: last };
}

/**
 * A new line above an instruction, with its indent, and above the comments that stand directly on it: they go on
 * speaking of the same instruction.
 */
export function insertAbove(file: Dockerfile, instruction: Instruction, text: string): TextEdit {
  let { line } = instruction.range.start;
  const comments = new Set(file.comments.filter(({ isInside }) => !isInside).map((comment) => comment.line));
  while (comments.has(line - 1)) line--;
  const indent = /^[ \t]*/.exec(file.lines.line(instruction.range.start.line))?.[0] ?? '';
  const at = { line, character: 0 };
  return { range: { start: at, end: at }, newText: `${indent}${text}${file.lines.lineEnd}` };
}

/** A new line behind an instruction; undefined when the file ends inside it, so that a line would become part of it. */
export function insertBelow(file: Dockerfile, instruction: Instruction, text: string): TextEdit | undefined {
  if (!instruction.isComplete) return undefined;
  const { line } = instruction.range.end;
  const at = { line, character: file.lines.line(line).length };
  return { range: { start: at, end: at }, newText: `${file.lines.lineEnd}${text}` };
}
