// A folder of blobs named by their digest, and the layers that are written into it.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { tarBytes, type TarEntry } from './tar.ts';

/** How a layer's tar is wrapped. */
export type Compression = 'gzip' | 'zstd' | 'none';

/** Digest and size in bytes of one blob. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** A layer blob; `diffId` is the digest of the tar inside. */
export interface LayerBlob extends Blob {
  readonly diffId: string;
  readonly compression: Compression;
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Content-addressed files, laid out like the `blobs` folder of an OCI image layout. */
export class BlobStore {
  readonly root: string;
  #temporary = 0;

  constructor(root: string) {
    this.root = root;
  }

  fileOf(digest: string): string {
    return path.join(this.root, 'sha256', digest.slice('sha256:'.length));
  }

  async putBytes(bytes: Uint8Array | string): Promise<Blob> {
    const digest = sha256(bytes);
    await mkdir(path.join(this.root, 'sha256'), { recursive: true });
    await writeFile(this.fileOf(digest), bytes);
    return { digest, size: Buffer.byteLength(bytes) };
  }

  /** Writes the entries as one layer; deterministic for the same entries and the same zlib. */
  async putLayer(entries: Iterable<TarEntry>, compression: Compression): Promise<LayerBlob> {
    await mkdir(path.join(this.root, 'sha256'), { recursive: true });
    const temporary = path.join(this.root, `layer-${this.#temporary++}.tmp`);
    const inner = createHash('sha256');
    const outer = createHash('sha256');
    const steps: Transform[] = [hashing(inner)];
    if (compression === 'gzip') steps.push(createGzip({ level: 6 }));
    if (compression === 'zstd') steps.push(createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }));
    steps.push(hashing(outer));
    await pipeline([Readable.from(tarBytes(entries)), ...steps, createWriteStream(temporary)]);
    const digest = `sha256:${outer.digest('hex')}`;
    await rename(temporary, this.fileOf(digest));
    const { size } = await stat(this.fileOf(digest));
    return { digest, size, diffId: `sha256:${inner.digest('hex')}`, compression };
  }
}

function hashing(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
