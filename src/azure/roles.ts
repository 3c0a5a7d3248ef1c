/** A built-in role of Azure. Ids are the same in every tenant and cloud. Azure RBAC, "Azure built-in roles". */
export interface BuiltInRole {
  readonly id: string;
  readonly name: string;
}

const role = (name: string, id: string): BuiltInRole => ({ id, name });

export const roles = {
  reader: role('Reader', 'acdd72a7-3385-48ef-bd42-f606fba81ae7'),
  securityReader: role('Security Reader', '39bc4728-0917-49c7-9d2c-d95423bc2eb4'),
  acrPull: role('AcrPull', '7f951dda-4ed3-4680-a7ca-43fe172d538d'),
  repositoryReader: role('Container Registry Repository Reader', 'b93aa761-3e63-49ed-ac28-beffa264f7ac'),
  catalogLister: role('Container Registry Repository Catalog Lister', 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7'),
  registryConfigurationReader: role(
    'Container Registry Configuration Reader and Data Access Configuration Reader',
    '69b07be0-09bf-439a-b9a6-e73de851bd59',
  ),
  storageBlobReader: role('Storage Blob Data Reader', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'),
  storageFileReader: role('Storage File Data Privileged Reader', 'b8eda974-7b85-4f76-af95-65846b26df6d'),
  aksRbacReader: role('Azure Kubernetes Service RBAC Reader', '7f6c6a51-bcf8-42ba-9220-52d62157d7db'),
  aksClusterUser: role('Azure Kubernetes Service Cluster User Role', '4abbcc35-e782-43d8-92c5-2d3f1bd2253f'),
  managementGroupReader: role('Management Group Reader', 'ac63b705-f282-497d-ac71-919bf39d939d'),
} as const;

/** Roles that give a scanner more than it needs; recognised to warn about them. */
export const powerfulRoles: readonly BuiltInRole[] = [
  role('Owner', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'),
  role('Contributor', 'b24988ac-6180-42a0-ab88-20f7382dd24c'),
  role('AcrPush', '8311e382-0749-4cb8-b61a-304f252e45ec'),
  role('Container Registry Repository Writer', '2a1e307c-b015-4ebd-883e-5b7698a07328'),
  role('Container Registry Repository Contributor', '2efddaa5-3f1f-4df3-97df-af3f13818f4c'),
  role('Azure Kubernetes Service Cluster Admin Role', '0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8'),
  role('Azure Kubernetes Service RBAC Cluster Admin', 'b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b'),
];

/** The built-in role that a definition id names: only its last segment counts, whatever stands before it. */
export function builtInRole(roleDefinitionId: string): BuiltInRole | undefined {
  const id = roleDefinitionId.slice(roleDefinitionId.lastIndexOf('/') + 1).toLowerCase();
  return [...Object.values(roles), ...powerfulRoles].find((known) => known.id === id);
}

/** Smallest built-in role that a reader would be given for an action, most specific prefix first. */
const roleOfAction: readonly (readonly [prefix: string, role: BuiltInRole])[] = [
  ['microsoft.containerregistry/registries/catalog/', roles.catalogLister],
  ['microsoft.containerregistry/registries/repositories/', roles.repositoryReader],
  ['microsoft.containerregistry/registries/pull/', roles.acrPull],
  ['microsoft.containerservice/managedclusters/listclusterusercredential/', roles.aksClusterUser],
  ['microsoft.storage/storageaccounts/blobservices/containers/blobs/', roles.storageBlobReader],
  ['microsoft.storage/storageaccounts/fileservices/fileshares/files/', roles.storageFileReader],
  ['microsoft.management/managementgroups/', roles.managementGroupReader],
];

/** The role to suggest when an action is missing; undefined for what no reading role contains. */
export function roleForAction(action: string): BuiltInRole | undefined {
  const wanted = action.toLowerCase();
  const special = roleOfAction.find(([prefix]) => wanted.startsWith(prefix));
  if (special !== undefined) return special[1];
  return wanted.endsWith('/read') ? roles.reader : undefined;
}

/** Command that grants a role, for a person to run; holds ids alone. */
export function assignRoleCommand(clientId: string, roleName: string, scope: string): string {
  return `az role assignment create --assignee ${clientId} --role "${roleName}" --scope ${quoteForShell(scope)}`;
}

/** ARM ids may hold blanks and brackets in resource group names. POSIX shells and PowerShell read this form alike. */
export function quoteForShell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replace(/['\p{Cc}]/gu, '')}'`;
}
