import type { FindingRow, FindingsPage, FindingsQuery, ToHost } from '../../src/report/contract.ts';

export type AskRows = Extract<ToHost, { type: 'query' }>;

const blockSize = 100;
/** Blocks kept: 6,000 rows, some two megabytes. */
const maxBlocks = 60;

/**
 * The rows of the current query, in blocks that are asked for when they come into view. One question is under way at a
 * time; while it is, only the latest wish is remembered, so that fast scrolling does not queue up.
 */
export class RowStore {
  totalRows = 0;
  /** The last answer to the current query; undefined before the first. */
  page: FindingsPage | undefined;
  readonly #ask: (message: AskRows) => void;
  /** Called when rows came that the first answer did not bring. */
  readonly #onRows: () => void;
  #query: FindingsQuery;
  #queryId = 0;
  #blocks = new Map<number, readonly FindingRow[]>();
  /** True until the first answer to the current query: the rows are those of the one before. */
  #isOld = true;
  #underWay: { readonly offset: number; readonly limit: number } | undefined;
  #wanted: readonly [number, number] | undefined;

  constructor(query: FindingsQuery, ask: (message: AskRows) => void, onRows: () => void) {
    this.#query = query;
    this.#ask = ask;
    this.#onRows = onRows;
  }

  get query(): FindingsQuery {
    return this.#query;
  }

  /** True while the answer to a new query is awaited. */
  get isWaiting(): boolean {
    return this.#isOld;
  }

  /** The query to start with. */
  setQuery(query: FindingsQuery): void {
    this.#query = query;
  }

  /** Starts a new query, or the same one again on changed data. `around` is the row to ask for first. */
  start(query: FindingsQuery, around: number, locate: string | undefined): void {
    this.#query = query;
    this.#queryId += 1;
    this.#isOld = true;
    this.#wanted = undefined;
    const offset = Math.max(0, blockStart(around) - blockSize);
    this.#send(offset, 3 * blockSize, true, locate);
  }

  row(at: number): FindingRow | undefined {
    return this.#blocks.get(Math.floor(at / blockSize))?.[at % blockSize];
  }

  /** Asks for rows in view that are not here; both ends included. */
  need(first: number, last: number): void {
    if (this.#isOld) return;
    const from = Math.max(0, first);
    const to = Math.min(this.totalRows - 1, last);
    for (let at = blockStart(from); at <= to; at += blockSize) {
      if (this.#blocks.has(at / blockSize)) continue;
      if (this.#underWay === undefined) {
        this.#send(at, Math.min(5, Math.ceil((to - at + 1) / blockSize)) * blockSize, false, undefined);
      } else if (at < this.#underWay.offset || at >= this.#underWay.offset + this.#underWay.limit) {
        this.#wanted = [at, to];
      }
      return;
    }
  }

  /** Takes an answer; false when it belongs to an older query. */
  take(page: FindingsPage): boolean {
    if (page.queryId !== this.#queryId) return false;
    const isFirst = this.#isOld;
    if (isFirst) {
      this.#blocks = new Map();
      this.#isOld = false;
    }
    this.#underWay = undefined;
    this.totalRows = page.totalRows;
    this.page =
      page.facets === undefined && this.page?.facets !== undefined ? { ...page, facets: this.page.facets } : page;
    for (let at = 0; at < page.rows.length; at += blockSize) {
      const block = (page.offset + at) / blockSize;
      // Moved to the end: the map's order is that of use.
      this.#blocks.delete(block);
      this.#blocks.set(block, page.rows.slice(at, at + blockSize));
    }
    for (const block of this.#blocks.keys()) {
      if (this.#blocks.size <= maxBlocks) break;
      this.#blocks.delete(block);
    }
    if (!isFirst) this.#onRows();
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) this.need(...wanted);
    return true;
  }

  #send(offset: number, limit: number, facets: boolean, locate: string | undefined): void {
    this.#underWay = { offset, limit };
    this.#ask({
      type: 'query',
      queryId: this.#queryId,
      query: this.#query,
      offset,
      limit,
      facets,
      ...(locate !== undefined && { locate }),
    });
  }
}

function blockStart(row: number): number {
  return Math.floor(row / blockSize) * blockSize;
}
