import * as vscode from 'vscode';
import { l10n } from '../editor.ts';
import { typeInTerminal } from '../editor-places.ts';
import { commandIds, internalCommandIds } from '../ids.ts';
import type { Shell } from '../shell.ts';
import { assetNodeOf } from './arguments.ts';
import { tell, verifyAndTell } from './connections.ts';
import { connectionFor } from './pick-connection.ts';
import type { CommandEntry } from './register.ts';

/** Commands of single nodes of the assets tree. */
export function nodeCommands(shell: Shell): readonly CommandEntry[] {
  const copy = async (text: string | undefined, done: string): Promise<void> => {
    if (text === undefined) {
      shell.failures.explain(l10n.t('There is nothing to copy here.'));
      return;
    }
    await vscode.env.clipboard.writeText(text);
    tell(done);
  };
  const commandOf = (argument: unknown): string | undefined => {
    const node = assetNodeOf(argument, shell.assetTree);
    return node?.step?.command?.text ?? node?.command?.text;
  };
  return [
    {
      id: commandIds.copyStepCommand,
      title: l10n.t('Copy Command That Fixes This'),
      run: (argument) => copy(commandOf(argument), l10n.t('Command copied.')),
    },
    {
      id: commandIds.typeInTerminal,
      title: l10n.t('Type into Terminal'),
      run: (argument) => {
        const text = commandOf(argument);
        if (text === undefined) shell.failures.explain(l10n.t('There is no command for this.'));
        else typeInTerminal(text);
      },
    },
    {
      id: commandIds.copyImageReference,
      title: l10n.t('Copy Image Reference'),
      run: (argument) =>
        copy(imageReference(assetNodeOf(argument, shell.assetTree)?.assetId), l10n.t('Image reference copied.')),
    },
    {
      id: commandIds.copyDigest,
      title: l10n.t('Copy Digest'),
      run: (argument) =>
        copy(
          /sha256:[0-9a-f]{64}/.exec(assetNodeOf(argument, shell.assetTree)?.assetId ?? '')?.[0],
          l10n.t('Digest copied.'),
        ),
    },
    {
      id: commandIds.copyResourceId,
      title: l10n.t('Copy Resource ID'),
      run: (argument) => copy(assetNodeOf(argument, shell.assetTree)?.assetId, l10n.t('Resource ID copied.')),
    },
    {
      id: commandIds.openInPortal,
      title: l10n.t('Open in Azure Portal'),
      run: async (argument) => {
        const url = await portalUrl(shell, argument);
        if (url === undefined) shell.failures.explain(l10n.t('The portal has no page for this.'));
        else await vscode.env.openExternal(vscode.Uri.parse(url, true));
      },
    },
    {
      id: commandIds.refreshAssets,
      title: l10n.t('Refresh Assets'),
      run: async () => {
        (await shell.engine.get()).refreshAssets();
        shell.assetTree.refresh();
      },
    },
    {
      id: commandIds.retryNode,
      title: l10n.t('Retry'),
      run: async (argument) => {
        const node = assetNodeOf(argument, shell.assetTree);
        if (node?.kind === 'step') {
          const connection = await connectionFor(shell, node.connectionId);
          if (connection !== undefined) await verifyAndTell(shell, connection, false);
          return;
        }
        const parent = node === undefined ? undefined : shell.assetTree.getParent(node);
        (await shell.engine.get()).refreshAssets(parent);
        shell.assetTree.refresh(parent);
      },
    },
    {
      id: internalCommandIds.loadMore,
      title: l10n.t('Load More'),
      run: (argument) => {
        const asset = assetNodeOf(argument, shell.assetTree);
        if (asset !== undefined) {
          shell.assetTree.followMore(asset);
          return;
        }
        const finding = typeof argument === 'string' ? shell.findingsTree.node(argument) : undefined;
        if (finding?.type === 'more') shell.findingsTree.followMore(finding);
      },
    },
  ];
}

/** `image:<host>/<repository>@<digest>` without its prefix. */
function imageReference(assetId: string | undefined): string | undefined {
  return assetId?.replace(/^image:/, '');
}

/** Address of a tree node, or of the finding that the report names. */
async function portalUrl(shell: Shell, argument: unknown): Promise<string | undefined> {
  const node = assetNodeOf(argument, shell.assetTree);
  const url =
    node?.portalUrl ??
    (typeof argument === 'string'
      ? (await (await shell.engine.get()).findings.detail(argument))?.portalUrl
      : undefined);
  return url !== undefined && URL.canParse(url) && new URL(url).protocol === 'https:' ? url : undefined;
}
