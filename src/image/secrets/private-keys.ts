import type { Finds } from './finds.ts';
import { entropyOf } from './values.ts';

const longestKey = 20_000;
/** OpenSSH, "PROTOCOL.key". */
const opensshMagic = 'openssh-key-v1\0';

const pemNeedle = 'PRIVATE KEY';
const puttyNeedle = 'PuTTY-User-Key-File-';
/** One of these occurs in every text with a private key. */
export const keyNeedles: readonly string[] = [pemNeedle, puttyNeedle];

/**
 * Private keys in a text: PEM (RFC 7468, RFC 1421), OpenSSH, PGP (RFC 9580, "ASCII Armor"), PuTTY ("Private key file
 * format", in its documentation). Line ends may be written out as in JSON and shell variables. The body must be what the
 * label says: examples with dots and words have none.
 */
export function findPrivateKeys(text: string, finds: Finds, occurs: ReadonlySet<string>): void {
  if (occurs.has(pemNeedle)) {
    const begin = /-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?)PRIVATE KEY(?: BLOCK)?-----/g;
    for (const match of text.matchAll(begin)) {
      const from = match.index + match[0].length;
      const length = text.slice(from, from + longestKey).indexOf('-----');
      const to = from + length;
      if (length < 0 || !text.startsWith('-----END', to)) continue;
      const encrypted = judge(match[1]?.trim() ?? '', text.slice(from, to));
      if (encrypted === undefined) continue;
      const isGoogle = !encrypted && /"type"\s*:\s*"service_account"/.test(text);
      // The value without its line ends: the same key has the same fingerprint however it is written.
      finds.add(
        isGoogle ? 'gcp-service-account-key' : encrypted ? 'encrypted-private-key' : 'private-key',
        text.slice(match.index, to),
        match.index,
      );
      if (finds.isFull) return;
    }
  }
  if (occurs.has(puttyNeedle)) {
    const found = /PuTTY-User-Key-File-\d: .{1,100}\r?\nEncryption: (\S{1,40})/.exec(text);
    const lines = /Private-Lines: \d{1,4}\r?\n([A-Za-z0-9+/=\r\n]{40,20000})/.exec(text)?.[1];
    if (found !== null && lines !== undefined) {
      finds.add(found[1] === 'none' ? 'private-key' : 'encrypted-private-key', lines.trim(), text.indexOf(lines));
    }
  }
}

/** Whether the key is encrypted; undefined when the body is none. */
function judge(label: string, body: string): boolean | undefined {
  const plain = body
    .replace(/\\[nrt]/g, '\n')
    .replace(/"\s*\+\s*"/g, '')
    .replace(/["',]/g, '');
  const lines = plain.split('\n').map((line) => line.trim());
  const legacy = lines.some((line) => /^Proc-Type:\s*4,?\s*ENCRYPTED/i.test(line));
  const encoded = lines
    .filter((line) => line !== '' && !/^[A-Za-z][\w-]*:\s/.test(line))
    .join('')
    .replace(/\s+/g, '');
  if (encoded.length < 64 || !/^[A-Za-z0-9+/]+={0,2}(?:=[A-Za-z0-9+/]{4})?$/.test(encoded)) return undefined;
  if (entropyOf(encoded.slice(0, 2000)) < 3.5) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (label === 'OPENSSH') {
    if (bytes.toString('latin1', 0, opensshMagic.length) !== opensshMagic) return undefined;
    const length = bytes.length >= opensshMagic.length + 4 ? bytes.readUInt32BE(opensshMagic.length) : 0;
    return bytes.toString('latin1', opensshMagic.length + 4, opensshMagic.length + 4 + Math.min(length, 40)) !== 'none';
  }
  if (label === 'PGP') return ((bytes[0] ?? 0) & 0x80) === 0 ? undefined : false;
  if (label === 'ENCRYPTED' || legacy) return true;
  return bytes[0] === 0x30 ? false : undefined; // a DER sequence: RFC 5958, RFC 8017, RFC 5915
}
