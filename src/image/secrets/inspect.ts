import { mask, maskCredentials } from '../../core/masking.ts';
import { readCredentialFile } from './credential-files.ts';
import type { FileRole } from './files.ts';
import { Finds, type SeenSecret } from './finds.ts';
import { isNamedSecret, kindOfName, namedValues } from './names.ts';
import { NeedleSieve } from './needles.ts';
import { findPrivateKeys, keyNeedles } from './private-keys.ts';
import { defaultAccept, secretRules } from './rules.ts';

/** Secrets in the bytes of a file of this role, in the order of the rules. Binary files of roles that are text have none. */
export function inspectFile(role: FileRole, bytes: Uint8Array): readonly SeenSecret[] {
  if (role === 'key-store') return isKeyStore(bytes) ? [{ kind: 'key-store', value: bytes }] : [];
  const text = textOf(bytes);
  if (text === undefined) return [];
  const needles = occurring(text, bytes);
  if (role === 'azure-profile') {
    return /"subscriptions"\s*:\s*\[\s*\{/.test(text) ? [{ kind: 'azure-cli-profile', value: bytes }] : [];
  }
  const finds = new Finds();
  findPrivateKeys(text, finds, needles);
  if (role === 'key') return finds.seen;
  applyRules(text, finds, needles, role === 'code');
  readCredentialFile(role, text, finds);
  if (role === 'config') namedValues(text, finds);
  if (role !== 'terraform-state') return finds.seen;
  const isState = /"terraform_version"\s*:/.test(text) && /"resources"\s*:\s*\[\s*\{|"modules"\s*:\s*\[/.test(text);
  return isState ? [{ kind: 'terraform-state', value: bytes }, ...finds.seen] : finds.seen;
}

/** Secrets in a command, a label or a value that stands alone. */
export function inspectText(text: string): readonly SeenSecret[] {
  const finds = new Finds();
  const needles = occurring(text);
  findPrivateKeys(text, finds, needles);
  applyRules(text, finds, needles, false);
  return finds.seen;
}

/** The secret in a variable of a container: of a known shape, or told by its name. */
export function inspectVariable(name: string, value: string): readonly SeenSecret[] {
  const shaped = inspectText(`${name}=${value}`);
  if (shaped.length > 0) return shaped;
  return isNamedSecret(name, value) ? [{ kind: kindOfName(name), value, at: 0 }] : [];
}

const assigned =
  /(?<![\w.-])(?:--?)?(?<name>[A-Za-z_][\w-]{2,80})=(?<quote>["']?)(?<value>[^\s"';&|,)]{4,1000})\k<quote>/g;
const option =
  /(?<!\S)--?(?<name>[A-Za-z][\w-]{2,80})[ \t]+(?<quote>["']?)(?<value>[^\s"';&|,)-][^\s"';&|,)]{3,1000})\k<quote>/g;

/**
 * Secrets in a command of the history: of a known shape, or what is given to names and options that speak of secrets.
 * `RUN --mount` and variables of the build hold no values, so they are not found.
 */
export function inspectCommand(command: string): readonly SeenSecret[] {
  const finds = new Finds();
  const needles = occurring(command);
  findPrivateKeys(command, finds, needles);
  applyRules(command, finds, needles, false);
  for (const pattern of [assigned, option]) {
    for (const match of command.matchAll(pattern)) {
      const { name = '', value = '' } = match.groups ?? {};
      if (isNamedSecret(name, value)) finds.add(kindOfName(name), value, match.index + match[0].lastIndexOf(value));
    }
  }
  return finds.seen;
}

/** The command with everything hidden that is taken for a credential: by its name, its shape or its place. */
export function hideSecrets(command: string): string {
  let text = command;
  for (const { value } of inspectCommand(command)) {
    if (typeof value === 'string') text = text.replaceAll(value, mask);
  }
  return maskCredentials(text);
}

const sieve = new NeedleSieve([...keyNeedles, ...secretRules.flatMap(({ needles }) => needles)]);

function occurring(text: string, bytes?: Uint8Array): ReadonlySet<string> {
  const same = bytes?.length === text.length ? bytes : Buffer.from(text, 'latin1');
  return sieve.of(same, text);
}

function applyRules(text: string, finds: Finds, occurs: ReadonlySet<string>, isCode: boolean): void {
  for (const rule of secretRules) {
    if (finds.isFull) return;
    if (isCode && rule.notInCode === true) continue;
    if (!rule.needles.some((needle) => occurs.has(needle))) continue;
    for (const match of text.matchAll(rule.pattern)) {
      const value = match.groups?.['value'] ?? match[0];
      const end = match.index + match[0].length;
      const counts =
        rule.accept === undefined ? defaultAccept(value) : rule.accept(value, { text, start: match.index, end });
      if (counts) finds.add(rule.kind, value, match.index + match[0].lastIndexOf(value));
    }
  }
}

/** Text in one byte a character, or UTF-16 behind its mark; undefined for binary files. */
function textOf(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.toString('utf16le');
  return buffer.subarray(0, 8192).includes(0) ? undefined : buffer.toString('latin1');
}

/** PKCS #12 (RFC 7292) is a DER sequence of version 3; stores of Java have a number in front. */
function isKeyStore(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  if (/^(?:feedfeed|cececece)/.test(head)) return bytes.length > 64;
  return /^30(?:8[0-4])?(?:[0-9a-f]{2}){0,4}?020103/.test(head) && bytes.length > 64;
}
