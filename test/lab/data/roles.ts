// Role definitions and who holds them. Ids and permissions of the built-in roles are those that Microsoft publishes
// ("Azure built-in roles"); of long lists, the part that matters to reading.

export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface RoleDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: 'BuiltInRole' | 'CustomRole';
  readonly permission: Permission;
  /** Absent means everywhere. */
  readonly assignableScopes?: readonly string[];
}

function role(
  id: string,
  name: string,
  description: string,
  permission: Partial<Permission>,
  assignableScopes?: readonly string[],
): RoleDefinition {
  return {
    id,
    name,
    description,
    type: assignableScopes === undefined ? 'BuiltInRole' : 'CustomRole',
    permission: { actions: [], notActions: [], dataActions: [], notDataActions: [], ...permission },
    ...(assignableScopes === undefined ? {} : { assignableScopes }),
  };
}

const registries = 'Microsoft.ContainerRegistry/registries';
const clusters = 'Microsoft.ContainerService/managedClusters';

/** What Azure Kubernetes Service RBAC Reader names below `managedClusters/`, each with `/read`. */
const clusterReads = [
  'apps/controllerrevisions', 'apps/daemonsets', 'apps/deployments', 'apps/replicasets', 'apps/statefulsets',
  'autoscaling/horizontalpodautoscalers', 'batch/cronjobs', 'batch/jobs', 'configmaps', 'discovery.k8s.io/endpointslices',
  'endpoints', 'events', 'events.k8s.io/events', 'extensions/daemonsets', 'extensions/deployments', 'extensions/ingresses',
  'extensions/networkpolicies', 'extensions/replicasets', 'limitranges', 'metrics.k8s.io/pods', 'metrics.k8s.io/nodes',
  'namespaces', 'networking.k8s.io/ingresses', 'networking.k8s.io/networkpolicies', 'persistentvolumeclaims', 'pods',
  'policy/poddisruptionbudgets', 'replicationcontrollers', 'resourcequotas', 'serviceaccounts', 'services',
] as const; // prettier-ignore

export const roles = {
  reader: role(
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'Reader',
    'View all resources, but does not allow you to make any changes.',
    {
      actions: ['*/read'],
    },
  ),
  owner: role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Grants full access to manage all resources.', {
    actions: ['*'],
  }),
  contributor: role(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Grants full access to manage all resources, but not to assign roles.',
    {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
      ],
    },
  ),
  securityReader: role(
    '39bc4728-0917-49c7-9d2c-d95423bc2eb4',
    'Security Reader',
    'View permissions for Microsoft Defender for Cloud.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/read',
        'Microsoft.operationalInsights/workspaces/*/read',
        'Microsoft.Resources/deployments/*/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Security/*/read',
        'Microsoft.Management/managementGroups/read',
      ],
    },
  ),
  acrPull: role('7f951dda-4ed3-4680-a7ca-43fe172d538d', 'AcrPull', 'acr pull', {
    actions: [`${registries}/pull/read`],
  }),
  acrPush: role('8311e382-0749-4cb8-b61a-304f252e45ec', 'AcrPush', 'acr push', {
    actions: [`${registries}/pull/read`, `${registries}/push/write`],
  }),
  repositoryReader: role(
    'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    'Container Registry Repository Reader',
    'Allows for read access to container registry repositories, but not to the catalog.',
    {
      dataActions: [`${registries}/repositories/metadata/read`, `${registries}/repositories/content/read`],
    },
  ),
  catalogLister: role(
    'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
    'Container Registry Repository Catalog Lister',
    'Allows for listing all repositories in a registry.',
    {
      dataActions: [`${registries}/catalog/read`],
    },
  ),
  aksRbacReader: role(
    '7f6c6a51-bcf8-42ba-9220-52d62157d7db',
    'Azure Kubernetes Service RBAC Reader',
    'Allows read-only access to see most objects in a namespace.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Resources/deployments/write',
        'Microsoft.Resources/subscriptions/operationresults/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      dataActions: clusterReads.map((read) => `${clusters}/${read}/read`),
    },
  ),
  aksClusterUser: role(
    '4abbcc35-e782-43d8-92c5-2d3f1bd2253f',
    'Azure Kubernetes Service Cluster User Role',
    'List cluster user credential action.',
    {
      actions: [`${clusters}/listClusterUserCredential/action`, `${clusters}/read`],
    },
  ),
  managementGroupReader: role(
    'ac63b705-f282-497d-ac71-919bf39d939d',
    'Management Group Reader',
    'Management Group Reader Role',
    {
      actions: ['Microsoft.Management/managementGroups/read'],
    },
  ),
  subscriptionViewer: role(
    'c7570000-0000-4000-8000-000000000001',
    'Harbour subscription viewer',
    'Sees that a subscription exists, and nothing in it.',
    { actions: ['Microsoft.Resources/subscriptions/read'] },
    ['/providers/Microsoft.Management/managementGroups/mg-harbour'],
  ),
} as const satisfies Record<string, RoleDefinition>;

export const roleDefinitions: readonly RoleDefinition[] = Object.values(roles);

export interface RoleAssignment {
  /** GUID. */
  readonly name: string;
  readonly role: RoleDefinition;
  readonly principalId: string;
  readonly principalType: 'ServicePrincipal' | 'Group' | 'User';
  /** As Azure writes it. */
  readonly scope: string;
  readonly createdOn: string;
  readonly condition?: {
    readonly text: string;
    /** What the condition says about one repository. */
    readonly allowsRepository: (name: string) => boolean;
  };
}

export interface DenyAssignment {
  readonly name: string;
  readonly displayName: string;
  readonly scope: string;
  readonly permission: Permission;
  readonly principals: readonly { readonly id: string; readonly type: string }[];
  readonly excludePrincipals: readonly { readonly id: string; readonly type: string }[];
}
