import type { RegistryFacts } from '../azure/registry-facts.ts';
import { compareText } from '../core/order.ts';
import type { ImagePlacement } from '../findings/facts.ts';
import type { ListedImage } from '../inventory/registry-tree.ts';
import type { SkippedImage } from './documents.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import { parseReference } from '../registry/reference.ts';

/** One digest of one repository that is to be read. */
export interface ImageJob {
  /** `<host>/<repository>@<digest>` */
  readonly key: string;
  readonly registry: RegistryFacts;
  readonly repository: string;
  /** As it was found: of an index, or of a manifest. */
  readonly digest: string;
  readonly tags: readonly string[];
  readonly running: boolean;
}

export interface RegistryListing {
  readonly registry: RegistryFacts;
  readonly images: readonly ListedImage[];
  /** False when some repositories or images could not be listed. */
  readonly complete: boolean;
}

export interface ImagePlan {
  /** Running digests first, then tags that move, then the rest. */
  readonly jobs: readonly ImageJob[];
  /** What will not be read, and why. */
  readonly skipped: readonly SkippedImage[];
}

/** Which images a scan reads, in which order. Pure. `known` are keys of earlier scans that are kept up to date. */
export function planImages(
  mode: 'running' | 'runningAndLatest' | 'all',
  listings: readonly RegistryListing[],
  clusters: readonly ClusterState[],
  known: ReadonlySet<string>,
): ImagePlan {
  const jobs = new Map<string, { job: ImageJob; rank: number }>();
  const skipped = new Map<string, string>();
  const byHost = new Map(listings.map((listing) => [listing.registry.loginServer, listing]));
  const tagsOf = new Map<string, string[]>();
  for (const { registry, images } of listings) {
    for (const { repository, digest, tag } of images) {
      if (tag === undefined) continue;
      const key = jobKey(registry.loginServer, repository, digest);
      tagsOf.set(key, [...(tagsOf.get(key) ?? []), tag]);
    }
  }
  const add = (registry: RegistryFacts, repository: string, digest: string, rank: number): void => {
    const key = jobKey(registry.loginServer, repository, digest);
    const there = jobs.get(key);
    if (there !== undefined && there.rank <= rank) return;
    const job: ImageJob = {
      key,
      registry,
      repository,
      digest,
      tags: (tagsOf.get(key) ?? []).sort(compareText),
      running: rank === 0,
    };
    jobs.set(key, { job, rank });
  };

  for (const placement of placementsOf(clusters)) {
    const { host, repository, digest } = placement;
    if (digest === undefined) {
      skipped.set(`${host}/${repository}`, 'the container has not started, so its digest is not known');
      continue;
    }
    const listing = byHost.get(host);
    if (listing === undefined) skipped.set(`${host}/${repository}`, `the registry ${host} is not connected`);
    else add(listing.registry, repository, digest, 0);
  }
  if (mode !== 'running') {
    for (const { registry, images } of listings) {
      for (const image of images) {
        const key = jobKey(registry.loginServer, image.repository, image.digest);
        if (!image.isImage) {
          if (mode === 'all') skipped.set(key, 'it is no image (a chart, signature or bill of materials)');
          continue;
        }
        if (image.locked) {
          skipped.set(key, 'it is locked against pulls');
          continue;
        }
        const newest = newestOf(images, image.repository);
        const moving = image.tag === 'latest' || newest === image.digest;
        if (mode === 'all' || moving || known.has(key)) add(registry, image.repository, image.digest, moving ? 1 : 2);
      }
    }
  }
  return {
    jobs: [...jobs.values()].sort((a, b) => a.rank - b.rank || compareText(a.job.key, b.job.key)).map(({ job }) => job),
    skipped: [...skipped].map(([what, reason]) => ({ what, reason })),
  };
}

/** Digest of the newest tagged image of a repository; lists come newest first. */
function newestOf(images: readonly ListedImage[], repository: string): string | undefined {
  return images.find((image) => image.repository === repository && image.tag !== undefined && image.isImage)?.digest;
}

export function jobKey(host: string, repository: string, digest: string): string {
  return `${host.toLowerCase()}/${repository}@${digest}`;
}

export interface PlacedImage extends ImagePlacement {
  readonly host: string;
  readonly repository: string;
  readonly digest: string | undefined;
}

/** Every container of every workload with the image that it runs. Pods of init containers that ended count as not running. */
export function placementsOf(clusters: readonly ClusterState[]): PlacedImage[] {
  const out: PlacedImage[] = [];
  for (const cluster of clusters) {
    for (const workload of cluster.workloads) {
      for (const container of workload.containers) {
        const reference = readReference(container.image);
        if (reference === undefined) continue;
        out.push({
          ...reference,
          digest: container.digest ?? reference.digest,
          clusterId: cluster.clusterId,
          clusterName: cluster.clusterName,
          readAt: cluster.readAt,
          workload,
          container,
        });
      }
    }
  }
  return out;
}

/** Images of pods are text from outside: what is no reference is left out. */
function readReference(
  image: string,
): { readonly host: string; readonly repository: string; readonly digest: string | undefined } | undefined {
  try {
    const { host, repository, digest } = parseReference(image);
    return { host, repository, digest };
  } catch {
    return undefined;
  }
}
