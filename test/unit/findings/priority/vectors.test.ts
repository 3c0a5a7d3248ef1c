import assert from 'node:assert/strict';
import { evaluateFinding } from '../../../../src/findings/priority/evaluate.ts';
import { resolveSettings } from '../../../../src/findings/priority/settings.ts';
import { inputOf, VECTORS } from './vectors.ts';

describe('priority model, worked examples', () => {
  it('has all 33', () => {
    assert.deepEqual(
      VECTORS.map(({ id }) => id),
      Array.from({ length: 33 }, (_, index) => `V${String(index + 1).padStart(2, '0')}`),
    );
  });

  for (const vector of VECTORS) {
    it(`${vector.id}: ${vector.level} becomes ${vector.effective}`, () => {
      const settings = resolveSettings(vector.weights === undefined ? undefined : { weights: vector.weights });
      const result = evaluateFinding(inputOf(vector), settings);
      const { up, down, rules, effective, state, pressure, window } = result;
      assert.deepEqual(
        { up, down, rules, effective, state, pressure, window },
        {
          up: vector.up,
          down: vector.down,
          rules: vector.rules,
          effective: vector.effective,
          state: vector.state,
          pressure: vector.pressure,
          window: vector.window,
        },
      );
      assert.notEqual(result.headline, '');
      assert.deepEqual(result.rejected, []);
    });
  }

  it('reports a privileged container that is privileged itself without counting that fact', () => {
    const example = VECTORS.find(({ id }) => id === 'V31')!;
    const input = inputOf(example);
    const result = evaluateFinding({
      ...input,
      factors: [...(input.factors ?? []), { id: 'runtime.privileged', value: true }],
    });
    assert.equal(result.effective, 'Critical');
    assert.equal(result.up, 20);
    assert.deepEqual(
      result.factors.find(({ id }) => id === 'runtime.privileged'),
      { id: 'runtime.privileged', points: 0, text: 'Privileged: code here owns the node.' },
    );
  });
});

describe('priority model, placements', () => {
  const v06 = inputOf(VECTORS.find(({ id }) => id === 'V06')!);
  const v25 = inputOf(VECTORS.find(({ id }) => id === 'V25')!);

  it('takes the highest of two placements, with the facts of that one', () => {
    const result = evaluateFinding({
      finding: 'CVE-2026-11111',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      attackVector: 'N',
      ssvc: { automatable: 'no', technicalImpact: 'total' },
      placements: [
        { id: 'aks-b/kube-system/addon', factors: v25.factors },
        { id: 'aks-a/shop/orders', factors: v06.factors },
      ],
    });
    assert.equal(result.effective, 'High');
    assert.equal(result.placement, 'aks-a/shop/orders');
    assert.equal(result.up, 15);
    assert.equal(result.down, 0);
    assert.deepEqual(result.rules, ['G1']);
    assert.equal(result.window, '14d');
    assert.match(result.headline, /Highest of 2 placements\./);
  });

  it('lets an entry of a placement replace the one of the finding', () => {
    const result = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      factors: [{ id: 'business.production', value: true }],
      placements: [{ id: 'a', factors: [{ id: 'business.production', value: false }] }],
    });
    assert.equal(result.up, 0);
  });

  it('leads with the open placement, even when a verdict stands elsewhere', () => {
    const result = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'Low', source: 'Debian' },
      placements: [
        { id: 'a', factors: [{ id: 'vex.not-affected', value: true }] },
        { id: 'b', factors: [{ id: 'runtime.not-running', value: true }] },
      ],
    });
    assert.equal(result.state, 'open');
    assert.equal(result.placement, 'b');
    assert.equal(result.window, 'before deploy');
  });

  it('leads with the verdict that comes first in the model when every placement has one', () => {
    const result = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      placements: [
        { id: 'a', factors: [{ id: 'image.kernel-headers', value: true }] },
        { id: 'b', factors: [{ id: 'image.not-in-final-fs', value: true }] },
        { id: 'c', factors: [{ id: 'image.not-in-final-fs', value: true }] },
      ],
    });
    assert.equal(result.state, 'not_present');
    assert.equal(result.placement, 'b');
    assert.equal(result.window, null);
  });

  it('breaks ties by pressure, then raising points, then placement id in code units', () => {
    const place = (id: string, ids: readonly ('fix.available' | 'vendor.no-dsa' | 'exposure.waf')[]) => ({
      id,
      factors: ids.map((factor) => ({ id: factor, value: true as const })),
    });
    const lead = (...placements: ReturnType<typeof place>[]): string | null =>
      evaluateFinding({
        finding: 'f',
        kind: 'vulnerability',
        base: { level: 'High', source: 'Debian' },
        attackVector: 'L',
        placements,
      }).placement;
    assert.equal(lead(place('a', []), place('b', ['fix.available'])), 'b');
    assert.equal(lead(place('a', ['vendor.no-dsa']), place('b', [])), 'b');
    // Both have a pressure of 0; the second one has 2 raising points.
    const weighed = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      attackVector: 'N',
      placements: [place('a', []), place('b', ['fix.available', 'exposure.waf'])],
    });
    assert.equal(weighed.placement, 'b');
    assert.equal(weighed.pressure, 0);
    assert.equal(lead(place('\u{1F600}', []), place('\uFFFF', [])), '\u{1F600}');
    assert.equal(lead(place('b', []), place('B', [])), 'B');
  });

  it('takes the soonest window of the open placements, also when another one leads', () => {
    const result = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      ssvc: { automatable: 'no', technicalImpact: 'partial' },
      placements: [
        // Leads by pressure: 15 against 5, not exposed: next upgrade.
        {
          id: 'a',
          factors: [
            { id: 'runtime.privileged', value: true },
            { id: 'exposure.isolated', value: true },
            { id: 'data.control-plane', value: true },
          ],
        },
        { id: 'b', factors: [{ id: 'exposure.public-lb', value: true }] },
        { id: 'c', factors: [{ id: 'vex.not-affected', value: true }] },
      ],
    });
    assert.equal(result.placement, 'a');
    assert.equal(result.window, '60d');
  });

  it('takes the more exposed of two sources and says that they disagree', () => {
    const result = evaluateFinding({
      finding: 'f',
      kind: 'vulnerability',
      base: { level: 'High', source: 'Debian' },
      factors: [
        { id: 'exposure.internal-lb', value: true },
        { id: 'exposure.public-lb', value: true, values: { ip: '20.1.2.3', port: '443' } },
      ],
    });
    assert.equal(result.up, 5);
    assert.equal(result.down, 0);
    assert.deepEqual(result.factors, [
      {
        id: 'exposure.public-lb',
        points: 5,
        text: 'Reachable from the internet at 20.1.2.3:443. Sources disagree.',
      },
    ]);
    assert.deepEqual(result.unknown, []);
  });
});
