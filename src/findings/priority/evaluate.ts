import { compareText } from '../../core/order.ts';
import { parseCvss } from '../cvss.ts';
import type { Assessment, AssessmentContext } from './assess.ts';
import { assess, usesGroup } from './assess.ts';
import { mergeEvidence, supposeTrue, unknownFactors } from './evidence.ts';
import type { CountedFactor, PriorityInput, PriorityResult, RemediationWindow, UnknownFactor } from './finding.ts';
import type { EffectiveLevel } from './levels.ts';
import { rank } from './levels.ts';
import type { SettingsInForce } from './settings.ts';
import { MODEL_VERSION, resolveSettings } from './settings.ts';
import { headlineOf, textOf, verdictHeadline } from './wording.ts';
import { compareWindows } from './window.ts';

interface Placed {
  readonly id: string | null;
  readonly assessment: Assessment;
}

function contextOf(input: PriorityInput, settings: SettingsInForce): AssessmentContext {
  const isVulnerability = input.kind === 'vulnerability';
  const vector = isVulnerability && input.cvss !== undefined ? parseCvss(input.cvss) : undefined;
  return {
    kind: input.kind,
    base: input.base.level,
    vector,
    attackVector: vector?.attackVector ?? (isVulnerability ? input.attackVector : undefined) ?? 'N',
    ssvc: isVulnerability ? input.ssvc : undefined,
    malicious: isVulnerability && input.malicious === true,
    self: new Set(isVulnerability ? [] : input.self),
    apiServer: !isVulnerability && input.apiServer === true,
    settings: settings.settings,
  };
}

function rankOf(level: EffectiveLevel): number {
  return level === 'None' ? -1 : rank[level];
}

/** Negative when `a` leads: open before verdict, higher level, higher pressure, higher U, lower placement id. */
function compareLead(a: Placed, b: Placed): number {
  const pressure = ({ sums }: Assessment): number => (sums === undefined ? 0 : sums.up - sums.down);
  return (
    (a.assessment.verdict ?? -1) - (b.assessment.verdict ?? -1) ||
    rankOf(b.assessment.effective) - rankOf(a.assessment.effective) ||
    pressure(b.assessment) - pressure(a.assessment) ||
    (b.assessment.sums?.up ?? 0) - (a.assessment.sums?.up ?? 0) ||
    compareText(a.id ?? '', b.id ?? '')
  );
}

/** The soonest window of the open placements. */
function soonestWindow(placed: readonly Placed[]): RemediationWindow | null {
  const windows = placed.map(({ assessment }) => assessment.window).filter((window) => window !== null);
  return windows.sort(compareWindows)[0] ?? null;
}

function countedFactors(assessment: Assessment): readonly CountedFactor[] {
  return assessment.emitted.map((emitted) => {
    const { factor, points, stale, evidence } = emitted;
    return {
      id: factor.id,
      points,
      text: textOf(assessment, emitted),
      ...(stale && { stale: true as const }),
      ...(evidence.evidenceId !== undefined && { evidenceId: evidence.evidenceId }),
    };
  });
}

function unknownOf(context: AssessmentContext, assessment: Assessment): readonly UnknownFactor[] {
  if (assessment.state !== 'open') return [];
  return unknownFactors(assessment.facts)
    .filter(({ factor }) => usesGroup(context, factor.group))
    .map(({ factor, why }) => {
      const supposed = assess(context, supposeTrue(assessment.evidence, assessment.facts, factor.id));
      return { id: factor.id, why, counterfactual: `${assessment.effective} → ${supposed.effective}` };
    });
}

/** What is in force where nothing was given. Resolved once: its hash costs more than the judging of a finding. */
const usualSettings = resolveSettings(undefined);

/**
 * The priority of one finding: effective level, rules, window and sentences of its leading placement. Pure and total: the
 * order of factors and placements does not matter, and nothing is read from clock or environment.
 */
export function evaluateFinding(input: PriorityInput, settings: SettingsInForce = usualSettings): PriorityResult {
  const context = contextOf(input, settings);
  const places = input.placements ?? [];
  const placed: readonly Placed[] =
    places.length === 0
      ? [{ id: null, assessment: assess(context, mergeEvidence(input.factors, undefined)) }]
      : places.map(({ id, factors }) => ({ id, assessment: assess(context, mergeEvidence(input.factors, factors)) }));
  const lead = [...placed].sort(compareLead)[0];
  if (lead === undefined) throw new TypeError('A finding always has a leading placement');
  const { assessment } = lead;
  const { effective, sums } = assessment;
  const isOpen = effective !== 'None' && sums !== undefined;
  return {
    finding: input.finding,
    base: input.base,
    effective,
    state: assessment.state,
    placement: lead.id,
    up: isOpen ? sums.up : null,
    down: isOpen ? sums.down : null,
    pressure: isOpen ? sums.up - sums.down : null,
    rules: isOpen ? assessment.rules : ['verdict'],
    window: soonestWindow(placed),
    headline: isOpen
      ? headlineOf(input.base.level, effective, assessment, placed.length, assessment.evidence.size)
      : verdictHeadline(assessment),
    factors: countedFactors(assessment),
    unknown: unknownOf(context, assessment),
    rejected: settings.rejected.map(({ path }) => path),
    model: MODEL_VERSION,
    settings: settings.hash,
  };
}
