// The tables of Resource Graph, made from what Resource Manager holds, and cut to what the caller may read.
import type { Access } from '../access.ts';
import { assignmentBody, definitionBody } from '../arm/authorization.ts';
import type { ResourceStore } from '../arm/resource.ts';
import { groupBody, withoutPreviewSettings } from '../arm/server.ts';
import { managementGroups, resourceGroups, subscriptions } from '../data/estate.ts';
import { roleDefinitions } from '../data/roles.ts';
import { textOf, type JsonObject } from '../json.ts';

export const columns = [
  'id', 'name', 'type', 'tenantId', 'kind', 'location', 'resourceGroup', 'subscriptionId', 'managedBy', 'sku', 'plan',
  'properties', 'tags', 'identity', 'zones', 'extendedLocation',
] as const; // prettier-ignore

const otherTables = new Set([
  'policyresources', 'kubernetesconfigurationresources', 'aksresources', 'appserviceresources', 'networkresources',
  'computeresources', 'dnsresources', 'managedserviceresources', 'insightresources', 'maintenanceresources',
  'recoveryservicesresources', 'healthresources', 'patchassessmentresources', 'advisorresources', 'resourcechanges',
  'servicehealthresources', 'extendedlocationresources', 'guestconfigurationresources', 'resourcecontainerchanges',
]); // prettier-ignore

/** Child types that stand in `resources` although they have no place of their own. */
const listedChildren = new Set([
  'microsoft.containerregistry/registries/replications',
  'microsoft.containerregistry/registries/webhooks',
  'microsoft.sql/servers/databases',
  'microsoft.network/networkwatchers/flowlogs',
]);

export interface TableParts {
  readonly access: Access;
  readonly store: ResourceStore;
  readonly tenantId: string;
  readonly lockedSubscriptions: () => readonly string[];
}

/** Rows of a table in these subscriptions, or undefined when there is no such table. */
export function rowsOf(
  parts: TableParts,
  table: string,
  objectId: string,
  subscriptionIds: readonly string[],
): JsonObject[] | undefined {
  const inScope = (id: string): boolean =>
    subscriptionIds.includes(/^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? '');
  const mayRead = (type: string, id: string): boolean => parts.access.allows(objectId, `${type}/read`, id);
  const stored = (belongs: (type: string, one: JsonObject) => boolean): JsonObject[] =>
    [...parts.store.all()]
      .filter((one) => belongs(one.type.toLowerCase(), one) && inScope(one.id) && mayRead(one.type, one.id))
      .map((one) =>
        row(
          one.type.toLowerCase() === 'microsoft.containerregistry/registries' ? withoutPreviewSettings(one) : one,
          parts.tenantId,
        ),
      );
  switch (table.toLowerCase()) {
    case 'resources':
      return stored(
        (type, one) => one['location'] !== undefined && (type.split('/').length === 2 || listedChildren.has(type)),
      );
    case 'securityresources':
      return stored((type) => type.startsWith('microsoft.security/'));
    case 'resourcecontainers':
      return containerRows(parts, objectId).filter(
        (one) => one['type'] === 'microsoft.management/managementgroups' || inScope(textOf(one['id']) ?? ''),
      );
    case 'authorizationresources':
      return authorizationRows(parts, objectId, subscriptionIds);
    default:
      return otherTables.has(table.toLowerCase()) ? [] : undefined;
  }
}

/** Every column; ids keep their case, type and group do not. */
function row(one: JsonObject, tenantId: string): JsonObject {
  const id = textOf(one['id']) ?? '';
  const found = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(id);
  return {
    id,
    name: textOf(one['name']) ?? '',
    type: (textOf(one['type']) ?? '').toLowerCase(),
    tenantId,
    kind: one['kind'] ?? '',
    location: one['location'] ?? '',
    resourceGroup: (found?.[2] ?? '').toLowerCase(),
    subscriptionId: found?.[1] ?? '',
    managedBy: one['managedBy'] ?? '',
    sku: one['sku'] ?? null,
    plan: one['plan'] ?? null,
    properties: one['properties'] ?? {},
    tags: one['tags'] ?? null,
    identity: one['identity'] ?? null,
    zones: one['zones'] ?? null,
    extendedLocation: null,
  };
}

function containerRows({ access, tenantId, lockedSubscriptions }: TableParts, objectId: string): JsonObject[] {
  const groupName = (name: string): string => managementGroups.find((one) => one.name === name)?.displayName ?? name;
  return [
    ...managementGroups
      .map(({ name, displayName }) => ({
        id: `/providers/Microsoft.Management/managementGroups/${name}`,
        name,
        type: 'microsoft.management/managementgroups',
        properties: { tenantId, displayName },
      }))
      .filter(({ id }) => access.allows(objectId, 'Microsoft.Management/managementGroups/read', id)),
    ...subscriptions
      .filter((one) =>
        access.allows(objectId, 'Microsoft.Resources/subscriptions/read', `/subscriptions/${one.subscriptionId}`),
      )
      .map((one) => ({
        id: `/subscriptions/${one.subscriptionId}`,
        name: one.displayName,
        type: 'microsoft.resources/subscriptions',
        tags: one.tags,
        properties: {
          state: lockedSubscriptions().includes(one.subscriptionId) ? 'Disabled' : 'Enabled',
          subscriptionPolicies: {
            locationPlacementId: 'Public_2014-09-01',
            quotaId: one.quotaId,
            spendingLimit: 'Off',
          },
          managementGroupAncestorsChain: one.managementGroups.map((name) => ({ name, displayName: groupName(name) })),
        },
      })),
    ...resourceGroups
      .filter((one) => access.allows(objectId, 'Microsoft.Resources/subscriptions/resourceGroups/read', one.id))
      .map((one) => ({ ...groupBody(one), type: 'microsoft.resources/subscriptions/resourcegroups' })),
  ].map((one) => row(one, tenantId));
}

function authorizationRows(
  { access, tenantId }: TableParts,
  objectId: string,
  subscriptionIds: readonly string[],
): JsonObject[] {
  const readable = subscriptionIds
    .map((id) => `/subscriptions/${id}`)
    .filter((scope) => access.allows(objectId, 'Microsoft.Authorization/roleAssignments/read', scope));
  const assignments = new Map(
    readable.flatMap((scope) =>
      access.assignments(scope, { atScope: false }).map((one) => [one.name, row(assignmentBody(one), tenantId)]),
    ),
  );
  if (readable.length === 0) return [];
  return [...assignments.values(), ...roleDefinitions.map((role) => row(definitionBody(role, ''), tenantId))];
}
