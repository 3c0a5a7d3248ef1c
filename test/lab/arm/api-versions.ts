// The api-versions that the lab's Resource Manager knows, one line a type: those that readers of this project name.
// A type that is not here does not exist in this cloud.

const table = `
metadata/endpoints                                        2015-01-01
subscriptions                                             2022-12-01 2016-06-01
tenants                                                   2022-12-01 2016-06-01
resourcegroups                                            2021-04-01 2022-09-01 2024-03-01 2025-04-01
resources                                                 2021-04-01 2022-09-01 2024-03-01 2025-04-01
microsoft.resourcegraph/resources                         2021-03-01 2024-04-01
microsoft.management/managementgroups                     2021-04-01 2023-04-01
microsoft.subscription/policies                           2021-10-01
microsoft.aadiam/diagnosticsettings                       2017-04-01
microsoft.authorization/roleassignments                   2022-04-01
microsoft.authorization/roledefinitions                   2022-04-01
microsoft.authorization/permissions                       2022-04-01
microsoft.authorization/denyassignments                   2022-04-01
microsoft.authorization/roleeligibilityscheduleinstances  2020-10-01
microsoft.authorization/locks                             2020-05-01
microsoft.authorization/policyassignments                 2023-04-01
microsoft.authorization/policysetdefinitions              2023-04-01
microsoft.authorization/policyexemptions                  2022-07-01-preview
microsoft.insights/diagnosticsettings                     2021-05-01-preview
microsoft.insights/autoscalesettings                      2022-10-01
microsoft.insights/activitylogalerts                      2020-10-01
microsoft.insights/components                             2020-02-02
microsoft.operationalinsights/workspaces                  2023-09-01
microsoft.security/pricings                               2024-01-01
microsoft.security/settings                               2022-05-01
microsoft.security/servervulnerabilityassessmentssettings 2023-05-01
microsoft.security/automations                            2023-12-01-preview
microsoft.security/securitycontacts                       2023-12-01-preview
microsoft.security/alertssuppressionrules                 2019-01-01-preview
microsoft.security/iotsecuritysolutions                   2019-08-01
microsoft.security/assessments                            2019-01-01-preview 2020-01-01
microsoft.security/assessments/subassessments             2019-01-01-preview
microsoft.security/subassessments                         2019-01-01-preview
microsoft.security/advancedthreatprotectionsettings       2019-01-01
microsoft.security/jitnetworkaccesspolicies               2020-01-01
microsoft.containerregistry/registries                    2025-11-01 2025-06-01-preview
microsoft.containerregistry/registries/listusages         2025-11-01
microsoft.containerregistry/registries/tokens             2025-11-01
microsoft.containerregistry/registries/scopemaps          2025-11-01
microsoft.containerregistry/registries/webhooks           2025-11-01
microsoft.containerregistry/registries/replications       2025-11-01
microsoft.containerregistry/registries/privateendpointconnections 2025-11-01
microsoft.containerservice/managedclusters                2026-06-01 2026-04-01 2025-10-01
microsoft.containerservice/managedclusters/agentpools     2026-06-01 2026-04-01 2025-10-01
microsoft.containerservice/managedclusters/upgradeprofiles 2025-10-01
microsoft.containerservice/locations/kubernetesversions   2025-10-01
microsoft.storage/storageaccounts                         2025-06-01 2023-05-01
microsoft.storage/storageaccounts/blobservices            2025-06-01 2023-05-01
microsoft.storage/storageaccounts/blobservices/containers 2025-06-01
microsoft.storage/storageaccounts/fileservices            2025-06-01
microsoft.storage/storageaccounts/fileservices/shares     2025-06-01
microsoft.storage/storageaccounts/queueservices           2025-06-01
microsoft.storage/storageaccounts/tableservices           2025-06-01
microsoft.storage/storageaccounts/encryptionscopes        2025-06-01
microsoft.keyvault/vaults                                 2024-11-01
microsoft.keyvault/vaults/keys                            2024-11-01
microsoft.keyvault/vaults/secrets                         2024-11-01
microsoft.sql/servers                                     2023-08-01
microsoft.sql/servers/databases                           2023-08-01
microsoft.sql/servers/databases/auditingsettings          2023-08-01
microsoft.sql/servers/databases/transparentdataencryption 2023-08-01
microsoft.sql/servers/databases/datamaskingpolicies       2023-08-01
microsoft.sql/servers/databases/backupshorttermretentionpolicies 2023-08-01
microsoft.sql/servers/databases/ledgerdigestuploads       2023-08-01
microsoft.sql/servers/databases/syncgroups                2023-08-01
microsoft.sql/servers/databases/currentsensitivitylabels  2023-08-01
microsoft.sql/servers/administrators                      2023-08-01
microsoft.sql/servers/azureadonlyauthentications          2023-08-01
microsoft.sql/servers/auditingsettings                    2023-08-01
microsoft.sql/servers/devopsauditingsettings              2023-08-01
microsoft.sql/servers/firewallrules                       2023-08-01
microsoft.sql/servers/virtualnetworkrules                 2023-08-01
microsoft.sql/servers/securityalertpolicies               2023-08-01
microsoft.sql/servers/advancedthreatprotectionsettings    2023-08-01
microsoft.sql/servers/vulnerabilityassessments            2023-08-01
microsoft.sql/servers/sqlvulnerabilityassessments         2023-08-01
microsoft.sql/servers/encryptionprotector                 2023-08-01
microsoft.sql/servers/failovergroups                      2023-08-01
microsoft.sql/servers/connectionpolicies                  2023-08-01
microsoft.sql/servers/automatictuning                     2023-08-01
microsoft.sql/managedinstances                            2023-08-01
microsoft.dbforpostgresql/flexibleservers                 2024-08-01
microsoft.dbforpostgresql/flexibleservers/configurations  2024-08-01
microsoft.dbforpostgresql/flexibleservers/firewallrules   2024-08-01
microsoft.dbforpostgresql/flexibleservers/administrators  2024-08-01
microsoft.dbforpostgresql/flexibleservers/advancedthreatprotectionsettings 2024-08-01
microsoft.dbformysql/flexibleservers                      2024-12-30
microsoft.dbformysql/flexibleservers/configurations       2024-12-30
microsoft.dbformysql/flexibleservers/firewallrules        2024-12-30
microsoft.dbformysql/flexibleservers/administrators       2024-12-30
microsoft.dbformysql/flexibleservers/advancedthreatprotectionsettings 2024-12-30
microsoft.documentdb/databaseaccounts                     2025-10-15
microsoft.cache/redis                                     2024-11-01
microsoft.cache/redis/firewallrules                       2024-11-01
microsoft.cache/redis/patchschedules                      2024-11-01
microsoft.cache/redisenterprise                           2025-07-01
microsoft.cache/redisenterprise/databases                 2025-07-01
microsoft.servicebus/namespaces                           2024-01-01
microsoft.servicebus/namespaces/networkrulesets           2024-01-01
microsoft.servicebus/namespaces/authorizationrules        2024-01-01
microsoft.eventhub/namespaces                             2024-01-01
microsoft.eventhub/namespaces/networkrulesets             2024-01-01
microsoft.eventhub/namespaces/authorizationrules          2024-01-01
microsoft.eventgrid/domains                               2025-02-15
microsoft.eventgrid/topics                                2025-02-15
microsoft.eventgrid/namespaces                            2025-02-15
microsoft.eventgrid/partnernamespaces                     2025-02-15
microsoft.web/sites                                       2025-03-01 2023-12-01
microsoft.web/sites/config                                2025-03-01 2023-12-01
microsoft.web/sites/basicpublishingcredentialspolicies    2025-03-01
microsoft.web/sites/privateendpointconnections            2025-03-01
microsoft.web/sites/functions                             2025-03-01
microsoft.web/certificates                                2025-03-01
microsoft.web/serverfarms                                 2025-03-01
microsoft.app/containerapps                               2025-07-01
microsoft.app/containerapps/authconfigs                   2025-07-01
microsoft.app/managedenvironments                         2025-07-01
microsoft.managedidentity/userassignedidentities          2024-11-30
microsoft.appconfiguration/configurationstores            2024-06-01
microsoft.appconfiguration/configurationstores/replicas   2024-06-01
microsoft.automation/automationaccounts                   2023-11-01
microsoft.automation/automationaccounts/variables         2023-11-01
microsoft.automation/automationaccounts/webhooks          2023-11-01
microsoft.automation/automationaccounts/certificates      2023-11-01
microsoft.automation/automationaccounts/connections       2023-11-01
microsoft.machinelearningservices/workspaces              2025-06-01
microsoft.machinelearningservices/workspaces/computes     2025-06-01
microsoft.machinelearningservices/workspaces/onlineendpoints 2025-06-01
microsoft.machinelearningservices/registries              2025-06-01
microsoft.cognitiveservices/accounts                      2025-06-01
microsoft.search/searchservices                           2025-05-01
microsoft.cdn/profiles                                    2024-02-01
microsoft.cdn/profiles/afdendpoints                       2024-02-01
microsoft.cdn/profiles/afdendpoints/routes                2024-02-01
microsoft.cdn/profiles/customdomains                      2024-02-01
microsoft.cdn/profiles/securitypolicies                   2024-02-01
microsoft.cdn/profiles/origingroups                       2024-02-01
microsoft.cdn/profiles/origingroups/origins               2024-02-01
microsoft.compute/virtualmachines                         2025-04-01
microsoft.compute/virtualmachines/extensions              2025-04-01
microsoft.compute/virtualmachinescalesets                 2025-04-01
microsoft.compute/disks                                   2025-01-02
microsoft.compute/snapshots                               2025-01-02
microsoft.compute/diskencryptionsets                      2025-01-02
microsoft.compute/galleries                               2024-03-03
microsoft.recoveryservices/vaults                         2024-04-01
microsoft.recoveryservices/vaults/backupprotecteditems    2024-04-01
microsoft.recoveryservices/vaults/backuppolicies          2024-04-01
microsoft.network/networksecuritygroups                   2024-05-01
microsoft.network/virtualnetworks                         2024-05-01
microsoft.network/virtualnetworks/subnets                 2024-05-01
microsoft.network/publicipaddresses                       2024-05-01
microsoft.network/loadbalancers                           2024-05-01
microsoft.network/bastionhosts                            2024-05-01
microsoft.network/privateendpoints                        2024-05-01
microsoft.network/routetables                             2024-05-01
microsoft.network/networkinterfaces                       2024-05-01
microsoft.network/networkwatchers                         2024-05-01
microsoft.network/networkwatchers/flowlogs                2024-05-01
microsoft.network/applicationgateways                     2024-05-01
microsoft.network/virtualnetworkgateways                  2024-05-01
microsoft.network/frontdoors                              2021-06-01
`;

const known: ReadonlyMap<string, readonly string[]> = new Map(
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', ...versions] = line.split(/\s+/);
      return [type, versions];
    }),
);

/** The api-versions of a type, or undefined when this cloud has no such type. */
export function apiVersionsOf(type: string): readonly string[] | undefined {
  return known.get(type.toLowerCase());
}
