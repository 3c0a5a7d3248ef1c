/** The levels of the priority model, lowest first; ten points of context are one level. */
export const LEVELS = ['Info', 'Low', 'Medium', 'High', 'Critical'] as const;

export type Level = (typeof LEVELS)[number];

/** A base may be Unknown: it is handled as Medium and never lowered by context (G4). */
export type BaseLevel = Level | 'Unknown';

/** What a finding ends with: a level, or None when a verdict moved it to "Not affected here". */
export type EffectiveLevel = Level | 'None';

export const rank = { Info: 0, Low: 1, Medium: 2, High: 3, Critical: 4 } as const satisfies Record<Level, number>;

/** The level of a rank; ranks outside 0..4 are clamped. */
export function levelOf(value: number): Level {
  return LEVELS[Math.max(0, Math.min(LEVELS.length - 1, value))] ?? 'Info';
}
