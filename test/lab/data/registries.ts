// The four registries, as Resource Manager shows them.
import { child, extension, resource, type ArmResource } from '../arm/resource.ts';
import type { JsonObject } from '../json.ts';
import { groups } from './estate.ts';

export type RegistryKey = 'good' | 'admin' | 'acronly' | 'firewall';

export const registryKeys: readonly RegistryKey[] = ['good', 'admin', 'acronly', 'firewall'];

export interface RegistryFacts {
  readonly key: RegistryKey;
  readonly name: string;
  readonly id: string;
  readonly abac: boolean;
  readonly anonymousPull: boolean;
  /** Tokens made for Resource Manager are taken too. */
  readonly takesArmTokens: boolean;
  /** Blobs come from the registry's own data endpoint instead of storage. */
  readonly dataEndpoint: boolean;
  readonly adminPasswords: readonly string[];
}

const type = 'Microsoft.ContainerRegistry/registries';

function facts(key: RegistryKey, group: string, name: string, more: Partial<RegistryFacts> = {}): RegistryFacts {
  return {
    key,
    name,
    id: `${group}/providers/${type}/${name}`,
    abac: false,
    anonymousPull: false,
    takesArmTokens: true,
    dataEndpoint: false,
    adminPasswords: [],
    ...more,
  };
}

export const registries: Readonly<Record<RegistryKey, RegistryFacts>> = {
  /** Hardened in every respect, and read through its private endpoint. */
  good: facts('good', groups.harbour.id, 'harbourprod', { abac: true, takesArmTokens: false }),
  /** The admin user is on, and anybody may pull. */
  admin: facts('admin', groups.edge.id, 'harbouredge', {
    anonymousPull: true,
    adminPasswords: ['LabAdminPassword+one/ACRx0001', 'LabAdminPassword+two/ACRx0002'],
  }),
  /** Takes tokens of the registry audience only; one of its repositories may not be read. */
  acronly: facts('acronly', groups.harbour.id, 'harbourshared', {
    abac: true,
    takesArmTokens: false,
    dataEndpoint: true,
  }),
  /** Behind a firewall that lets nobody through. */
  firewall: facts('firewall', groups.edge.id, 'harbourvault'),
};

/** Hosts that are known only once the lab listens. */
export interface RegistryHosts {
  readonly loginServers: Readonly<Record<RegistryKey, string>>;
  readonly dataEndpoint: string;
}

export function registryResources(hosts: RegistryHosts): ArmResource[] {
  return [...good(hosts), ...admin(hosts), ...acronly(hosts), ...firewall(hosts)];
}

function registryResource(
  key: RegistryKey,
  hosts: RegistryHosts,
  location: string,
  sku: string,
  properties: JsonObject,
  more: { readonly identity?: JsonObject; readonly tags?: Readonly<Record<string, string>> } = {},
): ArmResource {
  const { name, id } = registries[key];
  const group = id.slice(0, id.indexOf('/providers/'));
  return resource(group, type, name, {
    location,
    sku: { name: sku, tier: sku },
    tags: more.tags ?? {},
    ...(more.identity === undefined ? {} : { identity: more.identity }),
    properties: {
      loginServer: hosts.loginServers[key],
      creationDate: '2025-02-03T10:00:00.0000000Z',
      provisioningState: 'Succeeded',
      ...properties,
    },
  });
}

const notary = (status: string): JsonObject => ({ type: 'Notary', status });

function good(hosts: RegistryHosts): ArmResource[] {
  const registry = registryResource(
    'good',
    hosts,
    'westeurope',
    'Premium',
    {
      adminUserEnabled: false,
      networkRuleSet: { defaultAction: 'Deny', ipRules: [] },
      policies: {
        quarantinePolicy: { status: 'enabled' },
        trustPolicy: notary('enabled'),
        retentionPolicy: { days: 30, lastUpdatedTime: '2026-01-10T08:00:00.0000000+00:00', status: 'enabled' },
        exportPolicy: { status: 'disabled' },
        azureADAuthenticationAsArmPolicy: { status: 'disabled' },
        softDeletePolicy: {
          retentionDays: 7,
          lastUpdatedTime: '2026-01-10T08:00:00.0000000+00:00',
          status: 'disabled',
        },
      },
      encryption: {
        status: 'enabled',
        keyVaultProperties: {
          keyIdentifier: 'https://kv-harbour.vault.azure.net/keys/acr',
          versionedKeyIdentifier: 'https://kv-harbour.vault.azure.net/keys/acr/0f1e',
          identity: 'a9911ca7-1d00-4000-8000-000000000001',
          keyRotationEnabled: true,
        },
      },
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
      privateEndpointConnections: [
        {
          id: `${registries.good.id}/privateEndpointConnections/harbourprod.pe`,
          name: 'harbourprod.pe',
          type: `${type}/privateEndpointConnections`,
          properties: {
            privateEndpoint: { id: `${groups.network.id}/providers/Microsoft.Network/privateEndpoints/pe-harbourprod` },
            privateLinkServiceConnectionState: {
              status: 'Approved',
              description: 'Auto-Approved',
              actionsRequired: 'None',
            },
            provisioningState: 'Succeeded',
          },
        },
      ],
      publicNetworkAccess: 'Disabled',
      networkRuleBypassOptions: 'AzureServices',
      networkRuleBypassAllowedForTasks: false,
      zoneRedundancy: 'Enabled',
      anonymousPullEnabled: false,
      roleAssignmentMode: 'AbacRepositoryPermissions',
    },
    {
      identity: {
        type: 'SystemAssigned',
        principalId: '5e71ce00-1d00-4000-8000-000000000001',
        tenantId: 'c0a57a1e-1111-4222-8333-444455556666',
      },
      tags: { application: 'harbour', env: 'prod', owner: 'platform' },
    },
  );
  const scopeMap = child(registry, 'scopeMaps', 'edge-pull', {
    properties: {
      creationDate: '2026-02-01T00:00:00.0000000Z',
      type: 'UserDefined',
      actions: ['repositories/services/gateway/content/read', 'repositories/services/gateway/metadata/read'],
      provisioningState: 'Succeeded',
    },
  });
  return [
    registry,
    scopeMap,
    child(registry, 'tokens', 'edge-sync', {
      properties: {
        creationDate: '2026-02-01T00:00:00.0000000Z',
        provisioningState: 'Succeeded',
        scopeMapId: scopeMap.id,
        status: 'enabled',
        credentials: {
          passwords: [
            { name: 'password1', creationTime: '2026-10-01T00:00:00.0000000Z', expiry: '2027-01-01T00:00:00.0000000Z' },
          ],
          certificates: [],
        },
      },
    }),
    replication(registry, 'westeurope'),
    replication(registry, 'northeurope'),
    child(registry, 'webhooks', 'deploy', {
      location: 'westeurope',
      tags: {},
      properties: { status: 'enabled', scope: 'services/orders:*', actions: ['push'], provisioningState: 'Succeeded' },
    }),
    diagnosticSettings(registry.id, 'to-law', [{ categoryGroup: 'allLogs', enabled: true }]),
  ];
}

function admin(hosts: RegistryHosts): ArmResource[] {
  const registry = registryResource('admin', hosts, 'northeurope', 'Standard', {
    adminUserEnabled: true,
    policies: {
      quarantinePolicy: { status: 'disabled' },
      trustPolicy: notary('disabled'),
      retentionPolicy: { days: 7, lastUpdatedTime: '2025-02-03T10:00:00.0000000+00:00', status: 'disabled' },
      exportPolicy: { status: 'enabled' },
      azureADAuthenticationAsArmPolicy: { status: 'enabled' },
      softDeletePolicy: { retentionDays: 7, lastUpdatedTime: '2025-02-03T10:00:00.0000000+00:00', status: 'disabled' },
    },
    encryption: { status: 'disabled' },
    dataEndpointEnabled: false,
    dataEndpointHostNames: [],
    privateEndpointConnections: [],
    publicNetworkAccess: 'Enabled',
    networkRuleBypassOptions: 'AzureServices',
    networkRuleBypassAllowedForTasks: true,
    zoneRedundancy: 'Disabled',
    anonymousPullEnabled: true,
    roleAssignmentMode: 'LegacyRegistryPermissions',
  });
  return [
    registry,
    child(registry, 'tokens', 'vendor', {
      properties: {
        creationDate: '2025-03-01T00:00:00.0000000Z',
        provisioningState: 'Succeeded',
        scopeMapId: `${registry.id}/scopeMaps/_repositories_pull`,
        status: 'enabled',
        credentials: { passwords: [{ name: 'password1', creationTime: '2025-03-01T00:00:00.0000000Z' }] },
      },
    }),
    child(registry, 'scopeMaps', '_repositories_pull', {
      properties: {
        creationDate: '2025-02-03T10:00:00.0000000Z',
        type: 'SystemDefined',
        actions: ['repositories/*/content/read'],
        provisioningState: 'Succeeded',
      },
    }),
    replication(registry, 'northeurope'),
  ];
}

function acronly(hosts: RegistryHosts): ArmResource[] {
  const registry = registryResource('acronly', hosts, 'westeurope', 'Premium', {
    adminUserEnabled: false,
    networkRuleSet: { defaultAction: 'Allow', ipRules: [{ action: 'Allow', value: '203.0.113.0/24' }] },
    policies: {
      quarantinePolicy: { status: 'disabled' },
      trustPolicy: notary('disabled'),
      retentionPolicy: { days: 7, lastUpdatedTime: '2025-02-03T10:00:00.0000000+00:00', status: 'disabled' },
      exportPolicy: { status: 'enabled' },
      azureADAuthenticationAsArmPolicy: { status: 'disabled' },
      softDeletePolicy: { retentionDays: 14, lastUpdatedTime: '2026-03-03T10:00:00.0000000+00:00', status: 'enabled' },
    },
    encryption: { status: 'disabled' },
    dataEndpointEnabled: true,
    dataEndpointHostNames: [hosts.dataEndpoint],
    privateEndpointConnections: [],
    publicNetworkAccess: 'Enabled',
    networkRuleBypassOptions: 'AzureServices',
    networkRuleBypassAllowedForTasks: false,
    zoneRedundancy: 'Enabled',
    anonymousPullEnabled: false,
    roleAssignmentMode: 'AbacRepositoryPermissions',
  });
  return [
    registry,
    child(registry, 'tokens', 'legacy-mirror', {
      properties: {
        creationDate: '2025-05-01T00:00:00.0000000Z',
        provisioningState: 'Succeeded',
        scopeMapId: `${registry.id}/scopeMaps/_repositories_pull`,
        status: 'disabled',
        credentials: { passwords: [{ name: 'password1', creationTime: '2025-05-01T00:00:00.0000000Z' }] },
      },
    }),
    replication(registry, 'westeurope'),
    diagnosticSettings(registry.id, 'logins-only', [
      { category: 'ContainerRegistryLoginEvents', enabled: true },
      { category: 'ContainerRegistryRepositoryEvents', enabled: false },
    ]),
  ];
}

function firewall(hosts: RegistryHosts): ArmResource[] {
  const registry = registryResource('firewall', hosts, 'northeurope', 'Premium', {
    adminUserEnabled: false,
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '198.51.100.0/24' }] },
    policies: {
      quarantinePolicy: { status: 'disabled' },
      trustPolicy: notary('disabled'),
      retentionPolicy: { days: 7, lastUpdatedTime: '2025-02-03T10:00:00.0000000+00:00', status: 'disabled' },
      exportPolicy: { status: 'enabled' },
      azureADAuthenticationAsArmPolicy: { status: 'enabled' },
    },
    encryption: { status: 'disabled' },
    dataEndpointEnabled: false,
    dataEndpointHostNames: [],
    privateEndpointConnections: [],
    publicNetworkAccess: 'Enabled',
    networkRuleBypassOptions: 'None',
    zoneRedundancy: 'Disabled',
    anonymousPullEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
  });
  return [registry, replication(registry, 'northeurope')];
}

function replication(registry: ArmResource, region: string): ArmResource {
  return child(registry, 'replications', region, {
    location: region,
    tags: {},
    properties: {
      provisioningState: 'Succeeded',
      status: { displayStatus: 'Ready', timestamp: '2026-01-10T08:00:00.0000000Z' },
      regionEndpointEnabled: true,
      zoneRedundancy: region === 'westeurope' ? 'Enabled' : 'Disabled',
    },
  });
}

/** Diagnostic settings that send to the lab's workspace. */
export function diagnosticSettings(scope: string, name: string, logs: readonly JsonObject[]): ArmResource {
  return extension(scope, 'Microsoft.Insights/diagnosticSettings', name, {
    properties: {
      workspaceId: `${groups.harbour.id}/providers/Microsoft.OperationalInsights/workspaces/law-harbour`,
      logs: logs.map((log) => ({ retentionPolicy: { days: 0, enabled: false }, ...log })),
      metrics: [],
    },
  });
}
