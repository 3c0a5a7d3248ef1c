// A root filesystem on disk as a list of entries, and what a build step did to it as a layer.
// OCI image-spec v1.1, "layer.md": change sets, whiteouts, opaque whiteouts.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { TarEntry } from './tar.ts';

interface Node {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly links: number;
  readonly inode: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
  readonly bornNs: bigint;
}

/** Everything below a root, by path, parents before children. */
export type Snapshot = ReadonlyMap<string, Node>;

/** What the kernel or the builder puts there and no image carries. */
const OUTSIDE = new Set(['dev', 'proc', 'sys']);
const MOUNTED = new Set(['etc/resolv.conf', 'etc/hosts', 'etc/hostname', 'run/lab']);

function isCarried(relative: string): boolean {
  const first = relative.split('/', 1)[0] ?? '';
  return !MOUNTED.has(relative) && (relative === first || !OUTSIDE.has(first));
}

function kindOf(mode: bigint): Node['kind'] {
  switch (Number(mode) & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    default:
      return 'other';
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Walks the tree below `root` without following links; order depends on names alone. */
export async function snapshotOf(root: string): Promise<Snapshot> {
  const nodes = new Map<string, Node>();
  const visit = async (folder: string): Promise<void> => {
    const names = (await readdir(path.join(root, folder))).sort(byCodeUnit);
    for (const name of names) {
      const relative = folder === '' ? name : `${folder}/${name}`;
      if (!isCarried(relative)) continue;
      const found = await lstat(path.join(root, relative), { bigint: true });
      const kind = kindOf(found.mode);
      nodes.set(relative, {
        path: relative,
        kind,
        mode: Number(found.mode) & 0o7777,
        uid: Number(found.uid),
        gid: Number(found.gid),
        size: Number(found.size),
        links: Number(found.nlink),
        inode: found.ino,
        modifiedNs: found.mtimeNs,
        changedNs: found.ctimeNs,
        bornNs: found.birthtimeNs,
      });
      if (kind === 'directory') await visit(relative);
    }
  };
  await visit('');
  return nodes;
}

function isChanged(before: Node, after: Node): boolean {
  if (before.kind !== after.kind || before.mode !== after.mode) return true;
  if (before.uid !== after.uid || before.gid !== after.gid) return true;
  if (after.kind === 'directory') return before.modifiedNs !== after.modifiedNs || isReborn(before, after);
  return before.inode !== after.inode || before.changedNs !== after.changedNs || before.size !== after.size;
}

/** A directory that was removed and made again hides all that the layers below have in it. */
function isReborn(before: Node, after: Node): boolean {
  return before.inode !== after.inode || before.bornNs !== after.bornNs;
}

/** The entries that turn `before` into `after`: added and changed paths, then whiteouts for what is gone. */
export async function changesBetween(root: string, before: Snapshot, after: Snapshot): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  const linked = new Map<bigint, string>();
  const opaque: string[] = [];
  for (const node of after.values()) {
    const old = before.get(node.path);
    const reborn =
      old?.kind === 'directory' && node.kind === 'directory' && isReborn(old, node) && !isBelow(node.path, opaque);
    if (reborn) opaque.push(node.path);
    if (old !== undefined && !isChanged(old, node) && !isBelow(node.path, opaque)) continue;
    const entry = await entryOf(root, node, linked);
    if (entry === undefined) continue;
    entries.push(entry);
    if (reborn) entries.push(whiteout(`${node.path}/.wh..wh..opq`, node));
  }
  const gone: string[] = [];
  for (const node of before.values()) {
    if (after.has(node.path) || isBelow(node.path, gone) || isBelow(node.path, opaque)) continue;
    const parent = after.get(path.posix.dirname(node.path));
    if (parent !== undefined && parent.kind !== 'directory') continue;
    gone.push(node.path);
    entries.push(
      whiteout(path.posix.join(path.posix.dirname(node.path), `.wh.${path.posix.basename(node.path)}`), node),
    );
  }
  return entries;
}

/** All of a tree as one layer. */
export async function everythingIn(root: string): Promise<TarEntry[]> {
  return changesBetween(root, new Map(), await snapshotOf(root));
}

function isBelow(candidate: string, folders: readonly string[]): boolean {
  return folders.some((folder) => candidate.startsWith(`${folder}/`));
}

function whiteout(at: string, node: Node): TarEntry {
  const mtimeSeconds = Number(node.modifiedNs / 1_000_000_000n);
  return { path: at, kind: 'file', mode: 0o600, uid: 0, gid: 0, mtimeSeconds, size: 0 };
}

async function entryOf(root: string, node: Node, linked: Map<bigint, string>): Promise<TarEntry | undefined> {
  const common = {
    path: node.path,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    mtimeSeconds: Number(node.modifiedNs / 1_000_000_000n),
  };
  const file = path.join(root, node.path);
  switch (node.kind) {
    case 'directory':
      return { ...common, kind: 'directory', size: 0 };
    case 'symlink':
      return { ...common, kind: 'symlink', size: 0, linkTarget: await readlink(file) };
    case 'file': {
      const first = linked.get(node.inode);
      if (first !== undefined) return { ...common, kind: 'hardlink', size: 0, linkTarget: first };
      if (node.links > 1) linked.set(node.inode, node.path);
      const content = async function* (): AsyncGenerator<Uint8Array> {
        if (node.size > 0) yield* createReadStream(file) as AsyncIterable<Buffer>;
      };
      return { ...common, kind: 'file', size: node.size, content };
    }
    default:
      return undefined;
  }
}
