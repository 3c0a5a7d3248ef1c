import { effectivePermissions, heldRoles, type HeldRole } from '../azure/effective-permissions.ts';
import type { RegistryTokenSource } from '../azure/acr-tokens.ts';
import { isAllowed, isGranted, missingActions, type PermissionEntry, type WantedAction } from '../azure/permissions.ts';
import { isAtOrBelow, subscriptionOf } from '../azure/resource-id.ts';
import { assignRoleCommand, builtInRole } from '../azure/roles.ts';
import type { DenyAssignmentFacts } from '../azure/sdk/authorization.ts';
import type { AzureSession } from '../azure/session.ts';
import type { Connection } from '../azure/types.ts';
import type { Clock } from '../core/clock.ts';
import { isEngineError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log, Redactor } from '../core/log.ts';
import type { StepOutcome } from './runner.ts';
import type { VerifyStep } from './types.ts';

/** What the steps share: the session, and answers that several of them need. */
export interface VerifyContext {
  readonly connection: Connection;
  readonly session: AzureSession;
  readonly registryTokens: RegistryTokenSource;
  readonly http: HttpClient;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly clock: Clock;
  /** `this computer`, `WSL: Ubuntu`, … */
  readonly ranFrom: string;
  readonly keepsTrying: boolean;
}

/** Features of the product, as people see them. */
export const features = {
  everything: 'Everything about Azure',
  images: 'Scan of registry images',
  posture: 'Cloud posture checks',
  clusters: 'Running images and exposure in AKS',
  directory: 'Checks of the directory',
  defender: 'Results of Defender for Cloud',
} as const;

/** Assignments younger than this may not have reached every service. Azure RBAC, "Troubleshoot Azure RBAC". */
const freshMs = 10 * 60_000;

/** Permissions and roles by scope, each read once. */
export class Rights {
  readonly #context: VerifyContext;
  readonly #entries = new Map<string, Promise<readonly PermissionEntry[]>>();
  readonly #roles = new Map<string, Promise<readonly HeldRole[]>>();
  readonly #denials = new Map<string, Promise<readonly DenyAssignmentFacts[]>>();

  constructor(context: VerifyContext) {
    this.#context = context;
  }

  /** Forgets everything: for another try after a role was assigned. */
  forget(): void {
    this.#entries.clear();
    this.#roles.clear();
    this.#denials.clear();
  }

  async at(scope: string, signal: AbortSignal): Promise<readonly PermissionEntry[]> {
    const key = scope.toLowerCase();
    let entries = this.#entries.get(key);
    if (entries === undefined) {
      entries = effectivePermissions(this.#context.session, scope, signal);
      this.#entries.set(key, entries);
      entries.catch(() => this.#entries.delete(key));
    }
    return entries;
  }

  /** Roles held in the subscription of a scope; empty when they may not be read: they only add to explanations. */
  async rolesAt(scope: string, signal: AbortSignal): Promise<readonly HeldRole[]> {
    const subscription = subscriptionOf(scope);
    if (subscription === undefined) return [];
    let roles = this.#roles.get(subscription);
    if (roles === undefined) {
      roles = this.#read(subscription, signal);
      this.#roles.set(subscription, roles);
      roles.catch(() => this.#roles.delete(subscription));
    }
    return (await roles).filter(({ assignment }) => isAtOrBelow(scope, assignment.scope));
  }

  /**
   * The deny assignment that takes one of the actions away at a scope: it wins over every role, and does not show in
   * effective permissions. Undefined when there is none, or when they may not be read.
   */
  async deniedBy(
    scope: string,
    actions: readonly WantedAction[],
    signal: AbortSignal,
  ): Promise<DenyAssignmentFacts | undefined> {
    const subscription = subscriptionOf(scope);
    if (subscription === undefined) return undefined;
    const { session } = this.#context;
    let denials = this.#denials.get(subscription);
    if (denials === undefined) {
      denials = this.#tolerant('deny assignments', signal, async (principal) =>
        (await session.clients()).denyAssignments(subscription, principal, signal),
      );
      this.#denials.set(subscription, denials);
      denials.catch(() => this.#denials.delete(subscription));
    }
    return (await denials).find(
      (denial) =>
        (denial.doNotApplyToChildScopes
          ? denial.scope.toLowerCase() === scope.toLowerCase()
          : isAtOrBelow(scope, denial.scope)) &&
        actions.some(({ action, kind }) => isAllowed(denial.permissions, action, kind)),
    );
  }

  #read(subscription: string, signal: AbortSignal): Promise<readonly HeldRole[]> {
    return this.#tolerant('role assignments', signal, (principal) =>
      heldRoles(this.#context.session, subscription, principal, signal),
    );
  }

  /** What only adds to explanations: empty where it may not be read. */
  async #tolerant<T>(
    what: string,
    signal: AbortSignal,
    read: (principal: string) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const { session, log } = this.#context;
    try {
      const principal = (await session.claims(signal))?.oid;
      return principal === undefined ? [] : await read(principal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isEngineError(error)) throw error;
      log.debug('not read', { what, reason: error.message });
      return [];
    }
  }

  /** Minutes since a role that has the actions was assigned, when that is too lately to be sure that it counts. */
  async assignedMinutesAgo(
    scope: string,
    actions: readonly WantedAction[],
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const now = this.#context.clock.now().getTime();
    for (const { assignment, definition } of await this.rolesAt(scope, signal)) {
      const created = Date.parse(assignment.createdOn ?? '');
      const age = now - created;
      if (Number.isNaN(created) || age < -freshMs || age > freshMs) continue;
      if (actions.some(({ action, kind }) => isGranted(definition.permissions, action, kind))) {
        return Math.max(0, Math.round(age / 60_000));
      }
    }
    return undefined;
  }

  /** The role that gives the actions, as a person knows it: built-in ones by name, custom ones marked as such. */
  async grantedBy(scope: string, actions: readonly WantedAction[], signal: AbortSignal): Promise<string | undefined> {
    const giving = (await this.rolesAt(scope, signal)).filter(
      ({ definition }) => missingActions(definition.permissions, actions).length === 0,
    );
    const [first] = giving;
    if (first === undefined) return undefined;
    return first.definition.custom
      ? `custom role '${first.definition.name}'`
      : (builtInRole(first.assignment.roleDefinitionId)?.name ?? first.definition.name);
  }
}

export interface RoleNeed {
  readonly scope: string;
  readonly roleName: string;
  readonly actions: readonly WantedAction[];
  /** What a person loses without it. */
  readonly without: string;
  /** Shown instead of the assignment command. */
  readonly command?: NonNullable<VerifyStep['command']>;
  readonly nextStep?: string;
}

/** Whether the identity may do what a role is for, by its effective permissions in either bucket. */
export async function checkRole(
  context: VerifyContext,
  rights: Rights,
  need: RoleNeed,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const missing = missingActions(await rights.at(need.scope, signal), need.actions);
  if (missing.length === 0) {
    const denial = await rights.deniedBy(need.scope, need.actions, signal);
    if (denial !== undefined) {
      return {
        state: 'fail',
        reason: `${need.without} The deny assignment '${denial.name}' takes the permission away.`,
        nextStep: 'Deny assignments come from deployment stacks and managed applications: ask their owner.',
        detail: { code: 'DenyAssignment' },
      };
    }
    const giver = await rights.grantedBy(need.scope, need.actions, signal);
    return {
      state: 'pass',
      ...(giver === undefined || giver === need.roleName ? {} : { reason: `${need.roleName} (granted by ${giver}).` }),
    };
  }
  const command = need.command ?? {
    label: `Assign ${need.roleName}`,
    text: assignRoleCommand(context.session.clientId, need.roleName, need.scope),
  };
  const minutes = await rights.assignedMinutesAgo(need.scope, missing, signal);
  if (minutes !== undefined) return freshlyAssigned(context, minutes, command);
  const partly = missing.length < need.actions.length;
  return {
    state: 'fail',
    reason: `${need.without} Missing: ${missing
      .slice(0, 3)
      .map(({ action }) => action)
      .join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}.`,
    nextStep: need.nextStep ?? `Assign the role ${need.roleName} at ${need.scope}.`,
    command,
    ...(partly ? { usable: true } : {}),
    detail: { code: 'AuthorizationFailed' },
  };
}

export function freshlyAssigned(
  context: VerifyContext,
  minutes: number,
  command: NonNullable<VerifyStep['command']> | undefined,
): StepOutcome {
  const ago = minutes === 0 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return {
    state: 'warn',
    reason: `The role was assigned ${ago} ago; Azure may need a few minutes.${context.keepsTrying ? ' Retrying every 30 seconds.' : ''}`,
    nextStep: 'Wait, then verify again.',
    ...(command === undefined ? {} : { command }),
    again: true,
  };
}
