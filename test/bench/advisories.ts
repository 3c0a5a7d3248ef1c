// Import of advisories against the bare parsing of the same dump, and matching against a database of real size. Beside a
// folder of real dumps (`PLIMSOLL_BENCH_OSV`, laid out like the OSV mirror) generated ones are measured, always.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { AdvisoryLibrary } from '../../src/advisories/library.ts';
import { matchPackages } from '../../src/advisories/match.ts';
import type { MatchRequest } from '../../src/advisories/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type BenchRow, median, rounded } from './row.ts';

const debianRecords = 60_000;
const npmRecords = 20_000;
const releases = ['11', '12', '13', '14'];
const packages = 1_000;
const rounds = 5;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'advisories-bench-'));
  try {
    const debian = writeDump(path.join(folder, 'mirror'), 'Debian', debianDump());
    const npm = writeDump(path.join(folder, 'mirror'), 'npm', npmDump());
    const dumps = [debian, npm, ...realDumps()];
    const rows: BenchRow[] = [];
    for (const dump of dumps) rows.push(await measureImport(dump, path.join(folder, 'import')));
    rows.push(measureMemory(debian, path.join(folder, 'memory')));
    rows.push(await measureMatching(path.join(folder, 'library'), path.join(folder, 'mirror')));
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

/** The floor is the least that any importer does: unpack each entry, parse it, forget it. */
async function measureImport({ name, ecosystem, folder }: Dump, target: string): Promise<BenchRow> {
  const signal = new AbortController().signal;
  const entries = unpackable(readFileSync(path.join(folder, 'all.zip')));
  const imports: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let start = performance.now();
    for (const packed of entries) JSON.parse(inflateRawSync(packed).toString('utf8'));
    floors.push(performance.now() - start);
    start = performance.now();
    const library = new AdvisoryLibrary(target, systemClock);
    await library.importEcosystem(ecosystem, folder, {}, signal);
    library.close();
    imports.push(performance.now() - start);
    rmSync(target, { recursive: true, force: true });
  }
  const [figure, floor] = [median(imports), median(floors)];
  return {
    name: `advisories: import of ${name} (floor: inflate and JSON.parse of the same zip)`,
    figure: rounded(figure),
    unit: 'ms',
    floor: rounded(floor),
    ratio: rounded(figure / floor),
    budget: 2,
  };
}

/** Resident memory at its highest, of a process that imports and does nothing else. */
function measureMemory({ ecosystem, folder }: Dump, target: string): BenchRow {
  const library = path.resolve(import.meta.dirname, '../../src/advisories/library.ts');
  const script = `
    import { existsSync, readFileSync } from 'node:fs';
    import { AdvisoryLibrary } from ${JSON.stringify(library)};
    const made = new AdvisoryLibrary(${JSON.stringify(target)}, { now: () => new Date() });
    await made.importEcosystem(${JSON.stringify(ecosystem)}, ${JSON.stringify(folder)}, {}, new AbortController().signal);
    // Not resourceUsage(): what the parent had at the fork counts there.
    const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
    process.stdout.write(/VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? String(process.memoryUsage().rss / 1024));
  `;
  const kib = Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
  return { name: 'advisories: memory of an import', figure: rounded(kib / 1024), unit: 'MiB', budget: 400 };
}

async function measureMatching(target: string, mirror: string): Promise<BenchRow> {
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
    return {
      name: `advisories: ${packages} packages against ${debianRecords + npmRecords} records (${found} matches)`,
      figure: rounded(median(times)),
      unit: 'ms',
      budget: 50,
    };
  } finally {
    library.close();
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
    const isMalicious = index % 3 === 0;
    const name = `package-${isMalicious ? 10_000 + index : index % 6_000}`;
    const affected = isMalicious
      ? { package: { ecosystem: 'npm', name }, versions: ['1.0.0', '1.0.1'] }
      : {
          package: { ecosystem: 'npm', name },
          ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: `1.${index % 10}.0` }] }],
        };
    yield {
      schema_version: '1.7.0',
      id: isMalicious ? `MAL-2026-${index}` : `GHSA-${String(index).padStart(4, '0')}-aaaa-bbbb`,
      modified: '2026-11-20T10:00:00Z',
      published: '2025-01-01T00:00:00Z',
      aliases: isMalicious ? [] : [`CVE-2025-${10_000 + index}`],
      summary: `Problem ${index} of ${name}`,
      details: `What ${name} does with its input lets a caller change objects it should not. `.repeat(8),
      severity: isMalicious ? [] : [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N' }],
      affected: [affected],
      references: [{ type: 'WEB', url: `https://advisories.example/${index}` }],
      database_specific: { severity: 'HIGH' },
    };
  }
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
  // APPNOTE.TXT 6.3.10, 4.3.14: more than 65,535 entries want the longer form, so dumps here stay below.
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(all.length, 12);
  end.writeUInt32LE(at, 16);
  writeFileSync(path.join(folder, 'all.zip'), Buffer.concat([...parts, all, end]));
  return { name: `${ecosystem}, generated`, ecosystem, folder };
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
