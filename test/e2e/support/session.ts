import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { LabData } from '../../lab/types.ts';
import { startLabProcess, type LabProcess } from '../../support/lab-process.ts';
import { labEnvironment, labSettings } from '../../support/lab-window.ts';
import { packageFile } from '../../support/package-file.ts';
import { exitOnSignals, repositoryRoot } from '../../support/process.ts';
import { launchBrowser } from '../../support/vscode-host/browser.ts';
import { installServerHost } from '../../support/vscode-host/install.ts';
import { installExtension, startVscodeServer, type VscodeServer } from '../../support/vscode-host/server.ts';
import { settingsText, type Settings } from '../../support/vscode-host/settings.ts';
import { slowDown } from './slowdown.ts';
import { EarlierStepFailed } from './steps.ts';
import { switchTheme, themes, type Theme } from './theme.ts';
import { Workbench } from './workbench.ts';

const artifacts = path.join(repositoryRoot, 'artifacts');
const viewport = { width: 1400, height: 900 };

export interface SessionOptions {
  /** `sample` is a copy of the lab's workspace, `none` an empty window; else a folder to open as it is. */
  readonly folder?: string;
  /** Puts files into the copy of the sample workspace before it is opened. */
  readonly plant?: (folder: string, lab: LabData) => void;
  /** Whether the folder opens trusted; false opens it in restricted mode, without a question. */
  readonly trusted?: boolean;
  /** Folder below `artifacts/screenshots/` for the pictures of this session. */
  readonly pictures?: string;
  /** Over the settings that point at the lab. */
  readonly settings?: Settings;
  /** Over the environment of the lab. */
  readonly env?: Readonly<Record<string, string>>;
}

/** VS Code with the packed extension in a browser, and the lab it talks to. */
export interface Session {
  readonly lab: LabProcess;
  readonly server: VscodeServer;
  readonly page: Page;
  readonly workbench: Workbench;
  /** The opened folder; empty for an empty window. */
  readonly folder: string;
  /** Everything VS Code and the extension write: settings, global storage, logs. */
  readonly dataDir: string;
  /** Console messages of the page and of webviews, oldest first. */
  readonly consoleLines: readonly string[];
  /** Changes user settings in the running window. */
  changeSettings(changes: Settings): Promise<void>;
  /** Saves `artifacts/screenshots/<pictures>/<theme>/<name>.png` of the window as it is, in the theme it wears. */
  screenshot(name: string): Promise<void>;
  /**
   * The same picture in all four themes, after `prepare` in each: quick inputs and hovers close with the switch. `tidy`
   * closes what would be in its way, and what the last picture leaves open. Ends in the dark one.
   */
  screenshotInThemes(name: string, prepare?: () => Promise<void>, tidy?: () => Promise<void>): Promise<void>;
  /** Opens another window on the same server, with its own cookies and storage. */
  newWindow(): Promise<Workbench>;
  stop(): Promise<void>;
}

/**
 * Starts a session. The lab is shared by all sessions of one mocha process and must be left as it was found.
 * @throws Error when there is no packed extension.
 */
export async function startSession(options: SessionOptions = {}): Promise<Session> {
  const vsix = packageFile();
  if (!fs.existsSync(vsix)) throw new Error(`${vsix} is missing: run "npm run package" first`);
  const log = () => undefined;
  const host = await installServerHost(log);
  const lab = await sharedLab();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-e2e-'));
  const folder = openFolder(options.folder ?? 'sample', scratch, lab);
  options.plant?.(folder, lab);
  let settings: Settings = {
    ...labSettings(lab),
    // What would come between the mouse and a row.
    'workbench.hover.delay': 60_000,
    'workbench.tree.enableStickyScroll': false,
    'remote.autoForwardPorts': false,
    ...(options.trusted === false
      ? { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' }
      : {}),
    ...options.settings,
  };
  const serverOptions = {
    userDataDir: path.join(scratch, 'vscode'),
    extensionsDir: path.join(scratch, 'extensions'),
    env: { ...labEnvironment(lab), ...options.env },
    settings,
  };
  await installExtension(host, serverOptions, vsix);
  const server = await startVscodeServer(host, serverOptions);
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser(log);
    const consoleLines: string[] = [];
    const url = server.workbenchUrl(folder === '' ? {} : { folder });
    const openWindow = async (opened: Browser) => {
      const page = await newPage(await opened.newContext({ viewport, reducedMotion: 'reduce' }), consoleLines);
      const workbench = new Workbench(page);
      await workbench.open(url);
      return workbench;
    };
    const started = browser;
    let theme: Theme = 'dark';
    const workbench = await openWindow(started);
    const { page } = workbench;
    const session: Session = {
      lab,
      server,
      page,
      workbench,
      folder,
      dataDir: server.dataDir,
      consoleLines,
      async changeSettings(changes) {
        settings = { ...settings, ...changes };
        await workbench.runCommand('Preferences: Open User Settings (JSON)');
        await workbench.editor.replaceText(settingsText(settings));
        await workbench.editor.save();
        await workbench.runCommand('View: Close Editor');
      },
      async screenshot(name) {
        const file = path.join(artifacts, 'screenshots', options.pictures ?? 'other', theme, `${name}.png`);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        await page.screenshot({ path: file, animations: 'disabled' });
      },
      async screenshotInThemes(name, prepare, tidy) {
        for (const next of [...themes].reverse()) {
          await switchTheme(workbench, next);
          theme = next;
          await prepare?.();
          await session.screenshot(name);
          await tidy?.();
        }
      },
      newWindow: () => openWindow(started),
      async stop() {
        await started.close();
        await server.stop();
        fs.rmSync(scratch, { recursive: true, force: true });
      },
    };
    return session;
  } catch (error) {
    await browser?.close();
    await server.stop();
    throw error;
  }
}

/**
 * A session for the tests of one `describe`: started before the first, stopped after the last. When a test fails, a
 * picture of the window, the page's console and the logs of VS Code are kept in `artifacts/e2e/`.
 */
export function useSession(options: SessionOptions = {}): () => Session {
  let session: Session | undefined;
  let failed = false;
  before(async function () {
    this.timeout(5 * 60_000);
    session = await startSession(options);
  });
  afterEach(async function () {
    if (session === undefined || this.currentTest?.state !== 'failed') return;
    failed = true;
    if (this.currentTest.err instanceof EarlierStepFailed) return;
    const name = fileName(this.currentTest.fullTitle());
    fs.mkdirSync(path.join(artifacts, 'e2e'), { recursive: true });
    await session.page.screenshot({ path: path.join(artifacts, 'e2e', `${name}.png`) });
    fs.writeFileSync(path.join(artifacts, 'e2e', `${name}.console.log`), session.consoleLines.join('\n'));
  });
  after(async function () {
    this.timeout(60_000);
    if (session === undefined) return;
    if (failed && fs.existsSync(session.server.logDir)) {
      const logs = path.join(artifacts, 'e2e', fileName(this.test?.parent?.fullTitle() ?? 'logs'));
      fs.cpSync(session.server.logDir, logs, { recursive: true });
    }
    await session.stop();
  });
  return () => {
    if (session === undefined) throw new Error('The session has not started');
    return session;
  };
}

let lab: Promise<LabProcess> | undefined;

exitOnSignals();

async function sharedLab(): Promise<LabProcess> {
  lab ??= startLabProcess({ requireRealRegistry: process.platform === 'linux' });
  return lab;
}

// Outside of any `describe`, so it runs after the last test of all files.
after(async () => (await lab)?.stop());

function openFolder(wanted: string, scratch: string, source: LabData): string {
  if (wanted === 'none') return '';
  if (wanted !== 'sample') return wanted;
  const folder = path.join(scratch, 'sample');
  fs.cpSync(source.workspaceDir, folder, { recursive: true });
  return folder;
}

async function newPage(context: BrowserContext, consoleLines: string[]): Promise<Page> {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  await slowDown(page);
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    consoleLines.push(`${message.type()}: ${message.text()}`);
    if (consoleLines.length > 5000) consoleLines.shift();
  });
  page.on('pageerror', (error) => consoleLines.push(`uncaught: ${error.stack ?? error.message}`));
  return page;
}

function fileName(title: string): string {
  return title
    .replaceAll(/[^\w.-]+/g, '-')
    .toLowerCase()
    .slice(0, 120);
}
