import type {
  ConnectivityModel,
  DashboardModel,
  FindingsFilter,
  ReportCommand,
  ReportPage,
  ReportState,
  ToPage,
} from '../src/report/contract.ts';
import { makeTexts } from '../src/report/texts.ts';
import type { Texts } from '../src/report/texts.ts';
import { reportPages, severities } from '../src/report/words.ts';
import { ConnectivityPage } from './connectivity-page.ts';
import { DashboardPage } from './dashboard-page.ts';
import { el, icon, show } from './dom.ts';
import { progressText } from './findings/empty.ts';
import { FindingsPage, freshState } from './findings/page.ts';
import { Host } from './host.ts';
import type { StateChange } from './host.ts';
import { Announcer } from './live.ts';
import { TabStrip } from './tab-strip.ts';
import { button, progressRing } from './toolkit.ts';

/** What exists once the host has sent the words. */
interface Built {
  readonly texts: Texts;
  readonly tabs: TabStrip<ReportPage>;
  readonly panels: Readonly<Record<ReportPage, HTMLElement>>;
  readonly dashboard: DashboardPage;
  readonly findings: FindingsPage;
  readonly connectivity: ConnectivityPage;
  readonly status: HTMLElement;
  readonly lost: HTMLElement;
}

/** State is stored this long after it changed. */
const keepAfterMs = 200;

/** The report: header with tabs, three pages, and the messages that fill them. */
export class App {
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #announcer = new Announcer();
  #state: ReportState;
  /** True when the state came from this page's own store: the host's is older then. */
  readonly #hasOwnState: boolean;
  #keepTimer: ReturnType<typeof setTimeout> | undefined;
  #commands: ReadonlySet<ReportCommand> | undefined;
  #built: Built | undefined;
  #early: ToPage[] = [];
  #dashboard: DashboardModel | undefined;
  #shownCount: number | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#host = new Host(
      (message) => this.#onMessage(message),
      () => this.#onLost(),
    );
    const own = this.#host.state();
    this.#hasOwnState = own !== undefined;
    this.#state = own ?? freshState;
  }

  start(): void {
    this.#host.ask({ type: 'ready' });
  }

  #onMessage(message: ToPage): void {
    if (message.type === 'strings') {
      this.#build(message);
      return;
    }
    if (message.type === 'restore' && this.#built === undefined) {
      if (!this.#hasOwnState) this.#state = message.state;
      return;
    }
    if (this.#built === undefined) {
      this.#early.push(message);
      return;
    }
    this.#built.lost.hidden = true;
    this.#take(this.#built, message);
  }

  #take(built: Built, message: Exclude<ToPage, { type: 'strings' }>): void {
    switch (message.type) {
      case 'restore':
        if (!this.#hasOwnState) {
          this.#state = message.state;
          this.#open(built, message.state.page, false);
          built.findings.restore(message.state);
        }
        break;
      case 'dashboard':
        this.#dashboard = message.model;
        built.dashboard.setModel(message.model);
        built.findings.setDashboard(message.model);
        this.#drawStatus(built, message.model);
        this.#labelTabs(built);
        break;
      case 'connectivity':
        built.connectivity.setModel(message.model);
        this.#labelConnectivity(built, message.model);
        break;
      case 'findings':
        built.findings.takeRows(message.page);
        break;
      case 'detail':
        built.findings.takeDetail(message.id, message.detail);
        break;
      case 'changed':
        built.findings.refresh();
        break;
      case 'show':
        this.#onShow(built, message);
        break;
    }
  }

  #onShow(built: Built, message: Extract<ToPage, { type: 'show' }>): void {
    const { page, filter, select, connection, step, focus } = message;
    const target: ReportPage | undefined =
      page ??
      (filter !== undefined || select !== undefined
        ? 'findings'
        : connection !== undefined
          ? 'connectivity'
          : undefined);
    if (target !== undefined) this.#open(built, target, false);
    if (filter !== undefined) built.findings.setFilter(filter);
    if (select !== undefined) built.findings.select(select, focus);
    else if (connection !== undefined) built.connectivity.reveal(connection, step, focus);
    else if (focus && target === 'findings') built.findings.focusList();
    else if (focus) built.tabs.focus();
  }

  #build({ language, strings, commands }: Extract<ToPage, { type: 'strings' }>): void {
    if (this.#built !== undefined) return; // the words do not change while the page lives
    const texts = makeTexts(language, strings);
    document.documentElement.lang = texts.language;
    this.#commands = commands === undefined ? undefined : new Set(commands);
    const can = (command: ReportCommand) => this.#commands?.has(command) ?? true;
    const command = (name: ReportCommand, argument?: string) =>
      this.#host.send({ type: 'command', command: name, ...(argument !== undefined && { argument }) });
    const tabs = new TabStrip<ReportPage>(
      'page',
      texts.t('pages'),
      reportPages.map((id) => ({ id, label: texts.t(`page.${id}`) })),
      this.#state.page,
      (page) => {
        if (this.#built !== undefined) this.#open(this.#built, page, true);
      },
    );
    const showFindings = (filter: FindingsFilter) => {
      if (this.#built === undefined) return;
      this.#open(this.#built, 'findings', true);
      this.#built.findings.setFilter(filter);
      this.#built.tabs.focus();
    };
    const dashboard = new DashboardPage({
      texts,
      can,
      command,
      onFilter: showFindings,
      onConnectivity: (connection) => {
        if (this.#built === undefined) return;
        this.#open(this.#built, 'connectivity', true);
        if (connection !== undefined) this.#built.connectivity.reveal(connection, undefined, true);
      },
    });
    const findings = new FindingsPage({
      layout: this.#root,
      texts,
      host: this.#host,
      announcer: this.#announcer,
      can,
      state: () => this.#state,
      keep: (change) => this.#keep(change),
      onDashboard: () => {
        if (this.#built === undefined) return;
        this.#open(this.#built, 'dashboard', true);
        this.#built.tabs.focus();
      },
      onCount: (shown) => {
        this.#shownCount = shown;
        if (this.#built !== undefined) this.#labelTabs(this.#built);
      },
    });
    const connectivity = new ConnectivityPage({
      texts,
      announcer: this.#announcer,
      can,
      command,
      copy: (text, announced) => {
        this.#host.send({ type: 'copy', text });
        this.#announcer.say(announced);
      },
      typeInTerminal: (text) => this.#host.send({ type: 'typeInTerminal', text }),
      openLink: (url) => this.#host.send({ type: 'openLink', url }),
    });
    const panel = (id: ReportPage, content: HTMLElement) =>
      el(
        'div',
        {
          class: `panel panel-${id}`,
          id: tabs.panelId(id),
          role: 'tabpanel',
          attrs: { 'aria-labelledby': tabs.tabId(id) },
        },
        content,
      );
    const panels = {
      dashboard: panel('dashboard', dashboard.element),
      findings: panel('findings', findings.element),
      connectivity: panel('connectivity', connectivity.element),
    };
    const status = el('div', { class: 'header-status' });
    const lost = el(
      'div',
      { class: 'notice notice-error lost', hidden: true },
      icon('debug-disconnect'),
      el('span', {}, texts.t('lost')),
      button({ label: texts.t('lost.reload'), look: 'primary', onClick: () => this.#reload() }),
    );
    show(
      this.#root,
      el(
        'header',
        { class: 'header' },
        el('h1', { class: 'visually-hidden' }, texts.t('title')),
        el('nav', { attrs: { 'aria-label': texts.t('pages') } }, tabs.element),
        status,
      ),
      el('main', {}, lost, panels.dashboard, panels.findings, panels.connectivity),
      findings.detail,
      this.#announcer.element,
    );
    const built = { texts, tabs, panels, dashboard, findings, connectivity, status, lost };
    this.#built = built;
    this.#open(built, this.#state.page, false);
    const early = this.#early;
    this.#early = [];
    for (const message of early) if (message.type !== 'strings') this.#take(built, message);
  }

  #open(built: Built, page: ReportPage, byUser: boolean): void {
    for (const id of reportPages) built.panels[id].hidden = id !== page;
    built.tabs.select(page);
    built.findings.setVisible(page === 'findings');
    if (this.#state.page !== page) this.#keep({ page });
    if (byUser) this.#host.send({ type: 'page', page });
  }

  #labelTabs({ tabs, texts }: Built): void {
    const open = this.#dashboard?.open;
    const count =
      this.#shownCount ??
      (open === undefined ? undefined : severities.reduce((sum, severity) => sum + open[severity], 0));
    tabs.setLabel({
      id: 'findings',
      label: texts.t('page.findings'),
      ...(count !== undefined && { count: texts.number(count) }),
    });
  }

  #labelConnectivity({ tabs, texts }: Built, { connections }: ConnectivityModel): void {
    const attention = connections.reduce((sum, { result }) => {
      const steps = result?.steps ?? [];
      return sum + steps.filter(({ state }) => state === 'fail' || state === 'warn').length;
    }, 0);
    tabs.setLabel({
      id: 'connectivity',
      label: texts.t('page.connectivity'),
      ...(attention > 0 && {
        count: texts.number(attention),
        warning: texts.plural('page.connectivity.attention', attention),
      }),
    });
  }

  /** Says on every page that a scan runs. */
  #drawStatus({ status, texts }: Built, { runningScan }: DashboardModel): void {
    if (runningScan === undefined) show(status);
    else show(status, progressRing(texts.t('scan.running')), el('span', {}, progressText(texts, runningScan)));
  }

  #keep(change: StateChange): void {
    const entries = Object.entries({ ...this.#state, ...change }).filter(([, value]) => value !== undefined);
    this.#state = Object.fromEntries(entries) as unknown as ReportState; // members keep their types
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => this.#host.keep(this.#state), keepAfterMs);
  }

  #onLost(): void {
    const built = this.#built;
    if (built === undefined) return;
    built.lost.hidden = false;
    this.#announcer.alert(built.texts.t('lost'));
  }

  /** Begins anew with the host; what the page shows stays until the answers come. */
  #reload(): void {
    if (this.#built === undefined) return;
    this.#built.lost.hidden = true;
    this.#host.ask({ type: 'ready' });
    this.#built.findings.refresh();
  }
}
