// What was asked of the lab, so that tests can say: only reads, to the right hosts, so many of them.

export interface RecordedRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `entra`, `arm`, `graph`, `registry.good`, `blobs`, `cluster.entra`, `mirror`, `elsewhere`, … */
  readonly role: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What stood in `Authorization`; audience and subject are those of a token. */
  readonly authorization: { readonly scheme: string; readonly audience?: string; readonly subject?: string };
  /** The first 64 KiB. */
  readonly body: string;
  /** 0 while there is no answer, and when the connection was closed instead. */
  readonly status: number;
  /** Why no reader may send this: a write, an unknown path, a token where none may go. */
  readonly violation?: string;
  /** Kinds of the faults that it met. */
  readonly faults: readonly string[];
}

/** The entry of a request that is still being answered. */
export type OpenEntry = { -readonly [key in keyof RecordedRequest]: RecordedRequest[key] };

export class Journal {
  readonly #limit: number;
  #entries: RecordedRequest[] = [];

  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  add(entry: RecordedRequest): void {
    if (this.#entries.length < this.#limit) this.#entries.push(entry);
  }

  list(): RecordedRequest[] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries = [];
  }
}
