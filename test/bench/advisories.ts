// Import of advisories against the bare parsing of the same dump, and matching against a database of real size. Dumps are
// generated in the shape of the public ones; beside a folder of real dumps (`PLIMSOLL_BENCH_OSV`, laid out like the OSV
// mirror) those are measured too.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { AdvisoryLibrary } from '../../src/advisories/library.ts';
import { matchPackages } from '../../src/advisories/match.ts';
import type { MatchRequest } from '../../src/advisories/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { matchInWorker } from '../../src/engine/worker-advisories.ts';
import { WorkerClient } from '../../src/engine/worker-client.ts';
import { type BenchRow, rounded } from './row.ts';

/** As many as the public dump has, one a CVE. */
const debianRecords = 60_000;
/** As many as the public dump has: nearly all are about malware. */
const npmRecords = 200_000;
const npmAdvisories = 6_000;
/** A third of the public dump; it holds the records about kernels, which name dozens of packages. */
const ubuntuRecords = 20_000;
const releases = ['11', '12', '13', '14'];
const packages = 1_000;
const rounds = 4;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'advisories-bench-'));
  try {
    const mirror = path.join(folder, 'mirror');
    const debian = writeDump(mirror, 'Debian', debianDump());
    const npm = writeDump(mirror, 'npm', npmDump());
    const ubuntu = writeDump(mirror, 'Ubuntu', ubuntuDump());
    const dumps = [debian, npm, ubuntu, ...realDumps()];
    const rows: BenchRow[] = [];
    for (const dump of dumps) rows.push(...(await measureImport(dump, path.join(folder, 'import'))));
    for (const dump of [debian, npm, ubuntu])
      rows.push(measureMemory(dump, path.join(folder, `memory-${dump.ecosystem}`)));
    rows.push(...(await measureMatching(path.join(folder, 'library'), mirror)));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Dump {
  readonly name: string;
  readonly ecosystem: string;
  /** Holds `all.zip`. */
  readonly folder: string;
}

function realDumps(): Dump[] {
  const folder = process.env['PLIMSOLL_BENCH_OSV'];
  if (folder === undefined) return [];
  return ['AlmaLinux', 'Go']
    .map((ecosystem) => ({ name: `${ecosystem}, real`, ecosystem, folder: path.join(folder, ecosystem) }))
    .filter((dump) => existsSync(path.join(dump.folder, 'all.zip')));
}

const workerFile = path.resolve(import.meta.dirname, '../../src/worker.ts');

/**
 * The floor is the least that any importer does: unpack each entry, parse it, forget it. Floor and import take turns, and
 * the least of each counts: what else the machine does meets both. The import runs in the thread that the product uses.
 */
async function measureImport({ name, ecosystem, folder }: Dump, target: string): Promise<BenchRow[]> {
  const signal = new AbortController().signal;
  const entries = unpackable(readFileSync(path.join(folder, 'all.zip')));
  const worker = new WorkerClient(workerFile, { advisories: target }, silentLog);
  const floor = new Least();
  const figure = new Least();
  try {
    await worker.call('status', null, signal); // the thread is there
    for (let round = 0; round < rounds; round++) {
      await floor.measure(() => {
        for (const packed of entries) JSON.parse(inflateRawSync(packed).toString('utf8'));
      });
      await figure.measure(() => worker.call('importEcosystem', { ecosystem, folder, about: {} }, signal));
    }
  } finally {
    await worker.close();
    rmSync(target, { recursive: true, force: true });
  }
  const row = (what: string, one: number, other: number, budget: number): BenchRow => ({
    name: `advisories: import of ${name}${what} (floor: inflate and JSON.parse of the same zip)`,
    figure: rounded(one),
    unit: 'ms',
    floor: rounded(other),
    ratio: rounded(one / other),
    budget,
  });
  // All threads together: also those that compile and collect for a thread that has just begun, which short dumps feel.
  return [row('', figure.time, floor.time, 2), row(', processor time', figure.processor, floor.processor, 4)];
}

/** The shortest of several measurements in milliseconds, by the clock and of the processor. */
class Least {
  time = Infinity;
  processor = Infinity;

  async measure(work: () => unknown): Promise<void> {
    const before = process.cpuUsage();
    const start = performance.now();
    await work();
    this.time = Math.min(this.time, performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    this.processor = Math.min(this.processor, (user + system) / 1000);
  }
}

/** Resident memory at its highest, of a process that imports in a worker thread and does nothing else. */
function measureMemory({ ecosystem, folder, name }: Dump, target: string): BenchRow {
  const client = path.resolve(import.meta.dirname, '../../src/engine/worker-client.ts');
  const log = path.resolve(import.meta.dirname, '../../src/core/log.ts');
  const script = `
    import { existsSync, readFileSync } from 'node:fs';
    import { silentLog } from ${JSON.stringify(log)};
    import { WorkerClient } from ${JSON.stringify(client)};
    const signal = new AbortController().signal;
    const worker = new WorkerClient(${JSON.stringify(workerFile)}, { advisories: ${JSON.stringify(target)} }, silentLog);
    const input = { ecosystem: ${JSON.stringify(ecosystem)}, folder: ${JSON.stringify(folder)}, about: {} };
    await worker.call('importEcosystem', input, signal);
    // Not resourceUsage(): what the parent had at the fork counts there.
    const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
    process.stdout.write(/VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? String(process.memoryUsage().rss / 1024));
    await worker.close();
  `;
  const program = `${folder}.mjs`; // a thread takes over the options of its process, and none may tell of a text
  writeFileSync(program, script);
  const kib = Number(execFileSync(process.execPath, [program], { encoding: 'utf8' }));
  return { name: `advisories: memory of an import of ${name}`, figure: rounded(kib / 1024), unit: 'MiB', budget: 400 };
}

async function measureMatching(target: string, mirror: string): Promise<BenchRow[]> {
  const signal = new AbortController().signal;
  const library = new AdvisoryLibrary(target, systemClock);
  try {
    for (const ecosystem of ['Debian', 'npm']) {
      await library.importEcosystem(ecosystem, path.join(mirror, ecosystem), {}, signal);
    }
    const request = imageOf();
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < 15; round++) {
      const start = performance.now();
      found = matchPackages(request, library).matches.length;
      if (round >= 3) times.push(performance.now() - start);
    }
    const row = {
      name: `advisories: ${packages} packages against ${debianRecords + npmRecords} records (${found} matches)`,
      figure: rounded(Math.min(...times)),
      unit: 'ms',
      budget: 50,
    };
    return [row, await measureLargeMatch(target)];
  } finally {
    library.close();
  }
}

/**
 * The longest time that the event loop stood still while an image with thousands of hits was matched in the worker
 * thread and its result taken over.
 */
async function measureLargeMatch(target: string): Promise<BenchRow> {
  const signal = new AbortController().signal;
  const worker = new WorkerClient(workerFile, { advisories: target }, silentLog);
  // Versions below all fixes, and the sources that have most advisories.
  const old = Array.from({ length: 2_000 }, (_, index) => ({
    type: 'deb',
    name: `lib${index}`,
    version: '0.1-1',
    source: { name: debianName(index), version: '0.1-1' },
  }));
  try {
    await worker.call('status', null, signal);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last - 1);
      last = now;
    }, 1);
    const { matches } = await matchInWorker(worker, { osEcosystem: 'Debian:12', packages: old }, signal);
    clearInterval(timer);
    return {
      name: `advisories: longest stop of the event loop while ${matches.length} matches come from the worker thread`,
      figure: rounded(longest),
      unit: 'ms',
      budget: 50,
    };
  } finally {
    await worker.close();
  }
}

/** 400 packages of Debian, 600 of npm, some with many advisories; of most advisories the fix is installed, as in an image of last year. */
function imageOf(): MatchRequest {
  const debian = Array.from({ length: 400 }, (_, index) => ({
    type: 'deb',
    name: `lib${index}`,
    version: '1.8-4+b1',
    source: { name: debianName(index * 7), version: '1.8-4' },
  }));
  const npm = Array.from({ length: packages - 400 }, (_, index) => ({
    type: 'npm',
    name: `package-${index * 5}`,
    version: '1.8.0',
  }));
  return { osEcosystem: 'Debian:12', packages: [...debian, ...npm] };
}

/** 4,000 source packages; the first ones have most of the advisories, as kernels and browsers do. */
function debianName(index: number): string {
  return `source-${index % 4_000}`;
}

function* debianDump(): Generator<object> {
  for (let index = 0; index < debianRecords; index++) {
    const cve = `CVE-${2015 + (index % 12)}-${10_000 + index}`;
    const name = index % 10 === 0 ? debianName(index % 3) : debianName(Math.imul(index, 2_654_435_761) >>> 3);
    const fixed = `1.${index % 10}-${(index % 4) + 1}`;
    yield {
      schema_version: '1.7.0',
      id: `DEBIAN-${cve}`,
      modified: '2026-11-20T10:00:00Z',
      published: '2024-05-01T00:00:00Z',
      upstream: [cve],
      details: `A flaw in the handling of input number ${index} of ${name} lets a remote sender read memory. `.repeat(
        6,
      ),
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }],
      affected: releases.map((release) => ({
        package: { ecosystem: `Debian:${release}`, name, purl: `pkg:deb/debian/${name}?arch=source` },
        ranges: [
          {
            type: 'ECOSYSTEM',
            events: index % 25 === 0 ? [{ introduced: '0' }] : [{ introduced: '0' }, { fixed }],
          },
        ],
        versions: Array.from({ length: 8 }, (_, patch) => `1.${patch}-1`),
        ecosystem_specific: { urgency: 'not yet assigned' },
      })),
      references: [{ type: 'ADVISORY', url: `https://security-tracker.debian.example/tracker/${cve}` }],
    };
  }
}

function* npmDump(): Generator<object> {
  for (let index = 0; index < npmRecords; index++) {
    yield index < npmAdvisories ? npmAdvisory(index) : npmMalware(index);
  }
}

function npmAdvisory(index: number): object {
  const name = `package-${index}`;
  return {
    schema_version: '1.7.0',
    id: `GHSA-${String(index).padStart(4, '0')}-aaaa-bbbb`,
    modified: '2026-11-20T10:00:00Z',
    published: '2025-01-01T00:00:00Z',
    aliases: [`CVE-2025-${10_000 + index}`],
    summary: `Problem ${index} of ${name}`,
    details: `What ${name} does with its input lets a caller change objects it should not. `.repeat(20),
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N' }],
    affected: [
      {
        package: { ecosystem: 'npm', name, purl: `pkg:npm/${name}` },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: `1.${index % 10}.0` }] }],
        database_specific: { source: `https://advisories.example/${index}.json` },
      },
    ],
    references: [
      { type: 'ADVISORY', url: `https://advisories.example/${index}` },
      { type: 'WEB', url: `https://code.example/${name}/commit/${index}` },
    ],
    database_specific: { severity: 'HIGH', cwe_ids: ['CWE-1321'], github_reviewed: true },
  };
}

function npmMalware(index: number): object {
  const name = `elf-stats-${index}`;
  return {
    schema_version: '1.7.0',
    id: `MAL-2026-${index}`,
    modified: '2026-11-20T10:00:00Z',
    published: '2026-10-01T00:00:00Z',
    summary: `Malicious code in ${name} (npm)`,
    details: `The package ${name} was found to contain malicious code, and was published by an account made for it.`,
    affected: [
      {
        package: { ecosystem: 'npm', name, purl: `pkg:npm/${name}` },
        versions: ['1.0.0', '1.0.1'],
        database_specific: { cwes: [{ cweId: 'CWE-506', name: 'Embedded Malicious Code' }] },
      },
    ],
    references: [],
    credits: [{ name: 'A watcher', type: 'FINDER', contact: ['mailto:watcher@example.org'] }],
    database_specific: {
      'malicious-packages-origins': [
        { source: 'watcher', import_time: '2026-10-01T00:00:00Z', sha256: `${index}`.padStart(64, 'a') },
      ],
    },
  };
}

/** Every fifth record is about kernels: three dozen packages in each of three releases, with the versions spelled out. */
function* ubuntuDump(): Generator<object> {
  const flavours = Array.from({ length: 36 }, (_, index) => `linux-flavour-${index}`);
  for (let index = 0; index < ubuntuRecords; index++) {
    const cve = `CVE-${2015 + (index % 12)}-${10_000 + index}`;
    const names = index % 5 === 0 ? flavours : [`source-${index % 3_000}`];
    yield {
      schema_version: '1.7.0',
      id: `UBUNTU-${cve}`,
      modified: '2026-11-20T10:00:00Z',
      published: '2024-05-01T00:00:00Z',
      upstream: [cve],
      details: `A flaw in the handling of input number ${index} lets a local user raise their rights. `.repeat(5),
      severity: [
        { type: 'CVSS_V3', score: 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H' },
        { type: 'Ubuntu', score: 'medium' },
      ],
      affected: ['20.04', '22.04', '24.04'].flatMap((release) =>
        names.map((name) => ubuntuEntry(release, name, index)),
      ),
      references: [{ type: 'REPORT', url: `https://ubuntu.example/security/${cve}` }],
    };
  }
}

function ubuntuEntry(release: string, name: string, index: number): object {
  const fixed = `5.${index % 20}.0-${100 + (index % 7)}.${index % 90}`;
  return {
    package: {
      ecosystem: `Ubuntu:${release}:LTS`,
      name,
      purl: `pkg:deb/ubuntu/${name}@${fixed}?arch=source&distro=${release}`,
    },
    ranges: [{ type: 'ECOSYSTEM', events: index % 9 === 0 ? [{ introduced: '0' }] : [{ introduced: '0' }, { fixed }] }],
    versions: Array.from({ length: 15 }, (_, patch) => `5.${index % 20}.0-${80 + patch}.${patch + 2}`),
    ecosystem_specific: {
      binaries: [`${name}-headers`, `${name}-tools`].map((binary) => ({ binary_name: binary, binary_version: fixed })),
      availability: 'No subscription required',
    },
  };
}

function writeDump(mirror: string, ecosystem: string, records: Iterable<object>): Dump {
  const folder = path.join(mirror, ecosystem);
  mkdirSync(folder, { recursive: true });
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  let count = 0;
  for (const record of records) {
    const bytes = Buffer.from(JSON.stringify(record));
    const packed = deflateRawSync(bytes);
    const name = Buffer.from(`${count++}.json`);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), fields, name, packed);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), fields, tail, name);
    at += 30 + name.length + packed.length;
  }
  const all = Buffer.concat(directory);
  writeFileSync(path.join(folder, 'all.zip'), Buffer.concat([...parts, all, endOfArchive(count, all.length, at)]));
  return { name: `${ecosystem}, generated`, ecosystem, folder };
}

/** APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16: more than 65,534 entries want the longer form before the short one. */
function endOfArchive(count: number, size: number, at: number): Buffer {
  const long = Buffer.alloc(56 + 20);
  long.write('PK\x06\x06', 'latin1');
  long.writeBigUInt64LE(44n, 4);
  long.writeUInt16LE(45, 12);
  long.writeUInt16LE(45, 14);
  long.writeBigUInt64LE(BigInt(count), 24);
  long.writeBigUInt64LE(BigInt(count), 32);
  long.writeBigUInt64LE(BigInt(size), 40);
  long.writeBigUInt64LE(BigInt(at), 48);
  long.write('PK\x06\x07', 56, 'latin1');
  long.writeBigUInt64LE(BigInt(at + size), 64);
  long.writeUInt32LE(1, 72);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return count < 0xffff ? end : Buffer.concat([long, end]);
}

/** Packed contents of an archive without surprises, by its central directory. */
function unpackable(archive: Buffer): Buffer[] {
  const out: Buffer[] = [];
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = archive.readUInt32LE(end + 16);
  while (archive.readUInt32LE(at) === 0x02014b50) {
    const size = archive.readUInt32LE(at + 20);
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    if (archive.readUInt16LE(at + 10) === 8) out.push(archive.subarray(start, start + size));
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return out;
}
