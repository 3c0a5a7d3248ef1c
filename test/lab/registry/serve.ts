// The four registries with what stands behind them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Access } from '../access.ts';
import { allApps, tenant } from '../data/directory.ts';
import { registries, registryKeys, type RegistryKey } from '../data/registries.ts';
import type { FaultBoard } from '../faults.ts';
import type { Origin } from '../origin.ts';
import type { TokenSigner } from '../tokens.ts';
import { builtInRegistry, startRealRegistry, type Backing } from './backing.ts';
import { blobHost } from './blob-host.ts';
import { firewalledFront, registryFront } from './front.ts';
import { RegistrySignIn } from './sign-in.ts';
import type { Specimens } from './specimens.ts';
import type { RegistryStorage } from './storage.ts';

export interface RegistriesParts {
  readonly origins: Readonly<Record<RegistryKey, Origin>>;
  readonly blobs: Origin;
  /** The host from which a registry with data endpoints of its own gives its blobs. */
  readonly dataEndpoint: Origin;
  readonly storage: RegistryStorage;
  readonly specimens: Specimens;
  readonly images: readonly { readonly registry: RegistryKey; readonly repository: string }[];
  /** Path of the real registry's program; absent means the built-in one. */
  readonly program: string | undefined;
  readonly folder: string;
  readonly signer: TokenSigner;
  readonly access: Access;
  readonly faults: FaultBoard;
  readonly audiences: { readonly registry: string; readonly arm: string };
  readonly pageSize: number;
}

/** Throws when a registry does not start; none is left running then. */
export async function serveRegistries(parts: RegistriesParts): Promise<{ stop(): Promise<void> }> {
  const { origins, storage, specimens, faults, access, signer, audiences } = parts;
  const storageHost = blobHost(parts.blobs.origin, storage);
  const ownDataHost = blobHost(parts.dataEndpoint.origin, storage);
  parts.blobs.serve(storageHost.handler);
  parts.dataEndpoint.serve(ownDataHost.handler);
  origins.firewall.serve(firewalledFront);
  const signerFile = path.join(parts.folder, 'signer.pem');
  writeFileSync(signerFile, signer.certificate.certificatePem);
  const served = registryKeys.filter((key) => key !== 'firewall');
  const backings = await startAll(parts, served, signerFile);
  for (const [key, backing] of backings) {
    const facts = registries[key];
    const loginServer = origins[key].host;
    const own = parts.images.filter(({ registry }) => registry === key).map(({ repository }) => repository);
    const signIn = new RegistrySignIn({
      rules: {
        resourceId: facts.id,
        abac: facts.abac,
        anonymousPull: facts.anonymousPull,
        name: facts.name,
        tenantId: tenant.tenantId,
        adminPasswords: facts.adminPasswords,
        audiences: facts.takesArmTokens ? [audiences.registry, audiences.arm] : [audiences.registry],
      },
      loginServer,
      access,
      apps: allApps,
      signer,
      faults,
    });
    origins[key].serve(
      registryFront({
        loginServer,
        signIn,
        storage,
        backing,
        faults,
        blobs: facts.dataEndpoint ? ownDataHost : storageHost,
        repositories: [...new Set([...own, ...(key === 'acronly' ? specimens.repositories : [])])],
        locked: specimens.locked,
        pageSize: parts.pageSize,
      }),
    );
  }
  return { stop: () => stopAll(backings.map(([, backing]) => backing)) };
}

async function startAll(
  { program, storage, folder, origins }: RegistriesParts,
  keys: readonly RegistryKey[],
  signerFile: string,
): Promise<[RegistryKey, Backing][]> {
  if (program === undefined) return keys.map((key) => [key, builtInRegistry(storage)]);
  const started = await Promise.allSettled(
    keys.map(async (key): Promise<[RegistryKey, Backing]> => {
      const loginServer = origins[key].host;
      return [key, await startRealRegistry({ program, storage, folder, name: key, loginServer, signerFile })];
    }),
  );
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stopAll(running.map(([, backing]) => backing));
    throw new Error('The registries did not start.', { cause: failed.reason });
  }
  return running;
}

async function stopAll(backings: readonly Backing[]): Promise<void> {
  await Promise.all(backings.map((backing) => backing.stop()));
}
