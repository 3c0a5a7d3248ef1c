// Starting the packed extension in a real VS Code: activation as the editor itself measures it ("Running Extensions":
// loading the code, then the call of `activate`), and what was loaded when the start was over. The floor is an extension
// of twenty lines in the same starts; of all starts the least counts, other work on the machine only ever adds.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { readManifest } from '../support/package-file.ts';
import { launchBrowser } from '../support/vscode-host/browser.ts';
import { installServerHost } from '../support/vscode-host/install.ts';
import { installExtension, startVscodeServer, type VscodeServer } from '../support/vscode-host/server.ts';
import { packedExtension } from './packed.ts';
import type { BenchRow } from './row.ts';

const starts = 5;
const probeName = 'bench.probe';

/** Runs in the same process as the extension, and writes down which of its files that process has loaded by then. */
const probe = `const fs = require('node:fs');
const vscode = require('vscode');
const { createRequire } = require('node:module');
exports.activate = async () => {
  const extension = () => vscode.extensions.getExtension(process.env.PLIMSOLL_PROBED);
  while (extension()?.isActive !== true) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const folder = fs.realpathSync(extension().extensionPath);
  const loaded = Object.keys(createRequire(__filename).cache).filter((file) => file.startsWith(folder));
  fs.appendFileSync(process.env.PLIMSOLL_PROBE_RESULT, JSON.stringify(loaded.map((file) => file.slice(folder.length + 1))) + '\\n');
};
`;

export async function run(): Promise<BenchRow[]> {
  const log = (line: string): void => console.error(line);
  const vsix = await packedExtension();
  const host = await installServerHost(log);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const { name, publisher } = readManifest();
  const result = path.join(scratch, 'loaded.jsonl');
  const options = {
    userDataDir: path.join(scratch, 'vscode'),
    extensionsDir: path.join(scratch, 'extensions'),
    env: { PLIMSOLL_PROBED: `${publisher}.${name}`, PLIMSOLL_PROBE_RESULT: result },
    development: true,
  };
  let server: VscodeServer | undefined;
  let browser: Browser | undefined;
  try {
    await installExtension(host, options, vsix);
    const folder = path.join(scratch, 'workspace');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Dockerfile'), 'FROM debian:12\n');
    const probeFolder = writeProbe(path.join(scratch, 'probe'));
    server = await startVscodeServer(host, options);
    browser = await launchBrowser(log);
    const times: number[] = [];
    const floors: number[] = [];
    for (let n = 0; n < starts; n++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 4000 } }); // every row of a list shows
      await page.goto(server.workbenchUrl({ folder, extensionDevelopmentPath: probeFolder }));
      await untilLines(result, n + 1);
      await showRunningExtensions(page);
      times.push(await activationMs(page, 'Plimsoll'));
      floors.push(await activationMs(page, probeName));
      await page.close();
    }
    const loaded = loadedFiles(result);
    if (loaded.some((files) => !files.includes('dist/extension.cjs'))) {
      throw new Error(`The probe does not see what is loaded: ${JSON.stringify(loaded)}`);
    }
    const beyond = new Set(loaded.flat().filter((file) => file !== 'dist/extension.cjs'));
    log(
      `activation: ${times.join(', ')} ms beside ${floors.join(', ')} ms; loaded: ${[...new Set(loaded.flat())].join(', ')}`,
    );
    return [
      { name: 'activation', figure: Math.min(...times), unit: 'ms', floor: Math.min(...floors), budget: 50 },
      { name: 'bundles loaded at a start beside the main one', figure: beyond.size, unit: 'bundles', budget: 0 },
    ];
  } finally {
    await browser?.close();
    await server?.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function writeProbe(folder: string): string {
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'extension.js'), probe);
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      name: 'probe',
      publisher: 'bench',
      version: '1.0.0',
      engines: { vscode: '^1.100.0' },
      main: './extension.js',
      activationEvents: ['onStartupFinished'],
    }),
  );
  return folder;
}

async function showRunningExtensions(page: Page): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input').first();
  await input.fill('>Developer: Show Running Extensions');
  await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  await input.press('Enter');
}

async function activationMs(page: Page, extension: string): Promise<number> {
  const entry = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: extension }).first();
  await entry.waitFor();
  const text = await entry.locator('.activation-time').first().innerText();
  const ms = /(\d+)\s*ms/.exec(text)?.[1];
  if (ms === undefined) throw new Error(`VS Code shows no activation time: "${text}"`);
  return Number(ms);
}

async function untilLines(file: string, count: number): Promise<void> {
  const end = performance.now() + 120_000;
  while (loadedFiles(file).length < count) {
    if (performance.now() > end) throw new Error(`The extension was not active within two minutes, start ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function loadedFiles(file: string): string[][] {
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => z.array(z.string()).parse(JSON.parse(line)));
}
