import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { AssetCounts } from '../../../src/engine/asset-counts.ts';
import { agoText } from '../../../src/engine/texts.ts';
import type { FindingListItem } from '../../../src/report/list-item.ts';

const cluster = '/subscriptions/s1/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/aks';
const workload = `k8s:${cluster}/shop/deployment/web`;

function item(id: string, more: Partial<FindingListItem> = {}): FindingListItem {
  return {
    id,
    severity: 'high',
    original: 'high',
    title: id,
    check: 'CVE-2026-1',
    kind: 'vulnerability',
    state: 'open',
    sourceTool: 'acr',
    assetId: 'image:shop.azurecr.io/web@sha256:1',
    assetName: 'web',
    assetKind: 'image',
    within: ['repository:shop.azurecr.io/web', workload],
    application: 'shop',
    connectionId: 'c1',
    subscriptionId: 's1',
    firstSeen: '2026-11-21T00:00:00Z',
    knownExploited: false,
    running: true,
    internetFacing: false,
    pressure: 0,
    ...more,
  };
}

describe('Counts of assets', () => {
  it('count a finding for its asset and for all that the asset lies in, once each', () => {
    const counts = new AssetCounts([item('a'), item('b', { severity: 'critical', state: 'new' })]);
    for (const id of [
      'image:shop.azurecr.io/web@sha256:1',
      'repository:shop.azurecr.io/web',
      workload,
      `k8s:${cluster}/shop`,
      cluster,
      '/subscriptions/s1',
      'c1',
    ]) {
      assert.deepEqual(counts.of(id).counts, { critical: 1, high: 1, medium: 0, low: 0, info: 0 }, id);
    }
  });

  it('count denied ones apart, and closed ones not at all', () => {
    const counts = new AssetCounts([
      item('a', { state: 'denied' }),
      item('b', { state: 'unreadable' }),
      item('c', { state: 'fixed' }),
      item('d', { state: 'excepted' }),
    ]);
    assert.deepEqual(counts.of('c1'), { counts: { critical: 0, high: 0, medium: 0, low: 0, info: 0 }, denied: 2 });
  });

  it('rank one critical above many of the next level', () => {
    const many = Array.from({ length: 500 }, (_, index) => item(`h${index}`, { assetId: 'many', within: [] }));
    const counts = new AssetCounts([...many, item('c', { severity: 'critical', assetId: 'one', within: [] })]);
    assert.ok(counts.risk('one') > counts.risk('many'));
    assert.ok(counts.risk('many') > counts.risk('none'));
  });
});

describe('Ages in words', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  for (const [iso, expected] of [
    ['2026-11-21T11:59:40Z', 'just now'],
    ['2026-11-21T11:15:00Z', '45 min ago'],
    ['2026-11-21T09:00:00Z', '3 h ago'],
    ['2026-11-18T12:00:00Z', '3 d ago'],
    ['nonsense', 'at an unknown time'],
  ] as const) {
    it(`${iso} is ${expected}`, () => assert.equal(agoText(iso, now), expected));
  }
});
