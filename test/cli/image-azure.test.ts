// Images of Azure registries, with the identity of the environment and with what `az acr login` leaves.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { startLab, type Lab } from '../lab/main.ts';
import { accessToken, armToken, ask, bearer, form } from '../engine/lab/support.ts';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');
const facts = z.object({ properties: z.object({ dataEndpointHostNames: z.array(z.string()) }) });

interface ImageAnswer {
  readonly image: {
    readonly digest: string;
    readonly platform: string;
    readonly index?: { readonly platforms: readonly { readonly platform?: string }[] };
    readonly referrers?: readonly { readonly digest: string; readonly foundBy: string }[];
  };
  readonly packages: readonly { readonly name: string }[];
}

describe('plimsoll image, from Azure', function () {
  this.timeout(120_000);
  let folder: string;
  let lab: Lab;
  let cloud: string;
  let host: string;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-azure-'));
    lab = await startLab({ images: 'specimens' });
    host = lab.registries.acronly.loginServer;
    const { resourceId } = lab.registries.acronly;
    const url = `${lab.customCloud.armEndpoint}${resourceId}?api-version=2025-11-01`;
    const { dataEndpointHostNames } = facts.parse((await ask(lab, url, bearer(await armToken(lab)))).json).properties;
    cloud = path.join(folder, 'cloud.json');
    const blobHosts = [...lab.customCloud.blobHosts, ...dataEndpointHostNames];
    writeFileSync(cloud, JSON.stringify({ ...lab.customCloud, blobHosts }));
  });
  beforeEach(() => lab.clearRequests());
  after(async () => {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** In a process of its own, while the lab goes on in this one. */
  function run(args: readonly string[], env: Readonly<Record<string, string>>) {
    return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve, reject) => {
      const data = mkdtempSync(path.join(folder, 'data-'));
      const child = spawn(process.execPath, [cli, 'image', ...args, '--cloud', cloud, '--data', data, '--verbose'], {
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          DOCKER_CONFIG: path.join(folder, 'nothing'),
          NODE_EXTRA_CA_CERTS: lab.caFile,
          ...env,
        },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, stdout, stderr }));
    });
  }
  const identity = (name: string): Record<string, string> => {
    const { tenantId, clientId, clientSecret } = lab.credentials.named[name]!;
    return { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
  };
  const asked = (what: string): number => lab.requests().filter(({ path: at }) => at.startsWith(what)).length;

  it('is read in two hops, from storage that sees no token, with its signatures', async () => {
    const sidecar = lab.specimens.images.find(({ name }) => name === 'sidecar')!;
    const { status, stdout, stderr } = await run(
      [`${host}/${sidecar.repository}:${sidecar.tag}`, '--format', 'json'],
      identity('good'),
    );
    assert.equal(status, 0, stderr);
    const { image, packages } = JSON.parse(stdout) as ImageAnswer;
    assert.equal(image.digest, sidecar.digest);
    assert.ok(packages.length > 0);
    assert.deepEqual(
      image.referrers?.map(({ digest, foundBy }) => [digest, foundBy]),
      [[lab.specimens.signature, 'referrers']],
    );
    assert.equal(asked('/oauth2/exchange'), 1);
    assert.ok(asked('/oauth2/token') >= 1);
    const requests = lab.requests();
    assert.deepEqual(
      requests.filter(({ violation }) => violation !== undefined),
      [],
    );
    const storage = requests.filter(({ role }) => !role.startsWith('registry') && role !== 'entra');
    assert.ok(storage.length > 0);
    assert.ok(storage.every(({ headers }) => headers['authorization'] === undefined));
    const { AZURE_CLIENT_SECRET: secret = '' } = identity('good');
    assert.ok(!stderr.includes(secret) && !/\bey[\w-]{20,}\.[\w-]{10,}\./.test(stderr), 'a secret or a token');
  });

  it('of several platforms shows the choice', async () => {
    const proxy = lab.specimens.images.find(({ name }) => name === 'proxy')!;
    const ref = `${host}/${proxy.repository}:${proxy.tag}`;
    const { status, stdout, stderr } = await run(
      [ref, '--format', 'json', '--platform', 'linux/arm64'],
      identity('good'),
    );
    assert.equal(status, 0, stderr);
    const { image } = JSON.parse(stdout) as ImageAnswer;
    assert.equal(image.digest, proxy.platformDigests?.[1]);
    assert.match(image.platform, /^linux\/arm64/);
    assert.equal(image.index?.platforms.length, 2, 'the attestation is no platform');
  });

  it('is read with the identity token that "az acr login" leaves', async () => {
    const entra = await accessToken(lab, 'good', 'https://containerregistry.azure.net/.default');
    const fields = { grant_type: 'access_token', service: host, access_token: entra };
    const { json } = await ask(lab, `https://${host}/oauth2/exchange`, form(fields));
    const identitytoken = z.object({ refresh_token: z.string() }).parse(json).refresh_token;
    const config = path.join(folder, 'docker');
    mkdirSync(config);
    const auth = Buffer.from('00000000-0000-0000-0000-000000000000:').toString('base64');
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ auths: { [host]: { auth, identitytoken } } }));
    lab.clearRequests();
    const sidecar = lab.specimens.images.find(({ name }) => name === 'sidecar')!;
    const { status, stderr } = await run([`${host}/${sidecar.repository}:${sidecar.tag}`], { DOCKER_CONFIG: config });
    assert.equal(status, 0, stderr);
    assert.equal(asked('/oauth2/exchange'), 0);
    assert.ok(!stderr.includes(identitytoken));
  });

  it('that may not be read says so, and what to check', async () => {
    const sidecar = lab.specimens.images.find(({ name }) => name === 'sidecar')!;
    const { status, stdout, stderr } = await run([`${host}/${sidecar.repository}:${sidecar.tag}`], identity('noRoles'));
    assert.deepEqual([status, stdout], [3, '']);
    assert.match(stderr, /^plimsoll: Cannot sign in to registry .* 403 DENIED.*roles of this identity\.$/m);
  });
});
