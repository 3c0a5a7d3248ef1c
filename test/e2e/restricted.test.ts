import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import type { LabData } from '../lab/types.ts';
import { connectByPaste, waitScanned } from './support/connect.ts';
import { ReportPage } from './support/report-page.ts';
import { useSession } from './support/session.ts';
import { stepByStep } from './support/steps.ts';
import { becomes, waitUntil } from './support/wait.ts';

const legacy = 'tools/legacy/Dockerfile';
const jquery = 'CVE-2020-11023';

/**
 * What somebody could put into a repository to look better than it is, or to make others send requests: ignores,
 * exceptions, statements, settings, and images of a registry that nobody connected.
 */
function plant(folder: string, lab: LabData): void {
  const elsewhere = new URL(lab.elsewhereUrl).host;
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  const rules = fs.readFileSync(path.join(folder, legacy), 'utf8');
  write(legacy, rules.replace(/^ENV /m, '# plimsoll:ignore df-no-secret-in-env reason="it is only a test"\nENV '));
  write('.vscode/settings.json', JSON.stringify({ 'plimsoll.dockerfile.rules': { 'df-no-add-from-url': 'off' } }));
  const exception = { id: jquery, vulnerability: jquery, reason: 'it is fine', owner: 'nobody', expires: '2099-01-01' };
  write('.plimsoll/exceptions.json', JSON.stringify({ version: 1, exceptions: [exception] }));
  write('.plimsoll/priorities.yaml', 'weights: { exploit.kev: 0 }\n');
  const statement = {
    vulnerability: { name: jquery },
    status: 'not_affected',
    products: [{ '@id': 'pkg:npm/jquery' }],
  };
  const document = { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [statement] };
  write('vex/jquery.openvex.json', JSON.stringify(document));
  write('planted/Dockerfile', `FROM ${elsewhere}/team/base:1\nADD https://${elsewhere}/tool.tar.gz /opt/\nUSER 1\n`);
  write('planted/compose.yaml', `services: { web: { image: '${elsewhere}/team/web:1' } }\n`);
  write(
    'planted/pod.yaml',
    `apiVersion: v1\nkind: Pod\nspec: { containers: [{ image: '${elsewhere}/team/pod:1' }] }\n`,
  );
}

describe('in restricted mode', function () {
  this.timeout(240_000);
  this.slow(120_000);
  stepByStep();
  const session = useSession({ pictures: 'restricted', trusted: false, plant });

  const elsewhere = async () =>
    (await session().lab.requests()).flatMap(({ role, method, path: asked }) =>
      role === 'elsewhere' ? [`${method} ${asked}`] : [],
    );

  const rulesOf = (wanted: readonly string[]) =>
    session().workbench.problems(wanted.join(), (shown) =>
      wanted.every((rule) => shown.some(({ code }) => code === rule)),
    );

  before(async () => {
    const { lab } = session();
    // the request log would show a call of the planted registry
    await new Promise<void>((resolve, reject) => {
      https
        .get(`${lab.elsewhereUrl}/v2/`, { ca: lab.caPem }, (response) => response.resume().on('end', resolve))
        .on('error', reject);
    });
    assert.equal((await elsewhere()).length, 1);
    await lab.clearRequests();
  });

  it('checks Dockerfiles by the rules alone, and applies no ignore and no setting of the folder', async () => {
    const { workbench } = session();
    await workbench.editor.open(legacy);
    await workbench.editor.waitForSquiggle(5);
    await rulesOf(['df-no-secret-in-env', 'df-runs-as-non-root', 'df-no-add-from-url', 'df-no-curl-pipe-shell']);
    await session().screenshot('rules');
  });

  it('connects and scans Azure, and links nothing to the folder', async () => {
    const { workbench } = session();
    await workbench.openContainer();
    await connectByPaste(session());
    await waitScanned(session());
    await waitUntil('the findings say that the mode is restricted', async () =>
      /Restricted mode/.test(await workbench.tree('Findings').message()),
    );
    await workbench.editor.open('services/orders/Dockerfile');
    await session().page.waitForTimeout(1500);
    const lines = (await workbench.editor.squiggles()).map(({ line }) => line);
    assert.equal(lines.includes(18), false);
    await session().screenshot('scanned');
  });

  it('applies no exception, no statement and no weight of the folder to what Azure tells', async () => {
    const report = new ReportPage(session().workbench);
    await report.open();
    await report.search(`state:open severity:critical ${jquery}`);
    await report.waitForShown(1);
    await report.openDetail(jquery);
    assert.match(await report.detailTab('Severity'), /Known exploited \+15/);
    await report.search('state:excepted');
    await report.waitForShown(0);
  });

  it('asks nothing of a registry that only files of the folder name', async () => {
    const { workbench } = session();
    await workbench.editor.open('planted/Dockerfile');
    await workbench.editor.waitForSquiggle(2);
    await workbench.runCommand('Plimsoll: Scan Dockerfile');
    await workbench.editor.hover(2, 8);
    await session().page.waitForTimeout(2000);
    assert.deepEqual(await elsewhere(), []);
    assert.ok((await session().lab.requests()).length > 200);
  });

  it('takes over the ignores and settings of the folder once it is trusted', async () => {
    const { workbench } = session();
    await workbench.grantTrust();
    await workbench.editor.open(legacy);
    await workbench.problems('neither the ignored rule nor the one that is off', (shown) => {
      const codes = shown.filter(({ file }) => file === 'Dockerfile').map(({ code }) => code);
      return (
        codes.includes('df-no-curl-pipe-shell') &&
        !codes.includes('df-no-secret-in-env') &&
        !codes.includes('df-no-add-from-url')
      );
    });
    await becomes(async () => (await workbench.editor.squiggles()).some(({ line }) => line === 5), false);
  });
});

describe('with no folder open', function () {
  this.timeout(240_000);
  this.slow(120_000);
  stepByStep();
  const session = useSession({ pictures: 'no-folder', folder: 'none' });

  it('says nothing and waits', async () => {
    const { workbench } = session();
    await workbench.openContainer();
    await session().page.waitForTimeout(1000);
    assert.deepEqual(await workbench.notifications(), []);
    await waitUntil('the welcome is shown', async () =>
      /Connect an Azure subscription/.test(await workbench.tree('Assets').welcome()),
    );
    await session().screenshot('welcome');
  });

  it('connects, scans and reports as with one', async () => {
    const { workbench } = session();
    await connectByPaste(session());
    const label = await waitScanned(session());
    assert.match(label, /[1-9]\d* critical/);
    await waitUntil(
      'the findings tree shows levels',
      async () => (await workbench.tree('Findings').rows()).length >= 4,
    );
    assert.deepEqual(
      (await workbench.notifications()).filter(({ severity }) => severity === 'error'),
      [],
    );
    await session().screenshot('scanned');
  });

  it('asks for nothing after a reload: the secret was kept, and verification signs in with it', async () => {
    const { workbench, lab } = session();
    await workbench.reload();
    await lab.clearRequests();
    await workbench.openContainer();
    const assets = workbench.tree('Assets');
    await assets.waitFor(['Harbour'], 'is there', () => true, 60_000);
    await workbench.runCommand('Plimsoll: Verify Connectivity');
    await waitUntil(
      'every part has been asked, with a new token',
      async () => {
        const answered = (await lab.requests()).filter(({ status }) => status === 200);
        return ['entra', 'arm', 'registry.good'].every((role) => answered.some((request) => request.role === role));
      },
      60_000,
    );
    const steps = await waitUntil('the token is there', async () => {
      const shown = await assets.children(['Harbour', 'Connectivity']);
      return shown.some(({ label, icon }) => label === 'Azure token' && icon === 'codicon-pass') ? shown : undefined;
    });
    assert.ok(steps.length > 5, String(steps.length));
    assert.equal(await workbench.quickInput.isOpen(), false);
    assert.deepEqual(
      (await workbench.notifications()).filter(({ severity }) => severity === 'error'),
      [],
    );
  });
});
