/** A line of a text file with its number, from 1. */
export interface TextLine {
  readonly text: string;
  readonly number: number;
}

/** Lines without their ends; CRLF is an end too. Any length of line is fine, and the last one needs no end. */
export function* textLines(text: string): Generator<TextLine, void, undefined> {
  let at = 0;
  for (let number = 1; at < text.length; number++) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    yield { text: text.slice(at, text.charCodeAt(end - 1) === 0x0d && end > at ? end - 1 : end), number };
    at = end + 1;
  }
}

/** Text of a file that should be UTF-8: wrong bytes become U+FFFD, a byte order mark goes. */
export function decodeText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
