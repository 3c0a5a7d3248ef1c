import type { RegistryClient } from '../registry/client.ts';
import type { ManifestAttributes } from '../registry/listing.ts';
import { mediaTypes } from '../registry/media-types.ts';

const imageConfigs: ReadonlySet<string> = new Set([mediaTypes.ociConfig, mediaTypes.dockerConfig]);
const indexes: ReadonlySet<string> = new Set([mediaTypes.ociIndex, mediaTypes.dockerList]);

/** The beginning of a list that may go on. */
export interface Listing<T> {
  readonly items: readonly T[];
  /** False when there are more than were asked for. */
  readonly complete: boolean;
}

/** An image of a repository as a registry lists it: one for each tag, and one for each manifest without tag. */
export interface ListedImage {
  readonly repository: string;
  readonly tag?: string;
  readonly digest: string;
  /** ISO time, as the registry wrote it. */
  readonly updatedAt?: string;
  readonly sizeBytes?: number;
  /** `linux/amd64`; absent for an index and where the registry does not tell. */
  readonly platform?: string;
  readonly isIndex: boolean;
  /** False for what is no image by its media types: charts, signatures, bills of materials. */
  readonly isImage: boolean;
  /** Locked against pulls. */
  readonly locked: boolean;
}

/** Repository names in the registry's order. Throws what the client throws; AccessDeniedError when the catalog is closed. */
export async function listRepositories(
  client: RegistryClient,
  limit: number,
  signal: AbortSignal,
): Promise<Listing<string>> {
  return take(client.repositories(signal), limit);
}

/**
 * Images of a repository, newest first. Members of an index that have no tag of their own are left out: they are parts
 * of it. Throws what the client throws.
 */
export async function listImages(
  client: RegistryClient,
  repository: string,
  limit: number,
  signal: AbortSignal,
): Promise<Listing<ListedImage>> {
  const { items: manifests, complete } = await take(client.manifests(repository, signal), limit);
  const members = new Set(manifests.flatMap(({ references }) => references.map(({ digest }) => digest)));
  const items = manifests.flatMap((manifest): ListedImage[] => {
    if (manifest.tags.length === 0) return members.has(manifest.digest) ? [] : [describe(repository, manifest)];
    return manifest.tags.map((tag) => ({ ...describe(repository, manifest), tag }));
  });
  return { items, complete };
}

function describe(repository: string, manifest: ManifestAttributes): ListedImage {
  const { digest, lastUpdateTime, sizeBytes, os, architecture } = manifest;
  const isIndex = manifest.references.length > 0 || indexes.has(manifest.mediaType ?? '');
  return {
    repository,
    digest,
    ...(lastUpdateTime === undefined ? {} : { updatedAt: lastUpdateTime }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(isIndex || os === undefined || architecture === undefined ? {} : { platform: `${os}/${architecture}` }),
    isIndex,
    isImage: isIndex || manifest.configMediaType === undefined || imageConfigs.has(manifest.configMediaType),
    locked: manifest.readEnabled === false,
  };
}

async function take<T>(source: AsyncIterable<T>, limit: number): Promise<Listing<T>> {
  const items: T[] = [];
  for await (const item of source) {
    if (items.length >= limit) return { items, complete: false };
    items.push(item);
  }
  return { items, complete: true };
}
