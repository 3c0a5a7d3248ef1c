import assert from 'node:assert/strict';
import { readLines } from '../../../src/dockerfile/logical-lines.ts';

/** Each logical line as: its text joined, `|` and what the file holds of it, `!` when it is not complete. */
function lines(text: string): string[] {
  return readLines(text).lines.map(
    ({ start, end, flat, isComplete }) => `${flat.text}|${text.slice(start, end)}${isComplete ? '' : '!'}`,
  );
}

describe('logical lines of a Dockerfile', () => {
  const cases: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
    [
      'end with LF, CRLF or CR',
      'FROM a\nRUN b\r\nRUN c\rRUN d',
      ['FROM a|FROM a', 'RUN b|RUN b', 'RUN c|RUN c', 'RUN d|RUN d'],
    ],
    ['lose blanks around them', '\t  FROM a  \t\n', ['FROM a|FROM a']],
    ['go on behind a mark', 'RUN a \\\n  b', ['RUN a   b|RUN a \\\n  b']],
    ['go on behind a mark with blanks after it', 'RUN a\\ \t\nb', ['RUN ab|RUN a\\ \t\nb']],
    [
      'go on over comments and blank lines',
      'RUN a \\\n# c\n\n   # d\n  b\nRUN e',
      ['RUN a   b|RUN a \\\n# c\n\n   # d\n  b', 'RUN e|RUN e'],
    ],
    ['end at a doubled mark', 'RUN echo \\\\\nUSER root', ['RUN echo \\\\|RUN echo \\\\', 'USER root|USER root']],
    ['may be nothing but a mark', 'RUN a \\\n\\\nb', ['RUN a b|RUN a \\\n\\\nb']],
    ['are not complete behind a mark at the end', 'RUN a \\', ['RUN a |RUN a \\!']],
    ['are not complete when only comments follow', 'RUN a \\\n# c\n', ['RUN a |RUN a \\!']],
    ['begin behind a byte order mark', '\uFEFFFROM a', ['FROM a|FROM a']],
    [
      'continue with a backtick where the directive says so',
      '# escape=`\nRUN a `\nb\nRUN c \\\nRUN d',
      ['RUN a b|RUN a `\nb', 'RUN c \\|RUN c \\', 'RUN d|RUN d'],
    ],
    ['take the directive in any case and with blanks', '#  Escape =  `  \nRUN a `\nb', ['RUN a b|RUN a `\nb']],
    ['take no directive behind a comment', '# hello\n# escape=`\nRUN a `\nb', ['RUN a `|RUN a `', 'b|b']],
    ['take no directive behind a blank line', '\n# escape=`\nRUN a `\nb', ['RUN a `|RUN a `', 'b|b']],
    ['take a directive behind another', '# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\nb', ['RUN a b|RUN a `\nb']],
  ];
  for (const [name, text, expected] of cases) it(name, () => assert.deepEqual(lines(text), expected));
});

describe('here-documents of a Dockerfile', () => {
  const documents = (text: string): string[] =>
    readLines(text).lines.flatMap(({ heredocs }) =>
      heredocs.map(({ name, stripsTabs, start, end }) => `${stripsTabs ? '-' : ''}${name}:${text.slice(start, end)}`),
    );
  const cases: readonly (readonly [name: string, text: string, expected: readonly string[], lines: number])[] = [
    ['hold what would be instructions', 'RUN <<EOF\nUSER root\nEOF\nUSER a\n', ['EOF:USER root\n'], 2],
    ['follow each other', 'COPY <<a.txt <<b.txt /d/\n1\na.txt\n2\nb.txt\nUSER a', ['a.txt:1\n', 'b.txt:2\n'], 2],
    ['may have quoted names', `RUN <<"E F"\nx\nE F\nRUN <<'G'\ny\nG`, ['E F:x\n', 'G:y\n'], 2],
    ['may be indented with tabs', 'RUN cat <<-EOF\n\tx\n\t\tEOF\nUSER a', ['-EOF:\tx\n'], 2],
    ['end only at a line that is their name', 'RUN <<EOF\n EOF\nEOF2\nEOF\n', ['EOF: EOF\nEOF2\n'], 1],
    ['may be empty', 'RUN <<EOF\nEOF\nUSER a', ['EOF:'], 2],
    ['may have a descriptor in front', 'RUN cat 3<<EOF\nx\nEOF\nUSER a', ['EOF:x\n'], 2],
    ['begin behind the continued line', 'RUN a <<EOF \\\n  && b\nx\nEOF\nUSER a', ['EOF:x\n'], 2],
    ['stand behind ONBUILD', 'ONBUILD COPY <<EOF /x\ny\nEOF\nUSER a', ['EOF:y\n'], 2],
    ['end with CRLF', 'RUN <<EOF\r\nx\r\nEOF\r\nUSER a', ['EOF:x\r\n'], 2],
    ['go to the end of the file without their name', 'RUN <<EOF\nx\nUSER root\n', ['EOF:x\nUSER root\n'], 1],
    ['are none in other instructions', 'LABEL a=<<EOF\nUSER a', [], 2],
    ['are none in the middle of a word', 'RUN cat<<EOF\nUSER a', [], 2],
    ['are none in quotes', 'RUN echo "<<EOF"\nUSER a', [], 2],
    ['are none with three marks', 'RUN cat <<<EOF\nUSER a', [], 2],
    ['are none without a name', 'RUN echo << EOF\nUSER a', [], 2],
  ];
  for (const [name, text, expected, count] of cases) {
    it(name, () => {
      assert.deepEqual(documents(text), expected);
      assert.equal(readLines(text).lines.length, count);
    });
  }

  it('are not complete without their name', () => {
    assert.deepEqual(
      readLines('RUN <<A <<B\nx\nA\n').lines.map(({ isComplete, end }) => [isComplete, end]),
      [[false, 16]],
    );
  });
});

describe('comments of a Dockerfile', () => {
  it('are told from directives, and say whether they stand inside an instruction', () => {
    const text = '# syntax=x\n# a=b c\n# one\nRUN a \\\n  # two\n  b # three\n';
    const { comments, directives } = readLines(text);
    assert.deepEqual(
      comments.map(({ start, end, isInside }) => [text.slice(start, end), isInside]),
      [
        ['# one', false],
        ['# two', true],
      ],
    );
    assert.deepEqual(
      directives.map(({ start, end }) => text.slice(start, end)),
      ['# syntax=x', '# a=b c'],
    );
  });
});
