import assert from 'node:assert/strict';
import { systemClock } from '../../../src/core/clock.ts';
import { BadInputError } from '../../../src/core/errors.ts';
import { createLog, Redactor, silentLog } from '../../../src/core/log.ts';
import type { RegistryClient } from '../../../src/registry/client.ts';
import { parseDockerConfig } from '../../../src/registry/docker-config.ts';
import { createDockerCredentials, type DockerCredentialsOptions } from '../../../src/registry/docker-credentials.ts';
import { challenge, httpClient, json, registryClient, serve, type Server } from './server.ts';

const signal = new AbortController().signal;
const digest = `sha256:${'a'.repeat(64)}`;

/** A client that signs in with a configuration; what it was told to hide and to log is collected. */
function client(host: string, config: object | undefined, options: Partial<DockerCredentialsOptions> = {}) {
  const secrets: string[] = [];
  const lines: string[] = [];
  const credentials = createDockerCredentials({
    http: httpClient(),
    clock: systemClock,
    log: createLog((_level, line) => lines.push(line), new Redactor()),
    config: () =>
      Promise.resolve(config === undefined ? undefined : parseDockerConfig(JSON.stringify(config), 'config.json')),
    askHelper: () => assert.fail('no helper is asked'),
    onSecret: (value) => secrets.push(value),
    ...options,
  });
  return { registry: registryClient(host, { credentials }), secrets, lines };
}

/** A registry with a token service that wants to see `proof`; everything else is answered 200. */
function tokenRegistry(proof: string, identity?: string): Promise<Server> {
  return serve((request, response) => {
    const here = `https://${request.headers.host ?? ''}/token`;
    if (request.path.startsWith('/token')) {
      const given = request.method === 'POST' ? request.body : request.headers.authorization;
      if (request.method === 'POST' ? request.body.includes(`refresh_token=${identity ?? '-'}`) : given === proof)
        json(response, 200, { access_token: 'pull-token', expires_in: 300 });
      else json(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] });
    } else if (request.headers.authorization === 'Bearer pull-token') json(response, 200, { manifests: [] });
    else challenge(response, here);
  });
}

const read = (registry: RegistryClient) => registry.referrers('team/api', digest, signal);
// bosun:rope
const basic = 'Basic Ym9zdW46cm9wZQ==';
const account = { auth: 'Ym9zdW46cm9wZQ==' };

describe('signing in with the accounts of Docker', () => {
  it('shows name and password to the token service, and the registry only the token', async () => {
    await using server = await tokenRegistry(basic);
    const { registry, secrets } = client(server.host, { auths: { [server.host]: account } });
    await read(registry);
    await read(registry);
    assert.deepEqual(
      server.seen.map(({ path, headers }) => [path.replace(/\?.*/, ''), headers.authorization]),
      [
        [`/v2/team/api/referrers/${digest}`, undefined],
        ['/token', basic],
        [`/v2/team/api/referrers/${digest}`, 'Bearer pull-token'],
        [`/v2/team/api/referrers/${digest}`, 'Bearer pull-token'],
      ],
    );
    assert.match(server.seen[1]?.path ?? '', /service=service&scope=repository%3Ateam%2Fapi%3Apull/);
    assert.deepEqual(secrets.sort(), ['Ym9zdW46cm9wZQ==', 'pull-token', 'rope']);
  });

  it('exchanges an identity token, as "az acr login" leaves it', async () => {
    await using server = await tokenRegistry('-', 'refresh-me');
    const { registry } = client(server.host, { auths: { [server.host]: { identitytoken: 'refresh-me' } } });
    await read(registry);
    const asked = server.seen[1];
    assert.equal(asked?.method, 'POST');
    assert.equal(
      asked.body,
      'grant_type=refresh_token&service=service&scope=repository%3Ateam%2Fapi%3Apull&client_id=plimsoll&refresh_token=refresh-me',
    );
  });

  it('sends name and password to a registry that asks for them itself', async () => {
    await using server = await serve((request, response) => {
      if (request.headers.authorization === basic) json(response, 200, { manifests: [] });
      else json(response, 401, {}, { 'www-authenticate': 'Basic realm="x"' });
    });
    await read(client(server.host, { auths: { [server.host]: account } }).registry);
    assert.equal(server.seen.length, 2);
  });

  it('never sends an identity token to a registry itself', async () => {
    await using server = await serve((_request, response) =>
      json(response, 401, {}, { 'www-authenticate': 'Basic realm="x"' }),
    );
    const { registry } = client(server.host, { auths: { [server.host]: { identitytoken: 'refresh-me' } } });
    await assert.rejects(read(registry), { code: 'access-denied' });
    assert.ok(server.seen.every(({ headers, body }) => headers.authorization === undefined && body === ''));
  });

  it('asks the helper of a registry once, before it looks into the file', async () => {
    await using server = await tokenRegistry(basic);
    const asked: string[] = [];
    const { registry } = client(
      server.host,
      { credHelpers: { [server.host]: 'safe' }, auths: { [server.host]: { auth: 'b2xkOm9sZA==' } } },
      {
        askHelper: (name, address) => {
          asked.push(`${name} ${address}`);
          return Promise.resolve({ kind: 'password', username: 'bosun', password: 'rope' });
        },
      },
    );
    await Promise.all([read(registry), registry.referrers('team/web', digest, signal)]);
    assert.deepEqual(asked, [`safe ${server.host}`]);
  });

  it('takes the account in the file when the helper knows none', async () => {
    await using server = await tokenRegistry(basic);
    const config = { credsStore: 'safe', auths: { [server.host]: account } };
    await read(client(server.host, config, { askHelper: () => Promise.resolve(undefined) }).registry);
  });

  it('gives no account to another host, and asks its helper nothing', async () => {
    await using server = await serve((request, response) => {
      if (request.path.startsWith('/token')) json(response, 200, { token: 'everybody' });
      else if (request.headers.authorization === 'Bearer everybody') json(response, 200, { manifests: [] });
      else challenge(response, `https://${request.headers.host ?? ''}/token`);
    });
    const config = { auths: { 'other.example': account }, credHelpers: { 'other.example': 'safe' } };
    await read(client(server.host, config).registry);
    assert.equal(server.seen[1]?.headers.authorization, undefined);
  });

  it('shows an account to no token service on another host', async () => {
    await using other = await serve((_request, response) => json(response, 200, { token: 'x' }));
    await using server = await serve((_request, response) => challenge(response, `https://${other.host}/token`));
    const { registry } = client(server.host, { auths: { [server.host]: account } });
    await assert.rejects(read(registry), { code: 'refused' });
    assert.equal(other.seen.length, 0);
  });

  it('goes on without an account when the helper or the file is broken, and logs why', async () => {
    await using server = await serve((request, response) => {
      if (request.path.startsWith('/token')) json(response, 200, { token: 'everybody' });
      else if (request.headers.authorization === 'Bearer everybody') json(response, 200, { manifests: [] });
      else challenge(response, `https://${request.headers.host ?? ''}/token`);
    });
    const broken = client(
      server.host,
      { credsStore: 'gone' },
      {
        askHelper: () => Promise.reject(new BadInputError('Cannot ask "docker-credential-gone"', 'Install it.')),
      },
    );
    await read(broken.registry);
    assert.match(broken.lines.join(), /registry read without an account.*docker-credential-gone/);
    await read(client(server.host, { credsStore: '../x' }).registry);
    await read(client(server.host, undefined).registry);
  });

  it('says which account was refused', async () => {
    await using server = await tokenRegistry('Basic other');
    const { registry } = client(server.host, { auths: { [server.host]: account } }, { log: silentLog });
    await assert.rejects(read(registry), {
      code: 'access-denied',
      message: /with the account of the Docker configuration: the registry answered 401/,
    });
  });

  it('asks the helper again when the one who asked first was cancelled', async () => {
    await using server = await tokenRegistry(basic);
    const stop = new AbortController();
    let asked = 0;
    const { registry } = client(
      server.host,
      { credsStore: 'slow' },
      {
        askHelper: async (_name, _address, abort) => {
          if (++asked === 1)
            await new Promise((_, reject) => abort.addEventListener('abort', () => reject(abort.reason as Error)));
          return { kind: 'password', username: 'bosun', password: 'rope' };
        },
      },
    );
    const first = registry.referrers('team/api', digest, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(first, { name: 'AbortError' });
    await read(registry);
    assert.equal(asked, 2);
  });

  it('asks for another token when the last one was refused before its time', async () => {
    let given = 0;
    await using server = await serve((request, response) => {
      if (request.path.startsWith('/token')) json(response, 200, { token: `token-${++given}`, expires_in: 300 });
      else if (request.headers.authorization === `Bearer token-2`) json(response, 200, { manifests: [] });
      else challenge(response, `https://${request.headers.host ?? ''}/token`);
    });
    const { registry } = client(server.host, { auths: { [server.host]: account } });
    await read(registry).catch(() => undefined);
    await read(registry);
    assert.equal(given, 2);
  });

  it('keeps the tokens of two registries apart', async () => {
    const registry = (token: string): Promise<Server> =>
      serve((request, response) => {
        if (request.path.startsWith('/token')) json(response, 200, { token, expires_in: 300 });
        else if (request.headers.authorization === `Bearer ${token}`) json(response, 200, { manifests: [] });
        else challenge(response, `https://${request.headers.host ?? ''}/token`);
      });
    await using one = await registry('first');
    await using two = await registry('second');
    const credentials = createDockerCredentials({
      http: httpClient(),
      clock: systemClock,
      log: silentLog,
      config: () => Promise.resolve(undefined),
      askHelper: () => assert.fail('no helper is asked'),
      onSecret: () => undefined,
    });
    for (const { host } of [one, two]) await read(registryClient(host, { credentials }));
    assert.ok(two.seen.every(({ headers }) => headers.authorization !== 'Bearer first'));
  });
});
