// Reads the registry's storage folder file by file, the way the distribution registry lays it out.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { BuiltImages } from '../../lab/images/main.ts';

const run = promisify(execFile);

/** Where the lab and its tests keep what is expensive to make. */
export const CACHE = path.resolve(import.meta.dirname, '../../../.cache/lab');

const Descriptor = z.looseObject({ mediaType: z.string(), digest: z.string(), size: z.number() });

export const Manifest = z.looseObject({
  mediaType: z.string(),
  artifactType: z.string().optional(),
  config: Descriptor,
  layers: z.array(Descriptor),
  subject: Descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export const Index = z.looseObject({
  manifests: z.array(
    Descriptor.extend({
      platform: z.object({ architecture: z.string(), os: z.string() }),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

export const Config = z.looseObject({
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
  history: z.array(
    z.object({ created: z.string(), created_by: z.string(), comment: z.string(), empty_layer: z.boolean().optional() }),
  ),
  config: z.looseObject({
    Env: z.array(z.string()),
    User: z.string().optional(),
    Cmd: z.array(z.string()).optional(),
    Entrypoint: z.array(z.string()).optional(),
    Labels: z.record(z.string(), z.string()).optional(),
  }),
});

export function blobFile({ registryStorage }: BuiltImages, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return path.join(registryStorage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}

export async function readJson<T>(built: BuiltImages, digest: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse(await readFile(blobFile(built, digest), 'utf8')));
}

/** The digest that a tag names now. */
export async function tagOf({ registryStorage }: BuiltImages, repository: string, tag: string): Promise<string> {
  const folder = path.join(registryStorage, 'docker/registry/v2/repositories', repository, '_manifests/tags', tag);
  return readFile(path.join(folder, 'current/link'), 'utf8');
}

export async function tagsOf({ registryStorage }: BuiltImages, repository: string): Promise<string[]> {
  const folder = path.join(registryStorage, 'docker/registry/v2/repositories', repository, '_manifests/tags');
  return (await readdir(folder)).sort();
}

/** The paths in a gzip'd layer, as GNU tar lists them. */
export async function pathsIn(built: BuiltImages, digest: string): Promise<string[]> {
  const { stdout } = await run('tar', ['-tzf', blobFile(built, digest)], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim().split('\n');
}
