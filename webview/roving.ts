import { isPlain } from './dom.ts';

export interface RovingOptions {
  /** The members in their order, of which one is a tab stop. */
  readonly items: () => readonly HTMLElement[];
  /** Up and down move as well. Controls that need them themselves are left alone. */
  readonly vertical?: boolean;
}

/** Makes the controls of a container one tab stop: arrows, Home and End move inside. */
export class Roving {
  readonly #options: RovingOptions;
  #active: HTMLElement | undefined;

  constructor(container: HTMLElement, options: RovingOptions) {
    this.#options = options;
    container.addEventListener('focusin', (event) => {
      const item = this.#itemOf(event.target);
      if (item !== undefined) this.#activate(item);
    });
    container.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** To be called when members came or went. */
  refresh(): void {
    const items = this.#visible();
    const active = this.#active !== undefined && items.includes(this.#active) ? this.#active : items[0];
    for (const item of this.#options.items()) setTabStop(item, item === active);
    this.#active = active;
  }

  focus(): void {
    this.refresh();
    this.#active?.focus();
  }

  #visible(): readonly HTMLElement[] {
    return this.#options.items().filter((item) => item.isConnected && item.offsetParent !== null);
  }

  #itemOf(target: EventTarget | null): HTMLElement | undefined {
    return target instanceof Node ? this.#options.items().find((item) => item.contains(target)) : undefined;
  }

  #activate(item: HTMLElement): void {
    this.#active = item;
    for (const other of this.#options.items()) setTabStop(other, other === item);
  }

  #onKey(event: KeyboardEvent): void {
    if (!isPlain(event) || event.shiftKey || event.defaultPrevented) return;
    const item = this.#itemOf(event.target);
    if (item === undefined) return;
    const step = this.#stepOf(event.key, item);
    if (step === undefined) return;
    const items = this.#visible();
    const at = items.indexOf(item);
    const next =
      step === 'first' ? items[0] : step === 'last' ? items.at(-1) : items[(at + step + items.length) % items.length];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#activate(next);
    next.focus();
  }

  #stepOf(key: string, item: HTMLElement): number | 'first' | 'last' | undefined {
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const backward = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    if (key === forward) return 1;
    if (key === backward) return -1;
    if (item.localName === 'vscode-dropdown') return undefined;
    if (key === 'Home') return 'first';
    if (key === 'End') return 'last';
    if (this.#options.vertical !== true) return undefined;
    return key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : undefined;
  }
}

/** A control that passes its focus on to a part of itself is a tab stop without an index. */
function setTabStop(item: HTMLElement, isStop: boolean): void {
  if (!isStop) item.tabIndex = -1;
  else if (item.shadowRoot?.delegatesFocus === true) item.removeAttribute('tabindex');
  else item.tabIndex = 0;
}
