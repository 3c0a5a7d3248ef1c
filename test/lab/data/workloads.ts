// What runs in the two clusters: behind a public load balancer, an ingress, an internal load balancer and nothing.
import {
  cronJob,
  daemonSet,
  deployment,
  object,
  service,
  statefulSet,
  type KubernetesObject,
} from '../kubernetes/objects.ts';
import type { ClusterKey } from './clusters.ts';

/** An image that a cluster runs. */
export interface RunnableImage {
  /** Login server of its registry. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  /** Digest of the platform's manifest. */
  readonly digest: string;
  readonly indexDigest?: string;
}

/** Finds the image of a repository; another one where it was not built. */
export type ImageFinder = (repository: string) => RunnableImage;

const written = ({ host, repository, tag }: RunnableImage): string => `${host}/${repository}:${tag}`;
const byDigest = ({ host, repository }: RunnableImage, digest: string): string => `${host}/${repository}@${digest}`;

/** Annotation of a service whose load balancer has no public address. */
const internalLoadBalancer = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };

export function workloads(find: ImageFinder): Readonly<Record<ClusterKey, readonly KubernetesObject[]>> {
  return { entra: harbour(find), local: edge(find) };
}

function namespaces(...names: readonly string[]): KubernetesObject[] {
  return names.map((name) =>
    object(
      'v1',
      'Namespace',
      undefined,
      name,
      {
        labels: {
          'kubernetes.io/metadata.name': name,
          ...(name === 'shop'
            ? { 'pod-security.kubernetes.io/enforce': 'restricted', 'app.kubernetes.io/part-of': 'harbour' }
            : {}),
        },
      },
      { status: { phase: 'Active' } },
    ),
  );
}

function account(namespace: string, name: string, annotations?: Readonly<Record<string, string>>): KubernetesObject {
  return object('v1', 'ServiceAccount', namespace, name, annotations === undefined ? {} : { annotations });
}

const coreDns = 'mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-6';
const coreDnsDigest = 'sha256:5c1fb2a2a55ca2b3ed9a9d5b4b6b1b2ac7ef5d3b1f0f9c8e7d6c5b4a39281706';
const kubeProxy = 'mcr.microsoft.com/oss/v2/kubernetes/kube-proxy:v1.33.4-1';
const kubeProxyDigest = 'sha256:91b7c2d3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f9';
const nginx = 'mcr.microsoft.com/oss/kubernetes/ingress/nginx-ingress-controller:v1.13.2';
const nginxDigest = 'sha256:2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a';

function system(): KubernetesObject[] {
  const managed = { 'addonmanager.kubernetes.io/mode': 'EnsureExists', 'kubernetes.azure.com/managedby': 'aks' };
  const dns = deployment('kube-system', 'coredns', 2, {
    labels: { 'k8s-app': 'kube-dns', ...managed },
    serviceAccount: 'coredns',
    containers: [
      {
        name: 'coredns',
        image: coreDns,
        imageIds: [`mcr.microsoft.com/oss/v2/kubernetes/coredns@${coreDnsDigest}`],
        port: 53,
      },
    ],
  });
  return [
    account('kube-system', 'coredns'),
    ...dns,
    ...service('kube-system', 'kube-dns', { selector: { 'k8s-app': 'kube-dns' }, port: 53, targetPort: 53 }, dns),
    ...daemonSet('kube-system', 'kube-proxy', 2, {
      labels: { component: 'kube-proxy', ...managed },
      hostNetwork: true,
      containers: [
        {
          name: 'kube-proxy',
          image: kubeProxy,
          imageIds: [`mcr.microsoft.com/oss/v2/kubernetes/kube-proxy@${kubeProxyDigest}`],
          securityContext: { privileged: true },
        },
      ],
    }),
  ];
}

function rbac(namespace: string): KubernetesObject[] {
  const group = 'rbac.authorization.k8s.io';
  return [
    object(
      `${group}/v1`,
      'ClusterRole',
      undefined,
      'cluster-admin',
      { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
      { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    ),
    object(
      `${group}/v1`,
      'ClusterRoleBinding',
      undefined,
      'build-agents',
      {},
      {
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
      },
    ),
    object(
      `${group}/v1`,
      'Role',
      namespace,
      'config-reader',
      {},
      { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }] },
    ),
    object(
      `${group}/v1`,
      'RoleBinding',
      namespace,
      'config-reader',
      {},
      {
        roleRef: { apiGroup: group, kind: 'Role', name: 'config-reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
      },
    ),
  ];
}

/** The cluster with Entra sign-in. */
function harbour(find: ImageFinder): KubernetesObject[] {
  const [orders, storefront, reports, legacy] = [
    'services/orders',
    'services/storefront',
    'services/reports',
    'tools/legacy',
  ].map(find);
  if (orders === undefined || storefront === undefined || reports === undefined || legacy === undefined) return [];
  const ordersPods = deployment('shop', 'orders', 2, {
    labels: {
      app: 'orders',
      'app.kubernetes.io/name': 'orders',
      'app.kubernetes.io/part-of': 'harbour',
      'azure.workload.identity/use': 'true',
    },
    serviceAccount: 'orders',
    containers: [{ name: 'orders', image: written(orders), imageIds: [byDigest(orders, orders.digest)], port: 8080 }],
  });
  const shopPods = deployment('shop', 'storefront', 2, {
    labels: { app: 'storefront', 'app.kubernetes.io/name': 'storefront' },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'storefront',
        image: written(storefront),
        imageIds: [byDigest(storefront, storefront.digest)],
        port: 3000,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  });
  const legacyPods = deployment('back-office', 'legacy-report', 1, {
    labels: { app: 'legacy-report' },
    volumes: [{ name: 'docker', hostPath: { path: '/var/run', type: 'Directory' } }],
    containers: [
      {
        name: 'legacy-report',
        image: written(legacy),
        imageIds: [byDigest(legacy, legacy.digest)],
        port: 8081,
        securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } },
      },
    ],
  });
  const ingressPods = deployment('app-routing-system', 'nginx', 2, {
    labels: { app: 'nginx', 'app.kubernetes.io/managed-by': 'aks-app-routing-operator' },
    containers: [
      {
        name: 'controller',
        image: nginx,
        imageIds: [`mcr.microsoft.com/oss/kubernetes/ingress/nginx-ingress-controller@${nginxDigest}`],
        port: 8080,
      },
    ],
  });
  const className = 'webapprouting.kubernetes.azure.com';
  return [
    ...namespaces('app-routing-system', 'back-office', 'default', 'kube-system', 'shop'),
    account('shop', 'default'),
    account('shop', 'orders', { 'azure.workload.identity/client-id': 'a9911ca7-1d01-4000-8000-000000000001' }),
    account('back-office', 'default'),
    ...ordersPods,
    ...service(
      'shop',
      'orders',
      { type: 'LoadBalancer', selector: { app: 'orders' }, port: 80, targetPort: 8080, address: '20.101.44.17' },
      ordersPods,
    ),
    ...shopPods,
    ...service('shop', 'storefront', { selector: { app: 'storefront' }, port: 80, targetPort: 3000 }, shopPods),
    object(
      'networking.k8s.io/v1',
      'Ingress',
      'shop',
      'storefront',
      { annotations: { 'nginx.ingress.kubernetes.io/ssl-redirect': 'true' } },
      {
        spec: {
          ingressClassName: className,
          tls: [{ hosts: ['shop.harbour.example'], secretName: 'shop-tls' }],
          rules: [
            {
              host: 'shop.harbour.example',
              http: {
                paths: [
                  { path: '/', pathType: 'Prefix', backend: { service: { name: 'storefront', port: { number: 80 } } } },
                ],
              },
            },
          ],
        },
        status: { loadBalancer: { ingress: [{ ip: '20.101.44.18' }] } },
      },
    ),
    object(
      'networking.k8s.io/v1',
      'IngressClass',
      undefined,
      className,
      {},
      { spec: { controller: 'webapprouting.kubernetes.azure.com/nginx' } },
    ),
    object(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'shop',
      'only-from-ingress',
      {},
      {
        spec: {
          podSelector: { matchLabels: { app: 'storefront' } },
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'app-routing-system' } } }],
              ports: [{ port: 3000, protocol: 'TCP' }],
            },
          ],
        },
      },
    ),
    ...ingressPods,
    ...service(
      'app-routing-system',
      'nginx',
      { type: 'LoadBalancer', selector: { app: 'nginx' }, port: 443, targetPort: 8080, address: '20.101.44.18' },
      ingressPods,
    ),
    object(
      'approuting.kubernetes.azure.com/v1alpha1',
      'NginxIngressController',
      undefined,
      'default',
      {},
      { spec: { ingressClassName: className, controllerNamePrefix: 'nginx' } },
    ),
    ...cronJob('back-office', 'reports', '15 3 * * *', {
      labels: { app: 'reports' },
      containers: [{ name: 'reports', image: written(reports), imageIds: [byDigest(reports, reports.digest)] }],
    }),
    ...legacyPods,
    ...service(
      'back-office',
      'legacy-report',
      {
        type: 'LoadBalancer',
        annotations: internalLoadBalancer,
        selector: { app: 'legacy-report' },
        port: 8081,
        targetPort: 8081,
        address: '10.10.0.99',
      },
      legacyPods,
    ),
    object(
      'gateway.networking.k8s.io/v1',
      'GatewayClass',
      undefined,
      'approuting-istio',
      {},
      { spec: { controllerName: 'istio.io/gateway-controller' } },
    ),
    ...rbac('shop'),
    ...system(),
  ];
}

/** The cluster with local accounts. */
function edge(find: ImageFinder): KubernetesObject[] {
  const [gateway, ledger, status] = ['services/gateway', 'services/ledger', 'tools/status'].map(find);
  if (gateway === undefined || ledger === undefined || status === undefined) return [];
  const gatewayPods = daemonSet('edge', 'gateway', 2, {
    labels: { app: 'gateway' },
    containers: [
      {
        name: 'gateway',
        image: written(gateway),
        // one node reports the index, the other one the manifest of its platform
        imageIds: [
          byDigest(gateway, gateway.indexDigest ?? gateway.digest),
          `docker-pullable://${byDigest(gateway, gateway.digest)}`,
        ],
        port: 8443,
      },
    ],
  });
  const statusImage = { name: 'status', image: written(status), port: 8082 };
  return [
    ...namespaces('accounts', 'default', 'edge', 'kube-system'),
    account('edge', 'default'),
    account('accounts', 'default'),
    ...gatewayPods,
    ...service(
      'edge',
      'gateway',
      { type: 'LoadBalancer', selector: { app: 'gateway' }, port: 443, targetPort: 8443, address: '20.82.140.9' },
      gatewayPods,
    ),
    ...statefulSet('accounts', 'ledger', 1, {
      labels: { app: 'ledger' },
      containers: [{ name: 'ledger', image: written(ledger), imageIds: [byDigest(ledger, ledger.digest)] }],
    }),
    // the second pod has not started yet
    ...deployment('edge', 'status', 2, {
      labels: { app: 'status' },
      containers: [{ ...statusImage, imageIds: [byDigest(status, status.digest), ''] }],
    }),
    ...rbac('edge'),
    ...system(),
  ];
}
