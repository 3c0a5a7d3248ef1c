// `npm start`: builds, starts the lab and opens VS Code on a copy of its sample workspace. `npm start -- --azure` leaves
// the lab out, for a real subscription. `--check` stops as soon as the editor answers.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startLab, type Lab } from '../lab/main.ts';
import { labEnvironment, labSettings } from './lab-window.ts';
import { packageFile, readManifest } from './package-file.ts';
import {
  duration,
  endWithThisProcess,
  findProgram,
  repositoryRoot,
  runOrThrow,
  runScript,
  stopProcess,
} from './process.ts';
import { makeRepository } from './sample-repository.ts';
import { ensureSystemPackages } from './system-packages.ts';
import { hasDisplay } from './vscode-host/choose.ts';
import { hostFolder, installServerHost } from './vscode-host/install.ts';
import { installExtension, startVscodeServer } from './vscode-host/server.ts';
import { writeUserSettings, type Settings } from './vscode-host/settings.ts';

const defaultPort = 8410;
const log = (line: string) => console.log(line);

interface Window {
  readonly folder: string;
  readonly userDataDir: string;
  readonly extensionsDir: string;
  readonly settings: Settings;
  readonly env: Record<string, string>;
}

async function main(stop: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { azure: { type: 'boolean' }, check: { type: 'boolean' }, port: { type: 'string' } },
  });
  const begin = performance.now();

  await step('Building the extension', async () => {
    await runOrThrow('node', ['esbuild.mjs'], { output: 'hide' });
    await runOrThrow('node', ['test/support/package.ts'], { output: 'hide' });
  });
  let lab: Lab | undefined;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-start-'));
  try {
    if (values.azure !== true) lab = await openLab();
    const window = prepareWindow(lab, scratch);
    const editor = desktopEditor();
    if (editor !== undefined && values.check !== true) {
      await openOnDesktop(editor, window, lab, stop);
    } else {
      await openInBrowser(window, lab, {
        port: Number(values.port ?? defaultPort),
        check: values.check === true,
        stop,
        begin,
      });
    }
  } finally {
    log('Stopping');
    await lab?.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  return 0;
}

async function openLab(): Promise<Lab> {
  try {
    await ensureSystemPackages({ browser: false }, log);
  } catch (error) {
    log(String(error));
    log('Going on without: the lab then uses its built-in registry and hand-made images.');
  }
  log('Starting the lab; the first time it builds its images, which takes some minutes');
  return startLab({ log });
}

/** With the lab everything is fresh, since its addresses are; without it, connections stay from start to start. */
function prepareWindow(lab: Lab | undefined, scratch: string): Window {
  const folder = path.join(scratch, 'sample');
  const sample = lab?.workspaceDir ?? path.join(repositoryRoot, 'test/lab/workspace');
  fs.cpSync(sample, folder, { recursive: true });
  makeRepository(folder);
  const home = lab === undefined ? path.join(hostFolder, 'start-azure') : path.join(scratch, 'vscode');
  return {
    folder,
    userDataDir: path.join(home, 'user-data'),
    extensionsDir: path.join(scratch, 'extensions'),
    settings: { 'workbench.reduceMotion': 'auto', ...(lab === undefined ? {} : labSettings(lab)) },
    env: lab === undefined ? {} : labEnvironment(lab),
  };
}

function desktopEditor(): string | undefined {
  if (!hasDisplay()) return undefined;
  const named = process.env['PLIMSOLL_VSCODE'] ?? '';
  return named === '' ? findProgram('code') : named;
}

async function openOnDesktop(editor: string, window: Window, lab: Lab | undefined, stop: AbortSignal): Promise<void> {
  const folders = ['--user-data-dir', window.userDataDir, '--extensions-dir', window.extensionsDir];
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const environment = { ...process.env, ...window.env };
  writeUserSettings(path.join(window.userDataDir, 'User'), window.settings);
  await runOrThrow(editor, ['--install-extension', packageFile(), ...folders, ...asRoot], {
    env: environment,
    output: 'hide',
  });
  explain(lab);
  log(`Opening ${editor}; close its window, or press Ctrl+C here, to stop everything`);
  const child = spawn(editor, [...folders, ...asRoot, '--new-window', '--wait', window.folder], {
    env: environment,
    stdio: 'ignore',
    detached: process.platform !== 'win32',
    shell: process.platform === 'win32',
  });
  const release = endWithThisProcess(child);
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
    stop.addEventListener('abort', () => resolve());
  });
  await stopProcess(child);
  release();
}

async function openInBrowser(
  window: Window,
  lab: Lab | undefined,
  options: { port: number; check: boolean; stop: AbortSignal; begin: number },
): Promise<void> {
  const host = await installServerHost(log);
  const server = { ...window, port: options.check || !(await isFree(options.port)) ? 0 : options.port };
  await installExtension(host, server, packageFile());
  const running = await startVscodeServer(host, server);
  try {
    const url = running.workbenchUrl({ folder: window.folder });
    await answers(url);
    if (options.check) {
      const { publisher, name } = readManifest();
      const installed = fs.readdirSync(window.extensionsDir);
      if (!installed.some((entry) => entry.startsWith(`${publisher}.${name}-`))) {
        throw new Error(`VS Code has no ${publisher}.${name}, only ${installed.join(', ')}`);
      }
      log(`The workbench answers at ${url} after ${duration(options.begin)}`);
      return;
    }
    explain(lab);
    log(
      `\nVS Code is ready after ${duration(options.begin)}. Open this address; Ctrl+C here stops everything:\n\n  ${url}\n`,
    );
    await Promise.race([
      running.ended,
      new Promise<void>((resolve) => {
        if (options.stop.aborted) resolve();
        options.stop.addEventListener('abort', () => resolve());
      }),
    ]);
  } finally {
    await running.stop();
  }
}

/** What to paste into the connect wizard: the shape of `az ad sp create-for-rbac --json-auth`. */
function explain(lab: Lab | undefined): void {
  if (lab === undefined) return;
  const { clientId, clientSecret, subscriptionId, tenantId } = lab.credentials;
  log('\nTo connect, run "Plimsoll: Connect Azure Subscription..." and paste this:\n');
  log(JSON.stringify({ clientId, clientSecret, subscriptionId, tenantId }, undefined, 2));
}

async function step(what: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  log(what);
  await work();
  log(`${what}: done in ${duration(start)}`);
}

async function answers(url: string): Promise<void> {
  const status = await new Promise<number>((resolve, reject) => {
    const request = http.get(url, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.setTimeout(30_000, () => request.destroy(new Error('no answer in 30 s')));
    request.once('error', reject);
  });
  if (status !== 200) throw new Error(`The workbench at ${url} answers ${status}`);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = http.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

await runScript(main);
