/**
 * The one module that imports the Azure packages. It is loaded with `await import()` when something is asked of Azure
 * for the first time, and becomes a bundle of its own. The packages build requests and read answers; every byte goes
 * through the wire that the caller gives, which adds tokens, checks hosts and turns refusals into errors.
 */
import { AuthorizationManagementClient, type Permission } from '@azure/arm-authorization';
import { createContainerRegistryManagement } from '@azure/arm-containerregistry/api';
import { list as listRegistries } from '@azure/arm-containerregistry/api/registries';
import { createContainerService } from '@azure/arm-containerservice/api';
import { listClusterUserCredentials } from '@azure/arm-containerservice/api/managedClusters';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import { SubscriptionClient } from '@azure/arm-subscriptions';
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import type { AccessToken, TokenCredential } from '@azure/core-auth';
import { isAbort, isEngineError, LimitExceededError, UnexpectedResponseError } from '../core/errors.ts';
import type { PermissionEntry } from './permissions.ts';
import { permissionModeOf } from './permission-mode.ts';
import type { RegistryFacts } from './registry-facts.ts';
import type { Cloud } from './types.ts';
import type { Wire } from './wire.ts';

/** Sends what the packages build. Bodies are text: no read of ours uploads or streams. */
function pipelineClient(wire: Wire): HttpClient {
  return {
    async sendRequest(request: PipelineRequest) {
      const answer = await wire({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
        ...(typeof request.body === 'string' ? { body: request.body } : {}),
        ...(request.abortSignal === undefined ? {} : { signal: asAbortSignal(request.abortSignal) }),
      });
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders({ ...answer.headers }),
        bodyAsText: answer.body,
      };
    },
  };
}

function asAbortSignal(signal: NonNullable<PipelineRequest['abortSignal']>): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort());
  return controller.signal;
}

export interface SecretCredential {
  /** `claims` answers a challenge of continuous access evaluation and goes past the cache. */
  getToken(
    scope: string,
    claims?: string,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

export interface SecretCredentialOptions {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly wire: Wire;
}

/** Signs in as a service principal. The credential caches tokens; a new one starts clean. */
export function createSecretCredential(options: SecretCredentialOptions): SecretCredential {
  const credential = new ClientSecretCredential(options.tenantId, options.clientId, options.clientSecret, {
    authorityHost: options.cloud.authorityHost,
    // instance discovery asks the public cloud about the authority: an air-gapped one cannot, and must not
    disableInstanceDiscovery: options.cloud.id === 'custom',
    httpClient: pipelineClient(options.wire),
    retryOptions: { maxRetries: 0 }, // the wire retries, with a bound on Retry-After
  });
  return {
    getToken: (scope, claims) =>
      credential.getToken(scope, claims === undefined ? {} : { claims, enableCae: true, tenantId: options.tenantId }),
  };
}

export interface SdkSubscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly state?: string;
}

export interface RoleAssignmentFacts {
  readonly roleDefinitionId: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType?: string;
  readonly condition?: string;
  /** ISO time. */
  readonly createdOn?: string;
}

export interface RoleDefinitionFacts {
  readonly id: string;
  readonly name: string;
  readonly custom: boolean;
  readonly permissions: readonly PermissionEntry[];
}

export interface DenyAssignmentFacts {
  readonly name: string;
  readonly scope: string;
  readonly doNotApplyToChildScopes: boolean;
  readonly permissions: readonly PermissionEntry[];
}

export interface QueryPage {
  readonly rows: unknown;
  readonly skipToken?: string;
  /** True when rows were left out and no token leads to them. */
  readonly truncated: boolean;
}

/** Reads of Resource Manager that the packages know. Lists are whole; each throws what the wire throws. */
export interface SdkClients {
  readonly subscriptions: (signal: AbortSignal) => Promise<SdkSubscription[]>;
  readonly registries: (subscriptionId: string, signal: AbortSignal) => Promise<RegistryFacts[]>;
  readonly permissionsAtGroup: (
    subscriptionId: string,
    group: string,
    signal: AbortSignal,
  ) => Promise<PermissionEntry[]>;
  readonly permissionsAtResource: (
    subscriptionId: string,
    resource: ResourceName,
    signal: AbortSignal,
  ) => Promise<PermissionEntry[]>;
  /** Assignments of a principal at, above and below the subscription, also those through groups. */
  readonly roleAssignments: (
    subscriptionId: string,
    principalId: string,
    signal: AbortSignal,
  ) => Promise<RoleAssignmentFacts[]>;
  readonly roleDefinitions: (subscriptionId: string, signal: AbortSignal) => Promise<RoleDefinitionFacts[]>;
  readonly denyAssignments: (
    subscriptionId: string,
    principalId: string,
    signal: AbortSignal,
  ) => Promise<DenyAssignmentFacts[]>;
  readonly query: (
    subscriptions: readonly string[] | undefined,
    query: string,
    page: { readonly top: number; readonly skipToken?: string },
    signal: AbortSignal,
  ) => Promise<QueryPage>;
  /** Kubeconfig files, as bytes. */
  readonly clusterUserCredentials: (
    subscriptionId: string,
    group: string,
    cluster: string,
    signal: AbortSignal,
  ) => Promise<Uint8Array[]>;
}

/** `Microsoft.ContainerRegistry`, `registries`, `contoso` in a resource group. */
export interface ResourceName {
  readonly group: string;
  readonly namespace: string;
  readonly type: string;
  readonly name: string;
}

/** Longest list of any kind that is read to its end. */
const mostItems = 100_000;

export function createSdkClients({ cloud, wire }: { readonly cloud: Cloud; readonly wire: Wire }): SdkClients {
  /** The packages insist on a token of their own; the wire replaces it by the real one, which they never see. */
  const placeholder: TokenCredential = {
    getToken: (): Promise<AccessToken> =>
      Promise.resolve({ token: 'placeholder', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
  };
  const scope = `${cloud.armAudience}/.default`;
  const common = { endpoint: cloud.armEndpoint, httpClient: pipelineClient(wire), retryOptions: { maxRetries: 0 } };
  const modular = { ...common, credentials: { scopes: [scope] } };
  const classic = { ...common, credentialScopes: [scope] };

  const subscriptionClient = new SubscriptionClient(placeholder, { ...classic, $host: cloud.armEndpoint });
  const resourceGraph = new ResourceGraphClient(placeholder, modular);
  const authorization = (subscriptionId: string): AuthorizationManagementClient =>
    new AuthorizationManagementClient(placeholder, subscriptionId, { ...classic, $host: cloud.armEndpoint });

  return understood(cloud, {
    async subscriptions(signal) {
      const all = await collect(subscriptionClient.subscriptions.list({ abortSignal: signal }));
      return all.flatMap(({ subscriptionId, displayName, state }) =>
        subscriptionId === undefined
          ? []
          : [
              {
                subscriptionId: subscriptionId.toLowerCase(),
                displayName: displayName ?? subscriptionId,
                ...(state === undefined ? {} : { state }),
              },
            ],
      );
    },

    async registries(subscriptionId, signal) {
      const context = createContainerRegistryManagement(placeholder, subscriptionId, modular);
      const all = await collect(listRegistries(context, { abortSignal: signal }));
      return all.flatMap((registry): RegistryFacts[] => {
        const { id, name, loginServer } = registry;
        if (id === undefined || name === undefined || loginServer === undefined) return [];
        const mode = registry.roleAssignmentMode;
        const publicAccess = registry.publicNetworkAccess;
        const armTokens = registry.policies?.azureADAuthenticationAsArmPolicy?.status;
        return [
          {
            id,
            name,
            loginServer: loginServer.toLowerCase(),
            location: registry.location,
            ...(registry.sku.name === '' ? {} : { sku: registry.sku.name }),
            permissionMode: permissionModeOf(mode),
            acceptsArmTokens: armTokens === undefined ? 'unknown' : !/^disabled$/i.test(armTokens),
            publicNetworkAccess: publicAccess === undefined ? 'unknown' : !/^disabled$/i.test(publicAccess),
            dataEndpointHosts: (registry.dataEndpointHostNames ?? []).map((host) => host.toLowerCase()),
          },
        ];
      });
    },

    async permissionsAtGroup(subscriptionId, group, signal) {
      const list = authorization(subscriptionId).permissions.listForResourceGroup(group, { abortSignal: signal });
      return (await collect(list)).map(entry);
    },

    async permissionsAtResource(subscriptionId, resource, signal) {
      const list = authorization(subscriptionId).permissions.listForResource(
        resource.group,
        resource.namespace,
        '',
        resource.type,
        resource.name,
        { abortSignal: signal },
      );
      return (await collect(list)).map(entry);
    },

    async roleAssignments(subscriptionId, principalId, signal) {
      const list = authorization(subscriptionId).roleAssignments.listForSubscription({
        filter: `assignedTo('${requireGuid(principalId)}')`,
        abortSignal: signal,
      });
      return (await collect(list)).flatMap((assignment) => {
        const { roleDefinitionId, scope: at, principalId: principal, principalType, condition, createdOn } = assignment;
        if (roleDefinitionId === undefined || at === undefined) return [];
        const created = createdOn?.getTime();
        return [
          {
            roleDefinitionId,
            scope: at,
            principalId: principal ?? '',
            ...(principalType === undefined ? {} : { principalType }),
            ...(condition === undefined || condition === '' ? {} : { condition }),
            ...(created === undefined || Number.isNaN(created) ? {} : { createdOn: new Date(created).toISOString() }),
          },
        ];
      });
    },

    async roleDefinitions(subscriptionId, signal) {
      const list = authorization(subscriptionId).roleDefinitions.list(`subscriptions/${subscriptionId}`, {
        abortSignal: signal,
      });
      return (await collect(list)).flatMap(({ id, name, roleName, roleType, permissions }) =>
        id === undefined
          ? []
          : [
              {
                id,
                name: roleName ?? name ?? id,
                custom: roleType?.toLowerCase() === 'customrole',
                permissions: (permissions ?? []).map(entry),
              },
            ],
      );
    },

    async denyAssignments(subscriptionId, principalId, signal) {
      const list = authorization(subscriptionId).denyAssignments.list({
        filter: `assignedTo('${requireGuid(principalId)}')`,
        abortSignal: signal,
      });
      return (await collect(list)).map((denial) => ({
        name: denial.denyAssignmentName ?? denial.name ?? '',
        scope: denial.scope ?? '',
        doNotApplyToChildScopes: denial.doNotApplyToChildScopes === true,
        permissions: (denial.permissions ?? []).map(entry),
      }));
    },

    async query(subscriptions, query, page, signal) {
      const answer = await resourceGraph.resources(
        {
          query,
          ...(subscriptions === undefined ? {} : { subscriptions: [...subscriptions] }),
          options: {
            resultFormat: 'objectArray',
            top: page.top,
            ...(page.skipToken === undefined ? {} : { skipToken: page.skipToken }),
          },
        },
        { abortSignal: signal },
      );
      const skipToken: unknown = answer.skipToken;
      const token = typeof skipToken === 'string' && skipToken !== '' ? skipToken : undefined;
      const rows: unknown = answer.data;
      const truncated: unknown = answer.resultTruncated;
      return {
        rows,
        ...(token === undefined ? {} : { skipToken: token }),
        truncated: token === undefined && (truncated === 'true' || truncated === true),
      };
    },

    async clusterUserCredentials(subscriptionId, group, cluster, signal) {
      const context = createContainerService(placeholder, subscriptionId, modular);
      const answer = await listClusterUserCredentials(context, group, cluster, { format: 'exec', abortSignal: signal });
      return (answer.kubeconfigs ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]));
    },
  });
}

/** Turns what the packages throw over an answer of an unknown form into an error that a person can act on. */
function understood(cloud: Cloud, clients: SdkClients): SdkClients {
  const host = new URL(cloud.armEndpoint).host;
  const guard =
    <A extends readonly unknown[], T>(work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      try {
        return await work(...args);
      } catch (error) {
        if (isEngineError(error) || isAbort(error)) throw error;
        throw new UnexpectedResponseError(
          `Cannot understand the answer of ${host}`,
          'A proxy may stand in between: check the proxy settings. Report it with the log if it stays.',
          { url: cloud.armEndpoint, cause: error },
        );
      }
    };
  return {
    subscriptions: guard(clients.subscriptions),
    registries: guard(clients.registries),
    permissionsAtGroup: guard(clients.permissionsAtGroup),
    permissionsAtResource: guard(clients.permissionsAtResource),
    roleAssignments: guard(clients.roleAssignments),
    roleDefinitions: guard(clients.roleDefinitions),
    denyAssignments: guard(clients.denyAssignments),
    query: guard(clients.query),
    clusterUserCredentials: guard(clients.clusterUserCredentials),
  };
}

function entry(permission: Permission): PermissionEntry {
  return {
    actions: permission.actions ?? [],
    notActions: permission.notActions ?? [],
    dataActions: permission.dataActions ?? [],
    notDataActions: permission.notDataActions ?? [],
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) {
    out.push(item);
    if (out.length > mostItems) {
      throw new LimitExceededError(`Cannot read a list of more than ${mostItems} entries`, 'Scan fewer subscriptions.');
    }
  }
  return out;
}

/** Ids go into filters; anything else could change their meaning. */
function requireGuid(id: string): string {
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw new TypeError('A principal id is a GUID');
  return id;
}
