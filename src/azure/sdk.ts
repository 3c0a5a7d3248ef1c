/**
 * The way to the one folder that imports the Azure packages. It is loaded with `await import()` when something is asked
 * of Azure for the first time, and becomes a bundle of its own. The packages build requests and read answers; every byte
 * goes through the wire that the caller gives, which adds tokens, checks hosts and turns refusals into errors.
 */
import { yieldToEventLoop } from '../core/concurrency.ts';
import type { createSdkClients } from './sdk/clients.ts';
import type { createSecretCredential } from './sdk/credential.ts';

export interface Sdk {
  readonly createSecretCredential: typeof createSecretCredential;
  readonly createSdkClients: typeof createSdkClients;
}

/**
 * Evaluates the packages one after the other and gives everybody else a turn in between: all of them at once would hold
 * up the editor.
 */
export async function loadSdk(): Promise<Sdk> {
  await yieldToEventLoop();
  // The packages compare every body with FormData, and Node loads its whole web client for that name.
  Reflect.get(globalThis, 'FormData');
  await yieldToEventLoop();
  await import('./sdk/pipeline.ts');
  await yieldToEventLoop();
  const { loadCredential } = await import('./sdk/sign-in.ts');
  await yieldToEventLoop();
  const credential = await loadCredential();
  await yieldToEventLoop();
  await import('./sdk/authorization.ts');
  await yieldToEventLoop();
  const clients = await import('./sdk/clients.ts');
  return { createSecretCredential: credential.createSecretCredential, createSdkClients: clients.createSdkClients };
}
