/**
 * Runs `work` over `items`, at most `limit` at a time, and yields results as they finish (not in input order).
 * Stops starting new work when `signal` aborts; a rejection ends the iteration.
 */
export async function* mapConcurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const running = new Map<number, Promise<{ key: number; value: R }>>();
  let next = 0;
  const start = (item: T): void => {
    const key = next++;
    const settled = work(item, signal).then((value) => ({ key, value }));
    settled.catch(() => undefined); // awaited through the race below; this only keeps late rejections from being "unhandled"
    running.set(key, settled);
  };
  for await (const item of items) {
    signal.throwIfAborted();
    start(item);
    if (running.size >= Math.max(1, limit)) {
      const { key, value } = await Promise.race(running.values());
      running.delete(key);
      yield value;
    }
  }
  while (running.size > 0) {
    const { key, value } = await Promise.race(running.values());
    running.delete(key);
    yield value;
  }
}

/** As `mapConcurrently`, collected into an array in input order. */
export async function mapAll<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const out = new Array<R>(items.length);
  const indexed = items.map((item, index) => ({ item, index }));
  for await (const { index, value } of mapConcurrently(indexed, limit, signal, async ({ item, index }, inner) => ({
    index,
    value: await work(item, inner),
  }))) {
    out[index] = value;
  }
  return out;
}

/** Resolves after `ms`, or rejects at once with the signal's reason. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(asError(signal.reason));
      return;
    }
    const done = (): void => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(asError(signal.reason));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Lets timers, sockets and the editor have their turn; call it between slices of long synchronous work. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits for `promise` no longer than the signal lives. For calls that ignore abort signals themselves; their result is
 * dropped when it comes late.
 */
export function abandonOnAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(asError(signal.reason));
  }
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(asError(signal.reason));
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException(String(reason), 'AbortError');
}

/**
 * For loops of synchronous work: `pause()` gives everybody else a turn once the loop has run for `sliceMs` since the last
 * turn, and costs next to nothing before that. Several loops that run at once have their slices one after the other in
 * the same turn, so a slice is a fraction of what the editor can spare.
 */
export class TurnTaker {
  readonly #sliceMs: number;
  #since = performance.now();

  constructor(sliceMs = 4) {
    this.#sliceMs = sliceMs;
  }

  /** True when the slice is used up and `pause` would wait. */
  get isDue(): boolean {
    return performance.now() - this.#since >= this.#sliceMs;
  }

  async pause(): Promise<void> {
    if (!this.isDue) return;
    await yieldToEventLoop();
    this.#since = performance.now();
  }
}
