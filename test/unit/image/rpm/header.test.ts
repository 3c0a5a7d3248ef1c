import assert from 'node:assert/strict';
import { readHeader, type RpmRecord } from '../../../../src/image/rpm/header.ts';
import { rpmHeader, type RpmInput } from '../../../support/rpm-database.ts';

const tool: RpmInput = { name: 'tool', version: '1.0', release: '2.el9' };

function read(input: RpmInput): RpmRecord {
  const found = readHeader(rpmHeader(input), () => true);
  if (typeof found !== 'object') assert.fail(found ?? 'no record');
  return found;
}

describe('the header of an rpm', () => {
  it('gives all that matching needs', () => {
    const found = read({
      name: 'nodejs',
      version: '20.11.1',
      release: '1.module+el9',
      epoch: 1,
      arch: 'x86_64',
      vendor: 'Red Hat, Inc.',
      sourceRpm: 'nodejs-20.11.1-1.module+el9.src.rpm',
      modularity: 'nodejs:20:9040:rhel9',
      files: ['/usr/bin/node', '/usr/lib/node_modules/npm/package.json'],
    });
    assert.deepEqual(found, {
      name: 'nodejs',
      version: '1:20.11.1-1.module+el9',
      architecture: 'x86_64',
      source: { name: 'nodejs', version: '1:20.11.1-1.module+el9' },
      modularity: 'nodejs:20:9040:rhel9',
      ofDistribution: true,
      files: ['usr/bin/node', 'usr/lib/node_modules/npm/package.json'],
    });
  });

  const epochs: [string, RpmInput, string][] = [
    ['no epoch', tool, '1.0-2.el9'],
    ['epoch 0', { ...tool, epoch: 0 }, '1.0-2.el9'],
    ['an epoch', { ...tool, epoch: 7 }, '7:1.0-2.el9'],
  ];
  for (const [what, input, version] of epochs) {
    it(`spells a version with ${what} as ${version}`, () => assert.equal(read(input).version, version));
  }

  const sources: [string, RpmInput, { name: string; version: string } | undefined][] = [
    [
      'the epoch of the package, when version and release are the same',
      { ...tool, epoch: 4, sourceRpm: 'base-1.0-2.el9.src.rpm' },
      { name: 'base', version: '4:1.0-2.el9' },
    ],
    [
      'no epoch, when the package has a version of its own',
      { ...tool, epoch: 4, sourceRpm: 'perl-5.26.3-2.el9.src.rpm' },
      { name: 'perl', version: '5.26.3-2.el9' },
    ],
    ['a name with dashes', { ...tool, sourceRpm: 'a-b-c-1-2.src.rpm' }, { name: 'a-b-c', version: '1-2' }],
    ['an incomplete source', { ...tool, sourceRpm: 'a-1-2.nosrc.rpm' }, { name: 'a', version: '1-2' }],
    ['nothing, when there is none', { ...tool, sourceRpm: '(none)' }, undefined],
    ['nothing, when it is no file name', { ...tool, sourceRpm: 'tool.src.rpm' }, undefined],
  ];
  for (const [what, input, source] of sources) {
    it(`takes for the source ${what}`, () => assert.deepEqual(read(input).source, source));
  }

  const vendors: [string | undefined, string, 'own' | 'foreign' | 'unknown'][] = [
    ['Red Hat, Inc.', '1.el9', 'own'],
    ['Rocky Enterprise Software Foundation', '1.el9', 'own'],
    ['AlmaLinux', '1.el9', 'own'],
    ['Oracle America', '1.el8', 'own'],
    ['Oracle and/or its affiliates', '1.el8', 'foreign'],
    ['Amazon Linux', '1.amzn2023.0.1', 'own'],
    ['Amazon.com', '1', 'foreign'],
    [undefined, '1.amzn2', 'own'],
    ['SUSE LLC <https://www.suse.com/>', '150400.1', 'own'],
    ['openSUSE', 'lp156.1', 'own'],
    ['VMware, Inc.', '3.ph5', 'own'],
    ['Fedora Project', '1.fc42', 'own'],
    ['Microsoft Corporation', '4.azl3', 'own'],
    ['Microsoft Corporation', '2.cm2', 'own'],
    ['Microsoft Corporation', '1', 'foreign'],
    ['Docker', '1.el9', 'foreign'],
    ['(none)', '1', 'unknown'],
    [undefined, '1', 'unknown'],
  ];
  for (const [vendor, release, expected] of vendors) {
    it(`takes ${release} of ${vendor ?? 'nobody'} as ${expected}`, () => {
      const found = read({ ...tool, release, ...(vendor === undefined ? {} : { vendor }) });
      const said = found.ofDistribution === true ? 'own' : found.thirdParty === true ? 'foreign' : 'unknown';
      assert.equal(said, expected);
    });
  }

  it('takes the last of a tag that comes twice', () => {
    assert.equal(read({ ...tool, tags: [[1001, '3.0']] }).version, '3.0-2.el9');
  });

  it('is read without a region, as rpm 3 wrote it, with full names of files', () => {
    const found = read({ ...tool, withoutRegion: true, tags: [[1027, ['/bin/a', '/bin/b']]] });
    assert.deepEqual([found.version, found.files], ['1.0-2.el9', ['bin/a', 'bin/b']]);
  });

  it('takes the first of translated texts', () => {
    const blob = rpmHeader({ ...tool, tags: [[1011, ['Docker', 'Red Hat, Inc.']]] });
    const at = blob.indexOf(Buffer.from([0, 0, 0x03, 0xf3])); // tag 1011
    blob.writeUInt32BE(9, at + 4);
    const found = readHeader(blob, () => true);
    assert.ok(typeof found === 'object');
    assert.equal(found.thirdParty, true);
  });

  it('lists the files of interest alone', () => {
    const blob = rpmHeader({ ...tool, files: ['/a/x', '/b/y', '/b/x', '/x'] });
    const found = readHeader(blob, (path) => path.endsWith('x'));
    assert.ok(typeof found === 'object');
    assert.deepEqual(found.files, ['a/x', 'b/x', 'x']);
  });

  it('is passed over when it is a key', () => {
    assert.equal(
      readHeader(rpmHeader({ name: 'gpg-pubkey', version: '1', release: '2' }), () => true),
      undefined,
    );
  });

  const damaged: [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'its header has less than 8 bytes'],
    ['no entries', Buffer.alloc(100), 'its header claims 0 entries'],
    ['too many entries', Buffer.from('0001000100000000', 'hex'), 'its header claims 65537 entries'],
    ['entries beyond the end', Buffer.from('0000000200000000', 'hex'), 'its header claims more data than there are'],
    [
      'data beyond the end',
      Buffer.concat([Buffer.from('00000001ffffffff', 'hex'), Buffer.alloc(16)]),
      'its header claims more data than there are',
    ],
    ['no name', rpmHeader({ version: '1' }), 'its header has no name'],
    ['no version', rpmHeader({ name: 'x', release: '1' }), 'package "x": it has no version or no release'],
    ['a name that does not end', rpmHeader({ tags: [[1000, 'x'.repeat(5000)]] }), 'its header has no name'],
  ];
  for (const [what, blob, reason] of damaged) {
    it(`says what is wrong with ${what}`, () =>
      assert.equal(
        readHeader(blob, () => true),
        reason,
      ));
  }

  it('claims no more files than could be', () => {
    const blob = rpmHeader({ ...tool, files: ['/a/x'] });
    blob.writeUInt32BE(0xffff_ffff, blob.indexOf(Buffer.from([0, 0, 0x04, 0x5d])) + 12); // tag 1117
    assert.equal(
      readHeader(blob, () => true),
      'package "tool": it claims 4294967295 files',
    );
  });

  it('never throws, wherever it ends', () => {
    const blob = rpmHeader({ ...tool, epoch: 1, vendor: 'x', files: ['/a/x'] });
    for (let length = 0; length < blob.length; length++) {
      assert.equal(typeof readHeader(blob.subarray(0, length), () => true), 'string');
    }
  });
});
