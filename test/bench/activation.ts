// The packed extension in a real VS Code. What a start loads is looked at in an ordinary window. Activation is taken as
// the editor itself measures it ("Running Extensions": loading the code, then the call of `activate`), but by a command,
// once the window stands still: at the start of a window the editor counts in what all others do meanwhile. The floor is
// an extension of three lines; of all windows the least counts, other work on the machine only ever adds.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { readManifest } from '../support/package-file.ts';
import { launchBrowser } from '../support/vscode-host/browser.ts';
import { installServerHost, type ServerHost } from '../support/vscode-host/install.ts';
import { installExtension, startVscodeServer } from '../support/vscode-host/server.ts';
import { packedExtension } from './packed.ts';
import type { BenchRow } from './row.ts';

const windows = 5;
const settleMs = 4000;

/** Writes down which files of the extension its process has loaded a while after the start. */
const witness = `const fs = require('node:fs');
const vscode = require('vscode');
const { createRequire } = require('node:module');
exports.activate = async () => {
  const extension = () => vscode.extensions.getExtension(process.env.PLIMSOLL_PROBED);
  while (extension()?.isActive !== true) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, ${settleMs}));
  const folder = fs.realpathSync(extension().extensionPath);
  const loaded = Object.keys(createRequire(__filename).cache).filter((file) => file.startsWith(folder));
  fs.writeFileSync(process.env.PLIMSOLL_PROBE_RESULT, JSON.stringify(loaded.map((file) => file.slice(folder.length + 1))));
};
`;
const smallest = `const vscode = require('vscode');
exports.activate = ({ subscriptions }) => {
  subscriptions.push(vscode.commands.registerCommand('bench.smallest', () => undefined));
};
`;

export async function run(): Promise<BenchRow[]> {
  const log = (line: string): void => console.error(line);
  const vsix = await packedExtension();
  const host = await installServerHost(log);
  const browser = await launchBrowser(log);
  try {
    const loaded = await loadedByStart(host, vsix, browser);
    const times = await activations(host, vsix, browser);
    log(
      `activation: ${times.map(({ own, floor }) => `${own} (${floor})`).join(', ')} ms; loaded: ${loaded.join(', ')}`,
    );
    const least = (pick: (one: Times) => number): number => Math.min(...times.map(pick));
    return [
      {
        name: 'activation',
        figure: least(({ own }) => own),
        unit: 'ms',
        floor: least(({ floor }) => floor),
        budget: 50,
      },
      { name: 'bundles loaded at a start beside the main one', figure: loaded.length - 1, unit: 'bundles', budget: 0 },
    ];
  } finally {
    await browser.close();
  }
}

/** Files of the extension that are loaded when a window without connections has started, the main bundle among them. */
async function loadedByStart(host: ServerHost, vsix: string, browser: Browser): Promise<string[]> {
  const { name, publisher } = readManifest();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const result = path.join(scratch, 'loaded.json');
  const env = { PLIMSOLL_PROBED: `${publisher}.${name}`, PLIMSOLL_PROBE_RESULT: result };
  const probe = { main: witness, activationEvents: ['onStartupFinished'] };
  try {
    return await inWindows({ host, vsix, browser, scratch, env, probe, windows: 1 }, async () => {
      const end = performance.now() + 120_000;
      while (!fs.existsSync(result)) {
        if (performance.now() > end) throw new Error('The extension was not active within two minutes');
        await sleep(200);
      }
      await sleep(200);
      const files = z.array(z.string()).parse(JSON.parse(fs.readFileSync(result, 'utf8')));
      if (!files.includes('dist/extension.cjs')) throw new Error(`The main bundle is not among ${files.join(', ')}`);
      return files;
    }).then(([files = []]) => files);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

interface Times {
  readonly own: number;
  readonly floor: number;
}

async function activations(host: ServerHost, vsix: string, browser: Browser): Promise<Times[]> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const probe = { main: smallest, activationEvents: [], command: 'Start the Smallest Extension' };
  try {
    const run = { host, vsix, browser, scratch, env: {}, probe, windows, prepare: startByCommandAlone };
    return await inWindows(run, async (page) => {
      await sleep(settleMs);
      await command(page, 'Plimsoll: Show Log');
      await sleep(500);
      await command(page, 'Start the Smallest Extension');
      await sleep(500);
      await command(page, 'Developer: Show Running Extensions');
      return { own: await activationMs(page, 'Plimsoll'), floor: await activationMs(page, 'bench.probe') };
    });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

interface WindowRun {
  readonly host: ServerHost;
  readonly vsix: string;
  readonly browser: Browser;
  readonly scratch: string;
  readonly env: Readonly<Record<string, string>>;
  readonly probe: { readonly main: string; readonly activationEvents: readonly string[]; readonly command?: string };
  readonly windows: number;
  /** Changes the installed extension before the first window. */
  readonly prepare?: (extensionsDir: string) => void;
}

/** Opens windows one after the other, each with an extension host of its own. */
async function inWindows<T>(run: WindowRun, look: (page: Page) => Promise<T>): Promise<T[]> {
  const { host, scratch, env } = run;
  const folder = path.join(scratch, 'workspace');
  fs.mkdirSync(folder);
  const options = {
    userDataDir: path.join(scratch, 'vscode'),
    extensionsDir: path.join(scratch, 'extensions'),
    env,
    development: true,
  };
  await installExtension(host, options, run.vsix);
  run.prepare?.(options.extensionsDir);
  const probeFolder = writeProbe(path.join(scratch, 'probe'), run.probe);
  const server = await startVscodeServer(host, options);
  try {
    const out: T[] = [];
    for (let n = 0; n < run.windows; n++) {
      // Lists make no elements for rows that do not fit.
      const page = await run.browser.newPage({ viewport: { width: 1280, height: 4000 } });
      await page.goto(server.workbenchUrl({ folder, extensionDevelopmentPath: probeFolder }));
      await page.locator('.monaco-workbench .statusbar-item').first().waitFor();
      out.push(await look(page));
      await page.close();
    }
    return out;
  } finally {
    await server.stop();
  }
}

function startByCommandAlone(extensionsDir: string): void {
  const installed = fs.readdirSync(extensionsDir).find((name) => name.startsWith('plimsoll.'));
  if (installed === undefined) throw new Error('The extension is not installed');
  const file = path.join(extensionsDir, installed, 'package.json');
  const manifest = z
    .looseObject({ activationEvents: z.array(z.string()) })
    .parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  fs.writeFileSync(file, JSON.stringify({ ...manifest, activationEvents: [] }));
}

function writeProbe(folder: string, probe: WindowRun['probe']): string {
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'extension.js'), probe.main);
  const commands = probe.command === undefined ? [] : [{ command: 'bench.smallest', title: probe.command }];
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      name: 'probe',
      publisher: 'bench',
      version: '1.0.0',
      engines: { vscode: '^1.100.0' },
      main: './extension.js',
      activationEvents: probe.activationEvents,
      contributes: { commands },
    }),
  );
  return folder;
}

async function command(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input').first();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
  await input.press('Enter');
}

/** What "Running Extensions" says of an extension. */
async function activationMs(page: Page, extension: string): Promise<number> {
  const entry = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: extension }).first();
  await entry.waitFor();
  const text = await entry.locator('.activation-time').first().innerText();
  const ms = /(\d+)\s*ms/.exec(text)?.[1];
  if (ms === undefined) throw new Error(`VS Code shows no activation time: "${text}"`);
  return Number(ms);
}
