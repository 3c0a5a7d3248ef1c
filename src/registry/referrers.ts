import * as z from 'zod';
import { NotFoundError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { RegistryClient } from './client.ts';
import { mediaTypes } from './media-types.ts';

/** Something in a registry that is about an image: a signature, an attestation, an SBOM. */
export interface Referrer {
  readonly digest: string;
  readonly mediaType: string;
  /** What it is, as a media type; empty when nothing tells. */
  readonly artifactType: string;
  /** Of the manifest, in bytes. */
  readonly size: number;
  /** By its `subject`, by a tag made from the image's digest, or as an entry of the image's own index. */
  readonly foundBy: 'referrers' | 'tag' | 'index';
}

export interface Referrers {
  readonly found: readonly Referrer[];
  /** How many more there are, or may be. */
  readonly omitted: number;
}

/** Most that are listed for one digest. */
export const maxReferrers = 100;

/** Tags that cosign makes from a digest: signature, attestations, SBOM. sigstore/cosign, "Signature Specification", "Tag-based discovery". */
const cosignSuffixes = ['.sig', '.att', '.sbom'] as const;

const text = z.string().optional().catch(undefined);
const manifestHead = z.object({
  artifactType: text,
  config: z.object({ mediaType: text }).optional().catch(undefined),
  layers: z
    .array(z.object({ mediaType: text }))
    .optional()
    .catch(undefined),
  subject: z.object({ digest: text }).optional().catch(undefined),
});

/** What a manifest says about itself as an artifact. */
export interface ArtifactFacts {
  /** Its own word, else the type of its config, else that of its first layer; empty for none. */
  readonly artifactType: string;
  /** Digest of the manifest that it is about. */
  readonly subject?: string;
}

/** Never throws: a manifest that cannot be read tells nothing. OCI image-spec v1.1, "manifest.md", "Guidelines for Artifact Usage". */
export function readArtifact(bytes: Uint8Array): ArtifactFacts {
  let document: unknown;
  try {
    document = parseJson(Buffer.from(bytes).toString('utf8'), 'a manifest', { maxDepth: 50 });
  } catch {
    return { artifactType: '' };
  }
  const parsed = manifestHead.safeParse(document);
  if (!parsed.success) return { artifactType: '' };
  const subject = parsed.data.subject?.digest;
  return { artifactType: typeOf(parsed.data), ...(subject === undefined ? {} : { subject }) };
}

function typeOf({ artifactType = '', config, layers }: z.infer<typeof manifestHead>): string {
  if (artifactType !== '') return artifactType;
  const configType = config?.mediaType ?? '';
  const isImage = configType === mediaTypes.ociConfig || configType === mediaTypes.dockerConfig;
  if (!isImage && configType !== '' && configType !== 'application/vnd.oci.empty.v1+json') return configType;
  return layers?.[0]?.mediaType ?? '';
}

/**
 * Lists what a registry holds about a manifest: over the referrers API or its fallback tag, and under the tags of cosign.
 * Throws what the client throws.
 */
export async function listReferrers(
  client: RegistryClient,
  repository: string,
  digest: string,
  signal: AbortSignal,
): Promise<Referrers> {
  const listed = await client.referrers(repository, digest, signal);
  const found: Referrer[] = listed.slice(0, maxReferrers).map((entry) => ({
    digest: entry.digest,
    mediaType: entry.mediaType,
    artifactType: entry.artifactType ?? '',
    size: entry.size,
    foundBy: 'referrers',
  }));
  for (const suffix of cosignSuffixes) {
    try {
      const { descriptor, bytes } = await client.manifest(repository, digest.replace(':', '-') + suffix, signal);
      found.push({
        digest: descriptor.digest,
        mediaType: descriptor.mediaType,
        artifactType: readArtifact(bytes).artifactType,
        size: descriptor.size,
        foundBy: 'tag',
      });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  return { found, omitted: Math.max(0, listed.length - maxReferrers) };
}
