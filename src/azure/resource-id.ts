/** An ARM id in parts. Letter case is kept; compare without it. */
export interface ArmId {
  readonly subscriptionId: string;
  readonly group?: string;
  readonly resource?: {
    readonly group: string;
    readonly namespace: string;
    /** Types and names from the outermost resource to the innermost. */
    readonly path: readonly { readonly type: string; readonly name: string }[];
  };
}

/** Parts of an id below a subscription; undefined for any other text. Azure Resource Manager, "Resource ID format". */
export function parseArmId(id: string): ArmId | undefined {
  const parts = id.split('/').filter((part) => part !== '');
  if (parts[0]?.toLowerCase() !== 'subscriptions' || parts[1] === undefined) return undefined;
  const subscriptionId = parts[1].toLowerCase();
  if (parts.length === 2) return { subscriptionId };
  if (parts[2]?.toLowerCase() !== 'resourcegroups' || parts[3] === undefined) return undefined;
  const group = parts[3];
  if (parts.length === 4) return { subscriptionId, group };
  const [, , , , providers, namespace, ...rest] = parts;
  if (providers?.toLowerCase() !== 'providers' || namespace === undefined) return undefined;
  if (rest.length === 0 || rest.length % 2 !== 0) return undefined;
  const path: { type: string; name: string }[] = [];
  for (let at = 0; at < rest.length; at += 2) path.push({ type: rest[at] ?? '', name: rest[at + 1] ?? '' });
  return { subscriptionId, group, resource: { group, namespace, path } };
}

/** The subscription GUID of an ARM id, lower case. */
export function subscriptionOf(id: string): string | undefined {
  const match = /^\/subscriptions\/([0-9a-f-]{36})(?:\/|$)/i.exec(id);
  return match?.[1]?.toLowerCase();
}

/** Whether `id` is `scope` or lies below it, by whole path segments and without letter case. */
export function isAtOrBelow(id: string, scope: string): boolean {
  const inner = `${id.toLowerCase().replace(/\/+$/, '')}/`;
  const outer = `${scope.toLowerCase().replace(/\/+$/, '')}/`;
  return inner.startsWith(outer);
}
