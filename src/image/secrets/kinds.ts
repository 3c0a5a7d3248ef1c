import type { Severity } from '../../core/severity.ts';

/** What kind of secret it is; appears in results. */
export type SecretKind =
  | 'private-key'
  | 'encrypted-private-key'
  | 'key-store'
  | 'azure-storage-key'
  | 'azure-sas'
  | 'azure-connection-string'
  | 'azure-registry-key'
  | 'azure-client-secret'
  | 'azure-devops-token'
  | 'azure-service-key'
  | 'azure-cli-credentials'
  | 'azure-cli-profile'
  | 'aws-access-key'
  | 'gcp-service-account-key'
  | 'gcp-credentials'
  | 'github-token'
  | 'gitlab-token'
  | 'npm-token'
  | 'pypi-token'
  | 'nuget-key'
  | 'slack-token'
  | 'slack-webhook'
  | 'jwt'
  | 'registry-credentials'
  | 'package-feed-credentials'
  | 'kubeconfig-credentials'
  | 'git-credentials'
  | 'netrc-password'
  | 'terraform-state'
  | 'database-password'
  | 'url-password'
  | 'password';

interface KindText {
  /** As a sentence begins: `Private key`. */
  readonly title: string;
  /** Nobody asked the issuer whether it still works: high where it opens something by itself. */
  readonly severity: Severity;
  /** What to do first, whoever holds it. */
  readonly rotate: string;
}

const replaceKey = 'Make a new key pair, put the new public key where the old one is trusted, and remove the old one.';

export const secretKinds: Readonly<Record<SecretKind, KindText>> = {
  'private-key': { title: 'Private key', severity: 'high', rotate: replaceKey },
  'encrypted-private-key': { title: 'Private key with a passphrase', severity: 'medium', rotate: replaceKey },
  'key-store': { title: 'Key store', severity: 'medium', rotate: replaceKey },
  'azure-storage-key': {
    title: 'Azure Storage account key',
    severity: 'high',
    rotate: 'Rotate it: az storage account keys renew --account-name <account> --key key1 (or key2).',
  },
  'azure-sas': {
    title: 'Azure shared access signature',
    severity: 'high',
    rotate: 'Revoke it: rotate the key it was signed with, or delete its stored access policy.',
  },
  'azure-connection-string': {
    title: 'Azure connection string',
    severity: 'high',
    rotate: 'Regenerate the access key of the resource that it names.',
  },
  'azure-registry-key': {
    title: 'Azure container registry password',
    severity: 'high',
    rotate: 'Regenerate it: az acr credential renew, or az acr token credential generate for a token.',
  },
  'azure-client-secret': {
    title: 'Entra client secret',
    severity: 'high',
    rotate: 'Delete it from the app registration and make a new one: az ad app credential reset.',
  },
  'azure-devops-token': {
    title: 'Azure DevOps personal access token',
    severity: 'high',
    rotate: 'Revoke it in the user settings of Azure DevOps.',
  },
  'azure-service-key': {
    title: 'Azure service key',
    severity: 'high',
    rotate: 'Regenerate the key of the service that it opens.',
  },
  'azure-cli-credentials': {
    title: 'Sign-in of the Azure CLI',
    severity: 'high',
    rotate: 'Revoke the sessions of the signed-in user, or reset the credential of the service principal.',
  },
  'azure-cli-profile': {
    title: 'Profile of the Azure CLI',
    severity: 'low',
    rotate: 'It names users and subscriptions and holds no token: nothing to rotate.',
  },
  'aws-access-key': {
    title: 'AWS access key',
    severity: 'high',
    rotate: 'Deactivate and delete it in IAM, and make a new one.',
  },
  'gcp-service-account-key': {
    title: 'Google Cloud service account key',
    severity: 'high',
    rotate: 'Delete it: gcloud iam service-accounts keys delete.',
  },
  'gcp-credentials': {
    title: 'Google Cloud user credentials',
    severity: 'high',
    rotate: 'Revoke them: gcloud auth application-default revoke.',
  },
  'github-token': { title: 'GitHub token', severity: 'high', rotate: 'Revoke it in the settings of its owner.' },
  'gitlab-token': { title: 'GitLab token', severity: 'high', rotate: 'Revoke it in GitLab.' },
  'npm-token': { title: 'npm token', severity: 'high', rotate: 'Revoke it: npm token revoke.' },
  'pypi-token': { title: 'PyPI token', severity: 'high', rotate: 'Remove it in the account settings of the index.' },
  'nuget-key': { title: 'NuGet API key', severity: 'high', rotate: 'Regenerate it at the feed.' },
  'slack-token': { title: 'Slack token', severity: 'high', rotate: 'Revoke it: auth.revoke, or reinstall the app.' },
  'slack-webhook': {
    title: 'Slack webhook',
    severity: 'medium',
    rotate: 'Remove the webhook in the app and add a new one.',
  },
  jwt: {
    title: 'Signed token',
    severity: 'medium',
    rotate: 'Revoke it at its issuer, or rotate the key that signs it.',
  },
  'registry-credentials': {
    title: 'Registry credentials',
    severity: 'high',
    rotate: 'Change the password or token at the registry.',
  },
  'package-feed-credentials': {
    title: 'Package feed credentials',
    severity: 'high',
    rotate: 'Change the password or token at the feed.',
  },
  'kubeconfig-credentials': {
    title: 'Cluster credentials',
    severity: 'high',
    rotate: 'Rotate them: az aks rotate-certs, or delete the token of the service account.',
  },
  'git-credentials': {
    title: 'Git credentials',
    severity: 'high',
    rotate: 'Revoke the token or change the password at the Git host.',
  },
  'netrc-password': { title: 'Password in a netrc file', severity: 'high', rotate: 'Change the password at its host.' },
  'terraform-state': {
    title: 'Terraform state',
    severity: 'medium',
    rotate: 'Rotate the secrets of the resources in it: state holds their attributes in clear text.',
  },
  'database-password': {
    title: 'Database password',
    severity: 'high',
    rotate: 'Change the password of the database user.',
  },
  'url-password': { title: 'Password in an address', severity: 'high', rotate: 'Change the password at its host.' },
  password: { title: 'Password or key', severity: 'medium', rotate: 'Change it wherever it is accepted.' },
};

/** A secret as it is known after it was seen: never its value. */
export interface FoundSecret {
  readonly kind: SecretKind;
  /** In the image, without leading slash. */
  readonly path: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
  readonly fingerprint: string;
}

/** A secret of an image with the place where it lies. Exactly one of `path`, `env`, `label`,
 * `command` and `history` names the place; a variable may say its history entry too. */
export interface ImageSecret {
  readonly kind: SecretKind;
  readonly fingerprint: string;
  readonly path?: string;
  readonly line?: number;
  /** Name of an environment variable of the config. */
  readonly env?: string;
  /** Name of a label of the config. */
  readonly label?: string;
  /** True for one in the entry point or command of the config that no history entry shows. */
  readonly command?: true;
  /** Index of the history entry, oldest first. */
  readonly history?: number;
  /** Digest of the lowest layer that holds it. */
  readonly layer?: string;
  /** Digest of the layer that deletes or replaces the file: it is not in the final file system, and still travels. */
  readonly removedBy?: string;
}
