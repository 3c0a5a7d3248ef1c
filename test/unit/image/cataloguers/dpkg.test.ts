import assert from 'node:assert/strict';
import { dpkgStatus, dpkgStatusFiles } from '../../../../src/image/cataloguers/dpkg.ts';
import { isThirdPartyDeb } from '../../../../src/image/cataloguers/third-party.ts';
import { fixture, run, viewOf } from './support.ts';

const path = 'var/lib/dpkg/status';

/** A stanza of an installed package, fields changed or removed. */
function stanza(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    Package: 'tool',
    Status: 'install ok installed',
    Architecture: 'amd64',
    Version: '1.0-1',
    ...changes,
  };
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`]))
    .join('');
}

describe('the database of dpkg', () => {
  it('gives the packages of a real Debian 12 with their source packages', async () => {
    const { packages, problems } = await run(dpkgStatus, path, fixture('debian-12-status'));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      packages.map(({ name, version, architecture, source, thirdParty }) => [
        name,
        version,
        architecture,
        source?.name,
        source?.version,
        thirdParty === true,
      ]),
      [
        ['adduser', '3.134', 'all', 'adduser', '3.134', false],
        ['base-files', '12.4+deb12u11', 'amd64', 'base-files', '12.4+deb12u11', false],
        ['bsdutils', '1:2.38.1-5+deb12u3', 'amd64', 'util-linux', '2.38.1-5+deb12u3', false],
        ['libc6', '2.36-9+deb12u14', 'amd64', 'glibc', '2.36-9+deb12u14', false],
        ['nodejs', '20.20.2-1nodesource1+repack1', 'amd64', 'nodejs', '20.20.2-1nodesource1+repack1', true],
        ['perl-base', '5.36.0-7+deb12u4', 'amd64', 'perl', '5.36.0-7+deb12u4', false],
        ['tzdata', '2025b-0+deb12u2', 'all', 'tzdata', '2025b-0+deb12u2', false],
      ],
    );
    assert.ok(packages.every((found) => found.type === 'deb' && found.path === path));
  });

  it('wants the database and nothing that lies beside it', () => {
    const wanted = [
      path,
      'usr/lib/dpkg/status',
      'var/lib/dpkg/status-old',
      'var/lib/dpkg/available',
      'var/lib/dpkg/status.d/libc6',
      'a/var/lib/dpkg/status',
      'usr/lib/opkg/status',
    ];
    assert.deepEqual(
      wanted.filter((one) => dpkgStatus.wants(one)),
      [path, 'usr/lib/dpkg/status'],
    );
  });

  const states: [string, boolean][] = [
    ['install ok installed', true],
    ['hold ok installed', true],
    ['deinstall ok installed', true],
    ['install reinstreq installed', true],
    ['deinstall ok config-files', false],
    ['purge ok not-installed', false],
    ['unknown ok not-installed', false],
    ['install ok half-configured', true],
    ['install ok unpacked', true],
    ['install ok triggers-pending', true],
    ['install ok half-installed', true],
  ];
  for (const [status, installed] of states) {
    it(`${installed ? 'lists' : 'leaves out'} a package whose status is "${status}"`, async () => {
      const view = viewOf('var/lib/dpkg/info/tool.list');
      const { packages, problems } = await run(dpkgStatus, path, stanza({ Status: status }), view);
      assert.equal(packages.length, installed ? 1 : 0);
      assert.deepEqual(problems, []);
    });
  }

  it('leaves out an unpacked package whose files are not there', async () => {
    const { packages } = await run(dpkgStatus, path, stanza({ Status: 'install ok half-installed' }));
    assert.deepEqual(packages, []);
  });

  it('finds the files of a package by name and architecture', async () => {
    const view = viewOf('var/lib/dpkg/info/tool:amd64.list');
    const { packages } = await run(dpkgStatus, path, stanza({ Status: 'install ok unpacked' }), view);
    assert.equal(packages.length, 1);
  });

  it('reads the source package with and without a version', async () => {
    const text = [
      stanza({ Package: 'a', Source: 'src' }),
      stanza({ Package: 'b', Source: 'src (9:2.0-1)' }),
      stanza({ Package: 'c', Version: '1.0-1+b2', Source: 'c (1.0-1)' }),
      stanza({ Package: 'd', Source: undefined }),
      stanza({ Package: 'e', Source: 'src ()' }),
    ].join('\n');
    const { packages } = await run(dpkgStatus, path, text);
    assert.deepEqual(
      packages.map(({ source }) => source),
      [
        { name: 'src', version: '1.0-1' },
        { name: 'src', version: '9:2.0-1' },
        { name: 'c', version: '1.0-1' },
        { name: 'd', version: '1.0-1' },
        { name: 'src', version: '1.0-1' },
      ],
    );
  });

  const forms: [string, string][] = [
    ['empty lines everywhere', `\n\n${stanza({ Package: 'a' })}\n\n\n${stanza({ Package: 'b' })}\n\n`],
    ['lines that end with CR LF', `${stanza({ Package: 'a' })}\n${stanza({ Package: 'b' })}`.replaceAll('\n', '\r\n')],
    ['no last line end', `${stanza({ Package: 'a' })}\n${stanza({ Package: 'b' })}`.trimEnd()],
    [
      'field names in any case',
      `${stanza({ Package: 'a' })}\n${stanza({ Package: 'b' })}`.replaceAll(/^[A-Z]\w+/gm, (name) =>
        name.toUpperCase(),
      ),
    ],
    ['separators of blanks', `${stanza({ Package: 'a' })} \t\n${stanza({ Package: 'b' })}`],
    [
      'continuation lines that look like fields',
      `${stanza({ Package: 'a' })}Description: x\n Package: no\n .\n Version: 0\n\n${stanza({ Package: 'b' })}`,
    ],
    [
      'a line of three megabytes',
      `${stanza({ Package: 'a', Depends: 'x'.repeat(3_000_000) })}\n${stanza({ Package: 'b' })}`,
    ],
    ['damage between the stanzas', `${stanza({ Package: 'a' })}\n\u0000\ufffd:::\n=\n\n${stanza({ Package: 'b' })}`],
    [
      'stanzas without a package',
      `Status: install ok installed\nVersion: 1\n\n${stanza({ Package: 'a' })}\n${stanza({ Package: 'b' })}`,
    ],
  ];
  for (const [what, text] of forms) {
    it(`reads a file with ${what}`, async () => {
      const { packages } = await run(dpkgStatus, path, text);
      assert.deepEqual(
        packages.map(({ name, version }) => [name, version]),
        [
          ['a', '1.0-1'],
          ['b', '1.0-1'],
        ],
      );
    });
  }

  it('names the line of an installed package without a version, and of one without a status', async () => {
    const text = `\n${stanza({ Version: undefined })}\n${stanza({ Package: 'b', Status: undefined })}\n${stanza({ Package: 'c' })}`;
    const { packages, problems } = await run(dpkgStatus, path, text);
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['c'],
    );
    assert.deepEqual(problems, [
      { path, line: 2, reason: 'package "tool": it has no Version' },
      { path, line: 6, reason: 'package "b": it has no Status' },
    ]);
  });

  it('keeps a version that is none', async () => {
    assert.equal((await run(dpkgStatus, path, stanza({ Version: '1:5.#' }))).packages[0]?.version, '1:5.#');
  });

  it('finds nothing in an empty file', async () => {
    assert.deepEqual(await run(dpkgStatus, path, ''), { packages: [], problems: [] });
  });

  it('reads what is there of a file that ends early', async () => {
    const text = fixture('debian-12-status');
    const { packages } = await run(dpkgStatus, path, text.slice(0, text.indexOf('Package: libc6') + 60));
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['adduser', 'base-files', 'bsdutils'],
    );
  });
});

describe('stanzas of dpkg in files of their own', () => {
  it('are wanted directly inside status.d, without what lies beside them', () => {
    const names = [
      'libc6',
      'libgtk2.0-0',
      'python3.11',
      'libstdc++6',
      'libc6.md5sums',
      'libc6.preinst',
      'libc6.postinst',
      'libc6.conffiles',
      'libc6.list',
      'sub/x',
    ];
    assert.deepEqual(
      names.filter((name) => dpkgStatusFiles.wants(`var/lib/dpkg/status.d/${name}`)),
      ['libc6', 'libgtk2.0-0', 'python3.11', 'libstdc++6'],
    );
  });

  it('are installed without saying so', async () => {
    const at = 'var/lib/dpkg/status.d/tzdata';
    const { packages, problems } = await run(
      dpkgStatusFiles,
      at,
      stanza({ Package: 'tzdata', Status: undefined, Version: '2024a-0+deb12u1' }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      {
        type: 'deb',
        name: 'tzdata',
        version: '2024a-0+deb12u1',
        architecture: 'amd64',
        source: { name: 'tzdata', version: '2024a-0+deb12u1' },
        path: at,
      },
    ]);
  });

  it('may be several in one file', async () => {
    const text = `${stanza({ Package: 'a', Status: undefined })}\n${stanza({ Package: 'b', Status: undefined })}`;
    assert.equal((await run(dpkgStatusFiles, 'var/lib/dpkg/status.d/x', text)).packages.length, 2);
  });

  it('that hold something else give nothing', async () => {
    assert.deepEqual(await run(dpkgStatusFiles, 'var/lib/dpkg/status.d/x', '#!/bin/sh\nset -e\n'), {
      packages: [],
      problems: [],
    });
  });
});

describe('telling the packages of other vendors', () => {
  const cases: [string, string, boolean][] = [
    ['NodeSource Support <support@nodesource.com>', '20.9.0-1nodesource1', true],
    ['Docker <support@docker.com>', '5:27.3.1-1~debian.12~bookworm', true],
    ['.NET Team <dotnetpackages@microsoft.com>', '8.0.10-1', true],
    ['NGINX Packaging <nginx-packaging@f5.com>', '1.27.2-1~bookworm', true],
    ['Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>', '16.4-1.pgdg120+1', true],
    ['Debian PHP Maintainers <team+pkg-php@tracker.debian.org>', '8.3.12-1+0~20241003.48+debian12~1.gbp9c4eaa', true],
    ['Santiago Vila <sanvila@debian.org>', '12.4+deb12u11', false],
    ['Niko Tyni <ntyni@debian.org>', '5.36.0-7+deb12u4', false],
    ['Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>', '2.39-0ubuntu8.3', false],
    ['Somebody <somebody@gmail.com>', '1.2-3~bpo12+1', false],
    ['Imitator <x@notdocker.com>', '1.0-1', false],
    ['', '1.0-1', false],
  ];
  for (const [maintainer, version, expected] of cases) {
    it(`${expected ? 'does' : 'does not'} for ${version} of ${maintainer === '' ? 'nobody' : maintainer}`, () => {
      assert.equal(isThirdPartyDeb(maintainer, version), expected);
    });
  }
});
