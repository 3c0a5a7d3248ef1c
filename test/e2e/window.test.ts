import assert from 'node:assert/strict';
import { runAxe } from './support/axe.ts';
import { useSession } from './support/session.ts';
import { switchTheme, themes } from './support/theme.ts';
import { waitUntil } from './support/wait.ts';

describe('27.14: a window without a folder and without a connection', () => {
  const session = useSession({ folder: 'none', pictures: 'window' });

  it('welcomes in every view, shows no error and stays at rest', async () => {
    const { workbench, page } = session();
    await workbench.openContainer();
    await workbench.tree('Assets').waitForWelcome(/Connect an Azure subscription/);
    await workbench.tree('Findings').waitForWelcome(/Findings from Azure and from Dockerfiles appear here/);
    assert.deepEqual(await workbench.notifications(), []);
    const progress = page.locator('.part.sidebar .monaco-progress-container.active');
    await waitUntil('no progress is left in the side bar', async () => (await progress.count()) === 0);
    await session().screenshotInThemes('welcome');
  });

  it('27.20: the dashboard breaks no rule of accessibility in any theme', async () => {
    const { workbench } = session();
    await workbench.runCommand('Plimsoll: Open Dashboard');
    await workbench.webview().locator('h1').waitFor();
    for (const theme of themes) {
      await switchTheme(workbench, theme);
      assert.deepEqual(await runAxe(await workbench.webviewFrame()), [], `in the theme ${theme}`);
    }
  });
});

describe('27.15: a folder that is not trusted', () => {
  const session = useSession({ trusted: false, pictures: 'window' });

  it('opens restricted with the views at work, and is trusted without a reload', async () => {
    const { workbench, page } = session();
    await waitUntil('the status bar says so', async () => {
      const item = await workbench.statusBarItem('status.workspaceTrust');
      return item?.text === 'Restricted Mode';
    });
    await workbench.openContainer();
    await workbench.tree('Assets').waitForWelcome(/Connect an Azure subscription/);
    let loads = 0;
    page.on('load', () => loads++);
    await workbench.grantTrust();
    assert.equal(await workbench.statusBarItem('status.workspaceTrust'), undefined);
    assert.equal(loads, 0);
  });
});
