import { compareText } from '../../core/order.ts';
import type { EffectiveLevel } from './levels.ts';
import { rank } from './levels.ts';

/** What decides the place of a finding in a list. Undefined and null stand for "not known" and come last. */
export interface OrderKey {
  readonly finding: string;
  readonly effective: EffectiveLevel;
  readonly knownExploited: boolean | undefined;
  readonly pressure: number | null;
  /** EPSS probability, 0 to 1. */
  readonly epss: number | undefined;
  /** CVSS score of the source that the base severity came from. */
  readonly cvssScore: number | undefined;
  /** Sum of the replicas of all placements. */
  readonly replicas: number | undefined;
  readonly fixable: boolean | undefined;
  /** Instant of the first sighting, milliseconds since 1970 UTC. */
  readonly firstSeenMs: number | undefined;
}

function descending(a: number | null | undefined, b: number | null | undefined): number {
  const known = (value: number | null | undefined): boolean => value !== null && value !== undefined;
  if (!known(a) || !known(b)) return Number(known(b)) - Number(known(a));
  return Number(b) - Number(a);
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function negated(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

/** Order without the id: 0 means a tie, and the rows share one rank number. */
export function comparePriority(a: OrderKey, b: OrderKey): number {
  const level = ({ effective }: OrderKey): number | undefined => (effective === 'None' ? undefined : rank[effective]);
  return (
    descending(level(a), level(b)) ||
    descending(flag(a.knownExploited), flag(b.knownExploited)) ||
    descending(a.pressure, b.pressure) ||
    descending(a.epss, b.epss) ||
    descending(a.cvssScore, b.cvssScore) ||
    descending(a.replicas, b.replicas) ||
    descending(flag(a.fixable), flag(b.fixable)) ||
    descending(negated(a.firstSeenMs), negated(b.firstSeenMs))
  );
}

/** Total order of findings, most urgent first; equal ones by id in UTF-16 code units. */
export function compareFindings(a: OrderKey, b: OrderKey): number {
  return comparePriority(a, b) || compareText(a.finding, b.finding);
}

/** Rank numbers from 1 for a list in the order of `compareFindings`; ties share the number of their first row. */
export function rankNumbers(ordered: readonly OrderKey[]): readonly number[] {
  const ranks: number[] = [];
  for (const [index, key] of ordered.entries()) {
    const previous = ordered[index - 1];
    const isTie = previous !== undefined && comparePriority(previous, key) === 0;
    ranks.push(isTie ? (ranks[index - 1] ?? 1) : index + 1);
  }
  return ranks;
}
