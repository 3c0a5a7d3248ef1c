import { textLines } from '../text-lines.ts';
import { linesPerTurn } from './listed-packages.ts';

/** A key of a block mapping, at any depth. */
export interface YamlEntry {
  /** Keys from the top, the last one is the entry's own. */
  readonly path: readonly string[];
  /** Scalar or flow collection behind the key, as written but for quotes and comments; empty when a block follows. */
  readonly value: string;
  readonly line: number;
}

/** Deeper blocks are passed over; lock files nest five levels. */
const maxDepth = 20;
const maxLine = 64 * 1024;

/**
 * Keys of the block mappings of a YAML text that a program wrote, line by line: nothing is kept, so that files of many
 * megabytes cost no more than their lines. Several documents follow each other. Items of sequences, texts over several
 * lines and whatever else is no `key: value` are passed over; now and then nothing is given, so that others have a turn. YAML 1.2.2, chapter 8, "Block Style Productions".
 */
export function* blockEntries(text: string): Generator<YamlEntry | undefined, void, undefined> {
  /** Indents and keys of the mappings that are open. */
  const open: { readonly indent: number; readonly key: string }[] = [];
  /** A key written as `? key`, whose value comes behind `:` on a later line. */
  let long: { readonly indent: number; readonly key: string } | undefined;
  for (const { text: line, number } of textLines(text)) {
    if (number % linesPerTurn === 0) yield undefined;
    if (line.length > maxLine) continue;
    if (line.startsWith('---') || line.startsWith('...')) {
      open.length = 0;
      long = undefined;
      continue;
    }
    const indent = line.length - line.trimStart().length;
    const content = line.slice(indent);
    if (content === '' || content.startsWith('#') || content.startsWith('- ') || content === '-') continue;
    if (content.startsWith('? ')) {
      long = { indent, key: unquoted(content.slice(2)) };
      continue;
    }
    let entry: { key: string; value: string } | undefined;
    if (long?.indent === indent && (content === ':' || content.startsWith(': '))) {
      entry = { key: long.key, value: content.slice(1).trim() };
    } else entry = keyed(content);
    long = undefined;
    if (entry === undefined) continue;
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
    if (open.length >= maxDepth) continue;
    open.push({ indent, key: entry.key });
    yield { path: open.map(({ key }) => key), value: unquoted(entry.value), line: number };
  }
}

/** `key: value`, `'key': value`, `"key": value`. */
function keyed(content: string): { key: string; value: string } | undefined {
  const quote = content.charAt(0);
  if (quote === "'" || quote === '"') {
    const end = endOfQuoted(content, quote);
    if (end < 0 || content.charAt(end + 1) !== ':') return undefined;
    return { key: unquoted(content.slice(0, end + 1)), value: withoutComment(content.slice(end + 2)) };
  }
  const at = content.endsWith(':') && !content.includes(': ') ? content.length - 1 : content.indexOf(': ');
  return at <= 0 ? undefined : { key: content.slice(0, at).trimEnd(), value: withoutComment(content.slice(at + 1)) };
}

/** Index of the quote that ends a text beginning with one; -1 when there is none. */
function endOfQuoted(text: string, quote: string): number {
  for (let i = 1; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\' && quote === '"') i++;
    else if (c === quote) {
      if (quote === "'" && text.charAt(i + 1) === "'") i++;
      else return i;
    }
  }
  return -1;
}

function withoutComment(value: string): string {
  const text = value.trim();
  const quote = text.charAt(0);
  if (quote === "'" || quote === '"') {
    const end = endOfQuoted(text, quote);
    return end < 0 ? text : text.slice(0, end + 1);
  }
  const comment = text.startsWith('#') ? 0 : text.indexOf(' #');
  return comment < 0 ? text : text.slice(0, comment).trimEnd();
}

/** The text without its quotes. Escapes but of quotes do not occur in names, versions and addresses. */
function unquoted(value: string): string {
  const text = value.trim();
  const quote = text.charAt(0);
  if (text.length < 2 || text.at(-1) !== quote) return text;
  if (quote === "'") return text.slice(1, -1).replaceAll("''", "'");
  return quote === '"' ? text.slice(1, -1).replace(/\\(["\\/])/g, '$1') : text;
}
