import assert from 'node:assert/strict';
import { checkDockerfile, reportedRules } from '../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../src/dockerfile/edits.ts';
import { covers } from '../../../src/dockerfile/ignores.ts';
import { assertMarks, today, violationsOf } from './support.ts';

const root = 'USER root';
const good = 'reason="entrypoint drops privileges"';

/** Rules that are reported for a text, with the ignore above its USER instruction. */
function reported(comment: string, applyIgnores = true): string[] {
  const text = `FROM debian:12\n${comment}\n${root}\n`;
  return checkDockerfile(text, { today, applyIgnores }).violations.map(({ rule }) => rule);
}

describe('an inline ignore', () => {
  it('hides a rule at the instruction below it', () => {
    for (const comment of [
      `# plimsoll:ignore df-runs-as-non-root ${good}`,
      `#plimsoll:ignore df-runs-as-non-root until=2026-11-21 ${good}`,
      `  #   plimsoll:ignore   df-runs-as-non-root   reason='entrypoint drops privileges'   until=2027-01-31`,
      '# plimsoll:ignore df-runs-as-non-root reason=drops',
      `# plimsoll:ignore ${good} df-runs-as-non-root`,
      `# plimsoll:ignore df-runs-as-non-root reason="not until=2020-01-01, but always"`,
      `# plimsoll:ignore df-runs-as-non-root ${good}\n# and another comment`,
    ]) {
      assert.deepEqual(reported(comment), [], comment);
    }
  });

  it('hides nothing else', () => {
    assert.deepEqual(
      violationsOf(
        'df-no-secret-in-env',
        `FROM a:1\n# plimsoll:ignore df-no-secret-in-env ${good}\nRUN x\nENV A_PASSWORD=abc\nUSER 1`,
      ).length,
      1,
    );
    assert.deepEqual(reported('# plimsoll:ignored df-runs-as-non-root reason=x'), ['df-runs-as-non-root']);
    assert.deepEqual(reported('# see plimsoll:ignore df-runs-as-non-root reason=x'), ['df-runs-as-non-root']);
  });

  it('covers all lines of a continued instruction and of its here-document', () => {
    const text = `FROM a:1\n# plimsoll:ignore df-no-curl-pipe-shell ${good}\nRUN <<EOF\na\ncurl x | sh\nEOF\nUSER 1\n`;
    assert.deepEqual(checkDockerfile(text, { today }).violations, []);
  });

  it('hides several rules at once', () => {
    const text = `# plimsoll:ignore df-base-image-pinned,df-runs-as-non-root,  df-as-cased-like-from ${good}\nFROM debian as x\n`;
    assert.deepEqual(checkDockerfile(text, { today }).violations, []);
  });

  it('does not count in a folder that is not trusted, and is not called unused there', () => {
    assert.deepEqual(reported(`# plimsoll:ignore df-runs-as-non-root ${good}`, false), ['df-runs-as-non-root']);
    assert.deepEqual(reported(`# plimsoll:ignore df-no-add-from-url ${good}`, false), ['df-runs-as-non-root']);
  });

  it('may name vulnerabilities and rules about scan results', () => {
    const text = `# plimsoll:ignore CVE-2024-1234, GHSA-aaaa-bbbb-cccc, df-base-image-no-known-vulnerabilities ${good}\nFROM a:1\nUSER 1\n`;
    const { violations, ignores } = checkDockerfile(text, { today });
    assert.deepEqual(violations, []);
    const [ignore] = ignores;
    assert.ok(ignore);
    assert.equal(covers(ignore, 'CVE-2024-1234', 1), true);
    assert.equal(covers(ignore, 'CVE-2024-1234', 2), false);
    assert.equal(covers(ignore, 'CVE-2024-9999', 1), false);
  });
});

describe('an ignore that cannot count', () => {
  const invalid: readonly (readonly [name: string, comment: string, message: RegExp, fixes: readonly string[]])[] = [
    ['names no rule', `# plimsoll:ignore ${good}`, /names no rule/, ['Remove this ignore']],
    [
      'names an unknown rule',
      `# plimsoll:ignore df-unheard-of ${good}`,
      /There is no rule "df-unheard-of"/,
      ['Remove this ignore'],
    ],
    [
      'is a letter or two off',
      `# plimsoll:ignore df-run-as-nonroot ${good}`,
      /no rule "df-run-as-nonroot"/,
      ['Change to df-runs-as-non-root', 'Remove this ignore'],
    ],
    [
      'names a rule by a name of another linter',
      `# plimsoll:ignore DL3002 ${good}`,
      /no rule "DL3002"/,
      ['Change to df-runs-as-non-root', 'Remove this ignore'],
    ],
    [
      'is in the wrong case',
      `# plimsoll:ignore DF-Runs-As-Non-Root ${good}`,
      /no rule/,
      ['Change to df-runs-as-non-root', 'Remove this ignore'],
    ],
    [
      'has no reason',
      '# plimsoll:ignore df-runs-as-non-root',
      /has no reason/,
      ['Add a reason to be filled in', 'Remove this ignore'],
    ],
    [
      'has an empty reason',
      '# plimsoll:ignore df-runs-as-non-root reason=" "',
      /has no reason/,
      ['Remove this ignore'],
    ],
    [
      'has ended',
      `# plimsoll:ignore df-runs-as-non-root until=2026-11-20 ${good}`,
      /ended on 2026-11-20/,
      ['Extend until 2027-02-19', 'Remove this ignore'],
    ],
    [
      'has a date of another form',
      `# plimsoll:ignore df-runs-as-non-root until=30.9.2027 ${good}`,
      /"30\.9\.2027" is no date/,
      ['Remove this ignore'],
    ],
    [
      'has a day that does not exist',
      `# plimsoll:ignore df-runs-as-non-root until=2027-02-30 ${good}`,
      /"2027-02-30" is no date/,
      ['Remove this ignore'],
    ],
    [
      'says something unknown',
      `# plimsoll:ignore df-runs-as-non-root because="x" ${good}`,
      /not "because="/,
      ['Remove this ignore'],
    ],
    [
      'has a blank line below',
      `# plimsoll:ignore df-runs-as-non-root ${good}\n`,
      /No instruction follows/,
      ['Remove this ignore'],
    ],
  ];
  for (const [name, comment, message, titles] of invalid) {
    it(`because it ${name} is hinted at`, () => {
      const text = `FROM debian:12\n${comment}\n${root}\n`;
      const violations = violationsOf('df-ignore-valid', text);
      assert.equal(violations.length, 1);
      const [violation] = violations;
      assert.ok(violation);
      assert.match(violation.message, message);
      assert.equal(violation.severity, 'hint');
      assert.deepEqual(
        violation.fixes?.map(({ title }) => title),
        titles,
      );
      assert.ok(violation.fixes.every(({ safe }) => !safe));
      assert.equal(violationsOf('df-runs-as-non-root', text).length, 1, 'it hides nothing');
    });
  }

  it('is marked as a whole', () => {
    assertMarks('df-ignore-valid', `FROM debian:12\n  «# plimsoll:ignore DL3002 ${good}»\nUSER 1\n`);
    assertMarks('df-ignore-valid', `FROM debian:12\nUSER 1\n«# plimsoll:ignore df-runs-as-non-root ${good}»`);
    assertMarks(
      'df-ignore-valid',
      `FROM debian:12\nRUN a \\\n  «# plimsoll:ignore df-runs-as-non-root ${good}»\n  b\nUSER 1\n`,
    );
  });

  it('counts once it was changed as proposed', () => {
    for (const [comment, title] of [
      [`# plimsoll:ignore DL3002 ${good}`, 'Change to df-runs-as-non-root'],
      [`# plimsoll:ignore df-runs-as-non-root until="2020-01-01" ${good}`, 'Extend until 2027-02-19'],
    ]) {
      const { file, violations } = checkDockerfile(`FROM debian:12\n${comment}\n${root}\n`, { today });
      const fix = violations.flatMap(({ fixes = [] }) => fixes).find((each) => each.title === title);
      assert.ok(fix);
      assert.deepEqual(checkDockerfile(applyFixes(file, [fix]), { today }).violations, [], title);
    }
  });

  it('is not found in a here-document', () => {
    const text = `FROM debian:12\nCOPY <<EOF /x\n# plimsoll:ignore nothing\nEOF\nUSER 1\n`;
    assert.deepEqual(checkDockerfile(text, { today }).violations, []);
  });
});

describe('an ignore that hides nothing', () => {
  it('is marked, and can safely be removed', () => {
    assertMarks('df-ignore-used', `FROM debian:12\n«# plimsoll:ignore df-runs-as-non-root ${good}»\nUSER 10001\n`);
    assertMarks(
      'df-ignore-used',
      `«# plimsoll:ignore df-runs-as-non-root, df-base-image-pinned ${good}»\nFROM debian:12\nUSER 10001\n`,
    );
    const { file, violations } = checkDockerfile(
      `FROM debian:12\n# plimsoll:ignore df-runs-as-non-root ${good}\nUSER 10001\n`,
      { today },
    );
    const [fix] = violations[0]?.fixes ?? [];
    assert.equal(fix?.safe, true);
    assert.equal(applyFixes(file, [fix]), 'FROM debian:12\nUSER 10001\n');
  });

  it('keeps the rules that it does hide', () => {
    const text = `# plimsoll:ignore df-as-cased-like-from, df-base-image-pinned, df-runs-as-non-root ${good}\nFROM debian\nUSER 10001\n`;
    assertMarks('df-ignore-used', text.replace('df-as-cased-like-from', '«df-as-cased-like-from»'));
    const { file, violations } = checkDockerfile(text, { today });
    assert.equal(
      applyFixes(file, violations[0]?.fixes ?? []),
      `# plimsoll:ignore df-base-image-pinned ${good}\nFROM debian\nUSER 10001\n`,
    );
  });

  it('is the second one that says the same', () => {
    const comment = `# plimsoll:ignore df-runs-as-non-root ${good}`;
    assertMarks('df-ignore-used', `FROM debian:12\n${comment}\n«${comment}»\n${root}\n`);
  });

  it('is not one whose rule is switched off', () => {
    const text = `FROM debian:12\n# plimsoll:ignore df-runs-as-non-root ${good}\nUSER 10001\n`;
    assert.deepEqual(checkDockerfile(text, { today, levels: { 'df-runs-as-non-root': 'off' } }).violations, []);
  });
});

describe('what is said about ignores', () => {
  it('can be switched off and raised like any rule', () => {
    const text = `FROM debian:12\n# plimsoll:ignore DL3002 ${good}\nUSER 1\n`;
    assert.deepEqual(checkDockerfile(text, { today, levels: { 'df-ignore-valid': 'off' } }).violations, []);
    assert.deepEqual(
      checkDockerfile(text, { today, levels: { 'df-ignore-valid': 'error' } }).violations.map(
        ({ severity }) => severity,
      ),
      ['error'],
    );
    assert.ok(
      reportedRules.some(({ id }) => id === 'df-ignore-valid') &&
        reportedRules.some(({ id }) => id === 'df-ignore-used'),
    );
  });
});
