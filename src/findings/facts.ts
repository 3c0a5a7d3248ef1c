import type { Vulnerability } from '../advisories/types.ts';
import type { ImageReport, PlacedPackage } from '../image/types.ts';
import type { Exposure, RunningContainer, Workload } from '../kubernetes/types.ts';
import type { FactorEvidence } from './priority/finding.ts';
import type { FactorId } from './priority/factors.ts';

/** One container that runs an image now. */
export interface ImagePlacement {
  readonly clusterId: string;
  readonly clusterName: string;
  /** ISO time of the read. */
  readonly readAt: string;
  readonly workload: Workload;
  readonly container: RunningContainer;
}

/** What is known of the registry that holds an image; absent members are unknown. */
export interface RegistryFacts {
  readonly name: string;
  readonly publicNetwork?: boolean;
  readonly anonymousPull?: boolean;
  readonly adminUser?: boolean;
  /** Defender's plan for containers on the subscription. */
  readonly defenderOff?: boolean;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Thresholds of the model, "EPSS". */
const epssHigh = 0.5;
const epssMedium = 0.1;
const epssQuiet = 0.01;
const epssFreshDays = 7;
const quietAfterDays = 90;

function fact(id: FactorId, value: boolean | 'unknown', more?: Partial<FactorEvidence>): FactorEvidence {
  return { id, value, ...more };
}

/** Group X: what is known of attacks. Without a CVE neither KEV nor EPSS says anything. */
export function exploitFacts(vulnerability: Vulnerability, now: Date): FactorEvidence[] {
  const { kev, epss, published } = vulnerability;
  const out: FactorEvidence[] = [];
  if (kev !== undefined) {
    out.push(fact('exploit.kev', true, { values: { date: kev.dateAdded } }));
    if (kev.ransomware) out.push(fact('exploit.kev-ransomware', true));
  }
  const scoreAge = epss === undefined ? undefined : now.getTime() - Date.parse(epss.date);
  const fresh = scoreAge !== undefined && scoreAge <= epssFreshDays * dayMs;
  const values = epss === undefined ? {} : { p: formatProbability(epss.probability), date: epss.date.slice(0, 10) };
  if (epss !== undefined && epss.probability >= epssHigh)
    out.push(fact('exploit.epss-high', true, { values, ...aged(fresh) }));
  else if (epss !== undefined && epss.probability >= epssMedium)
    out.push(fact('exploit.epss-medium', true, { values, ...aged(fresh) }));
  else if (kev === undefined) {
    const days = published === undefined ? undefined : Math.floor((now.getTime() - Date.parse(published)) / dayMs);
    if (epss === undefined) out.push(fact('exploit.quiet', 'unknown', { why: 'no EPSS score is known' }));
    else if (days === undefined || Number.isNaN(days))
      out.push(fact('exploit.quiet', 'unknown', { why: 'the day of publication is not known' }));
    else if (epss.probability < epssQuiet && days > quietAfterDays) {
      out.push(
        fact('exploit.quiet', true, {
          values: { n: String(days), p: values.p ?? '' },
          ...(scoreAge === undefined ? {} : { ageHours: Math.max(0, scoreAge / hourMs) }),
        }),
      );
    }
  }
  return out;
}

function aged(fresh: boolean): { stale?: true } {
  return fresh ? {} : { stale: true };
}

function formatProbability(p: number): string {
  return p >= 0.1 ? p.toFixed(2) : p.toFixed(3);
}

/** Groups F and V. */
export function fixFacts(vulnerability: Vulnerability, vendor: string): FactorEvidence[] {
  const out: FactorEvidence[] = [];
  if (vulnerability.fixed === undefined) out.push(fact('fix.none', true, { values: { vendor } }));
  else out.push(fact('fix.available', true, { values: { version: vulnerability.fixed } }));
  const words = vulnerability.ratings.filter(({ origin }) => origin === 'own').map(({ word }) => word?.toLowerCase());
  if (words.includes('unimportant'))
    out.push(fact('vendor.unimportant', true, { values: { note: 'marked unimportant in its tracker' } }));
  if (words.includes('negligible'))
    out.push(fact('vendor.negligible', true, { values: { reason: 'priority negligible' } }));
  return out;
}

export interface ImageFactsInput {
  readonly report: ImageReport;
  readonly package: PlacedPackage;
  readonly vulnerability: Vulnerability;
  /** Digests of the layers that belong to the base image; undefined when the base is not known. */
  readonly baseLayers?: ReadonlySet<string>;
  readonly baseName?: string;
  /** True when the base is guessed from the order of the history: it then proves nothing. */
  readonly baseIsGuess?: boolean;
  /** Line of the Dockerfile that made the package's layer, from 1. */
  readonly dockerfileLine?: number;
  /** End of support of the operating system's release, ISO date, when it has passed. */
  readonly endOfLife?: { readonly since: string; readonly supported: string };
}

/** Kernel sources whose advisories are about the running kernel, never about header packages in an image. */
const kernelSource =
  /^(linux|linux-(signed|hwe|aws|azure|gcp|oracle|raspi|lts|kvm|oem)[\w.+-]*|kernel(-(core|modules|headers))?)$/;
const headerPackage = /^(linux-libc-dev|linux-headers(-.*)?|linux-kbuild-.*|kernel-headers|linux-api-headers)$/;

/** Group I and the age of the operating system. */
export function imageFacts(input: ImageFactsInput): FactorEvidence[] {
  const { report, package: item, baseLayers, baseName, dockerfileLine, endOfLife } = input;
  const out: FactorEvidence[] = [];
  if (input.baseIsGuess === true) {
    out.push(fact('image.own-layer', 'unknown', { why: 'the base image is a guess from the history' }));
  } else if (baseLayers !== undefined && item.layer !== undefined) {
    if (baseLayers.has(item.layer))
      out.push(fact('image.base-layer', true, { values: { base: baseName ?? 'its base image' } }));
    else
      out.push(
        fact('image.own-layer', true, dockerfileLine === undefined ? {} : { values: { n: String(dockerfileLine) } }),
      );
  } else out.push(fact('image.own-layer', 'unknown', { why: 'the base image is not known' }));
  if (item.developmentOnly === true) out.push(fact('image.dev-only', true, { values: { package: item.name } }));
  if (kernelSource.test(item.source?.name ?? item.name) && headerPackage.test(item.name)) {
    out.push(fact('image.kernel-headers', true, { values: { v: 'of the node pool' } }));
  }
  if (isRoot(report.config.user)) out.push(fact('image.root-user', true));
  if (endOfLife !== undefined && (item.type === 'deb' || item.type === 'apk' || item.type === 'rpm')) {
    out.push(
      fact('fix.eol-os', true, {
        values: {
          os: report.os?.name ?? report.os?.id ?? 'The operating system',
          date: endOfLife.since,
          supported: endOfLife.supported,
        },
      }),
    );
  }
  return out;
}

function isRoot(user: string | undefined): boolean {
  const [name = ''] = (user ?? '').split(':', 1);
  return name === '' || name === 'root' || /^0+$/.test(name);
}

/** Group C, as far as the registry tells. */
export function registryFacts(registry: RegistryFacts | undefined): FactorEvidence[] {
  const values = { registry: registry?.name ?? '' };
  const one = (id: FactorId, value: boolean | undefined): FactorEvidence[] => {
    if (value === undefined) return [fact(id, 'unknown', { why: 'the registry resource could not be read' })];
    return value ? [fact(id, true, { values })] : [];
  };
  return [
    ...one('cloud.registry-public', registry?.publicNetwork),
    ...one('cloud.registry-anonymous-pull', registry?.anonymousPull),
    ...one('cloud.registry-admin-user', registry?.adminUser),
    ...one('cloud.defender-off', registry?.defenderOff),
  ];
}

/** Groups that nothing collects yet: unknown, never none. */
export function dataFacts(): FactorEvidence[] {
  const ids: readonly FactorId[] = [
    'data.control-plane',
    'data.keyvault',
    'data.storage-write',
    'data.storage-read',
    'data.registry-push',
    'data.imds-open',
  ];
  return ids.map((id) => fact(id, 'unknown', { why: 'rights of workload identities are not read yet' }));
}

/** Tag keys and values that speak of criticality and environment. Settings may replace them. */
export interface BusinessRules {
  readonly environmentKeys: readonly string[];
  readonly production: readonly string[];
  /** `key=value` pairs. */
  readonly critical: readonly string[];
  readonly low: readonly string[];
}

export const defaultBusinessRules: BusinessRules = {
  environmentKeys: ['environment', 'env'],
  production: ['prod', 'prd', 'production'],
  critical: ['tier=0', 'criticality=high'],
  low: ['criticality=low'],
};

const nonProduction: ReadonlySet<string> = new Set([
  'dev',
  'development',
  'test',
  'testing',
  'qa',
  'staging',
  'stage',
  'sandbox',
  'nonprod',
  'non-production',
]);

export interface TagSource {
  /** `workload`, `resource`, … as shown. */
  readonly where: string;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** Group B from tags and labels, nearest first; tags that could not be read leave it unknown. */
export function businessFacts(sources: readonly TagSource[], rules: BusinessRules): FactorEvidence[] {
  const out: FactorEvidence[] = [];
  const pairs = sources.flatMap(({ where, tags }) =>
    Object.entries(tags ?? {}).map(([key, value]) => ({ where, key: key.toLowerCase(), value: value.toLowerCase() })),
  );
  const unread = sources.some(({ tags }) => tags === undefined);
  const hit = (list: readonly string[]): { key: string; value: string } | undefined =>
    pairs.find(({ key, value }) => list.some((each) => each.toLowerCase() === `${key}=${value}`));
  const critical = hit(rules.critical);
  const low = hit(rules.low);
  const conflict = critical !== undefined && low !== undefined;
  for (const [id, found] of [
    ['business.critical', critical],
    ['business.low', low],
  ] as const) {
    if (conflict) out.push(fact(id, 'unknown', { why: 'tags contradict each other' }));
    else if (found !== undefined) out.push(fact(id, true, { values: { tag: found.key, value: found.value } }));
    else if (unread) out.push(fact(id, 'unknown', { why: 'tags could not be read' }));
  }
  const environment = pairs.find(({ key }) => rules.environmentKeys.some((each) => each.toLowerCase() === key));
  if (environment === undefined) {
    if (unread) {
      out.push(fact('business.production', 'unknown', { why: 'tags could not be read' }));
      out.push(fact('business.non-production', 'unknown', { why: 'tags could not be read' }));
    }
  } else if (rules.production.some((each) => each.toLowerCase() === environment.value)) {
    out.push(fact('business.production', true, { values: { where: `${environment.where} tag ${environment.key}` } }));
  } else if (nonProduction.has(environment.value)) {
    out.push(
      fact('business.non-production', true, { values: { where: `${environment.where} tag ${environment.key}` } }),
    );
  }
  return out;
}

/** Namespaces and images that AKS itself manages. */
const systemNamespace =
  /^(kube-system|gatekeeper-system|aks-istio-(system|ingress|egress)|app-routing-system|calico-system|tigera-operator)$/;

const nodePaths =
  /^\/(|etc(\/.*)?|var|root(\/.*)?|var\/lib\/kubelet(\/.*)?|(var\/)?run\/(containerd\/containerd|docker|crio\/crio)\.sock|var\/run|run)$/;
const dangerousCapabilities = /^(CAP_)?(ALL|SYS_ADMIN|SYS_MODULE|SYS_RAWIO|BPF|DAC_READ_SEARCH)$/;

/** Groups R and E for one placement. `pods` counts those of the same workload and container. */
export function placementFacts(
  placement: ImagePlacement,
  totals: { readonly pods: number; readonly clusters: number },
  now: Date,
): FactorEvidence[] {
  const { workload, container } = placement;
  const security = container.securityContext;
  const ageHours = Math.max(0, (now.getTime() - Date.parse(placement.readAt)) / hourMs);
  const out: FactorEvidence[] = [
    fact('runtime.running', true, {
      ageHours,
      values: { n: String(workload.replicas), workload: `${workload.kind}/${workload.name}` },
    }),
  ];
  const add = (id: FactorId, values?: Record<string, string>): void => {
    out.push(fact(id, true, { ageHours, ...(values === undefined ? {} : { values }) }));
  };
  if (totals.pods >= 10 || totals.clusters >= 3)
    add('runtime.replicas', { n: String(totals.pods), m: String(totals.clusters) });
  if (systemNamespace.test(workload.namespace) && /^([\w-]+\.)*mcr\.microsoft\.com\//.test(container.image)) {
    add('runtime.system-namespace', { name: workload.name });
  }
  if (security.privileged === true) add('runtime.privileged');
  const risky = security.hostPaths.filter(({ path }) => nodePaths.test(path));
  const written = risky.find(({ readOnly }) => !readOnly);
  if (written !== undefined) add('runtime.hostpath-write', { path: written.path });
  else if (risky[0] !== undefined) add('runtime.hostpath-read', { path: risky[0].path });
  if (security.hostNamespaces.length > 0)
    add('runtime.host-namespaces', { namespaces: security.hostNamespaces.join(', ') });
  const capabilities = security.addedCapabilities.filter(
    (name) =>
      dangerousCapabilities.test(name) || (/^(CAP_)?SYS_PTRACE$/.test(name) && security.hostNamespaces.includes('pid')),
  );
  if (capabilities.length > 0) add('runtime.capabilities', { caps: capabilities.join(', ') });
  if (security.tokenMounted) {
    out.push(fact('runtime.sa-token-powerful', 'unknown', { why: 'role bindings of the cluster are not read yet' }));
    add('runtime.sa-token-mounted');
  }
  const nonRoot = security.runAsNonRoot === true || (security.runAsUser ?? 0) > 0;
  // The container's own settings go before the user of the image.
  if (nonRoot) out.push(fact('image.root-user', false));
  const dropsAll = security.droppedCapabilities.some((name) => name.toUpperCase() === 'ALL');
  if (
    nonRoot &&
    security.readOnlyRootFilesystem === true &&
    dropsAll &&
    security.seccompProfile === 'RuntimeDefault' &&
    !security.tokenMounted
  ) {
    add('runtime.hardened');
  }
  return [...out, ...exposureFacts(workload.exposure, ageHours)];
}

/** Every class of exposure that is proven; what a failed read leaves open is unknown. */
function exposureFacts(exposure: Exposure, ageHours: number): FactorEvidence[] {
  const out = new Map<string, FactorEvidence>();
  for (const route of exposure.routes) {
    const id = route.factor;
    if (id === undefined || !isExposureFactor(id) || out.has(id)) continue;
    out.set(id, fact(id, true, { ageHours, values: route.values, evidenceId: route.ref }));
  }
  if (exposure.missing.length > 0) {
    const why = `not read: ${exposure.missing.join('; ')}`;
    for (const id of ['exposure.public-lb', 'exposure.ingress-host', 'exposure.source-limited'] as const) {
      if (!out.has(id)) out.set(id, fact(id, 'unknown', { why }));
    }
  }
  return [...out.values()];
}

const exposureIds: ReadonlySet<string> = new Set([
  'exposure.public-lb',
  'exposure.ingress-host',
  'exposure.source-limited',
  'exposure.internal-lb',
  'exposure.cluster-only',
  'exposure.isolated',
]);

function isExposureFactor(id: string): id is FactorId {
  return exposureIds.has(id);
}

/** Without a cluster nothing is known of where the image runs. */
export function noPlacementFacts(clustersRead: number, clustersFailed: number): FactorEvidence[] {
  const why =
    clustersRead === 0
      ? clustersFailed === 0
        ? 'no cluster is connected'
        : 'no cluster could be read'
      : 'less than seven days of cluster history are known';
  return [fact('runtime.not-running', 'unknown', { why })];
}
