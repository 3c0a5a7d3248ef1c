// Tokens of the Kusto query language, as far as Resource Graph queries of this project need it.

export class QueryError extends Error {
  /** `ParserFailure`, `UnknownTable`, `InvalidQuery`: what the service puts into its details. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type Token =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'symbol'; readonly text: string };

const symbols = [
  '!=',
  '!~',
  '==',
  '=~',
  '<=',
  '>=',
  '|',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  ';',
];

/** Throws QueryError at what is no token. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const rest = query.slice(at);
    const blank = /^(?:\s+|\/\/[^\n]*)/.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const text = stringAt(rest);
    if (text !== undefined) {
      tokens.push({ kind: 'string', text: text.value });
      at += text.length;
      continue;
    }
    const number = /^\d+(?:\.\d+)?/.exec(rest);
    if (number !== null) {
      tokens.push({ kind: 'number', value: Number(number[0]) });
      at += number[0].length;
      continue;
    }
    // operators with a dash or a mark in their name come before plain names
    const name =
      /^(?:project-away|project-keep|project-rename|mv-expand|!?(?:in~|has|contains|startswith|endswith|in)(?![\w])|[A-Za-z_$][\w$]*)/.exec(
        rest,
      );
    if (name !== null) {
      tokens.push({ kind: 'name', text: name[0] });
      at += name[0].length;
      continue;
    }
    const symbol = symbols.find((known) => rest.startsWith(known));
    if (symbol === undefined)
      throw new QueryError('ParserFailure', `A recognition error occurred at '${rest.slice(0, 10)}'.`);
    tokens.push({ kind: 'symbol', text: symbol });
    at += symbol.length;
  }
  return tokens;
}

function stringAt(rest: string): { readonly value: string; readonly length: number } | undefined {
  const verbatim = /^@'((?:[^']|'')*)'|^@"((?:[^"]|"")*)"/.exec(rest);
  if (verbatim !== null) {
    const value = verbatim[1]?.replaceAll("''", "'") ?? verbatim[2]?.replaceAll('""', '"') ?? '';
    return { value, length: verbatim[0].length };
  }
  const plain = /^'((?:[^'\\\n]|\\.)*)'|^"((?:[^"\\\n]|\\.)*)"/.exec(rest);
  if (plain === null) return undefined;
  const value = (plain[1] ?? plain[2] ?? '').replace(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped);
  return { value, length: plain[0].length };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
