// Azure Resource Manager, reads only.
import { isWithin, type Access } from '../access.ts';
import {
  managementGroups,
  resourceGroups,
  subscriptions,
  type GroupRecord,
  type SubscriptionRecord,
} from '../data/estate.ts';
import { tenants } from '../data/directory.ts';
import type { FaultBoard } from '../faults.ts';
import { at, isObject, type JsonObject } from '../json.ts';
import { json, type Exchange, type Handler, type Reply } from '../origin.ts';
import { apiVersionsOf } from './api-versions.ts';
import { getDefinition, listAssignments, listDefinitions, listDenials, listPermissions } from './authorization.ts';
import { TokenBuckets } from './quota.ts';
import { armError, authorizationFailed, commonHeaders, page, type Caller } from './replies.ts';
import { parseArmPath, type ArmPath, type ArmResource, type ResourceStore } from './resource.ts';
import { signIn, type SignInParts } from './sign-in.ts';

export interface ResourceManagerParts extends SignInParts {
  readonly access: Access;
  readonly store: ResourceStore;
  readonly faults: FaultBoard;
  /** Rows of a page; Azure's own sizes are larger, which would leave paging untried. */
  readonly pageSize: number;
  readonly graphEndpoint: string;
  readonly portalUrl: string;
  /** The kubeconfig of a cluster, base64; `format` as asked for. */
  readonly kubeconfig: (clusterName: string, format: string | undefined) => string | undefined;
  readonly resourceGraph: (caller: Caller, exchange: Exchange) => Reply;
}

interface Asked {
  readonly exchange: Exchange;
  readonly caller: Caller;
  /** Slashes collapsed, percent-decoded. */
  readonly path: string;
  readonly parsed: ArmPath;
  readonly apiVersion: string;
  readonly filter: string | undefined;
}

const actionsThatRead = new Set([
  'microsoft.resourcegraph/resources',
  'microsoft.containerservice/managedclusters/listclusterusercredential',
  'microsoft.web/sites/config/list',
  'microsoft.network/bastionhosts/getshareablelinks',
]);

export function resourceManager(parts: ResourceManagerParts): Handler {
  const perSubscription = new TokenBuckets(250, 25);
  const perTenant = new TokenBuckets(250, 25);
  return (exchange) => {
    const reply = route(parts, { perSubscription, perTenant }, exchange);
    return { ...reply, headers: { ...commonHeaders(exchange), ...reply.headers } };
  };
}

interface Quotas {
  readonly perSubscription: TokenBuckets;
  readonly perTenant: TokenBuckets;
}

function route(parts: ResourceManagerParts, quotas: Quotas, exchange: Exchange): Reply {
  const path = decodePath(exchange.path);
  if (path === undefined) return armError(400, 'BadRequest', 'The request path is not valid.');
  if (path.toLowerCase() === '/metadata/endpoints' && exchange.method === 'GET') return metadataEndpoints(parts);
  const parsed = parseArmPath(path);
  if (!isRead(exchange.method, parsed)) {
    exchange.violation(`not a read: ${exchange.method}`);
    return armError(
      405,
      'MethodNotAllowed',
      `The HTTP method '${exchange.method}' is not supported at scope '${path}'.`,
    );
  }
  const subscriptionId = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1];
  const caller = signIn(parts, exchange, subscriptionId !== undefined);
  if ('refusal' in caller) return caller.refusal;
  const apiVersion = queryValue(exchange, 'api-version');
  const versionFault = refusalOfVersion(exchange, parsed, path, apiVersion);
  if (versionFault !== undefined) return versionFault;
  const subscriptionFault = subscriptionId === undefined ? undefined : refusalOfSubscription(subscriptionId);
  if (subscriptionFault !== undefined) return subscriptionFault;
  const quota = takeQuota(parts, quotas, caller, subscriptionId);
  if ('refusal' in quota) return quota.refusal;
  const asked: Asked = {
    exchange,
    caller,
    path,
    parsed,
    apiVersion: apiVersion ?? '',
    filter: queryValue(exchange, '$filter'),
  };
  const reply = parsed.type === '' ? containers(parts, asked) : provider(parts, asked);
  return { ...reply, headers: { ...quota.headers, ...reply.headers } };
}

/** Undefined when the percent-encoding is broken. */
function decodePath(path: string): string | undefined {
  try {
    const collapsed = decodeURIComponent(path).replace(/\/{2,}/g, '/');
    return collapsed.length > 1 ? collapsed.replace(/\/$/, '') : collapsed;
  } catch {
    return undefined;
  }
}

/** Names of query parameters have no case, and may be percent-encoded. */
function queryValue(exchange: Exchange, name: string): string | undefined {
  return [...exchange.query].find(([key]) => key.toLowerCase() === name)?.[1];
}

function isRead(method: string, { type }: ArmPath): boolean {
  const lower = type.toLowerCase();
  // config/appsettings/list: the name stands between, so the type reads sites/config/list
  return method === 'GET'
    ? lower !== 'microsoft.resourcegraph/resources'
    : method === 'POST' && actionsThatRead.has(lower);
}

function metadataEndpoints(parts: ResourceManagerParts): Reply {
  return json(200, {
    galleryEndpoint: '',
    graphEndpoint: parts.graphEndpoint,
    portalEndpoint: parts.portalUrl,
    authentication: { loginEndpoint: parts.authorityHost, audiences: [parts.audience] },
  });
}

function versionKey(parsed: ArmPath, path: string): string {
  if (parsed.type !== '')
    return parsed.type.toLowerCase().replace(/\/(?:list|listclusterusercredential|getshareablelinks)$/, '');
  const parts = path
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '');
  if (parts.includes('resources')) return 'resources';
  if (parts.includes('resourcegroups')) return 'resourcegroups';
  return parts[0] ?? '';
}

function refusalOfVersion(
  exchange: Exchange,
  parsed: ArmPath,
  path: string,
  given: string | undefined,
): Reply | undefined {
  const key = versionKey(parsed, path);
  const known = apiVersionsOf(key);
  if (known === undefined) {
    exchange.violation(`unknown type: ${key}`);
    const [namespace = '', ...rest] = parsed.type.split('/');
    return armError(
      404,
      'InvalidResourceType',
      `The resource type '${rest.join('/')}' could not be found in the namespace '${namespace}' for api version '${given ?? ''}'.`,
    );
  }
  if (given === undefined || given === '') {
    exchange.violation('no api-version');
    return armError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (known.includes(given)) return undefined;
  exchange.violation(`wrong api-version for ${key}: ${given}`);
  return parsed.type === ''
    ? armError(
        400,
        'InvalidApiVersionParameter',
        `The api-version '${given}' is invalid. The supported versions are '${known.join(',')}'.`,
      )
    : armError(
        400,
        'NoRegisteredProviderFound',
        `No registered resource provider found for location 'westeurope' and API version '${given}' for type '${key.slice(key.indexOf('/') + 1)}'. The supported api-versions are '${known.join(', ')}'.`,
      );
}

function refusalOfSubscription(subscriptionId: string): Reply | undefined {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscriptionId)) {
    return armError(
      400,
      'InvalidSubscriptionId',
      `The provided subscription identifier '${subscriptionId}' is malformed or invalid.`,
    );
  }
  return subscriptions.some((one) => one.subscriptionId === subscriptionId.toLowerCase())
    ? undefined
    : armError(404, 'SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
}

function takeQuota(
  parts: ResourceManagerParts,
  quotas: Quotas,
  caller: Caller,
  subscriptionId: string | undefined,
): { readonly headers: Record<string, string> } | { readonly refusal: Reply } {
  const { remaining, retryAfterSeconds } =
    subscriptionId === undefined
      ? quotas.perTenant.take(caller.objectId)
      : quotas.perSubscription.take(`${caller.objectId} ${subscriptionId.toLowerCase()}`);
  if (remaining < 0 && parts.faults.settings.enforceQuotas) {
    return {
      refusal: armError(
        429,
        'TooManyRequests',
        `Number of requests for subscription '${subscriptionId ?? ''}' and operation 'GET' exceeded the limit. Please retry after ${retryAfterSeconds} seconds.`,
        {
          'retry-after': String(retryAfterSeconds),
        },
      ),
    };
  }
  const name = subscriptionId === undefined ? 'tenant-reads' : 'subscription-reads';
  return {
    headers: {
      [`x-ms-ratelimit-remaining-${name}`]: String(Math.max(remaining, 0)),
      ...(subscriptionId === undefined ? {} : { 'x-ms-ratelimit-remaining-subscription-global-reads': '3749' }),
    },
  };
}

/** Tenants, subscriptions, groups. */
function containers(parts: ResourceManagerParts, asked: Asked): Reply {
  const { exchange, caller, path } = asked;
  const segments = path.split('/').filter((part) => part !== '');
  const [first = '', subscriptionId, second = '', groupName, third] = segments.map((part) => part.toLowerCase());
  if (first === 'tenants' && segments.length === 1) {
    const own = tenants.filter(({ tenantId }) => tenantId === caller.tenantId);
    return page(
      exchange,
      own.map(({ tenantId }) => ({ id: `/tenants/${tenantId}`, tenantId })),
      parts.pageSize,
    );
  }
  if (first !== 'subscriptions') {
    exchange.violation('unknown path');
    return armError(404, 'NotFound', 'The requested path does not exist.');
  }
  if (subscriptionId === undefined) {
    const seen = subscriptions.filter(
      (one) =>
        one.tenantId === caller.tenantId && parts.access.knows(caller.objectId, `/subscriptions/${one.subscriptionId}`),
    );
    // two to a page: three subscriptions already need paging
    return page(
      exchange,
      seen.map((one) => subscriptionBody(parts, one, asked.apiVersion)),
      Math.min(parts.pageSize, 2),
    );
  }
  const subscription = subscriptions.find((one) => one.subscriptionId === subscriptionId);
  const scope = `/subscriptions/${subscriptionId}`;
  if (subscription !== undefined && segments.length === 2) {
    const action = 'Microsoft.Resources/subscriptions/read';
    return parts.access.knows(caller.objectId, scope)
      ? json(200, subscriptionBody(parts, subscription, asked.apiVersion))
      : authorizationFailed(caller, action, scope);
  }
  if (second === 'resourcegroups') return groupReads(parts, asked, subscriptionId, groupName, third);
  if (second === 'resources' && segments.length === 3) return genericResources(parts, asked, scope);
  exchange.violation('unknown path');
  return armError(404, 'NotFound', 'The requested path does not exist.');
}

function subscriptionBody(
  parts: ResourceManagerParts,
  subscription: SubscriptionRecord,
  apiVersion: string,
): JsonObject {
  const locked = parts.faults.settings.lockedSubscriptions.includes(subscription.subscriptionId);
  const old = {
    id: `/subscriptions/${subscription.subscriptionId}`,
    subscriptionId: subscription.subscriptionId,
    displayName: subscription.displayName,
    state: locked ? 'Disabled' : 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: subscription.quotaId,
      spendingLimit: 'Off',
    },
    authorizationSource: 'RoleBased',
  };
  return apiVersion === '2016-06-01'
    ? old
    : { ...old, tenantId: subscription.tenantId, managedByTenants: [], tags: subscription.tags };
}

function groupReads(
  parts: ResourceManagerParts,
  asked: Asked,
  subscriptionId: string,
  name: string | undefined,
  below: string | undefined,
): Reply {
  const { exchange, caller } = asked;
  const action = 'Microsoft.Resources/subscriptions/resourceGroups/read';
  const scope = `/subscriptions/${subscriptionId}`;
  if (name === undefined) {
    const readable = resourceGroups.filter(
      (one) => one.subscriptionId === subscriptionId && parts.access.allows(caller.objectId, action, one.id),
    );
    if (readable.length === 0 && !parts.access.allowsWithin(caller.objectId, action, scope))
      return authorizationFailed(caller, action, scope);
    return page(exchange, readable.map(groupBody), parts.pageSize);
  }
  const found = resourceGroups.find((one) => one.subscriptionId === subscriptionId && one.name.toLowerCase() === name);
  const id = found?.id ?? `${scope}/resourceGroups/${name}`;
  if (!parts.access.allows(caller.objectId, action, id)) return authorizationFailed(caller, action, id);
  if (found === undefined)
    return armError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
  return below === 'resources' ? genericResources(parts, asked, id) : json(200, groupBody(found));
}

export function groupBody(group: GroupRecord): JsonObject {
  return {
    id: group.id,
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    tags: group.tags,
    ...(group.managedBy === undefined ? {} : { managedBy: group.managedBy }),
    properties: { provisioningState: 'Succeeded' },
  };
}

/** The list over all types: no properties in it. */
function genericResources(parts: ResourceManagerParts, asked: Asked, scope: string): Reply {
  const { exchange, caller } = asked;
  const wanted = /^resourceType\s+eq\s+'(.+)'$/i.exec(asked.filter ?? '')?.[1]?.toLowerCase();
  const rows = [...parts.store.all()]
    .filter(
      (one) =>
        isWithin(one.id, scope) &&
        one['location'] !== undefined &&
        (wanted === undefined || one.type.toLowerCase() === wanted),
    )
    .filter((one) => parts.access.allows(caller.objectId, `${one.type}/read`, one.id))
    .map(({ properties: _properties, ...rest }): JsonObject => rest);
  if (rows.length === 0 && !parts.access.knows(caller.objectId, scope)) {
    return authorizationFailed(caller, 'Microsoft.Resources/subscriptions/resources/read', scope);
  }
  return page(exchange, rows, parts.pageSize);
}

function provider(parts: ResourceManagerParts, asked: Asked): Reply {
  const { exchange, caller, parsed } = asked;
  const type = parsed.type.toLowerCase();
  if (type === 'microsoft.resourcegraph/resources') return parts.resourceGraph(caller, exchange);
  if (type.startsWith('microsoft.authorization/')) {
    const reply = authorization(parts, asked);
    if (reply !== undefined) return reply;
  }
  if (type === 'microsoft.management/managementgroups') return managementGroupReads(parts, asked);
  if (exchange.method === 'POST') return postedRead(parts, asked);
  if (type === 'microsoft.containerregistry/registries/listusages') return registryUsages(parts, asked);
  if (type === 'microsoft.security/subassessments') return allSubAssessments(parts, asked);
  return parsed.isCollection ? collection(parts, asked) : single(parts, asked);
}

function authorization(parts: ResourceManagerParts, asked: Asked): Reply | undefined {
  const { exchange, caller, parsed, filter } = asked;
  const { scope } = parsed;
  const mayRead = (what: string): Reply | undefined =>
    parts.access.allows(caller.objectId, `Microsoft.Authorization/${what}/read`, scope)
      ? undefined
      : authorizationFailed(caller, `Microsoft.Authorization/${what}/read`, scope);
  switch (parsed.type.toLowerCase()) {
    case 'microsoft.authorization/permissions':
      return listPermissions(parts.access, exchange, caller.objectId, scope, parts.pageSize);
    case 'microsoft.authorization/roleassignments':
      return mayRead('roleAssignments') ?? listAssignments(parts.access, exchange, scope, filter, parts.pageSize);
    case 'microsoft.authorization/denyassignments':
      return mayRead('denyAssignments') ?? listDenials(parts.access, exchange, scope, filter, parts.pageSize);
    case 'microsoft.authorization/roledefinitions': {
      const [id] = parsed.names;
      return (
        mayRead('roleDefinitions') ??
        (id === undefined ? listDefinitions(exchange, scope, filter, parts.pageSize) : getDefinition(scope, id))
      );
    }
    default:
      return undefined;
  }
}

function managementGroupReads(parts: ResourceManagerParts, { exchange, caller, parsed }: Asked): Reply {
  const action = 'Microsoft.Management/managementGroups/read';
  const idOf = (name: string): string => `/providers/Microsoft.Management/managementGroups/${name}`;
  const body = ({ name, displayName }: { readonly name: string; readonly displayName: string }): JsonObject => ({
    id: idOf(name),
    type: 'Microsoft.Management/managementGroups',
    name,
    properties: { tenantId: parts.tenantId, displayName },
  });
  const [wanted] = parsed.names;
  if (wanted === undefined) {
    const readable = managementGroups.filter(({ name }) => parts.access.allows(caller.objectId, action, idOf(name)));
    return page(exchange, readable.map(body), parts.pageSize);
  }
  const found = managementGroups.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (found === undefined || !parts.access.allows(caller.objectId, action, idOf(found.name)))
    return authorizationFailed(caller, action, idOf(wanted));
  return json(200, body(found));
}

/** The POSTs that change nothing. */
function postedRead(parts: ResourceManagerParts, { exchange, caller, parsed, path }: Asked): Reply {
  const resourceId = path.slice(0, path.lastIndexOf('/'));
  const action = `${parsed.type}/action`;
  const isCluster = parsed.type.toLowerCase().endsWith('/listclusterusercredential');
  const scope = parsed.type.toLowerCase().endsWith('/config/list')
    ? resourceId.replace(/\/config\/[^/]+$/i, '')
    : resourceId;
  const properAction = isCluster
    ? 'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'
    : action;
  if (!parts.access.allows(caller.objectId, properAction, scope))
    return authorizationFailed(caller, properAction, scope);
  const found = parts.store.get(scope);
  if (found === undefined) return notFound(scope, parsed.type);
  if (!isCluster) return json(200, { value: [], properties: {} });
  if (at(found['properties'], 'powerState', 'code') === 'Stopped') {
    return armError(
      409,
      'OperationNotAllowed',
      `The cluster '${found.name}' is stopped; its credentials cannot be listed.`,
    );
  }
  const value = parts.kubeconfig(found.name, queryValue(exchange, 'format'));
  return json(200, { kubeconfigs: value === undefined ? [] : [{ name: 'clusterUser', value }] });
}

function registryUsages(parts: ResourceManagerParts, { caller, path }: Asked): Reply {
  const scope = path.slice(0, path.lastIndexOf('/'));
  const action = 'Microsoft.ContainerRegistry/registries/listUsages/read';
  if (!parts.access.allows(caller.objectId, action, scope)) return authorizationFailed(caller, action, scope);
  if (parts.store.get(scope) === undefined) return notFound(scope, 'Microsoft.ContainerRegistry/registries');
  return json(200, {
    value: [
      { name: 'Size', limit: 107_374_182_400, currentValue: 412_345_678, unit: 'Bytes' },
      { name: 'Webhooks', limit: 10, currentValue: 1, unit: 'Count' },
    ],
  });
}

function allSubAssessments(parts: ResourceManagerParts, { exchange, caller, parsed }: Asked): Reply {
  const action = 'Microsoft.Security/assessments/subAssessments/read';
  if (!parts.access.allows(caller.objectId, action, parsed.scope))
    return authorizationFailed(caller, action, parsed.scope);
  const rows = [...parts.store.all()].filter(
    (one) =>
      one.type.toLowerCase() === 'microsoft.security/assessments/subassessments' && isWithin(one.id, parsed.scope),
  );
  return page(exchange, rows, parts.pageSize);
}

function collection(parts: ResourceManagerParts, { exchange, caller, path, parsed, apiVersion }: Asked): Reply {
  const type = parts.store.properType(parsed.type);
  const action = `${type}/read`;
  const scope = parsed.names.length > 0 ? path.slice(0, path.lastIndexOf('/')) : parsed.scope;
  const items = parts.store.collection(path);
  const readable = items.filter((one) => parts.access.allows(caller.objectId, action, one.id));
  if (readable.length === 0 && !parts.access.allowsWithin(caller.objectId, action, scope))
    return authorizationFailed(caller, action, scope);
  const parentIsResource = parsed.names.length > 0 || /\/providers\//i.test(parsed.scope);
  const isLocation = parsed.type.toLowerCase().includes('/locations/');
  if (parentIsResource && !isLocation && parts.store.get(scope) === undefined) return notFound(scope, parsed.type);
  return page(
    exchange,
    readable.map((one) => shaped(one, apiVersion)),
    parts.pageSize,
  );
}

function single(parts: ResourceManagerParts, { caller, path, parsed, apiVersion }: Asked): Reply {
  const action = `${parts.store.properType(parsed.type)}/read`;
  if (!parts.access.allows(caller.objectId, action, path)) return authorizationFailed(caller, action, path);
  const found = parts.store.get(path);
  return found === undefined ? notFound(path, parsed.type) : json(200, shaped(found, apiVersion));
}

function notFound(id: string, type: string): Reply {
  const group = /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? '';
  if (group !== '' && !resourceGroups.some(({ name }) => name.toLowerCase() === group.toLowerCase())) {
    return armError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
  }
  return armError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${id.slice(id.lastIndexOf('/') + 1)}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

/** What one api-version shows of a resource: settings of a preview are in the preview alone. */
function shaped(one: ArmResource, apiVersion: string): ArmResource {
  if (one.type.toLowerCase() !== 'microsoft.containerregistry/registries' || apiVersion.endsWith('-preview'))
    return one;
  return withoutPreviewSettings(one);
}

/** A registry as stable api-versions show it. */
export function withoutPreviewSettings(registry: ArmResource): ArmResource {
  const properties = registry['properties'];
  const policies = at(properties, 'policies');
  if (!isObject(properties) || !isObject(policies)) return registry;
  const { softDeletePolicy: _preview, ...stable } = policies;
  return { ...registry, properties: { ...properties, policies: stable } };
}
