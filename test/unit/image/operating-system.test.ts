import assert from 'node:assert/strict';
import {
  detectOperatingSystem,
  foreignBranches,
  keepReleaseFiles,
  readOsRelease,
  releaseFiles,
  type ReleaseFiles,
} from '../../../src/image/operating-system.ts';
import type { OperatingSystem } from '../../../src/image/types.ts';

type Files = Readonly<Record<string, string>>;

function tree(files: Files): ReleaseFiles {
  return releaseFiles({
    file: (path) => (files[path] === undefined ? undefined : { content: Buffer.from(files[path]) }),
    has: (path) => files[path] !== undefined,
    list: (directory) => Object.keys(files).filter((path) => path.slice(0, path.lastIndexOf('/')) === directory),
  });
}

function detect(files: Files): OperatingSystem | undefined {
  return detectOperatingSystem(tree(files));
}

const bookworm = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`;

describe('os-release', () => {
  it('is read with bare and quoted values', () => {
    assert.deepEqual(readOsRelease(bookworm), {
      id: 'debian',
      versionId: '12',
      version: '12 (bookworm)',
      codename: 'bookworm',
      name: 'Debian GNU/Linux',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
    });
  });

  const forms: [string, string, string][] = [
    ['single quotes', "ID='x'\nNAME='a\\b \"c\"'", 'a\\b "c"'],
    ['escapes in double quotes', 'ID=x\nNAME="a \\"b\\" \\$c \\`d\\` \\\\e"', 'a "b" $c `d` \\e'],
    ['comments and empty lines', '# ID=no\n\nID=x\nNAME=y\n#NAME=z', 'y'],
    ['blanks around', '  ID = x\n\tNAME\t=  y  ', 'y'],
    ['the last assignment', 'ID=x\nNAME=a\nNAME=b', 'b'],
    ['no last line end', 'ID=x\nNAME=y', 'y'],
    ['CR LF', 'ID=x\r\nNAME="y"\r\n', 'y'],
    ['a quote that does not end', 'ID=x\nNAME="y', 'y'],
  ];
  for (const [what, text, name] of forms) {
    it(`is read with ${what}`, () => assert.deepEqual(readOsRelease(text), { id: 'x', name }));
  }

  it('without an ID tells nothing', () => {
    assert.equal(readOsRelease('NAME=Linux\nVERSION_ID=1'), undefined);
    assert.equal(readOsRelease('ID=\nNAME=x'), undefined);
    assert.equal(readOsRelease(''), undefined);
    assert.equal(readOsRelease('\u0000\u0001\u0002'), undefined);
  });
});

describe('telling the operating system of an image', () => {
  it('takes etc/os-release before all else', () => {
    assert.deepEqual(
      detect({ 'etc/os-release': bookworm, 'usr/lib/os-release': 'ID=other', 'etc/alpine-release': '3.20' }),
      {
        id: 'debian',
        version: '12',
        name: 'Debian GNU/Linux 12 (bookworm)',
        codename: 'bookworm',
        ecosystem: 'Debian:12',
      },
    );
  });

  it('reads usr/lib/os-release where the other is missing or says no ID', () => {
    const expected = { id: 'alpine', version: '3.20.3', ecosystem: 'Alpine:v3.20' };
    assert.deepEqual(detect({ 'usr/lib/os-release': 'ID=alpine\nVERSION_ID=3.20.3' }), expected);
    assert.deepEqual(
      detect({ 'etc/os-release': 'NAME=x', 'usr/lib/os-release': 'ID=alpine\nVERSION_ID=3.20.3' }),
      expected,
    );
  });

  it('finds it in the system root of Bottlerocket', () => {
    const path = 'x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release';
    assert.deepEqual(detect({ [path]: 'ID=bottlerocket\nVERSION_ID=1.20.0' }), {
      id: 'bottlerocket',
      version: '1.20.0',
      uncovered: 'OSV has no advisories for Bottlerocket',
    });
  });

  it('numbers Debian testing by its name', () => {
    const files = {
      'etc/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"',
      'etc/debian_version': 'forky/sid\n',
    };
    assert.deepEqual(detect(files), {
      id: 'debian',
      name: 'Debian GNU/Linux forky/sid',
      codename: 'forky',
      ecosystem: 'Debian:14',
    });
  });

  it('falls back on lsb-release, debian_version, release files of old and alpine-release', () => {
    const lsb =
      'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION="Ubuntu 22.04.5 LTS"';
    assert.deepEqual(detect({ 'etc/lsb-release': lsb }), {
      id: 'ubuntu',
      version: '22.04',
      name: 'Ubuntu 22.04.5 LTS',
      codename: 'jammy',
      ecosystem: 'Ubuntu:22.04:LTS',
    });
    assert.deepEqual(detect({ 'etc/debian_version': '11.9\n' }), {
      id: 'debian',
      version: '11.9',
      ecosystem: 'Debian:11',
    });
    assert.deepEqual(detect({ 'etc/debian_version': 'trixie/sid\n' }), {
      id: 'debian',
      codename: 'trixie',
      ecosystem: 'Debian:13',
    });
    assert.deepEqual(detect({ 'etc/redhat-release': 'CentOS release 6.10 (Final)\n' }), {
      id: 'centos',
      version: '6.10',
      name: 'CentOS release 6.10 (Final)',
      uncovered: 'OSV has no advisories for CentOS',
    });
    assert.deepEqual(
      detect({ 'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)' })?.id,
      'rhel',
    );
    assert.deepEqual(detect({ 'etc/system-release': 'Amazon Linux AMI release 2018.03' }), {
      id: 'amzn',
      version: '2018.03',
      name: 'Amazon Linux AMI release 2018.03',
      uncovered: 'OSV has no advisories for Amazon Linux',
    });
    assert.deepEqual(detect({ 'etc/alpine-release': '3.18.4\n' }), {
      id: 'alpine',
      version: '3.18.4',
      ecosystem: 'Alpine:v3.18',
    });
  });

  it('knows busybox by its binary, and says nothing of an empty image', () => {
    assert.deepEqual(detect({ 'bin/busybox': '' }), {
      id: 'busybox',
      uncovered: 'it has no package manager, so nothing tells what it is made of',
    });
    assert.equal(detect({ 'app/server': '' }), undefined);
  });

  it('never takes the advisories of a relative', () => {
    assert.deepEqual(detect({ 'etc/os-release': 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"' }), {
      id: 'linuxmint',
      version: '22',
      uncovered: 'OSV has no advisories for "linuxmint"',
    });
  });

  const old: [string, Files, string, string | undefined, string | undefined][] = [
    [
      'CentOS 6',
      {
        'etc/centos-release': 'CentOS release 6.10 (Final)\n',
        'etc/redhat-release': 'CentOS release 6.10 (Final)\n',
        'etc/system-release': 'CentOS release 6.10 (Final)\n',
        'etc/system-release-cpe': 'cpe:/o:centos:linux:6:GA\n',
      },
      'centos',
      '6.10',
      undefined,
    ],
    [
      'RHEL 6',
      {
        'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n',
        'etc/system-release-cpe': 'cpe:/o:redhat:enterprise_linux:6server:ga:server\n',
      },
      'rhel',
      '6.10',
      'Red Hat:enterprise_linux:6server:ga:server',
    ],
    [
      'Oracle 6',
      {
        'etc/oracle-release': 'Oracle Linux Server release 6.10\n',
        'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n',
      },
      'ol',
      '6.10',
      undefined,
    ],
    ['CentOS with its CPE alone', { 'etc/system-release-cpe': 'cpe:/o:centos:linux:6:GA' }, 'centos', '6', undefined],
    [
      'Amazon Linux with its CPE alone',
      { 'etc/system-release-cpe': 'cpe:/o:amazon:linux:2018.03:ga' },
      'amzn',
      '2018.03',
      undefined,
    ],
    [
      'Amazon Linux 2 with its newer CPE',
      { 'etc/system-release-cpe': 'cpe:2.3:o:amazon:amazon_linux:2' },
      'amzn',
      '2',
      undefined,
    ],
    [
      'RHEL with its CPE alone',
      { 'etc/system-release-cpe': 'cpe:/o:redhat:enterprise_linux:7.9:ga:server' },
      'rhel',
      '7.9',
      'Red Hat:enterprise_linux:7.9:ga:server',
    ],
  ];
  for (const [what, files, id, version, ecosystem] of old) {
    it(`knows ${what}, which has no os-release`, () => {
      const os = detect(files);
      assert.deepEqual([os?.id, os?.version, os?.ecosystem], [id, version, ecosystem]);
    });
  }

  it('does not take a release file that names nobody for one of Amazon', () => {
    assert.equal(detect({ 'etc/system-release': 'Generic release 30 (Generic)' }), undefined);
  });

  const silent: [string, string][] = [
    ['ID="amzn"\nVERSION_ID="2023"', 'OSV has no advisories for Amazon Linux'],
    ['ID="ol"\nVERSION_ID="9.4"', 'OSV has no advisories for Oracle Linux'],
    ['ID=fedora\nVERSION_ID=42', 'OSV has no advisories for Fedora'],
    ['ID=photon\nVERSION_ID=5.0', 'OSV has no advisories for Photon OS'],
    ['ID="centos"\nVERSION_ID="7"\nNAME="CentOS Linux"', 'OSV has no advisories for CentOS'],
    ['ID="centos"\nVERSION_ID="9"\nNAME="CentOS Stream"', 'OSV has no advisories for CentOS Stream'],
    ['ID=mariner\nVERSION_ID="1.0"', 'OSV has no advisories for CBL-Mariner 1'],
    ['ID=ubuntu', 'the image does not say which release it is'],
    ['ID=sles\nVERSION_ID="15.6"', 'the image does not say which release it is'],
    ['ID=nixos\nID_LIKE=debian', 'OSV has no advisories for "nixos"'],
  ];
  for (const [text, reason] of silent) {
    it(`says for ${text.replaceAll('\n', ' ')} why there is nothing to match`, () => {
      const os = detect({ 'etc/os-release': text });
      assert.equal(os?.ecosystem, undefined);
      assert.equal(os?.uncovered, reason);
    });
  }
});

describe('the repositories of an image of Red Hat', () => {
  const ubi = 'ID="rhel"\nVERSION_ID="9.4"\nCPE_NAME="cpe:/o:redhat:enterprise_linux:9::baseos"\n';

  it('are read from the manifests of all its images, and give the streams of their advisories', () => {
    const os = detect({
      'etc/os-release': ubi,
      'root/buildinfo/content_manifests/ubi9-container-9.4-947.json': JSON.stringify({
        metadata: { icm_version: 1 },
        content_sets: [
          'rhel-9-for-x86_64-baseos-rpms',
          'rhel-9-for-x86_64-appstream-rpms',
          'rhel-9-for-x86_64-baseos-eus-rpms',
          'rhel-9-for-x86_64-baseos-source-rpms',
        ],
        image_contents: [{ purl: 'pkg:golang/x@1' }],
      }),
      'root/buildinfo/content_manifests/app-container-1-2.json':
        '{"content_sets":["rhocp-4.16-for-rhel-9-x86_64-rpms","codeready-builder-for-rhel-9-x86_64-rpms"]}',
      'usr/share/buildinfo/content-sets.json': '{"content_sets":["rhel-9-for-x86_64-appstream-rpms"]}',
    });
    assert.deepEqual(os?.contentSets, [
      'codeready-builder-for-rhel-9-x86_64-rpms',
      'rhel-9-for-x86_64-appstream-rpms',
      'rhel-9-for-x86_64-baseos-eus-rpms',
      'rhel-9-for-x86_64-baseos-rpms',
      'rhel-9-for-x86_64-baseos-source-rpms',
      'rhocp-4.16-for-rhel-9-x86_64-rpms',
    ]);
    assert.deepEqual(os.streams, [
      'Red Hat:enterprise_linux:9::appstream',
      'Red Hat:enterprise_linux:9::baseos',
      'Red Hat:enterprise_linux:9::crb',
      'Red Hat:openshift:4.16::el9',
      'Red Hat:rhel_eus:9.4::baseos',
    ]);
  });

  it('are left out when the image does not say them, or not readably', () => {
    for (const text of ['{', '{"content_sets":7}', '[]', '']) {
      const os = detect({ 'etc/os-release': ubi, 'root/buildinfo/content_manifests/x.json': text });
      assert.deepEqual(os, {
        id: 'rhel',
        version: '9.4',
        ecosystem: 'Red Hat:enterprise_linux:9::baseos',
      });
    }
  });

  it('are all that is kept of a manifest', () => {
    const path = 'root/buildinfo/content_manifests/x.json';
    const rule = keepReleaseFiles(path);
    const text = `{"content_sets":["a"],"image_contents":["${'x'.repeat(100_000)}"]}`;
    const kept = Buffer.from(rule?.reduce?.(path, Buffer.from(text)) ?? []).toString();
    assert.equal(kept, '{"content_sets":["a"]}');
    assert.equal(keepReleaseFiles('root/buildinfo/Dockerfile-ubi9'), undefined);
  });
});

describe('an Alpine system with packages of another branch', () => {
  const os = { id: 'alpine', version: '3.20.3', ecosystem: 'Alpine:v3.20' };
  const cases: [string, string, string | undefined][] = [
    ['its own branch', 'https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n', undefined],
    ['edge beside', 'https://x/alpine/v3.20/main\n@edge https://x/alpine/edge/testing\n', 'edge'],
    ['two others', 'http://x/alpine/v3.19/main\nhttp://x/alpine/edge/main', 'edge, v3.19'],
    ['another one in a comment', '#https://x/alpine/edge/main\nhttps://x/alpine/v3.20/main', undefined],
    ['nothing', '', undefined],
  ];
  for (const [what, text, others] of cases) {
    it(`${others === undefined ? 'has nothing to say' : 'says so'} for ${what}`, () => {
      assert.deepEqual(
        foreignBranches(os, tree({ 'etc/apk/repositories': text })),
        others === undefined
          ? undefined
          : {
              path: 'etc/apk/repositories',
              reason: `it takes packages from ${others} as well: they are judged by the advisories of v3.20`,
            },
      );
    });
  }
});
