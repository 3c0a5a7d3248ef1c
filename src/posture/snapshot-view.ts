import type { ArmResource, ReadError, Snapshot } from '../inventory/types.ts';

/** An id as ids compare: lower case, without a slash at the end. */
export function comparableId(id: string): string {
  const lower = id.toLowerCase();
  return lower.endsWith('/') ? lower.replace(/\/+$/, '') : lower;
}

/** The id above: up to the last slash. */
function above(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('/')));
}

/** `/subscriptions/<id>` of an id, lower case; empty when there is none. */
export function subscriptionOf(id: string): string {
  return /^\/subscriptions\/[^/]+/.exec(comparableId(id))?.[0] ?? '';
}

/** Type that an id speaks of: `microsoft.containerregistry/registries/tokens`; empty for ids that name no resource. */
export function typeOfId(id: string): string {
  const parts = providerParts(id);
  return parts.length % 2 === 1 && parts.length > 1 ? typeFrom(parts) : '';
}

/** Type whose list an id names, such as `/subscriptions/…/providers/microsoft.containerregistry/registries`; else empty. */
export function typeOfList(id: string): string {
  const parts = providerParts(id);
  return parts.length % 2 === 0 && parts.length > 0 ? typeFrom(parts) : '';
}

/** Namespace, type, name, child type, … behind the last `/providers/`. */
function providerParts(id: string): string[] {
  const lower = comparableId(id);
  const at = lower.lastIndexOf('/providers/');
  return at < 0 ? [] : lower.slice(at + '/providers/'.length).split('/');
}

function typeFrom([namespace = '', ...rest]: readonly string[]): string {
  return [namespace, ...rest.filter((_, index) => index % 2 === 0)].join('/');
}

/** A resource with what is the same for all checks that judge it. */
export interface Subject {
  readonly resource: ArmResource;
  /** As the snapshot has it; empty when it has none. */
  readonly id: string;
  readonly comparable: string;
  /** The error that covers it. */
  readonly error: ReadError | undefined;
}

interface TypeEntry {
  readonly resources: ArmResource[];
  /** Made when a check first asks. */
  subjects?: readonly Subject[];
  subscriptions?: ReadonlySet<string>;
}

/** Look-ups over a snapshot; built once, in time linear in it. */
export class SnapshotView {
  readonly snapshot: Snapshot;
  readonly #byId = new Map<string, ArmResource>();
  readonly #byType = new Map<string, TypeEntry>();
  readonly #byParent = new Map<string, ArmResource[]>();
  readonly #errors = new Map<string, ReadError>();
  readonly #errorsByParent = new Map<string, ReadError>();
  /** Names of subscriptions as written, by comparable id. */
  readonly #subscriptions = new Map<string, string>();

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    for (const resource of snapshot.resources) {
      const id = typeof resource.id === 'string' ? comparableId(resource.id) : '';
      const type =
        typeof resource.type === 'string' && resource.type !== '' ? resource.type.toLowerCase() : typeOfId(id);
      if (id !== '') {
        this.#byId.set(id, resource);
        push(this.#byParent, above(id), resource);
        this.#noteSubscription(resource.id);
      }
      if (type !== '') {
        const entry = this.#byType.get(type);
        if (entry === undefined) this.#byType.set(type, { resources: [resource] });
        else entry.resources.push(resource);
      }
    }
    for (const error of snapshot.errors) {
      const id = comparableId(error.id);
      if (id === '') continue;
      if (!this.#errors.has(id)) this.#errors.set(id, error);
      if (!this.#errorsByParent.has(above(id))) this.#errorsByParent.set(above(id), error);
      this.#noteSubscription(error.id);
    }
    for (const subscription of snapshot.subscriptions) this.#noteSubscription(subscription.id);
  }

  #noteSubscription(id: string): void {
    const lower = subscriptionOf(id);
    if (lower !== '' && !this.#subscriptions.has(lower)) this.#subscriptions.set(lower, id.slice(0, lower.length));
  }

  /** Comparable ids of all subscriptions that the snapshot speaks of. */
  subscriptions(): Iterable<string> {
    return this.#subscriptions.keys();
  }

  /** A subscription's id as it was written first. */
  writtenSubscription(lower: string): string {
    return this.#subscriptions.get(lower) ?? lower;
  }

  resource(id: string): ArmResource | undefined {
    return this.#byId.get(comparableId(id));
  }

  /** Resources of a type, in the snapshot's order. */
  ofType(type: string): readonly Subject[] {
    const entry = this.#byType.get(type.toLowerCase());
    if (entry === undefined) return [];
    entry.subjects ??= entry.resources.map((resource) => this.subject(resource, resource.id));
    return entry.subjects;
  }

  /** Comparable ids of the subscriptions that hold a resource of the type. */
  subscriptionsWith(type: string): ReadonlySet<string> {
    const entry = this.#byType.get(type.toLowerCase());
    if (entry === undefined) return new Set();
    entry.subscriptions ??= new Set(
      entry.resources.map(({ id }) => (typeof id === 'string' ? subscriptionOf(id) : '')).filter((id) => id !== ''),
    );
    return entry.subscriptions;
  }

  subject(resource: ArmResource, reportOn: unknown): Subject {
    const id = typeof reportOn === 'string' ? reportOn : '';
    const comparable = comparableId(id);
    return { resource, id, comparable, error: this.errorOver(comparable) };
  }

  /** Objects directly below a collection id. */
  members(collection: string): readonly ArmResource[] {
    return this.#byParent.get(comparableId(collection)) ?? [];
  }

  /**
   * The error that covers an id: one on the id itself or on an id above it, whole segments. Nothing is looked up at
   * `clear` and above it, a comparable id that no error covers.
   */
  errorOver(id: string, clear = ''): ReadError | undefined {
    if (this.#errors.size === 0) return undefined;
    for (let at = comparableId(id); at.length > clear.length; at = above(at)) {
      const error = this.#errors.get(at);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** An error that names a member of a collection. */
  errorInside(collection: string): ReadError | undefined {
    return this.#errorsByParent.get(comparableId(collection));
  }

  errors(): Iterable<readonly [string, ReadError]> {
    return this.#errors.entries();
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
