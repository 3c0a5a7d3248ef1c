import * as vscode from 'vscode';
import { describeError, isAbort } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { l10n } from './editor.ts';
import { newReference } from './log.ts';

/** One thing that the person can do about a failure, offered as a button before Show Log. */
export interface FailureAction {
  readonly title: string;
  run(): unknown;
}

/** Shows failures of what a person asked for. Failures of background work go to the tree, the status bar and the log. */
export interface Failures {
  /**
   * Says what was tried, why it failed and what to do next, with a button to the log line that carries the same
   * reference. Cancelling is no failure: nothing is shown. A message that is open is not shown again.
   */
  show(tried: string, error: unknown, ...actions: readonly FailureAction[]): void;
  /** Says why a command cannot act, in one sentence. */
  explain(sentence: string, ...actions: readonly FailureAction[]): void;
}

export function createFailures(log: Log, channel: Pick<vscode.LogOutputChannel, 'show'>): Failures {
  const open = new Set<string>();

  const present = async (
    key: string,
    message: string,
    kind: 'error' | 'warning',
    actions: readonly FailureAction[],
  ): Promise<void> => {
    if (open.has(key)) return;
    open.add(key);
    try {
      const titles = actions.map(({ title }) => title);
      const picked =
        kind === 'error'
          ? await vscode.window.showErrorMessage(message, ...titles)
          : await vscode.window.showWarningMessage(message, ...titles);
      await actions.find(({ title }) => title === picked)?.run();
    } catch (error) {
      log.error('action of a message failed', error);
    } finally {
      open.delete(key);
    }
  };

  return {
    show(tried, error, ...actions) {
      if (isAbort(error) || error instanceof vscode.CancellationError) {
        log.debug('cancelled', { tried });
        return;
      }
      const reference = newReference();
      const { code, message, nextStep } = describeError(error);
      log.error('command failed', error, { tried, code, reference });
      const showLog: FailureAction = { title: l10n.t('Show Log'), run: () => channel.show(true) };
      const text = l10n.t('{tried}: {reason} {nextStep} (log reference {reference})', {
        tried,
        reason: sentence(message),
        nextStep: sentence(nextStep),
        reference,
      });
      void present(`${tried} ${message}`, text, 'error', [...actions, showLog]);
    },
    explain(text, ...actions) {
      void present(text, text, 'warning', actions);
    },
  };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
