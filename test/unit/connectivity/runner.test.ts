import assert from 'node:assert/strict';
import { clusterReaderRole, postureAddOnRole, roleBinding } from '../../../src/connectivity/advice.ts';
import { failed, StepRunner, type StepOutcome, type StepPlan } from '../../../src/connectivity/runner.ts';
import type { VerifyStep } from '../../../src/connectivity/types.ts';
import { verdictOf } from '../../../src/connectivity/verify.ts';
import { sleep } from '../../../src/core/concurrency.ts';
import { AccessDeniedError, NotSignedInError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';

const never = new AbortController().signal;

function plan(id: string, run: (signal: AbortSignal) => Promise<StepOutcome>, more: Partial<StepPlan> = {}): StepPlan {
  return { id, group: 'identity', title: id, required: false, neededFor: [], needs: [], run, ...more };
}

const pass = (): Promise<StepOutcome> => Promise.resolve({ state: 'pass' });
const fail = (): Promise<StepOutcome> => Promise.resolve({ state: 'fail', reason: 'No.' });

function runner(
  more: { signal?: AbortSignal; stepTimeoutMs?: number; onStep?: (step: VerifyStep) => void } = {},
): StepRunner {
  return new StepRunner({ signal: never, log: silentLog, stepTimeoutMs: 1000, atOnce: 4, ...more });
}

const states = (of: StepRunner): Record<string, string> =>
  Object.fromEntries(of.steps.map(({ id, state }) => [id, state]));

describe('steps of a verification', () => {
  it('run four at a time', async () => {
    let running = 0;
    let most = 0;
    const steps = runner();
    steps.start(
      Array.from({ length: 12 }, (_, index) =>
        plan(`s${index}`, async (signal) => {
          most = Math.max(most, ++running);
          await sleep(10, signal);
          running--;
          return { state: 'pass' };
        }),
      ),
    );
    await steps.settle();
    assert.equal(most, 4);
    assert.ok(steps.isDone);
  });

  it('wait for what they need, and are blocked by name when it failed', async () => {
    const steps = runner();
    steps.start([
      plan('token', fail, { required: true, title: 'Azure token' }),
      plan('registry', pass, { needs: ['token'] }),
      plan('image', pass, { needs: ['registry'] }),
      plan('free', pass),
    ]);
    await steps.settle();
    assert.deepEqual(states(steps), { token: 'fail', registry: 'blocked', image: 'blocked', free: 'pass' });
    assert.equal(steps.steps[1]?.reason, 'Needs the step "Azure token".');
  });

  it('warn when they are optional, and let others go on when they are usable all the same', async () => {
    const steps = runner();
    steps.start([
      plan('optional', fail),
      plan('partly', () => Promise.resolve({ state: 'warn', usable: true })),
      plan('after', pass, { needs: ['partly'] }),
      plan('blocked', pass, { needs: ['optional'] }),
    ]);
    await steps.settle();
    assert.deepEqual(states(steps), { optional: 'warn', partly: 'warn', after: 'pass', blocked: 'blocked' });
  });

  it('have a deadline each, told in words', async () => {
    const steps = runner({ stepTimeoutMs: 30 });
    steps.start([plan('slow', (signal) => sleep(60_000, signal).then(pass), { required: true, title: 'Azure token' })]);
    await steps.settle();
    assert.equal(steps.steps[0]?.state, 'fail');
    assert.match(steps.steps[0].reason ?? '', /^Cannot finish the step "Azure token"/);
  });

  it('are cancelled, all of them, when the caller stops', async () => {
    const stop = new AbortController();
    const steps = runner({ signal: stop.signal });
    steps.start([
      plan('running', (signal) => sleep(60_000, signal).then(pass)),
      plan('waiting', pass, { needs: ['running'] }),
    ]);
    setTimeout(() => stop.abort(), 20);
    await steps.settle();
    assert.deepEqual(states(steps), { running: 'cancelled', waiting: 'cancelled' });
  });

  it('tell every change in order', async () => {
    const told: string[] = [];
    const steps = runner({ onStep: ({ id, state }) => told.push(`${id} ${state}`) });
    steps.start([plan('a', pass), plan('b', pass, { needs: ['a'] })]);
    await steps.settle();
    assert.deepEqual(told, ['a pending', 'b pending', 'a running', 'a pass', 'b running', 'b pass']);
  });

  it('survive a defect of ours', async () => {
    const steps = runner();
    steps.start([plan('broken', () => Promise.reject(new TypeError('x is not a function')))]);
    await steps.settle();
    assert.equal(steps.steps[0]?.state, 'warn');
    assert.match(steps.steps[0].nextStep ?? '', /defect of Plimsoll/);
  });

  it('are enough when one of several passes', async () => {
    const many = { required: true, oneOf: 'subscription' };
    const steps = runner();
    steps.start([plan('a', fail, many), plan('b', pass, many)]);
    await steps.settle();
    steps.conclude();
    assert.deepEqual(
      steps.steps.map(({ id, state, required }) => [id, state, required]),
      [
        ['a', 'warn', false],
        ['b', 'pass', true],
      ],
    );
    assert.equal(verdictOf(steps.steps), 'gaps');
    const none = runner();
    none.start([plan('a', fail, many), plan('b', fail, many)]);
    await none.settle();
    none.conclude();
    assert.deepEqual(states(none), { a: 'fail', b: 'fail' });
    assert.equal(verdictOf(none.steps), 'failed');
  });

  it('can run once more', async () => {
    let ready = false;
    const steps = runner();
    steps.start([plan('role', () => Promise.resolve(ready ? { state: 'pass' } : { state: 'warn', again: true }))]);
    await steps.settle();
    assert.deepEqual(steps.toTryAgain, ['role']);
    ready = true;
    await steps.repeat(steps.toTryAgain);
    assert.deepEqual(steps.toTryAgain, []);
    assert.deepEqual(states(steps), { role: 'pass' });
  });
});

describe('verdict', () => {
  const step = (state: VerifyStep['state'], required: boolean): VerifyStep => ({
    id: 'x',
    group: 'identity',
    title: 'x',
    state,
    required,
    neededFor: [],
  });
  const cases: readonly (readonly [readonly VerifyStep[], string])[] = [
    [[step('pass', true), step('skipped', false)], 'active'],
    [[step('pass', true), step('blocked', false)], 'active'],
    [[step('pass', true), step('warn', false)], 'gaps'],
    [[step('fail', true), step('warn', false)], 'failed'],
    [[step('blocked', true)], 'failed'],
    [[step('cancelled', true)], 'failed'],
  ];
  for (const [steps, expected] of cases) {
    it(`of ${steps.map(({ state, required }) => `${required ? 'required' : 'optional'} ${state}`).join(', ')} is ${expected}`, () => {
      assert.equal(verdictOf(steps), expected);
    });
  }
});

describe('an error as outcome of a step', () => {
  it('keeps code, trace id and status', () => {
    assert.deepEqual(failed(new NotSignedInError('No', 'Do', { aadsts: 7000222, traceId: 't' })), {
      state: 'fail',
      reason: 'No.',
      nextStep: 'Do.',
      detail: { code: 'AADSTS7000222', traceId: 't' },
    });
    assert.deepEqual(
      failed(new AccessDeniedError('No.', 'Do.', { scope: '/x', httpStatus: 403, serviceCode: 'AuthorizationFailed' }))
        .detail,
      { code: 'AuthorizationFailed', httpStatus: 403 },
    );
  });
});

describe('texts to copy', () => {
  it('are role definitions in the form that az takes', () => {
    assert.deepEqual(JSON.parse(postureAddOnRole('/subscriptions/s').text), {
      Name: 'Plimsoll posture add-on',
      IsCustom: true,
      Description: 'Reads app settings and Bastion share links for posture checks',
      Actions: ['Microsoft.Web/sites/config/list/action', 'Microsoft.Network/bastionHosts/getShareableLinks/action'],
      NotActions: [],
      DataActions: [],
      NotDataActions: [],
      AssignableScopes: ['/subscriptions/s'],
    });
    const cluster: unknown = JSON.parse(clusterReaderRole('/subscriptions/s/resourceGroups/g/providers/x/y/z').text);
    assert.deepEqual(cluster, {
      Name: 'Plimsoll cluster reader',
      IsCustom: true,
      Description: 'Reads all objects of AKS clusters but secrets',
      Actions: [],
      NotActions: [],
      DataActions: ['Microsoft.ContainerService/managedClusters/*/read'],
      NotDataActions: ['Microsoft.ContainerService/managedClusters/secrets/read'],
      AssignableScopes: ['/subscriptions/s'],
    });
  });

  it('are a role binding that names the object id', () => {
    assert.match(
      roleBinding('5e71ce00-0000-4000-8000-000000000001').text,
      /kind: User\n {4}name: 5e71ce00-0000-4000-8000-000000000001\n/,
    );
  });
});
