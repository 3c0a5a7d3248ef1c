import assert from 'node:assert/strict';
import { ubuntuSource } from '../../../../src/image/cataloguers/ubuntu-source.ts';

describe('the source of a binary package of Ubuntu', () => {
  const cases: [string, string, string | undefined][] = [
    ['libc6', '2.39-0ubuntu8', 'glibc'],
    ['libssl3', '3.0.2-0ubuntu1', 'openssl'],
    ['libssl3t64', '3.0.13-0ubuntu3', 'openssl'],
    ['zlib1g', '1:1.3.dfsg-3.1ubuntu2', 'zlib'],
    ['libgcc-s1', '12.3.0-1ubuntu1~22.04', 'gcc-12'],
    ['libstdc++6', '14.2.0-4ubuntu2~24.04', 'gcc-14'],
    ['gcc-14-base', '14.2.0-4ubuntu2~24.04', 'gcc-14'],
    ['libicu70', '70.1-2', 'icu'],
    ['libicu74', '74.2-1ubuntu3', 'icu'],
    ['libpython3.12-stdlib', '3.12.3-1', 'python3.12'],
    ['python3.12-minimal', '3.12.3-1', 'python3.12'],
    ['python3-minimal', '3.12.3-0ubuntu2', 'python3-defaults'],
    ['openjdk-21-jre-headless', '21.0.5+11-1ubuntu1~24.04', 'openjdk-21'],
    ['dotnet-runtime-8.0', '8.0.10-0ubuntu1~24.04.1', 'dotnet8'],
    ['aspnetcore-runtime-9.0', '9.0.0-rtm-0ubuntu1', 'dotnet9'],
    ['perl-base', '5.38.2-3.2build2', 'perl'],
    ['login', '1:4.13+dfsg1-4ubuntu3', 'shadow'],
    ['tzdata-legacy', '2024b-0ubuntu0.24.04', 'tzdata'],
    ['bash', '5.2.21-2ubuntu4', undefined],
    ['libgcc-s1', 'strange', undefined],
  ];
  for (const [binary, version, source] of cases) {
    it(`of ${binary} ${version} is ${source ?? 'not in the table'}`, () => {
      assert.deepEqual(ubuntuSource(binary, version), source === undefined ? undefined : { name: source, version });
    });
  }

  it('has the version of the source where the binary has one of its own', () => {
    assert.deepEqual(ubuntuSource('bsdutils', '1:2.39.3-9ubuntu6.2'), {
      name: 'util-linux',
      version: '2.39.3-9ubuntu6.2',
    });
    assert.deepEqual(ubuntuSource('login', '1:4.16.0-2+really2.41-4ubuntu4'), {
      name: 'util-linux',
      version: '2.41-4ubuntu4',
    });
  });
});
