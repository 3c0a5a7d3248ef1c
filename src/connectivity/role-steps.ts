import type { WantedAction } from '../azure/permissions.ts';
import { assignRoleCommand, roles } from '../azure/roles.ts';
import type { Subscription } from '../azure/types.ts';
import { isEngineError } from '../core/errors.ts';
import { postureAddOnRole } from './advice.ts';
import { checkRole, features, type Rights, type VerifyContext } from './context.ts';
import { failed, type StepPlan } from './runner.ts';

function asAction(action: string): WantedAction {
  return { action, kind: 'action' };
}

/** What the role Reader is used for: a role that holds all of these is as good. */
export const readerActions: readonly WantedAction[] = [
  'Microsoft.Resources/subscriptions/resourceGroups/read',
  'Microsoft.ContainerRegistry/registries/read',
  'Microsoft.ContainerRegistry/registries/tokens/read',
  'Microsoft.ContainerRegistry/registries/replications/read',
  'Microsoft.ContainerService/managedClusters/read',
  'Microsoft.Network/publicIPAddresses/read',
  'Microsoft.Network/loadBalancers/read',
  'Microsoft.Insights/diagnosticSettings/read',
  'Microsoft.Authorization/roleAssignments/read',
].map(asAction);

const managementGroupApi = '2021-04-01';

/** Rights at a subscription that the connection covers. */
export function roleSteps(context: VerifyContext, rights: Rights, subscription: Subscription): StepPlan[] {
  const id = subscription.subscriptionId;
  const scope = `/subscriptions/${id}`;
  const target = { kind: 'subscription', id: scope, name: subscription.displayName };
  const needs = [`subscription:${id}`];
  const many = `: ${subscription.displayName}`;
  return [
    {
      id: `role.reader:${id}`,
      group: 'subscription',
      title: `Reader${many}`,
      target,
      required: true,
      oneOf: 'role.reader',
      neededFor: [features.everything],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: roles.reader.name,
            actions: readerActions,
            without: 'May not read what this subscription holds.',
          },
          signal,
        ),
    },
    {
      id: `role.securityReader:${id}`,
      group: 'optional',
      title: `Security Reader${many}`,
      target,
      required: false,
      neededFor: [features.defender],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: roles.securityReader.name,
            actions: [
              'Microsoft.Security/assessments/read',
              'Microsoft.Security/assessments/subAssessments/read',
              'Microsoft.Security/pricings/read',
            ].map(asAction),
            without: 'The state of Defender for Cloud is left out.',
          },
          signal,
        ),
    },
    {
      id: `role.storageBlob:${id}`,
      group: 'optional',
      title: `Storage Blob Data Reader${many}`,
      target,
      required: false,
      neededFor: [features.posture],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: roles.storageBlobReader.name,
            actions: [
              { action: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read', kind: 'dataAction' },
            ],
            without: 'Checks of blob contents are left out.',
          },
          signal,
        ),
    },
    {
      id: `role.storageFile:${id}`,
      group: 'optional',
      title: `Storage File Data Privileged Reader${many}`,
      target,
      required: false,
      neededFor: [features.posture],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: roles.storageFileReader.name,
            actions: [
              { action: 'Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read', kind: 'dataAction' },
            ],
            without: 'Checks of file shares are left out.',
          },
          signal,
        ),
    },
    {
      id: `custom.webConfig:${id}`,
      group: 'optional',
      title: `Read App Service settings${many}`,
      target,
      required: false,
      neededFor: [features.posture],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: 'a custom role',
            actions: [asAction('Microsoft.Web/sites/config/list/action')],
            without: 'Checks of App Service settings are left out.',
            nextStep:
              'Reader does not include this: create the custom role and assign it. Setting values are never kept.',
            command: postureAddOnRole(scope),
          },
          signal,
        ),
    },
    {
      id: `custom.bastionLinks:${id}`,
      group: 'optional',
      title: `Read Bastion share links${many}`,
      target,
      required: false,
      neededFor: [features.posture],
      needs,
      run: (signal) =>
        checkRole(
          context,
          rights,
          {
            scope,
            roleName: 'a custom role',
            actions: [asAction('Microsoft.Network/bastionHosts/getShareableLinks/action')],
            without: 'The check of Bastion share links is left out.',
            nextStep: 'Reader does not include this: create the custom role and assign it.',
            command: postureAddOnRole(scope),
          },
          signal,
        ),
    },
  ];
}

/** Whether the tree of management groups can be read from its root. */
export function managementGroupStep(context: VerifyContext): StepPlan {
  const { session } = context;
  return {
    id: 'role.managementGroup',
    group: 'optional',
    title: 'Management Group Reader at the root',
    required: false,
    neededFor: [features.posture],
    needs: ['token.arm'],
    async run(signal) {
      const tenantId = (await session.claims(signal))?.tid ?? session.tenantId;
      const scope = `/providers/Microsoft.Management/managementGroups/${tenantId}`;
      try {
        await session.arm.get(scope, managementGroupApi, signal);
        return { state: 'pass' };
      } catch (error) {
        signal.throwIfAborted();
        if (!isEngineError(error) || (error.code !== 'access-denied' && error.code !== 'not-found'))
          return failed(error);
        return failed(error, {
          reason: 'Assignments and policies above the subscriptions are left out.',
          nextStep: `Assign the role ${roles.managementGroupReader.name} at the root management group.`,
          command: {
            label: `Assign ${roles.managementGroupReader.name}`,
            text: assignRoleCommand(session.clientId, roles.managementGroupReader.name, scope),
          },
        });
      }
    },
  };
}
