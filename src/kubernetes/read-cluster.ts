import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { mapAll } from '../core/concurrency.ts';
import { describeError, isEngineError, RefusedError, UnreachableError, type EngineError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import { compareText } from '../core/order.ts';
import { createKubernetesClient, type KubernetesClient, type ListResult, type TokenForScope } from './client.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { deriveExposure, type ExposureObjects } from './exposure.ts';
import { readKubeconfig } from './kubeconfig.ts';
import {
  controllerSchema,
  cronJobSchema,
  endpointSliceSchema,
  gatewaySchema,
  httpRouteSchema,
  ingressSchema,
  namespaceSchema,
  networkPolicySchema,
  podSchema,
  serviceAccountSchema,
  serviceSchema,
} from './objects.ts';
import type { ClusterState } from './types.ts';
import { buildWorkloads, type WorkloadObjects } from './workloads.ts';

/** Paths whose lists are read. */
export const paths = {
  namespaces: '/api/v1/namespaces',
  pods: '/api/v1/pods',
  services: '/api/v1/services',
  serviceAccounts: '/api/v1/serviceaccounts',
  deployments: '/apis/apps/v1/deployments',
  replicaSets: '/apis/apps/v1/replicasets',
  statefulSets: '/apis/apps/v1/statefulsets',
  daemonSets: '/apis/apps/v1/daemonsets',
  jobs: '/apis/batch/v1/jobs',
  cronJobs: '/apis/batch/v1/cronjobs',
  endpointSlices: '/apis/discovery.k8s.io/v1/endpointslices',
  ingresses: '/apis/networking.k8s.io/v1/ingresses',
  networkPolicies: '/apis/networking.k8s.io/v1/networkpolicies',
  gateways: '/apis/gateway.networking.k8s.io/v1/gateways',
  httpRoutes: '/apis/gateway.networking.k8s.io/v1/httproutes',
} as const;

/** Without these, nothing can be said to be out of reach of the internet. */
const neededForExposure: readonly string[] = [
  paths.services,
  paths.ingresses,
  paths.endpointSlices,
  paths.gateways,
  paths.httpRoutes,
];

/** Pods and replica sets are large: small pages keep the event loop free. */
const heavyPageSize = 100;
const pageSize = 500;
const readsAtOnce = 4;

export interface ReadClusterOptions {
  readonly facts: ClusterFacts;
  /** Out of `listClusterUserCredential`; holds credentials. */
  readonly kubeconfig: string;
  readonly getToken: TokenForScope;
  readonly http: HttpClient;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /**
   * Reads of Azure around the cluster that failed (public addresses, load balancers, application gateways, Front Door,
   * private link services of its subscriptions): they leave "not reachable" unproven. Empty when all were read.
   */
  readonly missingAround: readonly string[];
}

/** The client for a cluster. Throws DamagedError, LimitExceededError, RefusedError for credentials that may not be used. */
export function openCluster(
  options: Pick<ReadClusterOptions, 'facts' | 'kubeconfig' | 'getToken' | 'http' | 'log'>,
): KubernetesClient {
  const { facts } = options;
  return createKubernetesClient({
    access: readKubeconfig(options.kubeconfig, facts.hosts, facts.name),
    clusterName: facts.name,
    http: options.http,
    log: options.log,
    getToken: options.getToken,
  });
}

/**
 * What runs in a cluster and who can reach it. A list that cannot be read is an entry of `errors`, and what depends on
 * it is unknown. Throws EngineErrors only when nothing at all can be read: unusable credentials, a server that cannot
 * be reached, a refused sign-in, a stopped cluster.
 */
export async function readCluster(options: ReadClusterOptions): Promise<ClusterState> {
  const { facts, signal } = options;
  const stopped = whyNotRunning(facts);
  if (stopped !== undefined) throw stopped;
  const client = openCluster(options);
  let version: string;
  try {
    version = await client.version(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw explainUnreachable(error, facts);
  }
  const errors: { path: string; status: number; reason: string }[] = [];
  const read = new Map<string, readonly unknown[]>();
  const results = await mapAll(Object.values(paths), readsAtOnce, signal, async (path, inner) => {
    const heavy = path === paths.pods || path === paths.replicaSets;
    return { path, result: await client.list(path, inner, heavy ? heavyPageSize : pageSize) };
  });
  for (const { path, result } of results) {
    if (result.ok) read.set(path, result.items);
    else errors.push({ path, status: result.status, reason: shortReason(result) });
  }
  const typed = <T extends z.ZodType>(path: string, schema: T): readonly z.infer<T>[] | undefined => {
    const items = read.get(path);
    if (items === undefined) return undefined;
    const good: z.infer<T>[] = [];
    for (const item of items) {
      const parsed = schema.safeParse(item);
      if (parsed.success) good.push(parsed.data);
    }
    if (good.length < items.length) {
      errors.push({ path, status: 200, reason: `${items.length - good.length} entries have an unknown form` });
    }
    return good;
  };
  const workloadObjects: WorkloadObjects = present({
    pods: typed(paths.pods, podSchema),
    deployments: typed(paths.deployments, controllerSchema),
    replicaSets: typed(paths.replicaSets, controllerSchema),
    statefulSets: typed(paths.statefulSets, controllerSchema),
    daemonSets: typed(paths.daemonSets, controllerSchema),
    jobs: typed(paths.jobs, controllerSchema),
    cronJobs: typed(paths.cronJobs, cronJobSchema),
    serviceAccounts: typed(paths.serviceAccounts, serviceAccountSchema),
  });
  const exposureObjects: ExposureObjects = present({
    services: typed(paths.services, serviceSchema),
    endpointSlices: typed(paths.endpointSlices, endpointSliceSchema),
    ingresses: typed(paths.ingresses, ingressSchema),
    gateways: typed(paths.gateways, gatewaySchema),
    httpRoutes: typed(paths.httpRoutes, httpRouteSchema),
    networkPolicies: typed(paths.networkPolicies, networkPolicySchema),
  });
  const namespaces = typed(paths.namespaces, namespaceSchema);
  const drafts = buildWorkloads(facts.id, workloadObjects);
  const exposures = deriveExposure(drafts, exposureObjects, {
    clusterId: facts.id,
    ...(facts.networkPolicy === undefined ? {} : { networkPolicy: facts.networkPolicy }),
    nodesHavePublicIps: facts.nodesHavePublicIps,
    missing: [
      ...errors
        .filter(({ path }) => neededForExposure.includes(path))
        .map(({ path, status }) => `${path}: ${status === 0 ? 'no answer' : status}`),
      ...options.missingAround,
    ],
  });
  const workloads = drafts.map((draft, index) => {
    const { podLabels: _labels, podNames: _names, hostPorts: _ports, hostNetwork: _network, ...workload } = draft;
    return { ...workload, exposure: exposures[index] ?? { class: 'unknown' as const, routes: [], missing: [] } };
  });
  const names = new Set([
    ...(namespaces ?? []).map(({ metadata }) => metadata.name),
    ...workloads.map(({ namespace }) => namespace),
  ]);
  return {
    clusterId: facts.id,
    clusterName: facts.name,
    readAt: options.clock.now().toISOString(),
    version,
    namespaces: [...names].sort(compareText),
    workloads,
    errors,
  };
}

/** Why a cluster is not even tried; undefined when it runs. */
export function whyNotRunning(facts: ClusterFacts): EngineError | undefined {
  if (facts.power === 'stopped') {
    return new RefusedError(`The cluster "${facts.name}" is stopped`, `Start it: az aks start --ids ${facts.id}`);
  }
  if (facts.power === 'other') {
    return new RefusedError(
      `The cluster "${facts.name}" is being changed (${facts.provisioningState ?? 'unknown'})`,
      'Try again when Azure is done.',
    );
  }
  if (facts.access === 'legacyEntra') {
    return new RefusedError(
      `The cluster "${facts.name}" uses the retired Entra integration, where no service principal can sign in`,
      'Move it to AKS-managed Entra integration: az aks update --enable-aad.',
    );
  }
  if (facts.access === 'local' && facts.localAccountsDisabled) {
    return new RefusedError(
      `The cluster "${facts.name}" has no way to sign in: local accounts are off and Entra is not set up`,
      'Switch AKS-managed Entra integration on: az aks update --enable-aad.',
    );
  }
  return undefined;
}

/** Adds what the ARM resource tells about a server that does not answer: private, or limited to some addresses. */
export function explainUnreachable(error: unknown, facts: ClusterFacts): unknown {
  if (!isEngineError(error) || (error.code !== 'unreachable' && error.code !== 'timed-out')) return error;
  const reason = 'reason' in error ? error.reason : 'timeout';
  if (reason === 'certificate' || reason === 'proxy' || reason === 'offline') return error;
  if (facts.privateApi) {
    return new UnreachableError(
      `The API server of cluster "${facts.name}" accepts private connections only`,
      'Run the editor in a remote inside its network, for example over SSH or in a dev container there.',
      { host: facts.hosts[0] ?? facts.name, reason: 'timeout', cause: error },
    );
  }
  if (facts.authorizedRanges.length > 0 && reason !== 'name') {
    return new UnreachableError(
      `The API server of cluster "${facts.name}" answers only to authorised addresses, and this machine seems to have none of them`,
      `Add the public address of this machine to its authorised ranges: az aks update --ids ${facts.id} --api-server-authorized-ip-ranges <ranges>`,
      { host: facts.hosts[0] ?? facts.name, reason: 'timeout', cause: error },
    );
  }
  return error;
}

function shortReason(result: Extract<ListResult, { ok: false }>): string {
  return describeError(result.error).message;
}

/** Without the members that are undefined, as optional properties demand. */
function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const out: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in value) {
    const member = value[key];
    if (member !== undefined) out[key] = member as Exclude<T[typeof key], undefined>;
  }
  return out;
}
