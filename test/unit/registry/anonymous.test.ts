import assert from 'node:assert/strict';
import { createAnonymousCredentials } from '../../../src/registry/anonymous.ts';
import { isAllowedHost, knownRegistries, knownRegistry } from '../../../src/registry/known-registries.ts';
import { challenge, httpClient, json, registryClient, serve } from './server.ts';

const signal = new AbortController().signal;

describe('reading a public registry without an account', () => {
  it('gets a token that everybody gets, once a scope until it ends', async () => {
    let ms = 0;
    await using server = await serve((request, response) => {
      if (request.path.startsWith('/token')) json(response, 200, { token: `t${server.seen.length}`, expires_in: 300 });
      else if (request.headers.authorization === undefined)
        challenge(response, `https://${server.host}/token?from=here`);
      else json(response, 200, { tags: [request.headers.authorization] });
    });
    const clock = { now: () => new Date(ms) };
    const credentials = createAnonymousCredentials({ http: httpClient(), clock });
    const read = async (): Promise<string[]> => {
      const names: string[] = [];
      for await (const { name } of registryClient(server.host, { credentials }).tags('a/b', signal)) names.push(name);
      return names;
    };
    assert.deepEqual(await read(), ['Bearer t2']);
    assert.equal(server.seen[1]?.path, '/token?from=here&service=service&scope=repository%3Aa%2Fb%3Apull');
    assert.equal(server.seen[1].headers.authorization, undefined);
    ms = 280_000;
    assert.deepEqual(await read(), ['Bearer t2']);
    ms = 295_000;
    assert.deepEqual(await read(), ['Bearer t7']);
  });

  it('sends nothing where a password is wanted', async () => {
    const credentials = createAnonymousCredentials({
      http: { send: () => assert.fail('a request') },
      clock: { now: () => new Date(0) },
    });
    for (const asked of [{ scheme: 'basic', realm: 'x' }, { scheme: 'bearer' }] as const) {
      assert.equal(
        await credentials.authorization({ host: 'r', scope: 's', challenge: asked, signal, renew: false }),
        undefined,
      );
    }
  });

  it('says when no token comes', async () => {
    await using server = await serve((_request, response) => json(response, 200, { message: 'no' }));
    const credentials = createAnonymousCredentials({ http: httpClient(), clock: { now: () => new Date(0) } });
    const asked = { scheme: 'bearer', realm: `https://${server.host}/token` } as const;
    await assert.rejects(
      credentials.authorization({ host: server.host, scope: 's', challenge: asked, signal, renew: false }),
      { code: 'unexpected-response' },
    );
  });
});

describe('hosts that are allowed', () => {
  const cases: [string, string[], boolean][] = [
    ['a.blob.core.windows.net', ['.blob.core.windows.net'], true],
    ['A.BLOB.core.windows.net', ['.blob.core.windows.net'], true],
    ['blob.core.windows.net', ['.blob.core.windows.net'], false],
    ['.blob.core.windows.net', ['.blob.core.windows.net'], false],
    ['evilblob.core.windows.net', ['.blob.core.windows.net'], false],
    ['a.blob.core.windows.net.evil.example', ['.blob.core.windows.net'], false],
    ['a.blob.core.windows.net:8443', ['.blob.core.windows.net'], false],
    ['storage.example', ['storage.example'], true],
    ['storage.example', ['storage.example:443'], true],
    ['x.storage.example', ['storage.example'], false],
    ['127.0.0.1:8443', ['127.0.0.1:8443'], true],
    ['127.0.0.1:8444', ['127.0.0.1:8443'], false],
    ['127.0.0.1', ['127.0.0.1:8443'], false],
    ['x', [], false],
  ];
  for (const [host, allowed, expected] of cases) {
    it(`${expected ? 'include' : 'do not include'} ${host} by ${allowed.join(' ')}`, () =>
      assert.equal(isAllowedHost(host, allowed), expected));
  }

  it('of public registries are in a sorted table', () => {
    const hosts = knownRegistries.map(({ host }) => host);
    assert.deepEqual(hosts, [...hosts].sort());
    assert.equal(knownRegistry('docker.io')?.apiHost, 'registry-1.docker.io');
    assert.deepEqual(knownRegistry('docker.io')?.tokenHosts, ['auth.docker.io']);
    assert.equal(knownRegistry('contoso.azurecr.io'), undefined);
  });
});
