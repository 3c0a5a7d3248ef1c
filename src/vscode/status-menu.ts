import * as vscode from 'vscode';
import { l10n, runBuiltIn } from './editor.ts';
import { commandIds, type CommandId } from './ids.ts';
import { formatRelative } from './l10n.ts';
import type { RunningOperation } from './operations.ts';
import type { Shell } from './shell.ts';
import type { Matter } from './status-text.ts';

interface MenuItem extends vscode.QuickPickItem {
  readonly operation?: RunningOperation;
  readonly run?: () => unknown;
}

/** What runs, what needs attention, and the main commands. */
export async function showStatusMenu(shell: Shell): Promise<void> {
  const pick = vscode.window.createQuickPick<MenuItem>();
  pick.title = 'Plimsoll';
  pick.placeholder = shell.surfaces.facts.connections.length === 0 ? l10n.t('No connection yet') : l10n.t('What next?');
  pick.matchOnDescription = true;
  const cancel: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('stop-circle'),
    tooltip: l10n.t('Cancel'),
  };
  let data: string | undefined;

  const fill = (): void => {
    const active = pick.activeItems[0]?.label;
    const items = menuItems(shell, cancel, data);
    pick.items = items;
    const same = items.find(({ label }) => label === active);
    if (same !== undefined) pick.activeItems = [same];
  };
  const subscription = shell.operations.onDidChange(fill);
  fill();
  dataAge(shell).then(
    (text) => {
      data = text;
      fill();
    },
    (error: unknown) => shell.log.error('vulnerability data age unknown', error),
  );

  const chosen = await new Promise<MenuItem | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.activeItems[0]));
    pick.onDidTriggerItemButton(({ item }) => item.operation?.cancel());
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  subscription.dispose();
  pick.dispose();
  if (chosen?.operation !== undefined) chosen.operation.cancel();
  else await chosen?.run?.();
}

/** `updated 3 hours ago`; only when the engine is loaded already: a menu is no reason to load it. */
async function dataAge(shell: Shell): Promise<string | undefined> {
  const status = await shell.engine.current?.advisoryStatus();
  if (status === undefined) return undefined;
  const times = status.ecosystems.map(({ updatedAt }) => updatedAt).sort();
  const oldest = times[0];
  return oldest === undefined
    ? l10n.t('none yet')
    : l10n.t('updated {when}', { when: formatRelative(l10n, oldest, shell.now()) });
}

function menuItems(shell: Shell, cancel: vscode.QuickInputButton, data: string | undefined): MenuItem[] {
  const { connections } = shell.surfaces.facts;
  const { matters } = shell.surfaces;
  const { running } = shell.operations;
  const separator = (label: string): MenuItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const command = (icon: string, label: string, id: CommandId, description?: string): MenuItem => ({
    label: `$(${icon}) ${label}`,
    ...(description === undefined ? {} : { description }),
    run: () => runBuiltIn(id),
  });
  const hasConnections = connections.length > 0;
  return [
    ...(running.length === 0 ? [] : [separator(l10n.t('Running'))]),
    ...running.map((operation): MenuItem => ({
      label: `$(sync~spin) ${operation.label}`,
      ...(operation.detail === undefined ? {} : { description: operation.detail }),
      detail: l10n.t('Choose to cancel'),
      buttons: [cancel],
      operation,
    })),
    ...(matters.length === 0 ? [] : [separator(l10n.t('Needs attention'))]),
    ...matters.slice(0, 10).map((matter): MenuItem => ({
      label: `$(warning) ${matter.sentence}`,
      run: () => runBuiltIn(commandOf(matter), matter.connectionId),
    })),
    ...(running.length + matters.length === 0 ? [] : [separator(l10n.t('Commands'))]),
    ...(hasConnections ? [] : [command('add', l10n.t('Connect Azure Subscription...'), commandIds.connect)]),
    command('dashboard', l10n.t('Open Dashboard'), commandIds.openDashboard),
    command('open-preview', l10n.t('Open Findings Report'), commandIds.openReport),
    ...(hasConnections && !shell.operations.scanRunning
      ? [command('run-all', l10n.t('Scan All Connections'), commandIds.scanAll)]
      : []),
    ...(hasConnections ? [command('verified', l10n.t('Verify Connectivity'), commandIds.verifyConnectivity)] : []),
    command('cloud-download', l10n.t('Update Vulnerability Data'), commandIds.updateVulnerabilityData, data),
    command('output', l10n.t('Show Log'), commandIds.showLog),
    command('checklist', l10n.t('Collect Diagnostics...'), commandIds.collectDiagnostics),
    command('settings-gear', l10n.t('Open Settings'), commandIds.openSettings),
  ];
}

function commandOf(matter: Matter): CommandId {
  switch (matter.kind) {
    case 'secretMissing':
    case 'secretExpiry':
      return commandIds.updateSecret;
    case 'failed':
      return commandIds.verifyConnectivity;
  }
}
