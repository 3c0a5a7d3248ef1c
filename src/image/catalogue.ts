import { TurnTaker } from '../core/concurrency.ts';
import { isAbort, isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { placePackages, packageKey, type PackageState, type Placement } from './attribution.ts';
import { withoutInstalled } from './declared.ts';
import { DevelopmentMarks } from './development-marks.ts';
import { FileTree, type DatabaseState, type MissingContent, type TreeFile } from './file-tree.ts';
import { anyOf, keepForCataloguer } from './keep.ts';
import { detectOperatingSystem, foreignBranches, keepReleaseFiles, releaseFiles } from './operating-system.ts';
import { keepFileLists, readOwners } from './ownership.ts';
import { packageUrl } from './purl.ts';
import type {
  Catalogued,
  Cataloguer,
  ImageFile,
  ImageView,
  KeepFilter,
  LayerContent,
  OperatingSystem,
  Package,
  Problem,
} from './types.ts';

/** A package with the indexes of its layers, 0 is the lowest. */
export interface CataloguedPackage {
  readonly found: Package;
  readonly placement?: Placement;
}

export interface Catalogue {
  readonly os?: OperatingSystem;
  readonly packages: readonly CataloguedPackage[];
  readonly problems: readonly Problem[];
  /** Contents that have to be read in a second pass before the catalogue is complete. */
  readonly missing: readonly MissingContent[];
}

const systemTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm']);

/**
 * What has to be kept of a layer so that `catalogue` can work: files of cataloguers, release files, file lists of dpkg;
 * where nobody wants the path, what cataloguers by content find.
 */
export function keepFilter(cataloguers: readonly Cataloguer[]): KeepFilter {
  const byName = cataloguers.filter(({ byContent }) => byContent !== true);
  const byContent = cataloguers.find((cataloguer) => cataloguer.byContent === true); // they share one extractor
  const isOfInterest = languageFiles(cataloguers);
  return anyOf([
    ...byName.map((cataloguer) => keepForCataloguer(cataloguer, isOfInterest)),
    keepReleaseFiles,
    keepFileLists(isOfInterest),
    ...(byContent === undefined ? [] : [keepForCataloguer(byContent, isOfInterest)]),
  ]);
}

/** Where packages of operating systems have their programs; their lists name ten times as many other files. */
const programPath = /(?:^|\/)(?:s?bin|games|libexec)\/[^/]+$|^(?:usr\/)?lib(?:exec|64)?\/(?:.*\/)?[^/.]+$/;

/** Files of packages that an operating system may own; its own databases and per-package files are not meant. */
function languageFiles(cataloguers: readonly Cataloguer[]): (path: string) => boolean {
  const languages = cataloguers.filter(({ id }) => !/^(?:apk|bottlerocket|chisel|dpkg|rpm)-/.test(id));
  return (path) =>
    languages.some((cataloguer) => (cataloguer.byContent === true ? programPath.test(path) : cataloguer.wants(path)));
}

/**
 * Lists the packages of an image out of its layers, lowest first. A file that cannot be read becomes a problem and the
 * others are read. Throws LimitExceededError for images with millions of files.
 */
export async function catalogue(
  layers: readonly LayerContent[],
  cataloguers: readonly Cataloguer[],
  signal: AbortSignal,
): Promise<Catalogue> {
  const keep = keepFilter(cataloguers);
  const databases = cataloguers.filter((cataloguer) => cataloguer.database === true);
  const tree = new FileTree({
    keep,
    isDatabase: (path) => databases.some((cataloguer) => cataloguer.wants(path)),
  });
  for (const [index, layer] of layers.entries()) await tree.apply(layer, index, signal);

  const view = viewOf(tree);
  const release = releaseFiles(tree);
  const os = detectOperatingSystem(release);
  const files = await tree.wanted(signal);
  const problems: Problem[] = [...tree.problems];
  const foreignBranch = os === undefined ? undefined : foreignBranches(os, release);
  if (foreignBranch !== undefined) problems.push(foreignBranch);
  const collected: CataloguedPackage[] = [];
  const seenSystemPackages = new Set<string>();
  const marks = new DevelopmentMarks();
  const turns = new TurnTaker();
  for (const cataloguer of cataloguers) {
    const mine = files.flatMap((file) => asSeenBy(cataloguer, file));
    if (mine.length === 0) continue;
    const place = cataloguer.database === true ? await placement(cataloguer, tree, view, signal) : undefined;
    for (const file of mine) {
      const items = await readAll(cataloguer, imageFile(file), view, signal);
      const within = place ?? (await placementInFile(cataloguer, file, items, view, signal));
      for (const item of items) {
        if (item.kind === 'problem') {
          problems.push(item.problem);
          continue;
        }
        if (item.kind === 'development') {
          marks.add(item.mark);
          continue;
        }
        const found = item.package;
        if (systemTypes.has(found.type)) {
          const key = packageKey(found);
          if (seenSystemPackages.has(key)) continue; // two databases of one system
          seenSystemPackages.add(key);
        }
        const placed = within?.(found) ?? {
          introducedBy: file.layer,
          lastChangedBy: file.layer,
          firstLayer: file.layer,
        };
        collected.push({ found, placement: placed });
      }
    }
    await turns.pause();
    signal.throwIfAborted();
  }
  // Silence about the system's packages must not look like a system without any.
  if (os !== undefined && seenSystemPackages.size === 0) {
    const reason = `no packages of ${os.name ?? os.id} were found: the image has no package list that is known here`;
    problems.push({ path: '', reason });
  }
  const ofInterest = languageFiles(cataloguers);
  const withContent = files.flatMap(({ path, content }) => (content === undefined ? [] : [{ path, content }]));
  const owners = await readOwners(tree, withContent, ofInterest, signal);
  // What another vendor packs is not patched by the distribution: its records are silent about it.
  const foreign = new Set(collected.flatMap(({ found }) => (found.thirdParty === true ? [found.name] : [])));
  const packages: CataloguedPackage[] = [];
  for (const { found, ...rest } of await withoutInstalled(collected, signal)) {
    const marked = marks.has(found) ? { ...found, developmentOnly: true } : found;
    const completed = complete(marked, os, owners, foreign);
    // A lock file that the distribution packed is that of the packed software's own development.
    if (completed.declared !== true || completed.ownedBy === undefined) packages.push({ found: completed, ...rest });
    await turns.pause();
    signal.throwIfAborted();
  }
  packages.sort((a, b) => comparePackages(a.found, b.found));
  return {
    ...(os === undefined ? {} : { os }),
    packages,
    problems: [...layers.flatMap((layer) => layer.problems), ...problems],
    missing: tree.missing(),
  };
}

function complete(
  found: Package,
  os: OperatingSystem | undefined,
  owners: ReadonlyMap<string, string>,
  foreign: ReadonlySet<string>,
): Package {
  const purl = packageUrl(found, os);
  // Inside an archive the package is found at `archive!/member`: the archive is what is owned.
  const file = found.path?.split('!/', 1)[0];
  const owner = systemTypes.has(found.type) || file === undefined ? undefined : owners.get(file);
  const ownedBy = owner === undefined || foreign.has(owner) ? undefined : owner;
  return {
    ...found,
    ...(purl === undefined ? {} : { purl }),
    ...(ownedBy === undefined ? {} : { ownedBy }),
  };
}

/** The file as the cataloguer reads it; nothing when it does not. */
function asSeenBy(cataloguer: Cataloguer, file: TreeFile): readonly TreeFile[] {
  const { extract, content } = file;
  if (cataloguer.byContent === true) return extract === undefined ? [] : [{ ...file, content: extract }];
  return content !== undefined && cataloguer.wants(file.path) ? [file] : [];
}

function comparePackages(a: Package, b: Package): number {
  return (
    compareText(a.type, b.type) ||
    compareText(a.name, b.name) ||
    compareText(a.version, b.version) ||
    compareText(a.architecture ?? '', b.architecture ?? '') ||
    compareText(a.path ?? '', b.path ?? '')
  );
}

/** Reads the databases of a cataloguer as they stood after each layer. */
async function placement(
  cataloguer: Cataloguer,
  tree: FileTree,
  view: ImageView,
  signal: AbortSignal,
): Promise<(found: Package) => Placement | undefined> {
  const mine = [...tree.databases()].filter(([path]) => cataloguer.wants(path));
  const changes = mine.flatMap(([path, states]) => states.map((state) => ({ path, state })));
  changes.sort((a, b) => a.state.layer - b.state.layer || compareText(a.path, b.path));
  const contents = new Map<string, DatabaseState>();
  const then = viewAsOf(view, new Set(mine.map(([path]) => path)), contents);
  const current = new Map<string, readonly Package[]>();
  const states: PackageState[] = [];
  for (const [layer, changed] of Map.groupBy(changes, ({ state }) => state.layer)) {
    for (const { path, state } of changed) contents.set(path, state);
    const directories = new Set(changed.map(({ path }) => directoryOf(path)));
    for (const [path, state] of contents) {
      // What lies beside a database, such as its log, belongs to it.
      if (directories.has(directoryOf(path))) {
        current.set(path, await packagesOf(cataloguer, path, state, then, signal));
      }
    }
    states.push({ layer, packages: [...current.values()].flat() });
  }
  return placePackages(states);
}

/** The image with the databases as they stood after an earlier layer. */
function viewAsOf(
  view: ImageView,
  databases: ReadonlySet<string>,
  contents: ReadonlyMap<string, DatabaseState>,
): ImageView {
  const file = (path: string): ImageFile | undefined => {
    if (!databases.has(path)) return view.file(path);
    const state = contents.get(path);
    return state?.content === undefined
      ? undefined
      : imageFile({ path, size: state.content.length, layer: state.layer, content: state.content });
  };
  return {
    has: (path) => (databases.has(path) ? file(path) !== undefined : view.has(path)),
    file,
    list: (directory) => view.list(directory),
  };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/**
 * Of a file that replaced one of a lower layer, what it brought and what was there before: an upgrade, or the same packages
 * written anew. Undefined when it replaced nothing: all in it came with its layer.
 */
async function placementInFile(
  cataloguer: Cataloguer,
  file: TreeFile,
  items: readonly Catalogued[],
  view: ImageView,
  signal: AbortSignal,
): Promise<((found: Package) => Placement | undefined) | undefined> {
  if (file.earlier === undefined) return undefined;
  const states: PackageState[] = [];
  for (const { layer, content, extract } of file.earlier) {
    const kept = cataloguer.byContent === true ? extract : content;
    states.push({ layer, packages: await packagesOf(cataloguer, file.path, { layer, content: kept }, view, signal) });
  }
  return placePackages([...states, { layer: file.layer, packages: packagesIn(items) }]);
}

function packagesIn(items: readonly Catalogued[]): Package[] {
  return items.flatMap((item) => (item.kind === 'package' ? [item.package] : []));
}

async function packagesOf(
  cataloguer: Cataloguer,
  path: string,
  { content, layer }: DatabaseState,
  view: ImageView,
  signal: AbortSignal,
): Promise<readonly Package[]> {
  if (content === undefined) return [];
  const file = imageFile({ path, size: content.length, layer, content });
  return packagesIn(await readAll(cataloguer, file, view, signal));
}

async function readAll(
  cataloguer: Cataloguer,
  file: ImageFile,
  view: ImageView,
  signal: AbortSignal,
): Promise<readonly Catalogued[]> {
  const items: Catalogued[] = [];
  try {
    for await (const item of cataloguer.read(file, view, signal)) items.push(item);
  } catch (error) {
    if (isAbort(error, signal) || !isEngineError(error)) throw error;
    items.push({ kind: 'problem', problem: { path: file.path, reason: error.message } });
  }
  return items;
}

function imageFile({ path, size, content }: TreeFile): ImageFile {
  return { path, size, bytes: () => Promise.resolve(content ?? new Uint8Array()) };
}

function viewOf(tree: FileTree): ImageView {
  return {
    has: (path) => tree.has(path),
    file(path) {
      const file = tree.file(path);
      return file?.content === undefined ? undefined : imageFile(file);
    },
    list: (directory) => tree.list(directory),
  };
}
