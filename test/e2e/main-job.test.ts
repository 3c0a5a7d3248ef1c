import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { runAxe } from './support/axe.ts';
import { connectByPaste, connectCommand, paste, waitScanned, wizardTitle } from './support/connect.ts';
import { findSecret, secretForms } from './support/leaks.ts';
import { ReportPage } from './support/report-page.ts';
import { useSession } from './support/session.ts';
import { stepByStep } from './support/steps.ts';
import { becomes, readable, waitUntil } from './support/wait.ts';

const orders = 'services/orders/Dockerfile';
const production = ['Harbour', 'Harbour Production'];
const staging = ['Harbour', 'Harbour Staging'];

describe('the main job, from an empty VS Code to a Dockerfile line', function () {
  this.timeout(240_000);
  this.slow(120_000);
  stepByStep();
  const session = useSession({ pictures: 'main-job' });

  it('begins with a welcome that leads to the wizard', async () => {
    const { workbench } = session();
    await workbench.openContainer();
    const assets = workbench.tree('Assets');
    await waitUntil('the welcome is shown', async () =>
      /Connect an Azure subscription to see its registries, clusters and cloud/.test(await assets.welcome()),
    );
    await waitUntil('the findings say what comes', async () =>
      /Findings from Azure and from Dockerfiles appear here/.test(await workbench.tree('Findings').welcome()),
    );
    assert.deepEqual(await workbench.notifications(), []);
    await session().screenshotInThemes('welcome');
  });

  it('sends each refused value back to its own box, with the reason, and keeps the others', async () => {
    const { workbench, page, lab } = session();
    const input = workbench.quickInput;
    const { good, wrongTenant, unknownApp, secretId, wrongSecret } = lab.credentials.named;
    assert.ok(good && wrongTenant && unknownApp && secretId && wrongSecret);
    const put = async (text: string) => {
      await page.keyboard.press('ControlOrMeta+A');
      await paste(session(), text);
      await page.keyboard.press('Enter');
    };
    const says = async (step: string, pattern: RegExp) => {
      await input.waitOpen(wizardTitle, step);
      await waitUntil(`box ${step} says ${String(pattern)}`, async () => pattern.test(await input.message()));
    };
    await input.runCommand(connectCommand);
    await input.waitOpen(wizardTitle);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await input.waitOpen(wizardTitle, '2/9');
    await put(` ${wrongTenant.tenantId}\u200b `);
    await says('3/9', /Application \(client\) ID, not the Object ID/);
    await put(good.clientId);
    await says('4/9', /the Value, not the Secret ID/);
    assert.equal(await input.isPassword(), true);
    await put(good.clientSecret);
    await says('2/9', /^No tenant with this ID in Custom cloud\./);
    assert.equal(await input.severity(), 'error');
    assert.equal(await input.value(), wrongTenant.tenantId);
    await session().screenshot('wizard-refused-tenant');

    await put(good.tenantId);
    await input.waitOpen(wizardTitle, '3/9');
    assert.equal(await input.value(), good.clientId);
    await put(unknownApp.clientId);
    await input.waitOpen(wizardTitle, '4/9');
    assert.equal(await input.value(), '');
    await page.keyboard.press('Enter');
    await says('3/9', /^This tenant has no application with this client ID\./);

    await put(good.clientId);
    await input.waitOpen(wizardTitle, '4/9');
    await put(secretId.clientSecret);
    await says('4/9', /^This looks like the Secret ID\. Azure needs the Value/);
    assert.equal(await input.severity(), 'warning');
    await session().screenshot('wizard-secret-id');
    await page.keyboard.press('Enter');
    await says('4/9', /^Azure refused the secret\. It looks like the Secret ID/);
    await put(wrongSecret.clientSecret);
    await says('4/9', /^Azure refused the secret\. Check that it is the Value/);

    // Esc saves nothing; the wizard would go on here, so it is left through its beginning.
    await page.keyboard.press('Escape');
    await input.waitClosed();
    await waitUntil('the welcome is shown', async () =>
      /Connect an Azure subscription/.test(await workbench.tree('Assets').welcome()),
    );
    await input.runCommand(connectCommand);
    await input.waitOpen(wizardTitle, '4/9');
    assert.equal(await input.value(), '');
    for (const step of ['3/9', '2/9', '1/9']) {
      await input.back();
      await input.waitOpen(wizardTitle, step);
    }
    await page.keyboard.press('Escape');
    await input.waitClosed();
  });

  it('says what is wrong with a value in every theme', async () => {
    const { workbench, page } = session();
    const input = workbench.quickInput;
    await session().screenshotInThemes('wizard-malformed', async () => {
      if (await input.isOpen()) await input.cancel();
      await input.runCommand(connectCommand);
      // It goes on at the second box once that was reached.
      await input.waitOpen(wizardTitle);
      if (/\b1\/\d/.test(await input.title())) {
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
      }
      await input.waitOpen(wizardTitle, '2/9');
      await page.keyboard.press('ControlOrMeta+A');
      await paste(session(), '0000-not-a-tenant');
      await page.keyboard.press('Enter');
      await waitUntil('the box says what is wrong', async () => (await input.severity()) === 'error');
    });
    await input.back();
    await input.waitOpen(wizardTitle, '1/9');
    await page.keyboard.press('Escape');
    await input.waitClosed();
  });

  it('connects with the pasted JSON, by keyboard alone, and verifies and scans at once', async () => {
    const { workbench } = session();
    await connectByPaste(session(), (name) => session().screenshot(`wizard-${name}`));
    await waitScanned(session());
    const assets = workbench.tree('Assets');
    const row = await assets.waitFor(['Harbour'], 'is verified', ({ description }) => /gaps/.test(description), 60_000);
    assert.equal(row.description, 'connected with gaps · 3 subscriptions');
    assert.equal(row.icon, 'codicon-warning');
  });

  it('shows in the tree what was verified, step by step', async () => {
    const { workbench } = session();
    const assets = workbench.tree('Assets');
    const steps = await assets.children(['Harbour', 'Connectivity']);
    const icon = (label: string) => steps.find((step) => step.label === label)?.icon;
    assert.equal(icon('Azure token'), 'codicon-pass');
    assert.equal(icon('Registry harbourprod: list and read images'), 'codicon-pass');
    assert.equal(icon('Registry harbourvault: list and read images'), 'codicon-warning');
    assert.equal(icon('Reader: Harbour Finance'), 'codicon-warning');
    assert.equal(icon('Reader: Harbour Production'), 'codicon-pass');
    const note = steps.find(({ label }) => label.startsWith('Registry harbourprod'))?.description;
    assert.match(note ?? '', /^This registry refuses tokens of Resource Manager/);
    await session().screenshotInThemes('tree-connectivity');
    await assets.collapse(['Harbour', 'Connectivity']);
  });

  it('shows subscriptions with all that is in them, and the denied one beside the others', async () => {
    const { workbench } = session();
    const assets = workbench.tree('Assets');
    const labels = async (row: readonly string[]) => (await assets.children(row)).map(({ label }) => label).sort();
    const denied = await assets.children(['Harbour', 'Harbour Finance']);
    assert.deepEqual(
      denied.map(({ label, icon }) => [label, icon]),
      [['No access to Harbour Finance', 'codicon-lock']],
    );
    const groups = ['Container registries', 'Kubernetes clusters', 'Other resources'];
    assert.deepEqual(await labels(production), groups);
    assert.deepEqual(await labels(staging), groups);
    assert.deepEqual(await labels([...staging, 'Container registries']), ['harbouredge', 'harbourvault']);
    const [firewall] = await assets.children([...staging, 'Container registries', 'harbourvault']);
    assert.equal(firewall?.label, 'No access to harbourvault');
    await assets.collapse(staging);
    const registry = [...production, 'Container registries', 'harbourprod'];
    assert.deepEqual(await labels(registry), ['base/alpine', 'base/debian', 'services/gateway', 'services/orders']);
    const tags = await assets.children([...registry, 'services/orders']);
    assert.ok(tags.some(({ label, description }) => label === '1.4.2' && /^running in 1 cluster/.test(description)));
    await session().screenshotInThemes('tree-registry');
    await assets.collapse([...production, 'Container registries']);
    const cluster = [...production, 'Kubernetes clusters', 'aks-harbour'];
    const shop = [...cluster, 'shop'];
    assert.ok((await labels(cluster)).includes('shop'));
    const [workload] = await assets.children(shop);
    assert.ok(workload);
    const containers = await assets.children([...shop, workload.label]);
    assert.equal(containers[0]?.icon, 'codicon-package');
    await session().screenshotInThemes('tree-cluster');
    await assets.collapse([...production, 'Kubernetes clusters']);
    const others = await labels([...production, 'Other resources']);
    assert.ok(others.includes('Storage accounts') && others.includes('Key vaults'), others.join());
    assert.ok(others.length >= 20, String(others.length));
    await assets.collapse(production);
    await waitUntil('it says that things could not be read', async () =>
      /things? could not be read/.test(await assets.message()),
    );
  });

  it('shows the same numbers in status bar, badge, findings tree, report and dashboard', async () => {
    const { workbench } = session();
    const { critical, high, open } = await waitUntil('findings tree, status bar and badge agree', async () => {
      const tree = await workbench.tree('Findings').rows();
      const counted = Object.fromEntries(
        tree.map(({ label, description }) => [label, Number(/^[\d,]+/.exec(description)?.[0].replaceAll(',', ''))]),
      );
      const of = { critical: counted['Critical'] ?? 0, high: counted['High'] ?? 0 };
      const status = (await workbench.statusBarItem('plimsoll.plimsoll'))?.text;
      const badge = await workbench.containerBadge();
      const agree = status === `${of.critical} C ${of.high} H` && badge === String(of.critical + of.high);
      return tree.length >= 4 && agree && of.critical >= 10 && of.high >= 40
        ? { ...of, open: Object.values(counted).reduce((sum, count) => sum + count, 0) }
        : undefined;
    });
    const report = new ReportPage(workbench);
    await report.open();
    await report.waitForShown(open);
    await report.showPage('Dashboard');
    const dashboard = await waitUntil('the dashboard counts the open findings', async () => {
      const text = readable(await report.main.innerText());
      return text.includes(`Open findings ${open} ${open} open findings`) ? text : undefined;
    });
    assert.match(dashboard, new RegExp(` ${critical} critical Critical H ${high} `));
    assert.match(dashboard, /[1-9]\d* denied/);
    assert.match(dashboard, /3 subscriptions 4 registries 2 clusters/);
    await session().screenshotInThemes('report-dashboard');
  });

  it('filters and groups in the report, and the tree follows', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    await report.showPage('Findings');
    const { shown } = await report.shown();
    await report.search('state:open source:acr severity:critical jquery');
    await report.waitForShown(1);
    await waitUntil('the row is there', async () =>
      /CVE-2020-11023 jquery 3\.4\.1/.test((await report.rows()).join('\n')),
    );
    await waitUntil(
      'the tree shows one finding',
      async () => (await workbench.tree('Findings').text()) === 'Critical | 1 · 1 new',
    );
    await report.search('state:open nothing-has-this-name');
    await report.main.getByText(/No finding matches/).waitFor();
    await session().screenshotInThemes('report-nothing-matches');
    await report.search('state:open');
    await report.waitForShown(shown);
    await session().screenshotInThemes('report-findings');
  });

  it('filters and groups with the mouse as well, and the tree follows', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    const findings = workbench.tree('Findings');
    await report.showPage('Findings');
    const { shown } = await report.shown();
    const critical = Number(/^Critical \| ([\d,]+)/m.exec(await findings.text())?.[1]?.replaceAll(',', ''));
    assert.ok(critical > 0 && critical < shown);
    await report.clickFilter('Severity', 'Critical');
    await report.waitForShown(critical);
    await report.clickFilter('Source tool', 'Azure Container Registry');
    await report.frame.locator('.chip', { hasText: 'Azure Container Registry' }).waitFor();
    await waitUntil('the tree shows critical findings alone', async () =>
      /^Critical \| \d+[^\n]*$/.test(await findings.text()),
    );
    await report.clickChip('Azure Container Registry');
    await report.waitForShown(critical);
    await report.clickChip('Critical');
    await report.waitForShown(shown);
    await report.choose('Group by', 'Package');
    await waitUntil('the list is grouped by package', async () =>
      (await report.rows()).some((row) => /^jquery\b/.test(row)),
    );
    await report.choose('Group by', 'Severity');
    await waitUntil('the list is grouped by severity', async () => /^Critical\b/.test((await report.rows())[0] ?? ''));
  });

  it('finds a finding by its id, however fast it is typed', async () => {
    const { workbench, page } = session();
    await workbench.runCommand('Plimsoll: Show Finding...');
    await workbench.quickInput.waitOpen('Show Finding');
    await page.keyboard.insertText('CVE-2020-11023');
    await page.keyboard.press('Enter');
    const report = new ReportPage(workbench);
    await report.frame.getByRole('heading', { name: /CVE-2020-11023/ }).waitFor();
  });

  it('explains a finding, from its severity to the line that brought it', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    await report.openDetail('CVE-2020-11023');
    const severity = await report.detailTab('Severity');
    assert.match(severity, /Medium → Critical/);
    assert.match(severity, /Original: Medium, from GHSA/);
    assert.match(severity, /Known exploited \+15 Attackers are using this: listed by CISA/);
    assert.match(severity, /Effective: Critical/);
    await session().screenshotInThemes('detail-severity');
    const evidence = await report.detailTab('Evidence');
    assert.match(evidence, /Dockerfile:18/);
    assert.match(evidence, /COPY node_modules \.\/node_modules/);
    assert.match(evidence, /app\/node_modules\/jquery\/package\.json/);
    await session().screenshotInThemes('detail-evidence');
    assert.match(await report.detailTab('Remediation'), /jquery@?\D*3\.5\.0/);
    await session().screenshotInThemes('detail-remediation');
    for (const tab of ['Summary', 'Affected', 'History']) {
      assert.notEqual(await report.detailTab(tab), '');
      await session().screenshotInThemes(`detail-${tab.toLowerCase()}`);
    }
  });

  it('breaks no rule of accessibility on any page of the report', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    for (const page of ['Findings', 'Dashboard', 'Connectivity'] as const) {
      await report.showPage(page);
      assert.deepEqual(await runAxe(await workbench.webviewFrame()), [], page);
    }
  });

  it('shows on the Connectivity page each step with reason and next step', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    const row = async (name: string) => readable(await report.frame.getByRole('row', { name }).first().innerText());
    assert.match(await row('Registry harbourprod'), /^Passed .* registry-scoped one is used/);
    assert.match(await row('Registry harbourvault'), /^Attention .*firewall rejects 203\.0\.113\.7.* Add the address/);
    assert.match(await row('Reader: Harbour Finance'), /^Attention .*Assign the role Reader at/);
    await session().screenshotInThemes('report-connectivity');
    await report.showPage('Findings');
  });

  it('opens the Dockerfile on the line, which has a squiggle, as the base image has', async () => {
    const { workbench } = session();
    const report = new ReportPage(workbench);
    await report.frame.getByRole('button', { name: 'Go to Dockerfile Line' }).first().click();
    await waitUntil('the Dockerfile is open', async () => (await workbench.editor.activeTab()) === 'Dockerfile');
    await becomes(async () => (await workbench.editor.cursor()).line, 18);
    await workbench.runCommand('View: Close All Editors');
    await workbench.editor.open(orders);
    await waitUntil('the lines of base, packages and modules are marked', async () => {
      const lines = (await workbench.editor.squiggles()).map(({ line, severity }) => `${line} ${severity}`);
      return lines.join() === '2 warning,8 warning,18 warning';
    });
    const problems = await workbench.problems('lines 2 and 18', (shown) =>
      [2, 18].every((line) => shown.some((problem) => problem.line === line)),
    );
    assert.match(problems.find(({ line }) => line === 2)?.message ?? '', /^The base image has \d+ critical/);
    assert.match(problems.find(({ line }) => line === 18)?.message ?? '', /Update jquery to 3\.5\.0/);
    await workbench.runCommand('View: Hide Panel');
  });

  it('says in the hover what the line brings and what fixes it', async () => {
    const { workbench } = session();
    const hover = await workbench.editor.hover(18, 3, /This line brings 3 critical/);
    assert.match(hover, /CVE-2020-11023 jquery 3\.4\.1 3\.5\.0/);
    await session().screenshotInThemes('dockerfile-hover', async () => {
      await workbench.editor.hover(18, 3, /This line brings/);
    });
    await workbench.editor.hover(2, 20, /CVE-2026-8376 perl-base/);
    await session().page.keyboard.press('Escape');
  });

  it('takes a mark away when it is ignored with a reason, and brings it back with undo', async () => {
    const { workbench, page } = session();
    const input = workbench.quickInput;
    await workbench.editor.open('tools/legacy/Dockerfile');
    await workbench.editor.waitForSquiggle(4);
    const expected = [
      'df-no-secret-in-env',
      'df-runs-as-non-root',
      'df-no-add-from-url',
      'df-no-curl-pipe-shell',
      'df-base-image-pinned',
    ];
    await workbench.problems(expected.join(), (shown) =>
      expected.every((rule) => shown.some(({ code }) => code === rule)),
    );
    await workbench.runCommand('View: Hide Panel');
    const titles = await workbench.editor.codeActions(10, 10);
    const wanted = titles.find((title) => title.startsWith('Ignore df-no-curl-pipe-shell here'));
    assert.ok(wanted, titles.join('\n'));
    const closeMenu = () => workbench.editor.closeCodeActions();
    await closeMenu();
    await session().screenshotInThemes(
      'dockerfile-quick-fix',
      async () => {
        await workbench.editor.codeActions(10, 10);
      },
      closeMenu,
    );
    const askReason = async () => {
      await workbench.editor.codeActions(10, 10);
      await workbench.editor.applyCodeAction(wanted);
      await input.waitOpen('Ignore df-no-curl-pipe-shell Here', '1/2');
    };
    await session().screenshotInThemes('ignore-reason', askReason, () => input.cancel());
    await askReason();
    await input.enter('the script is our own, served from the build network');
    await input.waitOpen('Ignore df-no-curl-pipe-shell Here', '2/2');
    await input.accept();
    await input.waitClosed();
    const comment = await waitUntil('the comment stands above the line', async () => {
      const line = (await workbench.editor.visibleLines()).get(10) ?? '';
      return line.startsWith('# plimsoll:ignore') ? line : undefined;
    });
    assert.match(
      comment,
      /^# plimsoll:ignore df-no-curl-pipe-shell until=\d{4}-\d\d-\d\d reason="the script is our own/,
    );
    await waitUntil(
      'the mark is gone',
      async () => !(await workbench.editor.squiggles()).some(({ line }) => line === 11),
    );
    await session().screenshotInThemes('dockerfile-ignored');
    await page.locator('.view-line').first().click();
    await workbench.editor.undo();
    await workbench.editor.waitForSquiggle(10);
  });

  it('fixes all safe problems at once', async () => {
    const { workbench, page } = session();
    await workbench.editor.open('tools/status/Dockerfile');
    await workbench.editor.replaceText(
      'FROM debian:12.5 as one\nRUN true\nFROM debian:12.5 as two\nUSER 1\nCMD ["true"]\n',
    );
    await waitUntil('the new text has been checked', async () => {
      const lines = (await workbench.editor.squiggles()).map(({ line }) => line);
      return lines.includes(1) && lines.includes(3);
    });
    await workbench.runCommand('Fix All');
    await waitUntil('both lines are fixed', async () => {
      const lines = await workbench.editor.visibleLines();
      return lines.get(1) === 'FROM debian:12.5 AS one' && lines.get(3) === 'FROM debian:12.5 AS two';
    });
    await workbench.editor.undo();
    await page.keyboard.press('Escape');
    await workbench.runCommand('File: Revert File');
  });

  it('offers its status, its filters and its history in quick picks', async () => {
    const { workbench, page } = session();
    const input = workbench.quickInput;
    await session().screenshotInThemes('status-menu', async () => {
      if (await input.isOpen()) await input.cancel();
      await workbench.clickStatusBarItem('plimsoll.plimsoll');
      await input.waitOpen('Plimsoll');
    });
    await waitUntil('the status menu is complete', async () => {
      const labels = (await input.rows()).map(({ label }) => label);
      const wanted = ['Open Dashboard', 'Open Findings Report', 'Scan All Connections', 'Verify Connectivity'];
      return wanted.every((label) => labels.includes(label));
    });
    await input.cancel();
    await session().screenshotInThemes('group-findings', async () => {
      if (await input.isOpen()) await input.cancel();
      await workbench.runCommand('Plimsoll: Group Findings By...');
      await waitUntil('the groupings are offered', async () => (await input.rows()).length > 3);
    });
    await page.keyboard.press('Escape');
    await session().screenshotInThemes('scan-history', async () => {
      if (await input.isOpen()) await input.cancel();
      await workbench.runCommand('Plimsoll: Show Scan History');
      await input.waitOpen('Scan History');
      await waitUntil('the history says from where', async () => /From /.test((await input.rows())[0]?.detail ?? ''));
    });
    await page.keyboard.press('Escape');
  });

  it('exports findings in both forms, without any secret', async () => {
    const { workbench, folder, lab } = session();
    const input = workbench.quickInput;
    await workbench.clearNotifications();
    for (const [format, file] of [
      ['JSON', 'plimsoll-findings.json'],
      ['CSV', 'plimsoll-findings.csv'],
    ] as const) {
      await workbench.runCommand('Plimsoll: Export Findings...');
      await input.waitOpen('Export Findings');
      await input.pick(format);
      await input.pick('Everything');
      await waitUntil('the file is asked for', async () => (await input.value()).endsWith(file));
      await input.accept();
      await workbench.waitForNotification(`Findings were exported to ${file}`, 60_000);
      await workbench.clearNotifications();
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      assert.ok(text.includes('CVE-2020-11023'));
      assert.deepEqual(secretForms(lab.credentials.clientSecret, text), []);
      // the password in a Dockerfile of the sample is a finding; its value is not part of it
      assert.ok(text.includes('df-no-secret-in-env'));
      assert.deepEqual(secretForms('Tide-and-time-2019', text), []);
      fs.rmSync(path.join(folder, file));
    }
  });

  it('collects diagnostics without any secret or name', async () => {
    const { workbench, lab } = session();
    await workbench.runCommand('Plimsoll: Collect Diagnostics...');
    const text = await waitUntil('the diagnostics are open', async () => {
      const shown = await workbench.editor.text();
      return shown.includes('# Plimsoll diagnostics') && shown.includes('## Log') ? shown : undefined;
    });
    assert.match(text, /Connection 1: gaps/);
    assert.deepEqual(secretForms(lab.credentials.clientSecret, text), []);
    assert.deepEqual(secretForms('Tide-and-time-2019', text), []);
    await workbench.runCommand('View: Revert and Close Editor');
  });

  it('leaves the secret in no file, no message and no text on the screen, and wrote nothing to Azure', async () => {
    const { workbench, lab, dataDir, folder, page, consoleLines } = session();
    const secret = lab.credentials.clientSecret;
    // The server host keeps SecretStorage in the browser, encrypted; what the server side wrote is searched whole.
    assert.deepEqual(findSecret(secret, [dataDir, folder]), []);
    const log = fs
      .readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
      .filter((name) => path.basename(name) === 'Plimsoll.log');
    assert.ok(log.length > 0, 'the log of the extension is not among the searched files');
    const seen = [
      await page.content(),
      await (await workbench.webviewFrame().catch(() => page.mainFrame())).content(),
      consoleLines.join('\n'),
      await page.evaluate<string>('JSON.stringify(Object.entries(localStorage))'),
    ];
    for (const text of seen) assert.deepEqual(secretForms(secret, text), []);
    const requests = await lab.requests();
    assert.ok(requests.length > 200, String(requests.length));
    assert.deepEqual(
      requests.flatMap(({ violation, role, method, path: asked }) =>
        violation === undefined ? [] : [[role, method, asked, violation]],
      ),
      [],
    );
    assert.deepEqual(
      requests.filter(({ method }) => /^(PUT|PATCH|DELETE)$/.test(method)),
      [],
    );
  });
});
