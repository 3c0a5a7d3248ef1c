import { yieldToEventLoop } from '../core/concurrency.ts';
import type { ArmResource, Snapshot } from '../inventory/types.ts';
import type { ListedImage } from '../inventory/registry-tree.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import type { Coverage } from '../advisories/types.ts';
import type { Problem } from '../image/types.ts';
import type { StateStore } from '../store/state-store.ts';

/** What is remembered of a scanned image beside its report; keyed by `<host>/<repository>@<platform digest>`. */
export interface ImageRecord {
  readonly registryId: string;
  readonly host: string;
  readonly repository: string;
  /** Digest of the platform manifest. */
  readonly digest: string;
  /** Digests under which it was asked for: of indexes, and its own. */
  readonly asked: readonly string[];
  readonly tags: readonly string[];
  readonly running: number;
  readonly scannedAt: string;
  readonly platform: string;
  readonly os?: string;
  readonly packages: number;
  readonly diffIds: readonly string[];
  readonly coverage: readonly Coverage[];
  readonly problems: readonly Problem[];
  readonly base?: {
    readonly name?: string;
    readonly layers: number;
    readonly certain: boolean;
    /** History entries that belong to it, when its own report is known. */
    readonly entries?: number;
  };
  readonly links: readonly ImageLink[];
}

/** A Dockerfile of the workspace that may have built an image. */
export interface ImageLink {
  readonly uri: string;
  readonly path: string;
  readonly score: number;
  readonly band: 'certain' | 'likely' | 'possible';
  readonly signals: readonly string[];
}

export interface RegistryRecord {
  readonly images: readonly ListedImage[];
  readonly complete: boolean;
  readonly error?: { readonly message: string; readonly nextStep: string; readonly denied: boolean };
}

export interface ClusterRecord {
  readonly state?: ClusterState;
  readonly error?: { readonly message: string; readonly nextStep: string; readonly denied: boolean };
}

export interface SkippedImage {
  readonly what: string;
  readonly reason: string;
}

/** Resources a document; keeps each write and read short. */
const slice = 400;

/** Typed access to the documents of the state store that scans write and views read. All of them are our own writing. */
export class Documents {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  async putSnapshot(connectionId: string, snapshot: Snapshot): Promise<void> {
    const { resources, ...head } = snapshot;
    const slices = Math.ceil(resources.length / slice);
    for (let n = 0; n < slices; n++) {
      const part = resources.slice(n * slice, (n + 1) * slice);
      this.#store.putDocument(
        'snapshot-resources',
        `${connectionId}/${String(n).padStart(6, '0')}`,
        connectionId,
        part,
      );
      await yieldToEventLoop();
    }
    this.#store.putDocument('snapshot', connectionId, connectionId, { ...head, slices });
    for (const { key } of this.#store.documents('snapshot-resources', connectionId)) {
      if (Number(key.slice(key.lastIndexOf('/') + 1)) >= slices) this.#store.removeDocument('snapshot-resources', key);
    }
  }

  async snapshot(connectionId: string): Promise<Snapshot | undefined> {
    const head = this.#store.document('snapshot', connectionId)?.value as
      (Omit<Snapshot, 'resources'> & { slices: number }) | undefined;
    if (head === undefined) return undefined;
    const resources: ArmResource[] = [];
    for (let n = 0; n < head.slices; n++) {
      const part = this.#store.document('snapshot-resources', `${connectionId}/${String(n).padStart(6, '0')}`)?.value;
      resources.push(...((part ?? []) as ArmResource[]));
      await yieldToEventLoop();
    }
    const { slices: _slices, ...rest } = head;
    return { ...rest, resources };
  }

  putRegistry(connectionId: string, registryId: string, record: RegistryRecord): void {
    this.#store.putDocument('registry', registryId.toLowerCase(), connectionId, record);
  }

  registry(registryId: string): RegistryRecord | undefined {
    return this.#store.document('registry', registryId.toLowerCase())?.value as RegistryRecord | undefined;
  }

  putCluster(connectionId: string, clusterId: string, record: ClusterRecord): void {
    this.#store.putDocument('cluster', clusterId.toLowerCase(), connectionId, record);
  }

  cluster(clusterId: string): ClusterRecord | undefined {
    return this.#store.document('cluster', clusterId.toLowerCase())?.value as ClusterRecord | undefined;
  }

  clusters(connectionId?: string): ClusterRecord[] {
    return this.#store.documents('cluster', connectionId).map(({ value }) => value as ClusterRecord);
  }

  /** Images that the last whole scan left out, and why. */
  putSkipped(connectionId: string, skipped: readonly SkippedImage[]): void {
    this.#store.putDocument('skipped', connectionId, connectionId, skipped);
  }

  skipped(connectionId: string): readonly SkippedImage[] {
    return (this.#store.document('skipped', connectionId)?.value ?? []) as readonly SkippedImage[];
  }

  putImage(connectionId: string, key: string, record: ImageRecord): void {
    this.#store.putDocument('image', key, connectionId, record);
  }

  image(key: string): ImageRecord | undefined {
    return this.#store.document('image', key)?.value as ImageRecord | undefined;
  }

  images(connectionId?: string): { readonly key: string; readonly record: ImageRecord }[] {
    return this.#store
      .documents('image', connectionId)
      .map(({ key, value }) => ({ key, record: value as ImageRecord }));
  }

  removeImage(key: string): void {
    this.#store.removeDocument('image', key);
  }
}
