import type { FrameLocator, Locator } from 'playwright-core';
import { readable, waitUntil } from './wait.ts';
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
    await this.#workbench.page.waitForTimeout(300);
  }

  /** `205 of 225 findings` as two numbers. */
  async shown(): Promise<{ readonly shown: number; readonly total: number }> {
    const text = readable(await this.main.innerText());
    const match = /([\d,]+) of ([\d,]+) findings/.exec(text);
    const number = (digits: string | undefined) => Number((digits ?? '').replaceAll(',', ''));
    return { shown: number(match?.[1]), total: number(match?.[2]) };
  }

  /** Rows on view, as a person reads them. */
  async rows(): Promise<string[]> {
    const rows = this.frame.locator('[role=treegrid] [role=row][aria-level]');
    return (await rows.allInnerTexts()).map(readable);
  }

  async search(text: string): Promise<void> {
    const input = this.frame.locator('[role=search] input').first();
    await input.fill(text);
    await input.press('Enter');
    await this.#workbench.page.waitForTimeout(600);
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
    await waitUntil(`${name} is shown`, async () => (await tab.getAttribute('aria-selected')) === 'true');
    await this.#workbench.page.waitForTimeout(200);
    const panels = this.frame.locator('[role=tabpanel]:visible');
    return readable(await panels.last().innerText());
  }
}
