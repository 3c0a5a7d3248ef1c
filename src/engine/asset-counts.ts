import { type Severity, severities } from '../core/severity.ts';
import type { SeverityCounts } from '../report/contract.ts';
import type { FindingListItem } from '../report/list-item.ts';

/** Open findings of assets and of what they lie in. */
export interface CountsOf {
  readonly counts: SeverityCounts;
  readonly denied: number;
}

const none: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };

/** Counts by asset id, made once for each state of the findings. */
export class AssetCounts {
  readonly #counts = new Map<string, Record<Severity, number>>();
  readonly #denied = new Map<string, number>();

  constructor(items: Iterable<FindingListItem>) {
    for (const item of items) {
      const ids = new Set([item.assetId, ...item.within, ...this.#parents(item)]);
      if (item.state === 'denied' || item.state === 'unreadable') {
        for (const id of ids) this.#denied.set(id, (this.#denied.get(id) ?? 0) + 1);
      } else if ((item.state === 'open' || item.state === 'new') && item.severity !== 'none') {
        for (const id of ids) {
          let counts = this.#counts.get(id);
          if (counts === undefined) this.#counts.set(id, (counts = { ...none }));
          counts[item.severity] += 1;
        }
      }
    }
  }

  *#parents({ connectionId, subscriptionId, assetId, within }: FindingListItem): Generator<string> {
    if (connectionId !== undefined) yield connectionId;
    if (subscriptionId !== undefined) yield `/subscriptions/${subscriptionId}`;
    // a workload lies in its namespace and cluster
    for (const id of [assetId, ...within]) {
      if (!id.startsWith('k8s:')) continue;
      const parts = id.split('/');
      yield parts.slice(0, -2).join('/');
      yield parts.slice(0, -3).join('/').slice('k8s:'.length);
    }
  }

  of(id: string): CountsOf {
    return { counts: this.#counts.get(id) ?? none, denied: this.#denied.get(id) ?? 0 };
  }

  /** Greater is worse; for sorting siblings. */
  risk(id: string): number {
    const { counts } = this.of(id);
    let risk = 0;
    for (const severity of severities) risk = risk * 1000 + Math.min(999, counts[severity]);
    return risk;
  }
}
