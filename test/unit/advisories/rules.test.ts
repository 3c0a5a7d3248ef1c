import assert from 'node:assert/strict';
import { readRecord } from '../../../src/advisories/osv.ts';
import { releaseOf } from '../../../src/advisories/releases.ts';
import { deb, entry, found, match, record } from './support.ts';

const rpm = (name: string, version: string, more: Record<string, unknown> = {}) => ({
  type: 'rpm',
  name,
  version,
  ...more,
});
const related = (...cves: string[]) => ({ related: cves });
const upstream = (...cves: string[]) => ({ upstream: cves });

describe('Ubuntu Pro', () => {
  const noble = 'Ubuntu:24.04:LTS';
  const both = [
    record(
      'UBUNTU-CVE-2026-0001',
      [entry(noble, 'imagemagick'), entry('Ubuntu:Pro:24.04:LTS', 'imagemagick', '8:6.9.12-1ubuntu0.1~esm2')],
      upstream('CVE-2026-0001'),
    ),
  ];
  const ask = (version: string, records: readonly object[] = both) =>
    match({ Ubuntu: records }, { osEcosystem: noble, packages: [deb('imagemagick', version)] });

  it('has the fix that others do not get, which the finding says', async () => {
    const { matches } = await ask('8:6.9.12-1');
    assert.deepEqual(
      matches.map(({ vulnerability: { id, fixed, noFix } }) => [id, fixed, noFix]),
      [
        [
          'CVE-2026-0001',
          undefined,
          { kind: 'subscription', version: '8:6.9.12-1ubuntu0.1~esm2', subscription: 'Ubuntu Pro' },
        ],
      ],
    );
  });

  it('decides where one of its versions is installed', async () => {
    assert.deepEqual(found(await ask('8:6.9.12-1ubuntu0.1~esm2')), []);
    assert.deepEqual(found(await ask('8:6.9.12-1ubuntu0.1~esm1')), ['CVE-2026-0001']);
  });

  it('alone names releases whose standard support has ended', async () => {
    const only = [
      record(
        'UBUNTU-CVE-2026-0002',
        [entry(noble, 'other'), entry('Ubuntu:Pro:24.04:LTS', 'imagemagick', '8:7')],
        upstream('CVE-2026-0002'),
      ),
    ];
    const [hit] = (await ask('8:6.9.12-1', only)).matches;
    assert.deepEqual(hit?.vulnerability.noFix, { kind: 'subscription', version: '8:7', subscription: 'Ubuntu Pro' });
  });

  it('of another release says nothing', async () => {
    const other = [
      record('UBUNTU-CVE-2026-0003', [entry(noble, 'x'), entry('Ubuntu:Pro:22.04:LTS', 'imagemagick', '9')]),
    ];
    assert.deepEqual(found(await ask('8:6.9.12-1', other)), []);
  });
});

describe('Ubuntu: records of two levels, and binaries without a source', () => {
  const noble = 'Ubuntu:24.04:LTS';

  it('the record of the CVE decides, the notice adds its link', async () => {
    const result = await match(
      {
        Ubuntu: [
          record('UBUNTU-CVE-2026-0001', [entry(noble, 'openssl', '3.0.13-0ubuntu3.2')], upstream('CVE-2026-0001')),
          record('UBUNTU-CVE-2026-0002', [entry(noble, 'openssl')], upstream('CVE-2026-0002')),
          record(
            'USN-7000-1',
            [entry(noble, 'openssl', '3.0.13-0ubuntu3.2')],
            upstream('CVE-2026-0001', 'CVE-2026-0002'),
          ),
        ],
      },
      { osEcosystem: noble, packages: [deb('openssl', '3.0.13-0ubuntu3.1')] },
    );
    assert.deepEqual(found(result), ['CVE-2026-0001<3.0.13-0ubuntu3.2', 'CVE-2026-0002']);
    assert.deepEqual(result.matches[0]?.vulnerability.aliases, ['UBUNTU-CVE-2026-0001', 'USN-7000-1']);
  });

  it('a binary of which no source is known is led to it by what the records say', async () => {
    const built = entry(noble, 'openssl', '3.0.13-0ubuntu3.2', {
      ecosystem_specific: {
        binaries: [
          { binary_name: 'libssl3t64', binary_version: '3.0.13-0ubuntu3.2' },
          { binary_name: 'openssl', binary_version: '3.0.13-0ubuntu3.2' },
        ],
      },
    });
    const records = { Ubuntu: [record('UBUNTU-CVE-2026-0001', [built], upstream('CVE-2026-0001'))] };
    const ask = (packages: Parameters<typeof match>[1]['packages']) =>
      match(records, { osEcosystem: noble, packages }).then(found);
    assert.deepEqual(await ask([deb('libssl3t64', '3.0.13-0ubuntu3.1')]), ['CVE-2026-0001<3.0.13-0ubuntu3.2']);
    assert.deepEqual(await ask([deb('libssl3t64', '3.0.13-0ubuntu3.2')]), []);
    assert.deepEqual(
      await ask([deb('libssl3t64', '3.0.13-0ubuntu3.1', { name: 'other', version: '3.0.13-0ubuntu3.1' })]),
      [],
      'a source that is known goes before',
    );
  });
});

describe('streams of Red Hat', () => {
  const baseos = 'Red Hat:enterprise_linux:9::baseos';
  const hits = (suffix: string, streams?: readonly string[]) =>
    releaseOf(baseos, { suffixes: [], streams }).wantsSuffix(suffix);

  it('are all of the same major release that are not extended', () => {
    for (const suffix of [
      'enterprise_linux:9::baseos',
      'enterprise_linux:9::appstream',
      'enterprise_linux:9::crb',
      'enterprise_linux:9',
      'enterprise_linux:9.6',
    ]) {
      assert.equal(hits(suffix), true, suffix);
    }
    for (const suffix of [
      'enterprise_linux:8::baseos',
      'enterprise_linux:90::baseos',
      'rhel_eus:9.4::baseos',
      'rhel_aus:9.2::baseos',
      'openshift:4.16::el9',
      'enterprise_linux_eus:9.0',
    ]) {
      assert.equal(hits(suffix), false, suffix);
    }
  });

  it('are those of the repositories that the image names', () => {
    const eus = ['Red Hat:rhel_eus:9.4::baseos', 'Red Hat:rhel_eus:9.4::appstream'];
    assert.equal(hits('rhel_eus:9.4::baseos', eus), true);
    assert.equal(hits('rhel_eus:9.2::baseos', eus), false);
    assert.equal(hits('enterprise_linux:9::baseos', eus), false);
    const mixed = ['Red Hat:enterprise_linux:9::baseos', 'Red Hat:openshift:4.16::el9'];
    assert.equal(hits('openshift:4.16::el9', mixed), true);
    assert.equal(hits('enterprise_linux:9::appstream', mixed), true);
  });

  it('together judge a package, with the epoch written out', async () => {
    const records = [
      record(
        'RHSA-2026:1',
        [entry('Red Hat:enterprise_linux:9::appstream', 'openssl-libs', '1:3.0.7-28.el9_4')],
        related('CVE-2026-0001', 'CVE-2026-0002'),
      ),
      record('RHSA-2026:2', [entry(baseos, 'glibc', '0:2.34-100.el9_4.4')], related('CVE-2026-0003')),
    ];
    const result = await match(
      { 'Red Hat': records },
      {
        osEcosystem: baseos,
        packages: [
          rpm('openssl-libs', '1:3.0.7-27.el9'),
          rpm('glibc', '2.34-100.el9_4.4'),
          rpm('glibc', '2.34-99.el9'),
        ],
      },
    );
    assert.deepEqual(
      result.matches.map(({ package: index, vulnerability: { id, fixed } }) => [index, id, fixed]),
      [
        [0, 'CVE-2026-0001', '1:3.0.7-28.el9_4'],
        [0, 'CVE-2026-0002', '1:3.0.7-28.el9_4'],
        [2, 'CVE-2026-0003', '0:2.34-100.el9_4.4'],
      ],
    );
  });

  it('leave language packages of RPMs to the RPMs', async () => {
    const packages = [{ type: 'pypi', name: 'six', version: '1.15.0', ownedBy: 'python3-six' }];
    const data = {
      'Red Hat': [record('RHSA-2026:1', [entry(baseos, 'x', '0:1-1')])],
      PyPI: [record('PYSEC-2026-1', [entry('PyPI', 'six')])],
    };
    assert.deepEqual(found(await match(data, { osEcosystem: baseos, packages })), []);
    const rocky = { 'Rocky Linux': [record('RLSA-2026:1', [entry('Rocky Linux:9', 'x', '0:1-1')])], PyPI: data.PyPI };
    assert.deepEqual(found(await match(rocky, { osEcosystem: 'Rocky Linux:9', packages })), ['PYSEC-2026-1']);
  });
});

describe('modules of RPMs', () => {
  const alma = 'AlmaLinux:8';
  const fixed = '1:18.20.4-1.module_el8.10.0+3882+abcdef12';
  const older = '1:18.19.1-1.module_el8.9.0+3731+abcdef12';
  const explicit = record(
    'ALSA-2026:1',
    [entry(alma, 'nodejs', fixed, { ecosystem_specific: { rpm_modularity: 'nodejs:18' } })],
    related('CVE-2026-0001'),
  );
  const titled = record('ALSA-2026:2', [entry(alma, 'nodejs', fixed)], {
    ...related('CVE-2026-0002'),
    summary: 'Important: nodejs:18 security update',
  });
  const ask = (item: object, ...records: readonly object[]) =>
    match(
      { AlmaLinux: records },
      { osEcosystem: alma, packages: [rpm('nodejs', older, item as Record<string, unknown>)] },
    );

  it('count for the same stream alone, whether the entry names it or the title', async () => {
    for (const [each, id] of [
      [explicit, 'CVE-2026-0001'],
      [titled, 'CVE-2026-0002'],
    ] as const) {
      assert.deepEqual(found(await ask({ modularity: 'nodejs:18:8090020240101:a1b2' }, each)), [`${id}<${fixed}`]);
      assert.deepEqual(found(await ask({ modularity: 'nodejs:16:8090020240101:a1b2' }, each)), []);
    }
  });

  it('of packages without label are not guessed: it stays unknown', async () => {
    const result = await ask({}, explicit);
    assert.deepEqual([found(result), result.incomparable], [[], [0]]);
  });

  it('say nothing of packages outside, nor the other way round', async () => {
    const outside = record('ALSA-2026:3', [entry(alma, 'nodejs', '1:99-1.el8')], related('CVE-2026-0003'));
    assert.deepEqual(found(await ask({ modularity: 'nodejs:18:1:a' }, outside)), []);
    const plain = { osEcosystem: alma, packages: [rpm('nodejs', '1:10-1.el8')] };
    assert.deepEqual(found(await match({ AlmaLinux: [explicit] }, plain)), []);
    assert.deepEqual(found(await match({ AlmaLinux: [outside] }, plain)), ['CVE-2026-0003<1:99-1.el8']);
  });

  it('may be two in one title', () => {
    const two = record(
      'RHSA-2026:9',
      [entry('Red Hat:enterprise_linux:8::appstream', 'libvirt', '0:6-1.module+el8+1')],
      {
        summary: 'Important: virt:rhel and virt-devel:rhel security update',
      },
    );
    assert.match(readRecord(two, 'Red Hat')?.rows[0]?.what ?? '', /"m":"virt:rhel\|virt-devel:rhel"/);
  });
});

describe('SUSE', () => {
  const sp6 = 'SUSE:Linux Enterprise Server 15 SP6';
  const basesystem = 'SUSE:Linux Enterprise Module for Basesystem 15 SP6';
  const update = (id: string, ecosystem: string) =>
    record(
      id,
      [
        entry(ecosystem, 'openssl-3', '3.1.4-150600.5.10.1', {
          ecosystem_specific: {
            binaries: [{ libopenssl3: '3.1.4-150600.5.10.1', 'openssl-3': '3.1.4-150600.5.10.1', sub: '7-1' }],
          },
        }),
      ],
      related('CVE-2026-0001'),
    );
  const of = (name: string, version: string) =>
    rpm(name, version, { source: { name: 'openssl-3', version: '3.1.4-150600.5.7.1' } });
  const ask = (ecosystem: string, item: ReturnType<typeof of>) =>
    match({ SUSE: [update('SUSE-SU-2026:1', ecosystem)] }, { osEcosystem: sp6, packages: [item] }).then(found);

  it('draws from all modules of its service pack, and of long-term support', async () => {
    const item = of('libopenssl3', '3.1.4-150600.5.7.1');
    const hit = ['CVE-2026-0001<3.1.4-150600.5.10.1'];
    assert.deepEqual(await ask(basesystem, item), hit);
    assert.deepEqual(await ask(sp6, item), hit);
    assert.deepEqual(await ask(`${sp6}-LTSS`, item), hit);
    assert.deepEqual(await ask('SUSE:Linux Enterprise Module for Basesystem 15 SP5', item), []);
    assert.deepEqual(await ask('SUSE:Linux Enterprise Module for Basesystem 115 SP6', item), []);
  });

  it('speaks of the binaries that it lists alone, each with its own version', async () => {
    assert.deepEqual(await ask(basesystem, of('libopenssl3', '3.1.4-150600.5.10.1')), []);
    assert.deepEqual(await ask(basesystem, of('openssl-3-doc', '3.1.4-150600.5.7.1')), []);
    assert.deepEqual(await ask(basesystem, of('sub', '6-9')), ['CVE-2026-0001<7-1']);
    assert.deepEqual(await ask(basesystem, of('sub', '7-1')), []);
  });

  it('Micro and openSUSE stand alone; a release of two numbers has its modules too', () => {
    const wants = (ecosystem: string, suffix: string) => releaseOf(ecosystem, { suffixes: [] }).wantsSuffix(suffix);
    assert.equal(wants('SUSE:Linux Enterprise Micro 5.5', 'Manager Server 5.5'), false);
    assert.equal(wants('SUSE:Linux Enterprise Micro 5.5', 'Linux Enterprise Micro 5.5'), true);
    assert.equal(wants('openSUSE:Leap 15.6', 'Leap 15.6'), true);
    assert.equal(wants('openSUSE:Leap 15.6', 'Leap 15.5'), false);
    assert.equal(wants('SUSE:Linux Enterprise Server 16.0', 'Linux Enterprise High Availability Extension 16.0'), true);
    assert.equal(wants('SUSE:Linux Enterprise Server 12 SP5', 'Linux Enterprise Module for Containers 12'), false);
  });
});

describe('source packages of RPMs', () => {
  it('have the epoch of the binary where the versions are the same, else none is compared', async () => {
    const data = {
      'Azure Linux': [
        record('AZL-1', [entry('Azure Linux:3', 'perl', '4:5.38.2-510.azl3')], upstream('CVE-2026-0001')),
      ],
    };
    const ask = (name: string, version: string, source: string) =>
      match(data, {
        osEcosystem: 'Azure Linux:3',
        packages: [rpm(name, version, { source: { name: 'perl', version: source } })],
      }).then(found);
    assert.deepEqual(await ask('perl', '4:5.38.2-509.azl3', '4:5.38.2-509.azl3'), ['CVE-2026-0001<4:5.38.2-510.azl3']);
    assert.deepEqual(await ask('perl-Errno', '1.37-510.azl3', '5.38.2-510.azl3'), []);
    assert.deepEqual(await ask('perl-Errno', '1.37-509.azl3', '5.38.2-509.azl3'), ['CVE-2026-0001<4:5.38.2-510.azl3']);
  });

  it('of Rocky are tried before the binary', async () => {
    const data = {
      'Rocky Linux': [
        record('RLSA-2026:1', [entry('Rocky Linux:9', 'openssl', '1:3.0.7-28.el9')], related('CVE-2026-0001')),
        record('RLSA-2026:2', [entry('Rocky Linux:9', 'openssl-libs', '1:3.0.7-29.el9')], related('CVE-2026-0002')),
      ],
    };
    const source = { name: 'openssl', version: '1:3.0.7-27.el9' };
    assert.deepEqual(
      found(
        await match(data, {
          osEcosystem: 'Rocky Linux:9',
          packages: [rpm('openssl-libs', '1:3.0.7-27.el9', { source })],
        }),
      ),
      ['CVE-2026-0001<1:3.0.7-28.el9', 'CVE-2026-0002<1:3.0.7-29.el9'],
    );
  });
});

describe('Wolfi', () => {
  const arch = (name: string, architecture: string, fixed: string) => ({
    ...entry('Wolfi', name, fixed),
    package: { ecosystem: 'Wolfi', name, purl: `pkg:apk/wolfi/${name}?arch=${architecture}` },
  });

  it('has an entry an architecture, which is one where they agree', () => {
    const same = record('CGA-1', [arch('curl', 'x86_64', '8.1-r0'), arch('curl', 'aarch64', '8.1-r0')]);
    assert.deepEqual(readRecord(same, 'Wolfi')?.rows, [{ name: 'curl', suffix: '', what: '8.1-r0' }]);
  });

  it('is judged by its architecture where they differ', async () => {
    const data = { Wolfi: [record('CGA-1', [arch('curl', 'x86_64', '8.1-r0'), arch('curl', 'aarch64', '8.2-r0')])] };
    const ask = (architecture: string) =>
      match(data, {
        osEcosystem: 'Wolfi',
        packages: [{ type: 'apk', name: 'curl', version: '8.1-r5', architecture }],
      }).then(found);
    assert.deepEqual(await ask('x86_64'), []);
    assert.deepEqual(await ask('aarch64'), ['CGA-1<8.2-r0']);
  });
});

describe("Alpine's edge", () => {
  const data = {
    Alpine: [
      record('ALPINE-CVE-2026-0001', [entry('Alpine:v3.9', 'curl', '9-r0')], upstream('CVE-2026-0001')),
      record('ALPINE-CVE-2026-0002', [entry('Alpine:v3.23', 'curl', '8.12-r0')], upstream('CVE-2026-0002')),
    ],
  };
  it('is judged by the newest branch, and says so', async () => {
    const result = await match(data, {
      osEcosystem: 'Alpine:edge',
      packages: [{ type: 'apk', name: 'curl', version: '8.11-r0' }],
    });
    assert.deepEqual(found(result), ['CVE-2026-0002<8.12-r0']);
    assert.deepEqual(result.coverage, [
      {
        ecosystem: 'Alpine:edge',
        state: 'full',
        reason: 'edge has no advisories of its own: judged by those of v3.23, the newest branch',
      },
    ]);
  });
});

describe('states without a fix', () => {
  it('end of support is said, an urgency of it is no severity', async () => {
    const data = {
      Debian: [
        record(
          'DEBIAN-CVE-2026-0001',
          [entry('Debian:12', 'webkit', undefined, { ecosystem_specific: { urgency: 'end-of-life' } })],
          upstream('CVE-2026-0001'),
        ),
      ],
    };
    const [hit] = (await match(data, { osEcosystem: 'Debian:12', packages: [deb('webkit', '1')] })).matches;
    assert.deepEqual(hit?.vulnerability.noFix, { kind: 'end-of-life', vendor: 'Debian' });
    assert.deepEqual(hit.vulnerability.ratings, [{ origin: 'own', source: 'Debian', word: 'end-of-life' }]);
  });

  it('a last known affected version is no fix', async () => {
    const data = {
      npm: [
        record('GHSA-1', [
          entry('npm', 'left', undefined, { database_specific: { last_known_affected_version_range: '<= 1.2.3' } }),
        ]),
      ],
    };
    const [hit] = (await match(data, { packages: [{ type: 'npm', name: 'left', version: '1.2.3' }] })).matches;
    assert.equal(hit?.vulnerability.fixed, undefined);
    assert.deepEqual(hit?.vulnerability.noFix, { kind: 'last-known', version: '1.2.3' });
  });

  it('an open end says no more than that', async () => {
    const data = { npm: [record('GHSA-1', [entry('npm', 'left')])] };
    const [hit] = (await match(data, { packages: [{ type: 'npm', name: 'left', version: '1.2.3' }] })).matches;
    assert.deepEqual([hit?.vulnerability.fixed, hit?.vulnerability.noFix], [undefined, undefined]);
  });

  it('the fix shown is the smallest above the installed version, of the same line where there is one', async () => {
    const lines = {
      package: { ecosystem: 'npm', name: 'left' },
      ranges: [
        { type: 'SEMVER', events: [{ introduced: '2.0.0' }, { fixed: '2.3.1' }] },
        { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.5.3' }] },
      ],
    };
    const ask = (version: string) =>
      match({ npm: [record('GHSA-1', [lines])] }, { packages: [{ type: 'npm', name: 'left', version }] }).then(found);
    assert.deepEqual(await ask('1.2.0'), ['GHSA-1<1.5.3']);
    assert.deepEqual(await ask('2.1.0'), ['GHSA-1<2.3.1']);
    assert.deepEqual(await ask('1.5.3'), []);
  });
});

describe('names and versions of languages', () => {
  it('are compared as their index does', async () => {
    const hits = async (base: string, type: string, published: string, installed: string): Promise<number> =>
      (
        await match(
          { [base]: [record('GHSA-1', [entry(base, published)])] },
          { packages: [{ type, name: installed, version: '1.0' }] },
        )
      ).matches.length;
    assert.equal(await hits('PyPI', 'pypi', 'Zope.Interface', 'zope_interface'), 1);
    assert.equal(await hits('NuGet', 'nuget', 'Newtonsoft.Json', 'newtonsoft.json'), 1);
    assert.equal(await hits('Packagist', 'composer', 'Symfony/Http-Kernel', 'symfony/http-kernel'), 1);
    assert.equal(await hits('crates.io', 'cargo', 'serde-json', 'serde_json'), 0);
    assert.equal(await hits('npm', 'npm', 'JSONStream', 'jsonstream'), 0);
    assert.equal(await hits('Go', 'golang', 'example.org/a/v2', 'example.org/a'), 0);
  });

  it('of other repositories of an ecosystem count as well', async () => {
    const data = { Maven: [record('GHSA-1', [entry('Maven:https://maven.google.com', 'a:b', '2.0')])] };
    assert.deepEqual(found(await match(data, { packages: [{ type: 'maven', name: 'a:b', version: '1.0' }] })), [
      'GHSA-1<2.0',
    ]);
  });

  it('are the same in every spelling of a listed version', async () => {
    const listed = { package: { ecosystem: 'PyPI', name: 'six' }, versions: ['1.0.0rc1'] };
    const ask = (version: string) =>
      match({ PyPI: [record('PYSEC-1', [listed])] }, { packages: [{ type: 'pypi', name: 'six', version }] }).then(
        found,
      );
    assert.deepEqual(await ask('1.0-RC.1'), ['PYSEC-1']);
    assert.deepEqual(await ask('1.0rc2'), []);
  });
});

describe('packages of other vendors', () => {
  it("are not judged by the distribution's advisories: they stay unknown", async () => {
    const data = { Debian: [record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'nodejs', '18.19.0+dfsg-6')])] };
    const packages = [{ ...deb('nodejs', '18.1.0-1nodesource1'), thirdParty: true }, deb('nodejs', '18.1.0-1')];
    const result = await match(data, { osEcosystem: 'Debian:12', packages });
    assert.deepEqual(
      result.matches.map(({ package: index }) => index),
      [1],
    );
    assert.deepEqual(result.incomparable, [0]);
  });
});

describe('the reason why a system has no source', () => {
  it('is told where the image reader knows it', async () => {
    const { coverage } = await match(
      {},
      { osName: 'Amazon Linux 2023', osUncovered: 'OSV has no advisories for Amazon Linux', packages: [] },
    );
    assert.deepEqual(coverage, [
      { ecosystem: 'Amazon Linux 2023', state: 'none', reason: 'OSV has no advisories for Amazon Linux' },
    ]);
  });
});
