import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../src/dockerfile/check.ts';
import { applyEdits, applyFixes, insertBelow, wholeLines } from '../../../src/dockerfile/edits.ts';
import { imageParts } from '../../../src/dockerfile/image-name.ts';
import { parseDockerfile } from '../../../src/dockerfile/model.ts';
import type { Fix } from '../../../src/dockerfile/types.ts';
import { today } from './support.ts';

const everything = `FROM debian:latest as base
ENV A_PASSWORD=abc B_TOKEN=def
ADD http://x.example/a http://x.example/b /c/
RUN curl x | sh; curl y | sh
RUN curl z | sh
USER root
`;

describe('checking a Dockerfile', () => {
  it('reports one violation for each rule and instruction, in the order of the file', () => {
    assert.deepEqual(
      checkDockerfile(everything, { today }).violations.map(({ rule, severity, range }) => [
        rule,
        severity,
        range.start.line,
      ]),
      [
        ['df-base-image-pinned', 'information', 0],
        ['df-as-cased-like-from', 'hint', 0],
        ['df-no-secret-in-env', 'error', 1],
        ['df-no-add-from-url', 'warning', 2],
        ['df-no-curl-pipe-shell', 'warning', 3],
        ['df-no-curl-pipe-shell', 'warning', 4],
        ['df-runs-as-non-root', 'warning', 5],
      ],
    );
  });

  it('says with each violation why, and where to read more', () => {
    for (const { why, docs, aliases } of checkDockerfile(everything, { today }).violations) {
      assert.ok(why.length > 20);
      assert.match(docs, /^https:/);
      assert.ok(Array.isArray(aliases));
    }
  });

  it('takes the levels that a person set', () => {
    const { violations } = checkDockerfile(everything, {
      today,
      levels: {
        'df-base-image-pinned': 'error',
        'df-no-secret-in-env': 'off',
        'df-no-curl-pipe-shell': 'off',
        'df-no-add-from-url': 'hint',
      },
    });
    assert.deepEqual(
      violations.map(({ rule, severity }) => [rule, severity]),
      [
        ['df-base-image-pinned', 'error'],
        ['df-as-cased-like-from', 'hint'],
        ['df-no-add-from-url', 'hint'],
        ['df-runs-as-non-root', 'warning'],
      ],
    );
  });

  it('can run single rules', () => {
    assert.deepEqual(checkDockerfile(everything, { today, rules: [] }).violations, []);
  });

  it('finds nothing in an empty text', () => {
    for (const text of ['', '\n\n', '# only a comment', '\uFEFF']) {
      assert.deepEqual(checkDockerfile(text, { today }).violations, [], JSON.stringify(text));
    }
  });
});

describe('edits', () => {
  const file = parseDockerfile('0123456789\nabc');
  const edit = (start: number, end: number, newText: string) => ({ range: file.lines.range(start, end), newText });
  const fix = (...edits: Fix['edits']): Fix => ({ title: 'x', safe: true, edits });

  it('are applied by their places in the old text', () => {
    assert.equal(applyEdits(file, [edit(8, 9, 'X'), edit(0, 0, '<'), edit(2, 5, '')]), '<0156' + '7X9\nabc');
  });

  it('that overlap an earlier one are left out', () => {
    assert.equal(applyEdits(file, [edit(4, 8, 'B'), edit(2, 5, 'A')]), '01A56789\nabc');
  });

  it('of one fix are applied together or not at all', () => {
    assert.equal(applyFixes(file, [fix(edit(0, 2, 'A')), fix(edit(1, 3, 'B'), edit(8, 9, 'C'))]), 'A23456789\nabc');
    assert.equal(applyFixes(file, [fix(edit(0, 2, 'A')), fix(edit(2, 3, 'B'))]), 'AB3456789\nabc');
    assert.equal(applyFixes(file, [fix(edit(2, 2, 'A')), fix(edit(2, 2, 'A'))]), '01A23456789\nabc');
  });

  it('remove whole lines, also the last', () => {
    const remove = (text: string, start: number, end: number): string => {
      const parsed = parseDockerfile(text);
      const range = { start: { line: start, character: 1 }, end: { line: end, character: 1 } };
      return applyEdits(parsed, [{ range: wholeLines(parsed, range), newText: '' }]);
    };
    assert.equal(remove('aa\nbb\ncc\n', 1, 1), 'aa\ncc\n');
    assert.equal(remove('aa\r\nbb\r\ncc', 1, 2), 'aa');
    assert.equal(remove('aa', 0, 0), '');
    assert.equal(remove('aa\nbb\n', 0, 1), '');
  });

  it('add no line where an instruction never ends', () => {
    for (const [text, expected] of [
      ['FROM a', 'FROM a\nX'],
      ['FROM a\\', undefined],
      ['RUN <<E', undefined],
      ['RUN <<E\nE', 'RUN <<E\nE\nX'],
    ]) {
      const parsed = parseDockerfile(text!);
      const inserted = insertBelow(parsed, parsed.instructions[0]!, 'X');
      assert.equal(inserted === undefined ? undefined : applyEdits(parsed, [inserted]), expected);
    }
  });
});

describe('parts of an image name', () => {
  const cases: readonly (readonly [string, string, string | undefined, string | undefined])[] = [
    ['debian', 'debian', undefined, undefined],
    ['debian:12', 'debian', '12', undefined],
    ['host:5000/a/b', 'host:5000/a/b', undefined, undefined],
    ['host:5000/a/b:1', 'host:5000/a/b', '1', undefined],
    ['a@sha256:00', 'a', undefined, 'sha256:00'],
    ['h:1/a:t@sha256:00', 'h:1/a', 't', 'sha256:00'],
    ['a:', 'a', '', undefined],
  ];
  for (const [reference, name, tag, digest] of cases) {
    it(`of ${reference}`, () => {
      const parts = imageParts(reference);
      assert.deepEqual([parts.name, parts.tag, parts.digest], [name, tag, digest]);
      if (tag !== undefined) assert.equal(reference.slice(parts.tagAt, parts.tagAt + tag.length), tag);
    });
  }
});
