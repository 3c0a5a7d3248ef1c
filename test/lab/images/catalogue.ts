// What is known of the images once they are built.
import path from 'node:path';
import { z } from 'zod';

/** The folder that the lab opens in the editor. */
export const WORKSPACE = path.resolve(import.meta.dirname, '../workspace');

/** The name that the sample Dockerfiles give their registry; the lab's own addresses change with its ports. */
export const SAMPLE_REGISTRY = 'harbour.azurecr.example';

const REGISTRY_NAMES = ['good', 'admin', 'acronly', 'firewall'] as const;

const BuiltImage = z.object({
  registry: z.enum(REGISTRY_NAMES),
  /** Repository names are unique over all registries, and are those in the storage folder. */
  repository: z.string(),
  /** The first tag that still names this image; empty for one that lost its tags. */
  tag: z.string(),
  tags: z.array(z.string()),
  /** Digest of the image manifest, of linux/amd64 where there are several. */
  digest: z.string(),
  mediaType: z.string(),
  indexDigest: z.string().optional(),
  /** Digests of all platforms' image manifests, amd64 first. */
  platformDigests: z.array(z.string()).optional(),
  /** Path in the sample workspace. */
  dockerfile: z.string().optional(),
  sizeBytes: z.number(),
  configDigest: z.string(),
  createdAt: z.string(),
  layers: z.array(z.object({ digest: z.string(), diffId: z.string(), createdBy: z.string() })),
});

const Artifact = z.object({
  registry: z.enum(REGISTRY_NAMES),
  repository: z.string(),
  digest: z.string(),
  artifactType: z.string(),
  subject: z.string(),
});

/** The file `images.json`, written last. */
export const Catalogue = z.object({
  available: z.boolean(),
  reason: z.string().optional(),
  images: z.array(BuiltImage),
  artifacts: z.array(Artifact),
});

export type BuiltImage = z.infer<typeof BuiltImage>;

export interface BuiltImages {
  /** False when only the hand-made images are there; `reason` says what this machine lacks. */
  readonly available: boolean;
  readonly reason?: string | undefined;
  /** `rootdirectory` of the registry's file system driver. */
  readonly registryStorage: string;
  /** A file an image, named by `truthFile`: what dpkg, apk and npm say is inside. */
  readonly truthFolder: string;
  readonly images: readonly BuiltImage[];
  /** Manifests that refer to images: signatures. */
  readonly artifacts: readonly z.infer<typeof Artifact>[];
}
