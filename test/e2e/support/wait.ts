import { setTimeout as sleep } from 'node:timers/promises';

/** How long a page object waits for something to appear, unless told otherwise. */
export const defaultWaitMs = 15_000;

/**
 * Asks again until `probe` gives something other than undefined or false.
 * @throws Error naming `what` after `timeoutMs`, with the last error of `probe` as its cause.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs: number = defaultWaitMs,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > end) {
      throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}`, { cause: lastError });
    }
    await sleep(50);
  }
}

/** Text as a person reads it: no-break spaces become spaces, runs of white space one space. */
export function readable(text: string | null): string {
  return (text ?? '').replace(/\s+/gu, ' ').trim();
}
