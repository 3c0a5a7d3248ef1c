import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** How long a page object waits for something to appear, unless told otherwise. */
export const defaultWaitMs = 15_000;

/**
 * Asks again until `probe` gives something other than undefined or false.
 * @throws Error naming `what` after `timeoutMs`, with the last error of `probe` as its cause.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
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

/**
 * Waits until what is read equals the expected value: for what a page shows or says a moment after the key that caused it.
 * @throws AssertionError with the difference that was left after `timeoutMs`.
 */
export async function becomes(
  read: () => unknown,
  expected: unknown,
  timeoutMs: number = defaultWaitMs,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (isDeepStrictEqual(value, expected)) return;
    if (performance.now() > end) {
      assert.deepEqual(value, expected);
      return;
    }
    await sleep(50);
  }
}

/** Text as a person reads it: no-break spaces become spaces, runs of white space one space. */
export function readable(text: string | null): string {
  return (text ?? '').replace(/\s+/gu, ' ').trim();
}
