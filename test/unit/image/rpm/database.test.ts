import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readDatabase, reduceDatabase, type RpmList } from '../../../../src/image/rpm/database.ts';
import { hashDatabase, ndbDatabase, rpmHeader, sqliteDatabase } from '../../../support/rpm-database.ts';

const all = (): boolean => true;
const none = (): boolean => false;

/** A database as it was made by rpm, or by Berkeley DB's own loader. */
function real(name: string): Buffer {
  return gunzipSync(readFileSync(path.resolve(import.meta.dirname, `../../../fixtures/image/rpm/${name}.gz`)));
}

/** `name version`, sorted. */
function versions({ records }: RpmList): string[] {
  return records.map(({ name, version }) => `${name} ${version}`).sort();
}

/** Packages named `name version-release`, with some files, so that they do not fit on a page. */
function headers(...names: readonly string[]): Buffer[] {
  return names.map((one) => {
    const [, name = '', version = '', release = ''] = /^(\S+) (\S+)-(\S+)$/.exec(one) ?? [];
    const files = Array.from({ length: 150 }, (_, i) => `/usr/share/${name}/file-number-${i}-of-${name}.txt`);
    return rpmHeader({ name, version, release, arch: 'x86_64', vendor: 'Red Hat, Inc.', files });
  });
}

const many = Array.from({ length: 40 }, (_, i) => `package-${i} ${i}.0-${i}.el9`);

/** What rpm says of the real ones: `rpm -qa --qf '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}'`. */
const installed = [
  'bash 5.2.26-4.el9',
  'docker-ce 3:27.3.1-1.el9',
  'homemade 0.1-1',
  'nodejs 1:20.11.1-1.module+el9.4.0+21456+a8ad4ea1',
  'openssl 1:3.0.7-27.el9',
  'openssl-libs 1:3.0.7-27.el9',
  'perl 4:5.26.3-422.el8',
  'perl-Errno 1.28-422.el8',
  'python3-six 1.15.0-9.el9',
];

describe('a database of rpm', () => {
  for (const name of ['rpmdb.sqlite', 'Packages-little-endian', 'Packages-big-endian']) {
    it(`lists what rpm lists: ${name}`, () => {
      const list = readDatabase(real(name), undefined, all);
      assert.deepEqual(list.problems, []);
      assert.deepEqual(versions(list), installed);
      const records = new Map(list.records.map((record) => [record.name, record]));
      assert.deepEqual(records.get('nodejs'), {
        name: 'nodejs',
        version: '1:20.11.1-1.module+el9.4.0+21456+a8ad4ea1',
        architecture: 'noarch',
        source: { name: 'nodejs', version: '1:20.11.1-1.module+el9.4.0+21456+a8ad4ea1' },
        modularity: 'nodejs:20:9040020240301110609:rhel9',
        ofDistribution: true,
        files: ['usr/lib/node_modules/npm/node_modules/abbrev/package.json', 'usr/lib/node_modules/npm/package.json'],
      });
      assert.deepEqual(records.get('perl-Errno')?.source, { name: 'perl', version: '5.26.3-422.el8' });
      assert.deepEqual(records.get('openssl-libs')?.source, { name: 'openssl', version: '1:3.0.7-27.el9' });
      assert.equal(records.get('docker-ce')?.thirdParty, true);
      assert.equal(records.get('homemade')?.thirdParty, undefined);
      assert.equal(records.get('homemade')?.ofDistribution, undefined);
    });
  }

  const forms: [string, Buffer][] = [
    ['Berkeley DB', hashDatabase(headers(...many))],
    ['Berkeley DB of a big-endian machine', hashDatabase(headers(...many), { bigEndian: true })],
    ['Berkeley DB with unsorted pages', hashDatabase(headers(...many), { unsorted: true })],
    ['Berkeley DB with pages of 512 bytes', hashDatabase(headers(...many), { pageSize: 512 })],
    ['Berkeley DB with packages on their pages', hashDatabase(headers(...many), { pageSize: 65_536 })],
    ['ndb', ndbDatabase(headers(...many))],
    ['SQLite', sqliteDatabase(headers(...many)).database],
    ['SQLite with pages of 512 bytes', sqliteDatabase(headers(...many), { pageSize: 512 }).database],
    ['SQLite with pages of 65536 bytes', sqliteDatabase(headers(...many), { pageSize: 65_536 }).database],
  ];
  for (const [what, bytes] of forms) {
    it(`is read from ${what}, and the same from what is kept of it`, async () => {
      const list = readDatabase(bytes, undefined, all);
      assert.deepEqual(list.problems, []);
      assert.deepEqual(versions(list), [...many].sort());
      assert.equal(list.records[0]?.files?.length, 150);
      const kept = await reduceDatabase(bytes, (file) => file.endsWith('file-number-7-of-package-3.txt'));
      assert.ok(kept.length < bytes.length / 10, `${kept.length} of ${bytes.length} bytes`);
      const again = readDatabase(kept, undefined, none);
      assert.deepEqual(versions(again), [...many].sort());
      assert.deepEqual(
        again.records.flatMap(({ files = [] }) => files),
        ['usr/share/package-3/file-number-7-of-package-3.txt'],
      );
    });
  }

  it('of more than one page of slots is read from ndb', () => {
    const names = Array.from({ length: 600 }, (_, i) => `p${i} 1-1`);
    const list = readDatabase(
      ndbDatabase(names.map((name) => rpmHeader({ name, version: '1', release: '1' }))),
      undefined,
      none,
    );
    assert.equal(list.records.length, 600);
  });

  it('without packages is an empty list', () => {
    for (const bytes of [hashDatabase([]), ndbDatabase([]), sqliteDatabase([]).database, Buffer.alloc(0)]) {
      assert.deepEqual(
        [readDatabase(bytes, undefined, all).records, readDatabase(bytes, undefined, all).problems],
        [[], []],
      );
    }
  });

  it('keeps one bad package from hiding the others', () => {
    const blobs = [...headers('a 1-1'), Buffer.alloc(3000, 0xff), ...headers('b 2-2')];
    for (const bytes of [hashDatabase(blobs), ndbDatabase(blobs), sqliteDatabase(blobs).database]) {
      const list = readDatabase(bytes, undefined, none);
      assert.deepEqual(versions(list), ['a 1-1', 'b 2-2']);
      assert.deepEqual(list.problems, ['its header claims 4294967295 entries']);
    }
  });

  it('keeps one bad slot of ndb from hiding the others', () => {
    const list = readDatabase(changed(ndbDatabase(headers('a 1-1', 'b 2-2')), 32, 0), undefined, none);
    assert.deepEqual(versions(list), ['b 2-2']);
    assert.deepEqual(list.problems, ['slot 2 of the database is damaged']);
  });

  const broken: [string, Buffer, RegExp][] = [
    ['something else', Buffer.from('no database at all, but a text'), /no package database of a known format/],
    ['a database of SQLite without the table', withoutTable(), /no table of packages/],
    ['an encrypted hash', changed(hashDatabase(headers('a 1-1')), 24, 1), /encrypted/],
    ['a hash with pages of 600 bytes', changed(hashDatabase(headers('a 1-1')), 20, 0x58, 0x02), /pages of 600 bytes/],
    ['a hash that is a tree', changed(hashDatabase(headers('a 1-1')), 25, 9), /does not begin with a page of a hash/],
    ['ndb of version 1', changed(ndbDatabase(headers('a 1-1')), 4, 1), /version 1/],
    ['ndb with too many slots', changed(ndbDatabase(headers('a 1-1')), 12, 1, 8), /2049 pages of slots/],
    ['ndb with a damaged slot', changed(ndbDatabase(headers('a 1-1')), 32, 0), /slot 2 of the database is damaged/],
    ['ndb with a blob of another package', changed(ndbDatabase(headers('a 1-1')), 36, 9), /package 9 is not where/],
    ['ndb with a blob outside', changed(ndbDatabase(headers('a 1-1')), 42, 0xff), /package 1 lies outside/],
  ];
  for (const [what, bytes, reason] of broken) {
    it(`says what is wrong with ${what}`, async () => {
      const list = readDatabase(bytes, undefined, all);
      assert.deepEqual(list.records, []);
      assert.match(list.problems.join('\n'), reason);
      assert.deepEqual(readDatabase(await reduceDatabase(bytes, all), undefined, all).problems, list.problems);
    });
  }
});

describe('a damaged database of rpm', () => {
  it('ends when overflow pages of Berkeley DB run in a circle', () => {
    const bytes = hashDatabase(headers('a 1-1', 'b 2-2'));
    const pageSize = 4096;
    const first = findPage(bytes, pageSize, 7);
    bytes.writeUInt32LE(first, first * pageSize + 16); // the next page is the page itself
    const list = readDatabase(bytes, undefined, all);
    assert.deepEqual(versions(list), ['b 2-2']);
    assert.match(list.problems.join(), /goes on in page \d+, which was read before/);
  });

  it('ends when overflow pages of Berkeley DB lead out of the file, or to other pages', () => {
    for (const [next, reason] of [
      [0x7fff_ffff, /which is not there/],
      [1, /which holds something else/],
    ] as const) {
      const bytes = hashDatabase(headers('a 1-1'));
      bytes.writeUInt32LE(next, findPage(bytes, 4096, 7) * 4096 + 16);
      assert.match(readDatabase(bytes, undefined, all).problems.join(), reason);
    }
  });

  it('says that a record of Berkeley DB is longer than the file', () => {
    const bytes = hashDatabase(headers('a 1-1'));
    const page = bytes.subarray(2 * 4096, 3 * 4096);
    page.writeUInt32LE(0xffff_fff0, page.readUInt16LE(28) + 8);
    assert.match(readDatabase(bytes, undefined, all).problems.join(), /claims 4294967280 bytes/);
  });

  it('does not read one blob of ndb for many packages', () => {
    const bytes = ndbDatabase(headers(...many));
    const large = bytes.readUInt32LE(32 + 8);
    for (let slot = 2; slot < 42; slot++) {
      bytes.writeUInt32LE(1, slot * 16 + 4);
      bytes.writeUInt32LE(large, slot * 16 + 8);
    }
    const list = readDatabase(bytes, undefined, none);
    assert.ok(list.records.length <= 40);
    const twice = Buffer.concat([bytes.subarray(0, 4096), bytes.subarray(large * 16, large * 16 + 9000)]);
    assert.match(readDatabase(twice, undefined, none).problems.join(), /its packages overlap/);
  });

  it('reads no more rows than any database has', function () {
    this.timeout(20_000);
    const bytes = ndbDatabase(Array.from({ length: 100_010 }, () => Buffer.alloc(8)));
    const list = readDatabase(bytes, undefined, none);
    assert.equal(list.problems.length, 51);
    assert.match(list.problems.at(-1) ?? '', /^99951 more problems/);
  });

  it('ends when the rows of SQLite lie one on the other', () => {
    const { database } = sqliteDatabase(headers('a 1-1'), { pageSize: 65_536 });
    const leaf = findLeaf(database, 65_536);
    const start = leaf * 65_536;
    const cell = database.readUInt16BE(start + 8);
    database.writeUInt16BE(1000, start + 3);
    for (let i = 0; i < 1000; i++) database.writeUInt16BE(cell, start + 8 + i * 2);
    const list = readDatabase(database, undefined, none);
    assert.ok(list.records.length > 0 && list.records.length < 100);
    assert.deepEqual(list.problems, ['its packages overlap']);
  });

  it('ends when the tree of SQLite runs in a circle', () => {
    const bytes = sqliteDatabase(headers(...many), { pageSize: 512 }).database;
    let interior = 0;
    for (let page = 1; page < bytes.length / 512; page++) if (bytes[page * 512] === 5) interior = page;
    assert.ok(interior > 0);
    bytes.writeUInt32BE(interior + 1, interior * 512 + 8);
    assert.match(readDatabase(bytes, undefined, all).problems.join(), /comes up twice/);
  });

  it('reads overflow pages of SQLite once', () => {
    const { database } = sqliteDatabase(headers('a 1-1', 'b 2-2'));
    const leaf = findLeaf(database, 4096);
    const page = database.subarray(leaf * 4096, (leaf + 1) * 4096);
    const cells = [page.readUInt16BE(8), page.readUInt16BE(10)].sort((a, b) => a - b);
    const [low = 0, high = 0] = cells;
    const localBytes = high - low; // both cells are of one size: the reference to the next page ends them
    page.copy(page, low + localBytes - 4, high + localBytes - 4, high + localBytes);
    const list = readDatabase(database, undefined, none);
    assert.equal(list.records.length, 1);
    assert.match(list.problems.join(), /which was read before/);
  });

  it('does not believe that an oversized row is there', () => {
    const { database } = sqliteDatabase(headers('a 1-1'));
    const leaf = findLeaf(database, 4096);
    const at = leaf * 4096 + database.readUInt16BE(leaf * 4096 + 8);
    database[at] = 0xff; // a varint of two bytes goes up to 16383: the file has more, so the record is cut off
    assert.match(readDatabase(database, undefined, all).problems.join(), /claims|which is not there|outside/);
  });

  const wholes: [string, Buffer][] = [
    ['Berkeley DB', hashDatabase(headers('a 1-1', 'b 2-2'), { pageSize: 512 })],
    ['ndb', ndbDatabase(headers('a 1-1', 'b 2-2')).subarray(4096 - 512)],
    ['SQLite', sqliteDatabase(headers('a 1-1', 'b 2-2'), { pageSize: 512 }).database],
  ];
  for (const [what, whole] of wholes) {
    it(`of ${what} never throws, wherever it ends`, function () {
      this.timeout(20_000);
      for (let length = 1; length < whole.length; length++) {
        const list = readDatabase(whole.subarray(0, length), undefined, none);
        assert.ok(list.records.length === 2 || list.problems.length > 0, `${length} bytes`);
      }
    });
  }

  const seeds = [
    real('rpmdb.sqlite').subarray(0, 120_000),
    real('Packages-little-endian'),
    ndbDatabase(headers('a 1-1', 'b 2-2')),
  ];
  it('never throws, whatever is changed in it', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 127, 128))), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.boolean(),
        (seed, changes, nearStart) => {
          const bytes = Buffer.from(seed);
          for (const [at, value] of changes)
            bytes[at % (nearStart ? Math.min(600, bytes.length) : bytes.length)] = value;
          const list = readDatabase(bytes, undefined, all);
          for (const { name, version } of list.records) assert.ok(name !== '' && version !== '');
          assert.ok(list.problems.length <= 51);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the write-ahead log of a database of rpm', () => {
  const change = sqliteDatabase(headers(...many), {
    later: (database) => {
      database.exec('DELETE FROM Packages WHERE hnum BETWEEN 5 AND 20');
      const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
      for (const blob of headers('new 1-1', 'package-7 7.1-1')) insert.run(blob);
    },
  });
  const expected = [...many.filter((_, i) => i < 4 || i >= 20), 'new 1-1', 'package-7 7.1-1'].sort();

  it('holds packages that the database does not have yet', () => {
    assert.deepEqual(versions(readDatabase(change.database, undefined, none)), [...many].sort());
    const list = readDatabase(change.database, change.log, none);
    assert.deepEqual(list.problems, []);
    assert.deepEqual(versions(list), expected);
  });

  it('is put over what was kept of the database, as it may come in another layer', async () => {
    const kept = await reduceDatabase(change.database, (file) => file.endsWith('file-number-1-of-package-30.txt'));
    const list = readDatabase(kept, change.log, none);
    assert.deepEqual(list.problems, []);
    assert.deepEqual(versions(list), expected);
    assert.deepEqual(
      list.records.flatMap(({ files = [] }) => files),
      ['usr/share/package-30/file-number-1-of-package-30.txt'],
    );
  });

  it('counts up to the last transaction that ended', () => {
    const frame = 24 + 4096;
    for (const cut of [frame - 1, 1, frame * 2]) {
      const list = readDatabase(change.database, change.log.subarray(0, change.log.length - cut), none);
      assert.equal(
        list.records.some(({ name, version }) => name === 'package-7' && version === '7.1-1'),
        false,
      );
      assert.equal(
        list.records.some(({ name }) => name === 'new'),
        true,
      );
    }
  });

  it('of another generation is not believed', () => {
    const log = Buffer.from(change.log);
    for (let at = 32; at < log.length; at += 24 + 4096) log[at + 8] = (log[at + 8] ?? 0) ^ 0xff; // first salt
    assert.deepEqual(versions(readDatabase(change.database, log, none)), [...many].sort());
  });

  it('is not believed from a damaged frame on', () => {
    const log = Buffer.from(change.log);
    log[32 + 24 + 100] = (log[32 + 24 + 100] ?? 0) ^ 0xff;
    assert.deepEqual(versions(readDatabase(change.database, log, none)), [...many].sort());
  });

  it('that is no log is a problem', () => {
    const list = readDatabase(change.database, Buffer.from('this is no log, it is a text of some length'), none);
    assert.deepEqual(versions(list), [...many].sort());
    assert.deepEqual(list.problems, ['the log of the database has another format']);
  });

  it('has everything when the database is still empty', () => {
    const fresh = sqliteDatabase([], {
      later: (database) => {
        const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
        for (const blob of headers(...many)) insert.run(blob);
      },
    });
    assert.deepEqual(versions(readDatabase(fresh.database, fresh.log, none)), [...many].sort());
  });
});

function changed(bytes: Buffer, at: number, ...values: readonly number[]): Buffer {
  for (const [i, value] of values.entries()) bytes[at + i] = value;
  return bytes;
}

function withoutTable(): Buffer {
  return sqliteDatabase([], {
    later: (database) => {
      database.exec('DROP TABLE Packages; PRAGMA wal_checkpoint(TRUNCATE)');
    },
  }).database;
}

function findPage(bytes: Buffer, pageSize: number, type: number): number {
  for (let page = 1; page * pageSize < bytes.length; page++) if (bytes[page * pageSize + 25] === type) return page;
  throw new Error('no such page');
}

/** Index of the leaf with the rows of Packages: the first leaf behind the schema that has rows with large records. */
function findLeaf(bytes: Buffer, pageSize: number): number {
  for (let page = 1; page * pageSize < bytes.length; page++) {
    const start = page * pageSize;
    if (
      bytes[start] === 13 &&
      bytes.readUInt16BE(start + 3) > 0 &&
      (bytes[start + bytes.readUInt16BE(start + 8)] ?? 0) > 0x80
    ) {
      return page;
    }
  }
  throw new Error('no such leaf');
}
