import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { apkInstalled } from '../../../src/image/cataloguers/apk.ts';
import { bottlerocketInventory } from '../../../src/image/cataloguers/bottlerocket.ts';
import { chiselManifest } from '../../../src/image/cataloguers/chisel.ts';
import { dpkgStatus, dpkgStatusFiles } from '../../../src/image/cataloguers/dpkg.ts';
import { rpmManifest } from '../../../src/image/cataloguers/rpm-manifest.ts';
import { detectOperatingSystem, releaseFiles } from '../../../src/image/operating-system.ts';
import { readDatabase, reduceDatabase } from '../../../src/image/rpm/database.ts';
import { readHeader } from '../../../src/image/rpm/header.ts';
import type { Cataloguer, ImageView } from '../../../src/image/types.ts';
import { hashDatabase, ndbDatabase, rpmHeader, sqliteDatabase } from '../../support/rpm-database.ts';
import { type FuzzTarget, textSeeds } from '../target.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/image');
const all = (): boolean => true;

/** Numbers and names of a reason are left out: the kind of the problem is the way. */
function kindOf(reason: string): string {
  return reason.replace(/\d+/g, '0').replace(/"[^"]*"/g, '""');
}

function wayOf(packages: number, reasons: readonly string[]): string {
  return `${Math.min(packages, 8)} ${[...new Set(reasons.map(kindOf))].slice(0, 3).join(', ')}`;
}

const view: ImageView = { has: all, file: () => undefined, list: () => [] };

export interface ListTarget {
  readonly name: string;
  readonly cataloguer: Cataloguer;
  readonly at: string;
  readonly seeds: () => readonly Uint8Array[];
  readonly dictionary: readonly string[];
  /** Whether other paths are there; without it all are. */
  readonly has?: (path: string) => boolean;
}

/** A file as the cataloguer reads it, whole and as it is kept. Both must list the same. */
export function listTarget({ name, cataloguer, at, seeds, dictionary, has = all }: ListTarget): FuzzTarget {
  const image = { ...view, has };
  const read = async (bytes: Uint8Array): Promise<{ packages: string[]; reasons: string[] }> => {
    const file = { path: at, size: bytes.length, bytes: () => Promise.resolve(bytes) };
    const packages: string[] = [];
    const reasons: string[] = [];
    for await (const item of cataloguer.read(file, image, new AbortController().signal)) {
      if (item.kind === 'problem') reasons.push(item.problem.reason);
      else if (item.kind === 'package') {
        assert.ok(item.package.name !== '' && item.package.version !== '', 'a package has a name and a version');
        packages.push(`${item.package.name} ${item.package.version}`);
      }
    }
    return { packages, reasons };
  };
  return {
    name,
    seeds,
    dictionary,
    mostBytes: 8192,
    limitMs: 5000,
    shortRun: 2000,
    async run(input) {
      const { packages, reasons } = await read(input);
      const kept = cataloguer.reduce?.(at, input, all);
      if (kept !== undefined) assert.deepEqual((await read(kept)).packages, packages, 'the kept form lists the same');
      return wayOf(packages.length, reasons);
    },
  };
}

const lists: readonly ListTarget[] = [
  {
    name: 'image-apk',
    cataloguer: apkInstalled,
    at: 'lib/apk/db/installed',
    seeds: () => [readFileSync(path.join(fixtures, 'alpine-3.20-installed'))],
    dictionary: ['P:', 'V:', 'A:', 'o:', 'F:', 'R:', '\n\n', '.build-deps', '\r\n'],
  },
  {
    name: 'image-bottlerocket',
    cataloguer: bottlerocketInventory,
    at: 'usr/share/bottlerocket/application-inventory.json',
    seeds: () =>
      textSeeds(['{"Content":[{"Name":"a","Version":"1","Release":"2","Epoch":"3","Publisher":"Bottlerocket"},{}]}']),
    dictionary: ['"Content"', '"Name"', '"Epoch"', '[', '{', 'null', '1e400'],
  },
  {
    name: 'image-chisel',
    cataloguer: chiselManifest,
    at: 'var/lib/chisel/manifest.wall',
    seeds: () => {
      const text = [
        '{"jsonwall":"1.0","schema":"1.0","count":3}',
        '{"kind":"package","name":"libc6","version":"2.39-0ubuntu8.4","sha256":"aa","arch":"amd64"}',
        '{"kind":"path","path":"/usr/bin/node","mode":"0644","slices":["nodejs_bins"]}',
        '',
      ].join('\n');
      return [Buffer.from(text), zstdCompressSync(Buffer.from(text))];
    },
    dictionary: ['"kind":"package"', '"path"', '"jsonwall"', '\n', '{"'],
  },
  {
    name: 'image-dpkg',
    cataloguer: dpkgStatus,
    at: 'var/lib/dpkg/status',
    seeds: () => [readFileSync(path.join(fixtures, 'debian-12-status'))],
    dictionary: [
      '\nPackage: ',
      '\nVersion: ',
      '\nStatus: install ok installed',
      '\nSource: x (1)',
      '\n\n',
      '\r\n',
      '\n .',
    ],
  },
  {
    name: 'image-dpkg-files',
    cataloguer: dpkgStatusFiles,
    at: 'var/lib/dpkg/status.d/base',
    seeds: () => textSeeds(['Package: a\nVersion: 1:1.0-1\nSource: b (2)\n\nPackage: c\nVersion: 5.#\n']),
    dictionary: ['\nPackage: ', '\nVersion: ', '\n\n', '\r\n', '\n .'],
  },
  {
    name: 'image-rpm-manifest',
    cataloguer: rpmManifest,
    at: 'var/lib/rpmmanifest/container-manifest-2',
    seeds: () =>
      textSeeds(['a\t1-2.azl3\t1\t1\tMicrosoft Corporation\t(none)\t7\tx86_64\t3\ta-1-2.azl3.src.rpm\nb\t1\t\t\n']),
    dictionary: ['\t', '(none)', '-', '\n', '.src.rpm'],
  },
];

const header = rpmHeader({
  name: 'tool',
  version: '1.0',
  release: '2.el9',
  epoch: 1,
  arch: 'x86_64',
  vendor: 'Red Hat, Inc.',
  sourceRpm: 'base-1.0-2.el9.src.rpm',
  modularity: 'a:b:c:d',
  files: ['/usr/bin/tool', '/usr/lib/tool/package.json'],
});
/** Does not fit on a page of 512 bytes. */
const large = rpmHeader({
  name: 'large',
  version: '2',
  release: '1',
  files: Array.from({ length: 40 }, (_, i) => `/usr/share/large/file-${i}`),
});

/** A database in its own form and in the kept one. Both must list the same. */
function databaseTarget(name: string, seeds: () => readonly Uint8Array[]): FuzzTarget {
  return {
    name,
    seeds,
    mostBytes: 16_384,
    limitMs: 5000,
    shortRun: 2000,
    async run(input) {
      const list = readDatabase(input, undefined, all);
      assert.deepEqual(readDatabase(await reduceDatabase(input, all), undefined, all).records, list.records);
      return wayOf(list.records.length, list.problems);
    },
  };
}

const { database, log } = sqliteDatabase([header, large], {
  pageSize: 512,
  later: (open) => {
    open.prepare('INSERT INTO Packages (blob) VALUES (?)').run(large);
    open.exec('DELETE FROM Packages WHERE hnum = 1');
  },
});

/** Makes salts and checksums right again, so that what is inside the frames is read. */
function repaired(input: Uint8Array): Buffer {
  const out = Buffer.from(input);
  if (out.length < 32) return out;
  const little = out.readUInt32BE(0) !== 0x377f0683;
  const pageSize = Math.max(8, out.readUInt32BE(8) & 0xfff8);
  let [a, b] = [0, 0];
  const sum = (start: number, end: number): void => {
    for (let at = start; at + 8 <= Math.min(end, out.length); at += 8) {
      a = (a + (little ? out.readUInt32LE(at) : out.readUInt32BE(at)) + b) >>> 0;
      b = (b + (little ? out.readUInt32LE(at + 4) : out.readUInt32BE(at + 4)) + a) >>> 0;
    }
  };
  sum(0, 24);
  out.writeUInt32BE(a, 24);
  out.writeUInt32BE(b, 28);
  for (let at = 32; at + 24 + pageSize <= out.length; at += 24 + pageSize) {
    out.copy(out, at + 8, 16, 24);
    sum(at, at + 8);
    sum(at + 24, at + 24 + pageSize);
    out.writeUInt32BE(a, at + 16);
    out.writeUInt32BE(b, at + 20);
  }
  return out;
}

/** Readers of what operating systems say of themselves and of their packages. */
export const systemPackageTargets: readonly FuzzTarget[] = [
  ...lists.map(listTarget),
  {
    name: 'image-os-release',
    seeds: () =>
      textSeeds([
        'ID="rhel"\nVERSION_ID="9.4"\nCPE_NAME="cpe:/o:redhat:enterprise_linux:9::baseos"\n',
        "ID=openEuler\nVERSION='24.03 (LTS-SP1)'\nVERSION_ID=24.03\n",
        'ID=alpine\nVERSION_ID=3.23_alpha20250612\nPRETTY_NAME="Alpine Linux edge"',
        'cpe:/o:centos:linux:6:GA',
        'CentOS release 6.10 (Final)',
      ]),
    dictionary: ['ID=', 'VERSION_ID=', 'PRETTY_NAME=', '"', "'", '\\', '\n', 'ubuntu', 'sles', 'debian', 'SUSE '],
    limitMs: 5000,
    shortRun: 2000,
    run(input) {
      // The text stands in every file that is asked for, one at a time.
      const found = [
        'etc/os-release',
        'etc/lsb-release',
        'etc/redhat-release',
        'etc/system-release-cpe',
        'etc/alpine-release',
      ].map((only) =>
        detectOperatingSystem(
          releaseFiles({
            file: (wanted) => (wanted === only ? { content: input } : undefined),
            has: (wanted) => wanted === only,
            list: () => [],
          }),
        ),
      );
      for (const os of found) {
        if (os === undefined) continue;
        assert.notEqual(os.id, '');
        assert.equal(os.ecosystem === undefined, os.uncovered !== undefined, 'no ecosystem has a reason');
      }
      return found.map((os) => os?.ecosystem?.replace(/:.*/s, '') ?? (os === undefined ? '-' : '+')).join(' ');
    },
  },
  databaseTarget('image-rpm-hash', () => [
    hashDatabase([header, large], { pageSize: 512 }),
    hashDatabase([header, large], { pageSize: 512, bigEndian: true, unsorted: true }),
  ]),
  {
    name: 'image-rpm-header',
    seeds: () => [header, large],
    dictionary: ['(none)', '.src.rpm', 'gpg-pubkey'],
    limitMs: 5000,
    shortRun: 2000,
    run(input) {
      const found = readHeader(Buffer.from(input), all);
      if (found === undefined) return 'key';
      if (typeof found === 'string') return kindOf(found);
      assert.ok(found.name !== '' && found.version !== '');
      return Object.keys(found).join(' ');
    },
  },
  {
    name: 'image-rpm-log',
    seeds: () => [log],
    mostBytes: 32_768,
    limitMs: 5000,
    shortRun: 1000,
    async run(input) {
      const list = readDatabase(database, repaired(input), all);
      const kept = readDatabase(await reduceDatabase(database, all), repaired(input), all);
      assert.deepEqual(kept.records, list.records);
      return wayOf(list.records.length, list.problems);
    },
  },
  databaseTarget('image-rpm-ndb', () => {
    // One page of slots has 4096 bytes; the free ones at its end are of no interest.
    return [ndbDatabase([header, large])];
  }),
  databaseTarget('image-rpm-sqlite', () => [
    sqliteDatabase([header, large], { pageSize: 512 }).database,
    sqliteDatabase(
      Array.from({ length: 12 }, (_, i) => rpmHeader({ name: `p${i}`, version: '1', release: '1' })),
      { pageSize: 512 },
    ).database,
  ]),
];
