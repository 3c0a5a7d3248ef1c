import * as z from 'zod';
import { ecosystemsNeeded } from '../advisories/ecosystems.ts';
import type { MatchResult } from '../advisories/types.ts';
import { subscriptionOf } from '../azure/resource-id.ts';
import type { Connection } from '../azure/types.ts';
import { TurnTaker, yieldToEventLoop } from '../core/concurrency.ts';
import { TimedOutError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { endOfLife } from '../findings/end-of-life.ts';
import type { RegistryFacts as RegistryContext } from '../findings/facts.ts';
import { findingsOfImage } from '../findings/from-image.ts';
import { findingsOfSecrets } from '../findings/from-secrets.ts';
import { findingOfSystem } from '../findings/from-system.ts';
import type { AssetRef } from '../findings/types.ts';
import { type BaseImage, chainIds, findBaseImage } from '../image/base-image.ts';
import type { ImageSecret } from '../image/secrets/kinds.ts';
import { parsePlatform, formatPlatform } from '../image/manifest.ts';
import { registrySource } from '../image/sources/registry.ts';
import type { ImageReport, PlacedPackage } from '../image/types.ts';
import type { ArmResource, Snapshot } from '../inventory/types.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import type { ScanSummary } from '../report/contract.ts';
import type { AdvisoryKeeper } from './advisory-keeper.ts';
import { applicationOfImage } from './application.ts';
import {
  type BasePart,
  type DockerfileText,
  LinePlaces,
  type LinkedDockerfile,
  type ParsedDockerfile,
  basePart,
  linkDockerfiles,
  parseAll,
  toBuiltImage,
} from './dockerfile-links.ts';
import type { Documents, ImageLink, ImageRecord } from './documents.ts';
import type { Estate } from './estate.ts';
import { type ImageJob, type PlacedImage, type RegistryListing, jobKey, placementsOf } from './image-plan.ts';
import { ScannedImages } from './known-images.ts';
import { matchRequestOf } from './match-request.ts';
import type { ScanPorts } from './ports.ts';

type Problem = ScanSummary['problems'][number];

export interface ImageScannerInput {
  readonly ports: ScanPorts;
  readonly documents: Documents;
  readonly connection: Connection;
  readonly estate: Estate;
  readonly snapshot: Snapshot;
  readonly clusters: readonly ClusterState[];
  readonly clustersFailed: number;
  readonly scanId: string;
  readonly advisories: AdvisoryKeeper;
  readonly dockerfiles: readonly DockerfileText[];
}

const word = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const registryProperties = z.object({
  publicNetworkAccess: word,
  networkRuleSet: z.object({ defaultAction: word }).optional().catch(undefined),
  anonymousPullEnabled: flag,
  adminUserEnabled: flag,
});
const planProperties = z.object({ pricingTier: word });

/** One image that was read in this scan, as far as relating it again needs it. */
interface Done {
  readonly key: string;
  readonly jobs: ImageJob[];
  readonly base: string;
}

/** Reads the images of one connection: packages, advisories, base, Dockerfile, findings. */
export class ImageScanner {
  readonly #input: ImageScannerInput;
  readonly #dockerfiles: readonly ParsedDockerfile[];
  readonly #placements: ReadonlyMap<string, readonly PlacedImage[]>;
  readonly #scanned: ScannedImages;
  /** By key of the platform manifest. */
  readonly #done = new Map<string, Done>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(input: ImageScannerInput) {
    this.#input = input;
    this.#dockerfiles = parseAll(input.dockerfiles);
    this.#placements = Map.groupBy(
      placementsOf(input.clusters).filter(({ digest }) => digest !== undefined),
      ({ host, repository, digest }) => jobKey(host, repository, digest ?? ''),
    );
    this.#scanned = new ScannedImages(input.documents.images());
  }

  /** Ids of the workloads that run a job's digest. */
  workloadsOf(job: ImageJob): string[] {
    return (this.#placements.get(job.key) ?? []).map(({ workload }) => workload.id);
  }

  /** Reads one image and writes its findings. Returns what could not be read of it. Throws when nothing could. */
  async scan(job: ImageJob, signal: AbortSignal): Promise<Problem[]> {
    const settings = this.#input.ports.settings();
    const deadline = AbortSignal.timeout(settings.timeoutMinutes * 60_000);
    const within = AbortSignal.any([signal, deadline]);
    let report: ImageReport;
    try {
      report = await this.#read(job, within);
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) throw error;
      throw new TimedOutError(
        `Cannot finish ${job.repository} within ${settings.timeoutMinutes} minutes`,
        'Raise plimsoll.scan.timeoutMinutes.',
        { cause: error },
      );
    }
    const key = jobKey(job.registry.loginServer, job.repository, report.digest);
    await this.#inTurn(key, async () => {
      const jobs = [...(this.#done.get(key)?.jobs ?? []), job];
      const base = await this.#judge(key, jobs, report, signal);
      this.#done.set(key, { key, jobs, base });
    });
    return report.problems.slice(0, 5).map(({ path, reason }) => ({
      what: `${job.repository}: ${path}`,
      reason,
      nextStep: 'The other packages of the image were read.',
    }));
  }

  /** Jobs of one image, by the digest of its index and by its own, come at once: the later must know of the earlier. */
  async #inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    this.#turns.set(
      key,
      turn.catch(() => undefined),
    );
    await turn;
  }

  async #read(job: ImageJob, signal: AbortSignal): Promise<ImageReport> {
    const { ports, estate } = this.#input;
    const { platform, maxImageSizeMB } = ports.settings();
    const reference = { host: job.registry.loginServer, repository: job.repository, digest: job.digest };
    return ports.reader.read({
      source: registrySource(reference, estate.registry(job.registry)),
      platform: parsePlatform(platform),
      signal,
      maxImageBytes: maxImageSizeMB * 1_000_000,
    });
  }

  /** Writes record and findings; returns what the base was taken to be, to notice when more is known. */
  async #judge(key: string, jobs: readonly ImageJob[], report: ImageReport, signal: AbortSignal): Promise<string> {
    const { ports, documents, connection, clusters, clustersFailed, scanId, snapshot } = this.#input;
    const [first] = jobs;
    if (first === undefined) throw new RangeError('an image has a job');
    const match = await this.#match(report, signal);
    await yieldToEventLoop(); // answers for several images may have come at once
    const placements = this.#placementsOf(key, jobs);
    const workloads = placements.map(({ workload }) => workload);
    const resource = this.#resource(first.registry.id);
    const settings = ports.settings();
    const base = findBaseImage(report, this.#scanned.below(key, report.config.diffIds));
    const baseLayers = new Set(report.layers.slice(0, base?.layerCount ?? 0).map(({ digest }) => digest));
    const part = basePart(report, base, await this.#reportOfBase(key, report, base));
    const built = toBuiltImage(`${first.registry.loginServer}/${first.repository}`, report, part);
    const links = await linkDockerfiles(built, this.#dockerfiles);
    await yieldToEventLoop();
    const candidates = links.map((each) => ({
      ...each,
      places: new LinePlaces(each.dockerfile.uri, each.dockerfile.file, each.link.history, built.steps, each.link.band),
    }));
    // A tie is shown, not guessed: the findings name every Dockerfile that could be meant, and lead to none.
    const places = candidates.length === 1 ? candidates[0]?.places : undefined;
    const tags = [...new Set(jobs.flatMap((job) => job.tags))].sort(compareText);
    const repository = `${first.registry.loginServer}/${first.repository}`;
    const asset: AssetRef = {
      id: `image:${key}`,
      kind: 'image',
      name: `${first.repository}${tags[0] === undefined ? `@${report.digest.slice(7, 19)}` : `:${tags[0]}`}`,
      path: [
        connection.name,
        ...this.#subscriptionName(first.registry.id),
        first.registry.name,
        first.repository,
        tags[0] ?? report.digest.slice(0, 19),
      ],
    };
    const subscription = subscriptionOf(first.registry.id);
    const end = endOfLife(report.os, ports.clock.now().toISOString().slice(0, 10));
    const about = {
      asset,
      sourceTool: 'acr' as const,
      connectionId: connection.id,
      ...(subscription === undefined ? {} : { subscriptionId: subscription }),
      application: applicationOfImage(workloads, resource?.tags, first.repository, settings.applicationTagKeys),
      report,
      placements,
      clustersRead: clusters.length,
      clustersFailed,
      registry: registryContext(first, resource, snapshot),
      tags: [
        ...workloads.map(({ labels }) => ({ where: 'workload', tags: labels })),
        { where: 'registry', tags: resource?.tags ?? (resource === undefined ? undefined : {}) },
      ],
      business: ports.business,
      ...(base === undefined ? {} : { baseLayers }),
      ...(base?.name === undefined ? {} : { baseName: base.name }),
      ...(base === undefined || base.certain ? {} : { baseIsGuess: true }),
      candidatesOf: (item: Pick<PlacedPackage, 'layer'>) =>
        candidates.length < 2
          ? []
          : candidates.map(({ link, dockerfile, places: each }) => {
              const line = each.of(item, baseLayers)?.line;
              return {
                path: dockerfile.path,
                score: link.score,
                signals: link.signals.map(({ text }) => text),
                ...(line === undefined ? {} : { line: line + 1 }),
              };
            }),
      now: ports.clock.now(),
    };
    const drafts = [
      ...(await findingsOfImage({
        ...about,
        match,
        ...(end === undefined ? {} : { endOfLife: end }),
        sourceOf: (item) => places?.of(item, baseLayers),
      })),
      ...(await findingsOfSecrets({
        ...about,
        ...(base === undefined ? { baseEntries: 0 } : part.entries === undefined ? {} : { baseEntries: part.entries }),
        sourceOf: (secret: ImageSecret) =>
          secret.history === undefined ? places?.of(secret, baseLayers) : places?.ofEntry(secret.history),
      })),
      ...(end === undefined ? [] : [findingOfSystem({ ...about, endOfLife: end })]),
    ];
    const within = [
      first.registry.id.toLowerCase(),
      `repository:${repository}`,
      ...new Set(workloads.map(({ id }) => id)),
    ];
    await ports.store.applyResults(`image:${key}`, connection.id, scanId, drafts, (finding) =>
      ports.listItem(finding, within),
    );
    const record = this.#record(report, jobs, match, base, part, links, tags, placements.length);
    documents.putImage(connection.id, key, record);
    this.#scanned.add(key, record);
    return baseText(base);
  }

  #record(
    report: ImageReport,
    jobs: readonly ImageJob[],
    match: MatchResult,
    base: BaseImage | undefined,
    part: BasePart,
    links: readonly LinkedDockerfile[],
    tags: readonly string[],
    running: number,
  ): ImageRecord {
    const [first] = jobs;
    return {
      registryId: first?.registry.id ?? '',
      host: first?.registry.loginServer ?? '',
      repository: first?.repository ?? '',
      digest: report.digest,
      asked: [...new Set(jobs.map(({ digest }) => digest))],
      tags,
      running,
      scannedAt: this.#input.ports.clock.now().toISOString(),
      platform: formatPlatform(report.platform),
      ...(report.os === undefined ? {} : { os: report.os.name ?? `${report.os.id} ${report.os.version ?? ''}`.trim() }),
      packages: report.packages.length,
      diffIds: report.config.diffIds,
      coverage: match.coverage,
      problems: report.problems.slice(0, 50),
      ...(base === undefined
        ? {}
        : {
            base: {
              layers: base.layerCount,
              certain: base.certain,
              ...(part.entries === undefined ? {} : { entries: part.entries }),
              ...(base.name === undefined ? {} : { name: base.name }),
            },
          }),
      links: links.map(({ link, dockerfile }) => ({
        uri: dockerfile.uri,
        path: link.path,
        score: link.score,
        band: link.band as ImageLink['band'],
        signals: link.signals.map(({ text }) => text),
      })),
    };
  }

  /** What is kept of the base, when it was read in this or an earlier scan. */
  async #reportOfBase(key: string, report: ImageReport, base: BaseImage | undefined): Promise<ImageReport | undefined> {
    const { diffIds } = report.config;
    const top = chainIds(diffIds.slice(0, base?.layerCount ?? 0)).at(-1);
    const digest = top === undefined ? undefined : this.#scanned.below(key, diffIds).byChainId(top)?.digest;
    return digest === undefined ? undefined : this.#input.ports.store.getImage(digest);
  }

  async #match(report: ImageReport, signal: AbortSignal): Promise<MatchResult> {
    const { ports, advisories } = this.#input;
    const types = new Set(report.packages.map(({ type }) => type));
    await advisories.ensure(ecosystemsNeeded(report.os?.ecosystem, types), signal);
    return ports.match(matchRequestOf(report), signal);
  }

  /** Containers that run the image under any of the digests that it is known by. */
  #placementsOf(key: string, jobs: readonly ImageJob[]): PlacedImage[] {
    const keys = new Set([key, ...jobs.map((job) => job.key)]);
    return [...keys].flatMap((each) => this.#placements.get(each) ?? []);
  }

  /**
   * Judges those images again whose base is known better now than when they were read: bases may be read after the
   * images that stand on them.
   */
  async relate(signal: AbortSignal): Promise<void> {
    const turns = new TurnTaker();
    for (const done of [...this.#done.values()]) {
      await turns.pause();
      signal.throwIfAborted();
      const report = await this.#input.ports.store.getImage(digestOf(done.key));
      if (report === undefined) continue;
      const base = findBaseImage(report, this.#scanned.below(done.key, report.config.diffIds));
      if (baseText(base) === done.base) continue;
      this.#done.set(done.key, { ...done, base: await this.#judge(done.key, done.jobs, report, signal) });
    }
  }

  /** Findings of images that no listed registry has any more become fixed. Only for registries that were listed whole. */
  async forgetGone(listings: readonly RegistryListing[], signal: AbortSignal): Promise<void> {
    const { ports, documents, connection, scanId } = this.#input;
    for (const { registry, images, complete } of listings) {
      if (!complete) continue;
      const there = new Set(images.map(({ repository, digest }) => jobKey(registry.loginServer, repository, digest)));
      for (const { key, record } of documents.images(connection.id)) {
        signal.throwIfAborted();
        if (record.host !== registry.loginServer || this.#done.has(key)) continue;
        const listed = record.asked.some((digest) => there.has(jobKey(record.host, record.repository, digest)));
        if (listed || there.has(key)) continue;
        await ports.store.applyResults(`image:${key}`, connection.id, scanId, [], (finding) =>
          ports.listItem(finding, []),
        );
        documents.removeImage(key);
      }
    }
  }

  #resource(id: string): ArmResource | undefined {
    return this.#input.snapshot.resources.find((resource) => resource.id.toLowerCase() === id.toLowerCase());
  }

  #subscriptionName(id: string): string[] {
    const own = subscriptionOf(id);
    const found = this.#input.snapshot.subscriptions.find((each) => subscriptionOf(each.id) === own);
    return found === undefined ? [] : [found.displayName];
  }
}

function digestOf(key: string): string {
  return key.slice(key.indexOf('@') + 1);
}

function baseText(base: BaseImage | undefined): string {
  return base === undefined ? '' : `${base.layerCount} ${base.name ?? ''} ${base.evidence}`;
}

/** What the registry resource and the plan of its subscription say. Absent properties are the service's defaults. */
function registryContext(
  { registry }: ImageJob,
  resource: ArmResource | undefined,
  snapshot: Snapshot,
): RegistryContext {
  const properties = registryProperties.safeParse(resource?.properties);
  if (!properties.success) return { name: registry.name };
  const { publicNetworkAccess, networkRuleSet, anonymousPullEnabled, adminUserEnabled } = properties.data;
  const planId = `/subscriptions/${subscriptionOf(registry.id) ?? ''}/providers/microsoft.security/pricings/containers`;
  const plan = planProperties.safeParse(snapshot.resources.find(({ id }) => id.toLowerCase() === planId)?.properties);
  return {
    name: registry.name,
    publicNetwork: !isWord(publicNetworkAccess, 'Disabled') && !isWord(networkRuleSet?.defaultAction, 'Deny'),
    anonymousPull: anonymousPullEnabled === true,
    adminUser: adminUserEnabled === true,
    ...(plan.success ? { defenderOff: !isWord(plan.data.pricingTier, 'Standard') } : {}),
  };
}

function isWord(value: string | undefined, word: string): boolean {
  return value?.toLowerCase() === word.toLowerCase();
}
