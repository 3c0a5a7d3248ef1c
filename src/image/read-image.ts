import { mapAll } from '../core/concurrency.ts';
import { DamagedError, DigestMismatchError, LimitExceededError, NotFoundError, isAbort } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { digestOf } from '../registry/bytes.ts';
import { maxConfigBytes } from '../registry/client.ts';
import type { Descriptor, Platform } from '../registry/types.ts';
import { catalogue, keepFilter, type Catalogue } from './catalogue.ts';
import { cataloguers as allCataloguers } from './cataloguers/index.ts';
import { emptyConfig, parseConfig } from './config.ts';
import type { MissingContent } from './file-tree.ts';
import { historyOfLayers } from './history.ts';
import { readLayer } from './layer.ts';
import type { LayerLimits } from './limits.ts';
import type { ImageManifest } from './manifest.ts';
import { checkPlatform, resolveImage, type ResolvedImage } from './resolve.ts';
import { type RawConfig, layersByEntry, secretsOfConfig, secretsOfLayers } from './secrets/collect.ts';
import type { ImageSecret } from './secrets/kinds.ts';
import { type Fingerprint, fingerprinter, withSearch } from './secrets/search.ts';
import type {
  Cataloguer,
  ImageConfig,
  ImageReport,
  ImageSource,
  KeepFilter,
  KeepRule,
  LayerCache,
  LayerContent,
  LayerReport,
  PlacedPackage,
  Problem,
} from './types.ts';

const maxSecondPassBytes = 64 * 1024 * 1024;

export interface ReadProgress {
  readonly layersDone: number;
  readonly layersTotal: number;
  /** Bytes of layers read in this run, and those of all layers that have to be read. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface ReadImageRequest {
  readonly source: ImageSource;
  /** Without it: the only platform, else linux/amd64, else the first for Linux. */
  readonly platform?: Platform;
  /** True: an image without an index that is for another platform is refused with BadInputError, instead of read. */
  readonly strictPlatform?: boolean;
  readonly signal: AbortSignal;
  /** Told what the reference stands for, before anything else is read. Not called for `dir:`. */
  readonly onResolved?: (resolved: ResolvedImage) => void;
  /** Told about ten times a second. */
  readonly onProgress?: (progress: ReadProgress) => void;
  /** Larger images are refused with LimitExceededError. Bytes as they are transferred. */
  readonly maxImageBytes?: number;
}

export interface ImageReaderOptions {
  readonly cache: LayerCache;
  readonly log: Log;
  /** Layers read at the same time, over all images. Default 3. */
  readonly concurrency?: number;
  readonly limits?: Partial<LayerLimits>;
  /** Default: all. */
  readonly cataloguers?: readonly Cataloguer[];
  /** Random bytes of this machine for the fingerprints of secrets; without it they hold for the life of this reader. */
  readonly fingerprintKey?: Uint8Array;
}

export interface ImageReader {
  /**
   * Reads one image. A report that is kept for its digest is returned without any request for blobs; a layer that is kept
   * for its diff id is not read again, and layers that several images need at the same time are read once.
   * Layers that are damaged, missing, encrypted or beyond a limit are problems of the report.
   * Throws NotAnImageError, BadInputError (no such platform, schema 1), DigestMismatchError (nothing may be believed),
   * DamagedError (manifest or config), and what the source throws.
   */
  read(request: ReadImageRequest): Promise<ImageReport>;
}

/** As `createImageReader(options).read(request)`, for a single image. */
export function readImage(request: ReadImageRequest & ImageReaderOptions): Promise<ImageReport> {
  return createImageReader(request).read(request);
}

export function createImageReader(options: ImageReaderOptions): ImageReader {
  const { cache, log } = options;
  const cataloguers = options.cataloguers ?? allCataloguers;
  const keep = keepFilter(cataloguers);
  const fingerprint = fingerprinter(options.fingerprintKey);
  const layersAtOnce = Math.max(1, options.concurrency ?? 3);
  /** Layers being read now, by diff id. */
  const reading = new Map<string, Promise<LayerContent>>();
  let active = 0;
  const queue: (() => void)[] = [];

  async function withTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (active >= layersAtOnce) await new Promise<void>((resolve) => queue.push(resolve));
    else active++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) active--;
      else next(); // the turn goes on to the next one
    }
  }

  async function read(request: ReadImageRequest): Promise<ImageReport> {
    const { source, signal } = request;
    if (source.tree !== undefined) return readRootfs(source.tree, source.ref, signal);
    const { manifest, resolved } = await resolveImage(source, request.platform, signal);
    const { digest } = resolved;
    request.onResolved?.(resolved);
    const wish = request.strictPlatform === true ? request.platform : undefined;
    const kept = await cache.getImage(digest);
    if (kept !== undefined) {
      if (wish !== undefined) checkPlatform(kept.platform, wish, source.ref);
      log.debug('image report reused', { ref: source.ref, digest });
      return kept;
    }
    const { config, secrets } = await readConfig(source, manifest, fingerprint, signal);
    if (wish !== undefined) checkPlatform(config, wish, source.ref);
    if (config.diffIds.length !== manifest.layers.length) {
      throw new DamagedError(
        `Cannot read image "${source.ref}": its manifest has ${manifest.layers.length} layers, its config ${config.diffIds.length}`,
        'Push the image again.',
      );
    }
    const layers = layersOf(manifest, config);
    checkSize(layers, request.maxImageBytes, source.ref);
    const progress = createProgress(layers, request.onProgress);
    const failed = new AbortController(); // one layer that may not be believed ends the work on the others
    let results: readonly LayerResult[];
    try {
      const either = AbortSignal.any([signal, failed.signal]);
      results = await mapAll(layers, layersAtOnce, either, async (layer) => {
        const result = await readOrReuse(source, layer, either, progress);
        progress.done(layer);
        return result;
      });
    } catch (error) {
      failed.abort();
      throw error;
    }
    const problems = results.flatMap((result) => ('problem' in result ? [result.problem] : []));
    const contents = results.map((result) => ('content' in result ? result.content : emptyLayer(result.diffId)));
    const found = await complete(source, layers, contents, signal);
    const report = toReport(digest, manifest, config, layers, found, problems, [
      ...secrets,
      ...secretsOfLayers(
        contents,
        layers.map(({ descriptor }) => descriptor.digest),
      ),
    ]);
    // Damaged layers stay as they are; a missing one may come back.
    if (results.every((result) => !('problem' in result) || result.lasting)) await cache.putImage(report);
    log.info('image read', { ref: source.ref, digest, layers: layers.length, packages: report.packages.length });
    return report;
  }

  /** The second pass for contents that lie under other names than those at which they are wanted. */
  async function complete(
    source: ImageSource,
    layers: readonly Layer[],
    contents: readonly LayerContent[],
    signal: AbortSignal,
  ): Promise<Catalogue> {
    const first = await catalogue(contents, cataloguers, signal);
    if (first.missing.length === 0) return first;
    const byLayer = Map.groupBy(first.missing, (missing) => missing.layer);
    const completed = [...contents];
    for (const [index, missing] of byLayer) {
      const layer = layers[index];
      const before = contents[index];
      if (layer === undefined || before === undefined) continue;
      log.debug('layer read again for linked files', { diffId: layer.diffId, files: missing.length });
      completed[index] = await withTurn(signal, () =>
        fetchLayer(source, layer, keepAlso(keep, before, missing), signal),
      );
    }
    const second = await catalogue(completed, cataloguers, signal);
    return { ...second, problems: [...second.problems, ...second.missing.map(stillMissing)] };
  }

  type LayerResult =
    | { readonly content: LayerContent }
    | { readonly diffId: string; readonly problem: Problem; readonly lasting: boolean };

  async function readOrReuse(
    source: ImageSource,
    layer: Layer,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<LayerResult> {
    const { diffId, descriptor } = layer;
    if (descriptor.mediaType.endsWith('+encrypted')) {
      return { diffId, problem: problemOf(layer, 'it is encrypted: not read'), lasting: true };
    }
    try {
      return { content: await sharedLayer(source, layer, signal, progress) };
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      if (error instanceof NotFoundError) {
        const foreign = isForeign(descriptor);
        const reason = foreign ? 'it is kept outside the registry: not read' : 'the registry does not have it';
        return { diffId, problem: problemOf(layer, reason), lasting: foreign };
      }
      if (error instanceof DamagedError || error instanceof LimitExceededError) {
        log.warn('layer not read', { digest: descriptor.digest, reason: error.message });
        return { diffId, problem: problemOf(layer, error.message), lasting: true };
      }
      throw error;
    }
  }

  async function sharedLayer(
    source: ImageSource,
    layer: Layer,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<LayerContent> {
    for (;;) {
      const running = reading.get(layer.diffId);
      if (running === undefined) break;
      try {
        return await running;
      } catch (error) {
        signal.throwIfAborted();
        if (!isAbort(error)) throw error; // else the other one was cancelled: this one reads it now
      }
    }
    const started = (async (): Promise<LayerContent> => {
      const kept = await cache.getLayer(layer.diffId);
      if (kept !== undefined) return kept;
      return withTurn(signal, () => fetchLayer(source, layer, keep, signal, progress));
    })();
    reading.set(layer.diffId, started);
    try {
      return await started;
    } finally {
      reading.delete(layer.diffId);
    }
  }

  async function fetchLayer(
    source: ImageSource,
    { diffId, descriptor }: Layer,
    filter: KeepFilter,
    signal: AbortSignal,
    progress?: Progress,
  ): Promise<LayerContent> {
    const content = await readLayer(
      await source.blob(descriptor, signal),
      { digest: descriptor.digest, sizeBytes: descriptor.size, diffId },
      {
        keep: withSearch(filter, fingerprint),
        signal,
        ...(options.limits === undefined ? {} : { limits: options.limits }),
        onBytes: (bytes) => progress?.bytes(diffId, bytes),
      },
    );
    await cache.putLayer(content);
    log.debug('layer read', { diffId, entries: content.entries.length, sizeBytes: descriptor.size });
    return content;
  }

  async function readRootfs(
    tree: NonNullable<ImageSource['tree']>,
    ref: string,
    signal: AbortSignal,
  ): Promise<ImageReport> {
    let content = await tree(withSearch(keep, fingerprint), signal);
    let found = await catalogue([content], cataloguers, signal);
    if (found.missing.length > 0) {
      content = await tree(withSearch(keepAlso(keep, content, found.missing), fingerprint), signal);
      found = await catalogue([content], cataloguers, signal);
    }
    log.info('folder read', { ref, entries: content.entries.length, packages: found.packages.length });
    return {
      digest: content.diffId,
      mediaType: 'inode/directory',
      platform: { os: 'linux', architecture: '' },
      config: emptyConfig,
      ...(found.os === undefined ? {} : { os: found.os }),
      layers: [],
      packages: found.packages.map(({ found: one }) => one),
      problems: [...found.problems, ...found.missing.map(stillMissing)],
      annotations: {},
      ...(content.secrets === undefined ? {} : { secrets: secretsOfLayers([content], []) }),
    };
  }

  return { read };
}

interface Layer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

function layersOf(manifest: ImageManifest, config: ImageConfig): Layer[] {
  return manifest.layers.map((descriptor, index) => ({ descriptor, diffId: config.diffIds[index] ?? '' }));
}

/** OCI image-spec v1.1, "layer.md", "Non-Distributable Layers"; Docker, "foreign" layers of Windows. */
function isForeign({ mediaType, urls }: Descriptor): boolean {
  return /nondistributable|foreign/.test(mediaType) || (urls !== undefined && urls.length > 0);
}

function problemOf(layer: Layer, reason: string): Problem {
  return { path: '', reason: `layer ${layer.descriptor.digest}: ${reason}` };
}

function stillMissing({ path }: MissingContent): Problem {
  return { path, reason: 'its content is needed through a link and could not be read' };
}

function emptyLayer(diffId: string): LayerContent {
  return { diffId, entries: [], problems: [] };
}

/** Keeps what was kept and the files that are missing, in the form of the path at which they are wanted. */
function keepAlso(keep: KeepFilter, before: LayerContent, missing: readonly MissingContent[]): KeepFilter {
  const also = new Map<string, KeepRule>();
  const plain: KeepRule = { maxBytes: maxSecondPassBytes };
  const wanted = (path: string): KeepRule | undefined => {
    const rule = keep(path);
    return rule?.byContent === true ? undefined : rule;
  };
  for (const { path, wantedAs } of missing) also.set(path, wanted(wantedAs) ?? plain);
  for (const { path, content } of before.entries) {
    if (content !== undefined && wanted(path) === undefined && !also.has(path)) also.set(path, plain);
  }
  return (path) => wanted(path) ?? also.get(path) ?? keep(path);
}

async function readConfig(
  source: ImageSource,
  manifest: ImageManifest,
  fingerprint: Fingerprint,
  signal: AbortSignal,
): Promise<{ readonly config: ImageConfig; readonly secrets: readonly ImageSecret[] }> {
  const { config } = manifest;
  const what = `"${source.ref}"`;
  if (config.size > maxConfigBytes) {
    throw new LimitExceededError(
      `Cannot read the config of ${what}: it has ${config.size} bytes, more than ${maxConfigBytes}`,
      'Push the image again.',
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await source.blob(config, signal)) {
    size += chunk.length;
    if (size > config.size) throw changed(`config ${config.digest}`, source.ref);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (size !== config.size || digestOf(bytes) !== config.digest) throw changed(`config ${config.digest}`, source.ref);
  const raw: RawConfig[] = [];
  const parsed = parseConfig(bytes, what, (texts) => raw.push(texts));
  const layerOf = layersByEntry(
    parsed.history,
    historyOfLayers(parsed),
    manifest.layers.map((layer) => layer.digest),
  );
  return { config: parsed, secrets: raw.flatMap((texts) => secretsOfConfig(texts, layerOf, fingerprint)) };
}

function changed(what: string, ref: string): DigestMismatchError {
  return new DigestMismatchError(
    `Cannot use ${what} of "${ref}": its content has another digest or size`,
    'The registry or something in between changed it. Nothing of it was used.',
  );
}

function toReport(
  digest: string,
  manifest: ImageManifest,
  config: ImageConfig,
  layers: readonly Layer[],
  found: Catalogue,
  problems: readonly Problem[],
  secrets: readonly ImageSecret[],
): ImageReport {
  const history = historyOfLayers(config);
  const variant = manifest.config.platform?.variant;
  return {
    digest,
    mediaType: manifest.mediaType,
    platform: {
      os: config.os,
      architecture: config.architecture,
      ...(variant === undefined ? {} : { variant }),
    },
    config,
    ...(found.os === undefined ? {} : { os: found.os }),
    layers: layers.map(({ descriptor, diffId }, index): LayerReport => {
      const createdBy = history[index]?.createdBy;
      return {
        digest: descriptor.digest,
        diffId,
        sizeBytes: descriptor.size,
        ...(createdBy === undefined ? {} : { createdBy }),
      };
    }),
    packages: found.packages.map(({ found: one, placement }): PlacedPackage => {
      const layer = placement === undefined ? undefined : layers[placement.introducedBy]?.descriptor.digest;
      const first = placement === undefined ? undefined : layers[placement.firstLayer]?.descriptor.digest;
      const changed = placement === undefined ? undefined : layers[placement.lastChangedBy]?.descriptor.digest;
      return {
        ...one,
        ...(layer === undefined ? {} : { layer }),
        ...(changed === undefined || changed === layer ? {} : { changedLayer: changed }),
        ...(first === undefined || first === layer ? {} : { firstLayer: first }),
      };
    }),
    problems: [...problems, ...found.problems],
    annotations: manifest.annotations,
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

function checkSize(layers: readonly Layer[], maxBytes: number | undefined, ref: string): void {
  const bytes = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  if (maxBytes === undefined || bytes <= maxBytes) return;
  throw new LimitExceededError(
    `Cannot scan "${ref}": its layers have ${bytes} bytes, more than the ${maxBytes} allowed`,
    'Raise the largest image size in the settings, or leave the image out.',
  );
}

/** Least time between two reports of bytes, in milliseconds. */
const progressIntervalMs = 100;

interface Progress {
  bytes(diffId: string, bytes: number): void;
  done(layer: Layer): void;
}

function createProgress(layers: readonly Layer[], report: ReadImageRequest['onProgress']): Progress {
  const bytesTotal = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const byLayer = new Map<string, number>();
  let bytesDone = 0;
  let layersDone = 0;
  let lastTold = 0;
  const tell = (now: number): void => {
    lastTold = now;
    report?.({ layersDone, layersTotal: layers.length, bytesDone, bytesTotal });
  };
  return {
    bytes(diffId, bytes) {
      bytesDone += bytes - (byLayer.get(diffId) ?? 0);
      byLayer.set(diffId, bytes);
      const now = performance.now();
      if (now - lastTold >= progressIntervalMs) tell(now);
    },
    done({ descriptor, diffId }) {
      bytesDone += descriptor.size - (byLayer.get(diffId) ?? 0);
      byLayer.set(diffId, descriptor.size);
      layersDone++;
      tell(performance.now());
    },
  };
}
