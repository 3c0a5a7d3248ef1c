/** A reader of input that may be hostile, and what is asked of it. */
export interface FuzzTarget {
  /** Lower case with hyphens, unique: `versions-deb`. */
  readonly name: string;
  /** Genuine inputs, and small ones; mutation begins with these. At least one. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Words of the format that chance would hardly find: magic numbers, keywords. */
  readonly dictionary?: readonly (string | Uint8Array)[];
  /** Longest input that is tried, in bytes; 4,096 without it. Seeds may be longer. */
  readonly mostBytes?: number;
  /** Longest time that one input may take, in milliseconds; 1,000 without it. */
  readonly limitMs?: number;
  /** Executions of the short run among the unit tests; 1,000 without it. */
  readonly shortRun?: number;
  /**
   * Reads the input. May throw the declared errors (`EngineError`); whatever else it throws is a failure, so it may use
   * `assert`. A text that it returns names the way the input took: an input that takes a new way is mutated further. Few
   * thousand different texts at the most.
   */
  run(input: Uint8Array): string | undefined | Promise<string | undefined>;
}

/** Seeds from texts, as UTF-8. */
export function textSeeds(texts: Iterable<string>): readonly Uint8Array[] {
  return [...texts].map((text) => new TextEncoder().encode(text));
}
