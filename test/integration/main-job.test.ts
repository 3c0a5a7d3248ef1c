import assert from 'node:assert/strict';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { z } from 'zod';
import { addFault, clearRequests, countRequests, resetLab } from './support/lab-control.ts';
import {
  closeEditors,
  diagnosticsText,
  eventually,
  hasLoaded,
  plimsollDiagnostics,
  ruleOf,
  run,
} from './support/shell.ts';

/** What "Collect Diagnostics" says about the first connection. */
async function connectionLine(): Promise<string | undefined> {
  return /^- Connection 1: .*$/m.exec(await diagnosticsText())?.[0];
}

/** Answers the connect wizard with the environment's credentials and the proposals of each box. */
async function connect(): Promise<void> {
  void run('plimsoll.connect');
  await sleep(2000);
  await run('quickInput.next');
  await run('quickInput.next');
  for (let box = 0; box < 20; box++) {
    await run('quickInput.accept');
    await sleep(1500);
    if ((await connectionLine()) !== undefined) return;
  }
}

describe('the main job, in the editor, against the lab', function () {
  this.timeout(5 * 60_000);
  const credentials = z
    .object({
      tenantId: z.string(),
      clientId: z.string(),
      clientSecret: z.string().min(10),
      subscriptionId: z.string(),
    })
    .parse(JSON.parse(process.env['PLIMSOLL_LAB_CREDENTIALS'] ?? '{}'));
  const environment = {
    AZURE_TENANT_ID: credentials.tenantId,
    AZURE_CLIENT_ID: credentials.clientId,
    AZURE_CLIENT_SECRET: credentials.clientSecret,
    AZURE_SUBSCRIPTION_ID: credentials.subscriptionId,
  };

  // the extension runs in this very process
  before(() => Object.assign(process.env, environment));

  after(async () => {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    await closeEditors();
  });

  it('connects with the credentials of the environment and verifies', async () => {
    for (let attempt = 0; attempt < 3 && (await connectionLine()) === undefined; attempt++) {
      await run('workbench.action.closeQuickOpen');
      await connect();
    }
    assert.equal(hasLoaded('engine.cjs'), true);
    const line = await eventually(
      'a verdict on the connection',
      async () => {
        const now = await connectionLine();
        return now !== undefined && /: (active|gaps|failed),/.test(now) ? now : undefined;
      },
      120_000,
    );
    assert.match(line, /^- Connection 1: gaps, cloud custom, verified 20/);
  });

  it('scans after connecting, to an end', async () => {
    const line = await eventually(
      'the end of the first scan',
      async () => {
        const now = await connectionLine();
        return now !== undefined && /scanned 20/.test(now) ? now : undefined;
      },
      240_000,
    );
    assert.match(line, /scanned 20/);
  });

  it('shows on the lines of a Dockerfile what runs in the cluster', async () => {
    const [uri] = await vscode.workspace.findFiles('services/orders/Dockerfile');
    assert.ok(uri, 'the sample workspace has no services/orders/Dockerfile');
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const mark = await eventually('a mark that comes from the scan', () =>
      plimsollDiagnostics(uri).find((diagnostic) => ruleOf(diagnostic).endsWith('-no-known-vulnerabilities')),
    );
    assert.notEqual(mark.severity, vscode.DiagnosticSeverity.Error);
    await eventually('a lens that says what the file builds', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
      return lenses.find(({ command }) => command?.title.startsWith('Builds ') === true);
    });
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      mark.range.start,
    );
    const shown = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
      .join('\n');
    assert.match(shown, /known vulnerabilities/);
    assert.match(shown, /its labels name this repository and this file|its source label names this repository/);
  });

  it('opens one report, however often it is asked for', async () => {
    const reports = () =>
      vscode.window.tabGroups.all.flatMap(({ tabs }) =>
        tabs.filter(
          ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('plimsoll.report'),
        ),
      );
    await run('plimsoll.openReport');
    await run('plimsoll.openDashboard');
    await run('plimsoll.openReport');
    await eventually('the report', () => (reports().length > 0 ? true : undefined));
    assert.equal(reports().length, 1);
  });

  it('27.13: stops a scan within two seconds', async () => {
    await addFault({ kind: 'slow', role: 'arm', delayMs: 30_000 });
    try {
      await clearRequests();
      const scan = run('plimsoll.scanAll');
      await eventually('the scan asks Azure', async () => ((await countRequests()) > 0 ? true : undefined));
      const started = performance.now();
      await run('plimsoll.cancelScan');
      await scan;
      assert.ok(performance.now() - started < 2000, `${Math.round(performance.now() - started)} ms`);
    } finally {
      await resetLab();
    }
  });

  it('27.5: keeps the secret out of its diagnostics and of the settings', async () => {
    const text = await diagnosticsText();
    assert.match(text, /## Log/);
    assert.ok(!text.includes(credentials.clientSecret));
    assert.ok(!JSON.stringify(vscode.workspace.getConfiguration('plimsoll')).includes(credentials.clientSecret));
  });
});
