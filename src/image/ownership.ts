import { TurnTaker } from '../core/concurrency.ts';
import { isChiselManifest, readChiselOwners } from './cataloguers/chisel-wall.ts';
import { isRpmDatabase, logOf } from './cataloguers/rpm.ts';
import { readDatabase } from './rpm/database.ts';
import { decodeText, textLines } from './text-lines.ts';
import type { FileTree } from './file-tree.ts';
import type { KeepFilter } from './types.ts';

/** Lists of the files that a package of dpkg installed: one path a line, absolute. dpkg, "internal database". */
const dpkgList = /^var\/lib\/dpkg\/info\/([^/]+)\.list$/;
/** In images without dpkg only the checksums lie beside the stanzas: `<md5>  <path>`. */
const statusSums = /^var\/lib\/dpkg\/status\.d\/([^/]+)\.md5sums$/;
const apkDatabase = /(?:^|\/)lib\/apk\/db\/installed$/;
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

type Own = (path: string, owner: string) => void;

/**
 * The package of the operating system that each file of interest belongs to, by the path it was found at and by its real
 * path. `files` are the kept ones: the lists of dpkg and chisel and the databases of apk and rpm are picked out of them. An
 * rpm owns files only when the distribution made it, because a file of anybody else's is not patched by the distribution.
 */
export async function readOwners(
  tree: Pick<FileTree, 'realPath'>,
  files: readonly OwnedFile[],
  isOfInterest: (path: string) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const turns = new TurnTaker();
  const owners = new Map<string, string>();
  const own: Own = (path, owner) => {
    if (!isOfInterest(path)) return;
    owners.set(path, owner); // a link at a wanted path counts as a file of its own
    owners.set(tree.realPath(path) ?? path, owner);
  };
  for (const { path, content } of files) {
    const name = dpkgList.exec(path)?.[1]?.replace(/:[a-z0-9-]+$/, '') ?? statusSums.exec(path)?.[1];
    if (name !== undefined) {
      for (const { text } of textLines(decodeText(content))) own(pathOf(text), name);
    } else if (apkDatabase.test(path)) readApk(decodeText(content), own);
    else if (isChiselManifest(path)) readChiselOwners(content, own);
    else if (isRpmDatabase(path)) {
      const log = files.find((file) => file.path === logOf(path))?.content;
      for (const record of readDatabase(content, log, isOfInterest).records) {
        if (record.ofDistribution === true) for (const file of record.files ?? []) own(file, record.name);
      }
    } else continue;
    await turns.pause();
    signal.throwIfAborted();
  }
  return owners;
}

/** `P:` names the package, `F:` a directory, `R:` a file in the last directory. apk-package(5). */
function readApk(text: string, own: Own): void {
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
