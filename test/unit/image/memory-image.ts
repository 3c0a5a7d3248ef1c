// Images that live in memory, whole or spoilt, with a count of what was asked of them.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { NotFoundError } from '../../../src/core/errors.ts';
import { mediaTypes } from '../../../src/registry/media-types.ts';
import type { Descriptor } from '../../../src/registry/types.ts';
import type { ImageReport, ImageSource, LayerCache, LayerContent } from '../../../src/image/types.ts';

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface MemoryImage {
  /** Archives, lowest first. */
  readonly layers: readonly Buffer[];
  readonly history?: readonly object[];
  readonly config?: object;
  readonly architecture?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Media type of the layer at an index. */
  readonly layerType?: (index: number) => string;
  /** Changes the manifest before it is written. */
  readonly change?: (manifest: Record<string, unknown>) => void;
}

export interface Stored {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** A store of blobs and manifests by digest, and sources over it. */
export class MemoryRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Buffer>();
  readonly asked: string[] = [];
  /** Waited for before a blob is handed out. */
  gate: (descriptor: Descriptor) => Promise<void> = () => Promise.resolve();

  put(bytes: Buffer, mediaType: string): Descriptor {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  image(image: MemoryImage): Stored {
    const layers = image.layers.map((archive, index) =>
      this.put(gzipSync(archive), image.layerType?.(index) ?? 'application/vnd.oci.image.layer.v1.tar+gzip'),
    );
    const config = {
      architecture: image.architecture ?? 'amd64',
      os: 'linux',
      config: image.config ?? {},
      rootfs: { type: 'layers', diff_ids: image.layers.map((archive) => sha256(archive)) },
      history: image.history ?? [],
    };
    const manifest: Record<string, unknown> = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: this.put(Buffer.from(JSON.stringify(config)), mediaTypes.ociConfig),
      layers,
      ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
    };
    image.change?.(manifest);
    return this.document(manifest, mediaTypes.ociManifest);
  }

  document(content: unknown, mediaType: string): Stored {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = sha256(bytes);
    this.manifests.set(digest, bytes);
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  source(top: Stored, ref = 'memory'): ImageSource {
    return {
      ref,
      resolve: () => {
        this.asked.push('resolve');
        return Promise.resolve({ descriptor: top.descriptor, bytes: top.bytes });
      },
      manifest: (digest) => {
        this.asked.push(`manifest ${digest}`);
        const bytes = this.manifests.get(digest);
        return bytes === undefined ? Promise.reject(new NotFoundError('no manifest', '')) : Promise.resolve(bytes);
      },
      blob: async (descriptor, signal) => {
        this.asked.push(`blob ${descriptor.digest}`);
        await this.gate(descriptor);
        signal.throwIfAborted();
        const bytes = this.blobs.get(descriptor.digest);
        if (bytes === undefined) throw new NotFoundError('no blob', '');
        return pieces(bytes, signal);
      },
    };
  }

  /** Blobs asked for, in order. */
  blobsAsked(): string[] {
    return this.asked.filter((one) => one.startsWith('blob ')).map((one) => one.slice('blob '.length));
  }
}

async function* pieces(bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    yield bytes.subarray(at, at + 1000);
  }
}

export class MemoryCache implements LayerCache {
  readonly layers = new Map<string, LayerContent>();
  readonly images = new Map<string, ImageReport>();
  getLayer(diffId: string): Promise<LayerContent | undefined> {
    return Promise.resolve(this.layers.get(diffId));
  }
  putLayer(layer: LayerContent): Promise<void> {
    this.layers.set(layer.diffId, layer);
    return Promise.resolve();
  }
  getImage(digest: string): Promise<ImageReport | undefined> {
    return Promise.resolve(this.images.get(digest));
  }
  putImage(report: ImageReport): Promise<void> {
    this.images.set(report.digest, report);
    return Promise.resolve();
  }
}

/** Stanzas of installed packages, `name version` each. */
export function dpkgStatus(...packages: readonly string[]): string {
  return packages
    .map((one) => {
      const [name = '', version = ''] = one.split(' ');
      return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;
    })
    .join('\n');
}

export const debianRelease = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
