import type { LabData } from '../../lab/types.ts';
import type { Session } from './session.ts';
import { waitUntil } from './wait.ts';

export const wizardTitle = 'Connect Azure Subscription';
export const connectCommand = 'Plimsoll: Connect Azure Subscription...';

/** What `az ad sp create-for-rbac` prints for the lab's service principal. */
export function createForRbacOutput({ credentials }: LabData): string {
  const { clientId, clientSecret, tenantId } = credentials;
  return JSON.stringify(
    { appId: clientId, displayName: 'Harbour', password: clientSecret, tenant: tenantId },
    undefined,
    2,
  );
}

/** Pastes into the focused box without the clipboard, so that nothing of it stays there. */
export async function paste({ page }: Session, text: string): Promise<void> {
  await page.keyboard.insertText(text);
}

/**
 * Goes through the wizard by keyboard alone with the pasted JSON, takes all subscriptions, and waits until the
 * connection has been verified and, as it does at first, scanned. `onStep` is called at each box.
 */
export async function connectByPaste(session: Session, onStep?: (name: string) => Promise<void>): Promise<void> {
  const { page, workbench, lab } = session;
  const input = workbench.quickInput;
  const step = async (number: number, name: string) => {
    await input.waitOpen(wizardTitle, `${number}/7`);
    await onStep?.(name);
  };
  await input.runCommand(connectCommand);
  await step(1, 'how');
  await page.keyboard.press('Enter');
  await input.waitOpen(wizardTitle, '2/7');
  await paste(session, createForRbacOutput(lab));
  await waitUntil('the JSON is understood', async () => (await input.message()).startsWith('Found: client'));
  await step(2, 'paste');
  await page.keyboard.press('Enter');
  await input.waitOpen(wizardTitle, '3/7');
  await waitUntil('the subscriptions are listed', async () => (await input.rows()).length === 4);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await waitUntil('all subscriptions are chosen', async () => (await input.rows())[0]?.checked === true);
  await step(3, 'subscriptions');
  await page.keyboard.press('Enter');
  await step(4, 'name');
  await page.keyboard.press('Enter');
  await step(5, 'description');
  await paste(session, 'The harbour of the samples');
  await page.keyboard.press('Enter');
  await step(6, 'expiry');
  await page.keyboard.press('Enter');
  await step(7, 'finish');
  await page.keyboard.press('Enter');
  await input.waitClosed();
}

/** Waits until no scan runs and there are findings in the status bar. */
export async function waitScanned({ workbench }: Session): Promise<string> {
  return waitUntil(
    'the scan has ended with findings',
    async () => {
      const item = await workbench.statusBarItem('plimsoll.plimsoll');
      return item !== undefined && / critical.* open/.test(item.ariaLabel) ? item.ariaLabel : undefined;
    },
    120_000,
  );
}
