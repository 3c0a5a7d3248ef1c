import type { CancellationToken } from 'vscode';
import type { Disposable } from './disposable.ts';

/** The one place where the editor's cancellation becomes a signal. Dispose it when the work has ended. */
export function toSignal(token: CancellationToken): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  const subscription: Disposable = token.onCancellationRequested(() => controller.abort());
  return { signal: controller.signal, dispose: () => subscription.dispose() };
}
