import { wholeLines } from './edits.ts';
import { type Comment, type Dockerfile, instructionAt } from './model.ts';
import type { Fix, RuleInfo, TextRange } from './types.ts';
import { shortened } from './wording.ts';

/**
 * An inline ignore: a comment directly above an instruction.
 * `# plimsoll:ignore df-runs-as-non-root until=2026-09-30 reason="entrypoint drops privileges"`
 */
export interface Ignore {
  /** Rules and vulnerabilities, each with its place in the comment. */
  readonly ids: readonly { readonly id: string; readonly range: TextRange }[];
  readonly reason?: string;
  /** ISO date; the ignore counts until its end. */
  readonly until?: string;
  readonly range: TextRange;
  /** First and last line of the instruction below it; undefined when none follows. */
  readonly covers?: { readonly start: number; readonly end: number };
  /** Why it does not count, and what can be done. */
  readonly invalid?: InvalidIgnore;
}

export interface InvalidIgnore {
  readonly message: string;
  readonly fixes: readonly Fix[];
}

/** Rules that look at scan results instead of the file alone. */
const resultRules: readonly string[] = [
  'df-base-image-no-known-vulnerabilities',
  'df-packages-no-known-vulnerabilities',
  'df-layers-no-secret',
];

const marker = /^\s*plimsoll:ignore(?=\s|$)/;
const vulnerabilityShape = /^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z][A-Z0-9]*-(?=[\w:.-]*\d)[\w:.-]+)$/;
/** `name=value`, with quotes or without, or an id. */
const token = /([A-Za-z]+)=(?:"([^"]*)"?|'([^']*)'?|([^\s,"']*))|[^\s,]+/g;
/** Reading stops here: nobody ignores more with one comment. */
const mostIds = 100;

/** Reads the ignores of a file. `today` is an ISO date; `rules` are those that exist. */
export function readIgnores(file: Dockerfile, today: string, rules: readonly RuleInfo[]): readonly Ignore[] {
  const marked = file.comments.flatMap((comment) => {
    const found = marker.exec(comment.text);
    return found === null ? [] : [{ comment, from: found[0].length }];
  });
  if (marked.length === 0) return [];
  const commentLines = new Set(file.comments.map(({ line }) => line));
  return marked.map(({ comment, from }) => {
    const below = comment.isInside ? undefined : instructionBelow(file, commentLines, comment.line);
    return readOne(file, comment, from, below, today, rules);
  });
}

interface Attribute {
  readonly name: string;
  readonly value: string;
  /** Place of the value, without quotes. */
  readonly range: TextRange;
}

function readOne(
  file: Dockerfile,
  comment: Comment,
  from: number,
  below: Ignore['covers'],
  today: string,
  rules: readonly RuleInfo[],
): Ignore {
  const ids: { id: string; range: TextRange }[] = [];
  const attributes: Attribute[] = [];
  const { line } = comment;
  const place = (start: number, length: number): TextRange => {
    const character = comment.range.start.character + 1 + from + start; // the text begins behind the "#"
    return { start: { line, character }, end: { line, character: character + length } };
  };
  for (const { 0: all, 1: name, 2: double, 3: single, 4: bare, index } of comment.text.slice(from).matchAll(token)) {
    if (name === undefined) ids.push({ id: all, range: place(index, all.length) });
    else {
      const value = double ?? single ?? bare ?? '';
      const quote = bare === undefined ? 1 : 0;
      attributes.push({ name, value: value.trim(), range: place(index + name.length + 1 + quote, value.length) });
    }
    if (ids.length >= mostIds) break;
  }
  const reason = attributes.find(({ name }) => name === 'reason');
  const until = attributes.find(({ name }) => name === 'until');
  const message = whyInvalid({ ids, attributes, reason, until, covers: below, today, rules, comment });
  const ignore: Ignore = {
    ids,
    range: comment.range,
    ...(reason === undefined || reason.value === '' ? {} : { reason: reason.value }),
    ...(until === undefined ? {} : { until: until.value }),
    ...(below === undefined ? {} : { covers: below }),
  };
  return message === undefined ? ignore : { ...ignore, invalid: withRemoval(file, ignore, message) };
}

function whyInvalid(given: {
  readonly ids: Ignore['ids'];
  readonly attributes: readonly Attribute[];
  readonly reason: Attribute | undefined;
  readonly until: Attribute | undefined;
  readonly covers: Ignore['covers'];
  readonly today: string;
  readonly rules: readonly RuleInfo[];
  readonly comment: Comment;
}): InvalidIgnore | undefined {
  const { ids, attributes, reason, until, covers, today, rules, comment } = given;
  if (ids.length === 0) return unfixed('This ignore names no rule. Write the rule id behind "plimsoll:ignore".');
  for (const { id, range } of ids) {
    if (rules.some((rule) => rule.id === id) || resultRules.includes(id) || vulnerabilityShape.test(id)) continue;
    const meant = nearestRule(id, rules);
    return {
      message: `There is no rule "${shortened(id)}", so this ignore does not count. Check the id.`,
      fixes: meant === undefined ? [] : [suggestion(`Change to ${meant}`, range, meant)],
    };
  }
  const stray = attributes.find(({ name }) => name !== 'reason' && name !== 'until');
  if (stray !== undefined) {
    return unfixed(`An ignore takes reason= and until=, not "${shortened(stray.name)}=". It does not count like this.`);
  }
  if (reason === undefined || reason.value === '') {
    const { end } = comment.range;
    const fix =
      reason === undefined ? suggestion('Add a reason to be filled in', { start: end, end }, ' reason=""') : undefined;
    return {
      message: 'This ignore has no reason, so it does not count. Add reason="…".',
      fixes: fix === undefined ? [] : [fix],
    };
  }
  if (until !== undefined) {
    if (!isDate(until.value)) return unfixed(`"${shortened(until.value)}" is no date. Write until=YYYY-MM-DD.`);
    if (until.value < today) {
      const date = later(today);
      return {
        message: `This ignore ended on ${until.value}. Fix the problem, or give a new date.`,
        fixes: [suggestion(`Extend until ${date}`, until.range, date)],
      };
    }
  }
  if (comment.isInside)
    return unfixed('This ignore stands inside an instruction. Put it directly above the instruction.');
  if (covers === undefined) return unfixed('No instruction follows this ignore. Put it directly above one.');
  return undefined;
}

function unfixed(message: string): InvalidIgnore {
  return { message, fixes: [] };
}

/** Not safe: the image stays the same, but a problem is hidden that was shown. */
function suggestion(title: string, range: TextRange, newText: string): Fix {
  return { title, safe: false, edits: [{ range, newText }] };
}

/** The comment can always be removed. Not safe: what somebody meant by it would be lost with a typing error. */
function withRemoval(file: Dockerfile, { range }: Ignore, { message, fixes }: InvalidIgnore): InvalidIgnore {
  return { message, fixes: [...fixes, { title: 'Remove this ignore', safe: false, edits: [removal(file, range)] }] };
}

function removal(file: Dockerfile, range: TextRange): { range: TextRange; newText: string } {
  return { range: wholeLines(file, range), newText: '' };
}

/** Takes ids out of an ignore; the whole comment when none is left. Safe: what hides nothing is not missed. */
export function withoutIds(file: Dockerfile, ignore: Ignore, unused: readonly string[]): Fix {
  const [title, safe] = ['Remove this ignore', true];
  const kept = ignore.ids.filter(({ id }) => !unused.includes(id));
  const [first] = ignore.ids;
  const last = ignore.ids.at(-1);
  if (kept.length === 0 || first === undefined || last === undefined) {
    return { title, safe, edits: [removal(file, ignore.range)] };
  }
  const range = { start: first.range.start, end: last.range.end };
  return { title, safe, edits: [{ range, newText: kept.map(({ id }) => id).join(', ') }] };
}

/** The rule that was meant: by another name of it, or but for a letter or two. */
function nearestRule(id: string, rules: readonly RuleInfo[]): string | undefined {
  const folded = id.toLowerCase();
  const named = rules.find(
    (rule) => rule.id === folded || rule.aliases.some((alias) => alias.toLowerCase() === folded),
  );
  if (named !== undefined) return named.id;
  if (folded.length > 60) return undefined;
  const near = rules.filter((rule) => distance(folded, rule.id) <= 3);
  return near.length === 1 ? near[0]?.id : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A quarter of a year later. */
function later(today: string): string {
  return new Date(Date.parse(`${today}T00:00:00Z`) + 90 * 86_400_000).toISOString().slice(0, 10);
}

/** The instruction that begins below the comment; other comments may stand between, blank lines may not. */
function instructionBelow(file: Dockerfile, commentLines: ReadonlySet<number>, line: number): Ignore['covers'] {
  const next = file.instructions[instructionAt(file, line) + 1];
  if (next === undefined) return undefined;
  const { start, end } = next.range;
  for (let between = line + 1; between < start.line; between++) if (!commentLines.has(between)) return undefined;
  return { start: start.line, end: end.line };
}

/** True when the ignore counts for a rule or vulnerability on a line. */
export function covers(ignore: Ignore, id: string, line: number): boolean {
  return (
    ignore.invalid === undefined &&
    ignore.covers !== undefined &&
    line >= ignore.covers.start &&
    line <= ignore.covers.end &&
    ignore.ids.some((each) => each.id === id)
  );
}
