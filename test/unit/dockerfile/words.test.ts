import assert from 'node:assert/strict';
import { FlatText } from '../../../src/dockerfile/flat-text.ts';
import { decodeJsonString, insideQuotes, jsonWords, splitWords, unquote } from '../../../src/dockerfile/words.ts';

describe('words of an instruction', () => {
  const split = (text: string, escape = '\\'): string[] =>
    splitWords(text, 0, escape).map(({ start, end }) => text.slice(start, end));

  it('are parted by blanks outside of quotes', () => {
    assert.deepEqual(split(' a  "b c"d \te\'f g\' '), ['a', '"b c"d', "e'f g'"]);
    assert.deepEqual(split('a\\ b c'), ['a\\ b', 'c']);
    assert.deepEqual(split('a\\ b c', '`'), ['a\\', 'b', 'c']);
    assert.deepEqual(split('"a\\" b" c'), ['"a\\" b"', 'c']);
    assert.deepEqual(split("'a\\' b"), ["'a\\'", 'b']);
    assert.deepEqual(split('"open end'), ['"open end']);
    assert.deepEqual(split('end\\'), ['end\\']);
    assert.deepEqual(split(''), []);
  });

  it('lose quotes and escapes', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['plain', 'plain'],
      ['"a b"', 'a b'],
      ['\'a "b"\'', 'a "b"'],
      ['a\\ b', 'a b'],
      ['"a\\"b\\$c\\d"', 'a"b$c\\d'],
      ["'a\\b'", 'a\\b'],
      ['x"y"\'z\'', 'xyz'],
      ['end\\', 'end\\'],
    ];
    for (const [raw, expected] of cases) assert.equal(unquote(raw, '\\'), expected, raw);
  });

  it('are marked without one pair of quotes around them', () => {
    const inner = (text: string): string => {
      const { start, end } = insideQuotes(text, { start: 0, end: text.length });
      return text.slice(start, end);
    };
    assert.equal(inner('"a b"'), 'a b');
    assert.equal(inner("'a'"), 'a');
    assert.equal(inner('"a"b"c"'), '"a"b"c"');
    assert.equal(inner('"'), '"');
    assert.equal(inner('""'), '');
  });
});

describe('the JSON form', () => {
  it('is a list of strings with their places', () => {
    const text = '["a", "b \\"c\\"" , "\\u0041\\n"]';
    assert.deepEqual(
      jsonWords(text)?.map(({ text: value, span }) => [value, text.slice(span.start, span.end)]),
      [
        ['a', 'a'],
        ['b "c"', 'b \\"c\\"'],
        ['A\n', '\\u0041\\n'],
      ],
    );
    assert.deepEqual(jsonWords('[]'), []);
  });

  it('is nothing else', () => {
    for (const text of ["['a']", '[a]', '["a"', '["a", 1]', '{"a":1}', '"a"', '[ -f /x ] && y', '']) {
      assert.equal(jsonWords(text), undefined, text);
    }
  });

  it('gives each decoded character its place', () => {
    const file = 'xx["a\\"\\u0041b"]';
    const flat = FlatText.of(file, [[2, file.length]]);
    const [word] = jsonWords(flat.text) ?? [];
    assert.ok(word);
    const decoded = decodeJsonString(flat, word.span);
    assert.equal(decoded.text, 'a"Ab');
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => file[decoded.offset(index)]),
      ['a', '\\', '\\', 'b'],
    );
  });
});

describe('flat text', () => {
  const file = '0123456789';
  const flat = FlatText.of(file, [
    [1, 3],
    [5, 5],
    [6, 9],
  ]);

  it('knows the place of each character and of spans', () => {
    assert.equal(flat.text, '12678');
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6].map((index) => flat.offset(index)),
      [1, 2, 6, 7, 8, 9, 9],
    );
    assert.deepEqual(flat.span(0, 2), [1, 3]);
    assert.deepEqual(flat.span(1, 3), [2, 7]);
    assert.deepEqual(flat.span(2, 2), [6, 6]);
    assert.deepEqual(flat.pieces(), [
      [1, 3],
      [6, 9],
    ]);
  });

  it('can be cut', () => {
    const cut = flat.slice(1, 4);
    assert.equal(cut.text, '267');
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => cut.offset(index)),
      [2, 6, 7, 8],
    );
    assert.equal(flat.slice(4).text, '8');
    assert.equal(flat.slice(5).text, '');
    assert.equal(FlatText.of('', []).offset(0), 0);
  });
});
