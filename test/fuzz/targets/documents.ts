import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { readChanges, mostChanges } from '../../../src/advisories/changes.ts';
import { decodeWhat } from '../../../src/advisories/entries.ts';
import { readRecord } from '../../../src/advisories/osv.ts';
import { writeSignalsFile } from '../../../src/advisories/signals.ts';
import { isEngineError } from '../../../src/core/errors.ts';
import { parseJson } from '../../../src/core/json.ts';
import { parseConfig } from '../../../src/image/config.ts';
import { historyOfLayers, normaliseEntry } from '../../../src/image/history.ts';
import { choosePlatform, formatPlatform, parseManifest, parsePlatform } from '../../../src/image/manifest.ts';
import { layersByEntry, secretsOfConfig, type RawConfig } from '../../../src/image/secrets/collect.ts';
import { parseChallenge } from '../../../src/registry/challenge.ts';
import { parseDockerConfig } from '../../../src/registry/docker-config.ts';
import { nextPage } from '../../../src/registry/listing.ts';
import { readArtifact } from '../../../src/registry/referrers.ts';
import { textSeeds, type FuzzTarget } from '../target.ts';

const json = ['null', '{}', '[]', '""', '-1', '1e999', '"__proto__":', '"\\ud800"', '[[[[', '{"a":{"a":', 'true'];
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 3 };
const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };

const texts = (documents: readonly unknown[]): readonly Uint8Array[] =>
  textSeeds(documents.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))));

const manifests: FuzzTarget = {
  name: 'image-manifest',
  seeds: () =>
    texts([
      {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 1 },
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 2, urls: ['https://x'] }],
        annotations: { 'org.opencontainers.image.base.digest': digest },
      },
      {
        schemaVersion: 2,
        manifests: [
          { ...descriptor, platform },
          { ...descriptor, artifactType: 'x' },
        ],
      },
      {
        manifests: [
          { ...descriptor, platform: { os: 'unknown', architecture: 'unknown' } },
          { ...descriptor, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
        ],
      },
      { schemaVersion: 1, fsLayers: [{ blobSum: digest }] },
      { artifactType: 'application/vnd.cncf.notary.signature', subject: descriptor },
    ]),
  dictionary: [
    ...json,
    digest,
    '"manifests"',
    '"layers"',
    '"config"',
    '"schemaVersion":1',
    '"artifactType"',
    '"subject"',
  ],
  run(input) {
    try {
      readArtifact(input);
    } catch (error) {
      if (!isEngineError(error)) throw error;
    }
    const manifest = parseManifest(input, '', '"x"');
    if (manifest.kind === 'image') return `image ${Math.min(9, manifest.layers.length)}`;
    const chosen = choosePlatform(manifest, undefined, '"x"');
    const named = chosen.platform === undefined ? '' : formatPlatform(chosen.platform);
    if (/^[a-z0-9]+\/[a-z0-9_]+$/.test(named)) assert.equal(formatPlatform(parsePlatform(named)), named);
    return `index ${Math.min(9, manifest.manifests.length)} ${chosen.platform === undefined}`;
  },
};

const configs: FuzzTarget = {
  name: 'image-config',
  seeds: () =>
    texts([
      {
        created: '2024-05-01T00:00:00Z',
        architecture: 'amd64',
        os: 'linux',
        config: {
          User: 'app',
          Env: ['PATH=/bin', 'API_TOKEN=q8ZtR4xLw0Yp'],
          Entrypoint: ['/bin/app'],
          Cmd: '/bin/sh',
          ExposedPorts: { '80/tcp': {} },
          Labels: { a: 'b' },
        },
        rootfs: { type: 'layers', diff_ids: [digest] },
        history: [
          { created_by: '/bin/sh -c #(nop) ADD file:0123456789abcdef in / ' },
          { created_by: 'RUN |2 A=1 B=2 /bin/sh -c apt-get update # buildkit', comment: 'buildkit.dockerfile.v0' },
          { created_by: '/bin/sh -c #(nop)  CMD ["bash"]', empty_layer: true },
          { created_by: 'COPY --chown=a:b --from="x" dir:00ff in /app |inheritLabels=false|unsetLabels=true' },
          { created_by: 'EXPOSE map[80/tcp:{}]', empty_layer: true },
          {
            created_by: '/bin/bash -o pipefail -exc curl -u user:password1 https://u:p4ssW0rd@host/ --token=abc123XYZ',
          },
        ],
      },
      { rootfs: {}, history: [{ author: 'kaniko', created_by: 'cmd /S /C dir' }, {}] },
    ]),
  dictionary: [
    ...json,
    ...[
      '/bin/sh -c ',
      '#(nop) ',
      '# buildkit',
      '|9 ',
      '|999 ',
      '--a=',
      'RUN ',
      'COPY ',
      '|inheritLabels=',
      '"history"',
    ],
    ...[
      'Authorization: ',
      '-----BEGIN PRIVATE KEY-----',
      '://',
      '@',
      '=\\"',
      ' -o ',
      '${',
      '{{',
      '"diff_ids"',
      '"Env"',
    ],
  ],
  mostBytes: 8_192,
  shortRun: 400,
  run(input) {
    let raw: RawConfig | undefined;
    const config = parseConfig(input, '"x"', (before) => (raw = before));
    assert.ok(raw !== undefined);
    const ofLayers = historyOfLayers(config);
    assert.equal(ofLayers.length, config.diffIds.length);
    const builders = new Set<string>();
    for (const entry of config.history) {
      const { builder, instruction = '', text } = normaliseEntry(entry);
      assert.equal(text, text.trim());
      builders.add(`${builder} ${instruction}`);
    }
    const layerOf = layersByEntry(config.history, ofLayers, config.diffIds);
    const found = secretsOfConfig(raw, layerOf, (value) => String(value.length));
    const kinds = [...new Set(found.map(({ kind }) => kind))].sort();
    return `${[...builders].sort().slice(0, 3).join(',')} ${kinds.join(' ')}`.slice(0, 200);
  },
};

const page = 'https://registry.example.test/v2/_catalog?n=100';

const headers: FuzzTarget = {
  name: 'registry-headers',
  seeds: () =>
    texts([
      'Bearer realm="https://r.example.test/oauth2/token",service="r.example.test",scope="repository:a/b:pull"',
      'Basic realm="a \\"quoted\\" one", Bearer realm=x , error="insufficient_scope"',
      'Negotiate abc==, Basic realm=""',
      '</v2/_catalog?last=a&n=100>; rel="next"',
      '<https://registry.example.test/v2/x>; title="a"; rel=next, <https://elsewhere.test/>; rel="prev"',
      '<?last=b>;rel=next',
    ]),
  dictionary: [
    ...['Bearer ', 'Basic ', 'realm="', 'scope=', '\\"', '="', ', ', '>; rel="next"', '<', 'blob:', 'https://', '//'],
    ...['user:pw@', '<https://a@registry.example.test/>; rel=next', 'javascript:', 'file:///', '\t', '[::1]', '%00'],
  ],
  run(input) {
    const text = Buffer.from(input).toString('latin1');
    const challenge = parseChallenge(text);
    const next = nextPage(text, page);
    if (next !== undefined) {
      const at = new URL(next);
      assert.ok(next.startsWith('https://registry.example.test/'), next);
      assert.equal(`${at.username}${at.password}`, '');
    }
    const named = Object.keys(challenge ?? {}).join(' ');
    return `${challenge?.scheme ?? ''} ${named} ${next === undefined}`;
  },
};

const auth = Buffer.from('user:pass:word\0\0').toString('base64');

const dockerConfigs: FuzzTarget = {
  name: 'registry-docker-config',
  seeds: () =>
    texts([
      { auths: { 'r.example.test': { auth }, 'https://index.docker.io/v1/': { username: 'a', password: 'b' } } },
      { auths: { 'https://r.example.test/v2/': { identitytoken: 't' }, x: null }, credsStore: 'desktop' },
      { credHelpers: { 'r.example.test': 'acr-env' }, credsStore: '', auths: { r: { registrytoken: 't' } } },
    ]),
  dictionary: [...json, '"r.example.test"', '"auth"', '"credHelpers"', '"credsStore":"../x"', 'AAAAAAAA', 'OgAA'],
  run(input) {
    const config = parseDockerConfig(Buffer.from(input).toString('utf8'), '"x"');
    let way = '';
    for (const host of ['r.example.test', 'docker.io', '__proto__']) {
      const account = config.accountFor(host);
      if (account?.kind === 'password') assert.notEqual(account.username, '');
      const helper = config.helperFor(host);
      assert.ok(helper === undefined || /^[a-z0-9._-]+$/.test(helper));
      way += ` ${account?.kind ?? ''} ${helper !== undefined}`;
    }
    return way;
  },
};

const ecosystems = ['Debian', 'Ubuntu', 'PyPI', 'Red Hat', 'Wolfi', 'SUSE', 'npm'] as const;

const osvRecords: FuzzTarget = {
  name: 'advisories-osv-record',
  seeds: () =>
    texts([
      {
        id: 'DEBIAN-CVE-2024-1234',
        modified: '2024-05-01T10:00:00Z',
        upstream: ['CVE-2024-1234'],
        affected: [
          {
            package: { ecosystem: 'Debian:12', name: 'openssl' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '3.0.1-1' }] }],
            versions: ['3.0.0-1'],
            ecosystem_specific: { urgency: 'low**' },
          },
        ],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
        references: [{ type: 'ADVISORY', url: 'https://a.test/' }],
      },
      {
        id: 'USN-1',
        affected: [
          {
            package: { ecosystem: 'Ubuntu:24.04:LTS', name: 'glibc' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
            ecosystem_specific: { binaries: [{ binary_name: 'libc6', binary_version: '2.39' }] },
          },
        ],
      },
      {
        id: 'RHSA-2024:1',
        summary: 'Important: virt:rhel and virt-devel:rhel security update',
        affected: [
          {
            package: { ecosystem: 'Red Hat:rhel:8', name: 'libvirt' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '0:1.module+el8+1' }] }],
            database_specific: { last_known_affected_version_range: '<= 1.2' },
          },
        ],
      },
      {
        id: 'CGA-1',
        affected: ['x86_64', 'aarch64'].map((arch, index) => ({
          package: { ecosystem: 'Wolfi', name: 'a', purl: `pkg:apk/wolfi/a?arch=${arch}` },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { last_affected: `1-r${index}` }] }],
        })),
      },
      {
        id: 'SUSE-SU-2024:1-1',
        related: ['CVE-2024-1'],
        affected: [
          {
            package: { ecosystem: 'SUSE:Linux', name: 'foo' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { limit: '2' }] }],
            ecosystem_specific: { binaries: [{ libfoo1: '1.2-3' }] },
          },
        ],
      },
      { id: 'MAL-1', affected: [{ package: { ecosystem: 'npm', name: 'x' }, versions: ['1.0.0'] }] },
      { id: 'PYSEC-1', withdrawn: '2024-01-01T00:00:00Z' },
    ]),
  dictionary: [
    ...json,
    '"events"',
    '"fixed"',
    '"introduced":"0"',
    '"ranges"',
    '"versions"',
    '{',
    '"__proto__":"1"',
    'PyPI',
  ],
  run(input) {
    const document = parseJson(Buffer.from(input).toString('utf8'), 'the record');
    let way = '';
    for (const ecosystem of ecosystems) {
      const record = readRecord(document, ecosystem);
      if (record === undefined) continue;
      assert.ok(record.id !== '' && record.id.length <= 200);
      for (const { name, suffix, what } of record.rows) {
        assert.ok(name !== '' && suffix.length <= 300);
        assert.ok(decodeWhat(what).ranges.every((events) => events.every(([kind]) => 'iflm'.includes(kind))));
      }
      const members = Object.keys(record.head).map((each) => each[0]);
      way += `${Math.min(3, record.rows.length)}${record.withdrawn ? 'w' : ''}${members.join('')} `;
    }
    return way;
  },
};

const changes: FuzzTarget = {
  name: 'advisories-changes',
  seeds: () =>
    texts([
      '2024-05-02T10:00:00Z,GHSA-a\n2024-05-01T10:00:00.123456Z,CVE-2024-1\r\n2023-01-01T00:00:00Z,old\n',
      '2024-05-02T10:00:00+02:00,A\n\n2024-05-03T10:00:00Z,B\n',
    ]),
  dictionary: ['2024-05-01T10:00:00Z,X-1\n', '2024-99-99T99:99:99Z,', '\r\n', ',', '\ufeff'],
  async run(input) {
    const since = Date.UTC(2024, 0, 1);
    async function* pieces(step: number): AsyncGenerator<Uint8Array, void, undefined> {
      for (let at = 0; at < input.length; at += step) yield await Promise.resolve(input.subarray(at, at + step));
    }
    const whole = await readChanges(pieces(Math.max(1, input.length)), since);
    const step = 1 + (input.length % 97);
    // A line without end is noticed sooner or later, by how much of it comes at once.
    if (
      whole.kind === 'list' &&
      !Buffer.from(input)
        .toString('latin1')
        .split('\n')
        .some((line) => line.length > 900)
    )
      assert.deepEqual(await readChanges(pieces(step), since), whole);
    if (whole.kind === 'list')
      assert.ok(whole.ids.length <= mostChanges && whole.ids.every((id) => /^[\w.:+-]+$/.test(id)));
    return whole.kind === 'list' ? `list ${Math.min(20, whole.ids.length)}` : whole.why;
  },
};

const signals: FuzzTarget = {
  name: 'advisories-signals',
  seeds: () =>
    texts([
      `${JSON.stringify({
        catalogVersion: '2024.05.01',
        dateReleased: '2024-05-01T10:00:00Z',
        vulnerabilities: [
          {
            cveID: 'CVE-2024-1234',
            dateAdded: '2024-04-01',
            dueDate: '2024-05-01',
            knownRansomwareCampaignUse: 'Known',
          },
        ],
      })}\0#model_version:v2025.03.14,score_date:2024-05-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1234,0.5,0.9\n`,
      '{"vulnerabilities":[]}\0cve,epss,percentile\nCVE-1999-0001,1e-3,0.00043\r\nCVE-1999-0001,1,1\n',
    ]),
  dictionary: [...json, 'CVE-2024-1,', '\n', '#score_date:', '1e400', '0x1', '"cveID"', '\0'],
  shortRun: 150,
  run(input) {
    const cut = input.indexOf(0);
    const kev = Buffer.from(cut < 0 ? input : input.subarray(0, cut)).toString('utf8');
    const epss = cut < 0 ? undefined : input.subarray(cut + 1);
    // Scores that are no archive are refused; of one that is, the lines are read.
    const packed = epss === undefined ? undefined : epss[0] === 0 ? epss : gzipSync(epss, { level: 1 });
    const summary = writeSignalsFile(':memory:', kev === '' ? undefined : kev, packed);
    return `${Math.min(9, summary.kev?.entries ?? -1)} ${Math.min(9, summary.epss?.entries ?? -1)}`;
  },
};

export const documentTargets: readonly FuzzTarget[] = [
  manifests,
  configs,
  headers,
  dockerConfigs,
  osvRecords,
  changes,
  signals,
];
