import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspectCommand, inspectFile, inspectText, inspectVariable } from '../../../../src/image/secrets/inspect.ts';
import type { FileRole } from '../../../../src/image/secrets/files.ts';

// Nothing here is a credential of anybody. Values are put together when the test runs, so that no scanner of repositories
// takes them for one.
const base64 = (length: number): string => {
  let text = '';
  for (let i = 0; text.length < length; i++) text += 'kT9vQ2xZ7mB4nR8sW1yC6dF3gH5jL0pAeUiOqXzEwVtS'[(i * 7) % 44] ?? '';
  return text;
};
const key86 = `${base64(86)}==`;
/** Thirty characters and their CRC-32 in base 62, worked out with another program. */
const checked = 'pL1m50lLt3StB3rth5HarbourQx7Za';
const checksum = '4DcNOp';

const kinds = (role: FileRole, text: string | Uint8Array): string[] =>
  inspectFile(role, typeof text === 'string' ? Buffer.from(text) : text).map(({ kind }) => kind);
const values = (role: FileRole, text: string): unknown[] =>
  inspectFile(role, Buffer.from(text)).map(({ kind, value }) => [kind, value]);

describe('private keys in files', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const openssh = (cipher: string): string => {
    const field = (text: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, Buffer.from(text)]);
    };
    const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), field(cipher), field('none'), randomBytes(150)]);
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64').replace(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
  };

  it('are found in PKCS #8 and PKCS #1', () => {
    assert.deepEqual(kinds('key', pkcs8), ['private-key']);
    assert.deepEqual(kinds('key', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()), ['private-key']);
  });
  it('are found on curves', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    assert.deepEqual(kinds('key', ec.export({ type: 'sec1', format: 'pem' }).toString()), ['private-key']);
    const ed = generateKeyPairSync('ed25519').privateKey;
    assert.deepEqual(kinds('key', ed.export({ type: 'pkcs8', format: 'pem' }).toString()), ['private-key']);
  });
  it('are told apart when a passphrase guards them', () => {
    const options = { format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const;
    assert.deepEqual(kinds('key', privateKey.export({ type: 'pkcs8', ...options }).toString()), [
      'encrypted-private-key',
    ]);
    assert.deepEqual(kinds('key', privateKey.export({ type: 'pkcs1', ...options }).toString()), [
      'encrypted-private-key',
    ]);
    assert.deepEqual(kinds('key', openssh('aes256-ctr')), ['encrypted-private-key']);
  });
  it('are found in the form of OpenSSH', () => assert.deepEqual(kinds('key', openssh('none')), ['private-key']));
  it('are found in the form of PuTTY', () => {
    const text = `PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\nPublic-Lines: 1\r\nAAAA\r\nPrivate-Lines: 1\r\n${base64(44)}\r\nPrivate-MAC: 00\r\n`;
    assert.deepEqual(kinds('key', text), ['private-key']);
    assert.deepEqual(kinds('key', text.replace('none', 'aes256-cbc')), ['encrypted-private-key']);
  });
  it('are found inside JSON, with their line ends written out', () => {
    const account = JSON.stringify({ type: 'service_account', client_email: 'a@b.example', private_key: pkcs8 });
    assert.deepEqual(kinds('config', account), ['gcp-service-account-key']);
    assert.deepEqual(kinds('config', JSON.stringify({ tls: { key: pkcs8 } })), ['private-key']);
  });
  it('are not certificates, public keys, nor words between the lines', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    assert.deepEqual(kinds('key', publicKey.export({ type: 'spki', format: 'pem' }).toString()), []);
    assert.deepEqual(kinds('key', `-----BEGIN CERTIFICATE-----\n${base64(600)}\n-----END CERTIFICATE-----\n`), []);
    for (const body of ['...', 'your key here', 'MIIE'.padEnd(200, 'A'), base64(300)]) {
      assert.deepEqual(
        kinds('config', `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\n`),
        [],
        body.slice(0, 20),
      );
    }
    assert.deepEqual(kinds('code', "if (text.includes('-----BEGIN PRIVATE KEY-----')) fail();"), []);
  });
  it('are stores by their first bytes, not by their name alone', () => {
    const store = Buffer.concat([Buffer.from('3082093e020103308208f4', 'hex'), randomBytes(500)]);
    assert.deepEqual(kinds('key-store', store), ['key-store']);
    assert.deepEqual(kinds('key-store', Buffer.concat([Buffer.from('feedfeed00000002', 'hex'), randomBytes(500)])), [
      'key-store',
    ]);
    assert.deepEqual(kinds('key-store', 'the certificate lies elsewhere, ask the operators for it, or make one\n'), []);
  });
});

describe('credentials that are known by their shape', () => {
  const found: [string, string, string][] = [
    [
      'storage connection string',
      `DefaultEndpointsProtocol=https;AccountName=harbour;AccountKey=${key86};`,
      'azure-storage-key',
    ],
    ['storage key with a signature', `x: ${base64(76)}+ASt${base64(5)}A==`, 'azure-storage-key'],
    ['storage key by its name', `STORAGE_ACCOUNT_KEY="${key86}"`, 'azure-storage-key'],
    [
      'Cosmos DB',
      `AccountEndpoint=https://harbour.documents.azure.com:443/;AccountKey=${key86};`,
      'azure-connection-string',
    ],
    [
      'Service Bus',
      `Endpoint=sb://harbour.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${base64(43)}=`,
      'azure-connection-string',
    ],
    ['Redis', `harbour.redis.cache.windows.net:6380,password=${base64(43)}=,ssl=True`, 'azure-connection-string'],
    [
      'shared access signature',
      `"https://harbour.blob.core.windows.net/c?sv=2022-11-02&ss=b&se=2030-01-01T00%3A00%3A00Z&sp=r&sig=${base64(43)}%3D"`,
      'azure-sas',
    ],
    ['registry password', `password: ${base64(42)}+ACRA${base64(5)}`, 'azure-registry-key'],
    ['client secret', `clientSecret: abc8Q~${base64(34)}`, 'azure-client-secret'],
    ['Azure DevOps token', `pat=${base64(76)}AZDO${base64(4)}`, 'azure-devops-token'],
    ['AWS key id', `aws_access_key_id = AKIAZ2QWX7RT5NVB3MKP`, 'aws-access-key'],
    ['AWS secret', `aws_secret_access_key = ${base64(40)}`, 'aws-access-key'],
    ['GitHub token with its checksum', `token ghp_${checked}${checksum}`, 'github-token'],
    ['npm token with its checksum', `npm_${checked}${checksum}`, 'npm-token'],
    ['GitLab token', `glpat-${base64(20)}`, 'gitlab-token'],
    ['PyPI token', `pypi-AgEIcHlwaS5vcmc${base64(80)}`, 'pypi-token'],
    ['Slack bot', `xoxb-123456789012-123456789012-${base64(24)}`, 'slack-token'],
    ['Slack webhook', `https://hooks.slack.com/services/T0HARB0UR/B0HARB0UR/${base64(24)}`, 'slack-webhook'],
    ['address of a database', 'postgres://orders:tide-and-time@db.harbour.example:5432/orders', 'database-password'],
    ['address with a password', 'https://build:tide-and-time@feed.harbour.test/simple', 'url-password'],
    ['SQL Server', 'Server=tcp:harbour.database.windows.net,1433;User ID=sa;Password=Tide&Time9;', 'database-password'],
  ];
  for (const [what, text, kind] of found) {
    it(`are found: ${what}`, () => assert.deepEqual(kinds('code', text), [kind]));
  }

  const passedOver: [string, string][] = [
    ['a GitHub token whose checksum is wrong', `ghp_${checked}000000`],
    ['an npm token whose checksum is wrong', `npm_${checked}000000`],
    ['the example of AWS', 'AKIAIOSFODNN7EXAMPLE'],
    [
      'the key of the storage emulator',
      `AccountKey=${['Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6', 'tq/K1SZFPTOtr/KBHBeksoGMGw=='].join('')}`,
    ],
    ['a key of one letter', `AccountKey=${'A'.repeat(86)}==`],
    ['a key that is a variable', 'AccountKey=${STORAGE_KEY};SharedAccessKey=$KEY'],
    [
      'addresses with variables',
      'postgres://user:${DB_PASSWORD}@db/x https://$USER:$TOKEN@host/ https://user:pass@proxy.example:8080',
    ],
    ['a time in an address', 'http://localhost:8080/a@b see https://host:443/@scope/name'],
    ['a class in code', 'const password = new Password(request.body.password);'],
    ['a signature without its query', `sig=${base64(43)}%3D`],
    ['a file of tokens of a language model', '{"eyJhbGci": 1, "npm_": 2, "ghp_": 3}'],
  ];
  for (const [what, text] of passedOver) it(`are not: ${what}`, () => assert.deepEqual(values('code', text), []));

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (claims: object, alg = 'RS256'): string => `${part({ alg, typ: 'JWT' })}.${part(claims)}.${base64(43)}`;
  it('are signed tokens in configuration, and not the example of everybody', () => {
    assert.deepEqual(kinds('config', jwt({ iss: 'https://issuer.test', sub: 'build', exp: 4_000_000_000 })), ['jwt']);
    assert.deepEqual(kinds('config', jwt({ sub: '1234567890', name: 'John Doe', iat: 1_516_239_022 })), []);
    assert.deepEqual(kinds('config', jwt({ iss: 'x', sub: 'y', aud: 'z' }, 'none')), []);
    assert.deepEqual(kinds('config', jwt({ colour: 'blue', shape: 'round' })), []);
    assert.deepEqual(kinds('code', jwt({ iss: 'https://issuer.test', sub: 'build' })), [], 'tests of code have them');
  });
});

describe('files that hold credentials', () => {
  const cases: [FileRole, string, [string, string][]][] = [
    [
      'env',
      '# database\nDB_PASSWORD=Tide-2019x\nexport API_TOKEN="Tide and time" # old\nNODE_ENV=production\nTOKEN_FILE=/run/t\nSECRET_KEY=${FROM_OUTSIDE}\nSMTP_PASSWORD=changeme\n',
      [
        ['database-password', 'Tide-2019x'],
        ['password', 'Tide and time'],
      ],
    ],
    [
      'npmrc',
      '//registry.harbour.test/:_authToken=a1b2c3d4-tide\n//x/:_authToken=${NPM_TOKEN}\n',
      [['package-feed-credentials', 'a1b2c3d4-tide']],
    ],
    ['npmrc', 'npmAuthToken: "a1b2c3d4-tide"\n', [['package-feed-credentials', 'a1b2c3d4-tide']]],
    ['pypirc', '[pypi]\nusername = ship\npassword = tide-and-time\n', [['package-feed-credentials', 'tide-and-time']]],
    [
      'netrc',
      'machine git.harbour.test\n  login ship\n  password tide-and-time\n',
      [['netrc-password', 'tide-and-time']],
    ],
    ['git-credentials', 'https://ship:tide-and-time@git.harbour.test\n', [['url-password', 'tide-and-time']]],
    ['pgpass', 'db:5432:orders:ship:tide-and-time\n', [['database-password', 'tide-and-time']]],
    [
      'nuget-config',
      '<add key="ClearTextPassword" value="tide-and-time" />',
      [['package-feed-credentials', 'tide-and-time']],
    ],
    [
      'maven-settings',
      '<server><password>tide-and-time</password></server>',
      [['package-feed-credentials', 'tide-and-time']],
    ],
    [
      'kubeconfig',
      'users:\n- name: ship\n  user:\n    token: tide-and-time-and-tide\n',
      [['kubeconfig-credentials', 'tide-and-time-and-tide']],
    ],
    [
      'azure-tokens',
      '{"RefreshToken": {"x": {"secret": "0.AXoATideAndTime"}}}',
      [['azure-cli-credentials', '0.AXoATideAndTime']],
    ],
    [
      'gcloud-credentials',
      '{"client_id": "x", "refresh_token": "1//0gTideAndTime"}',
      [['gcp-credentials', '1//0gTideAndTime']],
    ],
    ['terraform-values', 'region = "west"\ndb_password = "tide-and-time"\n', [['database-password', 'tide-and-time']]],
  ];
  for (const [role, text, expected] of cases) {
    it(`are read: ${role}, ${text.slice(0, 24).replaceAll('\n', ' ')}`, () =>
      assert.deepEqual(values(role, text), expected));
  }

  it('are read: the configuration of Docker, unless a helper keeps the password', () => {
    const auth = Buffer.from('ship:tide-and-time').toString('base64');
    assert.deepEqual(values('docker-config', JSON.stringify({ auths: { 'a.test': { auth }, 'b.test': {} } })), [
      ['registry-credentials', auth],
    ]);
    assert.deepEqual(values('docker-config', JSON.stringify({ 'a.test': { auth } })), [['registry-credentials', auth]]);
    assert.deepEqual(values('docker-config', JSON.stringify({ auths: { 'a.test': {} }, credsStore: 'pass' })), []);
    assert.deepEqual(values('docker-config', '{"auths": "nonsense"}'), []);
    assert.deepEqual(values('docker-config', '{'), []);
  });
  it('are read: profiles and states as a whole', () => {
    assert.deepEqual(kinds('azure-profile', '{"subscriptions": [{"id": "x"}]}'), ['azure-cli-profile']);
    assert.deepEqual(kinds('azure-profile', '{"subscriptions": []}'), []);
    assert.deepEqual(
      kinds('terraform-state', '{"version": 4, "terraform_version": "1.9", "resources": [{"type": "x"}]}'),
      ['terraform-state'],
    );
    assert.deepEqual(kinds('terraform-state', '{"version": 4, "terraform_version": "1.9", "resources": []}'), []);
  });
  it('are read: settings by their name, where the value is a key', () => {
    assert.deepEqual(
      values('config', `{"apiKey": "${base64(32)}", "password": "correct", "tokenName": "${base64(32)}"}`),
      [['password', base64(32)]],
    );
    assert.deepEqual(kinds('config', 'password: Passwort-eingeben\ntoken: com.harbour.auth.TokenProvider\n'), []);
  });
  it('are read in UTF-16 too', () => {
    const text = Buffer.from(`\ufeffPassword=x;AccountKey=${key86}`, 'utf16le');
    assert.deepEqual(kinds('config', text), ['azure-storage-key']);
  });
  it('are not binary', () => assert.deepEqual(kinds('config', Buffer.from(`\0AccountKey=${key86}`, 'latin1')), []));
  it('tell at most twenty', () => {
    const text = Array.from({ length: 200 }, (_, i) => `S${i}_PASSWORD=Tide-${i}-time\n`).join('');
    assert.equal(kinds('env', text).length, 20);
  });
});

describe('variables and commands of an image', () => {
  const given = (list: readonly { readonly kind: string; readonly value: string | Uint8Array }[]): unknown[] =>
    list.map(({ kind, value }) => [kind, value]);

  it('hold secrets by their names', () => {
    assert.deepEqual(given(inspectVariable('REPORT_DB_PASSWORD', 'Tide-and-time-2019')), [
      ['database-password', 'Tide-and-time-2019'],
    ]);
    assert.deepEqual(given(inspectVariable('AZURE_CLIENT_SECRET', 'Tide-and-time')), [
      ['azure-client-secret', 'Tide-and-time'],
    ]);
    for (const [name, value] of [
      ['PATH', '/usr/bin'],
      ['GPG_KEY', 'A035C8C19219BA821ECEA86B64E628F8D684696D'],
      ['DB_PASSWORD', ''],
      ['DB_PASSWORD', '$DB_PASSWORD'],
      ['DB_PASSWORD_FILE', '/run/secrets/db'],
      ['TOKEN_URL', 'https://login.example/token'],
      ['SECRET', 'changeme'],
      ['API_KEY', 'your-api-key'],
      ['KEYBOARD', 'dvorak-programmer'],
      ['TOKEN', '/var/run/token'],
    ] as const) {
      assert.deepEqual(inspectVariable(name, value), [], `${name}=${value}`);
    }
  });
  it('hold secrets by their shape, whatever the name', () => {
    assert.deepEqual(given(inspectVariable('DATABASE_URL', 'mysql://ship:tide-and-time@db/orders')), [
      ['database-password', 'tide-and-time'],
    ]);
    assert.deepEqual(given(inspectVariable('QUEUE', `Endpoint=sb://h/;SharedAccessKey=${base64(43)}=`)), [
      ['azure-connection-string', `${base64(43)}=`],
    ]);
  });
  it('are given to commands', () => {
    assert.deepEqual(given(inspectCommand('|1 NPM_TOKEN=tide-and-time /bin/sh -c npm ci')), [
      ['password', 'tide-and-time'],
    ]);
    assert.deepEqual(given(inspectCommand('/bin/sh -c export DB_PASSWORD="tide-time" && make')), [
      ['database-password', 'tide-time'],
    ]);
    assert.deepEqual(given(inspectCommand('/bin/sh -c az login -u x --password Tide-2019 --tenant y')), [
      ['password', 'Tide-2019'],
    ]);
    assert.deepEqual(given(inspectCommand('RUN curl https://ship:tide-and-time@files.test/x | tar x')), [
      ['url-password', 'tide-and-time'],
    ]);
    for (const command of [
      'RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci',
      'RUN echo the password is asked for later',
      'RUN PASSWORD=$(cat /run/secrets/x) make && TOKEN=${TOKEN} run --token "$TOKEN"',
      'ARG NPM_TOKEN',
      'COPY token.json /app/token.json',
      '/bin/sh -c apt-get install -y --no-install-recommends passwd libsecret-1-0=0.20.5',
    ]) {
      assert.deepEqual(inspectCommand(command), [], command);
    }
  });
  it('are searched in no time when they are made to be slow', () => {
    const started = performance.now();
    for (const text of [
      'sig='.repeat(60_000),
      'a://'.repeat(60_000),
      `https://${':a'.repeat(100_000)}`,
      'password='.repeat(25_000),
      'AccountKey='.repeat(20_000),
      `-----BEGIN PRIVATE KEY-----`.repeat(8000),
      'ey'.repeat(120_000),
      'storage_key='.repeat(20_000),
      '--token '.repeat(30_000),
      '"a_token": "'.repeat(20_000),
      `${'A'.repeat(250_000)}+ASt`,
    ]) {
      inspectText(text.slice(0, 256 * 1024));
      inspectCommand(text.slice(0, 64 * 1024));
      kinds('config', text);
      kinds('env', text);
      kinds('npmrc', text);
    }
    assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  });
});
