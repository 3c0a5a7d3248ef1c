import assert from 'node:assert/strict';
import fc from 'fast-check';
import { apk } from '../../../src/versions/apk.ts';
import { deb } from '../../../src/versions/deb.ts';
import { schemes } from '../../../src/versions/index.ts';
import { maven } from '../../../src/versions/maven.ts';
import { nuget } from '../../../src/versions/nuget.ts';
import { pep440 } from '../../../src/versions/pep440.ts';
import { rpm } from '../../../src/versions/rpm.ts';
import type { RangeEvent } from '../../../src/versions/range.ts';
import { evaluateRanges } from '../../../src/versions/range.ts';
import { semver } from '../../../src/versions/semver.ts';

/** `i1 f2 l3 m4`: introduced, fixed, last affected, limit. */
function range(text: string): RangeEvent[] {
  const kinds = { i: 'i', f: 'f', l: 'l', m: 'm' } as const;
  return text.split(' ').map((event): RangeEvent => {
    const kind = kinds[event.charAt(0) as keyof typeof kinds];
    return [kind, event.slice(1)];
  });
}

const isAffected = (version: string, ...ranges: string[]): boolean =>
  evaluateRanges(semver, version, ranges.map(range), []).affected;

const fixOf = (version: string, ...ranges: string[]): string | undefined =>
  evaluateRanges(semver, version, ranges.map(range), []).fixed;

describe('affected ranges', () => {
  it('begin at introduced and end before fixed', () => {
    assert.equal(isAffected('1.0.0', 'i1.0.0 f1.2.0'), true);
    assert.equal(isAffected('0.9.9', 'i1.0.0 f1.2.0'), false);
    assert.equal(isAffected('1.1.9', 'i1.0.0 f1.2.0'), true);
    assert.equal(isAffected('1.2.0', 'i1.0.0 f1.2.0'), false);
    assert.equal(isAffected('1.2.0-rc1', 'i1.0.0 f1.2.0'), true);
  });

  it('include the last affected version', () => {
    assert.equal(isAffected('1.2.0', 'i0 l1.2.0'), true);
    assert.equal(isAffected('1.2.1', 'i0 l1.2.0'), false);
    assert.equal(isAffected('1.2.0-rc1', 'i0 l1.2.0'), true);
  });

  it('without an end go on for ever', () => {
    assert.equal(isAffected('999.0.0', 'i1.0.0'), true);
    assert.equal(isAffected('0.1.0', 'i0'), true);
  });

  it('take introduced 0 for below everything, also below what parses lower', () => {
    assert.equal(isAffected('0.0.0-alpha', 'i0 f1.0.0'), true);
    assert.equal(evaluateRanges(deb, '0~rc1-1', [range('i0 f1.0')], []).affected, true);
    assert.equal(evaluateRanges(apk, '0_alpha', [range('i0 f1.0')], []).affected, true);
  });

  it('take fixed 0 for never affected', () => {
    assert.deepEqual(evaluateRanges(apk, '0_alpha', [range('i0 f0')], []), { affected: false, uncertain: false });
    assert.equal(evaluateRanges(apk, '1.2.3-r0', [range('f0 i0')], []).affected, false);
  });

  it('may have several pairs, in any order of events', () => {
    for (const text of ['i1.0.0 f1.2.0 i2.0.0 f2.1.0', 'f2.1.0 i2.0.0 f1.2.0 i1.0.0']) {
      assert.equal(isAffected('1.1.0', text), true);
      assert.equal(isAffected('1.2.0', text), false);
      assert.equal(isAffected('1.9.0', text), false);
      assert.equal(isAffected('2.0.0', text), true);
      assert.equal(isAffected('2.1.0', text), false);
    }
  });

  it('at one version take introduced before fixed before last affected', () => {
    assert.equal(isAffected('1.0.0', 'f1.0.0 i1.0.0'), false);
    assert.equal(isAffected('1.0.0', 'l1.0.0 i1.0.0'), true);
    assert.equal(isAffected('1.0.1', 'l1.0.0 i1.0.0'), false);
  });

  it('end below one of the limits', () => {
    assert.equal(isAffected('1.5.0', 'i0 m1.5.0'), false);
    assert.equal(isAffected('1.4.9', 'i0 m1.5.0'), true);
    assert.equal(isAffected('1.7.0', 'i0 m1.5.0 m2.0.0'), true);
    assert.equal(isAffected('9.0.0', 'i0 m1.5.0 m*'), true);
  });

  it('are one enough', () => {
    assert.equal(isAffected('2.5.0', 'i0 f1.0.0', 'i2.0.0 f3.0.0'), true);
    assert.equal(isAffected('1.5.0', 'i0 f1.0.0', 'i2.0.0 f3.0.0'), false);
  });

  it('say nothing when there are none', () => {
    assert.deepEqual(evaluateRanges(semver, '1.0.0', [], []), { affected: false, uncertain: false });
    assert.deepEqual(evaluateRanges(semver, 'latest', [], []), { affected: false, uncertain: false });
  });

  it('use the order of the ecosystem', () => {
    assert.equal(evaluateRanges(deb, '2.36-9+deb12u4', [range('i0 f2.36-9+deb12u10')], []).affected, true);
    assert.equal(evaluateRanges(deb, '1:1.0-1', [range('i0 f2.0-1')], []).affected, false);
    assert.equal(evaluateRanges(apk, '3.1.4-r5', [range('i0 f3.1.4-r6')], []).affected, true);
    assert.equal(evaluateRanges(apk, '3.1.4-r6', [range('i0 f3.1.4-r6')], []).affected, false);
    assert.equal(evaluateRanges(rpm, '2.13.3-2.el8', [range('i0 f0:2.13.3-3.el8')], []).affected, true);
    assert.equal(evaluateRanges(rpm, '1:2.0-1', [range('i0 f0:2.0-2')], []).affected, false);
    assert.equal(evaluateRanges(pep440, '2.0rc1', [range('i0 f2.0')], []).affected, true);
    assert.equal(evaluateRanges(pep440, '2.0.post1', [range('i0 f2.0')], []).affected, false);
    assert.equal(evaluateRanges(maven, '2.17.0', [range('i2.13.0 f2.17.1')], []).affected, true);
  });

  it('never parse introduced 0, which stands below versions that do', () => {
    assert.equal(evaluateRanges(pep440, 'early', [range('i0 f1.0')], []).affected, true);
    assert.equal(evaluateRanges(rpm, '~', [range('i0')], []).affected, true);
    assert.equal(evaluateRanges(maven, 'alpha-1', [range('i0 f1.0')], []).affected, true);
  });

  it('do parse last affected 0', () => {
    assert.equal(isAffected('0', 'i0 l0'), true);
    assert.equal(isAffected('0.0.1', 'i0 l0'), false);
  });
});

describe('listed versions', () => {
  it('affect by their text, beside ranges', () => {
    assert.equal(evaluateRanges(semver, '1.0.0', [], ['0.9.0', '1.0.0']).affected, true);
    assert.equal(evaluateRanges(semver, '1.0.1', [], ['0.9.0', '1.0.0']).affected, false);
    assert.equal(evaluateRanges(semver, '5.0.0', [range('i0 f1.0.0')], ['5.0.0']).affected, true);
  });

  it('affect in every spelling of the same version', () => {
    assert.equal(evaluateRanges(pep440, '1.0.0rc1', [], ['1.0-RC.1']).affected, true);
    assert.equal(evaluateRanges(pep440, '1.0', [], ['1.0+local', '1.0.post0', '1.0.dev0']).affected, false);
    assert.equal(evaluateRanges(nuget, '1.0', [], ['1.0.0.0']).affected, true);
    assert.equal(evaluateRanges(nuget, '1.0-Beta', [], ['1.0.0-beta']).affected, true);
    assert.equal(evaluateRanges(semver, 'v1.0.0', [], ['latest', '1.0.0']).affected, true);
    assert.equal(evaluateRanges(rpm, '1.0-1', [], ['0:1.0-1']).affected, true);
  });

  it('affect also what is no version of the scheme', () => {
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0 f1.0.0')], ['latest']), {
      affected: true,
      uncertain: false,
    });
  });
});

describe('versions that cannot be compared', () => {
  it('make the answer uncertain, never "not affected"', () => {
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0 f1.0.0')], []), { affected: false, uncertain: true });
    assert.deepEqual(evaluateRanges(semver, 'latest', [], ['1.0.0']), { affected: false, uncertain: true });
    assert.deepEqual(evaluateRanges(semver, '1.0.0', [range('i0 fvirt-devel:rhel')], []), {
      affected: false,
      uncertain: true,
    });
    assert.deepEqual(evaluateRanges(semver, '1.0.0', [range('i0 mnext')], []), { affected: false, uncertain: true });
  });

  it('are affected where all versions are, and not where none is', () => {
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0')], []), { affected: true, uncertain: false });
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0 m*')], []), { affected: true, uncertain: false });
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0 m2.0.0')], []), { affected: false, uncertain: true });
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i0 f0')], []), { affected: false, uncertain: false });
    assert.deepEqual(evaluateRanges(semver, 'latest', [range('i1.0.0')], []), { affected: false, uncertain: true });
  });

  it('do not hide what another range says', () => {
    assert.deepEqual(evaluateRanges(semver, '1.0.0', [range('i0 fnext'), range('i0 f2.0.0')], []), {
      affected: true,
      uncertain: false,
      fixed: '2.0.0',
    });
    assert.deepEqual(evaluateRanges(semver, '3.0.0', [range('i0 fnext'), range('i0 f2.0.0')], []), {
      affected: false,
      uncertain: true,
    });
  });
});

describe('fixed version', () => {
  it('is the smallest above the installed one in a range that contains it', () => {
    assert.equal(fixOf('1.1.0', 'i1.0.0 f1.2.0 i2.0.0 f2.1.0'), '1.2.0');
    assert.equal(fixOf('2.0.5', 'i1.0.0 f1.2.0 i2.0.0 f2.1.0'), '2.1.0');
    assert.equal(fixOf('1.1.0', 'i1.0.0 f3.0.0', 'i0 f1.9.0'), '1.9.0');
    assert.equal(fixOf('1.1.0', 'i1.0.0 f3.0.0', 'i2.0.0 f2.1.0'), '3.0.0');
  });

  it('is within the major version where there is one', () => {
    assert.equal(fixOf('1.1.0', 'i0 f1.4.0', 'i0 f2.3.0'), '1.4.0');
    assert.equal(fixOf('1.1.0', 'i0 f2.3.0', 'i0 f1.4.0 i2.0.0 f2.2.0'), '1.4.0');
  });

  it('is written as the advisory writes it', () => {
    assert.equal(fixOf('1.1.0', 'i0 fv1.2'), 'v1.2');
  });

  it('is absent when the range has none', () => {
    assert.equal(fixOf('1.1.0', 'i0'), undefined);
    assert.equal(fixOf('1.1.0', 'i0 l1.2.0'), undefined);
    assert.equal(evaluateRanges(semver, '1.0.0', [], ['1.0.0']).fixed, undefined);
    assert.ok(!('fixed' in evaluateRanges(semver, '2.0.0', [range('i0 f1.0.0')], [])));
  });
});

describe('affected ranges over whole numbers', () => {
  /** The state after every event up to a version, point by point from the lowest, as a reader with a pencil would. */
  function isInside(events: readonly RangeEvent[], version: number): boolean {
    let inside = false;
    for (let point = 0; point <= version; point++) {
      const here = events.filter(([, text]) => text === String(point)).map(([kind]) => kind);
      if (here.includes('i')) inside = true;
      if (here.includes('f')) inside = false;
      if (here.includes('l') && point < version) inside = false;
    }
    const limits = events.filter(([kind]) => kind === 'm').map(([, text]) => Number(text));
    return inside && (limits.length === 0 || limits.some((limit) => version < limit));
  }

  const event = fc
    .tuple(fc.constantFrom('i', 'f', 'l', 'm'), fc.integer({ min: 0, max: 6 }))
    .map(([kind, point]): RangeEvent => [kind, String(point)]);

  for (const scheme of schemes) {
    it(`are what one finds by walking from version to version: ${scheme.id}`, () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 6 }), fc.integer({ min: 0, max: 7 }), (events, version) => {
          assert.equal(evaluateRanges(scheme, String(version), [events], []).affected, isInside(events, version));
        }),
        { numRuns: 1000 },
      );
    });
  }
});
