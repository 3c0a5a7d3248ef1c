/**
 * The part of the DOM's `Element` that functions use which run inside the page. They read many elements in one go,
 * because lists reuse their rows while they scroll: read one by one, parts of different rows get mixed up.
 */
export interface PageElement {
  readonly textContent: string | null;
  readonly className: string;
  readonly offsetHeight: number;
  readonly style: { readonly top: string };
  getAttribute(name: string): string | null;
  querySelector(selectors: string): PageElement | null;
  querySelectorAll(selectors: string): Iterable<PageElement>;
}
