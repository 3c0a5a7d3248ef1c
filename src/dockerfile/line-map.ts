import type { TextPosition, TextRange } from './types.ts';

/** Positions ↔ offsets of a text. Lines end with LF, CRLF or CR, as the editor counts them. */
export class LineMap {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) this.#starts.push(i + 1);
    }
  }

  /** Number of lines; a text that ends with a line break has an empty last one. */
  get count(): number {
    return this.#starts.length;
  }

  position(offset: number): TextPosition {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low, character: offset - (this.#starts[low] ?? 0) };
  }

  offset({ line, character }: TextPosition): number {
    return Math.min(this.#text.length, (this.#starts[line] ?? this.#text.length) + character);
  }

  range(start: number, end: number): TextRange {
    return { start: this.position(start), end: this.position(end) };
  }

  /** A line without its end. */
  line(line: number): string {
    const start = this.#starts[line] ?? this.#text.length;
    const end = this.#starts[line + 1] ?? this.#text.length;
    return this.#text.slice(start, end).replace(/\r?\n$|\r$/, '');
  }

  /** The line end that the text uses. */
  get lineEnd(): '\n' | '\r\n' {
    return /\r\n/.test(this.#text) ? '\r\n' : '\n';
  }
}
