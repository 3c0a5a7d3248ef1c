import type { WantedAction } from '../azure/permissions.ts';
import { assignRoleCommand, roles } from '../azure/roles.ts';
import { isEngineError } from '../core/errors.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ClusterFacts } from '../kubernetes/cluster-facts.ts';
import { readKubeconfig, type ClusterSignIn } from '../kubernetes/kubeconfig.ts';
import { explainUnreachable, openCluster, paths, whyNotRunning } from '../kubernetes/read-cluster.ts';
import { clusterReaderRole, roleBinding } from './advice.ts';
import { features, freshlyAssigned, type Rights, type VerifyContext } from './context.ts';
import { failed, type StepOutcome, type StepPlan } from './runner.ts';

/** Lists that AKS RBAC Reader does not cover; without them exposure and rights stay partly unknown. */
const extraLists: readonly string[] = [
  paths.gateways,
  paths.httpRoutes,
  '/apis/networking.k8s.io/v1/ingressclasses',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings',
];

const mainLists: readonly string[] = [paths.pods, paths.services, paths.deployments, paths.ingresses];

const clustersType = 'Microsoft.ContainerService/managedClusters';
const listPods: WantedAction = { action: `${clustersType}/pods/read`, kind: 'dataAction' };
const getCredentials: WantedAction = { action: `${clustersType}/listClusterUserCredential/action`, kind: 'action' };

/** The two steps of a cluster: its credentials from Azure, then its own API. `label` tells clusters of one name apart. */
export function clusterSteps(
  context: VerifyContext,
  rights: Rights,
  facts: ClusterFacts,
  label: string,
  subscriptionId: string,
): StepPlan[] {
  const target = { kind: 'cluster', id: facts.id, name: facts.name };
  const obstacle = whyNotRunning(facts);
  const asleep = facts.power !== 'running';
  let kubeconfig: string | undefined;
  const credentials: StepPlan = {
    id: `cluster.credentials:${label}`,
    group: 'cluster',
    title: `Cluster ${label}: user credentials`,
    target,
    required: false,
    neededFor: [features.clusters],
    needs: [`subscription:${subscriptionId}`],
    async run(signal) {
      if (asleep) return { state: 'skipped', usable: true, reason: 'The cluster does not run.' };
      kubeconfig = undefined;
      const command = {
        label: `Assign ${roles.aksClusterUser.name}`,
        text: assignRoleCommand(context.session.clientId, roles.aksClusterUser.name, facts.id),
      };
      try {
        kubeconfig = await context.session.clusterKubeconfig(facts.id, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isEngineError(error) || error.code !== 'access-denied') throw error;
        const minutes = await rights.assignedMinutesAgo(facts.id, [getCredentials], signal);
        if (minutes !== undefined) return freshlyAssigned(context, minutes, command);
        const locked = 'serviceCode' in error && error.serviceCode === 'ScopeLocked';
        return locked
          ? failed(error)
          : failed(error, {
              reason: 'May see the cluster, may not get credentials for it.',
              nextStep: `Assign the role ${roles.aksClusterUser.name}.`,
              command,
            });
      }
      if (kubeconfig === undefined) return { state: 'fail', reason: 'Azure gave no credentials for this cluster.' };
      return describeCredentials(facts, readKubeconfig(kubeconfig, facts.hosts, facts.name).signIn);
    },
  };
  const api: StepPlan = {
    id: `cluster.api:${label}`,
    group: 'cluster',
    title: `Cluster ${label}: API`,
    target,
    required: false,
    neededFor: [features.clusters],
    needs: [credentials.id],
    async run(signal) {
      if (facts.power === 'stopped') return { state: 'warn', reason: 'The cluster is stopped.' };
      if (obstacle !== undefined) return failed(obstacle);
      if (kubeconfig === undefined) return { state: 'fail', reason: 'Azure gave no credentials for this cluster.' };
      const client = openCluster({
        facts,
        kubeconfig,
        http: context.http,
        log: context.log,
        getToken: async (scope, inner, renew) =>
          (await context.session.tokens.getToken(scope, inner, renew ? { renew } : {})).token,
      });
      return probeApi(context, rights, facts, client, signal);
    },
  };
  return [credentials, api];
}

function describeCredentials(facts: ClusterFacts, signIn: ClusterSignIn): StepOutcome {
  if (signIn.kind === 'entra') {
    return {
      state: 'pass',
      ...(facts.localAccountsDisabled ? { reason: 'Local accounts are off; tokens of Entra are used.' } : {}),
    };
  }
  return {
    state: 'pass',
    reason: 'The cluster hands out a credential with the rights of an administrator. It is kept in memory only.',
  };
}

async function probeApi(
  context: VerifyContext,
  rights: Rights,
  facts: ClusterFacts,
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<StepOutcome> {
  try {
    await client.version(signal);
  } catch (error) {
    signal.throwIfAborted();
    const explained = explainUnreachable(error, facts);
    if (explained === error) throw error;
    const outcome = failed(explained);
    return { ...outcome, reason: `Not reachable from ${context.ranFrom}. ${outcome.reason ?? ''}`.trim() };
  }
  for (const path of mainLists) {
    const result = await client.mayList(path, signal);
    if (result.ok) continue;
    if (result.status !== 403) return failed(result.error);
    return mayNotList(context, rights, facts, result.error, signal);
  }
  const denied: string[] = [];
  for (const path of extraLists) {
    const result = await client.mayList(path, signal);
    if (result.ok) continue;
    if (result.status !== 403) return failed(result.error);
    denied.push(path.slice(path.lastIndexOf('/') + 1));
  }
  if (denied.length === 0) return { state: 'pass' };
  return {
    state: 'warn',
    usable: true,
    reason: `Exposure and rights stay partly unknown. Denied: ${denied.join(', ')}.`,
    nextStep: 'Create the custom role and assign it at the cluster: the built-in reading role does not cover these.',
    command: clusterReaderRole(facts.id),
  };
}

async function mayNotList(
  context: VerifyContext,
  rights: Rights,
  facts: ClusterFacts,
  error: unknown,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { aksRbacReader } = roles;
  if (facts.access === 'kubernetesRbac') {
    const objectId = (await context.session.claims(signal))?.oid ?? '<object id of the service principal>';
    return failed(error, {
      reason: 'The cluster uses its own RBAC.',
      nextStep: 'Have an administrator of the cluster apply the role binding.',
      command: roleBinding(objectId),
    });
  }
  const command = {
    label: `Assign ${aksRbacReader.name}`,
    text: assignRoleCommand(context.session.clientId, aksRbacReader.name, facts.id),
  };
  const minutes = await rights.assignedMinutesAgo(facts.id, [listPods], signal);
  if (minutes !== undefined) return freshlyAssigned(context, minutes, command);
  return failed(error, {
    reason: 'May reach the cluster, may not list workloads.',
    nextStep: `Assign the role ${aksRbacReader.name}.`,
    command,
  });
}
