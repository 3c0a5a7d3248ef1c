// The images of the lab: built from the sample workspace's Dockerfiles, cached by what they are made of, kept in the
// storage folder of an OCI registry; and the advisory mirror that has something to say about them.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildInto } from './build.ts';
import { type BuiltImage, type BuiltImages, Catalogue } from './catalogue.ts';
import { canIsolate } from './chroot.ts';
import { hashOfInputs } from './inputs.ts';
import { lockOf } from './lock.ts';
import type { ImageTruth } from './truth.ts';

export { type BuiltImage, type BuiltImages, WORKSPACE } from './catalogue.ts';
export { buildMirror } from './mirror.ts';
export type { ImageTruth } from './truth.ts';

const run = promisify(execFile);
const LOCK = 'images.lock';

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
  const inputs = await hashOfInputs();
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

async function cached(
  request: BuildRequest,
  kind: 'debian' | 'hand-made',
  inputs: string,
  lacking?: string,
): Promise<BuiltImages> {
  const folder = path.join(request.cacheDir, `images-${kind}-${inputs}`);
  const known = await readCatalogue(folder);
  if (known !== undefined) return known;
  await using _lock = await lockOf(path.join(request.cacheDir, LOCK), request.log);
  const meanwhile = await readCatalogue(folder);
  if (meanwhile !== undefined) return meanwhile;
  await rm(folder, { recursive: true, force: true });
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
    if (name === newest || name === LOCK || name.endsWith(`-${inputs}`)) continue;
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
