import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mediaTypes } from '../../../src/registry/media-types.ts';
import { listReferrers, readArtifact } from '../../../src/registry/referrers.ts';
import { json, registryClient, serve } from './server.ts';

const signal = new AbortController().signal;
const hex = 'a'.repeat(64);
const digest = `sha256:${hex}`;
const empty = { mediaType: 'application/vnd.oci.empty.v1+json' };

describe('what refers to an image', () => {
  it('is listed from the referrers API and from the tags of cosign', async () => {
    const signature = JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: mediaTypes.ociConfig },
      layers: [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' }],
    });
    await using server = await serve((request, response) => {
      if (request.path === `/v2/app/referrers/${digest}`) {
        const entry = { mediaType: mediaTypes.ociManifest, digest: `sha256:${'b'.repeat(64)}`, size: 700 };
        json(response, 200, { manifests: [{ ...entry, artifactType: 'application/vnd.cncf.notary.signature' }] });
      } else if (request.path === `/v2/app/manifests/sha256-${hex}.sig`) {
        response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(signature);
      } else json(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'no' }] });
    });
    assert.deepEqual(await listReferrers(registryClient(server.host), 'app', digest, signal), {
      found: [
        {
          digest: `sha256:${'b'.repeat(64)}`,
          mediaType: mediaTypes.ociManifest,
          artifactType: 'application/vnd.cncf.notary.signature',
          size: 700,
          foundBy: 'referrers',
        },
        {
          digest: `sha256:${createHash('sha256').update(signature).digest('hex')}`,
          mediaType: mediaTypes.ociManifest,
          artifactType: 'application/vnd.dev.cosign.simplesigning.v1+json',
          size: signature.length,
          foundBy: 'tag',
        },
      ],
      omitted: 0,
    });
    assert.deepEqual(
      server.seen.map(({ path }) => path.slice(path.lastIndexOf('/') + 1).replace(hex, '')),
      ['sha256:', 'sha256-.sig', 'sha256-.att', 'sha256-.sbom'],
    );
  });

  it('is cut at a hundred, and the rest counted', async () => {
    const manifests = Array.from({ length: 130 }, (_, i) => ({
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${String(i).padStart(64, '0')}`,
      size: 1,
    }));
    await using server = await serve((request, response) => {
      if (request.path.includes('/referrers/')) json(response, 200, { manifests });
      else json(response, 404, {});
    });
    const { found, omitted } = await listReferrers(registryClient(server.host), 'app', digest, signal);
    assert.deepEqual([found.length, omitted], [100, 30]);
  });

  it('that may not be listed is an error, not an empty list', async () => {
    await using server = await serve((request, response) => {
      json(response, request.path.endsWith('.sig') ? 403 : request.path.includes('/referrers/') ? 200 : 404, {
        manifests: [],
      });
    });
    await assert.rejects(listReferrers(registryClient(server.host), 'app', digest, signal), { code: 'access-denied' });
  });

  for (const [document, expected] of [
    [{ artifactType: 'application/x', config: empty }, { artifactType: 'application/x' }],
    [{ config: { mediaType: 'application/vnd.cncf.notary.v2' } }, { artifactType: 'application/vnd.cncf.notary.v2' }],
    [{ config: empty, layers: [{ mediaType: 'text/spdx' }] }, { artifactType: 'text/spdx' }],
    [
      { config: empty, subject: { digest } },
      { artifactType: '', subject: digest },
    ],
    [{ config: 7, layers: 'x', subject: [] }, { artifactType: '' }],
    [[], { artifactType: '' }],
    ['nonsense', { artifactType: '' }],
  ] as const) {
    it(`is told by ${JSON.stringify(document).slice(0, 60)}`, () =>
      assert.deepEqual(readArtifact(Buffer.from(JSON.stringify(document))), expected));
  }

  it('tells nothing when it is no JSON', () => assert.deepEqual(readArtifact(Buffer.from('{')), { artifactType: '' }));
});
