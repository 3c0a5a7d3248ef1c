// JSON Web Tokens, RS256 (RFC 7515, RFC 7518), signed with one key of the lab.
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { privateKeyOf, type KeyedCertificate } from './certificates.ts';
import { parseObject, type JsonObject } from './json.ts';

export class TokenSigner {
  readonly certificate: KeyedCertificate;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #verified = new Map<string, JsonObject>();

  constructor(certificate: KeyedCertificate) {
    this.certificate = certificate;
    this.#privateKey = privateKeyOf(certificate);
    this.#publicKey = createPublicKey(certificate.certificatePem);
  }

  /** Thumbprint that names the key in headers. RFC 7515, 4.1.7. */
  get keyId(): string {
    return createHash('sha1').update(this.certificate.der).digest('base64url');
  }

  /** The public key as a JSON Web Key. */
  jwk(): JsonObject {
    const { n = '', e = '' } = this.#publicKey.export({ format: 'jwk' });
    return {
      kty: 'RSA',
      use: 'sig',
      kid: this.keyId,
      x5t: this.keyId,
      n,
      e,
      x5c: [this.certificate.der.toString('base64')],
    };
  }

  /** `withCertificate` puts the signer's certificate into the header, as registries want it. */
  sign(claims: JsonObject, withCertificate = false): string {
    const header = {
      typ: 'JWT',
      alg: 'RS256',
      ...(withCertificate ? { x5c: [this.certificate.der.toString('base64')] } : { kid: this.keyId, x5t: this.keyId }),
    };
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#privateKey).toString('base64url')}`;
  }

  /** The claims of a token that this key signed; times are not looked at. */
  verify(token: string): JsonObject | undefined {
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const parts = token.split('.');
    const [header, payload, signature] = parts;
    if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
      return undefined;
    const valid = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      this.#publicKey,
      Buffer.from(signature, 'base64url'),
    );
    const claims = valid ? parseObject(Buffer.from(payload, 'base64url').toString('utf8')) : undefined;
    if (claims === undefined) return undefined;
    if (this.#verified.size > 1000) this.#verified.clear();
    this.#verified.set(token, claims);
    return claims;
  }
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** True when `exp` has passed; a token without it never lived. */
export function isExpired(claims: JsonObject): boolean {
  const expires = claims['exp'];
  return typeof expires !== 'number' || expires * 1000 <= Date.now();
}
