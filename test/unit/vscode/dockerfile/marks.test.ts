import assert from 'node:assert/strict';
import type { Fix, ReportedViolation } from '../../../../src/dockerfile/types.ts';
import type { Severity } from '../../../../src/core/severity.ts';
import type { DockerfileMark } from '../../../../src/engine-contract.ts';
import { levelled, safeEdits, withinLimits } from '../../../../src/vscode/dockerfile/marks.ts';

const range = (line: number, from: number, to: number) => ({
  start: { line, character: from },
  end: { line, character: to },
});
const fix = (title: string, safe: boolean, line: number, from: number, to: number): Fix => ({
  title,
  safe,
  edits: [{ range: range(line, from, to), newText: title }],
});
const violation = (rule: string, ...fixes: Fix[]): ReportedViolation => ({
  rule,
  aliases: [],
  severity: 'warning',
  message: 'm',
  why: 'w',
  docs: 'https://docs.example',
  range: range(0, 0, 1),
  ...(fixes.length === 0 ? {} : { fixes }),
});

describe('marks of a Dockerfile', () => {
  it('take the levels that a person set', () => {
    const levels = levelled([violation('df-a'), violation('df-b'), violation('df-c')], {
      'df-a': 'off',
      'df-b': 'error',
    });
    assert.deepEqual(
      levels.map(({ rule, severity }) => `${rule} ${severity}`),
      ['df-b error', 'df-c warning'],
    );
  });

  it('27.11: follow the minimum severity', () => {
    const mark = (...levels: readonly Severity[]): DockerfileMark => {
      const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
      for (const level of levels) counts[level]++;
      return {
        range: range(0, 0, 1),
        rule: 'df-base-image-no-known-vulnerabilities',
        severity: 'warning',
        message: 'm',
        hover: '',
        findingIds: [],
        counts,
        scannedAt: '2026-05-18T10:00:00Z',
      };
    };
    const marks = [mark('low', 'critical'), mark('high'), mark('medium', 'low'), mark('low'), mark('info')];
    const left = (minimumSeverity: Severity) => withinLimits(marks, { minimumSeverity, hideWithoutFix: false }).length;
    assert.deepEqual([left('critical'), left('high'), left('medium'), left('low'), left('info')], [1, 2, 3, 4, 5]);
  });

  it('are fixed all at once by safe fixes that do not touch each other', () => {
    const titles = safeEdits([
      violation('df-late', fix('late', true, 5, 0, 3)),
      violation('df-unsafe', fix('unsafe', false, 1, 0, 3)),
      violation('df-first', fix('first', true, 2, 0, 4)),
      violation('df-overlap', fix('overlap', true, 2, 3, 6)),
      violation('df-same-place', fix('same', true, 2, 0, 4)),
      violation('df-none'),
    ]).map(({ title }) => title);
    assert.deepEqual(titles, ['first', 'late']);
  });
});
