import type { DashboardModel, FindingsFilter, ReportCommand, SeverityCounts } from '../src/report/contract.ts';
import type { Texts } from '../src/report/texts.ts';
import { severities } from '../src/report/words.ts';
import { data, el, headings, hiddenText, icon, put, show } from './dom.ts';
import type { Child } from './dom.ts';
import { progressText } from './findings/empty.ts';
import { button, progressRing } from './toolkit.ts';
import { iconAndWord, severityBar, severityMark } from './words.ts';

export interface DashboardEnvironment {
  readonly texts: Texts;
  readonly can: (command: ReportCommand) => boolean;
  readonly command: (command: ReportCommand, argument?: string) => void;
  readonly onFilter: (filter: FindingsFilter) => void;
  readonly onConnectivity: (connection?: string) => void;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Coverage under this share turns its card into a warning. */
const goodCoverage = 0.8;
const secretWarningDays = 60;

const connectionLooks: Readonly<Record<string, readonly [icon: string, tone: string]>> = {
  active: ['pass', 'good'],
  gaps: ['warning', 'warn'],
  failed: ['error', 'bad'],
  secretMissing: ['key', 'bad'],
  verifying: ['sync', 'quiet'],
  paused: ['debug-pause', 'quiet'],
  unverified: ['unverified', 'quiet'],
};

/** What there is, what is open, what was and was not checked, and what to do first. */
export class DashboardPage {
  readonly element = el('div', { class: 'page dashboard' });
  readonly #environment: DashboardEnvironment;

  constructor(environment: DashboardEnvironment) {
    this.#environment = environment;
    const { texts } = environment;
    show(
      this.element,
      el('h2', { class: 'visually-hidden' }, texts.t('page.dashboard')),
      el('div', { class: 'loading-page' }, progressRing(texts.t('loading'))),
    );
  }

  setModel(model: DashboardModel): void {
    const { texts } = this.#environment;
    const focusedKey = this.element.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset['key'] // within our own element
      : undefined;
    const title = el('h2', { class: 'visually-hidden' }, texts.t('page.dashboard'));
    const hasNothing =
      model.connections.length === 0 &&
      model.assets.total === 0 &&
      severities.every((severity) => model.open[severity] === 0) &&
      model.runningScan === undefined;
    if (hasNothing) show(this.element, title, this.#welcome());
    else {
      show(
        this.element,
        title,
        this.#top(model),
        el(
          'div',
          { class: 'cards' },
          this.#findingsCard(model),
          this.#assetsCard(model),
          this.#coverageCard(model),
          this.#scanCard(model),
        ),
        el('div', { class: 'columns' }, this.#fixFirst(model), this.#byApplication(model)),
        this.#attention(model),
      );
    }
    if (focusedKey === undefined) return;
    [...this.element.querySelectorAll<HTMLElement>('[data-key]')]
      .find((element) => element.dataset['key'] === focusedKey)
      ?.focus({ preventScroll: true });
  }

  #welcome(): HTMLElement {
    const { texts, can, command } = this.#environment;
    return el(
      'div',
      { class: 'empty' },
      icon('azure', 'empty-icon'),
      el('p', { class: 'empty-text' }, texts.t('dashboard.welcome')),
      el(
        'div',
        { class: 'button-row' },
        can('connect')
          ? button({ label: texts.t('connect'), look: 'primary', onClick: () => command('connect') })
          : undefined,
        can('scanDockerfile')
          ? button({ label: texts.t('scan.dockerfile'), onClick: () => command('scanDockerfile') })
          : undefined,
      ),
    );
  }

  #top({ connections, runningScan, nextScan }: DashboardModel): HTMLElement {
    const { texts, can, command, onConnectivity } = this.#environment;
    const list = el('ul', { class: 'connection-list', attrs: { 'aria-label': texts.t('dashboard.connections') } });
    for (const { id, name, state, stateText } of connections) {
      const [look, tone] = connectionLooks[state] ?? ['azure', 'quiet'];
      put(
        list,
        el(
          'li',
          {},
          el(
            'button',
            {
              class: 'text-button connection-button',
              attrs: { 'data-key': `connection:${id}` },
              on: { click: () => onConnectivity(id) },
            },
            el('span', { class: `tone-${tone}` }, icon(look)),
            data(name),
            el('span', { class: 'quiet' }, stateText),
          ),
        ),
      );
    }
    const actions = el('div', { class: 'button-row' });
    if (runningScan !== undefined) {
      put(
        actions,
        progressRing(texts.t('scan.running')),
        el('span', {}, progressText(texts, runningScan)),
        can('cancelScan')
          ? button({ label: texts.t('scan.cancel'), icon: 'stop-circle', onClick: () => command('cancelScan') })
          : undefined,
      );
    } else {
      put(
        actions,
        el(
          'span',
          { class: 'quiet' },
          texts.t('dashboard.nextScan', { when: nextScan ?? texts.t('dashboard.manual') }),
        ),
        can('changeSchedule')
          ? button({ label: texts.t('dashboard.changeSchedule'), onClick: () => command('changeSchedule') })
          : undefined,
        can('scanAll')
          ? button({ label: texts.t('scan.all'), icon: 'run-all', look: 'primary', onClick: () => command('scanAll') })
          : undefined,
      );
    }
    return el('div', { class: 'dashboard-top' }, list, actions);
  }

  #findingsCard({ open, states }: DashboardModel): HTMLElement {
    const { texts } = this.#environment;
    const total = severities.reduce((sum, severity) => sum + open[severity], 0);
    return card(
      texts.t('dashboard.findings'),
      'card-wide',
      this.#figure('open', total, texts.plural('dashboard.open', total), { states: ['open'] }),
      severityBar(open),
      el(
        'ul',
        { class: 'severity-counts' },
        ...severities.map((severity) =>
          el(
            'li',
            {},
            this.#number(
              `severity:${severity}`,
              open[severity],
              { states: ['open'], severities: [severity] },
              texts.t(`counts.long.${severity}`, { count: open[severity] }),
              el('span', { class: 'severity' }, severityMark(texts, severity)),
            ),
            el('span', { class: 'under' }, texts.t(`severity.${severity}`)),
          ),
        ),
      ),
      el(
        'ul',
        { class: 'card-line' },
        ...(['new', 'excepted', 'fixed', 'notAffected'] as const).map((state) =>
          el(
            'li',
            {},
            this.#text(`state:${state}`, texts.t(`dashboard.state.${state}`, { count: states[state] }), {
              states: [state],
            }),
          ),
        ),
      ),
    );
  }

  #assetsCard({ assets }: DashboardModel): HTMLElement {
    const { texts } = this.#environment;
    const notScanned = Math.max(0, assets.total - assets.scanned);
    return card(
      texts.t('dashboard.assets'),
      '',
      this.#figure('assets', assets.total, texts.plural('dashboard.assets.count', assets.total), {}),
      el(
        'ul',
        { class: 'card-list' },
        ...assets.byKind
          .filter(({ count }) => count > 0)
          .map(({ kind, label, count }) =>
            el('li', {}, this.#text(`kind:${kind}`, `${texts.number(count)} ${label}`, { assetKinds: [kind] })),
          ),
      ),
      this.#fold(
        texts.t('dashboard.scanned', { scanned: assets.scanned, not: notScanned }),
        assets.notScanned.map(({ reason, count }) => `${texts.number(count)}: ${reason}`),
      ),
    );
  }

  /** A line that unfolds to what it sums up. */
  #fold(line: string, items: readonly string[]): HTMLElement {
    if (items.length === 0) return el('p', { class: 'quiet' }, line);
    return el(
      'details',
      {},
      el('summary', { class: 'quiet' }, line),
      el('ul', { class: 'card-list quiet' }, ...items.slice(0, 50).map((item) => el('li', {}, data(item)))),
    );
  }

  #coverageCard({ coverage }: DashboardModel): HTMLElement {
    const { texts } = this.#environment;
    const { evaluated, applicable, denied, unreadable, disabled, withoutAdvisories } = coverage;
    const share = applicable === 0 ? undefined : evaluated / applicable;
    const isLow = share !== undefined && share < goodCoverage;
    return card(
      texts.t('dashboard.coverage'),
      isLow ? 'card-warning' : '',
      el(
        'p',
        { class: 'figure' },
        share === undefined ? texts.t('dashboard.coverage.none') : texts.percent(Math.floor(share * 100) / 100),
        isLow ? icon('warning', 'figure-icon') : undefined,
      ),
      share === undefined
        ? undefined
        : el('p', { class: 'under' }, texts.plural('dashboard.coverage.of', applicable, { evaluated })),
      isLow ? el('p', { class: 'warning-text' }, texts.t('dashboard.coverage.low')) : undefined,
      el(
        'ul',
        { class: 'card-list' },
        el('li', {}, this.#text('denied', texts.plural('dashboard.denied', denied), { states: ['denied'] })),
        el(
          'li',
          {},
          this.#text('unreadable', texts.plural('dashboard.unreadable', unreadable), { states: ['unreadable'] }),
        ),
        el('li', {}, this.#text('disabled', texts.plural('dashboard.disabled', disabled), { states: ['disabled'] })),
      ),
      withoutAdvisories.length === 0
        ? undefined
        : this.#fold(
            texts.plural('dashboard.withoutAdvisories', withoutAdvisories.length),
            withoutAdvisories.map(({ what, reason }) => `${what}: ${reason}`),
          ),
    );
  }

  #scanCard({ lastScan, advisories }: DashboardModel): HTMLElement {
    const { texts, can, command } = this.#environment;
    const lines: (HTMLElement | undefined)[] = [];
    if (lastScan === undefined) lines.push(el('p', { class: 'quiet' }, texts.t('dashboard.scan.never')));
    else {
      const { startedAt, endedAt, state, ranFrom, target } = lastScan;
      const minutes = endedAt === undefined ? undefined : (Date.parse(endedAt) - Date.parse(startedAt)) / 60_000;
      lines.push(
        el(
          'p',
          { class: 'figure figure-text', title: texts.dateTime(startedAt) },
          texts.relative(endedAt ?? startedAt, Date.now()),
        ),
        el('p', { class: 'under' }, data(target)),
        el(
          'ul',
          { class: 'card-list' },
          el(
            'li',
            {},
            iconAndWord(
              state === 'complete' ? 'pass' : state === 'running' ? 'sync' : state === 'failed' ? 'error' : 'warning',
              texts.t(`scan.state.${state}`, { done: lastScan.done, total: lastScan.total }),
              state === 'complete' ? 'good' : state === 'failed' ? 'bad' : 'warn',
            ),
          ),
          minutes === undefined || Number.isNaN(minutes)
            ? undefined
            : el(
                'li',
                {},
                minutes < 1 ? texts.t('scan.minutes.less') : texts.plural('scan.minutes', Math.round(minutes)),
              ),
          el('li', { class: 'data' }, texts.t('scan.from', { from: ranFrom })),
        ),
      );
    }
    lines.push(
      el(
        'p',
        { class: advisories.stale ? 'warning-text' : 'quiet' },
        advisories.stale ? icon('warning') : undefined,
        data(advisories.text),
      ),
    );
    if (advisories.stale && can('updateVulnerabilityData')) {
      lines.push(button({ label: texts.t('dashboard.updateData'), onClick: () => command('updateVulnerabilityData') }));
    }
    return card(texts.t('dashboard.lastScan'), '', ...lines);
  }

  #fixFirst({ fixFirst }: DashboardModel): HTMLElement {
    const { texts, onFilter } = this.#environment;
    return section(
      texts.t('dashboard.fixFirst'),
      fixFirst.length === 0
        ? el('p', { class: 'quiet' }, texts.t('dashboard.fixFirst.none'))
        : el(
            'ol',
            { class: 'fix-first' },
            ...fixFirst.slice(0, 5).map(({ title, closes, severity, filter }, at) =>
              el(
                'li',
                {},
                el(
                  'button',
                  {
                    class: 'fix-button',
                    attrs: { 'data-key': `fix:${at}` },
                    on: { click: () => onFilter(filter) },
                  },
                  severityMark(texts, severity),
                  hiddenText(texts.t(`severity.${severity}`)),
                  el('span', { class: 'fix-title data' }, title),
                  el('span', { class: 'fix-closes' }, texts.plural('dashboard.closes', closes)),
                ),
              ),
            ),
          ),
    );
  }

  #byApplication({ byApplication }: DashboardModel): HTMLElement {
    const { texts } = this.#environment;
    const columns = severities.filter((severity) => severity !== 'info');
    const all = (counts: SeverityCounts) => severities.reduce((sum, severity) => sum + counts[severity], 0);
    return section(
      texts.t('dashboard.byApplication'),
      byApplication.length === 0
        ? el('p', { class: 'quiet' }, texts.t('dashboard.byApplication.none'))
        : el(
            'div',
            { class: 'table-wrap' },
            el(
              'table',
              { class: 'data-table numbers' },
              el('caption', { class: 'visually-hidden' }, texts.t('dashboard.byApplication')),
              headings(
                texts.t('column.application'),
                ...columns.map((severity) => texts.t(`severity.${severity}`)),
                texts.t('dashboard.total'),
              ),
              el(
                'tbody',
                {},
                ...byApplication.slice(0, 12).map(({ application, counts }) =>
                  el(
                    'tr',
                    {},
                    el('th', { class: 'data' }, application === '' ? texts.t('group.unassigned') : application),
                    ...columns.map((severity) =>
                      el(
                        'td',
                        { class: counts[severity] === 0 ? 'zero' : '' },
                        counts[severity] === 0
                          ? texts.number(0)
                          : this.#number(
                              `app:${application}:${severity}`,
                              counts[severity],
                              { states: ['open'], applications: [application], severities: [severity] },
                              texts.t('dashboard.ofApplication', {
                                counts: texts.t(`counts.long.${severity}`, { count: counts[severity] }),
                                application: application === '' ? texts.t('group.unassigned') : application,
                              }),
                            ),
                      ),
                    ),
                    el(
                      'td',
                      {},
                      this.#number(
                        `app:${application}`,
                        all(counts),
                        { states: ['open'], applications: [application] },
                        texts.t('dashboard.ofApplication', {
                          counts: texts.plural('findings.count', all(counts)),
                          application: application === '' ? texts.t('group.unassigned') : application,
                        }),
                      ),
                    ),
                  ),
                ),
              ),
            ),
          ),
    );
  }

  /** Secrets that expire soon, and what the last scan could not read. */
  #attention({ connections, lastScan }: DashboardModel): HTMLElement | undefined {
    const { texts, onConnectivity } = this.#environment;
    const now = Date.now();
    const expiring = connections.filter(
      ({ secretExpires }) => secretExpires !== undefined && Date.parse(secretExpires) < now + secretWarningDays * dayMs,
    );
    const problems = lastScan?.problems ?? [];
    if (expiring.length === 0 && problems.length === 0) return undefined;
    return el(
      'div',
      { class: 'columns' },
      expiring.length === 0
        ? undefined
        : section(
            texts.t('dashboard.secrets'),
            el(
              'ul',
              { class: 'plain-list secrets' },
              ...expiring.map(({ id, name, secretExpires = '' }) =>
                el(
                  'li',
                  {},
                  icon('key'),
                  el(
                    'button',
                    {
                      class: 'text-button data',
                      attrs: { 'data-key': `secret:${id}` },
                      on: { click: () => onConnectivity(id) },
                    },
                    name,
                  ),
                  el(
                    'span',
                    {},
                    texts.t(Date.parse(secretExpires) < now ? 'dashboard.secret.expired' : 'dashboard.secret.expires', {
                      when: texts.relative(secretExpires, now),
                      date: texts.date(secretExpires),
                    }),
                  ),
                ),
              ),
            ),
          ),
      problems.length === 0
        ? undefined
        : section(
            texts.plural('dashboard.problems', problems.length),
            el(
              'div',
              // it may scroll sideways, and nothing in it takes the focus
              {
                class: 'table-wrap',
                role: 'region',
                tabIndex: 0,
                attrs: { 'aria-label': texts.plural('dashboard.problems', problems.length) },
              },
              el(
                'table',
                { class: 'data-table' },
                el('caption', { class: 'visually-hidden' }, texts.plural('dashboard.problems', problems.length)),
                headings(texts.t('dashboard.problem.what'), texts.t('verify.reason'), texts.t('verify.next')),
                el(
                  'tbody',
                  {},
                  ...problems
                    .slice(0, 50)
                    .map(({ what, reason, nextStep }) =>
                      el(
                        'tr',
                        {},
                        el('th', { class: 'data' }, what),
                        el('td', { class: 'data' }, reason),
                        el('td', { class: 'data' }, nextStep),
                      ),
                    ),
                ),
              ),
            ),
            problems.length > 50
              ? el('p', { class: 'quiet' }, texts.t('dashboard.problems.more', { count: problems.length - 50 }))
              : undefined,
          ),
    );
  }

  /** A big number that opens the findings behind it. */
  #figure(key: string, value: number, name: string, filter: FindingsFilter): HTMLElement {
    return this.#button('figure figure-button', key, filter, this.#shown(value), hiddenText(name));
  }

  #number(key: string, value: number, filter: FindingsFilter, name: string, before?: HTMLElement): HTMLElement {
    return this.#button('number-button', key, filter, before, this.#shown(value), hiddenText(name));
  }

  #text(key: string, text: string, filter: FindingsFilter): HTMLElement {
    return this.#button('text-button', key, filter, text);
  }

  /** The number for the eyes; its name says more. */
  #shown(value: number): HTMLElement {
    return el('span', { attrs: { 'aria-hidden': 'true' } }, this.#environment.texts.number(value));
  }

  #button(look: string, key: string, filter: FindingsFilter, ...content: readonly Child[]): HTMLElement {
    const on = { click: () => this.#environment.onFilter(filter) };
    return el('button', { class: look, attrs: { 'data-key': key }, on }, ...content);
  }
}

function card(title: string, extra: string, ...content: readonly (HTMLElement | undefined)[]): HTMLElement {
  return el('section', { class: `card ${extra}`.trim() }, el('h3', {}, title), ...content);
}

function section(title: string, ...content: readonly (HTMLElement | undefined)[]): HTMLElement {
  return el('section', { class: 'part' }, el('h3', {}, title), ...content);
}
