import assert from 'node:assert/strict';
import { claimsChallenge } from '../../../src/azure/arm.ts';
import { readClaims } from '../../../src/azure/jwt.ts';
import { readRegistryFacts } from '../../../src/azure/registry-facts.ts';
import { resetAfterMs } from '../../../src/azure/resource-graph.ts';
import { isAtOrBelow, parseArmId, subscriptionOf } from '../../../src/azure/resource-id.ts';

describe('token claims', () => {
  const token = (claims: unknown): string =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

  it('tell tenant, client, object id and granted roles', () => {
    const claims = readClaims(token({ tid: 't', appid: 'c', oid: 'o', roles: ['Directory.Read.All'], exp: 5, x: 1 }));
    assert.deepEqual(claims, { tid: 't', appid: 'c', oid: 'o', roles: ['Directory.Read.All'], exp: 5 });
  });

  it('take azp for the client of newer tokens, and no roles for an absent claim', () => {
    assert.deepEqual(readClaims(token({ azp: 'c' })), { appid: 'c', roles: [] });
  });

  it('of opaque or damaged tokens are unknown', () => {
    for (const text of ['', 'opaque', 'a.b.c', 'a.!!!.c', `a.${Buffer.from('[1]').toString('base64url')}.c`]) {
      assert.equal(readClaims(text), undefined, text);
    }
  });
});

describe('ARM ids', () => {
  const id =
    '/subscriptions/0B1F6471-1bf0-4dda-aec3-111122223333/resourcegroups/rg/providers/Microsoft.ContainerRegistry/registries/a/tokens/t';

  it('fall into parts', () => {
    assert.deepEqual(parseArmId(id), {
      subscriptionId: '0b1f6471-1bf0-4dda-aec3-111122223333',
      group: 'rg',
      resource: {
        group: 'rg',
        namespace: 'Microsoft.ContainerRegistry',
        path: [
          { type: 'registries', name: 'a' },
          { type: 'tokens', name: 't' },
        ],
      },
    });
    assert.deepEqual(parseArmId('/subscriptions/x'), { subscriptionId: 'x' });
    assert.deepEqual(parseArmId('/subscriptions/x/resourceGroups/g'), { subscriptionId: 'x', group: 'g' });
    for (const other of [
      '',
      '/',
      'x',
      '/providers/Microsoft.Management/managementGroups/m',
      '/subscriptions/x/resourceGroups/g/providers/N/types',
    ]) {
      assert.equal(parseArmId(other), undefined, other);
    }
    assert.equal(subscriptionOf(id), '0b1f6471-1bf0-4dda-aec3-111122223333');
    assert.equal(subscriptionOf('/graph/users'), undefined);
  });

  it('lie below each other by whole segments', () => {
    assert.equal(isAtOrBelow(id, '/SUBSCRIPTIONS/0b1f6471-1bf0-4dda-aec3-111122223333'), true);
    assert.equal(isAtOrBelow('/a/rg1', '/a/rg'), false);
    assert.equal(isAtOrBelow('/a/rg', '/a/rg/'), true);
    assert.equal(isAtOrBelow('/a', '/'), true);
  });
});

describe('quota of Resource Graph', () => {
  it('resets after a time that is read and bounded', () => {
    assert.equal(resetAfterMs('00:00:05'), 5000);
    assert.equal(resetAfterMs('00:00:00.5'), 500);
    assert.equal(resetAfterMs('10:00:00'), 15_000);
    assert.equal(resetAfterMs('soon'), 1000);
    assert.equal(resetAfterMs(undefined), 1000);
  });
});

describe('claims challenge', () => {
  it('is decoded, and nothing else is taken for one', () => {
    const claims = '{"access_token":{"nbf":{"essential":true}}}';
    const header = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`;
    assert.equal(claimsChallenge(header), claims);
    assert.equal(claimsChallenge('Bearer claims="bm90IGpzb24="'), undefined);
    assert.equal(claimsChallenge('Bearer realm=""'), undefined);
    assert.equal(claimsChallenge(undefined), undefined);
  });
});

describe('registry facts', () => {
  it('are read from the ARM shape', () => {
    assert.deepEqual(
      readRegistryFacts({
        id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
        name: 'contoso',
        location: 'westeurope',
        sku: { name: 'Premium' },
        properties: {
          loginServer: 'Contoso-e7ggejfuhzhgedc8.azurecr.io',
          roleAssignmentMode: 'AbacRepositoryPermissions',
          publicNetworkAccess: 'Disabled',
          dataEndpointHostNames: ['contoso.westeurope.data.azurecr.io'],
          policies: { azureADAuthenticationAsArmPolicy: { status: 'disabled' } },
        },
      }),
      {
        id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso',
        name: 'contoso',
        loginServer: 'contoso-e7ggejfuhzhgedc8.azurecr.io',
        location: 'westeurope',
        sku: 'Premium',
        permissionMode: 'abac',
        acceptsArmTokens: false,
        publicNetworkAccess: false,
        dataEndpointHosts: ['contoso.westeurope.data.azurecr.io'],
      },
    );
  });

  it('of an older answer are unknown, not off', () => {
    const facts = readRegistryFacts({
      id: '/x',
      name: 'x',
      properties: { loginServer: 'x.azurecr.io', policies: null },
    });
    assert.equal(facts?.permissionMode, 'unknown');
    assert.equal(facts.acceptsArmTokens, 'unknown');
    assert.equal(facts.publicNetworkAccess, 'unknown');
  });

  it('need a login server', () => {
    assert.equal(readRegistryFacts({ id: '/x', name: 'x', properties: {} }), undefined);
    assert.equal(readRegistryFacts(null), undefined);
  });
});
