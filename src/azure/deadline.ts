import { TimedOutError } from '../core/errors.ts';

/**
 * Runs `work` with a signal that also fires after `ms`. Throws TimedOutError when the time ran out, and passes on the
 * caller's own reason when it was the caller who stopped.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(new DOMException('The deadline passed', 'AbortError')), ms);
  try {
    return await work(AbortSignal.any([signal, clock.signal]));
  } catch (error) {
    if (clock.signal.aborted && !signal.aborted) {
      throw new TimedOutError(
        `Cannot ${what}: no answer within ${Math.round(ms / 1000)} s`,
        'Check the network and the proxy settings, then try again.',
        { cause: error },
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
