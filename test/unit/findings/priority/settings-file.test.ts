import assert from 'node:assert/strict';
import { readPrioritySettings } from '../../../../src/findings/priority/settings-file.ts';

describe('priorities file', () => {
  it('applies what is valid and names file and line of what is not', () => {
    const text = [
      'model: 1.0.0',
      'weights: { exposure.cluster-only: -6, business.critical: "8" }',
      'limits:',
      '  maxDown: 1',
      '  maxUp: 7',
      'windows: false',
      '',
    ].join('\n');
    const { settings, refused } = readPrioritySettings(text, '.plimsoll/priorities.yaml');
    assert.deepEqual([...settings.settings.weights], [['exposure.cluster-only', -6]]);
    assert.deepEqual(settings.settings.limits, { maxDown: 1, maxUp: 2 });
    assert.deepEqual(
      refused.map(({ file, line, path }) => `${file}:${line} ${path}`),
      [
        '.plimsoll/priorities.yaml:5 limits.maxUp',
        '.plimsoll/priorities.yaml:2 weights.business.critical',
        '.plimsoll/priorities.yaml:6 windows',
      ],
    );
  });

  it('is all defaults when it is empty', () => {
    assert.deepEqual(readPrioritySettings('', 'f').refused, []);
    assert.deepEqual(readPrioritySettings('# nothing yet\n', 'f').refused, []);
  });

  it('is refused whole, with the line, when it is no YAML map', () => {
    const lines = (text: string): string[] =>
      readPrioritySettings(text, 'f').refused.map(({ line, path }) => `${line} ${path}`);
    assert.deepEqual(lines('model: 1.0.0\nlimits: {\n'), ['3 settings']);
    assert.deepEqual(lines('- a\n- b\n'), ['1 settings']);
    assert.deepEqual(lines('x'.repeat(300_000)), ['1 settings']);
  });

  it('does not expand aliases without end', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 0; level < 12; level++) {
      const name = String.fromCharCode(97 + level);
      const next = String.fromCharCode(98 + level);
      bomb.push(`${next}: &${next} [${Array.from({ length: 9 }, () => `*${name}`).join(', ')}]`);
    }
    const { refused } = readPrioritySettings(bomb.join('\n'), 'f');
    assert.deepEqual(
      refused.map(({ path }) => path),
      ['settings'],
    );
  });
});
