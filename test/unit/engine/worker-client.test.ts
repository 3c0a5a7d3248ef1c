import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { isEngineError } from '../../../src/core/errors.ts';
import type { Log } from '../../../src/core/log.ts';
import { silentLog } from '../../../src/core/log.ts';
import { WorkerClient } from '../../../src/engine/worker-client.ts';

const file = fileURLToPath(new URL('worker-stub.ts', import.meta.url));
const never = new AbortController().signal;

describe('a worker thread, seen from the engine', () => {
  const clients: WorkerClient[] = [];

  function open(log: Log = silentLog): (wish: string, signal?: AbortSignal) => Promise<string | null> {
    const client = new WorkerClient(file, { advisories: '/nowhere' }, log);
    clients.push(client);
    return (wish, signal = never) => client.call('signalEtag', { which: wish }, signal);
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });

  it('answers each call with its own answer, whatever order they come in', async () => {
    const call = open();
    const [later, thread] = await Promise.all([call('later'), call('thread')]);
    assert.equal(later, 'later');
    assert.match(thread ?? '', /^\d+$/);
  });

  it('is one thread for all calls', async () => {
    const call = open();
    assert.equal(await call('thread'), await call('thread'));
  });

  it('keeps the code and the next step of an error', async () => {
    const error: unknown = await open()('denied').catch((thrown: unknown) => thrown);
    assert.ok(isEngineError(error));
    assert.deepEqual([error.code, error.message, error.nextStep], ['damaged', 'no denied', 'Try again.']);
  });

  it('gives a defect as an error with the stack of the thread', async () => {
    const error: unknown = await open()('defect').catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error && !isEngineError(error));
    assert.equal(error.stack, 'there');
  });

  it('is told when a call is cancelled, which ends as cancelled', async () => {
    const call = open();
    const cancel = new AbortController();
    const waiting = call('wait', cancel.signal);
    cancel.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    assert.match((await call('thread')) ?? '', /^\d+$/);
  });

  it('starts no thread for a call that was cancelled before', async () => {
    await assert.rejects(open()('thread', AbortSignal.abort()), { name: 'AbortError' });
  });

  it('fails every call under way when it dies, and the next call has another thread', async () => {
    const call = open();
    const first = await call('thread');
    const waiting = [call('wait'), call('exit')];
    for (const result of await Promise.allSettled(waiting)) {
      assert.equal(result.status, 'rejected');
      assert.match(String(result.reason), /the worker thread ended with code 3/);
    }
    assert.notEqual(await call('thread'), first);
  });

  it('notes in the log what it died of', async () => {
    const noted: string[] = [];
    const call = open({ ...silentLog, error: (event, error) => noted.push(`${event}: ${String(error)}`) });
    await assert.rejects(call('crash'), /out of luck/);
    assert.deepEqual(noted, ['worker failed: Error: out of luck']);
  });

  it('that is closed fails what it was asked; a call right after has another thread', async () => {
    const call = open();
    const first = await call('thread');
    const waiting = assert.rejects(call('wait'), /ended/);
    const closed = clients[0]?.close();
    assert.notEqual(await call('thread'), first);
    await closed;
    await waiting;
  });
});
