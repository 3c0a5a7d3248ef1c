import assert from 'node:assert/strict';
import { publicCloud } from '../../../src/azure/clouds.ts';
import {
  explainSignIn,
  fieldOfSignInError,
  parseSignInRefusal,
  signInError,
} from '../../../src/azure/sign-in-errors.ts';
import { UnreachableError } from '../../../src/core/errors.ts';

const trace = '11111111-aaaa-4bbb-8ccc-222233334444';
const correlation = '22222222-aaaa-4bbb-8ccc-222233334444';
const context = { cloud: publicCloud, clientId: 'aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb' };

const fromEndpoint = (code: number, text: string): string =>
  `AADSTS${code}: ${text}\r\nTrace ID: ${trace}\r\nCorrelation ID: ${correlation}\r\nTimestamp: 2026-11-21 20:00:00Z`;

describe('refusals of the identity service (acceptance 4)', () => {
  const cases: readonly (readonly [number, string, RegExp, boolean])[] = [
    [90002, 'tenant', /^No tenant with this ID in Azure\.$/, true],
    [900023, 'tenant', /neither an ID nor a domain name/, true],
    [700016, 'client', /^This tenant has no application with this client ID\.$/, true],
    [7000215, 'secret', /^Azure refused the secret\. Check that it is the Value, not the Secret ID\.$/, true],
    [7000222, 'secret', /^This secret has expired\. Create a new one\.$/, true],
    [7000216, 'secret', /No client secret/, true],
    [7000218, 'secret', /No client secret/, true],
    [7000112, 'none', /disabled in this tenant\. Ask your Entra administrator\.$/, true],
    [53003, 'none', /Conditional Access policy blocks.*Ask your Entra administrator\.$/, true],
    [53000, 'none', /Conditional Access condition/, true],
    [65001, 'none', /consent/, true],
    [500011, 'none', /does not know the service/, true],
    [50001, 'none', /does not know the service/, true],
    [9001023, 'tenant', /one tenant/, true],
    [90038, 'tenant', /national cloud/, true],
    [90055, 'none', /limits/, false],
    [90033, 'none', /passing fault/, false],
  ];
  for (const [code, field, say, fatal] of cases) {
    it(`AADSTS${code} goes to ${field}`, () => {
      const error = signInError(fromEndpoint(code, 'Words that may change.'), context);
      assert.equal(error.code, 'not-signed-in');
      assert.equal(error.aadsts, code);
      assert.equal(error.traceId, trace);
      assert.match(error.message, say);
      assert.notEqual(error.nextStep, '');
      assert.equal(fieldOfSignInError(error), field);
      assert.equal(explainSignIn(code, context)?.fatal, fatal);
    });
  }

  it('says that the Secret ID was entered when it was', () => {
    const error = signInError(fromEndpoint(7000215, 'Invalid.'), { ...context, secretLooksLikeId: true });
    assert.match(error.message, /It looks like the Secret ID; Azure needs the Value\./);
  });

  it('names the client in the command that makes a new secret', () => {
    assert.match(
      signInError(fromEndpoint(7000222, 'Expired.'), context).nextStep,
      /az ad app credential reset --id aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb --append/,
    );
  });

  it('shows the first sentence, code and ids of an unknown code', () => {
    const error = signInError(fromEndpoint(7654321, 'Something new.'), context);
    assert.equal(error.message, 'Cannot sign in: Something new. (AADSTS7654321)');
    assert.equal(
      error.nextStep,
      `Read https://login.microsoftonline.com/error?code=7654321 for what it means. Support will ask for trace ID ${trace}, correlation ID ${correlation}, at 2026-11-21 20:00:00Z.`,
    );
    assert.equal(fieldOfSignInError(error), 'none');
  });

  it('stays at no box for errors of another kind', () => {
    assert.equal(fieldOfSignInError(new UnreachableError('x', 'y', { host: 'h', reason: 'name' })), 'none');
    assert.equal(fieldOfSignInError(undefined), 'none');
  });
});

describe('text of a refusal', () => {
  it('is read out of the message of the sign-in package', () => {
    const refusal = parseSignInRefusal(
      `invalid_client: Error(s): 7000215 - Timestamp: 2026-11-21 20:00:00Z - Description: AADSTS7000215: Invalid client secret provided. Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: 2026-11-21 20:00:00Z - Correlation ID: ${correlation} - Trace ID: ${trace}`,
    );
    assert.deepEqual(refusal, {
      code: 7000215,
      sentence: 'Invalid client secret provided.',
      traceId: trace,
      correlationId: correlation,
      timestamp: '2026-11-21 20:00:00Z',
    });
  });

  it('may have no code at all', () => {
    assert.deepEqual(parseSignInRefusal('network_error: none'), { sentence: 'network_error: none' });
    assert.match(signInError('', context).message, /no reason was given/);
  });
});
