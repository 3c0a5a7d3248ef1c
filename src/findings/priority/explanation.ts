import { labelOf } from './factors.ts';
import type { FindingState, PriorityResult } from './finding.ts';

/** Severity ids as every surface but the line format writes them. */
export type SeverityId = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** A result of the model as views show it: the words of severities in lower case, labels beside the ids. */
export interface SeverityExplanation {
  original: { level: SeverityId | 'unknown'; source: string; other?: string };
  factors: { id: string; label: string; points: number; text: string; stale?: true; evidenceId?: string }[];
  unknown: { id: string; label: string; why: string; counterfactual: string }[];
  up: number | null;
  down: number | null;
  pressure: number | null;
  rules: string[];
  window: string | null;
  effective: SeverityId | 'none';
  verdict?: Exclude<FindingState, 'open'>;
  placement: string | null;
  headline: string;
}

const SEVERITY_IDS = {
  Critical: 'critical',
  High: 'high',
  Medium: 'medium',
  Low: 'low',
  Info: 'info',
  Unknown: 'unknown',
  None: 'none',
} as const;

/** The explanation of a result. Sums, rules and sentences are taken over; nothing is computed again. */
export function toExplanation(result: PriorityResult): SeverityExplanation {
  const { base, state } = result;
  return {
    original: {
      level: SEVERITY_IDS[base.level],
      source: base.source,
      ...(base.other !== undefined && { other: base.other }),
    },
    factors: result.factors.map((factor) => ({
      id: factor.id,
      label: labelOf(factor.id),
      points: factor.points,
      text: factor.text,
      ...(factor.stale && { stale: true as const }),
      ...(factor.evidenceId !== undefined && { evidenceId: factor.evidenceId }),
    })),
    unknown: result.unknown.map(({ id, why, counterfactual }) => ({ id, label: labelOf(id), why, counterfactual })),
    up: result.up,
    down: result.down,
    pressure: result.pressure,
    rules: [...result.rules],
    window: result.window,
    effective: SEVERITY_IDS[result.effective],
    ...(state !== 'open' && { verdict: state }),
    placement: result.placement,
    headline: result.headline,
  };
}
