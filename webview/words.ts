import { filterFlags, filterLists } from '../src/report/contract.ts';
import type { FilterList, FindingsFilter, FindingsGrouping, SeverityCounts } from '../src/report/contract.ts';
import type { Texts } from '../src/report/texts.ts';
import {
  assetKinds,
  findingKinds,
  findingStates,
  originalSeverities,
  severities,
  sourceTools,
} from '../src/report/words.ts';
import { el, icon } from './dom.ts';

export type Level = (typeof originalSeverities)[number] | 'none';
export type Kind = (typeof findingKinds)[number];

const kindIcons: Readonly<Record<Kind, string>> = {
  vulnerability: 'bug',
  configuration: 'settings-gear',
  dockerfile: 'file-code',
  secret: 'key',
  exposure: 'globe',
};

export function kindIcon(kind: Kind): string {
  return kindIcons[kind];
}

/** The letter of a severity in a tinted box; the word stands beside it or in the name of what holds it. */
export function severityMark(texts: Texts, level: Level): HTMLElement {
  return el(
    'span',
    { class: `mark mark-${level}`, attrs: { 'aria-hidden': 'true' } },
    texts.t(`severity.${level}.letter`),
  );
}

/** Letter and word. */
export function severityBadge(texts: Texts, level: Level): HTMLElement {
  return el('span', { class: 'severity' }, severityMark(texts, level), el('span', {}, texts.t(`severity.${level}`)));
}

/** A short word in a thin frame. */
export function pill(text: string, extra = ''): HTMLElement {
  return el('span', { class: `pill ${extra}`.trim() }, text);
}

/** "2 C, 5 H" */
export function countsShort(texts: Texts, counts: SeverityCounts): string {
  return severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) =>
      texts.t('counts.short', { count: counts[severity], letter: texts.t(`severity.${severity}.letter`) }),
    )
    .join(', ');
}

/** "2 critical, 5 high" */
export function countsLong(texts: Texts, counts: SeverityCounts): string {
  const parts = severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) => texts.t(`counts.long.${severity}`, { count: counts[severity] }));
  return texts.list(parts);
}

/** The share of each severity as a bar; the numbers stand beside it in words. */
export function severityBar(counts: SeverityCounts): HTMLElement {
  const bar = el('div', { class: 'severity-bar', attrs: { 'aria-hidden': 'true' } });
  for (const severity of severities) {
    if (counts[severity] === 0) continue;
    const part = el('span', { class: `bar-part bar-${severity}` });
    part.style.flexGrow = String(counts[severity]);
    bar.append(part);
  }
  return bar;
}

/** Name of a group of the list: a word of a vocabulary, or what the host called it. */
export function groupName(texts: Texts, grouping: FindingsGrouping, label: string): string {
  if (grouping === 'severity') {
    const level = [...originalSeverities, 'none' as const].find((known) => known === label);
    return level === undefined ? label : texts.t(`severity.${level}`);
  }
  if (grouping === 'sourceTool') {
    const tool = sourceTools.find((known) => known === label);
    return tool === undefined ? label : texts.t(`sourceTool.${tool}`);
  }
  if (label !== '') return label;
  return texts.t(grouping === 'package' ? 'group.noPackage' : 'group.unassigned');
}

/** Name of a value of a filter. */
export function filterValueName(texts: Texts, list: FilterList, value: string, label: string): string {
  const known = <T extends string>(words: readonly T[], key: (word: T) => Parameters<Texts['t']>[0]) => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? label : texts.t(key(word));
  };
  switch (list) {
    case 'sourceTools':
      return known(sourceTools, (word) => `sourceTool.${word}`);
    case 'severities':
      return known(severities, (word) => `severity.${word}`);
    case 'originalSeverities':
      return known(originalSeverities, (word) => `severity.${word}`);
    case 'states':
      return known(findingStates, (word) => `state.${word}`);
    case 'kinds':
      return known(findingKinds, (word) => `kind.${word}`);
    case 'assetKinds':
      return known(assetKinds, (word) => `assetKind.${word}`);
    case 'applications':
      return label === '' ? texts.t('group.unassigned') : label;
    case 'connections':
    case 'subscriptions':
      return label;
  }
}

/** One thing that a filter asks for, in words, with the filter that is left without it. */
export interface FilterPart {
  readonly name: string;
  readonly value: string;
  readonly without: FindingsFilter;
}

/** What a filter asks for, in the order of the page. */
export function filterParts(
  texts: Texts,
  filter: FindingsFilter,
  labelOf: (list: FilterList, value: string) => string,
): readonly FilterPart[] {
  const parts: FilterPart[] = [];
  const drop = (member: keyof FindingsFilter): FindingsFilter => {
    const { [member]: _dropped, ...rest } = filter;
    return rest;
  };
  for (const list of filterLists) {
    const chosen: readonly string[] | undefined = filter[list];
    if (chosen === undefined || chosen.length === 0) continue;
    const names = chosen.map((value) => filterValueName(texts, list, value, labelOf(list, value)));
    parts.push({ name: texts.t(`filter.${list}`), value: names.join(', '), without: drop(list) });
  }
  for (const flag of filterFlags) {
    const wanted = filter[flag];
    if (wanted === undefined) continue;
    parts.push({ name: texts.t(`filter.${flag}`), value: texts.t(wanted ? 'yes' : 'no'), without: drop(flag) });
  }
  if (filter.asset !== undefined) {
    parts.push({ name: texts.t('filter.asset'), value: assetLabel(filter.asset), without: drop('asset') });
  }
  if (filter.check !== undefined) {
    parts.push({ name: texts.t('filter.check'), value: filter.check, without: drop('check') });
  }
  if (filter.firstSeenDays !== undefined) {
    parts.push({
      name: texts.t('filter.firstSeen'),
      value: texts.plural('filter.firstSeen.days', filter.firstSeenDays),
      without: drop('firstSeenDays'),
    });
  }
  if (filter.text !== undefined && filter.text !== '') {
    parts.push({ name: texts.t('filter.text'), value: filter.text, without: drop('text') });
  }
  return parts;
}

/** The last part of an asset's id, digests shortened. */
function assetLabel(id: string): string {
  const last =
    id
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? id;
  return last.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');
}

/** Icon and word of something that goes well, badly or not at all. */
export function iconAndWord(name: string, word: string, tone: string): HTMLElement {
  return el('span', { class: `status tone-${tone}` }, icon(name), el('span', {}, word));
}
