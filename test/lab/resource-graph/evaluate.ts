// Runs a parsed query over rows.
import { isArray, isObject, parseJson, type Json, type JsonObject } from '../json.ts';
import { QueryError } from './lexer.ts';
import type { Expression, NamedExpression, Operator, Query } from './parser.ts';

export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly JsonObject[];
  /** False when the query cuts or folds rows by itself: then there are no pages. */
  readonly pages: boolean;
}

/** Throws QueryError when a column or a function is not known. */
export function evaluate(query: Query, columns: readonly string[], rows: readonly JsonObject[]): Result {
  let state: Result = { columns, rows, pages: true };
  for (const operator of query.operators) state = apply(operator, state);
  return state;
}

function apply(operator: Operator, state: Result): Result {
  const { columns, rows } = state;
  switch (operator.kind) {
    case 'where': {
      checkColumns(operator.condition, columns);
      return { ...state, rows: rows.filter((row) => valueOf(operator.condition, row) === true) };
    }
    case 'extend': {
      checkAll(operator.columns, columns);
      const added = operator.columns.map(({ name }) => name).filter((name) => !columns.includes(name));
      return {
        ...state,
        columns: [...columns, ...added],
        rows: rows.map((row) => ({ ...row, ...pick(operator.columns, row) })),
      };
    }
    case 'project': {
      checkAll(operator.columns, columns);
      return {
        ...state,
        columns: operator.columns.map(({ name }) => name),
        rows: rows.map((row) => pick(operator.columns, row)),
      };
    }
    case 'project-away': {
      const left = columns.filter((name) => !operator.names.includes(name));
      return {
        ...state,
        columns: left,
        rows: rows.map((row) => Object.fromEntries(left.map((name) => [name, row[name] ?? null]))),
      };
    }
    case 'distinct': {
      checkAll(operator.columns, columns);
      const unique = new Map(rows.map((row) => pick(operator.columns, row)).map((row) => [JSON.stringify(row), row]));
      return { columns: operator.columns.map(({ name }) => name), rows: [...unique.values()], pages: false };
    }
    case 'order': {
      for (const { expression } of operator.keys) checkColumns(expression, columns);
      return { ...state, rows: rows.toSorted((a, b) => inOrder(operator.keys, a, b)) };
    }
    case 'limit':
      return { ...state, rows: rows.slice(0, operator.count), pages: false };
    case 'count':
      return { columns: ['Count'], rows: [{ Count: rows.length }], pages: false };
    case 'summarize':
      return summarize(operator.aggregates, operator.by, state);
    case 'mv-expand': {
      const { name, expression } = operator.column;
      checkColumns(expression, columns);
      const expanded = rows.flatMap((row) => {
        const value = valueOf(expression, row);
        return isArray(value) ? value.map((item) => ({ ...row, [name]: item })) : [{ ...row, [name]: value }];
      });
      return { ...state, columns: columns.includes(name) ? columns : [...columns, name], rows: expanded };
    }
  }
}

function summarize(
  aggregates: readonly NamedExpression[],
  by: readonly NamedExpression[],
  { columns, rows }: Result,
): Result {
  checkAll(by, columns);
  const groups = new Map<string, { readonly key: JsonObject; readonly rows: JsonObject[] }>();
  if (by.length === 0) groups.set('', { key: {}, rows: [] });
  for (const row of rows) {
    const key = pick(by, row);
    const text = by.length === 0 ? '' : JSON.stringify(key);
    const group = groups.get(text) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(text, group);
  }
  return {
    columns: [...by, ...aggregates].map(({ name }) => name),
    rows: [...groups.values()].map((group) => ({
      ...group.key,
      ...Object.fromEntries(
        aggregates.map(({ name, expression }) => [name, aggregate(expression, columns, group.rows)]),
      ),
    })),
    pages: false,
  };
}

function aggregate(expression: Expression, columns: readonly string[], rows: readonly JsonObject[]): Json {
  if (expression.kind !== 'call') throw new QueryError('InvalidQuery', 'summarize needs an aggregate function.');
  const [first] = expression.arguments;
  if (first !== undefined) checkColumns(first, columns);
  switch (expression.name) {
    case 'count':
      return rows.length;
    case 'countif':
      return rows.filter((row) => first !== undefined && valueOf(first, row) === true).length;
    case 'dcount':
      return new Set(rows.map((row) => JSON.stringify(first === undefined ? null : valueOf(first, row)))).size;
    case 'make_list':
      return rows.map((row) => (first === undefined ? null : valueOf(first, row)));
    case 'make_set':
      return [
        ...new Map(
          rows
            .map((row) => (first === undefined ? null : valueOf(first, row)))
            .map((value) => [JSON.stringify(value), value]),
        ).values(),
      ];
    default:
      throw new QueryError(
        'InvalidQuery',
        `The lab's Resource Graph does not know the aggregate '${expression.name}'.`,
      );
  }
}

function pick(columns: readonly NamedExpression[], row: JsonObject): JsonObject {
  return Object.fromEntries(columns.map(({ name, expression }) => [name, valueOf(expression, row)]));
}

function checkAll(named: readonly NamedExpression[], columns: readonly string[]): void {
  for (const { expression } of named) checkColumns(expression, columns);
}

function checkColumns(expression: Expression, columns: readonly string[]): void {
  switch (expression.kind) {
    case 'literal':
      return;
    case 'column':
      if (!columns.includes(expression.name)) {
        throw new QueryError(
          'InvalidQuery',
          `'where' operator: Failed to resolve column or scalar expression named '${expression.name}'`,
        );
      }
      return;
    case 'member':
      checkColumns(expression.of, columns);
      return;
    case 'index':
      checkColumns(expression.of, columns);
      checkColumns(expression.index, columns);
      return;
    case 'call':
      for (const argument of expression.arguments) checkColumns(argument, columns);
      return;
    case 'binary':
      checkColumns(expression.left, columns);
      checkColumns(expression.right, columns);
      return;
    case 'among':
      checkColumns(expression.left, columns);
      for (const item of expression.items) checkColumns(item, columns);
  }
}

function valueOf(expression: Expression, row: JsonObject): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'column':
      return row[expression.name] ?? null;
    case 'member': {
      const of = valueOf(expression.of, row);
      return isObject(of) ? (of[expression.name] ?? null) : null;
    }
    case 'index': {
      const of = valueOf(expression.of, row);
      const index = valueOf(expression.index, row);
      if (isArray(of) && typeof index === 'number') return of.at(index) ?? null;
      return isObject(of) && typeof index === 'string' ? (of[index] ?? null) : null;
    }
    case 'call':
      return call(expression.name, expression.arguments, row);
    case 'among': {
      const left = textValue(valueOf(expression.left, row));
      const items = expression.items.flatMap((item) => {
        const value = valueOf(item, row);
        return isArray(value) ? value.map(textValue) : [textValue(value)];
      });
      const found = expression.operator.endsWith('~')
        ? items.some((item) => item.toLowerCase() === left.toLowerCase())
        : items.includes(left);
      return expression.operator.startsWith('!') ? !found : found;
    }
    case 'binary':
      return binary(expression.operator, expression.left, expression.right, row);
  }
}

function binary(operator: string, leftSide: Expression, rightSide: Expression, row: JsonObject): boolean {
  const left = valueOf(leftSide, row);
  if (operator === 'and') return left === true && valueOf(rightSide, row) === true;
  if (operator === 'or') return left === true || valueOf(rightSide, row) === true;
  const right = valueOf(rightSide, row);
  const [a, b] = [textValue(left), textValue(right)];
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case '=~':
      return lowerA === lowerB;
    case '!~':
      return lowerA !== lowerB;
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    case 'has':
      return hasTerm(a, b);
    case '!has':
      return !hasTerm(a, b);
    case 'contains':
      return lowerA.includes(lowerB);
    case '!contains':
      return !lowerA.includes(lowerB);
    case 'startswith':
      return lowerA.startsWith(lowerB);
    case '!startswith':
      return !lowerA.startsWith(lowerB);
    case 'endswith':
      return lowerA.endsWith(lowerB);
    case '!endswith':
      return !lowerA.endsWith(lowerB);
    default:
      throw new QueryError('InvalidQuery', `The lab's Resource Graph does not know '${operator}'.`);
  }
}

function call(name: string, given: readonly Expression[], row: JsonObject): Json {
  const values = given.map((argument) => valueOf(argument, row));
  const [first = null, second = null, third = null] = values;
  switch (name) {
    case 'tolower':
      return textValue(first).toLowerCase();
    case 'toupper':
      return textValue(first).toUpperCase();
    case 'tostring':
      return textValue(first);
    case 'toint':
    case 'tolong':
    case 'todouble':
      return Number.isFinite(Number(first)) && first !== null ? Number(first) : null;
    case 'tobool':
      return typeof first === 'boolean' ? first : textValue(first).toLowerCase() === 'true';
    case 'isempty':
      return textValue(first) === '';
    case 'isnotempty':
      return textValue(first) !== '';
    case 'isnull':
      return first === null;
    case 'isnotnull':
      return first !== null;
    case 'not':
      return first !== true;
    case 'parse_json':
    case 'todynamic':
      return typeof first === 'string' ? (parseJson(first) ?? first) : first;
    case 'array_length':
      return isArray(first) ? first.length : null;
    case 'strcat':
      return values.map(textValue).join('');
    case 'split':
      return textValue(first).split(textValue(second));
    case 'coalesce':
      return values.find((value) => value !== null && value !== '') ?? null;
    case 'iff':
    case 'iif':
      return first === true ? second : third;
    case 'extract':
      return new RegExp(textValue(first)).exec(textValue(third))?.[Number(second)] ?? '';
    default:
      throw new QueryError('InvalidQuery', `Unknown function: '${name}'.`);
  }
}

function equal(left: Json, right: Json): boolean {
  if (left === null || right === null) return false;
  if (typeof left === typeof right) return JSON.stringify(left) === JSON.stringify(right);
  return textValue(left) === textValue(right);
}

function compare(left: Json, right: Json): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [a, b] = [textValue(left), textValue(right)];
  return a === b ? 0 : a < b ? -1 : 1;
}

function inOrder(
  keys: readonly { readonly expression: Expression; readonly descending: boolean }[],
  a: JsonObject,
  b: JsonObject,
): number {
  for (const { expression, descending } of keys) {
    const order = compare(valueOf(expression, a), valueOf(expression, b));
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function textValue(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A whole term: letters and digits on neither side. */
function hasTerm(text: string, term: string): boolean {
  const escaped = term.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return new RegExp(`(?:^|[^a-z0-9])${escaped}(?:$|[^a-z0-9])`, 'i').test(text);
}
