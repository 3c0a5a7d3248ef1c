import { constants, createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { BadInputError, DamagedError, LimitExceededError, NotFoundError } from '../../core/errors.ts';

const readAheadBytes = 256 * 1024;

/** Turns an error of the file system into one that a person can act on. */
export function fileError(what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NotFoundError(`Cannot read ${what}: there is no such file`, 'Check the path.', { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new BadInputError(`Cannot read ${what}: permission denied`, 'Check the permissions of the file.', {
        cause: error,
      });
    case 'EISDIR':
      return new BadInputError(`Cannot read ${what}: it is a directory`, 'Name a file.', { cause: error });
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}

/** Throws BadInputError for what cannot be read in parts: a folder, a pipe (which would wait for its writer), a device. */
export async function checkFile(file: string, what: string): Promise<void> {
  const found = await stat(file);
  if (found.isFile()) return;
  if (found.isDirectory()) throw new BadInputError(`Cannot read ${what}: it is a directory`, 'Name a file.');
  throw new BadInputError(`Cannot read ${what}: it is a pipe or a device`, 'Write it to a file first, and name that.');
}

/** A whole file. Throws NotFoundError, BadInputError, LimitExceededError over `maxBytes`. */
export async function readWhole(file: string, maxBytes: number, what: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    await checkFile(file, what);
    handle = await open(file, constants.O_RDONLY);
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new LimitExceededError(`Cannot read ${what}: it is larger than ${maxBytes} bytes`, 'Check the file.');
    }
    return await readPart(handle, 0, size, what);
  } catch (error) {
    throw fileError(what, error);
  } finally {
    await handle?.close();
  }
}

/** Exactly `size` bytes at `offset`. Throws DamagedError when the file is shorter. */
export async function readPart(handle: FileHandle, offset: number, size: number, what: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await handle.read(bytes, at, size - at, offset + at);
    if (bytesRead === 0) throw new DamagedError(`Cannot read ${what}: the file ends early`, 'Make the file again.');
    at += bytesRead;
  }
  return bytes;
}

/** A file, or a part of it, as it streams. The promise settles when the file is open. */
export async function streamFile(
  file: string,
  what: string,
  signal: AbortSignal,
  part?: { readonly offset: number; readonly size: number },
): Promise<AsyncIterable<Uint8Array>> {
  if (part?.size === 0) return nothing();
  try {
    await checkFile(file, what);
  } catch (error) {
    throw fileError(what, error);
  }
  const stream = createReadStream(file, {
    highWaterMark: readAheadBytes,
    signal,
    ...(part === undefined ? {} : { start: part.offset, end: part.offset + part.size - 1 }),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', reject);
    });
  } catch (error) {
    throw fileError(what, error);
  }
  return stream as AsyncIterable<Uint8Array>;
}

// eslint-disable-next-line @typescript-eslint/require-await -- an empty stream has nothing to wait for
async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield* [];
}
