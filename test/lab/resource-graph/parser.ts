import type { Json } from '../json.ts';
import { QueryError, tokenize, type Token } from './lexer.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'among';
      readonly operator: string;
      readonly left: Expression;
      readonly items: readonly Expression[];
    };

export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

export type Operator =
  | { readonly kind: 'where'; readonly condition: Expression }
  | { readonly kind: 'extend' | 'project' | 'distinct'; readonly columns: readonly NamedExpression[] }
  | { readonly kind: 'project-away'; readonly names: readonly string[] }
  | {
      readonly kind: 'order';
      readonly keys: readonly { readonly expression: Expression; readonly descending: boolean }[];
    }
  | { readonly kind: 'limit'; readonly count: number }
  | { readonly kind: 'count' }
  | {
      readonly kind: 'summarize';
      readonly aggregates: readonly NamedExpression[];
      readonly by: readonly NamedExpression[];
    }
  | { readonly kind: 'mv-expand'; readonly column: NamedExpression };

export interface Query {
  readonly table: string;
  readonly operators: readonly Operator[];
}

const comparisons = new Set(['==', '!=', '=~', '!~', '<', '<=', '>', '>=']);
const textComparisons = new Set([
  'has',
  '!has',
  'contains',
  '!contains',
  'startswith',
  '!startswith',
  'endswith',
  '!endswith',
]);
const lists = new Set(['in', 'in~', '!in', '!in~']);

/** Throws QueryError where the text is no query, or uses what this interpreter lacks. */
export function parseQuery(text: string): Query {
  const parser = new Parser(tokenize(text));
  return parser.query();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): Query {
    const table = this.#name();
    const operators: Operator[] = [];
    while (this.#take('|')) operators.push(...this.#operator());
    this.#take(';');
    if (this.#at < this.#tokens.length) this.#fail();
    return { table, operators };
  }

  #operator(): Operator[] {
    const name = this.#name();
    switch (name) {
      case 'where':
        return [{ kind: 'where', condition: this.#expression() }];
      case 'extend':
      case 'project':
      case 'distinct':
        return [{ kind: name, columns: this.#named() }];
      case 'project-away':
        return [{ kind: name, names: this.#separated(() => this.#name()) }];
      case 'order':
      case 'sort':
        this.#word('by');
        return [{ kind: 'order', keys: this.#orderKeys() }];
      case 'limit':
      case 'take':
        return [{ kind: 'limit', count: this.#number() }];
      case 'top': {
        const count = this.#number();
        this.#word('by');
        return [
          { kind: 'order', keys: this.#orderKeys() },
          { kind: 'limit', count },
        ];
      }
      case 'count':
        return [{ kind: 'count' }];
      case 'summarize': {
        const aggregates = this.#peek() === 'by' ? [] : this.#named();
        const by = this.#peek() === 'by' ? (this.#word('by'), this.#named()) : [];
        return [{ kind: 'summarize', aggregates, by }];
      }
      case 'mv-expand': {
        const [column] = this.#named();
        if (column === undefined) this.#fail();
        return [{ kind: 'mv-expand', column }];
      }
      default:
        throw new QueryError('ParserFailure', `The lab's Resource Graph does not know the operator '${name}'.`);
    }
  }

  #orderKeys(): { readonly expression: Expression; readonly descending: boolean }[] {
    return this.#separated(() => {
      const expression = this.#expression();
      const direction = this.#peek();
      if (direction === 'asc' || direction === 'desc') this.#at += 1;
      return { expression, descending: direction !== 'asc' };
    });
  }

  #named(): NamedExpression[] {
    return this.#separated(() => {
      const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
      if (first?.kind === 'name' && second?.kind === 'symbol' && second.text === '=') {
        this.#at += 2;
        return { name: first.text, expression: this.#expression() };
      }
      const expression = this.#expression();
      return { name: nameOf(expression), expression };
    });
  }

  #expression(): Expression {
    let left = this.#conjunction();
    while (this.#takeWord('or')) left = { kind: 'binary', operator: 'or', left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): Expression {
    let left = this.#comparison();
    while (this.#takeWord('and')) left = { kind: 'binary', operator: 'and', left, right: this.#comparison() };
    return left;
  }

  #comparison(): Expression {
    const left = this.#postfix();
    const operator = this.#peek() ?? '';
    if (comparisons.has(operator) || textComparisons.has(operator)) {
      this.#at += 1;
      return { kind: 'binary', operator, left, right: this.#postfix() };
    }
    if (lists.has(operator)) {
      this.#at += 1;
      this.#symbol('(');
      const items = this.#peek() === ')' ? [] : this.#separated(() => this.#expression());
      this.#symbol(')');
      return { kind: 'among', operator, left, items };
    }
    return left;
  }

  #postfix(): Expression {
    let of = this.#primary();
    for (;;) {
      if (this.#take('.')) of = { kind: 'member', of, name: this.#name() };
      else if (this.#take('[')) {
        of = { kind: 'index', of, index: this.#expression() };
        this.#symbol(']');
      } else return of;
    }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.#fail();
    this.#at += 1;
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', value: token.text };
      case 'number':
        return { kind: 'literal', value: token.value };
      case 'name': {
        if (token.text === 'true' || token.text === 'false') return { kind: 'literal', value: token.text === 'true' };
        if (token.text === 'null') return { kind: 'literal', value: null };
        if (!this.#take('(')) return { kind: 'column', name: token.text };
        const given = this.#peek() === ')' ? [] : this.#separated(() => this.#expression());
        this.#symbol(')');
        return { kind: 'call', name: token.text, arguments: given };
      }
      case 'symbol':
        if (token.text === '(') {
          const inner = this.#expression();
          this.#symbol(')');
          return inner;
        }
        if (token.text === '-') return { kind: 'literal', value: -this.#number() };
        if (token.text === '*') return { kind: 'literal', value: '*' };
        this.#at -= 1;
        this.#fail();
    }
  }

  #separated<T>(read: () => T): T[] {
    const found = [read()];
    while (this.#take(',')) found.push(read());
    return found;
  }

  #peek(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'name' || token?.kind === 'symbol' ? token.text : undefined;
  }

  #take(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name' || token.text !== word) return false;
    this.#at += 1;
    return true;
  }

  #symbol(symbol: string): void {
    if (!this.#take(symbol)) this.#fail();
  }

  #word(word: string): void {
    if (!this.#takeWord(word)) this.#fail();
  }

  #name(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name') this.#fail();
    this.#at += 1;
    return token.text;
  }

  #number(): number {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'number') this.#fail();
    this.#at += 1;
    return token.value;
  }

  #fail(): never {
    const token = this.#tokens[this.#at];
    const seen = token === undefined ? '<EOF>' : token.kind === 'number' ? String(token.value) : token.text;
    throw new QueryError('ParserFailure', `Query is invalid at '${seen}'.`);
  }
}

/** The name that a column without an alias gets. */
function nameOf(expression: Expression): string {
  switch (expression.kind) {
    case 'column':
      return expression.name;
    case 'member':
      return `${nameOf(expression.of)}_${expression.name}`;
    case 'call':
      return expression.name === 'count' ? 'count_' : 'Column1';
    case 'among':
    case 'binary':
    case 'index':
    case 'literal':
      return 'Column1';
  }
}
