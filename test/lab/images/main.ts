// The images of the lab: built from the sample workspace's Dockerfiles, cached by what they are made of, kept in the
// storage folder of an OCI registry; and the advisory mirror that has something to say about them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { BlobStore } from './blobs.ts';
import { buildDockerfile, type BuildOptions, type BuiltStage, type StepRunner } from './builder.ts';
import { canIsolate, chrootRunner, runIsolated } from './chroot.ts';
import {
  storeAttestation,
  storeImage,
  storeIndex,
  storeSignature,
  type StoredImage,
  type StoredManifest,
} from './oci.ts';
import { TARGETS, type Target } from './plan.ts';
import { pushThroughRegistry, writeRegistryLayout, type Push } from './registry.ts';
import { dpkgTruth, handMadeTruth, npmTruth, type ImageTruth } from './truth.ts';

export { buildMirror } from './mirror.ts';
export type { DebTruth, ImageTruth } from './truth.ts';

const run = promisify(execFile);

/** The folder that the lab opens in the editor. */
export const WORKSPACE = path.resolve(import.meta.dirname, '../workspace');

/** The name that the sample Dockerfiles give their registry; the lab's own addresses change with its ports. */
export const SAMPLE_REGISTRY = 'harbour.azurecr.example';

const FORMAT = 1;
const REGISTRY_NAMES = ['good', 'admin', 'acronly', 'firewall'] as const;
/** Beside the images' own inputs in this folder lies what the mirror is made of. */
const NOT_INPUTS = new Set(['node_modules', 'advisories', 'mirror.ts', 'osv.ts', 'zip.ts', 'expected-findings.json']);
const SIGNATURE_TYPE = 'application/vnd.cncf.notary.signature';

const BuiltImage = z.object({
  registry: z.enum(REGISTRY_NAMES),
  /** Repository names are unique over all registries, and are those in the storage folder. */
  repository: z.string(),
  /** The first tag that still names this image; empty for one that lost its tags. */
  tag: z.string(),
  tags: z.array(z.string()),
  /** Digest of the image manifest, of linux/amd64 where there are several. */
  digest: z.string(),
  mediaType: z.string(),
  indexDigest: z.string().optional(),
  /** Digests of all platforms' image manifests, amd64 first. */
  platformDigests: z.array(z.string()).optional(),
  /** Path in the sample workspace. */
  dockerfile: z.string().optional(),
  sizeBytes: z.number(),
  configDigest: z.string(),
  createdAt: z.string(),
  layers: z.array(z.object({ digest: z.string(), diffId: z.string(), createdBy: z.string() })),
});

const Artifact = z.object({
  registry: z.enum(REGISTRY_NAMES),
  repository: z.string(),
  digest: z.string(),
  artifactType: z.string(),
  subject: z.string(),
});

const Catalogue = z.object({
  available: z.boolean(),
  reason: z.string().optional(),
  images: z.array(BuiltImage),
  artifacts: z.array(Artifact),
});

export type BuiltImage = z.infer<typeof BuiltImage>;

export interface BuiltImages {
  /** False when only the hand-made images are there; `reason` says what this machine lacks. */
  readonly available: boolean;
  readonly reason?: string | undefined;
  /** `rootdirectory` of the registry's file system driver. */
  readonly registryStorage: string;
  /** A file an image, named by `truthFile`: what dpkg, apk and npm say is inside. */
  readonly truthFolder: string;
  readonly images: readonly BuiltImage[];
  /** Manifests that refer to images: signatures. */
  readonly artifacts: readonly z.infer<typeof Artifact>[];
}

export interface BuildRequest {
  /** A folder outside version control; all of it belongs to the lab. */
  readonly cacheDir: string;
  readonly log: (line: string) => void;
  /** Leaves Debian's images out even where they could be built: seconds instead of minutes. */
  readonly only?: 'hand-made';
}

/** Reads what was written down about an image while it was built. */
export async function readTruth(built: BuiltImages, image: BuiltImage): Promise<ImageTruth> {
  return JSON.parse(
    await readFile(path.join(built.truthFolder, `${image.digest.slice(7)}.json`), 'utf8'),
  ) as ImageTruth;
}

/**
 * Builds what is not built yet. The first time takes some minutes where Debian's tools can be used; later calls compare
 * the inputs and return. A build that was cut off leaves no trace but a folder that the next one removes.
 */
export async function buildImages(request: BuildRequest): Promise<BuiltImages> {
  await mkdir(request.cacheDir, { recursive: true });
  const inputs = (await hashOfInputs()).slice(0, 16);
  const lacking = request.only === undefined ? await whatIsLacking() : 'only the hand-made images were asked for.';
  if (lacking !== undefined) {
    request.log(`Images of Debian are left out: ${lacking}`);
    return cached(request, 'hand-made', inputs, lacking);
  }
  try {
    return await cached(request, 'debian', inputs);
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    const reason = `images of Debian could not be built: ${error instanceof Error ? error.message : String(error)}`;
    request.log(reason);
    return cached(request, 'hand-made', inputs, reason);
  }
}

async function whatIsLacking(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'images of Debian are built on Linux only.';
  if (process.getuid?.() !== 0) return 'building images of Debian needs root.';
  for (const tool of ['debootstrap', 'docker-registry', 'dpkg-query', 'tar', 'unshare']) {
    const found = await run('sh', ['-c', 'command -v "$0"', tool]).catch(() => undefined);
    if (found === undefined) return `the program "${tool}" is not installed.`;
  }
  return (await canIsolate()) ? undefined : 'this machine allows no mount and process namespaces.';
}

async function hashOfInputs(): Promise<string> {
  return hashOf([import.meta.dirname, WORKSPACE], `format ${FORMAT}`);
}

async function hashOf(folders: readonly string[], prefix: string): Promise<string> {
  const hash = createHash('sha256').update(`${prefix}\n`);
  const visit = async (folder: string): Promise<void> => {
    const found = await readdir(folder, { withFileTypes: true });
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(folder, entry.name);
      if (NOT_INPUTS.has(entry.name)) continue;
      if (entry.isDirectory()) await visit(file);
      else hash.update(`${path.relative(import.meta.dirname, file)}\n`).update(await readFile(file));
    }
  };
  for (const folder of folders) await visit(folder);
  return hash.digest('hex').slice(0, 40);
}

async function cached(
  request: BuildRequest,
  kind: 'debian' | 'hand-made',
  inputs: string,
  lacking?: string,
): Promise<BuiltImages> {
  const folder = path.join(request.cacheDir, `images-${kind}-${inputs}`);
  const known = await readCatalogue(folder);
  if (known !== undefined) return known;
  await using _lock = await lockOf(path.join(request.cacheDir, 'images.lock'), request.log);
  const meanwhile = await readCatalogue(folder);
  if (meanwhile !== undefined) return meanwhile;
  await removeOld(request.cacheDir, inputs);
  const partial = await mkdtemp(path.join(request.cacheDir, 'images-partial-'));
  try {
    await buildInto(partial, request.log, lacking);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  const built = await readCatalogue(folder);
  if (built === undefined) throw new Error(`The images in "${folder}" are not complete.`);
  return built;
}

/** Leaves sets of the same inputs alone, and the newest other one: a lab that is still running may serve it. */
async function removeOld(cacheDir: string, inputs: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith('images-'));
  const complete: { name: string; at: number }[] = [];
  for (const name of names) {
    const found = await stat(path.join(cacheDir, name, 'images.json')).catch(() => undefined);
    if (found !== undefined) complete.push({ name, at: found.mtimeMs });
  }
  const newest = complete.sort((a, b) => b.at - a.at)[0]?.name;
  for (const name of names) {
    if (name !== newest && name !== 'images.lock')
      await rm(path.join(cacheDir, name), { recursive: true, force: true });
  }
}

async function readCatalogue(folder: string): Promise<BuiltImages | undefined> {
  const text = await readFile(path.join(folder, 'images.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const registryStorage = path.join(folder, 'registry');
  const truthFolder = path.join(folder, 'truth');
  const catalogue = Catalogue.parse(JSON.parse(text));
  for (const { digest } of catalogue.images) {
    const hex = digest.slice(7);
    const file = path.join(registryStorage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    if ((await stat(file).catch(() => undefined)) === undefined) return undefined;
  }
  return { ...catalogue, registryStorage, truthFolder };
}

const HEARTBEAT_MS = 5_000;
const ABANDONED_MS = 60_000;

/** One builder at a time; a lock whose owner is gone, or has not touched it for a minute, is taken over. */
async function lockOf(file: string, log: (line: string) => void): Promise<AsyncDisposable> {
  for (let told = false; ;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
    const touched = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if ((owner > 0 && !isRunning(owner)) || Date.now() - touched > ABANDONED_MS) {
      await rm(file, { force: true });
      continue;
    }
    if (!told) log(`Another process (${owner}) builds the images; waiting for it.`);
    told = true;
    await sleep(500);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeat);
      await rm(file, { force: true });
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Built {
  readonly target: Target;
  readonly stages: readonly {
    readonly architecture: string;
    readonly stage: BuiltStage;
    readonly image: StoredImage;
  }[];
  /** What a tag names: the image, or the index over its platforms. */
  readonly top: StoredManifest;
  readonly signature?: StoredManifest;
  readonly baseRepository?: string;
}

async function buildInto(folder: string, log: (line: string) => void, lacking: string | undefined): Promise<void> {
  const work = path.join(folder, 'work');
  const store = new BlobStore(path.join(work, 'blobs'));
  await mkdir(path.join(folder, 'truth'), { recursive: true });
  await using pages = await servePages();
  const builds: Built[] = [];
  const session: Session = {
    work,
    store,
    log,
    builds,
    stepCache: new Map(),
    ...(lacking === undefined ? { runner: chrootRunner(pages.address) } : {}),
  };
  for (const target of TARGETS) {
    if (target.needsDebian === true && lacking !== undefined) continue;
    const started = performance.now();
    const built = await buildTarget(session, target, builds.length);
    builds.push(built);
    for (const { architecture, stage, image } of built.stages) {
      const truth = await truthOf(target, built.baseRepository, architecture, stage);
      await writeFile(path.join(folder, 'truth', `${image.digest.slice(7)}.json`), JSON.stringify(truth, undefined, 1));
    }
    log(`built ${target.repository}:${target.tags[0] ?? ''} in ${Math.round(performance.now() - started)} ms`);
  }
  const pushes = builds.flatMap((built): Push[] => [
    { repository: built.target.repository, manifest: built.top, tags: built.target.tags },
    ...(built.signature === undefined
      ? []
      : [{ repository: built.target.repository, manifest: built.signature, tags: [] }]),
  ]);
  const storage = path.join(folder, 'registry');
  if (lacking === undefined) await pushThroughRegistry(pushes, store, storage, work);
  else await writeRegistryLayout(pushes, store, storage);
  const catalogue: z.infer<typeof Catalogue> = {
    available: lacking === undefined,
    ...(lacking === undefined ? {} : { reason: lacking }),
    images: builds.map((built, index) => describe(built, builds.slice(index + 1))),
    artifacts: builds.flatMap(({ target, top, signature }) =>
      signature === undefined
        ? []
        : [
            {
              registry: target.registry,
              repository: target.repository,
              digest: signature.digest,
              artifactType: SIGNATURE_TYPE,
              subject: top.digest,
            },
          ],
    ),
  };
  await rm(work, { recursive: true, force: true });
  await writeFile(path.join(folder, 'images.json'), JSON.stringify(catalogue, undefined, 1));
}

function describe({ target, stages, top }: Built, later: readonly Built[]): BuiltImage {
  const taken = new Set(
    later.filter((other) => other.target.repository === target.repository).flatMap((other) => other.target.tags),
  );
  const tags = target.tags.filter((tag) => !taken.has(tag));
  const [first] = stages;
  if (first === undefined) throw new Error(`${target.repository} has no platform.`);
  return {
    registry: target.registry,
    repository: target.repository,
    tag: tags[0] ?? '',
    tags,
    digest: first.image.digest,
    mediaType: first.image.mediaType,
    ...(target.platforms === undefined
      ? {}
      : { indexDigest: top.digest, platformDigests: stages.map(({ image }) => image.digest) }),
    dockerfile: `${target.folder}/Dockerfile`,
    sizeBytes: first.image.sizeBytes,
    configDigest: first.image.configDigest,
    createdAt: first.stage.history.at(-1)?.created ?? '',
    layers: first.stage.layers.map(({ digest, diffId, createdBy }) => ({ digest, diffId, createdBy })),
  };
}

interface Session {
  readonly work: string;
  readonly store: BlobStore;
  readonly log: (line: string) => void;
  readonly builds: readonly Built[];
  readonly stepCache: BuildOptions['stepCache'];
  readonly runner?: StepRunner;
}

/** When the sample's sources were last touched; hand-made images are made of them alone and so never change. */
const SOURCE_DATE = new Date('2026-09-14T06:30:00Z');
const SOURCE = 'https://git.harbour.example/harbour/harbour';

async function buildTarget(session: Session, target: Target, index: number): Promise<Built> {
  const { store } = session;
  const context = await prepareContext(session, target, index);
  const source = await readFile(path.join(context, 'Dockerfile'), 'utf8');
  let ticks = 0;
  let base: { reference: string; built: Built } | undefined;
  const stages: Built['stages'][number][] = [];
  const revision = await hashOf([path.join(WORKSPACE, target.folder)], JSON.stringify(target.earlier ?? {}));
  const origin = {
    'org.opencontainers.image.revision': revision,
    'com.docker.image.source.entrypoint': `${target.folder}/Dockerfile`,
  };
  for (const architecture of target.platforms ?? (['amd64'] as const)) {
    const labels: Record<string, string> = target.origin === 'labels' ? { ...origin } : {};
    const stage = await buildDockerfile({
      store,
      workFolder: path.join(session.work, `build-${index}-${architecture}`),
      contextFolder: context,
      source,
      buildArguments: { REGISTRY: SAMPLE_REGISTRY, TARGETARCH: architecture },
      labels,
      stepCache: session.stepCache,
      compression: target.compression ?? 'gzip',
      sourceDate: SOURCE_DATE,
      now: () => (target.needsDebian === true ? new Date() : new Date(SOURCE_DATE.getTime() + 1000 * ticks++)),
      baseImage: (reference) => {
        const found = findBase(session.builds, reference);
        const stageOfBase = found.stages.find((one) => one.architecture === architecture) ?? found.stages[0];
        if (stageOfBase === undefined) throw new Error(`"${reference}" was not built for ${architecture}.`);
        base = { reference, built: found };
        return stageOfBase.stage;
      },
      download: async (url) =>
        readFile(path.join(import.meta.dirname, 'downloads', path.posix.basename(new URL(url).pathname))),
      ...(session.runner === undefined ? {} : { runner: session.runner }),
    });
    const baseOrigin: Record<string, string> =
      base === undefined
        ? {}
        : {
            'org.opencontainers.image.base.name': base.reference,
            'org.opencontainers.image.base.digest': base.built.top.digest,
          };
    if (target.origin === 'labels') Object.assign(stage.config.Labels ?? {}, baseOrigin);
    const image = await storeImage(store, {
      created: stage.history.at(-1)?.created ?? SOURCE_DATE.toISOString(),
      architecture,
      config: stage.config,
      layers: stage.layers,
      history: stage.history,
      dialect: target.dialect ?? 'oci',
      ...(target.origin === 'annotations' ? { annotations: { ...origin, ...baseOrigin } } : {}),
    });
    stages.push({ architecture, stage, image });
  }
  const built: Omit<Built, 'top'> = {
    target,
    stages,
    ...(base === undefined ? {} : { baseRepository: base.built.target.repository }),
  };
  const [only] = stages;
  if (only !== undefined && target.platforms === undefined) return { ...built, top: only.image };
  const attestations = target.attested === true ? await attestationsOf(session, target, stages, base, revision) : [];
  const top = await storeIndex(store, [
    ...stages.map(({ image, architecture }) => ({ manifest: image, platform: { architecture } })),
    ...attestations,
  ]);
  if (target.signed !== true) return { ...built, top };
  return { ...built, top, signature: await storeSignature(store, top, SIGNATURE_TYPE, SOURCE_DATE.toISOString()) };
}

async function attestationsOf(
  { store }: Session,
  target: Target,
  stages: Built['stages'],
  base: { readonly reference: string; readonly built: Built } | undefined,
  revision: string,
): Promise<{ manifest: StoredManifest; platform: { attests: string } }[]> {
  const purl = (reference: string): string => `pkg:docker/${reference.replace(/:([^:/]+)$/, '@$1')}`;
  const attestations = [];
  for (const { image, architecture } of stages) {
    const subject = `${purl(`${SAMPLE_REGISTRY}/${target.repository}:${target.tags[0] ?? ''}`)}?platform=linux%2F${architecture}`;
    const manifest = await storeAttestation(store, [{ digest: image.digest, purl: subject }], {
      entryPoint: `${target.folder}/Dockerfile`,
      source: SOURCE,
      revision,
      materials: base === undefined ? [] : [{ uri: purl(base.reference), digest: base.built.top.digest }],
      finishedOn: SOURCE_DATE.toISOString(),
    });
    attestations.push({ manifest, platform: { attests: image.digest } });
  }
  return attestations;
}

function findBase(builds: readonly Built[], reference: string): Built {
  const [, repository, tag = 'latest'] = /^[^/]+\/([^:]+)(?::(.+))?$/.exec(reference) ?? [];
  const found = builds.findLast(({ target }) => target.repository === repository && target.tags.includes(tag));
  if (found === undefined) throw new Error(`The base image "${reference}" is not among the lab's images.`);
  return found;
}

/** A copy of the folder, with what a build agent puts there before `docker build`. */
async function prepareContext(session: Session, target: Target, index: number): Promise<string> {
  const context = path.join(session.work, `context-${index}`);
  await cp(path.join(WORKSPACE, target.folder), context, {
    recursive: true,
    filter: (source) => path.basename(source) !== 'node_modules',
  });
  for (const [file, text] of Object.entries(target.earlier ?? {})) await writeFile(path.join(context, file), text);
  if (target.needsNpm === true) await installNodeModules(session, target, context);
  if (target.folder === 'images/base-debian') {
    session.log('debootstrap makes the root filesystem of Debian 12; this takes about half a minute');
    await runIsolated('sh', ['mkrootfs.sh', 'rootfs.tar'], { cwd: context, environment: { TMPDIR: session.work } });
  }
  return context;
}

/** `npm ci` once for each lock file; builds of the same service share the tree. */
async function installNodeModules(session: Session, target: Target, context: string): Promise<void> {
  const shared = path.join(session.work, `node_modules-${path.basename(target.folder)}`);
  if ((await stat(shared).catch(() => undefined)) === undefined) {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^npm_(?:package|lifecycle|command|config_(?:local_)?prefix)/.test(name),
    );
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: context,
      env: Object.fromEntries(own),
      timeout: 180_000,
      maxBuffer: 16 * 1024 * 1024,
    });
    await rename(path.join(context, 'node_modules'), shared);
  }
  await cp(shared, path.join(context, 'node_modules'), { recursive: true, verbatimSymlinks: true });
}

async function truthOf(
  target: Target,
  base: string | undefined,
  architecture: string,
  stage: BuiltStage,
): Promise<ImageTruth> {
  const handMade = await handMadeTruth(target.repository, base, architecture);
  const deb = target.needsDebian === true ? await dpkgTruth(stage.root) : undefined;
  const npm = await npmTruth(stage.root, 'app');
  return { ...handMade, ...(deb === undefined ? {} : { deb }), ...(npm === undefined ? {} : { npm }) };
}

/** An http proxy that serves `downloads/` under any host, for the steps that fetch from the sample's own server. */
async function servePages(): Promise<AsyncDisposable & { readonly address: string }> {
  const folder = path.join(import.meta.dirname, 'downloads');
  const server = createServer((asked, answer) => {
    const name = path.posix.basename(new URL(asked.url ?? '/', 'http://downloads.harbour.example').pathname);
    readFile(path.join(folder, name)).then(
      (bytes) => answer.end(bytes),
      () => answer.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
