import type { Finds } from './finds.ts';
import type { SecretKind } from './kinds.ts';
import { isPlaceholder, isPublicKey, looksRandom } from './values.ts';

/** Names of variables and settings whose values are secrets. */
const secretName =
  /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?)(?:_?\d{1,2}|_value)?$|(?:password|passwd|passphrase|secret|apitoken|authtoken|accesstoken|refreshtoken)$|(?:api|access|account|private|signing|encryption|master|shared|subscription|storage|license)[_.-]?key(?:_?\d{1,2}|_base64|_base)?$|secret[_.-]?key(?:[_.-]?base)?$|connection[_.-]?string$|sas[_.-]?(?:token|url)$/i;

/** True when the name speaks of a secret and the value can be one. */
export function isNamedSecret(name: string, value: string): boolean {
  if (!secretName.test(name)) return false;
  if (isPlaceholder(value) || isPublicKey(value)) return false;
  // A place, a number, an address without a password, a hash of something public.
  return !/^(?:\.{0,2}\/|[A-Za-z]:\\|\d{1,6}$|https?:\/\/[^@]*$|(?:true|false)$|sha(?:1|256|512)[:-])/i.test(value);
}

export function kindOfName(name: string): SecretKind {
  const plain = name.toLowerCase().replace(/[_.-]/g, '');
  if (plain.includes('awssecret')) return 'aws-access-key';
  if (/azureclientsecret|armclientsecret|aadclientsecret/.test(plain)) return 'azure-client-secret';
  if (
    /(?:db|database|postgres|pg|mysql|mariadb|mongo(?:db)?|redis|sql|sa)(?:root|user|admin)?(?:password|passwd|pass|pwd)$/.test(
      plain,
    )
  ) {
    return 'database-password';
  }
  return 'password';
}

/** Values of settings by their names, where the value is random enough to be a key: words in configuration are many. */
export function namedValues(text: string, finds: Finds): void {
  // From the sign in between to both sides: values that can be keys are fewer than names.
  const assigned = /[:=][ \t]{0,10}(?<quote>["']?)(?<value>[^\s"',;<>(){}[\]]{12,500})\k<quote>/g;
  for (const match of text.matchAll(assigned)) {
    const value = match.groups?.['value'] ?? '';
    if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) continue;
    const before = text.slice(Math.max(0, match.index - 100), match.index);
    const name = /(?<![\w.-])["']?([A-Za-z][\w.-]{2,80})["']?[ \t]{0,10}$/.exec(before)?.[1] ?? '';
    if (!secretName.test(name) || !isNamedSecret(name, value) || !looksRandom(value)) continue;
    if (/^[A-Za-z]+(?:[._/:-][A-Za-z0-9]+)*$/.test(value) && !/\d{3}/.test(value)) continue; // a name with dots
    finds.add(kindOfName(name), value, match.index + match[0].lastIndexOf(value));
    if (finds.isFull) return;
  }
}

/** `NAME=value` lines whose names speak of secrets; for files that hold nothing else. */
export function assignments(text: string, finds: Finds): void {
  const line =
    /^[ \t]*(?:export[ \t]+)?(?<name>[A-Za-z_][\w.-]{1,100})[ \t]*=[ \t]*(?<value>"[^"\r\n]{1,4000}"|'[^'\r\n]{1,4000}'|[^\s#"'][^\r\n]{0,4000})/gm;
  for (const match of text.matchAll(line)) {
    const { name = '', value: written = '' } = match.groups ?? {};
    const value = written
      .replace(/^(["'])(.*)\1$/, '$2')
      .replace(/(?<![ \t])[ \t]+#.*$/, '')
      .trim();
    if (isNamedSecret(name, value)) finds.add(kindOfName(name), value, match.index + match[0].lastIndexOf(value));
    if (finds.isFull) return;
  }
}
