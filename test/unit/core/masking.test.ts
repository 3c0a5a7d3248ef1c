import assert from 'node:assert/strict';
import { looksSecret, maskCredentials, maskEnvironment } from '../../../src/core/masking.ts';

describe('hiding what looks like a secret', () => {
  const masked: [string, string][] = [
    ['curl https://user:hunter2@example.org/x', 'curl https://***@example.org/x'],
    ['export API_KEY=abc123 && make', 'export API_KEY=*** && make'],
    ['DB_PASSWORD="a b c" ./run', 'DB_PASSWORD=*** ./run'],
    ["ENV GITHUB_TOKEN='x'", 'ENV GITHUB_TOKEN=***'],
    ['{"password": "hunter2", "user": "x"}', '{"password": ***, "user": "x"}'],
    ['tool --password hunter2 --user x', 'tool --password *** --user x'],
    ['tool --client-secret=hunter2', 'tool --client-secret=***'],
    ['curl -H "Authorization: Bearer abcdef" x', 'curl -H "Authorization: ***" x'],
    ['echo eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'echo ***'],
    ['aws AKIAABCDEFGHIJKLMNOP', 'aws ***'],
    [`git clone ghp_${'a'.repeat(36)}`, 'git clone ***'],
    ['az login -p abc8Q~0123456789abcdefghijklmnopqrstuvw', 'az login -p ***'],
    ['AccountName=x;AccountKey=c2VjcmV0a2V5c2VjcmV0;EndpointSuffix=y', 'AccountName=x;AccountKey=***;EndpointSuffix=y'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', '***'],
    ['cc -DDB_PASSWORD=abc -O2 main.c', 'cc -DDB_PASSWORD=*** -O2 main.c'],
    [`${'a-'.repeat(200)}password=abc`, `${'a-'.repeat(200)}password=***`],
    ['docker build --build-arg=DB_PASSWORD=abc .', 'docker build --build-arg=DB_PASSWORD=*** .'],
    ['1=DB_PASSWORD=abc', '1=DB_PASSWORD=***'],
    [`PASSWORD${' '.repeat(30)}: abc`, `PASSWORD${' '.repeat(30)}: ***`],
    ['x-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'x-***'],
    ['|1 NPM_TOKEN=abc /bin/sh -c npm ci', '|1 NPM_TOKEN=*** /bin/sh -c npm ci'],
  ];
  for (const [text, expected] of masked)
    it(`hides it in: ${text.slice(0, 60)}`, () => assert.equal(maskCredentials(text), expected));

  const kept = [
    'apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10',
    'RUN npm config set //registry/:_authToken=${NPM_TOKEN}',
    'tool --password $PASSWORD --token "${TOKEN}"',
    'POSTGRES_PASSWORD_FILE=/run/secrets/pg',
    'curl -H "Authorization: Bearer $TOKEN" x',
    'PWD=/app',
    'COPY tokens.json /app/',
    'NODE_VERSION=20.9.0',
    'https://example.org/a:b@c',
  ];
  for (const text of kept) it(`leaves alone: ${text.slice(0, 60)}`, () => assert.equal(maskCredentials(text), text));

  it('is done again without a further change', () => {
    for (const [text] of masked) assert.equal(maskCredentials(maskCredentials(text)), maskCredentials(text));
  });

  it('takes no longer than the text is long', () => {
    const started = performance.now();
    for (const text of [
      'ey-'.repeat(10_000),
      'a'.repeat(30_000),
      'token '.repeat(5000),
      `"${'\\'.repeat(30_000)}`,
      'a='.repeat(15_000),
      `-----BEGIN ${'A '.repeat(15_000)}`,
      'x://'.repeat(8000),
    ]) {
      maskCredentials(text);
    }
    assert.ok(performance.now() - started < 3000);
  });

  it('tells names of secrets from names of places', () => {
    for (const name of [
      'API_KEY',
      'password',
      'DB_PASS',
      'clientSecret',
      'AZURE_CLIENT_SECRET',
      'CONNECTION_STRING',
      'SAS_TOKEN',
      'SENTRY_DSN',
      'authToken',
    ]) {
      assert.equal(looksSecret(name), true, name);
    }
    for (const name of ['PATH', 'NODE_ENV', 'AUTHOR', 'SECRET_FILE', 'TOKEN_PATH', 'KEYBOARD', 'PWD']) {
      assert.equal(looksSecret(name), false, name);
    }
  });

  it('keeps of the environment the names, and values that are known to be harmless', () => {
    const cases: [string, string][] = [
      ['PATH=/usr/local/bin:/usr/bin', 'PATH=/usr/local/bin:/usr/bin'],
      ['NODE_VERSION=20.9.0', 'NODE_VERSION=20.9.0'],
      ['GOLANG_VERSION=go1.22', 'GOLANG_VERSION=go1.22'],
      ['TOKEN_VERSION=1.0', 'TOKEN_VERSION='],
      ['APP_VERSION=hunter2 is the password', 'APP_VERSION='],
      ['DATABASE_URL=postgres://u:p@h/d', 'DATABASE_URL='],
      ['STORAGE_KEY=abc', 'STORAGE_KEY='],
      ['ANYTHING=else', 'ANYTHING='],
      ['EMPTY=', 'EMPTY='],
      ['NOTHING', 'NOTHING'],
    ];
    for (const [entry, expected] of cases) assert.equal(maskEnvironment(entry), expected);
  });
});
