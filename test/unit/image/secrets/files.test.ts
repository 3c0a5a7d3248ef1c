import assert from 'node:assert/strict';
import { CandidateFinder } from '../../../../src/image/secrets/files.ts';

const roleOf = (path: string): string | undefined => new CandidateFinder().roleOf(path)?.role;

describe('files that are searched for secrets', () => {
  const looked: [string, string][] = [
    ['app/.env', 'env'],
    ['app/.env.production', 'env'],
    ['root/.npmrc', 'npmrc'],
    ['home/ship/.pypirc', 'pypirc'],
    ['root/.netrc', 'netrc'],
    ['root/.git-credentials', 'git-credentials'],
    ['root/.docker/config.json', 'docker-config'],
    ['root/.kube/config', 'kubeconfig'],
    ['root/.azure/accessTokens.json', 'azure-tokens'],
    ['root/.azure/msal_token_cache.json', 'azure-tokens'],
    ['root/.azure/azureProfile.json', 'azure-profile'],
    ['root/.aws/credentials', 'config'],
    ['root/.config/gcloud/application_default_credentials.json', 'gcloud-credentials'],
    ['infra/terraform.tfstate', 'terraform-state'],
    ['infra/terraform.tfstate.backup', 'terraform-state'],
    ['infra/prod.tfvars', 'terraform-values'],
    ['root/.ssh/id_ed25519', 'key'],
    ['etc/ssh/ssh_host_rsa_key', 'key'],
    ['etc/ssl/private/server.key', 'key'],
    ['certs/site.pfx', 'key-store'],
    ['root/.m2/settings.xml', 'maven-settings'],
    ['src/NuGet.Config', 'nuget-config'],
    ['usr/src/app/config/default.yaml.bak.yaml', 'config'],
    ['app/appsettings.Production.json', 'config'],
    ['app/server.js', 'code'],
    ['opt/tool/run.sh', 'code'],
    ['srv/.git/config', 'config'],
  ];
  for (const [path, role] of looked) it(`are ${path}`, () => assert.equal(roleOf(path), role));

  const passedOver = [
    'app/server',
    'app/logo.png',
    'app/.env.example',
    'app/.env.template',
    'usr/share/doc/openssl/demos/server.key',
    'usr/lib/python3/dist-packages/test/keycert.pem',
    'usr/local/lib/python3.12/test/certdata/ssl_key.pem',
    'opt/venv/lib/python3.12/site-packages/tornado/test/test.key',
    'app/node_modules/https-proxy/test/ssl-cert-snakeoil.key',
    'app/node_modules/some/.npmrc',
    'app/vendor/league/tests/private.key',
    'app/internal/tls/testdata/key.pem',
    'etc/ssl/private/ssl-cert-snakeoil.key',
    'etc/ssl/certs/ca-certificates.crt',
    'usr/local/go/src/crypto/tls/example.pem',
    'root/go/pkg/mod/example/key.pem',
    'var/lib/dpkg/info/x.conf',
    'app/package.json',
    'app/package-lock.json',
    'app/dist/main.min.js',
    'usr/lib/jvm/java/conf/security/cacerts.jks',
    'config.json.png',
    'root/.docker/contexts/config',
  ];
  for (const path of passedOver) it(`are not ${path}`, () => assert.equal(roleOf(path), undefined));

  it('are told directory by directory without mixing them up', () => {
    const finder = new CandidateFinder();
    const asked = ['app/a.key', 'app/node_modules/x/b.key', 'app/c.key', 'd.key'];
    assert.deepEqual(
      asked.map((path) => finder.roleOf(path)?.role),
      ['key', undefined, 'key', 'key'],
    );
  });
});
