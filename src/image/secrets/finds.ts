import type { SecretKind } from './kinds.ts';

/** A secret with its value: lives no longer than it takes to make its fingerprint. */
export interface SeenSecret {
  readonly kind: SecretKind;
  /** Offset in the text; absent when the whole file is meant. */
  readonly at?: number;
  readonly value: string | Uint8Array;
}

/** Secrets told of one text; a file with more is a dump, and these are enough to see it. */
const mostInText = 20;

/** Collects what is found; of two that overlap the first one stays. */
export class Finds {
  readonly seen: SeenSecret[] = [];
  readonly #taken: { readonly start: number; readonly end: number }[] = [];

  get isFull(): boolean {
    return this.seen.length >= mostInText;
  }

  add(kind: SecretKind, value: string, start: number): void {
    const end = start + value.length;
    if (this.isFull || this.#taken.some((other) => start < other.end && other.start < end)) return;
    this.#taken.push({ start, end });
    if (this.seen.some((other) => other.kind === kind && other.value === value)) return;
    this.seen.push({ kind, value, at: start });
  }
}
