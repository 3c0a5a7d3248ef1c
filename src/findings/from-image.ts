import { TurnTaker } from '../core/concurrency.ts';
import type { MatchResult, Vulnerability } from '../advisories/types.ts';
import type { ImageReport, PlacedPackage } from '../image/types.ts';
import { type BaseSeverity, type SeverityRating, chooseBaseSeverity } from './base-severity.ts';
import {
  type BusinessRules,
  type ImagePlacement,
  type RegistryFacts,
  type TagSource,
  businessFacts,
  dataFacts,
  exploitFacts,
  fixFacts,
  imageFacts,
  noPlacementFacts,
  placementFacts,
  registryFacts,
} from './facts.ts';
import { evaluateFinding } from './priority/evaluate.ts';
import { toExplanation } from './priority/explanation.ts';
import type { FactorEvidence, Placement, PriorityInput } from './priority/finding.ts';
import { LayerPlaces } from './layer-places.ts';
import type { AssetRef, Evidence, FindingDraft, Remediation, SourceLink, SourceTool } from './types.ts';

export interface ImageFindingsInput {
  /** Asset of the digest: `image:<host>/<repository>@<digest>`. */
  readonly asset: AssetRef;
  readonly sourceTool: SourceTool;
  readonly connectionId?: string;
  readonly subscriptionId?: string;
  readonly application: string;
  readonly report: ImageReport;
  readonly match: MatchResult;
  readonly placements: readonly ImagePlacement[];
  readonly clustersRead: number;
  readonly clustersFailed: number;
  readonly registry?: RegistryFacts;
  readonly tags: readonly TagSource[];
  readonly business: BusinessRules;
  readonly baseLayers?: ReadonlySet<string>;
  readonly baseName?: string;
  /** True when the base is a guess from the order of the history. */
  readonly baseIsGuess?: boolean;
  readonly endOfLife?: { readonly since: string; readonly supported: string };
  /** Place in a Dockerfile for a package, when the image is linked to one. */
  readonly sourceOf: (item: Pick<PlacedPackage, 'layer'>) => SourceLink | undefined;
  /** Places in the Dockerfiles of which any could have built the image, when they are several. */
  readonly candidatesOf?: (item: Pick<PlacedPackage, 'layer'>) => readonly SourceCandidate[];
  readonly now: Date;
}

/** One of several Dockerfiles that could have built an image. */
export interface SourceCandidate {
  /** Path in the workspace, and the line, from 1, when it is known. */
  readonly path: string;
  readonly line?: number;
  readonly score: number;
  readonly signals: readonly string[];
}

/** Vulnerabilities of one image digest as findings, with their priority. Depends on its input alone. */
export async function findingsOfImage(input: ImageFindingsInput): Promise<FindingDraft[]> {
  const { report, match } = input;
  const layers = new Map(report.layers.map((layer) => [layer.digest, layer]));
  const places = new LayerPlaces(input);
  const running = input.placements.filter(({ container }) => container.running);
  const placements = placementsOf(running, input.now);
  const common: readonly FactorEvidence[] = [
    ...registryFacts(input.registry),
    ...dataFacts(),
    ...businessFacts(input.tags, input.business),
    ...(running.length === 0 ? noPlacementFacts(input.clustersRead, input.clustersFailed) : []),
  ];
  const affected = workloadsOf(running);
  const internetFacing = running.some(({ workload }) => workload.exposure.class === 'internet');
  const drafts = new Map<string, FindingDraft>();
  // A finding is for all places of a package: one place that is needed to run is enough.
  const neededToRun = new Set(
    report.packages.flatMap((found) => (found.developmentOnly === true ? [] : [keyOf(found)])),
  );
  const turns = new TurnTaker();
  for (const { package: index, vulnerability } of match.matches) {
    const matched = report.packages[index];
    if (matched === undefined) continue;
    await turns.pause();
    const key = keyOf(matched);
    const item = neededToRun.has(key) ? { ...matched, developmentOnly: false } : matched;
    const id = `${vulnerability.id}|${key}|${input.asset.id}`;
    const known = drafts.get(id);
    if (known !== undefined) {
      // The same package at another place in the image: one finding, one more piece of evidence.
      if (item.path !== undefined)
        drafts.set(id, { ...known, evidence: [...known.evidence, { label: 'Path', value: item.path }] });
      continue;
    }
    const base = chooseBaseSeverity(vulnerability.ratings.map(toSeverityRating));
    const source = input.sourceOf(item);
    const facts: FactorEvidence[] = [
      ...exploitFacts(vulnerability, input.now),
      ...fixFacts(vulnerability, vulnerability.ecosystem),
      ...imageFacts({
        report,
        package: item,
        vulnerability,
        ...(input.baseLayers === undefined ? {} : { baseLayers: input.baseLayers }),
        ...(input.baseName === undefined ? {} : { baseName: input.baseName }),
        ...(input.baseIsGuess === undefined ? {} : { baseIsGuess: input.baseIsGuess }),
        ...(source === undefined ? {} : { dockerfileLine: source.line + 1 }),
        ...(input.endOfLife === undefined ? {} : { endOfLife: input.endOfLife }),
      }),
      ...common,
    ];
    const priority: PriorityInput = {
      finding: id,
      kind: 'vulnerability',
      base: { level: base.level, source: base.source, ...(base.other === undefined ? {} : { other: base.other }) },
      ...(base.vector === undefined ? {} : { cvss: base.vector }),
      ...(vulnerability.malicious ? { malicious: true } : {}),
      factors: facts,
      placements,
    };
    const result = evaluateFinding(priority);
    const layer = item.layer === undefined ? undefined : layers.get(item.layer);
    drafts.set(id, {
      id,
      kind: 'vulnerability',
      sourceTool: input.sourceTool,
      check: vulnerability.id,
      title: `${vulnerability.id} ${item.name} ${item.version}`,
      summary: vulnerability.summary ?? `${vulnerability.id} affects ${item.name} ${item.version}.`,
      asset: input.asset,
      ...(input.connectionId === undefined ? {} : { connectionId: input.connectionId }),
      ...(input.subscriptionId === undefined ? {} : { subscriptionId: input.subscriptionId }),
      application: input.application,
      explanation: toExplanation(result),
      result: result.state === 'open' ? 'open' : 'notAffected',
      package: {
        type: item.type,
        name: item.name,
        version: item.version,
        ...(item.purl === undefined ? {} : { purl: item.purl }),
        ...(item.path === undefined ? {} : { path: item.path }),
        ...(item.layer === undefined ? {} : { layer: item.layer }),
        ...(layer?.createdBy === undefined ? {} : { createdBy: layer.createdBy }),
        ...(vulnerability.fixed === undefined ? {} : { fixed: vulnerability.fixed }),
      },
      aliases: vulnerability.aliases,
      knownExploited: vulnerability.kev !== undefined,
      ...(vulnerability.epss === undefined ? {} : { epss: vulnerability.epss.probability }),
      running: running.length > 0,
      internetFacing,
      evidence: [
        ...evidenceOf(item, vulnerability, base, layer?.createdBy),
        ...places.evidence(item.layer, source),
        ...replacedEvidence(item),
      ],
      remediation: [...remediationOf(item, vulnerability, input), ...places.remediation(item.layer)],
      references: vulnerability.references,
      ...(source === undefined ? {} : { source }),
      affected,
    });
  }
  return [...drafts.values()];
}

function keyOf({ type, name, version }: PlacedPackage): string {
  return `${type}/${name}@${version}`;
}

export function toSeverityRating(rating: Vulnerability['ratings'][number]): SeverityRating {
  return {
    origin: rating.origin,
    source: rating.source,
    ...(rating.word === undefined ? {} : { word: rating.word }),
    ...(rating.vector === undefined ? {} : { vector: rating.vector }),
  };
}

/** One placement for each (cluster, workload, container); pods of one workload do not differ. Ids are made to be read. */
function placementsOf(running: readonly ImagePlacement[], now: Date): Placement[] {
  const unique = new Map<string, ImagePlacement>();
  const names = new Map<string, string>();
  for (const placement of running) {
    const { workload, container, clusterName } = placement;
    const key = `${workload.id}/${container.container}`;
    const name = `${clusterName}/${workload.namespace}/${workload.kind}/${workload.name}/${container.container}`;
    // Clusters of one name in two subscriptions: the full id tells them apart.
    const taken = names.get(name);
    const id = taken === undefined || taken === key ? name : key;
    names.set(id, key);
    unique.set(id, placement);
  }
  const clusters = new Set(running.map(({ clusterId }) => clusterId)).size;
  return [...unique].map(([id, placement]) => ({
    id,
    factors: placementFacts(placement, { pods: running.length, clusters }, now),
  }));
}

function workloadsOf(running: readonly ImagePlacement[]): AssetRef[] {
  const out = new Map<string, AssetRef>();
  for (const { workload, clusterName } of running) {
    out.set(workload.id, {
      id: workload.id,
      kind: 'workload',
      name: `${workload.kind}/${workload.name}`,
      path: [clusterName, workload.namespace, `${workload.kind}/${workload.name}`],
    });
  }
  return [...out.values()];
}

function evidenceOf(
  item: PlacedPackage,
  vulnerability: Vulnerability,
  base: BaseSeverity,
  createdBy: string | undefined,
): Evidence[] {
  const out: Evidence[] = [
    {
      label: 'Package',
      value: `${item.name} ${item.version}`,
      ...(vulnerability.fixed === undefined ? {} : { expected: `${vulnerability.fixed} or later` }),
    },
  ];
  if (item.source !== undefined && (item.source.name !== item.name || item.source.version !== item.version)) {
    out.push({ label: 'Source package', value: `${item.source.name} ${item.source.version}` });
  }
  if (item.path !== undefined) out.push({ label: 'Path', value: item.path });
  if (item.declared === true)
    out.push({ label: 'Found', value: 'in a lock file only; the image holds no installed tree' });
  if (item.notFromIndex === true)
    out.push({
      label: 'Origin',
      value: 'a repository, an archive or a folder: it may differ from the published version',
    });
  if (item.layer !== undefined) out.push({ label: 'Layer', value: item.layer });
  if (createdBy !== undefined) out.push({ label: 'Instruction', value: createdBy });
  if (vulnerability.noFix?.kind === 'subscription') {
    const { version, subscription } = vulnerability.noFix;
    out.push({ label: `Fixed with ${subscription}`, value: version });
  }
  out.push({ label: 'Advisory', value: `${vulnerability.advisory} (${vulnerability.ecosystem})` });
  if (base.vector !== undefined)
    out.push({
      label: 'CVSS',
      value: base.score === undefined ? base.vector : `${base.score.toFixed(1)} ${base.vector}`,
    });
  if (vulnerability.kev !== undefined)
    out.push({ label: 'CISA KEV', value: `listed since ${vulnerability.kev.dateAdded}` });
  if (vulnerability.epss !== undefined) {
    out.push({
      label: 'EPSS',
      value: `${vulnerability.epss.probability} (percentile ${vulnerability.epss.percentile}), ${vulnerability.epss.date.slice(0, 10)}`,
    });
  }
  return out;
}

/** An upgrade of what a lower layer had, and a package that went and came back. */
function replacedEvidence({ layer, firstLayer, changedLayer }: PlacedPackage): Evidence[] {
  const out: Evidence[] = [];
  if (firstLayer !== undefined && firstLayer !== (changedLayer ?? layer)) {
    out.push({ label: 'Package since', value: `${firstLayer} (in another version)` });
  }
  if (changedLayer !== undefined) out.push({ label: 'Version since', value: `${changedLayer} (removed in between)` });
  return out;
}

function remediationOf(item: PlacedPackage, vulnerability: Vulnerability, input: ImageFindingsInput): Remediation[] {
  const inBase = item.layer !== undefined && input.baseLayers?.has(item.layer) === true;
  const named = input.baseName === undefined ? '' : ` ${input.baseName}`;
  const where = !inBase
    ? ''
    : input.baseIsGuess === true
      ? ` It seems to come from the base image${named}: rebuild on a newer one.`
      : ` It comes from the base image${named}: rebuild on a newer one.`;
  if (vulnerability.malicious) {
    return [
      {
        kind: 'text',
        text: `Remove ${item.name} ${item.version}: it is listed as malicious. Rotate every secret that the container could read.`,
      },
    ];
  }
  if (vulnerability.fixed === undefined) {
    return [
      {
        kind: 'text',
        text: `${noFixText(item, vulnerability)}${where} Mitigate, or replace the package.`,
      },
    ];
  }
  const out: Remediation[] = [
    { kind: 'text', text: `Update ${item.name} to ${vulnerability.fixed} or later.${where}` },
  ];
  const line = inBase ? undefined : dockerfileLine(item, vulnerability.fixed);
  if (line !== undefined)
    out.push({
      kind: 'dockerfile',
      text: line,
      caution: 'Another version may behave differently: run the tests of the image.',
    });
  return out;
}

/** Why there is no version to go to. */
function noFixText(item: PlacedPackage, { noFix }: Vulnerability): string {
  switch (noFix?.kind) {
    case 'subscription':
      return `Fixed with ${noFix.subscription} alone, in ${noFix.version}: attach the subscription while the image is built, or move to a release that still gets updates.`;
    case 'end-of-life':
      return `${noFix.vendor} has ended its support of ${item.source?.name ?? item.name}: it will not be fixed here.`;
    case 'last-known':
      return `There is no version of ${item.name} that the advisory calls fixed; ${noFix.version} is the last that it knows to be affected.`;
    case undefined:
      return `There is no fixed version of ${item.name} yet.`;
  }
}

/** An instruction that brings the fixed version. */
function dockerfileLine(item: PlacedPackage, fixed: string): string | undefined {
  switch (item.type) {
    case 'deb':
      return `RUN apt-get update && apt-get install -y --no-install-recommends --only-upgrade ${item.name}=${fixed} && rm -rf /var/lib/apt/lists/*`;
    case 'apk':
      return `RUN apk add --no-cache '${item.name}>=${fixed}'`;
    case 'npm':
      return `RUN npm install ${item.name}@${fixed}`;
    default:
      return undefined;
  }
}
