import assert from 'node:assert/strict';
import { evaluateLine, isLineError } from '../../../../src/findings/priority/lines.ts';
import type { LineError } from '../../../../src/findings/priority/lines.ts';
import type { PriorityResult } from '../../../../src/findings/priority/finding.ts';

const V12 =
  '{"finding":"V12","kind":"vulnerability","base":{"level":"Low","source":"Debian"},"attackVector":"N","ssvc":{"automatable":"no","technicalImpact":"partial"},"factors":[{"id":"runtime.running","value":true},{"id":"exposure.public-lb","value":true,"values":{"ip":"20.1.2.3","port":"443"}},{"id":"exploit.kev","value":true}],"settings":{"weights":{"exploit.kev":0}}}';
const V18 =
  '{"finding":"V18","kind":"vulnerability","base":{"level":"Critical","source":"Debian","other":"NVD Critical 9.8"},"cvss":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","factors":[{"id":"runtime.not-running","value":true,"ageHours":72},{"id":"exposure.cluster-only","value":true,"ageHours":72}]}';

function answered(text: string): PriorityResult {
  const answer = evaluateLine(text, 1);
  assert.ok(answer !== undefined && !isLineError(answer), JSON.stringify(answer));
  return answer;
}

function failed(text: string, line = 1): LineError {
  const answer = evaluateLine(text, line);
  assert.ok(answer !== undefined && isLineError(answer), JSON.stringify(answer));
  return answer;
}

const minimal = { finding: 'f', kind: 'vulnerability', base: { level: 'High', source: 'Debian' } };
const line = (more: object): string => JSON.stringify({ ...minimal, ...more });

describe('priority lines', () => {
  it('answers an example with a weight of 0 and a floor', () => {
    const { settings, ...rest } = answered(V12);
    assert.match(settings, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      finding: 'V12',
      base: { level: 'Low', source: 'Debian' },
      effective: 'High',
      state: 'open',
      placement: null,
      up: 7,
      down: 0,
      pressure: 7,
      rules: ['F1'],
      window: '14d',
      headline:
        'Low → High: Reachable from the internet at 20.1.2.3:443. Running now. Known exploited and exposed (F1).',
      factors: [
        { id: 'exploit.kev', points: 0, text: 'Known exploited' },
        { id: 'runtime.running', points: 2, text: 'Running now' },
        { id: 'exposure.public-lb', points: 5, text: 'Reachable from the internet at 20.1.2.3:443.' },
      ],
      unknown: [],
      rejected: [],
      model: '1.0.0',
    });
  });

  it('answers an example where good news has expired', () => {
    const { settings, ...rest } = answered(V18);
    assert.match(settings, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      finding: 'V18',
      base: { level: 'Critical', source: 'Debian', other: 'NVD Critical 9.8' },
      effective: 'Critical',
      state: 'open',
      placement: null,
      up: 0,
      down: 0,
      pressure: 0,
      rules: [],
      window: '3d',
      headline: 'Critical, unchanged: 2 facts checked, none moves it.',
      factors: [],
      unknown: [
        { id: 'runtime.not-running', why: 'read 72 h ago, limit 24 h', counterfactual: 'Critical → High' },
        { id: 'exposure.cluster-only', why: 'read 72 h ago, limit 24 h', counterfactual: 'Critical → High' },
      ],
      rejected: [],
      model: '1.0.0',
    });
  });

  it('writes its members in the order of the format', () => {
    assert.deepEqual(Object.keys(answered(V12)), [
      'finding',
      'base',
      'effective',
      'state',
      'placement',
      'up',
      'down',
      'pressure',
      'rules',
      'window',
      'headline',
      'factors',
      'unknown',
      'rejected',
      'model',
      'settings',
    ]);
  });

  it('passes over blank lines', () => {
    for (const blank of ['', ' ', '\t', '\r', ' \r']) assert.equal(evaluateLine(blank, 7), undefined);
  });

  it('reads a line with its carriage return, and the first one with a byte order mark', () => {
    assert.equal(answered(`\uFEFF${V12}\r`).finding, 'V12');
    assert.equal(failed(`\uFEFF${V12}`, 2).line, 2);
  });

  it('gives finding and base back as they came', () => {
    const base = { source: 'Debian', level: 'High', note: [1, { a: null }] };
    const result = answered(line({ finding: '', base }));
    assert.equal(result.finding, '');
    assert.equal(JSON.stringify(result.base), JSON.stringify(base));
  });

  it('does not write back a base that nests without end', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const text = `{"finding":"f","kind":"posture","base":{"level":"High","source":"s","x":${deep}},"other":${deep}}`;
    assert.deepEqual(answered(text).base, { level: 'High', source: 's' });
  });

  it('ignores members that it does not know', () => {
    assert.equal(answered(line({ note: 1, factors: [{ id: 'exploit.kev', value: true, note: {} }] })).up, 15);
  });

  it('ignores members that belong to the other kind, whatever they hold', () => {
    assert.equal(answered(line({ self: 5, apiServer: 'x' })).effective, 'High');
    const other = { kind: 'posture', cvss: 5, attackVector: 'X', ssvc: [], malicious: 'x' };
    assert.equal(answered(line(other)).effective, 'High');
  });

  it('takes an unreadable vector as absent', () => {
    assert.equal(answered(line({ cvss: 'nonsense' })).window, '3d');
  });

  it('takes an age beyond all numbers as too old', () => {
    const text =
      '{"finding":"f","kind":"vulnerability","base":{"level":"High","source":"s"},"factors":[{"id":"data.none","value":true,"ageHours":1e400}]}';
    assert.deepEqual(
      answered(text).unknown.map(({ id }) => id),
      ['data.none'],
    );
  });

  it('evaluates once when the list of placements is empty', () => {
    assert.equal(answered(line({ placements: [] })).placement, null);
    assert.equal(answered(line({ placements: [{ id: '' }] })).placement, '');
  });

  it('refuses settings without refusing the line', () => {
    assert.deepEqual(answered(line({ settings: 'x' })).rejected, ['settings']);
    assert.deepEqual(answered(line({ settings: null })).rejected, ['settings']);
    assert.deepEqual(answered(line({ settings: { weights: { nope: 1 }, limits: { maxUp: '1' } } })).rejected, [
      'limits.maxUp',
      'weights.nope',
    ]);
  });

  it('gives no line anything of the line before', () => {
    const first = JSON.stringify(answered(line({})));
    answered(V12);
    failed('{');
    assert.equal(JSON.stringify(answered(line({}))), first);
  });
});

describe('priority lines that cannot be answered', () => {
  const factor = { id: 'exploit.kev', value: true };
  const bad: readonly (readonly [string, string])[] = [
    ['no JSON', 'finding'],
    ['half a line', V12.slice(0, -1)],
    ['two objects', `${V12}${V12}`],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['a number', '1'],
    ['no finding', JSON.stringify({ ...minimal, finding: undefined })],
    ['a finding that is no text', line({ finding: 1 })],
  ];
  for (const [title, text] of bad) {
    it(`${title}: line and error alone`, () => {
      const answer = failed(text, 5);
      assert.deepEqual(Object.keys(answer), ['line', 'error']);
      assert.equal(answer.line, 5);
      assert.notEqual(answer.error, '');
    });
  }

  const named: readonly (readonly [string, object])[] = [
    ['no kind', { kind: undefined }],
    ['an unknown kind', { kind: 'Vulnerability' }],
    ['no base', { base: undefined }],
    ['a base that is a text', { base: 'High' }],
    ['a base without source', { base: { level: 'High' } }],
    ['a level in lower case', { base: { level: 'high', source: 's' } }],
    ['a level None', { base: { level: 'None', source: 's' } }],
    ['another base that is no text', { base: { level: 'High', source: 's', other: null } }],
    ['a vector that is no text', { cvss: 9.8 }],
    ['a vector of null', { cvss: null }],
    ['an unknown attack vector', { attackVector: 'n' }],
    ['enrichment that is a list', { ssvc: [] }],
    ['an unknown word in automatable', { ssvc: { automatable: true } }],
    ['an unknown word in technical impact', { ssvc: { technicalImpact: 'none' } }],
    ['malicious as a word', { malicious: 'true' }],
    ['factors that are a map', { factors: {} }],
    ['factors of null', { factors: null }],
    ['a factor that is a text', { factors: ['exploit.kev'] }],
    ['a factor without id', { factors: [{ value: true }] }],
    ['a factor without value', { factors: [{ id: 'exploit.kev' }] }],
    ['an unknown factor', { factors: [{ id: 'exploit.KEV', value: true }] }],
    ['a factor named after what objects inherit', { factors: [{ id: 'constructor', value: true }] }],
    ['a repeated factor', { factors: [factor, { ...factor, value: false }] }],
    ['a value that is another word', { factors: [{ ...factor, value: 'true' }] }],
    ['a value of null', { factors: [{ ...factor, value: null }] }],
    ['an age below 0', { factors: [{ ...factor, ageHours: -1 }] }],
    ['an age that is a text', { factors: [{ ...factor, ageHours: '1' }] }],
    ['a mark that is a number', { factors: [{ ...factor, stale: 1 }] }],
    ['values that are a list', { factors: [{ ...factor, values: ['x'] }] }],
    ['values that are no texts', { factors: [{ ...factor, values: { date: 1 } }] }],
    ['a reason that is no text', { factors: [{ ...factor, why: 1 }] }],
    ['placements that are a map', { placements: {} }],
    ['a placement without id', { placements: [{}] }],
    ['a placement id that is no text', { placements: [{ id: 1 }] }],
    ['a repeated placement', { placements: [{ id: 'a' }, { id: 'a', factors: [] }] }],
    ['a repeated factor in a placement', { placements: [{ id: 'a', factors: [factor, factor] }] }],
    ['an unknown factor in a placement', { placements: [{ id: 'a', factors: [{ id: 'x', value: true }] }] }],
    ['factors of null in a placement', { placements: [{ id: 'a', factors: null }] }],
    ['own factors that are a text', { kind: 'posture', self: 'runtime.privileged' }],
    ['an unknown own factor', { kind: 'posture', self: ['runtime'] }],
    ['a repeated own factor', { kind: 'posture', self: ['runtime.privileged', 'runtime.privileged'] }],
    ['API server as a word', { kind: 'posture', apiServer: 'yes' }],
  ];
  for (const [title, more] of named) {
    it(`${title}: with the finding`, () => {
      const answer = failed(line(more), 2);
      assert.deepEqual(Object.keys(answer), ['line', 'finding', 'error']);
      assert.equal(answer.finding, 'f');
      assert.notEqual(answer.error, '');
    });
  }
});
