import assert from 'node:assert/strict';
import type { FindingRow } from '../../../../src/report/contract.ts';
import { findingItem, groupItem, type LeafRow } from '../../../../src/vscode/trees/finding-item.ts';
import { walkGroups, type ReadRows } from '../../../../src/vscode/trees/group-walk.ts';
import { english } from '../support/english.ts';

const row: LeafRow = {
  type: 'finding',
  id: 'f1',
  severity: 'high',
  original: 'critical',
  title: 'openssl 3.0.1',
  check: 'CVE-2026-1234',
  asset: 'web:1.4',
  assetKind: 'image',
  sourceTool: 'acr',
  application: 'shop',
  fix: '3.0.7',
  firstSeen: '2026-11-20T00:00:00Z',
  state: 'new',
  kind: 'vulnerability',
  knownExploited: true,
  running: true,
  internetFacing: false,
};

const noCounts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };

const group = (key: string, count: number): FindingRow => ({
  type: 'group',
  key,
  label: key,
  count,
  newCount: 0,
  severityCounts: noCounts,
  expanded: true,
});

describe('an item of the findings tree', () => {
  it('says asset, fix and what the severity was', () => {
    const look = findingItem(row, 'severity', english);
    assert.equal(look.label, 'CVE-2026-1234 openssl 3.0.1');
    assert.equal(look.description, 'web:1.4 · fix: 3.0.7 · was critical · new');
    assert.equal(look.contextValue, 'plimsoll.finding;hasFix;hasSource;new;state-new');
    assert.equal(look.icon.id, 'bug');
    assert.equal(look.severity, 'high');
    assert.equal(
      look.accessibilityLabel,
      'CVE-2026-1234 openssl 3.0.1, finding, severity high, new, web:1.4, fix: 3.0.7, was critical, known exploited, running',
    );
  });

  it('does not repeat what its group says', () => {
    assert.equal(findingItem(row, 'check', english).label, 'web:1.4');
    assert.equal(findingItem(row, 'asset', english).description, 'fix: 3.0.7 · was critical · new');
  });

  it('has no letter when a verdict took its severity away', () => {
    const look = findingItem({ ...row, severity: 'none', state: 'notAffected' }, 'severity', english);
    assert.equal(look.severity, undefined);
    assert.match(look.accessibilityLabel, /severity none, not affected here/);
  });

  it('groups say count and what is new', () => {
    const look = groupItem(
      {
        type: 'group',
        key: 'severity:high',
        label: 'high',
        count: 23,
        newCount: 4,
        severityCounts: { ...noCounts, high: 23 },
        expanded: true,
      },
      'severity',
      english,
    );
    assert.equal(look.description, '23 · 4 new');
    assert.deepEqual(look.icon, { id: 'circle-filled', color: 'plimsoll.severity.high' });
    assert.equal(look.accessibilityLabel, 'High, group, 23 findings, 23 high');
  });
});

describe('groups of a result that is read row by row', () => {
  /** A result of groups with so many findings each, and the windows that were read of it. */
  function result(sizes: readonly number[]): { read: ReadRows; windows: string[] } {
    const rows = sizes.flatMap((size, index): FindingRow[] => [
      group(`g${index}`, size),
      ...Array.from({ length: size }, (_, n): FindingRow => ({ ...row, id: `g${index}-${n}` })),
    ]);
    const windows: string[] = [];
    return {
      windows,
      read: (offset, limit) => {
        windows.push(`${offset}+${limit}`);
        return Promise.resolve({ rows: rows.slice(offset, offset + limit), totalRows: rows.length });
      },
    };
  }
  const signal = new AbortController().signal;

  it('are found with their places, skipping the findings of large ones', async () => {
    const { read, windows } = result([1000, 3, 500, 2]);
    const walked = await walkGroups(read, 0, 100, signal);
    assert.deepEqual(
      walked.groups.map(({ row: { key }, at }) => [key, at]),
      [
        ['g0', 0],
        ['g1', 1001],
        ['g2', 1005],
        ['g3', 1506],
      ],
    );
    assert.equal(walked.next, undefined);
    assert.equal(windows.length, 3);
  });

  it('stop at the limit and say where to go on', async () => {
    const { read } = result([1, 1, 1, 1]);
    const first = await walkGroups(read, 0, 2, signal);
    assert.equal(first.groups.length, 2);
    assert.equal(first.next, 4);
    const rest = await walkGroups(read, 4, 2, signal);
    assert.deepEqual(
      rest.groups.map(({ row: { key } }) => key),
      ['g2', 'g3'],
    );
    assert.equal(rest.next, undefined);
  });

  it('of an empty result are none', async () => {
    assert.deepEqual(await walkGroups(result([]).read, 0, 10, signal), { groups: [], next: undefined, totalRows: 0 });
  });

  it('are not looked for after an abort', async () => {
    await assert.rejects(walkGroups(result([1]).read, 0, 10, AbortSignal.abort()), { name: 'AbortError' });
  });
});
