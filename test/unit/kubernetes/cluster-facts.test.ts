import assert from 'node:assert/strict';
import { readClusterFacts } from '../../../src/kubernetes/cluster-facts.ts';
import { explainUnreachable, whyNotRunning } from '../../../src/kubernetes/read-cluster.ts';
import { EngineError, TimedOutError, UnreachableError } from '../../../src/core/errors.ts';

const id = '/subscriptions/s/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-shop';

function facts(properties: object) {
  return readClusterFacts({ id, name: 'aks-shop', location: 'westeurope', properties }) ?? assert.fail('no facts');
}

describe('facts of a cluster', () => {
  it('are read from the ARM shape', () => {
    assert.deepEqual(
      facts({
        provisioningState: 'Succeeded',
        powerState: { code: 'Running' },
        kubernetesVersion: '1.33',
        currentKubernetesVersion: '1.33.4',
        fqdn: 'AKS-shop.hcp.westeurope.azmk8s.io',
        azurePortalFQDN: 'aks-shop.portal.hcp.westeurope.azmk8s.io',
        disableLocalAccounts: true,
        aadProfile: { managed: true, enableAzureRBAC: true },
        apiServerAccessProfile: { authorizedIPRanges: ['203.0.113.0/24'], enablePrivateCluster: false },
        networkProfile: { networkPolicy: 'Cilium' },
        agentPoolProfiles: [{ enableNodePublicIP: false }, {}],
      }),
      {
        id,
        name: 'aks-shop',
        location: 'westeurope',
        version: '1.33.4',
        hosts: ['aks-shop.hcp.westeurope.azmk8s.io', 'aks-shop.portal.hcp.westeurope.azmk8s.io'],
        power: 'running',
        provisioningState: 'Succeeded',
        access: 'azureRbac',
        localAccountsDisabled: true,
        privateApi: false,
        authorizedRanges: ['203.0.113.0/24'],
        networkPolicy: 'cilium',
        nodesHavePublicIps: false,
      },
    );
  });

  it('tell who decides about access', () => {
    assert.equal(facts({}).access, 'local');
    assert.equal(facts({ aadProfile: null }).access, 'local');
    assert.equal(facts({ aadProfile: { managed: true } }).access, 'kubernetesRbac');
    assert.equal(facts({ aadProfile: { managed: false, serverAppID: 'x' } }).access, 'legacyEntra');
    assert.equal(facts({ aadProfile: { serverAppID: 'x' } }).access, 'legacyEntra');
  });

  it('leave open what is not told', () => {
    assert.equal(facts({}).nodesHavePublicIps, 'unknown');
    assert.equal(facts({ networkProfile: { networkPolicy: 'none' } }).networkPolicy, undefined);
    assert.equal(facts({ agentPoolProfiles: [{ enableNodePublicIP: true }] }).nodesHavePublicIps, true);
    assert.equal(readClusterFacts({ id, name: 'x' }), undefined);
  });

  it('tell why a cluster is not tried', () => {
    assert.equal(whyNotRunning(facts({})), undefined);
    assert.equal(whyNotRunning(facts({ provisioningState: 'Failed' })), undefined);
    assert.match(whyNotRunning(facts({ powerState: { code: 'Stopped' } }))?.message ?? '', /is stopped/);
    assert.match(whyNotRunning(facts({ provisioningState: 'Deleting' }))?.message ?? '', /being changed/);
    assert.match(whyNotRunning(facts({ disableLocalAccounts: true }))?.message ?? '', /no way to sign in/);
    assert.match(whyNotRunning(facts({ aadProfile: { managed: false } }))?.message ?? '', /retired Entra/);
  });

  it('explain a server that does not answer', () => {
    const timeout = new TimedOutError('x', 'y');
    const name = new UnreachableError('x', 'y', { host: 'h', reason: 'name' });
    const certificate = new UnreachableError('x', 'y', { host: 'h', reason: 'certificate' });
    const privateApi = facts({ apiServerAccessProfile: { enablePrivateCluster: true } });
    const limited = facts({ apiServerAccessProfile: { authorizedIPRanges: ['203.0.113.0/24'] } });
    const said = (error: unknown): string => (error instanceof EngineError ? error.message : '');
    assert.match(said(explainUnreachable(name, privateApi)), /private connections only/);
    assert.match(said(explainUnreachable(timeout, limited)), /authorised addresses/);
    assert.equal(explainUnreachable(name, limited), name);
    assert.equal(explainUnreachable(certificate, privateApi), certificate);
    assert.equal(explainUnreachable(timeout, facts({})), timeout);
  });
});
