import { mask } from '../core/masking.ts';
import type { ReportedViolation, RuleSeverity } from '../dockerfile/types.ts';
import { evaluateFinding } from './priority/evaluate.ts';
import { toExplanation } from './priority/explanation.ts';
import type { Level } from './priority/levels.ts';
import { shownLine } from './shown-line.ts';
import type { AssetRef, FindingDraft } from './types.ts';

/** How the levels of rules read on the scale of findings. */
const levels = { error: 'High', warning: 'Medium', information: 'Low', hint: 'Info' } as const satisfies Record<
  RuleSeverity,
  Level
>;

export interface DockerfileFindingsInput {
  readonly uri: string;
  /** Path as shown, inside its folder. */
  readonly path: string;
  readonly text: string;
  readonly violations: readonly ReportedViolation[];
  /** ISO time. */
  readonly at: string;
}

/** Violations of one Dockerfile as findings. A rule broken on several instructions is one finding for each. Pure. */
export function findingsOfDockerfile({ uri, path, text, violations, at }: DockerfileFindingsInput): FindingDraft[] {
  const lines = shownLines(text, violations);
  const asset: AssetRef = { id: `dockerfile:${uri}`, kind: 'dockerfile', name: path, path: [path] };
  const seen = new Map<string, number>();
  return violations.map((violation) => {
    const marked = lines[violation.range.start.line]?.trim() ?? '';
    // The instruction's text, not its line number: findings must not change when a line above is added.
    const base = `${violation.rule}|${asset.id}|${marked.slice(0, 200)}`;
    const copy = seen.get(base) ?? 0;
    seen.set(base, copy + 1);
    const id = copy === 0 ? base : `${base}|${copy}`;
    const explanation = toExplanation(
      evaluateFinding({
        finding: id,
        kind: 'posture',
        base: { level: levels[violation.severity], source: 'Plimsoll' },
        factors: [],
      }),
    );
    const { start, end } = violation.range;
    return {
      id,
      kind: 'dockerfile',
      sourceTool: 'dockerfile',
      check: violation.rule,
      title: violation.message,
      summary: violation.why,
      asset,
      application: 'Unassigned',
      explanation,
      result: 'open',
      aliases: violation.aliases,
      knownExploited: false,
      running: false,
      internetFacing: false,
      evidence: [{ label: 'Line', value: `${path}:${start.line + 1}`, at }],
      remediation: (violation.fixes ?? []).map(({ title }) => ({ kind: 'text' as const, text: title })),
      references: [violation.docs],
      source: {
        uri,
        line: start.line,
        endLine: end.line,
        confidence: 'exact',
        excerpt: lines.slice(Math.max(0, start.line - 1), start.line + 2),
      },
      affected: [],
    };
  });
}

/**
 * The lines as they may be shown and stored: without the values that a rule or their look tells to be secrets, wherever
 * they stand beside what a finding is about.
 */
function shownLines(text: string, violations: readonly ReportedViolation[]): readonly string[] {
  const lines = text.split(/\r\n|\n|\r/);
  const secrets = violations
    .filter(({ rule }) => rule.startsWith('df-no-secret'))
    // from the end, so that places before it stay
    .sort((a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character);
  for (const { start, end } of secrets.map(({ range }) => range)) {
    for (let at = start.line; at <= end.line && at < lines.length; at++) {
      const line = lines[at] ?? '';
      const before = line.slice(0, at === start.line ? start.character : 0);
      const after = at === end.line ? line.slice(end.character) : '';
      lines[at] = `${before}${mask}${after}`.replace(/=\S.*$/, `=${mask}`);
    }
  }
  return lines.map(shownLine);
}
