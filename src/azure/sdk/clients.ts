import { createContainerRegistryManagement } from '@azure/arm-containerregistry/api';
import { list as listRegistries } from '@azure/arm-containerregistry/api/registries';
import { createContainerService } from '@azure/arm-containerservice/api';
import { listClusterUserCredentials } from '@azure/arm-containerservice/api/managedClusters';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import { SubscriptionClient } from '@azure/arm-subscriptions';
import { isAbort, isEngineError, UnexpectedResponseError } from '../../core/errors.ts';
import { permissionModeOf } from '../permission-mode.ts';
import type { RegistryFacts } from '../registry-facts.ts';
import type { Cloud } from '../types.ts';
import type { Wire } from '../wire.ts';
import { type AuthorizationReads, createAuthorizationReads } from './authorization.ts';
import { clientSettings, collect, placeholder } from './pipeline.ts';

export interface SdkSubscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly state?: string;
}

export interface QueryPage {
  readonly rows: unknown;
  readonly skipToken?: string;
  /** True when rows were left out and no token leads to them. */
  readonly truncated: boolean;
}

/** Reads of Resource Manager that the packages know. Lists are whole; each throws what the wire throws. */
export interface SdkClients extends AuthorizationReads {
  readonly subscriptions: (signal: AbortSignal) => Promise<SdkSubscription[]>;
  readonly registries: (subscriptionId: string, signal: AbortSignal) => Promise<RegistryFacts[]>;
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

export function createSdkClients({ cloud, wire }: { readonly cloud: Cloud; readonly wire: Wire }): SdkClients {
  const { modular, classic } = clientSettings(cloud, wire);
  const subscriptionClient = new SubscriptionClient(placeholder, classic);
  const resourceGraph = new ResourceGraphClient(placeholder, modular);

  return understood(cloud, {
    ...createAuthorizationReads(cloud, wire),

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
