import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluateFinding } from '../../../../src/findings/priority/evaluate.ts';
import type { Factor } from '../../../../src/findings/priority/factors.ts';
import { FACTORS } from '../../../../src/findings/priority/factors.ts';
import type { FactorEvidence, PriorityInput, PriorityResult } from '../../../../src/findings/priority/finding.ts';
import { evaluateLine } from '../../../../src/findings/priority/lines.ts';
import { resolveSettings } from '../../../../src/findings/priority/settings.ts';

const lowering = FACTORS.filter((factor) => factor.points < 0 || factor.rule !== undefined);
const raising = FACTORS.filter((factor) => factor.points > 0);

const RANKS = ['None', 'Info', 'Low', 'Medium', 'High', 'Critical'];
const rankOf = (result: PriorityResult): number => RANKS.indexOf(result.effective);

const entry = (factor: Factor): fc.Arbitrary<FactorEvidence> =>
  fc.record(
    {
      id: fc.constant(factor.id),
      value: fc.constantFrom(true, true, true, false, 'unknown' as const),
      ageHours: fc.constantFrom(0, 1, 24, 24.5, 168, 169),
      stale: fc.boolean(),
    },
    { requiredKeys: ['id', 'value'] },
  );

/** Some of the factors, each once, in any order. */
const evidence: fc.Arbitrary<FactorEvidence[]> = fc
  .shuffledSubarray([...FACTORS], { maxLength: 14 })
  .chain((some) => fc.tuple(...some.map((factor) => entry(factor))))
  .map((entries) => [...entries]);

const settings: fc.Arbitrary<object> = fc.record(
  {
    weights: fc
      .shuffledSubarray(
        FACTORS.filter((factor) => factor.points !== 0 || factor.rule !== undefined),
        { maxLength: 4 },
      )
      .chain((some) =>
        fc.tuple(
          ...some.map((factor) =>
            fc.tuple(
              fc.constant(factor.id),
              factor.points === 0
                ? fc.constant(0)
                : fc.integer({ min: 0, max: 20 }).map((n) => n * Math.sign(factor.points)),
            ),
          ),
        ),
      )
      .map((pairs) => Object.fromEntries(pairs)),
    limits: fc.record({ maxDown: fc.integer({ min: 0, max: 2 }), maxUp: fc.integer({ min: 0, max: 2 }) }),
  },
  { requiredKeys: [] },
);

const input: fc.Arbitrary<PriorityInput> = fc.record(
  {
    finding: fc.constant('f'),
    kind: fc.constantFrom('vulnerability' as const, 'vulnerability' as const, 'posture' as const),
    base: fc.record({
      level: fc.constantFrom('Info', 'Low', 'Medium', 'High', 'Critical', 'Unknown'),
      source: fc.constant('Debian'),
    }),
    attackVector: fc.constantFrom('N', 'A', 'L', 'P'),
    malicious: fc.boolean(),
    apiServer: fc.boolean(),
    factors: evidence,
    placements: fc.uniqueArray(fc.record({ id: fc.string({ maxLength: 2 }), factors: evidence }), {
      maxLength: 3,
      selector: ({ id }) => id,
    }),
  },
  { requiredKeys: ['finding', 'kind', 'base', 'factors'] },
);

/** The input with one factor set to a value wherever the finding or a placement may name it. */
function withFactor(given: PriorityInput, factor: FactorEvidence): PriorityInput {
  const replaced = (list: readonly FactorEvidence[] | undefined): FactorEvidence[] => [
    ...(list ?? []).filter(({ id }) => id !== factor.id),
    factor,
  ];
  return {
    ...given,
    factors: replaced(given.factors),
    placements: given.placements?.map((placement) => ({
      ...placement,
      factors: (placement.factors ?? []).filter(({ id }) => id !== factor.id),
    })),
  };
}

describe('priority model, properties', () => {
  it('a lowering factor, ceiling or verdict that is no longer known never lowers the result', () => {
    fc.assert(
      fc.property(input, settings, fc.constantFrom(...lowering), (given, tuned, factor) => {
        const inForce = resolveSettings(tuned);
        const known = evaluateFinding(withFactor(given, { id: factor.id, value: true }), inForce);
        const lost = evaluateFinding(withFactor(given, { id: factor.id, value: 'unknown' }), inForce);
        assert.ok(rankOf(lost) >= rankOf(known), `${factor.id}: ${known.effective} → ${lost.effective}`);
      }),
      { numRuns: 4000 },
    );
  });

  it('a raising factor that is found true never lowers the result', () => {
    fc.assert(
      fc.property(input, settings, fc.constantFrom(...raising), (given, tuned, factor) => {
        const inForce = resolveSettings(tuned);
        const open = evaluateFinding(withFactor(given, { id: factor.id, value: 'unknown' }), inForce);
        const found = evaluateFinding(withFactor(given, { id: factor.id, value: true }), inForce);
        assert.ok(rankOf(found) >= rankOf(open), `${factor.id}: ${open.effective} → ${found.effective}`);
      }),
      { numRuns: 4000 },
    );
  });

  it('neither order of factors nor of placements changes a byte, and two runs are equal', () => {
    fc.assert(
      fc.property(input, settings, (given, tuned) => {
        const inForce = resolveSettings(tuned);
        const first = JSON.stringify(evaluateFinding(given, inForce));
        assert.equal(JSON.stringify(evaluateFinding(given, inForce)), first);
        const turned: PriorityInput = {
          ...given,
          factors: [...(given.factors ?? [])].reverse(),
          placements: given.placements
            ?.map((placement) => ({ ...placement, factors: [...(placement.factors ?? [])].reverse() }))
            .reverse(),
        };
        assert.equal(JSON.stringify(evaluateFinding(turned, inForce)), first);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every result inside its bounds', () => {
    fc.assert(
      fc.property(input, settings, (given, tuned) => {
        const result = evaluateFinding(given, resolveSettings(tuned));
        assert.notEqual(result.headline, '');
        assert.equal(
          new Set([...result.factors, ...result.unknown].map(({ id }) => id)).size,
          result.factors.length + result.unknown.length,
        );
        if (result.effective === 'None') assert.deepEqual(result.rules, ['verdict']);
        else {
          assert.ok(result.up !== null && result.down !== null && result.up >= 0 && result.down >= 0);
          assert.equal(result.pressure, result.up - result.down);
          assert.ok(!Object.is(result.pressure, -0) && result.factors.every(({ points }) => !Object.is(points, -0)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('answers any line without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.integer({ min: 1 }), (text, number) => {
        const answer = evaluateLine(text, number);
        assert.equal(
          answer === undefined,
          text.trim() === '' || (number === 1 && text.replace(/^\uFEFF/, '').trim() === ''),
        );
      }),
    );
  });
});
