import type { Connection } from '../azure/types.ts';
import type { VerifyResult } from '../connectivity/types.ts';
import { isAtOrBelow } from '../azure/resource-id.ts';
import type { RegistryFacts } from '../azure/registry-facts.ts';
import { abandonOnAbort } from '../core/concurrency.ts';
import { isAbort } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import type { AssetNode } from '../engine-contract.ts';
import { otherResources, plainTypeName } from '../inventory/assets.ts';
import { type ListedImage, listImages, listRepositories } from '../inventory/registry-tree.ts';
import type { ArmResource, Snapshot } from '../inventory/types.ts';
import type { ClusterFacts } from '../kubernetes/cluster-facts.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import type { Documents, ImageRecord } from '../scan/documents.ts';
import { type Estate, clustersOf, registriesOf } from '../scan/estate.ts';
import { placementsOf } from '../scan/image-plan.ts';
import type { AssetCounts } from './asset-counts.ts';
import {
  clusterNode,
  connectionNode,
  connectivityNode,
  deniedNode,
  containerNodes,
  failureNode,
  imageNode,
  namespaceNode,
  node,
  readErrorNode,
  registryNode,
  repositoryNode,
  resourceNode,
  resourceTypeNode,
  stepNodes,
  subscriptionNode,
  workloadNode,
} from './tree-nodes.ts';

export interface AssetTreePorts {
  readonly documents: Documents;
  connections(): Promise<readonly Connection[]>;
  estate(connection: Connection): Promise<Estate>;
  verification(connectionId: string): VerifyResult | undefined;
  counts(): Promise<AssetCounts>;
  ago(iso: string): string;
  portalUrl(connection: Connection, resourceId: string): string | undefined;
  /** Told when what was shown first has been read anew. */
  changed(connectionId: string): void;
}

type Loader = (signal: AbortSignal) => Promise<readonly AssetNode[]>;

/** Nodes shown before "Load more". */
const pageSize = 100;
const mostRepositories = 5_000;
const mostImages = 1_000;

/**
 * The assets as a tree that reads only what somebody opens. What was read is kept until `refresh`; what cannot be read
 * becomes a node in its place, and its siblings load.
 */
export class AssetTree {
  readonly #ports: AssetTreePorts;
  readonly #loaders = new Map<string, Loader>();
  readonly #snapshots = new Map<string, Promise<Snapshot>>();
  readonly #repositories = new Map<string, Promise<readonly string[]>>();
  readonly #images = new Map<string, Promise<readonly ListedImage[]>>();
  readonly #clusters = new Map<string, Promise<ClusterState>>();

  constructor(ports: AssetTreePorts) {
    this.#ports = ports;
  }

  /** Children of a node, worst first. Never throws but for an abort. */
  async children(parent: AssetNode | undefined, signal: AbortSignal): Promise<readonly AssetNode[]> {
    const loader = parent === undefined ? (): Promise<readonly AssetNode[]> => this.#roots() : this.#loaderOf(parent);
    try {
      const children = await loader(signal);
      return await this.#decorate(children);
    } catch (error) {
      signal.throwIfAborted();
      if (isAbort(error)) throw error;
      return [failureNode(parent?.id ?? 'root', parent?.connectionId ?? '', parent?.label ?? 'the connections', error)];
    }
  }

  /** Forgets what was read of a connection, or of all. */
  refresh(connectionId?: string): void {
    for (const cache of [this.#snapshots, this.#repositories, this.#images, this.#clusters]) {
      for (const key of cache.keys())
        if (connectionId === undefined || key.startsWith(`${connectionId} `)) cache.delete(key);
    }
  }

  #loaderOf(parent: AssetNode): Loader {
    const loader = this.#loaders.get(parent.id);
    if (loader !== undefined) return loader;
    if (parent.kind === 'connection') return (signal) => this.#ofConnection(parent.connectionId, signal);
    return () => Promise.resolve([]);
  }

  #open(parent: AssetNode, loader: Loader): AssetNode {
    this.#loaders.set(parent.id, loader);
    return parent;
  }

  async #roots(): Promise<readonly AssetNode[]> {
    const connections = [...(await this.#ports.connections())].sort((a, b) => compareText(a.name, b.name));
    const out: AssetNode[] = [];
    for (const connection of connections) {
      const snapshot = await this.#ports.documents.snapshot(connection.id);
      out.push(
        this.#open(connectionNode(connection, snapshot?.subscriptions.length), (signal) =>
          this.#ofConnection(connection.id, signal),
        ),
      );
    }
    return out;
  }

  async #connection(id: string): Promise<Connection | undefined> {
    return (await this.#ports.connections()).find((connection) => connection.id === id);
  }

  async #ofConnection(connectionId: string, signal: AbortSignal): Promise<readonly AssetNode[]> {
    const connection = await this.#connection(connectionId);
    if (connection === undefined) return [];
    const result = this.#ports.verification(connectionId);
    const connectivity = connectivityNode(connectionId, result, (iso) => this.#ports.ago(iso));
    if (result !== undefined)
      this.#loaders.set(connectivity.id, () => Promise.resolve(stepNodes(connectionId, result)));
    let snapshot: Snapshot;
    try {
      snapshot = await this.#snapshot(connection, signal);
    } catch (error) {
      signal.throwIfAborted();
      return [connectivity, failureNode(connectionId, connectionId, 'the subscriptions', error)];
    }
    const subscriptions = snapshot.subscriptions.map((subscription) => {
      const child = subscriptionNode(connectionId, subscription);
      return this.#open(child, (inner) => this.#ofSubscription(connection, subscription.id, child.id, inner));
    });
    return [connectivity, ...subscriptions];
  }

  /** What is stored is shown at once and read anew behind it; without it the reading is waited for. */
  async #snapshot(connection: Connection, signal: AbortSignal): Promise<Snapshot> {
    const key = `${connection.id} snapshot`;
    const there = this.#snapshots.get(key);
    if (there !== undefined) return there;
    const reading = (async (): Promise<Snapshot> => {
      const estate = await this.#ports.estate(connection);
      const snapshot = await estate.inventory(AbortSignal.timeout(inventoryTimeoutMs));
      await this.#ports.documents.putSnapshot(connection.id, snapshot);
      return snapshot;
    })();
    const stored = await this.#ports.documents.snapshot(connection.id);
    if (stored === undefined) {
      this.#snapshots.set(key, reading);
      reading.catch(() => this.#snapshots.delete(key)); // the next look tries again
      return abandonOnAbort(reading, signal);
    }
    this.#snapshots.set(key, Promise.resolve(stored));
    reading.then(
      (snapshot) => {
        this.#snapshots.set(key, Promise.resolve(snapshot));
        this.#ports.changed(connection.id);
      },
      () => undefined, // what is stored stays; the connection's own state tells why
    );
    return stored;
  }

  async #ofSubscription(
    connection: Connection,
    subscriptionId: string,
    parentId: string,
    signal: AbortSignal,
  ): Promise<readonly AssetNode[]> {
    const snapshot = await this.#snapshot(connection, signal);
    const estate = await this.#ports.estate(connection);
    const assignee = estate.session.clientId;
    const groups: AssetNode[] = [];
    const registries = registriesOf(snapshot).filter(({ facts }) => isAtOrBelow(facts.id, subscriptionId));
    const clusters = clustersOf(snapshot).filter(({ facts }) => isAtOrBelow(facts.id, subscriptionId));
    const others = otherResources(snapshot, subscriptionId);
    const group = (name: string, label: string, count: number, loader: Loader): void => {
      if (count === 0) return;
      const child = node('group', `${parentId}/group/${name}`, label, connection.id, {
        description: String(count),
        hasChildren: true,
      });
      groups.push(this.#open(child, loader));
    };
    group('registries', 'Container registries', registries.length, () =>
      Promise.resolve(registries.map(({ facts }) => this.#registry(connection, facts))),
    );
    group('clusters', 'Kubernetes clusters', clusters.length, () =>
      Promise.resolve(clusters.map(({ facts }) => this.#cluster(connection, facts))),
    );
    const total = [...others.values()].reduce((sum, list) => sum + list.length, 0);
    group('others', 'Other resources', total, () => Promise.resolve(this.#types(connection, subscriptionId, others)));
    const failures = snapshot.errors
      .filter(({ id }) => isAtOrBelow(id, subscriptionId))
      .map((error) =>
        readErrorNode(parentId, connection.id, error, whatOf(error.id, subscriptionId, snapshot), assignee),
      );
    if (groups.length === 0 && failures.length === 0) {
      groups.push(
        node('group', `${parentId}/group/none`, 'No resources', connection.id, {
          description: 'nothing that this identity can read',
        }),
      );
    }
    return [...groups, ...failures];
  }

  #types(
    connection: Connection,
    subscriptionId: string,
    others: ReadonlyMap<string, readonly ArmResource[]>,
  ): AssetNode[] {
    return [...others]
      .map(([type, resources]) => {
        const child = resourceTypeNode(connection.id, subscriptionId, type, resources.length);
        const sorted = [...resources].sort((a, b) => compareText(a.name, b.name));
        return this.#open(child, () =>
          Promise.resolve(
            this.#page(child.id, connection.id, sorted, 0, (resource) =>
              this.#withPortal(connection, resourceNode(connection.id, resource), resource.id),
            ),
          ),
        );
      })
      .sort((a, b) => compareText(a.label, b.label));
  }

  #registry(connection: Connection, facts: RegistryFacts): AssetNode {
    const child = this.#withPortal(connection, registryNode(connection.id, facts), facts.id);
    return this.#open(child, (signal) => this.#ofRegistry(connection, facts, child.id, signal));
  }

  async #ofRegistry(
    connection: Connection,
    facts: RegistryFacts,
    parentId: string,
    signal: AbortSignal,
  ): Promise<readonly AssetNode[]> {
    const estate = await this.#ports.estate(connection);
    const key = `${connection.id} ${facts.loginServer}`;
    const names = await this.#kept(
      this.#repositories,
      key,
      signal,
      async (inner) => (await listRepositories(estate.registry(facts), mostRepositories, inner)).items,
    );
    const placed = placementsOf(this.#clusterStates(connection.id));
    const records = this.#ports.documents.images(connection.id);
    return this.#page(parentId, connection.id, names, 0, (name) => {
      const running = new Set(
        placed
          .filter(({ host, repository }) => host === facts.loginServer && repository === name)
          .map(({ digest }) => digest),
      ).size;
      const linked = records.some(
        ({ record }) => record.host === facts.loginServer && record.repository === name && record.links.length > 0,
      );
      const child = repositoryNode(connection.id, facts, name, running, linked);
      return this.#open(child, (inner) => this.#ofRepository(connection, facts, name, child.id, inner));
    });
  }

  async #ofRepository(
    connection: Connection,
    facts: RegistryFacts,
    repository: string,
    parentId: string,
    signal: AbortSignal,
  ): Promise<readonly AssetNode[]> {
    const estate = await this.#ports.estate(connection);
    const key = `${connection.id} ${facts.loginServer}/${repository}`;
    const images = await this.#kept(
      this.#images,
      key,
      signal,
      async (inner) => (await listImages(estate.registry(facts), repository, mostImages, inner)).items,
    );
    const records = this.#ports.documents.images(connection.id).map(({ record }) => record);
    const placed = placementsOf(this.#clusterStates(connection.id));
    return this.#page(parentId, connection.id, images, 0, (image) => {
      const record = recordOf(records, facts.loginServer, image);
      const digests = new Set([image.digest, ...(record === undefined ? [] : [record.digest, ...record.asked])]);
      const clusters = new Set(
        placed
          .filter(
            ({ host, repository: name, digest, container }) =>
              host === facts.loginServer &&
              name === repository &&
              digest !== undefined &&
              digests.has(digest) &&
              container.running,
          )
          .map(({ clusterId }) => clusterId),
      ).size;
      return imageNode(connection.id, facts, image, record, clusters, (iso) => this.#ports.ago(iso));
    });
  }

  #clusterStates(connectionId: string): ClusterState[] {
    return this.#ports.documents.clusters(connectionId).flatMap(({ state }) => (state === undefined ? [] : [state]));
  }

  #cluster(connection: Connection, facts: ClusterFacts): AssetNode {
    const child = this.#withPortal(connection, clusterNode(connection.id, facts), facts.id);
    return this.#open(child, (signal) => this.#ofCluster(connection, facts, child.id, signal));
  }

  async #ofCluster(
    connection: Connection,
    facts: ClusterFacts,
    parentId: string,
    signal: AbortSignal,
  ): Promise<readonly AssetNode[]> {
    const key = `${connection.id} ${facts.id.toLowerCase()}`;
    const state = await this.#kept(this.#clusters, key, signal, async (inner) => {
      const estate = await this.#ports.estate(connection);
      const read = await estate.cluster(facts, await this.#snapshot(connection, inner), inner);
      this.#ports.documents.putCluster(connection.id, facts.id, { state: read });
      return read;
    });
    const namespaces = state.namespaces.map((namespace) => {
      const workloads = state.workloads.filter((workload) => workload.namespace === namespace);
      const child = namespaceNode(connection.id, facts.id, namespace, workloads.length);
      return this.#open(child, () =>
        Promise.resolve(
          this.#page(child.id, connection.id, workloads, 0, (workload) => {
            const inner = workloadNode(connection.id, workload);
            return this.#open(inner, () =>
              Promise.resolve(
                containerNodes(connection.id, workload, (container) =>
                  this.#imageAsset(connection.id, state, container),
                ),
              ),
            );
          }),
        ),
      );
    });
    const failures = state.errors.map((error) => {
      const resource = error.path.slice(error.path.lastIndexOf('/') + 1);
      return error.status === 401 || error.status === 403
        ? deniedNode(
            `${parentId}/denied/${error.path.toLowerCase()}`,
            connection.id,
            resource,
            `list ${resource} in the cluster`,
            error.reason,
            'Verify the connection: it names the role that allows this. Until then exposure or rights stay partly unknown.',
          )
        : readErrorNode(
            parentId,
            connection.id,
            { id: error.path, status: error.status, code: String(error.status), message: error.reason },
            resource,
            undefined,
          );
    });
    return [...namespaces, ...failures];
  }

  /** The asset of the image that a container runs, when it is in a connected registry. */
  #imageAsset(
    connectionId: string,
    state: ClusterState,
    container: ClusterState['workloads'][number]['containers'][number],
  ): string | undefined {
    const placed = placementsOf([state]).find((each) => each.container === container);
    if (placed?.digest === undefined) return undefined;
    const { host, repository, digest } = placed;
    const records = this.#ports.documents.images(connectionId);
    const known = records.find(
      ({ record }) =>
        record.host === host &&
        record.repository === repository &&
        (record.digest === digest || record.asked.includes(digest)),
    );
    if (known !== undefined) return `image:${known.key}`;
    return this.#ports.documents.images(connectionId).some(({ record }) => record.host === host)
      ? `image:${host}/${repository}@${digest}`
      : undefined;
  }

  /** A window of a list, with a node for the rest. */
  #page<T>(
    parentId: string,
    connectionId: string,
    items: readonly T[],
    offset: number,
    make: (item: T) => AssetNode,
  ): AssetNode[] {
    const shown = items.slice(offset, offset + pageSize).map(make);
    const next = offset + shown.length;
    if (next >= items.length) return shown;
    const more = node(
      'more',
      `${parentId}/more/${next}`,
      `Load ${Math.min(pageSize, items.length - next)} more`,
      connectionId,
      {
        description: `${next} of ${items.length}`,
      },
    );
    return [...shown, this.#open(more, () => Promise.resolve(this.#page(parentId, connectionId, items, next, make)))];
  }

  /** Reads once for everybody who asks; a failure is not kept. */
  async #kept<T>(
    cache: Map<string, Promise<T>>,
    key: string,
    signal: AbortSignal,
    read: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let reading = cache.get(key);
    if (reading === undefined) {
      reading = read(AbortSignal.timeout(nodeTimeoutMs));
      cache.set(key, reading);
      reading.catch(() => cache.delete(key));
    }
    return abandonOnAbort(reading, signal);
  }

  #withPortal(connection: Connection, child: AssetNode, resourceId: string): AssetNode {
    const portalUrl = this.#ports.portalUrl(connection, resourceId);
    return portalUrl === undefined
      ? { ...child, flags: child.flags.filter((flag) => flag !== 'inPortal') }
      : { ...child, portalUrl };
  }

  /** Adds counts, and sorts siblings of one kind by risk, then name. */
  async #decorate(children: readonly AssetNode[]): Promise<readonly AssetNode[]> {
    const counts = await this.#ports.counts();
    const out = children.map((child) => {
      if (child.assetId === undefined) return child;
      const { counts: open, denied } = counts.of(child.assetId);
      return { ...child, counts: open, ...(denied === 0 ? {} : { deniedCount: denied }) };
    });
    const sortable = new Set([
      'registry',
      'repository',
      'cluster',
      'namespace',
      'workload',
      'subscription',
      'resource',
    ]);
    return out
      .map((child, index) => ({
        child,
        index,
        risk: child.assetId === undefined || !sortable.has(child.kind) ? 0 : counts.risk(child.assetId),
      }))
      .sort((a, b) =>
        a.child.kind === b.child.kind && sortable.has(a.child.kind)
          ? b.risk - a.risk || compareText(a.child.label, b.child.label)
          : a.index - b.index,
      )
      .map(({ child }) => child);
  }
}

const nodeTimeoutMs = 120_000;
const inventoryTimeoutMs = 10 * 60_000;

function recordOf(records: readonly ImageRecord[], host: string, image: ListedImage): ImageRecord | undefined {
  return records.find(
    (record) =>
      record.host === host &&
      record.repository === image.repository &&
      (record.digest === image.digest || record.asked.includes(image.digest)),
  );
}

/** What an error's id names, in words. */
function whatOf(id: string, subscriptionId: string, snapshot: Snapshot): string {
  if (id.toLowerCase() === subscriptionId.toLowerCase()) {
    return (
      snapshot.subscriptions.find((each) => each.id.toLowerCase() === id.toLowerCase())?.displayName ??
      'this subscription'
    );
  }
  const list = /\/providers\/([^/]+\/[^/]+)$/i.exec(id)?.[1];
  if (list !== undefined && id.toLowerCase().startsWith(`${subscriptionId.toLowerCase()}/providers/`))
    return plainTypeName(list);
  const parts = id
    .slice(subscriptionId.length)
    .split('/')
    .filter((part) => part !== '');
  return parts.length === 0 ? 'this subscription' : parts.slice(-2).join(' ');
}
