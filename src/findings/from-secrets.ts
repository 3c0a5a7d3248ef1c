import { TurnTaker } from '../core/concurrency.ts';
import { secretKinds, type ImageSecret } from '../image/secrets/kinds.ts';
import { businessFacts, registryFacts } from './facts.ts';
import type { ImageFindingsInput } from './from-image.ts';
import { LayerPlaces } from './layer-places.ts';
import { evaluateFinding } from './priority/evaluate.ts';
import { toExplanation } from './priority/explanation.ts';
import type { Level } from './priority/levels.ts';
import type { Evidence, FindingDraft, Remediation, SourceLink } from './types.ts';

const levels = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
} as const satisfies Record<string, Level>;

export interface SecretFindingsInput extends Omit<ImageFindingsInput, 'match' | 'sourceOf' | 'endOfLife'> {
  /** Place in a Dockerfile for a secret, when the image is linked to one. */
  readonly sourceOf: (secret: ImageSecret) => SourceLink | undefined;
  /** History entries that belong to the base; undefined when its history is not known. */
  readonly baseEntries?: number;
}

/**
 * Secrets of one image digest as findings. One that a higher layer deletes is open like any other: whoever can pull the image
 * can read it. Depends on its input alone; no value of a secret is in it.
 */
export async function findingsOfSecrets(input: SecretFindingsInput): Promise<FindingDraft[]> {
  const { report, asset } = input;
  const layers = new Map(report.layers.map((layer) => [layer.digest, layer]));
  const places = new LayerPlaces(input);
  const running = input.placements.filter(({ container }) => container.running);
  const internetFacing = running.some(({ workload }) => workload.exposure.class === 'internet');
  const factors = [...registryFacts(input.registry), ...businessFacts(input.tags, input.business)];
  const drafts = new Map<string, FindingDraft>();
  const turns = new TurnTaker();
  for (const secret of report.secrets ?? []) {
    await turns.pause();
    const { kind, layer } = secret;
    const { title, severity } = secretKinds[kind];
    const place = placeText(secret, report.config.history.length);
    const id = secretFindingId(secret, asset.id);
    if (drafts.has(id)) continue;
    const source = input.sourceOf(secret);
    const createdBy = createdByOf(secret, layer === undefined ? undefined : layers.get(layer)?.createdBy, input);
    const explanation = toExplanation(
      evaluateFinding({ finding: id, kind: 'posture', base: { level: levels[severity], source: 'Plimsoll' }, factors }),
    );
    const removed = secret.removedBy === undefined ? '' : ' A higher layer removes it from sight, not from the image.';
    const evidence: Evidence[] = [
      { label: 'Kind', value: title },
      { label: place.label, value: place.value },
      ...(layer === undefined ? [] : [{ label: 'Layer', value: layer }]),
      ...(createdBy === undefined ? [] : [{ label: 'Instruction', value: createdBy }]),
      ...(layer === undefined && secret.history !== undefined
        ? places.entryEvidence(secret.history)
        : places.evidence(layer, source)),
      ...(secret.removedBy === undefined ? [] : [{ label: 'Removed by layer', value: secret.removedBy }]),
      { label: 'Fingerprint', value: `${secret.fingerprint} (keyed, of this machine; the value is not kept)` },
    ];
    drafts.set(id, {
      id,
      kind: 'secret',
      sourceTool: input.sourceTool,
      check: `secret-${kind}`,
      title: `${title} ${place.where}`,
      summary: `Whoever can pull this image can read it.${removed} It was recognised by its form or name; nobody tried whether it works.`,
      asset,
      ...(input.connectionId === undefined ? {} : { connectionId: input.connectionId }),
      ...(input.subscriptionId === undefined ? {} : { subscriptionId: input.subscriptionId }),
      application: input.application,
      explanation,
      result: 'open',
      aliases: [],
      knownExploited: false,
      running: running.length > 0,
      internetFacing,
      evidence,
      remediation: remediationOf(secret, places, source, input.baseName),
      references: ['https://docs.docker.com/build/building/secrets/'],
      ...(source === undefined ? {} : { source }),
      affected: [],
    });
  }
  return [...drafts.values()];
}

/** The id of a secret's finding on an image. */
export function secretFindingId(secret: ImageSecret, assetId: string): string {
  return `secret-${secret.kind}|${placeText(secret, 0).id}|${secret.fingerprint}|${assetId}`;
}

interface PlaceText {
  /** Stable while the secret stays where it is. */
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** `in app/.env`. */
  readonly where: string;
}

function placeText({ path, line, env, label, command, history }: ImageSecret, entries: number): PlaceText {
  if (path !== undefined) {
    const value = `/${path}${line === undefined ? '' : `:${line}`}`;
    return { id: path, label: 'Path', value, where: `in /${path}` };
  }
  if (env !== undefined) return { id: `env:${env}`, label: 'Environment variable', value: env, where: `in ENV ${env}` };
  if (label !== undefined)
    return { id: `label:${label}`, label: 'Image label', value: label, where: `in label ${label}` };
  if (command === true)
    return { id: 'command', label: 'Command', value: 'entry point or command', where: 'in the command of the image' };
  const number = (history ?? 0) + 1;
  return {
    id: `history:${history ?? 0}`,
    label: 'History',
    value: `entry ${number} of ${entries}`,
    where: 'in the history of the image',
  };
}

/** What made it: the command of its layer, or of its history entry; both have their credentials hidden. */
function createdByOf(
  { history }: ImageSecret,
  ofLayer: string | undefined,
  { report }: SecretFindingsInput,
): string | undefined {
  return ofLayer ?? (history === undefined ? undefined : report.config.history[history]?.createdBy);
}

function remediationOf(
  { kind, path, layer, history }: ImageSecret,
  places: LayerPlaces,
  source: SourceLink | undefined,
  baseName: string | undefined,
): Remediation[] {
  const { rotate } = secretKinds[kind];
  const first: Remediation = { kind: 'text', text: `1. Rotate. ${rotate}` };
  if (places.isBase(layer) === true) {
    const named = baseName === undefined ? '' : ` ${baseName}`;
    return [
      first,
      { kind: 'text', text: `2. It comes from the base image${named}: tell its owner, and rebuild on one without it.` },
    ];
  }
  const line = source === undefined ? 'the instruction that brings it' : `line ${source.line + 1} of the Dockerfile`;
  const how =
    path === undefined
      ? history === undefined
        ? 'pass it when the container runs, or use a build secret'
        : 'use a build secret (RUN --mount=type=secret), or pass it when the container runs'
      : 'leave the file out (.dockerignore), use a build secret (RUN --mount=type=secret), or mount it when the container runs';
  return [
    first,
    {
      kind: 'text',
      text: `2. Remove the layer: change ${line} and ${how}, then build and push again. Deleting it in a later instruction leaves it in the image.`,
    },
    ...places.remediation(layer),
    { kind: 'text', text: '3. Delete the images that hold it from the registry, and scan again.' },
  ];
}
