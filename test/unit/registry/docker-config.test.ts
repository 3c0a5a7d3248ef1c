import assert from 'node:assert/strict';
import { helperAddress, parseDockerConfig, type DockerConfig } from '../../../src/registry/docker-config.ts';

const parse = (value: unknown): DockerConfig => parseDockerConfig(JSON.stringify(value), 'the Docker configuration');

describe('the configuration of Docker', () => {
  it('holds a name and a password in base64', () => {
    // "bosun:dry:dock", "capstan:rope\0"
    const config = parse({
      auths: { 'registry.example': { auth: 'Ym9zdW46ZHJ5OmRvY2s=' }, 'b.example': { auth: 'Y2Fwc3Rhbjpyb3BlAA==' } },
    });
    assert.deepEqual(config.accountFor('registry.example'), {
      kind: 'password',
      username: 'bosun',
      password: 'dry:dock',
    });
    assert.deepEqual(config.accountFor('b.example'), { kind: 'password', username: 'capstan', password: 'rope' });
    assert.equal(config.accountFor('other.example'), undefined);
  });

  it('may hold them in the open, an identity token, or a token for the registry itself', () => {
    const config = parse({
      auths: {
        'a.example': { username: 'bosun', password: 'rope' },
        // what "az acr login" writes
        'contoso.azurecr.io': {
          auth: 'MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==',
          identitytoken: 'refresh-me',
        },
        'c.example': { registrytoken: 'as-it-is' },
      },
    });
    assert.deepEqual(config.accountFor('a.example'), { kind: 'password', username: 'bosun', password: 'rope' });
    assert.deepEqual(config.accountFor('contoso.azurecr.io'), { kind: 'identity', token: 'refresh-me' });
    assert.deepEqual(config.accountFor('c.example'), { kind: 'bearer', token: 'as-it-is' });
  });

  for (const [address, host, expected] of [
    ['registry.example:5000', 'registry.example:5000', true],
    ['https://registry.example', 'registry.example', true],
    ['http://registry.example/v2/', 'registry.example', true],
    ['Registry.Example', 'registry.example', true],
    ['https://index.docker.io/v1/', 'registry-1.docker.io', true],
    ['docker.io', 'docker.io', true],
    ['registry.example', 'registry.example:5000', false],
    ['registry.example', 'example', false],
    ['registry.example.evil.test', 'registry.example', false],
    ['https://registry.example@evil.test', 'registry.example', false],
    // an account for one repository is not one for the others
    ['registry.example/team-a', 'registry.example', false],
  ] as const) {
    it(`${expected ? 'gives' : 'does not give'} what stands under ${address} to ${host}`, () => {
      const config = parse({ auths: { [address]: { username: 'u', password: 'p' } } });
      assert.equal(config.accountFor(host) !== undefined, expected);
    });
  }

  it('names a helper for one registry before that for all', () => {
    const config = parse({ credsStore: 'pass', credHelpers: { 'contoso.azurecr.io': 'acr-env', 'x.example': '' } });
    assert.equal(config.helperFor('contoso.azurecr.io'), 'acr-env');
    assert.equal(config.helperFor('docker.io'), 'pass');
    assert.equal(config.helperFor('x.example'), undefined);
    assert.equal(parse({ credsStore: '' }).helperFor('docker.io'), undefined);
    assert.equal(parse({ credHelpers: { 'a.example': 'x' } }).helperFor('b.example'), undefined);
  });

  for (const name of ['../evil', 'a/b', 'a b', 'Desktop', 'x;id', 'x\nid', '$(id)', 'a\\b']) {
    it(`refuses a helper with the name ${JSON.stringify(name)}`, () => {
      assert.throws(() => parse({ credsStore: name }).helperFor('docker.io'), { code: 'bad-input' });
    });
  }

  it('passes over entries that hold nothing', () => {
    const config = parse({
      auths: {
        a: {},
        b: null,
        c: { auth: 'bm90IGEgcGFpcg==' },
        d: { auth: 7 },
        e: { auth: 'OnB3' },
        f: { username: 'u' },
      },
    });
    for (const host of ['a', 'b', 'c', 'd', 'e', 'f']) assert.equal(config.accountFor(host), undefined, host);
    assert.equal(parse({}).accountFor('a'), undefined);
  });

  it('is refused when it is something else', () => {
    assert.throws(() => parseDockerConfig('{', 'x'), { code: 'damaged' });
    assert.throws(() => parse([]), { code: 'bad-input' });
    assert.throws(() => parse({ auths: 'x' }), { code: 'bad-input' });
    assert.throws(() => parse({ credHelpers: { a: 1 } }), { code: 'bad-input' });
  });

  it('knows Docker Hub by its old address', () => {
    assert.equal(helperAddress('registry-1.docker.io'), 'https://index.docker.io/v1/');
    assert.equal(helperAddress('Contoso.azurecr.io'), 'contoso.azurecr.io');
  });
});
