// The API server of one cluster, reads only.
import type { Access } from '../access.ts';
import type { FaultBoard } from '../faults.ts';
import { parseObject, textOf, type JsonObject } from '../json.ts';
import { json, type Exchange, type Handler, type Reply } from '../origin.ts';
import { isExpired, type TokenSigner } from '../tokens.ts';
import type { KubernetesObject } from './objects.ts';

/** Application id of AKS servers, the same in every cloud. */
export const kubernetesServerId = '6dae42f8-4368-4678-94ff-3960e28e3630';

type ClusterSignIn =
  | { readonly kind: 'entra'; readonly signer: TokenSigner; readonly tenantId: string; readonly access: Access }
  | { readonly kind: 'local'; readonly token: string };

export interface ClusterParts {
  readonly name: string;
  /** ARM id. */
  readonly clusterId: string;
  readonly version: string;
  readonly objects: readonly KubernetesObject[];
  /** API groups of custom resources that are installed. */
  readonly customGroups: readonly string[];
  readonly signIn: ClusterSignIn;
  readonly faults: FaultBoard;
  /** The most items of a page, whatever limit is asked for. */
  readonly pageSize: number;
}

interface ResourceKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly custom: boolean;
}

function kinds(
  group: string,
  version: string,
  rows: readonly (readonly [plural: string, kind: string, namespaced?: boolean])[],
  custom = false,
): ResourceKind[] {
  return rows.map(([plural, kind, namespaced = true]) => ({ group, version, plural, kind, namespaced, custom }));
}

const resourceKinds: readonly ResourceKind[] = [
  ...kinds('', 'v1', [
    ['namespaces', 'Namespace', false],
    ['nodes', 'Node', false],
    ['pods', 'Pod'],
    ['services', 'Service'],
    ['serviceaccounts', 'ServiceAccount'],
    ['configmaps', 'ConfigMap'],
    ['secrets', 'Secret'],
    ['endpoints', 'Endpoints'],
    ['events', 'Event'],
    ['resourcequotas', 'ResourceQuota'],
    ['limitranges', 'LimitRange'],
    ['persistentvolumeclaims', 'PersistentVolumeClaim'],
  ]),
  ...kinds('apps', 'v1', [
    ['deployments', 'Deployment'],
    ['replicasets', 'ReplicaSet'],
    ['statefulsets', 'StatefulSet'],
    ['daemonsets', 'DaemonSet'],
  ]),
  ...kinds('batch', 'v1', [
    ['jobs', 'Job'],
    ['cronjobs', 'CronJob'],
  ]),
  ...kinds('discovery.k8s.io', 'v1', [['endpointslices', 'EndpointSlice']]),
  ...kinds('networking.k8s.io', 'v1', [
    ['ingresses', 'Ingress'],
    ['ingressclasses', 'IngressClass', false],
    ['networkpolicies', 'NetworkPolicy'],
  ]),
  ...kinds('policy', 'v1', [['poddisruptionbudgets', 'PodDisruptionBudget']]),
  ...kinds('rbac.authorization.k8s.io', 'v1', [
    ['clusterroles', 'ClusterRole', false],
    ['clusterrolebindings', 'ClusterRoleBinding', false],
    ['roles', 'Role'],
    ['rolebindings', 'RoleBinding'],
  ]),
  ...kinds(
    'gateway.networking.k8s.io',
    'v1',
    [
      ['gatewayclasses', 'GatewayClass', false],
      ['gateways', 'Gateway'],
      ['httproutes', 'HTTPRoute'],
    ],
    true,
  ),
  ...kinds(
    'approuting.kubernetes.azure.com',
    'v1alpha1',
    [['nginxingresscontrollers', 'NginxIngressController', false]],
    true,
  ),
];

interface User {
  readonly name: string;
  /** Undefined means that everything is allowed. */
  readonly objectId?: string;
}

export function clusterApi(parts: ClusterParts): Handler {
  return (exchange) => {
    if (parts.faults.settings.stoppedClusters.includes(parts.name)) return { status: 0, hangUp: true };
    const reply = route(parts, exchange);
    return {
      ...reply,
      headers: { 'audit-id': crypto.randomUUID(), 'cache-control': 'no-cache, private', ...reply.headers },
    };
  };
}

function statusReply(
  code: number,
  reason: string,
  message: string,
  details?: JsonObject,
  metadata: JsonObject = {},
): Reply {
  return json(code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

function route(parts: ClusterParts, exchange: Exchange): Reply {
  if (exchange.method !== 'GET') {
    exchange.violation(`not a read: ${exchange.method}`);
    return statusReply(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  const user = userOf(parts, exchange);
  if (user === undefined) return statusReply(401, 'Unauthorized', 'Unauthorized');
  if (exchange.path === '/version') return versionReply(parts.version);
  const asked = parsePath(exchange.path);
  const found =
    asked &&
    resourceKinds.find(
      ({ group, version, plural }) => group === asked.group && version === asked.version && plural === asked.plural,
    );
  if (asked === undefined || found === undefined) {
    exchange.violation('unknown path');
    return notFound();
  }
  // what is not installed is not there for anybody, permitted or not
  if (found.custom && !parts.customGroups.includes(found.group)) return notFound();
  if (!mayRead(parts, user, found, asked.namespace)) return forbidden(user, found, asked);
  if (asked.name !== undefined) return one(parts, found, asked);
  return list(parts, exchange, found, asked.namespace);
}

function versionReply(version: string): Reply {
  const [major = '', minor = ''] = version.split('.');
  return json(200, {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '0a1b2c3d',
    gitTreeState: 'clean',
    buildDate: '2026-08-01T00:00:00Z',
    goVersion: 'go1.24.6',
    compiler: 'gc',
    platform: 'linux/amd64',
  });
}

function notFound(): Reply {
  return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found\n' };
}

function userOf({ signIn }: ClusterParts, exchange: Exchange): User | undefined {
  const token = /^Bearer (\S+)$/.exec(exchange.headers['authorization'] ?? '')?.[1];
  if (signIn.kind === 'local') {
    const certificate = exchange.clientCertificate;
    if (certificate?.organization === 'system:masters') return { name: certificate.commonName };
    if (token === signIn.token) return { name: 'masterclient' };
    if (token !== undefined) exchange.violation('a token that was not made for this cluster');
    return undefined;
  }
  const claims = token === undefined ? undefined : signIn.signer.verify(token);
  if (claims === undefined) return undefined;
  if (claims['aud'] !== kubernetesServerId) {
    exchange.violation('a token that was not made for Kubernetes');
    return undefined;
  }
  const objectId = textOf(claims['oid']);
  if (isExpired(claims) || claims['tid'] !== signIn.tenantId || objectId === undefined) return undefined;
  return { name: objectId, objectId };
}

interface AskedPath {
  readonly group: string;
  readonly version: string;
  readonly namespace?: string;
  readonly plural: string;
  readonly name?: string;
}

function parsePath(path: string): AskedPath | undefined {
  const match = /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(
    path,
  );
  if (match === null) return undefined;
  const [, coreVersion, group = '', version = '', namespace, plural = '', name] = match;
  return {
    group,
    version: coreVersion ?? version,
    plural,
    ...(namespace === undefined ? {} : { namespace: decodeURIComponent(namespace) }),
    ...(name === undefined ? {} : { name: decodeURIComponent(name) }),
  };
}

function mayRead(
  { signIn, clusterId }: ClusterParts,
  user: User,
  kind: ResourceKind,
  namespace: string | undefined,
): boolean {
  if (signIn.kind === 'local' || user.objectId === undefined) return true;
  const scope = namespace === undefined ? clusterId : `${clusterId}/namespaces/${namespace}`;
  const path = kind.group === '' ? kind.plural : `${kind.group}/${kind.plural}`;
  return signIn.access.allowsData(user.objectId, `Microsoft.ContainerService/managedClusters/${path}/read`, scope);
}

function forbidden(user: User, { group, plural }: ResourceKind, { namespace, name }: AskedPath): Reply {
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const subject = name === undefined ? plural : `${plural} "${name}"`;
  return statusReply(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${user.name}" cannot ${name === undefined ? 'list' : 'get'} resource "${plural}" in API group "${group}" ${where}: User does not have access to the resource in Azure. Update role assignment to allow access.`,
    { ...(group === '' ? {} : { group }), kind: plural },
  );
}

function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}

function objectsOf(parts: ClusterParts, kind: ResourceKind, namespace: string | undefined): KubernetesObject[] {
  return parts.objects
    .filter(
      (one) =>
        one.kind === kind.kind &&
        one.apiVersion === apiVersionOf(kind) &&
        (namespace === undefined || one.metadata.namespace === namespace),
    )
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

function one(parts: ClusterParts, kind: ResourceKind, { namespace, name = '' }: AskedPath): Reply {
  const found = objectsOf(parts, kind, namespace).find(({ metadata }) => metadata.name === name);
  return found === undefined
    ? statusReply(404, 'NotFound', `${kind.plural} "${name}" not found`, { name, kind: kind.plural })
    : json(200, found);
}

function list(parts: ClusterParts, exchange: Exchange, kind: ResourceKind, namespace: string | undefined): Reply {
  const items = objectsOf(parts, kind, namespace);
  const limit = Number(exchange.query.get('limit') ?? '0');
  const size = Number.isInteger(limit) && limit > 0 ? Math.min(limit, parts.pageSize) : Infinity;
  const token = exchange.query.get('continue');
  const start = token === null || token === '' ? 0 : startOf(token);
  if (start === undefined) return statusReply(400, 'BadRequest', 'continue key is not valid: illegal base64 data');
  if (start > 0 && exchange.faults.some(({ kind: fault }) => fault === 'expireContinue')) {
    return statusReply(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list.',
      undefined,
      { continue: tokenOf(start), resourceVersion: '814999' },
    );
  }
  const end = Math.min(start + size, items.length);
  const rest = items.length - end;
  const partial = exchange.headers['accept']?.includes('as=PartialObjectMetadataList') === true;
  const shown = items.slice(start, end).map((item): JsonObject =>
    partial
      ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.metadata }
      : // items of a list carry neither kind nor version
        { ...item, kind: undefined, apiVersion: undefined },
  );
  return json(200, {
    kind: partial ? 'PartialObjectMetadataList' : `${kind.kind}List`,
    apiVersion: partial ? 'meta.k8s.io/v1' : apiVersionOf(kind),
    metadata: { resourceVersion: '814999', ...(rest > 0 ? { continue: tokenOf(end), remainingItemCount: rest } : {}) },
    items: shown,
  });
}

function tokenOf(start: number): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 814_999, start })).toString('base64url');
}

function startOf(token: string): number | undefined {
  const start = parseObject(Buffer.from(token, 'base64url').toString('utf8'))?.['start'];
  return typeof start === 'number' && Number.isInteger(start) && start >= 0 ? start : undefined;
}
