import { BadInputError } from '../core/errors.ts';
import type { ImageReference } from './types.ts';

/** Host that Docker fills in where an image name has none, and the folder of its official images. */
const defaultHost = 'docker.io';
const officialFolder = 'library/';

/** distribution "reference" grammar; OCI distribution-spec v1.1, "Pulling manifests". */
const hostPattern = /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const longestReference = 1024;
const longestRepository = 255;

const nextStep = 'Write it as host/repository:tag or host/repository@sha256:….';

/** True for `sha256:` with 64 hexadecimal digits in lower case, the one algorithm that registries use. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

/**
 * Reads `[host/]repository[:tag][@digest]`. A first part without dot, colon or `localhost` is no host: `docker.io` is
 * filled in then. Throws BadInputError.
 */
export function parseReference(text: string): ImageReference {
  const shown = text.slice(0, 200);
  const fail = (reason: string): never => {
    throw new BadInputError(`Cannot read image reference "${shown}": ${reason}`, nextStep);
  };
  if (text === '') fail('it is empty');
  if (text.length > longestReference) fail(`it is longer than ${longestReference} characters`);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) fail('it begins with a URL scheme');

  let rest = text;
  let digest: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!isDigest(digest)) fail('the part behind "@" is no sha256 digest');
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) fail(`"${tag.slice(0, 140)}" is no tag`);
  }
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  const hasHost = /[.:A-Z]/.test(first) || first === 'localhost';
  let host = hasHost ? first.toLowerCase() : defaultHost;
  let repository = hasHost ? rest.slice(slash + 1) : rest;
  if (host === 'index.docker.io') host = defaultHost;
  if (host === defaultHost && !repository.includes('/')) repository = officialFolder + repository;
  if (!hostPattern.test(host)) fail(`"${host}" is no host name`);
  if (repository.length > longestRepository) fail(`the repository is longer than ${longestRepository} characters`);
  if (!repositoryPattern.test(repository)) {
    fail(/[A-Z]/.test(repository) ? 'repository names are in lower case' : `"${repository}" is no repository name`);
  }
  return {
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full spelling; `parseReference` of it gives the same reference back. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.host}/${reference.repository}${tag}${digest}`;
}
