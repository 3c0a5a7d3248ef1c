import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkClient,
  checkGuid,
  checkName,
  checkSecret,
  checkTenant,
  cleanValue,
  looksLikeSecretId,
  parseServicePrincipal,
  parseSubscriptionIds,
} from '../../../src/azure/input.ts';

const client = '23dbb6af-1111-4222-8333-444455556666';
const tenant = 'c09e8f8a-1111-4222-8333-444455556666';
const subscription = '0b1f6471-1bf0-4dda-aec3-111122223333';
const secret = 'Abc8Q~marker.Value_that-is.not=real/+00';

const defaultOutput = `{
  "appId": "${client}",
  "displayName": "plimsoll-reader",
  "password": "${secret}",
  "tenant": "${tenant}"
}`;
const jsonAuth = `{
  "clientId": "${client}",
  "clientSecret": "${secret}",
  "subscriptionId": "${subscription}",
  "tenantId": "${tenant}",
  "activeDirectoryEndpointUrl": "https://login.microsoftonline.us",
  "resourceManagerEndpointUrl": "https://management.usgovcloudapi.net/",
  "activeDirectoryGraphResourceId": "https://graph.windows.net/"
}`;

describe('pasted service principal (acceptance 1)', () => {
  const basic = { clientId: client, clientSecret: secret, tenantId: tenant };
  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['the default output', defaultOutput, { ...basic, displayName: 'plimsoll-reader' }],
    [
      '--json-auth with the cloud of its endpoints',
      jsonAuth,
      { ...basic, subscriptionId: subscription, cloud: 'usGovernment' },
    ],
    [
      'the default output inside a terminal log with a warning before and a prompt after',
      `WARNING: The output includes credentials {see docs}. Keep them safe.\n${defaultOutput}\nme@host:~$ `,
      { ...basic, displayName: 'plimsoll-reader' },
    ],
    ['line breaks lost', defaultOutput.replaceAll('\n', ''), { ...basic, displayName: 'plimsoll-reader' }],
    [
      'lines wrapped by a terminal inside a value',
      defaultOutput.replace(secret, `${secret.slice(0, 12)}\n${secret.slice(12)}`),
      { ...basic, displayName: 'plimsoll-reader' },
    ],
    [
      'Windows line ends',
      jsonAuth.replaceAll('\n', '\r\n'),
      { ...basic, subscriptionId: subscription, cloud: 'usGovernment' },
    ],
    [
      'other letter case',
      defaultOutput.replace('appId', 'AppID').replace('tenant"', 'TENANT"'),
      { ...basic, displayName: 'plimsoll-reader' },
    ],
    ['typographic quotes', defaultOutput.replaceAll('"', '“'), { ...basic, displayName: 'plimsoll-reader' }],
    [
      'AZURE_ lines',
      `export AZURE_CLIENT_ID=${client}\nexport AZURE_CLIENT_SECRET='${secret}'\nAZURE_TENANT_ID="${tenant}"\n`,
      basic,
    ],
    [
      'ARM_ lines of PowerShell and cmd',
      `$env:ARM_CLIENT_ID = "${client}"\r\nset ARM_CLIENT_SECRET=${secret}\r\n$env:ARM_TENANT_ID="${tenant}"\r\n$env:ARM_SUBSCRIPTION_ID="${subscription}"`,
      { ...basic, subscriptionId: subscription },
    ],
  ];
  for (const [title, text, expected] of cases) {
    it(`reads ${title}`, () => {
      const { message, missing, ...values } = parseServicePrincipal(text) ?? assert.fail('nothing found');
      assert.deepEqual(values, expected);
      assert.deepEqual(missing, []);
      assert.equal(message, 'Found: client 23dbb6af…, tenant c09e8f8a…, a secret.');
    });
  }

  it('names a missing secret', () => {
    const found = parseServicePrincipal(`{"appId":"${client}","tenant":"${tenant}"}`);
    assert.deepEqual(found?.missing, ['clientSecret']);
    assert.match(found.message, /^There is no secret in this JSON\./);
  });

  it('takes the first object that holds a value', () => {
    const found = parseServicePrincipal(`{"name":"x"} {"appId":"${client}","password":"one"} {"password":"two"}`);
    assert.equal(found?.clientSecret, 'one');
  });

  it('finds nothing in other text', () => {
    for (const text of ['', 'hello', '{"a":1}', '[]', '{', '{{{{', 'CLIENT_ID=x']) {
      assert.equal(parseServicePrincipal(text), undefined, text);
    }
  });

  it('never throws, and is quick on hostile text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (text) => void parseServicePrincipal(text)));
    const started = performance.now();
    parseServicePrincipal('{"'.repeat(30_000));
    parseServicePrincipal('{'.repeat(60_000));
    parseServicePrincipal('AZURE_A='.repeat(8000));
    assert.ok(performance.now() - started < 1000);
  });

  it('does not put the secret into its message', () => {
    assert.ok(!JSON.stringify(parseServicePrincipal(defaultOutput)?.message).includes(secret));
  });
});

describe('cleaning (acceptance 2)', () => {
  const cases: readonly (readonly [string, 'id' | 'secret' | 'text', string, string])[] = [
    ['spaces, tabs and line breaks', 'id', ` \t${client}\r\n`, client],
    ['no-break spaces', 'id', `\u00a0${client}\u202f`, client],
    [
      'zero-width characters and a byte-order mark',
      'id',
      `\ufeff${client.slice(0, 8)}\u200b${client.slice(8)}\u200d`,
      client,
    ],
    ['quotes', 'id', `"${client}"`, client],
    ['typographic quotes', 'secret', `“${secret}”`, secret],
    ['braces', 'id', `{${client.toUpperCase()}}`, client],
    ['quotes around braces', 'id', `' {${client}} '`, client],
    ['one pair of quotes only', 'secret', `''${secret}''`, `'${secret}'`],
    ['nothing of a secret itself', 'secret', `{${secret}}`, `{${secret}}`],
  ];
  for (const [title, kind, input, expected] of cases) {
    it(`handles ${title}`, () => {
      const cleaned = cleanValue(input, kind);
      assert.equal(cleaned.value, expected);
      assert.equal(cleaned.removed, input !== expected);
    });
  }

  it('says nothing when only letters became small', () => {
    assert.deepEqual(cleanValue(client.toUpperCase(), 'id'), { value: client, removed: false });
  });

  it('is stable: cleaning twice changes nothing more for ids without quotes inside', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-fA-F {}\u00a0-]{0,50}$/), (text) => {
        const once = cleanValue(text, 'text').value;
        assert.equal(cleanValue(once, 'text').value, once);
      }),
    );
  });
});

describe('ids', () => {
  it('says nothing while typing, and what is wrong in the end', () => {
    assert.equal(checkGuid('23dbb6af-1111', false), undefined);
    assert.match(checkGuid('23dbb6af-1111', true) ?? '', /^That is not a complete ID\. It has 36 characters/);
    assert.match(checkGuid(`${client.slice(0, 35)}x`, false) ?? '', /^That is not a complete ID/);
    assert.equal(checkGuid(client, false), undefined);
    assert.equal(checkGuid('00000000-0000-0000-0000-000000000000', false), 'An ID of zeros names nothing.');
  });

  it('takes a domain for a tenant, and warns of equal ids', () => {
    assert.equal(checkTenant('contoso.onmicrosoft.com', true)?.level, 'info');
    assert.equal(checkTenant('contoso.', false), undefined);
    assert.equal(checkTenant('contoso.', true)?.level, 'error');
    assert.equal(checkTenant('contoso', true)?.level, 'error');
    assert.equal(checkTenant(tenant, true), undefined);
    assert.equal(checkTenant(tenant, true, [tenant])?.level, 'warning');
    assert.equal(checkClient(tenant, true, tenant)?.level, 'warning');
    assert.equal(checkClient(client, true, tenant), undefined);
  });

  it('splits subscription ids and names the first wrong part', () => {
    assert.deepEqual(parseSubscriptionIds(`${client}, {${tenant}}\n${client}`), { ids: [client, tenant] });
    assert.deepEqual(parseSubscriptionIds(`${client} abc`), { ids: [client], wrong: 'abc' });
    assert.deepEqual(parseSubscriptionIds('  '), { ids: [] });
  });

  it('checks names', () => {
    assert.equal(checkName('Prod', ['Test']), undefined);
    assert.equal(checkName(' ', []), 'Enter a name.');
    assert.equal(checkName('x'.repeat(65), []), 'Use at most 64 characters.');
    assert.equal(checkName('prod ', ['Prod']), 'Another connection has this name.');
  });
});

describe('secret (acceptance 3)', () => {
  it('warns of a Secret ID, and lets it be accepted', () => {
    const remark = checkSecret(client);
    assert.equal(remark?.level, 'warning');
    assert.match(remark.message, /^This looks like the Secret ID\./);
    assert.equal(looksLikeSecretId(client), true);
    assert.equal(looksLikeSecretId(secret), false);
  });

  it('refuses an empty one, warns of white space inside and of short ones', () => {
    assert.equal(checkSecret('')?.level, 'error');
    assert.equal(checkSecret('abcdefgh ijklmnopqrst')?.level, 'warning');
    assert.equal(checkSecret('short')?.level, 'warning');
    assert.equal(checkSecret(secret), undefined);
  });
});
