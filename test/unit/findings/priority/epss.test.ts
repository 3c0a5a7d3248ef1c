import assert from 'node:assert/strict';
import { epssBand, leavingThreshold } from '../../../../src/findings/priority/epss.ts';

const usual = { epssHigh: 0.5, epssMedium: 0.1 };

describe('EPSS bands', () => {
  it('are entered at the threshold', () => {
    assert.equal(epssBand(0.49999, 'none', usual), 'medium');
    assert.equal(epssBand(0.5, 'none', usual), 'high');
    assert.equal(epssBand(0.09999, 'none', usual), 'none');
    assert.equal(epssBand(0.1, 'none', usual), 'medium');
    assert.equal(epssBand(0.5, 'medium', usual), 'high');
    assert.equal(epssBand(1, 'none', usual), 'high');
  });

  it('are left only under 0.40 and 0.08', () => {
    assert.equal(epssBand(0.4, 'high', usual), 'high');
    assert.equal(epssBand(0.39999, 'high', usual), 'medium');
    assert.equal(epssBand(0.08, 'medium', usual), 'medium');
    assert.equal(epssBand(0.07999, 'medium', usual), 'none');
    assert.equal(epssBand(0.09, 'high', usual), 'medium');
    assert.equal(epssBand(0.01, 'high', usual), 'none');
  });

  it('are left under 0.8 times a threshold that was changed, in 5 decimals', () => {
    assert.equal(leavingThreshold(0.5), 0.4);
    assert.equal(leavingThreshold(0.1), 0.08);
    assert.equal(leavingThreshold(0.33333), 0.26666);
    assert.equal(leavingThreshold(0.7), 0.56);
    const changed = { epssHigh: 0.7, epssMedium: 0.3 };
    assert.equal(epssBand(0.56, 'high', changed), 'high');
    assert.equal(epssBand(0.55999, 'high', changed), 'medium');
    assert.equal(epssBand(0.24, 'medium', changed), 'medium');
    assert.equal(epssBand(0.23999, 'medium', changed), 'none');
  });
});
