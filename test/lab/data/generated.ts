// Resources without number, for tests of scale: plain ones of five types, in a group of their own.
import { resource, type ArmResource } from '../arm/resource.ts';
import { groups } from './estate.ts';

export function generatedResources(count: number): ArmResource[] {
  const { id, location } = groups.data;
  return Array.from({ length: count }, (_, index) => {
    const name = String(index).padStart(6, '0');
    const common = { location, tags: { generated: 'true', shard: String(index % 16) } };
    switch (index % 5) {
      case 0:
        return resource(id, 'Microsoft.Storage/storageAccounts', `stgen${name}`, {
          ...common,
          kind: 'StorageV2',
          sku: { name: 'Standard_LRS', tier: 'Standard' },
          properties: {
            provisioningState: 'Succeeded',
            minimumTlsVersion: 'TLS1_2',
            supportsHttpsTrafficOnly: true,
            allowBlobPublicAccess: index % 3 === 0,
            publicNetworkAccess: 'Enabled',
            networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
          },
        });
      case 1:
        return resource(id, 'Microsoft.Compute/disks', `disk-gen-${name}`, {
          ...common,
          sku: { name: 'Premium_LRS', tier: 'Premium' },
          properties: {
            provisioningState: 'Succeeded',
            diskState: 'Unattached',
            diskSizeGB: 128,
            networkAccessPolicy: 'AllowAll',
          },
        });
      case 2:
        return resource(id, 'Microsoft.Network/networkInterfaces', `nic-gen-${name}`, {
          ...common,
          properties: { provisioningState: 'Succeeded', enableIPForwarding: false, ipConfigurations: [] },
        });
      case 3:
        return resource(id, 'Microsoft.KeyVault/vaults', `kv-gen-${name}`, {
          ...common,
          properties: {
            provisioningState: 'Succeeded',
            enableSoftDelete: true,
            enableRbacAuthorization: true,
            sku: { family: 'A', name: 'standard' },
            accessPolicies: [],
          },
        });
      default:
        return resource(id, 'Microsoft.Network/publicIPAddresses', `pip-gen-${name}`, {
          ...common,
          sku: { name: 'Standard', tier: 'Regional' },
          properties: {
            provisioningState: 'Succeeded',
            publicIPAllocationMethod: 'Static',
            publicIPAddressVersion: 'IPv4',
          },
        });
    }
  });
}
