import { createHash } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import { BadInputError, DamagedError, LimitExceededError, NotFoundError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import { digestOf } from '../../registry/bytes.ts';
import { maxConfigBytes, maxManifestBytes } from '../../registry/client.ts';
import { mediaTypes } from '../../registry/media-types.ts';
import { isDigest } from '../../registry/reference.ts';
import type { Descriptor } from '../../registry/types.ts';
import { parseConfig } from '../config.ts';
import { detectCompression } from '../decompress.ts';
import { maxLayers } from '../manifest.ts';
import type { TarMember } from '../tar.ts';
import type { ImageSource } from '../types.ts';
import { openArchive, type Archive } from './archive.ts';

/** Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format", `manifest.json`. */
const manifestFile = z
  .array(
    z.object({
      Config: z.string(),
      RepoTags: z.array(z.string()).nullish().catch(undefined),
      Layers: z.array(z.string()).nullish(),
    }),
  )
  .min(1);

interface Opened {
  readonly archive: Archive;
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** Where each blob lies in the archive, by digest. */
  readonly parts: ReadonlyMap<string, TarMember>;
}

/**
 * An image in a file as `docker save` writes it. The format has no manifest digest: one is made of the config and the
 * layers, so that the same image has the same digest in every archive of it.
 */
export function dockerArchiveSource(ref: string, file: string, tag: string | undefined): ImageSource {
  let opened: Promise<Opened> | undefined;
  const image = (signal: AbortSignal): Promise<Opened> => {
    opened ??= openImage(file, tag, signal).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    ref,
    async resolve(signal) {
      const { descriptor, bytes } = await image(signal);
      return { descriptor, bytes };
    },
    async manifest(digest, signal) {
      const { descriptor, bytes } = await image(signal);
      if (digest === descriptor.digest) return bytes;
      throw new NotFoundError(`Cannot find manifest ${digest} in "${file}"`, 'An archive holds one platform alone.');
    },
    async blob(descriptor, signal) {
      const { archive, parts } = await image(signal);
      const part = parts.get(descriptor.digest);
      if (part !== undefined) return archive.stream(part, signal);
      throw new NotFoundError(`Cannot find blob ${descriptor.digest} in "${file}"`, 'Save the image again.');
    },
    async dispose() {
      await (await opened?.catch(() => undefined))?.archive.dispose();
    },
  };
}

async function openImage(file: string, tag: string | undefined, signal: AbortSignal): Promise<Opened> {
  const archive = await openArchive(file, signal);
  try {
    return await readImage(archive, `"${file}"`, tag, signal);
  } catch (error) {
    await archive.dispose();
    throw error;
  }
}

async function readImage(
  archive: Archive,
  what: string,
  tag: string | undefined,
  signal: AbortSignal,
): Promise<Opened> {
  if (!archive.has('manifest.json')) throw notAnArchive(what, archive.has('index.json'));
  const text = Buffer.from(await archive.read(archive.member('manifest.json'), maxManifestBytes)).toString('utf8');
  const parsed = manifestFile.safeParse(parseJson(text, `manifest.json in ${what}`));
  if (!parsed.success)
    throw new DamagedError(`Cannot read ${what}: its manifest.json has an unknown form`, 'Save the image again.');
  const image = choose(parsed.data, tag, what);
  const configMember = required(archive, image.Config, what);
  const configBytes = await archive.read(configMember, maxConfigBytes);
  const { diffIds } = parseConfig(configBytes, what);
  const layers = image.Layers ?? [];
  if (layers.length !== diffIds.length) {
    throw new DamagedError(
      `Cannot read ${what}: it lists ${layers.length} layers, its config ${diffIds.length}`,
      'Save the image again.',
    );
  }
  if (layers.length > maxLayers) {
    throw new LimitExceededError(
      `Cannot read ${what}: it has ${layers.length} layers, more than ${maxLayers}`,
      'Report the image if it is genuine.',
    );
  }
  const parts = new Map<string, TarMember>();
  /** One that is listed several times is hashed once. */
  const hashed = new Map<TarMember, Promise<string>>();
  const config = { mediaType: mediaTypes.dockerConfig, digest: digestOf(configBytes), size: configBytes.length };
  parts.set(config.digest, configMember);
  const descriptors: Descriptor[] = [];
  for (const [index, name] of layers.entries()) {
    const member = required(archive, name, what);
    const digest = await layerDigest(archive, member, name, diffIds[index] ?? '', signal, hashed);
    parts.set(digest, member);
    descriptors.push({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', digest, size: member.size });
  }
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers: descriptors }),
    'utf8',
  );
  const descriptor = { mediaType: mediaTypes.dockerManifest, digest: digestOf(bytes), size: bytes.length };
  return { archive, descriptor, bytes, parts };
}

function notAnArchive(what: string, hasIndex: boolean): BadInputError {
  return hasIndex
    ? new BadInputError(`Cannot read ${what}: it is an OCI archive`, 'Name it as one: oci:<file>.')
    : new BadInputError(`Cannot read ${what}: it holds no manifest.json`, 'Make it with "docker save".');
}

function choose(
  images: z.infer<typeof manifestFile>,
  tag: string | undefined,
  what: string,
): z.infer<typeof manifestFile>[number] {
  const tags = images.flatMap((image) => image.RepoTags ?? []);
  const there = tags.length === 0 ? 'images without names' : tags.slice(0, 20).join(', ');
  if (tag !== undefined) {
    const named = images.find((image) =>
      (image.RepoTags ?? []).some((name) => name === tag || name.endsWith(`:${tag}`)),
    );
    if (named !== undefined) return named;
    throw new BadInputError(`Cannot find "${tag}" in ${what}: there is ${there}`, 'Choose one of them.');
  }
  const [first] = images;
  if (first !== undefined && images.length === 1) return first;
  throw new BadInputError(
    `Cannot choose an image in ${what}: there is ${there}`,
    'Name one behind the file: docker-archive:<file>:<tag>.',
  );
}

function required(archive: Archive, name: string, what: string): TarMember {
  if (archive.has(name)) return archive.member(name);
  throw new DamagedError(`Cannot read ${what}: "${name.slice(0, 200)}" is missing in it`, 'Save the image again.');
}

/** A bare layer has its diff id as digest, a compressed one usually its digest as name; else it is hashed. */
async function layerDigest(
  archive: Archive,
  member: TarMember,
  name: string,
  diffId: string,
  signal: AbortSignal,
  hashed: Map<TarMember, Promise<string>>,
): Promise<string> {
  if (detectCompression(await archive.head(member, 4)) === 'none') return diffId;
  const named = `sha256:${path.posix.basename(name)}`;
  if (isDigest(named)) return named;
  const known = hashed.get(member) ?? hashOf(archive, member, signal);
  hashed.set(member, known);
  return known;
}

async function hashOf(archive: Archive, member: TarMember, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await archive.stream(member, signal)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
