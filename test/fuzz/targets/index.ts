import type { FuzzTarget } from '../target.ts';
import { versionRanges, versionTargets } from './versions.ts';

/** All targets, sorted by name. */
export const targets: readonly FuzzTarget[] = [versionRanges, ...versionTargets];
