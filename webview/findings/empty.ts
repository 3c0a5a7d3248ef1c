import type { DashboardModel, FindingsFilter, FindingsPage, ReportCommand } from '../../src/report/contract.ts';
import { emptyQuery } from '../../src/report/contract.ts';
import type { Texts } from '../../src/report/texts.ts';
import { el, icon } from '../dom.ts';
import { button, progressRing } from '../toolkit.ts';
import { filterParts } from '../words.ts';

export interface EmptyActions {
  readonly can: (command: ReportCommand) => boolean;
  readonly command: (command: ReportCommand) => void;
  readonly onFilter: (filter: FindingsFilter) => void;
  readonly onDashboard: () => void;
}

/** What stands in the place of an empty list: why it is empty, and what to do. */
export function emptyState(
  texts: Texts,
  filter: FindingsFilter,
  page: FindingsPage,
  dashboard: DashboardModel | undefined,
  actions: EmptyActions,
): HTMLElement {
  const commandButton = (command: ReportCommand, label: string, primary: boolean) =>
    actions.can(command)
      ? button({ label, look: primary ? 'primary' : 'secondary', onClick: () => actions.command(command) })
      : undefined;
  const box = (name: string, text: string, ...rest: readonly (HTMLElement | undefined)[]) =>
    el(
      'div',
      { class: 'empty' },
      icon(name, 'empty-icon'),
      el('p', { class: 'empty-text' }, text),
      el('div', { class: 'button-row' }, ...rest),
    );
  const scan = dashboard?.runningScan;
  if (page.allFindings === 0 && scan !== undefined) {
    return el(
      'div',
      { class: 'empty empty-scanning' },
      el('div', { class: 'bones', attrs: { 'aria-hidden': 'true' } }, ...bones(8)),
      el(
        'div',
        { class: 'scan-line' },
        progressRing(texts.t('scan.running')),
        el('span', {}, progressText(texts, scan)),
      ),
      el('div', { class: 'button-row' }, commandButton('cancelScan', texts.t('scan.cancel'), false)),
    );
  }
  const isDefault = JSON.stringify(filter) === JSON.stringify(emptyQuery.filter) || Object.keys(filter).length === 0;
  if (page.allFindings > 0 && !isDefault) {
    const names = filterParts(texts, filter, (_list, value) => value).map(({ name }) => name);
    return box(
      'filter',
      texts.t('empty.filtered', { filters: texts.list(names) }),
      button({ label: texts.t('filter.clear'), look: 'primary', onClick: () => actions.onFilter(emptyQuery.filter) }),
    );
  }
  if (dashboard?.lastScan === undefined && page.allFindings === 0) {
    if ((dashboard?.connections.length ?? 0) > 0) {
      return box('play', texts.t('empty.neverScanned'), commandButton('scanAll', texts.t('scan.all'), true));
    }
    return box(
      'plug',
      texts.t('empty.noConnection'),
      commandButton('connect', texts.t('connect'), true),
      commandButton('scanDockerfile', texts.t('scan.dockerfile'), false),
    );
  }
  const checked = button({ label: texts.t('empty.whatWasChecked'), onClick: actions.onDashboard });
  if (page.deniedCount > 0) {
    return box(
      'lock',
      texts.plural('empty.denied', page.deniedCount),
      button({
        label: texts.t('empty.showDenied'),
        look: 'primary',
        onClick: () => actions.onFilter({ states: ['denied', 'unreadable'] }),
      }),
      checked,
    );
  }
  return box(
    'pass',
    texts.t('empty.nothingOpen', {
      assets: texts.plural('assets.in', dashboard?.assets.scanned ?? 0),
      checks: texts.plural('checks.in', dashboard?.coverage.evaluated ?? 0),
    }),
    checked,
  );
}

/** "Scanning 34 of 120…" */
export function progressText(texts: Texts, scan: { readonly done: number; readonly total: number }): string {
  return scan.total === 0 ? texts.t('scan.starting') : texts.t('scan.progress', { done: scan.done, total: scan.total });
}

function bones(count: number): readonly HTMLElement[] {
  return Array.from({ length: count }, () => el('span', { class: 'bone' }));
}
