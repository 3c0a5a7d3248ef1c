import type { FactorId } from './factors.ts';
import type { FactorGroup } from './groups.ts';
import { FACTORS, findFactor, labelOf } from './factors.ts';
import type { FindingState, PriorityResult } from './finding.ts';
import type { BaseLevel, EffectiveLevel } from './levels.ts';

/** What made a level change. */
export const CHANGE_CAUSES = [
  'data feed',
  'runtime',
  'cloud configuration',
  'image',
  'settings',
  'model version',
  'exception',
] as const;

export type ChangeCause = (typeof CHANGE_CAUSES)[number];

/** What an evaluation leaves behind, so that the next one can say what changed. Plain data, fit for storage. */
export interface FactorSet {
  readonly effective: EffectiveLevel;
  readonly state: FindingState;
  readonly base: { readonly level: BaseLevel; readonly source: string };
  readonly factors: readonly {
    readonly id: FactorId;
    readonly points: number;
    readonly text: string;
    readonly stale: boolean;
  }[];
  readonly unknown: readonly FactorId[];
  readonly model: string;
  readonly settings: string;
}

/** One factor that differs between two evaluations, with what it said before and after. */
export interface FactorChange {
  readonly id: FactorId;
  readonly before: string | null;
  readonly after: string | null;
}

/** The record of a changed level. */
export interface ChangeRecord {
  readonly from: EffectiveLevel;
  readonly to: EffectiveLevel;
  /** In the order of `CHANGE_CAUSES`; empty when nothing in the evidence explains the change. */
  readonly causes: readonly ChangeCause[];
  readonly came: readonly FactorChange[];
  readonly went: readonly FactorChange[];
  readonly changed: readonly FactorChange[];
  /** "High → Critical. Exploitation very likely: EPSS 0.61 (2026-09-12): …" */
  readonly text: string;
}

const CAUSE_OF_GROUP: Readonly<Record<FactorGroup, ChangeCause>> = {
  X: 'data feed',
  F: 'data feed',
  V: 'data feed',
  I: 'image',
  R: 'runtime',
  E: 'cloud configuration',
  C: 'cloud configuration',
  D: 'cloud configuration',
  B: 'cloud configuration',
};

function causeOf(id: FactorId): ChangeCause {
  if (id.startsWith('vex.')) return 'exception';
  const group = findFactor(id)?.group;
  return group === undefined ? 'data feed' : CAUSE_OF_GROUP[group];
}

/** The factor set of a result. */
export function factorSetOf(result: PriorityResult): FactorSet {
  return {
    effective: result.effective,
    state: result.state,
    base: { level: result.base.level, source: result.base.source },
    factors: result.factors.map(({ id, points, text, stale }) => ({ id, points, text, stale: stale === true })),
    unknown: result.unknown.map(({ id }) => id),
    model: result.model,
    settings: result.settings,
  };
}

/** What a set says of one factor; null when it does not count there. */
function statement(set: FactorSet, id: FactorId): string | null {
  const counted = set.factors.find((factor) => factor.id === id);
  if (counted === undefined) return set.unknown.includes(id) ? 'not known' : null;
  return counted.stale ? `${counted.text} (stale)` : counted.text;
}

function sentence({ id, before, after }: FactorChange): string {
  const label = labelOf(id);
  if (before === null) return `${label}: ${after ?? ''}`;
  return after === null ? `No longer: ${label}` : `${label}: ${before} → ${after}`;
}

/** Compares two evaluations of a finding; undefined when neither its level nor its state changed. */
export function changeRecord(before: FactorSet, after: FactorSet): ChangeRecord | undefined {
  if (before.effective === after.effective && before.state === after.state) return undefined;
  const points = (set: FactorSet, id: FactorId): number => set.factors.find((factor) => factor.id === id)?.points ?? 0;
  const changes: FactorChange[] = [];
  const causes = new Set<ChangeCause>();
  for (const { id } of FACTORS) {
    const change = { id, before: statement(before, id), after: statement(after, id) };
    if (change.before !== change.after) {
      changes.push(change);
      causes.add(causeOf(id));
    } else if (points(before, id) !== points(after, id)) changes.push(change);
  }
  if (before.base.level !== after.base.level || before.base.source !== after.base.source) causes.add('data feed');
  if (before.settings !== after.settings) causes.add('settings');
  if (before.model !== after.model) causes.add('model version');
  const base =
    before.base.level === after.base.level
      ? []
      : [`Base: ${before.base.level} by ${before.base.source} → ${after.base.level} by ${after.base.source}`];
  return {
    from: before.effective,
    to: after.effective,
    causes: CHANGE_CAUSES.filter((cause) => causes.has(cause)),
    came: changes.filter((change) => change.before === null && change.after !== null),
    went: changes.filter((change) => change.before !== null && change.after === null),
    changed: changes.filter((change) => change.before !== null && change.after !== null),
    text: [`${before.effective} → ${after.effective}`, ...base, ...changes.map((change) => sentence(change))]
      .map((part) => (part.endsWith('.') ? part : `${part}.`))
      .join(' '),
  };
}
