import assert from 'node:assert/strict';
import { detectOperatingSystem, readOsRelease, releaseFiles } from '../../../src/image/operating-system.ts';
import type { OperatingSystem } from '../../../src/image/types.ts';

function detect(files: Readonly<Record<string, string>>): OperatingSystem | undefined {
  return detectOperatingSystem(
    releaseFiles(
      (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
      (path) => files[path] !== undefined,
    ),
  );
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
    });
    assert.deepEqual(
      detect({ 'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)' })?.id,
      'rhel',
    );
    assert.deepEqual(detect({ 'etc/system-release': 'Amazon Linux AMI release 2018.03' }), {
      id: 'amzn',
      version: '2018.03',
      name: 'Amazon Linux AMI release 2018.03',
    });
    assert.deepEqual(detect({ 'etc/alpine-release': '3.18.4\n' }), {
      id: 'alpine',
      version: '3.18.4',
      ecosystem: 'Alpine:v3.18',
    });
  });

  it('knows busybox by its binary, and says nothing of an empty image', () => {
    assert.deepEqual(detect({ 'bin/busybox': '' }), { id: 'busybox' });
    assert.equal(detect({ 'app/server': '' }), undefined);
  });

  it('never takes the advisories of a relative', () => {
    assert.deepEqual(detect({ 'etc/os-release': 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"' }), {
      id: 'linuxmint',
      version: '22',
    });
  });
});
