import assert from 'node:assert/strict';
import { hasFix, severityChanged, toListItem, toRow } from '../../../src/report/list-item.ts';
import { makeFinding } from '../../e2e/report/data.ts';

describe('an item of the list', () => {
  const number =
    Array.from({ length: 100 }, (_, at) => at).find((at) => makeFinding(at).package?.fixed !== undefined) ?? 0;
  const finding = makeFinding(number);
  const item = toListItem(finding, ['/registry']);

  it('keeps what rows, filters and order need of a finding', () => {
    assert.equal(item.id, finding.id);
    assert.equal(item.severity, finding.explanation.effective);
    assert.equal(item.original, finding.explanation.original.level);
    assert.equal(item.fix, finding.package?.fixed);
    assert.equal(item.file, finding.package?.path);
    assert.equal(item.pressure, finding.explanation.pressure);
    assert.deepEqual(item.within, ['/registry']);
  });

  it('gives the row that the page shows, without ids of assets', () => {
    const row = toRow(item);
    assert.equal(row.type === 'finding' ? row.asset : '', finding.asset.name);
    assert.equal('assetId' in row, false);
  });

  it('has no fix when the version is empty', () => {
    assert.equal(hasFix({}), false);
    assert.equal(hasFix({ fix: '' }), false);
    assert.equal(hasFix({ fix: '1' }), true);
  });

  it('counts a verdict as a change', () => {
    assert.equal(severityChanged({ severity: 'none', original: 'high' }), true);
  });
});
