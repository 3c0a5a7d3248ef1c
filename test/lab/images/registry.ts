// Fills the folder of an OCI distribution registry: through the real one when it is there, else by writing its layout.
// distribution 2.8, "registry/storage/paths.go" describes that layout.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Blob, BlobStore } from './blobs.ts';
import type { StoredManifest } from './oci.ts';

/** One manifest and the tags that name it; a tag pushed again moves, and the manifest it left stays untagged. */
export interface Push {
  readonly repository: string;
  readonly manifest: StoredManifest;
  readonly tags: readonly string[];
}

/** A registry without authentication on a port of its own, for as long as it is not disposed of. */
export interface RunningRegistry extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts Debian's `docker-registry` over a storage folder; its configuration goes into `workFolder`. With a certificate it
 * speaks https.
 */
export async function startRegistry(
  storage: string,
  workFolder: string,
  certificate?: { readonly certificatePem: string; readonly keyPem: string },
): Promise<RunningRegistry> {
  await mkdir(storage, { recursive: true });
  const port = await freePort();
  let tls = '';
  if (certificate !== undefined) {
    const files = { certificate: path.join(workFolder, 'registry.crt'), key: path.join(workFolder, 'registry.key') };
    await writeFile(files.certificate, certificate.certificatePem);
    await writeFile(files.key, certificate.keyPem, { mode: 0o600 });
    tls = `, tls: { certificate: ${JSON.stringify(files.certificate)}, key: ${JSON.stringify(files.key)} }`;
  }
  const configFile = path.join(workFolder, 'docker-registry.yml');
  await writeFile(
    configFile,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(storage)} }, delete: { enabled: true } }`,
      `http: { addr: "127.0.0.1:${port}"${tls} }`,
      '',
    ].join('\n'),
  );
  const registry = spawn('docker-registry', ['serve', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  registry.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    registry.once('close', () => {
      resolve();
    });
    registry.once('error', (error) => {
      complaints += error.message;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    registry.kill('SIGTERM');
    await ended;
  };
  try {
    await answers(port, () => registry.exitCode !== null, certificate !== undefined);
  } catch (error) {
    await stop();
    throw new Error(`docker-registry does not serve "${storage}". It said: ${complaints.slice(-2000)}`, {
      cause: error,
    });
  }
  return { port, [Symbol.asyncDispose]: stop };
}

/** Pushes in order into `storage` through the real registry, started for this and stopped again. */
export async function pushThroughRegistry(
  pushes: readonly Push[],
  store: BlobStore,
  storage: string,
  workFolder: string,
): Promise<void> {
  await using registry = await startRegistry(storage, workFolder);
  const known = new Map<string, string>();
  for (const push of pushes) await pushOne(push, store, registry.port, known);
}

async function pushOne(push: Push, store: BlobStore, port: number, known: Map<string, string>): Promise<void> {
  const put = async (manifest: StoredManifest, tags: readonly string[]): Promise<void> => {
    for (const member of manifest.manifests) await put(member, []);
    for (const blob of manifest.blobs) await pushBlob(push.repository, blob, store, port, known);
    const body = await readFile(store.fileOf(manifest.digest));
    for (const reference of tags.length === 0 ? [manifest.digest] : tags) {
      const answer = await call(port, 'PUT', `/v2/${push.repository}/manifests/${reference}`, {
        body,
        headers: { 'content-type': manifest.mediaType },
      });
      if (answer.status !== 201)
        throw new Error(`${push.repository}:${reference} was answered ${answer.status} ${answer.body}`);
    }
  };
  await put(push.manifest, push.tags);
}

async function pushBlob(
  repository: string,
  blob: Blob,
  store: BlobStore,
  port: number,
  known: Map<string, string>,
): Promise<void> {
  const elsewhere = known.get(blob.digest);
  if (elsewhere === repository) return;
  const mount = elsewhere === undefined ? '' : `?mount=${blob.digest}&from=${encodeURIComponent(elsewhere)}`;
  const started = await call(port, 'POST', `/v2/${repository}/blobs/uploads/${mount}`, {});
  known.set(blob.digest, repository);
  if (started.status === 201) return;
  const location = new URL(started.location ?? '', `http://127.0.0.1:${port}`);
  location.searchParams.set('digest', blob.digest);
  const answer = await call(port, 'PUT', location.pathname + location.search, {
    file: store.fileOf(blob.digest),
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
  });
  if (answer.status !== 201) throw new Error(`Blob ${blob.digest} was answered ${answer.status} ${answer.body}`);
}

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

function call(
  port: number,
  method: string,
  target: string,
  content: { readonly body?: Uint8Array; readonly file?: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path: target,
        headers: { 'content-length': String(content.body?.length ?? 0), ...content.headers },
      },
      (incoming) => {
        let body = '';
        incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const { location } = incoming.headers;
          resolve({ status: incoming.statusCode ?? 0, body, ...(location === undefined ? {} : { location }) });
        });
      },
    );
    outgoing.on('error', reject);
    if (content.file === undefined) outgoing.end(content.body);
    else createReadStream(content.file).on('error', reject).pipe(outgoing);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number, hasEnded: () => boolean, tls: boolean): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (hasEnded()) throw new Error('docker-registry ended at once.');
    const answer = await call(port, 'GET', '/v2/', {}).catch(() => undefined);
    // To plain http it answers 400 where it speaks https.
    if (answer?.status === (tls ? 400 : 200)) return;
    await sleep(50);
  }
  throw new Error('docker-registry did not answer within ten seconds.');
}

/** Writes the same layout by hand, for machines without the Debian package. */
export async function writeRegistryLayout(pushes: readonly Push[], store: BlobStore, storage: string): Promise<void> {
  const root = path.join(storage, 'docker/registry/v2');
  const put = async (file: string, digest: string): Promise<void> => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), digest);
  };
  const blob = async (digest: string): Promise<void> => {
    const hex = digest.slice('sha256:'.length);
    const file = path.join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data');
    await mkdir(path.dirname(file), { recursive: true });
    await rm(file, { force: true });
    await link(store.fileOf(digest), file);
  };
  const write = async (repository: string, manifest: StoredManifest): Promise<void> => {
    for (const member of manifest.manifests) await write(repository, member);
    for (const { digest } of manifest.blobs) {
      await blob(digest);
      await put(`repositories/${repository}/_layers/sha256/${digest.slice(7)}/link`, digest);
    }
    await blob(manifest.digest);
    await put(
      `repositories/${repository}/_manifests/revisions/sha256/${manifest.digest.slice(7)}/link`,
      manifest.digest,
    );
  };
  for (const { repository, manifest, tags } of pushes) {
    await write(repository, manifest);
    for (const tag of tags) {
      const folder = `repositories/${repository}/_manifests/tags/${tag}`;
      await put(`${folder}/index/sha256/${manifest.digest.slice(7)}/link`, manifest.digest);
      await put(`${folder}/current/link`, manifest.digest);
    }
  }
}
