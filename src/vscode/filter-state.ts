import * as vscode from 'vscode';
import { emptyQuery, type FindingsFilter, type FindingsGrouping } from '../report/contract.ts';
import { settingsOf } from './editor.ts';
import { isSameFilter, readFilter } from './filter-text.ts';
import { storageKeys } from './ids.ts';
import { groupings } from '../report/words.ts';
import { findingsLimits, limitFilter } from './settings.ts';
import type { Disposable } from './disposable.ts';

/** The filter before anybody chose one: what is open. */
export const defaultFilter: FindingsFilter = emptyQuery.filter;

/** The one filter and grouping that tree and report share; kept in workspace state. */
export interface FilterState extends Disposable {
  /** As the person chose it. */
  readonly filter: FindingsFilter;
  /** The filter under the limits of the settings: what surfaces ask the engine for. */
  readonly effective: FindingsFilter;
  readonly grouping: FindingsGrouping;
  readonly isActive: boolean;
  readonly onDidChange: vscode.Event<void>;
  set(filter: FindingsFilter): void;
  setGrouping(grouping: FindingsGrouping): void;
  clear(): void;
}

export function createFilterState(memento: vscode.Memento): FilterState {
  const changed = new vscode.EventEmitter<void>();
  let filter = readFilter(memento.get(storageKeys.filter)) ?? defaultFilter;
  let grouping: FindingsGrouping = groupings.find((name) => name === memento.get(storageKeys.grouping)) ?? 'severity';

  const keep = async (): Promise<void> => {
    await memento.update(storageKeys.filter, filter);
    await memento.update(storageKeys.grouping, grouping);
  };
  const settingsChanged = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('plimsoll.findings')) changed.fire();
  });

  return {
    get filter() {
      return filter;
    },
    get effective() {
      return limitFilter(filter, findingsLimits(settingsOf()));
    },
    get grouping() {
      return grouping;
    },
    get isActive() {
      return !isSameFilter(filter, defaultFilter);
    },
    onDidChange: changed.event,
    set(next) {
      if (isSameFilter(next, filter)) return; // ends the echo between tree and report
      filter = next;
      void keep();
      changed.fire();
    },
    setGrouping(next) {
      if (next === grouping) return;
      grouping = next;
      void keep();
      changed.fire();
    },
    clear() {
      this.set(defaultFilter);
    },
    dispose() {
      settingsChanged.dispose();
      changed.dispose();
    },
  };
}
