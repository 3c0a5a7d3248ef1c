import { parentPort, workerData } from 'node:worker_threads';
import { AdvisoryLibrary } from './advisories/library.ts';
import { matchPackages } from './advisories/match.ts';
import { systemClock } from './core/clock.ts';
import { describeError } from './core/errors.ts';
import type { FromWorker, ToWorker, WorkerCallName, WorkerCalls, WorkerData } from './engine/worker-protocol.ts';
import { judgeSnapshot } from './posture/runner.ts';

type Handler<N extends WorkerCallName> = (
  input: WorkerCalls[N]['in'],
  signal: AbortSignal,
) => WorkerCalls[N]['out'] | Promise<WorkerCalls[N]['out']>;

/** Answers calls one after another: a thread has one processor, and imports must not meet look-ups half-way. */
function serve(port: NonNullable<typeof parentPort>, data: WorkerData): void {
  const library = new AdvisoryLibrary(data.advisories, systemClock);
  const handlers: { readonly [N in WorkerCallName]: Handler<N> } = {
    importEcosystem: ({ ecosystem, folder, source, etag }, signal) =>
      library.importEcosystem(
        ecosystem,
        folder,
        { ...(source === undefined ? {} : { source }), ...(etag === undefined ? {} : { etag }) },
        signal,
      ),
    confirmEcosystem: async ({ ecosystem }) => {
      await library.confirmEcosystem(ecosystem);
      return null;
    },
    importSignals: ({ kev, epss }) => library.importSignals(kev, epss),
    etag: ({ ecosystem }) => library.etag(ecosystem) ?? null,
    status: () => {
      library.refresh();
      return library.status();
    },
    match: (request) => {
      library.refresh();
      return matchPackages(request, library);
    },
    posture: ({ snapshot }) => judgeSnapshot(snapshot),
  };
  const running = new Map<number, AbortController>();
  let last = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    if (message.type === 'abort') {
      running.get(message.id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(message.id, controller);
    last = last.then(async () => {
      const answer = await run(handlers[message.name] as Handler<WorkerCallName>, message, controller.signal);
      running.delete(message.id);
      port.postMessage(answer);
    });
  });
}

async function run(
  handler: Handler<WorkerCallName>,
  { id, input }: Extract<ToWorker, { type: 'call' }>,
  signal: AbortSignal,
): Promise<FromWorker> {
  try {
    signal.throwIfAborted();
    return { type: 'result', id, output: await handler(input as never, signal) };
  } catch (error) {
    const { code, message, nextStep } = describeError(error);
    const stack = error instanceof Error ? error.stack : undefined;
    return {
      type: 'error',
      id,
      aborted: signal.aborted,
      code,
      message,
      nextStep,
      ...(stack === undefined ? {} : { stack }),
    };
  }
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData);
