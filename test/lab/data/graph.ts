// What Microsoft Graph holds: collections by path, with the permissions that open each.
import { allApps, apps, groups, people, tenant } from './directory.ts';
import type { JsonObject } from '../json.ts';

export interface GraphCollection {
  /** Path below `/v1.0`, in lower case. */
  readonly path: string;
  /** Any one of them opens it. */
  readonly roles: readonly string[];
  readonly items?: readonly JsonObject[];
  readonly single?: JsonObject;
}

const directory = ['Directory.Read.All'];
const policy = ['Policy.Read.All'];

export const graphCollections: readonly GraphCollection[] = [
  {
    path: '/organization',
    roles: directory,
    items: [
      {
        id: tenant.tenantId,
        displayName: tenant.displayName,
        tenantType: 'AAD',
        verifiedDomains: [{ name: tenant.domain, isDefault: true }],
        assignedPlans: [],
      },
    ],
  },
  {
    path: '/users',
    roles: directory,
    items: [
      ...Object.values(people).map(({ objectId, displayName }) => ({
        id: objectId,
        displayName,
        userPrincipalName: `${displayName.split(' ')[0]?.toLowerCase() ?? ''}@${tenant.domain}`,
        userType: 'Member',
        accountEnabled: true,
      })),
      {
        id: '9e09e003-0000-4000-8000-000000000003',
        displayName: 'Vendor support',
        userPrincipalName: `support_vendor.example#EXT#@${tenant.domain}`,
        userType: 'Guest',
        accountEnabled: true,
      },
    ],
  },
  {
    path: '/applications',
    roles: directory,
    items: allApps
      .filter(({ tenantId }) => tenantId === tenant.tenantId)
      .map((app) => ({
        id: app.objectId.replace('5e71ce00', 'a9911c00'),
        appId: app.clientId,
        displayName: app.displayName,
        signInAudience: 'AzureADMyOrg',
        passwordCredentials: app.secrets.map(({ secretId, expires }) => ({
          keyId: secretId,
          displayName: 'lab',
          endDateTime: expires,
        })),
        keyCredentials: [],
      })),
  },
  {
    path: '/identity/conditionalaccess/policies',
    roles: policy,
    items: [
      {
        id: 'ca000001-0000-4000-8000-000000000001',
        displayName: 'Require MFA for administrators',
        state: 'enabled',
        conditions: {
          users: { includeRoles: ['62e90394-69f5-4237-9190-012177145e10'] },
          applications: { includeApplications: ['All'] },
        },
        grantControls: { operator: 'OR', builtInControls: ['mfa'] },
      },
      {
        id: 'ca000002-0000-4000-8000-000000000002',
        displayName: 'Block legacy authentication',
        state: 'enabledForReportingButNotEnforced',
        conditions: { clientAppTypes: ['other'], users: { includeUsers: ['All'] } },
        grantControls: { operator: 'OR', builtInControls: ['block'] },
      },
    ],
  },
  { path: '/identity/conditionalaccess/namedlocations', roles: policy, items: [] },
  { path: '/groupsettings', roles: directory, items: [] },
  {
    path: '/directoryroles',
    roles: directory,
    items: [
      {
        id: 'd1000001-0000-4000-8000-000000000001',
        displayName: 'Global Administrator',
        roleTemplateId: '62e90394-69f5-4237-9190-012177145e10',
      },
    ],
  },
  {
    path: '/directoryroles/d1000001-0000-4000-8000-000000000001/members',
    roles: directory,
    items: [
      { '@odata.type': '#microsoft.graph.user', id: people.owner.objectId, displayName: people.owner.displayName },
    ],
  },
  {
    path: '/policies/authorizationpolicy',
    roles: policy,
    single: {
      id: 'authorizationPolicy',
      allowInvitesFrom: 'everyone',
      guestUserRoleId: '10dae51f-b6af-4016-8d66-8c2a99b929b3',
      defaultUserRolePermissions: {
        allowedToCreateApps: true,
        allowedToCreateSecurityGroups: true,
        allowedToReadOtherUsers: true,
      },
    },
  },
  {
    path: '/policies/identitysecuritydefaultsenforcementpolicy',
    roles: policy,
    single: { id: '00000000-0000-0000-0000-000000000005', displayName: 'Security Defaults', isEnabled: false },
  },
  {
    path: '/policies/authenticationmethodspolicy',
    roles: policy,
    single: { id: 'authenticationMethodsPolicy', policyVersion: '1.5', authenticationMethodConfigurations: [] },
  },
  {
    path: '/policies/deviceregistrationpolicy',
    roles: ['Policy.Read.DeviceConfiguration', ...policy],
    single: { id: 'deviceRegistrationPolicy', userDeviceQuota: 50, multiFactorAuthConfiguration: 'notRequired' },
  },
  ...Object.values(apps)
    .filter(({ tenantId }) => tenantId === tenant.tenantId)
    .flatMap((app): GraphCollection[] => {
      const self = {
        id: app.objectId,
        appId: app.clientId,
        displayName: app.displayName,
        accountEnabled: app.enabled,
        servicePrincipalType: 'Application',
      };
      const assigned = app.graphRoles.map((role, index) => ({
        id: `role-${index}`,
        appRoleId:
          role === 'Directory.Read.All'
            ? '7ab1d382-f21e-4acd-a863-ba3e13f7da61'
            : '246dd0d5-5bd0-4def-940b-0421030a5b68',
        principalId: app.objectId,
        resourceDisplayName: 'Microsoft Graph',
      }));
      const memberships = Object.values(groups)
        .filter(({ objectId }) => app.groups.includes(objectId))
        .map(({ objectId, displayName }) => ({ '@odata.type': '#microsoft.graph.group', id: objectId, displayName }));
      return [
        { path: `/serviceprincipals(appid='${app.clientId}')`, roles: directory, single: self },
        { path: `/serviceprincipals/${app.objectId}`, roles: directory, single: self },
        { path: `/serviceprincipals/${app.objectId}/approleassignments`, roles: directory, items: assigned },
        { path: `/serviceprincipals/${app.objectId}/transitivememberof`, roles: directory, items: memberships },
      ];
    }),
];
