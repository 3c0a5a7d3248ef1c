import assert from 'node:assert/strict';
import { deriveExposure, isPublicIp, type ExposureContext } from '../../../src/kubernetes/exposure.ts';
import {
  endpointSliceSchema,
  gatewaySchema,
  httpRouteSchema,
  ingressSchema,
  networkPolicySchema,
  serviceSchema,
} from '../../../src/kubernetes/objects.ts';
import type { Exposure } from '../../../src/kubernetes/types.ts';
import type { WorkloadDraft } from '../../../src/kubernetes/workloads.ts';

const context: ExposureContext = { clusterId: '/C', nodesHavePublicIps: false, missing: [] };

function workload(extra: Partial<WorkloadDraft> = {}): WorkloadDraft {
  return {
    id: 'k8s:/c/shop/deployment/orders',
    namespace: 'shop',
    kind: 'Deployment',
    name: 'orders',
    labels: {},
    replicas: 1,
    containers: [],
    podLabels: [{ app: 'orders' }],
    podNames: ['orders-1'],
    hostPorts: [],
    hostNetwork: false,
    ...extra,
  };
}

interface ServiceParts {
  readonly name?: string;
  readonly type?: string;
  readonly ip?: string;
  readonly hostname?: string;
  readonly annotations?: object;
  readonly spec?: object;
}

function service({ name = 'orders', type = 'ClusterIP', ip, hostname, annotations, spec }: ServiceParts = {}) {
  return serviceSchema.parse({
    metadata: { name, namespace: 'shop', annotations },
    spec: { type, selector: { app: 'orders' }, ports: [{ port: 443, nodePort: 30443 }], ...spec },
    status: { loadBalancer: { ingress: ip === undefined && hostname === undefined ? undefined : [{ ip, hostname }] } },
  });
}

function ingress(ip: string | undefined, extra: { annotations?: object; tls?: object[]; host?: string } = {}) {
  return ingressSchema.parse({
    metadata: { name: 'web', namespace: 'shop', annotations: extra.annotations },
    spec: {
      tls: extra.tls,
      rules: [
        {
          host: extra.host ?? 'shop.contoso.test',
          http: { paths: [{ path: '/api', backend: { service: { name: 'orders' } } }] },
        },
      ],
    },
    status: { loadBalancer: { ingress: ip === undefined ? [] : [{ ip }] } },
  });
}

type Objects = Parameters<typeof deriveExposure>[1];
const nothingElse: Objects = { endpointSlices: [], ingresses: [], gateways: [], httpRoutes: [], networkPolicies: [] };

function exposure(objects: Objects, more: Partial<ExposureContext> = {}, draft = workload()): Exposure {
  return deriveExposure([draft], { ...nothingElse, ...objects }, { ...context, ...more })[0] ?? assert.fail('none');
}

const factors = (found: Exposure): (string | undefined)[] => found.routes.map(({ factor }) => factor);
const annotation = (name: string): string => `service.beta.kubernetes.io/azure-${name}`;

describe('exposure by services', () => {
  it('a load balancer with a public address faces the internet', () => {
    const found = exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3' })] });
    assert.equal(found.class, 'internet');
    assert.deepEqual(found.routes, [
      {
        class: 'internet',
        factor: 'exposure.public-lb',
        ref: 'k8s:/c/shop/service/orders',
        field: 'status.loadBalancer.ingress[].ip',
        value: '20.50.2.3',
        values: { ip: '20.50.2.3', port: '443' },
      },
    ]);
  });

  it('one with a private address is internal, annotation or not', () => {
    for (const annotations of [undefined, { [annotation('load-balancer-internal')]: 'true' }]) {
      const found = exposure({
        services: [service({ type: 'LoadBalancer', ip: '10.0.0.7', ...(annotations && { annotations }) })],
      });
      assert.equal(found.class, 'internal-lb');
      assert.deepEqual(factors(found), ['exposure.internal-lb']);
    }
  });

  it('a public address outweighs an annotation that says internal', () => {
    const annotations = { [annotation('load-balancer-internal')]: 'true' };
    assert.equal(
      exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3', annotations })] }).class,
      'internet',
    );
  });

  it('without an address the annotation decides, and without both nothing is known', () => {
    const annotations = { [annotation('load-balancer-internal')]: 'true' };
    assert.equal(exposure({ services: [service({ type: 'LoadBalancer', annotations })] }).class, 'internal-lb');
    const found = exposure({ services: [service({ type: 'LoadBalancer' })] });
    assert.equal(found.class, 'unknown');
    assert.deepEqual(found.missing, ['address of service shop/orders: none yet']);
  });

  it('a name instead of an address may be public or not', () => {
    assert.equal(
      exposure({ services: [service({ type: 'LoadBalancer', hostname: 'lb.example.test' })] }).class,
      'unknown',
    );
    assert.equal(
      exposure({ services: [service({ type: 'LoadBalancer', hostname: 'shop.westeurope.cloudapp.azure.com' })] }).class,
      'internet',
    );
  });

  it('limited sources are told apart, wherever they are written', () => {
    for (const parts of [
      { spec: { loadBalancerSourceRanges: ['203.0.113.0/24'] } },
      { annotations: { [annotation('allowed-ip-ranges')]: '203.0.113.0/24' } },
    ]) {
      const found = exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3', ...parts })] });
      assert.equal(found.class, 'source-limited');
      assert.equal(found.routes[0]?.factor, 'exposure.source-limited');
      assert.equal(found.routes[0].values['ranges'], '203.0.113.0/24');
    }
    for (const range of ['0.0.0.0/0', '::/0']) {
      const spec = { loadBalancerSourceRanges: ['203.0.113.0/24', range] };
      assert.equal(
        exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3', spec })] }).class,
        'internet',
      );
    }
    const tags = { [annotation('allowed-service-tags')]: 'AzureCloud,Internet' };
    assert.equal(
      exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3', annotations: tags })] }).class,
      'internet',
    );
  });

  it('a private link service in front leaves the question open', () => {
    const annotations = { [annotation('pls-create')]: 'true' };
    const found = exposure({ services: [service({ type: 'LoadBalancer', ip: '10.0.0.7', annotations })] });
    assert.equal(found.class, 'unknown');
    assert.deepEqual(factors(found), [undefined]);
  });

  it('a cluster address stays inside the cluster', () => {
    const found = exposure({ services: [service()] });
    assert.equal(found.class, 'cluster-only');
    assert.deepEqual(factors(found), ['exposure.cluster-only']);
  });

  it('no service at all means isolated', () => {
    const found = exposure({ services: [] });
    assert.equal(found.class, 'isolated');
    assert.deepEqual(factors(found), ['exposure.isolated']);
  });

  it('of several services the most exposed one counts, and nothing lowers', () => {
    const found = exposure({ services: [service(), service({ name: 'pub', type: 'LoadBalancer', ip: '20.50.2.3' })] });
    assert.equal(found.class, 'internet');
    assert.deepEqual(factors(found), [undefined, 'exposure.public-lb']);
  });

  it('a service reaches pods by its endpoint slices too', () => {
    const slice = endpointSliceSchema.parse({
      metadata: { name: 'x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'manual' } },
      endpoints: [{ targetRef: { kind: 'Pod', name: 'orders-1', namespace: 'shop' } }],
    });
    const manual = service({ name: 'manual', type: 'LoadBalancer', ip: '20.50.2.3', spec: { selector: null } });
    assert.equal(exposure({ services: [manual], endpointSlices: [slice] }).class, 'internet');
    assert.equal(exposure({ services: [manual] }).class, 'isolated');
  });

  it('ports on nodes are public only with public nodes, and then not known', () => {
    const services = [service({ type: 'NodePort' })];
    assert.equal(exposure({ services }).class, 'cluster-only');
    assert.equal(exposure({ services }, { nodesHavePublicIps: true }).class, 'unknown');
    assert.equal(exposure({ services }, { nodesHavePublicIps: 'unknown' }).class, 'unknown');
    assert.equal(exposure({ services: [] }, {}, workload({ hostNetwork: true })).class, 'cluster-only');
    assert.equal(
      exposure({ services: [] }, { nodesHavePublicIps: true }, workload({ hostPorts: [80] })).class,
      'unknown',
    );
  });
});

describe('exposure by ingress', () => {
  it('with a public address publishes its host and path', () => {
    const found = exposure({
      services: [service()],
      ingresses: [ingress('20.50.2.4', { tls: [{ hosts: ['shop.contoso.test'] }] })],
    });
    assert.equal(found.class, 'internet');
    assert.deepEqual(found.routes[1], {
      class: 'internet',
      factor: 'exposure.ingress-host',
      ref: 'k8s:/c/shop/ingress/web',
      field: 'spec.rules[0].host',
      value: 'shop.contoso.test',
      values: { host: 'shop.contoso.test', path: '/api', ip: '20.50.2.4', scheme: 'https' },
    });
  });

  it('with a private address is internal', () => {
    assert.equal(exposure({ services: [service()], ingresses: [ingress('10.1.2.3')] }).class, 'internal-lb');
  });

  it('without an address leaves the question open', () => {
    const found = exposure({ services: [service()], ingresses: [ingress(undefined)] });
    assert.equal(found.class, 'unknown');
    assert.deepEqual(found.missing, ['address of ingress shop/web: none yet']);
  });

  it('takes the limits of its controller’s own load balancer', () => {
    const controller = serviceSchema.parse({
      metadata: { name: 'nginx', namespace: 'app-routing-system' },
      spec: { type: 'LoadBalancer', selector: { app: 'nginx' }, loadBalancerSourceRanges: ['203.0.113.0/24'] },
      status: { loadBalancer: { ingress: [{ ip: '20.50.2.4' }] } },
    });
    const found = exposure({ services: [service(), controller], ingresses: [ingress('20.50.2.4')] });
    assert.equal(found.class, 'source-limited');
    const annotated = ingress('20.50.2.5', {
      annotations: { 'nginx.ingress.kubernetes.io/whitelist-source-range': '198.51.100.0/24' },
    });
    assert.equal(exposure({ services: [service()], ingresses: [annotated] }).class, 'source-limited');
  });

  it('leads through its default backend as well', () => {
    const whole = ingressSchema.parse({
      metadata: { name: 'all', namespace: 'shop' },
      spec: { defaultBackend: { service: { name: 'orders' } } },
      status: { loadBalancer: { ingress: [{ ip: '20.50.2.4' }] } },
    });
    assert.equal(exposure({ services: [service()], ingresses: [whole] }).class, 'internet');
  });
});

describe('exposure by Gateway API', () => {
  const route = httpRouteSchema.parse({
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      hostnames: ['api.contoso.test'],
      parentRefs: [{ name: 'edge', namespace: 'infra' }],
      rules: [{ matches: [{ path: { value: '/v1' } }], backendRefs: [{ name: 'orders' }] }],
    },
  });
  const gateway = (value: string) =>
    gatewaySchema.parse({
      metadata: { name: 'edge', namespace: 'infra' },
      spec: { listeners: [{ protocol: 'HTTPS', port: 443 }] },
      status: { addresses: [{ type: 'IPAddress', value }] },
    });

  it('follows the route to its gateway and its address', () => {
    const found = exposure({ services: [service()], gateways: [gateway('20.50.2.9')], httpRoutes: [route] });
    assert.equal(found.class, 'internet');
    assert.deepEqual(found.routes[1]?.values, {
      host: 'api.contoso.test',
      path: '/v1',
      ip: '20.50.2.9',
      scheme: 'https',
    });
    assert.equal(
      exposure({ services: [service()], gateways: [gateway('10.0.0.9')], httpRoutes: [route] }).class,
      'internal-lb',
    );
  });

  it('that may not be read leaves everything open that is not public', () => {
    const missing = ['/apis/gateway.networking.k8s.io/v1/gateways: 403'];
    const found = exposure({ services: [service()] }, { missing });
    assert.equal(found.class, 'unknown');
    assert.deepEqual(found.missing, missing);
    assert.deepEqual(factors(found), [undefined]);
    assert.equal(
      exposure({ services: [service({ type: 'LoadBalancer', ip: '20.50.2.3' })] }, { missing }).class,
      'internet',
    );
    assert.equal(exposure({ services: [] }, { missing }).class, 'unknown');
  });
});

describe('unread services', () => {
  it('never look like no services', () => {
    const { class: found, routes } = exposure({}, { missing: ['/api/v1/services: 403'] });
    assert.equal(found, 'unknown');
    assert.deepEqual(routes, []);
    assert.equal(exposure({}).class, 'unknown');
  });
});

describe('network policies', () => {
  const policy = (spec: object) => networkPolicySchema.parse({ metadata: { name: 'deny', namespace: 'shop' }, spec });
  const denyAll = policy({ podSelector: {}, policyTypes: ['Ingress'] });

  it('isolate when an engine enforces them', () => {
    const objects = { services: [service()], networkPolicies: [denyAll] };
    assert.equal(exposure(objects, { networkPolicy: 'cilium' }).class, 'isolated');
    assert.equal(exposure(objects).class, 'cluster-only');
  });

  it('do not isolate when a rule lets something in, or another policy does, or they speak of other pods', () => {
    const on = { networkPolicy: 'azure' };
    const open = policy({ podSelector: { matchLabels: { app: 'orders' } }, ingress: [{}] });
    assert.equal(exposure({ services: [service()], networkPolicies: [open] }, on).class, 'cluster-only');
    assert.equal(exposure({ services: [service()], networkPolicies: [denyAll, open] }, on).class, 'cluster-only');
    const other = policy({
      podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['orders'] }] },
    });
    assert.equal(exposure({ services: [service()], networkPolicies: [other] }, on).class, 'cluster-only');
    const egress = policy({ podSelector: {}, policyTypes: ['Egress'] });
    assert.equal(exposure({ services: [service()], networkPolicies: [egress] }, on).class, 'cluster-only');
  });

  it('do not hide a public address', () => {
    const services = [service({ type: 'LoadBalancer', ip: '20.50.2.3' })];
    assert.equal(exposure({ services, networkPolicies: [denyAll] }, { networkPolicy: 'calico' }).class, 'internet');
  });
});

describe('addresses', () => {
  const cases: readonly (readonly [string, boolean | undefined])[] = [
    ['20.50.2.3', true],
    ['203.0.113.7', true],
    ['10.0.0.1', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['127.0.0.1', false],
    ['2603:1020::1', true],
    ['fd00::1', false],
    ['fe80::1', false],
    ['::1', false],
    ['shop.contoso.test', undefined],
    ['', undefined],
  ];
  for (const [address, expected] of cases) {
    it(`"${address}" is ${expected === undefined ? 'none' : expected ? 'public' : 'private'}`, () => {
      assert.equal(isPublicIp(address), expected);
    });
  }
});
