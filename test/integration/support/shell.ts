import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

/** Asks again until there is an answer. @throws AssertionError that says what did not come. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) assert.fail(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(200);
  }
}

/** True when this host has loaded the extension's bundle of that name. */
export function hasLoaded(bundle: string): boolean {
  const { cache } = createRequire(__filename);
  return Object.keys(cache).some((file) => file.replaceAll('\\', '/').endsWith(`/dist/${bundle}`));
}

export async function run(command: string, ...args: readonly unknown[]): Promise<unknown> {
  return vscode.commands.executeCommand(command, ...args);
}

/** The text of "Collect Diagnostics", which opens it in an editor; the editor is closed again. */
export async function diagnosticsText(): Promise<string> {
  await run('plimsoll.collectDiagnostics');
  const document = await eventually('the diagnostics document', () => {
    const active = vscode.window.activeTextEditor?.document;
    return active?.getText().startsWith('# Plimsoll diagnostics') === true ? active : undefined;
  });
  const text = document.getText();
  await run('workbench.action.revertAndCloseActiveEditor');
  return text;
}

export function plimsollDiagnostics(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Plimsoll');
}

/** The rule of a diagnostic. */
export function ruleOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

export async function closeEditors(): Promise<void> {
  await run('workbench.action.closeAllEditors');
}
