import assert from 'node:assert/strict';
import { formatReference, isDigest, parseReference } from '../../../src/registry/reference.ts';
import type { ImageReference } from '../../../src/registry/types.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('an image reference', () => {
  const cases: [string, ImageReference][] = [
    ['nginx', { host: 'docker.io', repository: 'library/nginx' }],
    ['nginx:1.27', { host: 'docker.io', repository: 'library/nginx', tag: '1.27' }],
    ['bitnami/redis', { host: 'docker.io', repository: 'bitnami/redis' }],
    ['docker.io/nginx', { host: 'docker.io', repository: 'library/nginx' }],
    ['index.docker.io/library/nginx', { host: 'docker.io', repository: 'library/nginx' }],
    ['contoso.azurecr.io/team-a/api:1.4.2', { host: 'contoso.azurecr.io', repository: 'team-a/api', tag: '1.4.2' }],
    ['Contoso.AzureCR.io/api', { host: 'contoso.azurecr.io', repository: 'api' }],
    [`contoso.azurecr.io/api@${digest}`, { host: 'contoso.azurecr.io', repository: 'api', digest }],
    [`contoso.azurecr.io/api:1@${digest}`, { host: 'contoso.azurecr.io', repository: 'api', tag: '1', digest }],
    ['localhost/api', { host: 'localhost', repository: 'api' }],
    ['localhost:5000/api:x', { host: 'localhost:5000', repository: 'api', tag: 'x' }],
    ['127.0.0.1:8443/a/b__c/d--e.f', { host: '127.0.0.1:8443', repository: 'a/b__c/d--e.f' }],
    ['[::1]:5000/api', { host: '[::1]:5000', repository: 'api' }],
    ['mcr.microsoft.com/dotnet/runtime:8.0', { host: 'mcr.microsoft.com', repository: 'dotnet/runtime', tag: '8.0' }],
  ];
  for (const [text, expected] of cases) {
    it(`is read: ${text}`, () => {
      assert.deepEqual(parseReference(text), expected);
      assert.deepEqual(parseReference(formatReference(expected)), expected);
    });
  }

  const refused = [
    '',
    ' ',
    'https://contoso.azurecr.io/api',
    'docker://nginx',
    'contoso.azurecr.io/',
    'contoso.azurecr.io/Api',
    'contoso.azurecr.io/api:',
    'contoso.azurecr.io/api:a b',
    'contoso.azurecr.io/api@sha256:short',
    `contoso.azurecr.io/api@md5:${'0'.repeat(32)}`,
    'contoso.azurecr.io/../api',
    'contoso.azurecr.io//api',
    'contoso.azurecr.io/api/',
    'contoso.azurecr.io/api?x=1',
    'contoso.azurecr.io/api#x',
    'user@contoso.azurecr.io/api',
    'con_toso.azurecr.io/api',
    'contoso.azurecr.io:port/api',
    `contoso.azurecr.io/${'a'.repeat(300)}`,
    'a'.repeat(5000),
    `contoso.azurecr.io/${'a-'.repeat(120)}`,
    'contoso.azurecr.io/api\n',
  ];
  for (const text of refused) {
    it(`is refused: ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.throws(() => parseReference(text), { code: 'bad-input' });
    });
  }

  it('knows digests', () => {
    assert.equal(isDigest(digest), true);
    for (const text of ['sha256:abc', digest.toUpperCase(), `${digest}\n`, `sha512:${'0'.repeat(128)}`, ''])
      assert.equal(isDigest(text), false);
  });
});
