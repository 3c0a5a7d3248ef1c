/** Who grants access to a registry's repositories: roles on the registry, or on repositories (ABAC). */
export type PermissionMode = 'legacy' | 'abac' | 'unknown';

/** The mode that a registry names as `roleAssignmentMode`; unknown where an older answer names none. */
export function permissionModeOf(mode: string | undefined): PermissionMode {
  if (mode === undefined) return 'unknown';
  return /^abac/i.test(mode) ? 'abac' : /^legacy/i.test(mode) ? 'legacy' : 'unknown';
}
