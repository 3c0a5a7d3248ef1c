import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../../src/dockerfile/check.ts';
import { ignoreComment, instructionStart, withoutIgnores } from '../../../../src/vscode/dockerfile/ignore-comment.ts';

const start = (text: string, line: number): number => instructionStart(text.split('\n'), line);

describe('the place of an ignore', () => {
  it('is above the instruction, not inside its continuation', () => {
    const text = 'FROM a\nRUN one \\\n  && two \\\n  && three\nUSER x';
    assert.equal(start(text, 0), 0);
    for (const line of [1, 2, 3]) assert.equal(start(text, line), 1);
    assert.equal(start(text, 4), 4);
  });

  it('looks through comments and blank lines inside a continuation', () => {
    const text = 'RUN one \\\n# why\n\n  && two\nUSER x';
    assert.equal(start(text, 3), 0);
    assert.equal(start(text, 4), 4);
  });

  it('follows the escape directive', () => {
    const text = '# escape=`\nRUN one `\n  two\nRUN C:\\\nUSER x';
    assert.equal(start(text, 2), 1);
    assert.equal(start(text, 4), 4);
  });

  it('stays out of here-documents', () => {
    const text = 'FROM a\nRUN <<EOF\nRUN curl x | sh\nUSER root\nEOF\nCOPY <<-"A" <<B /x/\n\tone\n\tA\ntwo\nB\nUSER x';
    for (const line of [1, 2, 3, 4]) assert.equal(start(text, line), 1);
    for (const line of [5, 6, 7, 8, 9]) assert.equal(start(text, line), 5);
    assert.equal(start(text, 10), 10);
  });

  it('ends with the file when a here-document or continuation does not', () => {
    assert.equal(start('RUN <<EOF\nabc', 1), 0);
    assert.equal(start('RUN one \\', 0), 0);
  });
});

describe('an ignore', () => {
  it('takes the indent of its instruction and one line', () => {
    assert.equal(
      ignoreComment('  RUN x', 'df-runs-as-non-root', '2027-02-19', ' drops "root"\nlater '),
      '  # plimsoll:ignore df-runs-as-non-root until=2027-02-19 reason="drops \'root\' later"\n',
    );
  });

  it('counts for the rules of the product, and not in a folder that is not trusted', () => {
    const text = 'FROM alpine:3.20@sha256:' + 'a'.repeat(64) + '\nENV API_TOKEN=abcdefgh12345678\nUSER 10001\n';
    const rules = (content: string) =>
      checkDockerfile(content, { today: '2026-11-21' }).violations.map(({ rule }) => rule);
    assert.deepEqual(rules(text), ['df-no-secret-in-env']);
    const lines = text.split('\n');
    const at = instructionStart(lines, 1);
    lines.splice(at, 0, ignoreComment(lines[at] ?? '', 'df-no-secret-in-env', '2027-01-01', 'test value').trimEnd());
    const ignored = lines.join('\n');
    assert.deepEqual(rules(ignored), []);
    assert.deepEqual(rules(withoutIgnores(ignored)), ['df-no-secret-in-env']);
    assert.equal(withoutIgnores(ignored).length, ignored.length);
  });
});
