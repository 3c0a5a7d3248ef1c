import { createHash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { isDigest } from '../registry/reference.ts';
import { normaliseEntry } from './history.ts';
import type { ImageConfig } from './types.ts';

/** OCI image-spec v1.1, "annotations.md". */
const baseNameKey = 'org.opencontainers.image.base.name';
const baseDigestKey = 'org.opencontainers.image.base.digest';
const buildpacksKey = 'io.buildpacks.lifecycle.metadata';

/** An image that was read before. */
export interface KnownImage {
  /** As a person would write it, such as `registry.example/base/node:20`. */
  readonly name: string;
  readonly digest?: string;
}

/** What is known of other images: those scanned, tags of the registry, bases named in Dockerfiles. */
export interface KnownImages {
  /** The image whose layers together have this chain id. */
  byChainId(chainId: string): KnownImage | undefined;
  /** Diff ids of an image by its name or digest, lowest first. */
  diffIds(nameOrDigest: string): readonly string[] | undefined;
}

export interface BaseImage {
  /** Layers from the lowest up that belong to the base. */
  readonly layerCount: number;
  readonly name?: string;
  readonly digest?: string;
  readonly evidence: 'label' | 'buildpacks' | 'layers' | 'history';
  /** False: a guess from the order of instructions. */
  readonly certain: boolean;
}

/** Chain ids of the layers, lowest first: each names all layers up to its own. OCI image-spec v1.1, "config.md", "Layer ChainID". */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(
      below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    );
  }
  return chain;
}

/** The base that annotations or labels name, without any proof: children inherit the labels of their base. */
export function claimedBase(
  config: ImageConfig,
  annotations: Readonly<Record<string, string>>,
): { readonly name?: string; readonly digest?: string } | undefined {
  for (const source of [annotations, config.labels]) {
    const name = source[baseNameKey];
    const digest = source[baseDigestKey];
    const usable = digest !== undefined && isDigest(digest) ? digest : undefined;
    if (name === undefined && usable === undefined) continue;
    return { ...(name === undefined ? {} : { name }), ...(usable === undefined ? {} : { digest: usable }) };
  }
  return undefined;
}

/**
 * The base image, best evidence first: labels whose image really lies below, the metadata of buildpacks, the longest run of
 * layers that another image has, and last the order of instructions in the history. Undefined when nothing tells.
 */
export function findBaseImage(
  image: { readonly config: ImageConfig; readonly annotations: Readonly<Record<string, string>> },
  known: KnownImages,
): BaseImage | undefined {
  const { config, annotations } = image;
  return byLabel(config, annotations, known) ?? byBuildpacks(config) ?? byLayers(config, known) ?? byHistory(config);
}

function byLabel(
  config: ImageConfig,
  annotations: Readonly<Record<string, string>>,
  known: KnownImages,
): BaseImage | undefined {
  const claim = claimedBase(config, annotations);
  if (claim === undefined) return undefined;
  for (const key of [claim.digest, claim.name]) {
    const below = key === undefined ? undefined : known.diffIds(key);
    if (below === undefined || below.length === 0 || below.length > config.diffIds.length) continue;
    if (!below.every((diffId, index) => diffId === config.diffIds[index])) continue;
    return { ...claim, layerCount: below.length, evidence: 'label', certain: true };
  }
  return undefined;
}

/** Cloud Native Buildpacks, "Platform Interface Specification", "io.buildpacks.lifecycle.metadata". */
const lifecycleMetadata = z.object({
  runImage: z.object({
    topLayer: z.string(),
    reference: z.string().optional().catch(undefined),
    image: z.string().optional().catch(undefined),
  }),
});

function byBuildpacks(config: ImageConfig): BaseImage | undefined {
  const label = config.labels[buildpacksKey];
  if (label === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJson(label, buildpacksKey);
  } catch {
    return undefined; // no evidence; other ways follow
  }
  const parsed = lifecycleMetadata.safeParse(value);
  if (!parsed.success) return undefined;
  const { topLayer, reference, image } = parsed.data.runImage;
  const index = config.diffIds.indexOf(topLayer);
  if (index < 0) return undefined;
  const digest = reference?.split('@')[1];
  const name = image ?? reference?.split('@')[0];
  return {
    layerCount: index + 1,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(digest !== undefined && isDigest(digest) ? { digest } : {}),
    evidence: 'buildpacks',
    certain: true,
  };
}

function byLayers(config: ImageConfig, known: KnownImages): BaseImage | undefined {
  const chain = chainIds(config.diffIds);
  // An image with all of these layers may be the base of one that only sets its configuration: the caller leaves out the
  // image itself from what it knows.
  for (let count = chain.length; count > 0; count--) {
    const found = known.byChainId(chain[count - 1] ?? '');
    if (found !== undefined) return { ...found, layerCount: count, evidence: 'layers', certain: true };
  }
  return undefined;
}

/**
 * Images end with the CMD or ENTRYPOINT that their Dockerfile set: below the last layer, the next such entry from the top is
 * the end of the base. Wrong for bases without either and for Dockerfiles with one in the middle.
 */
function byHistory(config: ImageConfig): BaseImage | undefined {
  const { history, diffIds } = config;
  const filled = history.filter((entry) => !entry.emptyLayer).length;
  if (filled !== diffIds.length) return undefined;
  let at = history.length - 1;
  while (at >= 0 && history[at]?.emptyLayer === true) at--;
  for (; at >= 0; at--) {
    const entry = history[at];
    if (entry?.emptyLayer !== true) continue;
    const { instruction } = normaliseEntry(entry);
    if (instruction !== 'CMD' && instruction !== 'ENTRYPOINT') continue;
    const layerCount = history.slice(0, at + 1).filter((below) => !below.emptyLayer).length;
    return layerCount === 0 ? undefined : { layerCount, evidence: 'history', certain: false };
  }
  return undefined;
}
