/** Endpoints of one Azure cloud. Hosts without trailing slash. */
export interface Cloud {
  readonly id: 'public' | 'usGovernment' | 'china' | 'custom';
  readonly name: string;
  readonly authorityHost: string;
  readonly armEndpoint: string;
  /** Audience of ARM tokens; scope is this plus `/.default`. */
  readonly armAudience: string;
  readonly registryAudience: string;
  /** Ending of registry login servers, such as `.azurecr.io`. */
  readonly registrySuffix: string;
  /** Hosts that registry blobs may be redirected to: suffixes that begin with a dot, or `host:port`. */
  readonly blobHosts: readonly string[];
  readonly graphEndpoint?: string;
  readonly portalUrl?: string;
}

/** What stays in secret storage, as one record. */
export interface ConnectionSecret {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Subscription ids (GUIDs); empty means all that can be read. */
  readonly subscriptionIds: readonly string[];
}

export type ConnectionState = 'unverified' | 'verifying' | 'active' | 'gaps' | 'failed' | 'secretMissing' | 'paused';

/** What is kept beside the secret; nothing here is confidential. */
export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly cloud: Cloud['id'];
  readonly signIn: 'servicePrincipalSecret';
  /** ISO date without time. */
  readonly secretExpires?: string;
  readonly state: ConnectionState;
  /** ISO time of the last verification. */
  readonly verifiedAt?: string;
  readonly lastScanAt?: string;
  readonly capabilities: readonly Capability[];
  readonly createdAt: string;
}

export type Capability = 'registries' | 'posture' | 'aks' | 'defender';

export interface Subscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  /** Enabled, Warned, PastDue, Disabled, Deleted; absent when not told. */
  readonly state?: string;
  readonly tenantId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}
