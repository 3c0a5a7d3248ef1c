import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import type { ReportState, ToPage } from '../../../src/report/contract.ts';
import { emptyQuery } from '../../../src/report/contract.ts';
import { FindingIndex } from '../../../src/report/finding-index.ts';
import { FindingQueries } from '../../../src/report/query.ts';
import { reportStrings } from '../../../src/report/strings.ts';
import { launchBrowser } from '../../support/vscode-host/browser.ts';
import { becomes, waitUntil } from '../support/wait.ts';
import { connectivity, makeFinding, makeItems } from './data.ts';
import { openReport, startSite } from './host.ts';
import type { Site } from './host.ts';
import { dashboard, queries, richId, states } from './states.ts';

const onFindings: ReportState = { page: 'findings', query: emptyQuery };
const firstRow = '.grid-body > .row[aria-rowindex="3"]';

/** Longer, accented words in brackets: what is cut off or was never translated shows. */
function pseudo(text: string): string {
  const letters: Readonly<Record<string, string>> = {
    a: 'á',
    b: 'ƀ',
    c: 'ç',
    d: 'ð',
    e: 'é',
    f: 'ƒ',
    g: 'ĝ',
    h: 'ĥ',
    i: 'í',
    j: 'ĵ',
    k: 'ķ',
    l: 'ļ',
    m: 'ɱ',
    n: 'ñ',
    o: 'ó',
    p: 'þ',
    q: 'ʠ',
    r: 'ŕ',
    s: 'š',
    t: 'ţ',
    u: 'ú',
    v: 'ṽ',
    w: 'ŵ',
    x: 'ẋ',
    y: 'ý',
    z: 'ž',
  };
  const changed = text.replace(/\{\w+\}|[a-z]/gi, (part) =>
    part.length > 1 ? part : (letters[part.toLowerCase()] ?? part),
  );
  return text.length === 1 ? changed : `[${changed}${'~'.repeat(Math.ceil(text.length * 0.3))}]`;
}

describe('report page', () => {
  let browser: Browser;
  let site: Site;

  before(async function () {
    this.timeout(60_000);
    browser = await launchBrowser(() => undefined);
    site = await startSite();
  });

  after(async () => {
    await site[Symbol.asyncDispose]();
    await browser.close();
  });

  it('is at most 250 KB of script, and holds no words of its own', () => {
    assert.ok(site.scriptBytes <= 250_000, `${site.scriptBytes} bytes`);
    const script = fs.readFileSync(path.resolve(import.meta.dirname, '../../../.cache/report-page/report.js'), 'utf8');
    const found = Object.entries(reportStrings).filter(
      ([key, text]) => text.includes(' ') && key !== text && script.includes(text),
    );
    assert.deepEqual(found, []);
  });

  it('parses no text as HTML', () => {
    const folder = path.resolve(import.meta.dirname, '../../../webview');
    for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const source = fs.readFileSync(path.join(folder, name), 'utf8');
      assert.doesNotMatch(
        source,
        /innerHTML|outerHTML|insertAdjacentHTML|DOMParser|document\.write|\beval\(|new Function/,
        name,
      );
    }
  });

  it('shows hostile text as text, and opens no link but https', async function () {
    this.timeout(30_000);
    const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const [item] = makeItems(1);
    assert.ok(item !== undefined);
    const hostile = { ...item, title: attack, assetName: attack, application: attack, fix: attack };
    const finding = makeFinding(0);
    const answer: readonly ToPage[] = [
      {
        type: 'detail',
        id: hostile.id,
        detail: {
          finding: {
            ...finding,
            title: attack,
            summary: `${attack} [x](javascript:window.hacked=1)`,
            references: ['javascript:window.hacked=1', 'https://ok.example/'],
            evidence: [{ label: attack, value: attack }],
          },
        },
      },
    ];
    await using report = await openReport(browser, site, {
      queries: new FindingQueries(FindingIndex.of([hostile])),
      dashboard,
      restore: { ...onFindings, query: { ...emptyQuery, filter: {} }, selected: hostile.id },
      answer: (message) => (message.type === 'detail' ? answer : undefined),
    });
    const { page } = report;
    await page.locator('#detail-summary-view .detail-content').waitFor();
    assert.ok((await page.locator('#detail-title').textContent())?.includes(attack));
    assert.equal(await page.locator('#report img, #report script').count(), 0);
    const links = await page.evaluate(
      `[...document.querySelectorAll('#detail-summary-view vscode-link')].map((link) => link.href)`,
    );
    assert.deepEqual(links, ['https://ok.example/']);
    assert.equal(await page.evaluate('window.hacked'), undefined);
    assert.deepEqual(report.troubles, []);
  });

  it('drops messages that do not have the shape of the contract, and says so', async function () {
    this.timeout(30_000);
    await using report = await openReport(browser, site, { queries, dashboard, restore: onFindings });
    await report.page.locator(firstRow).waitFor();
    await report.page.evaluate(`window.postMessage({ type: 'dashboard', model: { open: 'many' } }, '*')`);
    await becomes(() => report.last('problem'), {
      type: 'problem',
      what: 'message',
      detail: 'model.connections: invalid_type',
    });
    assert.equal(await report.page.locator(firstRow).isVisible(), true);
  });

  it('keeps page, filter, grouping, selection and width over a reload', async function () {
    this.timeout(30_000);
    await using report = await openReport(browser, site, { queries, dashboard });
    const { page } = report;
    await page.locator('#page-tab-findings').click();
    await page.locator(firstRow).waitFor();
    await page.locator('#filter-severity').click();
    await page.locator('[role=option]', { hasText: 'High' }).first().click();
    await page.keyboard.press('Escape');
    await page.locator('.chip', { hasText: 'High' }).waitFor();
    await page.locator(firstRow).click();
    await page.locator('#detail-summary-view .detail-content').waitFor();
    const title = await page.locator('#detail-title').textContent();
    assert.notEqual(title, '');
    await page.locator('.splitter').focus();
    await page.keyboard.press('Home');
    // not by waitForFunction, which evaluates inside the page when it has to wait, and the page forbids that
    await becomes(() => page.evaluate(`sessionStorage.getItem('state').includes('"split":0.25')`), true);
    await page.reload();
    await page.locator('.chip', { hasText: 'High' }).waitFor();
    await page.locator('#detail-summary-view .detail-content').waitFor();
    await becomes(() => page.locator('#detail-title').textContent(), title);
    await becomes(() => page.locator('.splitter').getAttribute('aria-valuenow'), '25');
    await becomes(() => page.locator('.row.open').count(), 1);
    await becomes(() => page.locator('#page-tab-findings').getAttribute('aria-selected'), 'true');
  });

  it('goes where the host leads it: filter, finding, step', async function () {
    this.timeout(30_000);
    await using report = await openReport(browser, site, { queries, dashboard });
    const { page } = report;
    await page.locator('.card').first().waitFor();
    await report.send({ type: 'show', page: 'findings', filter: { sourceTools: ['dockerfile'] }, focus: false });
    await page.locator('.chip', { hasText: 'Dockerfile' }).waitFor();
    await report.send({ type: 'show', filter: {}, select: richId, focus: true });
    await page.locator('.row.open').waitFor();
    await page.locator('#detail-summary-view .detail-content').waitFor();
    await page.locator('#detail-summary-view:focus').waitFor();
    await report.send({ type: 'show', connection: 'c-dev', step: 'role.reader:3', focus: true });
    await page.locator('.step-more').waitFor();
    await becomes(() => page.evaluate('document.activeElement.dataset.key'), 'c-dev/role.reader:3');
    assert.deepEqual(report.troubles, []);
  });

  it('asks anew when results change and stays where it is', async function () {
    this.timeout(30_000);
    await using report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: { ...onFindings, query: { ...emptyQuery, grouping: 'none' } },
    });
    const { page } = report;
    await page.locator(firstRow).waitFor();
    await page.evaluate(`document.querySelector('.grid-scroll').scrollTop = 26 * 900`);
    await page.locator('.row[aria-rowindex="905"]:not(.loading)').click();
    const before = await page.locator('.row.current').getAttribute('aria-label');
    await report.send({ type: 'changed' });
    await waitUntil('it asks anew, for the place of the row', () => report.last('query')?.locate !== undefined);
    // the answer is drawn
    await page.waitForTimeout(500);
    await becomes(() => page.locator('.row.current').getAttribute('aria-label'), before);
    assert.match(String(await page.evaluate('document.activeElement.className')), /row/);
  });

  it('filters, groups and sorts with the mouse', async function () {
    this.timeout(60_000);
    await using report = await openReport(browser, site, { queries, dashboard, restore: onFindings });
    const { page } = report;
    await page.locator(firstRow).waitFor();
    const filter = () => report.last('query')?.query.filter;
    const list = page.locator('[role=listbox][aria-multiselectable=true]');
    const option = (name: string) => list.locator('[role=option]', { hasText: name }).first();

    await page.locator('#filter-severity').click();
    await option('High').click();
    await becomes(filter, { states: ['open'], severities: ['high'] });
    await option('Low').click();
    await becomes(filter, { states: ['open'], severities: ['high', 'low'] });
    await becomes(() => option('Low').getAttribute('aria-selected'), 'true');
    await option('High').click();
    await becomes(filter, { states: ['open'], severities: ['low'] });
    await becomes(() => option('High').getAttribute('aria-selected'), 'false');
    // another button takes the place of the open list; its own button closes it
    await page.locator('#filter-source').click();
    await option('Dockerfile').click();
    await becomes(filter, { states: ['open'], severities: ['low'], sourceTools: ['dockerfile'] });
    await becomes(() => list.count(), 1);
    await page.locator('#filter-source').click();
    await becomes(() => list.count(), 0);

    await page.locator('.chip', { hasText: 'Low' }).click();
    await becomes(filter, { states: ['open'], sourceTools: ['dockerfile'] });
    await page.locator('.chip', { hasText: 'Dockerfile' }).click();
    await becomes(filter, { states: ['open'] });
    await becomes(() => page.locator('.chip').count(), 1);

    const [grouping, sorting] = await page.locator('vscode-dropdown').all();
    assert.ok(grouping && sorting);
    await grouping.click();
    await grouping.locator('vscode-option', { hasText: 'Package' }).click();
    await becomes(() => report.last('query')?.query.grouping, 'package');
    const packages = /^(openssl|libxml2|glibc|zlib|curl|busybox|musl|lodash|express|minimist)/;
    await page.locator('.group-name', { hasText: packages }).first().waitFor();
    await sorting.click();
    await sorting.locator('vscode-option', { hasText: 'Title' }).click();
    await becomes(() => report.last('query')?.query.sort, { key: 'title', descending: false });
    await page.locator('[role=columnheader][data-column=title] .head-button, .head-button[data-column=title]').click();
    await becomes(() => report.last('query')?.query.sort, { key: 'title', descending: true });
    assert.deepEqual(report.troubles, []);
  });

  for (const { what, selector, query } of [
    {
      what: 'an option of a filter',
      selector: '[role=option]:has-text("Low")',
      query: { filter: { states: ['open'], severities: ['low'] } },
    },
    { what: 'a chip', selector: '.chip', query: { filter: {} } },
    {
      what: 'a column heading',
      selector: '.head-button[data-column=title]',
      query: { sort: { key: 'title', descending: false } },
    },
  ]) {
    it(`counts a click on ${what} when results arrive between press and release`, async function () {
      this.timeout(30_000);
      await using report = await openReport(browser, site, { queries, dashboard, restore: onFindings });
      const { page } = report;
      await page.locator(firstRow).waitFor();
      if (selector.startsWith('[role=option]')) await page.locator('#filter-severity').click();
      await page.locator(selector).first().hover();
      await page.mouse.down();
      const asked = () => report.sent.filter(({ type }) => type === 'query').length;
      const before = asked();
      await report.send({ type: 'changed' });
      await waitUntil('the page asks anew', () => asked() > before);
      // the answer is drawn
      await page.waitForTimeout(500);
      await page.mouse.up();
      await becomes(() => {
        const last: Record<string, unknown> = { ...report.last('query')?.query };
        return Object.fromEntries(Object.keys(query).map((key) => [key, last[key]]));
      }, query);
    });
  }

  it('says so when the extension does not answer, and asks again on Reload', async function () {
    this.timeout(40_000);
    let isSilent = true;
    await using report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: onFindings,
      answer: (message) => (isSilent && message.type === 'query' ? null : undefined),
    });
    const { page } = report;
    await page.locator('.lost').filter({ visible: true }).waitFor({ timeout: 20_000 });
    isSilent = false;
    await page.locator('.lost vscode-button').click();
    await page.locator(firstRow).waitFor();
    await becomes(() => page.locator('.lost').isVisible(), false);
  });

  it('shows "Explanation incomplete" and reports it when the rows do not lead to the level', async function () {
    this.timeout(30_000);
    const finding = makeFinding(Number.parseInt(richId.slice(1), 36));
    const wrong: ToPage = {
      type: 'detail',
      id: richId,
      detail: { finding: { ...finding, explanation: { ...finding.explanation, effective: 'critical', factors: [] } } },
    };
    await using report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: { ...onFindings, query: { ...emptyQuery, filter: {} }, selected: richId, detailTab: 'severity' },
      answer: (message) => (message.type === 'detail' ? [wrong] : undefined),
    });
    await report.page.getByText('Explanation incomplete').waitFor();
    await becomes(() => report.last('problem')?.what, 'explanation');
  });

  it('updates a running verification in place and says how far it is', async function () {
    this.timeout(30_000);
    await using report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: { ...onFindings, page: 'connectivity' },
    });
    const { page } = report;
    await page.locator('.steps').first().waitFor();
    const twist = page.getByRole('button', { name: 'Reader on finance' });
    await twist.focus();
    await page.keyboard.press('Enter');
    await page.locator('.step-more').waitFor();
    const [entry] = connectivity.connections;
    assert.ok(entry !== undefined);
    await report.send({ type: 'connectivity', model: { connections: [{ ...entry, running: true }] } });
    await page.getByText('11 of 11 done').first().waitFor();
    await becomes(() => page.evaluate('document.activeElement.dataset.key'), 'c-dev/role.reader:3');
    await becomes(() => page.locator('.step-more').count(), 1);
  });

  it('is quiet when motion is not wanted', async function () {
    this.timeout(30_000);
    const scanning = states.find(({ name }) => name === 'empty-scanning');
    assert.ok(scanning !== undefined);
    await using report = await openReport(browser, site, { ...scanning.options, reducedMotion: true });
    await report.page.locator('.bones').waitFor();
    const running = await report.page.evaluate(
      `document.getAnimations().filter((animation) => animation.playState === 'running').length`,
    );
    assert.equal(running, 0);
  });

  it('shows no word that was not translated, and clips none', async function () {
    this.timeout(120_000);
    const strings = Object.fromEntries(Object.entries(reportStrings).map(([key, text]) => [key, pseudo(text)]));
    for (const name of [
      'dashboard',
      'findings-filter-more',
      'detail-summary',
      'detail-severity',
      'detail-evidence',
      'detail-remediation',
      'key-help',
      'connectivity',
      'empty-filtered',
    ]) {
      const state = states.find((candidate) => candidate.name === name);
      assert.ok(state !== undefined, name);
      const data: string[] = [];
      await using report = await openReport(browser, site, {
        ...state.options,
        strings,
        answer: (message) => {
          if (message.type === 'detail')
            data.push(JSON.stringify(makeFinding(Number.parseInt(message.id.slice(1), 36))));
          return undefined;
        },
      });
      const { page } = report;
      await page.locator(state.ready).filter({ visible: true }).first().waitFor();
      if (state.act !== undefined) await state.act(page);
      await page.waitForTimeout(300);
      const folder = path.resolve(import.meta.dirname, '../../../artifacts/screenshots/report/pseudo');
      fs.mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
      // Words of the page are accented; plain letters may come from data, key names and times alone.
      const shown = z.array(z.string()).parse(await page.evaluate(visibleWords));
      const known = [
        JSON.stringify(dashboard),
        JSON.stringify(connectivity),
        JSON.stringify(makeItems(3000)),
        'shop-production shop-development nothing like it',
        ...data,
      ].join(' ');
      const foreign = shown.filter((text) => !isKnown(text, known));
      assert.deepEqual(foreign, [], name);
      const clipped = z.array(z.string()).parse(await page.evaluate(clippedControls));
      assert.deepEqual(clipped, [], name);
    }
  });

  it('keeps its text readable with wider spacing and twice the size', async function () {
    this.timeout(60_000);
    for (const [name, css] of [
      [
        'spacing',
        '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }',
      ],
      ['zoom', ''],
    ] as const) {
      await using report = await openReport(browser, site, {
        queries,
        dashboard,
        restore: { ...onFindings, query: { ...emptyQuery, filter: {} }, selected: richId },
        ...(name === 'zoom' && { size: { width: 640, height: 400 } }),
      });
      const { page } = report;
      await page.locator('#detail-summary-view .detail-content').waitFor();
      if (css !== '')
        await page.evaluate(
          `(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync(${JSON.stringify(css)}); document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]; })()`,
        );
      await page.waitForTimeout(200);
      const clipped = z.array(z.string()).parse(await page.evaluate(clippedControls));
      assert.deepEqual(clipped, [], name);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, name);
    }
  });
});

/** Texts that a person sees or hears, shadow roots left out: they hold what the page put there. */
const visibleWords = `(() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.querySelector('#report').parentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element === null || element.closest('script, kbd, [hidden]') !== null) continue;
    if (node.data.trim() !== '') found.add(node.data.trim());
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (element.closest('[hidden], [aria-hidden=true]') !== null) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) {
      const text = element.getAttribute(name);
      if (text !== null && text !== '') found.add(text);
    }
  }
  return [...found];
})()`;

/** Buttons, tabs, headings and pills whose text does not fit. Cells of the list are cut on purpose and have a tooltip. */
const clippedControls = `[...document.querySelectorAll('vscode-button, .tab, vscode-panel-tab, .pill, .small-button, .text-button, h2, h3, .figure, dt')]
  .filter((element) => element.offsetParent !== null && element.closest('.row, .visually-hidden') === null && !element.classList.contains('visually-hidden'))
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
  .map((element) => element.className + ': ' + element.textContent)`;

/** Every run of plain letters in it is in the data, or is part of a date, a unit or a name of the search's grammar. */
function isKnown(text: string, known: string): boolean {
  const runs = text.match(/[A-Za-z]{3,}/g) ?? [];
  const free =
    /^(Nov|Dec|Oct|Sep|Aug|Jul|Jun|May|Apr|Mar|Feb|Jan|ago|last|next|this|yesterday|today|tomorrow|days?|weeks?|months?|minutes?|hours?|year|and|EPSS|state|open|severity|critical)$/;
  return runs.every((run) => known.includes(run) || free.test(run));
}
