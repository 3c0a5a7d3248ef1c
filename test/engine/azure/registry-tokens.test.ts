import assert from 'node:assert/strict';
import { createRegistryTokenSource, credentialsForRegistry, openRegistry } from '../../../src/azure/acr-tokens.ts';
import { readClaims } from '../../../src/azure/jwt.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from './session-on-lab.ts';

describe('tokens for registries', function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: OnLab;
  const never = new AbortController().signal;

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    on = onLab(lab);
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  it('are of the registry audience', async () => {
    const source = createRegistryTokenSource(on.session('good'));
    assert.equal(readClaims(await source(never))?.aud, 'https://containerregistry.azure.net');
    assert.equal(source.audience(), 'registry');
  });

  it('are of Resource Manager where the cloud has no registry audience, and it is asked once', async () => {
    lab.faults.configure({ registryAudienceUnknown: true });
    const source = createRegistryTokenSource(on.session('good'));
    assert.equal(readClaims(await source(never))?.aud, lab.customCloud.armAudience);
    assert.equal(source.audience(), 'arm');
    await source(never);
    const refused = lab.requests().filter(({ role, status }) => role === 'entra' && status === 400);
    assert.equal(refused.length, 1);
  });

  it('are not replaced after a refusal of another kind', async () => {
    const source = createRegistryTokenSource(on.session('expiredSecret'));
    await assert.rejects(source(never), { code: 'not-signed-in', aadsts: 7000222 });
    assert.equal(source.audience(), 'registry');
  });

  it('open a registry that takes no others', async () => {
    const session = on.session('good');
    const { loginServer } = lab.registries.acronly;
    const client = openRegistry(
      session,
      createRegistryTokenSource(session),
      { loginServer, dataEndpointHosts: [] },
      on.deps,
    );
    const names: string[] = [];
    for await (const name of client.repositories(never)) names.push(name);
    assert.deepEqual(names, [...lab.specimens.repositories].sort());
    const exchanged = lab.requests().filter(({ path }) => path === '/oauth2/exchange');
    assert.deepEqual(
      exchanged.map(({ role, status }) => [role, status]),
      [['registry.acronly', 200]],
    );
  });

  it('go to their own registry alone', async () => {
    const session = on.session('good');
    const credentials = credentialsForRegistry(
      session,
      createRegistryTokenSource(session),
      lab.registries.good.loginServer,
      on.deps,
    );
    await assert.rejects(
      credentials.authorization({
        host: new URL(lab.elsewhereUrl).host,
        scope: 'repository:a:pull',
        challenge: { scheme: 'bearer' },
        signal: never,
        renew: false,
      }),
      { code: 'refused' },
    );
    assert.deepEqual(lab.requests(), []);
  });
});
