import assert from 'node:assert/strict';
import { ClientSecretCredential } from '@azure/identity';
import { startLab, type Lab } from '../../lab/main.ts';
import { accessToken, armToken, ask, claimsOf, form, signIn } from './support.ts';

describe('lab: sign-in', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());
  afterEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });

  const credential = (name: string): ClientSecretCredential => {
    const { tenantId, clientId, clientSecret } = lab.credentials.named[name]!;
    return new ClientSecretCredential(tenantId, clientId, clientSecret, {
      authorityHost: lab.customCloud.authorityHost,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: lab.caPem },
      retryOptions: { maxRetries: 0 },
    });
  };
  const armScope = (): string => `${lab.customCloud.armAudience}/.default`;

  it('signs the SDK in, after one look at the discovery document', async () => {
    const { token, expiresOnTimestamp } = await credential('good').getToken(armScope());
    const claims = claimsOf(token);
    assert.equal(claims['aud'], 'https://management.lab.plimsoll.test');
    assert.equal(claims['tid'], lab.credentials.tenantId);
    assert.equal(claims['appid'], lab.credentials.clientId);
    assert.equal(claims['oid'], '5e71ce00-0000-4000-8000-000000000001');
    assert.equal(claims['idtyp'], 'app');
    assert.equal(claims['roles'], undefined);
    assert.ok(Math.abs(expiresOnTimestamp - Date.now() - 3599_000) < 60_000);
    assert.deepEqual(
      lab.requests().map(({ role, method, path, violation }) => [role, method, path, violation]),
      [
        ['entra', 'GET', `/${lab.credentials.tenantId}/v2.0/.well-known/openid-configuration`, undefined],
        ['entra', 'POST', `/${lab.credentials.tenantId}/oauth2/v2.0/token`, undefined],
      ],
    );
  });

  it('puts granted permissions of Microsoft Graph into the token, and none where none are granted', async () => {
    const scope = `${lab.customCloud.graphEndpoint}/.default`;
    assert.deepEqual(claimsOf(await accessToken(lab, 'good', scope))['roles'], [
      'Directory.Read.All',
      'Policy.Read.All',
    ]);
    assert.equal(claimsOf(await accessToken(lab, 'readerOnly', scope))['roles'], undefined);
  });

  const refusals: readonly (readonly [name: string, code: number, error: string, status: number])[] = [
    ['wrongSecret', 7000215, 'invalid_client', 401],
    ['secretId', 7000215, 'invalid_client', 401],
    ['expiredSecret', 7000222, 'invalid_client', 401],
    ['disabledApp', 7000112, 'unauthorized_client', 400],
    ['blocked', 53003, 'access_denied', 400],
    ['unknownApp', 700016, 'unauthorized_client', 400],
    ['wrongTenant', 90002, 'invalid_request', 400],
    ['malformedTenant', 900023, 'invalid_request', 400],
  ];
  for (const [name, code, error, status] of refusals) {
    it(`refuses "${name}" with AADSTS${code}`, async () => {
      const answer = await signIn(lab, name, armScope());
      assert.equal(answer.status, status);
      assert.equal(answer.json['error'], error);
      assert.deepEqual(answer.json['error_codes'], [code]);
      assert.match(answer.text, new RegExp(`AADSTS${code}: .* Trace ID: [0-9a-f-]{36} Correlation ID: `));
    });
  }

  it('gives the SDK the code in the message', async () => {
    await assert.rejects(credential('wrongSecret').getToken(armScope()), /AADSTS7000215/);
    await assert.rejects(credential('disabledApp').getToken(armScope()), /AADSTS7000112/);
    await assert.rejects(credential('blocked').getToken(armScope()), /AADSTS53003/);
  });

  it('hides the code of an unknown tenant from the SDK, whose discovery fails first', async () => {
    await assert.rejects(credential('wrongTenant').getToken(armScope()), (error: Error) => {
      assert.match(error.message, /endpoints_resolution_error/);
      assert.doesNotMatch(error.message, /AADSTS/);
      return true;
    });
    const { tenantId } = lab.credentials.named['wrongTenant']!;
    const direct = await ask(lab, `${lab.customCloud.authorityHost}/${tenantId}/v2.0/.well-known/openid-configuration`);
    assert.equal(direct.status, 400);
    assert.equal(direct.json['error'], 'invalid_tenant');
    assert.match(direct.text, /AADSTS90002/);
  });

  const scopes: readonly (readonly [scope: string, code: number])[] = [
    ['https://management.lab.plimsoll.test', 70011],
    ['https://management.lab.plimsoll.test/.default https://containerregistry.azure.net/.default', 700022],
    ['https://management.azure.com/.default', 500011],
  ];
  for (const [scope, code] of scopes) {
    it(`refuses the scope "${scope}" with AADSTS${code}`, async () => {
      assert.deepEqual((await signIn(lab, 'good', scope)).json['error_codes'], [code]);
    });
  }

  it('takes a scope with a double slash; the audience then ends in a slash', async () => {
    const token = await accessToken(lab, 'good', `${lab.customCloud.armAudience}//.default`);
    assert.equal(claimsOf(token)['aud'], 'https://management.lab.plimsoll.test/');
  });

  it('wants a form, and a form with all fields', async () => {
    const url = `${lab.customCloud.authorityHost}/${lab.credentials.tenantId}/oauth2/v2.0/token`;
    const asJson = await ask(lab, url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    assert.deepEqual(asJson.json['error_codes'], [900144]);
    const noSecret = await ask(
      lab,
      url,
      form({ grant_type: 'client_credentials', client_id: lab.credentials.clientId, scope: armScope() }),
    );
    assert.deepEqual(noSecret.json['error_codes'], [7000216]);
  });

  it('expires the good secret, forgets the registry audience and shortens lives on request', async () => {
    lab.faults.configure({ registryAudienceUnknown: true, tokenLifetimeSeconds: 5 });
    assert.deepEqual(
      (await signIn(lab, 'good', 'https://containerregistry.azure.net/.default')).json['error_codes'],
      [500011],
    );
    assert.equal((await signIn(lab, 'good', armScope())).json['expires_in'], 5);
    lab.faults.configure({ secretExpired: true });
    assert.deepEqual((await signIn(lab, 'good', armScope())).json['error_codes'], [7000222]);
    assert.equal((await signIn(lab, 'readerOnly', armScope())).status, 200);
  });

  it('answers the AADSTS code that a fault names, as often as it says', async () => {
    lab.faults.add({ kind: 'aadsts', role: 'entra', path: '/token', code: 50196, times: 1 });
    assert.deepEqual((await signIn(lab, 'good', armScope())).json['error_codes'], [50196]);
    assert.ok(await armToken(lab));
  });
});
