import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { DashboardModel, ReportState, ToHost, ToPage } from '../../../src/report/contract.ts';
import { reportHtml } from '../../../src/report/html.ts';
import { parseToHost } from '../../../src/report/messages.ts';
import type { FindingQueries } from '../../../src/report/query.ts';
import { reportStrings } from '../../../src/report/strings.ts';
import { codiconFiles, webviewBuilds } from '../../../webview/bundle.mjs';
import { answerLate, slowDown } from '../support/slowdown.ts';
import { connectivity, emptyDashboard, makeFinding, now, numberOf } from './data.ts';
import type { ThemeName } from './themes.ts';
import { themes } from './themes.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = path.join(root, '.cache/report-page');

/** The page's files on a loopback address. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  /** Bytes of the minified script. */
  readonly scriptBytes: number;
}

/** Bundles the page as the product does and serves it under the product's own policy. */
export async function startSite(): Promise<Site> {
  const [script] = await Promise.all(webviewBuilds(root, folder, true).map((options) => build(options)));
  const files = new Map<string, { readonly type: string; readonly body: Buffer }>();
  const add = async (name: string, file: string, type: string) =>
    files.set(`/${name}`, { type, body: await readFile(path.resolve(root, file)) });
  await add('report.js', path.join(folder, 'report.js'), 'text/javascript');
  await add('report.css', path.join(folder, 'report.css'), 'text/css');
  for (const { name, from } of codiconFiles) await add(name, from, name.endsWith('.css') ? 'text/css' : 'font/ttf');

  const server = createServer((request, response) => {
    const { pathname, origin } = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const file = files.get(pathname);
    if (pathname === '/') {
      const nonce = 'n0nceForTests';
      const html = reportHtml({
        cspSource: origin,
        nonce,
        scriptUri: `${origin}/report.js`,
        styleUri: `${origin}/report.css`,
        codiconUri: `${origin}/codicon.css`,
        language: 'en',
      });
      response.setHeader('content-type', 'text/html');
      response.end(html);
    } else if (pathname === '/favicon.ico') response.writeHead(204).end();
    else if (file === undefined) response.writeHead(404).end();
    else {
      response.setHeader('content-type', file.type);
      response.end(file.body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    scriptBytes: Object.entries(script?.metafile.outputs ?? {}).find(([name]) => name.endsWith('.js'))?.[1].bytes ?? 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface OpenOptions {
  readonly queries: FindingQueries;
  readonly dashboard?: DashboardModel;
  readonly connectivity?: typeof connectivity;
  readonly theme?: ThemeName;
  readonly size?: { readonly width: number; readonly height: number };
  readonly strings?: Readonly<Record<string, string>>;
  /** State that the host kept. */
  readonly restore?: ReportState;
  readonly reducedMotion?: boolean;
  readonly forcedColors?: boolean;
  /** Answers of the host, when they should differ: undefined answers as usual, null stays silent. */
  readonly answer?: (message: ToHost) => readonly ToPage[] | null | undefined;
}

/** The page in a browser, with a host that answers from generated data. */
export interface OpenReport extends AsyncDisposable {
  readonly page: Page;
  /** What the page sent, oldest first. */
  readonly sent: ToHost[];
  /** What went wrong: script errors, refused by the policy, malformed messages. */
  readonly troubles: string[];
  send(message: ToPage): Promise<void>;
  /** Changes the theme, as the editor does under a living page. */
  dress(theme: ThemeName): Promise<void>;
  last<T extends ToHost['type']>(type: T): Extract<ToHost, { type: T }> | undefined;
}

/** Opens the page as a webview does: theme variables and API are there before its script runs. */
export async function openReport(browser: Browser, site: Site, options: OpenOptions): Promise<OpenReport> {
  const context: BrowserContext = await browser.newContext({
    viewport: options.size ?? { width: 1280, height: 800 },
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
    forcedColors: options.forcedColors === true ? 'active' : 'none',
  });
  const page = await context.newPage();
  await slowDown(page);
  const sent: ToHost[] = [];
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(`console: ${message.text()}`);
  });
  await page.clock.setFixedTime(now);

  const send = async (message: ToPage) => {
    await page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
  };
  await page.exposeFunction('plimsollHost', async (raw: unknown) => {
    const parsed = parseToHost(raw);
    if ('problem' in parsed) {
      troubles.push(`message: ${parsed.problem} ${JSON.stringify(raw).slice(0, 200)}`);
      return;
    }
    sent.push(parsed.message);
    const special = options.answer?.(parsed.message);
    if (special === null) return;
    await answerLate();
    for (const answer of special ?? answers(parsed.message, options)) await send(answer);
  });
  await page.addInitScript(shim(options.theme ?? 'darkModern', options.reducedMotion === true));
  await page.goto(site.url);
  return {
    page,
    sent,
    troubles,
    send,
    async dress(theme) {
      await page.evaluate(`plimsollDress(${JSON.stringify(looks(theme, options.reducedMotion === true))})`);
      await page.waitForTimeout(250);
    },
    last: <T extends ToHost['type']>(type: T) =>
      sent.findLast((message): message is Extract<ToHost, { type: T }> => message.type === type),
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}

function answers(message: ToHost, options: OpenOptions): readonly ToPage[] {
  const { queries } = options;
  switch (message.type) {
    case 'ready':
      return [
        { type: 'strings', language: 'en', strings: options.strings ?? reportStrings },
        ...(options.restore === undefined ? [] : [{ type: 'restore' as const, state: options.restore }]),
        { type: 'dashboard', model: options.dashboard ?? emptyDashboard },
        { type: 'connectivity', model: options.connectivity ?? connectivity },
      ];
    case 'query':
      return [{ type: 'findings', page: queries.page(message, new Date(now)) }];
    case 'detail': {
      const number = numberOf(message.id);
      if (queries.index.rowOf(message.id) < 0) return [{ type: 'detail', id: message.id, detail: null }];
      const { found, total } = queries.sameCause(message.id, 50);
      return [
        {
          type: 'detail',
          id: message.id,
          detail: {
            finding: makeFinding(number),
            portalUrl: 'https://portal.azure.com/#resource',
            sameCause: found,
            sameCauseTotal: total,
          },
        },
      ];
    }
    default:
      return [];
  }
}

/** Variables and classes of a theme as the editor sets them on a webview. */
function looks(name: ThemeName, reduceMotion: boolean) {
  const { kind, variables } = themes[name];
  const classes = [
    kind,
    ...(kind === 'vscode-high-contrast-light' ? ['vscode-high-contrast'] : []),
    ...(reduceMotion ? ['vscode-reduce-motion'] : []),
  ];
  return { kind, variables, classes };
}

/** What the editor puts into a webview before the page's own script: variables, classes and the API. */
function shim(name: ThemeName, reduceMotion: boolean): string {
  return `(() => {
    globalThis.plimsollDress = ({ kind, variables, classes }) => {
      const { style } = document.documentElement;
      for (const name of [...style]) if (name.startsWith('--vscode-')) style.removeProperty(name);
      for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
      document.body.className = classes.join(' ');
      document.body.dataset.vscodeThemeKind = kind;
    };
    new MutationObserver((_, observer) => {
      if (document.body === null) return;
      observer.disconnect();
      plimsollDress(${JSON.stringify(looks(name, reduceMotion))});
    }).observe(document, { childList: true, subtree: true });
    globalThis.acquireVsCodeApi = () => ({
      postMessage: (message) => void globalThis.plimsollHost(message),
      getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
      setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
    });
  })();`;
}
