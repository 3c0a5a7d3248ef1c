import * as z from 'zod';
import { RefusedError, UnexpectedResponseError } from '../core/errors.ts';
import type { Descriptor, Platform } from './types.ts';
import { isDigest } from './reference.ts';
import { withoutQuery } from './registry-errors.ts';

/** Most pages that one list is followed through. */
export const maxPages = 10_000;

/** What may be done with a repository, tag or manifest. Azure Container Registry, "Lock a container image". */
export interface Locks {
  /** False: locked against pulls. */
  readonly readEnabled?: boolean;
  /** False: hidden from lists. */
  readonly listEnabled?: boolean;
  readonly writeEnabled?: boolean;
  readonly deleteEnabled?: boolean;
}

export interface RepositoryAttributes extends Locks {
  readonly name: string;
  /** ISO times, as the registry wrote them. */
  readonly createdTime?: string;
  readonly lastUpdateTime?: string;
  readonly manifestCount?: number;
  readonly tagCount?: number;
}

export interface TagAttributes extends Locks {
  readonly name: string;
  readonly digest?: string;
  readonly createdTime?: string;
  /** Moves when the tag is pushed again. */
  readonly lastUpdateTime?: string;
}

export interface ManifestAttributes extends Locks {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Of an image: compressed layers and config together. Of an index: the document alone. */
  readonly sizeBytes?: number;
  readonly createdTime?: string;
  readonly lastUpdateTime?: string;
  readonly mediaType?: string;
  readonly configMediaType?: string;
  readonly architecture?: string;
  readonly os?: string;
  /** Members of an index. */
  readonly references: readonly { readonly digest: string; readonly architecture?: string; readonly os?: string }[];
}

const text = z.string().optional().catch(undefined);
const count = z.number().int().nonnegative().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const digest = z.string().refine(isDigest);
const locks = z
  .object({ readEnabled: flag, listEnabled: flag, writeEnabled: flag, deleteEnabled: flag })
  .nullish()
  .catch(undefined);

/** OCI distribution-spec v1.1, "Listing Tags"; distribution, "Catalog". An empty list may be written as null. */
export const catalogPage = z.object({ repositories: z.array(z.string()).nullish() });
export const tagNamesPage = z.object({ tags: z.array(z.string()).nullish() });

/** Azure Container Registry data plane 2021-07-01. */
export const repositoryAnswer = z.object({
  imageName: z.string(),
  createdTime: text,
  lastUpdateTime: text,
  manifestCount: count,
  tagCount: count,
  changeableAttributes: locks,
});
export const tagsPage = z.object({
  tags: z
    .array(
      z.object({
        name: z.string(),
        digest: digest.optional().catch(undefined),
        createdTime: text,
        lastUpdateTime: text,
        changeableAttributes: locks,
      }),
    )
    .nullish(),
});
export const manifestsPage = z.object({
  manifests: z
    .array(
      z.object({
        digest,
        imageSize: count,
        createdTime: text,
        lastUpdateTime: text,
        mediaType: text,
        configMediaType: text,
        architecture: text,
        os: text,
        tags: z.array(z.string()).nullish().catch(undefined),
        references: z
          .array(z.object({ digest, architecture: text, os: text }))
          .nullish()
          .catch(undefined),
        changeableAttributes: locks,
      }),
    )
    .nullish(),
});

const platform = z.object({ os: z.string(), architecture: z.string(), variant: text });
/** OCI image-spec v1.1, "image-index.md". */
export const referrersAnswer = z.object({
  manifests: z
    .array(
      z.object({
        mediaType: z.string(),
        digest,
        size: z.number().int().nonnegative(),
        artifactType: text,
        annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
        platform: platform.nullish().catch(undefined),
      }),
    )
    .nullish(),
});

export function readRepository(answer: z.infer<typeof repositoryAnswer>): RepositoryAttributes {
  const { imageName, changeableAttributes, ...rest } = answer;
  return { name: imageName, ...defined(rest), ...readLocks(changeableAttributes) };
}

export function readTags(page: z.infer<typeof tagsPage>): TagAttributes[] {
  return (page.tags ?? []).map(({ name, changeableAttributes, ...rest }) => ({
    name,
    ...defined(rest),
    ...readLocks(changeableAttributes),
  }));
}

export function readManifests(page: z.infer<typeof manifestsPage>): ManifestAttributes[] {
  return (page.manifests ?? []).map(({ digest: id, imageSize, tags, references, changeableAttributes, ...rest }) => ({
    digest: id,
    tags: tags ?? [],
    ...(imageSize === undefined ? {} : { sizeBytes: imageSize }),
    ...defined(rest),
    references: (references ?? []).map(({ digest: member, ...of }) => ({ digest: member, ...defined(of) })),
    ...readLocks(changeableAttributes),
  }));
}

export function readReferrers(answer: z.infer<typeof referrersAnswer>): Descriptor[] {
  return (answer.manifests ?? []).map((entry) => ({
    mediaType: entry.mediaType,
    digest: entry.digest,
    size: entry.size,
    ...(entry.artifactType === undefined ? {} : { artifactType: entry.artifactType }),
    ...(entry.annotations ? { annotations: entry.annotations } : {}),
    ...(entry.platform ? { platform: readPlatform(entry.platform) } : {}),
  }));
}

export function readPlatform(value: z.infer<typeof platform>): Platform {
  return {
    os: value.os,
    architecture: value.architecture,
    ...(value.variant === undefined || value.variant === '' ? {} : { variant: value.variant }),
  };
}

/**
 * Address of the next page out of a `Link` header, undefined on the last one. Throws RefusedError when it leads to
 * another origin. RFC 8288; the address is used as written, relative to `url`.
 */
export function nextPage(link: string | undefined, url: string): string | undefined {
  if (link === undefined) return undefined;
  for (const [, target = '', parameters = ''] of link.slice(0, 16 * 1024).matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?next"?/i.test(parameters)) continue;
    if (!URL.canParse(target, url)) {
      throw new UnexpectedResponseError('Cannot follow a list: its next page has no usable address', 'Try again.', {
        url: withoutQuery(url),
      });
    }
    const next = new URL(target, url);
    // `blob:https://host/` has the origin of the host, and is no address of it.
    const { origin, protocol } = new URL(url);
    if (next.origin !== origin || next.protocol !== protocol || next.username !== '' || next.password !== '') {
      throw new RefusedError(
        `Cannot follow a list of ${new URL(url).host}: its next page leads to "${next.host}"`,
        'Nothing was sent there. Check the registry and the proxy in between.',
      );
    }
    return next.href;
  }
  return undefined;
}

function readLocks(value: z.infer<typeof locks>): Locks {
  return value ? defined(value) : {};
}

/** The object without its undefined members, as optional properties demand. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const out: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in value) {
    const member = value[key];
    if (member !== undefined) out[key] = member as Exclude<T[typeof key], undefined>;
  }
  return out;
}
