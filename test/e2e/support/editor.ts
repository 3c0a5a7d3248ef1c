import type { Locator, Page } from 'playwright-core';
import type { PageElement } from './page-element.ts';
import type { QuickInput } from './quick-input.ts';
import { readable, waitUntil } from './wait.ts';

/** A wavy underline in the editor. */
export interface Squiggle {
  /** From 1, as the editor numbers lines. */
  readonly line: number;
  readonly severity: 'error' | 'warning' | 'info' | 'hint';
}

/** The active text editor. */
export class Editor {
  readonly #page: Page;
  readonly #quickInput: QuickInput;

  constructor(page: Page, quickInput: QuickInput) {
    this.#page = page;
    this.#quickInput = quickInput;
  }

  /** Opens a workspace file by its path below the folder. */
  async open(file: string): Promise<void> {
    await this.#quickInput.openFile(file);
    const name = file.split('/').at(-1) ?? file;
    await this.#page.locator('.editor-group-container.active .tab.active', { hasText: name }).waitFor();
    await this.#lines().first().waitFor();
  }

  /** The file name on the active tab. */
  async activeTab(): Promise<string> {
    return readable(
      await this.#page.locator('.editor-group-container.active .tab.active .label-name').first().textContent(),
    );
  }

  /** Whether the active tab has changes that are not saved. */
  async isDirty(): Promise<boolean> {
    return (await this.#page.locator('.editor-group-container.active .tab.active.dirty').count()) > 0;
  }

  async goToLine(line: number, column = 1): Promise<void> {
    await this.#quickInput.goToLine(line, column);
  }

  /** Line and column of the cursor, from the status bar. */
  async cursor(): Promise<{ line: number; column: number }> {
    const text = readable(await this.#page.locator('[id="status.editor.selection"]').textContent());
    const match = /Ln ([\d,]+), Col ([\d,]+)/.exec(text);
    if (match === null) throw new Error(`The status bar shows "${text}" for the cursor`);
    const number = (digits: string | undefined) => Number((digits ?? '').replaceAll(',', ''));
    return { line: number(match[1]), column: number(match[2]) };
  }

  /** The text of the lines on the screen, by line number. */
  async visibleLines(): Promise<Map<number, string>> {
    const byTop = await this.#lineNumbersByTop();
    const lines = new Map<number, string>();
    for (const { top, text } of await this.#lines().evaluateAll(readTops)) {
      const number = byTop.get(top);
      // The editor draws spaces as no-break spaces.
      if (number !== undefined) lines.set(number, text.replaceAll('\u00a0', ' '));
    }
    return new Map([...lines].sort(([a], [b]) => a - b));
  }

  /** The squiggles on the screen, from top to bottom, at most one for each line and severity. */
  async squiggles(): Promise<Squiggle[]> {
    const byTop = await this.#lineNumbersByTop();
    const found = new Map<string, Squiggle>();
    for (const severity of ['error', 'warning', 'info', 'hint'] as const) {
      const rows = this.#editor().locator('.view-overlays > div', { has: this.#page.locator(`.squiggly-${severity}`) });
      for (const { top } of await rows.evaluateAll(readTops)) {
        const line = byTop.get(top);
        if (line !== undefined) found.set(`${line} ${severity}`, { line, severity });
      }
    }
    return [...found.values()].sort((a, b) => a.line - b.line);
  }

  async waitForSquiggle(line: number): Promise<Squiggle> {
    return waitUntil(`line ${line} has a squiggle`, async () =>
      (await this.squiggles()).find((squiggle) => squiggle.line === line),
    );
  }

  /**
   * The text of the hover at a place, brought up with the mouse, from the left end of the character, once it says what is
   * wanted: the hovers of several providers come one after the other.
   */
  async hover(line: number, column: number, wanted = /./): Promise<string> {
    await this.goToLine(line, column);
    const hover = this.#page.locator('.monaco-hover:visible .monaco-hover-content');
    // One that is still there would be taken for the one that is to come.
    await this.#page.mouse.move(1, 1);
    await this.#page.keyboard.press('Escape');
    await waitUntil('the last hover is gone', async () => (await hover.count()) === 0);
    return waitUntil(`line ${line} has a hover`, async () => {
      const place = await this.#editor().locator('.cursors-layer .cursor').first().boundingBox();
      if (place === null) return undefined;
      const [x, y] = [place.x + 3, place.y + place.height / 2];
      await this.#page.mouse.move(x + 1, y);
      await this.#page.mouse.move(x, y);
      await hover.first().waitFor({ timeout: 3000 });
      const read = async () => readable((await hover.allInnerTexts()).join(' '));
      let text = await read();
      for (let look = 0; look < 30 && (text === 'Loading...' || !wanted.test(text)); look++) {
        await this.#page.waitForTimeout(100);
        text = await read();
      }
      return text !== 'Loading...' && wanted.test(text) ? text : undefined;
    });
  }

  /** Opens the quick fix menu at a place and gives its titles; it stays open for {@link applyCodeAction}. */
  async codeActions(line: number, column: number): Promise<string[]> {
    await this.goToLine(line, column);
    return waitUntil(`line ${line} has code actions`, async () => {
      await this.#page.keyboard.press('ControlOrMeta+.');
      const rows = this.#page.locator('.action-widget .monaco-list-row.action');
      const shown = await rows
        .first()
        .waitFor({ timeout: 2000 })
        .then(
          () => true,
          () => false,
        );
      if (!shown) return undefined;
      return (await rows.allTextContents()).map(readable);
    });
  }

  async closeCodeActions(): Promise<void> {
    const menu = this.#page.locator('.action-widget .monaco-list-row.action').first();
    await waitUntil('the quick fix menu is closed', async () => {
      if (!(await menu.isVisible())) return true;
      await this.#page.keyboard.press('Escape');
      return undefined;
    });
  }

  /** Chooses from the open quick fix menu by exact title. */
  async applyCodeAction(title: string): Promise<void> {
    for (const row of await this.#page.locator('.action-widget .monaco-list-row.action').all()) {
      if (readable(await row.textContent()) === title) {
        await row.click();
        return;
      }
    }
    throw new Error(`The quick fix menu has no "${title}"`);
  }

  /** Code lenses above lines, in order. */
  async codeLenses(): Promise<string[]> {
    return (await this.#editor().locator('.codelens-decoration').allTextContents()).map(readable);
  }

  /** Types at the cursor. */
  async type(text: string): Promise<void> {
    await this.#editor().locator('.inputarea, .native-edit-context').first().focus();
    await this.#page.keyboard.type(text);
  }

  /** Replaces the whole text of the file, by pasting: typing would indent and close brackets. Uses the clipboard. */
  async replaceText(text: string): Promise<void> {
    await this.#lines().first().click();
    await this.#page.keyboard.press('ControlOrMeta+A');
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await this.#page.keyboard.press('ControlOrMeta+V');
  }

  /** The whole text of the file, by copying it. Uses the clipboard. */
  async text(): Promise<string> {
    await this.#lines().first().click();
    await this.#page.evaluate(`navigator.clipboard.writeText('')`);
    return waitUntil('the text is on the clipboard', async () => {
      await this.#page.keyboard.press('ControlOrMeta+A');
      await this.#page.keyboard.press('ControlOrMeta+C');
      const text = await this.#page.evaluate<string>('navigator.clipboard.readText()');
      return text === '' ? undefined : text;
    });
  }

  async save(): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+S');
    await waitUntil('the file is saved', async () => !(await this.isDirty()));
  }

  async undo(): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+Z');
  }

  #editor(): Locator {
    return this.#page.locator('.editor-group-container.active .editor-instance .monaco-editor').first();
  }

  #lines(): Locator {
    return this.#editor().locator('.view-line');
  }

  async #lineNumbersByTop(): Promise<Map<number, number>> {
    const rows = this.#editor().locator('.margin-view-overlays > div', { has: this.#page.locator('.line-numbers') });
    return new Map((await rows.evaluateAll(readTops)).map(({ top, text }) => [top, Number(readable(text))]));
  }
}

/** Runs inside the page: a line's height in the editor tells which line an overlay belongs to. */
function readTops(elements: readonly PageElement[]): { top: number; text: string }[] {
  return elements.map((element) => ({ top: Number.parseFloat(element.style.top), text: element.textContent ?? '' }));
}
