import * as vscode from 'vscode';
import { BadInputError } from '../../core/errors.ts';
import type { CommandEntry } from '../commands/register.ts';
import { l10n } from '../editor.ts';
import type { EngineHost } from '../engine-host.ts';
import { commandIds } from '../ids.ts';
import { problemsText, type DockerfileDiagnostics } from './diagnostics.ts';
import { isDockerfile } from './documents.ts';
import { withoutIgnores } from './ignore-comment.ts';

/** "Scan Dockerfile": the rules now, whatever the `run` setting says; the results also stand in the Findings view. */
export function scanDockerfileCommand(diagnostics: DockerfileDiagnostics, engine: EngineHost): CommandEntry {
  return {
    id: commandIds.scanDockerfile,
    title: l10n.t('Scan Dockerfile'),
    run: async (argument) => {
      const document = await documentFor(argument);
      if (document === undefined) {
        throw new BadInputError(
          l10n.t('No Dockerfile is open'),
          l10n.t('Open one, or run this command on a Dockerfile in the Explorer.'),
        );
      }
      await vscode.window.showTextDocument(document, { preserveFocus: true, preview: true });
      const count = await diagnostics.check(document);
      const name = vscode.workspace.asRelativePath(document.uri);
      const text = vscode.workspace.isTrusted ? document.getText() : withoutIgnores(document.getText());
      await (await engine.get()).scanDockerfiles([{ uri: document.uri.toString(), path: name, text }]);
      vscode.window.setStatusBarMessage(
        `$(shield) ${l10n.t('{file}: {problems}', { file: name, problems: problemsText(count) })}`,
        8000,
      );
    },
  };
}

async function documentFor(argument: unknown): Promise<vscode.TextDocument | undefined> {
  const opened =
    argument instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(argument)
      : vscode.window.activeTextEditor?.document;
  if (opened !== undefined && isDockerfile(opened)) return opened;
  if (argument instanceof vscode.Uri) return undefined;
  return vscode.window.visibleTextEditors.map(({ document }) => document).find(isDockerfile);
}
