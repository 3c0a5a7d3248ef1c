import { type Ignore, readIgnores } from './ignores.ts';
import { type Dockerfile, parseDockerfile } from './model.ts';
import { rules } from './rules/index.ts';
import type { DockerfileRule } from './rules/rule.ts';
import type { ReportedViolation, RuleSeverity } from './types.ts';

export interface CheckOptions {
  /** ISO date that end dates of ignores compare with. */
  readonly today: string;
  /** Levels that a person set, by rule id. */
  readonly levels?: Readonly<Record<string, RuleSeverity | 'off'>>;
  readonly rules?: readonly DockerfileRule[];
  /** False: inline ignores do not count, as in an untrusted folder. */
  readonly applyIgnores?: boolean;
}

export interface CheckedDockerfile {
  readonly file: Dockerfile;
  readonly violations: readonly ReportedViolation[];
  readonly ignores: readonly Ignore[];
}

const ignoreDocs = 'https://docs.docker.com/reference/dockerfile/#format';

/** Runs the rules over a text. At most one violation per rule and instruction; sorted by place, then rule. */
export function checkDockerfile(text: string, options: CheckOptions): CheckedDockerfile {
  const file = parseDockerfile(text);
  const active = options.rules ?? rules;
  const ignores = readIgnores(
    file,
    options.today,
    (id) =>
      active.some((rule) => rule.id === id || rule.aliases.includes(id)) || id.startsWith('df-base-image-no-known-'),
  );
  const out: ReportedViolation[] = [];
  const used = new Set<Ignore>();
  for (const rule of active) {
    const level = options.levels?.[rule.id] ?? rule.severity;
    if (level === 'off') continue;
    const seen = new Set<number>();
    for (const violation of rule.check(file)) {
      const line = instructionLine(file, violation.range.start.line);
      if (seen.has(line)) continue;
      seen.add(line);
      const ignore =
        options.applyIgnores === false
          ? undefined
          : ignores.find((each) => covers(each, rule.id, violation.range.start.line));
      if (ignore !== undefined) {
        used.add(ignore);
        continue;
      }
      out.push({ ...violation, rule: rule.id, aliases: rule.aliases, severity: level, docs: rule.docs, why: rule.why });
    }
  }
  for (const ignore of ignores) {
    const about = { aliases: [], severity: 'hint', docs: ignoreDocs, range: ignore.range } as const;
    if (ignore.invalid !== undefined) {
      out.push({
        ...about,
        rule: 'df-ignore-valid',
        message: ignore.invalid,
        why: 'An ignore counts only with a known rule, a reason and a date to come.',
      });
    } else if (
      !used.has(ignore) &&
      options.applyIgnores !== false &&
      ignore.rules.every((id) => active.some((rule) => rule.id === id))
    ) {
      out.push({
        ...about,
        rule: 'df-ignore-used',
        message: 'This ignore hides nothing any more. Remove it.',
        why: 'An ignore that is no longer needed hides the next problem.',
      });
    }
  }
  out.sort(
    (a, b) =>
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character ||
      (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
  );
  return { file, violations: out, ignores };
}

/** True when the ignore counts for a rule or vulnerability on a line. */
export function covers(ignore: Ignore, id: string, line: number): boolean {
  return (
    ignore.invalid === undefined &&
    ignore.covers !== undefined &&
    ignore.rules.includes(id) &&
    line >= ignore.covers.start &&
    line <= ignore.covers.end
  );
}

function instructionLine(file: Dockerfile, line: number): number {
  return (
    file.instructions.find(({ range }) => line >= range.start.line && line <= range.end.line)?.range.start.line ?? line
  );
}

/** Applies edits to a text; overlapping ones after the first are left out. Edits are given by range in the old text. */
export function applyEdits(
  file: Dockerfile,
  edits: readonly { readonly range: ReportedViolation['range']; readonly newText: string }[],
): string {
  const placed = edits
    .map((edit) => ({
      start: file.lines.offset(edit.range.start),
      end: file.lines.offset(edit.range.end),
      text: edit.newText,
    }))
    .sort((a, b) => a.start - b.start);
  let out = '';
  let at = 0;
  for (const edit of placed) {
    if (edit.start < at) continue;
    out += file.text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + file.text.slice(at);
}
