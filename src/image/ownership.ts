import { TurnTaker } from '../core/concurrency.ts';
import { decodeText, textLines } from './text-lines.ts';
import type { FileTree } from './file-tree.ts';
import type { KeepFilter } from './types.ts';

/** Lists of the files that a package of dpkg installed: one path a line, absolute. dpkg, "internal database". */
const dpkgList = /^var\/lib\/dpkg\/info\/([^/]+)\.list$/;
/** In images without dpkg only the checksums lie beside the stanzas: `<md5>  <path>`. */
const statusSums = /^var\/lib\/dpkg\/status\.d\/([^/]+)\.md5sums$/;
const maxListBytes = 32 * 1024 * 1024;

/**
 * Keeps the file lists of dpkg, and of them the lines that name a file some cataloguer reads: whole lists have some
 * megabytes an image.
 */
export function keepFileLists(isOfInterest: (path: string) => boolean): KeepFilter {
  const rule = {
    maxBytes: maxListBytes,
    reduce: (_path: string, bytes: Uint8Array): Uint8Array => {
      let kept = '';
      for (const { text } of textLines(decodeText(bytes))) {
        const path = pathOf(text);
        if (isOfInterest(path)) kept += `${path}\n`;
      }
      return Buffer.from(kept, 'utf8');
    },
  };
  return (path) =>
    path.startsWith('var/lib/dpkg/') && (dpkgList.test(path) || statusSums.test(path)) ? rule : undefined;
}

/** The path of a line of either kind, without leading slash. Reduced lines have no checksum and come out as they are. */
function pathOf(line: string): string {
  const path = /^[0-9a-f]{32} {2}(.*)$/.exec(line)?.[1] ?? line;
  return path.startsWith('/') ? path.slice(1) : path;
}

export interface OwnedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The package of the operating system that each file of interest belongs to, by real path. `lists` are the kept lists of
 * dpkg, `apkDatabases` the databases of apk.
 */
export async function readOwners(
  tree: Pick<FileTree, 'realPath'>,
  lists: readonly OwnedFile[],
  apkDatabases: readonly OwnedFile[],
  isOfInterest: (path: string) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const turns = new TurnTaker();
  const owners = new Map<string, string>();
  const own = (path: string, owner: string): void => {
    if (isOfInterest(path)) owners.set(tree.realPath(path) ?? path, owner);
  };
  for (const { path, content } of lists) {
    const name = dpkgList.exec(path)?.[1]?.replace(/:[a-z0-9-]+$/, '') ?? statusSums.exec(path)?.[1];
    if (name === undefined) continue;
    for (const { text } of textLines(decodeText(content))) own(pathOf(text), name);
    await turns.pause();
    signal.throwIfAborted();
  }
  for (const { content } of apkDatabases) readApk(decodeText(content), own);
  return owners;
}

/** `P:` names the package, `F:` a directory, `R:` a file in the last directory. apk-package(5). */
function readApk(text: string, own: (path: string, owner: string) => void): void {
  let owner = '';
  let directory = '';
  for (const { text: line } of textLines(text)) {
    if (line === '') owner = directory = '';
    else if (line.startsWith('P:')) owner = line.slice(2);
    else if (line.startsWith('F:')) directory = line.slice(2);
    else if (line.startsWith('R:') && owner !== '')
      own(directory === '' ? line.slice(2) : `${directory}/${line.slice(2)}`, owner);
  }
}
