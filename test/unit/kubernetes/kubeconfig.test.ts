import assert from 'node:assert/strict';
import { aksServerId, readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';

const host = 'aks-shop-dns-abcd1234.hcp.westeurope.azmk8s.io';
const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function config(
  user: string,
  cluster = `server: https://${host}:443\n    certificate-authority-data: ${base64(ca)}`,
): string {
  return `apiVersion: v1
kind: Config
current-context: aks-shop
contexts:
- name: other
  context: { cluster: nothing, user: nobody }
- name: aks-shop
  context: { cluster: aks-shop, user: clusterUser_rg_aks-shop }
clusters:
- name: aks-shop
  cluster:
    ${cluster}
users:
- name: clusterUser_rg_aks-shop
  user:
    ${user}
`;
}

const local = `client-certificate-data: ${base64(ca)}\n    client-key-data: ${base64(key)}\n    token: 0123abcd`;
const exec = (args: string): string =>
  `exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: kubelogin\n      env: null\n      args: ${args}`;

describe('kubeconfig of a cluster', () => {
  it('with local accounts gives the certificate and the cluster’s own authority', () => {
    assert.deepEqual(readKubeconfig(config(local), [host], 'aks-shop'), {
      server: `https://${host}`,
      ca,
      signIn: { kind: 'certificate', cert: ca, key },
    });
  });

  it('with Entra gives the id of the server application, and no command', () => {
    const access = readKubeconfig(
      config(exec('[get-token, --environment, AzurePublicCloud, --server-id, 6DAE42F8-4368-4678-94ff-3960e28e3630]')),
      [host],
      'aks-shop',
    );
    assert.deepEqual(access.signIn, { kind: 'entra', serverId: aksServerId });
  });

  it('takes another server id only when it is a GUID', () => {
    const other = '7f53e0a3-1111-4222-8333-444455556666';
    for (const [args, expected] of [
      [`[get-token, --server-id, ${other}]`, other],
      [`[get-token, "--server-id=${other}"]`, other],
      ['[get-token, --server-id, "https://evil.test/"]', aksServerId],
      ['[get-token, --server-id]', aksServerId],
      ['null', aksServerId],
    ] as const) {
      assert.deepEqual(readKubeconfig(config(exec(args)), [host], 'x').signIn, { kind: 'entra', serverId: expected });
    }
  });

  it('reads the old auth-provider and a bare token', () => {
    const provider = `auth-provider:\n      name: azure\n      config: { apiserver-id: ${aksServerId}, tenant-id: x }`;
    assert.equal(readKubeconfig(config(provider), [host], 'x').signIn.kind, 'entra');
    assert.deepEqual(readKubeconfig(config('token: 0123abcd'), [host], 'x').signIn, {
      kind: 'token',
      token: '0123abcd',
    });
  });

  const elsewhere: readonly (readonly [string, string])[] = [
    ['another host', 'https://evil.test:443'],
    ['another port of the host', `https://${host}:6443`],
    ['http', `http://${host}`],
    ['credentials in the address', `https://a:b@${host}`],
    ['a path', `https://${host}/api`],
    ['no address at all', 'nowhere'],
  ];
  for (const [title, server] of elsewhere) {
    it(`refuses a server with ${title}`, () => {
      const cluster = `server: ${server}\n    certificate-authority-data: ${base64(ca)}`;
      assert.throws(() => readKubeconfig(config(local, cluster), [host], 'x'), { code: 'refused' });
    });
  }

  it('accepts a port that the resource names', () => {
    const cluster = `server: https://127.0.0.1:6443\n    certificate-authority-data: ${base64(ca)}`;
    assert.equal(readKubeconfig(config(local, cluster), ['127.0.0.1:6443'], 'x').server, 'https://127.0.0.1:6443');
  });

  it('refuses to switch certificate checks off', () => {
    const cluster = `server: https://${host}\n    certificate-authority-data: ${base64(ca)}\n    insecure-skip-tls-verify: true`;
    assert.throws(() => readKubeconfig(config(local, cluster), [host], 'x'), { code: 'refused' });
  });

  const damaged: readonly (readonly [string, string])[] = [
    ['text', 'hello'],
    ['broken YAML', 'a: [b'],
    ['no authority', config(local, `server: https://${host}`)],
    ['an authority that is a file', config(local, `server: https://${host}\n    certificate-authority: /etc/ca.pem`)],
    [
      'an authority that is no certificate',
      config(local, `server: https://${host}\n    certificate-authority-data: ${base64('x')}`),
    ],
    ['no way to sign in', config('username: admin')],
    ['aliases', `a: &a [1]\nb: [*a, *a]\n${config(local)}`],
    ['nothing', ''],
  ];
  for (const [title, text] of damaged) {
    it(`reports ${title} as unusable`, () => {
      assert.throws(() => readKubeconfig(text, [host], 'x'), { code: 'damaged' });
    });
  }

  it('bounds its size', () => {
    assert.throws(() => readKubeconfig('#'.repeat(2 * 1024 * 1024), [host], 'x'), { code: 'limit-exceeded' });
  });
});
