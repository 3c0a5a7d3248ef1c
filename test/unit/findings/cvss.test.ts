import assert from 'node:assert/strict';
import { baseScore, levelOfScore, parseCvss } from '../../../src/findings/cvss.ts';

describe('CVSS vectors', () => {
  // Scores from the examples of FIRST and from NVD's entries of the CVE named.
  const scored: readonly (readonly [vector: string, score: number])[] = [
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10], // CVE-2021-44228
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', 7.5], // CVE-2014-0160
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1], // CVE-2013-1937, examples of FIRST
    ['CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4], // CVE-2013-0375, examples of FIRST
    ['CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1], // CVE-2014-3566, examples of FIRST
    ['CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
    ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3], // CVE-2022-41741, examples of FIRST
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', 0],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', 10], // CVE-2003-0818, CVSS v2 guide
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8], // CVE-2002-0392, CVSS v2 guide
    ['CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C', 6.2], // CVE-2003-0062, CVSS v2 guide
  ];
  for (const [text, score] of scored) {
    it(`${text} scores ${score}`, () => {
      const vector = parseCvss(text);
      assert.ok(vector !== undefined);
      assert.equal(baseScore(vector), score);
    });
  }

  it('may have their metrics in any order, with others among them', () => {
    const vector = parseCvss('CVSS:3.1/E:U/A:H/I:H/C:H/RL:nonsense/S:U/UI:N/PR:N/AC:L/AV:N/MAV:L/CR:L');
    assert.equal(vector?.base, 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H');
    assert.equal(vector.attackVector, 'N');
    const threat = parseCvss('CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MVC:N');
    assert.ok(threat !== undefined);
    assert.equal(baseScore(threat), 9.3);
    assert.equal(parseCvss('AV:N/AC:L/Au:N/C:C/I:C/A:C/E:POC/RL:OF')?.base, 'AV:N/AC:L/Au:N/C:C/I:C/A:C');
  });

  const unreadable: readonly string[] = [
    '',
    'CVSS:3.1/',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:HL',
    'CVSS:3.1/AV:n/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/av:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H ',
    'CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:4.1/AV:N/AC:L/Au:N/C:C/I:C/A:C',
    'cvss:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AC:L/Au:N/C:C/I:C/A:C',
    'CVSS:2.0/AV:P/AC:L/Au:N/C:C/I:C/A:C',
    '(AV:N/AC:L/Au:N/C:C/I:C/A:C)',
    'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:S/SA:N',
    'CVSS:4.0/AV:N/AC:L/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
    `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/${'X:Y/'.repeat(2000)}`,
  ];
  for (const text of unreadable) {
    it(`"${text.slice(0, 70)}" cannot be read`, () => assert.equal(parseCvss(text), undefined));
  }

  it('tell whether an attack runs by itself', () => {
    const automatable = (text: string): boolean | undefined => parseCvss(text)?.automatable;
    for (const version of ['3.0', '3.1']) {
      assert.equal(automatable(`CVSS:${version}/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N`), true);
      assert.equal(automatable(`CVSS:${version}/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N`), false);
      assert.equal(automatable(`CVSS:${version}/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:N`), false);
      assert.equal(automatable(`CVSS:${version}/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N`), false);
      assert.equal(automatable(`CVSS:${version}/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:N`), false);
    }
    const rest = 'VC:N/VI:N/VA:N/SC:N/SI:N/SA:N';
    assert.equal(automatable(`CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/${rest}`), true);
    assert.equal(automatable(`CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/${rest}`), false);
    assert.equal(automatable(`CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/${rest}`), false);
    assert.equal(automatable('AV:N/AC:L/Au:N/C:N/I:N/A:N'), true);
    assert.equal(automatable('AV:N/AC:M/Au:N/C:N/I:N/A:N'), false);
    assert.equal(automatable('AV:N/AC:L/Au:S/C:N/I:N/A:N'), false);
  });

  it('tell whether the impact is total', () => {
    const total = (text: string): boolean | undefined => parseCvss(text)?.totalImpact;
    assert.equal(total('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N'), true);
    assert.equal(total('CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:H'), false);
    assert.equal(total('CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N'), true);
    assert.equal(total('CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:H/VA:N/SC:H/SI:H/SA:H'), false);
    assert.equal(total('AV:N/AC:L/Au:N/C:C/I:C/A:N'), true);
    assert.equal(total('AV:N/AC:L/Au:N/C:C/I:P/A:C'), false);
  });
});

describe('severity bands', () => {
  it('begin at 9.0, 7.0, 4.0 and 0.1', () => {
    const levels = [10, 9, 8.9, 7, 6.9, 4, 3.9, 0.1, 0].map((score) => levelOfScore(score, '3.1'));
    assert.deepEqual(levels, ['Critical', 'Critical', 'High', 'High', 'Medium', 'Medium', 'Low', 'Low', 'Info']);
    assert.equal(levelOfScore(9, '4.0'), 'Critical');
  });

  it('know no Critical in 2.0', () => {
    assert.equal(levelOfScore(10, '2.0'), 'High');
    assert.equal(levelOfScore(7, '2.0'), 'High');
    assert.equal(levelOfScore(6.9, '2.0'), 'Medium');
    assert.equal(levelOfScore(0, '2.0'), 'Info');
  });
});
