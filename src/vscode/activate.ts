import os from 'node:os';
import * as vscode from 'vscode';
import { systemClock } from '../core/clock.ts';
import { Redactor } from '../core/log.ts';
import { connectionCommands } from './commands/connections.ts';
import { findingCommands } from './commands/findings.ts';
import { generalCommands, openWalkthrough } from './commands/general.ts';
import { nodeCommands } from './commands/nodes.ts';
import { registerCommands } from './commands/register.ts';
import { sbomCommands } from './commands/sbom.ts';
import { scanCommands } from './commands/scans.ts';
import { createConnectionStore } from './connection-store.ts';
import { registerDockerfileFeatures } from './dockerfile/register.ts';
import { workspaceDockerfiles } from './dockerfile/workspace-dockerfiles.ts';
import { l10n, runBuiltIn, settingsOf } from './editor.ts';
import { createEngineHost, type LoadEngine } from './engine-host.ts';
import { principalFromEnvironment } from './environment.ts';
import { createFailures } from './failures.ts';
import { createFilterState } from './filter-state.ts';
import { commandIds, viewIds, type CommandId } from './ids.ts';
import { createEditorLog } from './log.ts';
import { machineName } from './machine.ts';
import { createOperations } from './operations.ts';
import { createReportPanel, type ReportPanelPorts } from './report-panel.ts';
import { defaultCloud, hasCustomCloud, secretExpiryWarningDays } from './settings.ts';
import type { Shell } from './shell.ts';
import { createSurfaces } from './surfaces.ts';
import { AssetTree } from './trees/asset-tree.ts';
import { registerDecorations } from './trees/decorations.ts';
import { FindingsTree } from './trees/findings-tree.ts';
import { ResumeMemory } from './wizard/draft.ts';
import type { WizardPorts } from './wizard/session.ts';
import type { Disposable } from './disposable.ts';

/** What stays when the extension is active. */
export interface ActiveShell {
  /** Stops running work and closes databases. */
  close(): Promise<void>;
}

/** Registers everything and returns; the engine is loaded when somebody first looks. */
export function activateShell(context: vscode.ExtensionContext, load: LoadEngine): ActiveShell {
  const keep = <T extends Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const now = (): Date => systemClock.now();
  const channel = keep(vscode.window.createOutputChannel('Plimsoll', { log: true }));
  const redactor = new Redactor();
  const { log, recent } = createEditorLog(channel, redactor, now);
  const failures = createFailures(log, channel);
  const machine = machineName(l10n, vscode.env.remoteName, os.hostname(), process.env);

  const connections = createConnectionStore({
    state: context.globalState,
    secrets: context.secrets,
    redactor,
    log,
    onDidChange: () => surfaces.update(),
  });
  const engine = createEngineHost({
    load,
    context,
    log,
    redactor,
    connections,
    dockerfiles: () => workspaceDockerfiles(log),
    ranFrom: machine,
  });
  keep(engine);
  const operations = keep(createOperations(engine, log));
  const filter = keep(createFilterState(context.workspaceState));
  const surfaces = keep(
    createSurfaces({
      engine,
      operations,
      filter,
      log,
      state: context.globalState,
      now,
      connections: () => connections.snapshot(),
    }),
  );

  const assetTree = keep(
    new AssetTree({
      engine,
      operations,
      log,
      now,
      connections: () => connections.snapshot(),
      secretExpiryWarningDays: () => secretExpiryWarningDays(settingsOf()),
    }),
  );
  const findingsTree = keep(new FindingsTree({ engine, filter, log, hasResults: () => surfaces.summary.hasResults }));
  const assetView = keep(
    vscode.window.createTreeView(viewIds.assets, { treeDataProvider: assetTree, showCollapseAll: true }),
  );
  const findingsView = keep(
    vscode.window.createTreeView(viewIds.findings, {
      treeDataProvider: findingsTree,
      showCollapseAll: true,
      canSelectMany: true,
    }),
  );
  surfaces.attach({ assets: assetView, assetTree, findings: findingsView, findingsTree });
  keep(registerDecorations());

  const report = keep(
    createReportPanel({
      engine,
      operations,
      filter,
      failures,
      log,
      extensionUri: context.extensionUri,
      state: context.workspaceState,
      commands: reportCommandsOf(operations),
    }),
  );

  const wizard: WizardPorts = {
    engine,
    connections,
    redactor,
    log,
    now,
    machine,
    defaultCloud: () => defaultCloud(settingsOf()),
    hasCustomCloud: () => hasCustomCloud(settingsOf()),
    environment: () => (vscode.workspace.isTrusted ? principalFromEnvironment(process.env) : undefined),
    help: (part) => openWalkthrough(context.extension.id, part),
    resume: new ResumeMemory(),
  };

  const shell: Shell = {
    engine,
    operations,
    connections,
    surfaces,
    filter,
    failures,
    log,
    channel,
    recentLog: recent,
    assetTree,
    assetView,
    findingsTree,
    findingsView,
    report,
    wizard,
    machine,
    now,
    context,
  };
  const dockerfile = registerDockerfileFeatures(engine, log, now);
  keep(dockerfile.disposable);
  keep(
    registerCommands(
      [
        ...connectionCommands(shell),
        ...scanCommands(shell),
        ...findingCommands(shell),
        ...sbomCommands(shell),
        ...nodeCommands(shell),
        ...generalCommands(shell),
        ...dockerfile.commands,
      ],
      failures,
    ),
  );
  connections.settle().catch((error: unknown) => log.error('connections not settled', error));
  return { close: () => engine.close() };
}

/** What the page may ask for, by commands of this extension; those of later versions are absent. */
function reportCommandsOf(operations: Shell['operations']): ReportPanelPorts['commands'] {
  const run = (id: CommandId) => (argument: string | undefined) =>
    argument === undefined ? runBuiltIn(id) : runBuiltIn(id, argument);
  return {
    connect: () => runBuiltIn(commandIds.connect),
    verify: run(commandIds.verifyConnectivity),
    verifyAll: () => runBuiltIn(commandIds.verifyAllConnections),
    cancelVerify: () => {
      for (const operation of operations.running) if (operation.kind === 'verify') operation.cancel();
    },
    scanAll: () => runBuiltIn(commandIds.scanAll),
    cancelScan: () => runBuiltIn(commandIds.cancelScan),
    scanAsset: run(commandIds.scanAsset),
    openInPortal: run(commandIds.openInPortal),
    showLog: () => runBuiltIn(commandIds.showLog),
    openSettings: () => runBuiltIn(commandIds.openSettings),
    updateVulnerabilityData: () => runBuiltIn(commandIds.updateVulnerabilityData),
    scanDockerfile: () => runBuiltIn(commandIds.scanDockerfile),
  };
}
