import * as z from 'zod';
import type { Connection } from '../azure/types.ts';
import { type Severity, severities } from '../core/severity.ts';
import { isAsset } from '../inventory/assets.ts';
import type { AssetKind, FindingState } from '../findings/types.ts';
import type { ConnectionSummary, DashboardModel, ScanSummary, SeverityCounts } from '../report/contract.ts';
import type { FindingListItem } from '../report/list-item.ts';
import type { Documents } from '../scan/documents.ts';
import { registriesOf, clustersOf } from '../scan/estate.ts';
import type { StateStore } from '../store/state-store.ts';
import type { AdvisoryStatus } from '../advisories/types.ts';

export interface DashboardInput {
  readonly store: StateStore;
  readonly documents: Documents;
  readonly connections: readonly Connection[];
  readonly items: Iterable<FindingListItem>;
  readonly summaries: readonly ConnectionSummary[];
  readonly advisories: AdvisoryStatus;
  readonly running: ScanSummary | undefined;
  ago(iso: string): string;
}

const postureFigures = z.object({
  applicable: z.number(),
  evaluated: z.number(),
  denied: z.number(),
  unreadable: z.number(),
});

const emptyCounts = (): Record<Severity, number> => ({ critical: 0, high: 0, medium: 0, low: 0, info: 0 });

/** Causes that are shown under "Fix first". */
const mostCauses = 5;

/** Everything that the dashboard shows, from what is stored. */
export async function buildDashboard(input: DashboardInput): Promise<DashboardModel> {
  const { store, documents, connections, advisories, running } = input;
  const kinds = new Map<AssetKind, number>();
  const count = (kind: AssetKind, by: number): void => {
    if (by > 0) kinds.set(kind, (kinds.get(kind) ?? 0) + by);
  };
  const notScanned = new Map<string, number>();
  const miss = (reason: string, by: number): void => {
    if (by > 0) notScanned.set(reason, (notScanned.get(reason) ?? 0) + by);
  };
  const withoutAdvisories = new Map<string, string>();
  let evaluated = 0;
  let applicable = 0;
  let denied = 0;
  let unreadable = 0;
  let scanned = 0;
  for (const connection of connections) {
    const snapshot = await documents.snapshot(connection.id);
    if (snapshot === undefined) continue;
    const registries = registriesOf(snapshot);
    const clusters = clustersOf(snapshot);
    count('subscription', snapshot.subscriptions.length);
    count('registry', registries.length);
    count('cluster', clusters.length);
    const resources = snapshot.resources.filter(isAsset).length - registries.length - clusters.length;
    count('resource', Math.max(0, resources));
    scanned += registries.length + clusters.length + Math.max(0, resources);
    const closed = snapshot.subscriptions.filter(({ id }) =>
      snapshot.errors.some((error) => error.id.toLowerCase() === id.toLowerCase()),
    ).length;
    scanned += snapshot.subscriptions.length - closed;
    miss('no access to the subscription', closed);
    const records = documents.images(connection.id);
    count('image', records.length);
    scanned += records.length;
    for (const { record } of records) {
      for (const part of record.coverage) {
        if (part.state !== 'full')
          withoutAdvisories.set(`${record.repository} (${part.ecosystem})`, part.reason ?? part.state);
      }
    }
    let listed = 0;
    for (const { facts } of registries) {
      const record = documents.registry(facts.id);
      if (record?.error !== undefined) {
        miss(record.error.denied ? 'no access to the registry' : 'the registry could not be read', 1);
        scanned -= 1;
      }
      listed += new Set(
        (record?.images ?? [])
          .filter(({ isImage }) => isImage)
          .map(({ repository, digest }) => `${repository}@${digest}`),
      ).size;
    }
    const unread = Math.max(0, listed - records.length);
    count('image', unread);
    miss('older images, not running', unread);
    const states = documents.clusters(connection.id);
    for (const { state, error } of states) {
      if (error !== undefined) {
        miss(error.denied ? 'no access to the cluster' : 'the cluster could not be read', 1);
        scanned -= 1;
      }
      count('workload', state?.workloads.length ?? 0);
      scanned += state?.workloads.length ?? 0;
    }
    const skipped = documents.skipped(connection.id);
    count('image', skipped.length);
    for (const [reason, list] of Map.groupBy(skipped, (each) => each.reason)) miss(reason, list.length);
    const figures = postureFigures.safeParse(store.document('posture', connection.id)?.value);
    if (figures.success) {
      evaluated += figures.data.evaluated;
      applicable += figures.data.applicable;
      denied += figures.data.denied;
      unreadable += figures.data.unreadable;
    }
  }
  const tally = tallyFindings(input.items);
  const scans = store.scans(20).filter(({ state }) => state !== 'running');
  const [last] = scans;
  const lastScan = last === undefined ? undefined : { ...last, target: last.label };
  return {
    connections: input.summaries,
    assets: {
      total: [...kinds.values()].reduce((sum, each) => sum + each, 0),
      scanned,
      byKind: [...kinds].map(([kind, each]) => ({ kind, label: kindLabels[kind], count: each })),
      notScanned: [...notScanned].map(([reason, each]) => ({ reason, count: each })),
    },
    open: tally.open,
    states: tally.states,
    coverage: {
      evaluated,
      applicable,
      denied,
      unreadable,
      disabled: tally.states.disabled,
      withoutAdvisories: [...withoutAdvisories].map(([what, reason]) => ({ what, reason })),
    },
    ...(lastScan === undefined ? {} : { lastScan }),
    ...(running === undefined ? {} : { runningScan: running }),
    fixFirst: tally.causes,
    byApplication: tally.applications,
    advisories: advisoryText(advisories, (iso) => input.ago(iso)),
  };
}

const kindLabels: Readonly<Record<AssetKind, string>> = {
  connection: 'connections',
  subscription: 'subscriptions',
  registry: 'registries',
  repository: 'repositories',
  image: 'images',
  cluster: 'clusters',
  namespace: 'namespaces',
  workload: 'workloads',
  resource: 'other resources',
  dockerfile: 'Dockerfiles',
};

interface Cause {
  title: string;
  closes: number;
  worst: Severity;
  readonly check?: string;
  readonly asset?: string;
}

function tallyFindings(items: Iterable<FindingListItem>): {
  readonly open: SeverityCounts;
  readonly states: Readonly<Record<FindingState, number>>;
  readonly causes: DashboardModel['fixFirst'];
  readonly applications: DashboardModel['byApplication'];
} {
  const open = emptyCounts();
  const states: Record<FindingState, number> = {
    open: 0,
    new: 0,
    excepted: 0,
    fixed: 0,
    denied: 0,
    unreadable: 0,
    notAffected: 0,
    disabled: 0,
  };
  const causes = new Map<string, Cause>();
  const applications = new Map<string, Record<Severity, number>>();
  for (const item of items) {
    states[item.state] += 1;
    if (item.state !== 'open' && item.state !== 'new') continue;
    if (item.severity === 'none') continue;
    open[item.severity] += 1;
    let counts = applications.get(item.application);
    if (counts === undefined) applications.set(item.application, (counts = emptyCounts()));
    counts[item.severity] += 1;
    if (item.severity !== 'critical' && item.severity !== 'high') continue;
    if (item.kind === 'vulnerability' && item.fix === undefined) continue;
    // One change closes all findings of a package in one image; a check is fixed resource by resource.
    const key = item.packageName === undefined ? `check ${item.check}` : `package ${item.packageName} ${item.assetId}`;
    const known = causes.get(key);
    if (known === undefined) {
      causes.set(key, {
        title:
          item.packageName === undefined
            ? item.title
            : `Update ${item.packageName} to ${item.fix ?? ''} in ${item.assetName}`,
        closes: 1,
        worst: item.severity,
        ...(item.packageName === undefined ? { check: item.check } : { asset: item.assetId }),
      });
    } else {
      known.closes += 1;
      if (severities.indexOf(item.severity) < severities.indexOf(known.worst)) known.worst = item.severity;
    }
  }
  const fixFirst = [...causes.entries()]
    .sort(
      ([a, x], [b, y]) =>
        severities.indexOf(x.worst) - severities.indexOf(y.worst) || y.closes - x.closes || (a < b ? -1 : 1),
    )
    .slice(0, mostCauses)
    .map(([key, { title, closes, worst, check, asset }]) => ({
      title,
      closes,
      severity: worst,
      filter: {
        states: ['open' as const, 'new' as const],
        ...(check === undefined ? {} : { check }),
        ...(asset === undefined ? {} : { asset, text: key.split(' ')[1] ?? '' }),
      },
    }));
  const worstFirst = (a: SeverityCounts, b: SeverityCounts): number => {
    for (const severity of severities) if (a[severity] !== b[severity]) return b[severity] - a[severity];
    return 0;
  };
  return {
    open,
    states,
    causes: fixFirst,
    applications: [...applications]
      .map(([application, counts]) => ({ application, counts }))
      .sort((a, b) => worstFirst(a.counts, b.counts) || (a.application < b.application ? -1 : 1)),
  };
}

function advisoryText(status: AdvisoryStatus, ago: (iso: string) => string): DashboardModel['advisories'] {
  if (status.ecosystems.length === 0)
    return { text: 'No vulnerability data yet: it is downloaded with the first scan.', stale: true };
  const oldest = status.ecosystems.map(({ updatedAt }) => updatedAt).sort()[0] ?? '';
  const stale = status.ecosystems.filter((each) => each.stale).map(({ ecosystem }) => ecosystem);
  const names = status.ecosystems.map(({ ecosystem }) => ecosystem).join(', ');
  const remark = stale.length === 0 ? '' : ` The source of ${stale.join(', ')} has not changed for more than 14 days.`;
  return { text: `Vulnerability data of ${names}, from ${ago(oldest)}.${remark}`, stale: stale.length > 0 };
}
