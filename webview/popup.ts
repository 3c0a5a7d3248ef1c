import { el, icon, isPlain, put, show } from './dom.ts';
import { setExpanded } from './toolkit.ts';

export interface Option {
  readonly id: string;
  readonly label: string;
  readonly count?: string;
  readonly chosen: boolean;
}

export interface OptionGroup {
  readonly label: string;
  readonly options: readonly Option[];
}

interface Shown {
  readonly anchor: HTMLElement;
  readonly element: HTMLElement;
  readonly stop: () => void;
}

/**
 * The popup of the filter bar: at most one is open. Esc and a click elsewhere close it; the focus goes back to the button
 * that opened it.
 */
export class Popups {
  readonly #layer: HTMLElement;
  #shown: Shown | undefined;

  constructor(layer: HTMLElement) {
    this.#layer = layer;
  }

  /** True when the popup belongs to this button. */
  isOpenFor(anchor: HTMLElement): boolean {
    return this.#shown?.anchor === anchor;
  }

  close(returnFocus = true): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    this.#shown = undefined;
    shown.stop();
    const hadFocus = shown.element.contains(document.activeElement);
    shown.element.remove();
    setExpanded(shown.anchor, false);
    if (returnFocus && hadFocus) shown.anchor.focus();
  }

  /** A list of alternatives to check and uncheck; `groups` is asked again after each change. */
  openList(
    anchor: HTMLElement,
    label: string,
    groups: () => readonly OptionGroup[],
    onToggle: (id: string) => void,
  ): { readonly refresh: () => void } {
    const list = el('div', {
      class: 'popup-list',
      role: 'listbox',
      tabIndex: 0,
      attrs: { 'aria-label': label, 'aria-multiselectable': 'true' },
    });
    let active = 0;
    let shape = '';
    let drawn: readonly DrawnOption[] = [];
    const options = () => drawn.map(({ element }) => element);
    const mark = () => {
      const all = options();
      active = Math.max(0, Math.min(active, all.length - 1));
      all.forEach((option, at) => option.classList.toggle('active', at === active));
      const current = all[active];
      if (current === undefined) list.removeAttribute('aria-activedescendant');
      else {
        list.setAttribute('aria-activedescendant', current.id);
        current.scrollIntoView({ block: 'nearest' });
      }
    };
    const draw = () => {
      const wanted = groups();
      const all = wanted.flatMap((group) => group.options);
      const newShape = JSON.stringify(wanted.map((group) => [group.label, group.options.map(({ id }) => id)]));
      if (newShape === shape) {
        // The same options stay in the document: a click whose release comes after an answer still meets its option.
        all.forEach((option, at) => drawn[at]?.set(option));
        return;
      }
      shape = newShape;
      const activeId = drawn[active]?.id;
      drawn = all.map((option, place) =>
        drawOption(`${anchor.id}-option-${place}`, option, () => {
          active = place;
          onToggle(option.id);
        }),
      );
      active = drawn.findIndex(({ id }) => id === activeId);
      let number = 0;
      const sections = wanted.map((group, at) => {
        const heading = `${anchor.id}-group-${at}`;
        const items = options().slice(number, number + group.options.length);
        number += items.length;
        if (group.label === '') return items;
        return [
          el(
            'div',
            { role: 'group', attrs: { 'aria-labelledby': heading } },
            el('div', { class: 'popup-heading', id: heading, role: 'presentation' }, group.label),
            ...items,
          ),
        ];
      });
      show(list, ...sections.flat());
      mark();
    };
    list.addEventListener('keydown', (event) => {
      const all = options();
      const to = moveTo(event.key, active, all.length);
      if (to !== undefined) active = to;
      else if (event.key === ' ' || event.key === 'Enter') all[active]?.click();
      else if (event.key.length === 1 && isPlain(event)) {
        const next = byLetter(all, active, event.key);
        if (next === undefined) return;
        active = next;
      } else return;
      event.preventDefault();
      mark();
    });
    draw();
    this.#open(anchor, list);
    list.focus();
    mark();
    return { refresh: draw };
  }

  /** A list of commands. */
  openMenu(
    anchor: HTMLElement,
    label: string,
    items: readonly { readonly label: string; readonly detail?: string; readonly onChoose: () => void }[],
  ): void {
    const menu = el('div', { class: 'popup-list', role: 'menu', attrs: { 'aria-label': label } });
    for (const item of items) {
      put(
        menu,
        el(
          'div',
          {
            class: 'popup-option',
            role: 'menuitem',
            tabIndex: -1,
            on: {
              click: () => {
                this.close();
                item.onChoose();
              },
            },
          },
          el('span', { class: 'popup-label' }, item.label),
          item.detail === undefined ? undefined : el('span', { class: 'popup-detail' }, item.detail),
        ),
      );
    }
    const entries = () => [...menu.querySelectorAll<HTMLElement>('[role=menuitem]')];
    menu.addEventListener('keydown', (event) => {
      const all = entries();
      const at = all.findIndex((entry) => entry === document.activeElement);
      const to =
        moveTo(event.key, at, all.length) ?? (event.key.length === 1 ? byLetter(all, at, event.key) : undefined);
      if (event.key === 'Enter' || event.key === ' ') all[at]?.click();
      else if (to !== undefined) all[to]?.focus();
      else return;
      event.preventDefault();
    });
    this.#open(anchor, menu);
    entries()[0]?.focus();
  }

  #open(anchor: HTMLElement, content: HTMLElement): void {
    this.close(false);
    const element = el('div', { class: 'popup' }, content);
    put(this.#layer, element);
    place(element, anchor);
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        this.close();
      } else if (event.key === 'Tab') this.close();
    };
    const onPointer = (event: PointerEvent) => {
      const path = event.composedPath();
      if (!path.includes(element) && !path.includes(anchor)) this.close(false);
    };
    const onFocusOut = (event: FocusEvent) => {
      const to = event.relatedTarget;
      // A press on the button moves the focus there first; the click that follows closes the popup.
      if (to instanceof Node && !element.contains(to) && !anchor.contains(to)) this.close(false);
    };
    const onResize = () => this.close();
    element.addEventListener('keydown', onKey);
    element.addEventListener('focusout', onFocusOut);
    document.addEventListener('pointerdown', onPointer, true);
    window.addEventListener('resize', onResize);
    setExpanded(anchor, true);
    this.#shown = {
      anchor,
      element,
      stop: () => {
        document.removeEventListener('pointerdown', onPointer, true);
        window.removeEventListener('resize', onResize);
      },
    };
  }
}

interface DrawnOption {
  readonly id: string;
  readonly element: HTMLElement;
  /** Shows other words, another number or another choice in the same place. */
  readonly set: (option: Option) => void;
}

function drawOption(elementId: string, first: Option, onClick: () => void): DrawnOption {
  const check = el('span', { class: 'popup-check', attrs: { 'aria-hidden': 'true' } });
  const label = el('span', { class: 'popup-label data' });
  const count = el('span', { class: 'popup-count' });
  const element = el('div', { id: elementId, class: 'popup-option', role: 'option', on: { click: onClick } });
  const set = (option: Option) => {
    const chosen = String(option.chosen);
    if (element.getAttribute('aria-selected') !== chosen) show(check, option.chosen ? icon('check') : undefined);
    element.setAttribute('aria-selected', chosen);
    label.textContent = option.label;
    count.textContent = option.count ?? '';
  };
  put(element, check, label, count);
  set(first);
  return { id: first.id, element, set };
}

/** Below the button, within the window. */
function place(element: HTMLElement, anchor: HTMLElement): void {
  const button = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const margin = 4;
  const rtl = document.documentElement.dir === 'rtl';
  const wanted = rtl ? button.right - width : button.left;
  const left = Math.max(margin, Math.min(wanted, window.innerWidth - width - margin));
  const below = button.bottom + 2;
  const top =
    below + height + margin > window.innerHeight ? Math.max(margin, window.innerHeight - height - margin) : below;
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
}

function moveTo(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return Math.min(count - 1, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'PageDown':
      return Math.min(count - 1, at + 10);
    case 'PageUp':
      return Math.max(0, at - 10);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** The next entry that begins with the letter. */
function byLetter(entries: readonly HTMLElement[], at: number, letter: string): number | undefined {
  const wanted = letter.toLowerCase();
  for (let step = 1; step <= entries.length; step++) {
    const place = (at + step) % entries.length;
    const label = entries[place]?.querySelector('.popup-label')?.textContent ?? '';
    if (label.toLowerCase().startsWith(wanted)) return place;
  }
  return undefined;
}
