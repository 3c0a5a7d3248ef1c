// The folder layout of the OCI distribution registry ("docker/registry/v2" of its storage driver), read and written
// without the registry itself: for listings that its API lacks, for the built-in registry, and for specimens.
import { createHash } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface TagEntry {
  readonly name: string;
  readonly digest: string;
  readonly updated: Date;
}

export interface Revision {
  readonly digest: string;
  readonly created: Date;
}

export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

export class RegistryStorage {
  /** What `rootdirectory` of the registry's configuration names. */
  readonly root: string;
  readonly #base: string;

  constructor(root: string) {
    this.root = root;
    this.#base = path.join(root, 'docker', 'registry', 'v2');
    mkdirSync(path.join(this.#base, 'blobs', 'sha256'), { recursive: true });
    mkdirSync(path.join(this.#base, 'repositories'), { recursive: true });
  }

  /** Names of all repositories, sorted by code unit. */
  repositories(): string[] {
    const found: string[] = [];
    const walk = (folder: string, name: string): void => {
      for (const entry of subfolders(folder)) {
        if (entry === '_manifests') found.push(name);
        else if (!entry.startsWith('_')) walk(path.join(folder, entry), name === '' ? entry : `${name}/${entry}`);
      }
    };
    walk(path.join(this.#base, 'repositories'), '');
    return found.sort();
  }

  /** Tags, sorted by code unit. */
  tags(repository: string): TagEntry[] {
    const folder = this.#in(repository, '_manifests', 'tags');
    return subfolders(folder)
      .sort()
      .map((name) => {
        const link = path.join(folder, name, 'current', 'link');
        return { name, digest: readFileSync(link, 'utf8').trim(), updated: statSync(link).mtime };
      });
  }

  /** Every manifest, with or without a tag. */
  revisions(repository: string): Revision[] {
    const folder = this.#in(repository, '_manifests', 'revisions', 'sha256');
    return subfolders(folder)
      .sort()
      .map((hex) => ({ digest: `sha256:${hex}`, created: statSync(path.join(folder, hex, 'link')).mtime }));
  }

  hasRevision(repository: string, digest: string): boolean {
    return isFile(this.#in(repository, '_manifests', 'revisions', 'sha256', hexOf(digest), 'link'));
  }

  hasLayer(repository: string, digest: string): boolean {
    return isFile(this.#in(repository, '_layers', 'sha256', hexOf(digest), 'link'));
  }

  /** Where the bytes lie, whether they exist or not. */
  blobPath(digest: string): string {
    const hex = hexOf(digest);
    return path.join(this.#base, 'blobs', 'sha256', hex.slice(0, 2), hex, 'data');
  }

  /** Undefined when there is none. */
  blobSize(digest: string): number | undefined {
    return statSync(this.blobPath(digest), { throwIfNoEntry: false })?.size;
  }

  readBlob(digest: string): Buffer {
    return readFileSync(this.blobPath(digest));
  }

  putBlob(bytes: Uint8Array): StoredBlob {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const file = this.blobPath(digest);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return { digest, size: bytes.length };
  }

  /** Makes a blob readable through a repository. */
  linkLayer(repository: string, digest: string): void {
    writeLink(this.#in(repository, '_layers', 'sha256', hexOf(digest)), digest);
  }

  /** Stores a manifest under its digest and, if given, a tag. Its blobs must be linked already. */
  putManifest(repository: string, bytes: Uint8Array, tag?: string): StoredBlob {
    const stored = this.putBlob(bytes);
    writeLink(this.#in(repository, '_manifests', 'revisions', 'sha256', hexOf(stored.digest)), stored.digest);
    if (tag !== undefined) {
      writeLink(this.#in(repository, '_manifests', 'tags', tag, 'current'), stored.digest);
      writeLink(
        this.#in(repository, '_manifests', 'tags', tag, 'index', 'sha256', hexOf(stored.digest)),
        stored.digest,
      );
    }
    return stored;
  }

  #in(repository: string, ...parts: readonly string[]): string {
    return path.join(this.#base, 'repositories', ...repository.split('/'), ...parts);
  }
}

/** Makes a second tree over the same bytes, by hard links where the file system has them. */
export function cloneTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) cloneTree(source, target);
    else if (entry.isFile()) linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}

function writeLink(folder: string, digest: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'link'), digest);
}

function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new TypeError(`"${digest}" is not a sha256 digest`);
  return hex;
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function subfolders(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
