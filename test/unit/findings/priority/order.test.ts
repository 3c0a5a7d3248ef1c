import assert from 'node:assert/strict';
import type { OrderKey } from '../../../../src/findings/priority/order.ts';
import { compareFindings, comparePriority, rankNumbers } from '../../../../src/findings/priority/order.ts';

const usual: OrderKey = {
  finding: 'f',
  effective: 'High',
  knownExploited: false,
  pressure: 5,
  epss: 0.2,
  cvssScore: 7.5,
  replicas: 3,
  fixable: true,
  firstSeenMs: 1_000,
};

describe('order of findings', () => {
  // In each row the first goes before the second, although every later criterion says the opposite.
  const steps: readonly (readonly [string, Partial<OrderKey>, Partial<OrderKey>])[] = [
    ['higher level', { effective: 'Critical' }, { effective: 'High', knownExploited: true }],
    ['None last', { effective: 'Info', pressure: -20 }, { effective: 'None', pressure: null, knownExploited: true }],
    ['known exploited', { knownExploited: true, pressure: 1 }, { knownExploited: false, pressure: 9 }],
    ['KEV unknown last', { knownExploited: false, pressure: 1 }, { knownExploited: undefined, pressure: 9 }],
    ['higher pressure', { pressure: 6, epss: 0.1 }, { pressure: 5, epss: 0.9 }],
    ['pressure below 0 before none', { pressure: -9, epss: 0.1 }, { pressure: null, epss: 0.9 }],
    ['higher EPSS', { epss: 0.3, cvssScore: 1 }, { epss: 0.2, cvssScore: 9 }],
    ['EPSS 0 before unknown', { epss: 0, cvssScore: 1 }, { epss: undefined, cvssScore: 9 }],
    ['higher CVSS score', { cvssScore: 8, replicas: 1 }, { cvssScore: 7, replicas: 9 }],
    ['CVSS unknown last', { cvssScore: 0, replicas: 1 }, { cvssScore: undefined, replicas: 9 }],
    ['more replicas', { replicas: 4, fixable: false }, { replicas: 3, fixable: true }],
    ['replicas unknown last', { replicas: 0, fixable: false }, { replicas: undefined, fixable: true }],
    ['fixable first', { fixable: true, firstSeenMs: 9 }, { fixable: false, firstSeenMs: 1 }],
    ['fixable unknown last', { fixable: false, firstSeenMs: 9 }, { fixable: undefined, firstSeenMs: 1 }],
    ['seen earlier', { firstSeenMs: 1, finding: 'z' }, { firstSeenMs: 2, finding: 'a' }],
    ['first seen unknown last', { firstSeenMs: 9, finding: 'z' }, { firstSeenMs: undefined, finding: 'a' }],
    ['id in code units', { finding: '\u{1F600}' }, { finding: '\uFFFF' }],
  ];
  for (const [title, first, second] of steps) {
    it(title, () => {
      const a = { ...usual, ...first };
      const b = { ...usual, ...second };
      assert.ok(compareFindings(a, b) < 0);
      assert.ok(compareFindings(b, a) > 0);
    });
  }

  it('is 0 only for the same finding, and ties share one rank number', () => {
    assert.equal(compareFindings(usual, { ...usual }), 0);
    assert.equal(comparePriority(usual, { ...usual, finding: 'g' }), 0);
    const rows = [
      { ...usual, finding: 'a', effective: 'Critical' as const },
      { ...usual, finding: 'b' },
      { ...usual, finding: 'c' },
      { ...usual, finding: 'd', effective: 'Low' as const },
    ];
    assert.deepEqual(rankNumbers(rows), [1, 2, 2, 4]);
    assert.deepEqual(rankNumbers([]), []);
  });
});
