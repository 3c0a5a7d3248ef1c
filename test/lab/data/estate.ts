// The subscriptions and resource groups of the lab.
import { tenant } from './directory.ts';

export interface SubscriptionRecord {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly tenantId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly quotaId: string;
  /** Management groups above it, nearest first. */
  readonly managementGroups: readonly string[];
}

export interface GroupRecord {
  readonly id: string;
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly managedBy?: string;
}

const rootGroup = tenant.tenantId;

export const managementGroups = [
  { name: rootGroup, displayName: 'Tenant Root Group', parent: undefined },
  { name: 'mg-harbour', displayName: 'Harbour', parent: rootGroup },
  { name: 'mg-restricted', displayName: 'Restricted', parent: rootGroup },
] as const;

export const production: SubscriptionRecord = {
  subscriptionId: '5ab50001-0000-4000-8000-000000000001',
  displayName: 'Harbour Production',
  tenantId: tenant.tenantId,
  tags: { env: 'prod', owner: 'platform' },
  quotaId: 'EnterpriseAgreement_2014-09-01',
  managementGroups: ['mg-harbour', rootGroup],
};

export const staging: SubscriptionRecord = {
  subscriptionId: '5ab50002-0000-4000-8000-000000000002',
  displayName: 'Harbour Staging',
  tenantId: tenant.tenantId,
  tags: { env: 'staging' },
  quotaId: 'EnterpriseAgreement_2014-09-01',
  managementGroups: ['mg-harbour', rootGroup],
};

/** Can be seen, but nothing in it may be read. */
export const finance: SubscriptionRecord = {
  subscriptionId: '5ab50003-0000-4000-8000-000000000003',
  displayName: 'Harbour Finance',
  tenantId: tenant.tenantId,
  tags: { env: 'prod', costCenter: 'finance' },
  quotaId: 'EnterpriseAgreement_2014-09-01',
  managementGroups: ['mg-restricted', rootGroup],
};

export const subscriptions: readonly SubscriptionRecord[] = [production, staging, finance];

function group(
  subscription: SubscriptionRecord,
  name: string,
  location: string,
  tags: Readonly<Record<string, string>> = {},
  managedBy?: string,
): GroupRecord {
  const id = `/subscriptions/${subscription.subscriptionId}/resourceGroups/${name}`;
  return {
    id,
    subscriptionId: subscription.subscriptionId,
    name,
    location,
    tags,
    ...(managedBy === undefined ? {} : { managedBy }),
  };
}

export const groups = {
  harbour: group(production, 'rg-harbour', 'westeurope', { application: 'harbour', env: 'prod' }),
  network: group(production, 'rg-network', 'westeurope', { env: 'prod' }),
  data: group(production, 'rg-data', 'westeurope', { env: 'prod', criticality: 'high' }),
  harbourNodes: group(production, 'MC_rg-harbour_aks-harbour_westeurope', 'westeurope', {}, 'aks-harbour'),
  staging: group(staging, 'rg-staging', 'northeurope', { env: 'staging' }),
  edge: group(staging, 'rg-edge', 'northeurope', { application: 'edge' }),
  edgeNodes: group(staging, 'MC_rg-edge_aks-edge_northeurope', 'northeurope', {}, 'aks-edge'),
  finance: group(finance, 'rg-finance', 'westeurope', { costCenter: 'finance' }),
} as const;

export const resourceGroups: readonly GroupRecord[] = Object.values(groups);
