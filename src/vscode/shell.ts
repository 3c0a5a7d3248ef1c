import type * as vscode from 'vscode';
import type { Log } from '../core/log.ts';
import type { AssetNode } from '../engine-contract.ts';
import type { EditorConnectionStore } from './connection-store.ts';
import type { EngineHost } from './engine-host.ts';
import type { Failures } from './failures.ts';
import type { FilterState } from './filter-state.ts';
import type { Operations } from './operations.ts';
import type { ReportPanel } from './report-panel.ts';
import type { Surfaces } from './surfaces.ts';
import type { AssetTree } from './trees/asset-tree.ts';
import type { FindingsNode, FindingsTree } from './trees/findings-tree.ts';
import type { WizardPorts } from './wizard/session.ts';

/** What the commands work with; made once, when the extension is activated. */
export interface Shell {
  readonly engine: EngineHost;
  readonly operations: Operations;
  readonly connections: EditorConnectionStore;
  readonly surfaces: Surfaces;
  readonly filter: FilterState;
  readonly failures: Failures;
  readonly log: Log;
  readonly channel: vscode.LogOutputChannel;
  /** The latest lines of the log, as they were written: redacted. */
  readonly recentLog: () => readonly string[];
  readonly assetTree: AssetTree;
  readonly assetView: vscode.TreeView<AssetNode>;
  readonly findingsTree: FindingsTree;
  readonly findingsView: vscode.TreeView<FindingsNode>;
  readonly report: ReportPanel;
  readonly wizard: WizardPorts;
  readonly machine: string;
  readonly now: () => Date;
  readonly context: vscode.ExtensionContext;
}
