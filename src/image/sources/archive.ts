import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DamagedError, LimitExceededError, NotFoundError } from '../../core/errors.ts';
import { decompress, detectCompression } from '../decompress.ts';
import { defaultLayerLimits, type LayerLimits } from '../limits.ts';
import { TarReader, type TarMember } from '../tar.ts';
import { normalisePath } from '../tar-path.ts';
import { checkFile, fileError, readPart, streamFile } from './files.ts';

/** Members of one archive; an image has two or three a layer. */
const maxMembers = 100_000;
/** Members with longer names or link targets are passed over: parts of an image have none. */
const maxNameChars = 4096;
const maxLinkHops = 8;
const headerReadBytes = 4096;

type UnpackLimits = Pick<LayerLimits, 'maxUnpackedBytes' | 'maxExpansion' | 'expansionGraceBytes'>;

/** A tar archive on disk whose members can be read in any order. */
export interface Archive {
  has(name: string): boolean;
  /** The regular file of a name, links inside the archive followed. Throws NotFoundError. */
  member(name: string): TarMember;
  /** Throws LimitExceededError over `maxBytes`. */
  read(member: TarMember, maxBytes: number): Promise<Uint8Array>;
  head(member: TarMember, bytes: number): Promise<Uint8Array>;
  stream(member: TarMember, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Removes what a compressed archive was unpacked to. */
  dispose(): Promise<void>;
}

/**
 * Opens an archive. One that is compressed as a whole is unpacked to a temporary file first, within the limits of layers,
 * because its parts are needed in another order than they come. Only headers are read here.
 * Throws NotFoundError, BadInputError, DamagedError (no archive, or cut before anything useful), LimitExceededError.
 */
export async function openArchive(
  file: string,
  signal: AbortSignal,
  limits: UnpackLimits = defaultLayerLimits,
): Promise<Archive> {
  const what = `"${file}"`;
  const unpacked = await unpackIfCompressed(file, what, limits, signal);
  const at = unpacked?.file ?? file;
  try {
    const members = await listMembers(at, what, signal);
    const member = (name: string): TarMember => {
      const found = follow(members, name);
      if (found !== undefined) return found;
      throw new NotFoundError(`Cannot find "${name.slice(0, 200)}" in ${what}`, 'Save the image again.');
    };
    return {
      has: (name) => follow(members, name) !== undefined,
      member,
      async read(found, maxBytes) {
        if (found.size > maxBytes) {
          throw new LimitExceededError(
            `Cannot read ${what}: "${found.name.slice(0, 200)}" is larger than ${maxBytes} bytes`,
            'Check the file.',
          );
        }
        return part(at, found.offset, found.size, what);
      },
      head: (found, bytes) => part(at, found.offset, Math.min(bytes, found.size), what),
      stream: (found, within) => streamFile(at, what, within, found),
      dispose: async () => unpacked?.remove(),
    };
  } catch (error) {
    await unpacked?.remove();
    throw error;
  }
}

async function part(file: string, offset: number, size: number, what: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    return await readPart(handle, offset, size, what);
  } catch (error) {
    throw fileError(what, error);
  } finally {
    await handle?.close();
  }
}

async function unpackIfCompressed(
  file: string,
  what: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<{ readonly file: string; remove(): Promise<void> } | undefined> {
  let sizeBytes: number;
  let handle: FileHandle | undefined;
  try {
    await checkFile(file, what);
    handle = await open(file, 'r');
    ({ size: sizeBytes } = await handle.stat());
    const magic = await readPart(handle, 0, Math.min(4, sizeBytes), what);
    if (detectCompression(magic) === 'none') return undefined;
  } catch (error) {
    throw fileError(what, error);
  } finally {
    await handle?.close();
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-archive-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const target = path.join(folder, 'archive.tar');
  try {
    const archive = decompress(await streamFile(file, what, signal));
    await pipeline(
      Readable.from(archive, { objectMode: false }),
      bounded(sizeBytes, limits, what),
      createWriteStream(target, { mode: 0o600 }),
      { signal },
    );
    return { file: target, remove };
  } catch (error) {
    await remove();
    signal.throwIfAborted();
    if (error instanceof DamagedError) {
      throw new DamagedError(`Cannot unpack ${what}: it is cut or damaged`, 'Save the image again.', { cause: error });
    }
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new LimitExceededError(
        `Cannot unpack ${what}: there is no room for it in "${os.tmpdir()}"`,
        'Unpack it elsewhere, with gunzip or zstd -d, and name the result.',
        { cause: error },
      );
    }
    throw error;
  }
}

/** Lets bytes through until there are more than any image has. */
function bounded(sizeBytes: number, limits: UnpackLimits, what: string): Transform {
  const { maxUnpackedBytes, maxExpansion, expansionGraceBytes } = limits;
  const most = Math.min(maxUnpackedBytes, Math.max(expansionGraceBytes, sizeBytes * maxExpansion));
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed <= most) done(null, chunk);
      else done(new LimitExceededError(`Cannot unpack ${what}: it has more than ${most} bytes`, 'Check the file.'));
    },
  });
}

/** Headers alone are read; contents are stepped over. */
async function listMembers(file: string, what: string, signal: AbortSignal): Promise<ReadonlyMap<string, TarMember>> {
  const members = new Map<string, TarMember>();
  let problem: string | undefined;
  const reader = new TarReader({
    member(member) {
      const name = normalisePath(member.name);
      const isShort = member.name.length <= maxNameChars && member.target.length <= maxNameChars;
      if (isShort && name !== undefined && name !== '' && members.size < maxMembers) members.set(name, member);
      return false;
    },
    content: () => undefined,
    problem(reason) {
      problem ??= reason;
    },
  });
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(headerReadBytes);
    let at = 0;
    while (!reader.isFinished && at < size) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, headerReadBytes, at);
      if (bytesRead === 0) break;
      reader.write(buffer.subarray(0, bytesRead));
      at += bytesRead;
      at += reader.stepOver();
    }
    reader.end();
    if (at > size) problem ??= 'the archive ends early';
  } catch (error) {
    throw fileError(what, error);
  } finally {
    await handle?.close();
  }
  if (problem !== undefined && !members.has('manifest.json') && !members.has('index.json')) {
    throw new DamagedError(`Cannot read ${what}: ${problem}`, 'Save the image again.');
  }
  if (members.size >= maxMembers) {
    throw new LimitExceededError(`Cannot read ${what}: it has more than ${maxMembers} members`, 'Check the file.');
  }
  return members;
}

/** The file of a name; old archives link layers that two images share. */
function follow(members: ReadonlyMap<string, TarMember>, name: string): TarMember | undefined {
  let at = normalisePath(name);
  for (let hop = 0; at !== undefined && hop < maxLinkHops; hop++) {
    const member: TarMember | undefined = members.get(at);
    if (member?.kind === 'file' && !member.sparse) return member;
    if (member?.kind !== 'symlink' && member?.kind !== 'hardlink') return undefined;
    const from = member.kind === 'symlink' ? path.posix.dirname(at) : '.';
    at = normalisePath(path.posix.normalize(path.posix.join(from, member.target)));
  }
  return undefined;
}
