import { yieldToEventLoop } from './core/concurrency.ts';
import type { Engine, EnginePorts } from './engine-contract.ts';

export { createHttpClient } from './core/http.ts';

/**
 * Domains in the order in which they are evaluated, each on top of those before it. All of them at once would hold up
 * the editor.
 */
const steps: readonly (() => Promise<unknown>)[] = [
  () => import('./azure/session.ts'),
  () => import('./image/read-image.ts'),
  () => import('./inventory/collect.ts'),
  () => import('./kubernetes/read-cluster.ts'),
  () => import('./connectivity/verify.ts'),
  () => import('./advisories/update.ts'),
  () => import('./dockerfile/check.ts'),
  () => import('./findings/from-image.ts'),
  () => import('./report/query.ts'),
  () => import('./store/state-store.ts'),
  () => import('./scan/run.ts'),
];

/**
 * The engine over its ports. Opens the databases in `ports.dataDir`; throws DatabaseUnusableError when they cannot be
 * used.
 */
export async function createEngine(ports: EnginePorts): Promise<Engine> {
  for (const step of steps) {
    await yieldToEventLoop();
    await step();
  }
  await yieldToEventLoop();
  const { composeEngine } = await import('./engine/compose.ts');
  return composeEngine(ports);
}
