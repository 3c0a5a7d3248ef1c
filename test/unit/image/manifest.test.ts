import assert from 'node:assert/strict';
import {
  choosePlatform,
  formatPlatform,
  NotAnImageError,
  parseManifest,
  parsePlatform,
  type ImageIndex,
} from '../../../src/image/manifest.ts';
import { mediaTypes } from '../../../src/registry/media-types.ts';

const digest = (fill: string): string => `sha256:${fill.repeat(64)}`;
const config = { mediaType: mediaTypes.ociConfig, digest: digest('c'), size: 10 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest('1'), size: 20 };
const parse = (document: unknown, type = ''): ReturnType<typeof parseManifest> =>
  parseManifest(Buffer.from(JSON.stringify(document)), type, '"x"');

describe('a manifest', () => {
  it('of OCI and of Docker is read the same', () => {
    const document = { schemaVersion: 2, config, layers: [layer], annotations: { a: 'b' } };
    assert.deepEqual(parse({ ...document, mediaType: mediaTypes.ociManifest }), {
      kind: 'image',
      mediaType: mediaTypes.ociManifest,
      config,
      layers: [layer],
      annotations: { a: 'b' },
    });
    const docker = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: { ...config, mediaType: mediaTypes.dockerConfig },
      layers: [],
    };
    assert.equal(parse(docker).mediaType, mediaTypes.dockerManifest);
  });

  it('without a media type is what it came as, or what it looks like', () => {
    assert.equal(parse({ config, layers: [] }, mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest);
    assert.equal(parse({ manifests: [] }).kind, 'index');
  });

  it('may hold null and strange members', () => {
    const document = {
      schemaVersion: '2',
      config: { ...config, annotations: null, urls: null },
      layers: [{ ...layer, platform: 7 }],
      annotations: { a: 1 },
      extra: [],
    };
    assert.deepEqual(parse(document), {
      kind: 'image',
      mediaType: mediaTypes.ociManifest,
      config,
      layers: [layer],
      annotations: {},
    });
  });

  const artifacts: [string, unknown, RegExp][] = [
    [
      'a Helm chart',
      { config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' }, layers: [] },
      /a Helm chart/,
    ],
    [
      'a signature',
      {
        artifactType: 'application/vnd.cncf.notary.signature',
        config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' },
        layers: [],
      },
      /a signature/,
    ],
    ['an SBOM', { artifactType: 'application/spdx+json', config, layers: [] }, /an SBOM/],
    ['an old artifact', { mediaType: mediaTypes.ociArtifact, blobs: [] }, /an artifact/],
    [
      'something unknown',
      { config: { ...config, mediaType: 'application/x-thing' }, layers: [] },
      /application\/x-thing/,
    ],
  ];
  for (const [what, document, message] of artifacts) {
    it(`of ${what} is no image, and that is said`, () => {
      assert.throws(
        () => parse(document),
        (error: Error) => {
          assert.ok(error instanceof NotAnImageError);
          assert.match(error.message, message);
          assert.match(error.message, /not a container image/);
          return true;
        },
      );
    });
  }

  it("of Docker's schema 1 is refused", () => {
    for (const document of [
      { schemaVersion: 1, name: 'x', fsLayers: [] },
      { fsLayers: [], history: [] },
    ]) {
      assert.throws(() => parse(document), { code: 'bad-input', message: /schema 1/ });
    }
  });

  const damaged: [string, unknown][] = [
    ['is an index and an image at once', { manifests: [], layers: [], config }],
    ['has no config', { layers: [] }],
    ['is a list', []],
    ['has a digest of another algorithm', { config: { ...config, digest: 'md5:abc' }, layers: [] }],
    ['has a digest that is a path', { config: { ...config, digest: 'sha256:../../../etc/passwd' }, layers: [] }],
    ['has a negative size', { config: { ...config, size: -1 }, layers: [] }],
    ['has layers that are no list', { config, layers: 'x' }],
  ];
  for (const [what, document] of damaged) {
    it(`is damaged when it ${what}`, () => assert.throws(() => parse(document), { code: 'damaged' }));
  }

  it('is damaged when it is no JSON, and refused when it nests or goes on without end', () => {
    assert.throws(() => parseManifest(Buffer.from('<html>'), '', '"x"'), { code: 'damaged' });
    assert.throws(() => parseManifest(Buffer.from('['.repeat(10_000)), '', '"x"'), { code: 'limit-exceeded' });
    assert.throws(() => parse({ config, layers: Array.from({ length: 1001 }, () => layer) }), {
      code: 'limit-exceeded',
    });
  });
});

describe('choosing a platform', () => {
  const entry = (platform: string | undefined, fill: string, extra: object = {}): ImageIndex['manifests'][number] => ({
    mediaType: mediaTypes.ociManifest,
    digest: digest(fill),
    size: 1,
    ...(platform === undefined ? {} : { platform: { ...split(platform) } }),
    ...extra,
  });
  const split = (platform: string): { os: string; architecture: string; variant?: string } => {
    const [os = '', architecture = '', variant] = platform.split('/');
    return { os, architecture, ...(variant === undefined ? {} : { variant }) };
  };
  const index = (...manifests: ImageIndex['manifests']): ImageIndex => ({
    kind: 'index',
    mediaType: mediaTypes.ociIndex,
    manifests,
    annotations: {},
  });
  const attestation = entry('unknown/unknown', 'f', {
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  });
  const many = index(
    attestation,
    entry('windows/amd64', 'd'),
    entry('linux/arm/v6', '6'),
    entry('linux/arm/v7', '7'),
    entry('linux/arm64/v8', '8'),
    entry('linux/amd64', 'a'),
  );

  const cases: [string | undefined, string][] = [
    ['linux/amd64', 'a'],
    ['linux/arm64', '8'],
    ['linux/arm64/v8', '8'],
    ['linux/arm/v6', '6'],
    ['linux/arm/v7', '7'],
    ['windows/amd64', 'd'],
    [undefined, 'a'],
  ];
  for (const [wish, fill] of cases) {
    it(`takes the right one for ${wish ?? 'no wish'}`, () => {
      assert.equal(
        choosePlatform(many, wish === undefined ? undefined : parsePlatform(wish), '"x"').digest,
        digest(fill),
      );
    });
  }

  it('takes arm64 without a variant for v8', () => {
    assert.equal(
      choosePlatform(
        index(entry('linux/arm64', '1'), entry('linux/amd64', '2')),
        parsePlatform('linux/arm64/v8'),
        '"x"',
      ).digest,
      digest('1'),
    );
  });

  it('lists what there is when the platform is missing, without attestations', () => {
    assert.throws(() => choosePlatform(many, parsePlatform('linux/s390x'), '"x"'), {
      code: 'bad-input',
      message:
        'Cannot scan "x" for linux/s390x: there is windows/amd64, linux/arm/v6, linux/arm/v7, linux/arm64/v8, linux/amd64',
    });
  });

  it('takes the only image without looking, when nothing was wished', () => {
    assert.equal(choosePlatform(index(attestation, entry('linux/riscv64', '1')), undefined, '"x"').digest, digest('1'));
  });

  it('takes Linux before others when there is no linux/amd64', () => {
    assert.equal(
      choosePlatform(index(entry('windows/amd64', '1'), entry('linux/arm64', '2')), undefined, '"x"').digest,
      digest('2'),
    );
  });

  it('takes an only image whose platform is not named', () => {
    assert.equal(choosePlatform(index(entry(undefined, '1')), parsePlatform('linux/amd64'), '"x"').digest, digest('1'));
  });

  it('passes over an attestation that names a real platform, by its annotation', () => {
    const entry = (digit: string, annotations?: Record<string, string>) => ({
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${digit.repeat(64)}`,
      size: 1,
      platform: { os: 'linux', architecture: 'amd64' },
      ...(annotations === undefined ? {} : { annotations }),
    });
    const index = parse({
      schemaVersion: 2,
      manifests: [entry('a', { 'vnd.docker.reference.type': 'attestation-manifest' }), entry('b')],
    });
    assert.ok(index.kind === 'index');
    assert.equal(choosePlatform(index, parsePlatform('linux/amd64'), 'x').digest, `sha256:${'b'.repeat(64)}`);
  });

  it('says that an index of attestations holds no image', () => {
    assert.throws(() => choosePlatform(index(attestation), undefined, '"x"'), {
      code: 'bad-input',
      message: /lists no image/,
    });
  });

  it('reads and writes platforms', () => {
    for (const text of ['linux/amd64', 'linux/arm/v7']) assert.equal(formatPlatform(parsePlatform(text)), text);
    for (const text of ['linux', 'linux/', 'Linux/amd64', 'linux/amd64/v1/x', '']) {
      assert.throws(() => parsePlatform(text), { code: 'bad-input' });
    }
  });
});
