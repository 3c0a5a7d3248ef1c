// All checks over a generated estate of 100,000 resources, and whether the time grows with it in a straight line.
import type { ArmResource, Snapshot } from '../../src/inventory/types.ts';
import { judgeSnapshot } from '../../src/posture/runner.ts';
import { rounded, type BenchRow } from './row.ts';

const registries = 20_000;
const subscriptions = 50;
/** The least of them counts: other work on the machine only ever adds. */
const rounds = 5;

export function run(): Promise<BenchRow[]> {
  const large = estate(registries);
  const small = estate(registries / 10);
  if (large.resources.length < 100_000) throw new Error(`Only ${large.resources.length} resources were generated`);
  const judged = judgeSnapshot(large);
  const verdicts = new Set(judged.map(({ status }) => status));
  if (judged.length < 20 * registries * 0.9 || !verdicts.has('pass') || !verdicts.has('fail')) {
    throw new Error(`The checks judged too little: ${judged.length} results, ${[...verdicts].join(', ')}`);
  }
  const times = { large: [] as number[], small: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.large.push(time(large));
    times.small.push(time(small));
  }
  const largeMs = Math.min(...times.large);
  const tenOfSmallMs = Math.min(...times.small) * 10;
  return Promise.resolve([
    { name: 'posture, all checks over 100,000 resources', figure: rounded(largeMs), unit: 'ms', budget: 2000 },
    {
      name: 'posture, 100,000 resources against ten times 10,000',
      figure: rounded(largeMs),
      unit: 'ms',
      floor: rounded(tenOfSmallMs),
      ratio: rounded(largeMs / tenOfSmallMs),
      // A straight line is 1; memory of the larger one costs some more, growth with the square would be 10.
      budget: 3,
    },
  ]);
}

function time(snapshot: Snapshot): number {
  globalThis.gc?.();
  const begin = performance.now();
  judgeSnapshot(snapshot);
  return performance.now() - begin;
}

/** Registries of many kinds, each with a replication, two tokens and a diagnostic setting: five resources a registry. */
function estate(count: number): Snapshot {
  const resources: ArmResource[] = [];
  const ids = Array.from({ length: subscriptions }, (_, n) => `/subscriptions/${guid(n)}`);
  for (const id of ids) {
    resources.push({
      id: `${id}/providers/Microsoft.Security/pricings/Containers`,
      type: 'Microsoft.Security/pricings',
      name: 'Containers',
      properties: {
        pricingTier: 'Standard',
        extensions: [{ name: 'ContainerRegistriesVulnerabilityAssessments', isEnabled: 'True' }],
      },
    });
  }
  for (let n = 0; n < count; n++) addRegistry(resources, ids[n % ids.length] ?? '', n);
  return {
    subscriptions: ids.map((id, n) => ({ id, displayName: `Subscription ${n}`, state: 'Enabled' })),
    resources,
    errors: ids.slice(0, 3).map((id) => ({
      id: `${id}/providers/Microsoft.Insights/diagnosticSettings`,
      status: 403,
      code: 'AuthorizationFailed',
      action: 'Microsoft.Insights/diagnosticSettings/read',
    })),
    now: '2026-11-20T10:00:00Z',
  };
}

function addRegistry(resources: ArmResource[], subscription: string, n: number): void {
  const name = `registry${String(n).padStart(6, '0')}`;
  const id = `${subscription}/resourceGroups/rg-${n % 40}/providers/Microsoft.ContainerRegistry/registries/${name}`;
  const odd = n % 3 === 0;
  const on = { status: odd ? 'enabled' : 'disabled' };
  resources.push({
    id,
    type: 'Microsoft.ContainerRegistry/registries',
    name,
    location: 'westeurope',
    sku: { name: 'Premium', tier: 'Premium' },
    ...(odd ? { identity: { type: 'SystemAssigned', principalId: guid(n) } } : {}),
    tags: { environment: odd ? 'production' : 'test' },
    properties: {
      loginServer: `${name}.azurecr.io`,
      provisioningState: 'Succeeded',
      adminUserEnabled: !odd,
      anonymousPullEnabled: n % 5 === 0,
      dataEndpointEnabled: odd,
      publicNetworkAccess: odd ? 'Disabled' : 'Enabled',
      networkRuleBypassOptions: 'AzureServices',
      networkRuleSet: { defaultAction: odd ? 'Deny' : 'Allow', ipRules: [] },
      encryption: { status: odd ? 'enabled' : 'disabled' },
      zoneRedundancy: odd ? 'Enabled' : 'Disabled',
      policies: {
        quarantinePolicy: on,
        trustPolicy: { type: 'Notary', ...on },
        retentionPolicy: { days: 7, ...on },
        exportPolicy: on,
        azureADAuthenticationAsArmPolicy: on,
        softDeletePolicy: { retentionDays: 7, ...on },
      },
      privateEndpointConnections: odd
        ? [{ properties: { privateLinkServiceConnectionState: { status: 'Approved' } } }]
        : [],
    },
  });
  resources.push({
    id: `${id}/replications/northeurope`,
    type: 'Microsoft.ContainerRegistry/registries/replications',
    name: 'northeurope',
    location: 'northeurope',
    properties: { provisioningState: 'Succeeded', zoneRedundancy: 'Disabled' },
  });
  for (const token of ['reader', 'builder']) {
    resources.push({
      id: `${id}/tokens/${token}`,
      type: 'Microsoft.ContainerRegistry/registries/tokens',
      name: token,
      properties: {
        status: 'enabled',
        scopeMapId: `${id}/scopeMaps/_repositories_pull`,
        credentials: {
          passwords: [{ name: 'password1', ...(odd ? { expiry: '2027-02-01T00:00:00Z' } : {}) }],
          certificates: [],
        },
      },
    });
  }
  resources.push({
    id: `${id}/providers/Microsoft.Insights/diagnosticSettings/audit`,
    type: 'Microsoft.Insights/diagnosticSettings',
    name: 'audit',
    properties: {
      workspaceId: `${subscription}/resourceGroups/rg-log/providers/Microsoft.OperationalInsights/workspaces/log`,
      logs: [
        { category: 'ContainerRegistryLoginEvents', enabled: true },
        { category: 'ContainerRegistryRepositoryEvents', enabled: odd },
      ],
    },
  });
}

function guid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}
