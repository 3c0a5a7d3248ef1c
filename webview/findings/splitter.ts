import { el } from '../dom.ts';

/** The part of the width that the list takes. */
export const split = { initial: 0.6, least: 0.25, most: 0.8, step: 0.02 } as const;

/** The border between list and details, moved by pointer and keyboard. */
export class Splitter {
  readonly element: HTMLElement;
  readonly #onMove: (split: number) => void;
  #split: number;

  constructor(label: string, initial: number, onMove: (split: number) => void) {
    this.#onMove = onMove;
    this.#split = initial;
    this.element = el('div', {
      class: 'splitter',
      role: 'separator',
      tabIndex: 0,
      attrs: {
        'aria-label': label,
        'aria-orientation': 'vertical',
        'aria-valuemin': String(split.least * 100),
        'aria-valuemax': String(split.most * 100),
        'aria-controls': 'findings-list',
      },
      on: {
        keydown: (event) => this.#onKey(event),
        pointerdown: (event) => this.#onPointer(event),
        dblclick: () => this.#set(split.initial),
      },
    });
    this.#tell();
  }

  #set(to: number): void {
    this.#split = Math.max(split.least, Math.min(split.most, to));
    this.#tell();
    this.#onMove(this.#split);
  }

  #tell(): void {
    this.element.setAttribute('aria-valuenow', String(Math.round(this.#split * 100)));
  }

  #onKey(event: KeyboardEvent): void {
    const rtl = document.documentElement.dir === 'rtl' ? -1 : 1;
    const step = event.shiftKey ? 5 * split.step : split.step;
    if (event.key === 'ArrowLeft') this.#set(this.#split - rtl * step);
    else if (event.key === 'ArrowRight') this.#set(this.#split + rtl * step);
    else if (event.key === 'Home') this.#set(split.least);
    else if (event.key === 'End') this.#set(split.most);
    else return;
    event.preventDefault();
  }

  #onPointer(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.element.classList.add('moving');
    const onMove = (move: PointerEvent) => {
      const part = move.clientX / window.innerWidth;
      this.#set(document.documentElement.dir === 'rtl' ? 1 - part : part);
    };
    const onEnd = () => {
      this.element.classList.remove('moving');
      this.element.removeEventListener('pointermove', onMove);
      this.element.removeEventListener('pointerup', onEnd);
      this.element.removeEventListener('pointercancel', onEnd);
    };
    this.element.addEventListener('pointermove', onMove);
    this.element.addEventListener('pointerup', onEnd);
    this.element.addEventListener('pointercancel', onEnd);
  }
}
