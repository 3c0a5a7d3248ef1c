import fs from 'node:fs';
import { findSourceMap } from 'node:module';
import process from 'node:process';
import * as vscode from 'vscode';
import type { IntegrationEvent } from '../../support/integration-events.ts';

/** Loads one test file, whose `describe` calls register its tests. */
export type TestFile = () => Promise<unknown>;

/**
 * Runs mocha inside the extension host and reports to the file named by PLIMSOLL_TEST_RESULT. Rejects when a test
 * fails or there is none, so that a host which looks at the promise alone sees it too.
 */
export async function runSuite(files: Readonly<Record<string, TestFile>>): Promise<void> {
  const resultFile = process.env['PLIMSOLL_TEST_RESULT'];
  if (resultFile === undefined) throw new Error('PLIMSOLL_TEST_RESULT names no file');
  const report = (event: IntegrationEvent) => fs.appendFileSync(resultFile, `${JSON.stringify(event)}\n`);
  try {
    const failures = await runMocha(files, report);
    if (failures > 0) throw new Error(`${failures} integration tests failed`);
  } catch (error) {
    report({ kind: 'broken', error: describeError(error) });
    throw error;
  }
}

async function runMocha(
  files: Readonly<Record<string, TestFile>>,
  report: (event: IntegrationEvent) => void,
): Promise<number> {
  const { default: Mocha } = await import('mocha');
  const grep = process.env['PLIMSOLL_TEST_GREP'];
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    forbidOnly: true,
    forbidPending: true,
    reporter: Mocha.reporters.Base,
    ...(grep === undefined || grep === '' ? {} : { grep }),
  });
  for (const [file, load] of Object.entries(files)) {
    mocha.suite.emit('pre-require', globalThis, file, mocha);
    await load();
    mocha.suite.emit('post-require', globalThis, file, mocha);
  }
  if (mocha.suite.total() === 0) throw new Error('There is no integration test');
  return new Promise((resolve) => {
    let depth = 0;
    const counts = { passes: 0, failures: 0, pending: 0 };
    const runner = mocha.run((failures) => {
      report({ kind: 'end', ...counts });
      resolve(failures);
    });
    report({
      kind: 'start',
      vscode: vscode.version,
      appName: vscode.env.appName,
      node: process.version,
      total: runner.total,
    });
    runner.on('suite', (suite) => {
      if (!suite.root) report({ kind: 'suite', title: suite.title, depth });
      depth++;
    });
    runner.on('suite end', () => depth--);
    runner.on('pass', (test) => {
      counts.passes++;
      report({ kind: 'pass', title: test.title, depth, durationMs: test.duration ?? 0 });
    });
    runner.on('pending', (test) => {
      counts.pending++;
      report({ kind: 'pending', title: test.title, depth });
    });
    runner.on('fail', (test, error) => {
      counts.failures++;
      report({ kind: 'fail', title: test.title, fullTitle: test.fullTitle(), depth, error: describeError(error) });
    });
  });
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeError(error.cause)}`;
  return inSources(error.stack ?? error.message) + cause;
}

/** Places in the bundle as places in the sources: the editor writes stacks itself and leaves source maps out. */
function inSources(stack: string): string {
  const map = findSourceMap(__filename);
  return stack.replaceAll(/[^\s()]*suite\.cjs:(\d+):(\d+)/g, (place, line: string, column: string) => {
    const origin = map?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !('fileName' in origin)) return place;
    return `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}
