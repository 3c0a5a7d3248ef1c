/** How a file is looked at. */
export type FileRole =
  | 'env'
  | 'npmrc'
  | 'pypirc'
  | 'netrc'
  | 'git-credentials'
  | 'docker-config'
  | 'kubeconfig'
  | 'nuget-config'
  | 'maven-settings'
  | 'pgpass'
  | 'mysql-options'
  | 'azure-tokens'
  | 'azure-profile'
  | 'gcloud-credentials'
  | 'terraform-state'
  | 'terraform-values'
  | 'key'
  | 'key-store'
  | 'config'
  | 'code';

export interface Candidate {
  readonly role: FileRole;
  /** Larger files are passed over. */
  readonly maxBytes: number;
}

const kibibyte = 1024;

/** Files that are known by their name. What tools call the files in which they keep credentials, by their documentation. */
const byName: Readonly<Record<string, FileRole>> = {
  '.env': 'env',
  '.envrc': 'env',
  '.npmrc': 'npmrc', // npm Docs, "npmrc"
  '.yarnrc': 'npmrc',
  '.yarnrc.yml': 'npmrc', // Yarn, "Settings (.yarnrc.yml)"
  '.pypirc': 'pypirc', // Python Packaging User Guide, "The .pypirc file"
  '.netrc': 'netrc', // GNU inetutils, "The .netrc file"
  _netrc: 'netrc',
  '.git-credentials': 'git-credentials', // git-credential-store
  '.dockercfg': 'docker-config',
  '.dockerconfigjson': 'docker-config',
  'nuget.config': 'nuget-config', // NuGet, "nuget.config reference"
  '.pgpass': 'pgpass', // PostgreSQL, "The Password File"
  '.my.cnf': 'mysql-options', // MySQL Reference Manual, "Using Option Files"
  '.mylogin.cnf': 'key-store',
  'accesstokens.json': 'azure-tokens', // Azure CLI before 2.30
  'msal_token_cache.json': 'azure-tokens', // Azure CLI, "MSAL-based Azure CLI"
  'service_principal_entries.json': 'azure-tokens',
  'azureprofile.json': 'azure-profile',
  'application_default_credentials.json': 'gcloud-credentials', // Google Cloud SDK
  'terraform.tfvars': 'terraform-values',
  'terraform.tfvars.json': 'config',
  'credentials.tfrc.json': 'config',
  '.terraformrc': 'config',
  kubeconfig: 'kubeconfig',
  '.bash_history': 'code',
  '.ash_history': 'code',
  '.zsh_history': 'code',
  '.python_history': 'code',
  '.psql_history': 'code',
  '.mysql_history': 'code',
  id_rsa: 'key', // OpenSSH, ssh(1), "FILES"
  id_dsa: 'key',
  id_ecdsa: 'key',
  id_ecdsa_sk: 'key',
  id_ed25519: 'key',
  id_ed25519_sk: 'key',
  identity: 'key',
  ssh_host_rsa_key: 'key',
  ssh_host_dsa_key: 'key',
  ssh_host_ecdsa_key: 'key',
  ssh_host_ed25519_key: 'key',
  dockerfile: 'code',
};

const byExtension: Readonly<Record<string, FileRole>> = {
  pem: 'key',
  key: 'key',
  ppk: 'key',
  p8: 'key',
  pk8: 'key',
  asc: 'key',
  gpg: 'key',
  crt: 'key',
  cer: 'key',
  pfx: 'key-store',
  p12: 'key-store',
  jks: 'key-store',
  keystore: 'key-store',
  tfstate: 'terraform-state',
  tfvars: 'terraform-values',
  kubeconfig: 'kubeconfig',
  env: 'env',
  publishsettings: 'config',
  json: 'config',
  yml: 'config',
  yaml: 'config',
  toml: 'config',
  ini: 'config',
  cfg: 'config',
  cnf: 'config',
  conf: 'config',
  config: 'config',
  properties: 'config',
  xml: 'config',
  ovpn: 'config',
  txt: 'code',
  sh: 'code',
  bash: 'code',
  ps1: 'code',
  psm1: 'code',
  py: 'code',
  js: 'code',
  cjs: 'code',
  mjs: 'code',
  ts: 'code',
  tsx: 'code',
  jsx: 'code',
  rb: 'code',
  php: 'code',
  pl: 'code',
  go: 'code',
  java: 'code',
  kt: 'code',
  cs: 'code',
  vb: 'code',
  fs: 'code',
  rs: 'code',
  sql: 'code',
  tf: 'code',
  bicep: 'code',
  service: 'code',
};

const sizes: Partial<Record<FileRole, number>> = {
  'terraform-state': 4096 * kibibyte,
  'azure-tokens': 1024 * kibibyte,
  'key-store': 1024 * kibibyte,
  code: 128 * kibibyte,
};
const usualBytes = 256 * kibibyte;
/** NAME_MAX of Linux: no file system holds a longer one. */
const longestName = 255;

/**
 * Directories of what distributions and package managers bring: examples, test keys and certificates lie there by the
 * hundred, and credentials of people do not. Filesystem Hierarchy Standard 3.0 for the first ones.
 */
const broughtAlong =
  /^(?:usr\/(?:share|lib|lib32|lib64|libexec|include|libx32)|usr\/local\/(?:lib|include|go|share\/(?:doc|man|perl|zsh|ca-certificates))|usr\/src\/linux[^/]*|lib|lib32|lib64|libx32|boot|proc|sys|dev|var\/(?:lib\/(?:dpkg|apt|apk|rpm|pacman|dnf|yum|systemd|gems)|cache|db)|etc\/(?:ssl\/certs|ca-certificates|pki\/(?:ca-trust|nssdb|rpm-gpg|java)|apk\/keys|apt\/trusted\.gpg\.d|alternatives|fonts|X11|init\.d|rc\d\.d))(?:\/|$)|(?:^|\/)(?:node_modules|bower_components|site-packages|dist-packages|vendor|gems|__pycache__|\.cargo\/registry|\.rustup|go\/pkg\/mod|\.m2\/repository|\.gradle\/caches|\.nuget\/packages|\.nvm|\.pyenv|\.rbenv|lib\/python\d[\d.]*|lib\/ruby|lib\/perl\d?|share\/doc|\.git\/objects|testdata|test-data|test_data|fixtures|__fixtures__|__tests__|__mocks__)(?:\/|$)/;

/** What stands in for a secret, or is known to everybody. */
const harmlessName =
  /(?:^|[._-])(?:examples?|samples?|template|tmpl|dist|schema|spec|test|tests|mock|fake|dummy)(?:[._-]|$)|snakeoil|^(?:package|package-lock|npm-shrinkwrap|composer|tsconfig|jsconfig|manifest|angular|nx|lerna|renovate|deno|bower)\.json$|^(?:pnpm-lock|yarn)\.ya?ml$|^(?:pom|AssemblyInfo|web\.sitemap)\.xml$|\.(?:deps|runtimeconfig|min|map|d|po|lock)\.(?:json|js|ts)$|(?:trust|cacerts|ca-bundle|cert-?chain)[^/]*\.(?:pem|crt|cer|jks|p12|pfx|keystore)$/i;

/** By the directory that was asked for last: entries of archives come directory by directory. */
export class CandidateFinder {
  #directory = '';
  #passedOver = false;

  /** How a file is to be looked at; undefined when not at all. Compares strings, no I/O. */
  roleOf(path: string): Candidate | undefined {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const role = name.length > longestName ? undefined : nameRole(name, path);
    if (role === undefined) return undefined;
    const directory = slash < 0 ? '' : path.slice(0, slash);
    if (directory !== this.#directory) {
      this.#directory = directory;
      this.#passedOver = broughtAlong.test(directory);
    }
    if (this.#passedOver || harmlessName.test(name)) return undefined;
    return { role, maxBytes: sizes[role] ?? usualBytes };
  }
}

function nameRole(name: string, path: string): FileRole | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(byName, lower)) return byName[lower];
  if (lower === 'config.json' && path.endsWith('.docker/config.json')) return 'docker-config';
  if (lower === 'config' && path.endsWith('.kube/config')) return 'kubeconfig';
  if ((lower === 'config' || lower === 'credentials') && path.includes('.aws/')) return 'config';
  if (lower === 'config' && path.endsWith('.git/config')) return 'config';
  if (lower === 'settings.xml' && path.includes('.m2/')) return 'maven-settings';
  if (lower === 'auth.json' && /(?:^|\/)containers\/auth\.json$/.test(path)) return 'docker-config';
  if (lower.startsWith('.env.')) return 'env';
  if (lower.startsWith('kubeconfig.') || lower.startsWith('kubeconfig-')) return 'kubeconfig';
  if (lower.endsWith('.tfstate.backup')) return 'terraform-state';
  const dot = lower.lastIndexOf('.');
  if (dot <= 0) return undefined;
  const extension = lower.slice(dot + 1);
  return Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined;
}
