// Runs test/integration in the extension host of a real VS Code, against the lab. Exit code 1 when a test fails.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runTests } from '@vscode/test-electron';
import * as esbuild from 'esbuild';
import { startLab } from '../lab/main.ts';
import { integrationEvent, type IntegrationEvent } from './integration-events.ts';
import { labEnvironment, labSettings } from './lab-window.ts';
import { duration, repositoryRoot, runScript } from './process.ts';
import { makeRepository } from './sample-repository.ts';
import { launchBrowser } from './vscode-host/browser.ts';
import { chooseHost, type HostChoice } from './vscode-host/choose.ts';
import { installServerHost } from './vscode-host/install.ts';
import { startVscodeServer } from './vscode-host/server.ts';
import { writeUserSettings, type Settings } from './vscode-host/settings.ts';

const artifacts = path.join(repositoryRoot, 'artifacts/integration');
const bundleFolder = path.join(repositoryRoot, 'dist-test/integration');
const suiteFile = path.join(bundleFolder, 'index.cjs');
const startLimitMs = 2 * 60_000;
const runLimitMs = 15 * 60_000;

const log = (line: string) => console.log(line);

/** What one run of the suite needs, whatever the host. */
interface SuiteRun {
  readonly folder: string;
  readonly scratch: string;
  readonly env: Record<string, string>;
  readonly settings: Settings;
  readonly resultFile: string;
}

async function main(stop: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { grep: { type: 'string', short: 'g' } } });
  for (const needed of ['dist/extension.cjs', 'package.json']) {
    if (!fs.existsSync(path.join(repositoryRoot, needed))) {
      throw new Error(`${needed} is missing: run "npm run build" first`);
    }
  }
  fs.rmSync(artifacts, { recursive: true, force: true });
  fs.mkdirSync(artifacts, { recursive: true });
  const choice = await chooseHost(log);
  await bundleSuite();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-integration-'));
  const lab = await startLab({ log, requireRealRegistry: process.platform === 'linux' });
  try {
    const folder = path.join(scratch, 'workspace');
    fs.cpSync(lab.workspaceDir, folder, { recursive: true });
    makeRepository(folder);
    const suiteRun: SuiteRun = {
      folder,
      scratch,
      settings: labSettings(lab),
      resultFile: path.join(artifacts, 'result.jsonl'),
      env: {
        ...labEnvironment(lab),
        PLIMSOLL_LAB_CREDENTIALS: JSON.stringify(lab.credentials),
        PLIMSOLL_TEST_RESULT: path.join(artifacts, 'result.jsonl'),
        PLIMSOLL_TEST_GREP: values.grep ?? '',
      },
    };
    const ended =
      choice.kind === 'server' ? await runInServer(suiteRun, stop) : await runOnDesktop(choice, suiteRun, stop);
    return ended ? 0 : 1;
  } finally {
    await lab.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** One CommonJS module that exports `run()`, as the extension host wants it; `vscode` and mocha stay outside. */
async function bundleSuite(): Promise<void> {
  const folder = path.join(repositoryRoot, 'test/integration');
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => name.replaceAll(path.sep, '/'))
    .sort();
  const entries = files.map((name) => `  ${JSON.stringify(name)}: () => import(${JSON.stringify(`./${name}`)}),`);
  await esbuild.build({
    stdin: {
      contents: `import { runSuite } from './support/suite.ts';
export const run = () => runSuite({
${entries.join('\n')}
});`,
      resolveDir: folder,
      loader: 'ts',
    },
    outfile: path.join(bundleFolder, 'suite.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  // Source maps count only for modules that are loaded after they are switched on.
  fs.writeFileSync(suiteFile, "process.setSourceMapsEnabled(true);\nmodule.exports = require('./suite.cjs');\n");
}

async function runInServer(suite: SuiteRun, stop: AbortSignal): Promise<boolean> {
  const host = await installServerHost(log);
  let stopped: string | undefined;
  const server = await startVscodeServer(host, {
    userDataDir: path.join(suite.scratch, 'vscode'),
    extensionsDir: path.join(suite.scratch, 'extensions'),
    env: suite.env,
    settings: suite.settings,
    development: true,
    onLine(line) {
      const exit = /Extension Host Process exited with (.*)/.exec(line)?.[1];
      if (exit !== undefined) setTimeout(() => (stopped ??= `the extension host ended with ${exit}`), 2000).unref();
    },
  });
  const browser = await launchBrowser(log);
  const pageLog = fs.createWriteStream(path.join(artifacts, 'page.log'));
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', (message) => pageLog.write(`${message.type()}: ${message.text()}\n`));
    page.on('crash', () => (stopped = 'the page crashed'));
    void server.ended.then(() => (stopped ??= 'the VS Code server ended'));
    await page.goto(
      server.workbenchUrl({
        folder: suite.folder,
        extensionDevelopmentPath: repositoryRoot,
        extensionTestsPath: suiteFile,
      }),
    );
    const passed = await followResult(suite.resultFile, () => (stop.aborted ? 'interrupted' : stopped));
    if (!passed) {
      await page.screenshot({ path: path.join(artifacts, 'failed.png') }).catch(() => undefined);
      log(`Logs of VS Code, and a picture: ${artifacts}`);
    }
    return passed;
  } finally {
    await browser.close();
    await server.stop();
    pageLog.end();
    if (fs.existsSync(server.logDir)) fs.cpSync(server.logDir, path.join(artifacts, 'logs'), { recursive: true });
  }
}

async function runOnDesktop(
  choice: HostChoice & { kind: 'desktop' },
  suite: SuiteRun,
  stop: AbortSignal,
): Promise<boolean> {
  const userDataDir = path.join(suite.scratch, 'user-data');
  writeUserSettings(path.join(userDataDir, 'User'), suite.settings);
  let stopped: string | undefined;
  const finished = runTests({
    ...(choice.executable === undefined ? {} : { vscodeExecutablePath: choice.executable }),
    extensionDevelopmentPath: repositoryRoot,
    extensionTestsPath: suiteFile,
    extensionTestsEnv: suite.env,
    launchArgs: [
      suite.folder,
      ...['--user-data-dir', userDataDir, '--extensions-dir', path.join(suite.scratch, 'extensions')],
      ...['--disable-extensions', '--skip-welcome', '--password-store=basic'],
      // Chromium's sandbox does not work for root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  }).then(
    (code) => (stopped = `VS Code ended with exit code ${code}`),
    (error: unknown) => (stopped = `VS Code failed: ${String(error)}`),
  );
  const passed = await followResult(suite.resultFile, () => (stop.aborted ? 'interrupted' : stopped));
  await finished;
  const logs = path.join(userDataDir, 'logs');
  if (fs.existsSync(logs)) fs.cpSync(logs, path.join(artifacts, 'logs'), { recursive: true });
  return passed;
}

/** Prints the events of the result file as they come. True when the suite ended and nothing failed. */
async function followResult(file: string, stopped: () => string | undefined): Promise<boolean> {
  const begin = performance.now();
  const failures: (IntegrationEvent & { kind: 'fail' })[] = [];
  let seen = 0;
  let started = false;
  for (;;) {
    // Looked at before the file, so that what was written just before the end is still read.
    const reason = stopped();
    const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    for (const line of lines.slice(seen)) {
      seen++;
      const event = integrationEvent.parse(JSON.parse(line));
      switch (event.kind) {
        case 'start':
          started = true;
          log(`${event.appName}, VS Code ${event.vscode}, Node ${event.node}: ${event.total} tests`);
          break;
        case 'suite':
          log(`${'  '.repeat(event.depth)}${event.title}`);
          break;
        case 'pass':
          log(`${'  '.repeat(event.depth)}✔ ${event.title} (${event.durationMs} ms)`);
          break;
        case 'pending':
          log(`${'  '.repeat(event.depth)}- ${event.title}`);
          break;
        case 'fail':
          failures.push(event);
          log(`${'  '.repeat(event.depth)}${failures.length}) ${event.title}`);
          break;
        case 'broken':
          printFailures(failures);
          log(`The suite did not run through: ${event.error}`);
          return false;
        case 'end':
          printFailures(failures);
          log(`${event.passes} passing, ${event.failures} failing, ${event.pending} pending (${duration(begin)})`);
          return event.failures === 0 && event.pending === 0 && event.passes > 0;
      }
    }
    const elapsed = performance.now() - begin;
    const problem =
      reason ??
      (!started && elapsed > startLimitMs ? 'the suite did not start in two minutes' : undefined) ??
      (elapsed > runLimitMs ? 'the suite ran longer than 15 minutes' : undefined);
    if (problem !== undefined) {
      printFailures(failures);
      log(`Integration tests broke off: ${problem}`);
      return false;
    }
    await sleep(150);
  }
}

function printFailures(failures: readonly (IntegrationEvent & { kind: 'fail' })[]): void {
  failures.forEach((failure, index) => {
    log(`\n${index + 1}) ${failure.fullTitle}\n   ${failure.error.replaceAll('\n', '\n   ')}`);
  });
}

await runScript(main);
