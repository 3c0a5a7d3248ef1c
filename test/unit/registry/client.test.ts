import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { createLog, Redactor } from '../../../src/core/log.ts';
import type { AccessDeniedError } from '../../../src/core/errors.ts';
import { mediaTypes } from '../../../src/registry/media-types.ts';
import type { Descriptor } from '../../../src/registry/types.ts';
import {
  challenge,
  collect,
  countingCredentials,
  httpClient,
  json,
  registryClient,
  serve,
  type Seen,
} from './server.ts';

const signal = new AbortController().signal;
const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [] }));

function sendManifest(response: ServerResponse, bytes: Buffer = manifest, digest = sha256(bytes)): void {
  response
    .writeHead(200, {
      'content-type': `${mediaTypes.ociManifest}; charset=utf-8`,
      'docker-content-digest': digest,
      'content-length': bytes.length,
    })
    .end(bytes);
}

async function list<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

describe('the registry client', () => {
  describe('manifests', () => {
    it('are asked for with every type and verified', async () => {
      await using server = await serve((_request, response) => sendManifest(response));
      const { descriptor, bytes } = await registryClient(server.host).manifest('team/api', '1', signal);
      assert.deepEqual(descriptor, {
        mediaType: mediaTypes.ociManifest,
        digest: sha256(manifest),
        size: manifest.length,
      });
      assert.ok(manifest.equals(bytes));
      assert.equal(server.seen[0]?.path, '/v2/team/api/manifests/1');
      for (const type of [
        mediaTypes.ociManifest,
        mediaTypes.ociIndex,
        mediaTypes.dockerManifest,
        mediaTypes.dockerList,
      ]) {
        assert.ok(server.seen[0].headers.accept?.includes(type), type);
      }
    });

    it('with another content than their digest are refused', async () => {
      await using server = await serve((request, response) =>
        sendManifest(
          response,
          manifest,
          request.path.endsWith('/header') ? `sha256:${'0'.repeat(64)}` : sha256(manifest),
        ),
      );
      const client = registryClient(server.host);
      await assert.rejects(client.manifest('api', 'header', signal), { code: 'digest-mismatch' });
      await assert.rejects(client.manifest('api', `sha256:${'1'.repeat(64)}`, signal), { code: 'digest-mismatch' });
    });

    it('over 4 MiB are refused', async () => {
      await using server = await serve((_request, response) =>
        response.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024)),
      );
      await assert.rejects(registryClient(server.host).manifest('api', '1', signal), { code: 'limit-exceeded' });
    });

    it('are looked at without their body', async () => {
      await using server = await serve((request, response) => {
        if (request.path.endsWith('/gone')) json(response, 404, {});
        else sendManifest(response);
      });
      const client = registryClient(server.host);
      assert.deepEqual(await client.head('api', '1', signal), {
        mediaType: mediaTypes.ociManifest,
        digest: sha256(manifest),
        size: manifest.length,
      });
      assert.equal(await client.head('api', 'gone', signal), undefined);
      assert.ok(server.seen.every(({ method }) => method === 'HEAD'));
    });

    it('are not followed to another place', async () => {
      await using server = await serve((_request, response) =>
        response.writeHead(307, { location: 'https://example.org/x' }).end(),
      );
      await assert.rejects(registryClient(server.host).manifest('api', '1', signal), { code: 'unexpected-response' });
      assert.equal(server.seen.length, 1);
    });
  });

  describe('signing in', () => {
    /** Wants `Bearer <scope> <number>` with the scope of the path and a number that `accepts`. */
    const guarded = (accepts: (number: number) => boolean) => (request: Seen, response: ServerResponse) => {
      const repository = /^\/v2\/(.+?)\/(?:manifests|blobs|tags)\//.exec(request.path)?.[1] ?? '';
      const [, scope, number] = /^Bearer (\S+) (\d+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (scope === `repository:${repository}:pull` && accepts(Number(number))) sendManifest(response);
      else challenge(response, `https://${request.headers.host ?? ''}/oauth2/token`);
    };

    it('happens once a scope, however repositories alternate', async () => {
      await using server = await serve(guarded(() => true));
      const credentials = countingCredentials();
      const client = registryClient(server.host, { credentials });
      for (const name of ['a', 'b', 'a', 'b', 'a']) await client.manifest(name, '1', signal);
      assert.deepEqual(credentials.asked, ['repository:a:pull', 'repository:b:pull']);
      assert.equal(server.seen.length, 6, 'one challenge in all');
    });

    it('happens once for calls at the same time', async () => {
      await using server = await serve(guarded(() => true));
      const credentials = countingCredentials();
      const client = registryClient(server.host, { credentials });
      await Promise.all(Array.from({ length: 8 }, () => client.manifest('a', '1', signal)));
      assert.deepEqual(credentials.asked, ['repository:a:pull']);
    });

    it('is renewed once when a token ends, also for calls at the same time', async () => {
      let least = 0;
      await using server = await serve(guarded((number) => number > least));
      const credentials = countingCredentials();
      const client = registryClient(server.host, { credentials });
      await client.manifest('a', '1', signal);
      least = 1;
      await Promise.all(Array.from({ length: 5 }, () => client.manifest('a', '1', signal)));
      assert.deepEqual(credentials.asked, ['repository:a:pull', 'repository:a:pull renew']);
    });

    it('is given up after one renewal, and says which access is missing', async () => {
      await using server = await serve((request, response) => {
        challenge(response, `https://${request.headers.host ?? ''}/t`, [
          { Type: 'repository', Name: 'a', Action: 'pull' },
        ]);
      });
      const credentials = countingCredentials();
      const client = registryClient(server.host, { credentials });
      await assert.rejects(client.manifest('a', '1', signal), (error: AccessDeniedError) => {
        assert.equal(error.code, 'access-denied');
        assert.equal(error.scope, 'repository:a:pull');
        assert.equal(error.action, 'pull');
        assert.equal(error.serviceCode, 'UNAUTHORIZED');
        assert.match(error.nextStep, /AcrPull/);
        return true;
      });
      assert.deepEqual(credentials.asked, ['repository:a:pull']);
      await assert.rejects(client.manifest('a', '1', signal), { code: 'access-denied' });
      assert.deepEqual(credentials.asked, ['repository:a:pull', 'repository:a:pull renew']);
    });

    const foreign = [
      'https://evil.example/token',
      'http://HOST/token',
      'https://HOST.evil.example/token',
      'https://HOST@evil.example/token',
      'https://user:x@HOST/token',
      'https://127.0.0.1/token',
      '//evil.example',
      'ftp://HOST/',
      '',
    ];
    for (const realm of foreign) {
      it(`is refused when the realm is "${realm}": nothing is sent`, async () => {
        await using server = await serve((request, response) =>
          challenge(response, realm.replace('HOST', request.headers.host ?? '')),
        );
        const credentials = countingCredentials();
        await assert.rejects(registryClient(server.host, { credentials }).manifest('a', '1', signal), {
          code: 'refused',
        });
        assert.deepEqual(credentials.asked, []);
        assert.equal(server.seen.length, 1);
        assert.equal(server.seen[0]?.headers.authorization, undefined);
      });
    }

    it('accepts a realm on a host that was named', async () => {
      await using server = await serve((request, response) => {
        if (request.headers.authorization === undefined) challenge(response, 'https://login.example/token');
        else sendManifest(response);
      });
      await registryClient(server.host, { credentials: countingCredentials(), tokenHosts: ['login.example'] }).manifest(
        'a',
        '1',
        signal,
      );
    });

    it('does not send one caller into the cancelling of another', async () => {
      await using server = await serve(guarded(() => true));
      const first = new AbortController();
      let calls = 0;
      const credentials = {
        authorization: async (request: { scope: string; signal: AbortSignal }) => {
          if (++calls === 1) {
            await new Promise((_resolve, reject) =>
              request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
            );
          }
          return `Bearer ${request.scope} 1`;
        },
      };
      const client = registryClient(server.host, { credentials });
      const cancelled = client.manifest('a', '1', first.signal);
      while (calls === 0) await new Promise((resolve) => setImmediate(resolve));
      const other = client.manifest('a', '1', signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      first.abort();
      await assert.rejects(cancelled, { name: 'AbortError' });
      assert.ok(manifest.equals((await other).bytes));
    });
  });

  describe('refusals', () => {
    const cases: [string, number, unknown, string, RegExp][] = [
      [
        'a firewall',
        403,
        {
          errors: [
            {
              code: 'DENIED',
              message:
                "client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
            },
          ],
        },
        'access-denied',
        /203\.0\.113\.7/,
      ],
      [
        'a lock',
        405,
        { errors: [{ code: 'UNSUPPORTED', message: 'The operation is unsupported.' }] },
        'access-denied',
        /readEnabled/,
      ],
      [
        'an unknown repository',
        404,
        { errors: [{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }] },
        'not-found',
        /deleted/,
      ],
      ['something else', 418, { errors: [] }, 'unexpected-response', /Try again/],
      ['a page of a proxy', 407, undefined, 'unexpected-response', /Try again/],
    ];
    for (const [what, status, body, code, nextStep] of cases) {
      it(`are told: ${what}`, async () => {
        await using server = await serve((_request, response) => {
          if (body === undefined) response.writeHead(status, { 'content-type': 'text/html' }).end('<html>');
          else json(response, status, body);
        });
        await assert.rejects(registryClient(server.host).manifest('a', '1', signal), (error: AccessDeniedError) => {
          assert.equal(error.code, code);
          assert.match(error.nextStep, nextStep);
          return true;
        });
      });
    }

    it('after waiting as long as the registry asks: too many requests', async () => {
      let left = 2;
      await using server = await serve((_request, response) => {
        if (left-- > 0)
          json(response, 429, { errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] }, { 'retry-after': '0' });
        else sendManifest(response);
      });
      await registryClient(server.host).manifest('a', '1', signal);
      assert.equal(server.seen.length, 3);
    });
  });

  it('tells an open registry from one that wants a sign-in, and one behind a firewall', async () => {
    let kind = 'open';
    await using server = await serve((request, response) => {
      if (kind === 'open') json(response, 200, {});
      else if (kind === 'closed') challenge(response, `https://${request.headers.host ?? ''}/t`);
      else json(response, 403, { errors: [{ code: 'DENIED', message: 'no' }] });
    });
    const client = registryClient(server.host);
    assert.equal(await client.ping(signal), undefined);
    kind = 'closed';
    assert.deepEqual(await client.ping(signal), {
      scheme: 'bearer',
      realm: `https://${server.host}/t`,
      service: 'service',
    });
    kind = 'walled';
    await assert.rejects(client.ping(signal), { code: 'access-denied' });
  });

  describe('lists', () => {
    it('of repositories are followed page by page, as far as they are read', async () => {
      const pages = [['a', 'b'], ['c/d'], null];
      await using server = await serve((request, response) => {
        const at = Number(/page=(\d)/.exec(request.path)?.[1] ?? 0);
        json(
          response,
          200,
          { repositories: pages[at] },
          at < 2 ? { link: `</acr/v1/_catalog?page=${at + 1}&orderby=>; rel="next"` } : {},
        );
      });
      const client = registryClient(server.host, { acr: true, pageSize: 2 });
      assert.deepEqual(await list(client.repositories(signal)), ['a', 'b', 'c/d']);
      assert.deepEqual(
        server.seen.map(({ path }) => path),
        ['/acr/v1/_catalog?n=2', '/acr/v1/_catalog?page=1&orderby=', '/acr/v1/_catalog?page=2&orderby='],
      );
      server.seen.length = 0;
      for await (const name of client.repositories(signal)) if (name === 'b') break;
      assert.equal(server.seen.length, 1);
    });

    it('of other registries use the standard paths', async () => {
      await using server = await serve((request, response) => {
        json(
          response,
          200,
          request.path.startsWith('/v2/_catalog') ? { repositories: ['x'] } : { name: 'x', tags: ['1', '2'] },
        );
      });
      const client = registryClient(server.host);
      assert.deepEqual(await list(client.repositories(signal)), ['x']);
      assert.deepEqual(await list(client.tags('x', signal)), [{ name: '1' }, { name: '2' }]);
      assert.deepEqual(
        server.seen.map(({ path }) => path),
        ['/v2/_catalog?n=100', '/v2/x/tags/list?n=100'],
      );
    });

    for (const target of ['https://evil.example/v2/_catalog?last=b', '//evil.example/x', 'http://127.0.0.1/x']) {
      it(`are not followed to ${target}`, async () => {
        await using server = await serve((_request, response) =>
          json(response, 200, { repositories: ['a'] }, { link: `<${target}>; rel="next"` }),
        );
        await assert.rejects(list(registryClient(server.host).repositories(signal)), { code: 'refused' });
        assert.equal(server.seen.length, 1);
      });
    }

    it('that lead in a circle end', async () => {
      await using server = await serve((_request, response) =>
        json(response, 200, { repositories: ['a'] }, { link: '</v2/_catalog?n=100>; rel="next"' }),
      );
      await assert.rejects(list(registryClient(server.host).repositories(signal)), {
        code: 'unexpected-response',
        message: /circle/,
      });
    });

    it('of another form are told with the place', async () => {
      await using server = await serve((_request, response) => json(response, 200, { repositories: ['a', 7] }));
      await assert.rejects(list(registryClient(server.host).repositories(signal)), {
        code: 'unexpected-response',
        message: /repositories\.1/,
      });
    });

    it('of tags and manifests carry the attributes of Azure Container Registry', async () => {
      const id = `sha256:${'1'.repeat(64)}`;
      const changeableAttributes = { deleteEnabled: true, writeEnabled: true, readEnabled: false, listEnabled: true };
      await using server = await serve((request, response) => {
        if (request.path.includes('/_tags')) {
          json(response, 200, {
            registry: 'r',
            imageName: 'team/api',
            tags: [
              {
                name: 'latest',
                digest: id,
                createdTime: '2026-10-01T00:00:00Z',
                lastUpdateTime: '2026-11-02T08:15:30Z',
                signed: false,
                changeableAttributes,
              },
              { name: 'odd', digest: 'none', changeableAttributes: null },
            ],
          });
        } else if (request.path.includes('/_manifests')) {
          json(response, 200, {
            manifests: [
              {
                digest: id,
                imageSize: 48,
                architecture: 'amd64',
                os: 'linux',
                mediaType: mediaTypes.ociManifest,
                configMediaType: mediaTypes.ociConfig,
                tags: ['1', 'latest'],
                changeableAttributes: {},
              },
              {
                digest: id,
                imageSize: null,
                tags: null,
                references: [{ digest: id, architecture: 'amd64', os: 'linux' }],
              },
            ],
          });
        } else {
          json(response, 200, {
            registry: 'r',
            imageName: 'team/api',
            createdTime: '2018-09-06T06:17:20Z',
            lastUpdateTime: '2018-09-07T16:30:46Z',
            manifestCount: 2,
            tagCount: 3,
            changeableAttributes,
          });
        }
      });
      const client = registryClient(server.host, { acr: true });
      assert.deepEqual(await list(client.tags('team/api', signal)), [
        {
          name: 'latest',
          digest: id,
          createdTime: '2026-10-01T00:00:00Z',
          lastUpdateTime: '2026-11-02T08:15:30Z',
          deleteEnabled: true,
          writeEnabled: true,
          readEnabled: false,
          listEnabled: true,
        },
        { name: 'odd' },
      ]);
      assert.deepEqual(await list(client.manifests('team/api', signal)), [
        {
          digest: id,
          sizeBytes: 48,
          architecture: 'amd64',
          os: 'linux',
          mediaType: mediaTypes.ociManifest,
          configMediaType: mediaTypes.ociConfig,
          tags: ['1', 'latest'],
          references: [],
        },
        { digest: id, tags: [], references: [{ digest: id, architecture: 'amd64', os: 'linux' }] },
      ]);
      assert.deepEqual(await client.repository('team/api', signal), {
        name: 'team/api',
        createdTime: '2018-09-06T06:17:20Z',
        lastUpdateTime: '2018-09-07T16:30:46Z',
        manifestCount: 2,
        tagCount: 3,
        deleteEnabled: true,
        writeEnabled: true,
        readEnabled: false,
        listEnabled: true,
      });
      assert.deepEqual(
        server.seen.map(({ path }) => path),
        [
          '/acr/v1/team/api/_tags?n=100&orderby=timedesc',
          '/acr/v1/team/api/_manifests?n=100&orderby=timedesc',
          '/acr/v1/team/api',
        ],
      );
    });

    it('ask for the scope that they need', async () => {
      await using server = await serve((request, response) => {
        if (request.headers.authorization === undefined) challenge(response, `https://${request.headers.host ?? ''}/t`);
        else json(response, 200, { repositories: [], tags: [], manifests: [], imageName: 'a' });
      });
      const credentials = countingCredentials();
      const client = registryClient(server.host, { acr: true, credentials });
      await list(client.repositories(signal));
      await list(client.tags('a', signal));
      await list(client.manifests('a', signal));
      await client.repository('a', signal);
      assert.deepEqual(credentials.asked, ['registry:catalog:*', 'repository:a:metadata_read']);
    });
  });

  describe('what refers to a manifest', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const signature = {
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${'b'.repeat(64)}`,
      size: 5,
      artifactType: 'application/vnd.cncf.notary.signature',
      annotations: { x: 'y' },
    };
    const sbom = {
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${'c'.repeat(64)}`,
      size: 6,
      artifactType: 'application/spdx+json',
    };

    it('is listed, and filtered also where the registry does not', async () => {
      await using server = await serve((_request, response) => json(response, 200, { manifests: [signature, sbom] }));
      const client = registryClient(server.host);
      assert.deepEqual(await client.referrers('a', digest, signal), [signature, sbom]);
      assert.deepEqual(await client.referrers('a', digest, signal, 'application/spdx+json'), [sbom]);
      assert.equal(server.seen[1]?.path, `/v2/a/referrers/${digest}?artifactType=application%2Fspdx%2Bjson`);
    });

    it('is found under the fallback tag, or is nothing', async () => {
      const index = Buffer.from(JSON.stringify({ manifests: [signature] }));
      let tagged = true;
      await using server = await serve((request, response) => {
        if (tagged && request.path === `/v2/a/manifests/${digest.replace(':', '-')}`) sendManifest(response, index);
        else json(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'no' }] });
      });
      const client = registryClient(server.host);
      assert.deepEqual(await client.referrers('a', digest, signal), [signature]);
      tagged = false;
      assert.deepEqual(await client.referrers('a', digest, signal), []);
    });
  });

  describe('blobs', () => {
    const blob = randomBytes(900_000);
    const descriptor: Descriptor = { mediaType: 'application/octet-stream', digest: sha256(blob), size: blob.length };
    const start = (request: Seen): number => Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    /** Answers as storage does: parts where they are asked for. */
    const part = (request: Seen, response: ServerResponse, upTo = blob.length): void => {
      const from = start(request);
      const rest = blob.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, {
        'content-length': rest.length,
        ...(from > 0 ? { 'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}` } : {}),
      });
      if (upTo >= blob.length) {
        response.end(rest);
        return;
      }
      response.write(blob.subarray(from, upTo), () => setTimeout(() => response.destroy(), 5));
    };

    it('come directly or from the allowed storage, which never sees the authorization', async () => {
      await using storage = await serve((request, response) => part(request, response));
      await using server = await serve((request, response) => {
        if (request.headers.authorization === undefined) challenge(response, `https://${request.headers.host ?? ''}/t`);
        else response.writeHead(307, { location: `https://${storage.host}/data?sig=SECRETSIGNATURE&se=2026` }).end();
      });
      const client = registryClient(server.host, {
        credentials: countingCredentials(),
        allowedBlobHosts: [storage.host],
      });
      assert.ok(blob.equals(await collect(await client.blob('a', descriptor, signal))));
      assert.deepEqual(
        server.seen.map(({ path }) => path),
        [`/v2/a/blobs/${descriptor.digest}`, `/v2/a/blobs/${descriptor.digest}`],
      );
      assert.equal(storage.seen.length, 1);
      assert.equal(storage.seen[0]?.headers.authorization, undefined);
    });

    it('are not fetched from anywhere else', async () => {
      await using elsewhere = await serve((request, response) => part(request, response));
      await using server = await serve((_request, response) =>
        response.writeHead(307, { location: `https://${elsewhere.host}/data?sig=S` }).end(),
      );
      for (const allowedBlobHosts of [[], ['.example.org'], ['127.0.0.1'], ['.0.0.1']]) {
        await assert.rejects(registryClient(server.host, { allowedBlobHosts }).blob('a', descriptor, signal), {
          code: 'refused',
        });
      }
      assert.equal(elsewhere.seen.length, 0);
    });

    it('are not fetched without TLS or with credentials in the address', async () => {
      for (const location of ['http://127.0.0.1/x', 'https://u:p@127.0.0.1/x', 'https://', 'data:,x']) {
        await using server = await serve((_request, response) => response.writeHead(307, { location }).end());
        await assert.rejects(
          registryClient(server.host, { allowedBlobHosts: ['127.0.0.1'] }).blob('a', descriptor, signal),
          { name: /^(RefusedError|UnexpectedResponseError)$/ },
        );
      }
    });

    it('are resumed where they were cut', async () => {
      const cuts = [100_000, 350_000, 350_001, 800_000];
      await using storage = await serve((request, response) => part(request, response, cuts.shift()));
      await using server = await serve((_request, response) =>
        response.writeHead(307, { location: `https://${storage.host}/data?sig=S` }).end(),
      );
      const client = registryClient(server.host, { allowedBlobHosts: [storage.host] });
      assert.ok(blob.equals(await collect(await client.blob('a', descriptor, signal))));
      assert.equal(storage.seen.length, 5);
      assert.equal(server.seen.length, 1, 'the address is used again');
    });

    it('are resumed from servers that begin anew', async () => {
      let cut = true;
      await using server = await serve((_request, response) => {
        response.writeHead(200, { 'content-length': blob.length });
        if (cut) response.write(blob.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 5));
        else response.end(blob);
        cut = false;
      });
      assert.ok(blob.equals(await collect(await registryClient(server.host).blob('a', descriptor, signal))));
    });

    it('get a new address when the signature of the old one ended', async () => {
      let addresses = 0;
      await using storage = await serve((request, response) => {
        if (start(request) > 0 && request.path.endsWith('sig=1'))
          response.writeHead(403).end('<Error><Code>AuthenticationFailed</Code></Error>');
        else part(request, response, request.path.endsWith('sig=1') ? 200_000 : blob.length);
      });
      await using server = await serve((_request, response) =>
        response.writeHead(307, { location: `https://${storage.host}/data?sig=${++addresses}` }).end(),
      );
      const client = registryClient(server.host, { allowedBlobHosts: [storage.host] });
      assert.ok(blob.equals(await collect(await client.blob('a', descriptor, signal))));
      assert.equal(addresses, 2);
    });

    it('are given up when nothing more comes', async () => {
      await using server = await serve((request, response) => part(request, response, 50_000));
      await assert.rejects(collect(await registryClient(server.host).blob('a', descriptor, signal)), {
        code: 'unreachable',
      });
      assert.ok(server.seen.length <= 8, String(server.seen.length));
    });

    it('are refused when another part comes than the one asked for', async () => {
      let cut = true;
      await using server = await serve((request, response) => {
        if (cut) part(request, response, 100_000);
        else response.writeHead(206, { 'content-range': `bytes 0-${blob.length - 1}/${blob.length}` }).end(blob);
        cut = false;
      });
      await assert.rejects(collect(await registryClient(server.host).blob('a', descriptor, signal)), {
        code: 'unexpected-response',
      });
    });

    it('are refused when more comes than was promised', async () => {
      await using server = await serve((request, response) => part(request, response));
      await assert.rejects(
        collect(await registryClient(server.host).blob('a', { ...descriptor, size: 1000 }, signal)),
        { code: 'digest-mismatch' },
      );
    });

    it('that are not there, or may not be read, are told before any byte', async () => {
      for (const [status, code] of [
        [404, 'not-found'],
        [403, 'access-denied'],
      ] as const) {
        await using server = await serve((_request, response) =>
          json(response, status, { errors: [{ code: 'BLOB_UNKNOWN', message: 'x' }] }),
        );
        await assert.rejects(registryClient(server.host).blob('a', descriptor, signal), { code });
      }
    });

    it('leave no signature in logs and errors', async () => {
      const lines: string[] = [];
      await using storage = await serve((request, response) => {
        if (storage.seen.length > 2) response.writeHead(410).end();
        else part(request, response, 100_000 * storage.seen.length);
      });
      await using server = await serve((_request, response) =>
        response.writeHead(307, { location: `https://${storage.host}/data?sig=SECRETSIGNATURE` }).end(),
      );
      const client = registryClient(server.host, {
        allowedBlobHosts: [storage.host],
        http: httpClient(lines),
        log: createLog((_level, line) => lines.push(line), new Redactor()),
      });
      await assert.rejects(collect(await client.blob('a', descriptor, signal)), (error: Error) => {
        assert.ok(!inspect(error, { depth: 10 }).includes('SECRETSIGNATURE'));
        return true;
      });
      assert.ok(lines.length > 0);
      assert.ok(!lines.join('\n').includes('SECRETSIGNATURE'), lines.join('\n'));
    });

    it('close their connection when the reader stops', async () => {
      const connection = { closed: false };
      await using server = await serve((_request, response) => {
        response.on('close', () => (connection.closed = true));
        response.writeHead(200, { 'content-length': 10_000_000 });
        response.write(Buffer.alloc(100_000));
      });
      for await (const chunk of await registryClient(server.host).blob(
        'a',
        { ...descriptor, size: 10_000_000 },
        signal,
      )) {
        assert.ok(chunk.length > 0);
        break;
      }
      for (let i = 0; i < 100 && !connection.closed; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(connection.closed, true);
    });

    it('end when they are cancelled', async () => {
      const controller = new AbortController();
      await using server = await serve((_request, response) => {
        response.writeHead(200, { 'content-length': 10_000_000 });
        response.write(Buffer.alloc(100_000));
      });
      const reading = collect(
        await registryClient(server.host).blob('a', { ...descriptor, size: 10_000_000 }, controller.signal),
      );
      setTimeout(() => controller.abort(), 10);
      await assert.rejects(reading, { name: 'AbortError' });
    });
  });

  it('keeps to its rate', async () => {
    await using server = await serve((_request, response) => sendManifest(response));
    const client = registryClient(server.host, { requestsPerSecond: 10 });
    const started = performance.now();
    for (let i = 0; i < 13; i++) await client.manifest('a', '1', signal);
    const tookMs = performance.now() - started;
    assert.ok(tookMs > 200, `${tookMs} ms: ten at once, then one each tenth of a second`);
  });
});
