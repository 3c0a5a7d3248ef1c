import type { FrameLocator, Frame, Locator, Page } from 'playwright-core';
import { Editor } from './editor.ts';
import type { PageElement } from './page-element.ts';
import { QuickInput } from './quick-input.ts';
import { Tree } from './tree.ts';
import { defaultWaitMs, readable, waitUntil } from './wait.ts';

/** A notification in the corner. */
export interface Notification {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly buttons: readonly string[];
}

/** One row of the Problems view. */
export interface Problem {
  /** Name of the file the problem is in. */
  readonly file: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly source: string;
  readonly code: string;
  readonly line: number;
  readonly column: number;
}

/** A VS Code window in a browser page. */
export class Workbench {
  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly editor: Editor;

  constructor(page: Page) {
    this.page = page;
    this.quickInput = new QuickInput(page);
    this.editor = new Editor(page, this.quickInput);
  }

  /** Goes to an address of the VS Code server and waits until the workbench and its extensions are up. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.waitReady();
  }

  /** Loads the window again, as "Developer: Reload Window" does. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitReady();
  }

  async waitReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    // The remote indicator says "Opening Remote..." until the extension host is reached.
    await waitUntil(
      'the extension host is connected',
      async () => {
        const text = await this.page.locator('[id="status.host"]').textContent({ timeout: 1000 });
        return !(text ?? '').includes('Opening');
      },
      60_000,
    );
  }

  /** Runs a command by its full title: `Plimsoll: Verify Connectivity`. */
  async runCommand(title: string): Promise<void> {
    await this.quickInput.runCommand(title);
  }

  /** Shows a container of the activity bar. */
  async openContainer(title = 'Plimsoll'): Promise<void> {
    const action = this.#containerAction(title);
    // Containers of installed extensions come some seconds after the workbench.
    await action.waitFor({ timeout: 30_000 });
    if ((await action.getAttribute('aria-expanded')) !== 'true') await action.click();
    await this.page.locator('.part.sidebar .composite.title', { hasText: new RegExp(title, 'i') }).waitFor();
  }

  /** The number or text on a container's badge, empty without one. */
  async containerBadge(title = 'Plimsoll'): Promise<string> {
    const badge = this.#containerAction(title).locator('.badge-content');
    return (await badge.count()) === 0 ? '' : readable(await badge.first().textContent());
  }

  /** A tree view of the open container, by its name. */
  tree(name: string): Tree {
    return new Tree(this.page, name);
  }

  /** The toasts on the screen. */
  async notifications(): Promise<Notification[]> {
    const toasts: Notification[] = [];
    for (const item of await this.#toasts().all()) {
      const icon = (await item.locator('.notification-list-item-icon').getAttribute('class')) ?? '';
      toasts.push({
        severity: icon.includes('codicon-error') ? 'error' : icon.includes('codicon-warning') ? 'warning' : 'info',
        message: readable(await item.locator('.notification-list-item-message').textContent()),
        buttons: (await item.locator('.notification-list-item-buttons-container .monaco-button').allTextContents()).map(
          readable,
        ),
      });
    }
    return toasts;
  }

  async waitForNotification(text: string | RegExp, timeoutMs: number = defaultWaitMs): Promise<Notification> {
    return waitUntil(
      `a notification says ${String(text)}`,
      async () =>
        (await this.notifications()).find((toast) =>
          typeof text === 'string' ? toast.message.includes(text) : text.test(toast.message),
        ),
      timeoutMs,
    );
  }

  async pressNotificationButton(message: string, button: string): Promise<void> {
    const toast = this.#toasts().filter({ hasText: message });
    await toast.first().locator('.monaco-button', { hasText: button }).click();
  }

  async clearNotifications(): Promise<void> {
    await this.quickInput.runCommand('Notifications: Clear All Notifications');
    await waitUntil('the notifications are gone', async () => (await this.#toasts().count()) === 0);
  }

  /** The text of the open modal dialog: message and detail. */
  async dialog(): Promise<string> {
    const box = this.page.locator('.monaco-dialog-box');
    await box.waitFor();
    return readable((await box.locator('.dialog-message-container').allInnerTexts()).join(' '));
  }

  async pressDialogButton(title: string): Promise<void> {
    const box = this.page.locator('.monaco-dialog-box');
    await box.getByRole('button', { name: title, exact: true }).click();
    await box.waitFor({ state: 'detached' });
  }

  /** Opens the Problems view and reads what it shows, once that fulfils the condition. */
  async problems(what: string, condition: (problems: readonly Problem[]) => boolean): Promise<Problem[]> {
    const panel = this.page.locator('.markers-panel');
    if (!(await panel.isVisible())) await this.runCommand('Problems: Focus on Problems View');
    await panel.waitFor();
    let seen: readonly Problem[] = [];
    return waitUntil(`the Problems view shows ${what}`, async () => {
      const problems = await this.#readProblems(panel);
      seen = problems;
      return condition(problems) ? problems : undefined;
    }).catch((error: unknown) => {
      const codes = seen.map(({ code, line }) => `${code} ${line}`).join(', ');
      throw new Error(`The Problems view does not show ${what}, only: ${codes}`, { cause: error });
    });
  }

  async #readProblems(panel: Locator): Promise<Problem[]> {
    const problems: Problem[] = [];
    let file = '';
    for (const row of await panel.locator('.monaco-list-row').evaluateAll(readMarkerRows)) {
      if (row.message === undefined) {
        file = readable(row.file);
        continue;
      }
      const position = /\[Ln (\d+), Col (\d+)\]/.exec(readable(row.position));
      problems.push({
        file,
        severity: row.icon.includes('error') ? 'error' : row.icon.includes('warning') ? 'warning' : 'info',
        message: readable(row.message),
        source: readable(row.source),
        code: readable(row.code).replace(/^\(|\)$/g, ''),
        line: Number(position?.[1]),
        column: Number(position?.[2]),
      });
    }
    return problems;
  }

  /** What a screen reader says for a status bar item, by the start of its id: `plimsoll.plimsoll`. Undefined: not shown. */
  async statusBarItem(idStart: string): Promise<{ text: string; ariaLabel: string } | undefined> {
    const item = this.#statusBarItem(idStart);
    if ((await item.count()) === 0) return undefined;
    const label = item.first().locator('[aria-label]');
    return {
      text: readable(await item.first().textContent()),
      ariaLabel:
        (await item.first().getAttribute('aria-label')) ??
        ((await label.count()) === 0 ? '' : readable(await label.first().getAttribute('aria-label'))),
    };
  }

  async clickStatusBarItem(idStart: string): Promise<void> {
    await this.#statusBarItem(idStart).first().click();
  }

  /** The page inside the visible webview. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview:visible').frameLocator('iframe');
  }

  /** The innermost frame of the visible webview, for scripts such as axe. */
  async webviewFrame(): Promise<Frame> {
    const inner = await this.webview().owner().elementHandle();
    const frame = await inner.contentFrame();
    if (frame === null) throw new Error('The webview has no page');
    return frame;
  }

  /** Grants trust to the folder through VS Code's own editor for it. */
  async grantTrust(): Promise<void> {
    await this.runCommand('Workspaces: Manage Workspace Trust');
    const editor = this.page.locator('.workspace-trust-editor');
    await editor.getByRole('button', { name: 'Trust', exact: true }).click();
    await waitUntil(
      'the folder is trusted',
      async () => (await this.page.locator('[id="status.workspaceTrust"]').count()) === 0,
    );
  }

  #containerAction(title: string): Locator {
    const label = this.page.locator(`a.action-label[aria-label^=${JSON.stringify(title)}]`);
    return this.page.locator('.part.activitybar .action-item', { has: label }).first();
  }

  #toasts(): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item');
  }

  #statusBarItem(idStart: string): Locator {
    return this.page.locator(`.statusbar-item[id^=${JSON.stringify(idStart)}]`);
  }
}

/** Runs inside the page. Rows of files have no message. */
function readMarkerRows(elements: readonly PageElement[]) {
  return elements.map((element) => {
    const text = (selectors: string) => element.querySelector(selectors)?.textContent ?? '';
    return {
      file: text('.label-name'),
      message: element.querySelector('.marker-message')?.textContent ?? undefined,
      icon: element.querySelector('.marker-icon .codicon')?.className ?? '',
      source: text('.marker-source'),
      code: text('.marker-code'),
      position: text('.marker-line'),
    };
  });
}
