import * as z from 'zod';
import { isEngineError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import type { FileRole } from './files.ts';
import type { Finds } from './finds.ts';
import type { SecretKind } from './kinds.ts';
import { assignments } from './names.ts';
import { isPlaceholder } from './values.ts';

interface Pattern {
  readonly kind: SecretKind;
  /** Global; the group `value` is the secret. */
  readonly pattern: RegExp;
}

/** Places of credentials in files that are known by their names; where the formats are published stands in `files.ts`. */
const patterns: Partial<Record<FileRole, readonly Pattern[]>> = {
  npmrc: [
    {
      kind: 'package-feed-credentials',
      pattern: /(?:^|:)_(?:authToken|auth|password)["']?[ \t]{0,5}[= ][ \t]{0,5}["']?(?<value>[^\s"']{6,2000})/gm,
    },
    { kind: 'package-feed-credentials', pattern: /npmAuth(?:Token|Ident):[ \t]{0,5}["']?(?<value>[^\s"']{6,2000})/g },
  ],
  pypirc: [{ kind: 'package-feed-credentials', pattern: /^[ \t]*password[ \t]*[=:][ \t]*(?<value>\S{4,2000})/gm }],
  netrc: [{ kind: 'netrc-password', pattern: /(?:^|\s)password\s{1,20}(?<value>\S{4,2000})/g }],
  'git-credentials': [
    { kind: 'git-credentials', pattern: /^[a-z]{2,10}:\/\/[^\s:@/]{0,200}:(?<value>[^\s@/]{4,2000})@/gm },
  ],
  kubeconfig: [
    {
      kind: 'kubeconfig-credentials',
      pattern:
        /^[ \t-]*["']?(?:client-key-data|token|password|id-token|refresh-token|access-token)["']?[ \t]*:[ \t]*["']?(?<value>[^\s"',#]{6,20000})/gm,
    },
  ],
  'nuget-config': [
    {
      kind: 'package-feed-credentials',
      pattern: /<add\s{1,20}key="(?:ClearTextPassword|Password)"\s{1,20}value="(?<value>[^"]{4,2000})"/gi,
    },
  ],
  'maven-settings': [
    { kind: 'package-feed-credentials', pattern: /<(?:password|passphrase)>(?<value>[^<\s]{4,2000})<\//g },
  ],
  pgpass: [{ kind: 'database-password', pattern: /^(?:[^:#\s]{1,200}:){4}(?<value>\S{3,500})\s*$/gm }],
  'mysql-options': [
    { kind: 'database-password', pattern: /^[ \t]*password[ \t]*=[ \t]*["']?(?<value>[^\s"']{3,500})/gm },
  ],
  'azure-tokens': [
    {
      kind: 'azure-cli-credentials',
      pattern:
        /"(?:secret|refreshToken|accessToken|client_secret|servicePrincipalKey)"\s{0,5}:\s{0,5}"(?<value>[^"]{8,20000})"/g,
    },
  ],
  'gcloud-credentials': [
    { kind: 'gcp-credentials', pattern: /"(?:refresh_token|client_secret)"\s{0,5}:\s{0,5}"(?<value>[^"]{8,2000})"/g },
  ],
};

/** What a file of a known format holds beside credentials that are recognised by their shape. */
export function readCredentialFile(role: FileRole, text: string, finds: Finds): void {
  if (role === 'env' || role === 'terraform-values') assignments(text, finds);
  if (role === 'docker-config') dockerConfig(text, finds);
  for (const { kind, pattern } of patterns[role] ?? []) {
    for (const match of text.matchAll(pattern)) {
      const value = match.groups?.['value'] ?? '';
      if (!isPlaceholder(value)) finds.add(kind, value, match.index + match[0].lastIndexOf(value));
      if (finds.isFull) return;
    }
  }
}

const word = z.string().optional().catch(undefined);
const registries = z
  .record(z.string(), z.object({ auth: word, password: word, identitytoken: word, registrytoken: word }).catch({}))
  .optional()
  .catch(undefined);
/** Docker CLI, "config.json"; before that, `.dockercfg` with the registries at its top. */
const dockerFile = z.object({ auths: registries });

function dockerConfig(text: string, finds: Finds): void {
  let value: unknown;
  try {
    value = parseJson(text, 'a Docker configuration', { maxDepth: 20 });
  } catch (error) {
    if (isEngineError(error)) return; // nothing that Docker would read either
    throw error;
  }
  const auths = dockerFile.safeParse(value).data?.auths ?? registries.safeParse(value).data ?? {};
  for (const { auth, password, identitytoken, registrytoken } of Object.values(auths)) {
    const said = auth === undefined || auth === '' ? undefined : Buffer.from(auth, 'base64').toString('utf8');
    const colon = said?.indexOf(':') ?? -1;
    const hasPassword = said !== undefined && colon > 0 && !isPlaceholder(said.slice(colon + 1).replaceAll('\0', ''));
    for (const each of [hasPassword ? auth : undefined, password, identitytoken, registrytoken]) {
      if (each === undefined || isPlaceholder(each)) continue;
      finds.add('registry-credentials', each, Math.max(0, text.indexOf(each)));
    }
  }
}
