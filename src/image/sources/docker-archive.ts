import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
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
import { TarReader, type TarMember } from '../tar.ts';
import { normalisePath } from '../tar-path.ts';
import type { ImageSource } from '../types.ts';
import { fileError, readPart, streamFile } from './files.ts';

/** Members of one archive; an image has two or three a layer. */
const maxMembers = 100_000;
const maxLinkHops = 8;
const headerReadBytes = 4096;

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

interface Part {
  readonly offset: number;
  readonly size: number;
}

interface Opened {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** Where each blob lies in the archive, by digest. */
  readonly parts: ReadonlyMap<string, Part>;
}

/**
 * An image in a file as `docker save` writes it. The format has no manifest digest: one is made of the config and the
 * layers, so that the same image has the same digest in every archive of it.
 */
export function dockerArchiveSource(ref: string, file: string, tag: string | undefined): ImageSource {
  let opened: Promise<Opened> | undefined;
  const archive = (signal: AbortSignal): Promise<Opened> => {
    opened ??= openArchive(file, tag, signal).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    ref,
    async resolve(signal) {
      const { descriptor, bytes } = await archive(signal);
      return { descriptor, bytes };
    },
    async manifest(digest, signal) {
      const { descriptor, bytes } = await archive(signal);
      if (digest === descriptor.digest) return bytes;
      throw new NotFoundError(`Cannot find manifest ${digest} in "${file}"`, 'An archive holds one platform alone.');
    },
    async blob(descriptor, signal) {
      const part = (await archive(signal)).parts.get(descriptor.digest);
      if (part !== undefined) return streamFile(file, `"${file}"`, signal, part);
      throw new NotFoundError(`Cannot find blob ${descriptor.digest} in "${file}"`, 'Save the image again.');
    },
  };
}

async function openArchive(file: string, tag: string | undefined, signal: AbortSignal): Promise<Opened> {
  const what = `"${file}"`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const members = await listMembers(handle, what, signal);
    const manifest = members.get('manifest.json');
    if (manifest?.kind !== 'file') throw notAnArchive(what, members.has('index.json'));
    const text = Buffer.from(await readSmall(handle, manifest, maxManifestBytes, what)).toString('utf8');
    const parsed = manifestFile.safeParse(parseJson(text, `manifest.json in ${what}`));
    if (!parsed.success)
      throw new DamagedError(`Cannot read ${what}: its manifest.json has an unknown form`, 'Save the image again.');
    const image = choose(parsed.data, tag, what);
    const configMember = resolveMember(members, image.Config, what);
    const configBytes = await readSmall(handle, configMember, maxConfigBytes, what);
    const { diffIds } = parseConfig(configBytes, what);
    const layers = image.Layers ?? [];
    if (layers.length !== diffIds.length) {
      throw new DamagedError(
        `Cannot read ${what}: it lists ${layers.length} layers, its config ${diffIds.length}`,
        'Save the image again.',
      );
    }
    const parts = new Map<string, Part>();
    const config = { mediaType: mediaTypes.dockerConfig, digest: digestOf(configBytes), size: configBytes.length };
    parts.set(config.digest, configMember);
    const descriptors: Descriptor[] = [];
    for (const [index, name] of layers.entries()) {
      const member = resolveMember(members, name, what);
      const digest = await layerDigest(file, handle, member, name, diffIds[index] ?? '', what, signal);
      parts.set(digest, member);
      descriptors.push({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', digest, size: member.size });
    }
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers: descriptors }),
      'utf8',
    );
    return {
      descriptor: { mediaType: mediaTypes.dockerManifest, digest: digestOf(bytes), size: bytes.length },
      bytes,
      parts,
    };
  } catch (error) {
    throw fileError(what, error);
  } finally {
    await handle?.close();
  }
}

/** Headers alone are read; contents are stepped over. */
async function listMembers(
  handle: FileHandle,
  what: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TarMember>> {
  const members = new Map<string, TarMember>();
  let problem: string | undefined;
  const reader = new TarReader({
    member(member) {
      const name = normalisePath(member.name);
      if (name !== undefined && name !== '' && members.size < maxMembers) members.set(name, member);
      return false;
    },
    content: () => undefined,
    problem(reason) {
      problem ??= reason;
    },
  });
  const { size } = await handle.stat();
  const buffer = Buffer.alloc(headerReadBytes);
  let at = 0;
  while (!reader.isFinished && at < size) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, headerReadBytes, at);
    if (bytesRead === 0) break;
    if (at === 0 && detectCompression(buffer) !== 'none') {
      throw new BadInputError(
        `Cannot read ${what}: it is compressed as a whole`,
        'Decompress it first, with gunzip or zstd -d.',
      );
    }
    reader.write(buffer.subarray(0, bytesRead));
    at += bytesRead;
    at += reader.stepOver();
  }
  reader.end();
  if (at > size) problem ??= 'the archive ends early';
  if (problem !== undefined && !members.has('manifest.json')) {
    throw new DamagedError(`Cannot read ${what}: ${problem}`, 'Save the image again with "docker save".');
  }
  if (members.size >= maxMembers) {
    throw new LimitExceededError(`Cannot read ${what}: it has more than ${maxMembers} members`, 'Check the file.');
  }
  return members;
}

function notAnArchive(what: string, hasIndex: boolean): BadInputError {
  return hasIndex
    ? new BadInputError(
        `Cannot read ${what}: it is an OCI archive`,
        'Unpack it into a folder and name that: oci:<folder>.',
      )
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

/** The member of a name; old archives link layers that two images share. */
function resolveMember(members: ReadonlyMap<string, TarMember>, name: string, what: string): TarMember {
  let at = normalisePath(name);
  for (let hop = 0; at !== undefined && hop < maxLinkHops; hop++) {
    const member: TarMember | undefined = members.get(at);
    if (member?.kind === 'file' && !member.sparse) return member;
    if (member?.kind !== 'symlink' && member?.kind !== 'hardlink') break;
    const from = member.kind === 'symlink' ? path.posix.dirname(at) : '.';
    at = normalisePath(path.posix.normalize(path.posix.join(from, member.target)));
  }
  throw new DamagedError(`Cannot read ${what}: "${name.slice(0, 200)}" is missing in it`, 'Save the image again.');
}

async function readSmall(handle: FileHandle, member: TarMember, maxBytes: number, what: string): Promise<Uint8Array> {
  if (member.size > maxBytes) {
    throw new LimitExceededError(
      `Cannot read ${what}: "${member.name.slice(0, 200)}" is larger than ${maxBytes} bytes`,
      'Check the file.',
    );
  }
  return readPart(handle, member.offset, member.size, what);
}

/** A bare layer has its diff id as digest, a compressed one usually its digest as name; else it is hashed. */
async function layerDigest(
  file: string,
  handle: FileHandle,
  member: TarMember,
  name: string,
  diffId: string,
  what: string,
  signal: AbortSignal,
): Promise<string> {
  const headBytes = await readPart(handle, member.offset, Math.min(4, member.size), what);
  if (detectCompression(headBytes) === 'none') return diffId;
  const named = `sha256:${path.posix.basename(name)}`;
  if (isDigest(named)) return named;
  const hash = createHash('sha256');
  for await (const chunk of await streamFile(file, what, signal, member)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
