import assert from 'node:assert/strict';
import type { Connection } from '../../../../src/azure/types.ts';
import type { AssetNode } from '../../../../src/engine-contract.ts';
import { assetItem, firstWords, type AssetContext } from '../../../../src/vscode/trees/asset-item.ts';
import { assetTooltip, tooltipCommands } from '../../../../src/vscode/trees/asset-tooltip.ts';
import { contextValue } from '../../../../src/vscode/trees/item-look.ts';
import { overlaySteps } from '../../../../src/vscode/trees/live-steps.ts';
import { english } from '../support/english.ts';

const connection: Connection = {
  id: 'c1',
  name: 'Prod',
  cloud: 'public',
  signIn: 'servicePrincipalSecret',
  state: 'gaps',
  capabilities: [],
  createdAt: '2026-01-01T00:00:00Z',
};

const context: AssetContext = {
  l10n: english,
  now: new Date('2026-11-21T12:00:00Z'),
  connection,
  secretExpiryWarningDays: 30,
  scanning: false,
};

const node = (change: Partial<AssetNode>): AssetNode => ({
  id: 'n1',
  kind: 'repository',
  label: 'web',
  flags: [],
  hasChildren: true,
  connectionId: 'c1',
  facts: [],
  ...change,
});

describe('an item of the assets tree', () => {
  it('carries its flags sorted, each once', () => {
    assert.equal(
      contextValue('connection', ['state-gaps', 'canVerify', 'canVerify']),
      'plimsoll.connection;canVerify;state-gaps',
    );
  });

  it('speaks name, kind and counts in this order', () => {
    const look = assetItem(
      node({ counts: { critical: 2, high: 9, medium: 0, low: 0, info: 0 }, description: 'running in 2 clusters' }),
      context,
    );
    assert.equal(look.accessibilityLabel, 'web, repository, 2 critical, 9 high, running in 2 clusters');
    assert.equal(look.severity, 'critical');
    assert.equal(look.icon.id, 'repo');
  });

  it('27.10: tells denied checks, and does not call clean what has no findings', () => {
    const look = assetItem(
      node({ counts: { critical: 0, high: 0, medium: 0, low: 0, info: 0 }, deniedCount: 3 }),
      context,
    );
    assert.equal(look.accessibilityLabel, 'web, repository, 3 checks denied');
    assert.equal(look.severity, undefined);
  });

  for (const [state, icon, text] of [
    ['active', 'azure', 'connected'],
    ['gaps', 'warning', 'connected with gaps'],
    ['failed', 'error', 'not connected'],
    ['secretMissing', 'key', 'client secret missing'],
    ['paused', 'debug-pause', 'paused'],
    ['unverified', 'unverified', 'not verified yet'],
  ] as const) {
    it(`shows a connection that is ${state} by icon and words`, () => {
      const look = assetItem(node({ kind: 'connection', label: 'Prod', flags: ['canVerify', 'state-active'] }), {
        ...context,
        connection: { ...connection, state },
      });
      assert.equal(look.icon.id, icon);
      assert.equal(look.description, text);
      assert.equal(look.contextValue, `plimsoll.connection;canVerify;state-${state}`);
    });
  }

  it('lets the expiry of the secret win over the state', () => {
    const expiring = { ...connection, secretExpires: '2026-12-03' };
    const look = assetItem(node({ kind: 'connection', description: '2 subscriptions' }), {
      ...context,
      connection: expiring,
    });
    assert.equal(look.description, 'secret expires in 12 days · 2 subscriptions');
    const past = assetItem(node({ kind: 'connection' }), {
      ...context,
      connection: { ...connection, secretExpires: '2026-11-01' },
    });
    assert.equal(past.description, 'secret has expired');
  });

  it('spins while it is verified or scanned', () => {
    assert.equal(
      assetItem(node({ kind: 'connection' }), { ...context, verifying: { done: 3, total: 14 } }).icon.id,
      'sync~spin',
    );
    const connectivity = assetItem(node({ kind: 'connectivity', description: 'not verified yet' }), {
      ...context,
      verifying: { done: 3, total: 14 },
    });
    assert.equal(connectivity.description, 'verifying, 3 of 14');
    assert.equal(connectivity.icon.id, 'loading~spin');
    const look = assetItem(node({ kind: 'image' }), { ...context, scanning: true });
    assert.equal(look.icon.id, 'loading~spin');
    assert.match(look.accessibilityLabel, /scanning/);
  });

  it('marks steps by icon, colour and words', () => {
    const step = {
      id: 'token.arm',
      group: 'identity',
      title: 'Azure token',
      state: 'fail',
      required: true,
      neededFor: [],
      reason: 'Azure refused the secret. Check that it is the Value, not the Secret ID.',
    } as const;
    const look = assetItem(node({ kind: 'step', label: 'Azure token', step }), context);
    assert.deepEqual(look.icon, { id: 'error', color: 'testing.iconFailed' });
    assert.equal(look.description, 'Azure refused the secret. Check that it is…');
    assert.match(look.accessibilityLabel, /^Azure token, step, failed, /);
    const passed = assetItem(
      node({ kind: 'step', label: 'Reader', step: { ...step, state: 'pass', reason: '' } }),
      context,
    );
    assert.equal(passed.description, undefined);
    assert.equal(passed.icon.id, 'pass');
  });

  it('shows an image without tag as what it is', () => {
    assert.equal(assetItem(node({ kind: 'image', label: '1.4' }), context).icon.id, 'tag');
    assert.equal(assetItem(node({ kind: 'image', label: 'sha256:4f7a91' }), context).icon.id, 'file-binary');
  });

  it('cuts reasons at words', () => {
    assert.equal(firstWords('one two three', 8), 'one two three');
    assert.equal(firstWords('one two three', 2), 'one two…');
  });
});

describe('a tooltip of the assets tree', () => {
  it('escapes what Azure, an image or a person named', () => {
    const text = assetTooltip(
      node({
        label: '[click](command:evil)',
        facts: [{ label: 'Image', value: '![x](https://evil.test/x.png)' }],
        reason: '<script>alert(1)</script>',
      }),
      english,
      '**Prod**',
    );
    assert.doesNotMatch(text, /\[click\]|!\[x\]|<script>|\(command:evil\)/);
    assert.doesNotMatch(text, /https:\/\/evil/);
  });

  it('links at most three commands, all of the list', () => {
    const text = assetTooltip(
      node({
        kind: 'connection',
        flags: ['canScan', 'canVerify', 'hasCommand', 'state-secretMissing'],
        counts: { critical: 1, high: 0, medium: 0, low: 0, info: 0 },
      }),
      english,
      'Prod',
    );
    const commands = [...text.matchAll(/\(command:([\w.]+)\?/g)].map(([, id]) => id ?? '');
    assert.equal(commands.length, 3);
    for (const id of commands) assert.ok(tooltipCommands.includes(id), id);
  });

  it('keeps a command inside its fence', () => {
    const text = assetTooltip(
      node({ kind: 'denied', command: { label: 'Assign', text: 'az role ```\n[x](command:y)' } }),
      english,
      undefined,
    );
    assert.match(text, /````sh\naz role ```\n\[x\]\(command:y\)\n````/);
  });
});

describe('steps of a running verification', () => {
  it('replace those that the tree has and add the others', () => {
    const parent = node({ id: 'c1/connectivity', kind: 'connectivity' });
    const base = { group: 'identity', required: true, neededFor: [] } as const;
    const known = [
      node({ id: 'kept', kind: 'step', step: { ...base, id: 'tenant', title: 'Directory', state: 'pass' } }),
    ];
    const nodes = overlaySteps(parent, known, [
      { ...base, id: 'tenant', title: 'Directory', state: 'running' },
      { ...base, id: 'token.arm', title: 'Azure token', state: 'fail', command: { label: 'x', text: 'az' } },
    ]);
    assert.deepEqual(
      nodes.map(({ id, flags }) => [id, flags]),
      [
        ['kept', ['state-running']],
        ['c1/connectivity/token.arm', ['hasCommand', 'state-fail']],
      ],
    );
  });
});
