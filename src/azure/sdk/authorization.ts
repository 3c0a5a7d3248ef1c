import { AuthorizationManagementClient, type Permission } from '@azure/arm-authorization';
import type { PermissionEntry } from '../permissions.ts';
import type { Cloud } from '../types.ts';
import type { Wire } from '../wire.ts';
import { clientSettings, collect, placeholder } from './pipeline.ts';

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

/** `Microsoft.ContainerRegistry`, `registries`, `contoso` in a resource group. */
export interface ResourceName {
  readonly group: string;
  readonly namespace: string;
  readonly type: string;
  readonly name: string;
}

/** What decides what an identity may do. */
export interface AuthorizationReads {
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
}

export function createAuthorizationReads(cloud: Cloud, wire: Wire): AuthorizationReads {
  const { classic } = clientSettings(cloud, wire);
  const authorization = (subscriptionId: string): AuthorizationManagementClient =>
    new AuthorizationManagementClient(placeholder, subscriptionId, classic);
  return {
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

/** Ids go into filters; anything else could change their meaning. */
function requireGuid(id: string): string {
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw new TypeError('A principal id is a GUID');
  return id;
}
