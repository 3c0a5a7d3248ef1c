import { el, icon, show } from './dom.ts';

export interface TabLabel<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly count?: string;
  /** Something needs attention there: shown as an icon, said by the words. */
  readonly warning?: string;
}

/** Tabs in the manner of the ARIA tabs pattern, for panels that lie elsewhere in the page. */
export class TabStrip<Id extends string> {
  readonly element: HTMLElement;
  readonly #prefix: string;
  readonly #onSelect: (id: Id) => void;
  readonly #tabs = new Map<Id, HTMLElement>();
  #selected: Id;

  /** @param prefix begins the ids: `<prefix>-tab-<id>` controls `<prefix>-panel-<id>`. */
  constructor(prefix: string, label: string, tabs: readonly TabLabel<Id>[], selected: Id, onSelect: (id: Id) => void) {
    this.#prefix = prefix;
    this.#onSelect = onSelect;
    this.#selected = selected;
    this.element = el('div', { class: 'tab-strip', role: 'tablist', attrs: { 'aria-label': label } });
    for (const { id } of tabs) {
      const tab = el('button', {
        class: 'tab',
        id: this.tabId(id),
        role: 'tab',
        attrs: { 'aria-controls': this.panelId(id) },
        on: { click: () => this.#choose(id), keydown: (event) => this.#onKey(event, id) },
      });
      this.#tabs.set(id, tab);
      this.element.append(tab);
    }
    for (const tab of tabs) this.setLabel(tab);
    this.select(selected);
  }

  tabId(id: Id): string {
    return `${this.#prefix}-tab-${id}`;
  }

  panelId(id: Id): string {
    return `${this.#prefix}-panel-${id}`;
  }

  select(id: Id): void {
    this.#selected = id;
    for (const [other, tab] of this.#tabs) {
      tab.setAttribute('aria-selected', String(other === id));
      tab.tabIndex = other === id ? 0 : -1;
    }
  }

  setLabel({ id, label, count, warning }: TabLabel<Id>): void {
    const tab = this.#tabs.get(id);
    if (tab === undefined) return;
    const mark = warning === undefined ? undefined : icon('warning', 'tab-warning');
    show(
      tab,
      el('span', {}, label),
      mark,
      count === undefined ? undefined : el('span', { class: 'count-badge' }, count),
      warning === undefined ? undefined : el('span', { class: 'visually-hidden' }, warning),
    );
  }

  focus(): void {
    this.#tabs.get(this.#selected)?.focus();
  }

  #choose(id: Id): void {
    if (id === this.#selected) return;
    this.select(id);
    this.#onSelect(id);
  }

  #onKey(event: KeyboardEvent, id: Id): void {
    const ids = [...this.#tabs.keys()];
    const at = ids.indexOf(id);
    const rtl = document.documentElement.dir === 'rtl' ? -1 : 1;
    const to =
      event.key === 'ArrowRight'
        ? at + rtl
        : event.key === 'ArrowLeft'
          ? at - rtl
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? ids.length - 1
              : undefined;
    if (to === undefined) return;
    event.preventDefault();
    const next = ids[(to + ids.length) % ids.length];
    if (next === undefined) return;
    this.#choose(next);
    this.focus();
  }
}
