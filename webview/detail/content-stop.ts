/**
 * Makes a panel with links and buttons one tab stop: Enter or the arrow inward goes to the first of them, arrows go on,
 * Esc comes back to the panel. The panel itself scrolls with the arrow keys.
 */
export class ContentStop {
  readonly #panel: HTMLElement;
  readonly #onEscape: () => void;

  constructor(panel: HTMLElement, describedBy: string, onEscape: () => void) {
    this.#panel = panel;
    this.#onEscape = onEscape;
    panel.tabIndex = 0;
    panel.setAttribute('aria-describedby', describedBy);
    panel.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** To be called when the content changed. */
  refresh(): void {
    for (const item of this.#items()) item.tabIndex = -1;
  }

  #items(): readonly HTMLElement[] {
    const all = this.#panel.querySelectorAll<HTMLElement>('vscode-button, vscode-link, button');
    // Of tabs inside, the selected one stands for all: its own arrows lead to the others.
    return [...all].filter((item) => item.offsetParent !== null && item.getAttribute('aria-selected') !== 'false');
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const items = this.#items();
    const at = items.findIndex((item) => item.contains(event.target as Node)); // keys come from elements
    const inside = at >= 0;
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const backward = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    let next: HTMLElement | undefined;
    if (event.key === 'Escape') {
      if (inside) next = this.#panel;
      else {
        event.preventDefault();
        event.stopPropagation();
        this.#onEscape();
        return;
      }
    } else if (!inside) {
      if (event.key === 'Enter' || event.key === forward) next = items[0];
    } else if (event.key === forward || event.key === 'ArrowDown') next = items[at + 1];
    else if (event.key === backward || event.key === 'ArrowUp') next = items[at - 1] ?? this.#panel;
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.refresh();
    next.focus();
  }
}
