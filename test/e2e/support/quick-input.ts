import type { Locator, Page } from 'playwright-core';
import type { PageElement } from './page-element.ts';
import { readable, waitUntil } from './wait.ts';

/** One row of a quick pick. */
export interface QuickPickRow {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  /** Undefined where the pick has no check boxes. */
  readonly checked: boolean | undefined;
}

/** The quick input of the workbench: command palette, quick picks, input boxes, wizards made of them. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator('.quick-input-widget');
  }

  /** Runs a command by its full title, as the palette shows it: `Plimsoll: Verify Connectivity`. */
  async runCommand(title: string): Promise<void> {
    await this.#openPalette(`>${title}`);
    const row = await this.#exactRow(title);
    await row.click();
  }

  /** The titles that the palette offers for a text, in its order. */
  async offeredCommands(text: string): Promise<string[]> {
    await this.#openPalette(`>${text}`);
    await this.#page.waitForTimeout(500);
    const rows = await this.rows();
    await this.cancel();
    return rows.map((row) => row.label).filter((label) => label.toLowerCase().includes(text.toLowerCase()));
  }

  /** Opens a workspace file through quick open, by its path below the folder. */
  async openFile(file: string): Promise<void> {
    await this.#openPalette(file);
    const name = file.split('/').at(-1) ?? file;
    const folder = file.split('/').slice(0, -1).join('/');
    const row = await this.#restingRow(
      `quick open offers ${file}`,
      (candidate) => candidate.label === name && candidate.description.split(/[ •]/)[0] === folder,
    );
    await row.click();
  }

  async goToLine(line: number, column = 1): Promise<void> {
    await this.#openPalette(`:${line}:${column}`);
    await this.#page.keyboard.press('Enter');
    await this.waitClosed();
  }

  /** Waits until a quick input with this title is open; `step` as the title bar shows it: `2/5`. */
  async waitOpen(title: string, step?: string): Promise<void> {
    const wanted = step === undefined ? title : `${title} (${step})`;
    await waitUntil(`quick input "${wanted}" is open`, async () => {
      const found = await this.title();
      return step === undefined ? found === title || found.startsWith(`${title} (`) : found === wanted;
    });
  }

  async waitClosed(): Promise<void> {
    await this.#widget.waitFor({ state: 'hidden' });
  }

  async isOpen(): Promise<boolean> {
    return this.#widget.isVisible();
  }

  /** Title with the step, as shown: `Connect Azure Subscription (1/5)`; empty when there is none. */
  async title(): Promise<string> {
    return (await this.isOpen()) ? textOf(this.#widget.locator('.quick-input-title')) : '';
  }

  /** What the box says below the input: the prompt, or the validation message. */
  async message(): Promise<string> {
    const message = await textOf(this.#widget.locator('.quick-input-message'));
    return message !== '' ? message : textOf(this.#widget.locator('.quick-input-description'));
  }

  /** `error`, `warning` or `info` when the box shows a validation message, else `none`. */
  async severity(): Promise<'error' | 'warning' | 'info' | 'none'> {
    const box = this.#widget.locator('.quick-input-box .monaco-inputbox').first();
    const names = ((await box.getAttribute('class')) ?? '').split(/\s+/);
    for (const severity of ['error', 'warning', 'info'] as const) if (names.includes(severity)) return severity;
    return 'none';
  }

  async placeholder(): Promise<string> {
    return (await this.#input().getAttribute('placeholder')) ?? '';
  }

  async value(): Promise<string> {
    return this.#input().inputValue();
  }

  /** Whether what is typed stays hidden. */
  async isPassword(): Promise<boolean> {
    return (await this.#input().getAttribute('type')) === 'password';
  }

  /** Replaces the value; nothing is accepted yet. */
  async type(text: string): Promise<void> {
    await this.#input().fill(text);
  }

  async accept(): Promise<void> {
    await this.#input().press('Enter');
  }

  /** Types and accepts. */
  async enter(text: string): Promise<void> {
    await this.type(text);
    await this.accept();
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.waitClosed();
  }

  /** The rows on view; long lists show only what fits. */
  async rows(): Promise<QuickPickRow[]> {
    const rows = await this.#widget.locator('.monaco-list-row').evaluateAll(readRows);
    return rows.map((row) => ({
      label: readable(row.label),
      description: readable(row.description),
      detail: readable(row.detail),
      checked: row.checked,
    }));
  }

  /** Picks the row on view whose label is exactly this; icons in labels do not count. Filter long lists first. */
  async pick(label: string): Promise<void> {
    await (await this.#exactRow(label)).click();
  }

  /** Sets a check box of a multi-select pick; accept with {@link acceptMany}. */
  async setChecked(label: string, checked: boolean): Promise<void> {
    const row = await this.#exactRow(label);
    const box = row.locator('.monaco-checkbox').first();
    if ((await isChecked(box)) !== checked) await box.click();
  }

  /** Accepts a multi-select pick through its OK button. */
  async acceptMany(): Promise<void> {
    await this.#widget.locator('.quick-input-action .monaco-button').first().click();
  }

  async back(): Promise<void> {
    await this.#widget.locator('.quick-input-left-action-bar .action-label').first().click();
  }

  /** Presses a button of the title bar or of the box by its tooltip. */
  async pressButton(tooltip: string): Promise<void> {
    await this.#widget
      .locator(`.action-label[aria-label=${JSON.stringify(tooltip)}]`)
      .first()
      .click();
  }

  #input(): Locator {
    return this.#widget.locator('.quick-input-box input').first();
  }

  async #openPalette(text: string): Promise<void> {
    if (await this.isOpen()) await this.cancel();
    await waitUntil('the command palette opens', async () => {
      await this.#page.keyboard.press('F1');
      return this.#input()
        .waitFor({ state: 'visible', timeout: 2000 })
        .then(
          () => true,
          () => false,
        );
    });
    await this.type(text);
  }

  async #exactRow(label: string): Promise<Locator> {
    return this.#restingRow(`quick input offers "${label}"`, (row) => row.label === label);
  }

  /** The row that fulfils the condition, once the list stands still: rows are reused while it is being filtered. */
  async #restingRow(what: string, condition: (row: QuickPickRow) => boolean): Promise<Locator> {
    let before = '';
    return waitUntil(what, async () => {
      const rows = await this.rows();
      const now = JSON.stringify(rows);
      const isResting = now === before;
      before = now;
      const index = rows.findIndex(condition);
      return isResting && index !== -1 ? this.#widget.locator('.monaco-list-row').nth(index) : undefined;
    });
  }
}

/** Runs inside the page. */
function readRows(elements: readonly PageElement[]): QuickPickRow[] {
  return elements.map((element) => {
    // A row without a detail keeps the hidden text of the row it was made from.
    const detail = element.querySelector('.quick-input-list-label-meta .monaco-icon-label');
    const box = element.querySelector('.monaco-checkbox');
    return {
      label: element.querySelector('.quick-input-list-rows .label-name')?.textContent ?? '',
      description: element.querySelector('.quick-input-list-rows .label-description')?.textContent ?? '',
      detail: detail !== null && detail.offsetHeight > 0 ? (detail.textContent ?? '') : '',
      checked: box === null || box.offsetHeight === 0 ? undefined : box.getAttribute('aria-checked') === 'true',
    };
  });
}

async function textOf(locator: Locator): Promise<string> {
  return (await locator.count()) === 0 ? '' : readable(await locator.first().textContent());
}

async function isChecked(box: Locator): Promise<boolean> {
  return (await box.getAttribute('aria-checked')) === 'true';
}
