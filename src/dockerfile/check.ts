import { compareText } from '../core/order.ts';
import { type Ignore, covers, readIgnores, withoutIds } from './ignores.ts';
import { type Dockerfile, instructionAt, parseDockerfile } from './model.ts';
import { rules } from './rules/index.ts';
import type { DockerfileRule } from './rules/rule.ts';
import type { ReportedViolation, RuleInfo, RuleSeverity, Violation } from './types.ts';

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

const ignoreUsed: RuleInfo = {
  id: 'df-ignore-used',
  aliases: [],
  title: 'Ignores hide something',
  severity: 'hint',
  why: 'An ignore that is no longer needed hides the next problem.',
  docs: ignoreDocs,
};

const ignoreValid: RuleInfo = {
  id: 'df-ignore-valid',
  aliases: [],
  title: 'Ignores can count',
  severity: 'hint',
  why: 'An ignore counts only with known rules, a reason, a date to come if it has one, and an instruction below it.',
  docs: ignoreDocs,
};

/** All that can be reported, the rules about ignores included; sorted by id. */
export const reportedRules: readonly RuleInfo[] = [...rules, ignoreUsed, ignoreValid].sort((a, b) =>
  compareText(a.id, b.id),
);

/** Runs the rules over a text. At most one violation per rule and instruction; sorted by place, then rule. */
export function checkDockerfile(text: string, options: CheckOptions): CheckedDockerfile {
  const file = parseDockerfile(text);
  const active = options.rules ?? rules;
  const ignores = readIgnores(file, options.today, active);
  const out: ReportedViolation[] = [];
  const report = (rule: RuleInfo, violation: Violation): void => {
    const severity = levelOf(rule, options) ?? violation.severity ?? rule.severity;
    const { id, aliases, docs, why } = rule;
    if (severity !== 'off') out.push({ ...violation, rule: id, aliases, severity, docs, why });
  };
  const byLine = new Map<number, Ignore[]>();
  for (const ignore of ignores) {
    if (ignore.invalid !== undefined || ignore.covers === undefined || options.applyIgnores === false) continue;
    const known = byLine.get(ignore.covers.start);
    if (known === undefined) byLine.set(ignore.covers.start, [ignore]);
    else known.push(ignore);
  }
  const used = new Map<Ignore, Set<string>>();
  for (const rule of active) {
    if (levelOf(rule, options) === 'off') continue;
    const seen = new Set<number>();
    for (const violation of rule.check(file)) {
      const index = instructionAt(file, violation.range.start.line);
      if (seen.has(index)) continue;
      seen.add(index);
      const line = file.instructions[index]?.range.start.line ?? -1;
      const ignore = byLine.get(line)?.find((each) => covers(each, rule.id, line));
      if (ignore === undefined) report(rule, violation);
      else used.set(ignore, (used.get(ignore) ?? new Set()).add(rule.id));
    }
  }
  for (const ignore of ignores) {
    if (ignore.invalid !== undefined) {
      const { message, fixes } = ignore.invalid;
      report(ignoreValid, { range: ignore.range, message, fixes });
    } else if (options.applyIgnores !== false) {
      const unused = ignore.ids
        .map(({ id }) => id)
        .filter((id) => isJudged(id, active, options) && used.get(ignore)?.has(id) !== true);
      if (unused.length === 0) continue;
      const isWhole = unused.length === ignore.ids.length;
      const place = ignore.ids.find(({ id }) => id === unused[0])?.range;
      report(ignoreUsed, {
        range: isWhole || place === undefined ? ignore.range : place,
        message: 'This ignore hides nothing any more. Remove it.',
        fixes: [withoutIds(file, ignore, unused)],
      });
    }
  }
  out.sort(
    (a, b) =>
      a.range.start.line - b.range.start.line ||
      a.range.start.character - b.range.start.character ||
      compareText(a.rule, b.rule),
  );
  return { file, violations: out, ignores };
}

function levelOf(rule: RuleInfo, { levels }: CheckOptions): RuleSeverity | 'off' | undefined {
  return levels !== undefined && Object.hasOwn(levels, rule.id) ? levels[rule.id] : undefined;
}

/** Whether the run could have used an ignore for this id: not when the rule is off, or needs scan results. */
function isJudged(id: string, active: readonly DockerfileRule[], options: CheckOptions): boolean {
  const rule = active.find((each) => each.id === id);
  return rule !== undefined && levelOf(rule, options) !== 'off';
}
