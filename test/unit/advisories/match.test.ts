import assert from 'node:assert/strict';
import { deb, entry, found, libraryOf, match, record } from './support.ts';
import { matchPackages } from '../../../src/advisories/match.ts';

const npm = (name: string, version: string) => ({ type: 'npm', name, version });
const range = (name: string, events: readonly object[], more: object = {}) => ({
  package: { ecosystem: 'npm', name },
  ranges: [{ type: 'SEMVER', events }],
  ...more,
});
const lodash = async (records: readonly object[], version: string): Promise<string[]> =>
  found(await match({ npm: records }, { packages: [npm('lodash', version)] }));

describe('affected ranges of an advisory', () => {
  const several = [
    record('GHSA-aaaa-aaaa-aaaa', [
      range('lodash', [{ fixed: '2.5.0' }, { introduced: '2.0.0' }, { introduced: '0' }, { fixed: '1.5.0' }]),
    ]),
  ];

  it('count in the order of their versions, several pairs in one range', async () => {
    assert.deepEqual(await lodash(several, '1.4.9'), ['GHSA-aaaa-aaaa-aaaa<1.5.0']);
    assert.deepEqual(await lodash(several, '1.5.0'), []);
    assert.deepEqual(await lodash(several, '2.0.0'), ['GHSA-aaaa-aaaa-aaaa<2.5.0']);
    assert.deepEqual(await lodash(several, '2.5.0'), []);
  });

  it('include the last affected version, without a fix', async () => {
    const records = [record('GHSA-a', [range('lodash', [{ introduced: '1.0.0' }, { last_affected: '2.0.0' }])])];
    assert.deepEqual(await lodash(records, '2.0.0'), ['GHSA-a']);
    assert.deepEqual(await lodash(records, '2.0.1'), []);
    assert.deepEqual(await lodash(records, '0.9.0'), []);
  });

  it('end below a limit', async () => {
    const records = [record('GHSA-a', [range('lodash', [{ introduced: '0' }, { limit: '2.0.0' }])])];
    assert.deepEqual(await lodash(records, '1.9.9'), ['GHSA-a']);
    assert.deepEqual(await lodash(records, '2.0.0'), []);
  });

  it('of git are passed over, not the whole entry', async () => {
    const both = {
      package: { ecosystem: 'npm', name: 'lodash' },
      ranges: [
        { type: 'GIT', repo: 'https://git.example/x', events: [{ introduced: '0' }] },
        { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] },
      ],
    };
    assert.deepEqual(await lodash([record('GHSA-a', [both])], '1.0.0'), ['GHSA-a<2.0.0']);
    const only = { ...both, ranges: both.ranges.slice(0, 1) };
    assert.deepEqual(await lodash([record('GHSA-a', [only])], '1.0.0'), []);
  });

  it('are found among a hundred thousand releases of one record', async function () {
    this.timeout(30_000);
    const records = [
      record(
        'DEBIAN-CVE-2026-1',
        Array.from({ length: 100_000 }, (_, n) => entry(`Debian:${n}`, 'zlib', '2-1')),
      ),
    ];
    const library = await libraryOf({ Debian: records });
    for (const osEcosystem of ['Debian:0', 'Debian:99999']) {
      const result = matchPackages({ osEcosystem, packages: [deb('zlib', '1-1')] }, library);
      assert.deepEqual(found(result), ['DEBIAN-CVE-2026-1<2-1'], osEcosystem);
    }
  });

  it('may be replaced by listed versions', async () => {
    const listed = { package: { ecosystem: 'npm', name: 'lodash' }, versions: ['1.0.0', '1.0.1'] };
    assert.deepEqual(await lodash([record('GHSA-a', [listed])], '1.0.1'), ['GHSA-a']);
    assert.deepEqual(await lodash([record('GHSA-a', [listed])], '1.0.2'), []);
    assert.deepEqual(
      await lodash([record('GHSA-a', [{ package: { ecosystem: 'npm', name: 'lodash' } }])], '1.0.2'),
      [],
    );
  });

  it('that begin with a fix at 0 affect nothing', async () => {
    assert.deepEqual(await lodash([record('GHSA-a', [entry('npm', 'lodash', '0')])], '1.0.0'), []);
  });

  it('of withdrawn records do not count', async () => {
    const withdrawn = record('GHSA-a', [entry('npm', 'lodash')], { withdrawn: '2026-01-01T00:00:00Z' });
    assert.deepEqual(await lodash([withdrawn], '1.0.0'), []);
  });

  it('leave what cannot be compared unknown, beside what is known', async () => {
    const broken = record('GHSA-b', [range('lodash', [{ introduced: '0' }, { fixed: 'not a version' }])]);
    const result = await match(
      { npm: [record('GHSA-a', [entry('npm', 'lodash', '2.0.0')]), broken] },
      { packages: [npm('lodash', '1.0.0'), npm('lodash', 'what?'), npm('other', 'what?')] },
    );
    assert.deepEqual(found(result), ['GHSA-a<2.0.0']);
    assert.deepEqual(result.incomparable, [0, 1]);
  });
});

describe('records about one vulnerability', () => {
  it('are one finding through aliases of aliases, with the CVE at its head', async () => {
    const result = await match(
      {
        Go: [
          record('GO-2026-0001', [entry('Go', 'example.org/m', '1.2.0')], { aliases: ['GHSA-aaaa-bbbb-cccc'] }),
          record('GHSA-aaaa-bbbb-cccc', [entry('Go', 'example.org/m', '1.3.0')], {
            aliases: ['CVE-2026-0001'],
            severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
            database_specific: { severity: 'CRITICAL' },
          }),
        ],
      },
      { packages: [{ type: 'golang', name: 'example.org/m', version: 'v1.0.0' }] },
    );
    assert.deepEqual(found(result), ['CVE-2026-0001<1.2.0'], "Go's own database gives the fix");
    const [hit] = result.matches;
    assert.deepEqual(hit?.vulnerability.aliases, ['GHSA-aaaa-bbbb-cccc', 'GO-2026-0001']);
    assert.equal(hit.vulnerability.advisory, 'GO-2026-0001');
    assert.deepEqual(hit.vulnerability.ratings, [
      { origin: 'general', source: 'GHSA', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', word: 'CRITICAL' },
    ]);
  });

  it("follow the ecosystem's own database where GHSA says otherwise", async () => {
    const records = (own: string) => [
      record('GO-2026-0001', [entry('Go', 'example.org/m', own)], { aliases: ['CVE-2026-0001'] }),
      record('GHSA-a', [entry('Go', 'example.org/m', '9.0.0')], { aliases: ['CVE-2026-0001'] }),
    ];
    const at = async (own: string) =>
      found(
        await match({ Go: records(own) }, { packages: [{ type: 'golang', name: 'example.org/m', version: '1.0.0' }] }),
      );
    assert.deepEqual(await at('1.0.0'), []);
    assert.deepEqual(await at('1.0.1'), ['CVE-2026-0001<1.0.1']);
    assert.deepEqual(await at('??'), ['CVE-2026-0001<9.0.0'], 'an unreadable one does not clear it');
  });

  it('take the severity from an alias when they give none', async () => {
    const result = await match(
      {
        Go: [
          record('GO-1', [entry('Go', 'example.org/m')], { aliases: ['GHSA-b'] }),
          record('GHSA-b', [entry('Go', 'example.org/other')], { database_specific: { severity: 'HIGH' } }),
        ],
      },
      { packages: [{ type: 'golang', name: 'example.org/m', version: '1.0.0' }] },
    );
    assert.deepEqual(result.matches[0]?.vulnerability.ratings, [{ origin: 'general', source: 'GHSA', word: 'HIGH' }]);
  });

  it('that list a package as malicious say so, whatever others say', async () => {
    const malicious = record('MAL-2026-1', [{ package: { ecosystem: 'npm', name: 'lodash' }, versions: ['6.6.6'] }], {
      aliases: ['GHSA-m'],
    });
    const result = await match({ npm: [malicious] }, { packages: [npm('lodash', '6.6.6'), npm('lodash', '4.0.0')] });
    assert.deepEqual(found(result), ['GHSA-m']);
    assert.equal(result.matches[0]?.vulnerability.malicious, true);
    assert.deepEqual(result.matches[0].vulnerability.ratings, [{ origin: 'own', source: 'OSV', word: 'critical' }]);
  });
});

describe('Debian: records of two levels', () => {
  const release = 'Debian:12';
  const request = (version: string) => ({
    osEcosystem: release,
    packages: [deb('libx', version, { name: 'x', version })],
  });
  const cve = (id: string, fixed?: string, more: object = {}) =>
    record(`DEBIAN-${id}`, [entry(release, 'x', fixed, more as never)], { upstream: [id] });
  const dsa = record('DSA-5000-1', [entry(release, 'x', '1.2-1')], { upstream: ['CVE-2026-0001', 'CVE-2026-0002'] });

  it('the record of the CVE decides, the bundle adds its link', async () => {
    const result = await match(
      { Debian: [cve('CVE-2026-0001', '1.2-1'), cve('CVE-2026-0002', '1.0-1'), dsa] },
      request('1.1-1'),
    );
    assert.deepEqual(found(result), ['CVE-2026-0001<1.2-1']);
    const [hit] = result.matches;
    assert.deepEqual(hit?.vulnerability.aliases, ['DEBIAN-CVE-2026-0001', 'DSA-5000-1']);
    assert.ok(hit.vulnerability.references.includes('https://osv.dev/vulnerability/DSA-5000-1'));
    assert.equal(hit.vulnerability.ecosystem, 'Debian:12');
  });

  it('a bundle stands for the CVEs that have no record of their own', async () => {
    const result = await match({ Debian: [cve('CVE-2026-0001', '1.2-1'), dsa] }, request('1.1-1'));
    assert.deepEqual(found(result), ['CVE-2026-0001<1.2-1', 'CVE-2026-0002<1.2-1']);
  });

  it('a bundle follows upstream from record to record', async () => {
    const usn = record('USN-1-1', [entry('Ubuntu:24.04:LTS', 'x', '2')], {
      upstream: ['UBUNTU-CVE-2026-0009', 'LATER-1'],
    });
    const later = record('LATER-1', [entry('Ubuntu:24.04:LTS', 'y', '2')], { upstream: ['CVE-2026-0010'] });
    const result = await match(
      { Ubuntu: [usn, later] },
      { osEcosystem: 'Ubuntu:24.04:LTS', packages: [deb('x', '1')] },
    );
    assert.deepEqual(found(result), ['CVE-2026-0009<2', 'CVE-2026-0010<2']);
  });

  it('only the release of the image counts', async () => {
    const other = record('DEBIAN-CVE-2026-0001', [entry('Debian:11', 'x'), entry(release, 'x', '1.0-1')], {
      upstream: ['CVE-2026-0001'],
    });
    assert.deepEqual(found(await match({ Debian: [other] }, request('1.1-1'))), []);
  });

  it('the source version decides, not that of the binary', async () => {
    const result = await match(
      { Debian: [cve('CVE-2026-0001', '1.1-2')] },
      {
        osEcosystem: release,
        packages: [
          deb('libx', '1.1-2+b1', { name: 'x', version: '1.1-1' }),
          deb('libx', '1.1-1', { name: 'x', version: '1.1-2' }),
        ],
      },
    );
    assert.deepEqual(
      result.matches.map((each) => each.package),
      [0],
    );
  });

  it('urgencies and vectors are the opinions of their sources', async () => {
    const rated = (urgency: string) =>
      record('DEBIAN-CVE-2026-0001', [entry(release, 'x', undefined, { ecosystem_specific: { urgency } })], {
        upstream: ['CVE-2026-0001'],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      });
    const nvd = { origin: 'nvd', source: 'NVD', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' };
    const ratings = async (urgency: string) =>
      (await match({ Debian: [rated(urgency)] }, request('1'))).matches[0]?.vulnerability.ratings;
    assert.deepEqual(await ratings('unimportant'), [nvd, { origin: 'own', source: 'Debian', word: 'unimportant' }]);
    assert.deepEqual(await ratings('low**'), [nvd, { origin: 'own', source: 'Debian', word: 'low' }]);
    assert.deepEqual(await ratings('not yet assigned'), [nvd]);
  });
});

describe('Ubuntu', () => {
  it('gives its priority as its own word, and Pro stays apart', async () => {
    const result = await match(
      {
        Ubuntu: [
          record('UBUNTU-CVE-2026-0001', [entry('Ubuntu:24.04:LTS', 'x'), entry('Ubuntu:Pro:24.04:LTS', 'x', '2')], {
            upstream: ['CVE-2026-0001'],
            severity: [{ type: 'Ubuntu', score: 'negligible' }],
          }),
        ],
      },
      { osEcosystem: 'Ubuntu:24.04:LTS', packages: [deb('x', '1')] },
    );
    assert.deepEqual(found(result), ['CVE-2026-0001']);
    assert.deepEqual(result.matches[0]?.vulnerability.ratings, [
      { origin: 'own', source: 'Ubuntu', word: 'negligible' },
    ]);
  });
});

describe('names', () => {
  it('Alpine goes by origin with the version of the package, Wolfi by package, then origin', async () => {
    const apk = (name: string, version: string, origin: string) => ({
      type: 'apk',
      name,
      version,
      source: { name: origin, version },
    });
    const alpine = {
      Alpine: [
        record('ALPINE-CVE-2026-0001', [entry('Alpine:v3.20', 'openssl', '3.3.2-r0')], { upstream: ['CVE-2026-0001'] }),
      ],
    };
    assert.deepEqual(
      found(await match(alpine, { osEcosystem: 'Alpine:v3.20', packages: [apk('libssl3', '3.3.1-r0', 'openssl')] })),
      ['CVE-2026-0001<3.3.2-r0'],
    );
    const wolfi = {
      Wolfi: [record('CGA-1', [entry('Wolfi', 'a', '2-r0')]), record('CGA-2', [entry('Wolfi', 'o', '2-r0')])],
    };
    assert.deepEqual(found(await match(wolfi, { osEcosystem: 'Wolfi', packages: [apk('a', '1-r0', 'o')] })), [
      'CGA-1<2-r0',
      'CGA-2<2-r0',
    ]);
  });

  it('a language package that the operating system owns is judged by it alone', async () => {
    const data = {
      npm: [record('GHSA-a', [entry('npm', 'lodash')])],
      Debian: [record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'x')])],
    };
    const packages = [{ ...npm('lodash', '1.0.0'), ownedBy: 'node-lodash' }];
    assert.deepEqual(found(await match(data, { osEcosystem: 'Debian:12', packages })), []);
    assert.deepEqual(
      found(await match({ npm: data.npm }, { osEcosystem: 'Debian:12', packages })),
      ['GHSA-a'],
      'Debian is not covered',
    );
  });
});

describe('coverage', () => {
  const states = async (data: Readonly<Record<string, readonly object[]>>, request: Parameters<typeof match>[1]) =>
    (await match(data, request)).coverage.map(({ ecosystem, state, reason }) => [ecosystem, state, reason]);
  const fresh = [record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'x')])];

  it('is full where the release is known', async () => {
    assert.deepEqual(await states({ Debian: fresh }, { osEcosystem: 'Debian:12', packages: [] }), [
      ['Debian:12', 'full', undefined],
    ]);
  });

  it('is none for a release that no record names, without data, or without a source', async () => {
    assert.deepEqual(await states({ Debian: fresh }, { osEcosystem: 'Debian:9', packages: [deb('x', '1')] }), [
      ['Debian:9', 'none', 'the source knows no release "9"'],
    ]);
    assert.deepEqual(await states({}, { osEcosystem: 'Debian:12', packages: [npm('a', '1')] }), [
      ['Debian:12', 'none', 'no advisories of Debian have been downloaded'],
      ['npm', 'none', 'no advisories of npm have been downloaded'],
    ]);
    assert.deepEqual(await states({}, { osName: 'Amazon Linux 2', packages: [] }), [
      ['Amazon Linux 2', 'none', 'there is no advisory source for it'],
    ]);
    assert.deepEqual(await states({}, { packages: [deb('x', '1')] }), [
      ['unknown operating system', 'none', 'there is no advisory source for it'],
    ]);
    assert.deepEqual(await states({}, { osEcosystem: 'Haiku:1', packages: [] }), [
      ['Haiku:1', 'none', 'versions of Haiku cannot be compared'],
    ]);
  });

  it('is stale when a busy source stands still', async () => {
    const old = [record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'x')], { modified: '2026-11-01T00:00:00Z' })];
    const result = await match({ Debian: old }, { osEcosystem: 'Debian:12', packages: [deb('x', '1')] });
    assert.deepEqual(result.coverage, [
      {
        ecosystem: 'Debian:12',
        state: 'stale',
        reason: 'the newest change in the advisories of Debian is of 2026-11-01',
      },
    ]);
    assert.equal(result.matches.length, 1);
  });
});

describe('the same request', () => {
  it('gets the same answer', async () => {
    const library = await libraryOf({
      npm: [record('GHSA-b', [entry('npm', 'a')]), record('GHSA-a', [entry('npm', 'a')])],
    });
    const request = { packages: [npm('a', '1'), npm('a', '1')] };
    assert.deepEqual(matchPackages(request, library), matchPackages(request, library));
    assert.deepEqual(found(matchPackages(request, library)), ['GHSA-a', 'GHSA-b', 'GHSA-a', 'GHSA-b']);
  });
});
