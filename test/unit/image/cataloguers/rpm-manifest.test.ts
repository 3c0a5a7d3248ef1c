import assert from 'node:assert/strict';
import { rpmManifest } from '../../../../src/image/cataloguers/rpm-manifest.ts';
import { run } from './support.ts';

const path = 'var/lib/rpmmanifest/container-manifest-2';

/** Lines in the form of an image of Azure Linux 3 without a package manager; written by hand. */
const text = [
  'filesystem\t1.1-21.azl3\t1717000000\t1716000000\tMicrosoft Corporation\t(none)\t7563\tx86_64\t0\tfilesystem-1.1-21.azl3.src.rpm',
  'openssl-libs\t3.3.0-1.azl3\t1717000000\t1716000000\tMicrosoft Corporation\t(none)\t7563\tx86_64\t0\topenssl-3.3.0-1.azl3.src.rpm',
  'bind-libs\t9.20.0-1.azl3\t1717000000\t1716000000\tMicrosoft Corporation\t32\t100\tx86_64\t32\tbind-9.20.0-1.azl3.src.rpm',
  'gpg-pubkey\t3135ce90-5e6fda74\t1717000000\t1716000000\t(none)\t(none)\t0\t(none)\t0\t(none)',
  'homemade\t1-1\t1\t1\t(none)\t(none)\t1\tnoarch\t(none)\t(none)',
  '',
].join('\n');

describe('the package list of an Azure Linux image without a package manager', () => {
  it('gives the packages with epochs and sources', async () => {
    const { packages, problems } = await run(rpmManifest, path, text);
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      {
        type: 'rpm',
        name: 'filesystem',
        version: '1.1-21.azl3',
        architecture: 'x86_64',
        source: { name: 'filesystem', version: '1.1-21.azl3' },
        path,
      },
      {
        type: 'rpm',
        name: 'openssl-libs',
        version: '3.3.0-1.azl3',
        architecture: 'x86_64',
        source: { name: 'openssl', version: '3.3.0-1.azl3' },
        path,
      },
      {
        type: 'rpm',
        name: 'bind-libs',
        version: '32:9.20.0-1.azl3',
        architecture: 'x86_64',
        source: { name: 'bind', version: '32:9.20.0-1.azl3' },
        path,
      },
      { type: 'rpm', name: 'homemade', version: '1-1', architecture: 'noarch', path },
    ]);
  });

  it('passes over lines of another form, and says which', async () => {
    const bad = `a\t1-1\tb\n${text.split('\n')[0] ?? ''}\tmore\n\t1-1${'\t1'.repeat(8)}\nx\tnodash${'\t1'.repeat(8)}\n${text}`;
    const { packages, problems } = await run(rpmManifest, path, bad);
    assert.equal(packages.length, 4);
    assert.deepEqual(
      problems.map(({ line, reason }) => [line, reason]),
      [
        [1, 'it has 3 columns, or no name or version: passed over'],
        [2, 'it has 11 columns, or no name or version: passed over'],
        [3, 'it has 10 columns, or no name or version: passed over'],
        [4, 'it has 10 columns, or no name or version: passed over'],
      ],
    );
  });

  it('is read with CR LF and without a last line end, and not from the list for people', async () => {
    assert.equal((await run(rpmManifest, path, text.replaceAll('\n', '\r\n').trimEnd())).packages.length, 4);
    assert.ok(rpmManifest.wants(path));
    assert.ok(!rpmManifest.wants('var/lib/rpmmanifest/container-manifest-1'));
  });
});
