import * as vscode from 'vscode';
import type { Connection } from '../azure/types.ts';
import type { Log } from '../core/log.ts';
import type { AssetNode } from '../engine-contract.ts';
import { l10n, runBuiltIn, settingsOf } from './editor.ts';
import type { EngineHost } from './engine-host.ts';
import { defaultFilter, type FilterState } from './filter-state.ts';
import { filterInWords } from './filter-text.ts';
import { commandIds, contextKeys, statusItemId, storageKeys, type ContextKey } from './ids.ts';
import { escapeMarkdown, formatNumber, formatTime, plural } from './l10n.ts';
import type { Operations } from './operations.ts';
import {
  badgeChoice,
  findingsLimits,
  isOffline,
  limitFilter,
  secretExpiryWarningDays,
  statusBarChoice,
} from './settings.ts';
import { mattersOf, statusLook, statusRows, type Matter, type StatusFacts } from './status-text.ts';
import { findingsBadge, parseSummary, type Summary } from './summary.ts';
import type { AssetTree } from './trees/asset-tree.ts';
import type { FindingsNode, FindingsTree } from './trees/findings-tree.ts';
import { groupingName } from './words.ts';
import type { Disposable } from './disposable.ts';

export interface SurfacePorts {
  readonly engine: EngineHost;
  readonly operations: Operations;
  readonly filter: FilterState;
  readonly log: Log;
  readonly state: vscode.Memento;
  readonly now: () => Date;
  readonly connections: () => readonly Connection[];
}

/** What everybody sees at a glance and what `when` clauses ask: status bar, badges, messages, context keys. */
export interface Surfaces extends Disposable {
  readonly summary: Summary;
  readonly facts: StatusFacts;
  readonly matters: readonly Matter[];
  attach(views: SurfaceViews): void;
  /** Shows connections, operations and settings as they are now. */
  update(): void;
  /** Asks the engine for the counts, then updates. */
  recount(): Promise<void>;
}

export interface SurfaceViews {
  readonly assets: vscode.TreeView<AssetNode>;
  readonly assetTree: AssetTree;
  readonly findings: vscode.TreeView<FindingsNode>;
  readonly findingsTree: FindingsTree;
}

const recountPauseMs = 500;

export function createSurfaces(ports: SurfacePorts): Surfaces {
  const item = vscode.window.createStatusBarItem(statusItemId, vscode.StatusBarAlignment.Left, 10);
  item.name = 'Plimsoll';
  item.command = commandIds.showStatusMenu;
  const disposables: Disposable[] = [item];
  const keys = new Map<ContextKey, unknown>();
  let summary = parseSummary(ports.state.get(storageKeys.summary));
  let views: SurfaceViews | undefined;
  let first: NodeJS.Immediate | undefined;
  let recounting: NodeJS.Timeout | undefined;
  let throttled: { readonly until: number; readonly timer: NodeJS.Timeout } | undefined;

  const setKey = (key: ContextKey, value: string | number | boolean): void => {
    if (keys.get(key) === value) return;
    keys.set(key, value);
    void runBuiltIn('setContext', key, value);
  };

  const facts = (): StatusFacts => {
    const read = settingsOf();
    return {
      connections: ports.connections(),
      summary,
      scan: ports.operations.scanProgress,
      scanRunning: ports.operations.scanRunning,
      offline: isOffline(read),
      now: ports.now(),
      secretExpiryWarningDays: secretExpiryWarningDays(read),
    };
  };

  const updateStatusBar = (now: StatusFacts): void => {
    const choice = statusBarChoice(settingsOf());
    if (choice === 'never' || (choice === 'whenConnected' && now.connections.length === 0)) {
      item.hide(); // its words are not made for nobody: the first formatted number loads the data of all languages
      return;
    }
    const look = statusLook(l10n, now);
    item.text = look.text;
    item.accessibilityInformation = { label: look.accessibilityLabel };
    item.tooltip = statusTooltip(now, look.accessibilityLabel);
    item.backgroundColor = look.warningBackground
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    item.show();
  };

  const updateKeys = (now: StatusFacts): void => {
    setKey(contextKeys.hasConnections, now.connections.length > 0);
    setKey(contextKeys.connectionCount, now.connections.length);
    setKey(contextKeys.hasResults, summary.hasResults);
    setKey(contextKeys.hasDenied, summary.denied > 0);
    setKey(contextKeys.visibleFindings, summary.visible);
    setKey(contextKeys.scanRunning, now.scanRunning);
    setKey(contextKeys.filterActive, ports.filter.isActive);
    setKey(contextKeys.offline, now.offline);
  };

  const assetsMessage = (now: StatusFacts): string | undefined => {
    if (now.connections.length === 0) return undefined; // a message would take the place of the welcome text
    if (throttled !== undefined) {
      const seconds = Math.max(1, Math.round((throttled.until - Date.now()) / 1000));
      return l10n.t('Azure asked to slow down; resuming in {seconds} s', { seconds });
    }
    if (now.offline) {
      return summary.lastScanAt === undefined
        ? l10n.t('Offline. Nothing is read from the network.')
        : l10n.t('Offline. Showing data from {time}.', { time: formatTime(l10n, summary.lastScanAt) });
    }
    if (views?.assetTree.isSlow === true) return l10n.t('Still reading from Azure…');
    const unreadable = views?.assetTree.unreadable ?? 0;
    return unreadable === 0
      ? undefined
      : plural(l10n, unreadable, {
          one: l10n.t('{count} thing could not be read', { count: unreadable }),
          other: l10n.t('{count} things could not be read', { count: unreadable }),
        });
  };

  const findingsMessage = (): string | undefined => {
    if (!summary.hasResults) return undefined;
    const parts: string[] = [];
    if (summary.visible > 0 && summary.denied > 0) {
      parts.push(
        plural(l10n, summary.denied, {
          one: l10n.t('{count} check was denied access.', { count: formatNumber(l10n, summary.denied) }),
          other: l10n.t('{count} checks were denied access.', { count: formatNumber(l10n, summary.denied) }),
        }),
      );
    }
    if (!vscode.workspace.isTrusted && summary.visible > 0) {
      parts.push(l10n.t('Restricted mode: findings are not linked to Dockerfiles of this folder.'));
    }
    return parts.length === 0 ? undefined : parts.join(' ');
  };

  const updateViews = (now: StatusFacts): void => {
    if (views === undefined) return;
    const { assets, findings } = views;
    const broken = now.connections.filter(({ state }) => state === 'failed' || state === 'secretMissing').length;
    assets.badge =
      broken === 0
        ? undefined
        : {
            value: broken,
            tooltip: plural(l10n, broken, {
              one: l10n.t('{count} connection needs attention', { count: broken }),
              other: l10n.t('{count} connections need attention', { count: broken }),
            }),
          };
    assets.message = assetsMessage(now) ?? '';
    const badge = findingsBadge(l10n, summary, badgeChoice(settingsOf()));
    findings.badge = badge;
    findings.message = findingsMessage() ?? '';
    const filter = filterInWords(l10n, ports.filter.filter, defaultFilter);
    const grouping =
      ports.filter.grouping === 'severity'
        ? ''
        : l10n.t('by {grouping}', { grouping: groupingName(l10n, ports.filter.grouping).toLowerCase() });
    findings.description = [filter, grouping].filter((part) => part !== '').join(' · ');
  };

  const update = (): void => {
    const now = facts();
    updateKeys(now);
    updateStatusBar(now);
    updateViews(now);
  };

  const recount = async (): Promise<void> => {
    if (ports.engine.current === undefined && !summary.hasResults) return; // nothing to count, nothing to load for it
    try {
      const engine = await ports.engine.get();
      const all = await engine.findings.counts(limitFilter({}, findingsLimits(settingsOf())));
      const { visible } = await engine.findings.counts(ports.filter.effective);
      const fresh = await engine.findings.counts({ states: ['new'] });
      const [last] = await engine.scanHistory(1);
      const hadResults = summary.hasResults;
      const lastScanAt = last?.endedAt ?? last?.startedAt;
      summary = {
        hasResults: all.total > 0 || last !== undefined,
        open: all.open,
        fresh: fresh.visible,
        visible,
        denied: all.denied,
        total: all.total,
        ...(lastScanAt === undefined ? {} : { lastScanAt }),
      };
      await ports.state.update(storageKeys.summary, summary);
      if (summary.hasResults !== hadResults) views?.findingsTree.refresh();
    } catch (error) {
      ports.log.error('findings not counted', error);
    }
    update();
  };

  const recountSoon = (): void => {
    recounting ??= setTimeout(() => {
      recounting = undefined;
      void recount();
    }, recountPauseMs);
  };

  const slowDown = (waitMs: number): void => {
    clearTimeout(throttled?.timer);
    const timer = setTimeout(() => {
      throttled = undefined;
      update();
    }, waitMs);
    throttled = { until: Date.now() + waitMs, timer };
    update();
  };

  disposables.push(
    ports.operations.onDidChange(update),
    ports.filter.onDidChange(() => {
      update();
      recountSoon();
    }),
    ports.engine.onDidChange((event) => {
      if (event.type === 'findings' || (event.type === 'scan' && event.ended !== undefined)) recountSoon();
      else if (event.type === 'throttled') slowDown(event.waitMs);
      else if (event.type === 'connections' || event.type === 'connectivity') update();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('plimsoll')) update();
    }),
  );

  return {
    get summary() {
      return summary;
    },
    get facts() {
      return facts();
    },
    get matters() {
      return mattersOf(l10n, facts());
    },
    attach(attached) {
      views = attached;
      disposables.push(attached.assetTree.onDidChangeMessage(update));
      first = setImmediate(update); // activation registers and returns
    },
    update,
    recount,
    dispose() {
      clearImmediate(first);
      clearTimeout(recounting);
      clearTimeout(throttled?.timer);
      for (const disposable of disposables) disposable.dispose();
    },
  };
}

/** A small table of the connections and three links. Names are a person's text: escaped. */
function statusTooltip(facts: StatusFacts, sentence: string): vscode.MarkdownString {
  const cell = (text: string): string => escapeMarkdown(text);
  const rows = statusRows(l10n, facts).slice(0, 20);
  const table =
    rows.length === 0
      ? []
      : [
          `| ${cell(l10n.t('Connection'))} | ${cell(l10n.t('State'))} | ${cell(l10n.t('Last scan'))} |`,
          '|---|---|---|',
          ...rows.map((row) => `| ${cell(row.name)} | ${cell(row.state)} | ${cell(row.lastScan)} |`),
        ];
  const commands = [
    ...(facts.connections.length > 0
      ? [[l10n.t('Scan'), commandIds.scanAll]]
      : [[l10n.t('Connect'), commandIds.connect]]),
    [l10n.t('Dashboard'), commandIds.openDashboard],
    [l10n.t('Settings'), commandIds.openSettings],
  ];
  const links = commands.map(([title = '', command = '']) => `[${cell(title)}](command:${command})`).join(' · ');
  const tooltip = new vscode.MarkdownString(
    [cell(sentence), table.join('\n'), links].filter((part) => part !== '').join('\n\n'),
  );
  tooltip.isTrusted = {
    enabledCommands: [commandIds.scanAll, commandIds.connect, commandIds.openDashboard, commandIds.openSettings],
  };
  return tooltip;
}
