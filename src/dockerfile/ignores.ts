import type { Comment, Dockerfile } from './model.ts';
import type { TextRange } from './types.ts';

/**
 * An inline ignore: a comment directly above an instruction.
 * `# plimsoll:ignore df-runs-as-non-root until=2026-09-30 reason="entrypoint drops privileges"`
 */
export interface Ignore {
  readonly rules: readonly string[];
  readonly reason?: string;
  /** ISO date; the ignore counts until its end. */
  readonly until?: string;
  readonly range: TextRange;
  /** First and last line of the instruction below it; undefined when none follows. */
  readonly covers?: { readonly start: number; readonly end: number };
  /** Why it does not count. */
  readonly invalid?: string;
}

const marker = /^plimsoll:ignore\b(.*)$/;
const idShape = /^[a-z][a-z0-9-]*$|^(CVE|GHSA)-[\w-]+$/;

/** Reads the ignores of a file. `today` is an ISO date; `known` tells which rule ids exist. */
export function readIgnores(file: Dockerfile, today: string, known: (id: string) => boolean): readonly Ignore[] {
  return file.comments.flatMap((comment) => {
    const body = marker.exec(comment.text.trim())?.[1];
    return body === undefined ? [] : [readOne(file, comment, body, today, known)];
  });
}

function readOne(
  file: Dockerfile,
  comment: Comment,
  body: string,
  today: string,
  known: (id: string) => boolean,
): Ignore {
  const reason = /\breason=(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(body);
  const reasonText = (reason?.[1] ?? reason?.[2] ?? reason?.[3] ?? '').trim();
  const until = /\buntil=(\S+)/.exec(body)?.[1];
  const head = body.replace(/\b(reason|until)=.*$/, '');
  const ids = head.split(/[\s,]+/).filter((id) => id !== '');
  const covers = instructionBelow(file, comment.line);
  const invalid = whyInvalid(ids, reasonText, until, covers, today, known);
  return {
    rules: ids,
    range: comment.range,
    ...(reasonText === '' ? {} : { reason: reasonText }),
    ...(until === undefined ? {} : { until }),
    ...(covers === undefined ? {} : { covers }),
    ...(invalid === undefined ? {} : { invalid }),
  };
}

function whyInvalid(
  ids: readonly string[],
  reason: string,
  until: string | undefined,
  covers: Ignore['covers'],
  today: string,
  known: (id: string) => boolean,
): string | undefined {
  if (ids.length === 0) return 'This ignore names no rule. Write the rule id behind "plimsoll:ignore".';
  const unknown = ids.find((id) => !idShape.test(id) || (id.startsWith('df-') && !known(id)));
  if (unknown !== undefined) return `There is no rule "${unknown}". Check the id.`;
  if (reason === '') return 'This ignore has no reason, so it does not count. Add reason="…".';
  if (until !== undefined) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(until) || Number.isNaN(Date.parse(until)))
      return `"${until}" is no date. Write until=YYYY-MM-DD.`;
    if (until < today) return `This ignore ended on ${until}. Fix the problem, or give a new date.`;
  }
  if (covers === undefined) return 'No instruction follows this ignore. Put it directly above one.';
  return undefined;
}

/** The instruction that begins below the comment, other comments and blank lines left out. */
function instructionBelow(file: Dockerfile, line: number): Ignore['covers'] {
  const commentLines = new Set(file.comments.map((comment) => comment.line));
  for (const instruction of file.instructions) {
    const start = instruction.range.start.line;
    if (start <= line) continue;
    for (let between = line + 1; between < start; between++) if (!commentLines.has(between)) return undefined;
    return { start, end: instruction.range.end.line };
  }
  return undefined;
}

/** Text and place for a new ignore above the instruction at `line`. The indent is that of the instruction. */
export function ignoreComment(rule: string, reason: string, until?: string): string {
  const clean = reason.replaceAll('"', "'").replace(/\s+/g, ' ').trim();
  return `# plimsoll:ignore ${rule}${until === undefined ? '' : ` until=${until}`} reason="${clean}"`;
}
