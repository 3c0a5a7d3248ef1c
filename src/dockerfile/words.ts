import { FlatText } from './flat-text.ts';

/** Indexes into a text, the second behind the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Words parted by blanks outside of quotes; quotes and escapes stay as they stand. */
export function splitWords(text: string, from: number, escape: string): Span[] {
  const out: Span[] = [];
  let at = from;
  while (at < text.length) {
    if (isSpace(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const end = wordEnd(text, at, escape);
    out.push({ start: at, end });
    at = end;
  }
  return out;
}

/** Index behind the word that begins at `start`. */
export function wordEnd(text: string, start: number, escape: string): number {
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const c = text[at] ?? '';
    if (quote === '') {
      if (isSpace(text.charCodeAt(at))) return at;
      if (c === escape) at++;
      else if (c === '"' || c === "'") quote = c;
    } else if (c === quote) quote = '';
    else if (c === escape && quote === '"') at++;
  }
  return Math.min(at, text.length);
}

/** Takes quotes and escapes off, as BuildKit does with the words of most instructions; variables stay. */
export function unquote(raw: string, escape: string): string {
  if (!raw.includes('"') && !raw.includes("'") && !raw.includes(escape)) return raw;
  let out = '';
  let quote = '';
  for (let at = 0; at < raw.length; at++) {
    const c = raw[at] ?? '';
    if (quote === "'") {
      if (c === "'") quote = '';
      else out += c;
    } else if (c === escape && at + 1 < raw.length) {
      const next = raw[at + 1] ?? '';
      if (quote === '"' && next !== '"' && next !== '$' && next !== escape) out += c;
      out += next;
      at++;
    } else if (quote === '"' && c === '"') quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else out += c;
  }
  return out;
}

/** The span without one pair of quotes that holds all of it. */
export function insideQuotes(text: string, { start, end }: Span): Span {
  const quote = text[start];
  if (end - start < 2 || (quote !== '"' && quote !== "'") || text[end - 1] !== quote) return { start, end };
  return text.indexOf(quote, start + 1) === end - 1 ? { start: start + 1, end: end - 1 } : { start, end };
}

/** A string of the JSON form with the place of its characters. */
export interface JsonWord {
  readonly text: string;
  /** Without its quotes. */
  readonly span: Span;
}

/** The strings of the JSON form `["a", "b"]`; undefined when the text is none, so that it is the shell form. */
export function jsonWords(text: string): readonly JsonWord[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const out: JsonWord[] = [];
  let at = 1;
  for (const item of parsed as unknown[]) {
    if (typeof item !== 'string') return undefined;
    const start = text.indexOf('"', at) + 1;
    let end = start;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    out.push({ text: item, span: { start, end } });
    at = end + 1;
  }
  return out;
}

/** A JSON string's content as flat text: each decoded character stands where its escape begins. */
export function decodeJsonString(flat: FlatText, { start, end }: Span): FlatText {
  const { text } = flat;
  let out = '';
  const indexes: number[] = [];
  for (let at = start; at < end; at++) {
    indexes.push(at);
    if (text[at] !== '\\') {
      out += text[at] ?? '';
      continue;
    }
    const length = text[at + 1] === 'u' ? 6 : 2;
    const decoded: unknown = JSON.parse(`"${text.slice(at, at + length)}"`);
    out += typeof decoded === 'string' ? decoded : '';
    at += length - 1;
  }
  return FlatText.decoded(out, flat, indexes);
}

export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
