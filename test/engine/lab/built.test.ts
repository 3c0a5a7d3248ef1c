import assert from 'node:assert/strict';
import { ask, accessToken, form, type Answer } from './support.ts';
import { at, isArray, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';

const accept = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

describe('lab: built images', () => {
  let lab: Lab;
  before(async function () {
    this.timeout(600_000); // the first time on a machine, the images are built
    lab = await startLab({ requireRealRegistry: process.env['CI'] !== undefined });
  });
  after(() => lab.stop());

  it('starts within three seconds when the images are cached', async function () {
    this.timeout(20_000);
    const started = performance.now();
    const again = await startLab();
    const took = performance.now() - started;
    await again.stop();
    assert.ok(took < 3000, `${Math.round(took)} ms`);
  });

  it('serves every image of the registries that let readers in', async () => {
    const { registryAudience } = lab.customCloud;
    const entra = await accessToken(lab, 'good', `${registryAudience}/.default`);
    const readable = lab.images.filter(({ registry }) => registry !== 'firewall');
    assert.ok(readable.length >= 4);
    for (const { registry, repository, digest } of readable) {
      const host = lab.registries[registry].loginServer;
      const post = (path: string, fields: Record<string, string>): Promise<Answer> =>
        ask(lab, `https://${host}${path}`, form({ service: host, ...fields }));
      const refresh = await post('/oauth2/exchange', { grant_type: 'access_token', access_token: entra });
      const token = await post('/oauth2/token', {
        grant_type: 'refresh_token',
        scope: `repository:${repository}:pull`,
        refresh_token: textOf(refresh.json['refresh_token']) ?? '',
      });
      const authorization = `Bearer ${textOf(token.json['access_token']) ?? ''}`;
      const manifest = await ask(lab, `https://${host}/v2/${repository}/manifests/${digest}`, {
        headers: { authorization, accept },
      });
      assert.equal(manifest.status, 200, `${repository}: ${manifest.text}`);
      assert.equal(manifest.headers['docker-content-digest'], digest);
      const layers = manifest.json['layers'];
      const layer: Json | undefined = isArray(layers) ? layers[0] : undefined;
      const blob = await ask(lab, `https://${host}/v2/${repository}/blobs/${textOf(at(layer, 'digest')) ?? ''}`, {
        headers: { authorization },
      });
      assert.equal(blob.status, 307);
    }
    assert.deepEqual(
      lab.requests().filter(({ violation }) => violation !== undefined),
      [],
    );
  });
});
