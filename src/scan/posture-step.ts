import { isAtOrBelow, subscriptionOf } from '../azure/resource-id.ts';
import type { Connection } from '../azure/types.ts';
import { TurnTaker } from '../core/concurrency.ts';
import type { TagSource } from '../findings/facts.ts';
import { findingOfPosture } from '../findings/from-posture.ts';
import type { AssetRef, FindingDraft } from '../findings/types.ts';
import { isType, registryType } from '../inventory/assets.ts';
import type { ArmResource, Snapshot } from '../inventory/types.ts';
import { allChecks, checkById } from '../posture/checks/index.ts';
import { applicationOf } from './application.ts';
import type { ScanPorts } from './ports.ts';

/** Types that the checks look at; the rest of the snapshot need not cross to the worker thread. */
const judgedTypes: readonly string[] = [...new Set(allChecks.map(({ target }) => target.toLowerCase()))];

/** Judges the configuration of a connection's resources and writes the findings. */
export async function judgePosture(
  ports: ScanPorts,
  connection: Connection,
  snapshot: Snapshot,
  scanId: string,
  signal: AbortSignal,
): Promise<void> {
  const resources = snapshot.resources.filter(({ id, type }) => isJudged(id, type));
  const results = await ports.posture({ ...snapshot, resources }, signal);
  const index = new ResourceIndex(snapshot);
  const drafts: FindingDraft[] = [];
  let evaluated = 0;
  const turns = new TurnTaker();
  for (const result of results) {
    await turns.pause();
    signal.throwIfAborted();
    const check = checkById(result.check);
    if (check === undefined) continue;
    if (result.status === 'pass' || result.status === 'fail') evaluated++;
    const subscription = subscriptionOf(result.resource);
    const tags = index.tags(result.resource);
    const draft = findingOfPosture({
      result,
      check,
      asset: index.asset(connection, result.resource),
      connectionId: connection.id,
      ...(subscription === undefined ? {} : { subscriptionId: subscription }),
      application: applicationOf(
        tags.map((each) => each.tags),
        ports.settings().applicationTagKeys,
      ),
      tags,
      business: ports.business,
      at: snapshot.now,
    });
    if (draft !== undefined) drafts.push(draft);
  }
  const outOfReach = snapshot.errors.map(({ id }) => id);
  await ports.store.applyResults(
    `posture:${connection.id}`,
    connection.id,
    scanId,
    drafts,
    (finding) => ports.listItem(finding, []),
    (finding) => outOfReach.some((id) => isAtOrBelow(finding.asset.id, id)),
  );
  ports.store.putDocument('posture', connection.id, connection.id, {
    applicable: results.length,
    evaluated,
    denied: results.filter(({ status }) => status === 'denied').length,
    unreadable: results.filter(({ status }) => status === 'unreadable').length,
    at: snapshot.now,
  });
}

function isJudged(id: string, type: string): boolean {
  const lower = type.toLowerCase();
  if (judgedTypes.some((each) => lower === each || lower.startsWith(`${each}/`))) return true;
  return (
    lower === 'microsoft.insights/diagnosticsettings' &&
    judgedTypes.some((each) => id.toLowerCase().includes(`/${each}/`))
  );
}

/** What a snapshot tells about an id: the resource, its names and its tags. */
class ResourceIndex {
  readonly #snapshot: Snapshot;
  readonly #byId: ReadonlyMap<string, ArmResource>;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#byId = new Map(snapshot.resources.map((resource) => [resource.id.toLowerCase(), resource]));
  }

  get(id: string): ArmResource | undefined {
    return this.#byId.get(id.toLowerCase());
  }

  asset(connection: Connection, id: string): AssetRef {
    const lower = id.toLowerCase();
    const resource = this.#byId.get(lower);
    const subscription = this.#snapshot.subscriptions.find((each) => isAtOrBelow(id, each.id));
    const whole = subscription?.id.toLowerCase() === lower;
    const name = whole ? subscription.displayName : (resource?.name ?? lower.slice(lower.lastIndexOf('/') + 1));
    const kind = whole
      ? 'subscription'
      : resource !== undefined && isType(resource, registryType)
        ? 'registry'
        : 'resource';
    const path = [
      connection.name,
      ...(subscription === undefined ? [] : [subscription.displayName]),
      ...(whole ? [] : [name]),
    ];
    return { id: lower, kind, name, path };
  }

  /** Tags of the resource, then of its group. */
  tags(id: string): TagSource[] {
    const out: TagSource[] = [];
    const resource = this.get(id);
    if (resource !== undefined) out.push({ where: 'resource', tags: resource.tags ?? {} });
    const group = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/i.exec(id)?.[0];
    const groupResource = group === undefined ? undefined : this.get(group);
    if (groupResource !== undefined) out.push({ where: 'resource group', tags: groupResource.tags ?? {} });
    return out;
  }
}
