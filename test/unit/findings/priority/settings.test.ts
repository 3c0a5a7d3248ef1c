import assert from 'node:assert/strict';
import { DEFAULT_PRIORITY_SETTINGS, resolveSettings } from '../../../../src/findings/priority/settings.ts';
import { FACTORS } from '../../../../src/findings/priority/factors.ts';

const rejected = (given: unknown): string[] => resolveSettings(given).rejected.map(({ path }) => path);

describe('priority settings', () => {
  it('are the defaults when none are given', () => {
    assert.deepEqual(resolveSettings(undefined).settings, DEFAULT_PRIORITY_SETTINGS);
    assert.deepEqual(resolveSettings({}).settings, DEFAULT_PRIORITY_SETTINGS);
    assert.deepEqual(rejected({}), []);
  });

  it('take everything that the format names', () => {
    const { settings, rejected: refused } = resolveSettings({
      model: '1.0.0',
      weights: { 'exposure.cluster-only': -6, 'business.critical': 8, 'exposure.private-cluster': -20, 'fix.none': 0 },
      limits: { maxDown: 1, maxUp: 0 },
      thresholds: { epssHigh: 0.6, epssMedium: 0.2, evidenceMaxAgeHours: 8760 },
      window: false,
      tags: { environment: ['stage'], critical: ['tier=1'], low: [], production: ['live'] },
      trusted: { ranges: ['203.0.113.0/24'], vexIssuers: ['https://contoso.example/vex'] },
    });
    assert.deepEqual(refused, []);
    assert.deepEqual(
      [...settings.weights],
      [
        ['exposure.cluster-only', -6],
        ['business.critical', 8],
        ['exposure.private-cluster', -20],
        ['fix.none', 0],
      ],
    );
    assert.deepEqual(settings.limits, { maxDown: 1, maxUp: 0 });
    assert.deepEqual(settings.thresholds, { epssHigh: 0.6, epssMedium: 0.2, evidenceMaxAgeHours: 8760 });
    assert.equal(settings.window, false);
    assert.deepEqual(settings.tags, { environment: ['stage'], critical: ['tier=1'], low: [], production: ['live'] });
    assert.deepEqual(settings.trusted.ranges, ['203.0.113.0/24']);
  });

  const refusals: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['no map at all', 'weights', ['settings']],
    ['null', null, ['settings']],
    ['a list', [], ['settings']],
    ['an unknown key', { wieghts: {} }, ['wieghts']],
    ['a key that every object inherits', { constructor: 1, toString: 1 }, ['constructor', 'toString']],
    ['another model', { model: '1.1.0' }, ['model']],
    ['a model of another type', { model: 1 }, ['model']],
    ['a window that is no boolean', { window: 'false' }, ['window']],
    [
      'a map of another type',
      { weights: [], limits: 1, thresholds: null, tags: 'a', trusted: true },
      ['limits', 'tags', 'thresholds', 'trusted', 'weights'],
    ],
    [
      'an unknown factor',
      { weights: { 'exploit.unknown': 1, constructor: 0 } },
      ['weights.constructor', 'weights.exploit.unknown'],
    ],
    ['a text for a number', { weights: { 'exploit.kev': '5' } }, ['weights.exploit.kev']],
    ['a broken number', { weights: { 'exploit.kev': 1.5 } }, ['weights.exploit.kev']],
    ['a raising weight over 20', { weights: { 'exploit.kev': 21 } }, ['weights.exploit.kev']],
    ['a raising weight under 0', { weights: { 'exploit.kev': -1 } }, ['weights.exploit.kev']],
    ['a lowering weight under -20', { weights: { 'business.low': -21 } }, ['weights.business.low']],
    ['a lowering weight over 0', { weights: { 'exposure.private-cluster': 1 } }, ['weights.exposure.private-cluster']],
    [
      'points for a factor without',
      { weights: { 'vex.not-affected': -1, 'fix.none': 1 } },
      ['weights.fix.none', 'weights.vex.not-affected'],
    ],
    ['limits out of range', { limits: { maxDown: 3, maxUp: -1 } }, ['limits.maxDown', 'limits.maxUp']],
    ['a broken limit', { limits: { maxDown: 1.5, max: 1 } }, ['limits.max', 'limits.maxDown']],
    [
      'thresholds out of range',
      { thresholds: { epssHigh: 1.01, epssMedium: 0 } },
      ['thresholds.epssHigh', 'thresholds.epssMedium'],
    ],
    [
      'a medium threshold at the high one',
      { thresholds: { epssHigh: 0.3, epssMedium: 0.3 } },
      ['thresholds.epssHigh', 'thresholds.epssMedium'],
    ],
    [
      'a medium threshold at the default of the high one',
      { thresholds: { epssMedium: 0.5 } },
      ['thresholds.epssMedium'],
    ],
    ['a high threshold at the default of the medium one', { thresholds: { epssHigh: 0.1 } }, ['thresholds.epssHigh']],
    [
      'a medium threshold over the default that stands in for a refused one',
      { thresholds: { epssHigh: 2, epssMedium: 0.6 } },
      ['thresholds.epssHigh', 'thresholds.epssMedium'],
    ],
    ['an age out of range', { thresholds: { evidenceMaxAgeHours: 0.5 } }, ['thresholds.evidenceMaxAgeHours']],
    [
      'an age of more than a year',
      { thresholds: { evidenceMaxAgeHours: 8761, x: 1 } },
      ['thresholds.evidenceMaxAgeHours', 'thresholds.x'],
    ],
    [
      'words of another type',
      { tags: { environment: 'env', low: [1], other: [] }, trusted: { ranges: {}, hosts: [] } },
      ['tags.environment', 'tags.low', 'tags.other', 'trusted.hosts', 'trusted.ranges'],
    ],
  ];
  for (const [title, given, paths] of refusals) {
    it(`refuse ${title}, each by itself`, () => {
      const { settings } = resolveSettings(given);
      assert.deepEqual(rejected(given), paths);
      assert.deepEqual({ ...settings }, { ...DEFAULT_PRIORITY_SETTINGS });
    });
  }

  it('apply the rest beside what was refused', () => {
    const { settings } = resolveSettings({
      weights: { 'exploit.kev': 99, 'exploit.poc': 4 },
      limits: { maxDown: 1, maxUp: 9 },
      thresholds: { epssHigh: 0.9, epssMedium: 'x' },
    });
    assert.deepEqual([...settings.weights], [['exploit.poc', 4]]);
    assert.deepEqual(settings.limits, { maxDown: 1, maxUp: 2 });
    assert.equal(settings.thresholds.epssHigh, 0.9);
    assert.equal(settings.thresholds.epssMedium, 0.1);
  });

  it('take the ends of every range', () => {
    for (const factor of FACTORS) {
      const end = factor.id === 'exposure.private-cluster' ? -20 : 20 * Math.sign(factor.points);
      assert.deepEqual(rejected({ weights: { [factor.id]: end } }), []);
      assert.deepEqual(rejected({ weights: { [factor.id]: 0 } }), []);
    }
    assert.deepEqual(rejected({ thresholds: { epssHigh: 1, epssMedium: 0.99999, evidenceMaxAgeHours: 1 } }), []);
    assert.deepEqual(rejected({ limits: { maxDown: 0, maxUp: 2 } }), []);
  });

  it('sort refused paths by code unit', () => {
    assert.deepEqual(rejected({ b: 1, B: 1, '\u{1F600}': 1, '\uFFFF': 1, a: 1 }), [
      'B',
      'a',
      'b',
      '\u{1F600}',
      '\uFFFF',
    ]);
  });

  it('read a key named __proto__ as an unknown one', () => {
    assert.deepEqual(rejected(JSON.parse('{"__proto__":{"window":false},"weights":{"__proto__":1}}')), [
      '__proto__',
      'weights.__proto__',
    ]);
  });
});

describe('hash of the settings in force', () => {
  const hash = (given: unknown): string => resolveSettings(given).hash;

  it('is a SHA-256', () => {
    assert.match(hash({}), /^sha256:[0-9a-f]{64}$/);
  });

  it('is equal for equal settings, however they were written', () => {
    const usual = hash(undefined);
    assert.equal(hash({ weights: { 'exploit.kev': 15 }, limits: { maxUp: 2 }, window: true, model: '1.0.0' }), usual);
    assert.equal(hash({ weights: { 'exploit.kev': 99 }, nonsense: 1 }), usual);
    assert.equal(hash({ weights: { 'exposure.private-cluster': -10, 'fix.none': 0 } }), usual);
    assert.equal(
      hash({ weights: { 'exploit.kev': 1, 'exploit.poc': 2 } }),
      hash({ weights: { 'exploit.poc': 2, 'exploit.kev': 1 } }),
    );
    assert.equal(hash({ weights: { 'exploit.kev': 0 } }), hash(JSON.parse('{"weights":{"exploit.kev":-0}}')));
  });

  it('differs as soon as one setting does', () => {
    const all = [
      {},
      { weights: { 'exploit.kev': 14 } },
      { weights: { 'exploit.kev': 0 } },
      { weights: { 'vex.not-affected': 0 } },
      { weights: { 'vendor.unimportant': 0 } },
      { weights: { 'exposure.private-cluster': 0 } },
      { limits: { maxUp: 1 } },
      { limits: { maxDown: 1 } },
      { thresholds: { epssHigh: 0.6 } },
      { thresholds: { evidenceMaxAgeHours: 25 } },
      { window: false },
      { tags: { low: [] } },
      { trusted: { vexIssuers: ['https://contoso.example/vex'] } },
    ].map(hash);
    assert.equal(new Set(all).size, all.length);
  });
});
