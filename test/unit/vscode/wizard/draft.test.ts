import assert from 'node:assert/strict';
import {
  editSteps,
  emptyDraft,
  freeName,
  isIsoDate,
  isSameAccess,
  monthsFrom,
  ResumeMemory,
  secretOf,
  stepsOf,
} from '../../../../src/vscode/wizard/draft.ts';

const now = new Date('2026-11-21T12:00:00Z');
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const filled = {
  ...emptyDraft('public'),
  way: 'values' as const,
  tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  clientId: '23dbb6af-0000-4000-8000-000000000001',
  clientSecret: 'marker~secret~4f7a91',
  name: 'Prod',
};

describe('the connect wizard', () => {
  it('has as many boxes as its way needs', () => {
    assert.equal(stepsOf('values').length, 9);
    assert.equal(stepsOf('paste').length, 7);
    assert.equal(stepsOf('environment').length, 6);
    for (const way of ['values', 'paste', 'environment'] as const) {
      assert.equal(stepsOf(way)[0], 'how');
      assert.equal(stepsOf(way).at(-1), 'finish');
    }
    assert.ok(!editSteps.includes('how'));
  });

  it('resumes within ten minutes at the same box, without the secret', () => {
    const memory = new ResumeMemory();
    memory.keep(filled, 'client', now);
    const resumed = memory.take(minutes(9));
    assert.equal(resumed?.step, 'client');
    assert.equal(resumed.draft.tenantId, filled.tenantId);
    assert.equal(resumed.draft.clientSecret, '');
    assert.ok(!JSON.stringify(memory).includes('marker'));
  });

  it('asks for the secret again when it was closed at a later box', () => {
    const memory = new ResumeMemory();
    memory.keep(filled, 'name', now);
    const resumed = memory.take(minutes(1));
    assert.equal(resumed?.step, 'secret');
    assert.equal(resumed.draft.name, 'Prod');
    memory.keep({ ...filled, way: 'paste' }, 'expiry', now);
    const pasted = memory.take(minutes(1));
    assert.equal(pasted?.step, 'secret');
    assert.equal(pasted.draft.way, 'values');
  });

  it('forgets after ten minutes, after one resumption, and when nothing was typed', () => {
    const memory = new ResumeMemory();
    memory.keep(filled, 'client', now);
    assert.equal(memory.take(minutes(11)), undefined);
    memory.keep(filled, 'client', now);
    memory.take(now);
    assert.equal(memory.take(now), undefined);
    memory.keep(filled, 'how', now);
    assert.equal(memory.take(now), undefined);
    memory.keep({ ...filled, way: 'environment' }, 'name', now);
    assert.equal(memory.take(now), undefined);
  });

  it('knows a connection that exists already by identity and subscriptions', () => {
    const access = { ...secretOf(filled), subscriptionIds: ['a', 'b'] };
    assert.equal(isSameAccess(access, { ...access, clientSecret: 'another', subscriptionIds: ['B', 'A'] }), true);
    assert.equal(isSameAccess(access, { ...access, subscriptionIds: [] }), false);
    assert.equal(isSameAccess(access, { ...access, clientId: access.tenantId }), false);
  });

  it('proposes a name that is free', () => {
    assert.equal(freeName('Shop', []), 'Shop');
    assert.equal(freeName(' Shop ', ['shop', 'Shop 2']), 'Shop 3');
    assert.equal(freeName('', []), 'Azure 2');
    assert.ok(freeName('x'.repeat(200), ['x'.repeat(60)]).length <= 64);
  });

  it('counts months to the last day of shorter ones', () => {
    assert.equal(monthsFrom(now, 12), '2027-11-21');
    assert.equal(monthsFrom(new Date('2026-08-31T23:00:00Z'), 6), '2027-02-28');
    assert.equal(monthsFrom(new Date('2026-11-30T00:00:00Z'), 24), '2028-11-30');
  });

  it('takes only days that exist', () => {
    assert.equal(isIsoDate('2027-02-28'), true);
    for (const wrong of ['2027-02-30', '2027-2-3', '28.02.2027', '2027-13-01', ''])
      assert.equal(isIsoDate(wrong), false, wrong);
  });
});
