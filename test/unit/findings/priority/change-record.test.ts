import assert from 'node:assert/strict';
import { changeRecord, factorSetOf } from '../../../../src/findings/priority/change-record.ts';
import type { ChangeRecord } from '../../../../src/findings/priority/change-record.ts';
import type { FactorEvidence, PriorityResult } from '../../../../src/findings/priority/finding.ts';
import { facts, vulnerability } from './support.ts';

function between(before: PriorityResult, after: PriorityResult): ChangeRecord {
  const record = changeRecord(factorSetOf(before), factorSetOf(after));
  assert.ok(record !== undefined);
  return record;
}

const epss = (id: 'exploit.epss-medium' | 'exploit.epss-high', p: string): FactorEvidence => ({
  id,
  value: true,
  values: { p, date: '2026-09-12' },
});

describe('change record', () => {
  it('is absent while the level stays, whatever else moved', () => {
    const before = factorSetOf(vulnerability('High', []));
    assert.equal(changeRecord(before, factorSetOf(vulnerability('High', facts('runtime.running')))), undefined);
  });

  it('holds old and new level, and the factors that came and went', () => {
    const route = facts('exposure.public-lb');
    const record = between(
      vulnerability('High', [...route, epss('exploit.epss-medium', '0.12')]),
      vulnerability('High', [...route, epss('exploit.epss-high', '0.61')]),
    );
    assert.deepEqual([record.from, record.to, record.causes], ['High', 'Critical', ['data feed']]);
    assert.deepEqual(record.came, [
      {
        id: 'exploit.epss-high',
        before: null,
        after: 'EPSS 0.61 (2026-09-12): exploitation within 30 days is likely.',
      },
    ]);
    assert.deepEqual(record.went, [
      { id: 'exploit.epss-medium', before: 'EPSS 0.12: well above the usual.', after: null },
    ]);
    assert.deepEqual(record.changed, []);
    assert.equal(
      record.text,
      'High → Critical. Exploitation very likely: EPSS 0.61 (2026-09-12): exploitation within 30 days is likely. No longer: Exploitation likely.',
    );
  });

  it('tells a factor that is no longer known from one that went', () => {
    const fresh = vulnerability('High', facts('runtime.not-running'));
    const aged = vulnerability('High', [{ id: 'runtime.not-running', value: true, ageHours: 30 }]);
    const record = between(fresh, aged);
    assert.deepEqual([record.from, record.to, record.causes], ['Medium', 'High', ['runtime']]);
    assert.deepEqual(record.changed, [{ id: 'runtime.not-running', before: 'Not running', after: 'not known' }]);
  });

  it('names every class of cause, in one order', () => {
    const causes = (after: PriorityResult, before = vulnerability('High', [])): readonly string[] =>
      between(before, after).causes;
    assert.deepEqual(causes(vulnerability('High', facts('image.dev-only'))), ['image']);
    assert.deepEqual(causes(vulnerability('High', facts('exposure.isolated'))), ['cloud configuration']);
    assert.deepEqual(causes(vulnerability('High', facts('vex.not-affected'))), ['exception']);
    assert.deepEqual(causes(vulnerability('Low', [])), ['data feed']);
    const settings = vulnerability('High', facts('exposure.isolated'), {}, { limits: { maxDown: 0 } });
    assert.deepEqual(causes(settings, vulnerability('High', facts('exposure.isolated'))), ['settings']);
    const older = { ...factorSetOf(vulnerability('Low', [])), model: '0.9.0' };
    assert.deepEqual(changeRecord(older, factorSetOf(vulnerability('High', [])))?.causes, [
      'data feed',
      'model version',
    ]);
    assert.deepEqual(causes(vulnerability('High', facts('image.dev-only', 'runtime.not-running', 'vendor.no-dsa'))), [
      'data feed',
      'runtime',
      'image',
    ]);
  });

  it('lists a factor whose weight was changed', () => {
    const all = facts('exposure.isolated');
    const record = between(
      vulnerability('High', all),
      vulnerability('High', all, {}, { weights: { 'exposure.isolated': -6 } }),
    );
    assert.deepEqual(record.causes, ['settings']);
    assert.deepEqual(
      record.changed.map(({ id }) => id),
      ['exposure.isolated'],
    );
  });

  it('says a changed base', () => {
    assert.equal(
      between(vulnerability('Low', []), vulnerability('High', [])).text,
      'Low → High. Base: Low by Debian → High by Debian.',
    );
  });
});
