// Builds every target of the plan, one after the other, and fills the registry's storage with them.
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import type { z } from 'zod';
import { BlobStore } from './blobs.ts';
import { buildDockerfile, type BuildOptions, type BuiltStage, type StepRunner } from './builder.ts';
import { type BuiltImage, type Catalogue, SAMPLE_REGISTRY, WORKSPACE } from './catalogue.ts';
import { chrootRunner, runIsolated } from './chroot.ts';
import { hashOf } from './inputs.ts';
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

const run = promisify(execFile);
const SIGNATURE_TYPE = 'application/vnd.cncf.notary.signature';

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

/** Leaves `registry/`, `truth/` and `images.json` in the folder; without Debian's tools when `lacking` says why. */
export async function buildInto(
  folder: string,
  log: (line: string) => void,
  lacking: string | undefined,
): Promise<void> {
  const work = path.join(folder, 'work');
  const store = new BlobStore(path.join(work, 'blobs'));
  await mkdir(path.join(folder, 'truth'), { recursive: true });
  await using pages = await servePages();
  const targets = TARGETS.filter((target) => target.needsDebian !== true || lacking === undefined);
  const session: Session = {
    work,
    store,
    log,
    truthFolder: path.join(folder, 'truth'),
    pending: new Map(targets.map((target) => [target, Promise.withResolvers<Built>()])),
    stepCache: { folder: path.join(work, 'steps'), states: new Map() },
    ...(lacking === undefined ? { runner: chrootRunner(pages.address) } : {}),
  };
  const builds = await buildAll(session, targets);
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

const WORKERS = 2;

/**
 * Builds in the order of the plan, two services at a time; targets of one folder share steps and so come one by one.
 * A base stands before what is built on it, so whoever waits for one waits for a build that has begun.
 */
async function buildAll(session: Session, targets: readonly Target[]): Promise<Built[]> {
  const services = [...Map.groupBy(targets, (target) => target.folder).values()];
  for (const { promise } of session.pending.values()) promise.catch(() => undefined);
  const work = async (): Promise<void> => {
    for (let service = services.shift(); service !== undefined; service = services.shift()) {
      for (const target of service) await buildOne(session, target, targets.indexOf(target));
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: WORKERS }, work));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Promise.all([...session.pending.values()].map(({ promise }) => promise));
}

async function buildOne(session: Session, target: Target, index: number): Promise<void> {
  const started = performance.now();
  try {
    const built = await buildTarget(session, target, index);
    for (const { architecture, stage, image } of built.stages) {
      const truth = await truthOf(target, built.baseRepository, architecture, stage);
      await writeFile(
        path.join(session.truthFolder, `${image.digest.slice(7)}.json`),
        JSON.stringify(truth, undefined, 1),
      );
    }
    session.pending.get(target)?.resolve(built);
    await discard(session, target, index);
  } catch (error) {
    session.pending.get(target)?.reject(error);
    throw error;
  }
  session.log(`built ${target.repository}:${target.tags[0] ?? ''} in ${Math.round(performance.now() - started)} ms`);
}

/** Frees the disk early: only the trees of base images are needed again. */
async function discard({ work }: Session, target: Target, index: number): Promise<void> {
  await rm(path.join(work, `context-${index}`), { recursive: true, force: true });
  if (target.repository.startsWith('base/')) return;
  for (const architecture of target.platforms ?? (['amd64'] as const)) {
    await rm(path.join(work, `build-${index}-${architecture}`), { recursive: true, force: true });
  }
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
  readonly truthFolder: string;
  readonly pending: ReadonlyMap<Target, PromiseWithResolvers<Built>>;
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
      baseImage: async (reference) => {
        const found = await findBase(session.pending, reference);
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

async function findBase(pending: Session['pending'], reference: string): Promise<Built> {
  const [, repository, tag = 'latest'] = /^[^/]+\/([^:]+)(?::(.+))?$/.exec(reference) ?? [];
  const found = [...pending].findLast(([target]) => target.repository === repository && target.tags.includes(tag));
  if (found === undefined) throw new Error(`The base image "${reference}" is not among the lab's images.`);
  return found[1].promise;
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
