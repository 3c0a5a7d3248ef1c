import assert from 'node:assert/strict';
import type { VerifyStep } from '../../../src/connectivity/types.ts';
import type { ScanSummary } from '../../../src/report/contract.ts';
import { principalFromEnvironment } from '../../../src/vscode/environment.ts';
import { filterInWords, isSameFilter, readFilter } from '../../../src/vscode/filter-text.ts';
import { machineName } from '../../../src/vscode/machine.ts';
import { scanSentence } from '../../../src/vscode/scan-text.ts';
import { verdictSentence } from '../../../src/vscode/verify-text.ts';
import { english } from './support/english.ts';

const usual = { states: ['open'] } as const;

describe('a filter in words', () => {
  it('is empty for the usual one', () => {
    assert.equal(filterInWords(english, usual, usual), '');
  });

  it('names what it shows', () => {
    assert.equal(
      filterInWords(
        english,
        {
          text: 'log4j',
          severities: ['critical', 'high'],
          sourceTools: ['acr'],
          states: ['denied'],
          fixAvailable: true,
        },
        usual,
      ),
      '“log4j” · critical and high · Azure Container Registry · denied · fix available',
    );
    assert.equal(filterInWords(english, { ...usual, subscriptions: ['x'] }, usual), 'more filters');
  });

  it('is the same whatever the order of its lists, and without empty ones', () => {
    assert.equal(isSameFilter({ severities: ['high', 'low'] }, { severities: ['low', 'high'], text: '' }), true);
    assert.equal(isSameFilter({ severities: [] }, {}), true);
    assert.equal(isSameFilter({ fixAvailable: false }, {}), false);
  });
});

describe('a stored filter', () => {
  it('comes back as it was kept', () => {
    const filter = {
      sourceTools: ['acr'],
      severities: ['critical', 'high'],
      originalSeverities: ['unknown'],
      states: ['open', 'denied'],
      kinds: ['secret'],
      assetKinds: ['image'],
      connections: ['c1'],
      subscriptions: ['s1'],
      applications: ['shop'],
      asset: 'image:x',
      check: 'CVE-2026-1',
      fixAvailable: false,
      running: true,
      internetFacing: true,
      knownExploited: true,
      severityChanged: true,
      firstSeenDays: 7,
      text: 'log4j',
    } as const;
    assert.deepEqual(readFilter(JSON.parse(JSON.stringify(filter))), filter);
    assert.deepEqual(readFilter({}), {});
  });

  it('loses what this version does not know, and is none when it has another shape', () => {
    assert.deepEqual(readFilter({ severities: ['fatal', 'high', 7], states: 'open', running: 'yes', other: 1 }), {
      severities: ['high'],
    });
    assert.deepEqual(readFilter({ firstSeenDays: 0.5, text: '' }), {});
    for (const wrong of [undefined, null, 'open', 7, ['open']]) assert.equal(readFilter(wrong), undefined);
  });
});

describe('the end of a scan in words', () => {
  const scan = (state: ScanSummary['state'], problems: ScanSummary['problems'] = []): ScanSummary => ({
    id: 's',
    state,
    startedAt: '2026-11-21T12:00:00Z',
    ranFrom: 'this computer',
    done: 34,
    total: 120,
    target: 'Prod',
    problems,
  });
  const problem = { what: 'Registry shop', reason: 'the registry answered 403', nextStep: 'Assign AcrPull.' };
  for (const [state, problems, text] of [
    ['complete', [], 'Scan complete: 34 assets.'],
    ['partial', [problem, problem], 'Scan complete: 34 of 120 assets, 2 things could not be read.'],
    ['cancelled', [], 'Scan cancelled after 34 of 120 assets.'],
    ['interrupted', [], 'Scan interrupted after 34 of 120 assets.'],
    ['failed', [problem], 'Scan failed: the registry answered 403'],
  ] as const) {
    it(state, () => assert.equal(scanSentence(english, scan(state, problems)), text));
  }
});

describe('the verdict on a connection in words', () => {
  const step = (state: VerifyStep['state'], change: Partial<VerifyStep> = {}): VerifyStep => ({
    id: 'x',
    group: 'identity',
    title: 'Azure token',
    state,
    required: true,
    neededFor: [],
    ...change,
  });

  it('counts what needs attention', () => {
    assert.equal(
      verdictSentence(english, {
        verdict: 'gaps',
        steps: [step('pass'), step('warn'), step('blocked'), step('skipped')],
      }),
      'Connected. 2 of 4 steps need attention.',
    );
    assert.equal(
      verdictSentence(english, {
        verdict: 'failed',
        steps: [step('pass'), step('fail', { reason: 'This secret has expired.' })],
      }),
      'Not connected. Azure token: This secret has expired.',
    );
    assert.equal(
      verdictSentence(english, { verdict: 'active', steps: [step('pass'), step('skipped')] }),
      'Connected. All 2 steps passed or do not apply.',
    );
  });
});

describe('the machine that results come from', () => {
  it('is named by the kind of window', () => {
    const name = (remote: string | undefined) => machineName(english, remote, 'box', { WSL_DISTRO_NAME: 'Ubuntu' });
    assert.equal(name(undefined), 'this computer');
    assert.equal(name('wsl'), 'WSL: Ubuntu');
    assert.equal(name('ssh-remote'), 'SSH: box');
    assert.equal(name('dev-container'), 'container box');
    assert.equal(name('something-new'), 'remote machine box');
  });
});

describe('credentials in the environment', () => {
  const all = { AZURE_TENANT_ID: 'T', AZURE_CLIENT_ID: 'C', AZURE_CLIENT_SECRET: 'secret' };
  it('are offered only when all three are there', () => {
    assert.deepEqual(principalFromEnvironment(all), {
      tenantId: 't',
      clientId: 'c',
      clientSecret: 'secret',
      subscriptionIds: [],
    });
    for (const name of Object.keys(all)) assert.equal(principalFromEnvironment({ ...all, [name]: ' ' }), undefined);
  });
});
