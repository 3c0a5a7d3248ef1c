import type { Clock } from '../core/clock.ts';
import { isEngineError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log, Redactor } from '../core/log.ts';
import { createArmReader, createArmWire, type ArmReader } from './arm.ts';
import { armScope } from './clouds.ts';
import { readClaims, type TokenClaims } from './jwt.ts';
import type { PermissionEntry } from './permissions.ts';
import { createQuotaGate, createResourceGraph, type GraphQuery, type GraphPage } from './resource-graph.ts';
import { parseArmId } from './resource-id.ts';
import type { SdkClients } from './sdk/clients.ts';
import { createTokenProvider, type TokenProvider } from './tokens.ts';
import type { Cloud, ConnectionSecret, Subscription } from './types.ts';
import * as z from 'zod';

export interface AzureDeps {
  readonly http: HttpClient;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly clock: Clock;
  /** Longest time for one call of Resource Manager with its retries. Default 120 s. */
  readonly callTimeoutMs?: number;
  /** Longest time for one sign-in. Default 30 s. */
  readonly signInTimeoutMs?: number;
}

/**
 * One identity in one cloud: tokens, and what is read with them. Loads the Azure packages with the first call that needs
 * them. All methods throw EngineErrors, or the reason of an aborted signal.
 */
export interface AzureSession {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly clientId: string;
  readonly tokens: TokenProvider;
  readonly arm: ArmReader;
  /** Lists of Resource Manager that the Azure packages read. */
  clients(): Promise<SdkClients>;
  query(query: GraphQuery, signal: AbortSignal): AsyncGenerator<GraphPage, void, undefined>;
  /** Claims of the Resource Manager token: tenant, object id. Undefined when Azure's tokens are opaque. */
  claims(signal: AbortSignal): Promise<TokenClaims | undefined>;
  /** Subscriptions that the identity can see, with tenant and tags where Resource Graph tells them. */
  subscriptions(signal: AbortSignal): Promise<Subscription[]>;
  /** One subscription, also when it does not appear in the list. Throws NotFoundError, AccessDeniedError. */
  subscription(subscriptionId: string, signal: AbortSignal): Promise<Subscription>;
  /** What the identity may do at a subscription, a resource group or a resource, by its ARM id. */
  permissions(scope: string, signal: AbortSignal): Promise<PermissionEntry[]>;
  /** The first kubeconfig of a cluster, by its ARM id, as text. Holds credentials: keep it in memory. */
  clusterKubeconfig(clusterId: string, signal: AbortSignal): Promise<string | undefined>;
}

const authorizationApi = '2022-04-01';
const subscriptionsApi = '2022-12-01';

const subscriptionSchema = z.object({
  subscriptionId: z.string(),
  displayName: z.string().optional().catch(undefined),
  state: z.string().optional().catch(undefined),
  tenantId: z.string().optional().catch(undefined),
  tags: z.record(z.string(), z.string()).optional().catch(undefined),
});

const containerRow = z.object({
  subscriptionId: z.string(),
  tenantId: z.string().optional().catch(undefined),
  tags: z.record(z.string(), z.string()).optional().catch(undefined),
});

const names = z.array(z.string()).catch([]);
const permissionSchema = z.object({ actions: names, notActions: names, dataActions: names, notDataActions: names });

/** A kubeconfig is some kilobytes. */
const largestKubeconfig = 1024 * 1024;

export function createAzureSession(cloud: Cloud, secret: ConnectionSecret, deps: AzureDeps): AzureSession {
  const tokens = createTokenProvider(cloud, secret, deps);
  const gate = createQuotaGate();
  const wire = gate.watch(createArmWire(cloud, { ...deps, tokens }));
  const arm = createArmReader(cloud, wire);
  let loaded: Promise<SdkClients> | undefined;
  const clients = (): Promise<SdkClients> =>
    (loaded ??= import('./sdk.ts')
      .then(({ loadSdk }) => loadSdk())
      .then((sdk) => sdk.createSdkClients({ cloud, wire })));
  const resourceGraph = createResourceGraph(clients, gate, deps.log);

  return {
    cloud,
    tenantId: secret.tenantId,
    clientId: secret.clientId,
    tokens,
    arm,
    clients,
    query: (query, signal) => resourceGraph.query(query, signal),

    async claims(signal) {
      return readClaims((await tokens.getToken(armScope(cloud), signal)).token);
    },

    async subscriptions(signal) {
      const listed = await (await clients()).subscriptions(signal);
      const details = new Map<string, z.infer<typeof containerRow>>();
      if (listed.length > 0) {
        try {
          const query =
            "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id, subscriptionId, tenantId, tags | order by id asc";
          for await (const { rows } of resourceGraph.query({ query }, signal)) {
            for (const row of rows) {
              const parsed = containerRow.safeParse(row);
              if (parsed.success) details.set(parsed.data.subscriptionId.toLowerCase(), parsed.data);
            }
          }
        } catch (error) {
          signal.throwIfAborted();
          if (!isEngineError(error)) throw error;
          // names and states are known without it; only tenants and tags stay unknown
          deps.log.warn('details of subscriptions not read', { reason: error.message });
        }
      }
      return listed.map((subscription) => {
        const more = details.get(subscription.subscriptionId);
        return {
          ...subscription,
          ...(more?.tenantId === undefined ? {} : { tenantId: more.tenantId.toLowerCase() }),
          ...(more?.tags === undefined ? {} : { tags: more.tags }),
        };
      });
    },

    async subscription(subscriptionId, signal) {
      const raw = await arm.get(`/subscriptions/${encodeURIComponent(subscriptionId)}`, subscriptionsApi, signal);
      const parsed = subscriptionSchema.safeParse(raw);
      if (!parsed.success) return { subscriptionId, displayName: subscriptionId };
      const { displayName, state, tenantId, tags } = parsed.data;
      return {
        subscriptionId: parsed.data.subscriptionId.toLowerCase(),
        displayName: displayName ?? subscriptionId,
        ...(state === undefined ? {} : { state }),
        ...(tenantId === undefined ? {} : { tenantId: tenantId.toLowerCase() }),
        ...(tags === undefined ? {} : { tags }),
      };
    },

    async permissions(scope, signal) {
      const id = parseArmId(scope);
      if (id?.resource !== undefined && id.resource.path.length === 1) {
        const [last] = id.resource.path;
        if (last !== undefined) {
          return (await clients()).permissionsAtResource(
            id.subscriptionId,
            { group: id.resource.group, namespace: id.resource.namespace, type: last.type, name: last.name },
            signal,
          );
        }
      }
      if (id?.group !== undefined && id.resource === undefined) {
        return (await clients()).permissionsAtGroup(id.subscriptionId, id.group, signal);
      }
      // the packages know no call for whole subscriptions and other scopes
      const out: PermissionEntry[] = [];
      const path = `${scope}/providers/Microsoft.Authorization/permissions`;
      for await (const page of arm.list(path, authorizationApi, signal)) {
        for (const item of page) {
          const parsed = permissionSchema.safeParse(item);
          if (parsed.success) out.push(parsed.data);
        }
      }
      return out;
    },

    async clusterKubeconfig(clusterId, signal) {
      const id = parseArmId(clusterId);
      const cluster = id?.resource?.path[0];
      if (id?.resource === undefined || cluster === undefined) return undefined;
      const files = await (
        await clients()
      ).clusterUserCredentials(id.subscriptionId, id.resource.group, cluster.name, signal);
      const [first] = files;
      if (first === undefined || first.length > largestKubeconfig) return undefined;
      return Buffer.from(first).toString('utf8');
    },
  };
}
