import assert from 'node:assert/strict';
import { connectByPaste, waitScanned } from './support/connect.ts';
import { useSession } from './support/session.ts';
import { stepByStep } from './support/steps.ts';
import { waitUntil } from './support/wait.ts';

describe('a scan that is cancelled in the editor', function () {
  this.timeout(240_000);
  this.slow(120_000);
  stepByStep();
  const session = useSession({ pictures: 'cancel', settings: { 'plimsoll.scan.concurrency': 1 } });

  const layers = async () =>
    (await session().lab.requests())
      .filter(({ role, status }) => (role === 'blobs' || role === 'dataEndpoint') && status === 200)
      .flatMap(({ path }) => /[0-9a-f]{64}/.exec(path)?.[0] ?? []);

  before(() => session().lab.clearRequests());
  after(() => session().lab.reset());

  it('shows its progress in the status bar, and ends when it is told to', async () => {
    const { workbench, lab } = session();
    await workbench.openContainer();
    await lab.addFault({ kind: 'slow', role: 'blobs', delayMs: 1200 });
    await connectByPaste(session());
    const item = await waitUntil(
      'some images are read, others not',
      async () => {
        const found = await workbench.statusBarItem('plimsoll.plimsoll');
        const [, done, total] = /scanning, (\d+) of (\d+) assets/.exec(found?.ariaLabel ?? '') ?? [];
        return Number(done) >= 11 && Number(done) < Number(total) - 2 ? found : undefined;
      },
      120_000,
    );
    assert.match(item.text, /^\d+\/\d+$/);
    // what is still to be read takes so long that the scan is under way when it is cancelled
    await lab.addFault({ kind: 'slow', role: 'blobs', delayMs: 60_000 });
    await session().screenshotInThemes('scanning');
    await workbench.runCommand('Plimsoll: Cancel Running Scans');
    await waitUntil('no scan runs', async () => {
      const found = await workbench.statusBarItem('plimsoll.plimsoll');
      return found !== undefined && !found.ariaLabel.includes('scanning');
    });
    // the tree may read on what it shows; images are read no more
    const ofImages = async () =>
      (await lab.requests()).filter(({ role, path }) => role === 'blobs' || /\/(manifests|blobs)\//.test(path)).length;
    const sent = await ofImages();
    await session().page.waitForTimeout(2000);
    assert.equal(await ofImages(), sent);
  });

  it('keeps what was found, and the next one reads no finished layer twice', async () => {
    const { workbench, lab } = session();
    await waitScanned(session());
    assert.ok((await workbench.tree('Findings').rows()).length > 0);
    const before = new Set(await layers());
    assert.ok(before.size > 0);
    await lab.reset();
    await lab.clearRequests();
    await workbench.runCommand('Plimsoll: Scan All Connections');
    const bar = session().page.locator('.part.statusbar');
    const said = await waitUntil(
      'the scan says that it is complete',
      async () => {
        const text = (await bar.textContent()) ?? '';
        return text.includes('Scan complete') ? text : undefined;
      },
      120_000,
    );
    assert.match(said, /images? had been read before/);
    // asked for again: what was under way of one image (its configuration and three layers), and the configuration of an
    // image of which nothing is kept
    const again = (await layers()).filter((hex) => before.has(hex));
    assert.ok(again.length <= 5 && before.size >= 2 * again.length, `${again.length} of ${before.size}`);
  });
});
