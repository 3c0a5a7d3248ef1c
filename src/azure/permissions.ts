/** One entry of an effective-permissions answer, a role definition or a deny assignment. */
export interface PermissionEntry {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export type ActionKind = 'action' | 'dataAction';

/**
 * Whether the entries allow an action: some entry has a matching pattern and no matching exclusion of its own.
 * Exclusions of one entry do not subtract from another. Azure RBAC, "Understand Azure role definitions".
 * Kind `any` looks in both buckets.
 */
export function isAllowed(
  entries: readonly PermissionEntry[],
  action: string,
  kind: ActionKind | 'any' = 'action',
): boolean {
  return entries.some((entry) => {
    const asAction = kind !== 'dataAction' && covers(entry.actions, action) && !covers(entry.notActions, action);
    const asData = kind !== 'action' && covers(entry.dataActions, action) && !covers(entry.notDataActions, action);
    return asAction || asData;
  });
}

/** Those of `actions` that the entries do not allow, in the given order. */
export function missingActions(
  entries: readonly PermissionEntry[],
  actions: readonly string[],
  kind: ActionKind | 'any' = 'action',
): string[] {
  return actions.filter((action) => !isAllowed(entries, action, kind));
}

function covers(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesAction(pattern, action));
}

/** `*` stands for any run of characters, slashes included; letter case does not count. Linear in the pattern, no backtracking over it. */
export function matchesAction(pattern: string, action: string): boolean {
  const wanted = action.toLowerCase();
  const parts = pattern.toLowerCase().split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return first === wanted;
  if (!wanted.startsWith(first)) return false;
  let at = first.length;
  const last = parts.at(-1) ?? '';
  for (const part of parts.slice(1, -1)) {
    const found = wanted.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return wanted.length - last.length >= at && wanted.endsWith(last);
}
