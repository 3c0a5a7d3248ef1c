import assert from 'node:assert/strict';
import type { VerifyResult, VerifyStep } from '../../../src/connectivity/types.ts';
import { reportStrings } from '../../../src/report/strings.ts';
import { makeTexts } from '../../../src/report/texts.ts';
import { missingRoleCommands, stepCounts, verifyMarkdown } from '../../../src/report/verify-text.ts';

function step(change: Partial<VerifyStep>): VerifyStep {
  return { id: 's', group: 'identity', title: 'Azure token', state: 'pass', required: true, neededFor: [], ...change };
}

const reader = {
  label: 'Assigns Reader',
  text: 'az role assignment create --assignee a --role Reader --scope /subscriptions/b',
};

describe('the words about a verification', () => {
  it('count what was tried, without what was skipped', () => {
    const steps = [step({}), step({ state: 'fail' }), step({ state: 'skipped' }), step({ state: 'blocked' })];
    assert.deepEqual(stepCounts(steps), { passed: 1, total: 3 });
  });

  it('gather the commands of missing roles, each once', () => {
    const steps = [
      step({ state: 'fail', command: reader }),
      step({ state: 'warn', command: reader }),
      step({ state: 'pass', command: { label: '', text: 'az role assignment create --assignee passed' } }),
      step({ state: 'fail', command: { label: '', text: 'kubectl apply -f x' } }),
    ];
    assert.deepEqual(missingRoleCommands(steps), [reader.text]);
  });

  it('make a table whose cells stay cells', () => {
    const result: VerifyResult = {
      connectionId: 'c',
      startedAt: '2026-11-20T09:00:00Z',
      ranFrom: 'this computer',
      verdict: 'gaps',
      steps: [
        step({}),
        step({ state: 'warn', title: 'Reader | x', reason: 'No\nrole <b>', nextStep: 'Assign `Reader`' }),
      ],
    };
    const lines = verifyMarkdown('Prod', result, makeTexts('en', reportStrings)).split('\n');
    assert.equal(lines[0], '# Connectivity of Prod');
    assert.match(lines[2] ?? '', /^Connected with gaps: 1 of 2 steps passed, from this computer, /);
    assert.deepEqual(lines.slice(4), [
      '| State | Step | Reason | Next step |',
      '| --- | --- | --- | --- |',
      '| Passed | Azure token |  |  |',
      '| Attention | Reader \\| x | No role \\<b\\> | Assign \\`Reader\\` |',
      '',
    ]);
  });
});
