import { BadInputError } from '../core/errors.ts';

/** Longest line that is read, in characters: far above any snapshot, and below what a string can hold. */
const mostCharacters = 256 * 1024 * 1024;

/**
 * Lines of UTF-8 text, parted by line feeds alone (with a carriage return before them or not): other separators of Unicode
 * are part of a line, as JSON has them unescaped. What stands behind the last line feed is a line when it is not empty.
 * @throws BadInputError for a line beyond all measure.
 */
export async function* readLines(chunks: AsyncIterable<unknown>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) continue;
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield withoutReturn(pending + text.slice(start, end));
      pending = '';
      start = end + 1;
    }
    pending += text.slice(start);
    if (pending.length > mostCharacters) {
      throw new BadInputError('A line of standard input is too long', 'Give one item a line.');
    }
  }
  pending += decoder.decode();
  if (pending !== '') yield withoutReturn(pending);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
