import assert from 'node:assert/strict';
import { apkInstalled } from '../../../../src/image/cataloguers/apk.ts';
import { fixture, run } from './support.ts';

const path = 'lib/apk/db/installed';
const names = async (text: string): Promise<string[]> =>
  (await run(apkInstalled, path, text)).packages.map(({ name, version }) => `${name} ${version}`);

describe('the database of apk', () => {
  it('gives the packages with their origins, and no virtual ones', async () => {
    const { packages, problems } = await run(apkInstalled, path, fixture('alpine-3.20-installed'));
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      {
        type: 'apk',
        name: 'alpine-baselayout',
        version: '3.6.5-r0',
        architecture: 'x86_64',
        source: { name: 'alpine-baselayout', version: '3.6.5-r0' },
        path,
      },
      {
        type: 'apk',
        name: 'musl',
        version: '1.2.5-r0',
        architecture: 'x86_64',
        source: { name: 'musl', version: '1.2.5-r0' },
        path,
      },
      {
        type: 'apk',
        name: 'musl-utils',
        version: '1.2.5-r0',
        architecture: 'x86_64',
        source: { name: 'musl', version: '1.2.5-r0' },
        path,
      },
      {
        type: 'apk',
        name: 'nodejs',
        version: '20.15.1-r0',
        architecture: 'x86_64',
        source: { name: 'nodejs', version: '20.15.1-r0' },
        path,
      },
    ]);
  });

  it('wants all three places', () => {
    const places = [
      'lib/apk/db/installed',
      'usr/lib/apk/db/installed',
      'var/lib/apk/db/installed',
      'lib/apk/db/triggers',
      'x/lib/apk/db/installed',
    ];
    assert.deepEqual(
      places.filter((place) => apkInstalled.wants(place)),
      places.slice(0, 3),
    );
  });

  it('tells letters by their case', async () => {
    assert.deepEqual(await names('P:a\nV:1-r0\np:so:b=2\nv:9\n\n'), ['a 1-r0']);
  });

  it('gives no source without an origin', async () => {
    assert.deepEqual((await run(apkInstalled, path, 'P:a\nV:1-r0\n')).packages, [
      { type: 'apk', name: 'a', version: '1-r0', path },
    ]);
  });

  const forms: [string, string][] = [
    ['no empty line at the end', 'P:a\nV:1-r0\n\nP:b\nV:2-r0'],
    ['lines that end with CR LF', 'P:a\r\nV:1-r0\r\n\r\nP:b\r\nV:2-r0\r\n'],
    ['a broken head', 'garbage without meaning\n\u0000\nx\n\nP:a\nV:1-r0\n\nP:b\nV:2-r0\n\n'],
    ['a broken head right before the first record', '<<<<<<< HEAD\nP:a\nV:1-r0\n\nP:b\nV:2-r0\n\n'],
    ['a line of four megabytes', `P:a\nV:1-r0\np:${'x'.repeat(4_000_000)}\n\nP:b\nV:2-r0\n\n`],
    ['files and checksums in thousands', `P:a\nV:1-r0\nF:lib\n${'R:x\nZ:Q1abc=\n'.repeat(30_000)}\nP:b\nV:2-r0\n\n`],
  ];
  for (const [what, text] of forms) {
    it(`reads a file with ${what}`, async () => {
      assert.deepEqual(await names(text), ['a 1-r0', 'b 2-r0']);
    });
  }

  it('names the line of a record without a version and goes on', async () => {
    const { packages, problems } = await run(apkInstalled, path, '\nC:Q1\nP:a\n\nP:b\nV:2-r0\n\n');
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['b'],
    );
    assert.deepEqual(problems, [{ path, line: 2, reason: 'package "a": it has no version' }]);
  });

  it('finds nothing in an empty file', async () => {
    assert.deepEqual(await run(apkInstalled, path, ''), { packages: [], problems: [] });
  });

  it('loses only the record that a file ends in', async () => {
    const text = fixture('alpine-3.20-installed');
    assert.deepEqual(await names(text.slice(0, text.indexOf('P:musl-utils') + 8)), [
      'alpine-baselayout 3.6.5-r0',
      'musl 1.2.5-r0',
    ]);
  });
});
