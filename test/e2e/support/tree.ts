import type { Locator, Page } from 'playwright-core';
import type { PageElement } from './page-element.ts';
import { defaultWaitMs, readable, waitUntil } from './wait.ts';

const rowHeight = 22;
const maximumScrolls = 500;

/** One row of a tree view, as it is on the screen. */
export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** What a screen reader says. */
  readonly ariaLabel: string;
  /** 1 for roots. */
  readonly level: number;
  /** Undefined for rows without children. */
  readonly expanded: boolean | undefined;
  /** Names of the icon's classes, such as `codicon-azure`; empty without an icon. */
  readonly icon: string;
}

/** A tree view in the side bar, found by its name. Labels in a path lead from a root to a row. */
export class Tree {
  readonly #page: Page;
  readonly #name: string;

  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
  }

  /** Opens the view if it is collapsed in its container. */
  async open(): Promise<void> {
    const header = this.#pane().locator('> .pane-header');
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
  }

  /** All rows from top to bottom; scrolls through the view, since only rows on the screen exist. */
  async rows(): Promise<TreeRow[]> {
    await this.open();
    const list = this.#pane().locator('.monaco-list');
    if ((await list.count()) === 0 || !(await list.first().isVisible())) return [];
    const found = new Map<number, TreeRow>();
    await this.#scrollToTop();
    for (let round = 0; round < maximumScrolls; round++) {
      await this.#readVisible(found);
      if (found.has((await this.#rowCount()) - 1)) break;
      const box = await list.first().boundingBox();
      await this.#scroll(Math.max(rowHeight, (box?.height ?? 0) - 2 * rowHeight));
    }
    return [...found].sort(([a], [b]) => a - b).map(([, row]) => row);
  }

  /** The rows as indented lines, `label | description`: what an assertion compares and a person reads. */
  async text(): Promise<string> {
    return (await this.rows())
      .map((row) => '  '.repeat(row.level - 1) + row.label + (row.description === '' ? '' : ` | ${row.description}`))
      .join('\n');
  }

  /** Waits for the row at a path, expanding its parents on the way. */
  async row(path: readonly string[], timeoutMs: number = defaultWaitMs): Promise<TreeRow> {
    return (await this.#waitFor(path, timeoutMs)).row;
  }

  /** Waits until a row at a path fulfils a condition, such as a description. */
  async waitFor(
    path: readonly string[],
    what: string,
    condition: (row: TreeRow) => boolean,
    timeoutMs: number = defaultWaitMs,
  ): Promise<TreeRow> {
    return waitUntil(
      `${this.#name}: ${path.join(' › ')} ${what}`,
      async () => {
        const row = await this.row(path, timeoutMs);
        return condition(row) ? row : undefined;
      },
      timeoutMs,
    );
  }

  /** The rows right below the row at a path; expands it. Waits until there is at least one. */
  async children(path: readonly string[], timeoutMs: number = defaultWaitMs): Promise<TreeRow[]> {
    return waitUntil(
      `${this.#name}: ${path.join(' › ')} has children`,
      async () => {
        await this.expand(path, timeoutMs);
        const rows = await this.rows();
        const parent = findPath([...rows.entries()], path);
        if (parent === undefined) return undefined;
        const below: TreeRow[] = [];
        for (const row of rows.slice(parent.index + 1)) {
          if (row.level <= path.length) break;
          if (row.level === path.length + 1) below.push(row);
        }
        return below.length > 0 ? below : undefined;
      },
      timeoutMs,
    );
  }

  async expand(path: readonly string[], timeoutMs: number = defaultWaitMs): Promise<void> {
    await waitUntil(
      `${this.#name}: ${path.join(' › ')} expands`,
      async () => {
        const found = await this.#waitFor(path, timeoutMs);
        if (found.row.expanded === true) return true;
        if (found.row.expanded === false) await this.#toggle(found);
        return false;
      },
      timeoutMs,
    );
  }

  async collapse(path: readonly string[]): Promise<void> {
    const found = await this.#waitFor(path);
    if (found.row.expanded === true) await this.#toggle(found);
  }

  /** Clicks the row itself, which runs its command. */
  async click(path: readonly string[]): Promise<void> {
    await (await this.#locate(path)).locator('.label-name').first().click();
  }

  /** Clicks an action at the right end of a row, by its title. */
  async clickInlineAction(path: readonly string[], title: string): Promise<void> {
    const row = await this.#locate(path);
    await row.hover();
    await row
      .locator(`.actions .action-label[aria-label^=${JSON.stringify(title)}]`)
      .first()
      .click();
  }

  /** Titles of the actions at the right end of a row. */
  async inlineActions(path: readonly string[]): Promise<string[]> {
    const row = await this.#locate(path);
    await row.hover();
    return this.#labels(row.locator('.actions .action-label'));
  }

  /** Opens the context menu of a row and gives its entries' titles; the menu stays open for `chooseFromMenu`. */
  async openMenu(path: readonly string[]): Promise<string[]> {
    await (await this.#locate(path)).locator('.label-name').first().click({ button: 'right' });
    const entries = this.#page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
    await entries.first().waitFor();
    return (await entries.allTextContents()).map(readable).filter((text) => text !== '');
  }

  async chooseFromMenu(title: string): Promise<void> {
    const entry = this.#page.locator('.monaco-menu .action-menu-item', { hasText: title }).first();
    // A menu that has just opened takes no clicks, lest the click that opened it chooses as well.
    await this.#page.waitForTimeout(300);
    await entry.click();
    await entry.waitFor({ state: 'detached' });
  }

  /** Titles of the actions in the view's title bar. */
  async titleActions(): Promise<string[]> {
    await this.#pane().locator('> .pane-header').hover();
    return this.#labels(this.#pane().locator('> .pane-header .actions .action-label'));
  }

  async clickTitleAction(title: string): Promise<void> {
    await this.#pane().locator('> .pane-header').hover();
    await this.#pane()
      .locator(`> .pane-header .actions .action-label[aria-label^=${JSON.stringify(title)}]`)
      .first()
      .click();
  }

  /** The line of state above the rows, empty when there is none. */
  async message(): Promise<string> {
    const message = this.#pane().locator('.tree-explorer-viewlet-tree-view > .message').first();
    return (await message.count()) === 0 || !(await message.isVisible()) ? '' : readable(await message.textContent());
  }

  /** What the title says beside the name: the active filter and grouping. */
  async description(): Promise<string> {
    const description = this.#pane().locator('> .pane-header .description');
    return (await description.count()) === 0 ? '' : readable(await description.first().textContent());
  }

  /** The text of the welcome content, empty when rows are shown. */
  async welcome(): Promise<string> {
    const welcome = this.#pane().locator('.welcome-view-content');
    return (await welcome.count()) === 0 || !(await welcome.first().isVisible())
      ? ''
      : readable((await welcome.first().locator('p, .button-container').allTextContents()).join(' '));
  }

  async waitForWelcome(text: RegExp): Promise<void> {
    await waitUntil(`${this.#name} welcomes with ${String(text)}`, async () => text.test(await this.welcome()));
  }

  async clickWelcomeButton(title: string): Promise<void> {
    await this.#pane().locator('.welcome-view-content .monaco-button', { hasText: title }).first().click();
  }

  #pane(): Locator {
    return this.#page.locator('.split-view-view > .pane', {
      has: this.#page.locator('> .pane-header h3.title').getByText(this.#name, { exact: true }),
    });
  }

  async #labels(locator: Locator): Promise<string[]> {
    const labels: string[] = [];
    for (const action of await locator.all()) {
      const label = await action.getAttribute('aria-label');
      if (label !== null && label !== '') labels.push(readable(label));
    }
    return labels;
  }

  /** Turns the wheel over the view: each notch moves 50 pixels, whatever it says. */
  async #scroll(pixels: number): Promise<void> {
    const box = await this.#pane().locator('.monaco-list').first().boundingBox();
    if (box === null) return;
    await this.#page.mouse.move(box.x + box.width / 2, box.y + Math.min(rowHeight / 2, box.height / 2));
    const notches = Math.max(1, Math.floor(Math.abs(pixels) / 50));
    for (let notch = 0; notch < notches; notch++) await this.#page.mouse.wheel(0, Math.sign(pixels) * 100);
    // Rows are drawn in the next frame.
    await this.#page.waitForTimeout(60);
  }

  /** How many rows there are, on view or not. */
  async #rowCount(): Promise<number> {
    const style = (await this.#pane().locator('.monaco-list-rows').first().getAttribute('style')) ?? '';
    return Math.round(Number(/(?:^|[ ;])height: ([\d.]+)px/.exec(style)?.[1] ?? 0) / rowHeight);
  }

  async #scrollToTop(): Promise<void> {
    const first = this.#pane().locator('.monaco-list-row[data-index="0"]');
    for (let round = 0; round < maximumScrolls && !(await this.#isInView(first)); round++) await this.#scroll(-1000);
  }

  async #readVisible(found: Map<number, TreeRow>): Promise<void> {
    const rows = await this.#pane().locator('.monaco-list-row').evaluateAll(readRows);
    for (const { index, row } of rows) {
      if (!found.has(index)) {
        found.set(index, {
          ...row,
          label: readable(row.label),
          description: readable(row.description),
          ariaLabel: readable(row.ariaLabel),
        });
      }
    }
  }

  /**
   * Looks for the row at a path: among the rows on view, then among all. When it is not there, expands its last parent
   * that is, and gives undefined.
   */
  async #find(path: readonly string[]): Promise<Found | undefined> {
    await this.open();
    const visible = new Map<number, TreeRow>();
    await this.#readVisible(visible);
    const onView = findPath(
      [...visible].sort(([a], [b]) => a - b),
      path,
    );
    if (onView !== undefined) return onView;
    const rows = [...(await this.rows()).entries()];
    const found = findPath(rows, path);
    if (found !== undefined) return found;
    for (let length = path.length - 1; length > 0; length--) {
      const parent = findPath(rows, path.slice(0, length));
      if (parent === undefined) continue;
      if (parent.row.expanded === false) await this.#toggle(parent);
      break;
    }
    return undefined;
  }

  async #waitFor(path: readonly string[], timeoutMs: number = defaultWaitMs): Promise<Found> {
    return waitUntil(`${this.#name} has a row ${path.join(' › ')}`, () => this.#find(path), timeoutMs);
  }

  async #toggle(found: Found): Promise<void> {
    await (await this.#rowAt(found.index)).locator('.monaco-tl-twistie').click();
  }

  async #locate(path: readonly string[]): Promise<Locator> {
    return this.#rowAt((await this.#waitFor(path)).index);
  }

  /** Scrolls until the row with this index is in view, and gives it. */
  async #rowAt(index: number): Promise<Locator> {
    const row = this.#pane().locator(`.monaco-list-row[data-index="${index}"]`);
    if (await this.#isInView(row)) return row;
    await this.#scrollToTop();
    for (let round = 0; round < maximumScrolls && !(await this.#isInView(row)); round++) {
      await this.#scroll(4 * rowHeight);
    }
    return row;
  }

  /** Whether a row exists and is shown in full; the list keeps some rows above and below what it shows. */
  async #isInView(row: Locator): Promise<boolean> {
    if ((await row.count()) === 0) return false;
    const [inner, outer] = [
      await row.first().boundingBox(),
      await this.#pane().locator('.monaco-list').first().boundingBox(),
    ];
    return inner !== null && outer !== null && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
  }
}

/** Runs inside the page. */
function readRows(elements: readonly PageElement[]): { index: number; row: TreeRow }[] {
  return elements
    .filter((element) => element.getAttribute('aria-level') !== null)
    .map((element) => {
      const expanded = element.getAttribute('aria-expanded');
      const icon = element.querySelector('.custom-view-tree-node-item-icon')?.className ?? '';
      return {
        index: Number(element.getAttribute('data-index')),
        row: {
          label: element.querySelector('.label-name')?.textContent ?? '',
          description: element.querySelector('.label-description')?.textContent ?? '',
          ariaLabel: element.getAttribute('aria-label') ?? '',
          level: Number(element.getAttribute('aria-level')),
          expanded: expanded === null ? undefined : expanded === 'true',
          icon: icon
            .split(/\s+/)
            .filter((name) => name.startsWith('codicon-') && name !== 'codicon-colored')
            .join(' '),
        },
      };
    });
}

/** A row and its place in the list. */
interface Found {
  readonly index: number;
  readonly row: TreeRow;
}

function findPath(rows: readonly (readonly [number, TreeRow])[], path: readonly string[]): Found | undefined {
  let depth = 0;
  for (const [index, row] of rows) {
    if (row.level <= depth) depth = row.level - 1;
    if (row.level === depth + 1 && row.label === path[depth]) {
      depth++;
      if (depth === path.length) return { index, row };
    }
  }
  return undefined;
}
