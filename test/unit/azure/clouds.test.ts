import assert from 'node:assert/strict';
import {
  armScope,
  chinaCloud,
  cloudById,
  cloudOfEndpoint,
  customCloud,
  graphScope,
  isRegistryHost,
  portalResourceUrl,
  publicCloud,
  registryScope,
  usGovernmentCloud,
} from '../../../src/azure/clouds.ts';

const settings = {
  authorityHost: 'https://login.contoso.test:8443/',
  armEndpoint: 'https://management.contoso.test',
  armAudience: 'https://management.contoso.test/0a1b2c3d',
  registryAudience: 'https://containerregistry.azure.net',
  registrySuffix: '.azurecr.contoso.test',
  blobHosts: ['.blob.contoso.test', '127.0.0.1:10443'],
};

describe('known clouds', () => {
  it('ask for tokens of their own Resource Manager and of the one registry audience', () => {
    assert.equal(armScope(publicCloud), 'https://management.azure.com/.default');
    assert.equal(armScope(usGovernmentCloud), 'https://management.usgovcloudapi.net/.default');
    assert.equal(armScope(chinaCloud), 'https://management.chinacloudapi.cn/.default');
    for (const cloud of [publicCloud, usGovernmentCloud, chinaCloud]) {
      assert.equal(registryScope(cloud), 'https://containerregistry.azure.net/.default');
    }
    assert.equal(graphScope(chinaCloud), 'https://microsoftgraph.chinacloudapi.cn/.default');
  });

  it('are found by an endpoint, older names too', () => {
    assert.equal(cloudOfEndpoint('https://login.microsoftonline.us')?.id, 'usGovernment');
    assert.equal(cloudOfEndpoint('https://management.azure.com/')?.id, 'public');
    assert.equal(cloudOfEndpoint('https://login.chinacloudapi.cn/')?.id, 'china');
    assert.equal(cloudOfEndpoint('https://example.test'), undefined);
    assert.equal(cloudOfEndpoint('not an address'), undefined);
    assert.equal(cloudOfEndpoint('https://constructor'), undefined);
  });

  it('link to a resource in the portal', () => {
    assert.equal(
      portalResourceUrl(publicCloud, 't', '/subscriptions/s/resourceGroups/g'),
      'https://portal.azure.com/#@t/resource/subscriptions/s/resourceGroups/g',
    );
  });
});

describe('custom cloud', () => {
  it('takes origins without their slash, and audiences as they are', () => {
    const cloud = customCloud({ ...settings, graphEndpoint: '', portalUrl: 'https://portal.contoso.test/' });
    assert.deepEqual(cloud, {
      id: 'custom',
      name: 'Custom cloud',
      authorityHost: 'https://login.contoso.test:8443',
      armEndpoint: 'https://management.contoso.test',
      armAudience: 'https://management.contoso.test/0a1b2c3d',
      registryAudience: 'https://containerregistry.azure.net',
      registrySuffix: '.azurecr.contoso.test',
      blobHosts: ['.blob.contoso.test', '127.0.0.1:10443'],
      portalUrl: 'https://portal.contoso.test',
    });
    assert.equal(graphScope(cloud), undefined);
    assert.equal(armScope(cloud), 'https://management.contoso.test/0a1b2c3d/.default');
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['http', { ...settings, authorityHost: 'http://login.contoso.test' }, 'authorityHost'],
    ['a path behind the authority', { ...settings, authorityHost: 'https://login.contoso.test/aad' }, 'authorityHost'],
    ['credentials in an address', { ...settings, armEndpoint: 'https://a:b@management.contoso.test' }, 'armEndpoint'],
    ['a missing field', { ...settings, armAudience: undefined }, 'armAudience'],
    ['an empty field', { ...settings, registryAudience: '' }, 'registryAudience'],
    ['another type', { ...settings, registrySuffix: 7 }, 'registrySuffix'],
    ['a blob host without port', { ...settings, blobHosts: ['blob.contoso.test'] }, 'blobHosts.0'],
    ['a blob host of one label', { ...settings, blobHosts: ['.test'] }, 'blobHosts.0'],
    ['a wildcard', { ...settings, blobHosts: ['*.contoso.test'] }, 'blobHosts.0'],
    ['an http portal', { ...settings, portalUrl: 'http://portal.contoso.test' }, 'portalUrl'],
  ];
  for (const [title, value, field] of wrong) {
    it(`refuses ${title}, naming the field`, () => {
      assert.throws(
        () => customCloud(value),
        (error: Error & { code?: string }) => error.code === 'bad-input' && error.message.includes(`"${field}"`),
      );
    });
  }

  it('recognises its registries by name, with and without port', () => {
    const cloud = customCloud(settings);
    assert.equal(isRegistryHost(cloud, 'Team.azurecr.contoso.test:8443'), true);
    assert.equal(isRegistryHost(cloud, 'evilazurecr.contoso.test'), false);
    assert.equal(isRegistryHost(cloud, 'team.azurecr.contoso.test.evil.test'), false);
    const byAddress = customCloud({ ...settings, registrySuffix: '127.0.0.1' });
    assert.equal(byAddress.registrySuffix, '127.0.0.1');
    assert.equal(isRegistryHost(byAddress, '127.0.0.1:5001'), true);
    assert.equal(isRegistryHost(byAddress, 'x.127.0.0.1'), false);
    assert.equal(isRegistryHost(publicCloud, 'contoso-e7ggejfuhzhgedc8.azurecr.io'), true);
  });

  it('refuses what is no object', () => {
    for (const value of [undefined, null, [], 'x', 1]) {
      assert.throws(() => customCloud(value), { code: 'bad-input' });
    }
    assert.throws(() => cloudById('custom', {}), { code: 'bad-input' });
    assert.equal(cloudById('china'), chinaCloud);
  });
});
