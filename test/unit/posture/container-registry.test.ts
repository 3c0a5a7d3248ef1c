import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseSnapshot } from '../../../src/inventory/snapshot-file.ts';
import { allChecks, checkById, services } from '../../../src/posture/checks/index.ts';
import { judgeSnapshot } from '../../../src/posture/runner.ts';
import type { CheckResult } from '../../../src/posture/types.ts';

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001';
const registryId = `${subscription}/resourceGroups/rg-shop/providers/Microsoft.ContainerRegistry/registries/contoso`;
const planId = `${subscription}/providers/Microsoft.Security/pricings/Containers`;

type Json = Record<string, unknown>;

function registry(properties: Json, more: Json = {}): Json {
  return {
    id: registryId,
    type: 'Microsoft.ContainerRegistry/registries',
    name: 'contoso',
    location: 'westeurope',
    sku: { name: 'Premium' },
    properties,
    ...more,
  };
}

function child(path: string, type: string, properties: Json, more: Json = {}): Json {
  return { id: `${registryId}/${path}`, type, name: path.split('/').at(-1), properties, ...more };
}

function judge(check: string, snapshot: Json): CheckResult[] {
  const parsed = parseSnapshot(
    JSON.stringify({ subscriptions: [{ id: subscription, displayName: 'Prod' }], ...snapshot }),
    new Date(),
  );
  const one = checkById(check);
  assert.ok(one, check);
  return judgeSnapshot(parsed, [one]);
}

function statusOf(check: string, resources: Json[], errors: Json[] = []): string {
  const results = judge(check, { resources, errors });
  assert.ok(results.length <= 1, JSON.stringify(results));
  return results[0]?.status ?? 'no result';
}

const tokens = 'Microsoft.ContainerRegistry/registries/tokens';
const replications = 'Microsoft.ContainerRegistry/registries/replications';
const diagnostics = 'Microsoft.Insights/diagnosticSettings';
const diagnosticsPath = 'providers/Microsoft.Insights/diagnosticSettings';
const plan = (properties: Json): Json => ({
  id: planId,
  type: 'Microsoft.Security/pricings',
  name: 'Containers',
  properties,
});

/** For each check: snapshots by the status that they must get. */
const cases: Readonly<Record<string, readonly (readonly [title: string, expected: string, resources: Json[]])[]>> = {
  'acr-admin-user-disabled': [
    ['off', 'pass', [registry({ adminUserEnabled: false })]],
    ['on', 'fail', [registry({ adminUserEnabled: true })]],
    ['absent', 'pass', [registry({})]],
    ['null', 'pass', [registry({ adminUserEnabled: null })]],
    ['a word instead of a boolean', 'fail', [registry({ adminUserEnabled: 'false' })]],
  ],
  'acr-anonymous-pull-disabled': [
    ['off', 'pass', [registry({ anonymousPullEnabled: false })]],
    ['on', 'fail', [registry({ anonymousPullEnabled: true })]],
    ['absent', 'pass', [registry({})]],
    ['a number', 'fail', [registry({ anonymousPullEnabled: 0 })]],
  ],
  'acr-arm-audience-token-disabled': [
    ['refused', 'pass', [registry({ policies: { azureADAuthenticationAsArmPolicy: { status: 'disabled' } } })]],
    [
      'refused, in another case',
      'pass',
      [registry({ policies: { azureADAuthenticationAsArmPolicy: { status: 'Disabled' } } })],
    ],
    ['accepted', 'fail', [registry({ policies: { azureADAuthenticationAsArmPolicy: { status: 'enabled' } } })]],
    ['absent is the default, enabled', 'fail', [registry({ policies: {} })]],
    ['policies of another type', 'fail', [registry({ policies: 'none' })]],
  ],
  'acr-public-network-access-disabled': [
    ['closed', 'pass', [registry({ publicNetworkAccess: 'disabled' })]],
    ['open', 'fail', [registry({ publicNetworkAccess: 'Enabled' })]],
    ['absent', 'fail', [registry({})]],
    ['false is no word', 'fail', [registry({ publicNetworkAccess: false })]],
  ],
  'acr-network-default-deny': [
    ['closed altogether', 'pass', [registry({ publicNetworkAccess: 'Disabled' })]],
    [
      'denies',
      'pass',
      [registry({ networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.0/24' }] } })],
    ],
    ['denies, without rules', 'pass', [registry({ networkRuleSet: { defaultAction: 'deny' } })]],
    [
      'denies, but lets everybody in',
      'fail',
      [registry({ networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '0.0.0.0/0' }] } })],
    ],
    ['allows', 'fail', [registry({ networkRuleSet: { defaultAction: 'Allow' } })]],
    ['absent means Allow', 'fail', [registry({})]],
    ['rules that are no list', 'fail', [registry({ networkRuleSet: { defaultAction: 'Deny', ipRules: {} } })]],
  ],
  'acr-private-endpoint-approved': [
    [
      'approved',
      'pass',
      [
        registry({
          privateEndpointConnections: [{ properties: { privateLinkServiceConnectionState: { status: 'approved' } } }],
        }),
      ],
    ],
    [
      'pending',
      'fail',
      [
        registry({
          privateEndpointConnections: [{ properties: { privateLinkServiceConnectionState: { status: 'Pending' } } }],
        }),
      ],
    ],
    ['none', 'fail', [registry({ privateEndpointConnections: [] })]],
    ['absent', 'fail', [registry({})]],
    ['no list', 'fail', [registry({ privateEndpointConnections: 'x' })]],
  ],
  'acr-export-disabled': [
    [
      'off and closed',
      'pass',
      [registry({ policies: { exportPolicy: { status: 'disabled' } }, publicNetworkAccess: 'Disabled' })],
    ],
    [
      'off, but open',
      'fail',
      [registry({ policies: { exportPolicy: { status: 'disabled' } }, publicNetworkAccess: 'Enabled' })],
    ],
    ['on', 'fail', [registry({ policies: { exportPolicy: { status: 'enabled' } }, publicNetworkAccess: 'Disabled' })]],
    ['absent', 'fail', [registry({ publicNetworkAccess: 'Disabled' })]],
    ['Standard', 'no result', [registry({}, { sku: { name: 'Standard' } })]],
    ['Premium, in another case', 'fail', [registry({}, { sku: { name: 'premium' } })]],
  ],
  'acr-content-trust-enabled': [
    ['on', 'pass', [registry({ policies: { trustPolicy: { status: 'Enabled' } } })]],
    ['off', 'fail', [registry({ policies: { trustPolicy: { status: 'disabled' } } })]],
    ['absent', 'fail', [registry({})]],
    ['Basic', 'no result', [registry({}, { sku: { name: 'Basic' } })]],
  ],
  'acr-quarantine-enabled': [
    ['on', 'pass', [registry({ policies: { quarantinePolicy: { status: 'enabled' } } })]],
    ['off', 'fail', [registry({ policies: { quarantinePolicy: { status: 'disabled' } } })]],
    ['absent', 'fail', [registry({})]],
    ['no SKU', 'no result', [registry({}, { sku: undefined })]],
  ],
  'acr-untagged-retention-enabled': [
    ['on', 'pass', [registry({ policies: { retentionPolicy: { status: 'enabled', days: 7 } } })]],
    ['off', 'fail', [registry({ policies: { retentionPolicy: { status: 'disabled' } } })]],
    ['absent', 'fail', [registry({})]],
    ['soft delete in its place', 'no result', [registry({ policies: { softDeletePolicy: { status: 'enabled' } } })]],
    ['Standard', 'no result', [registry({}, { sku: { name: 'Standard' } })]],
  ],
  'acr-soft-delete-enabled': [
    ['on', 'pass', [registry({ policies: { softDeletePolicy: { status: 'enabled' } } })]],
    ['off', 'fail', [registry({ policies: { softDeletePolicy: { status: 'disabled' } } })]],
    ['absent', 'fail', [registry({})]],
    ['retention in its place', 'no result', [registry({ policies: { retentionPolicy: { status: 'ENABLED' } } })]],
  ],
  'acr-cmk-encryption': [
    ['own key', 'pass', [registry({ encryption: { status: 'enabled' } })]],
    ['none', 'fail', [registry({ encryption: { status: 'disabled' } })]],
    ['absent', 'fail', [registry({})]],
    ['Basic fails as well', 'fail', [registry({}, { sku: { name: 'Basic' } })]],
  ],
  'acr-zone-redundant': [
    [
      'a zoned region, whatever the property says',
      'pass',
      [registry({ zoneRedundancy: 'Disabled' }, { location: 'West Europe' })],
    ],
    ['set', 'pass', [registry({ zoneRedundancy: 'Enabled' }, { location: 'westindia' })]],
    ['neither', 'fail', [registry({}, { location: 'westindia' })]],
    ['no location', 'fail', [registry({}, { location: undefined })]],
  ],
  'acr-geo-replicated': [
    [
      'another region',
      'pass',
      [registry({}), child('replications/northeurope', replications, {}, { location: 'North Europe' })],
    ],
    [
      'home only',
      'fail',
      [registry({}), child('replications/westeurope', replications, {}, { location: 'West Europe' })],
    ],
    ['none', 'fail', [registry({})]],
    ['a replica without location', 'fail', [registry({}), child('replications/x', replications, {})]],
    [
      'a replica without properties',
      'unreadable',
      [registry({}), { ...child('replications/x', replications, {}), properties: 7 }],
    ],
    ['Standard', 'no result', [registry({}, { sku: { name: 'Standard' } })]],
  ],
  'acr-diagnostic-logs-enabled': [
    [
      'both categories, over two settings',
      'pass',
      [
        registry({}),
        child(`${diagnosticsPath}/a`, diagnostics, {
          logs: [{ category: 'ContainerRegistryLoginEvents', enabled: true }],
        }),
        child(`${diagnosticsPath}/b`, diagnostics, {
          logs: [{ category: 'containerregistryrepositoryevents', enabled: true }],
        }),
      ],
    ],
    [
      'the audit group',
      'pass',
      [registry({}), child(`${diagnosticsPath}/a`, diagnostics, { logs: [{ categoryGroup: 'audit', enabled: true }] })],
    ],
    [
      'one of two',
      'fail',
      [
        registry({}),
        child(`${diagnosticsPath}/a`, diagnostics, {
          logs: [{ category: 'ContainerRegistryLoginEvents', enabled: true }],
        }),
      ],
    ],
    [
      'switched off',
      'fail',
      [
        registry({}),
        child(`${diagnosticsPath}/a`, diagnostics, { logs: [{ categoryGroup: 'allLogs', enabled: false }] }),
      ],
    ],
    [
      'enabled as a word',
      'fail',
      [
        registry({}),
        child(`${diagnosticsPath}/a`, diagnostics, { logs: [{ categoryGroup: 'allLogs', enabled: 'true' }] }),
      ],
    ],
    ['no setting', 'fail', [registry({})]],
    ['logs that are no list', 'fail', [registry({}), child(`${diagnosticsPath}/a`, diagnostics, { logs: 'all' })]],
  ],
  'acr-trusted-services-allowed': [
    ['allowed', 'pass', [registry({ networkRuleBypassOptions: 'AzureServices' })]],
    ['absent is the default', 'pass', [registry({})]],
    ['none', 'fail', [registry({ networkRuleBypassOptions: 'None' })]],
    ['true is no word', 'fail', [registry({ networkRuleBypassOptions: true })]],
  ],
  'acr-tasks-network-bypass-disabled': [
    ['off', 'pass', [registry({ networkRuleBypassAllowedForTasks: false })]],
    ['on', 'fail', [registry({ networkRuleBypassAllowedForTasks: true })]],
    ['absent', 'pass', [registry({})]],
    ['a word', 'fail', [registry({ networkRuleBypassAllowedForTasks: 'Disabled' })]],
  ],
  'acr-tokens-expire': [
    ['no tokens', 'pass', [registry({})]],
    [
      'all expire',
      'pass',
      [
        registry({}),
        child('tokens/ci', tokens, {
          status: 'enabled',
          credentials: { passwords: [{ expiry: '2026-12-01T00:00:00Z' }], certificates: [{ expiry: '2027-01-01' }] },
        }),
      ],
    ],
    [
      'one password for ever',
      'fail',
      [
        registry({}),
        child('tokens/ci', tokens, {
          status: 'enabled',
          credentials: { passwords: [{ expiry: '2026-12-01' }, { name: 'password2' }] },
        }),
      ],
    ],
    [
      'an empty date',
      'fail',
      [registry({}), child('tokens/ci', tokens, { credentials: { certificates: [{ expiry: '' }] } })],
    ],
    [
      'for ever, but disabled',
      'pass',
      [registry({}), child('tokens/ci', tokens, { status: 'Disabled', credentials: { passwords: [{}] } })],
    ],
    ['no credentials', 'pass', [registry({}), child('tokens/ci', tokens, { status: 'enabled' })]],
    [
      'credentials that are no list',
      'fail',
      [registry({}), child('tokens/ci', tokens, { credentials: { passwords: {} } })],
    ],
    [
      'a token without properties',
      'unreadable',
      [registry({}), { ...child('tokens/ci', tokens, {}), properties: null }],
    ],
  ],
  'acr-managed-identity': [
    ['system', 'pass', [registry({}, { identity: { type: 'SystemAssigned' } })]],
    ['none', 'fail', [registry({}, { identity: { type: 'none' } })]],
    ['empty', 'fail', [registry({}, { identity: { type: '' } })]],
    ['absent', 'fail', [registry({})]],
    ['a number', 'fail', [registry({}, { identity: { type: 1 } })]],
  ],
  'acr-repository-permissions-abac': [
    ['ABAC', 'pass', [registry({ roleAssignmentMode: 'abacRepositoryPermissions' })]],
    ['legacy', 'fail', [registry({ roleAssignmentMode: 'LegacyRegistryPermissions' })]],
    ['absent means legacy', 'fail', [registry({})]],
  ],
  'acr-defender-for-containers-on': [
    ['on', 'pass', [registry({}), plan({ pricingTier: 'Standard' })]],
    ['free', 'fail', [registry({}), plan({ pricingTier: 'Free' })]],
    ['tier absent', 'fail', [registry({}), plan({})]],
    ['not read', 'denied', [registry({})]],
    ['no registry', 'no result', [plan({ pricingTier: 'Free' })]],
    ['a plan without properties', 'unreadable', [registry({}), { ...plan({}), properties: undefined }]],
  ],
  'acr-image-scanning-on': [
    [
      'on',
      'pass',
      [
        registry({}),
        plan({
          pricingTier: 'Standard',
          extensions: [{ name: 'ContainerRegistriesVulnerabilityAssessments', isEnabled: 'True' }],
        }),
      ],
    ],
    [
      'on as a boolean',
      'pass',
      [
        registry({}),
        plan({
          pricingTier: 'Standard',
          extensions: [{ name: 'ContainerRegistriesVulnerabilityAssessments', isEnabled: true }],
        }),
      ],
    ],
    [
      'scanner off',
      'fail',
      [
        registry({}),
        plan({
          pricingTier: 'Standard',
          extensions: [{ name: 'ContainerRegistriesVulnerabilityAssessments', isEnabled: 'False' }],
        }),
      ],
    ],
    ['no extensions', 'fail', [registry({}), plan({ pricingTier: 'Standard' })]],
    [
      'free',
      'fail',
      [
        registry({}),
        plan({
          pricingTier: 'Free',
          extensions: [{ name: 'ContainerRegistriesVulnerabilityAssessments', isEnabled: 'True' }],
        }),
      ],
    ],
    ['not read', 'denied', [registry({})]],
  ],
};

describe('Container Registry checks', () => {
  it('have a case table each', () => {
    const ids = services.find(({ service }) => service === 'container-registry')?.checks.map(({ id }) => id);
    assert.deepEqual(ids, Object.keys(cases));
    assert.equal(ids.length, 22);
  });

  for (const [check, rows] of Object.entries(cases)) {
    describe(check, () => {
      for (const [title, expected, resources] of rows) {
        it(`${expected}: ${title}`, () => assert.equal(statusOf(check, resources), expected));
      }

      it('reports nothing without a registry', () => assert.equal(statusOf(check, []), 'no result'));

      it('reports denied when the subscription could not be read', () => {
        const errors = [{ id: subscription, status: 403, code: 'AuthorizationFailed' }];
        const premium = registry({}, { sku: { name: 'Premium' } });
        assert.equal(statusOf(check, [premium], errors), 'denied');
      });
    });
  }
});

describe('The posture runner', () => {
  const target = allChecks.filter(({ perSubscriptionWith }) => perSubscriptionWith === undefined);

  it('answers unreadable, never pass, for a registry without properties', () => {
    for (const properties of [undefined, null, 'x', []]) {
      const parsed = parseSnapshot(JSON.stringify({ resources: [{ ...registry({}), properties }] }), new Date());
      for (const result of judgeSnapshot(parsed, target)) assert.equal(result.status, 'unreadable', result.check);
    }
  });

  it('reports denied on a registry that only an error names', () => {
    const errors = [{ id: registryId.toUpperCase(), status: 403, code: 'AuthorizationFailed' }];
    const results = judge('acr-admin-user-disabled', { resources: [], errors });
    assert.deepEqual(
      results.map(({ status, resource }) => [status, resource]),
      [['denied', registryId.toUpperCase()]],
    );
  });

  it('reports denied on the subscription when its list of registries could not be read', () => {
    const errors = [
      {
        id: `${subscription}/providers/Microsoft.ContainerRegistry/registries`,
        status: 403,
        code: 'AuthorizationFailed',
      },
    ];
    const results = judge('acr-admin-user-disabled', { resources: [], errors });
    assert.deepEqual(
      results.map(({ status, resource }) => [status, resource]),
      [['denied', subscription]],
    );
  });

  it('does not take rg1 for a part of rg', () => {
    const errors = [{ id: `${subscription}/resourceGroups/rg`, status: 403, code: 'AuthorizationFailed' }];
    assert.equal(statusOf('acr-admin-user-disabled', [registry({})], errors), 'pass');
  });

  it('puts denied before unreadable and no result before denied', () => {
    const errors = [{ id: registryId, status: 403, code: 'AuthorizationFailed' }];
    assert.equal(statusOf('acr-cmk-encryption', [{ ...registry({}), properties: undefined }], errors), 'denied');
    assert.equal(statusOf('acr-export-disabled', [registry({}, { sku: { name: 'Basic' } })], errors), 'no result');
  });

  it('reports denied when a collection or one of its members could not be read', () => {
    for (const id of [`${registryId}/tokens`, `${registryId}/tokens/ci`]) {
      const errors = [
        { id, status: 403, code: 'AuthorizationFailed', action: 'Microsoft.ContainerRegistry/registries/tokens/read' },
      ];
      const [result] = judge('acr-tokens-expire', { resources: [registry({})], errors });
      assert.equal(result?.status, 'denied');
      assert.match(result.reason, /tokens\/read/);
    }
  });

  it('takes types and ids in any case', () => {
    const odd = { ...registry({ adminUserEnabled: true }), type: 'microsoft.containerregistry/REGISTRIES' };
    assert.equal(statusOf('acr-admin-user-disabled', [odd]), 'fail');
    const token = { ...child('tokens/ci', tokens, { credentials: { passwords: [{}] } }) };
    token['id'] = String(token['id']).toLowerCase();
    assert.equal(statusOf('acr-tokens-expire', [registry({}), token]), 'fail');
  });

  it('says what it looked at', () => {
    const [result] = judge('acr-admin-user-disabled', { resources: [registry({ adminUserEnabled: true })] });
    assert.deepEqual(result, {
      check: 'acr-admin-user-disabled',
      resource: registryId,
      status: 'fail',
      reason: 'properties.adminUserEnabled is true',
      evidence: [{ path: 'properties.adminUserEnabled', value: true }],
    });
  });
});

describe('The catalogue', () => {
  it('has unique, well-formed ids, and texts for each check', () => {
    const ids = allChecks.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const check of allChecks) {
      assert.match(check.id, /^[a-z0-9]+(-[a-z0-9]+)+$/);
      for (const text of [check.title, check.why, check.fix]) assert.ok(text.length > 10, check.id);
      assert.match(check.target, /^[A-Za-z.]+(\/[A-Za-z]+)+$/);
    }
  });

  it('lists services in order', () => {
    const names = services.map(({ service }) => service);
    assert.deepEqual(names, [...names].sort());
  });
});
