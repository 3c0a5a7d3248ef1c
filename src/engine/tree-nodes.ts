import type { Connection } from '../azure/types.ts';
import type { VerifyResult } from '../connectivity/types.ts';
import { describeError, isEngineError } from '../core/errors.ts';
import type { AssetNode, NodeKind } from '../engine-contract.ts';
import { familyOf, isType, plainTypeName, registryType } from '../inventory/assets.ts';
import type { ListedImage } from '../inventory/registry-tree.ts';
import type { ArmResource, ReadError, SnapshotSubscription } from '../inventory/types.ts';
import type { ClusterFacts } from '../kubernetes/cluster-facts.ts';
import type { RunningContainer, Workload } from '../kubernetes/types.ts';
import type { RegistryFacts } from '../azure/registry-facts.ts';
import { roleForAction } from '../azure/roles.ts';
import type { ImageRecord } from '../scan/documents.ts';

export function node(
  kind: NodeKind,
  id: string,
  label: string,
  connectionId: string,
  more: Partial<AssetNode> = {},
): AssetNode {
  return { id, kind, label, connectionId, flags: [], hasChildren: false, facts: [], ...more };
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function connectionNode(connection: Connection, subscriptions: number | undefined): AssetNode {
  const facts = [
    ...(connection.description === undefined ? [] : [{ label: 'Description', value: connection.description }]),
    ...(connection.verifiedAt === undefined ? [] : [{ label: 'Verified', value: connection.verifiedAt }]),
    ...(connection.lastScanAt === undefined ? [] : [{ label: 'Last scan', value: connection.lastScanAt }]),
  ];
  return node('connection', connection.id, connection.name, connection.id, {
    flags: ['canScan', 'canVerify', `state-${connection.state}`].sort(),
    hasChildren: true,
    assetId: connection.id,
    assetKind: 'connection',
    facts,
    ...(subscriptions === undefined ? {} : { description: plural(subscriptions, 'subscription', 'subscriptions') }),
  });
}

export function connectivityNode(
  connectionId: string,
  result: VerifyResult | undefined,
  ago: (iso: string) => string,
): AssetNode {
  const id = `${connectionId}/connectivity`;
  if (result === undefined) {
    return node('connectivity', id, 'Connectivity', connectionId, {
      description: 'not verified yet',
      flags: ['state-none'],
    });
  }
  const passed = result.steps.filter(({ state }) => state === 'pass').length;
  return node('connectivity', id, 'Connectivity', connectionId, {
    description: `${passed} of ${result.steps.length} steps passed · ${ago(result.startedAt)} · from ${result.ranFrom}`,
    flags: ['hasResult', `state-${result.verdict}`].sort(),
    hasChildren: result.steps.length > 0,
  });
}

export function stepNodes(connectionId: string, result: VerifyResult): AssetNode[] {
  return result.steps.map((step) =>
    node('step', `${connectionId}/connectivity/${step.id}`, step.title, connectionId, {
      flags: [
        `state-${step.state}`,
        ...(step.command === undefined ? [] : ['hasCommand']),
        ...(step.link === undefined ? [] : ['hasLink']),
      ].sort(),
      step,
      ...(step.reason === undefined ? {} : { reason: step.reason }),
      ...(step.nextStep === undefined ? {} : { nextStep: step.nextStep }),
      ...(step.command === undefined ? {} : { command: step.command }),
    }),
  );
}

export function subscriptionNode(connectionId: string, subscription: SnapshotSubscription): AssetNode {
  const guid = subscription.id.slice('/subscriptions/'.length);
  const locked = subscription.state !== undefined && !/^enabled$/i.test(subscription.state);
  return node(
    'subscription',
    `${connectionId}${subscription.id}`.toLowerCase(),
    subscription.displayName,
    connectionId,
    {
      description: [`…${guid.slice(-4)}`, ...(locked ? [subscription.state.toLowerCase()] : [])].join(' · '),
      flags: ['canScan', 'inPortal'],
      hasChildren: true,
      assetId: subscription.id.toLowerCase(),
      assetKind: 'subscription',
      facts: [
        { label: 'Subscription', value: guid },
        ...(subscription.tenantId === undefined ? [] : [{ label: 'Tenant', value: subscription.tenantId }]),
      ],
    },
  );
}

export function registryNode(connectionId: string, facts: RegistryFacts): AssetNode {
  const isPrivate = facts.publicNetworkAccess === false;
  return node('registry', `${connectionId}${facts.id}`.toLowerCase(), facts.name, connectionId, {
    description: [facts.sku, facts.location, isPrivate ? 'private' : undefined]
      .filter((part) => part !== undefined && part !== '')
      .join(' · '),
    flags: ['canScan', 'inPortal'],
    hasChildren: true,
    assetId: facts.id.toLowerCase(),
    assetKind: 'registry',
    facts: [
      { label: 'Resource', value: facts.id },
      { label: 'Login server', value: facts.loginServer },
      {
        label: 'Resource Manager tokens',
        value:
          facts.acceptsArmTokens === 'unknown'
            ? 'not known'
            : facts.acceptsArmTokens
              ? 'accepted'
              : 'refused: registry-scoped tokens are used',
      },
    ],
  });
}

export function repositoryNode(
  connectionId: string,
  registry: RegistryFacts,
  repository: string,
  running: number | undefined,
  linked: boolean,
): AssetNode {
  return node(
    'repository',
    `${connectionId}/repository/${registry.loginServer}/${repository}`,
    repository,
    connectionId,
    {
      flags: ['canScan', ...(linked ? ['linked'] : [])],
      hasChildren: true,
      assetId: `repository:${registry.loginServer}/${repository}`,
      assetKind: 'repository',
      facts: [{ label: 'Repository', value: `${registry.loginServer}/${repository}` }],
      ...(running === undefined || running === 0 ? {} : { description: `${running} running` }),
    },
  );
}

export function imageNode(
  connectionId: string,
  registry: RegistryFacts,
  image: ListedImage,
  record: ImageRecord | undefined,
  runningClusters: number,
  ago: (iso: string) => string,
): AssetNode {
  const digest = record?.digest ?? image.digest;
  const label = image.tag ?? image.digest.slice('sha256:'.length, 'sha256:'.length + 12);
  const description = [
    ...(runningClusters === 0 ? [] : [`running in ${plural(runningClusters, 'cluster', 'clusters')}`]),
    ...(record === undefined ? [image.isImage ? 'not scanned' : 'not an image'] : [`scanned ${ago(record.scannedAt)}`]),
    ...(image.locked ? ['locked'] : []),
  ];
  return node(
    'image',
    `${connectionId}/image/${registry.loginServer}/${image.repository}@${image.digest}/${image.tag ?? ''}`,
    label,
    connectionId,
    {
      description: description.join(' · '),
      flags: [
        ...(image.isImage && !image.locked ? ['canScan'] : []),
        ...(record === undefined ? [] : ['hasSbom']),
        ...(record === undefined || record.links.length === 0 ? [] : ['linked']),
        ...(runningClusters === 0 ? [] : ['running']),
      ].sort(),
      assetId: `image:${registry.loginServer}/${image.repository}@${digest}`,
      assetKind: 'image',
      facts: [
        {
          label: 'Image',
          value: `${registry.loginServer}/${image.repository}${image.tag === undefined ? '' : `:${image.tag}`}`,
        },
        { label: 'Digest', value: image.digest },
        ...platformOf(image, record),
        ...(image.sizeBytes === undefined || image.isIndex
          ? []
          : [{ label: 'Size', value: `${(image.sizeBytes / 1_000_000).toFixed(1)} MB` }]),
        ...(image.updatedAt === undefined ? [] : [{ label: 'Updated', value: image.updatedAt }]),
        ...(record?.os === undefined ? [] : [{ label: 'Operating system', value: record.os }]),
        ...(record === undefined ? [] : [{ label: 'Packages', value: String(record.packages) }]),
        ...(record?.base?.name === undefined ? [] : [{ label: 'Base image', value: record.base.name }]),
        ...(record?.links ?? [])
          .slice(0, 2)
          .map(({ path, score }) => ({ label: 'Dockerfile', value: `${path} (${score})` })),
      ],
    },
  );
}

/** Of an index the platform that was chosen, which the registry's list does not tell. */
function platformOf(image: ListedImage, record: ImageRecord | undefined): { label: string; value: string }[] {
  if (image.platform !== undefined) return [{ label: 'Platform', value: image.platform }];
  if (record === undefined) return image.isIndex ? [{ label: 'Platform', value: 'several' }] : [];
  return [{ label: 'Platform', value: image.isIndex ? `${record.platform}, chosen from several` : record.platform }];
}

export function clusterNode(connectionId: string, facts: ClusterFacts): AssetNode {
  return node('cluster', `${connectionId}${facts.id}`.toLowerCase(), facts.name, connectionId, {
    description: [
      facts.version,
      facts.location,
      facts.privateApi ? 'private' : undefined,
      facts.power === 'stopped' ? 'stopped' : undefined,
    ]
      .filter((part) => part !== undefined && part !== '')
      .join(' · '),
    flags: ['canScan', 'inPortal'],
    hasChildren: true,
    assetId: facts.id.toLowerCase(),
    assetKind: 'cluster',
    facts: [
      { label: 'Resource', value: facts.id },
      { label: 'Local accounts', value: facts.localAccountsDisabled ? 'off' : 'on' },
    ],
  });
}

export function namespaceNode(
  connectionId: string,
  clusterId: string,
  namespace: string,
  workloads: number,
): AssetNode {
  const assetId = `k8s:${clusterId.toLowerCase()}/${namespace}`;
  return node('namespace', `${connectionId}/${assetId}`, namespace, connectionId, {
    description: plural(workloads, 'workload', 'workloads'),
    flags: ['canScan'],
    hasChildren: workloads > 0,
    assetId,
    assetKind: 'namespace',
  });
}

export function workloadNode(connectionId: string, workload: Workload): AssetNode {
  const { exposure } = workload;
  const exposed = exposure.class === 'internet';
  const words: Readonly<Record<string, string>> = {
    internet: 'internet-facing',
    'source-limited': 'reachable from some addresses',
    'internal-lb': 'internal load balancer',
    unknown: 'exposure not known',
  };
  return node('workload', `${connectionId}/${workload.id}`, `${workload.kind}/${workload.name}`, connectionId, {
    description: [words[exposure.class], plural(workload.replicas, 'replica', 'replicas')]
      .filter((part) => part !== undefined)
      .join(' · '),
    flags: ['canScan', ...(exposed ? ['internetFacing'] : [])],
    hasChildren: workload.containers.length > 0,
    assetId: workload.id,
    assetKind: 'workload',
    internetFacing: exposed,
    facts: [
      { label: 'Exposure', value: exposure.class },
      ...exposure.routes
        .slice(0, 4)
        .map(({ ref, field, value }) => ({ label: 'Route', value: `${ref} ${field}: ${value}` })),
      ...exposure.missing.slice(0, 3).map((missing) => ({ label: 'Not read', value: missing })),
      ...(workload.serviceAccount === undefined ? [] : [{ label: 'Service account', value: workload.serviceAccount }]),
    ],
  });
}

export function containerNodes(
  connectionId: string,
  workload: Workload,
  assetOf: (container: RunningContainer) => string | undefined,
): AssetNode[] {
  const byName = new Map<string, RunningContainer>();
  for (const container of workload.containers) {
    const known = byName.get(container.container);
    if (known === undefined || (!known.running && container.running)) byName.set(container.container, container);
  }
  return [...byName.values()].map((container) => {
    const assetId = assetOf(container);
    return node(
      'container',
      `${connectionId}/${workload.id}/${container.container}`,
      container.container,
      connectionId,
      {
        description: container.image,
        flags: [...(assetId === undefined ? [] : ['canScan']), ...(container.running ? ['running'] : [])],
        facts: [
          { label: 'Image', value: container.image },
          ...(container.digest === undefined ? [] : [{ label: 'Digest', value: container.digest }]),
        ],
        ...(assetId === undefined ? {} : { assetId, assetKind: 'image' as const }),
      },
    );
  });
}

export function resourceTypeNode(connectionId: string, subscriptionId: string, type: string, count: number): AssetNode {
  return node(
    'resourceType',
    `${connectionId}${subscriptionId}/type/${type}`.toLowerCase(),
    plainTypeName(type),
    connectionId,
    {
      description: String(count),
      hasChildren: true,
      facts: [{ label: 'Type', value: type }],
    },
  );
}

export function resourceNode(connectionId: string, resource: ArmResource): AssetNode {
  return node('resource', `${connectionId}${resource.id}`.toLowerCase(), resource.name, connectionId, {
    flags: ['inPortal'],
    assetId: resource.id.toLowerCase(),
    assetKind: isType(resource, registryType) ? 'registry' : 'resource',
    family: familyOf(resource.type),
    facts: [
      { label: 'Resource', value: resource.id },
      ...Object.entries(resource.tags ?? {})
        .slice(0, 5)
        .map(([key, value]) => ({ label: `Tag ${key}`, value })),
    ],
    ...(resource.location === undefined ? {} : { description: resource.location }),
  });
}

/** A node for something that could not be read, in place of it. */
export function failureNode(parentId: string, connectionId: string, what: string, error: unknown): AssetNode {
  const { code, message, nextStep } = describeError(error);
  if (code === 'access-denied') {
    const action =
      isEngineError(error) && 'action' in error && typeof error.action === 'string' ? error.action : undefined;
    return deniedNode(`${parentId}/denied`, connectionId, what, permissionInWords(action, message), message, nextStep);
  }
  return node('error', `${parentId}/error`, `Could not load ${what}`, connectionId, {
    description: shortReason(message),
    flags: ['canRetry'],
    reason: message,
    nextStep,
  });
}

export function deniedNode(
  id: string,
  connectionId: string,
  what: string,
  missing: string,
  reason: string,
  nextStep: string,
  command?: AssetNode['command'],
): AssetNode {
  return node('denied', id, `No access to ${what}`, connectionId, {
    description: shortReason(missing),
    flags: command === undefined ? [] : ['hasCommand'],
    reason,
    nextStep,
    ...(command === undefined ? {} : { command }),
  });
}

/** The node for an error of the snapshot; `assignee` is the client id that a role would be given to. */
export function readErrorNode(
  parentId: string,
  connectionId: string,
  error: ReadError,
  what: string,
  assignee: string | undefined,
): AssetNode {
  const scope = /^(\/subscriptions\/[^/]+)/i.exec(error.id)?.[1];
  const reason = error.message ?? `Azure answered ${error.status} ${error.code}`;
  if (error.status !== 403 && error.status !== 401) {
    return node('error', `${parentId}/error/${error.id.toLowerCase()}`, `Could not load ${what}`, connectionId, {
      description: shortReason(reason),
      flags: ['canRetry'],
      reason,
      nextStep: 'Try again; verify the connection if it stays.',
    });
  }
  const command =
    scope === undefined || assignee === undefined
      ? undefined
      : {
          label: 'Assign Reader',
          text: `az role assignment create --assignee ${assignee} --role Reader --scope ${scope}`,
        };
  return deniedNode(
    `${parentId}/denied/${error.id.toLowerCase()}`,
    connectionId,
    what,
    permissionInWords(error.action, error.code),
    reason,
    'Assign the Reader role.',
    command,
  );
}

/** The role that holds a missing action says more than the action does; the action stands in the reason. */
function permissionInWords(action: string | undefined, otherwise: string): string {
  if (action === undefined) return otherwise;
  const role = roleForAction(action);
  return role === undefined ? action : `${role.name} role missing`;
}

function shortReason(text: string): string {
  const words = text.trim().split(/\s+/);
  return words.length <= 10 ? words.join(' ') : `${words.slice(0, 10).join(' ')}…`;
}
