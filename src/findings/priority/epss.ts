/** Which EPSS factor holds: `exploit.epss-high`, `exploit.epss-medium` or neither. */
export type EpssBand = 'high' | 'medium' | 'none';

export interface EpssThresholds {
  readonly epssHigh: number;
  readonly epssMedium: number;
}

/** A band is left only under this share of the threshold at which it was entered. */
const LEAVE_SHARE = 0.8;

/** Where a band is left, rounded to 5 decimals: EPSS itself has no more. */
export function leavingThreshold(threshold: number): number {
  return Math.round(threshold * LEAVE_SHARE * 1e5) / 1e5;
}

/**
 * The band of a probability, given the band of the evaluation before: entered at the threshold, left only under 0.8 times
 * the threshold, so that a score that trembles around it does not make the finding flap.
 */
export function epssBand(probability: number, previous: EpssBand, thresholds: EpssThresholds): EpssBand {
  const holds = (threshold: number, held: boolean): boolean =>
    probability >= (held ? leavingThreshold(threshold) : threshold);
  if (holds(thresholds.epssHigh, previous === 'high')) return 'high';
  return holds(thresholds.epssMedium, previous !== 'none') ? 'medium' : 'none';
}
