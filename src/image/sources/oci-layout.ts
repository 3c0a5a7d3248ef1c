import path from 'node:path';
import { BadInputError, DigestMismatchError } from '../../core/errors.ts';
import { digestOf } from '../../registry/bytes.ts';
import { maxManifestBytes } from '../../registry/client.ts';
import type { Descriptor } from '../../registry/types.ts';
import { parseManifest } from '../manifest.ts';
import { mediaTypes } from '../../registry/media-types.ts';
import type { ImageSource } from '../types.ts';
import { readWhole, streamFile } from './files.ts';

/** OCI image-spec v1.1, "image-layout.md" and "annotations.md". */
const refNameKey = 'org.opencontainers.image.ref.name';

/** An image in a folder with `index.json` and `blobs/`. Without a tag the only image, or the only index, is taken. */
export function ociLayoutSource(ref: string, folder: string, tag: string | undefined): ImageSource {
  const blobFile = (digest: string): string => path.join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length));

  async function manifest(digest: string): Promise<Uint8Array> {
    const bytes = await readWhole(blobFile(digest), maxManifestBytes, `manifest ${digest} in "${folder}"`);
    if (digestOf(bytes) === digest) return bytes;
    throw new DigestMismatchError(
      `Cannot use manifest ${digest} in "${folder}": its content has another digest`,
      'The folder was changed. Write it again.',
    );
  }

  return {
    ref,
    async resolve() {
      const what = `"${path.join(folder, 'index.json')}"`;
      const bytes = await readWhole(path.join(folder, 'index.json'), maxManifestBytes, what);
      const index = parseManifest(bytes, mediaTypes.ociIndex, what);
      if (index.kind !== 'index') throw new BadInputError(`Cannot read ${what}: it is no index`, 'Name an OCI layout.');
      const chosen = choose(index.manifests, tag, what);
      // Several platforms without names: the layout's own index is the index of the image.
      if (chosen === undefined) {
        return { descriptor: { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length }, bytes };
      }
      return { descriptor: chosen, bytes: await manifest(chosen.digest) };
    },
    manifest,
    blob: (descriptor, signal) =>
      streamFile(blobFile(descriptor.digest), `blob ${descriptor.digest} in "${folder}"`, signal),
  };
}

function choose(entries: readonly Descriptor[], tag: string | undefined, what: string): Descriptor | undefined {
  const names = entries.flatMap((entry) => entry.annotations?.[refNameKey] ?? []);
  const there = names.length === 0 ? 'no names' : [...new Set(names)].slice(0, 20).join(', ');
  if (tag !== undefined) {
    const named = entries.find((entry) => {
      const name = entry.annotations?.[refNameKey];
      return name === tag || name?.endsWith(`:${tag}`) === true;
    });
    if (named !== undefined) return named;
    throw new BadInputError(`Cannot find "${tag}" in ${what}: there is ${there}`, 'Choose one of them.');
  }
  const [first] = entries;
  if (first === undefined) throw new BadInputError(`Cannot read ${what}: it lists no image`, 'Fill the layout first.');
  if (entries.length === 1) return first;
  if (names.length === 0 && entries.every((entry) => entry.platform !== undefined)) return undefined;
  throw new BadInputError(
    `Cannot choose an image in ${what}: there is ${there}`,
    'Name one of them behind the folder: oci:<folder>:<tag>.',
  );
}
