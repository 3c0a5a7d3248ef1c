import { existsSync } from 'node:fs';
import path from 'node:path';
import { BadInputError } from '../../core/errors.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { parseReference } from '../../registry/reference.ts';
import type { ImageSource } from '../types.ts';
import { dockerArchiveSource } from './docker-archive.ts';
import { ociLayoutSource } from './oci-layout.ts';
import { registrySource } from './registry.ts';
import { rootfsSource } from './rootfs.ts';

export interface ImageSourcePorts {
  /** The client for a host, with the credentials that belong to it; throws RefusedError when it may not be contacted. */
  registry(host: string): RegistryClient | Promise<RegistryClient>;
}

const nextStep =
  'Write host/repository:tag, oci:<folder or archive>, docker-archive:<file> or dir:<folder>; see "image --help".';

/** Something in front of a path, or a scheme of another tool: no host, because those have a dot or a port. */
const otherScheme = /^(?:[a-z][a-z0-9+-]*:(?!\/\/)(?=[./~\\])|(?:docker-daemon|containers-storage|ostree):)/;

/**
 * Opens `host/repository[:tag][@digest]`, `oci:<folder or archive>[:<tag>]`, `docker-archive:<file>[:<tag>]` or
 * `dir:<folder>`. Reads nothing yet. Throws BadInputError and what `registry` throws.
 */
export async function openImageSource(ref: string, ports: ImageSourcePorts): Promise<ImageSource> {
  const scheme = /^(oci|oci-archive|docker-archive|dir):/.exec(ref)?.[1];
  if (scheme === undefined) {
    const other = otherScheme.exec(ref)?.[0];
    if (other !== undefined)
      throw new BadInputError(`Cannot read "${ref.slice(0, 200)}": "${other}" is unknown`, nextStep);
    const reference = parseReference(ref);
    return registrySource(reference, await ports.registry(reference.host), ref);
  }
  const place = ref.slice(scheme.length + 1);
  if (place === '') throw new BadInputError(`Cannot read "${ref}": no path follows`, `Write ${scheme}:<path>.`);
  switch (scheme) {
    case 'oci':
    case 'oci-archive': {
      const { file, tag } = splitTag(place);
      return ociLayoutSource(ref, file, tag);
    }
    case 'docker-archive': {
      const { file, tag } = splitTag(place);
      return dockerArchiveSource(ref, file, tag);
    }
    default:
      return rootfsSource(ref, path.resolve(place));
  }
}

/** True for a reference to something on this machine. */
export function isLocalImage(ref: string): boolean {
  return /^(oci|oci-archive|docker-archive|dir):/.test(ref);
}

/** The part behind the last colon is a tag unless the whole is a path that exists; `C:\…` has its colon in front. */
function splitTag(place: string): { file: string; tag: string | undefined } {
  if (existsSync(place)) return { file: path.resolve(place), tag: undefined };
  for (let colon = place.indexOf(':', 2); colon > 0; colon = place.indexOf(':', colon + 1)) {
    const file = place.slice(0, colon);
    if (existsSync(file)) return { file: path.resolve(file), tag: place.slice(colon + 1) };
  }
  return { file: path.resolve(place), tag: undefined };
}
