import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluateFinding } from '../../../src/findings/priority/evaluate.ts';
import { toExplanation } from '../../../src/findings/priority/explanation.ts';
import { FACTORS } from '../../../src/findings/priority/factors.ts';
import type { FactorEvidence, PriorityInput } from '../../../src/findings/priority/finding.ts';
import { resolveSettings } from '../../../src/findings/priority/settings.ts';
import type { SeverityExplanation } from '../../../src/findings/types.ts';
import { severityTable } from '../../../src/report/severity-table.ts';
import { inputOf, VECTORS } from '../findings/priority/vectors.ts';

function explain(input: PriorityInput, settings: object = {}): SeverityExplanation {
  return toExplanation(evaluateFinding(input, resolveSettings(settings)));
}

function explainFactors(level: PriorityInput['base']['level'], ...ids: readonly FactorEvidence['id'][]) {
  return explain({
    finding: 'f',
    kind: 'vulnerability',
    base: { level, source: 'Debian', other: 'NVD Critical 9.8' },
    factors: ids.map((id) => ({ id, value: true })),
  });
}

describe('the severity table', () => {
  for (const vector of VECTORS) {
    it(`of ${vector.id} leads to ${vector.effective}`, () => {
      const settings = vector.weights === undefined ? {} : { weights: vector.weights };
      const explanation = explain(inputOf(vector), settings);
      const { rows, complete } = severityTable(explanation);
      assert.equal(complete, true);
      assert.deepEqual(rows.at(-1), { type: 'effective', level: explanation.effective });
    });
  }

  it('leads to the level for any evidence and settings', () => {
    const evidence = fc
      .shuffledSubarray([...FACTORS], { maxLength: 16 })
      .map((some) => some.map(({ id }): FactorEvidence => ({ id, value: true })));
    const limits = fc.record({ maxDown: fc.integer({ min: 0, max: 2 }), maxUp: fc.integer({ min: 0, max: 2 }) });
    const levels = fc.constantFrom('Critical', 'High', 'Medium', 'Low', 'Info', 'Unknown' as const);
    fc.assert(
      fc.property(
        evidence,
        limits,
        levels,
        fc.boolean(),
        fc.boolean(),
        (factors, limit, level, isPosture, malicious) => {
          const explanation = explain(
            {
              finding: 'f',
              kind: isPosture ? 'posture' : 'vulnerability',
              base: { level, source: 'Debian' },
              malicious,
              factors,
            },
            { limits: limit },
          );
          assert.equal(severityTable(explanation).complete, true, JSON.stringify(explanation));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says where a cap cut, after the group', () => {
    const explanation = explainFactors(
      'High',
      'image.own-layer',
      'image.root-user',
      'image.stale-tag',
      'runtime.running',
    );
    assert.deepEqual(
      severityTable(explanation).rows.map((row) =>
        row.type === 'factor' ? `${row.label} ${row.points}` : row.type === 'cap' ? `cap ${row.points}` : row.type,
      ),
      [
        'original',
        'From your layer 2',
        'Runs as root 3',
        'Outdated tag 2',
        'cap 5',
        'Running now 2',
        'sum',
        'sum',
        'effective',
      ],
    );
  });

  it('sums factors of one account, whatever their prefix', () => {
    const explanation: SeverityExplanation = {
      ...explainFactors('Medium'),
      factors: [
        { id: 'vendor.no-dsa', label: 'Vendor', points: -3, text: '' },
        { id: 'vex.unresolved', label: 'VEX', points: -4, text: '' },
      ],
      down: 5,
    };
    const { rows, complete } = severityTable(explanation);
    assert.deepEqual(rows[3], { type: 'cap', points: -5 });
    assert.equal(complete, true);
  });

  it('shows points and the levels they make, and each rule with what it left', () => {
    const explanation = explainFactors(
      'High',
      'runtime.running',
      'exposure.ingress-host',
      'business.production',
      'data.keyvault',
    );
    assert.deepEqual(severityTable(explanation).rows.slice(-4), [
      { type: 'sum', direction: 'up', points: 20, levels: 2 },
      { type: 'sum', direction: 'down', points: -0, levels: 0 },
      { type: 'levelRule', rule: 'G2', direction: 'up', levels: 1 },
      { type: 'effective', level: 'critical' },
    ]);
  });

  it('names a limit of the settings that held it', () => {
    const explanation = explain(
      {
        finding: 'f',
        kind: 'vulnerability',
        base: { level: 'Critical', source: 'Debian' },
        factors: [
          { id: 'exposure.internal-lb', value: true },
          { id: 'business.non-production', value: true },
          { id: 'exploit.quiet', value: true },
        ],
      },
      { limits: { maxDown: 1 } },
    );
    const { rows, complete } = severityTable(explanation);
    assert.ok(rows.some((row) => row.type === 'limit' && row.direction === 'down' && row.levels === 1));
    assert.equal(complete, true);
  });

  it('ends in nothing after a verdict', () => {
    const { rows, complete } = severityTable(explainFactors('Critical', 'vex.not-affected'));
    assert.deepEqual(rows.at(-2), { type: 'verdict', verdict: 'not_affected' });
    assert.deepEqual(rows.at(-1), { type: 'effective', level: 'none' });
    assert.equal(complete, true);
  });

  it('stands by the source when the model was not asked', () => {
    const explanation = { ...explainFactors('Low'), up: null, down: null, pressure: null };
    assert.equal(severityTable(explanation).complete, true);
    assert.equal(severityTable({ ...explanation, effective: 'high' }).complete, false);
  });

  const whole = explainFactors('Critical', 'runtime.running', 'exposure.cluster-only', 'business.production');
  const damages: readonly (readonly [what: string, explanation: SeverityExplanation])[] = [
    ['another level than the rows', { ...whole, effective: 'low' }],
    ['a factor left out', { ...whole, factors: whole.factors.slice(1) }],
    ['points that do not sum up', { ...whole, down: 12 }],
    [
      'a factor of an unknown group',
      { ...whole, factors: [...whole.factors, { id: 'moon.full', label: 'Moon', points: 1, text: '' }] },
    ],
    ['a verdict with a level', { ...whole, verdict: 'not_present' }],
  ];
  for (const [what, explanation] of damages) {
    it(`is incomplete with ${what}`, () => {
      assert.equal(severityTable(explanation).complete, false);
    });
  }
});
