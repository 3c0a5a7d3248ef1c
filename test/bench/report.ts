// The report with 100,000 findings: the query by itself, and the page in a browser.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FindingsFilter, FindingsQuery } from '../../src/report/contract.ts';
import { emptyQuery } from '../../src/report/contract.ts';
import { FindingIndex } from '../../src/report/finding-index.ts';
import { FindingQueries } from '../../src/report/query.ts';
import { connectionNames, makeDashboard, makeItems, subscriptionNames } from '../e2e/report/data.ts';
import { openReport, startSite } from '../e2e/report/host.ts';
import { launchBrowser } from '../support/vscode-host/browser.ts';
import type { BenchRow } from './row.ts';
import { median, rounded } from './row.ts';

const findings = 100_000;
const now = new Date('2026-11-20T10:00:00Z');

const filters: readonly FindingsFilter[] = [
  { states: ['open'] },
  { states: ['open'], severities: ['critical', 'high'], running: true, fixAvailable: true },
  { states: ['open'], text: 'openssl' },
  { text: 'cve-2024 web shop' },
  { applications: ['orders'], sourceTools: ['acr'] },
  { asset: '/subscriptions/11111111-1111-4111-8111-111111111111' },
];

/** Frame times in milliseconds while the list scrolls by some rows in each frame. */
const scroll = `new Promise((resolve) => {
  const list = document.querySelector('.grid-scroll');
  const frames = [];
  let last;
  const step = (time) => {
    if (last !== undefined) frames.push(time - last);
    last = time;
    list.scrollTop += 130;
    if (frames.length < 240) requestAnimationFrame(step);
    else resolve(frames);
  };
  requestAnimationFrame(step);
})`;

export async function run(): Promise<BenchRow[]> {
  const items = makeItems(findings);
  const index = await FindingIndex.build(items, AbortSignal.timeout(60_000));
  const names = { connections: connectionNames, subscriptions: subscriptionNames };
  const rows: BenchRow[] = [
    {
      name: 'report: longest stretch while 100,000 findings are indexed',
      figure: rounded(await longestStretch(items)),
      unit: 'ms',
      budget: 50,
    },
    {
      name: 'report: a filter over 100,000 findings, with counts',
      figure: rounded(slowestFilter(index)),
      unit: 'ms',
      budget: 100,
    },
  ];

  const queries = new FindingQueries(index, names);
  await using site = await startSite();
  const browser = await launchBrowser(() => undefined);
  try {
    const dashboard = makeDashboard(items);
    const shown: number[] = [];
    for (let round = 0; round < 3; round++) {
      await using report = await openReport(browser, site, {
        queries,
        dashboard,
        restore: { page: 'findings', query: emptyQuery },
      });
      await report.page.locator('.grid-body > .row:not(.loading)').first().waitFor();
      // Counted from the start of the navigation: making a fresh browser profile is not the page's work.
      shown.push(z.number().parse(await report.page.evaluate('performance.now()')));
    }
    rows.push({ name: 'report: page opened to first rows', figure: rounded(median(shown)), unit: 'ms', budget: 1000 });

    await using report = await openReport(browser, site, {
      queries,
      dashboard,
      restore: { page: 'findings', query: { ...emptyQuery, filter: {}, grouping: 'none' } },
    });
    const { page } = report;
    await page.locator('.grid-body > .row:not(.loading)').first().waitFor();
    await sleep(500);
    const frames = z.array(z.number()).parse(await page.evaluate(scroll));
    rows.push({
      name: 'report: frames while scrolling, median',
      figure: rounded(median(frames)),
      unit: 'ms',
      // 60 a second, with the browser's rounding.
      budget: 17,
    });

    const typed: number[] = [];
    for (const severity of ['critical', 'high', 'medium', 'low']) {
      await page.locator('#filter-severity').click();
      const option = page.locator(`[role=option]`, { hasText: new RegExp(`^${severity}`, 'i') }).first();
      await option.waitFor();
      const start = z.number().parse(await page.evaluate(clickAndWait(severity)));
      typed.push(start);
      await page.keyboard.press('Escape');
    }
    rows.push({
      name: 'report: a filter clicked to its rows on screen',
      figure: rounded(median(typed)),
      unit: 'ms',
      budget: 100,
    });
  } finally {
    await browser.close();
  }
  return rows;
}

/** Clicks a severity in the open list; milliseconds until the list shows the answer. */
function clickAndWait(severity: string): string {
  return `new Promise((resolve) => {
    const grid = document.querySelector('.grid');
    const option = [...document.querySelectorAll('[role=option]')].find((element) => element.textContent.toLowerCase().startsWith('${severity}'));
    const start = performance.now();
    new MutationObserver((_, observer) => {
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - start));
    }).observe(grid, { attributes: true, attributeFilter: ['aria-rowcount'] });
    option.click();
  })`;
}

function slowestFilter(index: FindingIndex): number {
  const groupings: readonly FindingsQuery['grouping'][] = [
    'severity',
    'none',
    'check',
    'asset',
    'package',
    'application',
  ];
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const took = filters.map((filter, at) => {
      const queries = new FindingQueries(index);
      const query = { ...emptyQuery, filter, grouping: groupings[at] ?? 'none' };
      const start = performance.now();
      queries.page({ queryId: at, query, offset: 0, limit: 300, facets: true }, now);
      return performance.now() - start;
    });
    times.push(Math.max(...took));
  }
  return median(times);
}

/** The event loop is asked every millisecond; the longest wait for an answer counts. */
async function longestStretch(items: ReturnType<typeof makeItems>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const at = performance.now();
    longest = Math.max(longest, at - last);
    last = at;
  }, 1);
  try {
    await sleep(5);
    longest = 0;
    await FindingIndex.build(items, AbortSignal.timeout(60_000));
    await sleep(5);
  } finally {
    clearInterval(timer);
  }
  return longest;
}
