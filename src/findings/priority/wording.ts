import type { Assessment, Emitted } from './assess.ts';
import type { Factor, FactorId } from './factors.ts';
import { UNREACHABLE_CLASSES } from './factors.ts';
import { isFact } from './evidence.ts';
import type { RuleId } from './finding.ts';
import type { BaseLevel, Level } from './levels.ts';
import { rank } from './levels.ts';

/**
 * The sentence of a factor with the names in braces filled from its values, or its label where a value is missing.
 */
export function sentenceOf(factor: Factor, values: Readonly<Record<string, string>> | undefined): string {
  const known = new Map(Object.entries(values ?? {}));
  const names = [...factor.sentence.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? '');
  if (names.some((name) => !known.has(name))) return factor.label;
  return factor.sentence.replace(/\{([^}]*)\}/g, (_braces, name: string) => known.get(name) ?? '');
}

function asSentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

/** A source said "not reachable" while another one showed a way in: the more exposed one counts, and this is said. */
function sourcesDisagree(assessment: Assessment, id: FactorId): boolean {
  const { exposure } = assessment.facts;
  const isClassFactor =
    exposure === 'internet'
      ? ['exposure.public-lb', 'exposure.ingress-host'].includes(id)
      : id === `exposure.${exposure}`;
  return (
    isClassFactor && [...UNREACHABLE_CLASSES.keys()].some((other) => other !== id && isFact(assessment.facts, other))
  );
}

/** What is shown for a factor that counted. */
export function textOf(assessment: Assessment, emitted: Emitted): string {
  const text = sentenceOf(emitted.factor, emitted.evidence.values);
  return sourcesDisagree(assessment, emitted.factor.id) ? `${asSentence(text)} Sources disagree.` : text;
}

function ruleSentence(rule: RuleId, assessment: Assessment): string {
  switch (rule) {
    case 'G5':
      return assessment.quiet
        ? 'Held at High: no sign of exploitation (G5).'
        : 'Held at High: Critical needs two of exploit evidence, internet exposure and reach into node or data (G5).';
    case 'C1':
      return assessment.effective === 'Medium'
        ? 'Vendor and exploit data disagree: at most Medium (C1).'
        : 'The vendor sees no security problem here: at most Low (C1).';
    case 'F1':
      return 'Known exploited and exposed (F1).';
    case 'F2':
      return 'Known exploited and running (F2).';
    case 'F3':
      return 'Exploitation is likely and the internet can reach it (F3).';
    case 'F4':
      return 'Malicious package in a running image (F4).';
    default:
      return '';
  }
}

const RAISING_RULES: readonly RuleId[] = ['F1', 'F2', 'F3', 'F4'];

function sizedFactors(assessment: Assessment, direction: 1 | -1): readonly string[] {
  return assessment.emitted
    .filter(({ points }) => points * direction > 0)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
    .slice(0, 2)
    .map((emitted) => asSentence(textOf(assessment, emitted)));
}

/**
 * One line that says how the base became the effective level: the one or two largest factors in the direction moved, then
 * the rule.
 */
export function headlineOf(
  base: BaseLevel,
  effective: Level,
  assessment: Assessment,
  placements: number,
  checkedFacts: number,
): string {
  const from = base === 'Unknown' ? rank.Medium : rank[base];
  const moved = Math.sign(rank[effective] - from);
  const held = assessment.rules.includes('G5') ? [ruleSentence('G5', assessment)] : [];
  const highest = placements > 1 ? [`Highest of ${placements} placements.`] : [];
  const shown = base === 'Unknown' ? 'Unknown (handled as Medium)' : base;
  if (moved === 0) {
    const facts = checkedFacts === 1 ? '1 fact' : `${checkedFacts} facts`;
    const unchanged = `${shown}, unchanged: ${facts} checked, none moves it.`;
    return [...(held.length > 0 ? held : [unchanged]), ...highest].join(' ');
  }
  const rules = assessment.rules.filter((rule) => (moved > 0 ? RAISING_RULES.includes(rule) : rule === 'C1'));
  const reasons = [
    ...sizedFactors(assessment, moved > 0 ? 1 : -1),
    ...(moved > 0 ? held : []),
    ...rules.map((rule) => ruleSentence(rule, assessment)),
    ...highest,
  ];
  return `${shown} → ${effective}: ${reasons.join(' ')}`;
}

/** The sentence of a verdict, which stands for the whole finding. */
export function verdictHeadline(assessment: Assessment): string {
  const [deciding] = assessment.emitted;
  return deciding === undefined ? 'Not affected here.' : asSentence(textOf(assessment, deciding));
}
