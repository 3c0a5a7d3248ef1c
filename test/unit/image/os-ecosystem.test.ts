import assert from 'node:assert/strict';
import { osEcosystem, type OsRelease } from '../../../src/image/os-ecosystem.ts';

describe('the OSV ecosystem of an operating system', () => {
  const cases: [OsRelease, string | undefined][] = [
    [{ id: 'debian', versionId: '12', codename: 'bookworm' }, 'Debian:12'],
    [{ id: 'debian', versionId: '12.5' }, 'Debian:12'],
    [{ id: 'debian', codename: 'trixie' }, 'Debian:13'],
    [{ id: 'debian', codename: 'forky' }, 'Debian:14'],
    [{ id: 'debian', codename: 'duke' }, 'Debian:15'],
    [{ id: 'debian', codename: 'sid' }, 'Debian:sid'],
    [{ id: 'debian' }, 'Debian:sid'],
    [{ id: 'ubuntu', versionId: '24.04', version: '24.04.2 LTS (Noble Numbat)' }, 'Ubuntu:24.04:LTS'],
    [{ id: 'ubuntu', versionId: '22.04', version: '22.04.5 LTS (Jammy Jellyfish)' }, 'Ubuntu:22.04:LTS'],
    [{ id: 'ubuntu', versionId: '25.04', version: '25.04 (Plucky Puffin)' }, 'Ubuntu:25.04'],
    [{ id: 'ubuntu', versionId: '24.10', version: '24.10 (Oracular Oriole)' }, 'Ubuntu:24.10'],
    [{ id: 'ubuntu', versionId: '24.04' }, 'Ubuntu:24.04:LTS'],
    [{ id: 'ubuntu', versionId: '23.04' }, 'Ubuntu:23.04'],
    [{ id: 'ubuntu' }, undefined],
    [{ id: 'alpine', versionId: '3.20.3' }, 'Alpine:v3.20'],
    [{ id: 'alpine', versionId: '3.9.0' }, 'Alpine:v3.9'],
    [{ id: 'alpine', versionId: '3.23_alpha20250612', prettyName: 'Alpine Linux edge' }, 'Alpine:edge'],
    [{ id: 'wolfi', versionId: '20230201' }, 'Wolfi'],
    [{ id: 'wolfi' }, 'Wolfi'],
    [{ id: 'chainguard', versionId: '20230214' }, 'Chainguard'],
    [{ id: 'minimos', versionId: '20241031' }, 'MinimOS'],
    [{ id: 'azurelinux', versionId: '3.0' }, 'Azure Linux:3'],
    [{ id: 'mariner', versionId: '2.0' }, 'Azure Linux:2'],
    [{ id: 'mariner', versionId: '1.0' }, undefined],
    [
      { id: 'rhel', versionId: '9.4', cpeName: 'cpe:/o:redhat:enterprise_linux:9::baseos' },
      'Red Hat:enterprise_linux:9::baseos',
    ],
    [
      { id: 'rhel', versionId: '7.9', cpeName: 'cpe:/o:redhat:enterprise_linux:7.9:GA:server' },
      'Red Hat:enterprise_linux:7.9:GA:server',
    ],
    [{ id: 'rhel', versionId: '9.4' }, 'Red Hat:enterprise_linux:9::baseos'],
    [{ id: 'rocky', versionId: '9.3' }, 'Rocky Linux:9'],
    [{ id: 'almalinux', versionId: '9.4' }, 'AlmaLinux:9'],
    [
      { id: 'sles', versionId: '15.6', version: '15-SP6', prettyName: 'SUSE Linux Enterprise Server 15 SP6' },
      'SUSE:Linux Enterprise Server 15 SP6',
    ],
    [
      { id: 'sle-micro', versionId: '5.5', prettyName: 'SUSE Linux Enterprise Micro 5.5' },
      'SUSE:Linux Enterprise Micro 5.5',
    ],
    [
      { id: 'sle-micro-rancher', versionId: '5.4', prettyName: 'SUSE Linux Enterprise Micro for Rancher 5.4' },
      'SUSE:Linux Enterprise Micro 5.4',
    ],
    [{ id: 'sl-micro', versionId: '6.0', prettyName: 'SUSE Linux Micro 6.0' }, 'SUSE:Linux Micro 6.0'],
    [{ id: 'opensuse-leap', versionId: '15.6' }, 'openSUSE:Leap 15.6'],
    [{ id: 'opensuse-leap', versionId: '15.2.1' }, 'openSUSE:Leap 15.2'],
    [{ id: 'opensuse', versionId: '42.3' }, 'openSUSE:Leap 42.3'],
    [{ id: 'opensuse-tumbleweed', versionId: '20260101' }, 'openSUSE:Tumbleweed'],
    [{ id: 'mageia', versionId: '9' }, 'Mageia:9'],
    [{ id: 'openEuler', versionId: '24.03', version: '24.03 (LTS-SP1)' }, 'openEuler:24.03-LTS-SP1'],
    [{ id: 'openEuler', versionId: '23.09', version: '23.09' }, 'openEuler:23.09'],
    [{ id: 'alpaquita', versionId: '23' }, 'Alpaquita:23'],
    [{ id: 'bellsoft-hardened-containers', versionId: 'stream' }, 'BellSoft Hardened Containers:stream'],
    [{ id: 'photon', versionId: '5.0' }, undefined],
    [{ id: 'amzn', versionId: '2023' }, undefined],
    [{ id: 'ol', versionId: '8.10' }, undefined],
    [{ id: 'fedora', versionId: '42' }, undefined],
    [{ id: 'centos', versionId: '8' }, undefined],
    [{ id: 'arch' }, undefined],
    [{ id: 'linuxmint', versionId: '22' }, undefined],
    [{ id: 'Debian', versionId: '12' }, undefined],
  ];
  for (const [release, expected] of cases) {
    it(`${expected ?? 'is none'} for ${JSON.stringify(release)}`, () => assert.equal(osEcosystem(release), expected));
  }
});
