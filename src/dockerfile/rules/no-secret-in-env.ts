import { Env } from 'dockerfile-ast';
import type { TextRange } from '../types.ts';
import type { DockerfileRule } from './rule.ts';

/** Names whose values are secrets; `_FILE` and the like point at one. */
const secretName =
  /(^|_)(pass(word|wd|phrase)?|pwd|secret(_?key)?|token|api_?key|access_?key|account_?key|private_?key|client_?secret|connection_?string|credentials?|auth(orization)?)(_\d+)?$/i;
const harmlessName = /(_file|_path|_url|_ttl|_expiry|_type|_name|_header|_issuer|_length)$/i;
const harmlessValue = /^(|true|false|yes|no|none|null|changeme-at-runtime|\$\{?\w+(:?[-?+][^}]*)?\}?|\/\S*)$/i;

/** Values that are credentials by their shape, whatever the name. Prefixes as their issuers document them. */
const secretShapes: readonly RegExp[] = [
  /^gh[pousr]_[A-Za-z0-9]{36,}$/,
  /^github_pat_\w{22,}$/,
  /^xox[abprs]-[\w-]{10,}$/,
  /^(AKIA|ASIA)[A-Z0-9]{16}$/,
  /^npm_[A-Za-z0-9]{36}$/,
  /^glpat-[\w-]{20,}$/,
  /AccountKey=[A-Za-z0-9+/=]{40,}/,
  /^ey[\w-]{10,}\.ey[\w-]{10,}\.[\w-]+$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/:@\s]+:[^/@\s]{3,}@/,
];

export const noSecretInEnv: DockerfileRule = {
  id: 'df-no-secret-in-env',
  aliases: [],
  title: 'No secret stands in ENV',
  severity: 'error',
  why: 'ENV values are stored in the image in clear text; whoever can pull it can read them, also after a later unset.',
  docs: 'https://docs.docker.com/build/building/secrets/',
  *check(file) {
    for (const instruction of file.instructions) {
      if (!(instruction.ast instanceof Env)) continue;
      for (const entry of instruction.ast.getProperties()) {
        const value = entry.getUnescapedValue() ?? '';
        const range: TextRange | null = entry.getValueRange();
        if (range === null || !isSecret(entry.getName(), value)) continue;
        yield {
          range,
          message: `"${entry.getName()}" looks like a secret and stays in the image. Use a build secret or pass it at run time.`,
        };
      }
    }
  },
};

function isSecret(name: string, value: string): boolean {
  if (secretShapes.some((shape) => shape.test(value))) return true;
  return secretName.test(name) && !harmlessName.test(name) && !harmlessValue.test(value);
}
