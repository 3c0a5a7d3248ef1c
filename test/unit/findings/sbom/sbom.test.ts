import assert from 'node:assert/strict';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import type { MatchResult, Vulnerability } from '../../../../src/advisories/types.ts';
import { toCycloneDx } from '../../../../src/findings/sbom/cyclonedx.ts';
import type { SbomInput } from '../../../../src/findings/sbom/document.ts';
import { toSpdx } from '../../../../src/findings/sbom/spdx.ts';
import { emptyConfig } from '../../../../src/image/config.ts';
import type { ImageReport, PlacedPackage } from '../../../../src/image/types.ts';
import { schemaProblems } from '../../../support/schemas.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const lower = `sha256:${'1'.repeat(64)}`;
const upper = `sha256:${'2'.repeat(64)}`;

const libssl: PlacedPackage = {
  type: 'deb',
  name: 'libssl3',
  version: '3.0.11-1~deb12u2+b1',
  source: { name: 'openssl', version: '3.0.11-1~deb12u2' },
  path: 'var/lib/dpkg/status',
  purl: 'pkg:deb/debian/libssl3@3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12',
  layer: lower,
};
const openssl: PlacedPackage = {
  type: 'deb',
  name: 'openssl',
  version: '3.0.11-1~deb12u2',
  source: { name: 'openssl', version: '3.0.11-1~deb12u2' },
  path: 'var/lib/dpkg/status',
  purl: 'pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12',
  layer: lower,
};
const left = (path: string, layer: string): PlacedPackage => ({
  type: 'npm',
  name: '@harbour/left',
  version: '1.0.0',
  purl: 'pkg:npm/%40harbour/left@1.0.0',
  path,
  layer,
});
const nameless: PlacedPackage = { type: 'npm', name: 'na me/~$', version: '2', declared: true, developmentOnly: true };

function report(packages: readonly PlacedPackage[], more: Partial<ImageReport> = {}): ImageReport {
  return {
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: { os: 'linux', architecture: 'amd64' },
    config: {
      ...emptyConfig,
      architecture: 'amd64',
    },
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)', ecosystem: 'Debian:12' },
    layers: [
      { digest: lower, diffId: `sha256:${'3'.repeat(64)}`, sizeBytes: 10 },
      { digest: upper, diffId: `sha256:${'4'.repeat(64)}`, sizeBytes: 20 },
    ],
    packages,
    problems: [],
    annotations: {},
    ...more,
  };
}

const vulnerability: Vulnerability = {
  id: 'CVE-2026-0001',
  aliases: [],
  advisory: 'DEBIAN-CVE-2026-0001',
  ecosystem: 'Debian:12',
  ratings: [{ origin: 'nvd', source: 'NVD', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  malicious: false,
  references: ['https://example.org/advisory'],
};

const input = (more: Partial<SbomInput> = {}): SbomInput => ({
  ref: 'contoso.azurecr.io/team-a/api:1.4',
  reference: { host: 'contoso.azurecr.io', repository: 'team-a/api', tag: '1.4' },
  report: report([openssl, left('b/package.json', upper), libssl, left('a/package.json', lower), nameless]),
  createdAt: new Date('2026-11-22T02:40:03.456Z'),
  toolVersion: '0.1.0',
  ...more,
});

const cases: [string, SbomInput][] = [
  ['an image of a registry', input()],
  ['an image with vulnerabilities', input({ match: matches([0, 2]) })],
  ['an image without packages', input({ report: report([]) })],
  [
    'an image that could not be read wholly',
    input({ report: report([libssl], { problems: [{ path: '', reason: 'x' }] }) }),
  ],
  [
    'a folder',
    {
      ref: 'dir:/srv/root fs',
      report: report(
        [left('a', '')].map(({ layer: _, ...rest }) => rest),
        {
          mediaType: 'inode/directory',
          platform: { os: 'linux', architecture: '' },
          layers: [],
        },
      ),
      createdAt: new Date('2026-11-22T02:40:03Z'),
    },
  ],
];

function matches(packages: readonly number[]): MatchResult {
  return {
    matches: packages.map((index) => ({ package: index, vulnerability })),
    coverage: [],
    incomparable: [],
  };
}

interface CycloneDx {
  serialNumber: string;
  metadata: {
    timestamp: string;
    component: { 'bom-ref': string; purl?: string; hashes?: object[]; properties?: { name: string; value: string }[] };
    properties?: { name: string; value: string }[];
  };
  components: {
    'bom-ref': string;
    name: string;
    purl?: string;
    scope?: string;
    properties?: { name: string; value: string }[];
    evidence?: { occurrences: { location: string }[] };
  }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
  compositions: { aggregate: string }[];
  vulnerabilities?: { id: string; affects: { ref: string }[] }[];
}

interface Spdx {
  documentNamespace: string;
  comment?: string;
  creationInfo: { created: string; creators: string[] };
  packages: {
    SPDXID: string;
    name: string;
    versionInfo?: string;
    sourceInfo?: string;
    primaryPackagePurpose: string;
    checksums?: object[];
    externalRefs?: { referenceLocator: string }[];
  }[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
}

const cyclonedx = (from: SbomInput): CycloneDx => JSON.parse(JSON.stringify(toCycloneDx(from))) as CycloneDx;
const spdx = (from: SbomInput): Spdx => JSON.parse(JSON.stringify(toSpdx(from))) as Spdx;

describe('the SBOM of an image', () => {
  for (const [what, from] of cases) {
    it(`of ${what} is CycloneDX 1.6 by its schema`, async () => {
      const text = JSON.stringify(toCycloneDx(from));
      assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
    });

    it(`of ${what} is SPDX 2.3 by its schema`, () => {
      assert.deepEqual(schemaProblems('spdx-2.3', spdx(from)), []);
    });
  }

  it('is refused by the schema of SPDX when something is missing: the schema is really asked', () => {
    const { creationInfo: _, ...rest } = spdx(input());
    assert.match(schemaProblems('spdx-2.3', rest).join(), /creationInfo/);
  });

  describe('as CycloneDX', () => {
    it('has the image as root, with digest, package URL, platform and layers', () => {
      const { metadata } = cyclonedx(input());
      const root = `pkg:oci/api@${encodeURIComponent(digest)}?arch=amd64&repository_url=contoso.azurecr.io%2Fteam-a%2Fapi&tag=1.4`;
      assert.equal(decodeURIComponent(metadata.component.purl ?? ''), decodeURIComponent(root));
      assert.equal(metadata.component['bom-ref'], metadata.component.purl);
      assert.deepEqual(metadata.component.hashes, [{ alg: 'SHA-256', content: 'd'.repeat(64) }]);
      assert.deepEqual(metadata.component.properties, [
        { name: 'plimsoll:image:platform', value: 'linux/amd64' },
        { name: 'plimsoll:image:layer', value: `${lower} sha256:${'3'.repeat(64)}` },
        { name: 'plimsoll:image:layer', value: `${upper} sha256:${'4'.repeat(64)}` },
      ]);
      assert.equal(metadata.timestamp, '2026-11-22T02:40:03Z');
    });

    it('lists a package once with all its places and layers, and its source package', () => {
      const { components } = cyclonedx(input());
      assert.deepEqual(
        components.map(({ 'bom-ref': ref }) => ref),
        ['operating-system', 'npm:na me/~$@2', libssl.purl, openssl.purl, 'pkg:npm/%40harbour/left@1.0.0'],
      );
      assert.deepEqual(components[4]?.evidence, {
        occurrences: [{ location: 'a/package.json' }, { location: 'b/package.json' }],
      });
      assert.deepEqual(components[2]?.properties, [
        { name: 'plimsoll:type', value: 'deb' },
        { name: 'plimsoll:source:name', value: 'openssl' },
        { name: 'plimsoll:source:version', value: '3.0.11-1~deb12u2' },
        { name: 'plimsoll:layer:digest', value: lower },
        { name: 'plimsoll:layer:diff-id', value: `sha256:${'3'.repeat(64)}` },
      ]);
      assert.equal(components[1]?.scope, 'excluded');
    });

    it('leads from the root to every component', () => {
      const { metadata, components, dependencies } = cyclonedx(input());
      assert.deepEqual(dependencies[0], {
        ref: metadata.component['bom-ref'],
        dependsOn: components.map(({ 'bom-ref': ref }) => ref),
      });
      assert.equal(dependencies.length, 1 + components.length);
    });

    it('lists a vulnerability once with all that it affects', () => {
      assert.deepEqual(
        cyclonedx(input({ match: matches([0, 2]) })).vulnerabilities?.map(({ id, affects }) => [
          id,
          affects.map(({ ref }) => ref),
        ]),
        [['CVE-2026-0001', [libssl.purl, openssl.purl]]],
      );
      assert.equal(cyclonedx(input()).vulnerabilities, undefined);
    });

    it('says what could not be read', () => {
      const partial = cyclonedx(
        input({ report: report([libssl], { problems: [{ path: 'var/lib/dpkg/status', reason: 'it is cut' }] }) }),
      );
      assert.equal(partial.compositions[0]?.aggregate, 'incomplete');
      assert.deepEqual(partial.metadata.properties, [
        { name: 'plimsoll:not-read', value: 'var/lib/dpkg/status: it is cut' },
      ]);
      assert.equal(cyclonedx(input()).compositions[0]?.aggregate, 'unknown');
    });
  });

  describe('as SPDX', () => {
    it('describes the image, which contains the packages, which come from source packages', () => {
      const { packages, relationships } = spdx(input());
      const nameOf = (id: string): string => packages.find(({ SPDXID }) => SPDXID === id)?.name ?? id;
      const purposeOf = (id: string): string =>
        packages.find(({ SPDXID }) => SPDXID === id)?.primaryPackagePurpose ?? 'DOCUMENT';
      assert.deepEqual(
        relationships.map(
          ({ spdxElementId, relationshipType, relatedSpdxElement }) =>
            `${nameOf(spdxElementId)} ${relationshipType} ${purposeOf(relatedSpdxElement)} ${nameOf(relatedSpdxElement)}`,
        ),
        [
          'SPDXRef-DOCUMENT DESCRIBES CONTAINER contoso.azurecr.io/team-a/api:1.4',
          'contoso.azurecr.io/team-a/api:1.4 CONTAINS OPERATING_SYSTEM debian',
          'contoso.azurecr.io/team-a/api:1.4 CONTAINS LIBRARY na me/~$',
          'contoso.azurecr.io/team-a/api:1.4 CONTAINS LIBRARY libssl3',
          'libssl3 GENERATED_FROM SOURCE openssl',
          'contoso.azurecr.io/team-a/api:1.4 CONTAINS LIBRARY openssl',
          'openssl GENERATED_FROM SOURCE openssl',
          'contoso.azurecr.io/team-a/api:1.4 CONTAINS LIBRARY @harbour/left',
        ],
      );
      assert.equal(packages.filter(({ primaryPackagePurpose }) => primaryPackagePurpose === 'SOURCE').length, 1);
      assert.deepEqual(packages[0]?.checksums, [{ algorithm: 'SHA256', checksumValue: 'd'.repeat(64) }]);
    });

    it('names package URL, version, files and layers of each package', () => {
      const found = spdx(input()).packages.find(({ name }) => name === '@harbour/left');
      assert.equal(found?.versionInfo, '1.0.0');
      assert.equal(found.externalRefs?.[0]?.referenceLocator, 'pkg:npm/%40harbour/left@1.0.0');
      assert.equal(
        found.sourceInfo,
        `found in: a/package.json; found in: b/package.json; layer: ${lower}; layer: ${upper}`,
      );
    });

    it('has identifiers that are unique and of the allowed letters', () => {
      const alike = ['x_y', 'x-y', 'x--y', 'x-y--2', 'x/y', '日本'].map((name): PlacedPackage => ({
        type: 'npm',
        name,
        version: '1',
        source: { name, version: '1' },
      }));
      const ids = spdx(input({ report: report([...input().report.packages, ...alike]) })).packages.map(
        ({ SPDXID }) => SPDXID,
      );
      assert.equal(new Set(ids).size, ids.length);
      assert.equal(ids.length, 1 + 1 + 4 + 6 + 1 + 6);
      for (const id of ids) assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
    });

    it('says in its comment what could not be read', () => {
      const partial = spdx(
        input({ report: report([], { problems: [{ path: '', reason: 'layer x: it is encrypted' }] }) }),
      );
      assert.match(partial.comment ?? '', /^Partial: 1 parts .* layer x: it is encrypted$/);
      assert.equal(spdx(input()).comment, undefined);
    });
  });

  it('says of a package what holds for all of its places, and who owns it', () => {
    const lock: PlacedPackage = { ...left('package-lock.json', upper), declared: true, developmentOnly: true };
    const owned: PlacedPackage = {
      ...left('usr/x', lower),
      name: 'owned',
      purl: 'pkg:npm/owned@1.0.0',
      ownedBy: 'node-owned',
    };
    const both = input({ report: report([lock, left('a/package.json', lower), nameless, owned]) });
    const byName = new Map(cyclonedx(both).components.map((each) => [each.name, each]));
    const has = (name: string, property: string): string | undefined =>
      byName.get(name)?.properties?.find((each) => each.name === property)?.value;
    assert.equal(has('@harbour/left', 'plimsoll:declared-only'), undefined);
    assert.equal(byName.get('@harbour/left')?.scope, undefined);
    assert.equal(has('na me/~$', 'plimsoll:declared-only'), 'true');
    assert.equal(has('owned', 'plimsoll:owned-by'), 'node-owned');
    const sourceInfo = (name: string): string | undefined =>
      spdx(both).packages.find((each) => each.name === name)?.sourceInfo;
    assert.equal(sourceInfo('na me/~$'), 'named by a lock file only; needed to build or test only');
    assert.equal(sourceInfo('owned'), `found in: usr/x; layer: ${lower}; belongs to the package: node-owned`);
    assert.doesNotMatch(sourceInfo('@harbour/left') ?? '', /lock file/);
  });

  it('of a folder has no digest and no package URL', () => {
    const folder = { ...input(), report: report([], { mediaType: 'inode/directory' }) };
    const { component } = cyclonedx(folder).metadata;
    assert.deepEqual([component.purl, component.hashes], [undefined, undefined]);
    assert.equal(spdx(folder).packages[0]?.checksums, undefined);
  });

  it('names at most a hundred of the parts that could not be read', () => {
    const problems = Array.from({ length: 130 }, (_, i) => ({ path: `f${i}`, reason: 'cut' }));
    const partial = input({ report: report([], { problems }) });
    assert.equal(cyclonedx(partial).metadata.properties?.length, 100);
    assert.match(spdx(partial).comment ?? '', /^Partial: 130 parts .*f99: cut$/);
  });

  it('is the same for the same image but for the time, and another for another', () => {
    const later = input({ createdAt: new Date('2027-01-01T00:00:00Z') });
    const now = cyclonedx(input());
    const then = cyclonedx(later);
    assert.match(now.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual({ ...then, metadata: { ...then.metadata, timestamp: now.metadata.timestamp } }, now);
    assert.equal(spdx(input()).documentNamespace, now.serialNumber);
    const shuffled = input({ report: report([...input().report.packages].reverse()) });
    assert.equal(cyclonedx(shuffled).serialNumber, now.serialNumber);
    for (const other of [
      input({ report: report([openssl]) }),
      input({ report: report(input().report.packages, { problems: [{ path: 'x', reason: 'y' }] }) }),
      input({ match: matches([0]) }),
      input({ ref: 'contoso.azurecr.io/team-a/api:1.5' }),
    ])
      assert.notEqual(cyclonedx(other).serialNumber, now.serialNumber);
  });
});
