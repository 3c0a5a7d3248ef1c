/** What an element is made with. Values are set as properties, attributes and text; nothing is parsed as HTML. */
export interface Props {
  readonly class?: string;
  readonly id?: string;
  readonly role?: string;
  readonly title?: string;
  readonly hidden?: boolean;
  readonly tabIndex?: number;
  readonly attrs?: Readonly<Record<string, string | undefined>>;
  readonly on?: { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

/** Text becomes a text node; what is undefined is left out. */
export type Child = Node | string | undefined;

/** Makes an element; buttons submit nothing, and heading cells stand for their rows. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (element instanceof HTMLButtonElement) element.type = 'button';
  else if (element instanceof HTMLTableCellElement && tag === 'th') element.scope = 'row';
  return fill(element, props, ...children);
}

/** The headings of a table. */
export function headings(...texts: readonly string[]): HTMLElement {
  return el('thead', {}, el('tr', {}, ...texts.map((text) => el('th', { attrs: { scope: 'col' } }, text))));
}

/** Makes a custom element, such as a form control. */
export function custom(tag: `${string}-${string}`, props?: Props, ...children: readonly Child[]): HTMLElement {
  return fill(document.createElement(tag), props, ...children);
}

function fill<T extends HTMLElement>(element: T, props: Props | undefined, ...children: readonly Child[]): T {
  if (props?.class !== undefined) element.className = props.class;
  if (props?.id !== undefined) element.id = props.id;
  if (props?.role !== undefined) element.setAttribute('role', props.role);
  if (props?.title !== undefined) element.title = props.title;
  if (props?.hidden !== undefined) element.hidden = props.hidden;
  if (props?.tabIndex !== undefined) element.tabIndex = props.tabIndex;
  for (const [name, value] of Object.entries(props?.attrs ?? {})) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  for (const [type, listener] of Object.entries(props?.on ?? {})) {
    element.addEventListener(type, listener as EventListener); // types and listeners come in pairs
  }
  put(element, ...children);
  return element;
}

/** Appends children. */
export function put(element: Element, ...children: readonly Child[]): void {
  element.append(...children.filter((child) => child !== undefined));
}

/** Replaces the children. */
export function show(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined));
}

/** An icon of the codicon font; never the only bearer of a meaning. */
export function icon(name: string, extra = ''): HTMLElement {
  return el('span', { class: `codicon codicon-${name} ${extra}`.trim(), attrs: { 'aria-hidden': 'true' } });
}

/** Text for screen readers alone. */
export function hiddenText(text: string): HTMLElement {
  return el('span', { class: 'visually-hidden' }, text);
}

/** Third-party text: kept apart from the writing direction of what stands around it. */
export function data(text: string, extra = ''): HTMLElement {
  return el('span', { class: `data ${extra}`.trim() }, text);
}

/** True when the event has no modifier but Shift. */
export function isPlain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}
