import * as vscode from 'vscode';
import type { Facets, FacetValue, FilterFlag, FindingsFilter } from '../report/contract.ts';
import { filterFlags } from '../report/contract.ts';
import { findingStates, severities, sourceTools } from '../report/words.ts';
import { l10n } from './editor.ts';
import { formatNumber } from './l10n.ts';
import { findingStateWord, severityWord, sourceToolName } from './words.ts';

interface FilterItem extends vscode.QuickPickItem {
  readonly apply?: Choice;
}

type Choice =
  | { readonly list: 'severities' | 'sourceTools' | 'states' | 'applications'; readonly value: string }
  | { readonly flag: FilterFlag };

/** Asks for a filter: check boxes with counts, and a button for words to search. Undefined when it was abandoned. */
export async function askFilter(
  current: FindingsFilter,
  facets: Facets | undefined,
): Promise<FindingsFilter | undefined> {
  const pick = vscode.window.createQuickPick<FilterItem>();
  const search: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('search'),
    tooltip: l10n.t('Search Text...'),
  };
  pick.title = l10n.t('Filter Findings');
  pick.placeholder =
    current.text === undefined || current.text === ''
      ? l10n.t('Choose what to show; nothing chosen in a section shows all of it')
      : l10n.t('Choose what to show beside the search for “{text}”', { text: current.text });
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.buttons = [search];
  pick.items = filterItems(facets);
  pick.selectedItems = pick.items.filter(({ apply }) => apply !== undefined && isChosen(current, apply));
  const outcome = await new Promise<'accept' | 'search' | 'closed'>((resolve) => {
    pick.onDidAccept(() => resolve('accept'));
    pick.onDidTriggerButton(() => resolve('search'));
    pick.onDidHide(() => resolve('closed'));
    pick.show();
  });
  const chosen = pick.selectedItems.flatMap(({ apply }) => apply ?? []);
  pick.dispose();
  if (outcome === 'closed') return undefined;
  const filter = withChoices(current, chosen);
  if (outcome === 'accept') return filter;
  const text = await vscode.window.showInputBox({
    title: l10n.t('Filter Findings'),
    prompt: l10n.t('Words that must all be found in id, title, package, asset, check or file'),
    value: current.text ?? '',
  });
  if (text === undefined) return undefined;
  const { text: _before, ...rest } = filter;
  return text.trim() === '' ? rest : { ...rest, text: text.trim().slice(0, 500) };
}

function filterItems(facets: Facets | undefined): FilterItem[] {
  const countOf = (values: readonly FacetValue[] | undefined, value: string): Pick<FilterItem, 'description'> => {
    const count = values?.find((facet) => facet.value === value)?.count;
    return count === undefined ? {} : { description: formatNumber(l10n, count) };
  };
  const separator = (label: string): FilterItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const applications = facets?.applications ?? [];
  return [
    separator(l10n.t('Severity')),
    ...severities.map((value) => ({
      label: severityWord(l10n, value),
      ...countOf(facets?.severities, value),
      apply: { list: 'severities' as const, value },
    })),
    separator(l10n.t('Source tool')),
    ...sourceTools.map((value) => ({
      label: sourceToolName(l10n, value),
      ...countOf(facets?.sourceTools, value),
      apply: { list: 'sourceTools' as const, value },
    })),
    separator(l10n.t('State')),
    ...findingStates.map((value) => ({
      label: findingStateWord(l10n, value),
      ...countOf(facets?.states, value),
      apply: { list: 'states' as const, value },
    })),
    ...(applications.length === 0 ? [] : [separator(l10n.t('Application'))]),
    ...applications.slice(0, 100).map(({ value, label, count }) => ({
      label,
      description: formatNumber(l10n, count),
      apply: { list: 'applications' as const, value },
    })),
    separator(l10n.t('More')),
    ...filterFlags.map((flag) => ({ label: flagWord(flag), ...countOf(facets?.flags, flag), apply: { flag } })),
  ];
}

function flagWord(flag: FilterFlag): string {
  switch (flag) {
    case 'fixAvailable':
      return l10n.t('Fix available');
    case 'running':
      return l10n.t('Running now');
    case 'internetFacing':
      return l10n.t('Internet-facing');
    case 'knownExploited':
      return l10n.t('Known exploited');
    case 'severityChanged':
      return l10n.t('Severity changed');
  }
}

function isChosen(filter: FindingsFilter, choice: Choice): boolean {
  if ('flag' in choice) return filter[choice.flag] === true;
  const list: readonly string[] = filter[choice.list] ?? [];
  return list.includes(choice.value);
}

function withChoices(current: FindingsFilter, chosen: readonly Choice[]): FindingsFilter {
  const values = (list: string): readonly string[] =>
    chosen.flatMap((choice) => ('list' in choice && choice.list === list ? [choice.value] : []));
  const of = <T extends string>(words: readonly T[], list: string): readonly T[] =>
    words.filter((word) => values(list).includes(word));
  const { severities: _s, sourceTools: _t, states: _st, applications: _a, ...rest } = current;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !filterFlags.some((flag) => flag === key)),
  ) satisfies Partial<FindingsFilter>;
  const lists = {
    severities: of(severities, 'severities'),
    sourceTools: of(sourceTools, 'sourceTools'),
    states: of(findingStates, 'states'),
    applications: values('applications'),
  };
  return {
    ...kept,
    ...(lists.severities.length === 0 ? {} : { severities: lists.severities }),
    ...(lists.sourceTools.length === 0 ? {} : { sourceTools: lists.sourceTools }),
    ...(lists.states.length === 0 ? {} : { states: lists.states }),
    ...(lists.applications.length === 0 ? {} : { applications: lists.applications }),
    ...Object.fromEntries(chosen.flatMap((choice) => ('flag' in choice ? [[choice.flag, true]] : []))),
  };
}
