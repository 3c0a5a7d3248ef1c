import { severities, severityRank } from '../core/severity.ts';
import type { OriginalSeverity, Severity } from '../core/severity.ts';
import { GROUP_CAPS, STRONG_EXPLOIT } from '../findings/priority/groups.ts';
import type { SeverityExplanation } from '../findings/types.ts';

type Group = keyof typeof GROUP_CAPS;

/** A row of the table that leads from the original severity to the effective one. */
export type SeverityTableRow =
  | { readonly type: 'original'; readonly level: OriginalSeverity; readonly source: string; readonly other?: string }
  | {
      readonly type: 'factor';
      readonly label: string;
      readonly points: number;
      readonly text: string;
      readonly stale: boolean;
    }
  /** The points of the group above count only so much. */
  | { readonly type: 'cap'; readonly points: number }
  | { readonly type: 'sum'; readonly direction: 'up' | 'down'; readonly points: number; readonly levels: number }
  /** A limit of the team's settings: so many levels at most. */
  | { readonly type: 'limit'; readonly direction: 'up' | 'down'; readonly levels: number }
  /** A rule that changed how many levels the points make. */
  | { readonly type: 'levelRule'; readonly rule: string; readonly direction: 'up' | 'down'; readonly levels: number }
  /** A rule that changed the level itself. */
  | { readonly type: 'rule'; readonly rule: string; readonly level: Severity }
  | { readonly type: 'verdict'; readonly verdict: NonNullable<SeverityExplanation['verdict']> }
  | { readonly type: 'effective'; readonly level: Severity | 'none' };

export interface SeverityTable {
  readonly rows: readonly SeverityTableRow[];
  /** False when the rows do not lead to the level shown: something is missing or wrong in the explanation. */
  readonly complete: boolean;
}

const groupOfPrefix: Readonly<Record<string, Group>> = {
  exploit: 'X',
  fix: 'F',
  vendor: 'V',
  vex: 'V',
  image: 'I',
  runtime: 'R',
  exposure: 'E',
  cloud: 'C',
  data: 'D',
  business: 'B',
};

/** Two levels in each direction is the most that context does; a team may set less. */
const mostLevels = 2;

/** The table of an explanation, and whether it adds up. */
export function severityTable(explanation: SeverityExplanation): SeverityTable {
  const { original, verdict, effective } = explanation;
  const first: SeverityTableRow = { type: 'original', ...original };
  const last: SeverityTableRow = { type: 'effective', level: effective };
  const { rows: factors, up, down, known } = factorRows(explanation);
  if (verdict !== undefined) {
    return { rows: [first, ...factors, { type: 'verdict', verdict }, last], complete: effective === 'none' };
  }
  if (explanation.up === null || explanation.down === null) {
    // Not a matter of the priority model: the source's severity stands.
    const stands = effective === (original.level === 'unknown' ? 'medium' : original.level);
    return { rows: [first, ...factors, last], complete: stands && explanation.factors.length === 0 };
  }
  const adds = known && up === explanation.up && down === explanation.down;
  // The limits of the team are not part of the explanation: the mildest that lead to the level are those in force.
  for (const [maxUp, maxDown] of limits) {
    const way = steps(explanation, { up, down, maxUp, maxDown });
    if (way.level === effective) return { rows: [first, ...factors, ...way.rows, last], complete: adds };
  }
  const way = steps(explanation, { up, down, maxUp: mostLevels, maxDown: mostLevels });
  return { rows: [first, ...factors, ...way.rows, last], complete: false };
}

const limits = [2, 1, 0].flatMap((maxUp) => [2, 1, 0].map((maxDown) => [maxUp, maxDown] as const));

function factorRows({ factors }: SeverityExplanation): {
  readonly rows: readonly SeverityTableRow[];
  readonly up: number;
  readonly down: number;
  readonly known: boolean;
} {
  const rows: SeverityTableRow[] = [];
  let up = 0;
  let down = 0;
  let known = true;
  for (const group of new Set(factors.map(({ id }) => prefixOf(id)))) {
    const members = factors.filter(
      ({ id }) => prefixOf(id) === group || groupOfPrefix[prefixOf(id)] === groupOfPrefix[group],
    );
    if (group !== prefixOf(members[0]?.id ?? '')) continue; // shares its account with a prefix that came before
    for (const { label, points, text, stale } of members) {
      rows.push({ type: 'factor', label, points, text, stale: stale === true });
    }
    const account = groupOfPrefix[group];
    if (account === undefined) {
      known = false;
      continue;
    }
    const raised = sum(members.map(({ points }) => Math.max(0, points)));
    const lowered = sum(members.map(({ points }) => Math.max(0, -points)));
    const caps = GROUP_CAPS[account];
    if (raised > caps.up) rows.push({ type: 'cap', points: caps.up });
    if (lowered > caps.down) rows.push({ type: 'cap', points: -caps.down });
    up += Math.min(raised, caps.up);
    down += Math.min(lowered, caps.down);
  }
  return { rows, up, down, known };
}

function prefixOf(id: string): string {
  return id.split('.', 1)[0] ?? id;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** From the sums over the rules to a level. */
function steps(
  { original, rules, factors }: SeverityExplanation,
  sums: { readonly up: number; readonly down: number; readonly maxUp: number; readonly maxDown: number },
): { readonly rows: readonly SeverityTableRow[]; readonly level: Severity } {
  const rows: SeverityTableRow[] = [];
  const levels = { up: 0, down: 0 };
  for (const direction of ['up', 'down'] as const) {
    const points = sums[direction];
    const limit = direction === 'up' ? sums.maxUp : sums.maxDown;
    levels[direction] = Math.min(mostLevels, Math.floor(points / 10));
    rows.push({ type: 'sum', direction, points: direction === 'up' ? points : -points, levels: levels[direction] });
    if (levels[direction] > limit) {
      levels[direction] = limit;
      rows.push({ type: 'limit', direction, levels: limit });
    }
  }
  const levelRule = (rule: string, direction: 'up' | 'down', most: number) => {
    levels[direction] = Math.min(levels[direction], most);
    rows.push({ type: 'levelRule', rule, direction, levels: levels[direction] });
  };
  const base = severityRank(original.level === 'unknown' ? 'medium' : original.level);
  let rank: number | undefined;
  const current = () => (rank ??= bounded(base + levels.up - levels.down));
  const levelTo = (rule: string, to: number) => {
    rank = to;
    rows.push({ type: 'rule', rule, level: severityOf(to) });
  };
  const strong = factors.some(({ id, points }) => points > 0 && STRONG_EXPLOIT.some((known) => known === id));
  for (const rule of rules) {
    switch (rule) {
      case 'G1':
        levelRule(rule, 'up', 0);
        break;
      case 'G2':
        levelRule(rule, 'up', 1);
        break;
      case 'G3':
        levelRule(rule, 'down', 1);
        break;
      case 'G4':
        levelRule(rule, 'down', 0);
        break;
      case 'G5':
        levelTo(rule, Math.min(current(), severityRank('high')));
        break;
      case 'G6':
        levelTo(rule, Math.max(current(), severityRank('low')));
        break;
      case 'C1':
        levelTo(rule, Math.min(current(), severityRank(strong ? 'medium' : 'low')));
        break;
      case 'F1':
        levelTo(rule, Math.max(current(), severityRank('high')));
        break;
      case 'F2':
      case 'F3':
        levelTo(rule, Math.max(current(), severityRank('medium')));
        break;
      case 'F4':
        levelTo(rule, severityRank('critical'));
        break;
      default:
        break;
    }
  }
  return { rows, level: severityOf(current()) };
}

function bounded(rank: number): number {
  return Math.max(0, Math.min(severities.length - 1, rank));
}

function severityOf(rank: number): Severity {
  return severities[severities.length - 1 - bounded(rank)] ?? 'info';
}
