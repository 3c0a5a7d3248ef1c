import type { Check, CheckResult } from '../posture/types.ts';
import { type BusinessRules, type TagSource, businessFacts } from './facts.ts';
import { evaluateFinding } from './priority/evaluate.ts';
import { toExplanation } from './priority/explanation.ts';
import type { FactorId } from './priority/factors.ts';
import type { Level } from './priority/levels.ts';
import type { AssetRef, FindingDraft } from './types.ts';

/** Factors that a check itself reports: its own finding never counts them. */
const reportsItself: Readonly<Record<string, readonly FactorId[]>> = {
  'acr-admin-user-disabled': ['cloud.registry-admin-user'],
  'acr-anonymous-pull-disabled': ['cloud.registry-anonymous-pull'],
  'acr-public-network-access-disabled': ['cloud.registry-public'],
  'acr-network-default-deny': ['cloud.registry-public'],
  'acr-defender-for-containers-on': ['cloud.defender-off'],
  'acr-image-scanning-on': ['cloud.defender-off'],
};

const levels = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
} as const satisfies Record<string, Level>;

export interface PostureFindingInput {
  readonly result: CheckResult;
  readonly check: Check;
  readonly asset: AssetRef;
  readonly connectionId: string;
  readonly subscriptionId?: string;
  readonly application: string;
  readonly tags: readonly TagSource[];
  readonly business: BusinessRules;
  /** ISO time of the snapshot. */
  readonly at: string;
}

/** A check's result as a finding; undefined when it passed. Pure. */
export function findingOfPosture(input: PostureFindingInput): FindingDraft | undefined {
  const { result, check, asset } = input;
  if (result.status === 'pass') return undefined;
  const id = `${check.id}|${asset.id}`;
  const explanation = toExplanation(
    evaluateFinding({
      finding: id,
      kind: 'posture',
      base: { level: levels[check.severity], source: 'Plimsoll' },
      self: reportsItself[check.id] ?? [],
      factors: businessFacts(input.tags, input.business),
    }),
  );
  return {
    id,
    kind: 'configuration',
    sourceTool: 'azure',
    check: check.id,
    title: check.title,
    summary: result.status === 'fail' ? check.why : `${result.reason}. ${check.why}`,
    asset,
    connectionId: input.connectionId,
    ...(input.subscriptionId === undefined ? {} : { subscriptionId: input.subscriptionId }),
    application: input.application,
    explanation,
    result: result.status === 'fail' ? 'open' : result.status,
    aliases: [],
    knownExploited: false,
    running: false,
    internetFacing: false,
    evidence: [
      { label: 'Result', value: result.reason, at: input.at },
      ...result.evidence.map(({ path, value }) => ({
        label: 'Property',
        field: path,
        value: value === null ? 'not set' : typeof value === 'string' ? value : JSON.stringify(value),
        ref: result.resource,
        at: input.at,
      })),
    ],
    remediation: [{ kind: 'azureCli', text: fillIn(check.fix, result.resource) }],
    references: [],
    affected: [],
  };
}

/** Puts the real names into a command: what the id tells, quoted where the shell would read it otherwise. */
function fillIn(fix: string, id: string): string {
  const group = /\/resourceGroups\/([^/]+)/i.exec(id)?.[1];
  const safe = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const registry = /\/registries\/([^/]+)/i.exec(id)?.[1];
  const subscription = /^\/subscriptions\/([^/]+)$/i.exec(id)?.[1];
  let out = fix;
  if (registry !== undefined)
    out = out.replaceAll('<registry-id>', () => safe(id)).replaceAll('<registry>', () => safe(registry));
  if (group !== undefined) out = out.replaceAll('<rg>', () => safe(group));
  if (subscription !== undefined) out = `${out} --subscription ${safe(subscription)}`;
  return out;
}
