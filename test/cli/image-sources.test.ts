// Images as real tools make them, from every source, and what a person meets when one is not as it should be.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { mediaTypes } from '../../src/registry/media-types.ts';
import { findProgram } from '../support/process.ts';
import { account, startRealRegistry, type RealRegistry } from '../support/real-registry.ts';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ImageAnswer {
  readonly image: {
    readonly digest: string;
    readonly platform: string;
    readonly index?: {
      readonly digest: string;
      readonly platforms: readonly { readonly platform?: string; readonly digest: string }[];
    };
    readonly referrers?: readonly {
      readonly digest: string;
      readonly artifactType: string;
      readonly mediaType: string;
      readonly size: number;
      readonly foundBy: string;
    }[];
    readonly layers: readonly { readonly diffId: string }[];
  };
  readonly packages: readonly { readonly name: string; readonly version: string; readonly layer?: string }[];
  readonly problems: readonly { readonly reason: string }[];
}

/** In the order in which layers are put on each other. */
const expected = ['harbour-tools 1.2-3', 'kept 2.0.0', 'left 1.0.0'];

describe('plimsoll image, from every source', function () {
  this.timeout(120_000);
  let folder: string;
  let registry: RealRegistry;
  let layout: string;

  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const tool = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const skopeo = (...args: string[]): void => tool('skopeo', '--insecure-policy', ...args);
  const push = (from: string, to: string, ...args: string[]): void =>
    skopeo(
      'copy',
      '--dest-tls-verify=false',
      `--dest-creds=${account.username}:${account.password}`,
      ...args,
      from,
      `docker://${registry.host}/${to}`,
    );

  /** Not spawnSync: helpers and the registry go on meanwhile. */
  function run(args: readonly string[], env: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli, 'image', ...args, '--data', at('data')], {
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: at('home'),
          NODE_EXTRA_CA_CERTS: registry.authorityFile,
          DOCKER_CONFIG: at('docker'),
          ...env,
        },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, stdout, stderr }));
    });
  }
  async function image(ref: string, ...args: string[]): Promise<ImageAnswer> {
    const { status, stdout, stderr } = await run([ref, '--format', 'json', ...args]);
    assert.equal(status, 0, `${ref}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as ImageAnswer;
  }
  const names = ({ packages }: ImageAnswer): string[] =>
    packages.map(({ name, version }) => `${name} ${version}`).sort();
  const put = (file: string, text: string): string => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
    return at(file);
  };
  const refused = async (args: readonly string[], status: number, words: RegExp, env?: Record<string, string>) => {
    const answer = await run(args, env);
    assert.match(answer.stderr, words);
    assert.equal(answer.status, status, answer.stderr);
    assert.equal(answer.stderr.trim().split('\n').length, 1, answer.stderr);
    assert.equal(answer.stdout, '');
  };

  before(async function () {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sources-'));
    const started = await startRealRegistry(at('registry'));
    if (started === undefined || findProgram('skopeo') === undefined || findProgram('umoci') === undefined) {
      await started?.stop();
      rmSync(folder, { recursive: true });
      return this.skip(); // macOS and Windows have the unit tests
    }
    registry = started;
    mkdirSync(at('home'));
    put(
      'docker/config.json',
      JSON.stringify({
        auths: {
          [registry.host]: { auth: Buffer.from(`${account.username}:${account.password}`).toString('base64') },
        },
      }),
    );
    // two layers by umoci: the upper one hides a directory of the lower one and removes a file
    layout = at('layout');
    put('lower/etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n');
    put(
      'lower/var/lib/dpkg/status',
      'Package: harbour-tools\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-3\n',
    );
    put('lower/srv/node_modules/kept/package.json', '{"name":"kept","version":"2.0.0"}');
    put('lower/srv/node_modules/gone/package.json', '{"name":"gone","version":"1.0.0"}');
    put('lower/app/node_modules/hidden/package.json', '{"name":"hidden","version":"1.0.0"}');
    put('upper/node_modules/left/package.json', '{"name":"left","version":"1.0.0"}');
    tool('umoci', 'init', '--layout', layout);
    tool('umoci', 'new', '--image', `${layout}:app`);
    tool('umoci', 'insert', '--rootless', '--image', `${layout}:app`, at('lower'), '/');
    tool('umoci', 'insert', '--rootless', '--image', `${layout}:app`, '--opaque', at('upper'), '/app');
    tool('umoci', 'insert', '--rootless', '--image', `${layout}:app`, '--whiteout', '/srv/node_modules/gone');
    cpSync(layout, at('arm'), { recursive: true });
    tool('umoci', 'config', '--image', `${at('arm')}:app`, '--architecture', 'arm64');
    push(`oci:${layout}:app`, 'team/app:1');
    push(`oci:${at('arm')}:app`, 'team/app:arm');
  });

  after(async () => {
    await (registry as RealRegistry | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('reads the same packages and layers', () => {
    let layers: readonly string[];
    const same = async (ref: string): Promise<void> => {
      const answer = await image(ref);
      assert.deepEqual(names(answer), expected, ref);
      assert.deepEqual(
        answer.image.layers.map(({ diffId }) => diffId),
        layers,
        ref,
      );
      assert.equal(answer.image.platform, 'linux/amd64');
    };

    it('from an OCI layout in a folder', async () => {
      const answer = await image(`oci:${layout}:app`);
      layers = answer.image.layers.map(({ diffId }) => diffId);
      assert.equal(layers.length, 3);
      await same(`oci:${layout}`);
    });

    it('from archives of it, bare and compressed', async () => {
      skopeo('copy', `oci:${layout}:app`, `oci-archive:${at('oci.tar')}:app`);
      await same(`oci:${at('oci.tar')}:app`);
      writeFileSync(at('oci.tar.gz'), gzipSync(readFileSync(at('oci.tar'))));
      await same(`oci:${at('oci.tar.gz')}`);
    });

    it('from archives in the form of docker save, bare and compressed', async () => {
      skopeo('copy', `oci:${layout}:app`, `docker-archive:${at('docker.tar')}:registry.example/team/app:1`);
      await same(`docker-archive:${at('docker.tar')}`);
      await same(`docker-archive:${at('docker.tar')}:registry.example/team/app:1`);
      writeFileSync(at('docker.tar.gz'), gzipSync(readFileSync(at('docker.tar'))));
      await same(`docker-archive:${at('docker.tar.gz')}`);
    });

    it('from a layout with zstd layers', async () => {
      skopeo('copy', '--dest-compress-format=zstd', '--dest-compress', `oci:${layout}:app`, `oci:${at('zstd')}:app`);
      await same(`oci:${at('zstd')}:app`);
    });

    it('from a registry, by tag and by digest', async () => {
      await same(`${registry.host}/team/app:1`);
      const { image: about } = await image(`${registry.host}/team/app:1`);
      await same(`${registry.host}/team/app@${about.digest}`);
    });
  });

  describe('with accounts of Docker', () => {
    const ref = (): string => `${registry.host}/team/app:1`;

    it('says that one is missing, and shows no password', async () => {
      const nobody = { DOCKER_CONFIG: at('nobody') };
      await refused([ref()], 3, /registry answered 401.*sign in/, nobody);
      const wrong = put(
        'wrong/config.json',
        JSON.stringify({ auths: { [registry.host]: { username: 'bosun', password: 'wrong-rope' } } }),
      );
      const { stderr, status } = await run([ref(), '--verbose'], { DOCKER_CONFIG: path.dirname(wrong) });
      assert.equal(status, 3);
      assert.doesNotMatch(stderr, /wrong-rope|Ym9zdW46d3Jvbmctcm9wZQ/);
    });

    it('shows none of them, also when it says everything', async () => {
      const { stderr, stdout, status } = await run([ref(), '--verbose', '--format', 'json']);
      assert.equal(status, 0);
      assert.match(stderr, /manifest fetched/);
      assert.doesNotMatch(stderr + stdout, /dry-dock-7|Ym9zdW46ZHJ5LWRvY2stNw/);
    });

    it('asks a helper for this registry alone', async () => {
      const script = (name: string, text: string): void => {
        put(`bin/docker-credential-${name}`, `#!/bin/sh\n${text}\n`);
        chmodSync(at(`bin/docker-credential-${name}`), 0o755);
      };
      script('harbour', `cat >>"${at('asked')}"; echo '{"Username":"bosun","Secret":"dry-dock-7"}'`);
      script('other', `touch "${at('other-asked')}"; echo '{"Username":"x","Secret":"y"}'`);
      const config = put(
        'helpers/config.json',
        JSON.stringify({ credHelpers: { [registry.host]: 'harbour', 'other.example': 'other' } }),
      );
      const env = { DOCKER_CONFIG: path.dirname(config), PATH: `${at('bin')}:${process.env['PATH'] ?? ''}` };
      const { status, stderr } = await run([ref()], env);
      assert.equal(status, 0, stderr);
      assert.equal(readFileSync(at('asked'), 'utf8'), `${registry.host}\n`);
      assert.equal(existsSync(at('other-asked')), false);
    });

    it('goes on when the configuration cannot be used, and says so', async () => {
      const config = put('broken/config.json', '{"auths":');
      const { status, stderr } = await run([ref()], { DOCKER_CONFIG: path.dirname(config) });
      assert.equal(status, 3);
      assert.match(stderr, /registry read without an account.*not valid JSON/);
    });
  });

  describe('of several platforms', () => {
    let indexDigest: string;
    let amd64: string;
    let arm64: string;

    before(async () => {
      amd64 = (await image(`${registry.host}/team/app:1`)).image.digest;
      arm64 = (await image(`${registry.host}/team/app:arm`)).image.digest;
      const size = (digest: string, from: string): number =>
        readFileSync(path.join(from, 'blobs/sha256', digest.slice(7))).length;
      const empty = await registry.putBlob('team/app', Buffer.from('{}'));
      const statement = await registry.putBlob('team/app', Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}'));
      const attestation = {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: { mediaType: mediaTypes.ociConfig, ...empty },
        layers: [{ mediaType: 'application/vnd.in-toto+json', ...statement }],
      };
      const attested = await registry.putManifest('team/app', 'provenance', mediaTypes.ociManifest, attestation);
      const entry = (digest: string, from: string, architecture: string, variant?: string) => ({
        mediaType: mediaTypes.ociManifest,
        digest,
        size: size(digest, from),
        platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
      });
      indexDigest = await registry.putManifest('team/app', 'all', mediaTypes.ociIndex, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [
          entry(amd64, layout, 'amd64'),
          entry(arm64, at('arm'), 'arm64', 'v8'),
          {
            mediaType: mediaTypes.ociManifest,
            digest: attested,
            size: JSON.stringify(attestation).length,
            platform: { os: 'unknown', architecture: 'unknown' },
            annotations: {
              'vnd.docker.reference.type': 'attestation-manifest',
              'vnd.docker.reference.digest': arm64,
            },
          },
        ],
      });
      await registry.putManifest('team/app', `sha256-${amd64.slice(7)}.sig`, mediaTypes.ociManifest, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: { mediaType: mediaTypes.ociConfig, ...empty },
        layers: [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', ...statement }],
      });
      const notation = {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: 'application/vnd.cncf.notary.signature',
        config: { mediaType: 'application/vnd.oci.empty.v1+json', ...empty },
        layers: [],
        subject: { mediaType: mediaTypes.ociIndex, digest: indexDigest, size: 1 },
      };
      const signed = await registry.putManifest('team/app', 'notation', mediaTypes.ociManifest, notation);
      // this registry has no referrers API: clients keep the list under a tag
      await registry.putManifest('team/app', indexDigest.replace(':', '-'), mediaTypes.ociIndex, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [
          {
            mediaType: mediaTypes.ociManifest,
            digest: signed,
            size: JSON.stringify(notation).length,
            artifactType: notation.artifactType,
          },
        ],
      });
    });

    it('shows the choice and the others', async () => {
      const { image: about } = await image(`${registry.host}/team/app:all`);
      assert.equal(about.digest, amd64);
      assert.equal(about.platform, 'linux/amd64');
      assert.deepEqual(about.index, {
        digest: indexDigest,
        mediaType: mediaTypes.ociIndex,
        platforms: [
          { platform: 'linux/amd64', digest: amd64 },
          { platform: 'linux/arm64/v8', digest: arm64 },
        ],
      });
      const { stdout } = await run([`${registry.host}/team/app:all`]);
      assert.match(stdout, /^\S+ {2}sha256:\w+ {2}debian 12 {2}linux\/amd64\n/);
      assert.match(stdout, /Chosen from sha256:\w+: linux\/amd64, linux\/arm64\/v8\n/);
    });

    it('takes the one that is asked for', async () => {
      for (const wish of ['linux/arm64', 'linux/arm64/v8']) {
        const { image: about } = await image(`${registry.host}/team/app:all`, '--platform', wish);
        assert.deepEqual([about.digest, about.platform], [arm64, 'linux/arm64/v8']);
      }
    });

    it('lists signatures and attestations, of the image and of its index', async () => {
      const kinds = async (...args: string[]) =>
        (await image(`${registry.host}/team/app:all`, ...args)).image.referrers?.map(
          ({ artifactType, foundBy }) => `${foundBy} ${artifactType}`,
        );
      assert.deepEqual(await kinds(), [
        'tag application/vnd.dev.cosign.simplesigning.v1+json',
        'referrers application/vnd.cncf.notary.signature',
      ]);
      assert.deepEqual(await kinds('--platform', 'linux/arm64'), [
        'index application/vnd.in-toto+json',
        'referrers application/vnd.cncf.notary.signature',
      ]);
      const { stdout } = await run([`${registry.host}/team/app:all`]);
      assert.match(stdout, /application\/vnd\.cncf\.notary\.signature/);
    });

    it('says which there are when one is missing', async () => {
      const ref = `${registry.host}/team/app`;
      await refused([`${ref}:all`, '--platform', 'windows/amd64'], 2, /there is linux\/amd64, linux\/arm64\/v8/);
      await refused([`${ref}:1`, '--platform', 'linux/arm64'], 2, /for linux\/arm64: there is linux\/amd64/);
    });

    it('says that an artifact is no image', async () => {
      await refused([`${registry.host}/team/app:notation`], 2, /it is a signature.*not a container image/);
    });
  });

  describe('refuses in one line that names the next step', () => {
    it('a tag, a repository and a digest that are not there', async () => {
      await refused([`${registry.host}/team/app:none`], 2, /404 MANIFEST_UNKNOWN.*Check the repository, the tag/);
      await refused([`${registry.host}/team/none:1`], 2, /404/);
      await refused([`${registry.host}/team/app@sha256:${'0'.repeat(64)}`], 2, /404/);
      await refused([`oci:${layout}:none`], 2, /Cannot find "none".*there is app/);
    });

    it('a scheme that there is not, and a reference that is none', async () => {
      await refused(['docker-daemon:team/app:1'], 2, /"docker-daemon:" is unknown.*oci:<folder or archive>/);
      await refused(['https://registry.example/team/app'], 2, /begins with a URL scheme/);
      await refused(['Team/App'], 2, /lower case|no host name/);
    });

    it('folders and files that are something else', async () => {
      await refused([`dir:${put('file', 'x')}`], 2, /it is no folder/);
      await refused([`oci:${at('lower')}`], 2, /no such file/);
      await refused([`docker-archive:${at('lower')}`], 2, /it is a directory/);
      await refused([`dir:${at('nowhere')}`], 2, /no such file/);
    });

    it('archives that are cut or no archives', async () => {
      skopeo('copy', `oci:${layout}:app`, `docker-archive:${at('cut.tar')}:x:1`);
      truncateSync(at('cut.tar'), 3000);
      await refused([`docker-archive:${at('cut.tar')}`], 3, /ends early|missing in it/);
      await refused([`docker-archive:${put('text.tar', 'hello\n'.repeat(200))}`], 3, /it is no tar archive/);
      writeFileSync(at('cut.tar.gz'), gzipSync(Buffer.alloc(100_000, 'abcdefg')).subarray(0, 100));
      await refused([`oci:${at('cut.tar.gz')}`], 3, /cut or damaged/);
    });

    it("a manifest of Docker's schema 1", async () => {
      const file = put('old/blobs/sha256/x', '');
      const document = JSON.stringify({ schemaVersion: 1, name: 'old', tag: '1', fsLayers: [], history: [] });
      const { createHash } = await import('node:crypto');
      const hex = createHash('sha256').update(document).digest('hex');
      writeFileSync(path.join(path.dirname(file), hex), document);
      put(
        'old/index.json',
        JSON.stringify({
          schemaVersion: 2,
          manifests: [{ mediaType: mediaTypes.dockerSchema1Signed, digest: `sha256:${hex}`, size: document.length }],
        }),
      );
      await refused([`oci:${at('old')}`], 2, /schema 1.*push it again/);
    });

    it('a layer that was changed: nothing of the image is listed', async () => {
      const manifest = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')) as {
        manifests: { digest: string }[];
      };
      cpSync(layout, at('changed'), { recursive: true });
      const read = (digest: string): string => path.join(at('changed'), 'blobs/sha256', digest.slice(7));
      const { layers } = JSON.parse(readFileSync(read(manifest.manifests[0]!.digest), 'utf8')) as {
        layers: { digest: string }[];
      };
      const bytes = readFileSync(read(layers[0]!.digest));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(read(layers[0]!.digest), bytes);
      await refused([`oci:${at('changed')}`], 3, /Cannot use layer sha256:.*Nothing of it was used/);
    });
  });
});
