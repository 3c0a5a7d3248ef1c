// The HTTP interface of one registry, as Azure Container Registry shows it, in front of the real OCI registry.
import type { FaultBoard } from '../faults.ts';
import { at, isArray, isObject, parseObject, textOf, type Json, type JsonObject } from '../json.ts';
import { json, type Exchange, type Handler, type Reply } from '../origin.ts';
import type { Backing } from './backing.ts';
import type { BlobHost } from './blob-host.ts';
import type { GrantRequest } from './grants.ts';
import { failure, type RegistrySignIn } from './sign-in.ts';
import type { RegistryStorage, Revision, TagEntry } from './storage.ts';

export interface FrontParts {
  readonly loginServer: string;
  readonly signIn: RegistrySignIn;
  readonly storage: RegistryStorage;
  readonly backing: Backing;
  readonly blobs: BlobHost;
  readonly faults: FaultBoard;
  /** Repositories of this registry: the storage holds those of all. */
  readonly repositories: readonly string[];
  /** Digests that are locked against pulls. */
  readonly locked: readonly string[];
  /** The most entries that a page holds, whatever is asked for. */
  readonly pageSize: number;
}

const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];
const manifestTypes = 'application/vnd.docker.distribution.manifest.v2+json';

/** A registry behind a firewall: refuses everybody before any challenge. */
export const firewalledFront: Handler = (exchange) => {
  if (!['GET', 'HEAD'].includes(exchange.method)) exchange.violation('more than a look at a closed door');
  return json(403, {
    errors: [
      {
        code: 'DENIED',
        message:
          "client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
      },
    ],
  });
};

export function registryFront(parts: FrontParts): Handler {
  return async (exchange) => {
    const reply = await route(parts, exchange);
    return { ...reply, headers: { 'x-ms-correlation-request-id': crypto.randomUUID(), ...reply.headers } };
  };
}

function route(parts: FrontParts, exchange: Exchange): Reply | Promise<Reply> {
  const { method, path } = exchange;
  if (path === '/oauth2/exchange') return method === 'POST' ? parts.signIn.exchange(exchange) : notFound();
  if (path === '/oauth2/token') {
    if (method === 'POST') return parts.signIn.token(exchange);
    return method === 'GET' ? parts.signIn.tokenByGet(exchange) : notFound();
  }
  if (writes.includes(method)) {
    exchange.violation(`a write to a registry: ${method}`);
    return failure(405, 'UNSUPPORTED', 'The operation is unsupported.');
  }
  if (path === '/v2/' || path === '/v2') {
    return parts.signIn.isSignedIn(exchange)
      ? json(200, {}, { 'docker-distribution-api-version': 'registry/2.0' })
      : parts.signIn.challenge();
  }
  if (path === '/v2/_catalog' || path === '/acr/v1/_catalog') return catalog(parts, exchange);
  const own = /^\/acr\/v1\/(.+?)(?:\/(_tags|_manifests)(?:\/([^/]+))?)?$/.exec(path);
  if (own !== null) {
    return attributes(
      parts,
      exchange,
      decodeURIComponent(own[1] ?? ''),
      own[2] ?? '',
      decodeURIComponent(own[3] ?? ''),
    );
  }
  const oci = /^\/v2\/(.+)\/(manifests|blobs|referrers|tags)\/([^/]+)$/.exec(path);
  if (oci === null) {
    exchange.violation('unknown path');
    return notFound();
  }
  const repository = decodeURIComponent(oci[1] ?? '');
  const reference = decodeURIComponent(oci[3] ?? '');
  switch (oci[2]) {
    case 'manifests':
      return manifest(parts, exchange, repository, reference);
    case 'blobs':
      return blob(parts, exchange, repository, reference);
    case 'referrers':
      return referrers(parts, exchange, repository, reference);
    default:
      return reference === 'list' ? tagNames(parts, exchange, repository) : notFound();
  }
}

function notFound(): Reply {
  return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found\n' };
}

function repositoryScope(name: string, action: string): GrantRequest {
  return { type: 'repository', name, actions: [action] };
}

const unknownRepository = (name: string): Reply =>
  failure(404, 'NAME_UNKNOWN', 'repository name not known to registry', { name });

function catalog(parts: FrontParts, exchange: Exchange): Reply {
  const permit = parts.signIn.authorize(exchange, { type: 'registry', name: 'catalog', actions: ['*'] });
  if ('refusal' in permit) return permit.refusal;
  const page = pageOf(parts, exchange, [...parts.repositories].sort(), (name) => name);
  return json(200, { repositories: page.items }, page.headers);
}

function tagNames(parts: FrontParts, exchange: Exchange, name: string): Reply {
  const permit = parts.signIn.authorize(exchange, repositoryScope(name, 'pull'));
  if ('refusal' in permit) return permit.refusal;
  if (!parts.repositories.includes(name)) return unknownRepository(name);
  const page = pageOf(parts, exchange, parts.storage.tags(name), (tag) => tag.name);
  return json(200, { name, tags: page.items.map((tag) => tag.name) }, page.headers);
}

async function manifest(parts: FrontParts, exchange: Exchange, name: string, reference: string): Promise<Reply> {
  const permit = parts.signIn.authorize(exchange, repositoryScope(name, 'pull'));
  if ('refusal' in permit) return permit.refusal;
  if (!parts.repositories.includes(name)) return unknownRepository(name);
  const digest = reference.startsWith('sha256:')
    ? reference
    : parts.storage.tags(name).find((tag) => tag.name === reference)?.digest;
  if (digest !== undefined && parts.locked.includes(digest)) {
    return failure(
      405,
      'UNSUPPORTED',
      'The operation is disallowed on this repository or image: it is locked for reads.',
    );
  }
  return proxy(parts, exchange, permit.token, `/v2/${name}/manifests/${reference}`);
}

async function proxy(parts: FrontParts, exchange: Exchange, token: string, path: string): Promise<Reply> {
  const method = exchange.method === 'HEAD' ? 'HEAD' : 'GET';
  const reply = await parts.backing.send({ method, path, accept: exchange.headers['accept'] ?? '', token });
  const kept = [
    'content-type',
    'content-length',
    'docker-content-digest',
    'docker-distribution-api-version',
    'etag',
    'www-authenticate',
  ];
  const headers = Object.fromEntries(Object.entries(reply.headers).filter(([header]) => kept.includes(header)));
  return { status: reply.status, headers, body: reply.body };
}

async function blob(parts: FrontParts, exchange: Exchange, name: string, digest: string): Promise<Reply> {
  const permit = parts.signIn.authorize(exchange, repositoryScope(name, 'pull'));
  if ('refusal' in permit) return permit.refusal;
  if (!parts.repositories.includes(name)) return unknownRepository(name);
  const found = await parts.backing.send({
    method: 'HEAD',
    path: `/v2/${name}/blobs/${digest}`,
    accept: '*/*',
    token: permit.token,
  });
  if (found.status !== 200) {
    return found.status === 404
      ? failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry', { digest })
      : { status: found.status };
  }
  if (exchange.method === 'HEAD') {
    return {
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': found.headers['content-length'] ?? '0',
        'docker-content-digest': digest,
      },
    };
  }
  return {
    status: 307,
    headers: {
      location: parts.blobs.address(digest, parts.faults.settings.sasLifetimeSeconds),
      'docker-content-digest': digest,
      'content-type': 'application/octet-stream',
    },
  };
}

function referrers(parts: FrontParts, exchange: Exchange, name: string, digest: string): Reply {
  const permit = parts.signIn.authorize(exchange, repositoryScope(name, 'pull'));
  if ('refusal' in permit) return permit.refusal;
  if (!parts.repositories.includes(name)) return unknownRepository(name);
  const wanted = exchange.query.get('artifactType');
  const manifests = parts.storage
    .revisions(name)
    .map((revision) => ({ revision, content: manifestOf(parts, revision.digest) }))
    .filter(({ content }) => at(content, 'subject', 'digest') === digest)
    .map(({ revision, content }) => ({
      mediaType: textOf(content['mediaType']) ?? manifestTypes,
      digest: revision.digest,
      size: parts.storage.blobSize(revision.digest) ?? 0,
      artifactType: textOf(content['artifactType']) ?? textOf(at(content, 'config', 'mediaType')) ?? '',
      annotations: content['annotations'],
    }))
    .filter(({ artifactType }) => wanted === null || artifactType === wanted);
  return {
    status: 200,
    headers: {
      'content-type': 'application/vnd.oci.image.index.v1+json',
      ...(wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    },
    json: { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests },
  };
}

function attributes(parts: FrontParts, exchange: Exchange, name: string, kind: string, item: string): Reply {
  const permit = parts.signIn.authorize(exchange, repositoryScope(name, 'metadata_read'));
  if ('refusal' in permit) return permit.refusal;
  if (!parts.repositories.includes(name)) return unknownRepository(name);
  const head = { registry: parts.loginServer, imageName: name };
  const tags = parts.storage.tags(name);
  if (kind === '_tags') {
    const all = tags.map((tag) => tagAttributes(parts, name, tag));
    if (item !== '') {
      const tag = all.find((entry) => entry.name === item);
      return tag === undefined
        ? failure(404, 'TAG_UNKNOWN', `the specified tag does not exist`)
        : json(200, { ...head, tag });
    }
    const digest = exchange.query.get('digest');
    const wanted = all.filter((tag) => digest === null || tag.digest === digest);
    const page = pageOf(parts, exchange, byTime(exchange, wanted), (tag) => tag.name);
    return json(200, { ...head, tags: page.items }, page.headers);
  }
  const revisions = parts.storage.revisions(name);
  if (kind === '_manifests') {
    const all = revisions.map((revision) => manifestAttributes(parts, revision, tags));
    if (item !== '') {
      const found = all.find(({ digest }) => digest === item);
      return found === undefined
        ? failure(404, 'MANIFEST_UNKNOWN', `manifest ${item} is not found`)
        : json(200, { ...head, manifest: found });
    }
    const page = pageOf(parts, exchange, byTime(exchange, all), ({ digest }) => digest);
    return json(200, { ...head, manifests: page.items }, page.headers);
  }
  const times = revisions.map(({ created }) => created.getTime());
  return json(200, {
    ...head,
    createdTime: timeText(new Date(Math.min(...times))),
    lastUpdateTime: timeText(new Date(Math.max(...times))),
    manifestCount: revisions.length,
    tagCount: tags.length,
    changeableAttributes: changeable(true),
  });
}

interface Timed extends JsonObject {
  readonly lastUpdateTime: string;
}

interface TagAttributes extends Timed {
  readonly name: string;
  readonly digest: string;
}

interface ManifestAttributes extends Timed {
  readonly digest: string;
}

function tagAttributes(parts: FrontParts, name: string, tag: TagEntry): TagAttributes {
  const created = parts.storage.revisions(name).find(({ digest }) => digest === tag.digest)?.created ?? tag.updated;
  return {
    name: tag.name,
    digest: tag.digest,
    createdTime: timeText(created),
    lastUpdateTime: timeText(tag.updated),
    signed: false,
    changeableAttributes: changeable(!parts.locked.includes(tag.digest)),
  };
}

function manifestAttributes(parts: FrontParts, revision: Revision, tags: readonly TagEntry[]): ManifestAttributes {
  const content = manifestOf(parts, revision.digest);
  const named = tags.filter(({ digest }) => digest === revision.digest).map(({ name }) => name);
  const common = {
    digest: revision.digest,
    createdTime: timeText(revision.created),
    lastUpdateTime: timeText(revision.created),
    mediaType: textOf(content['mediaType']) ?? '',
    ...(named.length === 0 ? {} : { tags: named }),
    changeableAttributes: changeable(!parts.locked.includes(revision.digest)),
  };
  const children = content['manifests'];
  if (isArray(children)) {
    return {
      ...common,
      imageSize: parts.storage.blobSize(revision.digest) ?? 0,
      references: children.map((child) => ({
        digest: at(child, 'digest'),
        architecture: at(child, 'platform', 'architecture'),
        os: at(child, 'platform', 'os'),
      })),
    };
  }
  const config = configOf(parts, textOf(at(content, 'config', 'digest')));
  return {
    ...common,
    imageSize: [...(isArray(content['layers']) ? content['layers'] : []), content['config']].reduce<number>(
      (sum, part) => sum + sizeOf(part),
      0,
    ),
    configMediaType: at(content, 'config', 'mediaType'),
    architecture: config?.['architecture'],
    os: config?.['os'],
  };
}

function sizeOf(descriptor: Json | undefined): number {
  const size = at(descriptor, 'size');
  return typeof size === 'number' ? size : 0;
}

function manifestOf(parts: FrontParts, digest: string): JsonObject {
  return parseObject(parts.storage.readBlob(digest).toString('utf8')) ?? {};
}

function configOf(parts: FrontParts, digest: string | undefined): JsonObject | undefined {
  if (digest === undefined || (parts.storage.blobSize(digest) ?? Infinity) > 1024 * 1024) return undefined;
  const content = parseObject(parts.storage.readBlob(digest).toString('utf8'));
  return isObject(content) ? content : undefined;
}

function changeable(readEnabled: boolean): JsonObject {
  return { deleteEnabled: true, writeEnabled: readEnabled, readEnabled, listEnabled: true };
}

/** Seven decimals, as the service writes them. */
function timeText(date: Date): string {
  return date.toISOString().replace(/(\.\d{3})Z$/, '$10000Z');
}

function byTime<T extends Timed>(exchange: Exchange, items: readonly T[]): T[] {
  const order = exchange.query.get('orderby');
  if (order !== 'timedesc' && order !== 'timeasc') return [...items];
  const sign = order === 'timeasc' ? 1 : -1;
  return items.toSorted((a, b) => sign * (Date.parse(a.lastUpdateTime) - Date.parse(b.lastUpdateTime)));
}

function pageOf<T>(
  parts: FrontParts,
  exchange: Exchange,
  items: readonly T[],
  nameOf: (item: T) => string,
): { items: T[]; headers: Record<string, string> } {
  const { query } = exchange;
  const asked = Number(query.get('n') ?? '100');
  const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, parts.pageSize) : parts.pageSize;
  const last = query.get('last');
  const start = last === null ? 0 : items.findIndex((item) => nameOf(item) === last) + 1;
  const page = items.slice(start, start + size);
  const end = page.at(-1);
  if (end === undefined || start + size >= items.length) return { items: page, headers: {} };
  const next = new URLSearchParams({ last: nameOf(end), n: String(size), orderby: query.get('orderby') ?? '' });
  const digest = query.get('digest');
  if (digest !== null) next.set('digest', digest);
  return { items: page, headers: { link: `<${exchange.path}?${next.toString()}>; rel="next"` } };
}
