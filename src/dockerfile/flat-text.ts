/**
 * Text put together from pieces of a file, such as an instruction without its continuation marks and comment lines. Every
 * character knows where it stands in the file.
 */
export class FlatText {
  readonly text: string;
  /** For each piece the index of its first character in `text`, and that character's offset in the file. */
  readonly #starts: readonly number[];
  readonly #offsets: readonly number[];

  private constructor(text: string, starts: readonly number[], offsets: readonly number[]) {
    this.text = text;
    this.#starts = starts;
    this.#offsets = offsets;
  }

  /** The pieces of `source` between two offsets each, one behind the other. */
  static of(source: string, pieces: readonly (readonly [start: number, end: number])[]): FlatText {
    const starts: number[] = [];
    const offsets: number[] = [];
    const texts: string[] = [];
    let length = 0;
    for (const [start, end] of pieces) {
      if (end <= start) continue;
      starts.push(length);
      offsets.push(start);
      texts.push(source.slice(start, end));
      length += end - start;
    }
    return new FlatText(texts.join(''), starts, offsets);
  }

  /** Text whose characters were decoded one by one: `indexes` tells for each where it stands in `from`. */
  static decoded(text: string, from: FlatText, indexes: readonly number[]): FlatText {
    const starts = indexes.map((_, index) => index);
    return new FlatText(
      text,
      starts,
      indexes.map((index) => from.offset(index)),
    );
  }

  /** Offset in the file of the character at `index`; of the place behind the last one when there is none. */
  offset(index: number): number {
    if (index >= this.text.length && this.text.length > 0) return this.offset(this.text.length - 1) + 1;
    const piece = this.#pieceAt(index);
    return (this.#offsets[piece] ?? 0) + index - (this.#starts[piece] ?? 0);
  }

  /** Offsets in the file of the first character and behind the last one between two indexes. */
  span(start: number, end: number): readonly [start: number, end: number] {
    return end > start ? [this.offset(start), this.offset(end - 1) + 1] : [this.offset(start), this.offset(start)];
  }

  slice(start: number, end = this.text.length): FlatText {
    const starts: number[] = [];
    const offsets: number[] = [];
    for (let piece = this.#pieceAt(start); piece < this.#starts.length; piece++) {
      const first = this.#starts[piece] ?? 0;
      if (first >= end) break;
      const cut = Math.max(0, start - first);
      starts.push(first + cut - start);
      offsets.push((this.#offsets[piece] ?? 0) + cut);
    }
    return new FlatText(this.text.slice(start, end), starts, offsets);
  }

  /** Offsets in the file of each piece. */
  pieces(): (readonly [start: number, end: number])[] {
    return this.#offsets.map((offset, piece) => {
      const length = (this.#starts[piece + 1] ?? this.text.length) - (this.#starts[piece] ?? 0);
      return [offset, offset + length];
    });
  }

  #pieceAt(index: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    return low;
  }
}
