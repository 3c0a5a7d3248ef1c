import { asCasedLikeFrom } from './as-cased-like-from.ts';
import { baseImagePinned } from './base-image-pinned.ts';
import { noAddFromUrl } from './no-add-from-url.ts';
import { noCurlPipeShell } from './no-curl-pipe-shell.ts';
import { noSecretInEnv } from './no-secret-in-env.ts';
import type { DockerfileRule } from './rule.ts';
import { runsAsNonRoot } from './runs-as-non-root.ts';

/** All rules, sorted by id. A new one is added here by hand. */
export const rules: readonly DockerfileRule[] = [
  asCasedLikeFrom,
  baseImagePinned,
  noAddFromUrl,
  noCurlPipeShell,
  noSecretInEnv,
  runsAsNonRoot,
];
