import assert from 'node:assert/strict';
import { packageUrl } from '../../../src/image/purl.ts';
import type { OperatingSystem, Package } from '../../../src/image/types.ts';

const debian: OperatingSystem = { id: 'debian', version: '12' };

describe('the package URL', () => {
  const cases: [Package, OperatingSystem | undefined, string | undefined][] = [
    [
      { type: 'deb', name: 'libc6', version: '2.36-9+deb12u14', architecture: 'amd64' },
      debian,
      'pkg:deb/debian/libc6@2.36-9+deb12u14?arch=amd64&distro=debian-12',
    ],
    [
      { type: 'deb', name: 'bsdutils', version: '1:2.38.1-5' },
      debian,
      'pkg:deb/debian/bsdutils@1:2.38.1-5?distro=debian-12',
    ],
    [{ type: 'deb', name: 'libc6', version: '1' }, undefined, undefined],
    [
      { type: 'apk', name: 'musl', version: '1.2.5-r0', architecture: 'x86_64' },
      { id: 'alpine', version: '3.20.3' },
      'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3',
    ],
    [{ type: 'apk', name: 'musl', version: '1.2.5-r0' }, { id: 'wolfi' }, 'pkg:apk/wolfi/musl@1.2.5-r0?distro=wolfi'],
    [
      { type: 'rpm', name: 'openssl-libs', version: '1:3.0.7-27.el9', architecture: 'x86_64' },
      { id: 'rhel', version: '9.4' },
      'pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1',
    ],
    [{ type: 'npm', name: 'left-pad', version: '1.3.0' }, undefined, 'pkg:npm/left-pad@1.3.0'],
    [{ type: 'npm', name: '@scope/left', version: '1.0.0-rc.1' }, debian, 'pkg:npm/%40scope/left@1.0.0-rc.1'],
    [{ type: 'pypi', name: 'Zope.Interface_X', version: '5.5.post1' }, debian, 'pkg:pypi/zope.interface-x@5.5.post1'],
    [
      { type: 'composer', name: 'Symfony/Console', version: 'v6.4.1' },
      undefined,
      'pkg:composer/symfony/console@v6.4.1',
    ],
    [{ type: 'gem', name: 'rails_admin', version: '3.1.2' }, undefined, 'pkg:gem/rails_admin@3.1.2'],
    [{ type: 'maven', name: 'org.example:lib', version: '1' }, undefined, 'pkg:maven/org.example/lib@1'],
    [
      { type: 'golang', name: 'github.com/a/b/v2', version: 'v2.1.0' },
      undefined,
      'pkg:golang/github.com/a/b/v2@v2.1.0',
    ],
  ];
  for (const [found, os, expected] of cases) {
    it(`of ${found.type} ${found.name} is ${expected ?? 'not known'}`, () =>
      assert.equal(packageUrl(found, os), expected));
  }
});
