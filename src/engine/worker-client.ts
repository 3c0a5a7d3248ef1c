import { Worker } from 'node:worker_threads';
import { EngineError, type ErrorCode } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { FromWorker, ToWorker, WorkerCallName, WorkerCalls, WorkerData } from './worker-protocol.ts';

/** An error that a worker thread reported, with its code kept. */
class WorkerCallError extends EngineError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, nextStep: string) {
    super(message, nextStep);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly done: () => void;
}

/** Idle time after which the thread ends; the next call starts another. */
const idleMs = 60_000;

/**
 * One worker thread, started with the first call and ended when idle. A thread that dies rejects its calls, and the
 * next call starts a new one.
 */
export class WorkerClient {
  readonly #file: string;
  readonly #data: WorkerData;
  readonly #log: Log;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #idle: NodeJS.Timeout | undefined;

  constructor(file: string, data: WorkerData, log: Log) {
    this.#file = file;
    this.#data = data;
    this.#log = log;
  }

  /** Throws what the call threw in the thread: EngineErrors with their code, else an Error. */
  async call<N extends WorkerCallName>(
    name: N,
    input: WorkerCalls[N]['in'],
    signal: AbortSignal,
  ): Promise<WorkerCalls[N]['out']> {
    signal.throwIfAborted();
    const worker = this.#start();
    const id = this.#nextId++;
    clearTimeout(this.#idle);
    worker.ref(); // a call under way keeps the process alive, an idle thread does not
    const output = await new Promise<unknown>((resolve, reject) => {
      const abort = (): void => worker.postMessage({ type: 'abort', id } satisfies ToWorker);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.set(id, { resolve, reject, done: () => signal.removeEventListener('abort', abort) });
      worker.postMessage({ type: 'call', id, name, input } satisfies ToWorker);
    });
    return output as WorkerCalls[N]['out']; // both ends of the channel are this program
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#file, {
      workerData: this.#data,
      // A small nursery: an import makes much that is dropped at once, and holds half the memory this way.
      resourceLimits: { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 64 },
      env: {},
    });
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error: Error) => {
      this.#log.error('worker failed', error);
      this.#end(worker, error);
    });
    worker.on('exit', (code) => this.#end(worker, new Error(`the worker thread ended with code ${code}`)));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    waiting.done();
    if (message.type === 'result') waiting.resolve(message.output);
    else if (message.aborted) waiting.reject(new DOMException(message.message, 'AbortError'));
    else if (message.code === 'defect') {
      const error = new Error(message.message);
      if (message.stack !== undefined) error.stack = message.stack;
      waiting.reject(error);
    } else waiting.reject(new WorkerCallError(message.code as ErrorCode, message.message, message.nextStep));
    if (this.#waiting.size === 0) {
      this.#worker?.unref();
      this.#idle = setTimeout(() => void this.close(), idleMs);
      this.#idle.unref();
    }
  }

  #end(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const waiting of this.#waiting.values()) {
      waiting.done();
      waiting.reject(error);
    }
    this.#waiting.clear();
  }

  /** Ends the thread. Calls under way fail; the next one starts another thread, also while this one is still ending. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#end(worker, new Error('the worker thread was ended'));
    await worker.terminate();
  }
}
