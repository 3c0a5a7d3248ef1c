// Storage, databases, messaging, applications and machines of the lab: some well kept, some not.
import { child, resource, type ArmResource } from '../arm/resource.ts';
import type { JsonObject } from '../json.ts';
import { tenant } from './directory.ts';
import { groups, type GroupRecord } from './estate.ts';
import { diagnosticSettings } from './registries.ts';

const allow: JsonObject = { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] };
const deny: JsonObject = { bypass: 'AzureServices', defaultAction: 'Deny', ipRules: [], virtualNetworkRules: [] };

export function serviceResources(): ArmResource[] {
  const { data, staging, edge, finance } = groups;
  return [
    ...storage(data, 'stharbourdata', { careful: true }),
    ...storage(staging, 'stharbourpublic', { careful: false }),
    ...storage(edge, 'stedgelogs', { careful: true }),
    ...storage(finance, 'stfinance', { careful: true }),
    ...vault(data, 'kv-harbour', true),
    ...vault(staging, 'kv-staging', false),
    ...vault(finance, 'kv-finance', true),
    ...sqlServer(data, 'sql-harbour', true),
    ...sqlServer(staging, 'sql-staging', false),
    ...flexibleServers(),
    ...messaging(),
    ...applications(),
    ...machines(),
    ...platform(),
  ];
}

function storage(group: GroupRecord, name: string, { careful }: { readonly careful: boolean }): ArmResource[] {
  const account = resource(group.id, 'Microsoft.Storage/storageAccounts', name, {
    location: group.location,
    kind: 'StorageV2',
    sku: { name: careful ? 'Standard_ZRS' : 'Standard_LRS', tier: 'Standard' },
    tags: {},
    properties: {
      provisioningState: 'Succeeded',
      creationTime: '2025-04-02T08:00:00.0000000Z',
      accessTier: 'Hot',
      allowBlobPublicAccess: !careful,
      allowSharedKeyAccess: !careful,
      allowCrossTenantReplication: !careful,
      minimumTlsVersion: careful ? 'TLS1_2' : 'TLS1_0',
      supportsHttpsTrafficOnly: careful,
      publicNetworkAccess: careful ? 'Disabled' : 'Enabled',
      networkAcls: careful ? deny : allow,
      encryption: {
        keySource: 'Microsoft.Storage',
        requireInfrastructureEncryption: careful,
        services: { blob: { enabled: true, keyType: 'Account' }, file: { enabled: true, keyType: 'Account' } },
      },
      primaryEndpoints: {
        blob: `https://${name}.blob.core.windows.net/`,
        file: `https://${name}.file.core.windows.net/`,
      },
      privateEndpointConnections: [],
    },
  });
  const blobs = child(account, 'blobServices', 'default', {
    properties: {
      cors: { corsRules: [] },
      deleteRetentionPolicy: careful ? { enabled: true, days: 14 } : { enabled: false },
      containerDeleteRetentionPolicy: careful ? { enabled: true, days: 14 } : { enabled: false },
      isVersioningEnabled: careful,
    },
  });
  return [
    account,
    blobs,
    child(account, 'fileServices', 'default', {
      properties: {
        cors: { corsRules: [] },
        shareDeleteRetentionPolicy: { enabled: careful, days: 7 },
        protocolSettings: { smb: {} },
      },
    }),
    child(account, 'queueServices', 'default', { properties: { cors: { corsRules: [] } } }),
    child(account, 'tableServices', 'default', { properties: { cors: { corsRules: [] } } }),
    child(blobs, 'containers', careful ? 'backups' : 'assets', {
      properties: {
        publicAccess: careful ? 'None' : 'Container',
        leaseStatus: 'Unlocked',
        leaseState: 'Available',
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
        lastModifiedTime: '2026-02-02T00:00:00.0000000Z',
      },
    }),
    ...(careful
      ? [
          diagnosticSettings(blobs.id, 'to-law', [
            { category: 'StorageRead', enabled: true },
            { category: 'StorageWrite', enabled: true },
            { category: 'StorageDelete', enabled: true },
          ]),
        ]
      : []),
  ];
}

function vault(group: GroupRecord, name: string, careful: boolean): ArmResource[] {
  const made = resource(group.id, 'Microsoft.KeyVault/vaults', name, {
    location: group.location,
    tags: {},
    properties: {
      provisioningState: 'Succeeded',
      tenantId: tenant.tenantId,
      sku: { family: 'A', name: careful ? 'premium' : 'standard' },
      vaultUri: `https://${name}.vault.azure.net/`,
      accessPolicies: careful
        ? []
        : [
            {
              tenantId: tenant.tenantId,
              objectId: '9e09e002-0000-4000-8000-000000000002',
              permissions: { keys: ['all'], secrets: ['all'], certificates: ['all'] },
            },
          ],
      enableRbacAuthorization: careful,
      enableSoftDelete: true,
      softDeleteRetentionInDays: careful ? 90 : 7,
      ...(careful ? { enablePurgeProtection: true } : {}),
      publicNetworkAccess: careful ? 'Disabled' : 'Enabled',
      networkAcls: careful ? deny : allow,
    },
  });
  return [
    made,
    child(made, 'keys', 'acr', {
      location: group.location,
      properties: {
        attributes: {
          enabled: true,
          created: 1_767_225_600,
          updated: 1_767_225_600,
          ...(careful ? { exp: 1_830_297_600 } : {}),
        },
        kty: 'RSA',
        keySize: 2048,
        keyUri: `https://${name}.vault.azure.net/keys/acr`,
      },
    }),
    ...(careful ? [diagnosticSettings(made.id, 'audit', [{ categoryGroup: 'audit', enabled: true }])] : []),
  ];
}

function sqlServer(group: GroupRecord, name: string, careful: boolean): ArmResource[] {
  const server = resource(group.id, 'Microsoft.Sql/servers', name, {
    location: group.location,
    kind: 'v12.0',
    tags: {},
    ...(careful
      ? {
          identity: {
            type: 'SystemAssigned',
            principalId: '5e71ce00-5d10-4000-8000-000000000001',
            tenantId: tenant.tenantId,
          },
        }
      : {}),
    properties: {
      administratorLogin: 'harbouradmin',
      version: '12.0',
      state: 'Ready',
      fullyQualifiedDomainName: `${name}.database.windows.net`,
      privateEndpointConnections: [],
      minimalTlsVersion: careful ? '1.2' : '1.0',
      publicNetworkAccess: careful ? 'Disabled' : 'Enabled',
      restrictOutboundNetworkAccess: careful ? 'Enabled' : 'Disabled',
      ...(careful
        ? {
            administrators: {
              administratorType: 'ActiveDirectory',
              principalType: 'Group',
              login: 'Platform team',
              sid: '9a0b0001-0000-4000-8000-000000000001',
              tenantId: tenant.tenantId,
              azureADOnlyAuthentication: true,
            },
          }
        : {}),
    },
  });
  const database = child(server, 'databases', careful ? 'orders' : 'orders-test', {
    location: group.location,
    kind: 'v12.0,user',
    sku: { name: 'GP_S_Gen5', tier: 'GeneralPurpose', family: 'Gen5', capacity: 2 },
    properties: {
      status: 'Online',
      collation: 'SQL_Latin1_General_CP1_CI_AS',
      zoneRedundant: careful,
      requestedBackupStorageRedundancy: careful ? 'Geo' : 'Local',
      creationDate: '2025-05-01T00:00:00.000Z',
    },
  });
  return [
    server,
    database,
    child(database, 'transparentDataEncryption', 'current', { properties: { state: 'Enabled' } }),
    child(server, 'auditingSettings', 'Default', {
      properties: {
        state: careful ? 'Enabled' : 'Disabled',
        retentionDays: careful ? 120 : 0,
        isAzureMonitorTargetEnabled: careful,
        auditActionsAndGroups: [],
      },
    }),
    child(server, 'securityAlertPolicies', 'Default', {
      properties: { state: careful ? 'Enabled' : 'Disabled', disabledAlerts: [], emailAccountAdmins: careful },
    }),
    child(server, 'encryptionProtector', 'current', {
      properties: { serverKeyType: 'ServiceManaged', serverKeyName: 'ServiceManaged' },
    }),
    child(server, 'azureADOnlyAuthentications', 'Default', { properties: { azureADOnlyAuthentication: careful } }),
    ...(careful
      ? []
      : [
          child(server, 'firewallRules', 'AllowAllWindowsAzureIps', {
            properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' },
          }),
          child(server, 'firewallRules', 'everyone', {
            properties: { startIpAddress: '0.0.0.0', endIpAddress: '255.255.255.255' },
          }),
        ]),
  ];
}

function flexibleServers(): ArmResource[] {
  const { data, staging } = groups;
  const postgres = resource(data.id, 'Microsoft.DBforPostgreSQL/flexibleServers', 'psql-harbour', {
    location: data.location,
    sku: { name: 'Standard_D2ds_v5', tier: 'GeneralPurpose' },
    properties: {
      state: 'Ready',
      version: '16',
      fullyQualifiedDomainName: 'psql-harbour.postgres.database.azure.com',
      storage: { storageSizeGB: 128, autoGrow: 'Enabled' },
      network: {
        publicNetworkAccess: 'Disabled',
        delegatedSubnetResourceId: `${groups.network.id}/providers/Microsoft.Network/virtualNetworks/vnet-harbour/subnets/snet-endpoints`,
      },
      backup: { backupRetentionDays: 14, geoRedundantBackup: 'Enabled' },
      highAvailability: { mode: 'ZoneRedundant', state: 'Healthy' },
      authConfig: { activeDirectoryAuth: 'Enabled', passwordAuth: 'Disabled', tenantId: tenant.tenantId },
      dataEncryption: { type: 'SystemManaged' },
    },
  });
  return [
    postgres,
    ...[
      ['require_secure_transport', 'on'],
      ['log_checkpoints', 'on'],
      ['connection_throttle.enable', 'on'],
      ['ssl_min_protocol_version', 'TLSv1.2'],
    ].map(([name = '', value = '']) =>
      child(postgres, 'configurations', name, {
        properties: { value, source: 'user-override', dataType: 'Enumeration' },
      }),
    ),
    resource(staging.id, 'Microsoft.DBforMySQL/flexibleServers', 'mysql-staging', {
      location: staging.location,
      sku: { name: 'Standard_B1ms', tier: 'Burstable' },
      properties: {
        state: 'Ready',
        version: '8.0.21',
        fullyQualifiedDomainName: 'mysql-staging.mysql.database.azure.com',
        storage: { storageSizeGB: 20, autoGrow: 'Disabled' },
        network: { publicNetworkAccess: 'Enabled' },
        backup: { backupRetentionDays: 1, geoRedundantBackup: 'Disabled' },
        highAvailability: { mode: 'Disabled', state: 'NotEnabled' },
      },
    }),
    resource(data.id, 'Microsoft.DocumentDB/databaseAccounts', 'cosmos-harbour', {
      location: data.location,
      kind: 'GlobalDocumentDB',
      properties: {
        provisioningState: 'Succeeded',
        documentEndpoint: 'https://cosmos-harbour.documents.azure.com:443/',
        publicNetworkAccess: 'Disabled',
        disableLocalAuth: true,
        disableKeyBasedMetadataWriteAccess: true,
        minimalTlsVersion: 'Tls12',
        isVirtualNetworkFilterEnabled: true,
        ipRules: [],
        virtualNetworkRules: [],
        enableAutomaticFailover: true,
        locations: [{ locationName: 'West Europe', failoverPriority: 0, isZoneRedundant: true }],
        backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } },
      },
    }),
    resource(data.id, 'Microsoft.Cache/redis', 'redis-harbour', {
      location: data.location,
      zones: ['1', '2'],
      properties: {
        provisioningState: 'Succeeded',
        redisVersion: '6.0',
        hostName: 'redis-harbour.redis.cache.windows.net',
        sslPort: 6380,
        port: 6379,
        sku: { name: 'Premium', family: 'P', capacity: 1 },
        enableNonSslPort: false,
        minimumTlsVersion: '1.2',
        publicNetworkAccess: 'Disabled',
        disableAccessKeyAuthentication: true,
        redisConfiguration: { 'aad-enabled': 'true', 'maxmemory-policy': 'volatile-lru' },
      },
    }),
    resource(staging.id, 'Microsoft.Cache/redis', 'redis-staging', {
      location: staging.location,
      properties: {
        provisioningState: 'Succeeded',
        redisVersion: '6.0',
        hostName: 'redis-staging.redis.cache.windows.net',
        sku: { name: 'Basic', family: 'C', capacity: 0 },
        enableNonSslPort: true,
        minimumTlsVersion: '1.0',
        publicNetworkAccess: 'Enabled',
        disableAccessKeyAuthentication: false,
        redisConfiguration: {},
      },
    }),
  ];
}

function messaging(): ArmResource[] {
  const { data, staging } = groups;
  const bus = resource(data.id, 'Microsoft.ServiceBus/namespaces', 'sb-harbour', {
    location: data.location,
    sku: { name: 'Premium', tier: 'Premium', capacity: 1 },
    properties: {
      provisioningState: 'Succeeded',
      status: 'Active',
      minimumTlsVersion: '1.2',
      publicNetworkAccess: 'Disabled',
      disableLocalAuth: true,
      zoneRedundant: true,
      serviceBusEndpoint: 'https://sb-harbour.servicebus.windows.net:443/',
    },
  });
  const hub = resource(staging.id, 'Microsoft.EventHub/namespaces', 'evhns-staging', {
    location: staging.location,
    sku: { name: 'Standard', tier: 'Standard', capacity: 1 },
    properties: {
      provisioningState: 'Succeeded',
      status: 'Active',
      minimumTlsVersion: '1.0',
      publicNetworkAccess: 'Enabled',
      disableLocalAuth: false,
      zoneRedundant: false,
      isAutoInflateEnabled: false,
      kafkaEnabled: true,
    },
  });
  return [
    bus,
    child(bus, 'networkRuleSets', 'default', {
      properties: {
        publicNetworkAccess: 'Disabled',
        defaultAction: 'Deny',
        ipRules: [],
        virtualNetworkRules: [],
        trustedServiceAccessEnabled: true,
      },
    }),
    hub,
    child(hub, 'networkRuleSets', 'default', {
      properties: { publicNetworkAccess: 'Enabled', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
    }),
    child(hub, 'authorizationRules', 'RootManageSharedAccessKey', {
      properties: { rights: ['Listen', 'Manage', 'Send'] },
    }),
  ];
}

function applications(): ArmResource[] {
  const { harbour, staging } = groups;
  const plan = resource(harbour.id, 'Microsoft.Web/serverfarms', 'asp-harbour', {
    location: harbour.location,
    kind: 'linux',
    sku: { name: 'P1v3', tier: 'PremiumV3', size: 'P1v3', family: 'Pv3', capacity: 2 },
    properties: { status: 'Ready', reserved: true, zoneRedundant: false, numberOfWorkers: 2 },
  });
  return [
    plan,
    ...site(harbour, 'app-berths', 'app,linux', plan.id, true),
    ...site(staging, 'func-invoices', 'functionapp,linux', plan.id, false),
    resource(harbour.id, 'Microsoft.App/managedEnvironments', 'cae-harbour', {
      location: harbour.location,
      properties: {
        provisioningState: 'Succeeded',
        zoneRedundant: true,
        defaultDomain: 'calmsea-0a1b2c3d.westeurope.azurecontainerapps.io',
        vnetConfiguration: { internal: true },
        appLogsConfiguration: { destination: 'azure-monitor' },
        peerAuthentication: { mtls: { enabled: true } },
      },
    }),
    resource(harbour.id, 'Microsoft.App/containerApps', 'ca-tides', {
      location: harbour.location,
      identity: {
        type: 'SystemAssigned',
        principalId: '5e71ce00-ca00-4000-8000-000000000001',
        tenantId: tenant.tenantId,
      },
      properties: {
        provisioningState: 'Succeeded',
        managedEnvironmentId: `${harbour.id}/providers/Microsoft.App/managedEnvironments/cae-harbour`,
        configuration: {
          activeRevisionsMode: 'Single',
          ingress: { external: false, targetPort: 8080, allowInsecure: false, transport: 'auto' },
          registries: [{ server: 'harbourprod.azurecr.io', identity: 'system' }],
          secrets: [],
        },
        template: {
          containers: [
            {
              name: 'tides',
              image: 'mcr.microsoft.com/k8se/quickstart:latest',
              resources: { cpu: 0.5, memory: '1Gi' },
            },
          ],
          scale: { minReplicas: 1, maxReplicas: 3 },
        },
      },
    }),
    resource(harbour.id, 'Microsoft.ManagedIdentity/userAssignedIdentities', 'id-orders', {
      location: harbour.location,
      tags: {},
      properties: {
        tenantId: tenant.tenantId,
        principalId: '5e71ce00-1d01-4000-8000-000000000001',
        clientId: 'a9911ca7-1d01-4000-8000-000000000001',
      },
    }),
  ];
}

function site(group: GroupRecord, name: string, kind: string, plan: string, careful: boolean): ArmResource[] {
  const made = resource(group.id, 'Microsoft.Web/sites', name, {
    location: group.location,
    kind,
    tags: {},
    ...(careful
      ? {
          identity: {
            type: 'SystemAssigned',
            principalId: '5e71ce00-5174-4000-8000-000000000001',
            tenantId: tenant.tenantId,
          },
        }
      : {}),
    properties: {
      state: 'Running',
      enabled: true,
      serverFarmId: plan,
      defaultHostName: `${name}.azurewebsites.net`,
      httpsOnly: careful,
      clientCertEnabled: careful,
      clientCertMode: careful ? 'Required' : 'Optional',
      publicNetworkAccess: careful ? 'Disabled' : 'Enabled',
      hostNames: [`${name}.azurewebsites.net`],
      virtualNetworkSubnetId: careful
        ? `${groups.network.id}/providers/Microsoft.Network/virtualNetworks/vnet-harbour/subnets/snet-endpoints`
        : null,
      siteConfig: { linuxFxVersion: 'NODE|22-lts' },
    },
  });
  return [
    made,
    child(made, 'config', 'web', {
      location: group.location,
      properties: {
        minTlsVersion: careful ? '1.3' : '1.0',
        ftpsState: careful ? 'Disabled' : 'AllAllowed',
        http20Enabled: careful,
        remoteDebuggingEnabled: !careful,
        linuxFxVersion: 'NODE|22-lts',
        alwaysOn: true,
        cors: careful ? null : { allowedOrigins: ['*'] },
        ipSecurityRestrictions: [],
      },
    }),
    child(made, 'basicPublishingCredentialsPolicies', 'ftp', {
      location: group.location,
      properties: { allow: !careful },
    }),
    child(made, 'basicPublishingCredentialsPolicies', 'scm', {
      location: group.location,
      properties: { allow: !careful },
    }),
  ];
}

function machines(): ArmResource[] {
  const { staging } = groups;
  const disk = resource(staging.id, 'Microsoft.Compute/disks', 'vm-jump_OsDisk', {
    location: staging.location,
    sku: { name: 'Premium_LRS', tier: 'Premium' },
    managedBy: `${staging.id}/providers/Microsoft.Compute/virtualMachines/vm-jump`,
    properties: {
      provisioningState: 'Succeeded',
      diskState: 'Attached',
      diskSizeGB: 64,
      osType: 'Linux',
      encryption: { type: 'EncryptionAtRestWithPlatformKey' },
      networkAccessPolicy: 'AllowAll',
      publicNetworkAccess: 'Enabled',
    },
  });
  return [
    disk,
    resource(staging.id, 'Microsoft.Compute/virtualMachines', 'vm-jump', {
      location: staging.location,
      tags: {},
      properties: {
        provisioningState: 'Succeeded',
        vmId: '0a1b2c3d-0000-4000-8000-00000000000a',
        hardwareProfile: { vmSize: 'Standard_B2s' },
        storageProfile: {
          imageReference: { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
          osDisk: { osType: 'Linux', name: 'vm-jump_OsDisk', createOption: 'FromImage', managedDisk: { id: disk.id } },
          dataDisks: [],
        },
        osProfile: {
          computerName: 'vm-jump',
          adminUsername: 'harbour',
          linuxConfiguration: { disablePasswordAuthentication: false },
        },
        networkProfile: {
          networkInterfaces: [{ id: `${staging.id}/providers/Microsoft.Network/networkInterfaces/nic-jump` }],
        },
        diagnosticsProfile: { bootDiagnostics: { enabled: false } },
      },
    }),
  ];
}

function platform(): ArmResource[] {
  const { harbour, edge } = groups;
  return [
    resource(harbour.id, 'Microsoft.OperationalInsights/workspaces', 'law-harbour', {
      location: harbour.location,
      properties: {
        provisioningState: 'Succeeded',
        customerId: '0a1b2c3d-0000-4000-8000-00000000000b',
        sku: { name: 'PerGB2018' },
        retentionInDays: 90,
        publicNetworkAccessForIngestion: 'Enabled',
        publicNetworkAccessForQuery: 'Enabled',
      },
    }),
    resource(harbour.id, 'Microsoft.Insights/components', 'appi-harbour', {
      location: harbour.location,
      kind: 'web',
      properties: {
        Application_Type: 'web',
        RetentionInDays: 90,
        WorkspaceResourceId: `${harbour.id}/providers/Microsoft.OperationalInsights/workspaces/law-harbour`,
        DisableLocalAuth: true,
      },
    }),
    resource(harbour.id, 'Microsoft.Insights/activityLogAlerts', 'alert-policy-changes', {
      location: 'global',
      properties: {
        enabled: true,
        scopes: [`/subscriptions/${harbour.subscriptionId}`],
        condition: {
          allOf: [
            { field: 'category', equals: 'Administrative' },
            { field: 'operationName', equals: 'Microsoft.Authorization/policyAssignments/write' },
          ],
        },
        actions: { actionGroups: [] },
      },
    }),
    resource(edge.id, 'Microsoft.Automation/automationAccounts', 'aa-edge', {
      location: edge.location,
      properties: {
        state: 'Ok',
        publicNetworkAccess: true,
        disableLocalAuth: false,
        encryption: { keySource: 'Microsoft.Automation' },
      },
    }),
  ];
}
