import type { ExtensionContext } from 'vscode';
import { activateShell, type ActiveShell } from './vscode/activate.ts';

let active: ActiveShell | undefined;

/** Registers everything and returns; the engine is a bundle of its own and loads when somebody first looks. */
export function activate(context: ExtensionContext): void {
  active = activateShell(context, () => import('./engine.ts'));
}

export async function deactivate(): Promise<void> {
  await active?.close();
  active = undefined;
}
