import assert from 'node:assert/strict';
import { counted, facts, posture, unknown, vulnerability } from './support.ts';

describe('priority model, sums', () => {
  it('caps each group, raising and lowering apart', () => {
    // X: 15+5+8+3 = 31, capped at 20; I: 2+3+2+1 = 8, capped at 5; R: 2+10+10 = 22, capped at 15.
    const result = vulnerability(
      'Low',
      facts(
        'exploit.kev',
        'exploit.kev-ransomware',
        'exploit.weaponised',
        'exploit.poc',
        'image.own-layer',
        'image.root-user',
        'image.stale-tag',
        'image.mutable-tag',
        'runtime.running',
        'runtime.privileged',
        'runtime.hostpath-write',
      ),
    );
    assert.equal(result.up, 40);
  });

  it('caps the lowering accounts', () => {
    const result = vulnerability(
      'Critical',
      facts('image.dev-only', 'runtime.not-running', 'runtime.hardened', 'exposure.isolated', 'exposure.waf'),
      {},
      { weights: { 'image.dev-only': -20, 'vendor.no-dsa': -20 } },
    );
    // I 10, R 10 of 15, E 10 of 12.
    assert.equal(result.down, 30);
    assert.equal(vulnerability('High', facts('vendor.no-dsa'), {}, { weights: { 'vendor.no-dsa': -20 } }).down, 5);
    assert.equal(vulnerability('High', facts('business.low', 'business.non-production')).down, 5);
    assert.equal(vulnerability('High', facts('data.none'), {}, { weights: { 'data.none': -20 } }).down, 3);
  });

  it('does not net the two accounts before rounding', () => {
    const result = vulnerability('Critical', facts('runtime.running', 'business.production', 'exposure.cluster-only'));
    assert.deepEqual([result.up, result.down, result.pressure], [5, 10, -5]);
    assert.equal(result.effective, 'High');
  });

  it('makes a level of 10 points and none of 9', () => {
    const settings = (weight: number) => ({ weights: { 'exposure.isolated': -weight } });
    assert.equal(vulnerability('High', facts('exposure.isolated'), {}, settings(9)).effective, 'High');
    assert.equal(vulnerability('High', facts('exposure.isolated'), {}, settings(10)).effective, 'Medium');
  });

  it('lists routes and labels with 0 points, in the order of the table', () => {
    const result = vulnerability('High', facts('runtime.system-namespace', 'image.base-layer', 'fix.none'));
    assert.deepEqual(
      result.factors.map(({ id, points }) => [id, points]),
      [
        ['fix.none', 0],
        ['image.base-layer', 0],
        ['runtime.system-namespace', 0],
      ],
    );
  });
});

describe('priority model, limits', () => {
  const up = facts('exploit.kev', 'exposure.public-lb', 'business.production');
  const down = facts('image.dev-only', 'runtime.not-running');

  it('moves no further than the team allows, and a limit is no rule', () => {
    assert.equal(vulnerability('Info', up, {}, { limits: { maxUp: 1 } }).effective, 'High'); // F1 lifts what is left
    assert.deepEqual(vulnerability('Info', up, {}, { limits: { maxUp: 1 } }).rules, ['F1']);
    const lowered = vulnerability('Critical', down, {}, { limits: { maxDown: 1 } });
    assert.deepEqual([lowered.effective, lowered.rules], ['High', []]);
    const held = vulnerability('Critical', down, {}, { limits: { maxDown: 0 } });
    assert.deepEqual([held.effective, held.rules], ['Critical', []]);
  });
});

describe('priority model, guards', () => {
  const raising = facts('runtime.running', 'exposure.public-lb', 'business.production');

  it('G1: raises nothing without a driver', () => {
    assert.deepEqual(vulnerability('Low', raising).rules, ['G1']);
    assert.equal(vulnerability('Low', raising).effective, 'Low');
    const driven = vulnerability('Low', [...raising, ...facts('data.storage-read')]);
    assert.deepEqual([driven.effective, driven.rules], ['Medium', []]);
  });

  it('G1: is not named when there was no raise', () => {
    assert.deepEqual(vulnerability('Low', facts('runtime.running')).rules, []);
    assert.deepEqual(vulnerability('Low', raising, {}, { limits: { maxUp: 0 } }).rules, []);
  });

  it('G1: a driver of weight 0 drives nothing', () => {
    const result = vulnerability(
      'Low',
      [...raising, ...facts('data.storage-read')],
      {},
      {
        weights: { 'data.storage-read': 0 },
      },
    );
    assert.deepEqual([result.effective, result.rules], ['Low', ['G1']]);
  });

  it('G2: allows two levels only with strong exploit evidence', () => {
    const wide = facts('data.control-plane', 'exposure.public-lb');
    const one = vulnerability('Info', wide);
    assert.deepEqual([one.up, one.effective, one.rules], [20, 'Low', ['G2']]);
    const two = vulnerability('Info', [...wide, ...facts('exploit.weaponised')]);
    assert.deepEqual([two.up, two.effective, two.rules], [28, 'Medium', []]);
    const medium = vulnerability('Info', [...wide, ...facts('exploit.epss-medium', 'exploit.poc')]);
    assert.deepEqual([medium.effective, medium.rules], ['Low', ['G2']]);
  });

  it('G2: strong evidence of weight 0 is none', () => {
    const all = facts('data.control-plane', 'exposure.public-lb', 'exploit.epss-high');
    const result = vulnerability('Info', all, {}, { weights: { 'exploit.epss-high': 0 } });
    assert.deepEqual([result.effective, result.rules], ['Low', ['G2']]);
  });

  it('G3: known exploitation allows one level down', () => {
    const low = facts('image.dev-only', 'exposure.cluster-only');
    assert.equal(vulnerability('Critical', low).effective, 'Medium');
    const kev = vulnerability('High', [...low, ...facts('exploit.kev')]);
    // 15 up, 20 down: one level each.
    assert.deepEqual([kev.effective, kev.rules], ['High', ['G3']]);
    const disabled = vulnerability(
      'High',
      [...low, ...facts('exploit.kev')],
      {},
      {
        weights: { 'exploit.kev': 0 },
      },
    );
    // Two levels down to Low; F2 is a floor that weight 0 switches off.
    assert.deepEqual([disabled.effective, disabled.rules], ['Low', []]);
  });

  it('G4: an unknown base is Medium and is not lowered by context', () => {
    const result = vulnerability('Unknown', facts('image.dev-only', 'exposure.cluster-only'));
    assert.deepEqual([result.effective, result.rules, result.down], ['Medium', ['G4'], 20]);
    assert.deepEqual(vulnerability('Unknown', []).rules, []);
    assert.equal(vulnerability('Unknown', facts('exploit.kev')).effective, 'High');
  });

  it('G4: ceilings and verdicts still apply to an unknown base', () => {
    assert.equal(vulnerability('Unknown', facts('vendor.unimportant')).effective, 'Low');
    assert.equal(vulnerability('Unknown', facts('vex.not-affected')).effective, 'None');
  });

  it('G5: Critical needs two reasons', () => {
    const one = vulnerability('High', facts('exploit.kev'));
    assert.deepEqual([one.effective, one.rules], ['High', ['G5']]);
    assert.equal(vulnerability('High', facts('exploit.kev', 'exposure.ingress-host')).effective, 'Critical');
    assert.equal(vulnerability('High', facts('exploit.kev', 'data.registry-push')).effective, 'Critical');
    assert.equal(vulnerability('High', facts('exposure.public-lb', 'data.control-plane')).effective, 'Critical');
    const limited = vulnerability('High', facts('exposure.source-limited', 'data.control-plane'));
    assert.deepEqual([limited.effective, limited.rules], ['High', ['G5']]);
  });

  it('G5: does not touch a base that is Critical already', () => {
    const result = vulnerability('Critical', facts('data.control-plane'));
    assert.deepEqual([result.effective, result.rules], ['Critical', []]);
  });

  it('G5: several drivers of one kind are one reason', () => {
    const result = vulnerability('High', facts('runtime.privileged', 'data.keyvault'));
    assert.deepEqual([result.effective, result.rules], ['High', ['G2', 'G5']]);
  });

  it('G5: no sign of exploitation holds, unless its weight is 0', () => {
    const all = facts('exposure.public-lb', 'data.control-plane', 'exploit.quiet');
    assert.deepEqual(vulnerability('High', all).rules, ['G2', 'G5']);
    const disabled = vulnerability('High', all, {}, { weights: { 'exploit.quiet': 0 } });
    assert.deepEqual([disabled.effective, disabled.rules], ['Critical', ['G2']]);
  });

  it('G5: an internet route of weight 0 is still the internet', () => {
    const result = vulnerability(
      'High',
      facts('exposure.public-lb', 'data.control-plane'),
      {},
      { weights: { 'exposure.public-lb': 0 } },
    );
    assert.equal(result.effective, 'Critical');
  });

  it('G5: exposure is no reason for a local attack', () => {
    const all = facts('exposure.public-lb', 'data.control-plane');
    for (const attackVector of ['L', 'P'] as const) {
      const result = vulnerability('High', all, { attackVector });
      assert.deepEqual([result.effective, result.rules, result.up], ['High', ['G5'], 15]);
    }
    assert.equal(vulnerability('High', all, { attackVector: 'A' }).effective, 'Critical');
  });

  it('G6: context never takes a vulnerability under Low, and Info stays Info', () => {
    const down = facts('image.dev-only', 'exposure.cluster-only');
    for (const base of ['Low', 'Medium'] as const) {
      const result = vulnerability(base, down);
      assert.deepEqual([result.effective, result.rules], ['Low', ['G6']]);
    }
    const info = vulnerability('Info', down);
    assert.deepEqual([info.effective, info.rules], ['Info', []]);
  });
});

describe('priority model, ceiling C1', () => {
  it('holds at Low, named only when it changes the level', () => {
    for (const id of ['vendor.unimportant', 'vendor.negligible'] as const) {
      const result = vulnerability('Critical', facts(id));
      assert.deepEqual([result.effective, result.rules, result.window], ['Low', ['C1'], 'next upgrade']);
    }
    const low = vulnerability('Low', facts('vendor.unimportant'));
    assert.deepEqual([low.effective, low.rules, low.window], ['Low', [], 'next upgrade']);
    assert.equal(vulnerability('Info', facts('vendor.unimportant')).effective, 'Info');
  });

  it('holds at Medium with strong exploit evidence, not sooner than 14 days', () => {
    const more = { ssvc: { automatable: 'yes', technicalImpact: 'total' } } as const;
    for (const id of ['exploit.epss-high', 'exploit.weaponised'] as const) {
      const result = vulnerability('Critical', facts('vendor.negligible', id), more);
      assert.deepEqual([result.effective, result.rules, result.window], ['Medium', ['C1'], '14d']);
    }
    const later = vulnerability('Critical', facts('vendor.negligible', 'exploit.weaponised', 'exposure.isolated'));
    assert.equal(later.window, 'next upgrade');
    const sixty = vulnerability('Critical', facts('vendor.negligible', 'exploit.weaponised', 'exposure.public-lb'));
    assert.equal(sixty.window, '60d');
  });

  it('holds at Low when the strong evidence has weight 0', () => {
    const result = vulnerability(
      'Critical',
      facts('vendor.negligible', 'exploit.weaponised'),
      {},
      { weights: { 'exploit.weaponised': 0 } },
    );
    assert.equal(result.effective, 'Low');
    assert.equal(result.window, 'next upgrade');
  });

  it('is void with KEV, whatever its weight, and with a malicious package', () => {
    const kev = facts('vendor.unimportant', 'exploit.kev', 'exposure.cluster-only');
    assert.deepEqual(vulnerability('High', kev).rules, []);
    const disabled = vulnerability('High', kev, {}, { weights: { 'exploit.kev': 0 } });
    assert.deepEqual([disabled.effective, disabled.rules, disabled.window], ['Medium', [], '14d']);
    const malicious = vulnerability('High', facts('vendor.unimportant', 'runtime.not-running'), { malicious: true });
    assert.deepEqual([malicious.effective, malicious.rules], ['Medium', []]);
  });

  it('is switched off by weight 0', () => {
    const result = vulnerability('Critical', facts('vendor.unimportant'), {}, { weights: { 'vendor.unimportant': 0 } });
    assert.deepEqual([result.effective, result.rules], ['Critical', []]);
  });

  it('is no ceiling once its evidence has expired', () => {
    const aged = (ageHours: number) =>
      vulnerability('Critical', [{ id: 'vendor.unimportant', value: true, ageHours }]).effective;
    assert.equal(aged(168), 'Low');
    assert.equal(aged(168.01), 'Critical');
  });
});

describe('priority model, floors', () => {
  it('F1: known exploited, running and within reach is at least High', () => {
    const settings = { weights: { 'exploit.kev': 0 } };
    for (const route of [
      'exposure.public-lb',
      'exposure.ingress-host',
      'exposure.source-limited',
      'exposure.second-hop',
    ] as const) {
      const result = vulnerability('Low', facts('exploit.kev', route), {}, settings);
      assert.deepEqual([route, result.effective, result.rules], [route, 'High', ['F1']]);
    }
    assert.deepEqual(vulnerability('Low', facts('exploit.kev'), {}, settings).rules, ['F1']);
    const hop = facts('exploit.kev', 'exposure.cluster-only', 'exposure.second-hop');
    assert.equal(vulnerability('Info', hop, {}, settings).effective, 'High');
    assert.equal(
      vulnerability('Info', hop, {}, { weights: { 'exploit.kev': 0, 'exposure.second-hop': 0 } }).effective,
      'High',
    );
  });

  it('F1: applies to a local attack, and no limit removes it', () => {
    const all = facts('exploit.kev', 'exposure.public-lb');
    assert.equal(vulnerability('Info', all, { attackVector: 'L' }, { limits: { maxUp: 0 } }).effective, 'High');
  });

  it('F1: needs the workload to run; not knowing counts as running', () => {
    const stopped = facts('exploit.kev', 'runtime.not-running');
    const settings = { weights: { 'exploit.kev': 0 } };
    assert.equal(vulnerability('Low', stopped, {}, settings).effective, 'Low');
    const aged = vulnerability(
      'Low',
      [...facts('exploit.kev'), { id: 'runtime.not-running', value: true, ageHours: 25 }],
      {},
      settings,
    );
    assert.equal(aged.effective, 'High');
    // Weight 0 does not make a stopped workload run.
    const off = { weights: { 'exploit.kev': 0, 'runtime.not-running': 0 } };
    assert.equal(vulnerability('Low', stopped, {}, off).effective, 'Low');
    assert.equal(vulnerability('Low', stopped, {}, off).window, 'before deploy');
  });

  it('F2: known exploited and running is at least Medium anywhere else', () => {
    const off = { limits: { maxUp: 0 } };
    for (const route of ['exposure.internal-lb', 'exposure.cluster-only', 'exposure.isolated'] as const) {
      const result = vulnerability('Low', facts('exploit.kev', route), {}, off);
      assert.deepEqual([result.effective, result.rules], ['Medium', ['G6', 'F2']]);
    }
    const disabled = vulnerability(
      'Low',
      facts('exploit.kev', 'exposure.isolated'),
      {},
      {
        weights: { 'exploit.kev': 0 },
      },
    );
    assert.deepEqual([disabled.effective, disabled.rules], ['Low', ['G6']]);
  });

  it('F3: likely exploitation that the internet reaches is at least Medium', () => {
    const limits = { maxUp: 0 };
    for (const id of ['exploit.epss-high', 'exploit.weaponised'] as const) {
      const result = vulnerability('Info', facts(id, 'exposure.public-lb'), {}, { limits });
      assert.deepEqual([result.effective, result.rules], ['Medium', ['F3']]);
      const off = vulnerability('Info', facts(id, 'exposure.public-lb'), {}, { limits, weights: { [id]: 0 } });
      assert.deepEqual([off.effective, off.rules], ['Info', []]);
      assert.equal(vulnerability('Info', facts(id, 'exposure.source-limited'), {}, { limits }).effective, 'Info');
      assert.equal(vulnerability('Info', facts(id), {}, { limits }).effective, 'Info');
      const stopped = facts(id, 'exposure.public-lb', 'runtime.not-running');
      assert.equal(vulnerability('Info', stopped, {}, { limits }).effective, 'Info');
    }
    const route = { limits, weights: { 'exposure.public-lb': 0 } };
    assert.equal(
      vulnerability('Info', facts('exploit.epss-high', 'exposure.public-lb'), {}, route).effective,
      'Medium',
    );
  });

  it('F3: acts after the ceiling', () => {
    const result = vulnerability(
      'Info',
      facts('exploit.epss-high', 'exposure.public-lb', 'vendor.unimportant'),
      {},
      {
        limits: { maxUp: 0 },
      },
    );
    assert.deepEqual([result.effective, result.rules], ['Medium', ['F3']]);
  });

  it('F4: a malicious package in a running image is Critical', () => {
    const result = vulnerability('Info', [], { malicious: true });
    assert.deepEqual([result.effective, result.rules], ['Critical', ['F4']]);
    const all = vulnerability(
      'Low',
      facts('exploit.kev', 'exposure.public-lb'),
      { malicious: true },
      { limits: { maxUp: 0 } },
    );
    assert.deepEqual(all.rules, ['F1', 'F4']);
    const stopped = vulnerability('Low', facts('runtime.not-running'), { malicious: true });
    assert.deepEqual([stopped.effective, stopped.rules], ['Low', ['G6']]);
  });
});

describe('priority model, verdicts', () => {
  it('takes the first of the three, and shows the deciding factor alone', () => {
    const result = vulnerability('Critical', [
      ...facts('image.kernel-headers', 'image.not-in-final-fs', 'exploit.kev'),
      { id: 'vex.not-affected', value: true, values: { issuer: 'Contoso', justification: 'not in execute path' } },
      { id: 'data.keyvault', value: 'unknown' },
    ]);
    assert.equal(result.state, 'not_affected');
    assert.equal(result.effective, 'None');
    assert.deepEqual([result.up, result.down, result.pressure, result.window], [null, null, null, null]);
    assert.deepEqual(result.rules, ['verdict']);
    assert.deepEqual(result.factors, [
      { id: 'vex.not-affected', points: 0, text: 'Contoso states not affected: not in execute path.' },
    ]);
    assert.deepEqual(result.unknown, []);
    assert.equal(result.headline, 'Contoso states not affected: not in execute path.');
  });

  it('is undone by no floor', () => {
    const result = vulnerability('Low', facts('image.kernel-headers', 'exposure.public-lb'), { malicious: true });
    assert.equal(result.state, 'not_applicable');
  });

  it('expires with VEX evidence after a week, but not for facts of the image', () => {
    const aged = (id: 'vex.not-affected' | 'image.kernel-headers' | 'image.not-in-final-fs', ageHours: number) =>
      vulnerability('High', [{ id, value: true, ageHours }]).state;
    assert.equal(aged('vex.not-affected', 168), 'not_affected');
    assert.equal(aged('vex.not-affected', 169), 'open');
    assert.equal(aged('image.kernel-headers', 100_000), 'not_applicable');
    assert.equal(aged('image.not-in-final-fs', 100_000), 'not_present');
    assert.equal(
      vulnerability('High', [{ id: 'image.kernel-headers', value: true, stale: true }]).state,
      'not_applicable',
    );
  });

  it('is switched off by weight 0, and the next one decides', () => {
    const result = vulnerability(
      'High',
      facts('vex.not-affected', 'image.kernel-headers'),
      {},
      { weights: { 'vex.not-affected': 0 } },
    );
    assert.equal(result.state, 'not_applicable');
    const open = vulnerability('High', facts('vex.not-affected'), {}, { weights: { 'vex.not-affected': 0 } });
    assert.equal(open.state, 'open');
    assert.deepEqual(counted(open), ['vex.not-affected']);
  });
});

describe('priority model, posture findings', () => {
  it('leaves out exploit, fix, vendor and image factors, known or not', () => {
    const result = posture('High', [
      ...facts('exploit.kev', 'fix.available', 'vendor.unimportant', 'image.root-user', 'business.production'),
      { id: 'exploit.epss-high', value: 'unknown' },
      { id: 'data.keyvault', value: 'unknown' },
    ]);
    assert.deepEqual(counted(result), ['business.production']);
    assert.deepEqual(unknown(result), ['data.keyvault']);
    assert.equal(result.up, 3);
    assert.deepEqual(result.rules, []);
  });

  it('sees opposites of other groups all the same', () => {
    const result = posture('High', facts('runtime.hardened', 'image.root-user'));
    assert.deepEqual(unknown(result), ['runtime.hardened']);
    assert.equal(result.down, 0);
  });

  it('goes one level up at most and may go down to Info', () => {
    const up = posture('Low', facts('data.control-plane', 'exposure.public-lb', 'exploit.kev'));
    assert.deepEqual([up.up, up.effective, up.rules], [20, 'Medium', ['G2']]);
    const down = posture('Low', facts('exposure.isolated'));
    assert.deepEqual([down.effective, down.rules], ['Info', []]);
  });

  it('has no verdict, ceiling, floor or window, and ignores what belongs to vulnerabilities', () => {
    const result = posture('High', facts('vex.not-affected', 'exploit.kev', 'exposure.cluster-only'), {
      malicious: true,
      attackVector: 'L',
      cvss: 'CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    });
    assert.deepEqual([result.state, result.effective, result.down, result.window], ['open', 'Medium', 10, null]);
    assert.deepEqual(posture('Unknown', facts('exposure.isolated')).rules, ['G4']);
  });

  it('counts a private API server only where the check is about it', () => {
    const priv = facts('exposure.private-cluster');
    assert.equal(posture('High', priv).down, 0);
    assert.equal(posture('High', priv, { apiServer: true }).down, 10);
    const weights = { weights: { 'exposure.private-cluster': -4 } };
    assert.equal(posture('High', priv, { apiServer: true }, weights).down, 4);
    assert.equal(posture('High', priv, {}, weights).down, 0);
    assert.equal(vulnerability('High', priv, { apiServer: true }, weights).down, 0);
    assert.deepEqual(counted(vulnerability('High', priv)), ['exposure.private-cluster']);
    const aged = [{ id: 'exposure.private-cluster', value: true, ageHours: 25 }] as const;
    assert.deepEqual(unknown(posture('High', aged, { apiServer: true })), ['exposure.private-cluster']);
    assert.deepEqual(posture('High', aged).factors, [
      { id: 'exposure.private-cluster', points: 0, text: 'Private API server; does not hide workloads.', stale: true },
    ]);
  });

  it('never counts what the check itself reports, but keeps it as a fact', () => {
    const own = posture('High', facts('exposure.public-lb', 'data.control-plane'), { self: ['exposure.public-lb'] });
    assert.equal(own.up, 15);
    // Still the internet for G5.
    assert.equal(own.effective, 'Critical');
    const driver = posture('High', facts('data.control-plane'), { self: ['data.control-plane'] });
    assert.deepEqual([driver.up, driver.effective], [0, 'High']);
    const opposite = posture('High', facts('runtime.hardened', 'runtime.privileged'), { self: ['runtime.privileged'] });
    assert.deepEqual(unknown(opposite), ['runtime.hardened']);
    assert.equal(vulnerability('High', facts('exploit.kev'), { self: ['exploit.kev'] }).up, 15);
  });
});
