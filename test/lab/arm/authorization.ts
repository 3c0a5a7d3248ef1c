// Microsoft.Authorization: assignments, definitions, effective permissions, deny assignments.
import type { Access } from '../access.ts';
import {
  roleDefinitions,
  type DenyAssignment,
  type Permission,
  type RoleAssignment,
  type RoleDefinition,
} from '../data/roles.ts';
import type { JsonObject } from '../json.ts';
import { json, type Exchange, type Reply } from '../origin.ts';
import { armError, page } from './replies.ts';

const provider = 'Microsoft.Authorization';

interface AssignmentFilter {
  readonly atScope: boolean;
  readonly assignedTo?: string;
  readonly principalId?: string;
}

/** Undefined when the service would not understand it. */
function parseFilter(text: string | undefined): AssignmentFilter | undefined {
  let filter: AssignmentFilter = { atScope: false };
  if (text === undefined || text.trim() === '') return filter;
  for (const part of text.trim().split(/\s+and\s+/i)) {
    const assignedTo = /^assignedTo\('([0-9a-f-]{36})'\)$/i.exec(part)?.[1];
    const principalId = /^principalId\s+eq\s+'([0-9a-f-]{36})'$/i.exec(part)?.[1];
    if (/^atScope\(\)$/i.test(part)) filter = { ...filter, atScope: true };
    else if (assignedTo !== undefined) filter = { ...filter, assignedTo: assignedTo.toLowerCase() };
    else if (principalId !== undefined) filter = { ...filter, principalId: principalId.toLowerCase() };
    else return undefined;
  }
  return filter;
}

const badFilter = (text: string | undefined): Reply =>
  armError(
    400,
    'UnsupportedQuery',
    `The filter '${text ?? ''}' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'.`,
  );

export function listAssignments(
  access: Access,
  exchange: Exchange,
  scope: string,
  filterText: string | undefined,
  size: number,
): Reply {
  const filter = parseFilter(filterText);
  if (filter === undefined) return badFilter(filterText);
  return page(exchange, access.assignments(scope, filter).map(assignmentBody), size);
}

export function listDenials(
  access: Access,
  exchange: Exchange,
  scope: string,
  filterText: string | undefined,
  size: number,
): Reply {
  const filter = parseFilter(filterText);
  if (filter === undefined) return badFilter(filterText);
  return page(exchange, access.denials(scope, filter).map(denialBody), size);
}

export function listDefinitions(
  exchange: Exchange,
  scope: string,
  filterText: string | undefined,
  size: number,
): Reply {
  const type = /^type\s+eq\s+'(\w+)'$/i.exec(filterText ?? '')?.[1];
  const name = /^roleName\s+eq\s+'(.+)'$/i.exec(filterText ?? '')?.[1];
  const found = roleDefinitions.filter(
    (role) =>
      (type === undefined || role.type.toLowerCase() === type.toLowerCase()) &&
      (name === undefined || role.name.toLowerCase() === name.toLowerCase()),
  );
  return page(
    exchange,
    found.map((role) => definitionBody(role, scope)),
    size,
  );
}

export function getDefinition(scope: string, id: string): Reply {
  const role = roleDefinitions.find((known) => known.id === id.toLowerCase());
  return role === undefined
    ? armError(
        404,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${id.replaceAll('-', '')}' does not exist.`,
      )
    : json(200, definitionBody(role, scope));
}

export function listPermissions(
  access: Access,
  exchange: Exchange,
  objectId: string,
  scope: string,
  size: number,
): Reply {
  return page(exchange, access.permissions(objectId, scope).map(permissionBody), size);
}

function permissionBody(permission: Permission): JsonObject {
  return {
    actions: permission.actions,
    notActions: permission.notActions,
    dataActions: permission.dataActions,
    notDataActions: permission.notDataActions,
  };
}

const subscriptionOf = (scope: string): string => /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '';

export function assignmentBody(assignment: RoleAssignment): JsonObject {
  const prefix = assignment.scope === '/' ? '' : assignment.scope;
  return {
    id: `${prefix}/providers/${provider}/roleAssignments/${assignment.name}`,
    type: `${provider}/roleAssignments`,
    name: assignment.name,
    properties: {
      roleDefinitionId: `${subscriptionOf(assignment.scope)}/providers/${provider}/roleDefinitions/${assignment.role.id}`,
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope: assignment.scope,
      condition: assignment.condition?.text ?? null,
      conditionVersion: assignment.condition === undefined ? null : '2.0',
      description: null,
      createdOn: assignment.createdOn,
      updatedOn: assignment.createdOn,
      createdBy: '9e09e001-0000-4000-8000-000000000001',
      updatedBy: '9e09e001-0000-4000-8000-000000000001',
      delegatedManagedIdentityResourceId: null,
    },
  };
}

export function definitionBody(role: RoleDefinition, scope: string): JsonObject {
  return {
    id: `${subscriptionOf(scope)}/providers/${provider}/roleDefinitions/${role.id}`,
    type: `${provider}/roleDefinitions`,
    name: role.id,
    properties: {
      roleName: role.name,
      type: role.type,
      description: role.description,
      assignableScopes: role.assignableScopes ?? ['/'],
      permissions: [permissionBody(role.permission)],
      createdOn: '2018-10-29T18:05:13.0000000Z',
      updatedOn: '2026-02-01T00:00:00.0000000Z',
      createdBy: null,
      updatedBy: null,
    },
  };
}

function denialBody(denial: DenyAssignment): JsonObject {
  return {
    id: `${denial.scope}/providers/${provider}/denyAssignments/${denial.name}`,
    type: `${provider}/denyAssignments`,
    name: denial.name,
    properties: {
      denyAssignmentName: denial.displayName,
      description: '',
      permissions: [permissionBody(denial.permission)],
      scope: denial.scope,
      doNotApplyToChildScopes: false,
      principals: denial.principals.map(({ id, type }) => ({ id, type })),
      excludePrincipals: denial.excludePrincipals.map(({ id, type }) => ({ id, type })),
      isSystemProtected: true,
    },
  };
}
