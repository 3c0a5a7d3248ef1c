// An image with packages of every language, on top of the lab's Debian, and what the package managers inside say of it.
// It is no part of the lab's registry: a layout in a folder of its own, cached by what it is made of.
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { BlobStore } from './blobs.ts';
import { buildDockerfile, type BuiltStage } from './builder.ts';
import { type BuiltImages, SAMPLE_REGISTRY } from './catalogue.ts';
import { chrootRunner } from './chroot.ts';
import { hashOf, hashOfInputs } from './inputs.ts';
import { lockOf } from './lock.ts';
import { storeImage } from './oci.ts';
import { dpkgTruth } from './truth.ts';

const run = promisify(execFile);
const CONTEXT = path.join(import.meta.dirname, 'languages');

/** Commands that run inside the finished image; what they print is kept by its name. */
const LISTS = {
  pip: 'python3 -m pip list --format=json',
  venv: '/opt/venv/bin/python -m pip list --format=json',
  gem: 'gem list --local --quiet',
  npm: 'cd /srv/app && npm ls --all --parseable --long',
  npmToRun: 'cd /srv/app && npm ls --all --parseable --long --omit=dev',
  owners: "dpkg-query --search '*/METADATA' '*/PKG-INFO' '*.egg-info' '*.gemspec' '*/package.json'",
} as const;

type ListName = keyof typeof LISTS;

const Truth = z.object({
  lists: z.record(z.string(), z.string()),
  deb: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      architecture: z.string(),
      source: z.string(),
      sourceVersion: z.string(),
      status: z.string(),
    }),
  ),
  /** Digests of the layers of the base image. */
  baseLayers: z.array(z.string()),
});

export interface LanguagesImage {
  /** Folder of the OCI layout. */
  readonly layout: string;
  readonly baseLayers: readonly string[];
  readonly deb: z.infer<typeof Truth>['deb'];
  /** What a package manager of the image printed. */
  list(name: ListName): string;
}

/** Builds the image, or finds the one that was built from the same files. Needs the lab's Debian (`built.available`). */
export async function buildLanguages(request: {
  readonly cacheDir: string;
  readonly built: BuiltImages;
  readonly log: (line: string) => void;
}): Promise<LanguagesImage> {
  const base = request.built.images.find(({ repository }) => repository === 'base/debian');
  if (base === undefined) throw new Error('The image of Debian was not built here.');
  const own = await readFile(import.meta.filename, 'utf8');
  const name = `languages-${await hashOf([CONTEXT], `${await hashOfInputs()} ${base.digest} ${own}`)}`;
  const folder = path.join(request.cacheDir, name);
  const known = await readBuilt(folder);
  if (known !== undefined) return known;
  await using _lock = await lockOf(path.join(request.cacheDir, 'languages.lock'), request.log);
  const meanwhile = await readBuilt(folder);
  if (meanwhile !== undefined) return meanwhile;
  for (const old of await readdir(request.cacheDir)) {
    if (/^languages-(?:[0-9a-f]+|partial-.*)$/.test(old))
      await rm(path.join(request.cacheDir, old), { recursive: true });
  }
  const partial = await mkdtemp(path.join(request.cacheDir, 'languages-partial-'));
  try {
    await buildInto(partial, request.built, base);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  const finished = await readBuilt(folder);
  if (finished === undefined) throw new Error(`The image in "${folder}" is not complete.`);
  return finished;
}

async function readBuilt(folder: string): Promise<LanguagesImage | undefined> {
  const text = await readFile(path.join(folder, 'truth.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { lists, deb, baseLayers } = Truth.parse(JSON.parse(text));
  return { layout: path.join(folder, 'layout'), baseLayers, deb, list: (name) => lists[name] ?? '' };
}

async function buildInto(folder: string, built: BuiltImages, base: BuiltImages['images'][number]): Promise<void> {
  const work = path.join(folder, 'work');
  const layout = path.join(folder, 'layout');
  const store = new BlobStore(path.join(layout, 'blobs'));
  const runner = chrootRunner(process.env['http_proxy'] ?? '');
  const [context, baseStage] = await Promise.all([
    prepareContext(path.join(work, 'context')),
    unpack(path.join(work, 'base'), built, base, store),
  ]);
  const stage = await buildDockerfile({
    store,
    workFolder: path.join(work, 'build'),
    contextFolder: context,
    source: await readFile(path.join(context, 'Dockerfile'), 'utf8'),
    buildArguments: { REGISTRY: SAMPLE_REGISTRY },
    labels: {},
    stepCache: { folder: path.join(work, 'steps'), states: new Map() },
    compression: 'zstd',
    sourceDate: new Date('2026-09-14T06:30:00Z'),
    now: () => new Date(),
    baseImage: () => Promise.resolve(baseStage),
    download: (url) => Promise.reject(new Error(`Nothing is downloaded here: ${url}`)),
    runner,
  });
  const image = await storeImage(store, {
    created: stage.history.at(-1)?.created ?? '',
    architecture: 'amd64',
    config: stage.config,
    layers: stage.layers,
    history: stage.history,
    dialect: 'oci',
  });
  await writeFile(path.join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const manifests = [{ mediaType: image.mediaType, digest: image.digest, size: image.size }];
  await writeFile(path.join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const truth: z.infer<typeof Truth> = {
    lists: await listsOf(stage.root, runner),
    deb: [...((await dpkgTruth(stage.root)) ?? [])],
    baseLayers: base.layers.map(({ digest }) => digest),
  };
  await rm(work, { recursive: true, force: true });
  await writeFile(path.join(folder, 'truth.json'), JSON.stringify(truth, undefined, 1));
}

/** The files beside the Dockerfile, and the tree that npm installs of them. */
async function prepareContext(context: string): Promise<string> {
  await cp(CONTEXT, context, { recursive: true });
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?:package|lifecycle|command|config_(?:local_)?prefix)/.test(name),
  );
  await run('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: context,
    env: Object.fromEntries(own),
    timeout: 180_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return context;
}

/** The base image as a stage: its tree on disk, and its layers in the store. */
async function unpack(
  root: string,
  built: BuiltImages,
  base: BuiltImages['images'][number],
  store: BlobStore,
): Promise<BuiltStage> {
  await mkdir(root, { recursive: true });
  await mkdir(path.dirname(store.fileOf(base.digest)), { recursive: true });
  const layers: BuiltStage['layers'][number][] = [];
  for (const { digest, diffId, createdBy } of base.layers) {
    const blob = blobOf(built, digest);
    await copyFile(blob, store.fileOf(digest));
    const { stdout } = await run('tar', ['--list', '--gzip', '--file', blob], { maxBuffer: 64 * 1024 * 1024 });
    for (const name of stdout.split('\n')) await applyWhiteout(root, name);
    await run('tar', [
      '--extract',
      '--gzip',
      '--file',
      blob,
      '--directory',
      root,
      '--numeric-owner',
      '--exclude=.wh.*',
    ]);
    const { length: size } = await readFile(blob);
    layers.push({ digest, diffId, createdBy, size, compression: 'gzip' });
  }
  const config = Config.parse(JSON.parse(await readFile(blobOf(built, base.configDigest), 'utf8')));
  const history = config.history.map(({ created, created_by, empty_layer }) => ({
    created,
    created_by,
    ...(empty_layer === true ? { empty_layer } : {}),
  }));
  return { root, layers, history, config: { Env: config.config.Env } };
}

const Config = z.object({
  config: z.object({ Env: z.array(z.string()).default([]) }),
  history: z.array(z.object({ created: z.string(), created_by: z.string(), empty_layer: z.boolean().optional() })),
});

function blobOf(built: BuiltImages, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return path.join(built.registryStorage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}

async function applyWhiteout(root: string, entry: string): Promise<void> {
  const name = path.posix.basename(entry);
  const folder = path.join(root, path.posix.dirname(entry));
  if (name === '.wh..wh..opq') {
    for (const inside of await readdir(folder).catch(() => []))
      await rm(path.join(folder, inside), { recursive: true });
  } else if (name.startsWith('.wh.')) await rm(path.join(folder, name.slice(4)), { recursive: true, force: true });
}

/** A command that ends with an error, as `npm ls` does for problems of a tree, still has printed its list. */
async function listsOf(root: string, runner: ReturnType<typeof chrootRunner>): Promise<Record<ListName, string>> {
  await runner.prepare(root);
  const script = Object.entries(LISTS).map(([name, command]) => `(${command}) > /run/lab/${name}.list || true`);
  await runner.run({
    root,
    argv: ['/bin/sh', '-c', script.join('\n')],
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    workdir: '/',
    user: 'root',
  });
  const lists: Record<ListName, string> = { pip: '', venv: '', gem: '', npm: '', npmToRun: '', owners: '' };
  for (const name of Object.keys(lists) as ListName[]) {
    lists[name] = await readFile(path.join(root, 'run/lab', `${name}.list`), 'utf8');
    if (lists[name] === '') throw new Error(`"${LISTS[name]}" printed nothing.`);
  }
  return lists;
}
