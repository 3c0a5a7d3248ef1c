import { compareText } from '../../../src/core/order.ts';
import type { FuzzTarget } from '../target.ts';
import { documentTargets } from './documents.ts';
import { imageLayerTargets } from './image-layers.ts';
import { languagePackageTargets } from './language-packages.ts';
import { passingFileTargets } from './passing-files.ts';
import { secretTargets } from './secrets.ts';
import { systemPackageTargets } from './system-packages.ts';
import { versionRanges, versionTargets } from './versions.ts';

/** All targets, sorted by name. */
export const targets: readonly FuzzTarget[] = [
  ...documentTargets,
  ...imageLayerTargets,
  ...languagePackageTargets,
  ...passingFileTargets,
  ...secretTargets,
  ...systemPackageTargets,
  versionRanges,
  ...versionTargets,
].toSorted((a, b) => compareText(a.name, b.name));
