import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/**
 * How many times slower than it is the machine should seem: PLIMSOLL_E2E_SLOWDOWN, to find tests that pass on fast
 * machines alone. 8 is a build machine on a bad day; waits keep their limits, so some tests run out of time above that.
 */
const rate = Number(process.env['PLIMSOLL_E2E_SLOWDOWN'] ?? '1');

/** Slows the processor of a page. */
export async function slowDown(page: Page): Promise<void> {
  if (!(rate > 1)) return;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
}

/** What stands for the extension host answers as late as a busy one. */
export async function answerLate(): Promise<void> {
  if (rate > 1) await sleep(rate * 25);
}
