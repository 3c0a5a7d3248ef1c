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
 */
export function isAllowed(entries: readonly PermissionEntry[], action: string, kind: ActionKind = 'action'): boolean {
  return entries.some((entry) =>
    kind === 'action'
      ? covers(entry.actions, action) && !covers(entry.notActions, action)
      : covers(entry.dataActions, action) && !covers(entry.notDataActions, action),
  );
}

/**
 * As `isAllowed`, and also true when the other bucket names the action's provider: people put actions into the wrong
 * one. A pattern for all providers, such as the `*` + `/read` of Reader, stays in its own bucket: it gives no data.
 */
export function isGranted(entries: readonly PermissionEntry[], action: string, kind: ActionKind): boolean {
  if (isAllowed(entries, action, kind)) return true;
  const naming = (patterns: readonly string[]): string[] => patterns.filter((pattern) => !pattern.startsWith('*'));
  const named = entries.map((entry) => ({
    ...entry,
    actions: naming(entry.actions),
    dataActions: naming(entry.dataActions),
  }));
  return isAllowed(named, action, kind === 'action' ? 'dataAction' : 'action');
}

/** An action with the bucket that it belongs to. */
export interface WantedAction {
  readonly action: string;
  readonly kind: ActionKind;
}

/** Those of `wanted` that the entries do not grant, in the given order. */
export function missingActions(entries: readonly PermissionEntry[], wanted: readonly WantedAction[]): WantedAction[] {
  return wanted.filter(({ action, kind }) => !isGranted(entries, action, kind));
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
