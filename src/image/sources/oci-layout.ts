import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInputError, DigestMismatchError, NotFoundError } from '../../core/errors.ts';
import { digestOf } from '../../registry/bytes.ts';
import { maxManifestBytes } from '../../registry/client.ts';
import { mediaTypes } from '../../registry/media-types.ts';
import { maxReferrers, readArtifact, type Referrer, type Referrers } from '../../registry/referrers.ts';
import type { Descriptor } from '../../registry/types.ts';
import { isBesideImages, parseManifest } from '../manifest.ts';
import type { ImageSource } from '../types.ts';
import { openArchive } from './archive.ts';
import { fileError, readWhole, streamFile } from './files.ts';

/** OCI image-spec v1.1, "image-layout.md" and "annotations.md". */
const refNameKey = 'org.opencontainers.image.ref.name';
/** Tags that stand for something about another image: signatures of cosign, and the fallback of the referrers API. */
const tagOfReferrer = /^sha256-[0-9a-f]{64}(\.|$)/;

/** Files of a layout by their path in it. */
interface LayoutFiles {
  read(file: string, maxBytes: number, what: string): Promise<Uint8Array>;
  stream(file: string, what: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  dispose(): Promise<void>;
}

/**
 * An image in an OCI layout: `index.json` and `blobs/`, in a folder or in a tar archive of it. Without a tag the only
 * image, or the only index, is taken.
 */
export function ociLayoutSource(ref: string, place: string, tag: string | undefined): ImageSource {
  let opened: Promise<LayoutFiles> | undefined;
  const files = (signal: AbortSignal): Promise<LayoutFiles> => {
    opened ??= openLayout(place, signal).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const blobFile = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

  async function manifest(digest: string, signal: AbortSignal): Promise<Uint8Array> {
    const layout = await files(signal);
    const bytes = await layout.read(blobFile(digest), maxManifestBytes, `manifest ${digest} in "${place}"`);
    if (digestOf(bytes) === digest) return bytes;
    throw new DigestMismatchError(
      `Cannot use manifest ${digest} in "${place}": its content has another digest`,
      'The layout was changed. Write it again.',
    );
  }

  async function readIndex(signal: AbortSignal) {
    const layout = await files(signal);
    const what = `"${path.join(place, 'index.json')}"`;
    const bytes = await layout.read('index.json', maxManifestBytes, what);
    const index = parseManifest(bytes, mediaTypes.ociIndex, what);
    if (index.kind !== 'index') throw new BadInputError(`Cannot read ${what}: it is no index`, 'Name an OCI layout.');
    return { bytes, index, what };
  }

  return {
    ref,
    async resolve(signal) {
      const { bytes, index, what } = await readIndex(signal);
      const chosen = choose(index.manifests, tag, what);
      // Several platforms without names: the layout's own index is the index of the image.
      if (chosen === undefined) {
        return { descriptor: { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length }, bytes };
      }
      return { descriptor: chosen, bytes: await manifest(chosen.digest, signal) };
    },
    manifest,
    async blob(descriptor, signal) {
      const layout = await files(signal);
      return layout.stream(blobFile(descriptor.digest), `blob ${descriptor.digest} in "${place}"`, signal);
    },
    async referrers(digest, signal) {
      const { index } = await readIndex(signal);
      return referrersIn(index.manifests, digest, (each) => manifest(each, signal));
    },
    async dispose() {
      await (await opened?.catch(() => undefined))?.dispose();
    },
  };
}

async function openLayout(place: string, signal: AbortSignal): Promise<LayoutFiles> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(place)).isDirectory();
  } catch (error) {
    throw fileError(`"${place}"`, error);
  }
  if (isFolder) {
    return {
      read: (file, maxBytes, what) => readWhole(path.join(place, file), maxBytes, what),
      stream: (file, what, within) => streamFile(path.join(place, file), what, within),
      dispose: () => Promise.resolve(),
    };
  }
  const archive = await openArchive(place, signal);
  if (!archive.has('index.json')) {
    await archive.dispose();
    throw archive.has('manifest.json')
      ? new BadInputError(`Cannot read "${place}": it is an archive of "docker save"`, 'Write docker-archive:<file>.')
      : new BadInputError(`Cannot read "${place}": it holds no index.json`, 'Name an OCI layout.');
  }
  const find = (file: string, what: string) => {
    if (archive.has(file)) return archive.member(file);
    throw new NotFoundError(`Cannot read ${what}: it is not there`, 'Write the layout again.');
  };
  return {
    read: (file, maxBytes, what) => archive.read(find(file, what), maxBytes),
    stream: async (file, what, within) => archive.stream(find(file, what), within),
    dispose: () => archive.dispose(),
  };
}

function choose(all: readonly Descriptor[], tag: string | undefined, what: string): Descriptor | undefined {
  const nameOf = (entry: Descriptor): string | undefined => entry.annotations?.[refNameKey];
  const entries =
    tag === undefined ? all.filter((entry) => !isBesideImages(entry) && !tagOfReferrer.test(nameOf(entry) ?? '')) : all;
  const names = entries.flatMap((entry) => nameOf(entry) ?? []);
  const there = names.length === 0 ? 'no names' : [...new Set(names)].slice(0, 20).join(', ');
  if (tag !== undefined) {
    const named = entries.find((entry) => nameOf(entry) === tag || nameOf(entry)?.endsWith(`:${tag}`) === true);
    if (named !== undefined) return named;
    throw new BadInputError(`Cannot find "${tag}" in ${what}: there is ${there}`, 'Choose one of them.');
  }
  const [first] = entries;
  if (first === undefined) throw new BadInputError(`Cannot read ${what}: it lists no image`, 'Fill the layout first.');
  if (entries.length === 1) return first;
  if (names.length === 0 && entries.every((entry) => entry.platform !== undefined)) return undefined;
  throw new BadInputError(
    `Cannot choose an image in ${what}: there is ${there}`,
    'Name one of them behind the path: oci:<path>:<tag>.',
  );
}

/** What a layout holds about one of its images: by `subject`, and by the tags of cosign. */
async function referrersIn(
  entries: readonly Descriptor[],
  digest: string,
  read: (digest: string) => Promise<Uint8Array>,
): Promise<Referrers> {
  const found: Referrer[] = [];
  const candidates = entries.filter((entry) => entry.digest !== digest && entry.mediaType !== mediaTypes.ociIndex);
  for (const entry of candidates.slice(0, maxReferrers)) {
    const { artifactType, subject } = readArtifact(await read(entry.digest));
    const tagged = entry.annotations?.[refNameKey]?.startsWith(`${digest.replace(':', '-')}.`) === true;
    if (!tagged && subject !== digest) continue;
    found.push({
      digest: entry.digest,
      mediaType: entry.mediaType,
      artifactType: entry.artifactType ?? artifactType,
      size: entry.size,
      foundBy: tagged ? 'tag' : 'referrers',
    });
  }
  return { found, omitted: Math.max(0, candidates.length - maxReferrers) };
}
