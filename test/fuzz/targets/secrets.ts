import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { maskCredentials } from '../../../src/core/masking.ts';
import type { FileRole } from '../../../src/image/secrets/files.ts';
import { hideSecrets, inspectCommand, inspectFile, inspectVariable } from '../../../src/image/secrets/inspect.ts';
import { secretRules } from '../../../src/image/secrets/rules.ts';
import { textSeeds, type FuzzTarget } from '../target.ts';

const roles: readonly FileRole[] = [
  ...(['env', 'npmrc', 'pypirc', 'netrc', 'git-credentials', 'docker-config', 'kubeconfig', 'nuget-config'] as const),
  ...(['maven-settings', 'pgpass', 'mysql-options', 'azure-tokens', 'azure-profile', 'gcloud-credentials'] as const),
  ...(['terraform-state', 'terraform-values', 'key', 'key-store', 'config', 'code'] as const),
];

/** Looks random, and is nobody's key. */
const random = (length: number): string => {
  let text = '';
  for (let at = 0; text.length < length; at++)
    text += 'kT9vQ2xZ7mB4nR8sW1yC6dF3gH5jL0pAeUiOqXzEwVtS'[(at * 7) % 44] ?? '';
  return text;
};

const words = [
  ...secretRules.flatMap(({ needles }) => needles),
  ...['-----BEGIN ', 'PRIVATE KEY-----', '-----END ', 'PuTTY-User-Key-File-3: x\nEncryption: ', 'Private-Lines: 1\n'],
  ...[
    'Proc-Type: 4,ENCRYPTED',
    '${',
    '{{',
    '}}',
    '$(',
    'password=',
    'token: ',
    ' # ',
    '://',
    'eyJ',
    '.eyJ',
    'sv=2024-01-01',
  ],
  ...[
    '\\n',
    '\r\n',
    '"auths":{"x":{"auth":"',
    '"terraform_version":',
    '"resources":[{',
    'Server=',
    ';',
    '\t',
    random(43),
    random(86),
  ],
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xfe, 0xed, 0xfe, 0xed]),
];

function seeds(): readonly Uint8Array[] {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const claims = [{ alg: 'HS256' }, { iss: 'x', sub: 'y' }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const texts = [
    pem,
    JSON.stringify({ type: 'service_account', private_key: pem }),
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${random(90)}\n-----END RSA PRIVATE KEY-----\n`,
    `PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nPrivate-Lines: 1\r\n${random(44)}\r\n`,
    `AccountEndpoint=https://a.test/;AccountKey=${random(86)}==`,
    `https://a.test/?sv=2024-01-01&sr=b&se=2025-01-01&sig=${random(43)}%3D`,
    `Server=db;Database=x;User=sa;Password=${random(14)};`,
    `postgresql://app:${random(14)}@db:5432/x https://u:${random(14)}@host/`,
    `Bearer ${claims.join('.')}.${random(43)}`,
    `export DB_PASSWORD="${random(14)}" # said\nAPI_KEY=${random(20)}\n`,
    `//registry.test/:_authToken=${random(36)}\n[pypi]\npassword = ${random(16)}\n`,
    `machine a login b password ${random(12)}\nhost:5432:db:user:${random(12)}\nhttps://u:${random(12)}@git.test\n`,
    `users:\n- user:\n    token: ${random(40)}\n    client-key-data: ${random(60)}\n`,
    `<add key="ClearTextPassword" value="${random(12)}" /><password>${random(12)}</password>`,
    JSON.stringify({ auths: { 'r.test': { auth: Buffer.from(`u:${random(12)}`).toString('base64') } } }),
    JSON.stringify({ terraform_version: '1', resources: [{}], accessToken: random(40), refresh_token: random(40) }),
    `az login -p ${random(14)} --token=${random(20)} && curl -H "Authorization: Bearer ${random(20)}"`,
  ];
  return textSeeds(texts);
}

const files: FuzzTarget = {
  name: 'secrets-files',
  seeds,
  dictionary: words,
  mostBytes: 16_384,
  shortRun: 250,
  run(input) {
    const kinds = new Set<string>();
    for (const role of roles) {
      for (const { kind, at, value } of inspectFile(role, input)) {
        assert.ok(value.length > 0, `a secret of ${role} is not empty`);
        assert.ok(at === undefined || (at >= 0 && at + value.length <= input.length), `it lies in the file: ${role}`);
        kinds.add(kind);
      }
    }
    return [...kinds].sort().join(' ');
  },
};

const commands: FuzzTarget = {
  name: 'secrets-commands',
  seeds,
  dictionary: words,
  mostBytes: 16_384,
  shortRun: 400,
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    const found = inspectCommand(text);
    const hidden = hideSecrets(text);
    for (const { value } of found)
      assert.ok(typeof value !== 'string' || value === '***' || !hidden.includes(value), 'what is found is hidden');
    assert.equal(typeof maskCredentials(text), 'string');
    const equals = text.indexOf('=');
    const variable = equals < 0 ? [] : inspectVariable(text.slice(0, equals), text.slice(equals + 1));
    return [...new Set([...found, ...variable].map(({ kind }) => kind))].sort().join(' ');
  },
};

export const secretTargets: readonly FuzzTarget[] = [files, commands];
