// X.509 certificates made on the spot: RFC 5280 structures in DER, written by hand on top of node:crypto alone.
import {
  createHash,
  createPrivateKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIPv4 } from 'node:net';
import { promisify } from 'node:util';

/** A certificate and the private key that belongs to it. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly der: Buffer;
}

interface Subject {
  readonly commonName: string;
  readonly organization?: string;
  /** DNS names and IPv4 addresses of a server; absent makes a client certificate. */
  readonly hosts?: readonly string[];
}

/** A certificate authority that lives as long as the lab. */
export interface Authority {
  readonly certificatePem: string;
  /** A certificate with a fresh P-256 key. */
  issue(subject: Subject): KeyedCertificate;
  /** A certificate for a key that exists; it may serve any purpose. */
  certify(subject: Subject, privateKey: KeyObject, publicKey: KeyObject): KeyedCertificate;
}

const day = 86_400_000;
const lifetime = 30 * day;

const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Makes an authority with a key of its own. */
export function createAuthority(commonName: string): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName({ commonName });
  const keyId = keyIdentifier(publicKey);
  const own = certificate({
    issuer,
    issuerKey: privateKey,
    subject: issuer,
    publicKey,
    extensions: [
      extension(oid.basicConstraints, true, sequence(boolean(true))),
      // keyCertSign and cRLSign
      extension(oid.keyUsage, true, bitString(Buffer.from([0x06]), 1)),
      extension(oid.subjectKeyIdentifier, false, octetString(keyId)),
    ],
  });
  const certify = (subject: Subject, subjectKey: KeyObject, subjectPublicKey: KeyObject): KeyedCertificate => {
    const der = certificate({
      issuer,
      issuerKey: privateKey,
      subject: distinguishedName(subject),
      publicKey: subjectPublicKey,
      extensions: [
        extension(oid.basicConstraints, true, sequence()),
        // digitalSignature
        extension(oid.keyUsage, true, bitString(Buffer.from([0x80]), 7)),
        extension(oid.extendedKeyUsage, false, sequence(objectId(subject.hosts ? oid.serverAuth : oid.clientAuth))),
        extension(oid.subjectKeyIdentifier, false, octetString(keyIdentifier(subjectPublicKey))),
        extension(oid.authorityKeyIdentifier, false, sequence(contextTag(0, keyId))),
        ...(subject.hosts ? [extension(oid.subjectAltName, false, sequence(...subject.hosts.map(generalName)))] : []),
      ],
    });
    return {
      certificatePem: pem(der),
      keyPem: subjectKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      der,
    };
  };
  return {
    certificatePem: pem(own),
    certify,
    issue(subject) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return certify(subject, pair.privateKey, pair.publicKey);
    },
  };
}

/** An RSA key with a certificate of the authority: the signer of tokens. */
export async function issueRsa(authority: Authority, commonName: string): Promise<KeyedCertificate> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return authority.certify({ commonName }, pair.privateKey, pair.publicKey);
}

/** The private key of a certificate made here. */
export function privateKeyOf(keyed: KeyedCertificate): KeyObject {
  return createPrivateKey(keyed.keyPem);
}

function certificate(parts: {
  readonly issuer: Buffer;
  readonly issuerKey: KeyObject;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}): Buffer {
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x01; // positive and not zero
  const toBeSigned = sequence(
    explicitTag(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    parts.issuer,
    sequence(time(new Date(now - day)), time(new Date(now + lifetime))),
    parts.subject,
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    explicitTag(3, sequence(...parts.extensions)),
  );
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, parts.issuerKey), 0));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function distinguishedName(subject: Subject): Buffer {
  const attributes: [string, string][] = [];
  if (subject.organization !== undefined) attributes.push([oid.organization, subject.organization]);
  attributes.push([oid.commonName, subject.commonName]);
  return sequence(
    ...attributes.map(([type, value]) => tagged(0x31, sequence(objectId(type), tagged(0x0c, Buffer.from(value))))),
  );
}

function generalName(host: string): Buffer {
  return isIPv4(host) ? contextTag(7, Buffer.from(host.split('.').map(Number))) : contextTag(2, Buffer.from(host));
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

function tagged(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function contextTag(number: number, content: Buffer): Buffer {
  return tagged(0x80 | number, content);
}

function explicitTag(number: number, content: Buffer): Buffer {
  return tagged(0xa0 | number, content);
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0x00]));
}

function octetString(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function bitString(content: Buffer, unusedBits: number): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([unusedBits]), content]));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128));
    bytes.push(...digits);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** UTCTime; the lab does not live until 2050. */
function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${text}Z`));
}
