import * as vscode from 'vscode';
import type { Connection } from '../../azure/types.ts';
import { l10n, runBuiltIn } from '../editor.ts';
import { commandIds } from '../ids.ts';
import { treeIcons } from '../trees/item-look.ts';
import { connectionStateText } from '../words.ts';
import { assetNodeOf } from './arguments.ts';
import type { Shell } from '../shell.ts';

/**
 * The connection that a command is about: the one of the tree item or id it was called with; from the palette the only
 * one, or a choice among several. Without any, the connect wizard starts instead.
 */
export async function connectionFor(
  shell: Pick<Shell, 'assetTree' | 'connections'>,
  argument: unknown,
): Promise<Connection | undefined> {
  const connections = shell.connections.snapshot();
  if (argument !== undefined) {
    const id = assetNodeOf(argument, shell.assetTree)?.connectionId ?? argument;
    const named = connections.find((connection) => connection.id === id);
    if (named !== undefined) return named;
  }
  if (connections.length === 0) {
    await runBuiltIn(commandIds.connect);
    return undefined;
  }
  if (connections.length === 1) return connections[0];
  const picked = await vscode.window.showQuickPick(
    connections.map((connection) => ({
      label: `$(${treeIcons.connection[connection.state]}) ${connection.name}`,
      description: connectionStateText(l10n, connection.state),
      connection,
    })),
    { placeHolder: l10n.t('Which connection?'), title: l10n.t('Connections') },
  );
  return picked?.connection;
}
