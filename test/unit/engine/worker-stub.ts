// A thread that behaves as the file that it is asked for says; the other side of worker-client.test.ts.
import { parentPort, threadId } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../../../src/engine/worker-protocol.ts';

const aborted = new Map<number, () => void>();

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'abort') aborted.get(message.id)?.();
  else answer(message.id, (message.input as { which: string }).which);
});

function answer(id: number, wish: string): void {
  const post = (reply: FromWorker) => parentPort?.postMessage(reply);
  const fail = (code: string, isAborted: boolean) =>
    post({
      type: 'error',
      id,
      aborted: isAborted,
      code,
      message: `no ${wish}`,
      nextStep: 'Try again.',
      stack: 'there',
    });
  if (wish === 'thread') post({ type: 'result', id, output: String(threadId) });
  else if (wish === 'exit') process.exit(3);
  else if (wish === 'crash')
    setImmediate(() => {
      throw new Error('out of luck');
    });
  else if (wish === 'denied') fail('damaged', false);
  else if (wish === 'defect') fail('defect', false);
  else if (wish === 'later') setTimeout(() => post({ type: 'result', id, output: 'later' }), 50);
  else aborted.set(id, () => fail('aborted', true));
}
