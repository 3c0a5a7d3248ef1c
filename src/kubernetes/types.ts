/** One container of one pod that exists now. */
export interface RunningContainer {
  readonly pod: string;
  readonly container: string;
  readonly init: boolean;
  /** `spec.containers[].image` as written. */
  readonly image: string;
  /** Digest out of `imageID`: of an index, a manifest or a config. Absent when the container has not started. */
  readonly digest?: string;
  readonly running: boolean;
  readonly securityContext: ContainerSecurity;
}

export interface ContainerSecurity {
  readonly privileged?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly readOnlyRootFilesystem?: boolean;
  readonly addedCapabilities: readonly string[];
  readonly droppedCapabilities: readonly string[];
  readonly seccompProfile?: string;
  readonly hostNamespaces: readonly ('network' | 'pid' | 'ipc')[];
  /** Paths on the node, with write access or not. */
  readonly hostPaths: readonly { readonly path: string; readonly readOnly: boolean }[];
  readonly tokenMounted: boolean;
}

export interface Workload {
  /** `k8s:{cluster ARM id, lower case}/{namespace}/{kind}/{name}` */
  readonly id: string;
  readonly namespace: string;
  /** Deployment, StatefulSet, DaemonSet, Job, CronJob, Pod */
  readonly kind: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly serviceAccount?: string;
  readonly containers: readonly RunningContainer[];
  readonly exposure: Exposure;
}

export type ExposureClass = 'internet' | 'source-limited' | 'internal-lb' | 'cluster-only' | 'isolated' | 'unknown';

export interface ExposureRoute {
  readonly class: ExposureClass;
  /** Factor of the priority model that this route proves, such as `exposure.public-lb`. */
  readonly factor?: string;
  /** Object it was read from: `k8s:…/service/orders`. */
  readonly ref: string;
  readonly field: string;
  readonly value: string;
  /** Values for sentences: ip, port, host, path, ranges. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Exposure {
  readonly class: ExposureClass;
  readonly routes: readonly ExposureRoute[];
  /** Reads that failed and so leave the class unknown, such as `/apis/gateway.networking.k8s.io/v1/gateways: 403`. */
  readonly missing: readonly string[];
}

export interface ClusterState {
  /** ARM id of the cluster. */
  readonly clusterId: string;
  readonly clusterName: string;
  readonly readAt: string;
  readonly version?: string;
  readonly namespaces: readonly string[];
  readonly workloads: readonly Workload[];
  /** Paths that could not be read, with status and reason. */
  readonly errors: readonly { readonly path: string; readonly status: number; readonly reason: string }[];
}
