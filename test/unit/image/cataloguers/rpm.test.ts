import assert from 'node:assert/strict';
import { rpmDatabase } from '../../../../src/image/cataloguers/rpm.ts';
import type { ImageView } from '../../../../src/image/types.ts';
import { hashDatabase, ndbDatabase, rpmHeader, sqliteDatabase } from '../../../support/rpm-database.ts';
import { run } from './support.ts';

const path = 'usr/lib/sysimage/rpm/rpmdb.sqlite';
const bash = rpmHeader({
  name: 'bash',
  version: '5.2.26',
  release: '4.el9',
  arch: 'x86_64',
  sourceRpm: 'bash-5.2.26-4.el9.src.rpm',
  vendor: 'Red Hat, Inc.',
});
const docker = rpmHeader({ name: 'docker-ce', version: '27.3.1', release: '1.el9', epoch: 3, vendor: 'Docker' });

/** An image of these files. */
function viewOf(files: Readonly<Record<string, Buffer>>): ImageView {
  return {
    has: (wanted) => files[wanted] !== undefined,
    file(wanted) {
      const bytes = files[wanted];
      return bytes === undefined
        ? undefined
        : { path: wanted, size: bytes.length, bytes: () => Promise.resolve(bytes) };
    },
    list: () => [],
  };
}

/** What is kept of a file that comes in pieces, whose buffer is used again. */
async function keptOf(at: string, bytes: Buffer): Promise<Uint8Array | undefined> {
  const extractor = rpmDatabase.extract?.({ path: at, size: bytes.length, mode: 0o644 });
  assert.ok(extractor);
  for (let start = 0; start < bytes.length; start += 1000) {
    const piece = Buffer.from(bytes.subarray(start, start + 1000));
    assert.equal(await extractor.write(piece), true);
    piece.fill(0xaa);
  }
  return extractor.end();
}

describe('the database of rpm', () => {
  it('gives packages with their sources, modules and vendors', async () => {
    const nodejs = rpmHeader({ name: 'nodejs', version: '20', release: '1', modularity: 'nodejs:20:1:2' });
    const { packages, problems } = await run(rpmDatabase, path, sqliteDatabase([bash, docker, nodejs]).database);
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      {
        type: 'rpm',
        name: 'bash',
        version: '5.2.26-4.el9',
        architecture: 'x86_64',
        source: { name: 'bash', version: '5.2.26-4.el9' },
        path,
      },
      { type: 'rpm', name: 'docker-ce', version: '3:27.3.1-1.el9', thirdParty: true, path },
      { type: 'rpm', name: 'nodejs', version: '20-1', modularity: 'nodejs:20:1:2', path },
    ]);
  });

  it('is wanted in all three directories under all three names, with the log, and without its indexes', () => {
    const places = [
      'var/lib/rpm/Packages',
      'usr/lib/sysimage/rpm/Packages.db',
      'usr/share/rpm/rpmdb.sqlite',
      'var/lib/rpm/rpmdb.sqlite-wal',
      'var/lib/rpm/rpmdb.sqlite-shm',
      'var/lib/rpm/Index.db',
      'var/lib/rpm/__db.001',
      'var/lib/rpm/Name',
      'var/lib/rpm/Basenames',
      'opt/var/lib/rpm/Packages',
    ];
    assert.deepEqual(
      places.filter((place) => rpmDatabase.wants(place)),
      places.slice(0, 4),
    );
  });

  it('is told by its content, not by its name', async () => {
    for (const bytes of [hashDatabase([bash]), ndbDatabase([bash]), sqliteDatabase([bash]).database]) {
      for (const name of ['Packages', 'Packages.db', 'rpmdb.sqlite']) {
        const { packages, problems } = await run(rpmDatabase, `var/lib/rpm/${name}`, bytes);
        assert.deepEqual([packages.length, problems], [1, []]);
      }
    }
  });

  it('keeps its log as it is, and a fraction of itself', async () => {
    const { database, log } = sqliteDatabase([bash], {
      later: (open) => {
        open.prepare('INSERT INTO Packages (blob) VALUES (?)').run(docker);
      },
    });
    assert.deepEqual(await keptOf(`${path}-wal`, log), log);
    const kept = await keptOf(path, database);
    assert.ok(kept !== undefined && kept.length < 500);
    assert.deepEqual(await run(rpmDatabase, path, kept), await run(rpmDatabase, path, database));
    assert.equal((await keptOf(path, Buffer.alloc(0)))?.length, 0);
  });

  it('is read with the log beside it', async () => {
    const { database, log } = sqliteDatabase([bash], {
      later: (open) => {
        open.prepare('INSERT INTO Packages (blob) VALUES (?)').run(docker);
      },
    });
    const view = viewOf({ [path]: database, [`${path}-wal`]: log });
    assert.deepEqual(
      (await run(rpmDatabase, path, database, view)).packages.map(({ name }) => name),
      ['bash', 'docker-ce'],
    );
    assert.deepEqual(await run(rpmDatabase, `${path}-wal`, log, view), { packages: [], problems: [] });
  });

  it('has a log without a database said', async () => {
    assert.deepEqual(await run(rpmDatabase, `${path}-wal`, Buffer.alloc(100)), {
      packages: [],
      problems: [{ path: `${path}-wal`, reason: 'the database that it belongs to is not there' }],
    });
  });

  it('may lie beside the empty file of an older one', async () => {
    const empty = 'usr/lib/sysimage/rpm/Packages';
    const view = viewOf({ [path]: sqliteDatabase([bash]).database, [empty]: Buffer.alloc(0) });
    assert.deepEqual(await run(rpmDatabase, empty, Buffer.alloc(0), view), { packages: [], problems: [] });
  });

  it('that is empty and alone is a problem', async () => {
    assert.deepEqual(await run(rpmDatabase, 'var/lib/rpm/Packages', Buffer.alloc(0)), {
      packages: [],
      problems: [{ path: 'var/lib/rpm/Packages', reason: 'it is empty, and no other database is beside it' }],
    });
  });

  it('of an older back end is left alone when a newer one has packages', async () => {
    const old = 'usr/lib/sysimage/rpm/Packages';
    const files = { [path]: sqliteDatabase([bash]).database, [old]: hashDatabase([docker]) };
    assert.deepEqual((await run(rpmDatabase, old, files[old], viewOf(files))).packages, []);
    const fresh = { [path]: sqliteDatabase([]).database, [old]: hashDatabase([docker]) };
    assert.equal((await run(rpmDatabase, old, fresh[old], viewOf(fresh))).packages.length, 1);
    assert.equal((await run(rpmDatabase, path, fresh[path], viewOf(fresh))).problems.length, 0);
  });

  it('that is damaged is a problem', async () => {
    const { packages, problems } = await run(rpmDatabase, path, 'SQLite format 3\0 and no more of it');
    assert.deepEqual(packages, []);
    assert.deepEqual(problems, [{ path, reason: 'the database ends in its head' }]);
  });
});
