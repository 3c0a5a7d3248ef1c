import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { BadInputError, RefusedError, isEngineError } from '../../core/errors.ts';
import { compareText } from '../../core/order.ts';
import { defaultLayerLimits } from '../limits.ts';
import type { FoundSecret } from '../secrets/kinds.ts';
import type { Extractor, ImageSource, KeepFilter, LayerContent, LayerEntry, Problem } from '../types.ts';
import { fileError, readPart } from './files.ts';

/** Views of the kernel, when the folder is the root of a running system. */
const kernelFolders: ReadonlySet<string> = new Set(['proc', 'sys', 'dev']);
const maxDepth = 256;
const maxKeptBytes = 1024 * 1024 * 1024;

/**
 * A root file system on disk, read without ever following a symbolic link: links are resolved inside the image later, so
 * that nothing outside the folder is opened.
 */
export function rootfsSource(ref: string, folder: string): ImageSource {
  const refuse = (): Promise<never> =>
    Promise.reject(new RefusedError(`"${ref}" is a folder and has no manifest`, 'This is a defect: report it.'));
  return {
    ref,
    resolve: refuse,
    manifest: refuse,
    blob: refuse,
    tree: (keep, signal) => readTree(folder, keep, signal),
  };
}

async function readTree(folder: string, keep: KeepFilter, signal: AbortSignal): Promise<LayerContent> {
  const what = `"${folder}"`;
  let root: string;
  try {
    root = await realpath(folder);
    if (!(await lstat(root)).isDirectory())
      throw new BadInputError(`Cannot read ${what}: it is no folder`, 'Name the folder of a root file system.');
  } catch (error) {
    throw fileError(what, error);
  }
  const entries: LayerEntry[] = [];
  const problems: Problem[] = [];
  const secrets: FoundSecret[] = [];
  const pending: string[] = [''];
  let keptBytes = 0;
  /** Stands for a manifest: the same for the same paths and the same kept contents. */
  const listing = createHash('sha256');
  const digest = (): string => `sha256:${listing.digest('hex')}`;
  const problem = (at: string, reason: string): void => {
    if (problems.length < defaultLayerLimits.maxProblems) problems.push({ path: at, reason });
  };

  async function file(at: string): Promise<LayerEntry> {
    const rule = keep(at);
    if (rule?.byContent === true) {
      const { size, mode } = await lstat(path.join(root, at));
      if (rule.extract?.({ path: at, size, mode }) === undefined) return { path: at, kind: 'file', size };
    }
    // O_NOFOLLOW: the file may have become a link since the folder was listed. Never waits for a writer of a pipe.
    const handle = await open(path.join(root, at), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size, mode } = await handle.stat();
      if (rule === undefined) return { path: at, kind: 'file', size };
      if (rule.searchOnly === true) {
        if (size > 0 && size <= rule.maxBytes) {
          secrets.push(...(rule.search?.(at, await readPart(handle, 0, size, `"${at}"`)) ?? []));
        }
        return { path: at, kind: 'file', size };
      }
      if (size > rule.maxBytes) {
        problem(at, `it has ${size} bytes, more than the ${rule.maxBytes} that are read`);
        return { path: at, kind: 'file', size };
      }
      if (rule.extract !== undefined) {
        const extractor = rule.extract({ path: at, size, mode: mode & 0o7777 });
        let extract: Uint8Array | undefined;
        try {
          if (extractor !== undefined) extract = await pass(handle, extractor, signal);
        } catch (error) {
          if (!isEngineError(error)) throw error;
          problem(at, error.message);
        }
        if (extract === undefined) return { path: at, kind: 'file', size };
        keptBytes += extract.length;
        return { path: at, kind: 'file', size, ...(rule.byContent === true ? { extract } : { content: extract }) };
      }
      if (keptBytes + size > maxKeptBytes) {
        problem(at, `the files to read have more than ${maxKeptBytes} bytes: not read`);
        return { path: at, kind: 'file', size };
      }
      const bytes = await readPart(handle, 0, size, `"${at}"`);
      if (rule.search !== undefined) secrets.push(...rule.search(at, bytes));
      const content = rule.reduce?.(at, bytes) ?? bytes;
      keptBytes += content.length;
      return { path: at, kind: 'file', size, content };
    } finally {
      await handle.close();
    }
  }

  async function item(found: Dirent, at: string): Promise<LayerEntry> {
    if (found.isDirectory()) return { path: at, kind: 'directory', size: 0 };
    if (found.isSymbolicLink()) {
      return { path: at, kind: 'symlink', size: 0, target: await readlink(path.join(root, at)) };
    }
    if (!found.isFile()) return { path: at, kind: 'other', size: 0 };
    return keep(at) === undefined ? { path: at, kind: 'file', size: 0 } : file(at);
  }

  for (let inside = pending.pop(); inside !== undefined; inside = pending.pop()) {
    signal.throwIfAborted();
    let found: Dirent[];
    try {
      found = await readdir(path.join(root, inside), { withFileTypes: true });
    } catch (error) {
      problem(inside, reasonOf(error));
      continue;
    }
    found.sort((a, b) => compareText(a.name, b.name));
    for (const one of found) {
      const at = inside === '' ? one.name : `${inside}/${one.name}`;
      if (entries.length >= defaultLayerLimits.maxEntries) {
        problem('', `the folder has more than ${defaultLayerLimits.maxEntries} entries: the rest was passed over`);
        return { diffId: digest(), entries, problems, ...(secrets.length === 0 ? {} : { secrets }) };
      }
      try {
        const entry = await item(one, at);
        entries.push(entry);
        const kept = entry.content ?? entry.extract;
        listing.update(`${entry.kind}\0${at}\0${entry.target ?? ''}\0${kept?.length ?? -1}\0`);
        if (kept !== undefined) listing.update(kept);
      } catch (error) {
        problem(at, reasonOf(error));
        continue;
      }
      if (!one.isDirectory() || (inside === '' && kernelFolders.has(one.name))) continue;
      if (at.split('/').length >= maxDepth) problem(at, `it lies deeper than ${maxDepth} folders: not read`);
      else pending.push(at);
    }
  }
  return { diffId: digest(), entries, problems, ...(secrets.length === 0 ? {} : { secrets }) };
}

/** The first bytes often end it. */
const firstPieceBytes = 4096;
const pieceBytes = 256 * 1024;

/** Lets a file pass by an extractor. Throws EngineError of the extractor, and what the file system says. */
async function pass(handle: FileHandle, extractor: Extractor, signal: AbortSignal): Promise<Uint8Array | undefined> {
  let piece = Buffer.allocUnsafe(firstPieceBytes);
  let ended = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      ended = !(await extractor.write(piece.subarray(0, bytesRead)));
      if (ended) return undefined;
      if (piece.length < pieceBytes) piece = Buffer.allocUnsafeSlow(pieceBytes);
    }
    const extract = await extractor.end();
    ended = true;
    return extract;
  } finally {
    if (!ended) extractor.abandon?.();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied: not read';
  if (code === 'ENOENT') return 'it vanished while it was read';
  if (code === 'ELOOP') return 'it became a symbolic link while it was read';
  if (error instanceof Error && code !== '') return `it cannot be read (${code})`;
  throw error;
}
