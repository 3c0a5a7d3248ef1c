import assert from 'node:assert/strict';
import { connectByPaste, waitScanned } from './support/connect.ts';
import { useSession } from './support/session.ts';
import { stepByStep } from './support/steps.ts';
import { waitUntil } from './support/wait.ts';

describe('in restricted mode', function () {
  this.timeout(240_000);
  this.slow(120_000);
  stepByStep();
  const session = useSession({ pictures: 'restricted', trusted: false });

  it('checks Dockerfiles by the rules alone, and applies no ignore of the folder', async () => {
    const { workbench } = session();
    await workbench.editor.open('tools/legacy/Dockerfile');
    await workbench.editor.waitForSquiggle(4);
    const rules = (await workbench.problems()).map(({ code }) => code);
    for (const rule of ['df-no-secret-in-env', 'df-runs-as-non-root', 'df-no-add-from-url', 'df-no-curl-pipe-shell']) {
      assert.ok(rules.includes(rule), rules.join());
    }
    await session().screenshot('rules');
  });

  it('connects and scans Azure, and links nothing to the folder', async () => {
    const { workbench } = session();
    await workbench.openContainer();
    await connectByPaste(session());
    await waitScanned(session());
    assert.match(await workbench.tree('Findings').message(), /Restricted mode/);
    await workbench.editor.open('services/orders/Dockerfile');
    await session().page.waitForTimeout(1500);
    const lines = (await workbench.editor.squiggles()).map(({ line }) => line);
    assert.equal(lines.includes(18), false);
    await session().screenshot('scanned');
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
});
