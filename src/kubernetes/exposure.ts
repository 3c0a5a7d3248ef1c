import { BlockList, isIP } from 'node:net';
import {
  fitsSelector,
  type EndpointSlice,
  type Gateway,
  type HttpRoute,
  type Ingress,
  type Labels,
  type NetworkPolicy,
  type Service,
} from './objects.ts';
import type { Exposure, ExposureClass, ExposureRoute } from './types.ts';
import { objectRef, type WorkloadDraft } from './workloads.ts';

/** Objects that decide who reaches a workload; absent: the read failed, and its path stands in `missing`. */
export interface ExposureObjects {
  readonly services?: readonly Service[];
  readonly endpointSlices?: readonly EndpointSlice[];
  readonly ingresses?: readonly Ingress[];
  readonly gateways?: readonly Gateway[];
  readonly httpRoutes?: readonly HttpRoute[];
  readonly networkPolicies?: readonly NetworkPolicy[];
}

export interface ExposureContext {
  readonly clusterId: string;
  /** `azure`, `calico` or `cilium`; absent: policies have no effect. */
  readonly networkPolicy?: string;
  readonly nodesHavePublicIps: boolean | 'unknown';
  /** Reads that failed, of the cluster and of Azure around it: without them nothing is "not reachable". */
  readonly missing: readonly string[];
}

const annotation = (name: string): string => `service.beta.kubernetes.io/azure-${name}`;
const internalMark = annotation('load-balancer-internal');

/** From the most exposed to the least. */
const order: readonly ExposureClass[] = ['internet', 'source-limited', 'internal-lb', 'cluster-only', 'isolated'];

/** Who can reach each workload, by its services, ingresses and gateway routes. The answer has the order of the input. */
export function deriveExposure(
  workloads: readonly WorkloadDraft[],
  objects: ExposureObjects,
  context: ExposureContext,
): Exposure[] {
  const fronts = indexFronts(objects, context.clusterId);
  const slices = indexSlices(objects.endpointSlices ?? []);
  const services = groupBy(objects.services ?? [], (service) => service.metadata.namespace);
  const policies = groupBy(objects.networkPolicies ?? [], (policy) => policy.metadata.namespace);
  return workloads.map((workload) => {
    const missing: string[] = [...context.missing];
    const routes: ExposureRoute[] = [];
    const mine = (services.get(workload.namespace) ?? []).filter((service) => reaches(service, workload, slices));
    for (const service of mine) {
      routes.push(...serviceRoutes(service, context, missing));
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      for (const front of fronts.get(key) ?? []) {
        if (front.route !== undefined) routes.push(front.route);
        if (front.missing !== undefined) missing.push(front.missing);
      }
    }
    routes.push(...hostRoutes(workload, context, missing));
    if (objects.services !== undefined) {
      const denial = defaultDenial(policies.get(workload.namespace) ?? [], workload, context);
      if (denial !== undefined) routes.push(denial);
      else if (routes.length === 0 && missing.length === context.missing.length) {
        routes.push({
          class: 'isolated',
          factor: 'exposure.isolated',
          ref: workload.id,
          field: 'services',
          value: 'none',
          values: {},
        });
      }
    }
    return conclude(routes, [...new Set(missing)], workload, context);
  });
}

/** The most exposed route counts; without a public one, any read that failed leaves the question open. */
function conclude(
  routes: readonly ExposureRoute[],
  missing: readonly string[],
  workload: WorkloadDraft,
  context: ExposureContext,
): Exposure {
  const seen = order.find((candidate) => routes.some((route) => route.class === candidate));
  const denied = routes.find((route) => route.class === 'isolated');
  const isPublic = seen === 'internet' || seen === 'source-limited';
  if (isPublic) return { class: seen, routes: withoutLowering(routes), missing };
  if (missing.length > 0 || seen === undefined) {
    const reasons =
      missing.length > 0
        ? missing
        : [`services of ${objectRef(context.clusterId, workload.namespace, workload.kind, workload.name)}`];
    return { class: 'unknown', routes: withoutLowering(routes), missing: reasons };
  }
  // a policy that denies everything closes a service inside the cluster, and nothing else
  if (seen === 'cluster-only' && denied !== undefined) return { class: 'isolated', routes, missing };
  return { class: seen, routes, missing };
}

const lowering: ReadonlySet<string> = new Set(['exposure.internal-lb', 'exposure.cluster-only', 'exposure.isolated']);

/** Good news needs proof: a route keeps its place as evidence, but proves no lowering factor. */
function withoutLowering(routes: readonly ExposureRoute[]): ExposureRoute[] {
  return routes.map((route) => {
    if (route.factor === undefined || !lowering.has(route.factor)) return route;
    const { factor: _factor, ...rest } = route;
    return rest;
  });
}

function reaches(service: Service, workload: WorkloadDraft, slices: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const selector = Object.entries(service.spec.selector ?? {});
  const bySelector =
    selector.length > 0 && workload.podLabels.some((labels) => selector.every(([key, value]) => labels[key] === value));
  if (bySelector) return true;
  const targets = slices.get(`${service.metadata.namespace}/${service.metadata.name}`);
  return targets !== undefined && workload.podNames.some((name) => targets.has(name));
}

/** Names of the pods behind each service. Kubernetes, "EndpointSlices". */
function indexSlices(slices: readonly EndpointSlice[]): ReadonlyMap<string, ReadonlySet<string>> {
  const index = new Map<string, Set<string>>();
  for (const { metadata, endpoints } of slices) {
    const service = metadata.labels?.['kubernetes.io/service-name'];
    if (service === undefined) continue;
    const key = `${metadata.namespace}/${service}`;
    const pods = index.get(key) ?? new Set();
    for (const { targetRef } of endpoints ?? []) {
      if (targetRef?.kind === 'Pod' && targetRef.name !== undefined) pods.add(targetRef.name);
    }
    index.set(key, pods);
  }
  return index;
}

function serviceRoutes(service: Service, context: ExposureContext, missing: string[]): ExposureRoute[] {
  const { metadata, spec } = service;
  const ref = objectRef(context.clusterId, metadata.namespace, 'service', metadata.name);
  const label = `service ${metadata.namespace}/${metadata.name}`;
  const routes: ExposureRoute[] = [];
  if ((spec.externalIPs ?? []).length > 0) missing.push(`spec.externalIPs of ${label}`);
  if (spec.type === 'LoadBalancer') {
    const front = loadBalancer(service, ref);
    if (front === undefined) missing.push(unknownAddress(label, addressesOf(service.status?.loadBalancer)));
    else routes.push(front);
    if (metadata.annotations?.[annotation('pls-create')] === 'true') missing.push(`private link service of ${label}`);
  } else if (spec.type === 'NodePort') {
    routes.push(...nodeRoutes(ref, 'spec.ports[].nodePort', portsOf(service, 'nodePort'), context, missing));
  } else if (spec.type === 'ClusterIP') {
    routes.push({
      class: 'cluster-only',
      factor: 'exposure.cluster-only',
      ref,
      field: 'spec.type',
      value: 'ClusterIP',
      values: { port: portsOf(service, 'port') },
    });
  }
  return routes;
}

function portsOf(service: Service, field: 'port' | 'nodePort'): string {
  return (service.spec.ports ?? [])
    .filter(({ port }) => service.metadata.annotations?.[annotation(`port_${port}_no_lb_rule`)] !== 'true')
    .flatMap((entry) => (entry[field] === undefined ? [] : [String(entry[field])]))
    .join(', ');
}

/**
 * The route through a service's load balancer; undefined while it has no address and nothing says internal. A public
 * address in the status outweighs an annotation that says internal: of two sources the more exposed one counts.
 * Azure Kubernetes Service, "Use a public standard load balancer", "Use an internal load balancer".
 */
function loadBalancer(service: Service, ref: string): ExposureRoute | undefined {
  const annotations = service.metadata.annotations ?? {};
  const marked = annotations[internalMark] === 'true';
  const wanted = [service.spec.loadBalancerIP, annotations[annotation('load-balancer-ipv4')]];
  const told = addressesOf(service.status?.loadBalancer);
  const addresses = told.length > 0 ? told : wanted.filter((ip): ip is string => ip !== undefined && isIP(ip) !== 0);
  const publicIp = addresses.find((address) => reachOf(address) === 'public');
  const privateIp = addresses.find((address) => reachOf(address) === 'private');
  const values = { ip: publicIp ?? privateIp ?? '', port: portsOf(service, 'port') };
  if (publicIp === undefined) {
    if (privateIp === undefined && !marked) return undefined;
    return {
      class: 'internal-lb',
      factor: 'exposure.internal-lb',
      ref,
      field: privateIp === undefined ? `metadata.annotations["${internalMark}"]` : 'status.loadBalancer.ingress[].ip',
      value: privateIp ?? 'true',
      values,
    };
  }
  const ranges = limitsOf(service);
  return ranges === undefined
    ? {
        class: 'internet',
        factor: 'exposure.public-lb',
        ref,
        field: 'status.loadBalancer.ingress[].ip',
        value: publicIp,
        values,
      }
    : {
        class: 'source-limited',
        factor: 'exposure.source-limited',
        ref,
        field: ranges.field,
        value: ranges.text,
        values: { ...values, ranges: ranges.text },
      };
}

function addressesOf(
  status:
    | { ingress?: readonly { ip?: string | undefined; hostname?: string | undefined }[] | null | undefined }
    | null
    | undefined,
): string[] {
  return (status?.ingress ?? []).flatMap(({ ip, hostname }) => {
    const address = ip ?? hostname;
    return address === undefined || address === '' ? [] : [address];
  });
}

/** Sources that a load balancer lets in; undefined when that is everybody. */
function limitsOf(service: Service): { readonly field: string; readonly text: string } | undefined {
  const annotations = service.metadata.annotations ?? {};
  const split = (name: string): string[] =>
    (annotations[annotation(name)] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const ranges = [...(service.spec.loadBalancerSourceRanges ?? []), ...split('allowed-ip-ranges')];
  const tags = split('allowed-service-tags');
  if (ranges.length + tags.length === 0 || ranges.some(isEverybody)) return undefined;
  if (tags.some((tag) => tag.toLowerCase() === 'internet')) return undefined;
  return {
    field:
      (service.spec.loadBalancerSourceRanges ?? []).length > 0
        ? 'spec.loadBalancerSourceRanges'
        : `metadata.annotations["${annotation(ranges.length > 0 ? 'allowed-ip-ranges' : 'allowed-service-tags')}"]`,
    text: [...ranges, ...tags].join(', '),
  };
}

function isEverybody(range: string): boolean {
  return /^(0\.0\.0\.0|::|0:0:0:0:0:0:0:0)\/0$/.test(range.trim());
}

/** Ports on the nodes: public only where nodes have public addresses, and then network security groups decide. */
function nodeRoutes(
  ref: string,
  field: string,
  value: string,
  context: ExposureContext,
  missing: string[],
): ExposureRoute[] {
  if (context.nodesHavePublicIps === 'unknown') missing.push('public addresses of the nodes');
  if (context.nodesHavePublicIps === true) missing.push('network security groups of the nodes');
  return [{ class: 'cluster-only', factor: 'exposure.cluster-only', ref, field, value, values: { port: value } }];
}

function hostRoutes(workload: WorkloadDraft, context: ExposureContext, missing: string[]): ExposureRoute[] {
  if (workload.hostNetwork) return nodeRoutes(workload.id, 'spec.hostNetwork', 'true', context, missing);
  if (workload.hostPorts.length === 0) return [];
  return nodeRoutes(workload.id, 'spec.containers[].ports[].hostPort', workload.hostPorts.join(', '), context, missing);
}

function unknownAddress(label: string, addresses: readonly string[]): string {
  return addresses[0] === undefined
    ? `address of ${label}: none yet`
    : `address of ${label}: the name ${addresses[0].slice(0, 253)} may be public or not`;
}

/** What stands in front of a service: a route, or why it is not known. */
interface Front {
  readonly route?: ExposureRoute;
  readonly missing?: string;
}

/** Ingress and gateway routes by the service that they lead to, as `namespace/name`. */
function indexFronts(objects: ExposureObjects, clusterId: string): ReadonlyMap<string, readonly Front[]> {
  const index = new Map<string, Front[]>();
  const add = (key: string, front: Front): void => {
    const fronts = index.get(key);
    if (fronts === undefined) index.set(key, [front]);
    else fronts.push(front);
  };
  const balancers = balancersByAddress(objects.services ?? [], clusterId);
  for (const ingress of objects.ingresses ?? []) {
    for (const [service, front] of ingressFronts(ingress, balancers, clusterId)) add(service, front);
  }
  const gateways = new Map(
    (objects.gateways ?? []).map((gateway) => [`${gateway.metadata.namespace}/${gateway.metadata.name}`, gateway]),
  );
  for (const route of objects.httpRoutes ?? []) {
    for (const [service, front] of gatewayFronts(route, gateways, balancers, clusterId)) add(service, front);
  }
  return index;
}

/** Load balancers of the cluster by their address: an ingress controller's own service tells its limits. */
function balancersByAddress(services: readonly Service[], clusterId: string): ReadonlyMap<string, ExposureRoute> {
  const index = new Map<string, ExposureRoute>();
  for (const service of services) {
    if (service.spec.type !== 'LoadBalancer') continue;
    const ref = objectRef(clusterId, service.metadata.namespace, 'service', service.metadata.name);
    const route = loadBalancer(service, ref);
    if (route === undefined) continue;
    for (const address of addressesOf(service.status?.loadBalancer)) index.set(address, route);
  }
  return index;
}

interface Target {
  readonly ref: string;
  readonly label: string;
  readonly addressField: string;
  readonly addresses: readonly string[];
  readonly host: string;
  readonly path: string;
  readonly tls: boolean;
  readonly hostField: string;
  /** Ranges that the controller itself enforces. */
  readonly ranges?: string;
  readonly rangesField?: string;
}

function frontOf(target: Target, balancers: ReadonlyMap<string, ExposureRoute>): Front {
  const { ref, addresses, host, path } = target;
  const publicAddress = addresses.find((address) => reachOf(address) === 'public');
  const address = publicAddress ?? addresses.find((candidate) => reachOf(candidate) === 'private');
  if (address === undefined) return { missing: unknownAddress(target.label, addresses) };
  const shownHost = host === '' ? address : host;
  const values = { host: shownHost, path, ip: address, scheme: target.tls ? 'https' : 'http' };
  const balancer = addresses.map((candidate) => balancers.get(candidate)).find((route) => route !== undefined);
  if (publicAddress === undefined) {
    return {
      route: {
        class: 'internal-lb',
        factor: 'exposure.internal-lb',
        ref,
        field: target.addressField,
        value: address,
        values,
      },
    };
  }
  const ranges = target.ranges ?? (balancer?.class === 'source-limited' ? balancer.values['ranges'] : undefined);
  if (ranges !== undefined) {
    return {
      route: {
        class: 'source-limited',
        factor: 'exposure.source-limited',
        ref,
        field: target.rangesField ?? balancer?.field ?? target.addressField,
        value: ranges,
        values: { ...values, ranges },
      },
    };
  }
  return {
    route: {
      class: 'internet',
      factor: 'exposure.ingress-host',
      ref,
      field: host === '' ? target.addressField : target.hostField,
      value: shownHost,
      values,
    },
  };
}

/** Annotations by which ingress controllers limit sources; commas between ranges. */
const rangeAnnotations: readonly string[] = [
  'nginx.ingress.kubernetes.io/whitelist-source-range',
  'nginx.ingress.kubernetes.io/allowlist-source-range',
];

function ingressFronts(
  ingress: Ingress,
  balancers: ReadonlyMap<string, ExposureRoute>,
  clusterId: string,
): [service: string, front: Front][] {
  const { metadata, spec } = ingress;
  const annotations = metadata.annotations ?? {};
  const ref = objectRef(clusterId, metadata.namespace, 'ingress', metadata.name);
  const rangesFrom = rangeAnnotations.find((name) => (annotations[name] ?? '') !== '');
  const ranges = rangesFrom === undefined ? undefined : annotations[rangesFrom];
  const limited = ranges !== undefined && !ranges.split(',').some(isEverybody) ? ranges : undefined;
  const secured = new Set((spec?.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
  const base = {
    ref,
    label: `ingress ${metadata.namespace}/${metadata.name}`,
    addressField: 'status.loadBalancer.ingress[].ip',
    addresses: addressesOf(ingress.status?.loadBalancer),
    ...(limited === undefined ? {} : { ranges: limited }),
    ...(limited === undefined || rangesFrom === undefined
      ? {}
      : { rangesField: `metadata.annotations["${rangesFrom}"]` }),
  };
  const out: [string, Front][] = [];
  const add = (service: string | undefined, host: string, path: string, hostField: string): void => {
    if (service === undefined) return;
    const tls = host === '' ? secured.size > 0 : secured.has(host);
    out.push([`${metadata.namespace}/${service}`, frontOf({ ...base, host, path, tls, hostField }, balancers)]);
  };
  for (const [index, rule] of (spec?.rules ?? []).entries()) {
    for (const { path, backend } of rule.http?.paths ?? []) {
      add(backend?.service?.name, rule.host ?? '', path ?? '/', `spec.rules[${index}].host`);
    }
  }
  add(spec?.defaultBackend?.service?.name, '', '/', 'spec.defaultBackend');
  return out;
}

function gatewayFronts(
  route: HttpRoute,
  gateways: ReadonlyMap<string, Gateway>,
  balancers: ReadonlyMap<string, ExposureRoute>,
  clusterId: string,
): [service: string, front: Front][] {
  const { metadata, spec } = route;
  const out: [string, Front][] = [];
  for (const parent of spec?.parentRefs ?? []) {
    if ((parent.kind ?? 'Gateway') !== 'Gateway') continue;
    const key = `${parent.namespace ?? metadata.namespace}/${parent.name}`;
    const gateway = gateways.get(key);
    const addresses = (gateway?.status?.addresses ?? []).map(({ value }) => value);
    const tls = (gateway?.spec?.listeners ?? []).some(({ protocol }) => protocol === 'HTTPS');
    const host = spec?.hostnames?.[0] ?? '';
    for (const rule of spec?.rules ?? []) {
      const path = rule.matches?.[0]?.path?.value ?? '/';
      const front = frontOf(
        {
          ref: objectRef(clusterId, metadata.namespace, 'httproute', metadata.name),
          label: `gateway ${key}`,
          addressField: 'status.addresses[].value',
          addresses,
          host,
          path,
          tls,
          hostField: 'spec.hostnames',
        },
        balancers,
      );
      for (const backend of rule.backendRefs ?? []) {
        if ((backend.kind ?? 'Service') !== 'Service') continue;
        out.push([`${backend.namespace ?? metadata.namespace}/${backend.name}`, front]);
      }
    }
  }
  return out;
}

const policyEngines: ReadonlySet<string> = new Set(['azure', 'calico', 'cilium']);

/** The policy by which nothing may enter, when policies have an effect here. Kubernetes, "Network Policies". */
function defaultDenial(
  policies: readonly NetworkPolicy[],
  workload: WorkloadDraft,
  context: ExposureContext,
): ExposureRoute | undefined {
  if (context.networkPolicy === undefined || !policyEngines.has(context.networkPolicy)) return undefined;
  if (workload.hostNetwork || workload.podLabels.length === 0) return undefined;
  const applying = (labels: Labels): NetworkPolicy[] =>
    policies.filter(
      ({ spec }) =>
        spec !== null &&
        spec !== undefined &&
        (spec.policyTypes ?? ['Ingress']).includes('Ingress') &&
        fitsSelector(labels, spec.podSelector),
    );
  const denies = (labels: Labels): boolean => {
    const matching = applying(labels);
    return matching.length > 0 && matching.every(({ spec }) => (spec?.ingress ?? []).length === 0);
  };
  const [first] = workload.podLabels;
  if (first === undefined || !workload.podLabels.every(denies)) return undefined;
  const [policy] = applying(first);
  if (policy === undefined) return undefined;
  return {
    class: 'isolated',
    factor: 'exposure.isolated',
    ref: objectRef(context.clusterId, policy.metadata.namespace, 'networkpolicy', policy.metadata.name),
    field: 'spec.ingress',
    value: 'none',
    values: { policy: policy.metadata.name },
  };
}

/** Ranges that the internet does not route to. IANA special-purpose address registries; documentation ranges count as public. */
const privateRanges = ((): BlockList => {
  const list = new BlockList();
  const four: readonly (readonly [string, number])[] = [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['224.0.0.0', 3],
  ];
  for (const [address, bits] of four) list.addSubnet(address, bits, 'ipv4');
  const six: readonly (readonly [string, number])[] = [
    ['::1', 128],
    ['::', 128],
    ['fc00::', 7],
    ['fe80::', 10],
    ['ff00::', 8],
  ];
  for (const [address, bits] of six) list.addSubnet(address, bits, 'ipv6');
  return list;
})();

/** Whether the internet can route to an address; undefined for what is no address, such as a host name. */
export function isPublicIp(address: string): boolean | undefined {
  const family = isIP(address);
  if (family === 0) return undefined;
  return !privateRanges.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Names under which Azure publishes front ends. */
const publicNames = /\.(cloudapp\.azure\.com|alb\.azure\.com|azurefd\.net)$/i;

function reachOf(address: string): 'public' | 'private' | 'unknown' {
  const known = isPublicIp(address);
  if (known === undefined) return publicNames.test(address) ? 'public' : 'unknown';
  return known ? 'public' : 'private';
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(items, key);
}
