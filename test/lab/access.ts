// Who may do what: Azure role-based access control over the lab's assignments.
import type { App } from './data/directory.ts';
import type { DenyAssignment, Permission, RoleAssignment } from './data/roles.ts';

export interface AccessData {
  readonly assignments: readonly RoleAssignment[];
  readonly denials: readonly DenyAssignment[];
  readonly apps: readonly App[];
  /** Management groups above a subscription id, nearest first, as scopes. */
  readonly managementScopes: (subscriptionId: string) => readonly string[];
  /** Names of roles that count as not assigned, asked anew each time. */
  readonly revokedRoles: () => readonly string[];
}

const everyone = '00000000-0000-0000-0000-000000000000';

export class Access {
  readonly #data: AccessData;

  constructor(data: AccessData) {
    this.#data = data;
  }

  /** What the principal holds at the scope and above, one entry an assignment. Deny assignments are not in it. */
  permissions(objectId: string, scope: string): Permission[] {
    return this.#held(objectId, scope).map(({ role }) => role.permission);
  }

  allows(objectId: string, action: string, scope: string): boolean {
    return (
      this.permissions(objectId, scope).some(({ actions, notActions }) => covers(actions, notActions, action)) &&
      !this.#denied(objectId, scope, (permission) => covers(permission.actions, permission.notActions, action))
    );
  }

  /** `repository` matters to conditions only; without it a conditional assignment does not count. */
  allowsData(objectId: string, dataAction: string, scope: string, repository?: string): boolean {
    return (
      this.#held(objectId, scope).some(
        ({ role, condition }) =>
          covers(role.permission.dataActions, role.permission.notDataActions, dataAction) &&
          (condition === undefined || (repository !== undefined && condition.allowsRepository(repository))),
      ) &&
      !this.#denied(objectId, scope, (permission) =>
        covers(permission.dataActions, permission.notDataActions, dataAction),
      )
    );
  }

  /** True when the principal holds the action at the scope, or at some scope inside it. */
  allowsWithin(objectId: string, action: string, scope: string): boolean {
    return (
      this.allows(objectId, action, scope) ||
      this.#of(objectId).some(
        ({ role, scope: assigned }) =>
          isWithin(assigned, scope) && covers(role.permission.actions, role.permission.notActions, action),
      )
    );
  }

  /** True when there is any assignment at, above or inside the scope. */
  knows(objectId: string, scope: string): boolean {
    return (
      this.#held(objectId, scope).length > 0 ||
      this.#of(objectId).some((assignment) => isWithin(assignment.scope, scope))
    );
  }

  /** Assignments as the list operation gives them: at the scope and above, and below it too unless `atScope`. */
  assignments(
    scope: string,
    filter: { readonly atScope: boolean; readonly assignedTo?: string; readonly principalId?: string },
  ): RoleAssignment[] {
    const above = this.#scopesAbove(scope);
    const ids = filter.assignedTo === undefined ? undefined : this.#identities(filter.assignedTo);
    return this.#data.assignments.filter(
      (assignment) =>
        !this.#data.revokedRoles().includes(assignment.role.name) &&
        (above.includes(assignment.scope.toLowerCase()) || (!filter.atScope && isWithin(assignment.scope, scope))) &&
        (ids === undefined || ids.includes(assignment.principalId)) &&
        (filter.principalId === undefined || filter.principalId.toLowerCase() === assignment.principalId),
    );
  }

  denials(
    scope: string,
    filter: { readonly atScope: boolean; readonly assignedTo?: string; readonly principalId?: string },
  ): DenyAssignment[] {
    const above = this.#scopesAbove(scope);
    const wanted =
      filter.assignedTo === undefined
        ? filter.principalId && [filter.principalId]
        : this.#identities(filter.assignedTo);
    return this.#data.denials.filter(
      (denial) =>
        (above.includes(denial.scope.toLowerCase()) || (!filter.atScope && isWithin(denial.scope, scope))) &&
        (!wanted || denial.principals.some(({ id }) => id === everyone || wanted.includes(id))),
    );
  }

  #denied(objectId: string, scope: string, matches: (permission: Permission) => boolean): boolean {
    const above = this.#scopesAbove(scope);
    const ids = this.#identities(objectId);
    return this.#data.denials.some(
      (denial) =>
        above.includes(denial.scope.toLowerCase()) &&
        denial.principals.some(({ id }) => id === everyone || ids.includes(id)) &&
        !denial.excludePrincipals.some(({ id }) => ids.includes(id)) &&
        matches(denial.permission),
    );
  }

  #held(objectId: string, scope: string): RoleAssignment[] {
    const above = this.#scopesAbove(scope);
    return this.#of(objectId).filter((assignment) => above.includes(assignment.scope.toLowerCase()));
  }

  #of(objectId: string): RoleAssignment[] {
    const ids = this.#identities(objectId);
    const revoked = this.#data.revokedRoles();
    return this.#data.assignments.filter(
      ({ principalId, role }) => ids.includes(principalId) && !revoked.includes(role.name),
    );
  }

  #identities(objectId: string): readonly string[] {
    const lower = objectId.toLowerCase();
    return [lower, ...(this.#data.apps.find((app) => app.objectId === lower)?.groups ?? [])];
  }

  /** The scope itself and everything above it, in lower case. */
  #scopesAbove(scope: string): string[] {
    const lower = scope.toLowerCase().replace(/\/+$/, '');
    const scopes = ['/'];
    const subscriptionId = /^\/subscriptions\/([^/]+)/.exec(lower)?.[1];
    if (subscriptionId !== undefined) {
      scopes.push(...this.#data.managementScopes(subscriptionId).map((above) => above.toLowerCase()));
    }
    const parts = lower.split('/');
    for (let end = 3; end <= parts.length; end += 1) scopes.push(parts.slice(0, end).join('/'));
    return scopes;
  }
}

/** True when a path of whole segments lies inside another. */
export function isWithin(inner: string, outer: string): boolean {
  return outer === '/' || inner.toLowerCase().startsWith(`${outer.toLowerCase().replace(/\/+$/, '')}/`);
}

function covers(allowed: readonly string[], excepted: readonly string[], action: string): boolean {
  return (
    allowed.some((pattern) => matchesPattern(pattern, action)) &&
    !excepted.some((pattern) => matchesPattern(pattern, action))
  );
}

const patterns = new Map<string, RegExp>();

/** `*` stands for any run of characters, slashes included; case does not matter. */
function matchesPattern(pattern: string, action: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    expression = new RegExp(`^${escaped.join('.*')}$`, 'i');
    patterns.set(pattern, expression);
  }
  return expression.test(action);
}
