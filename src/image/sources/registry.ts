import type { RegistryClient } from '../../registry/client.ts';
import { formatReference } from '../../registry/reference.ts';
import { listReferrers } from '../../registry/referrers.ts';
import type { ImageReference } from '../../registry/types.ts';
import type { ImageSource } from '../types.ts';

/** An image in a registry. The tag `latest` is read where neither tag nor digest is given. */
export function registrySource(reference: ImageReference, client: RegistryClient, written?: string): ImageSource {
  const { repository } = reference;
  return {
    ref: written ?? formatReference(reference),
    resolve: (signal) => client.manifest(repository, reference.digest ?? reference.tag ?? 'latest', signal),
    manifest: async (digest, signal) => (await client.manifest(repository, digest, signal)).bytes,
    blob: (descriptor, signal) => client.blob(repository, descriptor, signal),
    referrers: (digest, signal) => listReferrers(client, repository, digest, signal),
  };
}
