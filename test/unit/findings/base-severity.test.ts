import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SeverityRating } from '../../../src/findings/base-severity.ts';
import { chooseBaseSeverity } from '../../../src/findings/base-severity.ts';

const CRITICAL_31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'; // 9.8
const HIGH_40 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N'; // 8.7
const HIGH_20 = 'AV:N/AC:L/Au:N/C:C/I:C/A:C'; // 10.0, which is High in 2.0
const MEDIUM_30 = 'CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N'; // 6.4

const debian = (word: string): SeverityRating => ({ origin: 'own', source: 'Debian', word });
const ghsa = (word: string): SeverityRating => ({ origin: 'general', source: 'GHSA', word });
const nvd = (vector: string): SeverityRating => ({ origin: 'nvd', source: 'NVD', vector });
const cna = (vector: string): SeverityRating => ({ origin: 'cna', source: 'Red Hat CNA', vector });

describe('base severity', () => {
  it('is what the own distribution says, with the runner-up', () => {
    assert.deepEqual(chooseBaseSeverity([nvd(CRITICAL_31), debian('high')]), {
      level: 'High',
      source: 'Debian',
      other: 'NVD Critical 9.8',
      vector: CRITICAL_31,
    });
  });

  it('is GHSA before NVD', () => {
    const base = chooseBaseSeverity([nvd(CRITICAL_31), ghsa('MODERATE')]);
    assert.deepEqual([base.level, base.source, base.other], ['Medium', 'GHSA', 'NVD Critical 9.8']);
  });

  it('takes a vector of an advisory where there is no word', () => {
    const base = chooseBaseSeverity([{ origin: 'general', source: 'RUSTSEC', vector: MEDIUM_30 }, nvd(CRITICAL_31)]);
    assert.deepEqual(base, {
      level: 'Medium',
      source: 'RUSTSEC',
      other: 'NVD Critical 9.8',
      score: 6.4,
      vector: MEDIUM_30,
    });
  });

  it('takes CVSS 4.0 before 3.1 before 3.0 before 2.0, and NVD before the CNA within one version', () => {
    const source = (...ratings: SeverityRating[]): string => {
      const base = chooseBaseSeverity(ratings);
      return `${base.level} ${base.source} ${base.score ?? '-'}`;
    };
    assert.equal(source(nvd(CRITICAL_31), cna(HIGH_40)), 'High Red Hat CNA 8.7');
    assert.equal(source(nvd(MEDIUM_30), cna(CRITICAL_31)), 'Critical Red Hat CNA 9.8');
    assert.equal(source(nvd(HIGH_20), cna(MEDIUM_30)), 'Medium Red Hat CNA 6.4');
    assert.equal(source(cna(CRITICAL_31), nvd('CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N')), 'Medium NVD 6.1');
    assert.equal(source(nvd(HIGH_20)), 'High NVD 10');
    assert.equal(source({ origin: 'nvd', source: 'NVD', score: { value: 0, version: '3.1' } }), 'Info NVD 0');
  });

  it('never takes the maximum', () => {
    assert.equal(chooseBaseSeverity([debian('low'), ghsa('CRITICAL'), nvd(CRITICAL_31)]).level, 'Low');
  });

  it('reads the words of distributions in any case, without Debian’s asterisk', () => {
    const level = (word: string): string => chooseBaseSeverity([debian(word)]).level;
    assert.equal(level('Important'), 'High');
    assert.equal(level('MODERATE'), 'Medium');
    assert.equal(level('medium*'), 'Medium');
    assert.equal(level(' Critical '), 'Critical');
    assert.equal(level('low'), 'Low');
  });

  for (const word of [
    'not yet assigned',
    'end-of-life',
    'untriaged',
    'unimportant',
    'negligible',
    'Negligible',
    '',
    'x',
  ]) {
    it(`takes "${word}" for no opinion`, () => {
      assert.equal(chooseBaseSeverity([debian(word), ghsa('HIGH')]).source, 'GHSA');
      assert.equal(chooseBaseSeverity([debian(word)]).level, 'Unknown');
    });
  }

  it('is Unknown without an opinion, and a vector that cannot be read is none', () => {
    assert.deepEqual(chooseBaseSeverity([]), { level: 'Unknown', source: 'no source' });
    assert.equal(chooseBaseSeverity([nvd('CVSS:3.1/AV:N')]).level, 'Unknown');
    assert.equal(
      chooseBaseSeverity([{ origin: 'nvd', source: 'NVD', score: { value: 11, version: '3.1' } }]).level,
      'Unknown',
    );
    assert.equal(
      chooseBaseSeverity([{ origin: 'nvd', source: 'NVD', score: { value: Number.NaN, version: '3.1' } }]).level,
      'Unknown',
    );
  });

  it('names another source as runner-up, not a second opinion of the same', () => {
    assert.equal(chooseBaseSeverity([nvd(CRITICAL_31), nvd(HIGH_20)]).other, undefined);
    assert.equal(chooseBaseSeverity([debian('low'), ghsa('HIGH'), nvd(CRITICAL_31)]).other, 'GHSA High');
  });

  it('does not depend on the order of the ratings', () => {
    const all = [
      debian('high'),
      ghsa('LOW'),
      nvd(CRITICAL_31),
      cna(HIGH_40),
      nvd(HIGH_20),
      cna(MEDIUM_30),
      debian('x'),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(all), (some) => {
        assert.deepEqual(chooseBaseSeverity(some), chooseBaseSeverity([...some].reverse()));
      }),
    );
  });
});
