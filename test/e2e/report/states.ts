import type { Page } from 'playwright-core';
import type { ConnectivityModel, DashboardModel, ReportState, ToHost, ToPage } from '../../../src/report/contract.ts';
import { emptyQuery } from '../../../src/report/contract.ts';
import { FindingIndex } from '../../../src/report/finding-index.ts';
import { FindingQueries } from '../../../src/report/query.ts';
import {
  connectionNames,
  connectivity,
  emptyDashboard,
  makeDashboard,
  makeFinding,
  makeItems,
  now,
  subscriptionNames,
} from './data.ts';
import type { OpenOptions } from './host.ts';

const items = makeItems(3000);
export const queries = new FindingQueries(FindingIndex.of(items), {
  connections: connectionNames,
  subscriptions: subscriptionNames,
});
export const dashboard = makeDashboard(items);
export const noFindings = new FindingQueries(FindingIndex.of([]));

/** An id of a finding for which this holds. */
export function idOf(holds: (finding: ReturnType<typeof makeFinding>) => boolean): string {
  const found = items.find((_, number) => holds(makeFinding(number)));
  if (found === undefined) throw new Error('No generated finding fits');
  return found.id;
}

/** A vulnerability with everything: Dockerfile line, workloads, factors, unknown facts. */
export const richId = idOf(
  ({ kind, source, explanation, affected, package: found, state }) =>
    kind === 'vulnerability' &&
    source !== undefined &&
    explanation.unknown.length > 0 &&
    affected.length > 0 &&
    found?.fixed !== undefined &&
    state === 'open',
);
/** Points over the caps of their groups. */
export const cappedId = idOf(
  ({ explanation, state }) => explanation.factors.some(({ id }) => id === 'runtime.privileged') && state === 'open',
);
export const postureId = idOf(({ remediation, state }) => remediation.length > 2 && state === 'open');
export const deniedId = idOf(({ state }) => state === 'denied');

const onFindings: ReportState = { page: 'findings', query: emptyQuery };

function opened(selected: string, more: Partial<ReportState> = {}): ReportState {
  const query = { ...emptyQuery, filter: {} };
  return { ...onFindings, query, selected, ...more };
}

const runningScan: NonNullable<DashboardModel['runningScan']> = {
  id: 'scan-219',
  state: 'running',
  startedAt: new Date(now - 40_000).toISOString(),
  ranFrom: 'this computer',
  done: 34,
  total: 120,
  target: 'Everything',
  problems: [],
};

const verifying: ConnectivityModel = {
  connections: connectivity.connections.map((entry, at) => ({
    ...entry,
    running: at === 0,
    ...(at === 0 &&
      entry.result !== undefined && {
        result: {
          ...entry.result,
          steps: entry.result.steps.map((step, place) => ({
            ...step,
            state: place < 5 ? step.state : place === 5 ? ('running' as const) : ('pending' as const),
          })),
        },
      }),
  })),
};

/** One state of the page: how it is opened, and what is done before it is looked at. */
export interface PageState {
  readonly name: string;
  readonly options: Omit<OpenOptions, 'theme'>;
  /** Shows that the state is reached. */
  readonly ready: string;
  readonly act?: (page: Page) => Promise<void>;
}

const loadedList = '.grid-body > .row[aria-rowindex="3"]';
const full = { queries, dashboard };

function silent(...types: readonly ToHost['type'][]): (message: ToHost) => readonly ToPage[] | null | undefined {
  return (message) => (types.includes(message.type) ? null : undefined);
}

export const states: readonly PageState[] = [
  { name: 'dashboard', options: full, ready: '.card' },
  { name: 'dashboard-empty', options: { queries: noFindings }, ready: '.empty' },
  {
    name: 'dashboard-warning',
    options: {
      queries,
      dashboard: {
        ...dashboard,
        coverage: { ...dashboard.coverage, evaluated: 1800, denied: 1330 },
        runningScan,
        advisories: { text: 'Vulnerability data of 12 days ago', stale: true },
      },
    },
    ready: '.card-warning',
  },
  { name: 'findings', options: { ...full, restore: onFindings }, ready: loadedList },
  {
    name: 'findings-by-package',
    options: {
      ...full,
      restore: { ...onFindings, query: { ...emptyQuery, grouping: 'package', folded: ['package:openssl'] } },
    },
    ready: loadedList,
  },
  {
    name: 'findings-selected',
    options: { ...full, restore: { ...onFindings, query: { ...emptyQuery, filter: {}, grouping: 'none' } } },
    ready: loadedList,
    act: async (page) => {
      await page.locator(loadedList).click({ modifiers: ['Control'] });
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
    },
  },
  {
    name: 'findings-filter-severity',
    options: { ...full, restore: onFindings },
    ready: loadedList,
    act: async (page) => {
      await page.locator('#filter-severity').click();
      await page.keyboard.press('Space');
      await page.locator('.chip').nth(1).waitFor();
    },
  },
  {
    name: 'findings-filter-more',
    options: { ...full, restore: onFindings },
    ready: loadedList,
    act: (page) => page.locator('#filter-more').click(),
  },
  {
    name: 'findings-presets',
    options: { ...full, restore: onFindings },
    ready: loadedList,
    act: (page) => page.locator('#filter-presets').click(),
  },
  {
    name: 'findings-suggestions',
    options: { ...full, restore: onFindings },
    ready: loadedList,
    act: async (page) => {
      await page.locator('#search-field').click();
      await page.keyboard.type(' severity:');
      await page.locator('.suggestions [role=option]').first().waitFor();
    },
  },
  ...(['summary', 'severity', 'evidence', 'remediation', 'affected', 'history'] as const).map(
    (detailTab): PageState => ({
      name: `detail-${detailTab}`,
      options: { ...full, restore: opened(richId, { detailTab }) },
      ready: `#detail-${detailTab}-view .detail-content`,
    }),
  ),
  {
    name: 'detail-severity-capped',
    options: { ...full, restore: opened(cappedId, { detailTab: 'severity' }) },
    ready: '.factor-cap',
  },
  {
    name: 'detail-remediation-posture',
    options: { ...full, restore: opened(postureId, { detailTab: 'remediation' }) },
    ready: '.way',
  },
  {
    name: 'detail-denied',
    options: { ...full, restore: opened(deniedId) },
    ready: '#detail-summary-view .detail-content',
  },
  {
    name: 'detail-narrow',
    options: { ...full, restore: opened(richId), size: { width: 480, height: 760 } },
    ready: '#detail-summary-view .detail-content',
  },
  {
    name: 'findings-narrow',
    options: { ...full, restore: onFindings, size: { width: 480, height: 760 } },
    ready: loadedList,
  },
  {
    name: 'key-help',
    options: { ...full, restore: onFindings },
    ready: loadedList,
    act: async (page) => {
      await page.locator(loadedList).focus();
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
    },
  },
  { name: 'empty-no-connection', options: { queries: noFindings, restore: onFindings }, ready: '.empty-text' },
  {
    name: 'empty-never-scanned',
    options: {
      queries: noFindings,
      dashboard: { ...emptyDashboard, connections: dashboard.connections },
      restore: onFindings,
    },
    ready: '.empty-text',
  },
  {
    name: 'empty-scanning',
    options: {
      queries: noFindings,
      dashboard: { ...emptyDashboard, connections: dashboard.connections, runningScan },
      restore: onFindings,
    },
    ready: '.bones',
  },
  {
    name: 'empty-nothing-open',
    options: {
      queries: noFindings,
      dashboard: { ...dashboard, coverage: { ...dashboard.coverage, denied: 0, evaluated: 1904 } },
      restore: onFindings,
    },
    ready: '.empty-text',
  },
  {
    name: 'empty-denied',
    options: {
      queries: new FindingQueries(FindingIndex.of(items.filter(({ state }) => state === 'denied'))),
      dashboard,
      restore: onFindings,
    },
    ready: '.empty-text',
  },
  {
    name: 'empty-filtered',
    options: {
      ...full,
      restore: {
        ...onFindings,
        query: { ...emptyQuery, filter: { states: ['open'], severities: ['info'], text: 'nothing like it' } },
      },
    },
    ready: '.empty-text',
  },
  {
    name: 'old-results',
    options: {
      queries,
      dashboard: {
        ...dashboard,
        ...(dashboard.lastScan !== undefined && {
          lastScan: { ...dashboard.lastScan, endedAt: new Date(now - 20 * 24 * 3_600_000).toISOString() },
        }),
      },
      restore: onFindings,
    },
    ready: '.bar-notice .notice',
  },
  { name: 'connectivity', options: { ...full, restore: { ...onFindings, page: 'connectivity' } }, ready: '.steps' },
  {
    name: 'connectivity-step',
    options: { ...full, restore: { ...onFindings, page: 'connectivity' } },
    ready: '.steps',
    act: async (page) => {
      await page.getByRole('button', { name: 'Reader on finance' }).click();
      await page.locator('.step-more').waitFor();
    },
  },
  {
    name: 'connectivity-running',
    options: { ...full, connectivity: verifying, restore: { ...onFindings, page: 'connectivity' } },
    ready: '.steps',
  },
  {
    name: 'connectivity-empty',
    options: {
      queries: noFindings,
      connectivity: { connections: [] },
      restore: { ...onFindings, page: 'connectivity' },
    },
    ready: '.empty-text',
  },
  {
    name: 'lost',
    options: { ...full, restore: onFindings, answer: silent('query') },
    ready: '.lost',
  },
];
