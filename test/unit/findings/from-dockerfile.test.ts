import assert from 'node:assert/strict';
import type { ReportedViolation } from '../../../src/dockerfile/types.ts';
import { findingsOfDockerfile } from '../../../src/findings/from-dockerfile.ts';

const at = '2026-11-20T12:00:00Z';
const text = ['FROM debian:12', 'ENV API_TOKEN=abcdefgh12345678', 'RUN true', 'RUN true', ''].join('\n');

function violation(line: number, more: Partial<ReportedViolation> = {}): ReportedViolation {
  return {
    rule: 'df-runs-as-non-root',
    aliases: ['DL3002'],
    severity: 'warning',
    docs: 'https://docs.docker.com/build/building/best-practices/',
    why: 'A process that breaks out is root on the node.',
    message: 'The image runs as root',
    range: { start: { line, character: 0 }, end: { line, character: 4 } },
    ...more,
  };
}

const findings = (violations: readonly ReportedViolation[], content = text) =>
  findingsOfDockerfile({ uri: 'file:///w/Dockerfile', path: 'api/Dockerfile', text: content, violations, at });

describe('findings of a Dockerfile', () => {
  it('say what, where and why', () => {
    const [found] = findings([violation(2)]);
    assert.ok(found);
    assert.deepEqual(
      [found.kind, found.sourceTool, found.check, found.title, found.result],
      ['dockerfile', 'dockerfile', 'df-runs-as-non-root', 'The image runs as root', 'open'],
    );
    assert.deepEqual(found.asset, {
      id: 'dockerfile:file:///w/Dockerfile',
      kind: 'dockerfile',
      name: 'api/Dockerfile',
      path: ['api/Dockerfile'],
    });
    assert.deepEqual(found.evidence, [{ label: 'Line', value: 'api/Dockerfile:3', at }]);
    assert.deepEqual([found.source?.line, found.source?.endLine, found.source?.confidence], [2, 2, 'exact']);
    assert.deepEqual(found.references, ['https://docs.docker.com/build/building/best-practices/']);
  });

  for (const [severity, level] of [
    ['error', 'high'],
    ['warning', 'medium'],
    ['information', 'low'],
    ['hint', 'info'],
  ] as const) {
    it(`the level ${severity} of a rule is ${level}`, () => {
      const [found] = findings([violation(2, { severity })]);
      assert.equal(found?.explanation.original.level, level);
      assert.equal(found.explanation.effective, level);
    });
  }

  it('stay the same finding when lines are put above', () => {
    const before = findings([violation(2)]);
    const after = findings([violation(4)], `# one\n# two\n${text}`);
    assert.equal(before[0]?.id, after[0]?.id);
    assert.notEqual(before[0]?.source?.line, after[0]?.source?.line);
  });

  it('are two where two equal instructions break the rule', () => {
    const ids = findings([violation(2), violation(3)]).map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
      findings([violation(2), violation(3)]).map(({ id }) => id),
      ids,
    );
  });

  const valueOfToken = { start: { line: 1, character: 14 }, end: { line: 1, character: 30 } };

  it('hold no value of a secret, in no field', () => {
    const secret = violation(1, {
      rule: 'df-no-secret-in-env',
      message: 'API_TOKEN holds a secret',
      range: valueOfToken,
    });
    const found = findings([secret]);
    assert.equal(found.length, 1);
    assert.ok(!JSON.stringify(found).includes('abcdefgh12345678'));
    assert.match(found[0]?.source?.excerpt?.join('\n') ?? '', /^FROM debian:12\nENV API_TOKEN=\*\*\*\nRUN true$/);
  });

  it('hold no secret of a line beside theirs either, found by a rule or not', () => {
    const secret = violation(1, { rule: 'df-no-secret-in-env', range: valueOfToken });
    for (const violations of [[secret, violation(2)], [violation(0)], [violation(2)]]) {
      const found = findings(violations);
      assert.ok(!JSON.stringify(found).includes('abcdefgh12345678'), JSON.stringify(found));
      assert.match(found.at(-1)?.source?.excerpt?.join('\n') ?? '', /ENV API_TOKEN/);
    }
  });

  it('hold no secret of the form without "=", of several lines, or behind another one', () => {
    for (const { lines, range } of [
      { lines: ['ENV API_TOKEN abcdefgh12345678', 'RUN true'], range: [0, 14, 0, 30] },
      { lines: ['ENV API_TOKEN="abcdefgh\\', '12345678" B=2', 'RUN true'], range: [0, 14, 1, 9] },
      {
        lines: ['ENV A_TOKEN=zyxwvuts98765432 \\', '  B_TOKEN=abcdefgh12345678', 'RUN true'],
        range: [0, 12, 0, 28],
      },
    ] as const) {
      const [line, character, endLine, endCharacter] = range;
      const place = { start: { line, character }, end: { line: endLine, character: endCharacter } };
      const secret = violation(line, { rule: 'df-no-secret-in-env', range: place });
      const text = JSON.stringify(findings([secret, violation(lines.length - 1)], lines.join('\n')));
      for (const part of ['abcdefgh', '12345678', 'zyxwvuts', '98765432']) assert.ok(!text.includes(part), text);
    }
  });

  it('name the fixes that are offered', () => {
    const fix = { title: 'Write AS', safe: true, edits: [] };
    assert.deepEqual(findings([violation(0, { fixes: [fix] })])[0]?.remediation, [{ kind: 'text', text: 'Write AS' }]);
  });

  it('may name a line that is not there', () => {
    assert.equal(findings([violation(99)]).length, 1);
  });
});
