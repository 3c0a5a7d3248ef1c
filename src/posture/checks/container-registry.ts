import type { ArmResource } from '../../inventory/types.ts';
import type { Check, CheckService, Verdict } from '../types.ts';
import {
  fail,
  isFalseOrAbsent,
  isNonEmptyText,
  isObject,
  isAbsent,
  isWord,
  items,
  judgeProperty,
  pass,
  property,
  region,
  seen,
} from '../values.ts';

// Microsoft.ContainerRegistry/registries, 2025-11-01; softDeletePolicy is in 2025-06-01-preview only.
const registry = 'Microsoft.ContainerRegistry/registries';
const pricing = 'Microsoft.Security/pricings';

const adminUserEnabled = property('properties.adminUserEnabled');
const anonymousPullEnabled = property('properties.anonymousPullEnabled');
const armAudience = property('properties.policies.azureADAuthenticationAsArmPolicy.status');
const publicNetworkAccess = property('properties.publicNetworkAccess');
const networkDefault = property('properties.networkRuleSet.defaultAction');
const ipRules = property('properties.networkRuleSet.ipRules');
const endpointConnections = property('properties.privateEndpointConnections');
const endpointStatus = property('properties.privateLinkServiceConnectionState.status');
const exportStatus = property('properties.policies.exportPolicy.status');
const trustStatus = property('properties.policies.trustPolicy.status');
const quarantineStatus = property('properties.policies.quarantinePolicy.status');
const retentionStatus = property('properties.policies.retentionPolicy.status');
const softDeleteStatus = property('properties.policies.softDeletePolicy.status');
const encryptionStatus = property('properties.encryption.status');
const zoneRedundancy = property('properties.zoneRedundancy');
const location = property('location');
const bypassOptions = property('properties.networkRuleBypassOptions');
const bypassForTasks = property('properties.networkRuleBypassAllowedForTasks');
const identityType = property('identity.type');
const roleAssignmentMode = property('properties.roleAssignmentMode');
const skuName = property('sku.name');
const tokenStatus = property('properties.status');
const tokenPasswords = property('properties.credentials.passwords');
const tokenCertificates = property('properties.credentials.certificates');
const settingLogs = property('properties.logs');
const pricingTier = property('properties.pricingTier');
const pricingExtensions = property('properties.extensions');

const isPremium = (resource: ArmResource): boolean => isWord(skuName.read(resource), 'Premium');
const isEnabled = (value: unknown): boolean => isWord(value, 'enabled');
const isDisabled = (value: unknown): boolean => isWord(value, 'disabled');

/** Regions with availability zones, where every tier is zone redundant. Azure documentation, "Zone redundancy in Azure Container Registry". */
const zonedRegions: ReadonlySet<string> = new Set(
  (
    'austriaeast australiaeast belgiumcentral brazilsouth canadacentral centralindia centralus chilecentral chinanorth3 ' +
    'eastasia eastus eastus2 francecentral germanywestcentral indonesiacentral israelcentral italynorth japaneast ' +
    'japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast polandcentral ' +
    'qatarcentral southafricanorth southcentralus southeastasia spaincentral swedencentral switzerlandnorth uaenorth ' +
    'uksouth usgovvirginia westeurope westus2 westus3'
  ).split(' '),
);

function judgeNetworkDefault(resource: ArmResource): Verdict {
  const evidence = seen(resource, publicNetworkAccess, networkDefault, ipRules);
  if (isDisabled(publicNetworkAccess.read(resource))) return pass('Public network access is disabled', evidence);
  if (!isWord(networkDefault.read(resource), 'Deny')) return fail('The default action is not Deny', evidence);
  const rules = items(ipRules.read(resource));
  if (rules === undefined) return fail('The IP rules are no list', evidence);
  const open = rules.some((rule) => isObject(rule) && (rule['value'] === '0.0.0.0/0' || rule['value'] === '0.0.0.0'));
  return open ? fail('An IP rule lets every address in', evidence) : pass('The firewall denies by default', evidence);
}

function judgePrivateEndpoint(resource: ArmResource): Verdict {
  const evidence = seen(resource, endpointConnections);
  const connections = items(endpointConnections.read(resource)) ?? [];
  const approved = connections.some((each) => isWord(endpointStatus.read(each), 'Approved'));
  return approved
    ? pass('A private endpoint is approved', evidence)
    : fail('No private endpoint connection is approved', evidence);
}

function judgeExport(resource: ArmResource): Verdict {
  const evidence = seen(resource, exportStatus, publicNetworkAccess);
  if (!isDisabled(exportStatus.read(resource))) return fail('Export is not disabled', evidence);
  return isDisabled(publicNetworkAccess.read(resource))
    ? pass('Export and the public endpoint are disabled', evidence)
    : fail('Azure enforces the export policy only with a closed public endpoint', evidence);
}

function judgeZones(resource: ArmResource): Verdict {
  const evidence = seen(resource, zoneRedundancy, location);
  if (isWord(zoneRedundancy.read(resource), 'Enabled')) return pass('Zone redundancy is enabled', evidence);
  return zonedRegions.has(region(location.read(resource)))
    ? pass('Every registry of this region is zone redundant', evidence)
    : fail('The region has no availability zones for registries', evidence);
}

function judgeReplicas(resource: ArmResource, replications: readonly ArmResource[]): Verdict {
  const home = region(location.read(resource));
  const regions = replications.map((replica) => region(location.read(replica)));
  const evidence = [...seen(resource, location), { path: 'replications[].location', value: regions }];
  return regions.some((each) => each !== '' && each !== home)
    ? pass('A replica stands in another region', evidence)
    : fail('There is no replica in another region', evidence);
}

/** Categories of the registry's resource logs that matter for an audit. */
const auditCategories = ['ContainerRegistryLoginEvents', 'ContainerRegistryRepositoryEvents'] as const;

function judgeDiagnostics(settings: readonly ArmResource[]): Verdict {
  const logs: unknown[] = [];
  for (const setting of settings) {
    const list = items(settingLogs.read(setting));
    const evidence = seen(setting, settingLogs);
    if (list === undefined) return fail(`The logs of ${setting.name} are no list`, evidence);
    logs.push(...list);
  }
  const on = logs.filter((log) => isObject(log) && log['enabled'] === true) as Readonly<Record<string, unknown>>[];
  const evidence = [
    {
      path: 'diagnosticSettings[].properties.logs',
      value: on.map((log) => log['category'] ?? log['categoryGroup'] ?? null),
    },
  ];
  const whole = on.some((log) => isWord(log['categoryGroup'], 'allLogs') || isWord(log['categoryGroup'], 'audit'));
  const missing = auditCategories.filter((category) => !on.some((log) => isWord(log['category'], category)));
  if (whole || missing.length === 0) return pass('Login and repository events are logged', evidence);
  return fail(`Not logged: ${missing.join(', ')}`, evidence);
}

function judgeTokens(tokens: readonly ArmResource[]): Verdict {
  for (const token of tokens) {
    if (isDisabled(tokenStatus.read(token))) continue;
    for (const list of [tokenPasswords, tokenCertificates]) {
      const credentials = items(list.read(token));
      const evidence = [{ path: `tokens/${token.name}/${list.path}`, value: expiries(credentials) }];
      if (credentials === undefined) return fail(`The credentials of token "${token.name}" are no list`, evidence);
      for (const credential of credentials) {
        if (!isObject(credential) || !isNonEmptyText(credential['expiry'])) {
          return fail(`Token "${token.name}" has a credential without expiry`, evidence);
        }
      }
    }
  }
  return pass(tokens.length === 0 ? 'There are no tokens' : 'All enabled tokens expire', [
    { path: 'tokens', value: tokens.length },
  ]);
}

function expiries(credentials: readonly unknown[] | undefined): unknown {
  return credentials?.map((credential) => (isObject(credential) ? (credential['expiry'] ?? null) : null)) ?? null;
}

function judgePlan([plan]: readonly ArmResource[], scanner: boolean): Verdict {
  const evidence = seen(plan, pricingTier);
  if (!isWord(pricingTier.read(plan), 'Standard'))
    return fail('The Containers plan is not on the Standard tier', evidence);
  if (!scanner) return pass('The Containers plan is on', evidence);
  const name = 'ContainerRegistriesVulnerabilityAssessments';
  const extension = (items(pricingExtensions.read(plan)) ?? []).find(
    (each) => isObject(each) && isWord(each['name'], name),
  );
  const value = isObject(extension) ? extension['isEnabled'] : undefined;
  const full = [...evidence, { path: `properties.extensions[${name}].isEnabled`, value: value ?? null }];
  return value === true || isWord(value, 'True')
    ? pass('The registry scanner is on', full)
    : fail('The registry scanner is off', full);
}

const diagnosticSettings = { kind: 'collection', path: 'providers/microsoft.insights/diagnosticsettings' } as const;
const containersPlan = { kind: 'single', path: 'providers/microsoft.security/pricings/containers' } as const;

const checks: readonly Check[] = [
  {
    id: 'acr-admin-user-disabled',
    title: 'Registry admin user is disabled',
    severity: 'high',
    target: registry,
    why: 'The admin account is one password shared by everybody: it may push to every repository, names nobody and never ends.',
    fix: 'az acr update --name <registry> --admin-enabled false',
    references: { mcsb: ['IM-1'] },
    judge: (resource) => judgeProperty(resource, adminUserEnabled, isFalseOrAbsent),
  },
  {
    id: 'acr-anonymous-pull-disabled',
    title: 'Anonymous pull is disabled',
    severity: 'high',
    target: registry,
    why: 'Anonymous pull hands every image and chart to anyone on the internet, with whatever secrets their layers hold.',
    fix: 'az acr update --name <registry> --anonymous-pull-enabled false',
    references: {},
    judge: (resource) => judgeProperty(resource, anonymousPullEnabled, isFalseOrAbsent),
  },
  {
    id: 'acr-arm-audience-token-disabled',
    title: 'Tokens for the Resource Manager audience are refused',
    severity: 'high',
    target: registry,
    why: 'While tokens for Azure Resource Manager open the registry too, one stolen from any management tool can pull images. Registry-scoped tokens alone can be governed by Conditional Access.',
    fix: 'az acr config authentication-as-arm update --registry <registry> --status disabled',
    references: {},
    judge: (resource) => judgeProperty(resource, armAudience, isDisabled),
  },
  {
    id: 'acr-public-network-access-disabled',
    title: 'Public network access is disabled',
    severity: 'high',
    target: registry,
    why: 'Without a public endpoint, leaked credentials are of no use outside the private network.',
    fix: 'az acr update --name <registry> --public-network-enabled false  # Premium; builders and clusters need a private endpoint first',
    references: { mcsb: ['NS-2'] },
    judge: (resource) => judgeProperty(resource, publicNetworkAccess, isDisabled),
  },
  {
    id: 'acr-network-default-deny',
    title: 'Registry firewall denies by default',
    severity: 'high',
    target: registry,
    why: 'Where the public endpoint has to stay, a rule set that denies by default leaves it open to known addresses only.',
    fix: 'az acr update --name <registry> --default-action Deny && az acr network-rule add --name <registry> --ip-address <cidr>',
    references: { mcsb: ['NS-2'] },
    judge: judgeNetworkDefault,
  },
  {
    id: 'acr-private-endpoint-approved',
    title: 'Registry is reached through a private endpoint',
    severity: 'medium',
    target: registry,
    why: 'A private endpoint keeps pulls and pushes inside the virtual network, and makes closing the public one possible.',
    fix: 'az network private-endpoint create --name <pe> --resource-group <rg> --subnet <subnet> --private-connection-resource-id <registry-id> --group-id registry --connection-name <name>',
    references: { mcsb: ['NS-2'] },
    judge: judgePrivateEndpoint,
  },
  {
    id: 'acr-export-disabled',
    title: 'Artifact export is disabled',
    severity: 'medium',
    target: registry,
    why: 'While export is allowed, a reader of the registry resource can copy images to a registry of their own and so out of a closed network.',
    fix: 'az resource update --ids <registry-id> --set properties.policies.exportPolicy.status=disabled properties.publicNetworkAccess=Disabled',
    references: {},
    applies: isPremium,
    judge: judgeExport,
  },
  {
    id: 'acr-content-trust-enabled',
    title: 'Content trust is enabled',
    severity: 'low',
    target: registry,
    why: 'With content trust clients can insist on signed tags. Docker Content Trust is being retired (removal in March 2028): a registry that signs with Notary Project and verifies at admission may accept this finding instead.',
    fix: 'az acr config content-trust update --registry <registry> --status enabled  # where still offered; else sign with notation and verify at admission',
    references: {},
    applies: isPremium,
    judge: (resource) => judgeProperty(resource, trustStatus, isEnabled),
  },
  {
    id: 'acr-quarantine-enabled',
    title: 'New images are quarantined until released',
    severity: 'low',
    target: registry,
    why: 'Quarantine keeps a pushed image away from ordinary pulls until a scanner releases it, so nothing unscanned reaches a cluster.',
    fix: 'az resource update --ids <registry-id> --set properties.policies.quarantinePolicy.status=enabled  # the scanner needs AcrQuarantineWriter',
    references: {},
    applies: isPremium,
    judge: (resource) => judgeProperty(resource, quarantineStatus, isEnabled),
  },
  {
    id: 'acr-untagged-retention-enabled',
    title: 'Untagged manifests are purged after a retention time',
    severity: 'low',
    target: registry,
    why: 'Old untagged manifests can still be pulled by digest; purging them takes unpatched images out of reach.',
    fix: 'az acr config retention update --registry <registry> --status enabled --days 30 --type UntaggedManifests',
    references: {},
    applies: (resource) => isPremium(resource) && !isEnabled(softDeleteStatus.read(resource)),
    judge: (resource) => judgeProperty(resource, retentionStatus, isEnabled),
  },
  {
    id: 'acr-soft-delete-enabled',
    title: 'Deleted images can be restored',
    severity: 'low',
    target: registry,
    why: 'Soft delete keeps removed manifests for a while, so a mistaken or hostile clean-up does not take running workloads with it.',
    fix: 'az acr config soft-delete update --registry <registry> --status enabled --days 14',
    references: {},
    applies: (resource) => !isEnabled(retentionStatus.read(resource)),
    judge: (resource) => judgeProperty(resource, softDeleteStatus, isEnabled),
  },
  {
    id: 'acr-cmk-encryption',
    title: 'Registry is encrypted with a customer-managed key',
    severity: 'low',
    target: registry,
    why: 'A key of your own lets you decide on rotation and withdraw access to the stored images. It is chosen when a Premium registry is created.',
    fix: 'az acr create --name <registry> --resource-group <rg> --sku Premium --identity <identity> --key-encryption-key <key-id>  # a new registry; then import the images',
    references: { mcsb: ['DP-5'] },
    judge: (resource) => judgeProperty(resource, encryptionStatus, isEnabled),
  },
  {
    id: 'acr-zone-redundant',
    title: 'Registry is zone redundant',
    severity: 'low',
    target: registry,
    why: 'When the only zone of a registry fails, deployments and node scale-out fail with it.',
    fix: 'az acr replication create --registry <registry> --location <region with availability zones>',
    references: {},
    judge: judgeZones,
  },
  {
    id: 'acr-geo-replicated',
    title: 'Registry is replicated to a second region',
    severity: 'low',
    target: registry,
    why: 'Pulls go on when the home region is down, and clusters elsewhere pull from nearby.',
    fix: 'az acr replication create --registry <registry> --location <region>',
    references: {},
    applies: isPremium,
    inputs: [{ kind: 'collection', path: 'replications' }],
    judge: (resource, [replications = []]) => judgeReplicas(resource, replications),
  },
  {
    id: 'acr-diagnostic-logs-enabled',
    title: 'Login and repository events are logged',
    severity: 'medium',
    target: registry,
    why: 'Without these logs nobody can tell who signed in and which image was pushed, pulled or deleted.',
    fix: `az monitor diagnostic-settings create --name to-law --resource <registry-id> --workspace <workspace-id> --logs "[{categoryGroup:allLogs,enabled:true}]"`,
    references: { mcsb: ['LT-3'] },
    inputs: [diagnosticSettings],
    judge: (_resource, [settings = []]) => judgeDiagnostics(settings),
  },
  {
    id: 'acr-trusted-services-allowed',
    title: 'Trusted Microsoft services can pass the registry firewall',
    severity: 'low',
    target: registry,
    why: 'Defender and other platform services stop scanning, without a word, when a closed registry does not let trusted services in.',
    fix: 'az acr update --name <registry> --allow-trusted-services true',
    references: {},
    judge: (resource) =>
      judgeProperty(resource, bypassOptions, (value) => isAbsent(value) || isWord(value, 'AzureServices')),
  },
  {
    id: 'acr-tasks-network-bypass-disabled',
    title: 'Tasks cannot bypass the registry firewall',
    severity: 'low',
    target: registry,
    why: 'With the bypass, whoever may run a task moves images across the network boundary of a closed registry from shared build agents.',
    fix: 'az resource update --ids <registry-id> --api-version 2025-11-01 --set properties.networkRuleBypassAllowedForTasks=false',
    references: {},
    judge: (resource) => judgeProperty(resource, bypassForTasks, isFalseOrAbsent),
  },
  {
    id: 'acr-tokens-expire',
    title: 'Repository-scoped tokens expire',
    severity: 'medium',
    target: registry,
    why: 'A token password without an end is a registry credential for ever, and it usually lives in pipelines and devices.',
    fix: 'az acr token credential generate --registry <registry> --name <token> --password1 --expiration-in-days 30',
    references: {},
    inputs: [{ kind: 'collection', path: 'tokens' }],
    judge: (_resource, [tokens = []]) => judgeTokens(tokens),
  },
  {
    id: 'acr-managed-identity',
    title: 'Registry has a managed identity',
    severity: 'low',
    target: registry,
    why: 'With an identity the registry reaches its key and upstream registries without stored credentials.',
    fix: 'az acr identity assign --name <registry> --identities [system]',
    references: {},
    judge: (resource) =>
      judgeProperty(resource, identityType, (value) => isNonEmptyText(value) && !isWord(value, 'None')),
  },
  {
    id: 'acr-repository-permissions-abac',
    title: 'Roles can be limited to single repositories',
    severity: 'low',
    target: registry,
    why: 'In the older mode a pull or push role always covers every repository; the newer one takes assignments with a repository condition.',
    fix: 'az acr update --name <registry> --role-assignment-mode rbac-abac',
    references: {},
    judge: (resource) =>
      judgeProperty(resource, roleAssignmentMode, (value) => isWord(value, 'AbacRepositoryPermissions')),
  },
  {
    id: 'acr-defender-for-containers-on',
    title: 'Defender for Containers covers the subscription',
    severity: 'high',
    target: pricing,
    perSubscriptionWith: registry,
    why: 'The plan looks for vulnerabilities in registry images and watches clusters at run time; the free tier does neither.',
    fix: 'az security pricing create --name Containers --tier Standard',
    references: { cis: ['6.0 8.1.4.1', '5.0 8.1.4.1', '4.0 9.1.4.1'], mcsb: ['LT-1', 'LT-2'] },
    inputs: [containersPlan],
    judge: (_resource, [plan = []]) => judgePlan(plan, false),
  },
  {
    id: 'acr-image-scanning-on',
    title: 'Registry images are scanned by Defender',
    severity: 'high',
    target: pricing,
    perSubscriptionWith: registry,
    why: 'The plan can be on while its registry scanner is off: then new vulnerabilities in stored images go unnoticed.',
    fix: 'az security pricing create --name Containers --tier Standard --extensions name=ContainerRegistriesVulnerabilityAssessments isEnabled=True',
    references: { mcsb: ['PV-6', 'DS-6'] },
    inputs: [containersPlan],
    judge: (_resource, [plan = []]) => judgePlan(plan, true),
  },
];

export const containerRegistry: CheckService = { service: 'container-registry', title: 'Container Registry', checks };
