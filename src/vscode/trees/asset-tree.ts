import * as vscode from 'vscode';
import type { Connection } from '../../azure/types.ts';
import type { VerifyStep } from '../../connectivity/types.ts';
import { describeError, isAbort } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { AssetNode } from '../../engine-contract.ts';
import { l10n } from '../editor.ts';
import type { EngineHost } from '../engine-host.ts';
import { commandIds, internalCommandIds, uriSchemes } from '../ids.ts';
import type { Operations } from '../operations.ts';
import { assetItem } from './asset-item.ts';
import { assetTooltip, tooltipCommands } from './asset-tooltip.ts';
import { worst } from '../words.ts';
import { overlaySteps } from './live-steps.ts';
import type { Disposable } from '../disposable.ts';

export interface AssetTreePorts {
  readonly engine: EngineHost;
  readonly operations: Operations;
  readonly log: Log;
  readonly now: () => Date;
  readonly connections: () => readonly Connection[];
  readonly secretExpiryWarningDays: () => number;
}

/** When a node is longer than this in coming, the view says that it is still being read. */
const patienceMs = 10_000;
const nodeTimeoutMs = 120_000;
/** Results come in bursts: the tree follows at most this often. */
const refreshPauseMs = 1000;
const stepPauseMs = 100;
/** No level of the tree grows beyond this many pages of "Load more". */
const mostPages = 200;

/** The assets view: nodes of the engine as they come, never all-or-nothing. */
export class AssetTree implements vscode.TreeDataProvider<AssetNode>, Disposable {
  readonly #ports: AssetTreePorts;
  readonly #changed = new vscode.EventEmitter<AssetNode | AssetNode[] | undefined>();
  readonly #messages = new vscode.EventEmitter<void>();
  readonly #disposables: Disposable[] = [];
  readonly #nodes = new Map<string, AssetNode>();
  readonly #parents = new Map<string, string | undefined>();
  /** "Load more" nodes that were followed. */
  readonly #followed = new Set<string>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #loading = 0;
  #slow = false;
  #active: ReadonlySet<string> = new Set();
  readonly onDidChangeTreeData = this.#changed.event;
  /** Something changed that the line above the tree tells. */
  readonly onDidChangeMessage = this.#messages.event;

  constructor(ports: AssetTreePorts) {
    this.#ports = ports;
    this.#disposables.push(
      this.#changed,
      this.#messages,
      ports.engine.onDidChange((event) => {
        if (event.type === 'connectivity')
          this.#soon(event.connectionId, stepPauseMs, () => this.#showSteps(event.connectionId));
        else if (event.type === 'connections' || event.type === 'assets' || event.type === 'findings') {
          this.#soon('', refreshPauseMs, () => this.#changed.fire(undefined));
        }
      }),
      ports.operations.onDidChange(() => this.#followScan()),
      ports.operations.onDidChangeSteps((id) => this.#soon(id, stepPauseMs, () => this.#showSteps(id))),
    );
  }

  /** Things that could not be read, among the nodes that were looked at. */
  get unreadable(): number {
    let count = 0;
    for (const node of this.#nodes.values()) if (node.kind === 'denied' || node.kind === 'error') count++;
    return count;
  }

  /** True while some node takes unusually long. */
  get isSlow(): boolean {
    return this.#slow;
  }

  /** The node with this id, if the tree has shown it. */
  node(id: string): AssetNode | undefined {
    return this.#nodes.get(id);
  }

  async getChildren(parent?: AssetNode): Promise<AssetNode[]> {
    if (parent === undefined && this.#ports.connections().length === 0) {
      this.#nodes.clear();
      this.#parents.clear();
      this.#messages.fire();
      return []; // the welcome text shows, and the engine stays unloaded
    }
    this.#loading++;
    const slow = setTimeout(() => {
      this.#slow = true;
      this.#messages.fire();
    }, patienceMs);
    try {
      const children = await this.#read(parent, AbortSignal.timeout(nodeTimeoutMs));
      this.#remember(parent, children);
      return [...children];
    } catch (error) {
      if (isAbort(error)) return [];
      this.#ports.log.error('assets tree failed', error, { node: parent?.id });
      return [failureNode(parent, error)];
    } finally {
      clearTimeout(slow);
      this.#loading--;
      if (this.#loading === 0) this.#slow = false;
      this.#messages.fire();
    }
  }

  getParent(node: AssetNode): AssetNode | undefined {
    const parent = this.#parents.get(node.id);
    return parent === undefined ? undefined : this.#nodes.get(parent);
  }

  getTreeItem(node: AssetNode): vscode.TreeItem {
    const connection = this.#connectionOf(node);
    const steps = this.#ports.operations.steps(node.connectionId);
    const look = assetItem(node, {
      l10n,
      now: this.#ports.now(),
      secretExpiryWarningDays: this.#ports.secretExpiryWarningDays(),
      scanning: node.assetId !== undefined && this.#active.has(node.assetId),
      ...(steps === undefined ? {} : { verifying: { done: steps.filter(hasEnded).length, total: steps.length } }),
      ...(connection === undefined ? {} : { connection }),
    });
    // the first verification has no result yet, but steps
    const hasChildren = node.hasChildren || (node.kind === 'connectivity' && steps !== undefined);
    const item = new vscode.TreeItem(
      look.label,
      hasChildren ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    item.id = look.id;
    if (look.description !== undefined) item.description = look.description;
    item.iconPath = new vscode.ThemeIcon(
      look.icon.id,
      look.icon.color === undefined ? undefined : new vscode.ThemeColor(look.icon.color),
    );
    item.contextValue = look.contextValue;
    item.accessibilityInformation = { label: look.accessibilityLabel };
    if (look.severity !== undefined) {
      item.resourceUri = vscode.Uri.from({ scheme: uriSchemes.asset, path: `/${look.severity}/${node.id}` });
    }
    const command = activation(node);
    if (command !== undefined) item.command = command;
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, node: AssetNode): vscode.TreeItem {
    const tooltip = new vscode.MarkdownString(assetTooltip(node, l10n, this.#connectionOf(node)?.name));
    tooltip.isTrusted = { enabledCommands: [...tooltipCommands] };
    item.tooltip = tooltip;
    return item;
  }

  /** Shows a node (or everything) as the engine has it now. */
  refresh(node?: AssetNode): void {
    if (node === undefined) this.#followed.clear();
    this.#changed.fire(node);
  }

  /** Replaces a "Load more" node by what it stands for. */
  followMore(more: AssetNode): void {
    this.#followed.add(more.id);
    this.#changed.fire(this.getParent(more));
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #read(parent: AssetNode | undefined, signal: AbortSignal): Promise<readonly AssetNode[]> {
    const engine = await this.#ports.engine.get();
    const children = [...(await engine.assetChildren(parent, signal))];
    for (let page = 0; page < mostPages; page++) {
      const more = children.at(-1);
      if (more?.kind !== 'more' || !this.#followed.has(more.id)) break;
      children.splice(-1, 1, ...(await engine.assetChildren(more, signal)));
    }
    if (parent?.kind !== 'connectivity') return children;
    const steps = this.#ports.operations.steps(parent.connectionId);
    return steps === undefined || steps.length === 0 ? children : overlaySteps(parent, children, steps);
  }

  #connectionOf(node: AssetNode): Connection | undefined {
    return this.#ports.connections().find(({ id }) => id === node.connectionId);
  }

  #remember(parent: AssetNode | undefined, children: readonly AssetNode[]): void {
    const kept = new Set(children.map(({ id }) => id));
    for (const [id, parentId] of [...this.#parents]) {
      if (parentId === parent?.id && !kept.has(id)) this.#forget(id);
    }
    for (const child of children) {
      this.#nodes.set(child.id, child);
      this.#parents.set(child.id, parent?.id);
    }
  }

  #forget(id: string): void {
    const pending = [id];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      this.#nodes.delete(next);
      this.#parents.delete(next);
      for (const [child, parent] of this.#parents) if (parent === next) pending.push(child);
    }
  }

  #soon(key: string, pauseMs: number, act: () => void): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.set(
      key,
      setTimeout(() => {
        this.#waiting.delete(key);
        act();
      }, pauseMs),
    );
  }

  #showSteps(connectionId: string): void {
    const nodes = [...this.#nodes.values()].filter(
      (node) => node.connectionId === connectionId && (node.kind === 'connection' || node.kind === 'connectivity'),
    );
    this.#changed.fire(nodes.length === 0 ? undefined : nodes);
  }

  #followScan(): void {
    const active = new Set(this.#ports.operations.scanProgress?.active ?? []);
    const changed = [...this.#nodes.values()].filter(
      ({ assetId }) => assetId !== undefined && active.has(assetId) !== this.#active.has(assetId),
    );
    this.#active = active;
    if (changed.length > 0) this.#changed.fire(changed);
  }
}

function hasEnded({ state }: VerifyStep): boolean {
  return state !== 'pending' && state !== 'running';
}

function hasResults(node: AssetNode): boolean {
  return worst(node.counts) !== undefined || (node.deniedCount ?? 0) > 0;
}

/** What a click or Enter does. Nodes with children only expand. */
function activation(node: AssetNode): vscode.Command | undefined {
  switch (node.kind) {
    case 'connectivity':
    case 'step':
      return { command: commandIds.showConnectivity, title: l10n.t('Show Connectivity Result'), arguments: [node.id] };
    case 'image':
    case 'workload':
    case 'container':
    case 'resource':
      if (node.hasChildren || !hasResults(node)) return undefined;
      return { command: internalCommandIds.openAsset, title: l10n.t('Open Findings'), arguments: [node.id] };
    case 'more':
      return { command: internalCommandIds.loadMore, title: l10n.t('Load More'), arguments: [node.id] };
    case 'error':
      return { command: commandIds.retryNode, title: l10n.t('Retry'), arguments: [node.id] };
    default:
      return undefined;
  }
}

/** The engine turns failures into nodes itself; this one stands for a failure of the engine as a whole. */
function failureNode(parent: AssetNode | undefined, error: unknown): AssetNode {
  const { message, nextStep } = describeError(error);
  return {
    id: `${parent?.id ?? 'root'}/failure`,
    kind: 'error',
    label: l10n.t('Could not load this'),
    description: message,
    flags: ['canRetry'],
    hasChildren: false,
    connectionId: parent?.connectionId ?? '',
    facts: [],
    reason: message,
    nextStep,
  };
}
