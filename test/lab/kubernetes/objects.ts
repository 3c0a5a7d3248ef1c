// Kubernetes objects as an API server returns them, from few words each.
import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';

export interface KubernetesObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

interface ObjectMeta extends JsonObject {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface MetaFields {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: KubernetesObject;
}

const created = '2026-10-02T07:00:00Z';

export function object(
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
  name: string,
  fields: MetaFields,
  content: JsonObject = {},
): KubernetesObject {
  const { owner } = fields;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: uidOf(kind, namespace ?? '', name),
      resourceVersion: '814223',
      creationTimestamp: created,
      ...(fields.labels === undefined ? {} : { labels: fields.labels }),
      ...(fields.annotations === undefined ? {} : { annotations: fields.annotations }),
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: owner.apiVersion,
                kind: owner.kind,
                name: owner.metadata.name,
                uid: owner.metadata.uid,
                controller: true,
                blockOwnerDeletion: true,
              },
            ],
          }),
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion,
          time: created,
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } }, 'f:spec': {} },
        },
      ],
    },
    ...content,
  };
}

function uidOf(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('/')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Five characters, as controllers put them behind names; the same for the same name. */
function suffixOf(text: string): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = createHash('sha256').update(text).digest();
  return [...bytes.subarray(0, 5)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

interface ContainerFields {
  readonly name: string;
  /** As written in the pod. */
  readonly image: string;
  /** One for each pod, in order; the last one repeats. Empty means that it has not started. */
  readonly imageIds: readonly string[];
  readonly port?: number;
  readonly securityContext?: JsonObject;
}

export interface PodFields {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerFields[];
  readonly initContainers?: readonly ContainerFields[];
  readonly serviceAccount?: string;
  readonly securityContext?: JsonObject;
  readonly hostNetwork?: boolean;
  readonly volumes?: readonly JsonObject[];
  readonly finished?: boolean;
}

function template(fields: PodFields): JsonObject {
  return {
    metadata: {
      labels: fields.labels,
      ...(fields.annotations === undefined ? {} : { annotations: fields.annotations }),
    },
    spec: podSpec(fields),
  };
}

function podSpec(fields: PodFields): JsonObject {
  return {
    containers: fields.containers.map(containerSpec),
    ...(fields.initContainers === undefined ? {} : { initContainers: fields.initContainers.map(containerSpec) }),
    restartPolicy: fields.finished === true ? 'OnFailure' : 'Always',
    serviceAccountName: fields.serviceAccount ?? 'default',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    securityContext: fields.securityContext ?? {},
    ...(fields.hostNetwork === true ? { hostNetwork: true } : {}),
    volumes: fields.volumes ?? [],
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
  };
}

function containerSpec(container: ContainerFields): JsonObject {
  return {
    name: container.name,
    image: container.image,
    imagePullPolicy: 'IfNotPresent',
    ...(container.port === undefined ? {} : { ports: [{ containerPort: container.port, protocol: 'TCP' }] }),
    resources: { requests: { cpu: '50m', memory: '64Mi' } },
    ...(container.securityContext === undefined ? {} : { securityContext: container.securityContext }),
  };
}

function pods(namespace: string, owner: KubernetesObject, count: number, fields: PodFields): KubernetesObject[] {
  return Array.from({ length: count }, (_, index) => {
    const ordinal = owner.kind === 'StatefulSet' ? String(index) : suffixOf(`${owner.metadata.name} ${index}`);
    const name = `${owner.metadata.name}-${ordinal}`;
    const started = fields.containers.every((container) => imageIdOf(container, index) !== '');
    const done = fields.finished === true;
    return object(
      'v1',
      'Pod',
      namespace,
      name,
      {
        labels: fields.labels,
        ...(fields.annotations === undefined ? {} : { annotations: fields.annotations }),
        owner,
      },
      {
        spec: { ...podSpec(fields), nodeName: 'aks-apps-31415926-vmss000000' },
        status: {
          phase: done ? 'Succeeded' : started ? 'Running' : 'Pending',
          hostIP: '10.10.0.4',
          podIP: `10.244.1.${10 + index}`,
          startTime: created,
          qosClass: 'Burstable',
          conditions: [{ type: 'Ready', status: done || !started ? 'False' : 'True' }],
          containerStatuses: fields.containers.map((container) => containerStatus(container, index, done)),
          ...(fields.initContainers === undefined
            ? {}
            : {
                initContainerStatuses: fields.initContainers.map((container) =>
                  containerStatus(container, index, true),
                ),
              }),
        },
      },
    );
  });
}

function imageIdOf(container: ContainerFields, index: number): string {
  return container.imageIds[Math.min(index, container.imageIds.length - 1)] ?? '';
}

function containerStatus(container: ContainerFields, index: number, done: boolean): JsonObject {
  const imageID = imageIdOf(container, index);
  const started = imageID !== '';
  const state: JsonObject = !started
    ? { waiting: { reason: 'ContainerCreating' } }
    : done
      ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: created, finishedAt: created } }
      : { running: { startedAt: created } };
  return {
    name: container.name,
    state,
    lastState: {},
    ready: started && !done,
    restartCount: 0,
    image: container.image,
    imageID,
    ...(started
      ? { containerID: `containerd://${createHash('sha256').update(`${container.name} ${index}`).digest('hex')}` }
      : {}),
    started: started && !done,
  };
}

/** A deployment with its replica set and pods; an older, empty replica set too. */
export function deployment(namespace: string, name: string, replicas: number, fields: PodFields): KubernetesObject[] {
  const selector = { matchLabels: fields.labels };
  const made = object(
    'apps/v1',
    'Deployment',
    namespace,
    name,
    { labels: fields.labels, annotations: { 'deployment.kubernetes.io/revision': '3' } },
    {
      spec: { replicas, selector, template: template(fields), strategy: { type: 'RollingUpdate' } },
      status: { replicas, readyReplicas: replicas, availableReplicas: replicas },
    },
  );
  const set = (revision: string, size: number): KubernetesObject => {
    const hash = suffixOf(`${name} ${revision}`);
    return object(
      'apps/v1',
      'ReplicaSet',
      namespace,
      `${name}-${hash}`,
      { labels: { ...fields.labels, 'pod-template-hash': hash }, owner: made },
      {
        spec: { replicas: size, selector, template: template(fields) },
        status: { replicas: size, readyReplicas: size },
      },
    );
  };
  const current = set('3', replicas);
  return [made, set('2', 0), current, ...pods(namespace, current, replicas, fields)];
}

export function daemonSet(namespace: string, name: string, nodes: number, fields: PodFields): KubernetesObject[] {
  const made = object(
    'apps/v1',
    'DaemonSet',
    namespace,
    name,
    { labels: fields.labels },
    {
      spec: { selector: { matchLabels: fields.labels }, template: template(fields) },
      status: { currentNumberScheduled: nodes, desiredNumberScheduled: nodes, numberReady: nodes },
    },
  );
  return [made, ...pods(namespace, made, nodes, fields)];
}

export function statefulSet(namespace: string, name: string, replicas: number, fields: PodFields): KubernetesObject[] {
  const made = object(
    'apps/v1',
    'StatefulSet',
    namespace,
    name,
    { labels: fields.labels },
    {
      spec: { serviceName: name, replicas, selector: { matchLabels: fields.labels }, template: template(fields) },
      status: { replicas, readyReplicas: replicas },
    },
  );
  return [made, ...pods(namespace, made, replicas, fields)];
}

/** A cron job with one finished job. */
export function cronJob(namespace: string, name: string, schedule: string, fields: PodFields): KubernetesObject[] {
  const finished = { ...fields, finished: true };
  const made = object(
    'batch/v1',
    'CronJob',
    namespace,
    name,
    { labels: fields.labels },
    {
      spec: { schedule, suspend: false, jobTemplate: { spec: { template: template(finished) } } },
      status: { lastScheduleTime: created, lastSuccessfulTime: created },
    },
  );
  const job = object(
    'batch/v1',
    'Job',
    namespace,
    `${name}-29345115`,
    { labels: fields.labels, owner: made },
    {
      spec: { completions: 1, parallelism: 1, template: template(finished) },
      status: { succeeded: 1, completionTime: created, conditions: [{ type: 'Complete', status: 'True' }] },
    },
  );
  return [made, job, ...pods(namespace, job, 1, finished)];
}

export interface ServiceFields extends MetaFields {
  readonly type?: 'ClusterIP' | 'LoadBalancer' | 'NodePort';
  readonly selector?: Readonly<Record<string, string>>;
  readonly port: number;
  readonly targetPort: number;
  /** Address of the load balancer. */
  readonly address?: string;
  readonly sourceRanges?: readonly string[];
  readonly headless?: boolean;
}

/** A service, with the slice of its endpoints among these pods. */
export function service(
  namespace: string,
  name: string,
  fields: ServiceFields,
  among: readonly KubernetesObject[],
): KubernetesObject[] {
  const made = object('v1', 'Service', namespace, name, fields, {
    spec: {
      type: fields.type ?? 'ClusterIP',
      clusterIP: fields.headless === true ? 'None' : '10.0.14.7',
      ...(fields.selector === undefined ? {} : { selector: fields.selector }),
      ports: [
        {
          name: 'main',
          port: fields.port,
          targetPort: fields.targetPort,
          protocol: 'TCP',
          ...(fields.type === 'LoadBalancer' ? { nodePort: 31_080 } : {}),
        },
      ],
      ...(fields.sourceRanges === undefined ? {} : { loadBalancerSourceRanges: fields.sourceRanges }),
      sessionAffinity: 'None',
    },
    status: { loadBalancer: fields.address === undefined ? {} : { ingress: [{ ip: fields.address }] } },
  });
  const chosen = among.filter(
    (one) =>
      one.kind === 'Pod' &&
      one.metadata.namespace === namespace &&
      fields.selector !== undefined &&
      Object.entries(fields.selector).every(([key, value]) => one.metadata.labels?.[key] === value),
  );
  const slice = object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    namespace,
    `${name}-${suffixOf(name)}`,
    { labels: { 'kubernetes.io/service-name': name }, owner: made },
    {
      addressType: 'IPv4',
      ports: [{ name: 'main', port: fields.targetPort, protocol: 'TCP' }],
      endpoints: chosen.map(({ metadata }, index) => ({
        addresses: [`10.244.1.${10 + index}`],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace, name: metadata.name, uid: metadata.uid },
      })),
    },
  );
  return [made, slice];
}
