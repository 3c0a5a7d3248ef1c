// What a caller may do in one registry: by roles, as the admin user, or as anybody.
import type { Access } from '../access.ts';

export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin' }
  | { readonly kind: 'principal'; readonly objectId: string };

export interface RegistryRules {
  /** ARM id of the registry. */
  readonly resourceId: string;
  /** Repository permissions by data actions and conditions, instead of the older roles. */
  readonly abac: boolean;
  readonly anonymousPull: boolean;
}

export interface GrantRequest {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const provider = 'Microsoft.ContainerRegistry/registries';

/** Those of the asked actions that the caller has. */
export function granted(access: Access, rules: RegistryRules, caller: Caller, request: GrantRequest): string[] {
  return request.actions.filter((action) => mayDo(access, rules, caller, request.type, request.name, action));
}

function mayDo(
  access: Access,
  rules: RegistryRules,
  caller: Caller,
  type: string,
  name: string,
  action: string,
): boolean {
  const catalog = type === 'registry' && name === 'catalog' && action === '*';
  const reading = type === 'repository' && (action === 'pull' || action === 'metadata_read');
  if (!catalog && !reading) return false;
  // anonymous pull opens artifacts, not the list of repositories
  if (reading && rules.anonymousPull) return true;
  switch (caller.kind) {
    case 'anonymous':
      return false;
    case 'admin':
      return true;
    case 'principal': {
      const { objectId } = caller;
      if (!rules.abac) return access.allows(objectId, `${provider}/pull/read`, rules.resourceId);
      if (catalog) return access.allowsData(objectId, `${provider}/catalog/read`, rules.resourceId);
      const dataAction = `${provider}/repositories/${action === 'pull' ? 'content' : 'metadata'}/read`;
      return access.allowsData(objectId, dataAction, rules.resourceId, name);
    }
  }
}

/** `repository:team-a/api:pull,metadata_read`; undefined when it is no scope. */
export function parseScope(text: string): GrantRequest | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first < 1 || last <= first) return undefined;
  return {
    type: text.slice(0, first),
    name: text.slice(first + 1, last),
    actions: text
      .slice(last + 1)
      .split(',')
      .filter((action) => action !== ''),
  };
}
