import { createRegistryTokenSource, openRegistry, type RegistryTokenSource } from '../azure/acr-tokens.ts';
import { type RegistryFacts, readRegistryFacts } from '../azure/registry-facts.ts';
import { type AzureDeps, type AzureSession, createAzureSession } from '../azure/session.ts';
import type { Cloud, Connection, ConnectionSecret } from '../azure/types.ts';
import { BadInputError, NotSignedInError } from '../core/errors.ts';
import { clusterType, missingAround, registryType, resourcesOfType } from '../inventory/assets.ts';
import { type InventoryPart, collectInventory } from '../inventory/collect.ts';
import type { ArmResource, Snapshot } from '../inventory/types.ts';
import { type ClusterFacts, readClusterFacts } from '../kubernetes/cluster-facts.ts';
import { readCluster, whyNotRunning } from '../kubernetes/read-cluster.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import type { RegistryClient } from '../registry/client.ts';

/** Requests to Azure that one connection has under way at once. */
const readsAtOnce = 8;

/** Everything that one connection can read, with its tokens kept between calls. Nothing is read before it is asked for. */
export class Estate {
  readonly connection: Connection;
  readonly session: AzureSession;
  readonly #secret: ConnectionSecret;
  readonly #deps: AzureDeps;
  readonly #tokens: RegistryTokenSource;
  readonly #registries = new Map<string, RegistryClient>();

  constructor(connection: Connection, cloud: Cloud, secret: ConnectionSecret, deps: AzureDeps) {
    this.connection = connection;
    this.#secret = secret;
    this.#deps = deps;
    this.session = createAzureSession(cloud, secret, deps);
    this.#tokens = createRegistryTokenSource(this.session);
  }

  /** The estate at this moment; see `collectInventory`. */
  inventory(signal: AbortSignal, onPart?: (part: InventoryPart) => void): Promise<Snapshot> {
    return collectInventory({
      session: this.session,
      subscriptionIds: this.#secret.subscriptionIds,
      clock: this.#deps.clock,
      log: this.#deps.log,
      signal,
      concurrency: readsAtOnce,
      ...(onPart === undefined ? {} : { onPart }),
    });
  }

  /** The client of a registry, made once: tokens are kept per repository. */
  registry(facts: RegistryFacts): RegistryClient {
    let client = this.#registries.get(facts.loginServer);
    if (client === undefined) {
      client = openRegistry(this.session, this.#tokens, facts, this.#deps);
      this.#registries.set(facts.loginServer, client);
    }
    return client;
  }

  /** What runs in a cluster. Throws what `readCluster` throws, and AccessDeniedError without the right to its credentials. */
  async cluster(facts: ClusterFacts, snapshot: Snapshot, signal: AbortSignal): Promise<ClusterState> {
    const stopped = whyNotRunning(facts);
    if (stopped !== undefined) throw stopped;
    const kubeconfig = await this.session.clusterKubeconfig(facts.id, signal);
    if (kubeconfig === undefined) {
      throw new NotSignedInError(
        `Azure gave no credentials for cluster "${facts.name}"`,
        'Try again; verify the connection if it stays.',
      );
    }
    return readCluster({
      facts,
      kubeconfig,
      getToken: async (scope, inner, renew) => (await this.session.tokens.getToken(scope, inner, { renew })).token,
      http: this.#deps.http,
      log: this.#deps.log,
      clock: this.#deps.clock,
      signal,
      missingAround: missingAround(snapshot, facts.id),
    });
  }
}

/** Registries of a snapshot that have a login server. */
export function registriesOf(snapshot: Snapshot): { readonly facts: RegistryFacts; readonly resource: ArmResource }[] {
  return resourcesOfType(snapshot, registryType).flatMap((resource) => {
    const facts = readRegistryFacts(resource);
    return facts === undefined ? [] : [{ facts, resource }];
  });
}

export function clustersOf(snapshot: Snapshot): { readonly facts: ClusterFacts; readonly resource: ArmResource }[] {
  return resourcesOfType(snapshot, clusterType).flatMap((resource) => {
    const facts = readClusterFacts(resource);
    return facts === undefined ? [] : [{ facts, resource }];
  });
}

/** The error for a connection whose secret is gone. */
export function secretMissing(connection: Connection): BadInputError {
  return new BadInputError(
    `The secret of connection "${connection.name}" is not stored on this machine`,
    'Run "Update Client Secret".',
  );
}
