import { TurnTaker } from '../core/concurrency.ts';
import { LimitExceededError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { normalisePath } from './tar-path.ts';
import type { KeepFilter, LayerContent, LayerEntry, Problem } from './types.ts';

/** Symbolic links followed on one way. Linux path_resolution(7). */
const maxLinkHops = 40;
const maxLinkLength = 4096;
/** Directories and files of one image; the largest images known have under a million. */
const defaultMaxNodes = 2_000_000;

/** Top-level directories that merged-/usr distributions turn into links to directories below `usr`. */
const usrMerged: ReadonlySet<string> = new Set(['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin']);

interface Directory {
  readonly kind: 'directory';
  readonly children: Map<string, Node>;
}

interface Leaf {
  readonly kind: 'file' | 'symlink' | 'other';
  readonly entry: LayerEntry;
  /** Index of the layer that brought these bytes to this path. */
  readonly layer: number;
  /** Index of the layer whose archive holds the bytes: for a hard link, that of its target. */
  readonly origin: number;
  /** The file of a lower layer whose place it took, when something of both is kept. */
  readonly before?: Leaf;
}

type Node = Directory | Leaf;

/** A regular file of the merged view. */
export interface TreeFile {
  /** Path without symbolic links on the way. */
  readonly path: string;
  readonly size: number;
  readonly layer: number;
  readonly content?: Uint8Array;
  readonly extract?: Uint8Array;
  /** What lower layers had at this path, lowest first; absent when nobody replaced it. */
  readonly earlier?: readonly Pick<TreeFile, 'layer' | 'content' | 'extract'>[];
}

/** A file whose content has to be read, but was not kept because its layer has it under another name. */
export interface MissingContent {
  readonly layer: number;
  /** Path in the archive of that layer. */
  readonly path: string;
  /** Path at which it is wanted. */
  readonly wantedAs: string;
}

/** Content of a database file after a layer changed it; undefined when the layer removed it. */
export interface DatabaseState {
  readonly layer: number;
  readonly content: Uint8Array | undefined;
}

export interface FileTreeOptions {
  readonly keep: KeepFilter;
  /** Files whose states after each layer are recorded. */
  isDatabase(path: string): boolean;
  /** Directories and files of the whole image; more end in LimitExceededError. */
  readonly maxNodes?: number;
}

/**
 * The file system that layers make when they are put one on the other. OCI image-spec v1.1, "layer.md". Paths go through
 * symbolic links as a container runtime's do: inside the root, at most forty.
 */
export class FileTree {
  readonly #options: FileTreeOptions;
  readonly #root: Directory = { kind: 'directory', children: new Map() };
  #nodes = 0;
  /** Symbolic links at paths whose content is wanted. */
  readonly #wantedLinks = new Set<string>();
  /** Files at wanted paths that came without content. */
  readonly #withoutContent = new Set<string>();
  readonly #databases = new Map<string, DatabaseState[]>();
  readonly problems: Problem[] = [];

  constructor(options: FileTreeOptions) {
    this.#options = options;
  }

  /** Puts the next layer on top. Yields to the event loop. Throws LimitExceededError. */
  async apply(layer: LayerContent, index: number, signal: AbortSignal): Promise<void> {
    const application = new Application(this.#root, index, this.#nodes, this.#options.maxNodes ?? defaultMaxNodes);
    const turns = new TurnTaker();
    const pause = async (): Promise<void> => {
      await turns.pause();
      signal.throwIfAborted();
    };
    for (const entry of layer.entries) {
      if (entry.kind === 'whiteout') application.remove(entry.path);
      else if (entry.kind === 'opaque') application.clear(entry.path);
    }
    await pause();
    const late: LayerEntry[] = [];
    for (const [i, entry] of layer.entries.entries()) {
      if (entry.kind === 'whiteout' || entry.kind === 'opaque') continue;
      const path = application.add(entry);
      if (path === undefined) late.push(entry);
      else this.#note(path, entry);
      if (i % 128 === 0) await pause();
    }
    for (const entry of late) {
      const path = application.add(entry);
      if (path === undefined) {
        const reason = `it is a hard link to "${(entry.target ?? '').slice(0, 300)}", which is not in the image`;
        if (this.#isWanted(entry.path)) this.problems.push({ path: entry.path, reason });
      } else this.#note(path, entry);
    }
    this.#nodes = application.nodes;
    this.#recordDatabases(index);
    await pause();
  }

  /** `path` is where the entry landed: not its own path when a directory on the way is a symbolic link. */
  #note(path: string, entry: LayerEntry): void {
    const direct = entry.kind === 'file' && path === entry.path;
    if (direct && entry.content === undefined) return; // nobody wants it, or it was too large and that was said
    if (direct || this.#isWanted(path)) {
      if (entry.kind === 'symlink') this.#wantedLinks.add(path);
      else if (entry.kind === 'file' || entry.kind === 'hardlink') {
        if (this.#options.isDatabase(path) && !this.#databases.has(path)) this.#databases.set(path, []);
        if (!direct) this.#withoutContent.add(path);
      }
    }
  }

  /** Wanted as a path; what its first bytes would say is not asked. */
  #isWanted(path: string): boolean {
    const rule = this.#options.keep(path);
    return rule !== undefined && rule.byContent !== true;
  }

  #recordDatabases(layer: number): void {
    for (const [path, states] of this.#databases) {
      const found = find(this.#root, path, false);
      const content = found?.node.kind === 'file' ? found.node.entry.content : undefined;
      if (content !== states.at(-1)?.content) states.push({ layer, content });
    }
  }

  /** States of the recorded files after each layer that changed them, lowest layer first. */
  databases(): ReadonlyMap<string, readonly DatabaseState[]> {
    return this.#databases;
  }

  /** True when there is something at the path, symbolic links followed. */
  has(path: string): boolean {
    return find(this.#root, path, true) !== undefined;
  }

  /** Where the path leads without symbolic links; undefined when it leads nowhere. */
  realPath(path: string): string | undefined {
    return find(this.#root, path, true)?.path;
  }

  file(path: string): TreeFile | undefined {
    const found = find(this.#root, path, true);
    return found?.node.kind === 'file' ? asFile(found.path, found.node) : undefined;
  }

  /** Regular files directly inside a directory, in code unit order. */
  list(directory: string): readonly string[] {
    const found = find(this.#root, directory, true);
    if (found?.node.kind !== 'directory') return [];
    const prefix = found.path === '' ? '' : `${found.path}/`;
    return [...found.node.children]
      .filter(([, node]) => node.kind === 'file')
      .map(([name]) => prefix + name)
      .sort();
  }

  /**
   * Files with content or an extract, in code unit order of their paths. A symbolic link at a wanted path counts as a file of its own
   * when the file it leads to is not wanted by its own path.
   */
  async wanted(signal: AbortSignal): Promise<TreeFile[]> {
    const files: TreeFile[] = [];
    const pending: { path: string; directory: Directory }[] = [{ path: '', directory: this.#root }];
    const turns = new TurnTaker();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const [name, node] of next.directory.children) {
        if (node.kind === 'directory') pending.push({ path: join(next.path, name), directory: node });
        else if (node.kind === 'file' && isKept(node.entry)) {
          const path = join(next.path, name);
          if (node.entry.extract !== undefined || this.#isWanted(path)) files.push(asFile(path, node));
        }
      }
      await turns.pause();
      signal.throwIfAborted();
    }
    for (const link of this.#wantedLinks) {
      const found = this.#throughLink(link);
      if (found?.node.entry.content !== undefined) files.push(asFile(link, found.node));
    }
    return files.sort((a, b) => compareText(a.path, b.path));
  }

  /** Contents to read in a second pass, so that `wanted` is complete. */
  missing(): MissingContent[] {
    const missing = new Map<string, MissingContent>();
    const note = (leaf: Leaf, wantedAs: string): void => {
      if (leaf.entry.content !== undefined) return;
      missing.set(`${leaf.origin} ${leaf.entry.path}`, { layer: leaf.origin, path: leaf.entry.path, wantedAs });
    };
    for (const link of this.#wantedLinks) {
      const found = this.#throughLink(link);
      if (found !== undefined) note(found.node, link);
    }
    for (const path of this.#withoutContent) {
      const found = find(this.#root, path, false);
      if (found?.node.kind === 'file' && !this.#isWanted(found.node.entry.path)) note(found.node, path);
    }
    return [...missing.values()];
  }

  /** The file behind a link that is still there and leads to a file not wanted by its own path. */
  #throughLink(link: string): { path: string; node: Leaf } | undefined {
    if (find(this.#root, link, false)?.node.kind !== 'symlink') return undefined;
    const found = find(this.#root, link, true);
    if (found?.node.kind !== 'file' || this.#isWanted(found.path)) return undefined;
    return { path: found.path, node: found.node };
  }
}

function asFile(path: string, node: Leaf): TreeFile {
  const { size, content, extract } = node.entry;
  return {
    path,
    size,
    layer: node.layer,
    ...(content === undefined ? {} : { content }),
    ...(extract === undefined ? {} : { extract }),
    ...(node.before === undefined ? {} : { earlier: earlierThan(node) }),
  };
}

function earlierThan(node: Leaf): NonNullable<TreeFile['earlier']> {
  const out: Pick<TreeFile, 'layer' | 'content' | 'extract'>[] = [];
  for (let at = node.before; at !== undefined; at = at.before) {
    const { content, extract } = at.entry;
    out.push({
      layer: at.layer,
      ...(content === undefined ? {} : { content }),
      ...(extract === undefined ? {} : { extract }),
    });
  }
  return out.reverse();
}

function isKept({ content, extract }: LayerEntry): boolean {
  return content !== undefined || extract !== undefined;
}

/** One layer being put on the tree. */
class Application {
  readonly #root: Directory;
  readonly #index: number;
  readonly #maxNodes: number;
  nodes: number;
  /** Directories by the path that entries name; emptied when a directory or link is replaced. */
  readonly #parents = new Map<string, { path: string; directory: Directory }>();
  /** Kept contents that whiteouts of this layer removed: to recognise files that come back unchanged. */
  readonly #removed = new Map<string, Leaf>();

  constructor(root: Directory, index: number, nodes: number, maxNodes: number) {
    this.#root = root;
    this.#index = index;
    this.nodes = nodes;
    this.#maxNodes = maxNodes;
  }

  remove(path: string): void {
    const slash = path.lastIndexOf('/');
    const parent = find(this.#root, slash < 0 ? '' : path.slice(0, slash), true);
    if (parent?.node.kind !== 'directory') return;
    const name = path.slice(slash + 1);
    const node = parent.node.children.get(name);
    if (node === undefined) return;
    this.#forget(join(parent.path, name), node);
    parent.node.children.delete(name);
  }

  clear(path: string): void {
    const found = find(this.#root, path, true);
    if (found?.node.kind !== 'directory') return;
    for (const [name, node] of found.node.children) this.#forget(join(found.path, name), node);
    found.node.children.clear();
  }

  /** Takes the tree off the count and remembers its contents. */
  #forget(path: string, node: Node): void {
    const pending: [string, Node][] = [[path, node]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [at, current] = next;
      this.nodes--;
      if (current.kind === 'directory') {
        for (const [name, child] of current.children) pending.push([join(at, name), child]);
      } else if (isKept(current.entry)) this.#removed.set(at, current);
    }
  }

  /** Where the entry landed; undefined for a hard link whose target is not there (yet). */
  add(entry: LayerEntry): string | undefined {
    const slash = entry.path.lastIndexOf('/');
    const name = entry.path.slice(slash + 1);
    const parent = this.#parent(slash < 0 ? '' : entry.path.slice(0, slash));
    const path = join(parent.path, name);
    const existing = parent.directory.children.get(name);
    if (entry.kind === 'directory') {
      if (existing?.kind === 'directory') return path;
      // A runtime would replace the link and so break the image: builders of archives write such entries by mistake.
      if (existing?.kind === 'symlink' && slash < 0 && usrMerged.has(name) && this.#leadsToDirectory(name)) return path;
      this.#put(parent.directory, name, path, existing, { kind: 'directory', children: new Map() });
      return path;
    }
    const leaf = entry.kind === 'hardlink' ? this.#linked(entry) : this.#leaf(entry);
    if (leaf === undefined) return undefined;
    const before = existing?.kind === 'file' ? existing : this.#removed.get(path);
    this.#put(parent.directory, name, path, existing, this.#over(before, leaf));
    return path;
  }

  /** A file that was touched and not changed stays that of the lower layer; one that was changed knows what it replaced. */
  #over(before: Leaf | undefined, leaf: Leaf): Leaf {
    if (before?.kind !== 'file' || leaf.kind !== 'file') return leaf;
    const lower = before.layer === this.#index ? before.before : before;
    if (sameContent(before.entry, leaf.entry)) {
      return { ...leaf, layer: before.layer, ...(before.before === undefined ? {} : { before: before.before }) };
    }
    return lower !== undefined && isKept(lower.entry) && isKept(leaf.entry) ? { ...leaf, before: lower } : leaf;
  }

  #leaf(entry: LayerEntry): Leaf {
    const kind = entry.kind === 'file' || entry.kind === 'symlink' ? entry.kind : 'other';
    return { kind, entry, layer: this.#index, origin: this.#index };
  }

  #linked(entry: LayerEntry): Leaf | undefined {
    const target = normalisePath(entry.target ?? '');
    if (target === undefined || target === '' || target === entry.path) return undefined;
    const found = find(this.#root, target, false);
    if (found === undefined || found.node.kind === 'directory') return undefined;
    return { ...found.node, layer: this.#index };
  }

  #leadsToDirectory(path: string): boolean {
    return find(this.#root, path, true)?.node.kind === 'directory';
  }

  #put(directory: Directory, name: string, path: string, existing: Node | undefined, node: Node): void {
    if (existing !== undefined) {
      this.#forget(path, existing);
      if (existing.kind !== 'file') this.#parents.clear();
    }
    directory.children.set(name, node);
    this.#count();
  }

  #count(): void {
    if (++this.nodes > this.#maxNodes) {
      throw new LimitExceededError(
        `Cannot put the layers together: the image has more than ${this.#maxNodes} files and directories`,
        'Report the image if it is genuine.',
      );
    }
  }

  /** The directory that entries below `path` go to; made where it is missing. */
  #parent(path: string): { path: string; directory: Directory } {
    const cached = this.#parents.get(path);
    if (cached !== undefined) return cached;
    const parent = this.#makeDirectories(path);
    this.#parents.set(path, parent);
    return parent;
  }

  #makeDirectories(path: string): { path: string; directory: Directory } {
    const way: { name: string; directory: Directory }[] = [];
    const pending = parts(path);
    let hops = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        way.pop();
        continue;
      }
      const directory = way.at(-1)?.directory ?? this.#root;
      const child = directory.children.get(name);
      if (child?.kind === 'directory') {
        way.push({ name, directory: child });
        continue;
      }
      const target = child?.kind === 'symlink' ? (child.entry.target ?? '') : '';
      if (target !== '' && target.length <= maxLinkLength && hops < maxLinkHops) {
        hops++;
        if (target.startsWith('/')) way.length = 0;
        pending.push(...parts(target));
        continue;
      }
      const made: Directory = { kind: 'directory', children: new Map() };
      this.#put(directory, name, join(way.map((step) => step.name).join('/'), name), child, made);
      way.push({ name, directory: made });
    }
    return { path: way.map((step) => step.name).join('/'), directory: way.at(-1)?.directory ?? this.#root };
  }
}

function sameContent(a: LayerEntry, b: LayerEntry): boolean {
  if (a === b) return true;
  if (a.size !== b.size || !isKept(a) || !isKept(b)) return false;
  return sameBytes(a.content, b.content) && sameBytes(a.extract, b.extract);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Parts of a path, last one first. */
function parts(path: string): string[] {
  return path.split('/').reverse();
}

/** The node at a path, with the path that leads there without links. The last part is followed only if asked for. */
function find(root: Directory, path: string, followLast: boolean): { path: string; node: Node } | undefined {
  const way: { name: string; node: Node }[] = [];
  const pending = parts(path);
  let hops = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      way.pop();
      continue;
    }
    const current: Node = way.at(-1)?.node ?? root;
    if (current.kind !== 'directory') return undefined;
    const child = current.children.get(name);
    if (child === undefined) return undefined;
    if (child.kind === 'symlink' && (followLast || pending.length > 0)) {
      const target = child.entry.target ?? '';
      if (++hops > maxLinkHops || target.length > maxLinkLength) return undefined;
      if (target.startsWith('/')) way.length = 0;
      pending.push(...parts(target));
      continue;
    }
    way.push({ name, node: child });
  }
  return { path: way.map((step) => step.name).join('/'), node: way.at(-1)?.node ?? root };
}
