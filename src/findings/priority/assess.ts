import type { CvssVector } from '../cvss.ts';
import type { EvidenceMap, Facts } from './evidence.ts';
import { isFact, stateOf, weighEvidence } from './evidence.ts';
import type { Factor, FactorId } from './factors.ts';
import {
  FACTORS,
  findFactor,
  POSTURE_GROUPS,
  PRIVATE_API_SERVER_POINTS,
  UNREACHABLE_CLASSES,
  VERDICTS,
} from './factors.ts';
import type { FactorGroup } from './groups.ts';
import { GROUP_CAPS, STRONG_EXPLOIT } from './groups.ts';
import type { FactorEvidence, FindingState, RemediationWindow, RuleId } from './finding.ts';
import type { BaseLevel, EffectiveLevel } from './levels.ts';
import { levelOf, rank } from './levels.ts';
import type { PrioritySettings } from './settings.ts';
import { bodWindow, isExposed, notSooner, technicalInputs } from './window.ts';
import type { Ssvc } from './window.ts';

/** What is the same for all placements of a finding. */
export interface AssessmentContext {
  readonly kind: 'vulnerability' | 'posture';
  readonly base: BaseLevel;
  readonly vector: CvssVector | undefined;
  readonly attackVector: 'N' | 'A' | 'L' | 'P';
  readonly ssvc: Ssvc | undefined;
  readonly malicious: boolean;
  readonly self: ReadonlySet<FactorId>;
  readonly apiServer: boolean;
  readonly settings: PrioritySettings;
}

/** A factor that gave points or a label. */
export interface Emitted {
  readonly factor: Factor;
  readonly points: number;
  readonly stale: boolean;
  readonly evidence: FactorEvidence;
}

/** What one placement leads to. */
export interface Assessment {
  readonly evidence: EvidenceMap;
  readonly facts: Facts;
  readonly state: FindingState;
  readonly effective: EffectiveLevel;
  readonly emitted: readonly Emitted[];
  /** Index into the verdicts, for verdicts alone. */
  readonly verdict?: number;
  /** For open findings alone. */
  readonly sums?: Sums;
  readonly rules: readonly RuleId[];
  readonly window: RemediationWindow | null;
  /** True when `exploit.quiet` alone would have held the level at High (G5). */
  readonly quiet: boolean;
}

export interface Sums {
  readonly up: number;
  readonly down: number;
}

/** True when the model uses the group for this kind of finding. */
export function usesGroup(context: AssessmentContext, group: FactorGroup): boolean {
  return context.kind === 'vulnerability' || POSTURE_GROUPS.has(group);
}

/** Exposure moves no points where the attack does not come over a network. */
function skipsExposure(context: AssessmentContext): boolean {
  return context.kind === 'vulnerability' && (context.attackVector === 'L' || context.attackVector === 'P');
}

/** The factors as one placement has them, and what settings let rules see of them. */
class View {
  readonly context: AssessmentContext;
  readonly facts: Facts;

  constructor(context: AssessmentContext, facts: Facts) {
    this.context = context;
    this.facts = facts;
  }

  /** True factor of a group in use, whatever its weight: facts remain facts. */
  fact(id: FactorId): boolean {
    const factor = findFactor(id);
    return factor !== undefined && usesGroup(this.context, factor.group) && isFact(this.facts, id);
  }

  /** Weight 0, or reported by the check itself: no points, no driver, no evidence for a rule. */
  isDisabled(id: FactorId): boolean {
    return this.context.settings.weights.get(id) === 0 || this.context.self.has(id);
  }

  /** A true factor that guards, ceilings, verdicts and the floors F2 and F3 may see. */
  seen(id: FactorId): boolean {
    return this.fact(id) && !this.isDisabled(id);
  }

  get strongExploit(): boolean {
    return STRONG_EXPLOIT.some((id) => this.seen(id));
  }

  get running(): boolean {
    return !this.fact('runtime.not-running');
  }

  pointsOf(factor: Factor): number {
    if (this.isDisabled(factor.id)) return 0;
    const given = this.context.settings.weights.get(factor.id);
    if (factor.id !== 'exposure.private-cluster') return given ?? factor.points;
    return this.context.apiServer ? (given ?? PRIVATE_API_SERVER_POINTS) : 0;
  }

  /** True factors of the groups in use; of the classes that say "not reachable" only the one that holds. */
  emit(): readonly Emitted[] {
    const held = [...UNREACHABLE_CLASSES.keys()].find((id) => id === `exposure.${this.facts.exposure}`);
    return FACTORS.flatMap((factor) => {
      const state = stateOf(this.facts, factor.id);
      if (state.is !== 'true' || !usesGroup(this.context, factor.group)) return [];
      if (factor.group === 'E' && skipsExposure(this.context)) return [];
      if (UNREACHABLE_CLASSES.has(factor.id) && factor.id !== held) return [];
      return [{ factor, points: this.pointsOf(factor), stale: state.stale, evidence: state.evidence }];
    });
  }
}

/** Raises and lowers are summed apart in each group and capped there. */
export function sumPoints(emitted: readonly Emitted[]): Sums {
  const groups = new Map<FactorGroup, { up: number; down: number }>();
  for (const { factor, points } of emitted) {
    const sums = groups.get(factor.group) ?? { up: 0, down: 0 };
    if (points > 0) sums.up += points;
    else if (points < 0) sums.down -= points;
    groups.set(factor.group, sums);
  }
  let up = 0;
  let down = 0;
  for (const [group, sums] of groups) {
    up += Math.min(sums.up, GROUP_CAPS[group].up);
    down += Math.min(sums.down, GROUP_CAPS[group].down);
  }
  return { up, down };
}

/** Carries a level through the rules and notes those that changed something at their step. */
class RuleTrace {
  readonly fired: RuleId[] = [];

  /** The smaller of the value and what the rule allows. */
  atMost(rule: RuleId, value: number, applies: boolean, limit: number): number {
    return applies && value > limit ? this.change(rule, limit) : value;
  }

  /** The greater of the value and what the rule demands. */
  atLeast(rule: RuleId, value: number, applies: boolean, limit: number): number {
    return applies && value < limit ? this.change(rule, limit) : value;
  }

  private change(rule: RuleId, limit: number): number {
    this.fired.push(rule);
    return limit;
  }
}

/** The ceiling C1 in force: the rank that it allows, undefined when there is none or exploitation voids it. */
function ceilingOf(view: View): number | undefined {
  if (view.context.kind === 'posture') return undefined;
  if (!view.seen('vendor.unimportant') && !view.seen('vendor.negligible')) return undefined;
  if (view.context.malicious || view.fact('exploit.kev')) return undefined;
  return view.strongExploit ? rank.Medium : rank.Low;
}

function windowOf(view: View, ceiling: number | undefined): RemediationWindow | null {
  const { context, facts } = view;
  if (context.kind === 'posture' || !context.settings.window) return null;
  if (!view.running) return 'before deploy';
  if (ceiling === rank.Low) return 'next upgrade';
  const window = bodWindow({
    knownExploited: view.fact('exploit.kev') || context.malicious,
    exposed: isExposed(facts.exposure),
    ...technicalInputs(context.ssvc, context.vector),
  });
  return ceiling === undefined ? window : notSooner(window, '14d');
}

/** Points to level: limits, guards G1 to G6, ceiling C1, floors F1 to F4. */
function levelOfSums(
  view: View,
  emitted: readonly Emitted[],
  sums: Sums,
  ceiling: number | undefined,
): { level: number; rules: readonly RuleId[]; quiet: boolean } {
  const { context, facts } = view;
  const trace = new RuleTrace();
  const isVulnerability = context.kind === 'vulnerability';
  const base = context.base === 'Unknown' ? rank.Medium : rank[context.base];
  const drivers = emitted.filter(({ factor, points }) => factor.driver === true && points > 0);

  let up = Math.min(2, context.settings.limits.maxUp, Math.floor(sums.up / 10));
  let down = Math.min(2, context.settings.limits.maxDown, Math.floor(sums.down / 10));
  up = trace.atMost('G1', up, drivers.length === 0, 0);
  up = trace.atMost('G2', up, !view.strongExploit, 1);
  down = trace.atMost('G3', down, view.seen('exploit.kev'), 1);
  down = trace.atMost('G4', down, context.base === 'Unknown', 0);
  let level = rank[levelOf(base + up - down)] as number;

  const quiet = view.seen('exploit.quiet');
  const reasons = [
    view.strongExploit,
    facts.exposure === 'internet' && !skipsExposure(context),
    drivers.some(({ factor }) => factor.group === 'R' || factor.group === 'D'),
  ].filter(Boolean).length;
  level = trace.atMost('G5', level, base < rank.Critical && (reasons < 2 || quiet), rank.High);
  level = trace.atLeast('G6', level, isVulnerability && base > rank.Info, rank.Low);

  level = trace.atMost('C1', level, ceiling !== undefined, ceiling ?? rank.Critical);
  if (isVulnerability && view.running) {
    const reachable = isExposed(facts.exposure) || view.fact('exposure.second-hop');
    const likely = view.seen('exploit.epss-high') || view.seen('exploit.weaponised');
    level = trace.atLeast('F1', level, view.fact('exploit.kev') && reachable, rank.High);
    level = trace.atLeast('F2', level, view.seen('exploit.kev') && !reachable, rank.Medium);
    level = trace.atLeast('F3', level, likely && facts.exposure === 'internet', rank.Medium);
    level = trace.atLeast('F4', level, context.malicious, rank.Critical);
  }
  return { level, rules: trace.fired, quiet };
}

/** Evaluates one placement. Pure: the same evidence, settings and model version give the same result. */
export function assess(context: AssessmentContext, evidence: EvidenceMap): Assessment {
  const facts = weighEvidence(evidence, {
    evidenceMaxAgeHours: context.settings.thresholds.evidenceMaxAgeHours,
    apiServer: context.kind === 'posture' && context.apiServer,
  });
  const view = new View(context, facts);
  if (context.kind === 'vulnerability') {
    const verdict = VERDICTS.findIndex(({ id }) => view.seen(id));
    const decided = VERDICTS[verdict];
    if (decided !== undefined) {
      return {
        evidence,
        facts,
        state: decided.state,
        effective: 'None',
        emitted: view.emit().filter(({ factor }) => factor.id === decided.id),
        verdict,
        rules: [],
        window: null,
        quiet: false,
      };
    }
  }
  const emitted = view.emit();
  const sums = sumPoints(emitted);
  const ceiling = ceilingOf(view);
  const { level, rules, quiet } = levelOfSums(view, emitted, sums, ceiling);
  return {
    evidence,
    facts,
    state: 'open',
    effective: levelOf(level),
    emitted,
    sums,
    rules,
    window: windowOf(view, ceiling),
    quiet,
  };
}
