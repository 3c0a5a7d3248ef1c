/** A resource as Azure Resource Manager returns it. Child and extension resources are objects of their own. */
export interface ArmResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly location?: string;
  readonly kind?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku?: unknown;
  readonly identity?: unknown;
  readonly properties?: unknown;
  readonly [more: string]: unknown;
}

/** Something that could not be read: the ARM id of the resource or collection, with the service's answer. */
export interface ReadError {
  readonly id: string;
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  /** Action that is missing, when known. */
  readonly action?: string;
}

export interface SnapshotSubscription {
  /** `/subscriptions/<guid>` */
  readonly id: string;
  readonly displayName: string;
  readonly state?: string;
  readonly tenantId?: string;
}

/** The estate at one moment, as plain data. All checks judge this and nothing else. */
export interface Snapshot {
  readonly subscriptions: readonly SnapshotSubscription[];
  readonly resources: readonly ArmResource[];
  readonly errors: readonly ReadError[];
  /** ISO time that checks on dates compare with. */
  readonly now: string;
}
