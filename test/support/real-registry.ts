// The OCI distribution registry of Debian over TLS, with one account, for tests of the command line as a process.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../lab/certificates.ts';
import { findProgram, stopProcess } from './process.ts';

export const account = { username: 'bosun', password: 'dry-dock-7' };
/** bcrypt of the password, made once with crypt(3). */
const passwordHash = '$2b$05$abcdefghijklmnopqrstuupa32b9lUO9fJqe/zNtVSXoUS41UVBJO';

export interface RealRegistry {
  readonly host: string;
  /** PEM file of the authority that clients have to trust. */
  readonly authorityFile: string;
  /** Folder of its blobs: `<hex>/data` below the first two digits. */
  readonly blobs: string;
  /** Uploads a blob to a repository. */
  putBlob(repository: string, bytes: Buffer): Promise<{ readonly digest: string; readonly size: number }>;
  putManifest(repository: string, reference: string, mediaType: string, document: object): Promise<string>;
  stop(): Promise<void>;
}

/** Undefined where the program is not installed. */
export async function startRealRegistry(folder: string): Promise<RealRegistry | undefined> {
  const program = findProgram('docker-registry');
  if (program === undefined) return undefined;
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const authority = createAuthority('registry of the tests');
  const own = authority.issue({ commonName: 'localhost', hosts: ['127.0.0.1', 'localhost'] });
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string): string => {
    const at = path.join(folder, name);
    writeFileSync(at, text);
    return at;
  };
  const authorityFile = file('authority.pem', authority.certificatePem);
  const storage = path.join(folder, 'storage');
  const configuration = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage } },
    http: {
      addr: host,
      tls: { certificate: file('own.pem', own.certificatePem), key: file('own.key', own.keyPem) },
    },
    auth: {
      htpasswd: { realm: 'tests', path: file('accounts', `${account.username}:${passwordHash}\n`) },
    },
  };
  const child = spawn(program, ['serve', file('config.json', JSON.stringify(configuration))], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' },
  });
  const ca = authority.certificatePem;
  const basic = `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`;
  const send = (
    method: string,
    at: string,
    body?: Buffer,
    type?: string,
  ): Promise<{ status: number; location: string }> =>
    new Promise((resolve, reject) => {
      const url = new URL(at, `https://${host}`);
      const headers = {
        authorization: basic,
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(body === undefined ? {} : { 'content-length': body.length }),
      };
      const asked = request(url, { method, ca, headers }, (response) => {
        response.resume();
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' }),
        );
      });
      asked.once('error', reject);
      asked.end(body);
    });
  const expect = (what: string, status: number, wanted: number): void => {
    if (status !== wanted) throw new Error(`${what}: the registry answered ${status}`);
  };
  for (let attempt = 0; ; attempt++) {
    if ((await send('GET', '/v2/').catch(() => undefined))?.status === 200) break;
    if (attempt > 400 || child.exitCode !== null) throw new Error('The registry did not start');
    await sleep(25);
  }
  return {
    host,
    authorityFile,
    blobs: path.join(storage, 'docker/registry/v2/blobs/sha256'),
    async putBlob(repository, bytes) {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const begun = await send('POST', `/v2/${repository}/blobs/uploads/`, Buffer.alloc(0));
      expect('begin an upload', begun.status, 202);
      const target = new URL(begun.location, `https://${host}`);
      target.searchParams.set('digest', digest);
      const done = await send('PUT', `${target.pathname}${target.search}`, bytes, 'application/octet-stream');
      expect('upload a blob', done.status, 201);
      return { digest, size: bytes.length };
    },
    async putManifest(repository, reference, mediaType, document) {
      const bytes = Buffer.from(JSON.stringify(document));
      const done = await send('PUT', `/v2/${repository}/manifests/${reference}`, bytes, mediaType);
      expect(`put manifest ${reference}`, done.status, 201);
      return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    },
    stop: () => stopProcess(child),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
