import assert from 'node:assert/strict';
import { z } from 'zod';
import { systemClock } from '../../../src/core/clock.ts';
import type { EngineError } from '../../../src/core/errors.ts';
import { createHttpClient, type HttpClient } from '../../../src/core/http.ts';
import { createLog, Redactor } from '../../../src/core/log.ts';
import { chainIds, findBaseImage, type KnownImages } from '../../../src/image/base-image.ts';
import { NotAnImageError, parsePlatform } from '../../../src/image/manifest.ts';
import { createImageReader, type ImageReader, type ReadImageRequest } from '../../../src/image/read-image.ts';
import { registrySource } from '../../../src/image/sources/registry.ts';
import type { ImageReport } from '../../../src/image/types.ts';
import { createAcrCredentials } from '../../../src/registry/acr-exchange.ts';
import { createAnonymousCredentials } from '../../../src/registry/anonymous.ts';
import { createRegistryClient, type RegistryClient } from '../../../src/registry/client.ts';
import type { RegistryCredentials } from '../../../src/registry/types.ts';
import { buildImages, readTruth, type BuiltImage, type BuiltImages } from '../../lab/images/main.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { MemoryCache } from '../../unit/image/memory-image.ts';
import { CACHE } from '../lab-images/stored.ts';
import { accessToken, armToken, ask, bearer } from '../lab/support.ts';

type Key = keyof Lab['registries'];
const signal = new AbortController().signal;

const registryFacts = z.object({ properties: z.object({ dataEndpointHostNames: z.array(z.string()) }) });

/** What dpkg counts as there: every state but those of packages that were removed. */
const removed = /(?:config-files|not-installed)$/;

describe('images of the real registry', function () {
  this.timeout(300_000);
  let lab: Lab;
  let built: BuiltImages;
  let http: HttpClient & { close(): void };
  /** Hosts of the registries' own data endpoints, as Resource Manager names them. */
  const dataHosts: string[] = [];
  const lines: string[] = [];
  const redactor = new Redactor();
  const log = createLog((_level, line) => lines.push(line), redactor);

  before(async () => {
    lab = await startLab();
    built = await buildImages({ cacheDir: CACHE, log: () => undefined });
    const plain = createHttpClient({ log, userAgent: 'plimsoll-test', backOffMs: 5 });
    http = {
      send: (request) => plain.send({ ...request, tls: { ca: lab.caPem } }),
      close: () => plain.close(),
    };
    const { resourceId } = lab.registries.acronly;
    const url = `${lab.customCloud.armEndpoint}${resourceId}?api-version=2025-11-01`;
    const facts = registryFacts.parse((await ask(lab, url, bearer(await armToken(lab)))).json);
    dataHosts.push(...facts.properties.dataEndpointHostNames);
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });
  after(async () => {
    http.close();
    await lab.stop();
  });

  const host = (key: Key): string => lab.registries[key].loginServer;

  function client(key: Key, credentials?: RegistryCredentials, name = 'good'): RegistryClient {
    const exchange = createAcrCredentials({
      http,
      clock: systemClock,
      host: host(key),
      accessToken: () => accessToken(lab, name, 'https://containerregistry.azure.net/.default'),
      onSecret: (value) => redactor.register(value),
    });
    return createRegistryClient({
      http,
      log,
      host: host(key),
      credentials: credentials ?? exchange,
      allowedBlobHosts: [...lab.customCloud.blobHosts, ...dataHosts],
      acr: true,
      requestsPerSecond: 500,
      backOffMs: 5,
    });
  }

  const newReader = (cache = new MemoryCache()): ImageReader => createImageReader({ cache, log });

  function read(
    reader: ImageReader,
    { registry, repository, digest }: Pick<BuiltImage, 'registry' | 'repository' | 'digest'>,
    more: Partial<ReadImageRequest> = {},
    by = client(registry),
  ): Promise<ImageReport> {
    return reader.read({ source: registrySource({ host: host(registry), repository, digest }, by), signal, ...more });
  }

  function image(repository: string, tag?: string): BuiltImage {
    const found = built.images.find(
      (one) => one.repository === repository && (tag === undefined || one.tags.includes(tag)),
    );
    assert.ok(found !== undefined, repository);
    return found;
  }
  async function failure(work: Promise<unknown>): Promise<EngineError> {
    return work.then(
      () => assert.fail('it worked'),
      (error: unknown) => error as EngineError,
    );
  }
  const blobRequests = (): string[] =>
    lab
      .requests()
      .filter(({ path }) => /\/blobs\/|\/data$/.test(path))
      .map(({ path }) => path);

  it('hold exactly the packages that dpkg-query, apk and npm list in them', async () => {
    const reader = newReader();
    const counted: string[] = [];
    for (const one of built.images) {
      if (one.registry === 'firewall') continue;
      const truth = await readTruth(built, one);
      const report = await read(reader, one);
      const name = `${one.repository}@${one.digest.slice(0, 19)}`;
      assert.deepEqual(report.problems, [], name);
      const listed = report.packages;
      assert.deepEqual(
        listed
          .filter(({ type }) => type === 'deb')
          .map((p) => [p.name, p.version, p.architecture, p.source?.name, p.source?.version].join(' '))
          .sort(),
        (truth.deb ?? [])
          .filter(({ status }) => !removed.test(status))
          .map((p) => [p.name, p.version, p.architecture, p.source, p.sourceVersion].join(' '))
          .sort(),
        name,
      );
      assert.deepEqual(
        listed
          .filter(({ type }) => type === 'apk')
          .map((p) => [p.name, p.version, p.architecture, p.source?.name].join(' '))
          .sort(),
        (truth.apk ?? [])
          .filter((p) => !p.name.startsWith('.')) // groups of "apk add -t" are no packages
          .map((p) => [p.name, p.version, p.architecture, p.origin].join(' '))
          .sort(),
        name,
      );
      const installed = new Set(
        listed
          .filter(({ type, declared }) => type === 'npm' && declared !== true)
          .map((p) => `${p.name} ${p.version} ${p.path ?? ''}`),
      );
      for (const p of truth.npm ?? [])
        assert.ok(installed.has(`${p.name} ${p.version} ${p.path.replace(/^\//, '')}`), `${name}: ${p.name}`);
      counted.push(`${one.repository} ${listed.length}`);
    }
    if (built.available)
      assert.ok(
        counted.some((one) => /^base\/debian \d{2,}/.test(one)),
        counted.join(', '),
      );
  });

  it('have their commands beside their layers', async () => {
    const reader = newReader();
    for (const one of built.images) {
      if (one.registry === 'firewall') continue;
      const report = await read(reader, one);
      assert.deepEqual(
        report.layers.map(({ digest, diffId, createdBy }) => [digest, diffId, createdBy]),
        one.layers.map(({ digest, diffId, createdBy }) => [digest, diffId, createdBy]),
        one.repository,
      );
      assert.equal(report.digest, one.digest);
    }
  });

  it('tell which layer brought a package, and which of their layers are the base', async function () {
    if (!built.available) return this.skip(); // no images of Debian on this machine
    const reader = newReader();
    const base = await read(reader, image('base/debian'));
    const orders = await read(reader, image('services/orders', '1.4.2'));
    const known: KnownImages = {
      byChainId: (id) =>
        id === chainIds(base.config.diffIds).at(-1) ? { name: 'base/debian', digest: base.digest } : undefined,
      diffIds: () => undefined,
    };
    const found = findBaseImage(orders, known);
    assert.deepEqual(found, {
      name: 'base/debian',
      digest: base.digest,
      layerCount: base.layers.length,
      evidence: 'layers',
      certain: true,
    });
    const below = new Set(base.layers.map(({ digest }) => digest));
    const keyOf = ({ name, version, architecture }: (typeof base.packages)[number]): string =>
      `${name} ${version} ${architecture ?? ''}`;
    const inBase = new Map(base.packages.map((one) => [keyOf(one), one.layer]));
    for (const one of orders.packages) {
      assert.ok(one.layer !== undefined, one.name);
      if (one.type !== 'deb') assert.ok(!below.has(one.layer), `${one.name} came with the application`);
      else if (inBase.has(keyOf(one))) assert.equal(one.layer, inBase.get(keyOf(one)), one.name);
      else assert.ok(!below.has(one.layer), `${one.name} came above the base`);
    }
  });

  it('need no blob when they were read before, and new layers alone when they share some', async () => {
    const cache = new MemoryCache();
    const first = image('services/orders', '1.4.1');
    const second = image('services/orders', '1.4.2');
    await read(newReader(cache), first);
    lab.clearRequests();
    await read(newReader(cache), first);
    assert.deepEqual(blobRequests(), []);
    await read(newReader(cache), second);
    const fresh = second.layers.filter(({ diffId }) => !first.layers.some((one) => one.diffId === diffId));
    const atRegistry = lab.requests().filter(({ path, status }) => path.includes('/blobs/sha256:') && status !== 401);
    assert.equal(atRegistry.length, fresh.length + 1, 'its config and its own layers');
  });

  it('with several platforms are read for the one that is asked for', async () => {
    const { registry, repository, platformDigests = [], indexDigest = '' } = image('services/gateway');
    assert.equal(platformDigests.length, 2);
    const reader = newReader();
    for (const [index, platform] of ['linux/amd64', 'linux/arm64'].entries()) {
      const report = await read(
        reader,
        { registry, repository, digest: indexDigest },
        { platform: parsePlatform(platform) },
      );
      assert.equal(report.digest, platformDigests[index]);
      assert.equal(`${report.platform.os}/${report.platform.architecture}`, platform);
    }
    const missing = await failure(
      read(reader, { registry, repository, digest: indexDigest }, { platform: parsePlatform('linux/s390x') }),
    );
    assert.match(missing.message, /linux\/amd64, linux\/arm64/);
  });

  it('are told from signatures, which are listed beside them', async () => {
    const { registry, repository, indexDigest = '' } = image('services/gateway');
    const [signature] = await client(registry).referrers(repository, indexDigest, signal);
    assert.ok(signature !== undefined);
    const error = await failure(read(newReader(), { registry, repository, digest: signature.digest }));
    assert.ok(error instanceof NotAnImageError);
    assert.match(error.message, /a signature/);
  });

  it('are listed page by page with their attributes', async () => {
    const names: string[] = [];
    for await (const name of client('good').repositories(signal)) names.push(name);
    assert.ok(
      ['base/alpine', 'services/gateway', 'services/orders'].every((name) =>
        built.available || name !== 'services/orders' ? names.includes(name) : true,
      ),
      names.join(' '),
    );
    const wanted = image('services/gateway');
    const tags = new Map<string, string | undefined>();
    for await (const { name, digest } of client('good').tags('services/gateway', signal)) tags.set(name, digest);
    assert.equal(tags.get('2.0.3'), wanted.indexDigest);
    const digests: string[] = [];
    for await (const { digest } of client('good').manifests('services/gateway', signal)) digests.push(digest);
    assert.ok(digests.includes(wanted.digest));
  });

  it('may be read without an account where the registry lets everybody', async () => {
    const anonymous = client('admin', createAnonymousCredentials({ http, clock: systemClock }));
    const report = await read(newReader(), image('tools/status'), {}, anonymous);
    assert.deepEqual(report.problems, []);
    assert.ok(report.packages.length > 0);
  });

  describe('that may not be read', () => {
    it('say which right is missing', async () => {
      const error = await failure(client('acronly').manifest('restricted/payroll', 'latest', signal));
      assert.equal(error.code, 'access-denied');
      assert.match(error.message, /without "pull"/);
    });

    it('say which address the firewall wants', async () => {
      const error = await failure(read(newReader(), image('services/ledger')));
      assert.equal(error.code, 'access-denied');
      assert.match(error.nextStep, /\d+\.\d+\.\d+\.\d+/);
    });

    it('say that they are not there', async () => {
      assert.equal((await failure(client('good').manifest('services/gateway', 'never', signal))).code, 'not-found');
    });
  });

  describe('over a bad line', () => {
    const one = (): BuiltImage => image('services/gateway');

    it('are read to the end when downloads are cut', async () => {
      lab.faults.add({ kind: 'cut', role: 'blobs', times: 3 });
      const report = await read(newReader(), one());
      assert.deepEqual(report.problems, []);
      assert.ok(lab.requests().some(({ headers }) => headers['range'] !== undefined));
    });

    it('are not believed when a byte differs', async () => {
      lab.faults.add({ kind: 'corrupt', role: 'blobs' });
      assert.equal((await failure(read(newReader(), one()))).code, 'digest-mismatch');
      lab.faults.reset();
      lab.faults.add({ kind: 'corrupt', role: 'registry', path: '/manifests/' });
      assert.equal((await failure(read(newReader(), one()))).code, 'digest-mismatch');
    });

    it('are not followed to another owner', async () => {
      for (const path of ['/blobs/', '/manifests/']) {
        lab.faults.reset();
        lab.faults.add({ kind: 'redirect', role: 'registry', path });
        assert.match((await failure(read(newReader(), one()))).code, /^(refused|unexpected-response)$/);
      }
      assert.deepEqual(
        lab.requests().filter(({ role }) => role === 'elsewhere'),
        [],
      );
    });

    it('are read when the registry asks to slow down, or stumbles', async () => {
      lab.faults.add({ kind: 'status', role: 'registry', path: '/manifests/', status: 429, retryAfter: 0, times: 2 });
      lab.faults.add({ kind: 'status', role: 'registry', path: '/blobs/', status: 503, times: 1 });
      assert.deepEqual((await read(newReader(), one())).problems, []);
    });

    it('are read on when the token ends meanwhile', async () => {
      const by = client('good');
      await read(newReader(), one(), {}, by);
      lab.faults.add({
        kind: 'status',
        role: 'registry',
        path: '/manifests/',
        status: 401,
        times: 1,
        headers: {
          'www-authenticate': `Bearer realm="https://${host('good')}/oauth2/token",service="${host('good')}"`,
        },
      });
      assert.deepEqual((await read(newReader(), one(), {}, by)).problems, []);
    });
  });

  it('break no rule of the registry, send storage no token, and leave nothing secret in the log', async () => {
    const reports = [
      await read(newReader(), image('services/gateway')),
      await read(newReader(), image('services/reports')),
    ];
    assert.equal(reports.length, 2);
    const requests = lab.requests();
    assert.deepEqual(
      requests.filter(({ violation }) => violation !== undefined),
      [],
    );
    const storage = requests.filter(({ role }) => !role.startsWith('registry') && role !== 'entra');
    assert.ok(storage.length > 0);
    assert.ok(storage.every(({ headers }) => headers['authorization'] === undefined));
    const text = lines.join('\n');
    assert.ok(text.length > 0);
    assert.ok(!/[?&]sig=(?!\[redacted\])/.test(text), 'a signature');
    assert.ok(!/\bey[\w-]{20,}\.[\w-]{10,}\./.test(text), 'a token');
  });
});
