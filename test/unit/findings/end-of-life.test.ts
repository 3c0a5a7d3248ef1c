import assert from 'node:assert/strict';
import { endOfLife } from '../../../src/findings/end-of-life.ts';

const on = (today: string, id: string, version?: string) =>
  endOfLife({ id, ...(version === undefined ? {} : { version }) }, today)?.since;

describe('the end of support of an operating system', () => {
  it('is the day after the last one with fixes', () => {
    // Debian 10 had long-term support until 30 June 2024.
    assert.equal(on('2024-06-29', 'debian', '10'), undefined);
    assert.equal(on('2024-06-30', 'debian', '10'), undefined);
    assert.equal(on('2024-07-01', 'debian', '10'), '2024-06-30');
  });

  it('goes by the release, whatever point release is installed', () => {
    assert.equal(on('2026-11-20', 'debian', '10.13'), '2024-06-30');
    assert.equal(on('2026-11-20', 'alpine', '3.18.12'), '2025-05-09');
    assert.equal(on('2026-11-20', 'ubuntu', '18.04'), '2023-05-31');
  });

  it('does not take one release for another whose number begins alike', () => {
    assert.equal(on('2026-11-20', 'debian', '1'), undefined);
    assert.equal(on('2026-11-20', 'debian', '13.2'), undefined);
    assert.equal(on('2026-11-20', 'alpine', '3.230.0'), undefined);
    assert.equal(on('2026-11-20', 'alpine', '31'), undefined);
  });

  /** Dates of the vendors' own pages. */
  const ended: [string, string, string][] = [
    ['debian', '11', '2026-08-31'],
    ['ubuntu', '20.04', '2025-05-31'],
    ['ubuntu', '25.10', '2026-07-31'],
    ['alpine', '3.19.7', '2025-11-01'],
    ['alpine', '3.21.4', '2026-11-01'],
    ['mariner', '1.0', '2023-08-31'],
    ['mariner', '2.0', '2025-07-31'],
    ['rhel', '7.9', '2024-06-30'],
    ['centos', '6.10', '2020-11-30'],
    ['centos', '7', '2024-06-30'],
    ['centos', '8', '2021-12-31'],
    ['ol', '7.9', '2024-12-31'],
    ['fedora', '41', '2025-12-15'],
    ['amzn', '2018.03', '2023-12-31'],
    ['amzn', '2', '2026-06-30'],
    ['photon', '3.0', '2024-03-01'],
    ['sles', '12.5', '2024-10-31'],
    ['sles', '15', '2019-12-31'],
    ['sles', '15.6', '2025-12-31'],
    ['sle-micro', '5.2', '2026-04-30'],
    ['opensuse-leap', '15.2.1', '2022-01-04'],
    ['opensuse-leap', '15.6', '2026-04-30'],
    ['opensuse', '42.3', '2019-07-01'],
    ['mageia', '8', '2023-11-30'],
  ];
  for (const [id, version, since] of ended) {
    it(`of ${id} ${version} was ${since}`, () => assert.equal(on('2026-11-20', id, version), since));
  }

  const maintained: [string, string][] = [
    ['debian', '12.9'],
    ['ubuntu', '22.04'],
    ['alpine', '3.22.1'],
    ['azurelinux', '3.0'],
    ['rhel', '8.10'],
    ['rocky', '9.5'],
    ['almalinux', '10.0'],
    ['ol', '9.4'],
    ['fedora', '43'],
    ['amzn', '2023'],
    ['sles', '15.7'],
    ['sles', '15.8'],
    ['photon', '5.0'],
    ['wolfi', '20230201'],
  ];
  for (const [id, version] of maintained) {
    it(`of ${id} ${version} has not come, or is not known`, () =>
      assert.equal(on('2026-11-20', id, version), undefined));
  }

  it('tells CentOS Stream from CentOS Linux by its name', () => {
    const since = (name: string, version: string) => endOfLife({ id: 'centos', version, name }, '2026-11-20')?.since;
    assert.equal(since('CentOS Stream 8', '8'), '2024-05-31');
    assert.equal(since('CentOS Linux 8', '8'), '2021-12-31');
    assert.equal(since('CentOS Stream 9', '9'), undefined);
  });

  it('goes by the service pack where that is a release of its own', () => {
    const since = (ecosystem: string) =>
      endOfLife({ id: 'openEuler', version: '24.03', ecosystem }, '2026-11-20')?.since;
    assert.equal(since('openEuler:24.03-LTS'), '2026-05-31');
    assert.equal(since('openEuler:24.03-LTS-SP3'), undefined);
    assert.equal(since('openEuler:constructor'), undefined);
  });

  it('names a release to go to', () => {
    const found = endOfLife({ id: 'debian', version: '9' }, '2026-11-20');
    assert.match(found?.supported ?? '', /^Debian 1\d$/);
  });

  it('is not known of systems and releases that nobody wrote down', () => {
    assert.equal(endOfLife(undefined, '2026-11-20'), undefined);
    assert.equal(on('2026-11-20', 'debian'), undefined);
    assert.equal(on('2026-11-20', 'debian', 'trixie/sid'), undefined);
    assert.equal(on('2026-11-20', 'harbour-os', '1'), undefined);
  });

  it('cannot be asked for names of the language instead of systems', () => {
    for (const id of ['constructor', '__proto__', 'toString']) {
      assert.equal(on('2026-11-20', id, '1'), undefined, id);
      assert.equal(on('2026-11-20', 'debian', id), undefined, id);
    }
  });
});
