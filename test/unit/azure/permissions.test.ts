import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isAllowed,
  isGranted,
  matchesAction,
  missingActions,
  type PermissionEntry,
} from '../../../src/azure/permissions.ts';
import { assignRoleCommand, builtInRole, roleForAction, roles } from '../../../src/azure/roles.ts';

const entry = (part: Partial<PermissionEntry>): PermissionEntry => ({
  actions: [],
  notActions: [],
  dataActions: [],
  notDataActions: [],
  ...part,
});

const readRegistry = 'Microsoft.ContainerRegistry/registries/read';

describe('action patterns', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', readRegistry, true],
    ['*/read', readRegistry, true],
    ['*/read', 'Microsoft.ContainerRegistry/registries/write', false],
    ['microsoft.containerregistry/REGISTRIES/Read', readRegistry, true],
    ['Microsoft.Security/*/read', 'Microsoft.Security/assessments/subAssessments/read', true],
    ['Microsoft.Security/*/read', readRegistry, false],
    ['Microsoft.ContainerRegistry/registries/*', 'Microsoft.ContainerRegistry/registries', false],
    ['*/a/*/a/*', 'x/a/y/a/z', true],
    ['*/a/*/a/*', 'x/a/y', false],
    ['a*a', 'a', false],
    ['', readRegistry, false],
  ];
  for (const [pattern, action, expected] of cases) {
    it(`"${pattern}" ${expected ? 'covers' : 'does not cover'} ${action}`, () => {
      assert.equal(matchesAction(pattern, action), expected);
    });
  }

  it('agree with the regular expression of the same meaning', () => {
    const part = fc.stringMatching(/^[ab/*]{0,8}$/);
    fc.assert(
      fc.property(part, fc.stringMatching(/^[ab/]{0,10}$/), (pattern, action) => {
        const meant = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(action);
        assert.equal(matchesAction(pattern, action), meant);
      }),
    );
  });
});

describe('effective permissions', () => {
  it('take an exclusion of the same entry away', () => {
    const entries = [entry({ actions: ['*'], notActions: ['Microsoft.ContainerRegistry/*'] })];
    assert.equal(isAllowed(entries, readRegistry), false);
    assert.equal(isAllowed(entries, 'Microsoft.Storage/storageAccounts/read'), true);
  });

  it('do not let one entry subtract from another', () => {
    const entries = [
      entry({ actions: ['*'], notActions: ['Microsoft.ContainerRegistry/*'] }),
      entry({ actions: ['*/read'] }),
    ];
    assert.equal(isAllowed(entries, readRegistry), true);
  });

  it('keep actions and data actions apart', () => {
    const catalog = 'Microsoft.ContainerRegistry/registries/catalog/read';
    const entries = [entry({ dataActions: [catalog] })];
    assert.equal(isAllowed(entries, catalog), false);
    assert.equal(isAllowed(entries, catalog, 'dataAction'), true);
  });

  it('find an action that somebody put into the other bucket by its name (acceptance 8)', () => {
    const catalog = 'Microsoft.ContainerRegistry/registries/catalog/read';
    assert.equal(isGranted([entry({ actions: [catalog] })], catalog, 'dataAction'), true);
    assert.equal(isGranted([entry({ dataActions: ['Microsoft.ContainerRegistry/*'] })], readRegistry, 'action'), true);
    assert.equal(isGranted([entry({ actions: ['*/read'] })], catalog, 'dataAction'), false, 'Reader gives no data');
    assert.equal(isGranted([entry({ actions: ['*'] })], catalog, 'dataAction'), false, 'nor does Owner');
    const excluded = [entry({ actions: ['Microsoft.ContainerRegistry/*'], notActions: ['*/catalog/read'] })];
    assert.equal(isGranted(excluded, catalog, 'dataAction'), false);
  });

  it('an exclusion in one bucket leaves the other alone', () => {
    const entries = [entry({ actions: ['*'], dataActions: ['*'], notDataActions: ['*/secrets/read'] })];
    const secrets = 'Microsoft.ContainerService/managedClusters/secrets/read';
    assert.equal(isAllowed(entries, secrets, 'dataAction'), false);
    assert.equal(isAllowed(entries, secrets, 'action'), true);
  });

  it('of no entry allow nothing', () => {
    assert.equal(isAllowed([], readRegistry), false);
    const wanted = [
      { action: 'a', kind: 'action' },
      { action: 'b', kind: 'dataAction' },
    ] as const;
    assert.deepEqual(missingActions([], wanted), wanted);
    assert.deepEqual(missingActions([entry({ actions: ['a'] })], wanted), [{ action: 'b', kind: 'dataAction' }]);
  });
});

describe('roles', () => {
  it('are recognised by the last segment of a definition id, whatever stands before', () => {
    const id = 'ACDD72A7-3385-48ef-bd42-f606fba81ae7';
    assert.equal(builtInRole(id), roles.reader);
    assert.equal(builtInRole(`/providers/Microsoft.Authorization/roleDefinitions/${id}`), roles.reader);
    assert.equal(
      builtInRole(
        `/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635`,
      )?.name,
      'Owner',
    );
    assert.equal(builtInRole('/x/7f53e0a3-0000-4000-8000-000000000000'), undefined);
  });

  it('are suggested for a missing action', () => {
    assert.equal(roleForAction('Microsoft.ContainerRegistry/registries/read'), roles.reader);
    assert.equal(roleForAction('Microsoft.ContainerRegistry/registries/pull/read'), roles.acrPull);
    assert.equal(
      roleForAction('Microsoft.ContainerRegistry/registries/repositories/content/read'),
      roles.repositoryReader,
    );
    assert.equal(
      roleForAction('Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'),
      roles.aksClusterUser,
    );
    assert.equal(roleForAction('Microsoft.Web/sites/config/list/action'), undefined);
  });

  it('come with a command that a hostile name cannot break', () => {
    assert.equal(
      assignRoleCommand('c', 'Reader', '/subscriptions/s'),
      'az role assignment create --assignee c --role "Reader" --scope /subscriptions/s',
    );
    assert.equal(
      assignRoleCommand('c', 'Reader', "/subscriptions/s/resourceGroups/a'; rm -rf ~ #\n"),
      `az role assignment create --assignee c --role "Reader" --scope '/subscriptions/s/resourceGroups/a; rm -rf ~ #'`,
    );
  });
});
