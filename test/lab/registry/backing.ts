// What stands behind the registry fronts: the real OCI distribution registry, one process for each login server, all
// over one folder; or, where that program is not installed, a small one that reads the same folder.
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseObject, textOf } from '../json.ts';
import type { RegistryStorage } from './storage.ts';

interface BackingRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path below the registry's root, such as `/v2/team-a/api/manifests/1.0`. */
  readonly path: string;
  readonly accept: string;
  /** A registry access token of the lab; the real registry checks it by itself. */
  readonly token: string;
}

interface BackingReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Backing {
  readonly kind: 'docker-registry' | 'built-in';
  send(request: BackingRequest): Promise<BackingReply>;
  stop(): Promise<void>;
}

/** `iss` of the tokens that registries accept. */
export const registryIssuer = 'Azure Container Registry';

/** Path of the Debian package's program, or undefined where it is not installed. */
export function findRegistryProgram(): string | undefined {
  if (process.platform === 'win32') return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, 'docker-registry');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder: the next one
    }
  }
  return undefined;
}

export interface RealRegistryOptions {
  readonly program: string;
  readonly storage: RegistryStorage;
  /** Folder for configuration, socket and log; a short path, because sockets have short names. */
  readonly folder: string;
  readonly name: string;
  /** Host that clients know: the audience of tokens. */
  readonly loginServer: string;
  /** PEM file of the certificate that signs tokens. */
  readonly signerFile: string;
}

/**
 * Starts the real registry, read-only, with token authentication. It dies with this process, however that ends: its
 * parent is a shell that waits for its standard input to close.
 */
export async function startRealRegistry(options: RealRegistryOptions): Promise<Backing> {
  const { folder, name, loginServer } = options;
  const socket = path.join(folder, `${name}.sock`);
  const logFile = path.join(folder, `${name}.log`);
  const configuration = path.join(folder, `${name}.json`);
  // YAML 1.2 holds JSON
  writeFileSync(
    configuration,
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: options.storage.root },
        cache: { blobdescriptor: 'inmemory' },
        maintenance: { readonly: { enabled: true }, uploadpurging: { enabled: false } },
      },
      http: { net: 'unix', addr: socket },
      auth: {
        token: {
          realm: `https://${loginServer}/oauth2/token`,
          service: loginServer,
          issuer: registryIssuer,
          rootcertbundle: options.signerFile,
        },
      },
    }),
  );
  const keeper = '"$1" serve "$2" >"$3" 2>&1 & child=$!; trap : TERM INT; read _; kill -9 "$child"; wait "$child"';
  const shell = spawn('sh', ['-c', keeper, 'registry-keeper', options.program, configuration, logFile], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' },
  });
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  shell.once('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  const backing: Backing = {
    kind: 'docker-registry',
    send: (asked) => ask(socket, loginServer, asked),
    async stop() {
      shell.stdin.end('\n');
      await ended;
    },
  };
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const reply = await ask(socket, loginServer, { method: 'GET', path: '/v2/', accept: '*/*', token: '' }).catch(
      () => undefined,
    );
    if (reply?.status === 401) return backing;
    if (shell.exitCode !== null) break;
    await sleep(10);
  }
  await backing.stop();
  throw new Error(`The registry "${name}" did not start: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
}

function ask(socketPath: string, loginServer: string, asked: BackingRequest): Promise<BackingReply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method: asked.method,
        path: asked.path,
        headers: {
          host: loginServer,
          'x-forwarded-proto': 'https',
          ...(asked.accept === '' ? {} : { accept: asked.accept }),
          ...(asked.token === '' ? {} : { authorization: `Bearer ${asked.token}` }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([key, value]) => [
              key,
              Array.isArray(value) ? value.join(', ') : (value ?? ''),
            ]),
          );
          resolve({ status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** The registry for machines without the real one: manifests and the existence of blobs, as the real one answers. */
export function builtInRegistry(storage: RegistryStorage): Backing {
  return {
    kind: 'built-in',
    send: (asked) => Promise.resolve(builtInReply(storage, asked)),
    stop: () => Promise.resolve(),
  };
}

function builtInReply(storage: RegistryStorage, asked: BackingRequest): BackingReply {
  const parts = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(asked.path);
  const [, repository = '', kind = '', encoded = ''] = parts ?? [];
  const reference = decodeURIComponent(encoded);
  if (parts === null || !storage.repositories().includes(repository)) {
    return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  }
  if (kind === 'blobs') {
    const size = storage.hasLayer(repository, reference) ? storage.blobSize(reference) : undefined;
    if (size === undefined) return failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    return {
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'docker-content-digest': reference,
      },
      body: Buffer.alloc(0),
    };
  }
  const digest = reference.startsWith('sha256:')
    ? reference
    : storage.tags(repository).find(({ name }) => name === reference)?.digest;
  if (digest === undefined || !storage.hasRevision(repository, digest)) {
    return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  const body = storage.readBlob(digest);
  const mediaType =
    textOf(parseObject(body.toString('utf8'))?.['mediaType']) ?? 'application/vnd.oci.image.manifest.v1+json';
  const accepted = asked.accept.split(',').map((part) => part.split(';')[0]?.trim());
  if (mediaType.startsWith('application/vnd.oci.') && !accepted.includes(mediaType)) {
    return failure(404, 'MANIFEST_UNKNOWN', 'OCI manifest found, but accept header does not support OCI manifests');
  }
  return {
    status: 200,
    headers: {
      'content-type': mediaType,
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'content-length': String(body.length),
    },
    body: asked.method === 'HEAD' ? Buffer.alloc(0) : body,
  };
}

function failure(status: number, code: string, message: string): BackingReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify({ errors: [{ code, message }] })),
  };
}
