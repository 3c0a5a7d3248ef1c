import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { type DumpRecord, DumpText, readDump } from '../../../src/advisories/dump.ts';
import { ecosystemsNeeded, isStale } from '../../../src/advisories/ecosystems.ts';
import { decodeList, decodeWhat, encodeList, encodeWhat } from '../../../src/advisories/entries.ts';
import { AdvisoryLibrary, ecosystemFolder, openAdvisories } from '../../../src/advisories/library.ts';
import { readRecord } from '../../../src/advisories/osv.ts';
import { BadInputError, DamagedError } from '../../../src/core/errors.ts';
import { clock, entry, now, record, signal, temporaryFolder, writeMirror } from './support.ts';

interface ZipEntry {
  readonly name: string;
  readonly text: string;
  readonly method?: 0 | 8 | 12;
  /** Replaces the packed bytes. */
  readonly data?: Buffer;
  readonly crc?: number;
  readonly size?: number;
}

/** A zip archive, also of damaged entries. APPNOTE.TXT 6.3.10, 4.3. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text, method = 8, data, crc, size } of entries) {
    const bytes = Buffer.from(text);
    const packed = data ?? (method === 8 ? deflateRawSync(bytes) : bytes);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc ?? crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size ?? bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), fields, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(all.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, all, end]);
}

type Plain = { readonly name: string } & ({ readonly text: string } | { readonly problem: string });

async function read(folder: string): Promise<Plain[]> {
  const toPlain = (each: DumpRecord): Plain => (each instanceof DumpText ? { name: each.name, text: each.text } : each);
  const out: Plain[] = [];
  for await (const batch of readDump(folder, signal)) out.push(...batch.map(toPlain));
  return out;
}

function zipFolder(content: Buffer): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'all.zip'), content);
  return folder;
}

describe('a dump', () => {
  it('is a zip archive, in batches and in its order', async () => {
    const entries = Array.from({ length: 1300 }, (_, index) => ({
      name: `${index}.json`,
      text: `{"n":${index},"ü":"${'x'.repeat(index)}"}`,
    }));
    const records = await read(zipFolder(zip([...entries, { name: 'README.md', text: 'x' }])));
    assert.deepEqual(
      records,
      entries.map(({ name, text }) => ({ name, text })),
    );
  });

  it('tells each damaged entry, and reads the others', async () => {
    const good = { name: 'good.json', text: '{"a":1}' };
    const records = await read(
      zipFolder(
        zip([
          good,
          { name: 'cut.json', text: '{"b":2}', data: deflateRawSync('{"b":2}').subarray(0, 4) },
          { name: 'sum.json', text: '{"c":3}', crc: 1 },
          { name: 'size.json', text: '{"d":4}', size: 3 },
          { name: 'method.json', text: 'x', method: 12 },
          { name: 'stored.json', text: '{"e":5}', method: 0 },
          { name: 'huge.json', text: 'x', size: 65 * 1024 * 1024 },
        ]),
      ),
    );
    assert.deepEqual(
      records.map((each) => [each.name, 'text' in each]),
      [
        ['good.json', true],
        ['cut.json', false],
        ['sum.json', false],
        ['size.json', false],
        ['method.json', false],
        ['stored.json', true],
        ['huge.json', false],
      ],
    );
  });

  it('is refused when the archive is cut or none at all', async () => {
    const whole = zip([{ name: 'a.json', text: '{}' }]);
    for (const content of [whole.subarray(0, whole.length - 5), Buffer.from('<html>'), Buffer.alloc(0)]) {
      await assert.rejects(read(zipFolder(content)), DamagedError);
    }
  });

  it('is a folder of single records otherwise', async () => {
    const folder = writeMirror(temporaryFolder(), 'npm', [{ a: 1 }, { b: 2 }]);
    assert.deepEqual(await read(folder), [
      { name: '0.json', text: '{"a":1}' },
      { name: '1.json', text: '{"b":2}' },
    ]);
    await assert.rejects(read(temporaryFolder()), DamagedError);
    await assert.rejects(read(path.join(folder, 'missing')), DamagedError);
  });

  it('stops when it is told to', async () => {
    const folder = writeMirror(temporaryFolder(), 'npm', [{ a: 1 }, { b: 2 }]);
    await assert.rejects(readDump(folder, AbortSignal.abort()).next(), { name: 'AbortError' });
  });
});

describe('an OSV record', () => {
  it('of any shape is read without an exception', () => {
    for (const json of [null, 1, 'x', [], {}, { id: 1 }, { id: '' }, { id: 'x'.repeat(500) }]) {
      assert.equal(readRecord(json, 'npm'), undefined);
    }
    for (const affected of [1, 'x', {}, [1], [{}], [{ package: 1 }], [{ package: { name: 1, ecosystem: [] } }]]) {
      assert.deepEqual(readRecord({ id: 'a', affected }, 'npm')?.rows, []);
    }
    const odd = {
      package: { ecosystem: 'npm', name: 'a' },
      versions: [1, null, '1.0'],
      ranges: [null, { type: 'SEMVER', events: [null, { introduced: 1 }] }],
    };
    assert.deepEqual(
      readRecord({ id: 'a', affected: [odd], aliases: 'x', references: [1, {}], severity: {} }, 'npm')?.rows,
      [{ name: 'a', suffix: '', what: '{"v":["1.0"]}' }],
    );
  });

  it('belongs to the ecosystems that it names, not to those whose names begin alike', () => {
    const affected = [entry('Debian:12', 'a'), entry('Debian', 'b'), entry('DebianX:1', 'c'), entry('npm', 'd')];
    assert.deepEqual(
      readRecord(record('x', affected), 'Debian')?.rows.map(({ name, suffix }) => [name, suffix]),
      [
        ['a', '12'],
        ['b', ''],
      ],
    );
  });

  it('of AlmaLinux and its relatives has its CVEs among the related ones', () => {
    const related = ['CVE-2026-0001', 'RHSA-1'];
    assert.deepEqual(readRecord(record('ALSA-2026:1', [], { related }), 'AlmaLinux')?.head.upstream, ['CVE-2026-0001']);
    assert.equal(readRecord(record('GHSA-a', [], { related }), 'npm')?.head.upstream, undefined);
  });

  it('of Red Hat leaves out what its converter got wrong', () => {
    const affected = [
      entry('Red Hat:a', 'foo-1.2-3.src.rpm', '1'),
      entry('Red Hat:a', 'libvirt', 'virt-devel:rhel'),
      entry('Red Hat:a', 'ok', '0:1-2'),
    ];
    assert.deepEqual(
      readRecord(record('RHSA-1', affected), 'Red Hat')?.rows.map(({ name }) => name),
      ['ok'],
    );
  });

  it('says what was left out of an absurd one', () => {
    const many = {
      package: { ecosystem: 'npm', name: 'a' },
      ranges: [{ type: 'SEMVER', events: Array.from({ length: 20_000 }, () => ({ introduced: '0' })) }],
    };
    const read = readRecord(record('x', [many, entry('npm', 'b')]), 'npm');
    assert.match(read?.cut ?? '', /more than 10000 events for a/);
    assert.deepEqual(
      read?.rows.map(({ name }) => name),
      ['b'],
    );
    const packages = readRecord(
      record(
        'x',
        Array.from({ length: 100_001 }, () => entry('npm', 'a')),
      ),
      'npm',
    );
    assert.match(packages?.cut ?? '', /more than 100000 affected/);
  });

  it('keeps its entries through the stored form', () => {
    for (const affected of [
      { ranges: [[['i', '0']]] },
      {
        ranges: [
          [
            ['i', '0'],
            ['f', '1"2'],
          ],
        ],
      },
      {
        ranges: [
          [
            ['i', '0'],
            ['f', '{"r":[["i0"]]}'],
          ],
        ],
      },
      {
        ranges: [
          [
            ['i', '1'],
            ['f', '2'],
          ],
          [
            ['i', '3'],
            ['l', '4'],
            ['m', '5'],
          ],
        ],
        versions: ['9'],
      },
      { ranges: [], versions: ['1', '2'] },
      {
        ranges: [
          [
            ['i', '0'],
            ['f', '1'],
          ],
        ],
        urgency: 'low',
        severities: [['Ubuntu', 'low']],
        binaries: { b: '1-2' },
        module: 'm:1',
        architecture: 'x86_64',
        lastKnown: '<= 1',
      },
    ] as const) {
      const list = { records: [7, 8], whats: [encodeWhat(affected), ''] };
      assert.deepEqual(decodeList(encodeList(list)), list);
      assert.deepEqual(decodeWhat(encodeWhat(affected)), affected);
    }
  });
});

describe('the library of advisories', () => {
  const make = async (folder: string, ids: readonly string[]): Promise<AdvisoryLibrary> => {
    const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
    after(() => library.close());
    await library.importEcosystem(
      'npm',
      writeMirror(
        folder,
        `npm${ids.join('')}`,
        ids.map((id) => record(id, [entry('npm', id)])),
      ),
      { source: 'here', etag: '"1"' },
      signal,
    );
    return library;
  };
  const knows = (library: AdvisoryLibrary, name: string): boolean =>
    library.file('npm')!.lookUp(name, () => true).length > 0;

  it('tells its state', async () => {
    const library = await make(temporaryFolder(), ['a', 'b']);
    assert.deepEqual(library.status(), {
      ecosystems: [
        {
          ecosystem: 'npm',
          records: 2,
          updatedAt: now.toISOString(),
          newestModified: '2026-11-20T00:00:00Z',
          problems: 0,
          stale: false,
          source: 'here',
        },
      ],
      source: 'here',
    });
    assert.deepEqual(library.state('npm'), {
      source: 'here',
      etag: '"1"',
      updatedAt: now.toISOString(),
      wholeAt: now.toISOString(),
      newestModified: '2026-11-20T00:00:00Z',
    });
    assert.equal(library.state('Debian'), undefined);
  });

  it('is seen by another window at its next look', async () => {
    const folder = temporaryFolder();
    const one = await make(folder, ['a']);
    const two = new AdvisoryLibrary(path.join(folder, 'library'), clock);
    after(() => two.close());
    assert.equal(knows(two, 'a'), true);
    await make(folder, ['b']);
    assert.equal(knows(two, 'a'), true, 'the old file stays usable');
    two.refresh();
    one.refresh();
    assert.equal(knows(two, 'b'), true);
    assert.equal(knows(one, 'b'), true);
  });

  it('loses nothing when windows change it at the same time', async () => {
    const folder = temporaryFolder();
    const libraries = Array.from({ length: 6 }, () => new AdvisoryLibrary(path.join(folder, 'library'), clock));
    after(() => libraries.forEach((library) => library.close()));
    await Promise.all(
      libraries.map((library, index) => {
        const name = `eco${index}`;
        return library.importEcosystem(name, writeMirror(folder, name, [record('x', [entry(name, 'a')])]), {}, signal);
      }),
    );
    libraries[0]?.refresh();
    assert.equal(libraries[0]?.status().ecosystems.length, 6);
    assert.equal(existsSync(path.join(folder, 'library', 'index.lock')), false);
  });

  it('takes over a lock that a crash left', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'library'));
    const lock = path.join(folder, 'library', 'index.lock');
    writeFileSync(lock, '');
    utimesSync(lock, new Date(0), new Date(0));
    assert.equal(knows(await make(folder, ['a']), 'a'), true);
  });

  it('keeps the old state when an import fails or is stopped', async () => {
    const folder = temporaryFolder();
    const library = await make(folder, ['a']);
    const before = readFileSync(path.join(folder, 'library', 'index.json'), 'utf8');
    await assert.rejects(library.importEcosystem('npm', zipFolder(Buffer.from('no zip')), {}, signal), DamagedError);
    await assert.rejects(library.importEcosystem('npm', path.join(folder, 'npma'), {}, AbortSignal.abort()), {
      name: 'AbortError',
    });
    assert.equal(readFileSync(path.join(folder, 'library', 'index.json'), 'utf8'), before);
    assert.equal(
      readdirSync(path.join(folder, 'library')).filter((name) => name.endsWith('.db')).length,
      1,
      'no half file stays',
    );
    assert.equal(knows(library, 'a'), true);
  });

  it('takes a damaged file as absent', async () => {
    const folder = temporaryFolder();
    await make(folder, ['a']);
    const [name = ''] = readdirSync(path.join(folder, 'library')).filter((each) => each.endsWith('.db'));
    const file = path.join(folder, 'library', name);
    const bytes = readFileSync(file);
    for (const damaged of [
      bytes.subarray(0, bytes.length / 2),
      Buffer.concat([bytes.subarray(0, 5000), Buffer.from('?'), bytes.subarray(5001)]),
      Buffer.alloc(0),
    ]) {
      writeFileSync(file, damaged);
      const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
      assert.equal(library.file('npm'), undefined);
      assert.equal(library.state('npm'), undefined);
      library.close();
    }
  });

  it('takes a damaged index as empty', async () => {
    const folder = temporaryFolder();
    await make(folder, ['a']);
    for (const text of [
      '',
      '{',
      '{"version":2,"ecosystems":{}}',
      '{"version":3,"ecosystems":{"npm":{"file":"../../x.db"}}}',
    ]) {
      writeFileSync(path.join(folder, 'library', 'index.json'), text);
      const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
      assert.deepEqual(library.status().ecosystems, []);
      library.close();
    }
  });

  it('counts what could not be read', async () => {
    const folder = temporaryFolder();
    const mirror = writeMirror(folder, 'npm', [record('a', [entry('npm', 'a')])]);
    writeFileSync(path.join(mirror, 'bad.json'), '{"id": ');
    writeFileSync(path.join(mirror, 'other.json'), '[]');
    const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
    const summary = await library.importEcosystem('npm', mirror, {}, signal);
    assert.deepEqual(
      [summary.records, summary.problems, summary.examples],
      [1, 2, ['bad.json: not valid JSON', 'other.json: not an OSV record']],
    );
    assert.equal(library.status().ecosystems[0]?.problems, 2);
    library.close();
  });

  it('can be made for one run from a mirror, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    writeMirror(folder, 'npm', [record('a', [entry('npm', 'a')])]);
    const opened = await openAdvisories(folder, clock, ['npm', 'Debian'], signal);
    assert.equal(knows(opened.library, 'a'), true);
    assert.equal(opened.library.file('Debian'), undefined);
    opened.dispose();
    await assert.rejects(openAdvisories(path.join(folder, 'missing'), clock, [], signal), BadInputError);
    await assert.rejects(openAdvisories(folder, clock, ['../npm'], signal), BadInputError);
    assert.throws(() => ecosystemFolder('/m', 'a/b'), BadInputError);
    assert.equal(ecosystemFolder('/m', 'Azure Linux'), path.join('/m', 'Azure Linux'));
  });

  it('takes every layout of a folder of advisories', async () => {
    const folder = temporaryFolder();
    const zipped = path.join(folder, 'zipped');
    mkdirSync(path.join(zipped, 'npm'), { recursive: true });
    writeFileSync(
      path.join(zipped, 'npm', 'all.zip'),
      zip([{ name: 'a.json', text: JSON.stringify(record('a', [entry('npm', 'a')])) }]),
    );
    writeFileSync(
      path.join(zipped, 'epss_scores-2026-11-19.csv.gz'),
      gzipSync(
        '#model_version:v2025.03.14,score_date:2026-11-19T00:00:00Z\ncve,epss,percentile\nCVE-2026-0001,0.4,0.9\n',
      ),
    );
    const single = path.join(folder, 'single');
    writeMirror(single, 'npm', [record('a', [entry('npm', 'a')])]);
    const data = path.join(folder, 'data');
    const made = new AdvisoryLibrary(path.join(data, 'advisories'), clock);
    await made.importEcosystem('npm', path.join(single, 'npm'), {}, signal);
    made.close();
    for (const layout of [zipped, single, data, path.join(data, 'advisories')]) {
      const opened = await openAdvisories(layout, clock, ['npm'], signal);
      assert.equal(knows(opened.library, 'a'), true, layout);
      if (layout === zipped) assert.equal(opened.library.signals?.epss('CVE-2026-0001')?.probability, 0.4);
      opened.dispose();
    }
    assert.equal(existsSync(path.join(data, 'advisories', 'index.json')), true, 'a library stays');
  });

  it('says how old a download is that nobody renewed', async () => {
    const folder = temporaryFolder();
    await make(folder, ['a']);
    const later = { now: () => new Date(now.getTime() + 14 * 86_400_000) };
    const library = new AdvisoryLibrary(path.join(folder, 'library'), later);
    after(() => library.close());
    assert.match(library.stale('npm') ?? '', /^the newest change in the advisories of npm is of 2026-11-20$/);
    const seldom = new AdvisoryLibrary(path.join(folder, 'seldom'), clock);
    await seldom.importEcosystem(
      'RubyGems',
      writeMirror(folder, 'RubyGems', [record('a', [entry('RubyGems', 'a')])]),
      {},
      signal,
    );
    seldom.close();
    const old = new AdvisoryLibrary(path.join(folder, 'seldom'), later);
    after(() => old.close());
    assert.equal(old.stale('RubyGems'), 'the advisories of RubyGems were brought up to date 14 days ago');
    assert.deepEqual(
      old.status().ecosystems.map(({ stale, reason }) => [stale, reason]),
      [[true, 'the advisories of RubyGems were brought up to date 14 days ago']],
    );
  });

  it('survives a process that is killed while it imports', async () => {
    const folder = temporaryFolder();
    const library = await make(folder, ['a']);
    const script = `
      import { AdvisoryLibrary } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/advisories/library.ts'))};
      import { writeEcosystemFile } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../../src/advisories/ecosystem-writer.ts'))};
      const records = async function* () { yield [{ name: 'x', text: '{"id":"x"}' }]; process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1000)); };
      await writeEcosystemFile(${JSON.stringify(path.join(folder, 'library', 'npm.killed.db'))}, 'npm', records(), new AbortController().signal);
    `;
    assert.throws(() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' }));
    library.refresh();
    assert.equal(knows(library, 'a'), true);
  });
});

describe('KEV and EPSS', () => {
  const kev = (entries: readonly unknown[]): string =>
    JSON.stringify({
      catalogVersion: '2026.11.20',
      dateReleased: '2026-11-20T15:00:00Z',
      count: 1,
      vulnerabilities: entries,
    });
  const good = {
    cveID: 'CVE-2026-0001',
    dateAdded: '2026-11-01',
    dueDate: '2026-11-22',
    knownRansomwareCampaignUse: 'Known',
  };
  const epss = (text: string): Buffer => gzipSync(text);
  const scores =
    '#model_version:v2025.03.14,score_date:2026-11-20T00:00:00Z\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\r\nCVE-2026-0002,1.2e-3,0.1\n';
  const library = (): AdvisoryLibrary => {
    const made = new AdvisoryLibrary(path.join(temporaryFolder(), 'library'), clock);
    after(() => made.close());
    return made;
  };

  it('are read and looked up by CVE', async () => {
    const made = library();
    assert.deepEqual(await made.importSignals(kev([good]), epss(scores)), {
      kev: { entries: 1, date: '2026-11-20T15:00:00Z' },
      epss: { entries: 2, date: '2026-11-20T00:00:00Z', model: 'v2025.03.14' },
    });
    assert.deepEqual(made.signals?.kev('CVE-2026-0001'), {
      dateAdded: '2026-11-01',
      dueDate: '2026-11-22',
      ransomware: true,
    });
    assert.equal(made.signals.kev('CVE-2026-0002'), undefined);
    assert.deepEqual(made.signals.epss('CVE-2026-0002'), {
      probability: 0.0012,
      percentile: 0.1,
      date: '2026-11-20T00:00:00Z',
    });
  });

  it('pass over damaged entries', async () => {
    const made = library();
    const bad = [
      { cveID: 'CVE-2026-0009' },
      1,
      { ...good, cveID: 'x' },
      { ...good, cveID: 'CVE-2026-0003', dueDate: 7, knownRansomwareCampaignUse: 'Unknown' },
    ];
    const odd = `${scores}CVE-2026-0004,2,0\nCVE-2026-0005,x,y\nCVE-2026-0006\n${'z'.repeat(100_000)}\n`;
    const summary = await made.importSignals(kev([good, ...bad]), epss(odd));
    assert.deepEqual([summary.kev?.entries, summary.epss?.entries], [2, 2]);
    assert.deepEqual(made.signals?.kev('CVE-2026-0003'), { dateAdded: '2026-11-01', ransomware: false });
  });

  it('are updated one without the other', async () => {
    const made = library();
    await made.importSignals(kev([good]), undefined);
    assert.equal(made.signals?.epss('CVE-2026-0001'), undefined);
    const summary = await made.importSignals(undefined, epss(scores));
    assert.deepEqual([summary.kev?.entries, summary.epss?.entries], [1, 2]);
    assert.equal(made.signals?.kev('CVE-2026-0001')?.ransomware, true);
    assert.deepEqual(made.status().kev, { entries: 1, date: '2026-11-20T15:00:00Z' });
  });

  it('of another form are refused, and the old ones stay', async () => {
    const made = library();
    await made.importSignals(kev([good]), epss(scores));
    for (const text of ['', '<html>', '{}', '{"vulnerabilities":[1,2]}', '{"vulnerabilities":"x"}']) {
      await assert.rejects(made.importSignals(text, undefined), DamagedError, text);
    }
    for (const bytes of [Buffer.from('x'), epss(''), epss('<html>'), epss(scores).subarray(0, 30)]) {
      await assert.rejects(made.importSignals(undefined, bytes), DamagedError);
    }
    assert.equal(made.signals?.kev('CVE-2026-0001')?.ransomware, true);
    assert.equal(made.signals.epss('CVE-2026-0001')?.probability, 0.5);
  });
});

describe('ecosystems', () => {
  it('are those whose versions can be compared', () => {
    assert.deepEqual(ecosystemsNeeded('Debian:12', ['deb', 'npm', 'golang', 'x']), ['Debian', 'Go', 'npm']);
    assert.deepEqual(ecosystemsNeeded(undefined, ['deb']), []);
    assert.deepEqual(ecosystemsNeeded('Haiku:1', ['deb']), []);
  });

  it('stand still after fourteen days, when they are busy ones', () => {
    assert.equal(isStale('Debian', '2026-11-07T12:00:00Z', now), false);
    assert.equal(isStale('Debian', '2026-11-07T11:59:59Z', now), true);
    assert.equal(isStale('RubyGems', '2020-01-01T00:00:00Z', now), false);
    assert.equal(isStale('Debian', undefined, now), false);
  });
});
