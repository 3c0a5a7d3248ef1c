import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RegistryFacts } from '../../../src/azure/registry-facts.ts';
import type { ListedImage } from '../../../src/inventory/registry-tree.ts';
import type { ClusterState, RunningContainer } from '../../../src/kubernetes/types.ts';
import { planImages } from '../../../src/scan/image-plan.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const registry: RegistryFacts = {
  id: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/shop',
  name: 'shop',
  loginServer: 'shop.azurecr.io',
  location: 'westeurope',
  permissionMode: 'legacy',
  acceptsArmTokens: true,
  publicNetworkAccess: true,
  dataEndpointHosts: [],
};

function listed(repository: string, letter: string, tag?: string, more: Partial<ListedImage> = {}): ListedImage {
  return {
    repository,
    digest: digest(letter),
    isIndex: false,
    isImage: true,
    locked: false,
    ...(tag === undefined ? {} : { tag }),
    ...more,
  };
}

function cluster(...images: readonly (readonly [image: string, digest: string | undefined])[]): ClusterState {
  const containers = images.map(([image, of], index): RunningContainer => ({
    pod: `pod-${index}`,
    container: `c${index}`,
    init: false,
    image,
    ...(of === undefined ? {} : { digest: of }),
    running: true,
    securityContext: {
      addedCapabilities: [],
      droppedCapabilities: [],
      hostNamespaces: [],
      hostPaths: [],
      tokenMounted: false,
    },
  }));
  return {
    clusterId: '/subscriptions/s/x/aks',
    clusterName: 'aks',
    readAt: '2026-11-21T00:00:00Z',
    namespaces: ['shop'],
    errors: [],
    workloads: [
      {
        id: 'k8s:/subscriptions/s/x/aks/shop/deployment/web',
        namespace: 'shop',
        kind: 'Deployment',
        name: 'web',
        labels: {},
        replicas: 1,
        containers,
        exposure: { class: 'unknown', routes: [], missing: [] },
      },
    ],
  };
}

const images = [
  listed('web', 'c', '1.2'),
  listed('web', 'b', '1.1'),
  listed('web', 'a', '1.0'),
  listed('web', 'a', 'stable'),
  listed('api', 'e', '2.0'),
  listed('api', 'd', 'latest'),
  listed('chart', 'f', '0.1', { isImage: false }),
  listed('old', '9', '1', { locked: true }),
];

function keys(
  mode: 'running' | 'runningAndLatest' | 'all',
  clusters: readonly ClusterState[],
  known: readonly string[] = [],
): string[] {
  const plan = planImages(mode, [{ registry, images, complete: true }], clusters, new Set(known));
  return plan.jobs.map(({ key }) => key.replace(/^shop\.azurecr\.io\//, '').replace(/@sha256:(.).*/, '@$1'));
}

describe('The order of images in a scan', () => {
  it('puts the digests that run first', () => {
    assert.deepEqual(keys('all', [cluster(['shop.azurecr.io/web:1.0', digest('a')])]), [
      'web@a',
      'api@d',
      'api@e',
      'web@c',
      'web@b',
    ]);
  });

  it('takes what runs and the newest and latest tags by default', () => {
    assert.deepEqual(keys('runningAndLatest', [cluster(['shop.azurecr.io/web:1.0', digest('a')])]), [
      'web@a',
      'api@d',
      'api@e',
      'web@c',
    ]);
  });

  it('takes only what runs when told so, also a digest that no list shows', () => {
    assert.deepEqual(keys('running', [cluster(['SHOP.azurecr.io/gone@' + digest('7'), digest('7')])]), ['gone@7']);
  });

  it('keeps images up to date that an earlier scan has read', () => {
    assert.ok(keys('runningAndLatest', [], [`shop.azurecr.io/web@${digest('b')}`]).includes('web@b'));
  });

  it('reads a digest once, whatever the number of its tags, and knows them all', () => {
    const plan = planImages('all', [{ registry, images, complete: true }], [], new Set());
    assert.deepEqual(plan.jobs.find(({ digest: each }) => each === digest('a'))?.tags, ['1.0', 'stable']);
  });

  it('says what it leaves out', () => {
    const running = cluster(
      ['mcr.microsoft.com/oss/proxy:1', digest('8')],
      ['shop.azurecr.io/starting:1', undefined],
      ['not a reference', digest('6')],
    );
    const plan = planImages('all', [{ registry, images, complete: true }], [running], new Set());
    assert.deepEqual(plan.skipped.map(({ reason }) => reason).sort(), [
      'it is locked against pulls',
      'it is no image (a chart, signature or bill of materials)',
      'the container has not started, so its digest is not known',
      'the registry mcr.microsoft.com is not connected',
    ]);
  });
});
