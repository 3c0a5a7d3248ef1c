import type { FindingsQuery, FindingsSortKey } from '../../src/report/contract.ts';
import type { Texts } from '../../src/report/texts.ts';
import { el, icon, isPlain, put, show } from '../dom.ts';
import type { RowStore } from './row-store.ts';
import { columns, RowView } from './row-view.ts';
import type { FindingLine, RowContext } from './row-view.ts';

/** What the list asks its page to do. */
export interface GridActions {
  /** The current row changed: its details follow when they are shown. */
  readonly onCurrent: (row: FindingLine | undefined) => void;
  readonly onOpen: (row: FindingLine, focusDetail: boolean) => void;
  readonly onToggleGroup: (key: string, expanded: boolean) => void;
  readonly onSort: (key: FindingsSortKey) => void;
  readonly onSelection: (ids: ReadonlySet<string>) => void;
  /** Esc with nothing selected. */
  readonly onEscape: () => void;
  readonly onGoToSource: (row: FindingLine) => void;
  /** `/`, `?`, `c` and `e`; false when letters are switched off. */
  readonly onLetter: (letter: '/' | '?' | 'c' | 'e') => boolean;
}

/** From how many pixels on each further column fits. Severity and title always show. */
const columnWidths: readonly number[] = [0, 0, 520, 640, 780, 900, 1000, 1090];

/** Rows drawn beyond the edges. */
const overscan = 8;
const maxSelected = 2000;

/**
 * The list of findings: an ARIA tree grid of which only the rows in view exist. One row is the tab stop; it stays in the
 * document when it scrolls away, so that the focus is never lost.
 */
export class Grid {
  readonly element: HTMLElement;
  /** Ids of selected findings. */
  readonly selected = new Set<string>();
  readonly #texts: Texts;
  readonly #store: RowStore;
  readonly #actions: GridActions;
  readonly #head = el('div', { class: 'row head', role: 'row', attrs: { 'aria-rowindex': '1' } });
  readonly #scroller = el('div', { class: 'grid-scroll' });
  readonly #body = el('div', { class: 'grid-body', role: 'rowgroup' });
  readonly #views = new Map<number, RowView>();
  readonly #spare: RowView[] = [];
  #context: RowContext;
  #rowHeight = 26;
  #viewHeight = 0;
  #current = 0;
  #currentId: string | undefined;
  #openId: string | undefined;
  /** Where a range of selected rows begins. */
  #anchor = 0;
  #frame: number | undefined;
  #drawnHead = '';

  constructor(texts: Texts, store: RowStore, actions: GridActions) {
    this.#texts = texts;
    this.#store = store;
    this.#actions = actions;
    this.#context = { texts, grouping: store.query.grouping, shownColumns: columns.length, now: Date.now() };
    this.element = el(
      'div',
      {
        class: 'grid',
        role: 'treegrid',
        attrs: { 'aria-label': texts.t('list.label'), 'aria-multiselectable': 'true' },
      },
      el('div', { class: 'grid-head', role: 'rowgroup' }, this.#head),
      this.#scroller,
    );
    put(this.#scroller, this.#body);
    this.#drawHead(store.query);
    this.#scroller.addEventListener('scroll', () => this.#schedule(), { passive: true });
    this.#body.addEventListener('click', (event) => this.#onClick(event));
    this.#body.addEventListener('dblclick', (event) => this.#onDoubleClick(event));
    this.#body.addEventListener('focusin', (event) => this.#onFocus(event));
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.#measure()).observe(this.#scroller);
  }

  /** The finding of the current row, when it is one and has arrived. */
  get current(): FindingLine | undefined {
    const row = this.#store.row(this.#current);
    return row?.type === 'finding' ? row : undefined;
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** The id that should stay current when the rows are asked for anew. */
  get currentId(): string | undefined {
    return this.#currentId;
  }

  get firstVisible(): number {
    return Math.floor(this.#scroller.scrollTop / this.#rowHeight);
  }

  focus(): void {
    this.#reveal(this.#current);
    this.#draw();
    this.#views.get(this.#current)?.element.focus({ preventScroll: true });
  }

  /** Marks the finding whose details are shown. */
  setOpen(id: string | undefined): void {
    this.#openId = id;
    this.#draw();
  }

  /** Rows arrived. `place` is given with the first answer to a query: where the wanted finding stands now, if anywhere. */
  rowsChanged(place?: {
    readonly located: number | undefined;
    readonly wanted: string | undefined;
    readonly reset: boolean;
  }): void {
    const { query, totalRows } = this.#store;
    if (place !== undefined) {
      this.#context = { ...this.#context, grouping: query.grouping, now: Date.now() };
      this.#drawHead(query);
      this.element.setAttribute('aria-rowcount', String(totalRows + 1));
      this.#body.style.height = `${totalRows * this.#rowHeight}px`;
      const keepsFocus = this.#body.contains(document.activeElement);
      if (place.located !== undefined) {
        this.#current = place.located;
        this.#currentId = place.wanted;
      } else if (place.reset) this.#current = 0;
      this.#current = Math.max(0, Math.min(this.#current, totalRows - 1));
      this.#anchor = this.#current;
      if (place.reset && place.located === undefined) this.#scroller.scrollTop = 0;
      if (place.located !== undefined) this.#reveal(place.located, true);
      if (place.located === undefined) this.#remember();
      this.#draw();
      if (keepsFocus) this.#views.get(this.#current)?.element.focus({ preventScroll: true });
    } else this.#draw();
  }

  /** Sorts and folds in the words of the current query. */
  #drawHead(query: FindingsQuery): void {
    // Made anew only when it changes: a press before an answer and the release after it are one click.
    const drawn = JSON.stringify([query.sort, this.#context.shownColumns]);
    if (drawn === this.#drawnHead) return;
    this.#drawnHead = drawn;
    const hadFocus = this.#head.contains(document.activeElement);
    const focusedAt = this.#headButtons().findIndex((button) => button === document.activeElement);
    show(
      this.#head,
      ...columns.slice(0, this.#context.shownColumns).map((column) => {
        const isSorted = query.sort.key === column;
        // Severity reads from the worst down; what is called descending there is its own order.
        const direction = query.sort.descending ? 'descending' : 'ascending';
        const isSortable = column !== 'application';
        const label = this.#texts.t(`column.${column}`);
        return el(
          'div',
          {
            class: `cell cell-${column}`,
            role: 'columnheader',
            attrs: { 'aria-sort': isSorted ? direction : isSortable ? 'none' : undefined },
          },
          isSortable
            ? el(
                'button',
                {
                  class: 'head-button',
                  tabIndex: -1,
                  attrs: { 'data-column': column },
                  on: { click: () => this.#actions.onSort(column) },
                },
                el('span', { class: 'head-label' }, label),
                isSorted ? icon(query.sort.descending ? 'arrow-small-down' : 'arrow-small-up') : undefined,
              )
            : el('span', { class: 'head-label' }, label),
        );
      }),
    );
    if (hadFocus) this.#headButtons()[Math.max(0, focusedAt)]?.focus();
  }

  #headButtons(): readonly HTMLElement[] {
    return [...this.#head.querySelectorAll<HTMLElement>('button')];
  }

  #measure(): void {
    // The style sheet gives the heading the height of a row, which follows the editor's font size.
    this.#rowHeight = Math.max(20, Math.round(this.#head.getBoundingClientRect().height));
    this.#viewHeight = this.#scroller.clientHeight;
    const width = this.#scroller.clientWidth;
    const shownColumns = columnWidths.filter((from) => width >= from).length;
    this.#body.style.height = `${this.#store.totalRows * this.#rowHeight}px`;
    if (shownColumns !== this.#context.shownColumns) {
      this.#context = { ...this.#context, shownColumns };
      this.element.dataset['columns'] = String(shownColumns);
      this.element.setAttribute('aria-colcount', String(shownColumns));
      this.#drawHead(this.#store.query);
    }
    for (const view of this.#views.values()) view.element.style.transform = this.#offset(view.at);
    this.#draw();
  }

  #offset(at: number): string {
    return `translateY(${at * this.#rowHeight}px)`;
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  /** Brings the rows in view, and the current one, into the document. */
  #draw(): void {
    const { totalRows } = this.#store;
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / this.#rowHeight) - overscan);
    const visible = Math.ceil(this.#viewHeight / this.#rowHeight);
    const last = Math.min(totalRows - 1, first + visible + 2 * overscan);
    for (const [at, view] of this.#views) {
      const isKept = at === this.#current && at < totalRows;
      if ((at >= first && at <= last) || isKept) continue;
      this.#views.delete(at);
      this.#spare.push(view);
    }
    for (let at = first; at <= last; at++) this.#drawRow(at);
    if (this.#current < totalRows) this.#drawRow(this.#current);
    for (const view of this.#spare) if (view.element.parentNode !== null) view.element.remove();
    if (visible > 0) this.#store.need(first, last);
  }

  #drawRow(at: number): void {
    let view = this.#views.get(at);
    if (view === undefined) {
      view = this.#spare.pop() ?? new RowView();
      view.element.style.transform = this.#offset(at);
      this.#views.set(at, view);
    }
    const row = this.#store.row(at);
    const id = row?.type === 'finding' ? row.id : undefined;
    view.update(at, row, this.#context, {
      isCurrent: at === this.#current,
      isSelected: id !== undefined && this.selected.has(id),
      isOpen: id !== undefined && id === this.#openId,
    });
    if (view.element.parentNode === null) put(this.#body, view.element);
  }

  /** Scrolls as little as needed; `withContext` leaves rows above and below when it has to scroll. */
  #reveal(at: number, withContext = false): void {
    const top = at * this.#rowHeight;
    const { scrollTop } = this.#scroller;
    const isInView = top >= scrollTop && top + this.#rowHeight <= scrollTop + this.#viewHeight;
    if (withContext && !isInView) this.#scroller.scrollTop = top - this.#viewHeight / 3;
    else if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + this.#viewHeight) {
      this.#scroller.scrollTop = top + this.#rowHeight - this.#viewHeight;
    }
  }

  #remember(): void {
    const row = this.#store.row(this.#current);
    this.#currentId = row?.type === 'finding' ? row.id : undefined;
  }

  #move(at: number, focus: boolean): void {
    const { totalRows } = this.#store;
    if (totalRows === 0) return;
    this.#current = Math.max(0, Math.min(totalRows - 1, at));
    this.#remember();
    this.#reveal(this.#current);
    this.#draw();
    if (focus) this.#views.get(this.#current)?.element.focus({ preventScroll: true });
    this.#actions.onCurrent(this.current);
  }

  #rowAt(target: EventTarget | null): RowView | undefined {
    if (!(target instanceof Node)) return undefined;
    for (const view of this.#views.values()) if (view.element.contains(target)) return view;
    return undefined;
  }

  /** The row that got the focus, by whatever way, is the current one. */
  #onFocus(event: FocusEvent): void {
    const at = this.#rowAt(event.target)?.at;
    if (at === undefined || at === this.#current) return;
    this.#current = at;
    this.#anchor = at;
    this.#remember();
    this.#draw();
  }

  #onClick(event: MouseEvent): void {
    const at = this.#rowAt(event.target)?.at;
    if (at === undefined) return;
    const row = this.#store.row(at);
    const from = this.#anchor;
    this.#move(at, true);
    if (row?.type === 'group') {
      this.#actions.onToggleGroup(row.key, !row.expanded);
      return;
    }
    if (event.shiftKey) this.#selectRange(from, at);
    else if (event.ctrlKey || event.metaKey) this.#toggle(at);
    else {
      this.#anchor = at;
      this.clearSelection();
      if (row !== undefined) this.#actions.onOpen(row, false);
    }
  }

  #onDoubleClick(event: MouseEvent): void {
    const at = this.#rowAt(event.target)?.at;
    const row = at === undefined ? undefined : this.#store.row(at);
    if (row?.type === 'finding') this.#actions.onOpen(row, true);
  }

  #toggle(at: number): void {
    const row = this.#store.row(at);
    if (row?.type !== 'finding') return;
    if (!this.selected.delete(row.id) && this.selected.size < maxSelected) this.selected.add(row.id);
    this.#anchor = at;
    this.#selectionChanged();
  }

  /** Selects the findings between two rows, as far as they have arrived. */
  #selectRange(from: number, to: number): void {
    for (let at = Math.min(from, to); at <= Math.max(from, to); at++) {
      const row = this.#store.row(at);
      if (row?.type === 'finding' && this.selected.size < maxSelected) this.selected.add(row.id);
    }
    this.#selectionChanged();
  }

  clearSelection(): void {
    if (this.selected.size === 0) return;
    this.selected.clear();
    this.#selectionChanged();
  }

  #selectionChanged(): void {
    this.#draw();
    this.#actions.onSelection(this.selected);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    if (this.#head.contains(document.activeElement)) {
      this.#onHeadKey(event);
      return;
    }
    const handled = this.#onRowKey(event);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #onHeadKey(event: KeyboardEvent): void {
    const buttons = this.#headButtons();
    const at = buttons.findIndex((button) => button === document.activeElement);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step !== 0) buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus();
    else if (event.key === 'ArrowDown' || event.key === 'Escape') this.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #onRowKey(event: KeyboardEvent): boolean {
    const row = this.#store.row(this.#current);
    const pageRows = Math.max(1, Math.floor(this.#viewHeight / this.#rowHeight) - 1);
    const go = (at: number): true => {
      const from = this.#anchor;
      this.#move(at, true);
      if (event.shiftKey) this.#selectRange(from, this.#current);
      else this.#anchor = this.#current;
      return true;
    };
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      if (row?.type === 'finding') this.#actions.onGoToSource(row);
      return true;
    }
    if (!isPlain(event)) return false;
    const rtl = document.documentElement.dir === 'rtl';
    switch (event.key) {
      case 'ArrowDown':
        return go(this.#current + 1);
      case 'ArrowUp':
        if (this.#current === 0 && !event.shiftKey) {
          this.#headButtons()[0]?.focus();
          return true;
        }
        return go(this.#current - 1);
      case 'PageDown':
        return go(this.#current + pageRows);
      case 'PageUp':
        return go(this.#current - pageRows);
      case 'Home':
        return go(0);
      case 'End':
        return go(this.#store.totalRows - 1);
      case 'ArrowRight':
        return rtl ? this.#outward(go) : this.#inward(go);
      case 'ArrowLeft':
        return rtl ? this.#inward(go) : this.#outward(go);
      case 'Enter':
        if (row?.type === 'group') this.#actions.onToggleGroup(row.key, !row.expanded);
        else if (row !== undefined) this.#actions.onOpen(row, true);
        return true;
      case ' ':
        if (event.shiftKey) this.#selectRange(this.#anchor, this.#current);
        else this.#toggle(this.#current);
        return true;
      case 'Escape':
        if (this.selected.size > 0) this.clearSelection();
        else this.#actions.onEscape();
        return true;
      case '/':
      case '?':
        return this.#actions.onLetter(event.key);
      case 'c':
      case 'C':
        return this.#actions.onLetter('c');
      case 'e':
      case 'E':
        return this.#actions.onLetter('e');
      default:
        return false;
    }
  }

  /** Opens a group, goes to its first finding, or into the details. */
  #inward(go: (at: number) => true): true {
    const row = this.#store.row(this.#current);
    if (row?.type === 'group') {
      if (row.expanded) return go(this.#current + 1);
      this.#actions.onToggleGroup(row.key, true);
    } else if (row !== undefined) this.#actions.onOpen(row, true);
    return true;
  }

  /** Folds a group, or goes to the head of the group. */
  #outward(go: (at: number) => true): true {
    const row = this.#store.row(this.#current);
    if (row?.type === 'group') {
      if (row.expanded) this.#actions.onToggleGroup(row.key, false);
      return true;
    }
    if (this.#context.grouping === 'none') return true;
    for (let at = this.#current - 1; at >= 0; at--) {
      const above = this.#store.row(at);
      if (above === undefined) break;
      if (above.type === 'group') return go(at);
    }
    return true;
  }
}
