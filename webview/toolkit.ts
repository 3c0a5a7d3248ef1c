import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeLink,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { custom, el, hiddenText, icon, put } from './dom.ts';
import type { Child, Props } from './dom.ts';

/** What the page uses of the controls' classes. */
interface ControlTags {
  'vscode-checkbox': HTMLElement & { checked: boolean };
  'vscode-dropdown': HTMLElement & { value: string };
  'vscode-panels': HTMLElement & { activeid: string };
  'vscode-text-field': HTMLElement & { value: string };
}

/** Makes a control of those that are registered below. */
function control<Tag extends keyof ControlTags>(
  tag: Tag,
  props: Props,
  ...children: readonly Child[]
): ControlTags[Tag] {
  return custom(tag, props, ...children) as ControlTags[Tag]; // the tag's class has these members
}

/**
 * Every form control of the page comes from this file, so that a successor of the toolkit is a change of this file alone.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeLink(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

export interface ButtonOptions {
  readonly label: string;
  readonly icon?: string;
  /** Absent: secondary. `icon` shows the icon alone; the label is its name and tooltip. */
  readonly look?: 'primary' | 'secondary' | 'icon';
  readonly class?: string;
  readonly title?: string;
  readonly popup?: 'listbox' | 'menu' | 'dialog';
  readonly onClick: (event: MouseEvent) => void;
}

export function button(options: ButtonOptions): HTMLElement {
  const { label, look = 'secondary', popup } = options;
  const isIcon = look === 'icon';
  const element = custom('vscode-button', {
    class: options.class ?? '',
    ...((options.title ?? (isIcon ? label : undefined)) !== undefined && { title: options.title ?? label }),
    attrs: {
      // Before `appearance`: without a label an icon button names itself in English.
      'aria-label': isIcon ? label : undefined,
      'aria-haspopup': popup,
      appearance: look,
    },
    on: { click: options.onClick },
  });
  if (isIcon) put(element, icon(options.icon ?? 'circle-filled'));
  else {
    if (options.icon !== undefined) {
      const start = icon(options.icon);
      start.slot = 'start';
      put(element, start);
    }
    put(element, label);
  }
  // The inner button exists once the control is in the document.
  if (popup !== undefined) queueMicrotask(() => setExpanded(element, false));
  return element;
}

/** Says whether the popup of a button is open. On the control itself, which has no role, the attribute means nothing. */
export function setExpanded(element: HTMLElement, isExpanded: boolean): void {
  element.shadowRoot?.querySelector('button')?.setAttribute('aria-expanded', String(isExpanded));
}

export interface DropdownOptions {
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export interface DropdownControl {
  readonly element: HTMLElement;
  set(value: string): void;
}

export function dropdown(options: DropdownOptions): DropdownControl {
  const element = control('vscode-dropdown', { attrs: { 'aria-label': options.label } });
  for (const { value, label } of options.choices) {
    put(
      element,
      custom('vscode-option', { attrs: { value, selected: value === options.value ? '' : undefined } }, label),
    );
  }
  element.addEventListener('change', () => options.onChange(element.value));
  return {
    element,
    set: (value) => {
      if (element.value !== value) element.value = value;
    },
  };
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = control('vscode-checkbox', {}, label);
  element.checked = checked;
  element.addEventListener('change', () => onChange(element.checked));
  return element;
}

export interface TextFieldControl {
  readonly element: HTMLElement;
  value: string;
  /** Caret, counted from 0. */
  caret(): number;
  setCaret(at: number): void;
}

export function textField(options: {
  readonly label: string;
  readonly placeholder: string;
  readonly maxLength: number;
  readonly icon: string;
  readonly onInput: () => void;
}): TextFieldControl {
  const element = control('vscode-text-field', {
    attrs: { placeholder: options.placeholder, maxlength: String(options.maxLength) },
    on: { input: options.onInput },
  });
  // Once it is in the document the control names itself "Text field", whatever name it was given before.
  queueMicrotask(() => element.setAttribute('aria-label', options.label));
  const start = icon(options.icon);
  start.slot = 'start';
  put(element, start);
  const inner = () => element.shadowRoot?.querySelector('input');
  return {
    element,
    get value() {
      return element.value;
    },
    set value(value: string) {
      element.value = value;
      // The control passes it on with the next frame; a key pressed before that would be added to the old text.
      const field = inner();
      if (field) field.value = value;
    },
    caret: () => inner()?.selectionEnd ?? element.value.length,
    setCaret: (at) => inner()?.setSelectionRange(at, at),
  };
}

/** A link to an https address, opened by the host. */
export function link(text: string, url: string, onOpen: (url: string) => void): HTMLElement {
  return custom(
    'vscode-link',
    {
      class: 'data',
      title: url,
      attrs: { href: url },
      on: {
        click: (event) => {
          event.preventDefault();
          event.stopPropagation();
          onOpen(url);
        },
      },
    },
    text,
  );
}

/** Shows that something is going on. */
export function progressRing(label: string): HTMLElement {
  // The control names itself in English and interrupts screen readers: it is for the eyes alone, the label stands beside it.
  const ring = custom('vscode-progress-ring', { attrs: { 'aria-hidden': 'true' } });
  return el('span', { class: 'busy' }, ring, hiddenText(label));
}

export interface PanelsControl<Id extends string> {
  readonly element: HTMLElement;
  select(id: Id): void;
  readonly view: Readonly<Record<Id, HTMLElement>>;
}

/** Tabs with their panels. */
export function panels<Id extends string>(options: {
  /** Begins the ids of tabs and panels. */
  readonly id: string;
  readonly label: string;
  readonly tabs: readonly { readonly id: Id; readonly label: string }[];
  readonly active: Id;
  readonly onChange: (id: Id) => void;
}): PanelsControl<Id> {
  const idOf = (id: Id) => `${options.id}-${id}`;
  const element = control('vscode-panels', {
    // The moving underline waits for an animation that reduced motion never runs; the selected tab is marked by style.
    attrs: { 'aria-label': options.label, activeid: idOf(options.active), activeindicator: 'false' },
  });
  const views = new Map<Id, HTMLElement>();
  const tabs = options.tabs.map(({ id, label }) => custom('vscode-panel-tab', { id: idOf(id) }, label));
  for (const { id } of options.tabs) {
    views.set(id, custom('vscode-panel-view', { id: `${idOf(id)}-view` }));
  }
  put(element, ...tabs, ...views.values());
  element.addEventListener('change', (event) => {
    if (event.target !== element) return;
    const chosen = options.tabs.find(({ id }) => idOf(id) === element.activeid);
    if (chosen !== undefined) options.onChange(chosen.id);
  });
  return {
    element,
    view: Object.fromEntries(views) as Record<Id, HTMLElement>, // one for each tab
    select: (id) => {
      if (element.activeid !== idOf(id)) element.activeid = idOf(id);
    },
  };
}
