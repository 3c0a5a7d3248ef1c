import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkDockerfile } from '../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../src/dockerfile/edits.ts';
import { matchHistory } from '../../../src/dockerfile/history-match.ts';
import { instructionAt, parseDockerfile } from '../../../src/dockerfile/model.ts';
import { today } from './support.ts';

/** Pieces from which real and broken Dockerfiles are put together. */
const pieces = fc.constantFrom(
  'FROM ',
  'from debian',
  ':latest',
  ' as base',
  '@sha256:0',
  'RUN ',
  'ONBUILD ',
  'ENV ',
  'ARG ',
  'ADD ',
  'COPY ',
  'USER ',
  'root',
  'CMD ',
  '--mount=type=secret',
  '--',
  '\n',
  '\r\n',
  '\r',
  '\\\n',
  '\\',
  '`',
  '# ',
  '# escape=`\n',
  '<<EOF',
  '<<-',
  'EOF\n',
  '<<"',
  '"',
  "'",
  '["',
  '", "',
  '"]',
  '[',
  ' ',
  '\t',
  '$',
  '${',
  '}',
  ':-',
  '$(',
  ')',
  '(',
  '|',
  ' | sh',
  'curl x',
  '&&',
  ';',
  '>',
  '<',
  '=',
  'A_PASSWORD',
  '=abc',
  'https://x.example/y',
  '# plimsoll:ignore ',
  'df-runs-as-non-root',
  ' reason="x"',
  ' until=2027-01-01',
  '\u0000',
  '\uFEFF',
  '😀',
  '\uD800',
  '\u2028',
);
const texts = fc
  .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 60 })
  .map((parts) => parts.join(''));

describe('any text at all', () => {
  it('is parsed into instructions that lie in it, in order, without overlap', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const file = parseDockerfile(text);
        let at = 0;
        for (const [index, { range, keywordRange, words }] of file.instructions.entries()) {
          const [start, end] = [file.lines.offset(range.start), file.lines.offset(range.end)];
          assert.ok(start >= at && end >= start && end <= text.length);
          assert.deepEqual(file.lines.position(start), range.start);
          assert.deepEqual(file.lines.position(end), range.end);
          assert.equal(instructionAt(file, range.start.line), index);
          for (const inner of [keywordRange, ...words.map((word) => word.range)]) {
            assert.ok(file.lines.offset(inner.start) >= start && file.lines.offset(inner.end) <= end);
            assert.ok(file.lines.offset(inner.start) <= file.lines.offset(inner.end));
          }
          at = end;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is checked without an exception, with ranges inside the instruction or comment they speak of', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, applyIgnores) => {
        const { file, violations } = checkDockerfile(text, { today, applyIgnores });
        for (const { range, message } of violations) {
          assert.ok(message.length <= 120, message);
          assert.ok(file.lines.offset(range.start) <= file.lines.offset(range.end));
          assert.ok(range.end.line < file.lines.count);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has fixes that apply, and safe ones that come to an end', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { file, violations } = checkDockerfile(text, { today });
        for (const { rule, fixes = [] } of violations) {
          for (const fix of fixes) {
            const after = checkDockerfile(applyFixes(file, [fix]), { today });
            if (!fix.safe) continue;
            assert.ok(count(after.violations, rule) < count(violations, rule), fix.title);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is aligned with any history', () => {
    const steps = fc.array(fc.record({ instruction: fc.constantFrom('RUN', 'COPY', 'ENV', 'CMD', ''), text: texts }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(texts, steps, (text, history) => {
        const { similarity, steps: matched } = matchHistory(parseDockerfile(text), history);
        assert.ok(similarity >= 0 && similarity <= 1);
        const order = matched.map(({ step }) => history.findIndex((each) => each === step));
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 500 },
    );
  });
});

function count(violations: readonly { readonly rule: string }[], rule: string): number {
  return violations.filter((violation) => violation.rule === rule).length;
}

describe('hostile texts', () => {
  const repeated: readonly (readonly [name: string, unit: string, head?: string])[] = [
    ['stages', 'FROM a as b\n'],
    ['comments', '# c\n'],
    ['ignores', '# plimsoll:ignore df-runs-as-non-root reason=x\n'],
    ['ignores above instructions', '# plimsoll:ignore df-no-secret-in-env reason=x\nENV A_TOKEN=a\n', 'FROM a:1\n'],
    ['ids in one ignore', ' df-x,', 'FROM a:1\n# plimsoll:ignore '],
    ['secrets', 'ARG X\nENV A_TOKEN=$X\nRUN $A_TOKEN\n', 'FROM a:1\n'],
    ['secrets in one instruction', 'A_TOKEN=a B=c ', 'FROM a:1\nENV '],
    ['continuations', 'a && \\\n', 'FROM a:1\nRUN '],
    ['here-documents', 'RUN <<E\nE\n', 'FROM a:1\n'],
    ['open here-documents', '<<A ', 'FROM a:1\nRUN '],
    ['documents in a script', 'cat <<A\nA\n', 'FROM a:1\nRUN <<E\n'],
    ['open substitutions', '$(', 'FROM a:1\nRUN '],
    ['open quotes in substitutions', '"$(', 'FROM a:1\nRUN '],
    ['redirections', '< ', 'FROM a:1\nRUN '],
    ['runners', 'sudo ', 'FROM a:1\nRUN '],
    ['pipes', 'curl x | cat | ', 'FROM a:1\nRUN '],
    ['variables', '$A', 'FROM '],
    ['braces', '${A:-', 'FROM '],
    ['flags', '--a=b ', 'FROM a:1\nRUN '],
    ['JSON strings', '"a",', 'FROM a:1\nCMD ['],
    ['backslashes', '\\', 'FROM a:1\nRUN '],
    ['users', 'USER root\n', 'FROM a:1\n'],
  ];
  for (const [name, unit, head = ''] of repeated) {
    it(`of 400,000 characters of ${name} take less than three seconds of processor time`, () => {
      const text = head + unit.repeat(Math.ceil(400_000 / unit.length));
      // Not by the wall clock: other work on the machine must not make this fail.
      const before = process.cpuUsage();
      checkDockerfile(text, { today });
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 3_000_000, `${(user + system) / 1000} ms`);
    });
  }
});
