import { meansNothingThere } from '../azure/arm-errors.ts';
import { effectivePermissions } from '../azure/effective-permissions.ts';
import { isAllowed } from '../azure/permissions.ts';
import type { AzureSession } from '../azure/session.ts';
import type { Subscription } from '../azure/types.ts';
import type { Clock } from '../core/clock.ts';
import { mapConcurrently } from '../core/concurrency.ts';
import { isEngineError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { compareText } from '../core/order.ts';
import { readArmResource, ResourceSet } from './arm-resource.ts';
import {
  networkTypes,
  subscriptionCollectors,
  type DetailCollector,
  type ListCollector,
  type SubscriptionCollector,
} from './collectors.ts';
import { isDenial, toReadError } from './read-error.ts';
import type { ArmResource, ReadError, Snapshot, SnapshotSubscription } from './types.ts';

/** What arrived since the last part; for views that fill while the reading goes on. */
export interface InventoryPart {
  readonly subscriptions: readonly SnapshotSubscription[];
  readonly resources: readonly ArmResource[];
  readonly errors: readonly ReadError[];
}

export interface InventoryOptions {
  readonly session: AzureSession;
  /** GUIDs of the connection's scope; empty: all that can be seen. */
  readonly subscriptionIds: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Subscriptions and lists that are read at once. Default 8. */
  readonly concurrency?: number;
  readonly onPart?: (part: InventoryPart) => void;
}

/** States in which Azure still answers reads; anything else holds nothing. */
const readable = /^(enabled|warned|pastdue|disabled)$/i;

const graphQuery =
  'resources | project id, type, name, location, kind, tags, sku, identity, properties, zones, managedBy, plan, extendedLocation | order by id asc';
const groupQuery =
  "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups' | project id, type, name, location, tags, managedBy, properties | order by id asc";

const mostResources = 500_000;

/**
 * The estate at one moment. What cannot be read is an entry of `errors`, never an exception: a denied subscription
 * leaves the others whole. Throws only what ends everything: a refused sign-in, an unreachable Azure before the first
 * answer, the caller's abort.
 */
export async function collectInventory(options: InventoryOptions): Promise<Snapshot> {
  return new Collection(options).run();
}

class Collection {
  readonly #options: InventoryOptions;
  readonly #resources = new ResourceSet();
  readonly #errors: ReadError[] = [];

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  async run(): Promise<Snapshot> {
    const { signal, clock } = this.#options;
    const subscriptions = await this.#subscriptions();
    this.#emit({ subscriptions });
    const denied = new Set(this.#errors.map(({ id }) => id.toLowerCase()));
    const open = subscriptions.filter(
      ({ id, state }) => !denied.has(id.toLowerCase()) && (state === undefined || readable.test(state)),
    );
    await this.#each(this.#works(open));
    signal.throwIfAborted();
    return {
      subscriptions,
      resources: this.#resources.sorted(),
      errors: [...this.#errors].sort((a, b) => compareText(a.id, b.id)),
      now: clock.now().toISOString(),
    };
  }

  /** All work below the subscriptions; lists of a subscription come one after the other, subscriptions side by side. */
  *#works(open: readonly SnapshotSubscription[]): Generator<() => Promise<void>> {
    if (open.length > 0) {
      const ids = open.map(({ id }) => id.slice('/subscriptions/'.length));
      yield () => this.#graph(ids, open, graphQuery);
      yield () => this.#graph(ids, open, groupQuery);
    }
    for (const subscription of open) yield () => this.#subscription(subscription);
  }

  async #each(works: Iterable<() => Promise<void>>): Promise<void> {
    const { signal, concurrency = 8 } = this.#options;
    for await (const _ of mapConcurrently(works, concurrency, signal, (work) => work())) signal.throwIfAborted();
  }

  /** Those of the scope, each at least by its id; the ones that cannot be read have an entry in `errors`. */
  async #subscriptions(): Promise<SnapshotSubscription[]> {
    const { session, subscriptionIds, signal } = this.#options;
    const visible = await session.subscriptions(signal);
    const wanted = new Set(subscriptionIds.map((id) => id.toLowerCase()));
    const found = visible.filter(({ subscriptionId }) => wanted.size === 0 || wanted.has(subscriptionId));
    const out = found.map(describe);
    for (const id of [...wanted].filter((one) => found.every(({ subscriptionId }) => subscriptionId !== one))) {
      const armId = `/subscriptions/${id}`;
      try {
        out.push(describe(await session.subscription(id, signal)));
      } catch (error) {
        signal.throwIfAborted();
        const failure = toReadError(armId, error);
        out.push({ id: armId, displayName: id });
        this.#fail(failure);
      }
    }
    return out.sort((a, b) => compareText(a.displayName, b.displayName) || compareText(a.id, b.id));
  }

  async #graph(ids: readonly string[], open: readonly SnapshotSubscription[], query: string): Promise<void> {
    const { session, signal } = this.#options;
    const collection = 'providers/Microsoft.ResourceGraph/resources';
    try {
      for await (const page of session.query({ subscriptions: ids, query }, signal)) {
        const fresh: ArmResource[] = [];
        for (const row of page.rows) {
          const resource = readArmResource(row);
          if (resource !== undefined && this.#resources.addIfNew(resource)) fresh.push(resource);
        }
        this.#emit({ resources: fresh });
        if (page.truncated || this.#resources.size > mostResources) {
          for (const { id } of open) {
            this.#fail({
              id: `${id}/${collection}`,
              status: 200,
              code: 'Truncated',
              message: 'Some resources were left out',
            });
          }
          return;
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      for (const { id } of open) this.#fail(toReadError(`${id}/${collection}`, error));
    }
  }

  async #subscription(subscription: SnapshotSubscription): Promise<void> {
    const denials: ReadError[] = [];
    for (const collector of subscriptionCollectors) {
      const denial = await this.#subscriptionList(subscription, collector);
      if (denial !== undefined) denials.push(denial);
    }
    denials.push(...(await this.#silentDenials(subscription)));
    const everything = `${subscription.id}/resources`;
    const [first] = denials;
    // nothing of it may be read: say so once, for the subscription
    if (
      first !== undefined &&
      denials.some(({ id }) => id === everything) &&
      subscriptionCollectors.every(({ type }) =>
        denials.some(({ id }) => id === `${subscription.id}/providers/${type}`),
      )
    ) {
      this.#fail({
        id: subscription.id,
        status: first.status,
        code: first.code,
        message: `Cannot read anything in "${subscription.displayName}": the permission */read is missing`,
        action: '*/read',
      });
      return;
    }
    for (const denial of denials) this.#fail(denial);
  }

  /** Reads a list and the details of its members. Returns the error of the list instead of recording it when it is a denial. */
  async #subscriptionList(
    subscription: SnapshotSubscription,
    collector: SubscriptionCollector,
  ): Promise<ReadError | undefined> {
    const path = `${subscription.id}/providers/${collector.type}`;
    const { members, error } = await this.#list(path, collector);
    for (const member of members) this.#resources.add(member);
    this.#emit({ resources: members });
    const details = members.flatMap((member) => collector.details.map((detail) => () => this.#detail(member, detail)));
    await this.#each(details);
    if (error === undefined) return undefined;
    if (isDenial(error)) return error;
    this.#fail(error);
    return undefined;
  }

  async #detail(owner: ArmResource, detail: DetailCollector): Promise<void> {
    const { members, error } = await this.#list(`${owner.id}${detail.path}`, detail);
    for (const member of members) this.#resources.add(member);
    this.#emit({ resources: members });
    if (error !== undefined) this.#fail(error);
  }

  /** All members that could be read; pages before a failure are kept. */
  async #list(
    path: string,
    collector: ListCollector,
  ): Promise<{ readonly members: readonly ArmResource[]; readonly error?: ReadError }> {
    const { session, signal } = this.#options;
    const members: ArmResource[] = [];
    let failure: unknown;
    for (const apiVersion of collector.apiVersions) {
      try {
        for await (const page of session.arm.list(path, apiVersion, signal)) {
          for (const item of page) {
            const resource = readArmResource(item, collector.type);
            if (resource !== undefined) members.push(resource);
          }
        }
        return { members };
      } catch (error) {
        signal.throwIfAborted();
        if (!isEngineError(error)) throw error;
        failure = error;
        if (meansNothingThere(error) !== 'notInCloud') break;
      }
    }
    if (meansNothingThere(failure) !== undefined) return { members };
    return { members, error: toReadError(path, failure) };
  }

  /** What Resource Graph leaves out without a word, told by the effective permissions. */
  async #silentDenials(subscription: SnapshotSubscription): Promise<ReadError[]> {
    const { session, signal } = this.#options;
    let entries;
    try {
      entries = await effectivePermissions(session, subscription.id, signal);
    } catch (error) {
      signal.throwIfAborted();
      return [toReadError(`${subscription.id}/resources`, error)];
    }
    // a type that does not exist: only a pattern for everything allows it
    const readsAll = isAllowed(entries, 'Microsoft.AnyProvider/anyType/read');
    if (readsAll) return [];
    const denial = (id: string, action: string, what: string): ReadError => ({
      id,
      status: 403,
      code: 'AuthorizationFailed',
      message: `Cannot read ${what}: the permission ${action} is missing`,
      action,
    });
    return [
      denial(`${subscription.id}/resources`, '*/read', 'some kinds of resources'),
      ...networkTypes
        .filter((type) => !isAllowed(entries, `${type}/read`))
        .map((type) => denial(`${subscription.id}/providers/${type}`, `${type}/read`, `the list of ${type}`)),
    ];
  }

  #fail(error: ReadError): void {
    if (this.#errors.some(({ id, code }) => id === error.id && code === error.code)) return;
    this.#errors.push(error);
    this.#options.log.debug('not read', { id: error.id, status: error.status, code: error.code });
    this.#emit({ errors: [error] });
  }

  #emit(part: Partial<InventoryPart>): void {
    const { subscriptions = [], resources = [], errors = [] } = part;
    if (subscriptions.length + resources.length + errors.length === 0) return;
    this.#options.onPart?.({ subscriptions, resources, errors });
  }
}

function describe(subscription: Subscription): SnapshotSubscription {
  const { subscriptionId, displayName, state, tenantId } = subscription;
  return {
    id: `/subscriptions/${subscriptionId}`,
    displayName,
    ...(state === undefined ? {} : { state }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}
