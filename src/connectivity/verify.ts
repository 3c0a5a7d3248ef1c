import { createRegistryTokenSource } from '../azure/acr-tokens.ts';
import { meansNothingThere } from '../azure/arm-errors.ts';
import type { RegistryFacts } from '../azure/registry-facts.ts';
import { createAzureSession, type AzureDeps, type AzureSession } from '../azure/session.ts';
import type { Cloud, Connection, ConnectionSecret, Subscription } from '../azure/types.ts';
import { mapAll, sleep } from '../core/concurrency.ts';
import { isEngineError } from '../core/errors.ts';
import { compareText } from '../core/order.ts';
import { readClusterFacts, type ClusterFacts } from '../kubernetes/cluster-facts.ts';
import { clusterSteps } from './cluster-steps.ts';
import { features, Rights, type VerifyContext } from './context.ts';
import { identitySteps, subscriptionSteps, type VulnerabilityData } from './identity-steps.ts';
import { registryStep } from './registry-steps.ts';
import { managementGroupStep, roleSteps } from './role-steps.ts';
import { failed, isStopped, StepRunner, type StepPlan } from './runner.ts';
import type { VerifyResult, VerifyStep } from './types.ts';

export interface VerifyOptions {
  readonly connection: Connection;
  readonly secret: ConnectionSecret;
  readonly cloud: Cloud;
  readonly deps: AzureDeps;
  /** The machine it runs on: `this computer`, `WSL: Ubuntu`, … */
  readonly ranFrom: string;
  /** Days before the secret's end in which to warn. */
  readonly secretExpiryWarningDays: number;
  /** Absent: the step is skipped. */
  readonly vulnerabilityData?: VulnerabilityData;
  readonly signal: AbortSignal;
  /** Told every change of a step, in the order in which they happen. */
  readonly onStep?: (step: VerifyStep) => void;
  /** Longest time for one step. Default 30 s. */
  readonly stepTimeoutMs?: number;
  /** How long steps are tried again whose role was assigned minutes ago. Default 0: not at all. */
  readonly keepTryingMs?: number;
  /** Pause between two such tries. Default 30 s. */
  readonly retryEveryMs?: number;
  /** A session of the same identity to use. Default: a fresh one, so that new permissions count. */
  readonly session?: AzureSession;
}

const stepsAtOnce = 4;
/** Registries, and clusters, that are tested one by one. */
const mostTested = 10;
const clusterApi = '2025-10-01';
const clusterType = 'Microsoft.ContainerService/managedClusters';

/**
 * Tests everything that a connection needs, reading only. What fails is a step with its reason and next step, never an
 * exception; after an abort the steps that did not run are `cancelled`. Secrets and tokens appear in no step.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { connection, secret, cloud, deps, signal } = options;
  const session = options.session ?? createAzureSession(cloud, secret, deps);
  const keepTryingMs = options.keepTryingMs ?? 0;
  const context: VerifyContext = {
    connection,
    session,
    registryTokens: createRegistryTokenSource(session),
    http: deps.http,
    log: deps.log,
    redactor: deps.redactor,
    clock: deps.clock,
    ranFrom: options.ranFrom,
    keepsTrying: keepTryingMs > 0,
  };
  const startedAt = deps.clock.now().toISOString();
  const started = performance.now();
  const rights = new Rights(context);
  const runner = new StepRunner({
    signal,
    log: deps.log,
    stepTimeoutMs: options.stepTimeoutMs ?? 30_000,
    atOnce: stepsAtOnce,
    onStep: options.onStep,
  });

  runner.start(
    identitySteps({
      context,
      secretExpiryWarningDays: options.secretExpiryWarningDays,
      vulnerabilityData: options.vulnerabilityData,
    }),
  );
  await runner.ended('token.arm');
  const { visible, listError } = await visibleSubscriptions(context, runner, signal);
  const wanted = secret.subscriptionIds.map((id) => id.toLowerCase());
  runner.start(subscriptionSteps(context, visible, wanted, listError));
  const covered: readonly Subscription[] =
    wanted.length === 0
      ? visible
      : wanted.map(
          (id) =>
            visible.find(({ subscriptionId }) => subscriptionId === id) ?? { subscriptionId: id, displayName: id },
        );
  runner.start([
    ...covered.flatMap((subscription) => roleSteps(context, rights, subscription)),
    managementGroupStep(context),
  ]);
  await runner.settle();
  await startAssets(context, rights, runner, covered, signal);
  await runner.settle();

  while (runner.toTryAgain.length > 0 && performance.now() - started < keepTryingMs && !isStopped(signal)) {
    try {
      await sleep(options.retryEveryMs ?? 30_000, signal);
    } catch {
      break; // stopped: what is known stays
    }
    rights.forget();
    await runner.repeat(runner.toTryAgain);
  }

  runner.conclude();
  return {
    connectionId: connection.id,
    startedAt,
    ranFrom: options.ranFrom,
    verdict: verdictOf(runner.steps),
    steps: runner.steps,
  };
}

/** `failed` when something required did not pass, `gaps` when anything warns. */
export function verdictOf(steps: readonly VerifyStep[]): VerifyResult['verdict'] {
  if (steps.some(({ required, state }) => required && state !== 'pass')) return 'failed';
  return steps.some(({ state }) => state === 'warn') ? 'gaps' : 'active';
}

async function visibleSubscriptions(
  context: VerifyContext,
  runner: StepRunner,
  signal: AbortSignal,
): Promise<{ readonly visible: readonly Subscription[]; readonly listError?: unknown }> {
  if (signal.aborted || !runner.isUsable('token.arm')) return { visible: [] };
  try {
    return { visible: await context.session.subscriptions(signal) };
  } catch (listError) {
    if (isStopped(signal)) return { visible: [] };
    if (!isEngineError(listError)) throw listError;
    return { visible: [], listError };
  }
}

interface Found {
  readonly registries: readonly { readonly facts: RegistryFacts; readonly subscriptionId: string }[];
  readonly clusters: readonly { readonly facts: ClusterFacts; readonly subscriptionId: string }[];
  /** Lists that failed for another reason than a missing role, which has a step of its own. */
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly group: 'registry' | 'cluster';
  readonly subscription: Subscription;
  readonly error: unknown;
}

async function startAssets(
  context: VerifyContext,
  rights: Rights,
  runner: StepRunner,
  covered: readonly Subscription[],
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { capabilities } = context.connection;
  const open = covered.filter(({ subscriptionId }) => runner.isUsable(`subscription:${subscriptionId}`));
  const withRegistries = capabilities.includes('registries');
  const withClusters = capabilities.includes('aks');
  const plans: StepPlan[] = [];
  if (!withRegistries) plans.push(scopedOut('registry.data', 'registry', 'Container registries', features.images));
  if (!withClusters) plans.push(scopedOut('cluster.api', 'cluster', 'Kubernetes clusters', features.clusters));
  let found: Found;
  try {
    found = await findAssets(context, open, { withRegistries, withClusters }, signal);
  } catch (error) {
    if (!isStopped(signal)) throw error;
    return;
  }
  const registries = found.registries.slice(0, mostTested);
  for (const { facts, subscriptionId } of registries) plans.push(registryStep(context, rights, facts, subscriptionId));
  const clusters = found.clusters.slice(0, mostTested);
  for (const { facts, subscriptionId } of clusters) {
    const twin = found.clusters.some((other) => other.facts !== facts && other.facts.name === facts.name);
    const label = twin ? `${facts.name} (${facts.id.split('/')[4] ?? facts.id})` : facts.name;
    plans.push(...clusterSteps(context, rights, facts, label, subscriptionId));
  }
  const moreRegistries = found.registries.slice(mostTested);
  if (moreRegistries.length > 0) {
    plans.push(
      folded(
        'registry.data:more',
        'registry',
        'registries',
        moreRegistries.map(({ facts }) => facts.name),
      ),
    );
  }
  const moreClusters = found.clusters.slice(mostTested);
  if (moreClusters.length > 0) {
    plans.push(
      folded(
        'cluster.api:more',
        'cluster',
        'clusters',
        moreClusters.map(({ facts }) => facts.name),
      ),
    );
  }
  for (const failure of found.failures) plans.push(unlisted(failure));
  runner.start(plans);
}

/** A list that failed is no empty list: it stands among the steps. */
function unlisted({ group, subscription, error }: Failure): StepPlan {
  const isRegistry = group === 'registry';
  return {
    id: `${isRegistry ? 'registry.data' : 'cluster.api'}:of:${subscription.subscriptionId}`,
    group,
    title: `${isRegistry ? 'Registries' : 'Clusters'} of ${subscription.displayName}`,
    target: {
      kind: 'subscription',
      id: `/subscriptions/${subscription.subscriptionId}`,
      name: subscription.displayName,
    },
    required: false,
    neededFor: [isRegistry ? features.images : features.clusters],
    needs: [],
    run: () => Promise.resolve(failed(error)),
  };
}

function scopedOut(id: string, group: VerifyStep['group'], title: string, feature: string): StepPlan {
  return {
    id,
    group,
    title,
    required: false,
    neededFor: [feature],
    needs: [],
    run: () => Promise.resolve({ state: 'skipped', reason: 'Left out of this connection.' }),
  };
}

function folded(id: string, group: VerifyStep['group'], what: string, names: readonly string[]): StepPlan {
  const shown = names.slice(0, 50).join(', ');
  return {
    id,
    group,
    title: `${names.length} more ${what}`,
    required: false,
    neededFor: [],
    needs: [],
    run: () =>
      Promise.resolve({
        state: 'skipped',
        reason: `Not tested one by one: ${shown}${names.length > 50 ? ', …' : ''}.`,
      }),
  };
}

/** Registries and clusters of the subscriptions; a list that cannot be read is told by the step of its role. */
async function findAssets(
  context: VerifyContext,
  open: readonly Subscription[],
  what: { readonly withRegistries: boolean; readonly withClusters: boolean },
  signal: AbortSignal,
): Promise<Found> {
  const { session } = context;
  const clients = await session.clients();
  const failures: Failure[] = [];
  const tolerant = async <T>(
    group: Failure['group'],
    subscription: Subscription,
    work: () => Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isEngineError(error)) throw error;
      if (error.code !== 'access-denied' && meansNothingThere(error) === undefined) {
        failures.push({ group, subscription, error });
      }
      return [];
    }
  };
  const lists = await mapAll(open, stepsAtOnce, signal, async (subscription, inner) => {
    const { subscriptionId } = subscription;
    return {
      subscriptionId,
      registries: what.withRegistries
        ? await tolerant('registry', subscription, () => clients.registries(subscriptionId, inner))
        : [],
      clusters: what.withClusters
        ? await tolerant('cluster', subscription, () => listClusters(session, subscriptionId, inner))
        : [],
    };
  });
  return {
    failures,
    registries: lists
      .flatMap(({ subscriptionId, registries }) => registries.map((facts) => ({ facts, subscriptionId })))
      .sort((a, b) => compareText(a.facts.name, b.facts.name)),
    clusters: lists
      .flatMap(({ subscriptionId, clusters }) => clusters.map((facts) => ({ facts, subscriptionId })))
      .sort((a, b) => compareText(a.facts.name, b.facts.name) || compareText(a.facts.id, b.facts.id)),
  };
}

async function listClusters(
  session: AzureSession,
  subscriptionId: string,
  signal: AbortSignal,
): Promise<readonly ClusterFacts[]> {
  const out: ClusterFacts[] = [];
  const path = `/subscriptions/${subscriptionId}/providers/${clusterType}`;
  for await (const page of session.arm.list(path, clusterApi, signal)) {
    for (const item of page) {
      const facts = readClusterFacts(item);
      if (facts !== undefined) out.push(facts);
    }
  }
  return out;
}
