import { isEngineError } from '../core/errors.ts';
import type { PermissionEntry } from './permissions.ts';
import { isAtOrBelow, subscriptionOf } from './resource-id.ts';
import type { RoleAssignmentFacts, RoleDefinitionFacts } from './sdk/authorization.ts';
import type { AzureSession } from './session.ts';

/** Roles of one identity in one subscription, groups included. */
export interface HeldRole {
  readonly assignment: RoleAssignmentFacts;
  readonly definition: RoleDefinitionFacts;
}

/**
 * What the identity may do at a scope. Asks Azure for the answer with groups, inheritance and custom roles resolved;
 * where that call does not exist, puts it together from assignments and definitions. Nobody's permissions (an empty
 * answer, or a refusal) are an empty list. Throws what the reads throw otherwise.
 */
export async function effectivePermissions(
  session: AzureSession,
  scope: string,
  signal: AbortSignal,
): Promise<readonly PermissionEntry[]> {
  try {
    return await session.permissions(scope, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isEngineError(error)) throw error;
    if (error.code === 'access-denied') return [];
    if (error.code !== 'not-found' && error.code !== 'unexpected-response') throw error;
    const subscription = subscriptionOf(scope);
    const principal = (await session.claims(signal))?.oid;
    if (subscription === undefined || principal === undefined) throw error;
    const held = await heldRoles(session, subscription, principal, signal);
    return held
      .filter(({ assignment }) => isAtOrBelow(scope, assignment.scope))
      .flatMap(({ definition }) => definition.permissions);
  }
}

/**
 * Roles assigned to a principal at, above and below a subscription, also through groups. Needs permission to read role
 * assignments; throws AccessDeniedError without it. Assignments through Azure Lighthouse are not among them.
 */
export async function heldRoles(
  session: AzureSession,
  subscriptionId: string,
  principalId: string,
  signal: AbortSignal,
): Promise<readonly HeldRole[]> {
  const clients = await session.clients();
  const [assignments, definitions] = await Promise.all([
    clients.roleAssignments(subscriptionId, principalId, signal),
    clients.roleDefinitions(subscriptionId, signal),
  ]);
  const byId = new Map(definitions.map((definition) => [lastSegment(definition.id), definition]));
  return assignments.flatMap((assignment) => {
    // the prefix may be absent, or name another subscription or a management group
    const definition = byId.get(lastSegment(assignment.roleDefinitionId));
    return definition === undefined ? [] : [{ assignment, definition }];
  });
}

function lastSegment(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1).toLowerCase();
}
