import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ScanScope } from '../../../src/scan/scope.ts';

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001';
const registry = `${subscription}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/shop`;
const cluster = `${subscription}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks`;
const host = 'shop.azurecr.io';
const key = `${host}/web@sha256:${'a'.repeat(64)}`;
const workload = `k8s:${cluster.toLowerCase()}/shop/deployment/web`;

function image(scope: ScanScope, workloads: readonly string[] = []): boolean {
  return scope.image(key, registry, host, 'web', workloads);
}

describe('The scope of a scan', () => {
  it('covers everything when no asset is named', () => {
    const scope = new ScanScope(undefined);
    assert.ok(scope.isWhole && scope.registry(registry, host) && scope.cluster(cluster) && image(scope));
  });

  it('covers a registry and its images', () => {
    const scope = new ScanScope(registry.toLowerCase());
    assert.ok(scope.registry(registry, host) && image(scope));
    assert.equal(scope.registry(`${registry}2`, 'shop2.azurecr.io'), false);
  });

  it('covers one repository or one image', () => {
    assert.ok(image(new ScanScope(`repository:${host}/web`)));
    assert.equal(image(new ScanScope(`repository:${host}/web2`)), false);
    assert.ok(image(new ScanScope(`image:${key}`)));
    assert.ok(new ScanScope(`image:${key}`).registry(registry, host));
  });

  it('covers the images that a workload, namespace or cluster runs', () => {
    for (const asset of [workload, `k8s:${cluster.toLowerCase()}/shop`, cluster.toLowerCase()]) {
      const scope = new ScanScope(asset);
      assert.ok(scope.cluster(cluster), asset);
      assert.ok(image(scope, [workload]), asset);
      assert.equal(image(scope, []), false, asset);
    }
  });

  it('tells runs of different targets apart', () => {
    assert.notEqual(new ScanScope(registry).key('one'), new ScanScope(undefined).key('one'));
    assert.notEqual(new ScanScope(undefined).key('one'), new ScanScope(undefined).key(undefined));
  });
});
