import type { ExposureClass, Factor, FactorId } from './factors.ts';
import {
  EXPOSURE_CLASSES,
  FACTORS,
  FEED_MAX_AGE_HOURS,
  findFactor,
  OPPOSITES,
  UNREACHABLE_CLASSES,
} from './factors.ts';
import type { FactorEvidence } from './finding.ts';

/** Evidence by factor; what is not in it is false. */
export type EvidenceMap = ReadonlyMap<FactorId, FactorEvidence>;

/** How a factor counts after ageing and proof. */
export type FactorState =
  | { readonly is: 'false' }
  | { readonly is: 'true'; readonly stale: boolean; readonly evidence: FactorEvidence }
  | { readonly is: 'unknown'; readonly why: string };

/** What decides how evidence ages and which factors lower. */
export interface EvidenceRules {
  readonly evidenceMaxAgeHours: number;
  /** True in a posture finding about the API server: `exposure.private-cluster` then lowers. */
  readonly apiServer: boolean;
}

/** The states of all factors, and the exposure class that follows from them. */
export interface Facts {
  readonly states: ReadonlyMap<FactorId, FactorState>;
  readonly exposure: ExposureClass;
}

const FALSE: FactorState = { is: 'false' };

/** The evidence of a finding with the entries of one placement over it. */
export function mergeEvidence(
  own: readonly FactorEvidence[] | undefined,
  placed: readonly FactorEvidence[] | undefined,
): EvidenceMap {
  return new Map([...(own ?? []), ...(placed ?? [])].map((entry) => [entry.id, entry]));
}

/** The state of a factor, false when nobody named it. */
export function stateOf(facts: Facts, id: FactorId): FactorState {
  return facts.states.get(id) ?? FALSE;
}

/** True when the factor counts as true, whatever its weight. */
export function isFact(facts: Facts, id: FactorId): boolean {
  return stateOf(facts, id).is === 'true';
}

function isLowering(factor: Factor, rules: EvidenceRules): boolean {
  return (
    factor.points < 0 || factor.rule !== undefined || (factor.id === 'exposure.private-cluster' && rules.apiServer)
  );
}

/** Hours for which evidence of a group is good. A digest never changes, so that image facts do not age. */
function maxAgeHours(factor: Factor, rules: EvidenceRules): number {
  switch (factor.group) {
    case 'I':
      return Number.POSITIVE_INFINITY;
    case 'X':
    case 'F':
    case 'V':
      return FEED_MAX_AGE_HOURS;
    default:
      return rules.evidenceMaxAgeHours;
  }
}

/** One factor by itself: good news that has expired is unknown, bad news keeps counting and is marked. */
function ageOf(factor: Factor, evidence: FactorEvidence, rules: EvidenceRules): FactorState {
  if (evidence.value === false) return FALSE;
  if (evidence.value === 'unknown') return { is: 'unknown', why: evidence.why ?? 'not read' };
  const limit = maxAgeHours(factor, rules);
  const tooOld = evidence.ageHours !== undefined && evidence.ageHours > limit;
  const stale = tooOld || evidence.stale === true;
  if (!isLowering(factor, rules)) return { is: 'true', stale, evidence };
  if (!stale || factor.group === 'I') return { is: 'true', stale: false, evidence };
  const why = tooOld
    ? `read ${evidence.ageHours ?? 0} h ago, limit ${limit} h`
    : `evidence is older than the limit of ${limit} h`;
  return { is: 'unknown', why };
}

/**
 * Most exposed route among the true factors; the three classes that say "not reachable" have been made unknown before
 * where something more exposed is not known.
 */
function exposureOf(states: ReadonlyMap<FactorId, FactorState>): ExposureClass {
  return EXPOSURE_CLASSES.find((entry) => states.get(entry.id)?.is === 'true')?.class ?? 'unknown';
}

/** Ages the evidence, then takes back what is not proven: good news needs proof. The order of the evidence is irrelevant. */
export function weighEvidence(evidence: EvidenceMap, rules: EvidenceRules): Facts {
  const states = new Map<FactorId, FactorState>();
  for (const [id, entry] of evidence) {
    const factor = findFactor(id);
    if (factor !== undefined) states.set(id, ageOf(factor, entry, rules));
  }
  const at = (id: FactorId): FactorState => states.get(id) ?? FALSE;
  for (const [id, opposites] of OPPOSITES) {
    if (at(id).is !== 'true') continue;
    const opposite = opposites.find((other) => at(other).is !== 'false');
    if (opposite === undefined) continue;
    const how = at(opposite).is === 'true' ? 'true' : 'not known';
    states.set(id, { is: 'unknown', why: `not proven: ${opposite} is ${how}` });
  }
  // Most exposed first: a class that was taken back here also takes back the less exposed ones.
  for (const [id, moreExposed] of UNREACHABLE_CLASSES) {
    if (at(id).is !== 'true') continue;
    const open = moreExposed.find((other) => at(other).is === 'unknown');
    if (open !== undefined) states.set(id, { is: 'unknown', why: `not proven: ${open} is not known` });
  }
  return { states, exposure: exposureOf(states) };
}

/**
 * The evidence as it would be were this factor true and fresh, its unknown opposites and the unknown factors of more
 * exposed classes false, all else equal.
 */
export function supposeTrue(evidence: EvidenceMap, facts: Facts, id: FactorId): EvidenceMap {
  const supposed = new Map(evidence);
  for (const other of [...(OPPOSITES.get(id) ?? []), ...(UNREACHABLE_CLASSES.get(id) ?? [])]) {
    if (stateOf(facts, other).is === 'unknown') supposed.set(other, { id: other, value: false });
  }
  return supposed.set(id, { id, value: true });
}

/** Factors that count as unknown, in the order of results. */
export function unknownFactors(facts: Facts): readonly { readonly factor: Factor; readonly why: string }[] {
  return FACTORS.flatMap((factor) => {
    const state = stateOf(facts, factor.id);
    return state.is === 'unknown' ? [{ factor, why: state.why }] : [];
  });
}
