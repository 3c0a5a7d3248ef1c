import type { Vulnerability } from '../../../src/advisories/types.ts';
import type { ImagePlacement } from '../../../src/findings/facts.ts';
import type { FactorEvidence } from '../../../src/findings/priority/finding.ts';
import type { AssetRef } from '../../../src/findings/types.ts';
import { emptyConfig } from '../../../src/image/config.ts';
import type { ImageReport, PlacedPackage } from '../../../src/image/types.ts';
import type { ContainerSecurity, RunningContainer, Workload } from '../../../src/kubernetes/types.ts';

export const now = new Date('2026-11-20T12:00:00Z');
export const baseLayer = `sha256:${'b'.repeat(64)}`;
export const ownLayer = `sha256:${'c'.repeat(64)}`;

/** True, false or "unknown" of a factor; undefined when nobody names it. */
export function valueOf(facts: readonly FactorEvidence[], id: string): boolean | 'unknown' | undefined {
  return facts.find((fact) => fact.id === id)?.value;
}

export function vulnerability(more: Partial<Vulnerability> = {}): Vulnerability {
  return {
    id: 'CVE-2026-1111',
    aliases: ['DSA-6000-1'],
    advisory: 'DEBIAN-CVE-2026-1111',
    ecosystem: 'Debian:12',
    ratings: [{ origin: 'own', source: 'Debian', word: 'high' }],
    malicious: false,
    references: ['https://security-tracker.debian.org/tracker/CVE-2026-1111'],
    ...more,
  };
}

export function openssl(more: Partial<PlacedPackage> = {}): PlacedPackage {
  return { type: 'deb', name: 'openssl', version: '3.0.15-1~deb12u1', layer: baseLayer, ...more };
}

export function imageReport(packages: readonly PlacedPackage[] = [openssl()], user?: string): ImageReport {
  return {
    digest: `sha256:${'a'.repeat(64)}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: { os: 'linux', architecture: 'amd64' },
    config: {
      ...emptyConfig,
      architecture: 'amd64',
      ...(user === undefined ? {} : { user }),
    },
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)', ecosystem: 'Debian:12' },
    layers: [
      { digest: baseLayer, diffId: baseLayer, sizeBytes: 1000, createdBy: 'ADD rootfs.tar /' },
      { digest: ownLayer, diffId: ownLayer, sizeBytes: 10, createdBy: 'COPY app /app' },
    ],
    packages,
    problems: [],
    annotations: {},
  };
}

export const image: AssetRef = {
  id: `image:harbour.azurecr.io/orders@sha256:${'a'.repeat(64)}`,
  kind: 'image',
  name: 'orders:1.4',
  path: ['Harbour', 'orders:1.4'],
};

/** A container as a chart without any care for security makes it, token left out. */
export const plainSecurity: ContainerSecurity = {
  addedCapabilities: [],
  droppedCapabilities: [],
  hostNamespaces: [],
  hostPaths: [],
  tokenMounted: false,
};

export interface PlacementParts {
  readonly cluster?: string;
  readonly workload?: Partial<Workload>;
  readonly container?: Partial<RunningContainer>;
  readonly security?: Partial<ContainerSecurity>;
}

/** The container `web` of Deployment `orders` in `shop`, read two hours before {@link now}. */
export function placement({ cluster = 'aks-1', workload, container, security }: PlacementParts = {}): ImagePlacement {
  const running: RunningContainer = {
    pod: 'orders-1',
    container: 'web',
    init: false,
    image: 'harbour.azurecr.io/orders:1.4',
    running: true,
    securityContext: { ...plainSecurity, ...security },
    ...container,
  };
  return {
    clusterId: `/subscriptions/s/${cluster}`,
    clusterName: cluster,
    readAt: '2026-11-20T10:00:00Z',
    workload: {
      id: `k8s:/subscriptions/s/${cluster}/shop/deployment/orders`,
      namespace: 'shop',
      kind: 'Deployment',
      name: 'orders',
      labels: {},
      replicas: 2,
      containers: [running],
      exposure: { class: 'cluster-only', routes: [], missing: [] },
      ...workload,
    },
    container: running,
  };
}
