import assert from 'node:assert/strict';
import { LineMap } from '../../../src/dockerfile/line-map.ts';
import { Variables, finalChain, instructionAt, pairsOf, parseDockerfile } from '../../../src/dockerfile/model.ts';
import { expand, variablesIn } from '../../../src/dockerfile/variables.ts';
import { mark } from './support.ts';

describe('instructions', () => {
  it('have keyword, flags, words and place', () => {
    const file = parseDockerfile('FROM a\n  copy --from="b c" --link \\\n  x "y z" /d\n');
    const copy = file.instructions[1];
    assert.ok(copy);
    assert.equal(copy.keyword, 'COPY');
    assert.deepEqual(copy.flags, [
      { name: 'from', value: 'b c' },
      { name: 'link', value: '' },
    ]);
    assert.deepEqual(
      copy.words.map(({ text }) => text),
      ['x', 'y z', '/d'],
    );
    assert.equal(
      mark(file.text, [copy.range, copy.keywordRange, ...copy.words.map(({ range }) => range)]),
      'FROM a\n  ««copy» --from="b c" --link \\\n  «x» "«y z»" «/d»»\n',
    );
    assert.equal(copy.isJson, false);
  });

  it('of the JSON form have their strings as words', () => {
    const file = parseDockerfile('FROM a\nCMD ["x y", \\\n  "z"]\n');
    const command = file.instructions[1];
    assert.ok(command);
    assert.equal(command.isJson, true);
    assert.equal(
      mark(
        file.text,
        command.words.map(({ range }) => range),
      ),
      'FROM a\nCMD ["«x y»", \\\n  "«z»"]\n',
    );
  });

  it('under ONBUILD are those inside, with the place of the whole', () => {
    const file = parseDockerfile('FROM a\nONBUILD  run x\nONBUILD\n');
    assert.deepEqual(
      file.instructions.map(({ keyword, onbuild }) => [keyword, onbuild]),
      [
        ['FROM', false],
        ['RUN', true],
        ['ONBUILD', false],
      ],
    );
    const run = file.instructions[1];
    assert.ok(run);
    assert.equal(mark(file.text, [run.range, run.keywordRange]), 'FROM a\n«ONBUILD  «run» x»\nONBUILD\n');
  });

  it('are found by line', () => {
    const file = parseDockerfile('# c\nFROM a\n\nRUN b \\\n  c\n');
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((line) => instructionAt(file, line)),
      [-1, 0, 0, 1, 1, 1],
    );
  });
});

describe('stages', () => {
  const bases = (text: string): unknown[] => parseDockerfile(text).stages.map(({ base }) => base);

  it('stand on images, scratch, other stages, or what only the build knows', () => {
    assert.deepEqual(
      bases('ARG V=12\nARG T=${V}-slim\nFROM debian:$T AS one\nFROM ONE AS two\nFROM Scratch\nFROM x:${W}\n'),
      [
        { kind: 'image', reference: 'debian:12-slim' },
        { kind: 'stage', stage: 0 },
        { kind: 'scratch' },
        { kind: 'unresolved', written: 'x:${W}', variable: 'W', reference: 'x:\0' },
      ],
    );
  });

  it('do not stand on stages that come later or on themselves', () => {
    assert.deepEqual(bases('FROM b AS a\nFROM a AS a\nFROM a\n'), [
      { kind: 'image', reference: 'b' },
      { kind: 'stage', stage: 0 },
      { kind: 'stage', stage: 1 },
    ]);
  });

  it('end with the last one and those it is built from', () => {
    const file = parseDockerfile('FROM x AS a\nFROM y AS b\nFROM a AS c\nFROM b\nFROM c\n');
    assert.deepEqual(
      finalChain(file).map(({ index }) => index),
      [0, 2, 4],
    );
    assert.deepEqual(finalChain(parseDockerfile('RUN a\n')), []);
  });

  it('do not see build arguments of other stages', () => {
    assert.deepEqual(bases('FROM a\nARG V=1\nFROM b:${V}\n')[1], {
      kind: 'unresolved',
      written: 'b:${V}',
      variable: 'V',
      reference: 'b:\0',
    });
  });

  it('are none in a text that is too long', () => {
    assert.deepEqual(bases(`FROM a\n#${'x'.repeat(2 * 1024 * 1024)}`), []);
  });
});

describe('pairs of ENV, ARG and LABEL', () => {
  const pairs = (instruction: string): unknown[] => {
    const file = parseDockerfile(`FROM a\n${instruction}\n`);
    const found = file.instructions[1];
    assert.ok(found);
    return pairsOf(file, found).map(({ name, value, valueRange }) => [
      name,
      value,
      valueRange === undefined
        ? undefined
        : file.text.slice(file.lines.offset(valueRange.start), file.lines.offset(valueRange.end)),
    ]);
  };

  it('are read in both forms', () => {
    assert.deepEqual(pairs('ENV A=1 B="2 3" C=x\\ y'), [
      ['A', '1', '1'],
      ['B', '2 3', '2 3'],
      ['C', 'x y', 'x\\ y'],
    ]);
    assert.deepEqual(pairs('ENV A b  c'), [['A', 'b  c', 'b  c']]);
    assert.deepEqual(pairs('ENV A "b c"'), [['A', 'b c', 'b c']]);
    assert.deepEqual(pairs('LABEL "a b"="c=d"'), [['a b', 'c=d', 'c=d']]);
    assert.deepEqual(pairs('ARG A B=1'), [
      ['A', undefined, undefined],
      ['B', '1', '1'],
    ]);
    assert.deepEqual(pairs('ENV A=1 B'), [['A', '1', '1']]);
    assert.deepEqual(pairs('ENV A'), []);
    assert.deepEqual(pairs('ENV A='), [['A', '', '']]);
  });
});

describe('variables', () => {
  it('are expanded with defaults and alternatives', () => {
    const values = new Map([
      ['A', 'x'],
      ['E', ''],
    ]);
    const cases: readonly (readonly [string, string, string?])[] = [
      ['plain', 'plain'],
      ['$A-${A}', 'x-x'],
      ['${E:-d}${N:-$A}${A:-d}', 'dxx'],
      ['${A:+yes}${E:+no}${N:+no}', 'yes'],
      ['$N', '', 'N'],
      ['a${N}b$M', 'ab', 'N'],
      ['\\$A', '\\$A'],
      ['$', '$'],
      ['${A', '${A'],
      ['${A:-${B}}', '${A:-}', 'B'],
    ];
    for (const [written, text, missing] of cases) {
      assert.deepEqual(expand(written, values), missing === undefined ? { text } : { text, missing }, written);
    }
    assert.deepEqual(expand('a$N', values, '?'), { text: 'a?', missing: 'N' });
  });

  it('are found by name', () => {
    assert.deepEqual(variablesIn('$A ${B} ${C:-x} \\$D $1 $$E'), ['A', 'B', 'C', 'E']);
  });

  it('take their values in the order of the instructions', () => {
    const file = parseDockerfile(
      'ARG G=1\nFROM a\nARG G\nARG H=$G.2\nENV A=$H B=$A\nENV C=$B$A\nENV G=3\nARG G=4\nONBUILD ENV A=no\nENV D=$UNKNOWN\n',
    );
    const variables = new Variables(file);
    for (const instruction of file.stages[0]?.instructions ?? []) variables.take(instruction);
    assert.deepEqual(Object.fromEntries(variables.values), { G: '3', H: '1.2', A: '1.2' });
  });
});

describe('the line map', () => {
  it('counts lines as the editor does', () => {
    const map = new LineMap('a\r\nb\nc\rd');
    assert.equal(map.count, 4);
    assert.deepEqual(
      [0, 1, 2, 3].map((line) => map.line(line)),
      ['a', 'b', 'c', 'd'],
    );
    assert.deepEqual(
      [0, 3, 5, 7, 8].map((offset) => map.position(offset)),
      [
        { line: 0, character: 0 },
        { line: 1, character: 0 },
        { line: 2, character: 0 },
        { line: 3, character: 0 },
        { line: 3, character: 1 },
      ],
    );
    assert.equal(map.offset({ line: 2, character: 1 }), 6);
    assert.equal(map.offset({ line: 9, character: 1 }), 8);
    assert.equal(map.lineEnd, '\r\n');
    assert.equal(new LineMap('a\n').lineEnd, '\n');
  });
});
