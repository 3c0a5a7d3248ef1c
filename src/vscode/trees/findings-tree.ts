import * as vscode from 'vscode';
import { describeError, isAbort } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { FindingsPage, FindingsQuery } from '../../report/contract.ts';
import { l10n } from '../editor.ts';
import type { EngineHost } from '../engine-host.ts';
import type { FilterState } from '../filter-state.ts';
import { commandIds, internalCommandIds, uriSchemes } from '../ids.ts';
import { escapeMarkdown, formatNumber } from '../l10n.ts';
import { findingStateWord, severityWord, sourceToolName } from '../words.ts';
import { findingItem, groupItem, type GroupRow, type LeafRow } from './finding-item.ts';
import { walkGroups } from './group-walk.ts';
import { treeIcons } from './item-look.ts';
import type { Disposable } from '../disposable.ts';

export type FindingsNode =
  | { readonly type: 'group'; readonly id: string; readonly row: GroupRow; readonly at: number }
  | { readonly type: 'finding'; readonly id: string; readonly row: LeafRow; readonly group: string | undefined }
  | {
      readonly type: 'more';
      readonly id: string;
      readonly parent: string | undefined;
      readonly shown: number;
      readonly total: number;
    }
  | { readonly type: 'error'; readonly id: string; readonly message: string };

export interface FindingsTreePorts {
  readonly engine: EngineHost;
  readonly filter: FilterState;
  readonly log: Log;
  readonly hasResults: () => boolean;
}

const pageSize = 100;
const refreshPauseMs = 1000;

/** The findings view: groups and findings under the filter that the report shares. */
export class FindingsTree implements vscode.TreeDataProvider<FindingsNode>, Disposable {
  readonly #ports: FindingsTreePorts;
  readonly #changed = new vscode.EventEmitter<FindingsNode | undefined>();
  readonly #disposables: Disposable[];
  readonly #nodes = new Map<string, FindingsNode>();
  /** How many pages of a level are shown, by its parent's id. */
  readonly #pages = new Map<string, number>();
  #queryId = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(ports: FindingsTreePorts) {
    this.#ports = ports;
    this.#disposables = [
      this.#changed,
      ports.filter.onDidChange(() => {
        this.#pages.clear();
        this.#changed.fire(undefined);
      }),
      ports.engine.onDidChange((event) => {
        if (event.type === 'findings') this.#refreshSoon();
      }),
    ];
  }

  /** The node with this id, if the tree has shown it. */
  node(id: string): FindingsNode | undefined {
    return this.#nodes.get(id);
  }

  async getChildren(parent?: FindingsNode): Promise<FindingsNode[]> {
    if (parent === undefined) this.#nodes.clear();
    if (parent === undefined && !this.#ports.hasResults()) return []; // the welcome text shows, the engine stays unloaded
    try {
      const nodes = await this.#children(parent, AbortSignal.timeout(30_000));
      for (const node of nodes) this.#nodes.set(node.id, node);
      return nodes;
    } catch (error) {
      if (isAbort(error)) return [];
      this.#ports.log.error('findings tree failed', error, { node: parent?.id });
      return [{ type: 'error', id: `${parent?.id ?? 'root'}/failure`, message: describeError(error).message }];
    }
  }

  getParent(node: FindingsNode): FindingsNode | undefined {
    return node.type === 'finding' && node.group !== undefined ? this.#nodes.get(node.group) : undefined;
  }

  getTreeItem(node: FindingsNode): vscode.TreeItem {
    switch (node.type) {
      case 'group':
        return this.#groupItem(node.row);
      case 'finding':
        return this.#findingItem(node.row);
      case 'more': {
        const item = new vscode.TreeItem(l10n.t('Load 100 more'));
        item.id = node.id;
        item.description = l10n.t('{shown} of {total}', {
          shown: formatNumber(l10n, node.shown),
          total: formatNumber(l10n, node.total),
        });
        item.iconPath = new vscode.ThemeIcon(treeIcons.asset.more);
        item.contextValue = 'plimsoll.more';
        item.command = { command: internalCommandIds.loadMore, title: l10n.t('Load More'), arguments: [node.id] };
        return item;
      }
      case 'error': {
        const item = new vscode.TreeItem(l10n.t('Could not load the findings'));
        item.id = node.id;
        item.description = node.message;
        item.tooltip = node.message;
        item.iconPath = new vscode.ThemeIcon(treeIcons.asset.error, new vscode.ThemeColor('list.errorForeground'));
        item.contextValue = 'plimsoll.error';
        item.command = { command: commandIds.showLog, title: l10n.t('Show Log') };
        return item;
      }
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: FindingsNode): vscode.TreeItem {
    if (node.type === 'finding') item.tooltip = new vscode.MarkdownString(tooltip(node.row));
    return item;
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  followMore(more: FindingsNode & { type: 'more' }): void {
    const key = more.parent ?? '';
    this.#pages.set(key, (this.#pages.get(key) ?? 1) + 1);
    this.#changed.fire(more.parent === undefined ? undefined : this.#nodes.get(more.parent));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #children(parent: FindingsNode | undefined, signal: AbortSignal): Promise<FindingsNode[]> {
    if (parent !== undefined && parent.type !== 'group') return [];
    const size = (this.#pages.get(parent?.id ?? '') ?? 1) * pageSize;
    if (parent !== undefined) return this.#findings(parent.at + 1, Math.min(size, parent.row.count), parent);
    if (this.#ports.filter.grouping === 'none') {
      const { totalRows } = await this.#page(0, 1);
      return this.#findings(0, Math.min(size, totalRows), undefined, totalRows);
    }
    const { groups, next } = await walkGroups((offset, limit) => this.#page(offset, limit), 0, size, signal);
    const nodes = groups.map(({ row, at }): FindingsNode => ({
      type: 'group',
      id: `group:${this.#ports.filter.grouping}:${row.key}`,
      row,
      at,
    }));
    if (next !== undefined) {
      nodes.push({ type: 'more', id: 'more:root', parent: undefined, shown: groups.length, total: groups.length + 1 });
    }
    return nodes;
  }

  async #findings(
    from: number,
    count: number,
    group: (FindingsNode & { type: 'group' }) | undefined,
    total = group?.row.count ?? count,
  ): Promise<FindingsNode[]> {
    const nodes: FindingsNode[] = [];
    for (let done = 0; done < count; done += pageSize) {
      const { rows } = await this.#page(from + done, Math.min(pageSize, count - done));
      for (const row of rows) {
        if (row.type !== 'finding') break; // the result changed under us; the next event brings the tree in line
        nodes.push({ type: 'finding', id: `finding:${row.id}`, row, group: group?.id });
      }
    }
    if (count < total) {
      nodes.push({ type: 'more', id: `more:${group?.id ?? 'root'}`, parent: group?.id, shown: nodes.length, total });
    }
    return nodes;
  }

  async #page(offset: number, limit: number): Promise<FindingsPage> {
    const query: FindingsQuery = {
      filter: this.#ports.filter.effective,
      grouping: this.#ports.filter.grouping,
      sort: { key: 'severity', descending: true },
      folded: [],
    };
    const engine = await this.#ports.engine.get();
    return engine.findings.page(++this.#queryId, query, offset, limit, false);
  }

  #groupItem(row: GroupRow): vscode.TreeItem {
    const look = groupItem(row, this.#ports.filter.grouping, l10n);
    const item = new vscode.TreeItem(look.label, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = look.id;
    if (look.description !== undefined) item.description = look.description;
    item.iconPath = new vscode.ThemeIcon(
      look.icon.id,
      look.icon.color === undefined ? undefined : new vscode.ThemeColor(look.icon.color),
    );
    item.contextValue = look.contextValue;
    item.accessibilityInformation = { label: look.accessibilityLabel };
    item.tooltip = look.accessibilityLabel;
    return item;
  }

  #findingItem(row: LeafRow): vscode.TreeItem {
    const look = findingItem(row, this.#ports.filter.grouping, l10n);
    const item = new vscode.TreeItem(look.label);
    item.id = look.id;
    if (look.description !== undefined) item.description = look.description;
    item.iconPath = new vscode.ThemeIcon(look.icon.id);
    item.contextValue = look.contextValue;
    item.accessibilityInformation = { label: look.accessibilityLabel };
    item.resourceUri = vscode.Uri.from({
      scheme: uriSchemes.finding,
      path: `/${look.severity ?? 'none'}/${encodeURIComponent(row.id)}`,
    });
    item.command = { command: commandIds.showFinding, title: l10n.t('Show Finding'), arguments: [row.id] };
    return item;
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire(undefined);
    }, refreshPauseMs);
  }
}

function tooltip(row: LeafRow): string {
  const line = (label: string, value: string): string => `${escapeMarkdown(label)}: ${escapeMarkdown(value)}`;
  return [
    `**${escapeMarkdown(row.title)}**`,
    line(l10n.t('Severity'), severityWord(l10n, row.severity)),
    ...(row.original === row.severity
      ? []
      : [line(l10n.t('Severity of the source'), severityWord(l10n, row.original))]),
    line(l10n.t('State'), findingStateWord(l10n, row.state)),
    line(l10n.t('Id'), row.check),
    line(l10n.t('Asset'), row.asset),
    line(l10n.t('Source tool'), sourceToolName(l10n, row.sourceTool)),
    line(l10n.t('Application'), row.application),
    ...(row.fix === undefined ? [] : [line(l10n.t('Fix'), row.fix)]),
  ].join('\n\n');
}
