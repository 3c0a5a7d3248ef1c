import assert from 'node:assert/strict';
import type { Connection } from '../../../src/azure/types.ts';
import { createLog, Redactor } from '../../../src/core/log.ts';
import { createConnectionStore } from '../../../src/vscode/connection-store.ts';
import { storageKeys } from '../../../src/vscode/ids.ts';

const marker = 'marker~secret~4f7a91';

const connection = (id: string, name: string): Connection => ({
  id,
  name,
  cloud: 'public',
  signIn: 'servicePrincipalSecret',
  state: 'unverified',
  capabilities: ['registries'],
  createdAt: '2026-11-21T12:00:00Z',
});

const secret = {
  tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  clientId: '23dbb6af-0000-4000-8000-000000000001',
  clientSecret: marker,
  subscriptionIds: [],
};

/** State and secrets of an editor, in memory. `forgetful` stores nothing, as a machine without keyring does. */
function editor(forgetful = false) {
  const state = new Map<string, unknown>();
  const secrets = new Map<string, string>();
  const lines: string[] = [];
  const redactor = new Redactor();
  const store = createConnectionStore({
    state: {
      get: (key: string, fallback?: unknown) => state.get(key) ?? fallback,
      update: async (key: string, value: unknown) => {
        await Promise.resolve();
        state.set(key, JSON.parse(JSON.stringify(value)));
      },
    } as Parameters<typeof createConnectionStore>[0]['state'],
    secrets: {
      get: (key) => Promise.resolve(secrets.get(key)),
      store: (key, value) => {
        if (!forgetful) secrets.set(key, value);
        return Promise.resolve();
      },
      delete: (key) => {
        secrets.delete(key);
        return Promise.resolve();
      },
    },
    redactor,
    log: createLog((_level, line) => lines.push(line), redactor),
    onDidChange: () => undefined,
  });
  return { store, state, secrets, lines, redactor };
}

describe('the connections that the editor keeps', () => {
  it('hold the secret in one record of the secret storage', async () => {
    const { store, secrets } = editor();
    assert.equal(await store.saveSecret('a', secret), true);
    assert.deepEqual([...secrets.keys()], ['plimsoll.connection.a']);
    assert.deepEqual(JSON.parse(secrets.get('plimsoll.connection.a') ?? ''), secret);
    assert.deepEqual(await store.secret('a'), secret);
  });

  it('27.5: keep a planted secret out of global state, even when it is handed over with the connection', async () => {
    const { store, state, lines } = editor();
    await store.saveSecret('a', secret);
    await store.save(Object.assign(connection('a', 'Prod'), { clientSecret: marker, secret }));
    assert.equal(store.snapshot()[0]?.name, 'Prod');
    assert.ok(!JSON.stringify([...state]).includes(marker));
    assert.ok(!lines.join('\n').includes(marker));
  });

  it('27.5: register a secret with the log as soon as it is read or stored', async () => {
    const { store, redactor } = editor();
    await store.saveSecret('a', secret);
    assert.equal(redactor.text(`sent ${marker} away`), 'sent [redacted] away');
  });

  it('say so when the store does not keep a secret, and hold it for the session', async () => {
    const { store, secrets } = editor(true);
    assert.equal(await store.saveSecret('a', secret), false);
    assert.equal(secrets.size, 0);
    assert.deepEqual(await store.secret('a'), secret);
    await store.remove('a');
    assert.equal(await store.secret('a'), undefined);
  });

  it('lose no change when several are made at once', async () => {
    const { store } = editor();
    await Promise.all(['c', 'a', 'b'].map((id) => store.save(connection(id, `Name ${id}`))));
    assert.deepEqual(
      store.snapshot().map(({ name }) => name),
      ['Name a', 'Name b', 'Name c'],
    );
    await Promise.all([store.remove('a'), store.save({ ...connection('b', 'Renamed'), state: 'active' })]);
    assert.deepEqual(
      store.snapshot().map(({ name, state }) => `${name} ${state}`),
      ['Name c unverified', 'Renamed active'],
    );
  });

  it('do not stay in verification for ever when its window is gone', async () => {
    const { store } = editor();
    await store.save({ ...connection('a', 'Prod'), state: 'verifying' });
    await store.save({ ...connection('b', 'Test'), state: 'gaps' });
    await store.settle();
    assert.deepEqual(
      store.snapshot().map(({ state }) => state),
      ['unverified', 'gaps'],
    );
  });

  it('leave out what another version stored in a shape that this one does not know', () => {
    const { store, state, lines } = editor();
    state.set(storageKeys.connections, [connection('a', 'Prod'), { id: 'x', name: 7 }, 'text']);
    assert.deepEqual(
      store.snapshot().map(({ id }) => id),
      ['a'],
    );
    assert.equal(lines.length, 2);
    state.set(storageKeys.connections, 'nothing of ours');
    assert.deepEqual(store.snapshot(), []);
  });

  it('forget a stored record that is not the one they write', async () => {
    const { store, secrets } = editor();
    secrets.set('plimsoll.connection.a', '{"tenantId":"x"}');
    secrets.set('plimsoll.connection.b', 'not json');
    assert.equal(await store.secret('a'), undefined);
    assert.equal(await store.secret('b'), undefined);
  });
});
