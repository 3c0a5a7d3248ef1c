// Networks of the lab: some well kept, some not.
import { child, resource, type ArmResource } from '../arm/resource.ts';
import type { JsonObject } from '../json.ts';
import { groups, type GroupRecord } from './estate.ts';

const network = 'Microsoft.Network';

export function networkResources(): ArmResource[] {
  const { network: hub, staging, edgeNodes, harbourNodes } = groups;
  const web = securityGroup(hub, 'nsg-web', [
    rule('allow-https', 100, 'Inbound', 'Allow', 'Tcp', 'Internet', '443'),
    rule('deny-all', 4096, 'Inbound', 'Deny', '*', '*', '*'),
  ]);
  const management = securityGroup(staging, 'nsg-jump', [
    rule('ssh-from-anywhere', 110, 'Inbound', 'Allow', 'Tcp', '*', '22'),
    rule('rdp-from-anywhere', 120, 'Inbound', 'Allow', 'Tcp', '0.0.0.0/0', '3389'),
  ]);
  const vnet = virtualNetwork(hub, 'vnet-harbour', '10.10.0.0/16', [
    { name: 'snet-aks', prefix: '10.10.0.0/20', group: web.id },
    { name: 'snet-endpoints', prefix: '10.10.16.0/24', group: web.id },
    { name: 'AzureBastionSubnet', prefix: '10.10.17.0/26' },
  ]);
  const stagingNet = virtualNetwork(staging, 'vnet-staging', '10.20.0.0/16', [
    { name: 'default', prefix: '10.20.0.0/24', group: management.id },
    { name: 'unprotected', prefix: '10.20.1.0/24' },
  ]);
  const bastionAddress = publicAddress(hub, 'pip-bastion', '20.101.10.20');
  const ingressAddress = publicAddress(harbourNodes, 'kubernetes-a1b2c3d4', '20.101.44.17');
  const edgeAddress = publicAddress(edgeNodes, 'kubernetes-e5f6a7b8', '20.82.140.9');
  return [
    web,
    management,
    vnet,
    stagingNet,
    bastionAddress,
    ingressAddress,
    edgeAddress,
    publicAddress(staging, 'pip-jump', '20.82.19.77'),
    loadBalancer(harbourNodes, 'kubernetes', ingressAddress),
    loadBalancer(edgeNodes, 'kubernetes', edgeAddress),
    resource(hub.id, `${network}/bastionHosts`, 'bas-harbour', {
      location: hub.location,
      sku: { name: 'Standard' },
      properties: {
        provisioningState: 'Succeeded',
        dnsName: 'bst-0a1b2c3d.bastion.azure.com',
        scaleUnits: 2,
        disableCopyPaste: true,
        enableTunneling: false,
        enableIpConnect: false,
        enableShareableLink: false,
        enableKerberos: false,
        ipConfigurations: [
          {
            name: 'ip',
            properties: {
              subnet: { id: `${vnet.id}/subnets/AzureBastionSubnet` },
              publicIPAddress: { id: bastionAddress.id },
            },
          },
        ],
      },
    }),
    resource(hub.id, `${network}/privateEndpoints`, 'pe-harbourprod', {
      location: hub.location,
      properties: {
        provisioningState: 'Succeeded',
        subnet: { id: `${vnet.id}/subnets/snet-endpoints` },
        privateLinkServiceConnections: [
          {
            name: 'harbourprod',
            properties: {
              privateLinkServiceId: `${groups.harbour.id}/providers/Microsoft.ContainerRegistry/registries/harbourprod`,
              groupIds: ['registry'],
              privateLinkServiceConnectionState: {
                status: 'Approved',
                description: 'Auto-Approved',
                actionsRequired: 'None',
              },
            },
          },
        ],
        customDnsConfigs: [],
      },
    }),
    resource(hub.id, `${network}/routeTables`, 'rt-egress', {
      location: hub.location,
      properties: {
        provisioningState: 'Succeeded',
        disableBgpRoutePropagation: true,
        routes: [
          {
            name: 'default',
            properties: { addressPrefix: '0.0.0.0/0', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.10.18.4' },
          },
        ],
      },
    }),
    ...watcher(hub, vnet),
    resource(staging.id, `${network}/networkInterfaces`, 'nic-jump', {
      location: staging.location,
      properties: {
        provisioningState: 'Succeeded',
        enableIPForwarding: false,
        networkSecurityGroup: { id: management.id },
        ipConfigurations: [
          {
            name: 'ip',
            properties: {
              privateIPAddress: '10.20.0.4',
              privateIPAllocationMethod: 'Dynamic',
              subnet: { id: `${stagingNet.id}/subnets/default` },
              publicIPAddress: { id: `${staging.id}/providers/${network}/publicIPAddresses/pip-jump` },
              primary: true,
            },
          },
        ],
      },
    }),
  ];
}

function rule(
  name: string,
  priority: number,
  direction: string,
  access: string,
  protocol: string,
  source: string,
  port: string,
): JsonObject {
  return {
    name,
    properties: {
      provisioningState: 'Succeeded',
      protocol,
      sourcePortRange: '*',
      destinationPortRange: port,
      sourceAddressPrefix: source,
      destinationAddressPrefix: '*',
      access,
      priority,
      direction,
      sourcePortRanges: [],
      destinationPortRanges: [],
      sourceAddressPrefixes: [],
      destinationAddressPrefixes: [],
    },
  };
}

function securityGroup(group: GroupRecord, name: string, rules: readonly JsonObject[]): ArmResource {
  return resource(group.id, `${network}/networkSecurityGroups`, name, {
    location: group.location,
    properties: {
      provisioningState: 'Succeeded',
      securityRules: rules,
      defaultSecurityRules: [
        rule('AllowVnetInBound', 65000, 'Inbound', 'Allow', '*', 'VirtualNetwork', '*'),
        rule('AllowAzureLoadBalancerInBound', 65001, 'Inbound', 'Allow', '*', 'AzureLoadBalancer', '*'),
        rule('DenyAllInBound', 65500, 'Inbound', 'Deny', '*', '*', '*'),
      ],
    },
  });
}

function virtualNetwork(
  group: GroupRecord,
  name: string,
  prefix: string,
  subnets: readonly { readonly name: string; readonly prefix: string; readonly group?: string }[],
): ArmResource {
  const id = `${group.id}/providers/${network}/virtualNetworks/${name}`;
  return resource(group.id, `${network}/virtualNetworks`, name, {
    location: group.location,
    properties: {
      provisioningState: 'Succeeded',
      addressSpace: { addressPrefixes: [prefix] },
      enableDdosProtection: false,
      virtualNetworkPeerings: [],
      subnets: subnets.map((subnet) => ({
        id: `${id}/subnets/${subnet.name}`,
        name: subnet.name,
        type: `${network}/virtualNetworks/subnets`,
        properties: {
          provisioningState: 'Succeeded',
          addressPrefix: subnet.prefix,
          privateEndpointNetworkPolicies: 'Disabled',
          serviceEndpoints: [],
          delegations: [],
          ...(subnet.group === undefined ? {} : { networkSecurityGroup: { id: subnet.group } }),
        },
      })),
    },
  });
}

function publicAddress(group: GroupRecord, name: string, address: string): ArmResource {
  return resource(group.id, `${network}/publicIPAddresses`, name, {
    location: group.location,
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      provisioningState: 'Succeeded',
      ipAddress: address,
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: 'Static',
      idleTimeoutInMinutes: 4,
    },
  });
}

function loadBalancer(group: GroupRecord, name: string, address: ArmResource): ArmResource {
  const id = `${group.id}/providers/${network}/loadBalancers/${name}`;
  return resource(group.id, `${network}/loadBalancers`, name, {
    location: group.location,
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      provisioningState: 'Succeeded',
      frontendIPConfigurations: [
        {
          id: `${id}/frontendIPConfigurations/front`,
          name: 'front',
          properties: { privateIPAllocationMethod: 'Dynamic', publicIPAddress: { id: address.id } },
        },
      ],
      backendAddressPools: [{ id: `${id}/backendAddressPools/kubernetes`, name: 'kubernetes', properties: {} }],
      loadBalancingRules: [
        {
          name: 'tcp-80',
          properties: {
            frontendPort: 80,
            backendPort: 80,
            protocol: 'Tcp',
            enableFloatingIP: true,
            idleTimeoutInMinutes: 4,
          },
        },
      ],
      probes: [],
      inboundNatRules: [],
    },
  });
}

function watcher(group: GroupRecord, target: ArmResource): ArmResource[] {
  const made = resource(group.id, `${network}/networkWatchers`, 'nw-westeurope', {
    location: group.location,
    properties: { provisioningState: 'Succeeded' },
  });
  return [
    made,
    child(made, 'flowLogs', 'fl-harbour', {
      location: group.location,
      properties: {
        provisioningState: 'Succeeded',
        targetResourceId: target.id,
        storageId: `${groups.data.id}/providers/Microsoft.Storage/storageAccounts/stharbourdata`,
        enabled: true,
        retentionPolicy: { days: 90, enabled: true },
        format: { type: 'JSON', version: 2 },
      },
    }),
  ];
}
