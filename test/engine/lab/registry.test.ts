import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { at, isArray, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { builtInRegistry } from '../../lab/registry/backing.ts';
import { writeSpecimens } from '../../lab/registry/specimens.ts';
import { RegistryStorage } from '../../lab/registry/storage.ts';
import { accessToken, armToken, ask, bearer, claimsOf, form, type Answer } from './support.ts';

const run = promisify(execFile);

type Key = 'good' | 'admin' | 'acronly' | 'firewall';

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

describe('lab: registries', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());
  beforeEach(() => lab.clearRequests());
  afterEach(() => lab.faults.reset());

  const host = (key: Key): string => lab.registries[key].loginServer;
  const url = (key: Key, rest: string): string => `https://${host(key)}${rest}`;
  const exchange = async (key: Key, entraToken: string): Promise<Answer> =>
    ask(
      lab,
      url(key, '/oauth2/exchange'),
      form({ grant_type: 'access_token', service: host(key), access_token: entraToken }),
    );
  const registryToken = async (name: string): Promise<string> =>
    accessToken(lab, name, 'https://containerregistry.azure.net/.default');
  const refreshToken = async (key: Key, name: string): Promise<string> => {
    const answer = await exchange(key, await registryToken(name));
    assert.equal(answer.status, 200, answer.text);
    return textOf(answer.json['refresh_token']) ?? '';
  };
  /** An access token by the two hops. */
  const tokenFor = async (key: Key, scope: string, name = 'good'): Promise<string> => {
    const answer = await ask(
      lab,
      url(key, '/oauth2/token'),
      form({ grant_type: 'refresh_token', service: host(key), scope, refresh_token: await refreshToken(key, name) }),
    );
    assert.equal(answer.status, 200, answer.text);
    return textOf(answer.json['access_token']) ?? '';
  };
  const get = async (key: Key, rest: string, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(lab, url(key, rest), { headers: { authorization: `Bearer ${token}`, accept: manifestTypes, ...headers } });
  const errorCode = ({ json }: Answer): string | undefined => {
    const errors = json['errors'];
    return isArray(errors) ? textOf(at(errors[0], 'code')) : undefined;
  };

  describe('signing in', () => {
    it('challenges with realm and service, and with a scope where a path needs one', async () => {
      const bare = await ask(lab, url('good', '/v2/'));
      assert.equal(bare.status, 401);
      assert.equal(
        bare.headers['www-authenticate'],
        `Bearer realm="https://${host('good')}/oauth2/token",service="${host('good')}"`,
      );
      const catalog = await ask(lab, url('good', '/acr/v1/_catalog'));
      assert.match(catalog.headers['www-authenticate'] ?? '', /,scope="registry:catalog:\*"$/);
      const manifest = await ask(lab, url('good', '/v2/team-a/api/manifests/1'));
      assert.match(manifest.headers['www-authenticate'] ?? '', /,scope="repository:team-a\/api:pull"$/);
      const tags = await ask(lab, url('good', '/acr/v1/team-a%2Fapi/_tags'));
      assert.match(tags.headers['www-authenticate'] ?? '', /,scope="repository:team-a\/api:metadata_read"$/);
    });

    it('exchanges tokens of the registry audience, and refuses those of Resource Manager where the policy is disabled', async () => {
      const claims = claimsOf(await refreshToken('acronly', 'good'));
      assert.equal(claims['aud'], host('acronly'));
      assert.equal(claims['iss'], 'Azure Container Registry');
      assert.equal(claims['grant_type'], 'refresh_token');
      const refused = await exchange('acronly', await armToken(lab));
      assert.equal(refused.status, 401);
      assert.equal(errorCode(refused), 'UNAUTHORIZED');
      assert.match(refused.text, /token validation failed/);
      assert.equal((await exchange('admin', await armToken(lab))).status, 200);
    });

    it('exchanges by POST of a form alone', async () => {
      assert.equal((await ask(lab, url('good', '/oauth2/exchange'))).status, 404);
      const asJson = await ask(lab, url('good', '/oauth2/exchange'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      assert.equal(asJson.status, 415);
    });

    it('refuses principals without any role, and those of other tenants', async () => {
      assert.equal((await exchange('good', await registryToken('noRoles'))).status, 403);
      const foreign = await exchange('good', await registryToken('otherTenant'));
      assert.equal(foreign.status, 401);
      assert.match(foreign.text, /Application not registered with AAD/);
    });

    it('grants fewer rights rather than refusing, and says so in the token', async () => {
      const scope = 'repository:platform/sidecar:pull,metadata_read';
      assert.deepEqual(claimsOf(await tokenFor('acronly', scope))['access'], [
        { type: 'repository', name: 'platform/sidecar', actions: ['pull', 'metadata_read'] },
      ]);
      // Reader counts in the older permission mode alone
      assert.deepEqual(claimsOf(await tokenFor('acronly', scope, 'readerOnly'))['access'], []);
      assert.deepEqual(claimsOf(await tokenFor('acronly', 'repository:restricted/payroll:pull'))['access'], []);
      assert.deepEqual(claimsOf(await tokenFor('acronly', 'registry:catalog:*'))['access'], [
        { type: 'registry', name: 'catalog', actions: ['*'] },
      ]);
    });

    it('notes who asks for more than reading', async () => {
      await tokenFor('acronly', 'repository:platform/sidecar:pull,push');
      assert.deepEqual(
        lab.requests().flatMap(({ violation }) => violation ?? []),
        ['asks for more than reading'],
      );
    });

    it('takes neither a token of another registry, nor an expired one, nor a refresh token', async () => {
      const other = await tokenFor('good', 'registry:catalog:*');
      assert.equal((await get('acronly', '/acr/v1/_catalog', other)).status, 401);
      assert.equal(lab.requests().at(-1)?.violation, 'a token that was not made for this registry');
      lab.faults.configure({ registryTokenSeconds: -1 });
      assert.equal(
        (await get('acronly', '/acr/v1/_catalog', await tokenFor('acronly', 'registry:catalog:*'))).status,
        401,
      );
      assert.equal((await get('acronly', '/acr/v1/_catalog', await refreshToken('acronly', 'good'))).status, 401);
    });

    it('lets AcrPull in where roles count, also for the admin user and for a service principal by Basic', async () => {
      // nothing but AcrPull; the tokens and the anonymous catalog show that it is the role which opens the list
      assert.equal(
        (await get('admin', '/v2/_catalog', await tokenFor('admin', 'registry:catalog:*', 'pullOnly'))).status,
        200,
      );
      const basic = (user: string, password: string): Record<string, string> => ({
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      });
      const catalog = async (headers: Record<string, string>): Promise<number> =>
        (await ask(lab, url('admin', '/v2/_catalog'), { headers })).status;
      assert.equal(await catalog(basic('harbouredge', 'LabAdminPassword+one/ACRx0001')), 200);
      assert.equal(await catalog(basic('harbouredge', 'wrong')), 401);
      const { clientId, clientSecret } = lab.credentials;
      assert.equal(await catalog(basic(clientId, clientSecret)), 200);
      const refresh = await refreshToken('admin', 'good');
      assert.equal(await catalog(basic('00000000-0000-0000-0000-000000000000', refresh)), 200);
    });

    it('pulls anonymously where that is on, and lists no repositories then', async () => {
      const anonymous = async (key: Key): Promise<Answer> =>
        ask(lab, url(key, `/oauth2/token?service=${host(key)}&scope=repository:any:pull&scope=registry:catalog:*`));
      const granted = await anonymous('admin');
      assert.deepEqual(claimsOf(textOf(granted.json['access_token']) ?? '')['access'], [
        { type: 'repository', name: 'any', actions: ['pull'] },
      ]);
      assert.equal((await anonymous('good')).status, 401);
      const posted = await ask(
        lab,
        url('admin', '/oauth2/token'),
        form({ grant_type: 'password', service: host('admin'), scope: 'repository:any:pull', refresh_token: '' }),
      );
      assert.equal(posted.status, 200);
    });

    it('answers 403 behind the firewall before any challenge', async () => {
      const answer = await ask(lab, url('firewall', '/v2/'));
      assert.equal(answer.status, 403);
      assert.equal(errorCode(answer), 'DENIED');
      assert.match(answer.text, /client with IP '203\.0\.113\.7' is not allowed access/);
      assert.equal(answer.headers['www-authenticate'], undefined);
    });
  });

  describe('listing', () => {
    it('pages repositories by Link until there is none', async () => {
      const token = await tokenFor('acronly', 'registry:catalog:*');
      const names: Json[] = [];
      let next: string | undefined = '/acr/v1/_catalog?n=100';
      let pages = 0;
      while (next !== undefined) {
        const answer: Answer = await get('acronly', next, token);
        const found = answer.json['repositories'];
        if (isArray(found)) names.push(...found);
        next = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1];
        pages += 1;
      }
      assert.deepEqual(names, [
        'platform/charts/harbour',
        'platform/proxy',
        'platform/retired',
        'platform/sidecar',
        'restricted/payroll',
      ]);
      assert.equal(pages, 3);
    });

    it('lists a repository that may not be read', async () => {
      const refused = await get(
        'acronly',
        '/acr/v1/restricted%2Fpayroll/_manifests',
        await tokenFor('acronly', 'repository:restricted/payroll:metadata_read'),
      );
      assert.equal(refused.status, 401);
      assert.match(refused.text, /"Name":"restricted\/payroll","Action":"metadata_read"/);
    });

    it('describes tags and manifests: platforms, untagged ones, indexes, locked ones', async () => {
      const read = async (rest: string, repository: string): Promise<Answer> =>
        get('acronly', rest, await tokenFor('acronly', `repository:${repository}:metadata_read`));
      const sidecar = (await read('/acr/v1/platform/sidecar/_manifests?n=1', 'platform/sidecar')).headers['link'];
      assert.match(
        sidecar ?? '',
        /^<\/acr\/v1\/platform\/sidecar\/_manifests\?last=sha256%3A[0-9a-f]{64}&n=1&orderby=>; rel="next"$/,
      );
      const untagged = (
        await read(
          `/acr/v1/platform%2Fsidecar/_manifests/${lab.specimens.untagged.replace(':', '%3A')}`,
          'platform/sidecar',
        )
      ).json['manifest'];
      assert.equal(at(untagged, 'tags'), undefined);
      assert.equal(at(untagged, 'architecture'), 'amd64');
      const proxy = lab.specimens.images.find(({ name }) => name === 'proxy')!;
      const index = (await read(`/acr/v1/platform/proxy/_manifests/${proxy.indexDigest ?? ''}`, 'platform/proxy')).json[
        'manifest'
      ];
      assert.deepEqual(at(index, 'tags'), ['1.9.0']);
      assert.deepEqual(
        (at(index, 'references') as Json[]).map((reference) => at(reference, 'architecture')),
        ['amd64', 'arm64', 'unknown'],
      );
      const tag = (await read('/acr/v1/platform/retired/_tags/0.1.0', 'platform/retired')).json['tag'];
      assert.equal(at(tag, 'changeableAttributes', 'readEnabled'), false);
      const locked = await get(
        'acronly',
        '/v2/platform/retired/manifests/0.1.0',
        await tokenFor('acronly', 'repository:platform/retired:pull'),
      );
      assert.equal(locked.status, 405);
      const attributes = (await read('/acr/v1/platform/sidecar', 'platform/sidecar')).json;
      assert.deepEqual([attributes['manifestCount'], attributes['tagCount']], [3, 1]);
    });

    it('finds referrers, filtered by their type', async () => {
      const sidecar = lab.specimens.images.find(({ name }) => name === 'sidecar')!;
      const token = await tokenFor('acronly', 'repository:platform/sidecar:pull');
      const path = `/v2/platform/sidecar/referrers/${sidecar.digest}`;
      const all = await get('acronly', path, token);
      assert.equal(all.headers['content-type'], 'application/vnd.oci.image.index.v1+json');
      assert.equal(at((all.json['manifests'] as Json[])[0], 'digest'), lab.specimens.signature);
      const filtered = await get('acronly', `${path}?artifactType=application%2Fnothing`, token);
      assert.equal(filtered.headers['oci-filters-applied'], 'artifactType');
      assert.deepEqual(filtered.json['manifests'], []);
    });

    it('knows unknown names from unknown tags and blobs', async () => {
      const token = async (repository: string): Promise<string> => tokenFor('acronly', `repository:${repository}:pull`);
      assert.equal(errorCode(await get('acronly', '/v2/nothing/tags/list', await token('nothing'))), 'NAME_UNKNOWN');
      assert.equal(
        errorCode(await get('acronly', '/v2/platform/proxy/manifests/9', await token('platform/proxy'))),
        'MANIFEST_UNKNOWN',
      );
      const missing = `sha256:${'0'.repeat(64)}`;
      assert.equal(
        errorCode(await get('acronly', `/v2/platform/proxy/blobs/${missing}`, await token('platform/proxy'))),
        'BLOB_UNKNOWN',
      );
    });

    it('refuses every write', async () => {
      const answer = await ask(lab, url('acronly', '/acr/v1/platform/sidecar/_tags/2.4.1'), { method: 'DELETE' });
      assert.equal(answer.status, 405);
      assert.equal(lab.requests().at(-1)?.violation, 'a write to a registry: DELETE');
    });
  });

  describe('manifests and blobs', () => {
    const pull = async (): Promise<string> => tokenFor('acronly', 'repository:platform/sidecar:pull');
    const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

    it('serves manifests with their digest, to HEAD too', async () => {
      const sidecar = lab.specimens.images.find(({ name }) => name === 'sidecar')!;
      const token = await pull();
      const answer = await get('acronly', '/v2/platform%2Fsidecar/manifests/2.4.1', token);
      assert.equal(answer.headers['docker-content-digest'], sidecar.digest);
      assert.equal(digestOf(answer.bytes), sidecar.digest);
      const head = await ask(lab, url('acronly', `/v2/platform/sidecar/manifests/${sidecar.digest}`), {
        method: 'HEAD',
        headers: { authorization: `Bearer ${token}`, accept: manifestTypes },
      });
      assert.equal(head.headers['docker-content-digest'], sidecar.digest);
      assert.equal(head.headers['content-length'], String(answer.bytes.length));
    });

    it('wants OCI types to be accepted', async () => {
      const token = await tokenFor('acronly', 'repository:platform/proxy:pull');
      const proxy = lab.specimens.images.find(({ name }) => name === 'proxy')!;
      const answer = await get('acronly', `/v2/platform/proxy/manifests/${proxy.digest}`, token, {
        accept: 'application/json',
      });
      assert.equal(answer.status, 404);
      assert.match(answer.text, /accept header does not support OCI manifests/);
    });

    const redirected = async (): Promise<{ readonly location: string; readonly digest: string }> => {
      const token = await pull();
      const manifest = await get('acronly', '/v2/platform/sidecar/manifests/2.4.1', token);
      const digest = textOf(at((manifest.json['layers'] as Json[])[0], 'digest')) ?? '';
      const answer = await get('acronly', `/v2/platform/sidecar/blobs/${digest}`, token);
      assert.equal(answer.status, 307);
      return { location: answer.headers['location'] ?? '', digest };
    };

    it('redirects blobs to another origin, which refuses credentials and serves ranges', async () => {
      const { location, digest } = await redirected();
      assert.notEqual(new URL(location).host, host('acronly'));
      const whole = await ask(lab, location);
      assert.equal(digestOf(whole.bytes), digest);
      const tail = await ask(lab, location, { headers: { range: 'bytes=100-' } });
      assert.equal(tail.status, 206);
      assert.deepEqual(tail.bytes, whole.bytes.subarray(100));
      const refused = await ask(lab, location, bearer('anything'));
      assert.equal(refused.status, 400);
      assert.equal(refused.headers['x-ms-error-code'], 'InvalidAuthenticationInfo');
      assert.equal(lab.requests().at(-1)?.violation, 'credentials sent to storage');
    });

    it('gives addresses that expire', async () => {
      lab.faults.configure({ sasLifetimeSeconds: -1 });
      const { location } = await redirected();
      const late = await ask(lab, location);
      assert.equal(late.status, 403);
      assert.equal(late.headers['x-ms-error-code'], 'AuthenticationFailed');
    });

    it('lies about digests, cuts blobs and redirects elsewhere on request', async () => {
      const { location, digest } = await redirected();
      lab.faults.add({ kind: 'corrupt', role: 'dataEndpoint', times: 1 });
      const corrupt = await ask(lab, location);
      assert.notEqual(digestOf(corrupt.bytes), digest);
      lab.faults.add({ kind: 'cut', role: 'dataEndpoint', times: 1 });
      await assert.rejects(ask(lab, location));
      assert.equal(digestOf((await ask(lab, location)).bytes), digest);
      lab.faults.add({ kind: 'redirect', role: 'registry', path: '/blobs/', times: 1 });
      assert.equal(new URL((await redirected()).location).origin, lab.elsewhereUrl);
    });
  });

  describe('skopeo', () => {
    const skopeo = async (...given: readonly string[]): Promise<string> => {
      const { stdout } = await run('skopeo', [...given], { env: { ...process.env, SSL_CERT_FILE: lab.caFile } });
      return stdout;
    };

    before(async function () {
      const found = await run('skopeo', ['--version']).catch(() => undefined);
      if (found !== undefined) return;
      if (process.env['CI'] !== undefined) throw new Error('skopeo is not installed: apt-get install skopeo');
      this.skip(); // macOS and Windows have the tests above
    });

    it('inspects and copies images with the name and secret of the service principal', async () => {
      const { clientId, clientSecret } = lab.credentials;
      const inspected = await skopeo(
        'inspect',
        '--creds',
        `${clientId}:${clientSecret}`,
        `docker://${host('acronly')}/platform/proxy:1.9.0`,
      );
      assert.equal(
        textOf(at(JSON.parse(inspected) as Json, 'Digest')),
        lab.specimens.images.find(({ name }) => name === 'proxy')?.indexDigest,
      );
      const folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-test-'));
      try {
        await skopeo(
          'copy',
          '--src-creds',
          `${clientId}:${clientSecret}`,
          `docker://${host('acronly')}/platform/sidecar:2.4.1`,
          `dir:${folder}`,
        );
        assert.equal((await readdir(folder)).length, 4);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    it('is refused where a condition excludes the repository', async () => {
      const { clientId, clientSecret } = lab.credentials;
      await assert.rejects(
        skopeo(
          'inspect',
          '--creds',
          `${clientId}:${clientSecret}`,
          `docker://${host('acronly')}/restricted/payroll:4.2.0`,
        ),
        /unauthorized/,
      );
    });
  });

  describe('the built-in registry', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-test-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('answers like the real one', async function () {
      if (lab.registryKind !== 'docker-registry') this.skip();
      const storage = new RegistryStorage(folder);
      const { images } = writeSpecimens(storage);
      const proxy = images.find(({ name }) => name === 'proxy')!;
      const builtIn = builtInRegistry(storage);
      const token = await tokenFor('acronly', 'repository:platform/proxy:pull');
      const config =
        textOf(
          at((await get('acronly', `/v2/platform/proxy/manifests/${proxy.digest}`, token)).json, 'config', 'digest'),
        ) ?? '';
      const cases: readonly (readonly [method: 'GET' | 'HEAD', path: string, accept: string])[] = [
        ['GET', `/v2/platform/proxy/manifests/1.9.0`, manifestTypes],
        ['HEAD', `/v2/platform/proxy/manifests/${proxy.digest}`, manifestTypes],
        ['GET', `/v2/platform/proxy/manifests/${proxy.digest}`, 'application/json'],
        ['GET', '/v2/platform/proxy/manifests/nothing', manifestTypes],
        ['HEAD', `/v2/platform/proxy/blobs/${config}`, '*/*'],
      ];
      for (const [method, rest, accept] of cases) {
        const real = await ask(lab, url('acronly', rest), {
          method,
          headers: { authorization: `Bearer ${token}`, accept },
        });
        const own = await builtIn.send({ method, path: rest, accept, token });
        assert.equal(own.status, real.status, rest);
        assert.equal(own.headers['docker-content-digest'], real.headers['docker-content-digest'], rest);
        if (real.status === 200) {
          assert.equal(own.headers['content-length'], real.headers['content-length'], rest);
          assert.deepEqual(own.body, real.bytes, rest);
        }
      }
    });
  });
});
