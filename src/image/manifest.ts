import * as z from 'zod';
import { BadInputError, DamagedError, LimitExceededError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { mediaTypes } from '../registry/media-types.ts';
import { isDigest } from '../registry/reference.ts';
import type { Descriptor, Platform } from '../registry/types.ts';

/** More layers than any runtime mounts. */
export const maxLayers = 1000;
/** More platforms than any image has. */
const maxPlatforms = 1000;

export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** Something that is kept in a registry and is no image: a signature, an SBOM, a Helm chart. */
export class NotAnImageError extends BadInputError {
  /** Media type that says what it is. */
  readonly artifactType: string;

  constructor(message: string, nextStep: string, artifactType: string) {
    super(message, nextStep);
    this.artifactType = artifactType;
  }
}

const strings = z.record(z.string(), z.string()).nullish().catch(undefined);
const text = z.string().optional().catch(undefined);
const platform = z.object({ os: z.string(), architecture: z.string(), variant: text }).nullish().catch(undefined);
/** OCI image-spec v1.1, "descriptor.md"; Docker image manifest version 2, schema 2. */
const descriptor = z.object({
  mediaType: z.string().catch(''),
  digest: z.string().refine(isDigest, 'is no sha256 digest'),
  size: z.number().int().nonnegative(),
  platform,
  annotations: strings,
  urls: z.array(z.string()).nullish().catch(undefined),
  artifactType: text,
});
const head = z.object({
  schemaVersion: z.number().optional().catch(undefined),
  mediaType: text,
  artifactType: text,
  annotations: strings,
  manifests: z.unknown().optional(),
  layers: z.unknown().optional(),
  fsLayers: z.unknown().optional(),
  config: z.unknown().optional(),
});

const imageConfigs: ReadonlySet<string> = new Set([mediaTypes.ociConfig, mediaTypes.dockerConfig]);

/** What the common artifacts are called, by the beginning of their media types. */
const artifactNames: readonly (readonly [string, string])[] = [
  ['application/vnd.cncf.helm.', 'a Helm chart'],
  ['application/vnd.cncf.notary.', 'a signature'],
  ['application/vnd.dev.cosign.', 'a signature'],
  ['application/vnd.dev.sigstore.', 'a signature'],
  ['application/vnd.in-toto', 'an attestation'],
  ['application/spdx', 'an SBOM'],
  ['text/spdx', 'an SBOM'],
  ['application/vnd.cyclonedx', 'an SBOM'],
  ['application/vnd.wasm.', 'a WebAssembly module'],
  ['application/wasm', 'a WebAssembly module'],
  ['application/vnd.oci.empty', 'an artifact'],
];

/**
 * Reads a manifest or an index. `mediaType` is what came with it; what the document says of itself goes before.
 * Throws NotAnImageError for artifacts, BadInputError for Docker's schema 1, DamagedError, LimitExceededError.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string, what: string): ImageManifest | ImageIndex {
  const json = parseJson(Buffer.from(bytes).toString('utf8'), `manifest ${what}`, { maxDepth: 50 });
  const parsed = head.safeParse(json);
  if (!parsed.success) throw damaged(what, 'it is no JSON object');
  const document = parsed.data;
  const type = document.mediaType ?? mediaType;
  if (document.schemaVersion === 1 || document.fsLayers !== undefined) {
    throw new BadInputError(
      `Cannot read image ${what}: it has a manifest of Docker's schema 1`,
      'Pull it with a current Docker and push it again.',
    );
  }
  if (document.manifests !== undefined && (document.layers !== undefined || document.config !== undefined)) {
    throw damaged(what, 'it claims to be an index and an image at once');
  }
  const annotations = document.annotations ?? {};
  if (document.manifests !== undefined) {
    const manifests = list(document.manifests, 'manifests', maxPlatforms, what);
    return { kind: 'index', mediaType: type === '' ? mediaTypes.ociIndex : type, manifests, annotations };
  }
  const artifactType = document.artifactType ?? '';
  if (artifactType !== '' || type === mediaTypes.ociArtifact)
    throw notAnImage(what, artifactType === '' ? type : artifactType);
  if (document.config === undefined) throw damaged(what, 'it names no config');
  const config = readDescriptor(document.config, 'config', what);
  if (!imageConfigs.has(config.mediaType)) throw notAnImage(what, config.mediaType);
  const layers = list(document.layers ?? [], 'layers', maxLayers, what);
  return { kind: 'image', mediaType: type === '' ? mediaTypes.ociManifest : type, config, layers, annotations };
}

function list(value: unknown, name: string, max: number, what: string): Descriptor[] {
  if (!Array.isArray(value)) throw damaged(what, `"${name}" is no list`);
  if (value.length > max) {
    throw new LimitExceededError(
      `Cannot read image ${what}: it has ${value.length} ${name}, more than ${max}`,
      'Report the image if it is genuine.',
    );
  }
  return value.map((entry, index) => readDescriptor(entry, `${name}.${index}`, what));
}

function readDescriptor(value: unknown, name: string, what: string): Descriptor {
  const parsed = descriptor.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(what, `"${[name, ...(issue?.path ?? [])].join('.')}" ${issue?.message ?? 'has an unknown form'}`);
  }
  const found = parsed.data;
  return {
    mediaType: found.mediaType,
    digest: found.digest,
    size: found.size,
    ...(found.platform ? { platform: readPlatform(found.platform) } : {}),
    ...(found.annotations ? { annotations: found.annotations } : {}),
    ...(found.urls ? { urls: found.urls } : {}),
    ...(found.artifactType === undefined ? {} : { artifactType: found.artifactType }),
  };
}

function readPlatform(value: { os: string; architecture: string; variant?: string | undefined }): Platform {
  const { os, architecture, variant } = value;
  return { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
}

function damaged(what: string, reason: string): DamagedError {
  return new DamagedError(`Cannot read manifest ${what}: ${reason}`, 'Push the image again.');
}

function notAnImage(what: string, type: string): NotAnImageError {
  const name = artifactNames.find(([beginning]) => type.startsWith(beginning))?.[1] ?? 'an artifact';
  return new NotAnImageError(
    `Cannot scan ${what}: it is ${name} (${type === '' ? 'without a type' : type}), not a container image`,
    'Choose an image; artifacts hold no packages.',
    type,
  );
}

/** `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Reads `os/architecture[/variant]`. Throws BadInputError. */
export function parsePlatform(value: string): Platform {
  const found = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(value);
  if (found === null) {
    throw new BadInputError(
      `Cannot read platform "${value.slice(0, 100)}"`,
      'Write it as os/architecture, such as linux/amd64 or linux/arm64.',
    );
  }
  const [, os = '', architecture = '', variant] = found;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Variants that say nothing beyond the architecture. OCI image-spec v1.1, "image-index.md", "Platform Variants". */
const impliedVariants: ReadonlyMap<string, string> = new Map([
  ['arm64', 'v8'],
  ['arm', 'v7'],
  ['amd64', 'v1'],
]);

/** True for entries that are about an image and not one: provenance and SBOMs of BuildKit, artifacts. */
export function isBesideImages(entry: Descriptor): boolean {
  const annotated = entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
  const unknown = entry.platform?.os === 'unknown' && entry.platform.architecture === 'unknown';
  return annotated || unknown || (entry.artifactType !== undefined && entry.artifactType !== '');
}

/**
 * The member of an index for a platform. Without a wish: the only one, else linux/amd64, else the first for Linux, else the
 * first. Throws BadInputError that lists what there is.
 */
export function choosePlatform(index: ImageIndex, wish: Platform | undefined, what: string): Descriptor {
  const images = index.manifests.filter((entry) => !isBesideImages(entry));
  const [first] = images;
  if (first === undefined) {
    throw new BadInputError(`Cannot scan ${what}: its index lists no image`, 'Choose another tag.');
  }
  if (wish !== undefined) {
    const fitting = images.filter((entry) => fitsPlatform(entry.platform, wish));
    const exact = fitting.find((entry) => entry.platform?.variant === wish.variant) ?? fitting[0];
    if (exact !== undefined) return exact;
    if (images.length === 1 && (first.platform === undefined || isIndexType(first.mediaType))) return first;
    const there = images.map((entry) => (entry.platform === undefined ? 'unnamed' : formatPlatform(entry.platform)));
    throw new BadInputError(
      `Cannot scan ${what} for ${formatPlatform(wish)}: there is ${[...new Set(there)].slice(0, 20).join(', ')}`,
      'Choose one of these platforms.',
    );
  }
  if (images.length === 1) return first;
  return (
    images.find((entry) => fitsPlatform(entry.platform, { os: 'linux', architecture: 'amd64' })) ??
    images.find((entry) => entry.platform?.os === 'linux') ??
    first
  );
}

/** True when an image for `platformOf` is what `wish` asks for. */
export function fitsPlatform(platformOf: Platform | undefined, wish: Platform): boolean {
  if (platformOf?.os !== wish.os || platformOf.architecture !== wish.architecture) return false;
  if (wish.variant === undefined) return true;
  return (platformOf.variant ?? impliedVariants.get(wish.architecture)) === wish.variant;
}

function isIndexType(type: string): boolean {
  return type === mediaTypes.ociIndex || type === mediaTypes.dockerList;
}
