import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { emptyQuery } from '../../../src/report/contract.ts';
import { launchBrowser } from '../../support/vscode-host/browser.ts';
import { becomes, waitUntil } from '../support/wait.ts';
import { openReport, startSite } from './host.ts';
import type { OpenReport, Site } from './host.ts';
import { dashboard, deniedId, queries, richId } from './states.ts';

/** Where the focus is: a name that a person would recognise. */
async function focus(page: Page): Promise<string> {
  const script = `(() => {
    let element = document.activeElement;
    if (element === null || element === document.body) return 'nothing';
    const row = element.closest('.row[aria-rowindex]');
    if (row !== null && !row.classList.contains('head')) return 'row ' + row.getAttribute('aria-rowindex');
    if (element.matches('.head-button')) return 'heading ' + element.dataset.column;
    return element.id || element.getAttribute('aria-label') || element.className || element.localName;
  })()`;
  return z.string().parse(await page.evaluate(script));
}

async function focusMatches(page: Page, pattern: RegExp): Promise<void> {
  await waitUntil(`the focus matches ${String(pattern)}`, async () => pattern.test(await focus(page)));
}

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

describe('report page: by keyboard alone', () => {
  let browser: Browser;
  let site: Site;
  let report: OpenReport;
  let page: Page;

  before(async function () {
    this.timeout(60_000);
    browser = await launchBrowser(() => undefined);
    site = await startSite();
  });

  after(async () => {
    await site[Symbol.asyncDispose]();
    await browser.close();
  });

  async function start(options: Partial<Parameters<typeof openReport>[2]> = {}): Promise<void> {
    report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: { page: 'findings', query: emptyQuery },
      ...options,
    });
    page = report.page;
    await page.locator('.grid-body > .row:not(.loading)').first().waitFor();
  }

  async function opened(link: RegExp): Promise<void> {
    await waitUntil(`${String(link)} is opened`, () => link.test(report.last('openLink')?.url ?? ''));
  }

  beforeEach(async function () {
    this.timeout(30_000);
    await start();
  });

  afterEach(async () => {
    assert.deepEqual(report.troubles, []);
    await report[Symbol.asyncDispose]();
  });

  it('Tab stops at eight places: tabs, search, filters, list, border, actions, detail tabs, content', async function () {
    this.timeout(30_000);
    await report[Symbol.asyncDispose]();
    await start({ restore: { page: 'findings', query: { ...emptyQuery, filter: {} }, selected: richId } });
    await page.locator('#detail-summary-view .detail-content').waitFor();
    const stops: string[] = [];
    for (let at = 0; at < 8; at++) {
      await press(page, 'Tab');
      stops.push(await focus(page));
    }
    assert.deepEqual(stops.slice(0, 3), ['page-tab-findings', 'search-field', 'filter-source']);
    assert.match(stops[3] ?? '', /^row \d+$/);
    assert.equal(stops[4], 'Width of the list');
    assert.deepEqual(stops.slice(6), ['detail-summary', 'detail-summary-view']);
    await press(page, 'Tab');
    await becomes(() => focus(page), 'nothing');
  });

  it('moves in the list with arrows, pages, Home and End, and keeps the focus while rows come and go', async () => {
    await page.locator('.row[aria-rowindex="2"]').focus();
    await press(page, 'ArrowDown', 'ArrowDown');
    await becomes(() => focus(page), 'row 4');
    await press(page, 'ArrowUp');
    await becomes(() => focus(page), 'row 3');
    await press(page, 'End');
    const total = Number(await page.locator('.grid').getAttribute('aria-rowcount'));
    await becomes(() => focus(page), `row ${total}`);
    await press(page, 'PageUp');
    await waitUntil('the focus is a page above the end', async () => {
      const row = Number((await focus(page)).split(' ')[1]);
      return row < total - 5 && row > total - 60;
    });
    await press(page, 'Home');
    await becomes(() => focus(page), 'row 2');
    // scrolled far away by wheel, the row that has the focus stays in the document
    await page.evaluate(`document.querySelector('.grid-scroll').scrollTop = 30000`);
    await page.waitForTimeout(200);
    await becomes(() => focus(page), 'row 2');
  });

  it('reaches the column headings above the first row and sorts there', async () => {
    await page.locator('.row[aria-rowindex="2"]').focus();
    await press(page, 'ArrowUp', 'ArrowRight');
    await becomes(() => focus(page), 'heading title');
    await press(page, 'Enter');
    await page.locator('[role=columnheader][aria-sort=ascending]').waitFor();
    await becomes(() => report.last('query')?.query.sort, { key: 'title', descending: false });
    await becomes(() => focus(page), 'heading title');
    await press(page, 'ArrowDown');
    await focusMatches(page, /^row/);
  });

  it('folds and unfolds groups, and walks between group and findings', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, 'ArrowLeft');
    await becomes(() => focus(page), 'row 2');
    await press(page, 'ArrowLeft');
    await page.locator('.row[aria-rowindex="2"][aria-expanded=false]').waitFor();
    await becomes(() => report.last('query')?.query.folded, ['severity:critical']);
    await becomes(() => focus(page), 'row 2');
    await press(page, 'ArrowRight');
    await page.locator('.row[aria-rowindex="2"][aria-expanded=true]').waitFor();
    await press(page, 'ArrowRight');
    await becomes(() => focus(page), 'row 3');
    await press(page, 'ArrowUp', 'Enter');
    await page.locator('.row[aria-rowindex="2"][aria-expanded=false]').waitFor();
  });

  it('opens details with Enter, comes back with Esc, and follows the list while they are open', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, 'Enter');
    await page.locator('#detail-summary-view .detail-content').waitFor();
    await becomes(() => focus(page), 'detail-summary-view');
    const first = (await page.locator('#detail-title').textContent()) ?? '';
    await press(page, 'Escape');
    await becomes(() => focus(page), 'row 3');
    await press(page, 'ArrowDown');
    await page.locator('#detail-title').filter({ hasNotText: first }).waitFor();
    await press(page, 'ArrowRight');
    await becomes(() => focus(page), 'detail-summary-view');
  });

  it('reaches links and buttons inside the content with Enter and arrows, and leaves them with Esc', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, 'Enter');
    await page.locator('#detail-summary-view vscode-link').first().waitFor();
    await becomes(() => focus(page), 'detail-summary-view');
    await press(page, 'Enter');
    await focusMatches(page, /data/);
    await press(page, 'Enter');
    await opened(/^https:\/\/security\.example\.org\//);
    await press(page, 'ArrowDown', 'Enter');
    await opened(/^https:\/\/nvd\.nist\.gov\//);
    await press(page, 'Escape');
    await becomes(() => focus(page), 'detail-summary-view');
    await press(page, 'Escape');
    await becomes(() => focus(page), 'row 3');
  });

  it('selects with Space and Shift, acts on the selection, clears it with Esc', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, 'Space', 'ArrowDown', 'ArrowDown', 'Space');
    await becomes(() => page.locator('.row[aria-selected=true]').count(), 2);
    await press(page, 'Shift+ArrowDown', 'Shift+ArrowDown');
    await becomes(() => page.locator('.row[aria-selected=true]').count(), 4);
    await press(page, 'e');
    await becomes(() => report.last('command')?.command, 'createException');
    const ids = report.last('command')?.ids ?? [];
    assert.equal(ids.length, 4);
    await press(page, 'c');
    await becomes(() => report.last('copy')?.text, ids.join('\n'));
    await press(page, 'Escape');
    await becomes(() => page.locator('.row[aria-selected=true]').count(), 0);
  });

  it('goes to the Dockerfile line with Ctrl+Enter', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, 'Control+Enter');
    await waitUntil('the line is asked for', () => /^f/.test(report.last('goToSource')?.id ?? ''));
  });

  it('focuses the search with / and Ctrl+F, searches while typing, and clears the text with Esc in the list', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, '/');
    await becomes(() => focus(page), 'search-field');
    await page.keyboard.type(' openssl');
    await page.locator('.chip', { hasText: 'openssl' }).waitFor();
    await becomes(() => report.last('query')?.query.filter, { states: ['open'], text: 'openssl' });
    await press(page, 'ArrowDown');
    await focusMatches(page, /^row/);
    await press(page, 'Escape');
    await page.locator('.chip', { hasText: 'openssl' }).waitFor({ state: 'detached' });
    await focusMatches(page, /^row/);
    await press(page, 'Control+f');
    await becomes(() => focus(page), 'search-field');
  });

  it('completes keys and values in the search', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, '/');
    await page.keyboard.type(' sev');
    await page.locator('.suggestions [role=option]').waitFor();
    // Whoever hesitates sees the half key applied as a text, which few findings or none contain.
    await page.locator('.chip', { hasText: 'sev' }).waitFor();
    await press(page, 'ArrowDown', 'Enter');
    await becomes(() => focus(page), 'search-field');
    await page.keyboard.type('cri');
    await page.locator('.suggestions [role=option]', { hasText: 'Critical' }).waitFor();
    await press(page, 'ArrowDown', 'Enter');
    await page.locator('.chip', { hasText: 'Critical' }).waitFor();
    await becomes(() => report.last('query')?.query.filter, { severities: ['critical'], states: ['open'] });
  });

  it('opens a filter list, toggles with Space, goes by letter, and returns to its button with Esc', async () => {
    await page.locator('#search-field').focus();
    await press(page, 'Tab', 'ArrowRight');
    await becomes(() => focus(page), 'filter-severity');
    await press(page, 'Enter');
    const list = page.locator('[role=listbox][aria-multiselectable=true]');
    await list.waitFor();
    await press(page, 'm', 'Space');
    await page.locator('.chip', { hasText: 'Medium' }).waitFor();
    await becomes(() => report.last('query')?.query.filter, { states: ['open'], severities: ['medium'] });
    await becomes(() => list.locator('[aria-selected=true]').textContent(), 'Medium476');
    await press(page, 'Escape');
    await becomes(() => focus(page), 'filter-severity');
    await becomes(() => list.count(), 0);
  });

  it('removes a chip and keeps the focus near', async () => {
    await page.locator('.chip').first().focus();
    await press(page, 'Enter');
    await page.locator('.chip').waitFor({ state: 'detached' });
    await becomes(() => focus(page), 'filter-source');
  });

  it('applies a preset', async () => {
    await page.locator('#filter-presets').focus();
    await press(page, 'Enter', 'ArrowDown', 'ArrowDown', 'Enter');
    await page.locator('.chip', { hasText: 'Denied, Unreadable' }).waitFor();
    await becomes(() => report.last('query')?.query.filter, { states: ['denied', 'unreadable'] });
    await becomes(() => focus(page), 'filter-presets');
  });

  it('groups and sorts from the drop-downs', async () => {
    await page.locator('vscode-dropdown').first().focus();
    await press(page, 'ArrowDown', 'Enter');
    await page.locator('.group-name', { hasText: 'Azure Container Registry' }).waitFor();
    await becomes(() => report.last('query')?.query.grouping, 'sourceTool');
  });

  it('moves the border with arrows, Home and End', async () => {
    await page.locator('.row[aria-rowindex="3"]').click();
    const border = page.locator('.splitter');
    await border.focus();
    await press(page, 'Home');
    await becomes(() => border.getAttribute('aria-valuenow'), '25');
    await press(page, 'ArrowRight');
    await becomes(() => border.getAttribute('aria-valuenow'), '27');
    await press(page, 'End');
    await becomes(() => border.getAttribute('aria-valuenow'), '80');
  });

  it('opens help with ?, keeps the focus inside, returns it with Esc; letters can be switched off there', async () => {
    await page.locator('.row[aria-rowindex="3"]').focus();
    await press(page, '?');
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    await dialog.locator('vscode-checkbox').focus();
    await press(page, 'Space');
    await press(page, 'Escape');
    await becomes(() => focus(page), 'row 3');
    const before = report.sent.length;
    await press(page, 'c');
    await page.waitForTimeout(400);
    assert.deepEqual(
      report.sent
        .slice(before)
        .map(({ type }) => type)
        .filter((type) => type === 'copy'),
      [],
    );
    await becomes(() => report.last('state')?.state.letterKeys, false);
  });

  it('closes the details and goes back to the list', async () => {
    await page.locator('.row[aria-rowindex="4"]').click();
    await page.locator('.detail .close').focus();
    await press(page, 'Enter');
    await becomes(() => page.locator('.detail').isVisible(), false);
    await becomes(() => focus(page), 'row 4');
  });

  it('offers to verify the connection for what was denied', async function () {
    this.timeout(30_000);
    await report[Symbol.asyncDispose]();
    await start({ restore: { page: 'findings', query: { ...emptyQuery, filter: {} }, selected: deniedId } });
    await page.locator('.detail-actions vscode-button', { hasText: 'Verify Connectivity' }).focus();
    await press(page, 'Enter');
    await becomes(() => report.last('command')?.command, 'verify');
    assert.match(report.last('command')?.argument ?? '', /^c-/);
  });

  it('switches pages with the arrows of the tabs and opens findings from a number of the dashboard', async () => {
    await page.locator('#page-tab-findings').focus();
    await press(page, 'ArrowLeft');
    await becomes(() => focus(page), 'page-tab-dashboard');
    await page.locator('.card').first().waitFor();
    await press(page, 'Tab', 'Tab', 'Tab', 'Tab');
    await page.locator('[data-key="severity:high"]').focus();
    await press(page, 'Enter');
    await page.locator('.chip', { hasText: 'High' }).waitFor();
    await becomes(() => focus(page), 'page-tab-findings');
    await becomes(() => report.last('query')?.query.filter, { states: ['open'], severities: ['high'] });
  });
});
