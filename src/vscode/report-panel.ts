import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { isAbort } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ReportCommand, ReportPage, ReportState, ToHost, ToPage } from '../report/contract.ts';
import { emptyQuery } from '../report/contract.ts';
import { reportHtml } from '../report/html.ts';
import type * as Messages from '../report/messages.ts';
import { l10n, settingsOf } from './editor.ts';
import { openLink, openSource, typeInTerminal } from './editor-places.ts';
import type { EngineHost } from './engine-host.ts';
import type { Failures } from './failures.ts';
import type { FilterState } from './filter-state.ts';
import { isSameFilter } from './filter-text.ts';
import { reportViewType, storageKeys } from './ids.ts';
import type { Operations } from './operations.ts';
import { reportStringsFor } from './report-strings.ts';
import { findingsLimits, limitFilter } from './settings.ts';
import type { Disposable } from './disposable.ts';

export type ShowRequest = Omit<ToPage & { readonly type: 'show' }, 'type'>;

/** The one webview panel. */
export interface ReportPanel extends Disposable {
  readonly isVisible: boolean;
  /** Opens or reveals the panel and leads it to a place. Without `focus` the focus stays where it is. */
  show(request: ShowRequest): Promise<void>;
}

export interface ReportPanelPorts {
  readonly engine: EngineHost;
  readonly operations: Operations;
  readonly filter: FilterState;
  readonly failures: Failures;
  readonly log: Log;
  readonly extensionUri: vscode.Uri;
  readonly state: vscode.Memento;
  /** Carries out what the page asks for; absent members are commands that this host does not have. */
  readonly commands: Readonly<Partial<Record<ReportCommand, (argument: string | undefined) => unknown>>>;
}

/** Results come in bursts: the page is told at most this often. */
const changedPauseMs = 1000;

export function createReportPanel(ports: ReportPanelPorts): ReportPanel {
  const webRoot = vscode.Uri.joinPath(ports.extensionUri, 'dist', 'webview');
  let open: { readonly panel: vscode.WebviewPanel; ready: boolean; readonly waiting: ToPage[] } | undefined;
  let page: ReportPage = 'findings';
  /** The filter that the page has. */
  let pageFilter = ports.filter.filter;
  let changing: NodeJS.Timeout | undefined;
  /** A bundle of its own, loaded with the first panel; nothing is sent before the page has said that it listens. */
  let messages: typeof Messages | undefined;

  const options: vscode.WebviewOptions & vscode.WebviewPanelOptions = {
    enableScripts: true,
    enableCommandUris: false,
    enableForms: false,
    localResourceRoots: [webRoot],
    retainContextWhenHidden: false,
    enableFindWidget: false,
  };

  /** Where to go waits until the page listens. */
  const send = (message: ToPage): void => {
    if (open === undefined) return;
    if (!open.ready || messages === undefined) {
      if (message.type === 'show') open.waiting.push(message); // all else is asked for again when it starts
      return;
    }
    const parsed = messages.parseToPage(message);
    if ('problem' in parsed) {
      ports.log.error('message for the report malformed', new Error(parsed.problem), { type: message.type });
      return;
    }
    void open.panel.webview.postMessage(parsed.message);
  };

  const sendPage = async (which: ReportPage): Promise<void> => {
    const engine = await ports.engine.get();
    if (which === 'dashboard') send({ type: 'dashboard', model: await engine.dashboard() });
    else if (which === 'connectivity') send({ type: 'connectivity', model: await connectivity() });
  };

  /** What the engine knows, with the steps of verifications that run now in place of their last result. */
  const connectivity = async (): Promise<(ToPage & { type: 'connectivity' })['model']> => {
    const model = await (await ports.engine.get()).connectivity();
    return {
      connections: model.connections.map((entry) => {
        const steps = ports.operations.steps(entry.connection.id);
        if (steps === undefined) return entry;
        return {
          ...entry,
          running: true,
          ...(entry.result === undefined
            ? {}
            : { result: steps.length === 0 ? entry.result : { ...entry.result, steps } }),
        };
      }),
    };
  };

  const changedSoon = (): void => {
    if (open === undefined) return;
    changing ??= setTimeout(() => {
      changing = undefined;
      send({ type: 'changed' });
      guard('refresh', async () => {
        await sendPage('connectivity');
        await sendPage('dashboard');
      });
    }, changedPauseMs);
  };

  /** What the page asked for failed: the log and the person are told, the page stays. */
  const guard = (what: string, work: () => Promise<unknown>): void => {
    work().catch((error: unknown) => {
      if (!isAbort(error)) ports.failures.show(l10n.t('Report'), error);
      ports.log.debug('report request failed', { what });
    });
  };

  const receive = async (message: ToHost): Promise<void> => {
    switch (message.type) {
      case 'ready':
        greet();
        // the tabs say what the other pages have to tell
        await sendPage('connectivity');
        return sendPage('dashboard');
      case 'query': {
        const engine = await ports.engine.get();
        const limits = findingsLimits(settingsOf());
        const query = { ...message.query, filter: limitFilter(message.query.filter, limits) };
        const { queryId, offset, limit, facets, locate } = message;
        send({ type: 'findings', page: await engine.findings.page(queryId, query, offset, limit, facets, locate) });
        return;
      }
      case 'detail': {
        const detail = await (await ports.engine.get()).findings.detail(message.id);
        send({ type: 'detail', id: message.id, detail: detail ?? null });
        return;
      }
      case 'page':
        page = message.page;
        return sendPage(page);
      case 'state':
        page = message.state.page;
        pageFilter = message.state.query.filter;
        ports.filter.set(message.state.query.filter);
        ports.filter.setGrouping(message.state.query.grouping);
        await ports.state.update(storageKeys.reportState, message.state);
        return;
      case 'goToSource': {
        const detail = await (await ports.engine.get()).findings.detail(message.id);
        if (detail?.finding.source !== undefined) await openSource(detail.finding.source);
        else ports.failures.explain(l10n.t('No Dockerfile line of this workspace is known for this finding.'));
        return;
      }
      case 'openLink':
        return openLink(message.url);
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
      case 'typeInTerminal':
        typeInTerminal(message.text);
        return;
      case 'command': {
        const run = ports.commands[message.command];
        if (run === undefined)
          ports.log.warn('report asked for a command that is not there', { command: message.command });
        else await run(message.argument);
        return;
      }
      case 'problem':
        ports.log.error('report page', new Error(message.detail), { what: message.what });
    }
  };

  const greet = (): void => {
    if (open === undefined) return;
    open.ready = true;
    const waiting = open.waiting.splice(0);
    const { language, strings } = reportStringsFor(l10n);
    const commands = Object.keys(ports.commands) as ReportCommand[];
    send({ type: 'strings', language, strings, commands });
    const state = storedState();
    page = state.page;
    pageFilter = state.query.filter;
    send({ type: 'restore', state });
    for (const message of waiting) {
      if (message.type === 'show' && message.page !== undefined) page = message.page;
      send(message);
    }
    guard('first page', () => sendPage(page));
  };

  /** The stored state under the filter and grouping that the tree has now. */
  const storedState = (): ReportState => {
    const stored = messages?.parseReportState(ports.state.get(storageKeys.reportState));
    const query = { ...(stored?.query ?? emptyQuery), filter: ports.filter.filter, grouping: ports.filter.grouping };
    return { page, ...stored, query };
  };

  const attach = (panel: vscode.WebviewPanel): void => {
    open = { panel, ready: false, waiting: [] };
    panel.iconPath = {
      light: vscode.Uri.joinPath(ports.extensionUri, 'media', 'plimsoll-light.svg'),
      dark: vscode.Uri.joinPath(ports.extensionUri, 'media', 'plimsoll-dark.svg'),
    };
    panel.webview.options = options;
    const nonce = randomBytes(16).toString('hex');
    const uri = (name: string): string => panel.webview.asWebviewUri(vscode.Uri.joinPath(webRoot, name)).toString();
    panel.webview.onDidReceiveMessage((raw: unknown) => {
      guard('message', async () => {
        messages ??= await import('../report/messages.ts');
        const parsed = messages.parseToHost(raw);
        if ('message' in parsed) await receive(parsed.message);
        else ports.log.warn('message of the report dropped', { problem: parsed.problem });
      });
    });
    panel.onDidDispose(() => {
      open = undefined;
    });
    panel.onDidChangeViewState(() => {
      // a hidden page is thrown away and starts anew when it is shown
      if (open !== undefined && !panel.visible) open.ready = false;
    });
    panel.webview.html = reportHtml({
      cspSource: panel.webview.cspSource,
      nonce,
      scriptUri: uri('report.js'),
      styleUri: uri('report.css'),
      codiconUri: uri('codicon.css'),
      language: l10n.language,
    });
  };

  const disposables: Disposable[] = [
    vscode.window.registerWebviewPanelSerializer(reportViewType, {
      deserializeWebviewPanel: (panel) => {
        attach(panel);
        return Promise.resolve();
      },
    }),
    ports.engine.onDidChange((event) => {
      if (event.type !== 'throttled') changedSoon();
    }),
    ports.operations.onDidChange(changedSoon),
    ports.operations.onDidChangeSteps(() => {
      if (open !== undefined && page === 'connectivity') guard('steps', () => sendPage('connectivity'));
    }),
    ports.filter.onDidChange(() => {
      if (isSameFilter(ports.filter.filter, pageFilter)) {
        changedSoon(); // settings limit the same filter otherwise, or the change came from the page
        return;
      }
      pageFilter = ports.filter.filter;
      // with its page named: a filter alone leads to the findings, whatever somebody reads
      send({ type: 'show', page, filter: pageFilter, focus: false });
    }),
  ];

  return {
    get isVisible() {
      return open?.panel.visible === true;
    },
    async show(request) {
      if (request.filter !== undefined) {
        pageFilter = request.filter; // it goes to the page with the request itself
        ports.filter.set(request.filter);
      }
      if (open === undefined) {
        attach(
          vscode.window.createWebviewPanel(
            reportViewType,
            'Plimsoll',
            { viewColumn: vscode.ViewColumn.Active, preserveFocus: !request.focus },
            options,
          ),
        );
      } else open.panel.reveal(undefined, !request.focus);
      send({ type: 'show', ...request });
      if (request.page !== undefined) {
        page = request.page;
        if (open?.ready === true) await sendPage(page);
      }
    },
    dispose() {
      clearTimeout(changing);
      for (const disposable of disposables) disposable.dispose();
      open?.panel.dispose();
    },
  };
}
