import type { FACTOR_ROWS } from './factor-table.ts';

/** Exploit, fix, vendor, image, runtime, exposure, cloud, data reach, business: the accounts of the model. */
export type FactorGroup = 'X' | 'F' | 'V' | 'I' | 'R' | 'E' | 'C' | 'D' | 'B';

/** What a group may add at most to the raising and to the lowering account, in points. */
export const GROUP_CAPS = {
  X: { up: 20, down: 5 },
  F: { up: 5, down: 0 },
  V: { up: 0, down: 5 },
  I: { up: 5, down: 10 },
  R: { up: 15, down: 10 },
  E: { up: 5, down: 10 },
  C: { up: 5, down: 0 },
  D: { up: 15, down: 3 },
  B: { up: 8, down: 5 },
} as const satisfies Record<FactorGroup, { up: number; down: number }>;

/** Strong exploit evidence: what may carry two levels (G2), Critical (G5) and a milder ceiling (C1). */
export const STRONG_EXPLOIT: readonly (typeof FACTOR_ROWS)[number]['id'][] = [
  'exploit.kev',
  'exploit.epss-high',
  'exploit.weaponised',
];
