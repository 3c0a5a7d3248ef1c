// A source of advisories that publishes, changes and deletes records, served as the lab serves its mirror.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { createAuthority } from '../../lab/certificates.ts';
import { type Faults, FaultBoard } from '../../lab/faults.ts';
import { zipOf } from '../../lab/images/zip.ts';
import { Journal } from '../../lab/journal.ts';
import { mirror } from '../../lab/mirror.ts';
import { startOrigin } from '../../lab/origin.ts';

export interface PublishedRecord {
  readonly id: string;
  readonly modified: string;
  readonly withdrawn?: string;
  readonly affected?: readonly object[];
}

export interface Publisher {
  readonly url: string;
  readonly folder: string;
  readonly caPem: string;
  readonly faults: Faults;
  /** Puts the records of an ecosystem out: the dump, single records and, unless told otherwise, the list of changes. */
  publish(ecosystem: string, records: readonly PublishedRecord[], withList?: boolean): void;
  /** The dump alone is of another state than the single records and the list. */
  publishDump(ecosystem: string, records: readonly PublishedRecord[]): void;
  publishSignals(kev: readonly string[], epss: Readonly<Record<string, number>>): void;
  /** Paths of the requests since the last call, with the status that each was answered with. */
  asked(): string[];
  violations(): string[];
  stop(): Promise<void>;
}

export async function startPublisher(): Promise<Publisher> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'publisher-'));
  const authority = createAuthority('Publisher authority');
  const certificate = authority.issue({ commonName: 'localhost', hosts: ['127.0.0.1', 'localhost'] });
  const journal = new Journal();
  const faults = new FaultBoard();
  const origin = await startOrigin({
    role: 'mirror',
    certificate,
    journal,
    faults,
    elsewhere: () => '',
    log: () => undefined,
  });
  origin.serve(mirror(folder));
  const publishDump = (ecosystem: string, records: readonly PublishedRecord[]): void => {
    mkdirSync(path.join(folder, ecosystem), { recursive: true });
    const files = records.map((record) => [`${record.id}.json`, JSON.stringify(record)] as const);
    writeFileSync(path.join(folder, ecosystem, 'all.zip'), zipOf(files));
  };
  return {
    url: origin.origin,
    folder,
    caPem: authority.certificatePem,
    faults,
    publish(ecosystem, records, withList = true) {
      rmSync(path.join(folder, ecosystem), { recursive: true, force: true });
      publishDump(ecosystem, records);
      for (const record of records)
        writeFileSync(path.join(folder, ecosystem, `${record.id}.json`), JSON.stringify(record));
      const newestFirst = [...records].sort((a, b) => Date.parse(b.modified) - Date.parse(a.modified));
      if (!withList) return;
      const lines = newestFirst.map(({ modified, id }) => `${modified},${id}\n`);
      writeFileSync(path.join(folder, ecosystem, 'modified_id.csv'), lines.join(''));
    },
    publishDump,
    publishSignals(kev, epss) {
      const vulnerabilities = kev.map((cveID) => ({ cveID, dateAdded: '2026-11-01' }));
      writeFileSync(
        path.join(folder, 'known_exploited_vulnerabilities.json'),
        JSON.stringify({ dateReleased: '2026-11-20T15:00:00Z', vulnerabilities }),
      );
      const rows = Object.entries(epss).map(([cve, score]) => `${cve},${score},0.9\n`);
      const head = '#model_version:v2025.03.14,score_date:2026-11-20T00:00:00Z\ncve,epss,percentile\n';
      writeFileSync(path.join(folder, 'epss_scores-current.csv.gz'), gzipSync(head + rows.join('')));
    },
    asked() {
      const seen = journal.list().map(({ status, path: target }) => `${status} ${target}`);
      journal.clear();
      return seen;
    },
    violations: () => journal.list().flatMap(({ violation }) => violation ?? []),
    async stop() {
      await origin.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
