import { isAtOrBelow, parseArmId, subscriptionOf } from '../azure/resource-id.ts';
import { networkTypes } from './collectors.ts';
import type { ArmResource, ReadError, Snapshot } from './types.ts';

/** Families for which a view has an icon of its own. */
export type ResourceFamily = 'storage' | 'network' | 'secrets' | 'web' | 'machine' | 'other';

/** True for the type, without letter case. */
export function isType(resource: Pick<ArmResource, 'type'>, type: string): boolean {
  return resource.type.toLowerCase() === type.toLowerCase();
}

export const registryType = 'Microsoft.ContainerRegistry/registries';
export const clusterType = 'Microsoft.ContainerService/managedClusters';

/** Things that a person calls a resource: neither settings of others nor resource groups. */
export function isAsset(resource: ArmResource): boolean {
  const id = parseArmId(resource.id);
  if (id?.resource === undefined) return false;
  return id.resource.path.length === 1 && !/^microsoft\.(insights\/diagnosticsettings|security)/i.test(resource.type);
}

export function resourcesOfType(snapshot: Snapshot, type: string, subscriptionId?: string): ArmResource[] {
  return snapshot.resources.filter(
    (resource) => isType(resource, type) && (subscriptionId === undefined || isAtOrBelow(resource.id, subscriptionId)),
  );
}

/** Resources of a subscription that are neither registries nor clusters, by type in lower case. */
export function otherResources(
  snapshot: Snapshot,
  subscriptionId: string,
): ReadonlyMap<string, readonly ArmResource[]> {
  const others = snapshot.resources.filter(
    (resource) =>
      isAsset(resource) &&
      isAtOrBelow(resource.id, subscriptionId) &&
      !isType(resource, registryType) &&
      !isType(resource, clusterType),
  );
  return Map.groupBy(others, ({ type }) => type.toLowerCase());
}

/** Errors at or below a scope. */
export function errorsBelow(snapshot: Snapshot, scope: string): ReadError[] {
  return snapshot.errors.filter(({ id }) => isAtOrBelow(id, scope));
}

/**
 * Reads that failed around a cluster and without which nothing can be said to be out of reach of the internet: public
 * addresses, load balancers, gateways, Front Door and private link services of its subscription. Empty when all were read.
 */
export function missingAround(snapshot: Snapshot, clusterId: string): string[] {
  const subscription = subscriptionOf(clusterId);
  if (subscription === undefined) return ['the subscription of the cluster'];
  const scope = `/subscriptions/${subscription}`;
  const decisive = [
    scope,
    `${scope}/providers/microsoft.resourcegraph/resources`,
    ...networkTypes.map((type) => `${scope}/providers/${type}`.toLowerCase()),
  ];
  return snapshot.errors
    .filter(({ id }) => decisive.includes(id.toLowerCase()))
    .map(({ id, status, code }) => `${id}: ${status === 0 ? code : status}`);
}

const families: readonly (readonly [RegExp, ResourceFamily])[] = [
  [/^microsoft\.(storage|sql|dbfor\w+|documentdb|cache|netapp|synapse)\//, 'storage'],
  [/^microsoft\.(network|cdn)\//, 'network'],
  [/^microsoft\.(keyvault|managedidentity)\//, 'secrets'],
  [/^microsoft\.(web|app|apimanagement|signalrservice|appconfiguration)\//, 'web'],
  [/^microsoft\.(compute|hybridcompute)\//, 'machine'],
];

export function familyOf(type: string): ResourceFamily {
  return families.find(([pattern]) => pattern.test(type.toLowerCase()))?.[1] ?? 'other';
}

/** Names of types as people say them; the plural. */
const plainNames: Readonly<Record<string, string>> = {
  'microsoft.app/containerapps': 'Container apps',
  'microsoft.app/managedenvironments': 'Container Apps environments',
  'microsoft.cache/redis': 'Redis caches',
  'microsoft.compute/disks': 'Disks',
  'microsoft.compute/virtualmachines': 'Virtual machines',
  'microsoft.compute/virtualmachinescalesets': 'Virtual machine scale sets',
  'microsoft.containerregistry/registries/replications': 'Registry replications',
  'microsoft.dbforpostgresql/flexibleservers': 'PostgreSQL servers',
  'microsoft.documentdb/databaseaccounts': 'Cosmos DB accounts',
  'microsoft.eventhub/namespaces': 'Event Hubs namespaces',
  'microsoft.insights/activitylogalerts': 'Activity log alerts',
  'microsoft.insights/components': 'Application Insights',
  'microsoft.keyvault/vaults': 'Key vaults',
  'microsoft.managedidentity/userassignedidentities': 'Managed identities',
  'microsoft.network/applicationgateways': 'Application gateways',
  'microsoft.network/bastionhosts': 'Bastion hosts',
  'microsoft.network/loadbalancers': 'Load balancers',
  'microsoft.network/networkinterfaces': 'Network interfaces',
  'microsoft.network/networksecuritygroups': 'Network security groups',
  'microsoft.network/networkwatchers': 'Network watchers',
  'microsoft.network/privateendpoints': 'Private endpoints',
  'microsoft.network/publicipaddresses': 'Public IP addresses',
  'microsoft.network/routetables': 'Route tables',
  'microsoft.network/virtualnetworks': 'Virtual networks',
  'microsoft.operationalinsights/workspaces': 'Log Analytics workspaces',
  'microsoft.servicebus/namespaces': 'Service Bus namespaces',
  'microsoft.sql/servers': 'SQL servers',
  'microsoft.storage/storageaccounts': 'Storage accounts',
  'microsoft.web/serverfarms': 'App Service plans',
  'microsoft.web/sites': 'Web and function apps',
};

/** A type in plain words; one that has none keeps its own, without the provider's prefix. */
export function plainTypeName(type: string): string {
  const lower = type.toLowerCase();
  return Object.hasOwn(plainNames, lower) ? (plainNames[lower] ?? type) : type.replace(/^microsoft\./i, '');
}
