import { open } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { FindingsQuery } from '../../report/contract.ts';
import { groupings } from '../../report/words.ts';
import { toSignal } from '../abort.ts';
import { l10n, runBuiltIn } from '../editor.ts';
import { openSource } from '../editor-places.ts';
import { defaultFilter } from '../filter-state.ts';
import { askFilter } from '../findings-filter-pick.ts';
import { toCsv, toJson, type ExportHead } from '../findings-export.ts';
import { commandIds, internalCommandIds, storageKeys } from '../ids.ts';
import { plural } from '../l10n.ts';
import type { Shell } from '../shell.ts';
import { groupingName, severityLetters, severityWord } from '../words.ts';
import { assetNodeOf, findingIdOf, findingIdsOf } from './arguments.ts';
import { tell } from './connections.ts';
import type { CommandEntry } from './register.ts';

export function findingCommands(shell: Shell): readonly CommandEntry[] {
  return [
    {
      id: commandIds.openReport,
      title: l10n.t('Open Findings Report'),
      run: () => shell.report.show({ page: 'findings', focus: true }),
    },
    {
      id: commandIds.openDashboard,
      title: l10n.t('Open Dashboard'),
      run: () => shell.report.show({ page: 'dashboard', focus: true }),
    },
    {
      id: commandIds.showFinding,
      title: l10n.t('Show Finding'),
      run: async (argument) => {
        const id = findingIdOf(argument);
        if (id === undefined) await pickFinding(shell);
        else await shell.report.show({ page: 'findings', select: id, focus: false });
      },
    },
    {
      id: commandIds.goToSource,
      title: l10n.t('Go to Dockerfile Line'),
      run: async (argument) => {
        const id = findingIdOf(argument);
        const detail = id === undefined ? undefined : await (await shell.engine.get()).findings.detail(id);
        if (detail?.finding.source !== undefined) await openSource(detail.finding.source);
        else {
          shell.failures.explain(
            vscode.workspace.isTrusted
              ? l10n.t('No Dockerfile line of this workspace is known for this finding.')
              : l10n.t('In restricted mode findings are not linked to Dockerfiles of this folder.'),
          );
        }
      },
    },
    { id: commandIds.filterFindings, title: l10n.t('Filter Findings'), run: () => filterFindings(shell) },
    {
      id: commandIds.clearFindingsFilter,
      title: l10n.t('Clear Findings Filter'),
      run: () => shell.filter.clear(),
    },
    { id: commandIds.groupFindings, title: l10n.t('Group Findings By'), run: () => groupFindings(shell) },
    { id: commandIds.exportFindings, title: l10n.t('Export Findings'), run: () => exportFindings(shell) },
    {
      id: commandIds.copyFindingId,
      title: l10n.t('Copy Finding ID'),
      run: async (argument, selection) => {
        const ids = findingIdsOf(argument, selection);
        if (ids.length === 0) return;
        await vscode.env.clipboard.writeText(ids.join('\n'));
        tell(
          plural(l10n, ids.length, {
            one: l10n.t('Finding ID copied.'),
            other: l10n.t('{count} finding IDs copied.', { count: ids.length }),
          }),
        );
      },
    },
    {
      id: internalCommandIds.openAsset,
      title: l10n.t('Open Findings'),
      run: async (argument) => {
        const node = assetNodeOf(argument, shell.assetTree);
        if (node?.assetId === undefined) return;
        await shell.report.show({ page: 'findings', filter: { ...defaultFilter, asset: node.assetId }, focus: false });
      },
    },
    {
      id: internalCommandIds.showDenied,
      title: l10n.t('Show What Could Not Be Checked'),
      run: () => shell.report.show({ page: 'findings', filter: { states: ['denied', 'unreadable'] }, focus: true }),
    },
    {
      id: internalCommandIds.openLinkedRepository,
      title: l10n.t('Open Findings'),
      run: (image) =>
        shell.report.show({
          page: 'findings',
          filter: typeof image === 'string' ? { ...defaultFilter, asset: image } : defaultFilter,
          focus: true,
        }),
    },
  ];
}

const query = (shell: Shell, text: string): FindingsQuery => ({
  filter: text === '' ? shell.filter.effective : { ...shell.filter.effective, text },
  grouping: 'none',
  sort: { key: 'severity', descending: true },
  folded: [],
});

interface FindingPick extends vscode.QuickPickItem {
  readonly findingId: string;
}

/** Searches findings as one types. */
async function pickFinding(shell: Shell): Promise<void> {
  const engine = await shell.engine.get();
  const pick = vscode.window.createQuickPick<FindingPick>();
  pick.title = l10n.t('Show Finding');
  pick.placeholder = l10n.t('Words of id, title, package, asset, check or file');
  let latest = 0;
  let answered = 0;
  let search: Promise<void> = Promise.resolve();
  const ask = async (text: string): Promise<void> => {
    const turn = ++latest;
    pick.busy = true;
    const page = await engine.findings.page(turn, query(shell, text.slice(0, 500)), 0, 50, false);
    if (turn !== latest) return;
    answered = turn;
    pick.busy = false;
    pick.items = page.rows.flatMap((row) =>
      row.type === 'finding'
        ? [
            {
              label: `${row.severity === 'none' ? '–' : severityLetters[row.severity]}  ${row.title}`,
              description: row.asset,
              detail: `${severityWord(l10n, row.severity)} · ${row.check}`,
              alwaysShow: true, // the engine has searched already
              findingId: row.id,
            },
          ]
        : [],
    );
  };
  const guarded = (text: string): void => {
    search = ask(text).catch((error: unknown) => {
      pick.hide();
      shell.failures.show(l10n.t('Show Finding'), error);
    });
  };
  const chosen = (): string | undefined => {
    // The editor says a moment later which of new rows is the active one; until then it names one of the old.
    const active = pick.activeItems.find((item) => pick.items.includes(item));
    return (active ?? pick.items[0])?.findingId;
  };
  const picked = await new Promise<string | undefined>((resolve) => {
    pick.onDidChangeValue(guarded);
    pick.onDidAccept(() => {
      if (answered === latest) resolve(chosen());
      // Enter before the answer means the first row for what was typed, not that for its first letters.
      else void search.then(() => answered === latest && resolve(chosen()));
    });
    pick.onDidHide(() => resolve(undefined));
    pick.show();
    guarded('');
  });
  latest = Number.MAX_SAFE_INTEGER; // answers that are still on their way are late
  pick.dispose();
  if (picked !== undefined) await shell.report.show({ page: 'findings', select: picked, focus: true });
}

async function filterFindings(shell: Shell): Promise<void> {
  const engine = await shell.engine.get();
  const page = await engine.findings.page(0, { ...query(shell, ''), filter: shell.filter.effective }, 0, 1, true);
  const chosen = await askFilter(shell.filter.filter, page.facets);
  if (chosen !== undefined) shell.filter.set(chosen);
}

async function groupFindings(shell: Shell): Promise<void> {
  const picked = await vscode.window.showQuickPick(
    groupings.map((grouping) => ({
      label: `${grouping === shell.filter.grouping ? '$(check)' : '$(blank)'} ${groupingName(l10n, grouping)}`,
      ...(grouping === shell.filter.grouping ? { description: l10n.t('current') } : {}),
      grouping,
    })),
    { title: l10n.t('Group Findings By') },
  );
  if (picked !== undefined) shell.filter.setGrouping(picked.grouping);
}

async function exportFindings(shell: Shell): Promise<void> {
  const format = await vscode.window.showQuickPick(
    [
      { label: 'JSON', description: l10n.t('the full model'), format: 'json' },
      { label: 'CSV', description: l10n.t('one row per finding'), format: 'csv' },
    ],
    { title: l10n.t('Export Findings'), placeHolder: l10n.t('Format') },
  );
  if (format === undefined) return;
  const scope = await vscode.window.showQuickPick(
    [
      { label: l10n.t('Current filter'), filter: shell.filter.effective },
      { label: l10n.t('Everything'), description: l10n.t('also excepted, fixed and denied ones'), filter: {} },
    ],
    { title: l10n.t('Export Findings'), placeHolder: l10n.t('What?') },
  );
  if (scope === undefined) return;
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(exportFolder(shell), `plimsoll-findings.${format.format}`),
    filters: format.format === 'json' ? { JSON: ['json'] } : { CSV: ['csv'] },
    title: l10n.t('Export Findings'),
  });
  if (target === undefined) return;
  await shell.context.globalState.update(storageKeys.exportFolder, path.posix.dirname(target.path));
  const engine = await shell.engine.get();
  const { denied } = await engine.findings.counts({});
  const head: ExportHead = {
    version: extensionVersion(shell),
    generatedAt: shell.now().toISOString(),
    ranFrom: shell.machine,
    filter: scope.filter,
    deniedCount: denied,
  };
  const finished = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Exporting findings'), cancellable: true },
    async (_progress, token) => {
      const cancel = toSignal(token);
      try {
        const findings = engine.findings.all(scope.filter);
        await write(target, format.format === 'json' ? toJson(head, findings) : toCsv(head, findings), cancel.signal);
        return true;
      } finally {
        cancel.dispose();
      }
    },
  );
  if (!finished) return;
  const openIt = l10n.t('Open');
  const reveal = l10n.t('Reveal');
  const answer = await vscode.window.showInformationMessage(
    l10n.t('Findings were exported to {file}.', { file: path.posix.basename(target.path) }),
    openIt,
    reveal,
  );
  if (answer === openIt) await runBuiltIn('vscode.open', target);
  else if (answer === reveal) await runBuiltIn('revealFileInOS', target);
}

/** Where the last export went, else the workspace. */
export function exportFolder(shell: Shell): vscode.Uri {
  const last = shell.context.globalState.get(storageKeys.exportFolder);
  if (typeof last === 'string') return vscode.Uri.file(last);
  return vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('');
}

export function extensionVersion(shell: Shell): string {
  const manifest: unknown = shell.context.extension.packageJSON;
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}

/** Streams to a file of this machine; other file systems take whole files only. */
async function write(target: vscode.Uri, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  if (target.scheme !== 'file') {
    const parts: string[] = [];
    for await (const piece of pieces) {
      signal.throwIfAborted();
      parts.push(piece);
    }
    await vscode.workspace.fs.writeFile(target, Buffer.from(parts.join(''), 'utf8'));
    return;
  }
  const file = await open(target.fsPath, 'w', 0o600);
  try {
    for await (const piece of pieces) {
      signal.throwIfAborted();
      await file.write(piece);
    }
  } finally {
    await file.close();
  }
}
