import type {
  Facets,
  FilterFlag,
  FilterList,
  FindingsFilter,
  FindingsGrouping,
  FindingsPage,
  FindingsQuery,
  FindingsSortKey,
} from '../../src/report/contract.ts';
import { emptyQuery, filterFlags } from '../../src/report/contract.ts';
import type { StringKey } from '../../src/report/strings.ts';
import type { Texts } from '../../src/report/texts.ts';
import { groupings, sortKeys } from '../../src/report/words.ts';
import { el, hiddenText, icon, put, show } from '../dom.ts';
import { Popups } from '../popup.ts';
import type { OptionGroup } from '../popup.ts';
import { Roving } from '../roving.ts';
import { button, dropdown } from '../toolkit.ts';
import { filterParts, filterValueName } from '../words.ts';

export interface FilterBarActions {
  readonly onFilter: (filter: FindingsFilter) => void;
  readonly onGrouping: (grouping: FindingsGrouping) => void;
  readonly onSort: (sort: FindingsQuery['sort']) => void;
  readonly onClearSelection: () => void;
  readonly onHelp: () => void;
}

interface FilterButton {
  readonly label: StringKey;
  readonly lists: readonly FilterList[];
  readonly element: HTMLElement;
}

const seenChoices = [1, 7, 30] as const;

const presets = [
  {
    name: 'preset.fixFirst',
    detail: 'preset.fixFirst.detail',
    filter: { states: ['open'], severities: ['critical', 'high'], running: true, fixAvailable: true },
  },
  { name: 'preset.new', detail: 'preset.new.detail', filter: { states: ['new'] } },
  { name: 'preset.denied', detail: 'preset.denied.detail', filter: { states: ['denied', 'unreadable'] } },
] as const satisfies readonly { name: StringKey; detail: StringKey; filter: FindingsFilter }[];

/** Filter buttons, chips, counts, grouping and sorting: one tab stop with arrows inside. */
export class FilterBar {
  readonly element: HTMLElement;
  readonly #texts: Texts;
  readonly #actions: FilterBarActions;
  readonly #popups: Popups;
  readonly #roving: Roving;
  readonly #buttons: readonly FilterButton[];
  readonly #chips = el('div', { class: 'chips' });
  readonly #notice = el('div', { class: 'bar-notice' });
  readonly #counts = el('div', { class: 'counts' });
  readonly #grouping;
  readonly #sort;
  readonly #direction: HTMLElement;
  #query: FindingsQuery = emptyQuery;
  #facets: Facets | undefined;
  #refresh: (() => void) | undefined;
  #drawnChips = '';

  constructor(texts: Texts, layer: HTMLElement, actions: FilterBarActions) {
    this.#texts = texts;
    this.#actions = actions;
    this.#popups = new Popups(layer);
    const listButton = (name: string, label: StringKey, lists: readonly FilterList[]): FilterButton => {
      const element = button({
        label: texts.t(label),
        class: 'filter-button',
        popup: 'listbox',
        onClick: () => this.#openFilter(element, label, lists),
      });
      element.id = `filter-${name}`;
      const end = icon('chevron-down');
      end.slot = 'end';
      put(element, end);
      return { label, lists, element };
    };
    this.#buttons = [
      listButton('source', 'filter.sourceTools', ['sourceTools']),
      listButton('severity', 'filter.severities', ['severities', 'originalSeverities']),
      listButton('state', 'filter.states', ['states']),
      listButton('application', 'filter.applications', ['applications']),
      listButton('more', 'filter.more', ['kinds', 'assetKinds', 'connections', 'subscriptions']),
    ];
    const presetButton = button({
      label: texts.t('preset.label'),
      icon: 'filter',
      class: 'filter-button',
      popup: 'menu',
      onClick: () => {
        if (this.#popups.isOpenFor(presetButton)) this.#popups.close();
        else this.#openPresets(presetButton);
      },
    });
    presetButton.id = 'filter-presets';
    this.#grouping = dropdown({
      label: texts.t('group.label'),
      choices: groupings.map((value) => ({ value, label: texts.t(`group.by.${value}`) })),
      value: emptyQuery.grouping,
      onChange: (value) => {
        const grouping = groupings.find((known) => known === value);
        if (grouping !== undefined) actions.onGrouping(grouping);
      },
    });
    this.#sort = dropdown({
      label: texts.t('sort.label'),
      choices: sortKeys.map((value) => ({ value, label: texts.t(`column.${value}`) })),
      value: emptyQuery.sort.key,
      onChange: (value) => {
        const key = sortKeys.find((known) => known === value);
        if (key !== undefined) actions.onSort(sortBy(key));
      },
    });
    this.#direction = button({
      label: texts.t('sort.direction'),
      icon: 'arrow-down',
      look: 'icon',
      onClick: () => actions.onSort({ ...this.#query.sort, descending: !this.#query.sort.descending }),
    });
    const help = button({ label: texts.t('help.button'), icon: 'question', look: 'icon', onClick: actions.onHelp });
    this.element = el(
      'div',
      { class: 'filter-bar', role: 'toolbar', attrs: { 'aria-label': texts.t('filter.label') } },
      this.#notice,
      el('div', { class: 'filter-buttons' }, ...this.#buttons.map(({ element }) => element), presetButton),
      this.#chips,
      el(
        'div',
        { class: 'list-line' },
        this.#counts,
        el(
          'div',
          { class: 'list-order' },
          el('span', { class: 'quiet', attrs: { 'aria-hidden': 'true' } }, texts.t('group.label')),
          this.#grouping.element,
          el('span', { class: 'quiet', attrs: { 'aria-hidden': 'true' } }, texts.t('sort.label')),
          this.#sort.element,
          this.#direction,
          help,
        ),
      ),
    );
    this.#roving = new Roving(this.element, {
      items: () => [...this.element.querySelectorAll<HTMLElement>('vscode-button, vscode-dropdown, button')],
      vertical: true,
    });
  }

  /** A line above the filters, such as old data; none without content. */
  setNotice(...content: readonly HTMLElement[]): void {
    show(this.#notice, ...content);
    this.#notice.hidden = content.length === 0;
    this.#roving.refresh();
  }

  update(query: FindingsQuery, page: FindingsPage | undefined, selected: number): void {
    this.#query = query;
    this.#facets = page?.facets ?? this.#facets;
    this.#grouping.set(query.grouping);
    this.#sort.set(query.sort.key);
    const mark = this.#direction.querySelector('.codicon');
    if (mark !== null) mark.className = `codicon codicon-${query.sort.descending ? 'arrow-down' : 'arrow-up'}`;
    const direction = this.#texts.t(query.sort.descending ? 'sort.descending' : 'sort.ascending');
    this.#direction.setAttribute('aria-label', direction);
    this.#direction.title = direction;
    for (const { lists, element } of this.#buttons) {
      const isMore = lists.includes('kinds');
      const isActive =
        lists.some((list) => (query.filter[list]?.length ?? 0) > 0) ||
        (isMore &&
          (filterFlags.some((flag) => query.filter[flag] !== undefined) ||
            query.filter.firstSeenDays !== undefined ||
            query.filter.asset !== undefined ||
            query.filter.check !== undefined));
      element.classList.toggle('active', isActive);
    }
    this.#keepFocus(this.#chips, () => this.#drawChips(query));
    this.#keepFocus(this.#counts, () => this.#drawCounts(page, selected));
    this.#refresh?.();
    this.#roving.refresh();
  }

  /** When a control goes away under the focus, its neighbour takes it. */
  #keepFocus(container: HTMLElement, draw: () => void): void {
    const controls = () => [...container.querySelectorAll<HTMLElement>('button')];
    const at = controls().findIndex((control) => control === document.activeElement);
    draw();
    if (at < 0) return;
    const left = controls();
    const next = left[Math.min(at, left.length - 1)];
    if (next === undefined) this.#buttons[0]?.element.focus();
    else next.focus();
  }

  #drawChips(query: FindingsQuery): void {
    const parts = filterParts(this.#texts, query.filter, (list, value) => this.#labelOf(list, value));
    // Chips that stay keep their elements: a press before an answer and the release after it are one click.
    const drawn = JSON.stringify(parts);
    if (drawn === this.#drawnChips) return;
    this.#drawnChips = drawn;
    const clear = smallButton(this.#texts.t('filter.clear'), () => this.#actions.onFilter(emptyQuery.filter));
    const isDefault = JSON.stringify(query.filter) === JSON.stringify(emptyQuery.filter);
    show(
      this.#chips,
      ...parts.map(({ name, value, without }) => {
        const chip = el(
          'button',
          {
            class: 'chip',
            title: this.#texts.t('filter.remove', { name, value }),
            on: { click: () => this.#actions.onFilter(without) },
          },
          el('span', { class: 'chip-name' }, `${name}:`),
          el('span', { class: 'chip-value data' }, value),
          icon('close'),
          hiddenText(this.#texts.t('filter.remove.short')),
        );
        return chip;
      }),
      isDefault || parts.length === 0 ? undefined : clear,
    );
    this.#chips.hidden = parts.length === 0;
  }

  #drawCounts(page: FindingsPage | undefined, selected: number): void {
    const texts = this.#texts;
    if (page === undefined) {
      show(this.#counts, el('span', { class: 'quiet' }, texts.t('list.loading')));
      return;
    }
    const children = [
      el(
        'span',
        {},
        texts.plural('list.counts', page.allFindings, { shown: page.totalFindings, count: page.allFindings }),
      ),
    ];
    if (page.deniedCount > 0) {
      children.push(
        el(
          'span',
          { class: 'denied-count' },
          icon('lock'),
          el('span', {}, texts.plural('list.denied', page.deniedCount)),
          smallButton(texts.t('list.denied.show'), () =>
            this.#actions.onFilter({ ...this.#query.filter, states: ['denied', 'unreadable'] }),
          ),
        ),
      );
    }
    if (selected > 0) {
      children.push(
        el(
          'span',
          {},
          texts.plural('list.selected', selected),
          smallButton(texts.t('list.selected.clear'), () => this.#actions.onClearSelection()),
        ),
      );
    }
    show(this.#counts, ...children);
  }

  #labelOf(list: FilterList, value: string): string {
    return this.#facets?.[list].find((facet) => facet.value === value)?.label ?? value;
  }

  #openFilter(anchor: HTMLElement, label: StringKey, lists: readonly FilterList[]): void {
    if (this.#popups.isOpenFor(anchor)) {
      this.#popups.close();
      return;
    }
    const isMore = lists.includes('kinds');
    const groups = () => [
      ...(isMore ? this.#flagGroups() : []),
      ...lists.flatMap((list) => this.#listGroup(list, lists)),
    ];
    const opened = this.#popups.openList(anchor, this.#texts.t(label), groups, (id) => this.#toggle(id));
    this.#refresh = () => {
      if (this.#popups.isOpenFor(anchor)) opened.refresh();
      else this.#refresh = undefined;
    };
  }

  #listGroup(list: FilterList, lists: readonly FilterList[]): readonly OptionGroup[] {
    const texts = this.#texts;
    const facets = this.#facets?.[list] ?? [];
    if (facets.length === 0 && lists.length > 1) return [];
    const chosen: readonly string[] = this.#query.filter[list] ?? [];
    const options = facets.map(({ value, label, count }) => ({
      id: `${list}:${value}`,
      label: filterValueName(texts, list, value, label),
      count: texts.number(count),
      chosen: chosen.includes(value),
    }));
    return [{ label: list === lists[0] && lists.length === 1 ? '' : texts.t(`filter.${list}`), options }];
  }

  #flagGroups(): readonly OptionGroup[] {
    const texts = this.#texts;
    const { filter } = this.#query;
    const countOf = (flag: FilterFlag) => this.#facets?.flags.find(({ value }) => value === flag)?.count;
    return [
      {
        label: texts.t('filter.facts'),
        options: filterFlags.map((flag) => {
          const count = countOf(flag);
          return {
            id: `flag:${flag}`,
            label: texts.t(`filter.${flag}`),
            ...(count !== undefined && { count: texts.number(count) }),
            chosen: filter[flag] === true,
          };
        }),
      },
      {
        label: texts.t('filter.firstSeen'),
        options: seenChoices.map((days) => ({
          id: `seen:${days}`,
          label: texts.plural('filter.firstSeen.days', days),
          chosen: filter.firstSeenDays === days,
        })),
      },
    ];
  }

  #toggle(id: string): void {
    const [kind, ...rest] = id.split(':');
    const value = rest.join(':');
    const { filter } = this.#query;
    const flag = filterFlags.find((known) => kind === 'flag' && known === value);
    if (flag !== undefined) {
      const { [flag]: was, ...others } = filter;
      this.#actions.onFilter(was === true ? others : { ...others, [flag]: true });
      return;
    }
    if (kind === 'seen') {
      const { firstSeenDays, ...others } = filter;
      this.#actions.onFilter(firstSeenDays === Number(value) ? others : { ...others, firstSeenDays: Number(value) });
      return;
    }
    const list = kind as FilterList; // ids are made in #listGroup
    const chosen: readonly string[] = filter[list] ?? [];
    const next = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
    const { [list]: _was, ...others } = filter;
    this.#actions.onFilter(next.length === 0 ? others : { ...others, [list]: next });
  }

  #openPresets(anchor: HTMLElement): void {
    this.#popups.openMenu(
      anchor,
      this.#texts.t('preset.label'),
      presets.map(({ name, detail, filter }) => ({
        label: this.#texts.t(name),
        detail: this.#texts.t(detail),
        onChoose: () => this.#actions.onFilter(filter),
      })),
    );
  }
}

/** The direction in which a key is read first: worst, newest, A to Z. */
export function sortBy(key: FindingsSortKey): FindingsQuery['sort'] {
  return { key, descending: key === 'severity' || key === 'firstSeen' };
}

function smallButton(label: string, onClick: () => void): HTMLElement {
  return el('button', { class: 'small-button', on: { click: onClick } }, label);
}
