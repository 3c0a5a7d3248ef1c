import { compareText } from '../core/order.ts';
import type {
  Container,
  ContainerStatus,
  Controller,
  CronJob,
  Labels,
  Pod,
  PodSpec,
  ServiceAccount,
} from './objects.ts';
import type { ContainerSecurity, RunningContainer, Workload } from './types.ts';

/** What was read of a cluster; absent: the read failed. */
export interface WorkloadObjects {
  readonly pods?: readonly Pod[];
  readonly deployments?: readonly Controller[];
  readonly replicaSets?: readonly Controller[];
  readonly statefulSets?: readonly Controller[];
  readonly daemonSets?: readonly Controller[];
  readonly jobs?: readonly Controller[];
  readonly cronJobs?: readonly CronJob[];
  readonly serviceAccounts?: readonly ServiceAccount[];
}

/** A workload before its exposure is known, with what exposure is derived from. */
export interface WorkloadDraft extends Omit<Workload, 'exposure'> {
  /** Labels of its pods, one set for each kind of pod. */
  readonly podLabels: readonly Labels[];
  readonly podNames: readonly string[];
  readonly hostPorts: readonly number[];
  readonly hostNetwork: boolean;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
}

interface Building {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  labels: Labels;
  spec?: PodSpec;
  templateLabels?: Labels;
  wanted?: number;
  readonly pods: Pod[];
}

/** `k8s:{cluster ARM id}/{namespace}/{kind}/{name}`, ids and kinds in lower case. */
export function objectRef(clusterId: string, namespace: string, kind: string, name: string): string {
  return `k8s:${clusterId.toLowerCase()}/${namespace}/${kind.toLowerCase()}/${name}`;
}

/**
 * Workloads with their pods, found by the chain of owners: Pod, ReplicaSet, Deployment; Pod, Job, CronJob. Where the
 * owners could not be read, the label that a Deployment gives its pods tells its name. Sorted by namespace, kind, name.
 */
export function buildWorkloads(clusterId: string, objects: WorkloadObjects): WorkloadDraft[] {
  const workloads = new Map<string, Building>();
  const owners = ownerIndex(objects);
  const at = (namespace: string, kind: string, name: string): Building => {
    const key = `${namespace}/${kind}/${name}`;
    let found = workloads.get(key);
    if (found === undefined) {
      found = { namespace, kind, name, labels: {}, pods: [] };
      workloads.set(key, found);
    }
    return found;
  };
  const declare = (kind: string, items: readonly Controller[] | undefined): void => {
    for (const { metadata, spec } of items ?? []) {
      if (controllerOf(metadata.ownerReferences) !== undefined) continue; // seen through its owner
      const building = at(metadata.namespace, kind, metadata.name);
      building.labels = metadata.labels ?? {};
      describe(building, spec?.template, spec?.replicas);
    }
  };
  declare('Deployment', objects.deployments);
  declare('StatefulSet', objects.statefulSets);
  declare('DaemonSet', objects.daemonSets);
  declare('Job', objects.jobs);
  // replica sets without owner only: those of a deployment are its history
  declare('ReplicaSet', objects.replicaSets);
  for (const { metadata, spec } of objects.cronJobs ?? []) {
    const building = at(metadata.namespace, 'CronJob', metadata.name);
    building.labels = metadata.labels ?? {};
    describe(building, spec?.jobTemplate?.spec?.template, undefined);
  }
  for (const pod of objects.pods ?? []) {
    const owner = topOwner(pod, owners);
    const building = at(pod.metadata.namespace, owner.kind, owner.name);
    if (owner.kind === 'Pod') building.labels = pod.metadata.labels ?? {};
    building.pods.push(pod);
  }
  const accounts = new Map(
    (objects.serviceAccounts ?? []).map((account) => [
      `${account.metadata.namespace}/${account.metadata.name}`,
      account.automountServiceAccountToken,
    ]),
  );
  return [...workloads.values()]
    .map((building) => finish(clusterId, building, accounts, objects.pods === undefined))
    .sort(
      (a, b) => compareText(a.namespace, b.namespace) || compareText(a.kind, b.kind) || compareText(a.name, b.name),
    );
}

function describe(
  building: Building,
  template:
    | { metadata?: { labels?: Labels | null | undefined } | null | undefined; spec?: PodSpec | null | undefined }
    | null
    | undefined,
  replicas: number | undefined,
): void {
  if (template?.spec) building.spec = template.spec;
  building.templateLabels = template?.metadata?.labels ?? {};
  if (replicas !== undefined) building.wanted = replicas;
}

function controllerOf(
  references: readonly { kind: string; name: string; controller?: boolean | undefined }[] | null | undefined,
): Owner | undefined {
  return references?.find(({ controller }) => controller === true);
}

/** Owners of replica sets and jobs, by namespace, kind and name. */
function ownerIndex(objects: WorkloadObjects): ReadonlyMap<string, Owner | undefined> {
  const index = new Map<string, Owner | undefined>();
  const add = (kind: string, items: readonly Controller[] | undefined): void => {
    for (const { metadata } of items ?? []) {
      index.set(`${metadata.namespace}/${kind}/${metadata.name}`, controllerOf(metadata.ownerReferences));
    }
  };
  add('ReplicaSet', objects.replicaSets);
  add('Job', objects.jobs);
  return index;
}

function topOwner(pod: Pod, index: ReadonlyMap<string, Owner | undefined>): Owner {
  const direct = controllerOf(pod.metadata.ownerReferences);
  if (direct === undefined) return { kind: 'Pod', name: pod.metadata.name };
  const key = `${pod.metadata.namespace}/${direct.kind}/${direct.name}`;
  if (index.has(key)) return index.get(key) ?? direct;
  // the label that every deployment puts on its pods ends the name of its replica set
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (direct.kind === 'ReplicaSet' && hash !== undefined && direct.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: direct.name.slice(0, -hash.length - 1) };
  }
  return direct;
}

const finished: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

function finish(
  clusterId: string,
  building: Building,
  accounts: ReadonlyMap<string, boolean | undefined>,
  podsUnknown: boolean,
): WorkloadDraft {
  const { namespace, kind, name } = building;
  const live = building.pods.filter((pod) => !finished.has(pod.status?.phase ?? ''));
  const labelSets = new Map<string, Labels>();
  for (const pod of live) {
    const { 'pod-template-hash': _hash, ...labels } = pod.metadata.labels ?? {};
    labelSets.set(JSON.stringify(Object.entries(labels).sort(([a], [b]) => compareText(a, b))), labels);
  }
  if (labelSets.size === 0 && building.templateLabels !== undefined) labelSets.set('', building.templateLabels);
  const specs = live.length > 0 ? live.map((pod) => pod.spec) : building.spec === undefined ? [] : [building.spec];
  const serviceAccount = specs[0]?.serviceAccountName;
  return {
    id: objectRef(clusterId, namespace, kind, name),
    namespace,
    kind,
    name,
    labels: building.labels,
    replicas: podsUnknown ? (building.wanted ?? 0) : live.length,
    ...(serviceAccount === undefined || serviceAccount === '' ? {} : { serviceAccount }),
    containers: live.flatMap((pod) => containersOf(pod, accounts)),
    podLabels: [...labelSets.values()],
    podNames: live.map((pod) => pod.metadata.name),
    hostPorts: [
      ...new Set(
        specs.flatMap((spec) =>
          (spec.containers ?? []).flatMap(({ ports }) =>
            (ports ?? []).flatMap(({ hostPort }) => (hostPort === undefined || hostPort === 0 ? [] : [hostPort])),
          ),
        ),
      ),
    ],
    hostNetwork: specs.some((spec) => spec.hostNetwork === true),
  };
}

function containersOf(pod: Pod, accounts: ReadonlyMap<string, boolean | undefined>): RunningContainer[] {
  const one = (
    containers: readonly Container[] | null | undefined,
    statuses: readonly ContainerStatus[] | null | undefined,
    init: boolean,
  ): RunningContainer[] =>
    (containers ?? []).map((container) => {
      const status = statuses?.find(({ name }) => name === container.name);
      const digest = digestOfImageId(status?.imageID ?? '');
      return {
        pod: pod.metadata.name,
        container: container.name,
        init,
        image: container.image === '' ? (status?.image ?? '') : container.image,
        ...(digest === undefined ? {} : { digest }),
        running: status?.state?.running !== undefined,
        securityContext: securityOf(pod, container, accounts),
      };
    });
  return [
    ...one(pod.spec.initContainers, pod.status?.initContainerStatuses, true),
    ...one(pod.spec.containers, pod.status?.containerStatuses, false),
    ...one(pod.spec.ephemeralContainers, pod.status?.ephemeralContainerStatuses, false),
  ];
}

/**
 * The digest in an `imageID`, whatever runtime wrote it: `host/repo@sha256:…`, `docker-pullable://…@sha256:…`,
 * `docker://sha256:…`, `sha256:…`. It may be that of an index, a manifest or a config. Undefined before the start.
 */
export function digestOfImageId(imageId: string): string | undefined {
  return /(?:^|@|:\/\/)(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1];
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

function securityOf(
  pod: Pod,
  container: Container,
  accounts: ReadonlyMap<string, boolean | undefined>,
): ContainerSecurity {
  const { spec } = pod;
  const own = container.securityContext;
  const podWide = spec.securityContext;
  const runAsNonRoot = own?.runAsNonRoot ?? podWide?.runAsNonRoot;
  const runAsUser = own?.runAsUser ?? podWide?.runAsUser;
  const seccomp = own?.seccompProfile?.type ?? podWide?.seccompProfile?.type;
  const namespaces: ('network' | 'pid' | 'ipc')[] = [];
  if (spec.hostNetwork === true) namespaces.push('network');
  if (spec.hostPID === true) namespaces.push('pid');
  if (spec.hostIPC === true) namespaces.push('ipc');
  const paths = new Map(
    (spec.volumes ?? []).flatMap(({ name, hostPath }) => (hostPath ? [[name, hostPath.path]] : [])),
  );
  return {
    ...(own?.privileged === undefined ? {} : { privileged: own.privileged }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(own?.readOnlyRootFilesystem === undefined ? {} : { readOnlyRootFilesystem: own.readOnlyRootFilesystem }),
    addedCapabilities: own?.capabilities?.add ?? [],
    droppedCapabilities: own?.capabilities?.drop ?? [],
    ...(seccomp === undefined ? {} : { seccompProfile: seccomp }),
    hostNamespaces: namespaces,
    hostPaths: (container.volumeMounts ?? []).flatMap((mount) => {
      const path = paths.get(mount.name);
      return path === undefined ? [] : [{ path, readOnly: mount.readOnly === true }];
    }),
    tokenMounted: mountsToken(pod, container, accounts),
  };
}

/** The pod decides, else its service account, else Kubernetes mounts one. A mount that is there is proof. */
function mountsToken(pod: Pod, container: Container, accounts: ReadonlyMap<string, boolean | undefined>): boolean {
  if ((container.volumeMounts ?? []).some(({ mountPath }) => mountPath.replace(/\/+$/, '') === tokenPath)) return true;
  const account = `${pod.metadata.namespace}/${pod.spec.serviceAccountName ?? 'default'}`;
  return pod.spec.automountServiceAccountToken ?? accounts.get(account) ?? true;
}
