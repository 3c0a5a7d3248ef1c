import { el } from './dom.ts';

/** Says things to screen readers: news politely and at most once a second, errors at once. */
export class Announcer {
  readonly element: HTMLElement;
  readonly #polite = el('div', { role: 'status', attrs: { 'aria-live': 'polite' } });
  readonly #assertive = el('div', { role: 'alert' });
  #next: string | undefined;
  #waiting = false;

  constructor() {
    this.element = el('div', { class: 'visually-hidden' }, this.#polite, this.#assertive);
  }

  /** The latest text wins when several come within a second. */
  say(text: string): void {
    this.#next = text;
    if (this.#waiting) return;
    this.#flush();
  }

  alert(text: string): void {
    this.#assertive.textContent = text;
  }

  #flush(): void {
    if (this.#next === undefined) {
      this.#waiting = false;
      return;
    }
    // The same words twice are still news.
    this.#polite.textContent = this.#polite.textContent === this.#next ? `${this.#next}\u00a0` : this.#next;
    this.#next = undefined;
    this.#waiting = true;
    setTimeout(() => this.#flush(), 1000);
  }
}
