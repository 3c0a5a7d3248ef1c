// Image configurations, manifests and indexes of one built image, in OCI and in Docker form.
// OCI image-spec v1.1; Docker "Image Manifest Version 2, Schema 2".
import type { Blob, BlobStore, Compression, LayerBlob } from './blobs.ts';

export interface HistoryEntry {
  readonly created: string;
  readonly created_by: string;
  readonly comment?: string;
  readonly empty_layer?: true;
}

/** The `config` member of an image configuration. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  Healthcheck?: { Test: string[]; Interval?: number; Timeout?: number };
}

export type Dialect = 'oci' | 'docker';

export interface StoredManifest extends Blob {
  readonly mediaType: string;
  /** Blobs that must be in the repository before the manifest. */
  readonly blobs: readonly Blob[];
  /** Manifests that must be there before it; empty but for an index. */
  readonly manifests: readonly StoredManifest[];
}

export interface StoredImage extends StoredManifest {
  readonly configDigest: string;
  /** Compressed sizes of the layers and of the configuration, in bytes. */
  readonly sizeBytes: number;
}

const MEDIA = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
    suffix: { gzip: '+gzip', zstd: '+zstd', none: '' } satisfies Record<Compression, string>,
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
    suffix: { gzip: '.gzip', zstd: '.zstd', none: '' } satisfies Record<Compression, string>,
  },
};
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';

export interface ImageParts {
  readonly created: string;
  readonly architecture: string;
  readonly config: RuntimeConfig;
  readonly layers: readonly LayerBlob[];
  readonly history: readonly HistoryEntry[];
  readonly dialect: Dialect;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Writes configuration and manifest of one platform. */
export async function storeImage(store: BlobStore, parts: ImageParts): Promise<StoredImage> {
  const media = MEDIA[parts.dialect];
  const config = await store.putBytes(
    JSON.stringify({
      architecture: parts.architecture,
      config: parts.config,
      created: parts.created,
      history: parts.history,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: parts.layers.map((layer) => layer.diffId) },
    }),
  );
  const manifest = await store.putBytes(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: media.manifest,
        config: { mediaType: media.config, digest: config.digest, size: config.size },
        layers: parts.layers.map((layer) => ({
          mediaType: media.layer + media.suffix[layer.compression],
          digest: layer.digest,
          size: layer.size,
        })),
        ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
      },
      undefined,
      2,
    ),
  );
  return {
    ...manifest,
    mediaType: media.manifest,
    blobs: [config, ...parts.layers],
    manifests: [],
    configDigest: config.digest,
    sizeBytes: parts.layers.reduce((sum, layer) => sum + layer.size, config.size),
  };
}

export interface Provenance {
  readonly entryPoint: string;
  readonly source: string;
  readonly revision: string;
  readonly materials: readonly { uri: string; digest: string }[];
  readonly finishedOn: string;
}

/** An attestation manifest as BuildKit writes it beside an image: SLSA provenance v0.2 in an in-toto statement. */
export async function storeAttestation(
  store: BlobStore,
  subjects: readonly { readonly digest: string; readonly purl: string }[],
  provenance: Provenance,
): Promise<StoredManifest> {
  const statement = await store.putBytes(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: subjects.map(({ digest, purl }) => ({ name: purl, digest: { sha256: digest.slice(7) } })),
      predicate: {
        builder: { id: '' },
        buildType: 'https://mobyproject.org/buildkit@v1',
        materials: provenance.materials.map(({ uri, digest }) => ({ uri, digest: { sha256: digest.slice(7) } })),
        invocation: {
          configSource: {
            uri: provenance.source,
            digest: { sha1: provenance.revision },
            entryPoint: provenance.entryPoint,
          },
          parameters: { frontend: 'dockerfile.v0' },
          environment: { platform: 'linux/amd64' },
        },
        metadata: { buildFinishedOn: provenance.finishedOn, completeness: { parameters: true, environment: true } },
      },
    }),
  );
  const config = await store.putBytes(
    JSON.stringify({
      architecture: 'unknown',
      os: 'unknown',
      config: {},
      rootfs: { type: 'layers', diff_ids: [statement.digest] },
    }),
  );
  const manifest = await store.putBytes(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.oci.manifest,
      config: { mediaType: MEDIA.oci.config, digest: config.digest, size: config.size },
      layers: [
        {
          mediaType: 'application/vnd.in-toto+json',
          digest: statement.digest,
          size: statement.size,
          annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
        },
      ],
    }),
  );
  return { ...manifest, mediaType: MEDIA.oci.manifest, blobs: [config, statement], manifests: [] };
}

export interface IndexMember {
  readonly manifest: StoredManifest;
  /** An architecture of linux, or the digest that an attestation speaks of. */
  readonly platform: { readonly architecture: string; readonly variant?: string } | { readonly attests: string };
}

export async function storeIndex(store: BlobStore, members: readonly IndexMember[]): Promise<StoredManifest> {
  const index = await store.putBytes(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: members.map(({ manifest, platform }) => ({
          mediaType: manifest.mediaType,
          digest: manifest.digest,
          size: manifest.size,
          ...('attests' in platform
            ? {
                annotations: {
                  'vnd.docker.reference.digest': platform.attests,
                  'vnd.docker.reference.type': 'attestation-manifest',
                },
                platform: { architecture: 'unknown', os: 'unknown' },
              }
            : { platform: { ...platform, os: 'linux' } }),
        })),
      },
      undefined,
      2,
    ),
  );
  return { ...index, mediaType: OCI_INDEX, blobs: [], manifests: members.map((member) => member.manifest) };
}

/** A signature-like artifact that refers to `subject`: an OCI 1.1 manifest with `artifactType` and the empty config. */
export async function storeSignature(
  store: BlobStore,
  subject: StoredManifest,
  artifactType: string,
  created: string,
): Promise<StoredManifest> {
  const empty = await store.putBytes('{}');
  const body = await store.putBytes(
    JSON.stringify({
      payload: Buffer.from(
        JSON.stringify({
          targetArtifact: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
        }),
      ).toString('base64url'),
      protected: Buffer.from(
        JSON.stringify({ alg: 'none', cty: 'application/vnd.cncf.notary.payload.v1+json' }),
      ).toString('base64url'),
      header: {},
      signature: '',
    }),
  );
  const manifest = await store.putBytes(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.oci.manifest,
      artifactType,
      config: { mediaType: EMPTY_CONFIG, digest: empty.digest, size: empty.size },
      layers: [{ mediaType: 'application/jose+json', digest: body.digest, size: body.size }],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations: { 'org.opencontainers.image.created': created },
    }),
  );
  return { ...manifest, mediaType: MEDIA.oci.manifest, blobs: [empty, body], manifests: [] };
}
