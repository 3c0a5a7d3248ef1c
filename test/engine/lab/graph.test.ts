import assert from 'node:assert/strict';
import { at, isArray, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { accessToken, armToken, ask, bearer, type Answer } from './support.ts';

describe('lab: Microsoft Graph', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());

  const get = async (path: string, name = 'good'): Promise<Answer> =>
    ask(
      lab,
      `${lab.customCloud.graphEndpoint}/v1.0${path}`,
      bearer(await accessToken(lab, name, `${lab.customCloud.graphEndpoint}/.default`)),
    );

  it('lets the roles of the token decide', async () => {
    const policies = await get('/identity/conditionalAccess/policies');
    assert.ok(isArray(policies.json['value']) && policies.json['value'].length === 2);
    const refused = await get('/identity/conditionalAccess/policies', 'readerOnly');
    assert.equal(refused.status, 403);
    assert.equal(at(refused.json, 'error', 'code'), 'Authorization_RequestDenied');
    assert.ok(at(refused.json, 'error', 'innerError', 'request-id'));
  });

  it('finds the principal by client id, with the fields asked for, and its groups', async () => {
    const found = await get(`/servicePrincipals(appId='${lab.credentials.clientId}')?$select=id,accountEnabled`);
    assert.equal(found.json['id'], '5e71ce00-0000-4000-8000-000000000001');
    assert.equal(found.json['accountEnabled'], true);
    assert.equal(found.json['displayName'], undefined);
    const groups = await get(
      '/servicePrincipals/5e71ce00-0000-4000-8000-000000000001/transitiveMemberOf?$select=id,displayName',
    );
    assert.equal(at((groups.json['value'] as Json[])[0], 'displayName'), 'Security scanners');
  });

  it('pages with @odata.nextLink', async () => {
    const first = await get('/users?$select=id,displayName');
    const next = textOf(first.json['@odata.nextLink']) ?? '';
    const token = await accessToken(lab, 'good', `${lab.customCloud.graphEndpoint}/.default`);
    const second = await ask(lab, next, bearer(token));
    assert.deepEqual(
      [...(first.json['value'] as Json[]), ...(second.json['value'] as Json[])].map((user) => at(user, 'displayName')),
      ['Mara Lind', 'Tomas Berg', 'Vendor support'],
    );
    assert.equal(second.json['@odata.nextLink'], undefined);
  });

  it('refuses tokens that were made for Resource Manager', async () => {
    const refused = await ask(lab, `${lab.customCloud.graphEndpoint}/v1.0/organization`, bearer(await armToken(lab)));
    assert.equal(refused.status, 401);
    assert.equal(lab.requests().at(-1)?.violation, 'a token that was not made for Microsoft Graph');
  });
});
