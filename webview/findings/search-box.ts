import type { Facets, FindingsFilter } from '../../src/report/contract.ts';
import { formatSearch, maxSearchLength, parseSearch, suggest } from '../../src/report/search.ts';
import type { Suggestion } from '../../src/report/search.ts';
import type { Texts } from '../../src/report/texts.ts';
import { el, show } from '../dom.ts';
import { textField } from '../toolkit.ts';
import type { TextFieldControl } from '../toolkit.ts';
import { filterValueName } from '../words.ts';

export interface SearchActions {
  readonly onFilter: (filter: FindingsFilter) => void;
  /** Down or Esc with no suggestions: to the list. */
  readonly onLeave: () => void;
  readonly say: (text: string) => void;
}

/** Typing pauses this long before the list is asked. */
const pauseMs = 120;

/**
 * The search box. It shows the whole filter as text and follows the chips; while somebody types, the text leads. Known keys
 * are completed in a list below, into which Down moves the focus.
 */
export class SearchBox {
  readonly element: HTMLElement;
  readonly #texts: Texts;
  readonly #actions: SearchActions;
  readonly #field: TextFieldControl;
  readonly #list: HTMLElement;
  readonly #hint = el('div', { class: 'search-hint', id: 'search-hint', hidden: true });
  #facets: Facets | undefined;
  #filter: FindingsFilter = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(texts: Texts, actions: SearchActions) {
    this.#texts = texts;
    this.#actions = actions;
    this.#field = textField({
      label: texts.t('search.label'),
      placeholder: texts.t('search.placeholder'),
      maxLength: maxSearchLength,
      icon: 'search',
      onInput: () => this.#onInput(),
    });
    this.#field.element.id = 'search-field';
    this.#list = el('div', {
      class: 'popup suggestions',
      role: 'listbox',
      hidden: true,
      attrs: { 'aria-label': texts.t('search.suggestions') },
    });
    this.element = el('div', { class: 'search', role: 'search' }, this.#field.element, this.#hint, this.#list);
    this.#field.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.#list.addEventListener('keydown', (event) => this.#onListKey(event));
    this.element.addEventListener('focusout', (event) => {
      const to = event.relatedTarget;
      if (to instanceof Node && this.element.contains(to)) return;
      this.#closeList();
      this.#apply();
      this.#write();
    });
  }

  focus(): void {
    this.#field.element.focus();
    this.#field.setCaret(this.#field.value.length);
  }

  /** Takes the filter in force; the text is rewritten unless somebody is typing. */
  update(filter: FindingsFilter, facets: Facets | undefined): void {
    const typing = this.element.contains(document.activeElement);
    this.#filter = filter;
    // A word that is half a key filters already, and what it finds has not the values that the whole key will offer.
    if (!typing || filter.text === undefined || this.#facets === undefined) this.#facets = facets ?? this.#facets;
    if (!typing) this.#write();
  }

  #write(): void {
    this.#field.value = formatSearch(this.#filter, this.#facets);
    this.#hint.hidden = true;
  }

  #onInput(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#apply(), pauseMs);
    this.#drawSuggestions();
  }

  #apply(): void {
    clearTimeout(this.#timer);
    const { filter, problems } = parseSearch(this.#field.value, this.#facets);
    const problem = problems.find(({ value }) => value !== '');
    this.#hint.hidden = problem === undefined || !this.#list.hidden;
    this.#hint.textContent =
      problem === undefined ? '' : this.#texts.t('search.unknown', { key: problem.key, value: problem.value });
    if (JSON.stringify(filter) === JSON.stringify(parseSearch(formatSearch(this.#filter)).filter)) return;
    this.#filter = filter;
    this.#actions.onFilter(filter);
  }

  #drawSuggestions(): void {
    const { items, from, to } = suggest(this.#field.value, this.#field.caret(), this.#facets);
    if (items.length === 0) {
      this.#closeList();
      return;
    }
    show(
      this.#list,
      ...items.map((item) =>
        el(
          'div',
          {
            class: 'popup-option',
            role: 'option',
            tabIndex: -1,
            attrs: { 'aria-selected': 'false' },
            on: {
              // The field keeps the focus.
              mousedown: (event) => event.preventDefault(),
              click: () => this.#insert(item, from, to),
            },
          },
          ...this.#describe(item),
        ),
      ),
    );
    this.#list.hidden = false;
    this.#hint.hidden = true;
    this.#actions.say(this.#texts.plural('search.suggestions.count', items.length));
  }

  #describe(item: Suggestion): readonly HTMLElement[] {
    if (item.type === 'key') {
      return [
        el('span', { class: 'popup-label' }, item.insert),
        el('span', { class: 'popup-detail' }, this.#texts.t(`search.key.${item.key}`)),
      ];
    }
    const label = el('span', { class: 'popup-label data' }, this.#valueName(item));
    if (item.count === undefined) return [label];
    return [label, el('span', { class: 'popup-count' }, this.#texts.number(item.count))];
  }

  #valueName(item: Extract<Suggestion, { type: 'value' }>): string {
    const { key, value, label } = item;
    const lists = {
      severity: 'severities',
      original: 'originalSeverities',
      source: 'sourceTools',
      state: 'states',
      kind: 'kinds',
      'asset-kind': 'assetKinds',
    } as const;
    if (key in lists) return filterValueName(this.#texts, lists[key as keyof typeof lists], value, label); // just looked up
    if (value === 'yes' || value === 'no') return this.#texts.t(value);
    return label;
  }

  #insert(item: Suggestion, from: number, to: number): void {
    const { value } = this.#field;
    const isKey = item.type === 'key';
    const text = isKey ? item.insert : `${item.insert} `;
    this.#field.value = value.slice(0, from) + text + value.slice(to).trimStart();
    this.#field.element.focus();
    this.#field.setCaret(from + text.length);
    this.#closeList();
    if (isKey) this.#drawSuggestions();
    else this.#apply();
  }

  #closeList(): void {
    this.#list.hidden = true;
    show(this.#list);
  }

  #onKey(event: KeyboardEvent): void {
    switch (event.key) {
      case 'ArrowDown':
        if (this.#list.hidden) this.#actions.onLeave();
        else this.#options()[0]?.focus();
        break;
      case 'Enter':
        this.#closeList();
        this.#apply();
        break;
      case 'Escape':
        if (!this.#list.hidden) this.#closeList();
        else if (this.#filter.text !== undefined) {
          const { text: _text, ...rest } = this.#filter;
          this.#filter = rest;
          this.#write();
          this.#actions.onFilter(rest);
        } else this.#actions.onLeave();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #options(): readonly HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[role=option]')];
  }

  #onListKey(event: KeyboardEvent): void {
    const options = this.#options();
    const at = options.findIndex((option) => option === document.activeElement);
    switch (event.key) {
      case 'ArrowDown':
        options[Math.min(options.length - 1, at + 1)]?.focus();
        break;
      case 'ArrowUp':
        if (at <= 0) this.focus();
        else options[at - 1]?.focus();
        break;
      case 'Enter':
      case ' ':
        options[at]?.click();
        break;
      case 'Escape':
        this.#closeList();
        this.focus();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
