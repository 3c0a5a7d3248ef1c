import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Shannon entropy of the characters, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Random keys of this length have more; words, counters and runs of one character have less. */
export function looksRandom(text: string): boolean {
  return entropyOf(text) >= (text.length >= 40 ? 4 : 3.2);
}

const placeholderWord =
  /^(?:x+|\*+|\.+|-+|0+|none|null|nil|undefined|empty|true|false|yes|no|on|off|test|testing|todo|fixme|secret|password|passwd|pass|token|user|root|admin|default|string|value|changeit|change[-_ ]?me|replace[-_ ]?me|redacted|masked|hidden|removed|optional|required|enabled|disabled)$/i;
const placeholderPart =
  /example|sample|placeholder|dummy|changeme|change_me|replace[_-]?(?:me|this|with)|your[_-]?(?:own|api|access|secret|token|password|key|account|client)|insert[_-]|_here$|fake|not[_-]?(?:a[_-]?)?(?:real|secret)|redacted|lorem|abcdefghij|0123456789abcdef0123|1234567890123/i;

/** True for what stands where a secret would: a variable, a template, a word, an example. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text.length < 4 || new Set(text).size < 4) return true;
  if (/^(?:\$|%[\w-]+%|<|\{\{|\{[%$]|#\{|@\{|__\w+__$|\[\w+\]$|@[\w.]+@$)/.test(text)) return true;
  if (/\$\{[\w.:-]+\}|\$\([\w.]+\)|\$[A-Z_]{3,}/.test(text)) return true;
  const template = text.indexOf('{{');
  if (template >= 0 && text.includes('}}', template + 2)) return true;
  return placeholderWord.test(text) || placeholderPart.test(text);
}

/**
 * SHA-256, its first 32 digits, of keys that are public: those of the Azure Storage and Cosmos DB emulators ("Use Azurite", "Azure Cosmos DB
 * emulator", both in the Azure documentation), and the examples in the documentation of AWS.
 */
const publicKeys: ReadonlySet<string> = new Set([
  '0011cc25eb4320717494d2703e8cba85',
  'aa6547439583c3a275d4542a0df6c1ad',
  '78314b11be2e581549ac1c4f616563fa',
]);

/** True for keys that everybody knows. */
export function isPublicKey(value: string): boolean {
  return publicKeys.has(createHash('sha256').update(value).digest('hex').slice(0, 32));
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * True when the last six of 36 characters are the CRC-32 of the thirty before them in base 62. GitHub, "Behind GitHub's new
 * authentication token formats"; npm's tokens are made the same way ("npm has a new access token format").
 */
export function hasTokenChecksum(payload: string): boolean {
  if (payload.length !== 36) return false;
  let sum = crc32(payload.slice(0, 30));
  let text = '';
  for (let i = 0; i < 6; i++) {
    text = (base62[sum % 62] ?? '') + text;
    sum = Math.floor(sum / 62);
  }
  return text === payload.slice(30);
}

/** Parts of a signed token (RFC 7519) that are JSON objects; undefined for anything else. */
export function jwtParts(
  token: string,
):
  | { readonly header: Readonly<Record<string, unknown>>; readonly claims: Readonly<Record<string, unknown>> }
  | undefined {
  const [head = '', body = '', signature = ''] = token.split('.');
  if (signature.length < 20) return undefined;
  const header = jsonObject(head);
  const claims = jsonObject(body);
  return header === undefined || claims === undefined ? undefined : { header, claims };
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>) // a JSON object has these keys and nothing is said of the values
      : undefined;
  } catch {
    return undefined;
  }
}
