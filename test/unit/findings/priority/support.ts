import { evaluateFinding } from '../../../../src/findings/priority/evaluate.ts';
import type { FactorId } from '../../../../src/findings/priority/factors.ts';
import type { FactorEvidence, PriorityInput, PriorityResult } from '../../../../src/findings/priority/finding.ts';
import type { BaseLevel } from '../../../../src/findings/priority/levels.ts';
import { resolveSettings } from '../../../../src/findings/priority/settings.ts';

/** True and fresh. */
export function facts(...ids: readonly FactorId[]): FactorEvidence[] {
  return ids.map((id) => ({ id, value: true }));
}

/** A vulnerability over the network, not automatable, of partial impact, with these facts. */
export function vulnerability(
  level: BaseLevel,
  factors: readonly FactorEvidence[],
  more: Partial<PriorityInput> = {},
  settings?: unknown,
): PriorityResult {
  return evaluateFinding(
    {
      finding: 'CVE-2026-11111',
      kind: 'vulnerability',
      base: { level, source: 'Debian' },
      attackVector: 'N',
      ssvc: { automatable: 'no', technicalImpact: 'partial' },
      factors,
      ...more,
    },
    resolveSettings(settings),
  );
}

/** A posture finding with these facts. */
export function posture(
  level: BaseLevel,
  factors: readonly FactorEvidence[],
  more: Partial<PriorityInput> = {},
  settings?: unknown,
): PriorityResult {
  return evaluateFinding(
    { finding: 'acr-admin-user-disabled|r', kind: 'posture', base: { level, source: 'Plimsoll' }, factors, ...more },
    resolveSettings(settings),
  );
}

/** Ids of the factors that counted. */
export function counted(result: PriorityResult): FactorId[] {
  return result.factors.map(({ id }) => id);
}

/** Ids of the factors that count as unknown. */
export function unknown(result: PriorityResult): FactorId[] {
  return result.unknown.map(({ id }) => id);
}
