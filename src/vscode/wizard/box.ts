import * as vscode from 'vscode';
import type { CleanedValue, Remark } from '../../azure/input.ts';
import { l10n } from '../editor.ts';
import type { Disposable } from '../disposable.ts';

/** Where a box stands in its sequence. */
export interface Place {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

export interface BoxButton {
  readonly icon: string;
  readonly tooltip: string;
  /** Acts beside the open box; answers a value to put into it, or nothing. */
  readonly act?: () => Thenable<string | undefined> | Promise<string | undefined>;
  /** Ends the box with this word, so that another input can take its place. */
  readonly leave?: string;
}

export type BoxOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'left'; readonly by: string; readonly text: string };

/** What became of an accepted value: taken, or refused with a remark that stays at the box. */
export type Submitted<T> = { readonly done: T } | { readonly stay: Remark };

export interface InputOptions<T> {
  readonly place: Place;
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value?: string;
  readonly password?: boolean;
  /** Shown at once: why the person is back here. */
  readonly problem?: Remark;
  readonly buttons?: readonly BoxButton[];
  /** On every change. */
  readonly clean?: (text: string) => CleanedValue;
  readonly check: (text: string, final: boolean) => Remark | undefined;
  /** Said while `submit` runs. */
  readonly busyMessage?: string;
  /** After Enter on a value without error; the box is busy and disabled meanwhile. Esc aborts the signal. */
  readonly submit: (text: string, signal: AbortSignal) => Promise<Submitted<T>>;
}

/** Asks for one value. Warnings are accepted by a second Enter; errors never. The value is wiped when the box ends. */
export async function askInput<T>(options: InputOptions<T>): Promise<BoxOutcome<T>> {
  const box = vscode.window.createInputBox();
  const controller = new AbortController();
  const disposables: Disposable[] = [box];
  box.title = options.place.title;
  box.step = options.place.step;
  box.totalSteps = options.place.totalSteps;
  box.prompt = options.prompt;
  box.placeholder = options.placeholder;
  box.password = options.password === true;
  box.ignoreFocusOut = true;
  box.value = options.value ?? '';
  box.validationMessage = validation(options.problem);
  const buttons = makeButtons(options.place, options.buttons ?? []);
  box.buttons = [...buttons.keys()];

  let cleaned: string | undefined;
  let accepted: string | undefined;

  try {
    return await new Promise<BoxOutcome<T>>((resolve, reject) => {
      const settle = (outcome: BoxOutcome<T>): void => {
        controller.abort();
        box.value = '';
        resolve(outcome);
      };
      const change = (text: string): void => {
        const result = options.clean?.(text) ?? { value: text, removed: false };
        if (result.removed) {
          cleaned = result.value;
          box.value = result.value;
        }
        accepted = undefined;
        const remark = options.check(result.value, false);
        const removed = result.value === cleaned && result.value !== '';
        box.validationMessage = validation(
          remark ?? (removed ? { level: 'info', message: l10n.t('Spaces around the value were removed.') } : undefined),
        );
      };
      const accept = async (): Promise<void> => {
        const text = options.clean?.(box.value).value ?? box.value;
        const remark = options.check(text, true);
        if (remark?.level === 'error') {
          box.validationMessage = validation(remark);
          return;
        }
        if (remark?.level === 'warning' && accepted !== text) {
          accepted = text;
          const message = l10n.t('{warning} Press Enter again to use it all the same.', { warning: remark.message });
          box.validationMessage = validation({ level: 'warning', message });
          return;
        }
        box.busy = true;
        box.enabled = false;
        box.validationMessage = validation(
          options.busyMessage === undefined ? undefined : { level: 'info', message: options.busyMessage },
        );
        const submitted = await options.submit(text, controller.signal);
        if (controller.signal.aborted) return;
        if ('done' in submitted) {
          settle({ kind: 'done', value: submitted.done });
          return;
        }
        box.busy = false;
        box.enabled = true;
        box.validationMessage = validation(submitted.stay);
      };
      disposables.push(
        box.onDidChangeValue(change),
        box.onDidAccept(() => {
          if (box.busy) return;
          accept().catch((error: unknown) => {
            if (!controller.signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
          });
        }),
        box.onDidHide(() => {
          if (!controller.signal.aborted) settle({ kind: 'closed' });
        }),
        box.onDidTriggerButton((button) => {
          const chosen = buttons.get(button);
          if (chosen === 'back') settle({ kind: 'back' });
          else if (chosen?.leave !== undefined) settle({ kind: 'left', by: chosen.leave, text: box.value });
          else if (chosen?.act !== undefined) {
            void Promise.resolve(chosen.act()).then((text) => {
              if (text === undefined || controller.signal.aborted) return;
              box.value = text;
              change(text);
            });
          }
        }),
      );
      box.show();
    });
  } finally {
    controller.abort();
    for (const disposable of disposables) disposable.dispose();
  }
}

export interface PickItem<T> extends vscode.QuickPickItem {
  /** Absent: the item informs only, and choosing it does nothing. */
  readonly choice?: T;
}

export interface LoadedItems<T> {
  readonly items: readonly PickItem<T>[];
  /** Stands above the list. */
  readonly prompt?: string;
}

export interface PickOptions<T> {
  readonly place: Place;
  readonly placeholder: string;
  readonly buttons?: readonly BoxButton[];
  /** Loaded items come late, under a busy bar; undefined ends the pick as `left` by `empty`. */
  readonly items: readonly PickItem<T>[] | ((signal: AbortSignal) => Promise<LoadedItems<T> | undefined>);
  readonly selected?: (choice: T) => boolean;
  readonly many?: boolean;
  /** Said after Enter without any choice. */
  readonly noneChosen?: string;
  /** The step numbers may depend on what is highlighted. */
  readonly totalStepsOf?: (choice: T) => number;
  /** After the choice; the list is busy meanwhile. */
  readonly submit?: (choices: readonly T[], signal: AbortSignal) => Promise<Submitted<readonly T[]>>;
}

/** Asks for one or several items. */
export async function askPick<T>(options: PickOptions<T>): Promise<BoxOutcome<readonly T[]>> {
  const pick = vscode.window.createQuickPick<PickItem<T>>();
  const controller = new AbortController();
  const disposables: Disposable[] = [pick];
  pick.title = options.place.title;
  pick.step = options.place.step;
  pick.totalSteps = options.place.totalSteps;
  pick.placeholder = options.placeholder;
  pick.ignoreFocusOut = true;
  pick.canSelectMany = options.many === true;
  pick.matchOnDescription = true;
  const buttons = makeButtons(options.place, options.buttons ?? []);
  pick.buttons = [...buttons.keys()];

  const fill = (items: readonly PickItem<T>[]): void => {
    pick.items = items;
    const chosen = items.filter(({ choice }) => choice !== undefined && options.selected?.(choice) === true);
    if (options.many === true) pick.selectedItems = chosen;
    else {
      const first = chosen[0] ?? items.find(({ choice }) => choice !== undefined);
      if (first !== undefined) pick.activeItems = [first];
    }
  };

  try {
    return await new Promise<BoxOutcome<readonly T[]>>((resolve, reject) => {
      const settle = (outcome: BoxOutcome<readonly T[]>): void => {
        controller.abort();
        resolve(outcome);
      };
      const fail = (error: unknown): void => {
        if (!controller.signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
      };
      const accept = async (): Promise<void> => {
        const chosen = options.many === true ? pick.selectedItems : pick.activeItems.slice(0, 1);
        const choices = chosen.flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
        if (choices.length === 0) {
          if (options.many === true) pick.prompt = options.noneChosen;
          return;
        }
        if (options.submit === undefined) {
          settle({ kind: 'done', value: choices });
          return;
        }
        pick.busy = true;
        pick.enabled = false;
        const submitted = await options.submit(choices, controller.signal);
        if (controller.signal.aborted) return;
        if ('done' in submitted) {
          settle({ kind: 'done', value: submitted.done });
          return;
        }
        pick.busy = false;
        pick.enabled = true;
        pick.prompt = submitted.stay.message;
      };
      disposables.push(
        pick.onDidAccept(() => {
          if (!pick.busy) accept().catch(fail);
        }),
        pick.onDidChangeActive(([item]) => {
          if (item?.choice !== undefined && options.totalStepsOf !== undefined) {
            pick.totalSteps = options.totalStepsOf(item.choice);
          }
        }),
        pick.onDidHide(() => {
          if (!controller.signal.aborted) settle({ kind: 'closed' });
        }),
        pick.onDidTriggerButton((button) => {
          const chosen = buttons.get(button);
          if (chosen === 'back') settle({ kind: 'back' });
          else if (chosen?.leave !== undefined) settle({ kind: 'left', by: chosen.leave, text: '' });
          else if (chosen?.act !== undefined) void chosen.act();
        }),
      );
      pick.show();
      if (typeof options.items !== 'function') fill(options.items);
      else {
        pick.busy = true;
        options.items(controller.signal).then((loaded) => {
          if (controller.signal.aborted) return;
          if (loaded === undefined) {
            settle({ kind: 'left', by: 'empty', text: '' });
            return;
          }
          pick.busy = false;
          pick.prompt = loaded.prompt;
          fill(loaded.items);
        }, fail);
      }
    });
  } finally {
    controller.abort();
    for (const disposable of disposables) disposable.dispose();
  }
}

function makeButtons(place: Place, own: readonly BoxButton[]): Map<vscode.QuickInputButton, BoxButton | 'back'> {
  const buttons = new Map<vscode.QuickInputButton, BoxButton | 'back'>();
  if (place.canGoBack) buttons.set(vscode.QuickInputButtons.Back, 'back');
  for (const button of own) {
    buttons.set({ iconPath: new vscode.ThemeIcon(button.icon), tooltip: button.tooltip }, button);
  }
  return buttons;
}

function validation(remark: Remark | undefined): vscode.InputBoxValidationMessage | undefined {
  if (remark === undefined) return undefined;
  const severities = {
    error: vscode.InputBoxValidationSeverity.Error,
    warning: vscode.InputBoxValidationSeverity.Warning,
    info: vscode.InputBoxValidationSeverity.Info,
  };
  return { message: remark.message, severity: severities[remark.level] };
}
