import assert from 'node:assert/strict';
import { parseDockerfile } from '../../../src/dockerfile/model.ts';
import { effectiveWords, readsProgramFromInput, shellScripts } from '../../../src/dockerfile/shell.ts';
import { mark } from './support.ts';

/** Each script as its commands: operator before, then words in brackets. */
function scripts(run: string): string[] {
  const file = parseDockerfile(`FROM a\nRUN ${run}`);
  const instruction = file.instructions[1];
  assert.ok(instruction);
  return shellScripts(file, instruction).map((script) =>
    script.map(({ before, words }) => `${before}[${words.map(({ text }) => text).join('][')}]`).join(' '),
  );
}

describe('commands of a RUN', () => {
  const cases: readonly (readonly [name: string, run: string, expected: readonly string[]])[] = [
    ['are parted by operators', 'a b && c||d; e | f |& g & h', ['[a][b] &&[c] ||[d] ;[e] |[f] |&[g] &[h]']],
    ['lose quotes and escapes', `a "b \\"c" 'd "e' f\\ g`, ['[a][b "c][d "e][f g]']],
    ['leave assignments and redirections out', 'A=1 B="2" a >x 2>&1 <y b >>z 2>/dev/null c', ['[a][b][c]']],
    [
      'leave reserved words out',
      'if a; then b; else c; fi; for x in 1 2; do d; done',
      ['[a] ;[b] ;[c] ;[x][in][1][2] ;[d]'],
    ],
    ['stand in groups', '(a; b) && { c; d; }', ['([a] ;[b] {[c] ;[d]']],
    [
      'keep substitutions whole',
      'a $(b "c)" | d) `e f` <(g h) "$(i "j")"',
      ['[a][$(b "c)" | d)][`e f`][<(g h)][$(i "j")]'],
    ],
    ['end at comments', 'a b # c && d', ['[a][b]']],
    ['keep a hash inside a word', 'a b#c', ['[a][b#c]']],
    ['keep braces inside words', 'a {b,c} ${d} }', ['[a][{b,c}][${d}][}]']],
    ['go on behind a pipe at the end of a line', '<<EOF\na |\n  b\nc\nEOF', ['[a] |[b] \n[c]']],
    ['go on over escaped line ends', '<<EOF\na \\\n  b\nEOF', ['[a][b]']],
    [
      'of sh -c are a script of their own',
      `sh -ec 'a; b'; bash -x "c"`,
      ['[sh][-ec][a; b] ;[bash][-x][c]', '[a] ;[b]'],
    ],
    ['of nested sh -c too', `sh -c "bash -c 'a | b'"`, ["[sh][-c][bash -c 'a | b']", '[bash][-c][a | b]', '[a] |[b]']],
    ['of the JSON form are only those of a shell', '["sh", "-c", "a | b"]', ['[a] |[b]']],
    ['of other JSON forms are none', '["a", "b"]', []],
    ['of a here-document are its lines', '<<EOF\na\nb c\nEOF', ['[a] \n[b][c]']],
    ['of a here-document for another program are none', '<<EOF\n#!/usr/bin/python3\na | b\nEOF', []],
    ['of a here-document for a shell are a script', 'bash <<EOF\na | b\nEOF', ['[bash]', '[a] |[b]']],
    ['pass over a here-document for data', 'cat <<EOF > x && d\na | b\nEOF', ['[cat] &&[d]']],
    ['pass over here-documents inside scripts', "<<EOF\ncat <<'X'\na | b\nX\nc\nEOF", ['[cat] \n[c]']],
    ['come back after an open here-document', '<<EOF\ncat <<X\na\nEOF', ['[cat]']],
  ];
  for (const [name, run, expected] of cases) it(name, () => assert.deepEqual(scripts(run), expected));

  it('stand where the file has them', () => {
    const text = 'FROM a\nRUN one "t w" \\\n  # c\n  && sh -c "three \\"f\\" | five"\n';
    const file = parseDockerfile(text);
    const ranges = shellScripts(file, file.instructions[1]!)
      .flat()
      .filter(({ words }) => words[0]?.text !== 'sh')
      .map(({ range }) => range);
    assert.equal(mark(text, ranges), 'FROM a\nRUN «one "t w"» \\\n  # c\n  && sh -c "«three \\"f\\"» | «five»"\n');
  });

  it('nest no deeper than a few levels', () => {
    let script = 'a | b';
    for (let level = 0; level < 12; level++) script = `sh -c ${JSON.stringify(script)}`;
    assert.ok(scripts(script).length <= 6);
  });
});

describe('the command that really runs', () => {
  const effective = (text: string): string =>
    effectiveWords({ words: text.split(' ').map((word) => ({ text: word, range: zero })) })
      .map(({ text: word }) => word)
      .join(' ');
  const zero = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

  it('stands behind sudo, env and the like with their options', () => {
    assert.equal(effective('sudo -E -u app env A=1 -u B curl x'), 'curl x');
    assert.equal(effective('/usr/bin/time -f %e nice -n 5 sh'), 'sh');
    assert.equal(effective('exec -a name sh'), 'sh');
    assert.equal(effective('curl sudo'), 'curl sudo');
    assert.equal(effective('sudo'), '');
  });

  it('reads its program from input unless a word gives it', () => {
    const reads = (text: string): boolean =>
      readsProgramFromInput(text.split(' ').map((word) => ({ text: word, range: zero })));
    for (const text of [
      'sh',
      'bash -',
      'bash -s -- a',
      'sh -eux',
      'bash -o pipefail',
      'sh /dev/stdin x',
      'python3 -u',
      'node --',
      'bash -xs a',
    ]) {
      assert.equal(reads(text), true, text);
    }
    for (const text of [
      'sh a.sh',
      'bash -c a',
      'sh -- a',
      'python3 -m json.tool',
      'python3 -c x',
      'perl -ne x',
      'ruby -e x',
      'php -r x',
      'node a.js',
    ]) {
      assert.equal(reads(text), false, text);
    }
  });
});
