import type { Referrers } from '../registry/referrers.ts';
import type { Descriptor, Platform } from '../registry/types.ts';
import type { FoundSecret, ImageSecret } from './secrets/kinds.ts';

export type PackageType =
  'deb' | 'apk' | 'rpm' | 'npm' | 'pypi' | 'nuget' | 'maven' | 'golang' | 'cargo' | 'gem' | 'composer';

/** A package as its own metadata names it. Versions are the ecosystem's full spelling. */
export interface Package {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /**
   * Source package, when known; its name or version may differ from the package's own. An rpm source whose version-release
   * is another than the package's has no epoch here, because none is recorded: such versions compare without epochs.
   */
  readonly source?: { readonly name: string; readonly version: string };
  /** File in the image that told us, without leading slash. */
  readonly path?: string;
  /** The package of the distribution that owns the metadata file, such as `python3-six`; never another vendor's package. */
  readonly ownedBy?: string;
  /** True when only a lock file names it. */
  readonly declared?: boolean;
  /** True when it comes from another vendor's repository than the distribution's: its version has another scheme. */
  readonly thirdParty?: boolean;
  /** Label `name:stream:version:context` of an rpm that belongs to a module: its advisories hold for that stream alone. */
  readonly modularity?: string;
  /** True when it is needed to build or test only, by its lock file. */
  readonly developmentOnly?: boolean;
  /** True when it came from a repository, an archive or a folder: its version need not be that of the ecosystem's index. */
  readonly notFromIndex?: boolean;
  readonly purl?: string;
}

/** Something in an image that could not be read as it should. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
  readonly line?: number;
}

/** Says of packages that another cataloguer finds, that they are needed to build or test only. */
export interface DevelopmentMark {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  /** The file that tells of them, or a directory above it. */
  readonly within: string;
}

export type Catalogued =
  | { readonly kind: 'package'; readonly package: Package }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'development'; readonly mark: DevelopmentMark };

/** A regular file of the merged view, read in one piece (its size was checked against the cataloguer's ceiling). */
export interface ImageFile {
  readonly path: string;
  readonly size: number;
  bytes(signal: AbortSignal): Promise<Uint8Array>;
}

/** What a cataloguer may look at beside the file it asked for. Paths without leading slash, symlinks resolved inside the root. */
export interface ImageView {
  has(path: string): boolean;
  file(path: string): ImageFile | undefined;
  /** Paths of regular files directly inside a directory. */
  list(directory: string): readonly string[];
}

/** A regular file before anything of it was read. */
export interface OfferedFile {
  readonly path: string;
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** True for paths that other cataloguers read: lists of the files of packages keep these. Without it they keep none. */
  readonly isOfInterest?: (path: string) => boolean;
}

/** Reads the bytes of one file as they pass by, and keeps little of them. */
export interface Extractor {
  /**
   * The next bytes, in order. They are the caller's and valid until the answer is there. False: it is not what was looked
   * for; no more is asked and nothing is kept. Throws EngineError, which becomes a problem of the file.
   */
  write(bytes: Uint8Array): boolean | Promise<boolean>;
  /** After the last byte: what is kept; undefined when the file was not what was looked for. Throws as `write` does. */
  end(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The rest will not come. */
  abandon?(): void;
}

/** Reads one package source. Parsing only: the walker opens files, enforces limits and orders results. */
export interface Cataloguer {
  /** Stable; appears in reports: `dpkg-status`, `apk-installed`, `npm-installed`. */
  readonly id: string;
  readonly maxFileBytes: number;
  /**
   * Reads a file as it passes by instead of having it kept whole: `read` is then given the extract, whatever the size of
   * the file. Goes before `reduce`.
   */
  extract?(file: OfferedFile): Extractor | undefined;
  /**
   * The first bytes decide, whatever the name: files that `wants` accepts are offered to `extract`, and `read` is called
   * for those that gave an extract. Cataloguers by content share one extractor, and each reads its part of the extract.
   */
  readonly byContent?: boolean;
  /**
   * One file lists many packages and is rewritten whole by every layer that installs something: layers are then told by
   * comparing the sets. Absent: the file belongs to its packages alone, and the layer that holds it brought them.
   */
  readonly database?: boolean;
  /** Asked for every entry of every layer: compares strings, no I/O. */
  wants(path: string): boolean;
  /**
   * What is kept of a file's bytes in the layer cache, when not all of it is read. Lists of files keep those of which
   * `isOfInterest` is true: other cataloguers read them, and packages of the operating system may own them.
   */
  reduce?(path: string, bytes: Uint8Array, isOfInterest: (path: string) => boolean): Uint8Array;
  read(file: ImageFile, image: ImageView, signal: AbortSignal): AsyncIterable<Catalogued>;
}

export interface OperatingSystem {
  /** `ID` of os-release. */
  readonly id: string;
  readonly version?: string;
  readonly name?: string;
  readonly codename?: string;
  /** OSV ecosystem with its suffix, such as `Debian:12`; absent when OSV has no data for it. */
  readonly ecosystem?: string;
  /** Why there is no ecosystem, as a clause: `OSV has no advisories for Amazon Linux`. */
  readonly uncovered?: string;
  /** Repositories that the packages of a Red Hat image come from, such as `rhel-9-for-x86_64-baseos-rpms`. */
  readonly contentSets?: readonly string[];
  /** OSV ecosystems of those repositories, `Red Hat:enterprise_linux:9::appstream`; absent when the image does not say them. */
  readonly streams?: readonly string[];
}

/** One layer of a finished image report, lowest first. */
export interface LayerReport {
  readonly digest: string;
  readonly diffId: string;
  readonly sizeBytes: number;
  /** `created_by` of the history entry; absent when history does not fit the layers. */
  readonly createdBy?: string;
}

/** A package of the final image with the layer that brought its present version. */
export interface PlacedPackage extends Package {
  /** Digest of the layer blob that brought this version; of the last one, when it was removed and installed again. */
  readonly layer?: string;
  /** Digest of the lowest layer that had this version, when that is another: it was removed and installed again since. */
  readonly changedLayer?: string;
  /** Digest of the lowest layer that had the package in any version, when that is another: an upgrade from there. */
  readonly firstLayer?: string;
}

/** Image config values that later steps use. OCI image-spec v1.1, "config.md". */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly user?: string;
  /** `NAME=value` for values known to be harmless, `NAME=` for all others. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir?: string;
  readonly exposedPorts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly diffIds: readonly string[];
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly emptyLayer: boolean;
}

/** Everything that reading one image (one platform) gave. Depends on the digest alone, so it is kept for ever. */
export interface ImageReport {
  /** Digest of the platform manifest. For `dir:` sources a digest of the listing. */
  readonly digest: string;
  readonly mediaType: string;
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly os?: OperatingSystem;
  readonly layers: readonly LayerReport[];
  readonly packages: readonly PlacedPackage[];
  readonly problems: readonly Problem[];
  readonly annotations: Readonly<Record<string, string>>;
  /** What looks like secrets in layers and config, never with their values; absent: none. */
  readonly secrets?: readonly ImageSecret[];
}

/** Where image bytes come from: a registry, a layout on disk, an archive. */
export interface ImageSource {
  /** How the person wrote it. */
  readonly ref: string;
  /** The manifest or index for the reference. */
  resolve(signal: AbortSignal): Promise<{ readonly descriptor: Descriptor; readonly bytes: Uint8Array }>;
  manifest(digest: string, signal: AbortSignal): Promise<Uint8Array>;
  /** The blob as it streams, not yet verified: the reader hashes it. */
  blob(descriptor: Descriptor, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** What is kept about a manifest: signatures, attestations, SBOMs. Absent where a source can hold none. */
  referrers?(digest: string, signal: AbortSignal): Promise<Referrers>;
  /** Gives back what the source holds; it cannot be read any more then. */
  dispose?(): Promise<void>;
  /** A root file system without layers: given instead of the three methods above, which then throw. */
  readonly tree?: (keep: KeepFilter, signal: AbortSignal) => Promise<LayerContent>;
}

/** Which contents are kept, and in what form. */
export interface KeepRule {
  /** A larger file becomes a problem in the result. */
  readonly maxBytes: number;
  /** Leaves out what nobody will read; the result stands for the content from then on. */
  readonly reduce?: (path: string, bytes: Uint8Array) => Uint8Array;
  /** Reads the file as it passes by: the extract stands for the content. Undefined: the file is not kept. */
  readonly extract?: (file: OfferedFile) => Extractor | undefined;
  /** The rule offers files of any name: nobody wants this path as such, and what is kept becomes the entry's `extract`. */
  readonly byContent?: boolean;
  /** Looks at the whole content and tells of the secrets in it; not called together with `extract`. */
  readonly search?: (path: string, bytes: Uint8Array) => readonly FoundSecret[];
  /** Nothing of the content is kept, it is searched alone; a larger file is passed over without a problem. */
  readonly searchOnly?: true;
}

/** Asked for the path of every entry of every layer: compares strings, no I/O. */
export type KeepFilter = (path: string) => KeepRule | undefined;

/** What reading one layer gave; keyed by diff id, it is the same in every image. Serialisable. */
export interface LayerContent {
  readonly diffId: string;
  /** All paths with their kind, and the kept bytes of files that some cataloguer wants. */
  readonly entries: readonly LayerEntry[];
  readonly problems: readonly Problem[];
  /** What looks like secrets in files of this layer, never with their values; absent: none. */
  readonly secrets?: readonly FoundSecret[];
}

export interface LayerEntry {
  /** Normalised, without leading slash. Whiteouts are entries of kind `whiteout` or `opaque` at the path they hide. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'whiteout' | 'opaque' | 'other';
  readonly size: number;
  /** Target of a link, as written. */
  readonly target?: string;
  /** Kept when a cataloguer wants the path: the content, its reduced form or its extract, as the rule says. */
  readonly content?: Uint8Array;
  /** Kept of a file whose first bytes, not its name, said that a cataloguer reads it. */
  readonly extract?: Uint8Array;
}

/** Keeps what was read, so that no layer is read twice. Implemented by the store. */
export interface LayerCache {
  getLayer(diffId: string): Promise<LayerContent | undefined>;
  putLayer(layer: LayerContent): Promise<void>;
  getImage(digest: string): Promise<ImageReport | undefined>;
  putImage(report: ImageReport): Promise<void>;
}
