/** How a tree item looks and sounds, without any type of the editor. */
export interface ItemLook {
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: { readonly id: string; readonly color?: string };
  readonly contextValue: string;
  /** Name, kind, state in words, counts in words: in this order. */
  readonly accessibilityLabel: string;
  /** For the decoration: letter and colour of the worst open finding. */
  readonly severity?: string;
}

/** `plimsoll.<kind>` and sorted flags, each after a `;`, so that `when` clauses can match each one. */
export function contextValue(kind: string, flags: readonly string[]): string {
  return ['plimsoll.' + kind, ...[...new Set(flags)].sort()].join(';');
}

/** Icons of the trees; a test looks each of them up in the codicon font. */
export const treeIcons = {
  connection: {
    active: 'azure',
    verifying: 'sync~spin',
    gaps: 'warning',
    failed: 'error',
    secretMissing: 'key',
    paused: 'debug-pause',
    unverified: 'unverified',
  },
  connectivity: { active: 'verified', gaps: 'warning', failed: 'error', none: 'unverified' },
  step: {
    pass: 'pass',
    fail: 'error',
    warn: 'warning',
    pending: 'clockface',
    running: 'loading~spin',
    blocked: 'circle-slash',
    skipped: 'skip',
    cancelled: 'debug-stop',
  },
  family: {
    storage: 'database',
    network: 'globe',
    secrets: 'key',
    web: 'browser',
    machine: 'vm',
    other: 'cloud-small',
  },
  finding: {
    vulnerability: 'bug',
    configuration: 'settings-gear',
    dockerfile: 'file-code',
    secret: 'key',
    exposure: 'globe',
  },
  asset: {
    connection: 'azure',
    subscription: 'layers',
    group: 'folder-library',
    registry: 'archive',
    repository: 'repo',
    image: 'tag',
    untaggedImage: 'file-binary',
    cluster: 'server-environment',
    namespace: 'symbol-structure',
    workload: 'rocket',
    container: 'package',
    resourceType: 'cloud',
    resource: 'cloud-small',
    dockerfile: 'file-code',
    denied: 'lock',
    error: 'error',
    more: 'ellipsis',
    scanning: 'loading~spin',
  },
  group: { severity: 'circle-filled', application: 'package', check: 'checklist', package: 'package', tool: 'tools' },
} as const;
