import assert from 'node:assert/strict';
import { bodWindow, technicalInputs } from '../../../../src/findings/priority/window.ts';
import { parseCvss } from '../../../../src/findings/cvss.ts';
import { facts, vulnerability } from './support.ts';

describe('remediation window, BOD 26-04', () => {
  const rows: readonly (readonly [kev: 0 | 1, exposed: 0 | 1, automatable: 0 | 1, total: 0 | 1, window: string])[] = [
    [1, 1, 1, 1, '3d+triage'],
    [1, 1, 1, 0, '3d'],
    [1, 1, 0, 1, '3d+triage'],
    [1, 1, 0, 0, '14d'],
    [1, 0, 1, 1, '3d+triage'],
    [1, 0, 1, 0, '14d'],
    [1, 0, 0, 1, '14d'],
    [1, 0, 0, 0, '14d'],
    [0, 1, 1, 1, '3d'],
    [0, 1, 1, 0, '14d'],
    [0, 1, 0, 1, '14d'],
    [0, 1, 0, 0, '60d'],
    [0, 0, 1, 1, '60d'],
    [0, 0, 1, 0, '60d'],
    [0, 0, 0, 1, 'next upgrade'],
    [0, 0, 0, 0, 'next upgrade'],
  ];
  for (const [kev, exposed, automatable, total, window] of rows) {
    it(`KEV ${kev}, exposed ${exposed}, automatable ${automatable}, total ${total}: ${window}`, () => {
      assert.equal(
        bodWindow({
          knownExploited: kev === 1,
          exposed: exposed === 1,
          automatable: automatable === 1,
          totalImpact: total === 1,
        }),
        window,
      );
      const result = vulnerability(
        'Medium',
        facts(exposed ? 'exposure.source-limited' : 'exposure.isolated', ...(kev ? (['exploit.kev'] as const) : [])),
        { ssvc: { automatable: automatable ? 'yes' : 'no', technicalImpact: total ? 'total' : 'partial' } },
      );
      assert.equal(result.window, window);
    });
  }

  it('takes enrichment first, then the vector, then the worse answer', () => {
    const vector = parseCvss('CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:H');
    assert.deepEqual(technicalInputs(undefined, vector), { automatable: false, totalImpact: false });
    assert.deepEqual(technicalInputs({ automatable: 'yes', technicalImpact: 'unknown' }, vector), {
      automatable: true,
      totalImpact: false,
    });
    assert.deepEqual(technicalInputs({ technicalImpact: 'partial' }, undefined), {
      automatable: true,
      totalImpact: false,
    });
    assert.deepEqual(technicalInputs(undefined, undefined), { automatable: true, totalImpact: true });
  });

  it('is not told by the attack vector alone', () => {
    assert.equal(vulnerability('Medium', [], { ssvc: undefined, attackVector: 'L' }).window, '3d');
  });

  it('treats a malicious package like a known exploited one', () => {
    const result = vulnerability('Low', facts('exposure.isolated'), { malicious: true });
    assert.equal(result.window, '14d');
  });

  it('knows KEV also when its weight is 0', () => {
    const weights = { weights: { 'exploit.kev': 0 } };
    assert.equal(vulnerability('Low', facts('exploit.kev', 'exposure.isolated'), {}, weights).window, '14d');
  });

  it('is "before deploy" when the image does not run, over everything else', () => {
    const all = facts('exploit.kev', 'runtime.not-running', 'vendor.unimportant');
    assert.equal(vulnerability('Critical', all).window, 'before deploy');
    assert.equal(vulnerability('Critical', facts('vendor.unimportant', 'runtime.not-running')).window, 'before deploy');
  });

  it('can be switched off', () => {
    assert.equal(vulnerability('Critical', [], {}, { window: false }).window, null);
    assert.equal(vulnerability('Critical', facts('runtime.not-running'), {}, { window: false }).window, null);
  });
});
