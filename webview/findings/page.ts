import type {
  DashboardModel,
  FindingDetail,
  FindingsFilter,
  FindingsPage as FindingsAnswer,
  FindingsQuery,
  ReportCommand,
  ReportState,
} from '../../src/report/contract.ts';
import { emptyQuery } from '../../src/report/contract.ts';
import type { Texts } from '../../src/report/texts.ts';
import type { DetailContext } from '../detail/context.ts';
import { DetailPane } from '../detail/pane.ts';
import { el, icon, show } from '../dom.ts';
import type { Host, StateChange } from '../host.ts';
import { openKeyHelp } from '../key-help.ts';
import type { Announcer } from '../live.ts';
import { button } from '../toolkit.ts';
import { emptyState } from './empty.ts';
import { FilterBar, sortBy } from './filter-bar.ts';
import { Grid } from './grid.ts';
import { RowStore } from './row-store.ts';
import type { FindingLine } from './row-view.ts';
import { SearchBox } from './search-box.ts';
import { split, Splitter } from './splitter.ts';

export interface FindingsEnvironment {
  /** The grid in which list and details lie side by side; takes their widths. */
  readonly layout: HTMLElement;
  readonly texts: Texts;
  readonly host: Host;
  readonly announcer: Announcer;
  readonly can: (command: ReportCommand) => boolean;
  readonly state: () => ReportState;
  /** Keeps a change of the page's state. */
  readonly keep: (change: StateChange) => void;
  readonly onDashboard: () => void;
  /** How many findings the filter shows. */
  readonly onCount: (shown: number) => void;
}

/** Results older than this get a line that says so. */
const oldAfterMs = 14 * 24 * 60 * 60 * 1000;
/** Details follow the current row after this pause, so that held arrow keys do not ask for every row on the way. */
const followMs = 120;
const maxDetails = 30;

/** The Findings page: search, filters, list and details. */
export class FindingsPage {
  readonly element: HTMLElement;
  /** The details, a landmark of their own beside the page's main part. */
  readonly detail: HTMLElement;
  readonly #environment: FindingsEnvironment;
  readonly #store: RowStore;
  readonly #grid: Grid;
  readonly #search: SearchBox;
  readonly #bar: FilterBar;
  readonly #splitter: Splitter;
  readonly #pane: DetailPane;
  readonly #list: HTMLElement;
  readonly #empty = el('div', { class: 'empty-place', hidden: true });
  #dashboard: DashboardModel | undefined;
  #details = new Map<string, FindingDetail>();
  /** The finding whose details are shown or awaited. */
  #openId: string | undefined;
  #wantsFocus = false;
  #follow: ReturnType<typeof setTimeout> | undefined;
  #pending: { readonly locate: string | undefined; readonly reset: boolean; readonly select?: string } | undefined;
  #isStarted = false;
  #isVisible = false;

  constructor(environment: FindingsEnvironment) {
    this.#environment = environment;
    const { texts, host, announcer } = environment;
    const state = environment.state();
    this.#openId = state.selected;
    this.#store = new RowStore(
      state.query,
      (message) => host.ask(message),
      () => this.#grid.rowsChanged(),
    );
    this.#grid = new Grid(texts, this.#store, {
      onCurrent: (row) => this.#onCurrent(row),
      onOpen: (row, focusDetail) => this.open(row, focusDetail),
      onToggleGroup: (key, expanded) => this.#toggleGroup(key, expanded),
      onSort: (key) => {
        const { sort } = this.#store.query;
        this.#ask({ sort: sort.key === key ? { ...sort, descending: !sort.descending } : sortBy(key) });
      },
      onSelection: () => this.#updateBar(),
      onEscape: () => this.#clearText(),
      onGoToSource: (row) => host.send({ type: 'goToSource', id: row.id }),
      onLetter: (letter) => this.#onLetter(letter),
    });
    this.#search = new SearchBox(texts, {
      onFilter: (filter) => this.setFilter(filter),
      onLeave: () => this.focusList(),
      say: (text) => announcer.say(text),
    });
    const layer = el('div', { class: 'popup-layer' });
    this.#bar = new FilterBar(texts, layer, {
      onFilter: (filter) => this.setFilter(filter),
      onGrouping: (grouping) => this.#ask({ grouping, folded: [] }),
      onSort: (sort) => this.#ask({ sort }),
      onClearSelection: () => this.#grid.clearSelection(),
      onHelp: () => this.#openHelp(),
    });
    const context: DetailContext = {
      texts,
      get now() {
        return Date.now();
      },
      can: environment.can,
      command: (command, argument) =>
        host.send({ type: 'command', command, ...(argument !== undefined && { argument }) }),
      copy: (text, announced) => {
        host.send({ type: 'copy', text });
        announcer.say(announced);
      },
      typeInTerminal: (text) => host.send({ type: 'typeInTerminal', text }),
      openLink: (url) => host.send({ type: 'openLink', url }),
      goToSource: (id) => host.send({ type: 'goToSource', id }),
      openFinding: (id) => this.select(id, true),
      problem: (detail) => host.problem('explanation', detail),
    };
    this.#pane = new DetailPane(context, state.detailTab ?? 'summary', {
      onLeave: () => this.#leaveDetail(),
      onClose: () => this.#closeDetail(),
      onTab: (detailTab) => environment.keep({ detailTab }),
      createException: (id) => host.send({ type: 'command', command: 'createException', argument: id, ids: [id] }),
    });
    this.#list = el('div', { class: 'findings-list', id: 'findings-list' }, this.#grid.element, this.#empty);
    this.#splitter = new Splitter(texts.t('splitter.label'), state.split ?? split.initial, (part) => {
      this.#applySplit(part);
      environment.keep({ split: part });
    });
    this.#applySplit(state.split ?? split.initial);
    this.element = el(
      'div',
      { class: 'findings' },
      el('h2', { class: 'visually-hidden' }, texts.t('page.findings')),
      el('div', { class: 'findings-top' }, this.#search.element, this.#bar.element),
      this.#list,
      this.#splitter.element,
      layer,
    );
    this.detail = this.#pane.element;
    this.detail.addEventListener('keydown', (event) => this.#onKey(event));
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.#showPane(this.#openId !== undefined);
    this.#search.update(state.query.filter, undefined);
    this.#bar.setNotice();
    this.#bar.update(state.query, undefined, 0);
  }

  /** Comes into view or goes; the first time it asks for its rows. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.#showPane(this.#openId !== undefined);
    if (!isVisible || this.#isStarted) return;
    this.#isStarted = true;
    this.#start(this.#openId, true);
    if (this.#openId !== undefined) this.#requestDetail(this.#openId);
  }

  /** Takes over a state that was kept elsewhere. */
  restore(state: ReportState): void {
    this.#applySplit(state.split ?? split.initial);
    if (state.detailTab !== undefined) this.#pane.selectTab(state.detailTab);
    this.#openId = state.selected;
    this.#showPane(state.selected !== undefined);
    if (this.#isStarted) this.#ask(state.query);
    else this.#store.setQuery(state.query);
    if (this.#isStarted && state.selected !== undefined) this.#requestDetail(state.selected);
  }

  /** Results changed: asks again for what is shown. */
  refresh(): void {
    if (!this.#isStarted) return;
    this.#details = new Map();
    this.#start(this.#grid.currentId, false);
    if (this.#openId !== undefined) this.#requestDetail(this.#openId);
  }

  focusList(): void {
    if (!this.#empty.hidden) this.#empty.querySelector<HTMLElement>('vscode-button')?.focus();
    else this.#grid.focus();
  }

  setFilter(filter: FindingsFilter): void {
    this.#ask({ filter });
  }

  /** Shows one finding: unfolds its group and opens its details. */
  select(id: string, focus: boolean): void {
    this.#openId = id;
    this.#wantsFocus = focus;
    this.#environment.keep({ selected: id, query: { ...this.#store.query, folded: [] } });
    this.#showPane(true);
    this.#pending = { locate: id, reset: true, select: id };
    this.#isStarted = true;
    this.#store.start({ ...this.#store.query, folded: [] }, 0, id);
    this.#requestDetail(id);
  }

  setDashboard(model: DashboardModel): void {
    this.#dashboard = model;
    const { texts, can, host } = this.#environment;
    const ended = model.lastScan?.endedAt ?? model.lastScan?.startedAt;
    const isOld = ended !== undefined && Date.now() - Date.parse(ended) > oldAfterMs;
    if (isOld && model.runningScan === undefined) {
      this.#bar.setNotice(
        el(
          'div',
          { class: 'notice notice-warning' },
          icon('warning'),
          el('span', {}, texts.t('notice.old', { date: texts.date(ended), ago: texts.relative(ended, Date.now()) })),
          ...(can('scanAll')
            ? [
                button({
                  label: texts.t('scan.all'),
                  onClick: () => host.send({ type: 'command', command: 'scanAll' }),
                }),
              ]
            : []),
        ),
      );
    } else this.#bar.setNotice();
    this.#drawEmpty();
  }

  takeRows(answer: FindingsAnswer): void {
    const isFirst = this.#store.isWaiting;
    const pending = this.#pending;
    const { texts, announcer, onCount } = this.#environment;
    if (isFirst) this.#pending = undefined;
    if (!this.#store.take(answer)) {
      if (isFirst) this.#pending = pending;
      return;
    }
    if (!isFirst) return;
    const located = answer.locatedRow;
    this.#grid.rowsChanged({
      located,
      wanted: pending?.locate,
      reset: pending?.reset === true,
    });
    this.#drawEmpty();
    this.#search.update(this.#store.query.filter, answer.facets);
    this.#updateBar();
    onCount(answer.totalFindings);
    announcer.say(texts.plural('live.shown', answer.totalFindings));
  }

  takeDetail(id: string, detail: FindingDetail | null): void {
    if (detail !== null) {
      this.#details.set(id, detail);
      const [oldest] = this.#details.keys();
      if (this.#details.size > maxDetails && oldest !== undefined) this.#details.delete(oldest);
    }
    if (id !== this.#openId) return;
    if (detail === null) this.#pane.showGone();
    else this.#pane.show(detail);
    if (this.#wantsFocus) {
      this.#wantsFocus = false;
      this.#pane.focus();
    }
  }

  /** Opens the details of a row. */
  open(row: FindingLine, focusDetail: boolean): void {
    clearTimeout(this.#follow);
    this.#openId = row.id;
    this.#environment.keep({ selected: row.id });
    this.#showPane(true);
    this.#grid.setOpen(row.id);
    this.#pane.expect(row);
    this.#requestDetail(row.id);
    if (focusDetail) {
      this.#pane.focus();
      this.#wantsFocus = !this.#pane.hasFocus;
    }
  }

  #requestDetail(id: string): void {
    const known = this.#details.get(id);
    if (known !== undefined) this.takeDetail(id, known);
    else this.#environment.host.ask({ type: 'detail', id });
  }

  #onCurrent(row: FindingLine | undefined): void {
    clearTimeout(this.#follow);
    if (this.#openId === undefined || row === undefined || row.id === this.#openId || this.#isNarrow()) return;
    this.#follow = setTimeout(() => this.open(row, false), followMs);
  }

  #ask(change: Partial<FindingsQuery>): void {
    const query = { ...this.#store.query, ...change };
    this.#environment.keep({ query });
    // Changed filters start at the top, unless the finding that is open is still there.
    this.#pending = { locate: this.#openId, reset: true };
    this.#isStarted = true;
    this.#store.start(query, 0, this.#openId);
    this.#updateBar();
  }

  #start(locate: string | undefined, reset: boolean): void {
    this.#pending = { locate, reset };
    this.#store.start(this.#store.query, this.#grid.firstVisible, locate);
  }

  #toggleGroup(key: string, expanded: boolean): void {
    const { query } = this.#store;
    const folded = expanded ? query.folded.filter((other) => other !== key) : [...query.folded, key];
    const next = { ...query, folded };
    this.#environment.keep({ query: next });
    this.#pending = { locate: undefined, reset: false };
    this.#store.start(next, this.#grid.firstVisible, undefined);
  }

  #clearText(): void {
    const { filter } = this.#store.query;
    if (filter.text === undefined) return;
    const { text: _text, ...rest } = filter;
    this.setFilter(rest);
  }

  #updateBar(): void {
    this.#bar.update(this.#store.query, this.#store.page, this.#grid.selected.size);
  }

  #drawEmpty(): void {
    const { page, query } = this.#store;
    if (page === undefined) return;
    const isEmpty = page.totalFindings === 0;
    const hadFocus = this.#grid.hasFocus || this.#empty.contains(document.activeElement);
    this.#grid.element.hidden = isEmpty;
    this.#empty.hidden = !isEmpty;
    if (!isEmpty) {
      show(this.#empty);
      if (hadFocus && !this.#grid.hasFocus) this.#grid.focus();
      return;
    }
    const { texts, can, host, onDashboard } = this.#environment;
    show(
      this.#empty,
      emptyState(texts, query.filter, page, this.#dashboard, {
        can,
        command: (command) => host.send({ type: 'command', command }),
        onFilter: (filter) => this.setFilter(filter),
        onDashboard,
      }),
    );
    if (hadFocus) this.focusList();
  }

  #leaveDetail(): void {
    if (this.#isNarrow()) this.#closeDetail();
    else this.focusList();
  }

  #closeDetail(): void {
    clearTimeout(this.#follow);
    this.#openId = undefined;
    this.#environment.keep({ selected: undefined });
    this.#showPane(false);
    this.#grid.setOpen(undefined);
    this.focusList();
  }

  #showPane(isShown: boolean): void {
    this.#pane.element.hidden = !isShown || !this.#isVisible;
    this.#splitter.element.hidden = !isShown;
    this.#environment.layout.classList.toggle('with-detail', isShown && this.#isVisible);
    if (isShown && this.#openId !== undefined) this.#grid.setOpen(this.#openId);
  }

  #applySplit(part: number): void {
    const { layout } = this.#environment;
    layout.style.setProperty('--list-part', `${part}fr`);
    layout.style.setProperty('--detail-part', `${1 - part}fr`);
  }

  /** The style sheet shows details instead of the list then. */
  #isNarrow(): boolean {
    return window.matchMedia('(max-width: 699px)').matches;
  }

  #onLetter(letter: '/' | '?' | 'c' | 'e'): boolean {
    const { host, announcer, texts, can, state } = this.#environment;
    if (state().letterKeys === false) return false;
    const row = this.#grid.current;
    const ids = this.#grid.selected.size > 0 ? [...this.#grid.selected] : row === undefined ? [] : [row.id];
    switch (letter) {
      case '/':
        this.#search.focus();
        return true;
      case '?':
        this.#openHelp();
        return true;
      case 'c':
        if (ids.length === 0) return true;
        host.send({ type: 'copy', text: ids.join('\n') });
        announcer.say(texts.plural('copied.ids', ids.length));
        return true;
      case 'e': {
        const [first] = ids;
        if (first === undefined || !can('createException')) return false;
        host.send({ type: 'command', command: 'createException', argument: first, ids });
        return true;
      }
    }
  }

  #openHelp(): void {
    const { texts, state, keep, can } = this.#environment;
    openKeyHelp(texts, state().letterKeys !== false, can('createException'), (letterKeys) => keep({ letterKeys }));
  }

  #onKey(event: KeyboardEvent): void {
    const mod = event.ctrlKey || event.metaKey;
    if (mod && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'f') {
      event.preventDefault();
      this.#search.focus();
    } else if (mod && event.key === 'Enter' && this.#openId !== undefined && this.#pane.hasFocus) {
      event.preventDefault();
      this.#environment.host.send({ type: 'goToSource', id: this.#openId });
    }
  }
}

/** The state of a page that nobody has used yet. */
export const freshState: ReportState = { page: 'dashboard', query: emptyQuery };
