// The two clusters, as Resource Manager shows them.
import { child, resource, type ArmResource } from '../arm/resource.ts';
import type { LabSettings } from '../faults.ts';
import { isObject, type JsonObject } from '../json.ts';
import { tenant } from './directory.ts';
import { groups } from './estate.ts';
import { diagnosticSettings } from './registries.ts';

export type ClusterKey = 'local' | 'entra';

export interface ClusterFacts {
  readonly key: ClusterKey;
  readonly name: string;
  readonly resourceGroup: string;
  readonly id: string;
  readonly location: string;
}

const type = 'Microsoft.ContainerService/managedClusters';

export const clusters: Readonly<Record<ClusterKey, ClusterFacts>> = {
  /** Signs in with Entra tokens and Azure roles; local accounts are off. */
  entra: {
    key: 'entra',
    name: 'aks-harbour',
    resourceGroup: groups.harbour.name,
    id: `${groups.harbour.id}/providers/${type}/aks-harbour`,
    location: 'westeurope',
  },
  /** Signs in with client certificates that are cluster-admin. */
  local: {
    key: 'local',
    name: 'aks-edge',
    resourceGroup: groups.edge.name,
    id: `${groups.edge.id}/providers/${type}/aks-edge`,
    location: 'northeurope',
  },
};

/** `hosts` are `127.0.0.1:port` of the API servers. */
export function clusterResources(hosts: Readonly<Record<ClusterKey, string>>): ArmResource[] {
  const entraPools = [pool('system', 'System', 3, '1.33.4'), pool('apps', 'User', 4, '1.33.4')];
  const localPools = [pool('nodes', 'System', 2, '1.31.7')];
  const entra = clusterResource('entra', hosts, {
    agentPoolProfiles: entraPools,
    kubernetesVersion: '1.33',
    currentKubernetesVersion: '1.33.4',
    disableLocalAccounts: true,
    aadProfile: {
      managed: true,
      enableAzureRBAC: true,
      tenantID: tenant.tenantId,
      adminGroupObjectIDs: ['9a0b0001-0000-4000-8000-000000000001'],
    },
    apiServerAccessProfile: { authorizedIPRanges: ['203.0.113.0/24'], enablePrivateCluster: false },
    oidcIssuerProfile: {
      enabled: true,
      issuerURL: 'https://westeurope.oic.prod-aks.azure.com/c0a57a1e-1111-4222-8333-444455556666/0a1b2c3d/',
    },
    securityProfile: {
      defender: {
        logAnalyticsWorkspaceResourceId: `${groups.harbour.id}/providers/Microsoft.OperationalInsights/workspaces/law-harbour`,
        securityMonitoring: { enabled: true },
      },
      workloadIdentity: { enabled: true },
      imageCleaner: { enabled: true, intervalHours: 48 },
    },
    ingressProfile: {
      webAppRouting: { enabled: true, nginx: { defaultIngressControllerType: 'AnnotationControlled' } },
    },
    addonProfiles: {
      azurepolicy: { enabled: true, config: null },
      azureKeyvaultSecretsProvider: { enabled: true, config: { enableSecretRotation: 'true' } },
    },
    networkProfile: {
      networkPlugin: 'azure',
      networkPluginMode: 'overlay',
      networkPolicy: 'cilium',
      networkDataplane: 'cilium',
      loadBalancerSku: 'standard',
      outboundType: 'loadBalancer',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.0.0.0/16',
      dnsServiceIP: '10.0.0.10',
    },
    autoUpgradeProfile: { upgradeChannel: 'stable', nodeOSUpgradeChannel: 'NodeImage' },
  });
  const local = clusterResource('local', hosts, {
    agentPoolProfiles: localPools,
    kubernetesVersion: '1.31',
    currentKubernetesVersion: '1.31.7',
    disableLocalAccounts: false,
    apiServerAccessProfile: { enablePrivateCluster: false },
    oidcIssuerProfile: { enabled: false },
    securityProfile: {},
    addonProfiles: {},
    networkProfile: {
      networkPlugin: 'kubenet',
      loadBalancerSku: 'standard',
      outboundType: 'loadBalancer',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.0.0.0/16',
      dnsServiceIP: '10.0.0.10',
    },
    autoUpgradeProfile: { nodeOSUpgradeChannel: 'None' },
  });
  return [
    entra,
    ...pools(entra, entraPools),
    child(entra, 'upgradeProfiles', 'default', {
      properties: {
        controlPlaneProfile: {
          kubernetesVersion: '1.33.4',
          osType: 'Linux',
          upgrades: [{ kubernetesVersion: '1.34.2' }],
        },
        agentPoolProfiles: [],
      },
    }),
    diagnosticSettings(entra.id, 'audit', [
      { category: 'kube-audit-admin', enabled: true },
      { category: 'guard', enabled: true },
    ]),
    local,
    ...pools(local, localPools),
  ];
}

function clusterResource(
  key: ClusterKey,
  hosts: Readonly<Record<ClusterKey, string>>,
  properties: JsonObject,
): ArmResource {
  const { name, resourceGroup, id, location } = clusters[key];
  const group = id.slice(0, id.indexOf('/providers/'));
  const made = resource(group, type, name, {
    location,
    sku: { name: 'Base', tier: key === 'entra' ? 'Standard' : 'Free' },
    tags: { application: key === 'entra' ? 'harbour' : 'edge' },
    identity: {
      type: 'SystemAssigned',
      principalId: `5e71ce00-a550-4000-8000-00000000000${key === 'entra' ? 1 : 2}`,
      tenantId: tenant.tenantId,
    },
    properties: {
      provisioningState: 'Succeeded',
      powerState: { code: 'Running' },
      dnsPrefix: `${name}-dns`,
      fqdn: hosts[key],
      nodeResourceGroup: `MC_${resourceGroup}_${name}_${location}`,
      enableRBAC: true,
      identityProfile: {
        kubeletidentity: {
          resourceId: `/subscriptions/${id.split('/')[2] ?? ''}/resourcegroups/MC_${resourceGroup}_${name}_${location}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}-agentpool`,
          clientId: `a9911ca7-a550-4000-8000-00000000000${key === 'entra' ? 1 : 2}`,
          objectId: `5e71ce00-a551-4000-8000-00000000000${key === 'entra' ? 1 : 2}`,
        },
      },
      ...properties,
    },
  });
  // the resource provider writes its ids and types in a case of its own
  return {
    ...made,
    id: made.id.replace('/resourceGroups/', '/resourcegroups/'),
    type: 'Microsoft.ContainerService/ManagedClusters',
  };
}

interface Pool extends JsonObject {
  readonly name: string;
}

function pool(name: string, mode: string, count: number, version: string): Pool {
  return {
    name,
    count,
    mode,
    vmSize: 'Standard_D4ds_v5',
    osDiskSizeGB: 128,
    osDiskType: 'Ephemeral',
    osType: 'Linux',
    osSKU: 'AzureLinux',
    maxPods: 110,
    type: 'VirtualMachineScaleSets',
    provisioningState: 'Succeeded',
    powerState: { code: 'Running' },
    orchestratorVersion: version,
    currentOrchestratorVersion: version,
    enableNodePublicIP: false,
    nodeImageVersion: 'AKSAzureLinux-V3gen2-202610.20.0',
    enableFIPS: false,
  };
}

function pools(cluster: ArmResource, profiles: readonly Pool[]): ArmResource[] {
  return profiles.map(({ name, ...properties }) => ({
    id: `${cluster.id}/agentPools/${name}`,
    name,
    type: 'Microsoft.ContainerService/managedClusters/agentPools',
    properties,
  }));
}

/** A name that no resolver knows (RFC 2606, ".invalid"). */
export function privateHost(cluster: string): string {
  return `${cluster}-dns-0a1b2c3d.privatelink.westeurope.azmk8s.invalid`;
}

/** What the settings change about a cluster; other resources stay as they are. */
export function clusterAsItIs(one: ArmResource, settings: LabSettings): ArmResource {
  const { properties } = one;
  if (one.type.toLowerCase() !== type.toLowerCase() || !isObject(properties)) return one;
  const stopped = settings.stoppedClusters.includes(one.name) ? { powerState: { code: 'Stopped' } } : {};
  if (!settings.privateClusters.includes(one.name)) return { ...one, properties: { ...properties, ...stopped } };
  const { fqdn: _public, ...others } = properties;
  return {
    ...one,
    properties: {
      ...others,
      ...stopped,
      privateFQDN: privateHost(one.name),
      apiServerAccessProfile: { enablePrivateCluster: true, enablePrivateClusterPublicFQDN: false },
    },
  };
}
