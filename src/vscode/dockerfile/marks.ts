import { severities } from '../../core/severity.ts';
import type { ReportedViolation, RuleSeverity } from '../../dockerfile/types.ts';
import type { DockerfileMark } from '../../engine-contract.ts';
import type { FindingsLimits } from '../settings.ts';

/** Violations at the levels that a person set; rules that are switched off are left out. */
export function levelled(
  violations: readonly ReportedViolation[],
  rules: Readonly<Record<string, RuleSeverity | 'off'>>,
): readonly ReportedViolation[] {
  return violations.flatMap((violation) => {
    const level = Object.hasOwn(rules, violation.rule) ? rules[violation.rule] : undefined;
    if (level === 'off') return [];
    return [level === undefined ? violation : { ...violation, severity: level }];
  });
}

/** Marks of scan results that have a finding at or above the least severity of the findings settings. */
export function withinLimits(marks: readonly DockerfileMark[], limits: FindingsLimits): readonly DockerfileMark[] {
  const shown = severities.slice(0, severities.indexOf(limits.minimumSeverity) + 1);
  return marks.filter(({ counts }) => shown.some((severity) => counts[severity] > 0));
}

/** Edits of "fix all": safe fixes in the order of the file; of two that overlap the first wins. */
export function safeEdits(violations: readonly ReportedViolation[]): ReportedViolation['fixes'] & object {
  const fixes = violations.flatMap(({ fixes: offered }) => offered?.find(({ safe }) => safe) ?? []);
  const taken: { readonly start: number; readonly end: number }[] = [];
  const key = ({ line, character }: { readonly line: number; readonly character: number }): number =>
    line * 1_000_000 + character;
  return fixes
    .toSorted((a, b) => firstKey(a.edits, key) - firstKey(b.edits, key))
    .filter((fix) => {
      const spans = fix.edits.map(({ range }) => ({ start: key(range.start), end: key(range.end) }));
      const overlaps = spans.some((span) => taken.some((other) => span.start < other.end && other.start < span.end));
      const repeats = spans.some((span) => taken.some((other) => span.start === other.start && span.end === other.end));
      if (overlaps || repeats) return false;
      taken.push(...spans);
      return true;
    });
}

function firstKey(
  edits: readonly { readonly range: ReportedViolation['range'] }[],
  key: (position: ReportedViolation['range']['start']) => number,
): number {
  return Math.min(...edits.map(({ range }) => key(range.start)));
}
