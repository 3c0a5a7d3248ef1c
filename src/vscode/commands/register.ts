import * as vscode from 'vscode';
import type { CommandId, InternalCommandId } from '../ids.ts';
import type { Failures } from '../failures.ts';
import type { Disposable } from '../disposable.ts';

export type Handler = (...args: unknown[]) => unknown;

/** A command: what it is called when it fails, and what it does. */
export interface CommandEntry {
  readonly id: CommandId | InternalCommandId;
  /** In words for the person, such as `Scan`. */
  readonly title: string;
  readonly run: Handler;
}

/** Registers commands so that no failure is silent. */
export function registerCommands(entries: readonly CommandEntry[], failures: Failures): Disposable {
  return vscode.Disposable.from(
    ...entries.map(({ id, title, run }) =>
      vscode.commands.registerCommand(id, async (...args: unknown[]): Promise<unknown> => {
        try {
          return await run(...args);
        } catch (error) {
          failures.show(title, error);
          return undefined;
        }
      }),
    ),
  );
}
