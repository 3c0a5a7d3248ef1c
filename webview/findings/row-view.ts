import type { FindingRow, FindingsGrouping } from '../../src/report/contract.ts';
import type { Texts } from '../../src/report/texts.ts';
import { el, icon, show } from '../dom.ts';
import { countsLong, countsShort, groupName, kindIcon, pill, severityMark } from '../words.ts';

export type FindingLine = Extract<FindingRow, { type: 'finding' }>;
export type GroupLine = Extract<FindingRow, { type: 'group' }>;

/** Columns in their order; they hide from the end when the list is narrow. */
export const columns = [
  'severity',
  'title',
  'asset',
  'sourceTool',
  'application',
  'fix',
  'firstSeen',
  'state',
] as const;
export type Column = (typeof columns)[number];

export interface RowContext {
  readonly texts: Texts;
  readonly grouping: FindingsGrouping;
  /** How many of the columns are shown. */
  readonly shownColumns: number;
  readonly now: number;
}

/** What tells rows apart that look the same. */
export interface RowMarks {
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
  readonly isOpen: boolean;
}

/** One line on the screen, used again for other rows while the list scrolls. */
export class RowView {
  readonly element = el('div', { class: 'row', role: 'row', tabIndex: -1 });
  /** The row it shows now. */
  at = -1;
  #row: FindingRow | undefined;
  #context: RowContext | undefined;

  /** `row` is undefined while it is on its way. */
  update(at: number, row: FindingRow | undefined, context: RowContext, marks: RowMarks): void {
    if (this.at !== at || this.#row !== row || this.#context !== context) {
      this.at = at;
      this.#row = row;
      this.#context = context;
      this.#draw(at, row, context);
    }
    this.#mark(marks);
  }

  #mark({ isCurrent, isSelected, isOpen }: RowMarks): void {
    const { element } = this;
    element.tabIndex = isCurrent ? 0 : -1;
    element.classList.toggle('current', isCurrent);
    element.classList.toggle('open', isOpen);
    if (this.#row?.type !== 'finding') return;
    element.setAttribute('aria-selected', String(isSelected));
    element.classList.toggle('selected', isSelected);
  }

  #draw(at: number, row: FindingRow | undefined, context: RowContext): void {
    const { element } = this;
    // The heading is the first row.
    element.setAttribute('aria-rowindex', String(at + 2));
    element.removeAttribute('aria-expanded');
    element.removeAttribute('aria-selected');
    element.removeAttribute('aria-label');
    delete element.dataset['vscodeContext'];
    element.classList.remove('selected');
    element.classList.toggle('group', row?.type === 'group');
    element.classList.toggle('loading', row === undefined);
    if (row === undefined) {
      element.setAttribute('aria-level', '1');
      show(element, el('div', { class: 'cell loading-cell', role: 'gridcell' }, el('span', { class: 'bone' })));
    } else if (row.type === 'group') this.#drawGroup(row, context);
    else this.#drawFinding(row, context);
  }

  #drawGroup(row: GroupLine, context: RowContext): void {
    const { element } = this;
    const { texts, grouping } = context;
    const name = groupName(texts, grouping, row.label);
    element.setAttribute('aria-level', '1');
    element.setAttribute('aria-expanded', String(row.expanded));
    const label = [name, texts.plural('findings.count', row.count)];
    if (grouping !== 'severity') label.push(countsLong(texts, row.severityCounts));
    if (row.newCount > 0) label.push(texts.plural('findings.new', row.newCount));
    element.setAttribute('aria-label', label.filter((part) => part !== '').join(', '));
    const cell = el(
      'div',
      { class: 'cell group-cell', role: 'gridcell', attrs: { 'aria-colspan': String(context.shownColumns) } },
      icon(row.expanded ? 'chevron-down' : 'chevron-right', 'twistie'),
      el('span', { class: 'group-name data' }, name),
      el('span', { class: 'count-badge' }, texts.number(row.count)),
    );
    if (grouping !== 'severity') {
      cell.append(el('span', { class: 'group-counts' }, countsShort(texts, row.severityCounts)));
    }
    if (row.newCount > 0) {
      cell.append(el('span', { class: 'group-new' }, texts.t('group.newCount', { count: row.newCount })));
    }
    show(element, cell);
  }

  #drawFinding(row: FindingLine, context: RowContext): void {
    const { element } = this;
    const { texts } = context;
    element.setAttribute('aria-level', context.grouping === 'none' ? '1' : '2');
    element.setAttribute('aria-label', findingLabel(texts, row, context.now));
    element.dataset['vscodeContext'] = JSON.stringify({
      webviewSection: 'finding',
      findingId: row.id,
      preventDefaultContextMenuItems: true,
    });
    show(element, ...columns.slice(0, context.shownColumns).map((column) => drawCell(column, row, context)));
  }
}

function drawCell(column: Column, row: FindingLine, { texts, now }: RowContext): HTMLElement {
  const cell = el('div', { class: `cell cell-${column}`, role: 'gridcell' });
  const put = (text: string, title = text) => {
    cell.textContent = text;
    if (title !== '') cell.title = title;
  };
  switch (column) {
    case 'severity':
      cell.append(
        icon('check', 'row-check'),
        severityMark(texts, row.severity),
        el('span', { class: 'severity-word' }, texts.t(`severity.${row.severity}`)),
      );
      if (changed(row)) {
        cell.title = texts.t('severity.was', { severity: texts.t(`severity.${row.original}`) });
        cell.append(icon(isRaised(row) ? 'arrow-small-up' : 'arrow-small-down', 'severity-moved'));
      }
      break;
    case 'title':
      cell.title = row.title;
      cell.append(icon(kindIcon(row.kind), 'kind'), el('span', { class: 'title-text data' }, row.title));
      if (row.knownExploited) cell.append(pill(texts.t('mark.exploited'), 'pill-strong'));
      if (row.internetFacing) cell.append(markIcon('globe', texts.t('mark.internet.long')));
      if (row.running) cell.append(markIcon('vm-running', texts.t('mark.running.long')));
      break;
    case 'asset':
      cell.title = row.asset;
      cell.append(el('span', { class: 'data' }, row.asset));
      break;
    case 'sourceTool':
      put(texts.t(`sourceTool.${row.sourceTool}.short`), texts.t(`sourceTool.${row.sourceTool}`));
      break;
    case 'application':
      put(row.application === '' ? texts.t('group.unassigned') : row.application);
      break;
    case 'fix':
      put(row.fix ?? '');
      break;
    case 'firstSeen':
      put(texts.relative(row.firstSeen, now), texts.dateTime(row.firstSeen));
      break;
    case 'state':
      if (row.state === 'new') cell.append(pill(texts.t('state.new'), 'pill-new'));
      else put(texts.t(`state.${row.state}`));
      break;
  }
  return cell;
}

/** A fact as an icon; its words are in the tooltip, in the row's name and in the details. */
function markIcon(name: string, words: string): HTMLElement {
  const mark = icon(name, 'row-mark');
  mark.title = words;
  return mark;
}

/** Everything that the columns say, also of those that are hidden. */
function findingLabel(texts: Texts, row: FindingLine, now: number): string {
  const parts = [texts.t(`severity.${row.severity}`)];
  if (changed(row)) parts.push(texts.t('severity.was', { severity: texts.t(`severity.${row.original}`) }));
  parts.push(row.title, texts.t('row.asset', { asset: row.asset }));
  if (row.knownExploited) parts.push(texts.t('mark.exploited.long'));
  if (row.internetFacing) parts.push(texts.t('mark.internet.long'));
  if (row.running) parts.push(texts.t('mark.running.long'));
  parts.push(texts.t(`sourceTool.${row.sourceTool}`));
  parts.push(row.application === '' ? texts.t('group.unassigned') : row.application);
  if (row.fix !== undefined && row.fix !== '') parts.push(texts.t('row.fix', { fix: row.fix }));
  parts.push(texts.t('row.firstSeen', { when: texts.relative(row.firstSeen, now) }), texts.t(`state.${row.state}`));
  return parts.join(', ');
}

function changed({ severity, original }: FindingLine): boolean {
  return severity !== (original === 'unknown' ? 'medium' : original);
}

/** Mildest first; unknown counts as medium. */
const mildestFirst: readonly string[] = ['none', 'info', 'low', 'medium', 'high', 'critical'];

function isRaised({ severity, original }: FindingLine): boolean {
  const handledAs = original === 'unknown' ? 'medium' : original;
  return mildestFirst.indexOf(severity) > mildestFirst.indexOf(handledAs);
}
