// Small artifacts made by hand, for what the protocol can hold and ordinary images do not show: a Docker schema 2
// image, an index with an attestation, an untagged older manifest, a Helm chart, a signature with a subject, a locked
// image, and a repository that may not be read.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../json.ts';
import type { RegistryStorage, StoredBlob } from './storage.ts';

interface Specimen {
  readonly name: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly indexDigest?: string;
  readonly platformDigests?: readonly string[];
  readonly sizeBytes: number;
}

export interface Specimens {
  readonly images: readonly Specimen[];
  /** Repositories with all that is in them. */
  readonly repositories: readonly string[];
  /** Digests of images that are locked against pulls. */
  readonly locked: readonly string[];
  /** Digest of the signature that refers to `sidecar`. */
  readonly signature: string;
  /** Digest of the untagged manifest in the repository of `sidecar`. */
  readonly untagged: string;
}

const mediaType = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

const created = '2026-11-02T08:15:30Z';

/** Writes the specimens into the storage; the same bytes every time. */
export function writeSpecimens(storage: RegistryStorage): Specimens {
  const sidecar = dockerImage(storage, 'platform/sidecar', '2.4.1', alpine('amd64', '1.36.1-r29'));
  const untagged = dockerImage(storage, 'platform/sidecar', undefined, alpine('amd64', '1.36.1-r15'));
  const signature = signatureOf(storage, 'platform/sidecar', sidecar);
  const proxy = multiPlatform(storage, 'platform/proxy', '1.9.0');
  const locked = dockerImage(storage, 'platform/retired', '0.1.0', alpine('amd64', '1.31.1-r9'));
  const restricted = dockerImage(storage, 'restricted/payroll', '4.2.0', alpine('amd64', '1.35.0-r29'));
  chart(storage, 'platform/charts/harbour', '0.3.0');
  return {
    images: [
      specimen('sidecar', 'platform/sidecar', '2.4.1', sidecar),
      {
        ...specimen('proxy', 'platform/proxy', '1.9.0', proxy.index),
        digest: proxy.platforms[0]!.digest,
        indexDigest: proxy.index.digest,
        platformDigests: proxy.platforms.map(({ digest }) => digest),
      },
      specimen('payroll', 'restricted/payroll', '4.2.0', restricted),
    ],
    repositories: [
      'platform/charts/harbour',
      'platform/proxy',
      'platform/retired',
      'platform/sidecar',
      'restricted/payroll',
    ],
    locked: [locked.digest],
    signature: signature.digest,
    untagged: untagged.digest,
  };
}

function specimen(name: string, repository: string, tag: string, { digest, size }: StoredBlob): Specimen {
  return { name, repository, tag, digest, sizeBytes: size };
}

interface ImageContent {
  readonly architecture: string;
  readonly layer: Buffer;
}

/** An image shaped like Alpine: release file and package database, one layer. */
function alpine(architecture: string, busyboxVersion: string): ImageContent {
  const arch = architecture === 'arm64' ? 'aarch64' : 'x86_64';
  const installed = [
    `C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:busybox\nV:${busyboxVersion}\nA:${arch}\nS:504000\nI:962560\nT:Size optimized toolbox of many common UNIX utilities\nL:GPL-2.0-only\no:busybox\nF:bin\nR:busybox\n`,
    `C:Q1BBBBBBBBBBBBBBBBBBBBBBBBBBBB=\nP:musl\nV:1.2.5-r0\nA:${arch}\nS:407000\nI:667648\nT:the musl c library (libc) implementation\nL:MIT\no:musl\nF:lib\nR:ld-musl-${arch}.so.1\n`,
  ].join('\n');
  return {
    architecture,
    layer: layerOf({
      'etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n',
      'etc/alpine-release': '3.20.3\n',
      'lib/apk/db/installed': `${installed}\n`,
      'bin/busybox': `not really busybox ${busyboxVersion}\n`,
    }),
  };
}

function dockerImage(
  storage: RegistryStorage,
  repository: string,
  tag: string | undefined,
  content: ImageContent,
): StoredBlob {
  const layer = put(storage, repository, gzipSync(content.layer));
  const config = put(storage, repository, configOf(content));
  return storage.putManifest(
    repository,
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaType.dockerManifest,
      config: { mediaType: mediaType.dockerConfig, ...config },
      layers: [{ mediaType: mediaType.dockerLayer, ...layer }],
    }),
    tag,
  );
}

function multiPlatform(
  storage: RegistryStorage,
  repository: string,
  tag: string,
): { index: StoredBlob; platforms: StoredBlob[] } {
  const platforms = ['amd64', 'arm64'].map((architecture) => {
    const content = alpine(architecture, '1.36.1-r29');
    const layer = put(storage, repository, gzipSync(content.layer));
    const config = put(storage, repository, configOf(content));
    return storage.putManifest(
      repository,
      bytesOf({
        schemaVersion: 2,
        mediaType: mediaType.manifest,
        config: { mediaType: mediaType.config, ...config },
        layers: [{ mediaType: mediaType.layer, ...layer }],
      }),
    );
  });
  const statement = put(
    storage,
    repository,
    bytesOf({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [],
      predicate: {},
    }),
  );
  const attestationConfig = put(
    storage,
    repository,
    bytesOf({
      architecture: 'unknown',
      os: 'unknown',
      config: {},
      rootfs: { type: 'layers', diff_ids: [statement.digest] },
    }),
  );
  const attestation = storage.putManifest(
    repository,
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaType.manifest,
      config: { mediaType: mediaType.config, ...attestationConfig },
      layers: [
        {
          mediaType: 'application/vnd.in-toto+json',
          ...statement,
          annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
        },
      ],
    }),
  );
  const index = storage.putManifest(
    repository,
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaType.index,
      manifests: [
        ...platforms.map((platform, position) => ({
          mediaType: mediaType.manifest,
          ...platform,
          platform: { architecture: position === 0 ? 'amd64' : 'arm64', os: 'linux' },
        })),
        {
          mediaType: mediaType.manifest,
          ...attestation,
          annotations: {
            'vnd.docker.reference.type': 'attestation-manifest',
            'vnd.docker.reference.digest': platforms[0]!.digest,
          },
          platform: { architecture: 'unknown', os: 'unknown' },
        },
      ],
    }),
    tag,
  );
  return { index, platforms };
}

function signatureOf(storage: RegistryStorage, repository: string, subject: StoredBlob): StoredBlob {
  const empty = put(storage, repository, Buffer.from('{}'));
  const envelope = put(
    storage,
    repository,
    bytesOf({ payload: 'eyJ0YXJnZXRBcnRpZmFjdCI6e319', signature: 'bm90IHJlYWxseQ' }),
  );
  return storage.putManifest(
    repository,
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaType.manifest,
      artifactType: 'application/vnd.cncf.notary.signature',
      config: { mediaType: mediaType.empty, ...empty },
      layers: [{ mediaType: 'application/jose+json', ...envelope }],
      subject: { mediaType: mediaType.dockerManifest, ...subject },
      annotations: { 'org.opencontainers.image.created': created },
    }),
  );
}

function chart(storage: RegistryStorage, repository: string, tag: string): StoredBlob {
  const config = put(
    storage,
    repository,
    bytesOf({ name: 'harbour', version: tag, apiVersion: 'v2', type: 'application' }),
  );
  const archive = put(
    storage,
    repository,
    gzipSync(layerOf({ 'harbour/Chart.yaml': `apiVersion: v2\nname: harbour\nversion: ${tag}\n` })),
  );
  return storage.putManifest(
    repository,
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaType.manifest,
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', ...archive }],
    }),
    tag,
  );
}

function configOf(content: ImageContent): Buffer {
  const diffId = `sha256:${createHash('sha256').update(content.layer).digest('hex')}`;
  return bytesOf({
    architecture: content.architecture,
    os: 'linux',
    created,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [
      { created, created_by: 'ADD rootfs.tar / # buildkit', comment: 'buildkit.dockerfile.v0' },
      { created, created_by: 'CMD ["/bin/sh"]', comment: 'buildkit.dockerfile.v0', empty_layer: true },
    ],
  });
}

function put(storage: RegistryStorage, repository: string, bytes: Uint8Array): StoredBlobFields {
  const stored = storage.putBlob(bytes);
  storage.linkLayer(repository, stored.digest);
  return { digest: stored.digest, size: stored.size };
}

interface StoredBlobFields extends JsonObject {
  readonly digest: string;
  readonly size: number;
}

function bytesOf(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A tar archive of plain files (POSIX ustar). */
function layerOf(files: Readonly<Record<string, string>>): Buffer {
  const blocks: Buffer[] = [];
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(`${(Date.parse(created) / 1000).toString(8).padStart(11, '0')}\0`, 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
