import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { DamagedError, DatabaseUnusableError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { Finding, FindingDraft } from '../../../src/findings/types.ts';
import type { LayerContent } from '../../../src/image/types.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { decodeLayer, encodeLayer } from '../../../src/store/layer-codec.ts';
import { stateMigrations } from '../../../src/store/schema.ts';
import { StateStore } from '../../../src/store/state-store.ts';

let time = Date.parse('2026-11-21T12:00:00Z');
const clock = { now: () => new Date(time) };

function folder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'store-test-'));
  after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function open(dir: string): StateStore {
  const store = new StateStore(dir, clock, silentLog);
  after(() => store.close());
  return store;
}

function draft(id: string, more: Partial<FindingDraft> = {}): FindingDraft {
  return {
    id,
    kind: 'vulnerability',
    sourceTool: 'acr',
    check: 'CVE-2026-0001',
    title: id,
    summary: id,
    asset: { id: 'image:x', kind: 'image', name: 'x', path: ['x'] },
    application: 'shop',
    explanation: {
      original: { level: 'high', source: 'Debian' },
      factors: [],
      unknown: [],
      up: 0,
      down: 0,
      pressure: 0,
      rules: [],
      window: '14d',
      effective: 'high',
      placement: null,
      headline: 'High, unchanged.',
    },
    result: 'open',
    aliases: [],
    knownExploited: false,
    running: false,
    internetFacing: false,
    evidence: [],
    remediation: [],
    references: [],
    affected: [],
    ...more,
  };
}

const item = (finding: Finding): unknown => ({ id: finding.id, state: finding.state });

async function apply(
  store: StateStore,
  drafts: readonly FindingDraft[],
  scan = 's',
  unreachable = false,
): Promise<void> {
  await store.applyResults('scope', 'c1', scan, drafts, item, () => unreachable);
}

describe('layers and images', () => {
  const layer: LayerContent = {
    diffId: 'sha256:1',
    entries: [
      { path: 'a', kind: 'directory', size: 0 },
      { path: 'a/b', kind: 'file', size: 3, content: Buffer.from('xyz') },
      { path: 'a/c', kind: 'symlink', size: 0, target: '../b' },
      { path: 'a/empty', kind: 'file', size: 0, content: Buffer.alloc(0) },
      { path: 'gone', kind: 'whiteout', size: 0 },
    ],
    problems: [{ path: 'p', reason: 'r', line: 3 }],
  };
  const plain = (content: LayerContent | undefined): unknown =>
    content && {
      ...content,
      entries: content.entries.map((each) => ({
        ...each,
        content: each.content && Buffer.from(each.content).toString('hex'),
        extract: each.extract && Buffer.from(each.extract).toString('hex'),
      })),
    };

  it('come back as they went, also in another window', async () => {
    const dir = folder();
    await open(dir).putLayer(layer);
    assert.deepEqual(plain(await open(dir).getLayer('sha256:1')), plain(layer));
    assert.equal(await open(dir).getLayer('sha256:2'), undefined);
  });

  it('of any content survive the stored form', async () => {
    const kinds = fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'whiteout', 'opaque', 'other');
    const text = fc.string({ maxLength: 20 }).map((each) => each.replaceAll('\0', ''));
    const entry = fc.record(
      {
        path: text,
        kind: kinds,
        size: fc.nat(),
        target: text.filter((each) => each !== ''),
        content: fc.uint8Array({ maxLength: 30 }),
        extract: fc.uint8Array({ maxLength: 30 }),
      },
      { requiredKeys: ['path', 'kind', 'size'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), async (entries) => {
        const content = { diffId: 'd', entries, problems: [] } as unknown as LayerContent;
        assert.deepEqual(plain(await decodeLayer(await encodeLayer(content))), plain(content));
      }),
      { numRuns: 200 },
    );
  });

  it('that are damaged count as not read', async () => {
    await assert.rejects(decodeLayer(Buffer.from('no layer')), DamagedError);
    const bytes = await encodeLayer(layer);
    await assert.rejects(decodeLayer(bytes.subarray(0, bytes.length - 4)), DamagedError);
    const dir = folder();
    const store = open(dir);
    await store.putLayer(layer);
    const database = openDatabase(path.join(dir, 'state.db'), stateMigrations);
    database.exec("UPDATE layers SET content = x'00ff'");
    database.close();
    assert.equal(await store.getLayer('sha256:1'), undefined);
  });
});

describe('findings over time', () => {
  const states = (store: StateStore, id = 'f'): unknown => {
    const found = store.finding(id);
    return found && [found.state, found.history.map(({ what }) => what).join(' ')];
  };

  it('are new, open, fixed and reopened', async () => {
    const store = open(folder());
    await apply(store, [draft('f')], 's1');
    assert.deepEqual(states(store), ['new', 'seen']);
    await apply(store, [draft('f')], 's2');
    assert.deepEqual(states(store), ['open', 'seen']);
    await apply(store, [], 's3');
    assert.deepEqual(states(store), ['fixed', 'seen fixed']);
    assert.equal(store.finding('f')?.fixedAt, clock.now().toISOString());
    await apply(store, [draft('f')], 's4');
    assert.deepEqual(states(store), ['open', 'seen fixed reopened']);
    assert.equal(store.finding('f')?.fixedAt, undefined);
    assert.ok(store.finding('f')?.reopenedAt);
  });

  it('are denied, never fixed, when nobody could look', async () => {
    const store = open(folder());
    await apply(store, [draft('f')]);
    await apply(store, [], 's2', true);
    assert.deepEqual(states(store), ['denied', 'seen state']);
    await apply(store, [draft('f', { result: 'unreadable' })], 's3');
    assert.deepEqual((states(store) as unknown[])[0], 'unreadable');
  });

  it('remember when their severity changed', async () => {
    const store = open(folder());
    await apply(store, [draft('f')]);
    const { explanation } = draft('f');
    await apply(store, [draft('f', { explanation: { ...explanation, effective: 'critical' } })], 's2');
    assert.equal(store.finding('f')?.history.at(-1)?.text, 'high → critical.');
  });

  it('raise the version that other windows look at, and go with their connection', async () => {
    const dir = folder();
    const [one, two] = [open(dir), open(dir)];
    const before = two.findingsVersion();
    await apply(one, [draft('f')]);
    assert.ok(two.findingsVersion() > before);
    assert.deepEqual(two.scopes('sco'), ['scope']);
    two.removeConnection('c1');
    assert.equal(one.finding('f'), undefined);
  });

  it('in great number leave the event loop free', async () => {
    const store = open(folder());
    const drafts = Array.from({ length: 10_000 }, (_, index) => draft(`f${index}`));
    // Turns of the event loop, not milliseconds: those depend on what else the machine does.
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await apply(store, drafts);
    isDone = true;
    assert.ok(turns >= 10, `${turns} turns for 10,000 findings`);
    let count = 0;
    for await (const items of store.listItems()) count += items.length;
    assert.equal(count, 10_000);
  });
});

describe('scans and leases', () => {
  it('only one window holds a lease, until it is released or silent for long', () => {
    const dir = folder();
    const [one, two] = [open(dir), open(dir)];
    assert.equal(one.acquire('scan'), true);
    assert.equal(one.acquire('scan'), true);
    assert.equal(two.acquire('scan'), false);
    time += 25_000;
    one.heartbeat('scan');
    time += 25_000;
    assert.equal(two.acquire('scan'), false);
    time += 31_000;
    assert.equal(two.acquire('scan'), true);
    one.release('scan');
    assert.equal(one.acquire('scan'), false, 'only its owner can release it');
    two.release('scan');
    assert.equal(one.acquire('scan'), true);
  });

  it('a scan whose window is gone is interrupted, and its finished jobs are known', () => {
    const dir = folder();
    const [one, two] = [open(dir), open(dir)];
    one.acquire('scan');
    one.startScan({
      id: 's1',
      target: 'all',
      label: 'Everything',
      startedAt: clock.now().toISOString(),
      ranFrom: 'here',
    });
    one.jobDone('s1', 'a');
    one.jobDone('s1', 'a');
    assert.equal(two.markInterrupted(), 0, 'it still runs');
    time += 31_000;
    assert.equal(two.markInterrupted(), 1);
    assert.equal(two.lastScan('all')?.state, 'interrupted');
    assert.deepEqual([...two.jobsDone('s1')], ['a']);
    two.updateScan('s1', {
      state: 'complete',
      done: 1,
      total: 1,
      problems: [{ what: 'a', reason: 'b', nextStep: 'c' }],
      endedAt: '2026-01-01T00:00:00Z',
    });
    assert.deepEqual(
      two.scans(5).map(({ id, state, problems }) => [id, state, problems.length]),
      [['s1', 'complete', 1]],
    );
    two.prune('2026-06-01T00:00:00Z');
    assert.deepEqual(two.scans(5), []);
    assert.deepEqual([...two.jobsDone('s1')], []);
  });

  it('documents are kept by kind and key', () => {
    const store = open(folder());
    store.putDocument('k', 'a', 'c1', { x: 1 });
    store.putDocument('k', 'b', undefined, [2]);
    assert.deepEqual(store.document('k', 'a')?.value, { x: 1 });
    assert.deepEqual(
      store.documents('k').map(({ key }) => key),
      ['a', 'b'],
    );
    assert.deepEqual(
      store.documents('k', 'c1').map(({ key }) => key),
      ['a'],
    );
    store.removeDocument('k', 'a');
    assert.equal(store.document('k', 'a'), undefined);
  });
});

describe('the database file', () => {
  it('of a newer version is refused and left alone', () => {
    const file = path.join(folder(), 'state.db');
    openDatabase(file, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)']).close();
    assert.throws(
      () => openDatabase(file, ['CREATE TABLE a (x)']),
      (error) => error instanceof DatabaseUnusableError && /newer version/.test(error.message),
    );
    openDatabase(file, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)', 'CREATE TABLE c (x)']).close();
  });

  it('that is none, or whose migration fails, is refused and left alone', () => {
    const file = path.join(folder(), 'state.db');
    writeFileSync(file, 'this is no database at all, '.repeat(100));
    assert.throws(() => openDatabase(file, stateMigrations), DatabaseUnusableError);
    assert.match(readFileSync(file, 'utf8'), /^this is no database/);
    const other = path.join(folder(), 'state.db');
    assert.throws(() => openDatabase(other, ['CREATE TABLE a (x)', 'nonsense']), DatabaseUnusableError);
    openDatabase(other, ['CREATE TABLE a (x)']).close();
  });
});
