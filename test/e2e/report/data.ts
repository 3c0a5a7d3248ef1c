/** Generated results of an imaginary company, the same in every run. */
import { evaluateFinding } from '../../../src/findings/priority/evaluate.ts';
import { toExplanation } from '../../../src/findings/priority/explanation.ts';
import type { FactorEvidence, PriorityInput } from '../../../src/findings/priority/finding.ts';
import type { AssetRef, Finding, FindingState } from '../../../src/findings/types.ts';
import type { ConnectivityModel, DashboardModel, SeverityCounts } from '../../../src/report/contract.ts';
import type { FindingListItem } from '../../../src/report/list-item.ts';
import { toListItem } from '../../../src/report/list-item.ts';

/** A linear congruential generator (constants of Numerical Recipes): good enough to scatter values. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const now = Date.parse('2026-11-20T10:00:00Z');
const day = 24 * 60 * 60 * 1000;

const packages = [
  ['deb', 'openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2'],
  ['deb', 'libxml2', '2.9.14+dfsg-1.3~deb12u1', '2.9.14+dfsg-1.3~deb12u4'],
  ['deb', 'glibc', '2.36-9+deb12u9', '2.36-9+deb12u13'],
  ['deb', 'zlib', '1:1.2.13.dfsg-1', undefined],
  ['deb', 'curl', '7.88.1-10+deb12u8', '7.88.1-10+deb12u14'],
  ['apk', 'busybox', '1.36.1-r28', '1.36.1-r31'],
  ['apk', 'musl', '1.2.5-r0', '1.2.5-r9'],
  ['npm', 'lodash', '4.17.15', '4.17.21'],
  ['npm', 'express', '4.17.1', '4.19.2'],
  ['npm', 'minimist', '1.2.0', '1.2.6'],
] as const;

const troubles = [
  'reads outside of a buffer when a certificate chain is checked',
  'frees memory twice after a failed handshake',
  'follows symbolic links when unpacking',
  'lets a long header exhaust memory',
  'merges keys of untrusted objects into prototypes',
] as const;

const applications = ['orders', 'payments', 'web shop', 'identity', 'warehouse', ''] as const;
const clusters = ['aks-prod', 'aks-test'] as const;
const connections = [
  ['c-prod', 'Production'],
  ['c-dev', 'Development'],
] as const;
const subscriptions = [
  ['11111111-1111-4111-8111-111111111111', 'shop-production'],
  ['22222222-2222-4222-8222-222222222222', 'shop-development'],
] as const;

export const connectionNames: ReadonlyMap<string, string> = new Map(connections);
export const subscriptionNames: ReadonlyMap<string, string> = new Map(subscriptions);

const checks = [
  ['acr-admin-user-disabled', 'Registry admin user is enabled', 'high', 'registry'],
  ['acr-anonymous-pull-disabled', 'Anyone can pull images of this registry', 'critical', 'registry'],
  ['aks-local-accounts-disabled', 'Cluster accepts local accounts', 'medium', 'cluster'],
  ['storage-public-access', 'Storage account allows public blobs', 'high', 'resource'],
  ['keyvault-purge-protection', 'Key vault can be purged', 'low', 'resource'],
] as const;

/** Evidence that leads to different levels: a table of situations. */
const situations: readonly (readonly FactorEvidence[])[] = [
  [
    { id: 'runtime.running', value: true, values: { n: '3', workload: 'orders' } },
    { id: 'exposure.cluster-only', value: true },
    { id: 'business.production', value: true, values: { where: 'namespace orders' } },
    { id: 'data.keyvault', value: 'unknown', why: 'Role assignments of shop-production could not be read (403).' },
  ],
  [
    { id: 'runtime.running', value: true, values: { n: '6', workload: 'web' } },
    { id: 'exposure.ingress-host', value: true, values: { host: 'shop.contoso.example', path: '/' } },
    { id: 'business.production', value: true, values: { where: 'namespace shop' } },
    { id: 'exploit.kev', value: true, values: { date: '2026-10-01' } },
    { id: 'fix.available', value: true, values: { version: 'the next patch' } },
  ],
  [
    { id: 'fix.available', value: true, values: { version: 'the next patch' } },
    { id: 'image.base-layer', value: true, values: { base: 'debian:12-slim' } },
    { id: 'runtime.running', value: 'unknown', why: 'Cluster aks-test does not answer (timed out).' },
  ],
  [
    { id: 'runtime.running', value: true, values: { n: '2', workload: 'payments' } },
    { id: 'exposure.public-lb', value: true, values: { ip: '203.0.113.7', port: '443' } },
    { id: 'exposure.source-limited', value: false },
    { id: 'image.root-user', value: true },
    { id: 'image.own-layer', value: true, values: { n: '12' } },
    { id: 'image.stale-tag', value: true, values: { tag: 'web:1.4', date: '2026-11-02' } },
    { id: 'runtime.privileged', value: true },
    {
      id: 'runtime.sa-token-powerful',
      value: true,
      values: { verb: 'read', resource: 'secrets', scope: 'the cluster' },
    },
    { id: 'data.keyvault', value: true, values: { vault: 'kv-shop' } },
    { id: 'exploit.epss-high', value: true, values: { p: '0.71', date: '2026-11-19' } },
  ],
  [
    { id: 'runtime.not-running', value: true, values: { n: '2', date: '2026-09-01' } },
    { id: 'exploit.quiet', value: true, values: { n: '400', p: '0.001' } },
    { id: 'fix.none', value: true, values: { vendor: 'Debian' } },
  ],
  [{ id: 'vex.not-affected', value: true, values: { issuer: 'Debian', justification: 'vulnerable code not present' } }],
];

const bases = ['Critical', 'High', 'Medium', 'Medium', 'Low', 'Low', 'Unknown'] as const;

/** One finding in full. */
export function makeFinding(number: number): Finding {
  const next = random(number + 1);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
  const kind = next();
  const application = pick(applications);
  const at = next() < 0.7 ? 0 : 1;
  const [connectionId, connectionName] = connections[at];
  const [subscriptionId, subscriptionName] = subscriptions[at];
  const situation = Math.floor(next() ** 1.5 * situations.length);
  const factors = situations[situation]!;
  const registry = at === 0 ? 'shopprod' : 'shopdev';
  const repository = `${application === '' ? 'tools' : application.replace(' ', '-')}/${pick(['api', 'web', 'worker', 'jobs'])}`;
  const digest = `sha256:${(number % 997).toString(16).padStart(4, '0').repeat(16)}`;
  const tag = `1.${(number % 997) % 40}`;
  const image: AssetRef = {
    id: `image:${registry}.azurecr.io/${repository}@${digest}`,
    kind: 'image',
    name: `${repository}:${tag}`,
    path: [connectionName, subscriptionName, registry, repository],
  };
  const seen = new Date(now - Math.floor(next() ** 3 * 200) * day - (number % 24) * 3_600_000).toISOString();
  const common = {
    connectionId,
    subscriptionId,
    application,
    firstSeen: seen,
    lastSeen: '2026-11-20T09:02:00.000Z',
    aliases: [],
    references: [],
    history: [
      { at: seen, what: 'seen' as const, text: 'First seen', scanId: 'scan-100' },
      {
        at: '2026-11-18T09:02:00.000Z',
        what: 'severity' as const,
        text: 'medium → high: EPSS 0.08 → 0.61.',
        scanId: 'scan-217',
      },
    ],
  };
  const id = `f${number.toString(36).padStart(6, '0')}`;
  const state = (open: boolean): FindingState => {
    const draw = next();
    if (!open) return 'notAffected';
    return draw < 0.1 ? 'new' : draw < 0.86 ? 'open' : draw < 0.93 ? 'fixed' : draw < 0.96 ? 'excepted' : 'open';
  };
  const results = {
    open: 'open',
    new: 'open',
    fixed: 'open',
    excepted: 'excepted',
    notAffected: 'notAffected',
  } as const;

  if (kind < 0.9) {
    const [type, name, version, fixed] = pick(packages);
    const cve = `CVE-20${20 + (number % 7)}-${1000 + ((number * 7919) % 48_000)}`;
    const explanation = explain(id, 'vulnerability', pick(bases), type === 'npm' ? 'GitHub' : 'Debian', factors);
    const isRunning = factors.some((factor) => factor.id === 'runtime.running' && factor.value === true);
    const facing = factors.some(({ id, value }) => value === true && /^exposure\.(ingress-host|public-lb)$/.test(id));
    const own = number % 3 === 0;
    const stateNow = state(explanation.effective !== 'none');
    const epss = Math.round(next() ** 6 * 1000) / 1000;
    return {
      ...common,
      id,
      kind: 'vulnerability',
      sourceTool: 'acr',
      check: cve,
      title: `${cve} ${name} ${version}`,
      summary: `The package \`${name}\` ${pick(troubles)}.\n\nAn attacker who can send data to it may crash the process or run code in it. See [the advisory](https://security.example.org/${cve}).\n\n- affects all versions before the fix\n- no configuration avoids it`,
      asset: image,
      explanation,
      state: stateNow,
      result: results[stateNow as keyof typeof results],
      package: {
        type,
        name,
        version,
        purl: `pkg:${type}/${name}@${version}`,
        path: type === 'npm' ? `/app/node_modules/${name}/package.json` : '/var/lib/dpkg/status',
        layer: `sha256:${'ab'.repeat(32)}`,
        createdBy: own ? 'RUN npm ci --omit=dev' : 'debian:12-slim',
        ...(fixed !== undefined && { fixed }),
      },
      aliases: number % 4 === 0 ? [`GHSA-${number.toString(36).padStart(4, 'x')}-aaaa-bbbb`] : [],
      knownExploited: factors.some((factor) => factor.id === 'exploit.kev' && factor.value === true),
      epss,
      running: isRunning,
      internetFacing: facing,
      evidence: [
        {
          label: 'Package database',
          value: `${name} ${version}`,
          ref: image.id,
          field: '/var/lib/dpkg/status',
          at: '2026-11-20T09:01:12Z',
        },
        ...(facing
          ? [
              {
                label: 'Service',
                value: 'LoadBalancer',
                expected: 'ClusterIP',
                ref: 'k8s:aks-prod/shop/service/web',
                field: 'spec.type',
                at: '2026-11-20T09:00:40Z',
              },
            ]
          : []),
      ],
      remediation: [
        ...(own
          ? [
              {
                kind: 'dockerfile' as const,
                text: '-FROM node:20-bookworm\n+FROM node:20.18-bookworm-slim',
                caution: 'The slim image has no compiler: native modules must be built in an earlier stage.',
              },
            ]
          : []),
        ...(fixed === undefined
          ? []
          : [{ kind: 'text' as const, text: `Update \`${name}\` to ${fixed}, or rebuild on a newer base image.` }]),
      ],
      references: [`https://nvd.nist.gov/vuln/detail/${cve}`, `https://security-tracker.debian.org/tracker/${cve}`],
      ...(own && {
        source: {
          uri: 'file:///workspace/services/web/Dockerfile',
          line: 11,
          endLine: 11,
          confidence: number % 2 === 0 ? ('exact' as const) : ('likely' as const),
          excerpt: ['COPY package*.json ./', 'RUN npm ci --omit=dev', 'COPY . .'],
        },
      }),
      affected: isRunning
        ? clusters.map((cluster) => ({
            id: `k8s:${cluster}/${application}/deployment/web`,
            kind: 'workload' as const,
            name: `deployment/${repository.split('/')[1] ?? 'web'}`,
            path: [cluster, application === '' ? 'default' : application],
          }))
        : [],
    };
  }
  if (kind < 0.97) {
    const [check, title, severity, assetKind] = pick(checks);
    const name = `${assetKind === 'registry' ? registry : assetKind === 'cluster' ? pick(clusters) : 'stshopdata'}${(number % 50).toString().padStart(2, '0')}`;
    const provider = {
      registry: 'Microsoft.ContainerRegistry/registries',
      cluster: 'Microsoft.ContainerService/managedClusters',
      resource: 'Microsoft.Storage/storageAccounts',
    }[assetKind];
    const isDenied = next() < 0.3;
    const level = ({ critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' } as const)[severity];
    const explanation = explain(id, 'posture', level, 'the check', [
      { id: 'business.production', value: at === 0, values: { where: 'subscription tag' } },
      { id: 'cloud.defender-off', value: next() < 0.5 },
    ]);
    const stateNow = isDenied ? (number % 2 === 0 ? 'denied' : 'unreadable') : state(true);
    return {
      ...common,
      id,
      kind: check.includes('public') ? 'exposure' : 'configuration',
      sourceTool:
        assetKind === 'registry' ? 'acr' : assetKind === 'cluster' ? 'aks' : number % 2 === 0 ? 'azure' : 'defender',
      check,
      title,
      summary: isDenied
        ? `Whether this holds is not known: reading \`${provider}\` was refused. The identity misses the role Reader on subscription ${subscriptionName}.`
        : 'A shared password names nobody and never expires.',
      asset: {
        id: `/subscriptions/${subscriptionId}/resourcegroups/rg-shop/providers/${provider.toLowerCase()}/${name}`,
        kind: assetKind,
        name,
        path: [connectionName, subscriptionName],
      },
      explanation,
      state: stateNow,
      result: isDenied ? (stateNow === 'denied' ? 'denied' : 'unreadable') : results[stateNow as keyof typeof results],
      knownExploited: false,
      running: false,
      internetFacing: check.includes('public') || check.includes('anonymous'),
      evidence: isDenied
        ? []
        : [
            {
              label: 'Property',
              value: 'true',
              expected: 'false',
              field: 'properties.adminUserEnabled',
              ref: `/subscriptions/${subscriptionId}/…/${name}`,
              at: '2026-11-20T09:00:02Z',
            },
          ],
      remediation: isDenied
        ? [
            {
              kind: 'azureCli',
              text: `az role assignment create --assignee 00000000-0000-4000-8000-000000000001 --role Reader --scope /subscriptions/${subscriptionId}`,
            },
          ]
        : [
            {
              kind: 'azureCli',
              text: `az acr update --name ${name} --admin-enabled false`,
              caution: 'Pipelines that sign in with the admin user stop working.',
            },
            { kind: 'portal', text: '1. Open the registry.\n2. Access keys.\n3. Switch Admin user off.' },
            {
              kind: 'bicep',
              text: "resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {\n  properties: { adminUserEnabled: false }\n}",
            },
          ],
      affected: [],
    };
  }
  const rule = pick(['df-unpinned-base', 'df-runs-as-root', 'df-add-instead-of-copy'] as const);
  return {
    ...common,
    id,
    kind: 'dockerfile',
    sourceTool: 'dockerfile',
    check: rule,
    title: {
      'df-unpinned-base': 'Base image is not pinned',
      'df-runs-as-root': 'Image runs as root',
      'df-add-instead-of-copy': 'ADD where COPY would do',
    }[rule],
    summary: 'Every build may bring something else.',
    asset: {
      id: `dockerfile:file:///workspace/services/s${number % 60}/Dockerfile`,
      kind: 'dockerfile',
      name: `services/s${number % 60}/Dockerfile`,
      path: [],
    },
    explanation: {
      original: { level: 'low', source: 'the rule' },
      factors: [],
      unknown: [],
      up: null,
      down: null,
      pressure: null,
      rules: [],
      window: null,
      effective: 'low',
      placement: null,
      headline: 'Low, as the rule says.',
    },
    state: 'open',
    result: 'open',
    knownExploited: false,
    running: false,
    internetFacing: false,
    evidence: [{ label: 'Line', value: 'FROM node:20', ref: 'Dockerfile', field: 'line 1' }],
    remediation: [{ kind: 'dockerfile', text: '-FROM node:20\n+FROM node:20.18-bookworm-slim@sha256:…' }],
    source: {
      uri: `file:///workspace/services/s${number % 60}/Dockerfile`,
      line: 0,
      endLine: 0,
      confidence: 'exact',
      excerpt: ['FROM node:20', 'WORKDIR /app'],
    },
    affected: [],
  };
}

const explained = new Map<string, Finding['explanation']>();

/** The real model's answer; equal situations are judged once. */
function explain(
  finding: string,
  kind: PriorityInput['kind'],
  level: PriorityInput['base']['level'],
  source: string,
  factors: readonly FactorEvidence[],
): Finding['explanation'] {
  const key = JSON.stringify([kind, level, source, factors]);
  let explanation = explained.get(key);
  if (explanation === undefined) {
    const base = { level, source, ...(kind === 'vulnerability' && level !== 'Unknown' && { other: 'NVD High 8.1' }) };
    explanation = toExplanation(evaluateFinding({ finding, kind, base, factors }));
    explained.set(key, explanation);
  }
  return explanation;
}

/** Compact items of `count` findings. */
export function makeItems(count: number): FindingListItem[] {
  const within = new Map<string, readonly string[]>();
  return Array.from({ length: count }, (_, number) => {
    const finding = makeFinding(number);
    const { asset } = finding;
    let above = within.get(asset.id);
    if (above === undefined) {
      const registry = /^image:([^.]+)/.exec(asset.id)?.[1];
      above =
        registry === undefined
          ? []
          : [
              `/subscriptions/${finding.subscriptionId ?? ''}/resourcegroups/rg-shop/providers/microsoft.containerregistry/registries/${registry}`,
              ...finding.affected.map(({ id }) => id),
            ];
      within.set(asset.id, above);
    }
    return toListItem(finding, above);
  });
}

/** The number in an id. */
export function numberOf(id: string): number {
  return Number.parseInt(id.slice(1), 36);
}

const noCounts: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };

export const emptyDashboard: DashboardModel = {
  connections: [],
  assets: { total: 0, scanned: 0, byKind: [], notScanned: [] },
  open: noCounts,
  states: { open: 0, new: 0, excepted: 0, fixed: 0, denied: 0, unreadable: 0, notAffected: 0, disabled: 0 },
  coverage: { evaluated: 0, applicable: 0, denied: 0, unreadable: 0, disabled: 0, withoutAdvisories: [] },
  fixFirst: [],
  byApplication: [],
  advisories: { text: 'No vulnerability data yet', stale: false },
};

/** The dashboard over a list of items. */
export function makeDashboard(items: readonly FindingListItem[]): DashboardModel {
  const open: Record<keyof SeverityCounts, number> = { ...noCounts };
  const states: Record<FindingState, number> = { ...emptyDashboard.states };
  const byApplication = new Map<string, Record<keyof SeverityCounts, number>>();
  for (const { severity, state, application } of items) {
    states[state]++;
    if ((state !== 'open' && state !== 'new') || severity === 'none') continue;
    open[severity]++;
    const counts = byApplication.get(application) ?? { ...noCounts };
    counts[severity]++;
    byApplication.set(application, counts);
  }
  return {
    connections: [
      {
        id: 'c-prod',
        name: 'Production',
        state: 'active',
        stateText: 'active',
        gaps: 0,
        secretExpires: '2026-12-24T00:00:00Z',
      },
      { id: 'c-dev', name: 'Development', state: 'gaps', stateText: '2 gaps', gaps: 2 },
    ],
    assets: {
      total: 412,
      scanned: 388,
      byKind: [
        { kind: 'registry', label: 'registries', count: 4 },
        { kind: 'image', label: 'images', count: 320 },
        { kind: 'cluster', label: 'clusters', count: 2 },
        { kind: 'workload', label: 'workloads', count: 46 },
        { kind: 'resource', label: 'resources', count: 40 },
      ],
      notScanned: [
        { reason: 'behind a firewall', count: 20 },
        { reason: 'larger than 2 GB', count: 4 },
      ],
    },
    open,
    states: { ...states, open: states.open + states.new },
    coverage: {
      evaluated: 2921,
      applicable: 3210,
      denied: 212,
      unreadable: 3,
      disabled: 74,
      withoutAdvisories: [
        { what: 'shopprod.azurecr.io/legacy/report:2', reason: 'no advisories are published for CentOS 7' },
      ],
    },
    lastScan: {
      id: 'scan-218',
      state: 'partial',
      startedAt: new Date(now - 58 * 60_000).toISOString(),
      endedAt: new Date(now - 52 * 60_000).toISOString(),
      ranFrom: 'this computer',
      done: 388,
      total: 412,
      target: 'Everything in Production and Development',
      problems: [
        {
          what: 'Registry shoplocked',
          reason: 'Its firewall rejects 198.51.100.4, as seen by Azure.',
          nextStep: 'Add the address to the registry’s firewall.',
        },
        {
          what: 'Subscription finance',
          reason: 'Access denied: the role Reader is missing.',
          nextStep: 'Assign Reader to the service principal.',
        },
      ],
    },
    fixFirst: [
      {
        title: 'Update base image debian:12-slim of orders/web',
        closes: 310,
        severity: 'critical',
        filter: { states: ['open'], applications: ['orders'], severities: ['critical'] },
      },
      {
        title: 'Update openssl in payments/api',
        closes: 127,
        severity: 'critical',
        filter: { states: ['open'], text: 'openssl' },
      },
      {
        title: 'Disable anonymous pull on shopdev',
        closes: 31,
        severity: 'high',
        filter: { states: ['open'], check: 'acr-anonymous-pull-disabled' },
      },
      {
        title: 'Update lodash to 4.17.21 in web-shop/web',
        closes: 18,
        severity: 'high',
        filter: { states: ['open'], text: 'lodash' },
      },
      {
        title: 'Pin the base images of 12 Dockerfiles',
        closes: 12,
        severity: 'low',
        filter: { states: ['open'], sourceTools: ['dockerfile'] },
      },
    ],
    byApplication: [...byApplication].map(([application, counts]) => ({ application, counts })),
    advisories: { text: 'Vulnerability data of today, 06:00', stale: false },
  };
}

export const connectivity: ConnectivityModel = {
  connections: [
    {
      connection: { id: 'c-dev', name: 'Development', state: 'gaps', stateText: '2 gaps', gaps: 2 },
      running: false,
      result: {
        connectionId: 'c-dev',
        startedAt: new Date(now - 3 * 60_000).toISOString(),
        ranFrom: 'WSL: Ubuntu',
        verdict: 'gaps',
        steps: [
          {
            id: 'network',
            group: 'identity',
            title: 'Network and clock',
            state: 'pass',
            required: false,
            neededFor: [],
            durationMs: 84,
          },
          {
            id: 'tenant',
            group: 'identity',
            title: 'Directory contoso.example',
            state: 'pass',
            required: true,
            neededFor: ['everything'],
            durationMs: 212,
          },
          {
            id: 'token.arm',
            group: 'identity',
            title: 'Azure token',
            state: 'pass',
            required: true,
            neededFor: ['everything'],
            durationMs: 340,
            detail: { traceId: '7f0c2c9e-6d0c-4b4e-9a55-0d1f5a3b1f00' },
          },
          {
            id: 'token.acr',
            group: 'identity',
            title: 'Container registry token',
            state: 'pass',
            required: false,
            neededFor: ['registries'],
          },
          {
            id: 'graph.directory',
            group: 'directory',
            title: 'Read directory data (Directory.Read.All)',
            state: 'skipped',
            required: false,
            neededFor: ['directory checks'],
            reason: 'Left out by your choice.',
          },
          {
            id: 'role.reader:2',
            group: 'subscription',
            title: 'Reader on shop-development',
            state: 'pass',
            required: true,
            neededFor: ['inventory', 'posture'],
            reason: "Granted by custom role 'Sec Audit'.",
          },
          {
            id: 'role.reader:3',
            group: 'subscription',
            title: 'Reader on finance',
            state: 'warn',
            required: false,
            neededFor: ['inventory', 'posture'],
            reason: 'The identity holds no role there.',
            nextStep: 'Assign the role Reader.',
            command: {
              label: 'Assigns Reader on the subscription',
              text: 'az role assignment create --assignee 00000000-0000-4000-8000-000000000001 --role Reader --scope /subscriptions/33333333-3333-4333-8333-333333333333',
            },
            link: {
              label: 'Access control of the subscription',
              uri: 'https://portal.azure.com/#@contoso/resource/subscriptions/33333333-3333-4333-8333-333333333333/users',
            },
            detail: { code: 'AuthorizationFailed', httpStatus: 403, traceId: 'b1f4f0f2-2a1d-4a7e-9a55-0d1f5a3b1f00' },
            durationMs: 431,
          },
          {
            id: 'registry.data:shopdev',
            group: 'registry',
            title: 'Registry shopdev: list and read images',
            state: 'pass',
            required: false,
            neededFor: ['image scans'],
          },
          {
            id: 'registry.data:shoplocked',
            group: 'registry',
            title: 'Registry shoplocked: list and read images',
            state: 'fail',
            required: false,
            neededFor: ['image scans'],
            reason: 'The registry’s firewall rejects 198.51.100.4, as seen by Azure.',
            nextStep: 'Add the address to the firewall.',
            detail: { code: 'DENIED', httpStatus: 403 },
          },
          {
            id: 'cluster.api:aks-test',
            group: 'cluster',
            title: 'Cluster aks-test: API',
            state: 'blocked',
            required: false,
            neededFor: ['running images', 'exposure'],
            reason: 'Needs the step: user credentials.',
          },
          {
            id: 'data.vulnerabilities',
            group: 'optional',
            title: 'Vulnerability data',
            state: 'pass',
            required: false,
            neededFor: ['image scans'],
            reason: 'Of today, 06:00.',
          },
        ],
      },
    },
    {
      connection: { id: 'c-prod', name: 'Production', state: 'active', stateText: 'active', gaps: 0 },
      running: false,
      result: {
        connectionId: 'c-prod',
        startedAt: new Date(now - 4 * 60_000).toISOString(),
        ranFrom: 'WSL: Ubuntu',
        verdict: 'active',
        steps: [
          {
            id: 'tenant',
            group: 'identity',
            title: 'Directory contoso.example',
            state: 'pass',
            required: true,
            neededFor: ['everything'],
          },
          {
            id: 'token.arm',
            group: 'identity',
            title: 'Azure token',
            state: 'pass',
            required: true,
            neededFor: ['everything'],
          },
        ],
      },
    },
  ],
};
