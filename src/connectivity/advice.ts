import type { VerifyStep } from './types.ts';

/** The form that `az role definition create --role-definition` takes. Azure RBAC, "Azure custom roles". */
function customRole(
  name: string,
  description: string,
  scope: string,
  actions: readonly string[],
  dataActions: readonly string[] = [],
  notDataActions: readonly string[] = [],
): string {
  return JSON.stringify(
    {
      Name: name,
      IsCustom: true,
      Description: description,
      Actions: actions,
      NotActions: [],
      DataActions: dataActions,
      NotDataActions: notDataActions,
      AssignableScopes: [scope],
    },
    null,
    2,
  );
}

/** The actions that Reader lacks for posture checks. */
export function postureAddOnRole(subscriptionScope: string): NonNullable<VerifyStep['command']> {
  return {
    label: 'Copy the custom role',
    text: customRole(
      'Plimsoll posture add-on',
      'Reads app settings and Bastion share links for posture checks',
      subscriptionScope,
      ['Microsoft.Web/sites/config/list/action', 'Microsoft.Network/bastionHosts/getShareableLinks/action'],
    ),
  };
}

/** Reads everything in clusters but secrets: Gateway API, ingress classes, roles and bindings too. */
export function clusterReaderRole(clusterId: string): NonNullable<VerifyStep['command']> {
  const scope = clusterId.split('/').slice(0, 3).join('/');
  return {
    label: 'Copy the custom role',
    text: customRole(
      'Plimsoll cluster reader',
      'Reads all objects of AKS clusters but secrets',
      scope,
      [],
      ['Microsoft.ContainerService/managedClusters/*/read'],
      ['Microsoft.ContainerService/managedClusters/secrets/read'],
    ),
  };
}

/** Binds an Entra service principal to the cluster's own reading role. Kubernetes, "Using RBAC Authorization". */
export function roleBinding(objectId: string): NonNullable<VerifyStep['command']> {
  return {
    label: 'Copy the role binding',
    text: [
      'apiVersion: rbac.authorization.k8s.io/v1',
      'kind: ClusterRoleBinding',
      'metadata:',
      '  name: plimsoll-reader',
      'roleRef:',
      '  apiGroup: rbac.authorization.k8s.io',
      '  kind: ClusterRole',
      '  name: view',
      'subjects:',
      '  - apiGroup: rbac.authorization.k8s.io',
      '    kind: User',
      `    name: ${objectId}`,
      '',
    ].join('\n'),
  };
}
