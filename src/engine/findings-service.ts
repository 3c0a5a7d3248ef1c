import type { Clock } from '../core/clock.ts';
import type { Finding } from '../findings/types.ts';
import type { FindingDetail, FindingsFilter, FindingsPage } from '../report/contract.ts';
import { FindingIndex } from '../report/finding-index.ts';
import type { FindingListItem } from '../report/list-item.ts';
import { type FacetNames, FindingQueries, type FindingsRequest } from '../report/query.ts';
import type { StateStore } from '../store/state-store.ts';

/** Findings with the same cause that a detail lists. */
const mostSameCause = 200;

/** Longest time for which a list is shown although findings change all the time, as they do during a scan. */
const refreshMs = 1000;

/**
 * The one list that tree, report, badge and diagnostics read: compact items in memory, everything else on disk. Loaded
 * with the first question and again when findings have changed, in whatever window.
 */
export class FindingsService {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #names: () => FacetNames;
  #queries: FindingQueries | undefined;
  #version = -1;
  #loadedAt = 0;
  #loading: Promise<FindingQueries> | undefined;
  readonly #stop = new AbortController();

  constructor(store: StateStore, clock: Clock, names: () => FacetNames) {
    this.#store = store;
    this.#clock = clock;
    this.#names = names;
  }

  async queries(): Promise<FindingQueries> {
    const version = this.#store.findingsVersion();
    if (this.#queries !== undefined && version === this.#version) return this.#queries;
    if (this.#queries !== undefined && performance.now() - this.#loadedAt < refreshMs) return this.#queries;
    this.#loading ??= this.#load(version).finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(version: number): Promise<FindingQueries> {
    const items: FindingListItem[] = [];
    for await (const slice of this.#store.listItems()) {
      for (const text of slice) items.push(JSON.parse(text) as FindingListItem); // our own writing
    }
    const queries = new FindingQueries(await FindingIndex.build(items, this.#stop.signal), this.#names());
    this.#queries = queries;
    this.#version = version;
    this.#loadedAt = performance.now();
    return queries;
  }

  /** Ends loading; nothing may be asked afterwards. */
  dispose(): void {
    this.#stop.abort();
  }

  /** Takes what a scan has written into account at the next question. */
  invalidate(): void {
    this.#loadedAt = 0;
  }

  async page(request: FindingsRequest): Promise<FindingsPage> {
    return (await this.queries()).page(request, this.#clock.now());
  }

  async detail(id: string, portalUrl: (finding: Finding) => string | undefined): Promise<FindingDetail | undefined> {
    const finding = this.#store.finding(id);
    if (finding === undefined) return undefined;
    const { found, total } = (await this.queries()).sameCause(id, mostSameCause);
    const url = portalUrl(finding);
    return {
      finding,
      ...(url === undefined ? {} : { portalUrl: url }),
      sameCause: found,
      ...(total > found.length ? { sameCauseTotal: total } : {}),
    };
  }

  async *all(filter: FindingsFilter): AsyncGenerator<Finding, void, undefined> {
    const queries = await this.queries();
    for (const item of queries.matching(filter, this.#clock.now())) {
      const finding = this.#store.finding(item.id);
      if (finding !== undefined) yield finding;
    }
  }

  async counts(filter: FindingsFilter): Promise<ReturnType<FindingQueries['counts']>> {
    return (await this.queries()).counts(filter, this.#clock.now());
  }

  /** Items by asset, for counts in the tree and marks in Dockerfiles. */
  async matching(filter: FindingsFilter): Promise<Generator<FindingListItem, undefined, undefined>> {
    return (await this.queries()).matching(filter, this.#clock.now());
  }
}
