/**
 * The few fields of Kubernetes objects that are kept. Lenient: a field of another type counts as absent, an object
 * without a name is none. Kubernetes API reference v1.33.
 */
import * as z from 'zod';

const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const texts = z.array(z.string()).nullish().catch(undefined);
const map = z.record(z.string(), z.string()).nullish().catch(undefined);

/** Members that do not fit are left out. */
function list<T extends z.ZodType>(member: T): z.ZodType<z.infer<T>[] | null | undefined> {
  return z
    .array(z.unknown())
    .nullish()
    .catch(undefined)
    .transform((items) =>
      items?.flatMap((item) => {
        const parsed = member.safeParse(item);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

const metadata = z.object({
  name: z.string().min(1),
  namespace: z.string().catch(''),
  labels: map,
  annotations: map,
  ownerReferences: list(z.object({ kind: z.string(), name: z.string(), controller: flag })),
});

const securityContext = z
  .object({
    privileged: flag,
    runAsNonRoot: flag,
    runAsUser: number,
    readOnlyRootFilesystem: flag,
    capabilities: z.object({ add: texts, drop: texts }).nullish().catch(undefined),
    seccompProfile: z.object({ type: text }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

const container = z.object({
  name: z.string().min(1),
  image: z.string().catch(''),
  securityContext,
  volumeMounts: list(z.object({ name: z.string(), mountPath: z.string().catch(''), readOnly: flag })),
  ports: list(z.object({ hostPort: number, containerPort: number })),
});

const podSpec = z.object({
  containers: list(container),
  initContainers: list(container),
  ephemeralContainers: list(container),
  serviceAccountName: text,
  automountServiceAccountToken: flag,
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  securityContext,
  volumes: list(
    z.object({
      name: z.string(),
      hostPath: z.object({ path: z.string() }).nullish().catch(undefined),
    }),
  ),
});

const containerStatus = z.object({
  name: z.string(),
  image: text,
  imageID: text,
  state: z.object({ running: z.unknown() }).nullish().catch(undefined),
});

export const podSchema = z.object({
  metadata,
  spec: podSpec,
  status: z
    .object({
      phase: text,
      containerStatuses: list(containerStatus),
      initContainerStatuses: list(containerStatus),
      ephemeralContainerStatuses: list(containerStatus),
    })
    .nullish()
    .catch(undefined),
});

const template = z.object({
  metadata: z.object({ labels: map }).nullish().catch(undefined),
  spec: podSpec.nullish().catch(undefined),
});

/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job. */
export const controllerSchema = z.object({
  metadata,
  spec: z
    .object({ replicas: number, template: template.nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
});

export const cronJobSchema = z.object({
  metadata,
  spec: z
    .object({
      jobTemplate: z
        .object({
          spec: z
            .object({ template: template.nullish().catch(undefined) })
            .nullish()
            .catch(undefined),
        })
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

const loadBalancerStatus = z
  .object({ ingress: list(z.object({ ip: text, hostname: text })) })
  .nullish()
  .catch(undefined);

export const serviceSchema = z.object({
  metadata,
  spec: z.object({
    type: z.string().catch('ClusterIP'),
    selector: map,
    externalIPs: texts,
    loadBalancerIP: text,
    loadBalancerSourceRanges: texts,
    ports: list(z.object({ port: z.number(), nodePort: number, protocol: text })),
  }),
  status: z.object({ loadBalancer: loadBalancerStatus }).nullish().catch(undefined),
});

export const endpointSliceSchema = z.object({
  metadata,
  endpoints: list(
    z.object({ targetRef: z.object({ kind: text, name: text, namespace: text }).nullish().catch(undefined) }),
  ),
});

const ingressBackend = z
  .object({ service: z.object({ name: z.string() }).nullish().catch(undefined) })
  .nullish()
  .catch(undefined);

export const ingressSchema = z.object({
  metadata,
  spec: z
    .object({
      ingressClassName: text,
      defaultBackend: ingressBackend,
      tls: list(z.object({ hosts: texts })),
      rules: list(
        z.object({
          host: text,
          http: z
            .object({ paths: list(z.object({ path: text, backend: ingressBackend })) })
            .nullish()
            .catch(undefined),
        }),
      ),
    })
    .nullish()
    .catch(undefined),
  status: z.object({ loadBalancer: loadBalancerStatus }).nullish().catch(undefined),
});

/** Gateway API v1, "Gateway", "HTTPRoute". */
export const gatewaySchema = z.object({
  metadata,
  spec: z
    .object({ listeners: list(z.object({ protocol: text, hostname: text, port: number })) })
    .nullish()
    .catch(undefined),
  status: z
    .object({ addresses: list(z.object({ type: text, value: z.string() })) })
    .nullish()
    .catch(undefined),
});

export const httpRouteSchema = z.object({
  metadata,
  spec: z
    .object({
      hostnames: texts,
      parentRefs: list(z.object({ kind: text, name: z.string(), namespace: text })),
      rules: list(
        z.object({
          matches: list(z.object({ path: z.object({ value: text }).nullish().catch(undefined) })),
          backendRefs: list(z.object({ kind: text, name: z.string(), namespace: text })),
        }),
      ),
    })
    .nullish()
    .catch(undefined),
});

const labelSelector = z
  .object({
    matchLabels: map,
    matchExpressions: list(z.object({ key: z.string(), operator: z.string(), values: texts })),
  })
  .nullish()
  .catch(undefined);

export const networkPolicySchema = z.object({
  metadata,
  spec: z
    .object({
      podSelector: labelSelector,
      policyTypes: texts,
      ingress: z.array(z.unknown()).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

export const namespaceSchema = z.object({ metadata });

export const serviceAccountSchema = z.object({ metadata, automountServiceAccountToken: flag });

export type Pod = z.infer<typeof podSchema>;
export type PodSpec = Pod['spec'];
export type Container = z.infer<typeof container>;
export type ContainerStatus = z.infer<typeof containerStatus>;
export type Controller = z.infer<typeof controllerSchema>;
export type CronJob = z.infer<typeof cronJobSchema>;
export type Service = z.infer<typeof serviceSchema>;
export type EndpointSlice = z.infer<typeof endpointSliceSchema>;
export type Ingress = z.infer<typeof ingressSchema>;
export type Gateway = z.infer<typeof gatewaySchema>;
export type HttpRoute = z.infer<typeof httpRouteSchema>;
export type NetworkPolicy = z.infer<typeof networkPolicySchema>;
export type ServiceAccount = z.infer<typeof serviceAccountSchema>;
export type Labels = Readonly<Record<string, string>>;
export type LabelSelector = NonNullable<NetworkPolicy['spec']>['podSelector'];

/** Whether labels fit a selector; an absent or empty one fits all. Kubernetes, "Labels and Selectors". */
export function fitsSelector(labels: Labels, selector: LabelSelector): boolean {
  const exact = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    exact &&
    (selector?.matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case 'In':
          return value !== undefined && (values ?? []).includes(value);
        case 'NotIn':
          return value === undefined || !(values ?? []).includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
