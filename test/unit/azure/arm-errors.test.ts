import assert from 'node:assert/strict';
import { armError, meansNothingThere, owningTenant, readServiceError } from '../../../src/azure/arm-errors.ts';
import { AccessDeniedError, type EngineError } from '../../../src/core/errors.ts';

const subscription = '00000000-0000-0000-0000-000000000001';
const path = `/subscriptions/${subscription}/providers/Microsoft.ContainerRegistry/registries`;

function answer(
  status: number,
  code: string,
  message: string,
  details: readonly { code: string; message: string }[] = [],
): EngineError {
  return armError({
    status,
    headers: { 'x-ms-correlation-request-id': '33333333-aaaa-4bbb-8ccc-000000000000' },
    url: `https://management.azure.com${path}?api-version=2025-11-01`,
    body: JSON.stringify({ error: { code, message, details } }),
  });
}

describe('errors of Resource Manager', () => {
  it('AuthorizationFailed names action, scope, role and the correlation id', () => {
    const scope = `/subscriptions/${subscription}`;
    const error = answer(
      403,
      'AuthorizationFailed',
      `The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.action, 'Microsoft.ContainerRegistry/registries/read');
    assert.equal(error.scope, scope);
    assert.equal(error.serviceCode, 'AuthorizationFailed');
    assert.equal(error.httpStatus, 403);
    assert.equal(error.traceId, '33333333-aaaa-4bbb-8ccc-000000000000');
    assert.equal(
      error.message,
      `Cannot read "${scope}": the permission Microsoft.ContainerRegistry/registries/read is missing`,
    );
    assert.match(error.nextStep, /^Assign the role Reader at \/subscriptions\/.*Assigned minutes ago\? Wait/);
  });

  it('AuthorizationFailed in other words still is a denial of the path', () => {
    const error = answer(403, 'AuthorizationFailed', 'Nein.');
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.action, undefined);
    assert.equal(error.scope, path);
  });

  it('InvalidAuthenticationTokenTenant offers the tenant that owns the subscription, in both wordings', () => {
    const b = 'bbbbbbbb-0000-4000-8000-000000000000';
    const first = `The access token is from the wrong issuer 'https://sts.windows.net/aaaaaaaa-0000-4000-8000-000000000000/'. It must match the tenant 'https://sts.windows.net/${b}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${b}' to get the token.`;
    const newer = `The access token has been issued by 'EvolvedSecurityTokenService'; use the authority (URL) 'https://login.windows.net/${b}'.`;
    assert.equal(owningTenant(first), b);
    assert.equal(owningTenant(newer), b);
    assert.equal(owningTenant(first.replace(/login\.windows\.net/g, 'elsewhere')), b);
    const error = answer(401, 'InvalidAuthenticationTokenTenant', first);
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.message, `This subscription belongs to the tenant ${b}, not to the one that was signed in to`);
    assert.match(error.nextStep, new RegExp(`Connect with tenant ${b}`));
  });

  const rows: readonly (readonly [number, string, string, RegExp, RegExp])[] = [
    [401, 'InvalidAuthenticationTokenAudience', 'access-denied', /made for another cloud or service/, /armAudience/],
    [401, 'ExpiredAuthenticationToken', 'not-signed-in', /fresh token has expired/, /clock/],
    [
      401,
      'InvalidAuthenticationToken',
      'not-signed-in',
      /does not accept the token \(InvalidAuthenticationToken\)/,
      /proxy/i,
    ],
    [404, 'SubscriptionNotFound', 'not-found', /no such subscription/, /another cloud, or this identity has no role/],
    [400, 'InvalidSubscriptionId', 'bad-input', /is no subscription ID/, /Correct/],
    [404, 'ResourceGroupNotFound', 'not-found', /does not exist any more/, /Refresh/],
    [404, 'ResourceNotFound', 'not-found', /does not exist any more/, /Refresh/],
    [409, 'ScopeLocked', 'access-denied', /read-only lock/, /lock/],
    [403, 'Authorization_RequestDenied', 'access-denied', /Microsoft Graph refuses/, /Grant admin consent/],
    [403, 'SomethingElse', 'access-denied', /refuses .* \(SomethingElse\)/, /owner/],
    [500, 'InternalServerError', 'unexpected-response', /has a fault: it answered 500/, /Try again/],
    [400, 'Odd', 'unexpected-response', /answered 400 \(Odd\): text/, /Report/],
  ];
  for (const [status, code, kind, message, next] of rows) {
    it(`${status} ${code} becomes ${kind}`, () => {
      const error = answer(status, code, 'text');
      assert.equal(error.code, kind);
      assert.match(error.message, message);
      assert.match(error.nextStep, next);
      assert.equal(meansNothingThere(error), undefined);
    });
  }

  it('tells "there is nothing of the kind" from a failure', () => {
    assert.equal(meansNothingThere(answer(400, 'DisallowedOperation', 'x')), 'directoryOnly');
    assert.equal(meansNothingThere(answer(409, 'MissingSubscriptionRegistration', 'x')), 'notRegistered');
    for (const code of ['NoRegisteredProviderFound', 'InvalidResourceType', 'InvalidApiVersionParameter']) {
      assert.equal(meansNothingThere(answer(400, code, 'x')), 'notInCloud');
    }
    assert.equal(meansNothingThere(new Error('x')), undefined);
  });

  it('knows the query that sees no subscription by its detail', () => {
    const error = answer(400, 'BadRequest', 'x', [{ code: 'NoValidSubscriptionsInQueryRequest', message: 'y' }]);
    assert.ok(error instanceof AccessDeniedError);
    assert.equal(error.serviceCode, 'NoValidSubscriptionsInQueryRequest');
  });

  it('a second challenge after a new sign-in means that access was revoked', () => {
    const error = armError({
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="insufficient_claims", claims="e30="' },
      url: 'https://management.azure.com/subscriptions',
      body: '',
    });
    assert.equal(error.code, 'not-signed-in');
    assert.match(error.nextStep, /revoked or is blocked/);
  });

  it('survives an address with broken percent-encoding', () => {
    const error = armError({ status: 404, headers: {}, url: 'https://management.azure.com/%E0%A4%A', body: '' });
    assert.equal(error.code, 'not-found');
  });

  it('reads errors without envelope, and survives pages, texts and lists', () => {
    assert.equal(readServiceError('{"code":"A","message":"b"}').code, 'A');
    assert.equal(readServiceError('<html>').code, '');
    assert.equal(readServiceError('[]').code, '');
    assert.equal(readServiceError('{"error":"x"}').code, '');
    assert.equal(readServiceError('{"error":{"code":7}}').code, '');
    const page = armError({
      status: 502,
      headers: {},
      url: 'https://management.azure.com/x',
      body: '<html>bad</html>',
    });
    assert.equal(page.code, 'unexpected-response');
    assert.match(page.message, /with a web page/);
  });
});
