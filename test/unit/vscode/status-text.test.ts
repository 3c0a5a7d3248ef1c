import assert from 'node:assert/strict';
import type { Connection, ConnectionState } from '../../../src/azure/types.ts';
import { mattersOf, statusLook, type StatusFacts } from '../../../src/vscode/status-text.ts';
import { emptySummary, findingsBadge, parseSummary, type Summary } from '../../../src/vscode/summary.ts';
import { english } from './support/english.ts';

const now = new Date('2026-11-21T12:00:00Z');

const connection = (name: string, state: ConnectionState, secretExpires?: string): Connection => ({
  id: name,
  name,
  cloud: 'public',
  signIn: 'servicePrincipalSecret',
  state,
  capabilities: [],
  createdAt: '2026-01-01T00:00:00Z',
  ...(secretExpires === undefined ? {} : { secretExpires }),
});

const scanned: Summary = {
  ...emptySummary,
  hasResults: true,
  open: { critical: 4, high: 9, medium: 61, low: 0, info: 0 },
  total: 100,
  lastScanAt: '2026-11-21T10:00:00Z',
};

const facts = (change: Partial<StatusFacts>): StatusFacts => ({
  connections: [connection('Prod', 'active')],
  summary: scanned,
  scan: undefined,
  scanRunning: false,
  offline: false,
  now,
  secretExpiryWarningDays: 30,
  ...change,
});

describe('the status bar', () => {
  const cases: readonly (readonly [string, Partial<StatusFacts>, string, string])[] = [
    [
      'shows open critical and high findings',
      {},
      '$(shield) 4 C 9 H',
      'Plimsoll: 4 critical and 9 high findings are open. Last scan 2 hours ago.',
    ],
    [
      'is quiet when none of them is open, and still tells what was denied',
      { summary: { ...scanned, open: { ...scanned.open, critical: 0, high: 0 }, denied: 12 } },
      '$(shield)',
      'Plimsoll: no open critical or high findings. 12 checks denied. Last scan 2 hours ago.',
    ],
    [
      'does not call an estate clean that was never scanned',
      { summary: emptySummary },
      '$(shield)',
      'Plimsoll: nothing has been scanned yet',
    ],
    [
      'counts while scanning',
      { scanRunning: true, scan: { done: 34, total: 120 } },
      '$(sync~spin) 34/120',
      'Plimsoll: scanning, 34 of 120 assets',
    ],
    ['scans before anything is counted', { scanRunning: true }, '$(sync~spin) Scanning', 'Plimsoll: scanning'],
    [
      'asks for attention',
      { connections: [connection('Prod', 'secretMissing'), connection('Dev', 'active')] },
      '$(warning) Plimsoll',
      'Plimsoll: The client secret of "Prod" is missing. Enter it again.',
    ],
    [
      'warns of a secret that ends soon',
      { connections: [connection('Prod', 'active', '2026-12-03')] },
      '$(warning) Plimsoll',
      'Plimsoll: Prod: secret expires in 12 days',
    ],
    [
      'says when everything is paused',
      { connections: [connection('Prod', 'paused')] },
      '$(debug-pause) Plimsoll',
      'Plimsoll: all connections are paused',
    ],
  ];
  for (const [title, change, text, label] of cases) {
    it(title, () => {
      const look = statusLook(english, facts(change));
      assert.equal(look.text, text);
      assert.equal(look.accessibilityLabel, label);
    });
  }

  it('is offline in words', () => {
    const look = statusLook(english, facts({ offline: true }));
    assert.equal(look.text, '$(cloud-small) offline');
    assert.match(look.accessibilityLabel, /^Plimsoll: offline, data from \d/);
  });

  it('turns its background only when no connection works', () => {
    const broken = [connection('A', 'failed'), connection('B', 'secretMissing')];
    assert.equal(statusLook(english, facts({ connections: broken })).warningBackground, true);
    assert.equal(
      statusLook(english, facts({ connections: [...broken, connection('C', 'gaps')] })).warningBackground,
      false,
    );
    assert.equal(statusLook(english, facts({ connections: [] })).warningBackground, false);
  });

  it('puts the most urgent matter first', () => {
    const matters = mattersOf(
      english,
      facts({
        connections: [
          connection('Soon', 'active', '2026-11-22'),
          connection('Wrong', 'failed'),
          connection('Lost', 'secretMissing'),
          connection('Paused', 'paused', '2026-11-01'),
        ],
      }),
    );
    assert.deepEqual(
      matters.map(({ kind, connectionId }) => `${kind} ${connectionId}`),
      ['secretMissing Lost', 'failed Wrong', 'secretExpiry Soon'],
    );
  });
});

describe('the badge of the Findings view', () => {
  it('counts what the setting says, and spells it out', () => {
    assert.deepEqual(findingsBadge(english, scanned, 'criticalAndHigh'), {
      value: 13,
      tooltip: '4 critical and 9 high findings are open',
    });
    assert.equal(findingsBadge(english, scanned, 'critical')?.value, 4);
    assert.equal(findingsBadge(english, scanned, 'all')?.value, 74);
    assert.equal(findingsBadge(english, scanned, 'off'), undefined);
    assert.equal(findingsBadge(english, scanned, 'new'), undefined);
    assert.equal(
      findingsBadge(english, { ...scanned, fresh: 1 }, 'new')?.tooltip,
      '1 finding is new since the last scan',
    );
  });

  it('starts from nothing when what was stored is of another version', () => {
    assert.deepEqual(parseSummary({ open: 3 }), emptySummary);
    assert.deepEqual(parseSummary(undefined), emptySummary);
    assert.deepEqual(parseSummary(structuredClone(scanned)), scanned);
  });
});
