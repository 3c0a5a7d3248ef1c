import type { FrameLocator, Locator } from 'playwright-core';
import { becomes, readable, waitUntil } from './wait.ts';
import type { Workbench } from './workbench.ts';

/** The report in the visible webview. */
export class ReportPage {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get frame(): FrameLocator {
    return this.#workbench.webview();
  }

  get main(): Locator {
    return this.frame.getByRole('main');
  }

  async open(): Promise<void> {
    await this.#workbench.runCommand('Plimsoll: Open Findings Report');
    await this.frame.getByRole('treegrid').waitFor();
    await waitUntil('the report shows rows', async () => (await this.rows()).length > 0);
  }

  async showPage(name: 'Dashboard' | 'Findings' | 'Connectivity'): Promise<void> {
    const tab = this.frame.getByRole('tab', { name: new RegExp(`^${name}`) });
    await tab.click();
    await waitUntil(`the page ${name} is shown`, async () => (await tab.getAttribute('aria-selected')) === 'true');
    const content = { Dashboard: '.card', Findings: '[role=treegrid]', Connectivity: '.steps' }[name];
    await this.frame.locator(content).filter({ visible: true }).first().waitFor();
  }

  /** `205 of 225 findings` as two numbers, once the list has been counted. */
  async shown(): Promise<{ readonly shown: number; readonly total: number }> {
    return waitUntil('the list says how many findings it shows', async () => {
      const match = /([\d,]+) of ([\d,]+) findings/.exec(readable(await this.main.innerText()));
      const number = (digits: string | undefined) => Number((digits ?? '').replaceAll(',', ''));
      return match === null ? undefined : { shown: number(match[1]), total: number(match[2]) };
    });
  }

  /** Rows on view, as a person reads them. */
  async rows(): Promise<string[]> {
    const rows = this.frame.locator('[role=treegrid] [role=row][aria-level]');
    return (await rows.allInnerTexts()).map(readable);
  }

  /** Searches; what the list shows follows a moment later. */
  async search(text: string): Promise<void> {
    const input = this.frame.locator('[role=search] input').first();
    await input.fill(text);
    await input.press('Enter');
  }

  /** Waits until the list counts so many findings. */
  async waitForShown(count: number): Promise<void> {
    await becomes(async () => (await this.shown()).shown, count);
  }

  /** Opens the list of a filter button with the mouse, clicks an option, and closes the list with the button again. */
  async clickFilter(button: string, option: string): Promise<void> {
    const list = this.frame.locator('[role=listbox][aria-multiselectable=true]');
    const opener = this.frame.locator('.filter-button', { hasText: button });
    const wanted = list.getByRole('option', { name: new RegExp(`^${option}`) }).first();
    await opener.click();
    await wanted.click();
    await waitUntil(`${option} is chosen`, async () => (await wanted.getAttribute('aria-selected')) === 'true');
    await opener.click();
    await list.waitFor({ state: 'detached' });
  }

  /** Takes a chip away with the mouse. */
  async clickChip(text: string): Promise<void> {
    await this.frame.locator('.chip', { hasText: text }).click();
  }

  /** Chooses from a drop-down with the mouse. */
  async choose(dropdown: string, option: string): Promise<void> {
    const box = this.frame.locator(`vscode-dropdown[aria-label=${JSON.stringify(dropdown)}]`);
    await box.click();
    await box.locator('vscode-option', { hasText: option }).first().click();
  }

  /** Opens the detail of the first row that holds the text. */
  async openDetail(text: string): Promise<void> {
    await this.frame.locator('[role=treegrid] [role=row]', { hasText: text }).first().click();
    await this.#workbench.page.keyboard.press('Enter');
    await this.frame.getByRole('heading', { name: new RegExp(text) }).waitFor();
  }

  async detailTab(name: string): Promise<string> {
    const tab = this.frame.getByRole('tab', { name, exact: true });
    await tab.click();
    const panel = this.frame.locator(`#detail-${name.toLowerCase()}-view`);
    return waitUntil(`${name} is shown`, async () => {
      if ((await tab.getAttribute('aria-selected')) !== 'true' || !(await panel.isVisible())) return undefined;
      const text = readable(await panel.innerText());
      return text === '' ? undefined : text;
    });
  }
}
