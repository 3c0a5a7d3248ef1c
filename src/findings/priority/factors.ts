import { FACTOR_ROWS } from './factor-table.ts';
import type { FactorGroup } from './groups.ts';

export type FactorId = (typeof FACTOR_ROWS)[number]['id'];

/** One row of the factor table. Raising: points above 0. Lowering: points below 0, a verdict or a ceiling. */
export interface Factor {
  readonly id: FactorId;
  readonly group: FactorGroup;
  readonly label: string;
  readonly points: number;
  readonly driver?: true;
  readonly rule?: 'verdict' | 'ceiling';
  readonly sentence: string;
  readonly hint?: string;
}

/** All factors in the order of results. */
export const FACTORS: readonly Factor[] = FACTOR_ROWS;

const byId: ReadonlyMap<string, Factor> = new Map(FACTORS.map((factor) => [factor.id, factor]));

/** The factor of an id, undefined for a word that is no factor id. */
export function findFactor(id: string): Factor | undefined {
  return byId.get(id);
}

export function isFactorId(id: string): id is FactorId {
  return byId.has(id);
}

/** The label of a factor. */
export function labelOf(id: FactorId): string {
  return byId.get(id)?.label ?? id;
}

/** Groups that a posture finding uses; the others are left out there. */
export const POSTURE_GROUPS: ReadonlySet<FactorGroup> = new Set(['R', 'E', 'C', 'D', 'B']);

/** Feeds are good for a week; the age limit of everything else but images is a setting. */
export const FEED_MAX_AGE_HOURS = 168;

/** What `exposure.private-cluster` weighs in a posture finding about the API server; elsewhere it has no points. */
export const PRIVATE_API_SERVER_POINTS = -10;

/** Verdict factors in the order in which the first true one wins, with the state they lead to. */
export const VERDICTS = [
  { id: 'vex.not-affected', state: 'not_affected' },
  { id: 'image.not-in-final-fs', state: 'not_present' },
  { id: 'image.kernel-headers', state: 'not_applicable' },
] as const satisfies readonly { id: FactorId; state: string }[];

const othersOf = (group: FactorGroup, id: FactorId): readonly FactorId[] =>
  FACTORS.filter((factor) => factor.group === group && factor.id !== id).map((factor) => factor.id);

/**
 * Facts that contradict a lowering factor: while one of them is true or unknown, the lowering one is not proven. All of
 * them raise, so that their own state never depends on a proof. Exposure classes have a rule of their own.
 */
export const OPPOSITES: ReadonlyMap<FactorId, readonly FactorId[]> = new Map<FactorId, readonly FactorId[]>([
  ['exploit.quiet', othersOf('X', 'exploit.quiet')],
  ['runtime.not-running', ['runtime.running', 'runtime.replicas']],
  [
    'runtime.hardened',
    [
      'image.root-user',
      'runtime.privileged',
      'runtime.capabilities',
      'runtime.sa-token-powerful',
      'runtime.sa-token-mounted',
    ],
  ],
  ['data.none', othersOf('D', 'data.none')],
  ['business.non-production', ['business.production']],
  ['business.low', ['business.critical']],
]);

/** How far a finding can be reached; `unknown` counts as reachable in floors and windows. */
export type ExposureClass = 'internet' | 'source-limited' | 'internal-lb' | 'cluster-only' | 'isolated' | 'unknown';

/** The factors that make an exposure class, most exposed first. */
export const EXPOSURE_CLASSES: readonly { readonly id: FactorId; readonly class: ExposureClass }[] = [
  { id: 'exposure.public-lb', class: 'internet' },
  { id: 'exposure.ingress-host', class: 'internet' },
  { id: 'exposure.source-limited', class: 'source-limited' },
  { id: 'exposure.internal-lb', class: 'internal-lb' },
  { id: 'exposure.cluster-only', class: 'cluster-only' },
  { id: 'exposure.isolated', class: 'isolated' },
];

const unreachable: readonly FactorId[] = ['exposure.internal-lb', 'exposure.cluster-only', 'exposure.isolated'];

/** The class factors that claim "not reachable from the internet", most exposed first, each with the more exposed ones. */
export const UNREACHABLE_CLASSES: ReadonlyMap<FactorId, readonly FactorId[]> = new Map(
  unreachable.map((id) => [
    id,
    EXPOSURE_CLASSES.slice(
      0,
      EXPOSURE_CLASSES.findIndex((entry) => entry.id === id),
    ).map((entry) => entry.id),
  ]),
);
