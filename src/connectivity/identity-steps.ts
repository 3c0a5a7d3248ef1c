import { armScope, graphScope, portalAppUrl } from '../azure/clouds.ts';
import { owningTenantOf, probeArm, probeDirectory, type DirectoryProbe } from '../azure/diagnose.ts';
import { readClaims, type TokenClaims } from '../azure/jwt.ts';
import { fieldOfSignInError } from '../azure/sign-in-errors.ts';
import type { Subscription } from '../azure/types.ts';
import { isEngineError } from '../core/errors.ts';
import { features, type VerifyContext } from './context.ts';
import { failed, sentence, type StepOutcome, type StepPlan } from './runner.ts';
import type { VerifyStep } from './types.ts';

/** Clocks that differ by more make tokens and certificates look invalid. */
const worstSkewMs = 5 * 60_000;
const dayMs = 24 * 3600_000;

/** Age and source of the vulnerability data, as the caller knows them. */
export interface VulnerabilityData {
  /** ISO time of the last update; absent: there is none. */
  readonly updatedAt?: string;
  /** Where it comes from, in words. */
  readonly source: string;
}

export interface IdentityOptions {
  readonly context: VerifyContext;
  readonly secretExpiryWarningDays: number;
  readonly vulnerabilityData: VulnerabilityData | undefined;
}

/** Network, tenant, tokens, the secret's end, and the age of the vulnerability data. */
export function identitySteps({ context, ...options }: IdentityOptions): StepPlan[] {
  const { session } = context;
  let directory: Promise<DirectoryProbe> | undefined;
  const probe = (signal: AbortSignal): Promise<DirectoryProbe> => {
    directory ??= probeDirectory({
      cloud: session.cloud,
      tenantId: session.tenantId,
      http: context.http,
      clock: context.clock,
      signal,
    });
    const current = directory;
    current.catch(() => {
      if (directory === current) directory = undefined;
    });
    return current;
  };
  return [
    {
      id: 'network',
      group: 'identity',
      title: 'Network and clock',
      required: false,
      neededFor: [features.everything],
      needs: [],
      run: (signal) => network(context, probe, signal),
    },
    {
      id: 'tenant',
      group: 'identity',
      title: `Directory ${session.tenantId}`,
      target: { kind: 'tenant', id: session.tenantId, name: session.tenantId },
      required: true,
      neededFor: [features.everything],
      needs: [],
      run: async (signal) => {
        const { error, tenantId } = await probe(signal);
        if (error !== undefined) return failed(error);
        const resolved = tenantId !== undefined && tenantId !== session.tenantId.toLowerCase();
        return { state: 'pass', ...(resolved ? { reason: `The directory's ID is ${tenantId}.` } : {}) };
      },
    },
    {
      id: 'token.arm',
      group: 'identity',
      title: 'Azure token',
      required: true,
      neededFor: [features.everything],
      needs: ['tenant'],
      run: (signal) => armToken(context, signal),
    },
    {
      id: 'token.acr',
      group: 'identity',
      title: 'Container registry token',
      required: false,
      neededFor: [features.images],
      needs: ['token.arm'],
      run: (signal) => registryToken(context, signal),
    },
    {
      id: 'token.graph',
      group: 'identity',
      title: 'Microsoft Graph token',
      required: false,
      neededFor: [features.directory],
      needs: ['token.arm'],
      run: (signal) => graphToken(context, signal),
    },
    {
      id: 'secret.expiry',
      group: 'identity',
      title: 'Secret expiry',
      required: false,
      neededFor: [features.everything],
      needs: [],
      run: () => Promise.resolve(secretExpiry(context, options.secretExpiryWarningDays)),
    },
    ...graphSteps(context),
    {
      id: 'data.vulnerabilities',
      group: 'optional',
      title: 'Vulnerability data',
      required: false,
      neededFor: ['Vulnerabilities of images'],
      needs: [],
      run: () => Promise.resolve(vulnerabilityAge(context, options.vulnerabilityData)),
    },
  ];
}

async function network(
  context: VerifyContext,
  probe: (signal: AbortSignal) => Promise<DirectoryProbe>,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { cloud } = context.session;
  const [directory, arm] = await Promise.all([probe(signal), probeArm(cloud, context.http, context.clock, signal)]);
  for (const { error } of [directory, arm]) {
    // a wrong tenant is an answer too: that the network works
    if (error !== undefined && isNetworkFault(error)) return failed(error);
  }
  const behind = directory.clockBehindMs ?? arm.clockBehindMs;
  if (behind !== undefined && Math.abs(behind) > worstSkewMs) {
    const minutes = Math.round(Math.abs(behind) / 60_000);
    return {
      state: 'warn',
      usable: true,
      reason: `The clock of this machine is ${minutes} minutes ${behind > 0 ? 'behind' : 'ahead'}.`,
      nextStep: 'Set the clock: tokens and certificates look invalid with a wrong one.',
      detail: { code: 'clock-skew' },
    };
  }
  return { state: 'pass' };
}

function isNetworkFault(error: unknown): boolean {
  if (!isEngineError(error)) return false;
  if (error.code === 'unreachable' || error.code === 'timed-out') return true;
  // a page instead of data: a proxy or a sign-in page of the network
  return error.code === 'unexpected-response' && /web page/.test(error.message);
}

async function armToken(context: VerifyContext, signal: AbortSignal): Promise<StepOutcome> {
  const { session } = context;
  try {
    await session.tokens.getToken(armScope(session.cloud), signal);
    return { state: 'pass' };
  } catch (error) {
    signal.throwIfAborted();
    const page = fieldOfSignInError(error) === 'secret' ? 'credentials' : undefined;
    const uri = page === undefined ? undefined : portalAppUrl(session.cloud, session.clientId, page);
    return failed(error, uri === undefined ? {} : { link: { label: 'Certificates & secrets', uri } });
  }
}

async function registryToken(context: VerifyContext, signal: AbortSignal): Promise<StepOutcome> {
  try {
    await context.registryTokens(signal);
  } catch (error) {
    signal.throwIfAborted();
    const outcome = failed(error);
    return {
      ...outcome,
      reason: `Azure gave no registry-scoped token. ${outcome.reason ?? ''}`.trim(),
      nextStep:
        `${new URL(context.session.cloud.authorityHost).host} must be reachable. ${outcome.nextStep ?? ''}`.trim(),
    };
  }
  return {
    state: 'pass',
    ...(context.registryTokens.audience() === 'arm'
      ? { reason: 'This cloud knows no registry audience; tokens of Resource Manager are used.' }
      : {}),
  };
}

async function graphToken(context: VerifyContext, signal: AbortSignal): Promise<StepOutcome> {
  const scope = graphScope(context.session.cloud);
  if (scope === undefined) return { state: 'skipped', reason: 'This cloud has no Microsoft Graph.' };
  try {
    await context.session.tokens.getToken(scope, signal);
    return { state: 'pass' };
  } catch (error) {
    signal.throwIfAborted();
    const outcome = failed(error);
    return { ...outcome, reason: `Checks of the directory are left out. ${outcome.reason ?? ''}`.trim() };
  }
}

function graphSteps(context: VerifyContext): StepPlan[] {
  const { session } = context;
  const step = (id: string, title: string, permission: string): StepPlan => ({
    id,
    group: 'directory',
    title: `${title} (${permission})`,
    required: false,
    neededFor: [features.directory],
    needs: ['token.graph'],
    run: async (signal) => {
      const scope = graphScope(session.cloud);
      if (scope === undefined) return { state: 'skipped', reason: 'This cloud has no Microsoft Graph.' };
      const claims = await graphClaims(context, scope, signal);
      if (claims === undefined) {
        return { state: 'warn', reason: 'The token does not tell which permissions were granted.' };
      }
      if (claims.roles.includes(permission)) return { state: 'pass' };
      const uri = portalAppUrl(session.cloud, session.clientId, 'permissions');
      return {
        state: 'warn',
        reason: 'An administrator has not consented.',
        nextStep: `Add the application permission ${permission} of Microsoft Graph, and have an administrator grant consent.`,
        ...(uri === undefined ? {} : { link: { label: 'API permissions', uri } }),
      };
    },
  });
  return [
    step('graph.directory', 'Read directory data', 'Directory.Read.All'),
    step('graph.policy', 'Read policies', 'Policy.Read.All'),
  ];
}

/** Consent given a minute ago shows only in a new token: one that lacks the permission is not believed for long. */
async function graphClaims(
  context: VerifyContext,
  scope: string,
  signal: AbortSignal,
): Promise<TokenClaims | undefined> {
  return readClaims((await context.session.tokens.getToken(scope, signal)).token);
}

function secretExpiry(context: VerifyContext, warningDays: number): StepOutcome {
  const { secretExpires } = context.connection;
  const end = Date.parse(secretExpires ?? '');
  if (secretExpires === undefined || Number.isNaN(end)) {
    return {
      state: 'skipped',
      reason: 'When the secret expires is not known.',
      nextStep: 'Use Set Secret Expiry Date to be reminded in time.',
    };
  }
  const days = Math.floor((end - context.clock.now().getTime()) / dayMs);
  if (days < 0) {
    return {
      state: 'warn',
      reason: `The secret expired on ${secretExpires.slice(0, 10)}.`,
      nextStep: 'Create a new secret and use Update Client Secret.',
    };
  }
  if (days <= warningDays) {
    return {
      state: 'warn',
      usable: true,
      reason: `The secret expires ${days === 0 ? 'today' : days === 1 ? 'in 1 day' : `in ${days} days`}.`,
      nextStep: 'Create a new secret and use Update Client Secret.',
    };
  }
  return { state: 'pass', reason: `The secret expires on ${secretExpires.slice(0, 10)}.` };
}

const staleDays = 7;

function vulnerabilityAge(context: VerifyContext, data: VulnerabilityData | undefined): StepOutcome {
  const nextStep = 'Use Update Vulnerability Data.';
  if (data === undefined) return { state: 'skipped', reason: 'Not looked at here.' };
  const updated = Date.parse(data.updatedAt ?? '');
  if (Number.isNaN(updated)) {
    return { state: 'warn', reason: 'There is no vulnerability data on this machine yet.', nextStep };
  }
  const hours = Math.max(0, Math.round((context.clock.now().getTime() - updated) / 3600_000));
  const age = hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
  const reason = `From ${data.source}, ${age} old.`;
  return hours > staleDays * 24 ? { state: 'warn', usable: true, reason, nextStep } : { state: 'pass', reason };
}

/** A step for each subscription that the connection names, or that can be seen. */
export function subscriptionSteps(
  context: VerifyContext,
  visible: readonly Subscription[],
  wantedIds: readonly string[],
  listError?: unknown,
): StepPlan[] {
  const ids = wantedIds.length > 0 ? wantedIds : visible.map(({ subscriptionId }) => subscriptionId);
  if (ids.length === 0) {
    return [
      {
        id: 'subscription:none',
        group: 'subscription',
        title: 'Subscriptions',
        required: true,
        neededFor: [features.everything],
        needs: ['token.arm'],
        run: () => {
          if (listError !== undefined) return Promise.resolve(failed(listError));
          return Promise.resolve({
            state: 'fail',
            reason: 'This identity sees no subscription.',
            nextStep: 'Assign the role Reader at a subscription, then verify again.',
            command: {
              label: 'Assign Reader',
              text: `az role assignment create --assignee ${context.session.clientId} --role "Reader" --scope /subscriptions/<subscription id>`,
            },
          } satisfies StepOutcome);
        },
      },
    ];
  }
  return ids.map((id): StepPlan => {
    const known = visible.find(({ subscriptionId }) => subscriptionId === id);
    const name = known?.displayName ?? id;
    return {
      id: `subscription:${id}`,
      group: 'subscription',
      title: `Subscription ${name}`,
      target: { kind: 'subscription', id: `/subscriptions/${id}`, name },
      required: true,
      oneOf: 'subscription',
      neededFor: [features.everything],
      needs: ['token.arm'],
      run: (signal) => subscription(context, id, known, signal),
    };
  });
}

async function subscription(
  context: VerifyContext,
  id: string,
  known: Subscription | undefined,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { session } = context;
  const command: NonNullable<VerifyStep['command']> = {
    label: 'Assign Reader',
    text: `az role assignment create --assignee ${session.clientId} --role "Reader" --scope /subscriptions/${id}`,
  };
  let state = known?.state;
  if (known === undefined) {
    try {
      state = (await session.subscription(id, signal)).state;
    } catch (error) {
      signal.throwIfAborted();
      if (!isEngineError(error) || (error.code !== 'not-found' && error.code !== 'access-denied')) throw error;
      const owner = await owningTenantOf(session.cloud, id, context.http, signal);
      const own = session.tenantId.toLowerCase();
      const outcome = failed(error);
      if (owner !== undefined && owner !== own && session.tenantId.length === owner.length) {
        return {
          ...outcome,
          reason: `This subscription belongs to the tenant ${owner}, not to the one of this connection.`,
          nextStep: `Connect with tenant ${owner}, or leave the subscription out.`,
        };
      }
      return {
        ...outcome,
        reason: `The subscription is not visible to this identity. ${outcome.reason ?? ''}`,
        nextStep: 'Check the ID and the cloud, or assign the role Reader.',
        command,
      };
    }
  }
  if (state !== undefined && !/^enabled$/i.test(state)) {
    const gone = /^deleted$/i.test(state);
    return {
      state: gone ? 'fail' : 'warn',
      usable: !gone,
      reason: sentence(
        gone
          ? 'The subscription is deleted'
          : `The subscription is ${/^disabled$/i.test(state) ? 'disabled' : `in the state ${state}`}; it can still be read`,
      ),
      nextStep: 'Enable it again in the portal, or leave it out of this connection.',
      detail: { code: state },
    };
  }
  return { state: 'pass' };
}
