// Who holds which role where.
import { apps, groups as directoryGroups, people } from './directory.ts';
import { finance, groups, production, staging } from './estate.ts';
import { roles, type DenyAssignment, type RoleAssignment, type RoleDefinition } from './roles.ts';

const subscriptionScope = ({ subscriptionId }: { readonly subscriptionId: string }): string =>
  `/subscriptions/${subscriptionId}`;

function assign(
  role: RoleDefinition,
  principalId: string,
  scope: string,
  more: Partial<Pick<RoleAssignment, 'principalType' | 'condition' | 'createdOn'>> = {},
): Omit<RoleAssignment, 'name'> {
  return {
    role,
    principalId,
    principalType: 'ServicePrincipal',
    scope,
    createdOn: '2026-01-12T09:30:00.0000000Z',
    ...more,
  };
}

/** All repositories but those below `restricted/`. Azure ABAC, "StringNotStartsWithIgnoreCase". */
const notRestricted: NonNullable<RoleAssignment['condition']> = {
  text: "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringNotStartsWithIgnoreCase 'restricted/'))",
  allowsRepository: (name) => !name.toLowerCase().startsWith('restricted/'),
};

export interface RegistryIds {
  readonly good: string;
  readonly acronly: string;
}

export function roleAssignments(registries: RegistryIds): RoleAssignment[] {
  const { good, readerOnly, pullOnly, pipeline } = apps;
  const both = [production, staging].map(subscriptionScope);
  const assigned = [
    ...both.flatMap((scope) => [
      assign(roles.reader, good.objectId, scope),
      assign(roles.acrPull, good.objectId, scope),
      assign(roles.aksClusterUser, good.objectId, scope),
      // through a group: a search for the principal's own id does not find it
      assign(roles.aksRbacReader, directoryGroups.scanners.objectId, scope, { principalType: 'Group' }),
    ]),
    assign(roles.managementGroupReader, good.objectId, '/providers/Microsoft.Management/managementGroups/mg-harbour'),
    assign(roles.subscriptionViewer, good.objectId, subscriptionScope(finance)),
    assign(roles.repositoryReader, good.objectId, registries.good),
    assign(roles.catalogLister, good.objectId, registries.good),
    assign(roles.repositoryReader, good.objectId, registries.acronly, { condition: notRestricted }),
    assign(roles.catalogLister, good.objectId, registries.acronly),
    assign(roles.reader, readerOnly.objectId, subscriptionScope(production)),
    assign(roles.acrPull, pullOnly.objectId, subscriptionScope(staging)),
    assign(roles.acrPush, pipeline.objectId, groups.edge.id),
    assign(roles.contributor, directoryGroups.platformTeam.objectId, groups.harbour.id, { principalType: 'Group' }),
    assign(roles.owner, people.owner.objectId, subscriptionScope(production), { principalType: 'User' }),
    assign(roles.contributor, people.developer.objectId, groups.staging.id, { principalType: 'User' }),
  ];
  return assigned.map((assignment, index) => ({
    ...assignment,
    name: `a5516000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`,
  }));
}

export const denyAssignments: readonly DenyAssignment[] = [
  {
    name: 'de417000-0000-4000-8000-000000000001',
    displayName: 'Deny assignment of the deployment stack harbour-data',
    scope: groups.data.id,
    permission: { actions: ['*/write', '*/delete'], notActions: [], dataActions: [], notDataActions: [] },
    principals: [{ id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }],
    excludePrincipals: [{ id: people.owner.objectId, type: 'User' }],
  },
];
