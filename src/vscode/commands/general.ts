import * as vscode from 'vscode';
import { l10n, runBuiltIn } from '../editor.ts';
import { commandIds, walkthroughId } from '../ids.ts';
import type { Shell } from '../shell.ts';
import { showStatusMenu } from '../status-menu.ts';
import { diagnosticsText } from '../support-document.ts';
import { tell } from './connections.ts';
import type { CommandEntry } from './register.ts';

/** The command that makes a service principal; the subscription is a person's to fill in. */
export const principalCommand = 'az ad sp create-for-rbac --name plimsoll --role Reader --scopes /subscriptions/<id>';

const sampleDockerfile = `FROM node:latest
ENV API_TOKEN=change-me
WORKDIR /app
COPY . .
RUN apt-get update && apt-get install -y curl
RUN npm install
CMD ["node", "server.js"]
`;

export function generalCommands(shell: Shell): readonly CommandEntry[] {
  const extensionId = shell.context.extension.id;
  return [
    { id: commandIds.showStatusMenu, title: l10n.t('Show Status'), run: () => showStatusMenu(shell) },
    {
      id: commandIds.openSettings,
      title: l10n.t('Open Settings'),
      run: () => runBuiltIn('workbench.action.openSettings', `@ext:${extensionId}`),
    },
    { id: commandIds.showLog, title: l10n.t('Show Log'), run: () => shell.channel.show(true) },
    {
      id: commandIds.openWalkthrough,
      title: l10n.t('Get Started'),
      run: () => openWalkthrough(extensionId),
    },
    {
      id: commandIds.showConnectionInstructions,
      title: l10n.t('Show Connection Instructions'),
      run: () => openWalkthrough(extensionId, 'principal'),
    },
    {
      id: commandIds.reportIssue,
      title: l10n.t('Report Issue'),
      run: () => runBuiltIn('workbench.action.openIssueReporter', { extensionId }),
    },
    {
      id: commandIds.collectDiagnostics,
      title: l10n.t('Collect Diagnostics'),
      run: async () => {
        const document = await vscode.workspace.openTextDocument({
          language: 'markdown',
          content: await diagnosticsText(shell),
        });
        await vscode.window.showTextDocument(document);
      },
    },
    {
      id: commandIds.copyCliCommand,
      title: l10n.t('Copy CLI Command'),
      run: async () => {
        await vscode.env.clipboard.writeText(principalCommand);
        tell(l10n.t('Command copied. Replace <id> by your subscription ID.'));
      },
    },
    {
      id: commandIds.openSample,
      title: l10n.t('Open Sample Dockerfile'),
      run: async () => {
        const document = await vscode.workspace.openTextDocument({ language: 'dockerfile', content: sampleDockerfile });
        await vscode.window.showTextDocument(document);
      },
    },
  ];
}

/** Opens the walkthrough, at a step of it if one is named. */
export function openWalkthrough(extensionId: string, step?: string): Promise<void> {
  const category = `${extensionId}#${walkthroughId}`;
  return step === undefined
    ? runBuiltIn('workbench.action.openWalkthrough', category, false)
    : runBuiltIn('workbench.action.openWalkthrough', { category, step: `${category}#${step}` }, false);
}
