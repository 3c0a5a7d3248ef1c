import * as vscode from 'vscode';
import { isAbort } from '../../core/errors.ts';
import type { ScanRequest } from '../../engine-contract.ts';
import type { ScanSummary } from '../../report/contract.ts';
import { l10n, runBuiltIn } from '../editor.ts';
import { commandIds } from '../ids.ts';
import { formatRelative } from '../l10n.ts';
import { scanIcons, scanSentence } from '../scan-text.ts';
import type { Shell } from '../shell.ts';
import { assetNodeOf } from './arguments.ts';
import type { CommandEntry } from './register.ts';

const longScanMs = 10_000;

export function scanCommands(shell: Shell): readonly CommandEntry[] {
  return [
    {
      id: commandIds.scanAll,
      title: l10n.t('Scan All Connections'),
      run: async () => {
        const connections = shell.connections.snapshot();
        if (connections.length === 0) return runBuiltIn(commandIds.connect);
        if (connections.every(({ state }) => state === 'paused')) {
          shell.failures.explain(l10n.t('All connections are paused: resume one to scan it.'));
          return undefined;
        }
        return scanAndTell(shell, { trigger: 'user' }, l10n.t('Scanning all connections'), true);
      },
    },
    {
      id: commandIds.scanAsset,
      title: l10n.t('Scan'),
      run: async (argument) => {
        const node = assetNodeOf(argument, shell.assetTree);
        if (node === undefined) {
          shell.failures.explain(l10n.t('Choose what to scan in the Assets view.'));
          return;
        }
        await scanAndTell(
          shell,
          {
            connectionId: node.connectionId,
            ...(node.kind === 'connection' || node.assetId === undefined
              ? {}
              : { assetId: node.assetId, assetLabel: node.label }),
            trigger: 'user',
          },
          l10n.t('Scanning {name}', { name: node.label }),
          true,
        );
      },
    },
    {
      id: commandIds.cancelScan,
      title: l10n.t('Cancel Running Scans'),
      run: () => {
        if (!shell.operations.cancelScans()) {
          vscode.window.setStatusBarMessage(l10n.t('No scan is running in this window.'), 5000);
        }
      },
    },
    { id: commandIds.showScanHistory, title: l10n.t('Show Scan History'), run: () => showHistory(shell) },
    {
      id: commandIds.updateVulnerabilityData,
      title: l10n.t('Update Vulnerability Data'),
      run: async () => {
        const status = await shell.operations.updateAdvisories();
        const records = status.ecosystems.reduce((sum, { records: count }) => sum + count, 0);
        vscode.window.setStatusBarMessage(
          `$(shield) ${l10n.t('Vulnerability data is up to date: {records} advisories.', {
            records: new Intl.NumberFormat(l10n.language).format(records),
          })}`,
          8000,
        );
      },
    },
  ];
}

/** Scans, then says how it ended: in the status bar, and in a message when it took long and its results are out of sight. */
export async function scanAndTell(
  shell: Shell,
  request: ScanRequest,
  label: string,
  asked: boolean,
): Promise<ScanSummary | undefined> {
  if (shell.operations.scanRunning) {
    shell.failures.explain(l10n.t('A scan is running already.'), {
      title: l10n.t('Cancel It'),
      run: () => shell.operations.cancelScans(),
    });
    return undefined;
  }
  const started = performance.now();
  let summary: ScanSummary;
  try {
    summary = await shell.operations.scan(request, label);
  } catch (error) {
    if (!isAbort(error)) throw error;
    vscode.window.setStatusBarMessage(`$(shield) ${l10n.t('Scan cancelled.')}`, 8000);
    return undefined;
  } finally {
    await shell.surfaces.recount();
    shell.assetTree.refresh();
    shell.findingsTree.refresh();
  }
  const sentence = scanSentence(l10n, summary);
  vscode.window.setStatusBarMessage(`$(shield) ${sentence}`, 8000);
  const outOfSight = !shell.report.isVisible && !shell.findingsView.visible && !shell.assetView.visible;
  if (asked && (summary.state === 'failed' || (performance.now() - started > longScanMs && outOfSight))) {
    const show = l10n.t('Show');
    const message =
      summary.state === 'failed'
        ? vscode.window.showErrorMessage(sentence, l10n.t('Show Log'))
        : vscode.window.showInformationMessage(sentence, show);
    void message.then((picked) => {
      if (picked === show) return shell.report.show({ page: 'findings', focus: true });
      if (picked !== undefined) shell.channel.show(true);
      return undefined;
    });
  }
  return summary;
}

async function showHistory(shell: Shell): Promise<void> {
  const engine = await shell.engine.get();
  const scans = await engine.scanHistory(50);
  if (scans.length === 0) {
    shell.failures.explain(l10n.t('Nothing has been scanned yet.'));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    scans.map((scan) => ({
      label: `$(${scanIcons[scan.state]}) ${targetName(scan.target, shell)}`,
      description: formatRelative(l10n, scan.startedAt, shell.now()),
      detail: l10n.t('{sentence} From {machine}.', { sentence: scanSentence(l10n, scan), machine: scan.ranFrom }),
      scan,
    })),
    { title: l10n.t('Scan History'), placeHolder: l10n.t('Choose a scan to see what could not be read') },
  );
  if (picked !== undefined) await showProblems(picked.scan, shell);
}

/** What was scanned; an id of a connection, with or without what is below it, becomes its name. */
function targetName(target: string, shell: Shell): string {
  const known = shell.connections.snapshot().find(({ id }) => target.startsWith(id));
  if (known === undefined) return target === '' || target.trim() === '*' ? l10n.t('All connections') : target;
  const rest = target.slice(known.id.length).trim();
  return rest === '' || rest === '*' ? known.name : `${known.name}: ${rest}`;
}

async function showProblems(scan: ScanSummary, shell: Shell): Promise<void> {
  if (scan.problems.length === 0) {
    await shell.report.show({ page: 'dashboard', focus: true });
    return;
  }
  await vscode.window.showQuickPick(
    scan.problems.map((problem) => ({
      label: `$(warning) ${problem.what}`,
      description: problem.reason,
      detail: problem.nextStep,
    })),
    { title: scanSentence(l10n, scan), placeHolder: l10n.t('What could not be read, why, and what to do') },
  );
}
