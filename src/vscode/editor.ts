import * as vscode from 'vscode';
import type { L10n } from './l10n.ts';
import type { ReadSetting } from './settings.ts';

/** Words in the language of the editor. */
export const l10n: L10n = {
  t: (message, args) => (args === undefined ? vscode.l10n.t(message) : vscode.l10n.t(message, args)),
  get language() {
    return vscode.env.language;
  },
};

/** Settings as they are now, for a resource where that matters. */
export function settingsOf(scope?: vscode.Uri): ReadSetting {
  const configuration = vscode.workspace.getConfiguration(undefined, scope ?? null);
  return (id) => configuration.get<unknown>(id);
}

/** Runs a built-in command; what it answers is of no interest. */
export async function runBuiltIn(command: string, ...args: readonly unknown[]): Promise<void> {
  await vscode.commands.executeCommand(command, ...args);
}
