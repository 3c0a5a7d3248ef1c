import * as z from 'zod';
import { DamagedError, LimitExceededError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { isDigest } from '../registry/reference.ts';
import { looksSecret, mask, maskEnvironment } from '../core/masking.ts';
import type { RawConfig } from './secrets/collect.ts';
import { hideSecrets } from './secrets/inspect.ts';
import type { HistoryEntry, ImageConfig } from './types.ts';

/** Longest text kept of one history entry or label, and of all together. */
const maxTextChars = 32 * 1024;
const maxAllTextChars = 512 * 1024;
/** Label with the layers of an image of buildpacks, as JSON: cut, it says nothing. */
const lifecycleLabel = 'io.buildpacks.lifecycle.metadata';
const maxLifecycleChars = 256 * 1024;
/** Entries of one list. Images have some hundred; what has more was made to take time. */
const maxListed = 5_000;

const text = z.string().nullish().catch(undefined);
const list = z
  .union([z.array(z.string()), z.string().transform((one) => [one])])
  .nullish()
  .catch(undefined);
/** OCI image-spec v1.1, "config.md"; Docker image specification v1.2. Written by many tools: everything may be null. */
const schema = z.object({
  created: text,
  author: text,
  architecture: text,
  os: text,
  config: z
    .object({
      User: text,
      Env: list,
      Entrypoint: list,
      Cmd: list,
      WorkingDir: text,
      ExposedPorts: z.record(z.string(), z.unknown()).nullish().catch(undefined),
      Labels: z.record(z.string(), z.string()).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  rootfs: z.object({ diff_ids: z.array(z.string().refine(isDigest, 'is no sha256 digest')).nullish() }),
  history: z
    .array(
      z.object({
        created: text,
        created_by: text,
        author: text,
        comment: text,
        empty_layer: z.boolean().nullish().catch(undefined),
      }),
    )
    .nullish()
    .catch(undefined),
});

/** Of a root file system, which comes without a config. */
export const emptyConfig: ImageConfig = {
  architecture: '',
  os: 'linux',
  env: [],
  entrypoint: [],
  cmd: [],
  exposedPorts: [],
  labels: {},
  diffIds: [],
  history: [],
};

/** The lists as they are, so that they are counted before they are read. */
const counted = z.object({
  config: z
    .object({
      Env: z.unknown(),
      Entrypoint: z.unknown(),
      Cmd: z.unknown(),
      ExposedPorts: z.unknown(),
      Labels: z.unknown(),
    })
    .partial()
    .nullish()
    .catch(undefined),
  rootfs: z.object({ diff_ids: z.unknown() }).nullish().catch(undefined),
  history: z.unknown(),
});

function checkCounts(json: unknown, what: string): void {
  const { config, rootfs, history } = counted.partial().safeParse(json).data ?? {};
  for (const [name, value] of Object.entries({ ...config, ...rootfs, history })) {
    const count = typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
    if (count > maxListed) {
      throw new LimitExceededError(
        `Cannot read the config of ${what}: it has ${count} entries in "${name}", more than ${maxListed}`,
        'Report the image if it is genuine.',
      );
    }
  }
}

/**
 * Reads the config of an image. Values that look like secrets are hidden here already: nothing behind this point has seen
 * them, but `before`, which is shown the texts as they were written. Throws DamagedError, LimitExceededError.
 */
export function parseConfig(bytes: Uint8Array, what: string, before?: (raw: RawConfig) => void): ImageConfig {
  const json = parseJson(Buffer.from(bytes).toString('utf8'), `the config of ${what}`, { maxDepth: 50 });
  checkCounts(json, what);
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DamagedError(
      `Cannot read the config of ${what}: "${issue?.path.join('.') ?? ''}" ${issue?.message ?? 'has an unknown form'}`,
      'Push the image again.',
    );
  }
  const { created, author, architecture, os, config, rootfs, history } = parsed.data;
  before?.({
    env: config?.Env ?? [],
    labels: config?.Labels ?? {},
    texts: [...(config?.Entrypoint ?? []), ...(config?.Cmd ?? [])],
    history: (history ?? []).map(({ created_by: text }) => text ?? ''),
  });
  let left = maxAllTextChars;
  const shown = (value: string, most = maxTextChars): string => {
    const cut = value.slice(0, Math.min(most, left));
    left -= cut.length;
    return hideSecrets(cut) + (cut.length < value.length ? '…' : '');
  };
  const hasText = (value: string | null | undefined): value is string => typeof value === 'string' && value !== '';
  return {
    ...(hasText(created) ? { created } : {}),
    ...(hasText(author) ? { author } : {}),
    architecture: architecture ?? '',
    os: os ?? '',
    ...(hasText(config?.User) ? { user: config.User } : {}),
    env: (config?.Env ?? []).map((entry) => maskEnvironment(entry.slice(0, maxTextChars))),
    entrypoint: (config?.Entrypoint ?? []).map((part) => shown(part)),
    cmd: (config?.Cmd ?? []).map((part) => shown(part)),
    ...(hasText(config?.WorkingDir) ? { workingDir: config.WorkingDir } : {}),
    exposedPorts: Object.keys(config?.ExposedPorts ?? {}).sort(),
    labels: Object.fromEntries(
      Object.entries(config?.Labels ?? {}).map(([name, value]) => [
        name,
        looksSecret(name) ? mask : shown(value, name === lifecycleLabel ? maxLifecycleChars : maxTextChars),
      ]),
    ),
    diffIds: rootfs.diff_ids ?? [],
    history: (history ?? []).map((entry): HistoryEntry => ({
      ...(hasText(entry.created) ? { created: entry.created } : {}),
      ...(hasText(entry.created_by) ? { createdBy: shown(entry.created_by) } : {}),
      ...(hasText(entry.author) ? { author: entry.author } : {}),
      ...(hasText(entry.comment) ? { comment: shown(entry.comment) } : {}),
      emptyLayer: entry.empty_layer === true,
    })),
  };
}
