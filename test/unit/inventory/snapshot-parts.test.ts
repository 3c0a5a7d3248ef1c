import assert from 'node:assert/strict';
import { AccessDeniedError, NotFoundError, ThrottledError, UnreachableError } from '../../../src/core/errors.ts';
import { readArmResource, ResourceSet } from '../../../src/inventory/arm-resource.ts';
import {
  errorsBelow,
  familyOf,
  isAsset,
  missingAround,
  otherResources,
  plainTypeName,
} from '../../../src/inventory/assets.ts';
import { isDenial, toReadError } from '../../../src/inventory/read-error.ts';
import type { ArmResource, Snapshot } from '../../../src/inventory/types.ts';

const subscription = '/subscriptions/5ab50001-0000-4000-8000-000000000001';
const group = `${subscription}/resourceGroups/rg`;

const resource = (id: string, type: string): ArmResource => ({ id, type, name: id.slice(id.lastIndexOf('/') + 1) });

describe('resources of a snapshot', () => {
  it('keep all that ARM sent, and lose columns that repeat the id', () => {
    const row = {
      id: `${group}/providers/Microsoft.Web/sites/shop`,
      type: 'microsoft.web/sites',
      name: 'shop',
      subscriptionId: 'x',
      resourceGroup: 'rg',
      tenantId: 't',
      kind: 'app,linux',
      tags: null,
      zones: null,
      futureThing: { a: 1 },
      properties: { httpsOnly: true },
    };
    assert.deepEqual(readArmResource(row), {
      id: row.id,
      type: 'microsoft.web/sites',
      name: 'shop',
      kind: 'app,linux',
      futureThing: { a: 1 },
      properties: { httpsOnly: true },
    });
  });

  it('take the type of their list when they bring none', () => {
    assert.equal(
      readArmResource({ id: '/x', name: 'Containers' }, 'Microsoft.Security/pricings')?.type,
      'Microsoft.Security/pricings',
    );
    for (const odd of [
      null,
      'x',
      [],
      {},
      { id: 'no-slash', type: 't', name: 'n' },
      { id: '/x', type: 't', name: '' },
    ]) {
      assert.equal(readArmResource(odd), undefined);
    }
  });

  it('are one for each id, whatever its case; Resource Manager’s answer stays', () => {
    const set = new ResourceSet();
    assert.equal(set.addIfNew(resource('/a/B', 'graph')), true);
    set.add(resource('/A/b', 'arm'));
    assert.equal(set.addIfNew(resource('/a/b', 'graph')), false);
    set.add(resource('/a/a', 'arm'));
    assert.deepEqual(
      set.sorted().map(({ id, type }) => [id, type]),
      [
        ['/a/a', 'arm'],
        ['/A/b', 'arm'],
      ],
    );
  });

  it('are assets when they are things of their own', () => {
    const sites = `${group}/providers/Microsoft.Web/sites/shop`;
    assert.equal(isAsset(resource(sites, 'microsoft.web/sites')), true);
    assert.equal(isAsset(resource(`${sites}/slots/blue`, 'microsoft.web/sites/slots')), false);
    assert.equal(isAsset(resource(group, 'microsoft.resources/subscriptions/resourcegroups')), false);
    assert.equal(
      isAsset(
        resource(`${subscription}/providers/Microsoft.Security/pricings/Containers`, 'Microsoft.Security/pricings'),
      ),
      false,
    );
    assert.equal(
      isAsset(
        resource(`${sites}/providers/Microsoft.Insights/diagnosticSettings/d`, 'Microsoft.Insights/diagnosticSettings'),
      ),
      false,
    );
  });

  it('have families and plain names', () => {
    assert.equal(familyOf('Microsoft.Storage/storageAccounts'), 'storage');
    assert.equal(familyOf('microsoft.network/bastionhosts'), 'network');
    assert.equal(familyOf('contoso.custom/things'), 'other');
    assert.equal(plainTypeName('microsoft.storage/storageaccounts'), 'Storage accounts');
    assert.equal(plainTypeName('Microsoft.Foo/bars'), 'Foo/bars');
    assert.equal(plainTypeName('constructor'), 'constructor');
  });
});

describe('gaps of a snapshot', () => {
  const snapshot = (ids: readonly string[]): Snapshot => ({
    subscriptions: [],
    resources: [
      resource(`${group}/providers/Microsoft.Web/sites/shop`, 'microsoft.web/sites'),
      resource(`${group}/providers/Microsoft.ContainerRegistry/registries/r`, 'Microsoft.ContainerRegistry/registries'),
    ],
    errors: ids.map((id) => ({ id, status: 403, code: 'AuthorizationFailed' })),
    now: '2026-11-21T20:00:00Z',
  });
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/aks`;

  it('around a cluster are those that decide about the internet', () => {
    assert.deepEqual(missingAround(snapshot([]), cluster), []);
    assert.deepEqual(
      missingAround(snapshot([`${group}/providers/Microsoft.ContainerRegistry/registries/r/tokens`]), cluster),
      [],
    );
    assert.deepEqual(missingAround(snapshot([subscription]), cluster), [`${subscription}: 403`]);
    assert.deepEqual(
      missingAround(
        snapshot([`${subscription}/providers/microsoft.network/LOADBALANCERS`]),
        cluster.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'),
      ),
      [`${subscription}/providers/microsoft.network/LOADBALANCERS: 403`],
    );
    assert.deepEqual(
      missingAround(snapshot([`${subscription}/providers/Microsoft.ResourceGraph/resources`]), cluster).length,
      1,
    );
    assert.deepEqual(missingAround(snapshot([]), 'not an id'), ['the subscription of the cluster']);
  });

  it('lie below a scope by whole segments', () => {
    assert.equal(errorsBelow(snapshot([`${group}/x`, `${group}1/x`]), group).length, 1);
  });

  it('leave other resources without registries and clusters', () => {
    assert.deepEqual([...otherResources(snapshot([]), subscription).keys()], ['microsoft.web/sites']);
  });
});

describe('a failed read as data', () => {
  it('keeps status, code and missing action', () => {
    const denied = new AccessDeniedError('No', 'x', {
      scope: '/s',
      action: 'Microsoft.X/y/read',
      httpStatus: 403,
      serviceCode: 'AuthorizationFailed',
    });
    assert.deepEqual(toReadError('/s', denied), {
      id: '/s',
      status: 403,
      code: 'AuthorizationFailed',
      message: 'No',
      action: 'Microsoft.X/y/read',
    });
    assert.equal(isDenial(toReadError('/s', denied)), true);
  });

  it('has a status for errors that carry none', () => {
    assert.deepEqual(toReadError('/s', new NotFoundError('n', 'x')), {
      id: '/s',
      status: 404,
      code: 'ResourceNotFound',
      message: 'n',
    });
    assert.equal(toReadError('/s', new ThrottledError('n', 'x')).status, 429);
    const unreachable = toReadError('/s', new UnreachableError('n', 'x', { host: 'h', reason: 'reset' }));
    assert.deepEqual([unreachable.status, unreachable.code], [0, 'unreachable']);
    assert.equal(isDenial(unreachable), false);
  });

  it('does not hide a defect of ours', () => {
    assert.throws(() => toReadError('/s', new TypeError('x')), TypeError);
  });
});
