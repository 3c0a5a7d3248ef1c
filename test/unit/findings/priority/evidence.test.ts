import assert from 'node:assert/strict';
import type { FactorId } from '../../../../src/findings/priority/factors.ts';
import { FACTORS } from '../../../../src/findings/priority/factors.ts';
import type { FactorEvidence } from '../../../../src/findings/priority/finding.ts';
import { counted, facts, posture, unknown, vulnerability } from './support.ts';

const aged = (id: FactorId, ageHours: number): FactorEvidence => ({ id, value: true, ageHours });

describe('evidence, good news expires', () => {
  const cases: readonly (readonly [FactorId, number])[] = [
    ['exploit.quiet', 168],
    ['vendor.no-dsa', 168],
    ['runtime.not-running', 24],
    ['runtime.hardened', 24],
    ['exposure.internal-lb', 24],
    ['exposure.cluster-only', 24],
    ['exposure.isolated', 24],
    ['exposure.waf', 24],
    ['data.none', 24],
    ['business.non-production', 24],
    ['business.low', 24],
  ];
  for (const [id, limit] of cases) {
    it(`${id} is good for ${limit} h, and unknown a moment later`, () => {
      assert.deepEqual(counted(vulnerability('High', [aged(id, limit)])), [id]);
      const late = vulnerability('High', [aged(id, limit + 0.001)]);
      assert.deepEqual([counted(late), unknown(late)], [[], [id]]);
      assert.equal(late.down, 0);
      const marked = vulnerability('High', [{ id, value: true, ageHours: 0, stale: true }]);
      assert.deepEqual([counted(marked), unknown(marked)], [[], [id]]);
    });
  }

  it('takes the limit of the settings for everything but feeds', () => {
    const settings = { thresholds: { evidenceMaxAgeHours: 48 } };
    const both = [aged('runtime.not-running', 48), aged('exploit.quiet', 169)];
    const result = vulnerability('High', both, {}, settings);
    assert.deepEqual([counted(result), unknown(result)], [['runtime.not-running'], ['exploit.quiet']]);
    const short = vulnerability('High', [aged('exploit.quiet', 2)], {}, { thresholds: { evidenceMaxAgeHours: 1 } });
    assert.deepEqual(counted(short), ['exploit.quiet']);
  });

  it('says what was read when, and the limit', () => {
    const why = (factor: FactorEvidence): string | undefined => vulnerability('High', [factor]).unknown[0]?.why;
    assert.equal(why(aged('runtime.not-running', 72)), 'read 72 h ago, limit 24 h');
    assert.equal(why({ id: 'data.none', value: true, stale: true }), 'evidence is older than the limit of 24 h');
    assert.equal(why({ id: 'data.none', value: 'unknown', why: '403 on sub-prod' }), '403 on sub-prod');
    assert.equal(why({ id: 'data.none', value: 'unknown' }), 'not read');
  });

  it('does not age facts of an image that lower', () => {
    const result = vulnerability('High', [{ id: 'image.dev-only', value: true, ageHours: 1e9, stale: true }]);
    assert.deepEqual(result.factors, [{ id: 'image.dev-only', points: -10, text: 'Build/test-time only' }]);
  });
});

describe('evidence, bad news does not expire', () => {
  it('keeps counting and is marked once over the limit of its group', () => {
    const marks = (id: FactorId, ageHours: number): true | undefined =>
      vulnerability('High', [aged(id, ageHours)]).factors.find((factor) => factor.id === id)?.stale;
    assert.equal(marks('exploit.kev', 168), undefined);
    assert.equal(marks('exploit.kev', 169), true);
    assert.equal(marks('fix.available', 169), true);
    assert.equal(marks('vex.unresolved', 169), true);
    assert.equal(marks('runtime.running', 24), undefined);
    assert.equal(marks('runtime.running', 25), true);
    assert.equal(marks('cloud.defender-off', 25), true);
    assert.equal(marks('data.keyvault', 25), true);
    assert.equal(marks('business.production', 25), true);
    assert.equal(marks('exposure.second-hop', 25), true);
    assert.equal(vulnerability('High', [aged('exploit.kev', 1e6)]).up, 15);
  });

  it('marks an image fact only when it was said to be stale', () => {
    assert.equal(vulnerability('High', [aged('image.root-user', 1e6)]).factors[0]?.stale, undefined);
    const marked = vulnerability('High', [{ id: 'image.root-user', value: true, stale: true }]);
    assert.equal(marked.factors[0]?.stale, true);
  });

  it('writes no mark where there is none', () => {
    const [factor] = vulnerability('High', [{ id: 'image.root-user', value: true, stale: false }]).factors;
    assert.deepEqual(Object.keys(factor ?? {}), ['id', 'points', 'text']);
  });
});

describe('evidence, good news needs proof', () => {
  const OPPOSITES: Readonly<Partial<Record<FactorId, readonly FactorId[]>>> = {
    'exploit.quiet': [
      'exploit.kev',
      'exploit.kev-ransomware',
      'exploit.epss-high',
      'exploit.epss-medium',
      'exploit.weaponised',
      'exploit.poc',
    ],
    'runtime.not-running': ['runtime.running', 'runtime.replicas'],
    'runtime.hardened': [
      'image.root-user',
      'runtime.privileged',
      'runtime.capabilities',
      'runtime.sa-token-powerful',
      'runtime.sa-token-mounted',
    ],
    'data.none': [
      'data.control-plane',
      'data.keyvault',
      'data.storage-write',
      'data.storage-read',
      'data.registry-push',
      'data.imds-open',
    ],
    'business.non-production': ['business.production'],
    'business.low': ['business.critical'],
  };
  const lowering: readonly FactorId[] = [
    'exploit.quiet',
    'vendor.no-dsa',
    'image.dev-only',
    'runtime.not-running',
    'runtime.hardened',
    'exposure.waf',
    'data.none',
    'business.non-production',
    'business.low',
  ];

  for (const id of lowering) {
    it(`${id} falls with ${OPPOSITES[id]?.length ?? 0} opposites and with nothing else`, () => {
      const fells = (value: true | 'unknown'): FactorId[] =>
        FACTORS.filter((other) => other.id !== id && other.rule !== 'verdict')
          .filter((other) => unknown(vulnerability('High', [...facts(id), { id: other.id, value }])).includes(id))
          .map((other) => other.id);
      const expected = FACTORS.map((factor) => factor.id).filter((other) => OPPOSITES[id]?.includes(other));
      assert.deepEqual(fells(true), expected);
      assert.deepEqual(fells('unknown'), expected);
    });
  }

  it('looks at facts: neither weight nor staleness of the opposite matters', () => {
    const all = [...facts('data.none'), { id: 'data.imds-open', value: true, ageHours: 9999, stale: true } as const];
    const result = vulnerability('High', all, {}, { weights: { 'data.imds-open': 0 } });
    assert.deepEqual(unknown(result), ['data.none']);
  });

  it('leaves a lowering factor that is false alone', () => {
    const result = vulnerability('High', [
      { id: 'data.none', value: false },
      { id: 'data.keyvault', value: 'unknown' },
    ]);
    assert.deepEqual(unknown(result), ['data.keyvault']);
  });
});

describe('evidence, exposure class', () => {
  const window = (...factors: readonly FactorEvidence[]): string | null => vulnerability('Low', factors).window;

  it('is exposed for the internet, limited sources and what is not known', () => {
    for (const id of ['exposure.public-lb', 'exposure.ingress-host', 'exposure.source-limited'] as const) {
      assert.equal(window(...facts(id)), '60d');
    }
    assert.equal(window(), '60d');
    for (const id of ['exposure.internal-lb', 'exposure.cluster-only', 'exposure.isolated'] as const) {
      assert.equal(window(...facts(id)), 'next upgrade');
    }
  });

  it('emits only the own factor of the last three, and raising ones always', () => {
    const all = facts('exposure.internal-lb', 'exposure.cluster-only', 'exposure.isolated');
    assert.deepEqual(counted(vulnerability('High', all)), ['exposure.internal-lb']);
    assert.deepEqual(counted(vulnerability('High', all.slice(1))), ['exposure.cluster-only']);
    const routes = facts('exposure.public-lb', 'exposure.ingress-host', 'exposure.source-limited');
    assert.deepEqual(counted(vulnerability('High', [...all, ...routes])), [
      'exposure.public-lb',
      'exposure.ingress-host',
      'exposure.source-limited',
    ]);
    assert.deepEqual(unknown(vulnerability('High', [...all, ...routes])), []);
  });

  it('holds one of the last three only while nothing more exposed is unknown', () => {
    const order: readonly FactorId[] = [
      'exposure.public-lb',
      'exposure.ingress-host',
      'exposure.source-limited',
      'exposure.internal-lb',
      'exposure.cluster-only',
      'exposure.isolated',
    ];
    for (const held of order.slice(3)) {
      for (const open of order.filter((id) => id !== held)) {
        const result = vulnerability('High', [...facts(held), { id: open, value: 'unknown' }]);
        const isMoreExposed = order.indexOf(open) < order.indexOf(held);
        assert.equal(result.window, isMoreExposed ? '60d' : 'next upgrade', `${held} with ${open}`);
        assert.deepEqual(
          unknown(result),
          order.filter((id) => id === open || (isMoreExposed && id === held)),
        );
        assert.equal(result.down, isMoreExposed ? 0 : 10);
      }
    }
  });

  it('is unknown when a more exposed class has expired', () => {
    const result = vulnerability('High', [aged('exposure.internal-lb', 25), ...facts('exposure.cluster-only')]);
    assert.deepEqual(unknown(result), ['exposure.internal-lb', 'exposure.cluster-only']);
    assert.equal(result.window, '60d');
  });

  it('keeps a limited route that is true, whatever is unknown beside it', () => {
    const result = vulnerability('High', [
      ...facts('exposure.source-limited'),
      { id: 'exposure.public-lb', value: 'unknown' },
    ]);
    assert.equal(result.up, 2);
    assert.deepEqual(unknown(result), ['exposure.public-lb']);
  });

  it('lists a class as not proven also when another route is certain', () => {
    const result = vulnerability('High', [
      ...facts('exposure.public-lb', 'exposure.cluster-only'),
      { id: 'exposure.ingress-host', value: 'unknown' },
    ]);
    assert.deepEqual(unknown(result), ['exposure.ingress-host', 'exposure.cluster-only']);
    assert.equal(result.up, 5);
  });

  it('counts WAF and second hop in every class', () => {
    const result = vulnerability('High', facts('exposure.isolated', 'exposure.waf', 'exposure.second-hop'));
    assert.deepEqual(counted(result), ['exposure.isolated', 'exposure.waf', 'exposure.second-hop']);
    assert.deepEqual([result.up, result.down], [3, 10]);
  });

  it('moves nothing for local and physical attacks, but what is unknown is still listed', () => {
    for (const attackVector of ['L', 'P'] as const) {
      const result = vulnerability(
        'High',
        [...facts('exposure.cluster-only', 'exposure.waf'), { id: 'exposure.public-lb', value: 'unknown' }],
        { attackVector },
      );
      assert.deepEqual(counted(result), []);
      assert.deepEqual([result.up, result.down], [0, 0]);
      assert.deepEqual(unknown(result), ['exposure.public-lb', 'exposure.cluster-only']);
    }
  });

  it('takes the attack vector from a readable CVSS vector first, and Network without any', () => {
    const local = 'CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
    const route = facts('exposure.public-lb');
    assert.equal(vulnerability('High', route, { cvss: local, attackVector: 'N' }).up, 0);
    assert.equal(vulnerability('High', route, { cvss: 'broken', attackVector: 'L' }).up, 0);
    assert.equal(vulnerability('High', route, { cvss: 'broken', attackVector: undefined }).up, 5);
    assert.equal(vulnerability('High', route, { attackVector: undefined }).up, 5);
  });

  it('uses exposure in posture findings whatever the vector', () => {
    assert.equal(posture('High', facts('exposure.public-lb'), { attackVector: 'L' }).up, 5);
  });
});

describe('evidence, counterfactuals', () => {
  const counterfactuals = (...args: Parameters<typeof vulnerability>): Record<string, string> =>
    Object.fromEntries(vulnerability(...args).unknown.map(({ id, counterfactual }) => [id, counterfactual]));

  it('says the level now and the level were the factor true', () => {
    assert.deepEqual(
      counterfactuals('High', [...facts('exposure.public-lb'), { id: 'exploit.kev', value: 'unknown' }]),
      { 'exploit.kev': 'High → Critical' },
    );
    assert.deepEqual(counterfactuals('High', [{ id: 'fix.none', value: 'unknown' }]), { 'fix.none': 'High → High' });
    assert.deepEqual(counterfactuals('High', [{ id: 'vex.not-affected', value: 'unknown' }]), {
      'vex.not-affected': 'High → None',
    });
  });

  it('takes unknown opposites as false, and keeps true ones', () => {
    assert.deepEqual(
      counterfactuals('High', [
        ...facts('runtime.not-running'),
        { id: 'runtime.running', value: 'unknown' },
        { id: 'runtime.replicas', value: 'unknown' },
      ]),
      {
        'runtime.running': 'High → High',
        'runtime.not-running': 'High → Medium',
        'runtime.replicas': 'High → High',
      },
    );
    assert.deepEqual(counterfactuals('High', facts('runtime.running', 'runtime.not-running')), {
      'runtime.not-running': 'High → High',
    });
  });

  it('takes unknown factors of more exposed classes as false', () => {
    assert.deepEqual(
      counterfactuals('High', [
        { id: 'exposure.public-lb', value: 'unknown' },
        { id: 'exposure.internal-lb', value: 'unknown' },
        ...facts('exposure.isolated'),
      ]),
      {
        'exposure.public-lb': 'High → High',
        'exposure.internal-lb': 'High → Medium',
        'exposure.isolated': 'High → Medium',
      },
    );
  });

  it('is about the leading placement', () => {
    assert.deepEqual(
      counterfactuals('High', [{ id: 'exploit.epss-high', value: 'unknown' }], {
        placements: [
          { id: 'a', factors: facts('runtime.not-running') },
          { id: 'b', factors: facts('exposure.public-lb') },
        ],
      }),
      { 'exploit.epss-high': 'High → Critical' },
    );
  });
});
