import { BadInputError, DigestMismatchError, LimitExceededError } from '../core/errors.ts';
import { digestOf } from '../registry/bytes.ts';
import type { Descriptor, Platform } from '../registry/types.ts';
import {
  choosePlatform,
  fitsPlatform,
  formatPlatform,
  type ImageManifest,
  isBesideImages,
  parseManifest,
} from './manifest.ts';
import type { ImageSource } from './types.ts';

/** An index may name an index; more levels than this are a loop or a joke. */
const maxIndexDepth = 4;

/** What a reference stands for: an image, or an index of images of which one was chosen. */
export interface ResolvedImage {
  /** Of the image that is read. */
  readonly digest: string;
  /** What the reference names; the same as the image where there is no index. */
  readonly named: { readonly digest: string; readonly mediaType: string };
  /** Images of the index by platform, in its order; absent where there is no index. */
  readonly choices?: readonly { readonly digest: string; readonly platform?: Platform }[];
  /** Provenance and SBOMs that the index holds for the chosen image. */
  readonly attestations: readonly Descriptor[];
}

/**
 * Finds the image of a platform. Throws NotAnImageError, BadInputError (no such platform, schema 1), DigestMismatchError,
 * DamagedError, LimitExceededError, and what the source throws.
 */
export async function resolveImage(
  source: ImageSource,
  platform: Platform | undefined,
  signal: AbortSignal,
): Promise<{ readonly manifest: ImageManifest; readonly resolved: ResolvedImage }> {
  const what = `"${source.ref}"`;
  const top = await source.resolve(signal);
  let { digest } = top.descriptor;
  let document = parseManifest(top.bytes, top.descriptor.mediaType, what);
  const named = { digest, mediaType: document.mediaType };
  let choices: ResolvedImage['choices'];
  const beside: Descriptor[] = [];
  for (let depth = 0; document.kind === 'index'; depth++) {
    if (depth >= maxIndexDepth) {
      throw new LimitExceededError(`Cannot read ${what}: its indexes nest too deep`, 'Push the image again.');
    }
    const chosen = choosePlatform(document, platform, what);
    choices = document.manifests
      .filter((entry) => !isBesideImages(entry))
      .map((entry) => ({
        digest: entry.digest,
        ...(entry.platform === undefined ? {} : { platform: entry.platform }),
      }));
    beside.push(...document.manifests.filter(isBesideImages));
    ({ digest } = chosen);
    const bytes = await source.manifest(digest, signal);
    if (digestOf(bytes) !== digest) {
      throw new DigestMismatchError(
        `Cannot use manifest ${digest} of ${what}: its content has another digest or size`,
        'The registry or something in between changed it. Nothing of it was used.',
      );
    }
    document = parseManifest(bytes, chosen.mediaType, what);
  }
  return {
    manifest: document,
    resolved: {
      digest,
      named,
      ...(choices === undefined ? {} : { choices }),
      attestations: beside.filter((entry) => entry.annotations?.['vnd.docker.reference.digest'] === digest),
    },
  };
}

/** Throws BadInputError when an image is for another platform than the one asked for. */
export function checkPlatform(found: Platform, wish: Platform, ref: string): void {
  const known = { os: found.os === '' ? wish.os : found.os, architecture: found.architecture };
  if (found.architecture === '' || fitsPlatform(known, { os: wish.os, architecture: wish.architecture })) return;
  throw new BadInputError(
    `Cannot scan "${ref}" for ${formatPlatform(wish)}: there is ${formatPlatform(found)}`,
    'Choose this platform, or leave the option out.',
  );
}
