// A folder laid out like the public mirror of OSV, with the two exploit signals beside it.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { BuiltImages } from './catalogue.ts';
import { AlpineFacts, alpineRecords, DebianFacts, debianRecords, NpmFacts, npmRecords, type OsvRecord } from './osv.ts';
import { zipOf } from './zip.ts';

const FACTS = path.join(import.meta.dirname, 'advisories');

const Signals = z.strictObject({
  kev: z.array(
    z.strictObject({
      cveID: z.string(),
      vendorProject: z.string(),
      product: z.string(),
      vulnerabilityName: z.string(),
      dateAdded: z.string(),
      shortDescription: z.string(),
      requiredAction: z.string(),
      dueDate: z.string(),
      knownRansomwareCampaignUse: z.enum(['Known', 'Unknown']),
      notes: z.string(),
      cwes: z.array(z.string()),
    }),
  ),
  epss: z.record(z.string(), z.tuple([z.number(), z.number()])),
});

export interface MirrorRequest {
  readonly cacheDir: string;
  /** The images that the records were chosen for. */
  readonly images?: BuiltImages;
  /** The day that the newest records were modified; today unless a test wants a stale source. */
  readonly now?: Date;
}

/**
 * Writes the mirror and answers its folder: `<Ecosystem>/all.zip`, `<Ecosystem>/<ID>.json`, `<Ecosystem>/modified_id.csv`,
 * `modified_id.csv`, `ecosystems.txt`, `known_exploited_vulnerabilities.json` and `epss_scores-current.csv.gz`.
 */
export async function buildMirror({ cacheDir, now = new Date() }: MirrorRequest): Promise<string> {
  const day = now.toISOString().slice(0, 10);
  const files = mirrorFiles(await readFacts(), day);
  const hash = createHash('sha256');
  for (const [name, content] of files) hash.update(`${name}\n`).update(content);
  const folder = path.join(cacheDir, `mirror-${day}-${hash.digest('hex').slice(0, 12)}`);
  if ((await stat(folder).catch(() => undefined)) !== undefined) return folder;
  await mkdir(cacheDir, { recursive: true });
  const partial = await mkdtemp(path.join(cacheDir, 'mirror-partial-'));
  for (const [name, content] of files) {
    await mkdir(path.dirname(path.join(partial, name)), { recursive: true });
    await writeFile(path.join(partial, name), content);
  }
  await rename(partial, folder).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if ((await stat(folder).catch(() => undefined)) === undefined) throw error;
  });
  await removeYesterday(cacheDir, path.basename(folder), now);
  return folder;
}

async function removeYesterday(cacheDir: string, keep: string, now: Date): Promise<void> {
  const weekAgo = now.getTime() - 7 * 24 * 3600 * 1000;
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith('mirror-') || name === keep) continue;
    const found = await stat(path.join(cacheDir, name)).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < weekAgo) {
      await rm(path.join(cacheDir, name), { recursive: true, force: true });
    }
  }
}

interface Facts {
  readonly ecosystems: ReadonlyMap<string, readonly OsvRecord[]>;
  readonly signals: z.infer<typeof Signals>;
}

async function readFacts(): Promise<Facts> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(FACTS, `${name}.json`), 'utf8')) as unknown;
  return {
    ecosystems: new Map([
      ['Alpine', alpineRecords(AlpineFacts.parse(await read('alpine')))],
      ['Debian', debianRecords(DebianFacts.parse(await read('debian')))],
      ['npm', npmRecords(NpmFacts.parse(await read('npm')))],
    ]),
    signals: Signals.parse(await read('signals')),
  };
}

function mirrorFiles({ ecosystems, signals }: Facts, day: string): Map<string, string | Buffer> {
  const files = new Map<string, string | Buffer>();
  const everything: string[] = [];
  for (const [ecosystem, facts] of ecosystems) {
    const records = newestFirst(facts.map((record) => ({ ...record })));
    const [newest] = records;
    if (newest !== undefined) newest.modified = `${day}T00:00:00Z`;
    const texts = records.map((record) => [`${record.id}.json`, JSON.stringify(record)] as const);
    files.set(`${ecosystem}/all.zip`, zipOf(texts));
    for (const [name, text] of texts) files.set(`${ecosystem}/${name}`, text);
    files.set(`${ecosystem}/modified_id.csv`, records.map(({ modified, id }) => `${modified},${id}\n`).join(''));
    everything.push(...records.map(({ modified, id }) => `${modified},${ecosystem}/${id}`));
  }
  files.set('modified_id.csv', everything.sort().reverse().join('\n') + '\n');
  files.set('ecosystems.txt', [...ecosystems.keys()].join('\n') + '\n');
  files.set(
    'known_exploited_vulnerabilities.json',
    JSON.stringify(
      {
        title: 'CISA Catalog of Known Exploited Vulnerabilities',
        catalogVersion: day.replaceAll('-', '.'),
        dateReleased: `${day}T00:00:00.000Z`,
        count: signals.kev.length,
        vulnerabilities: signals.kev,
      },
      undefined,
      2,
    ),
  );
  const rows = Object.entries(signals.epss).map(([cve, [score, percentile]]) => `${cve},${score},${percentile}\n`);
  const head = `#model_version:v2025.03.14,score_date:${day}T00:00:00Z\ncve,epss,percentile\n`;
  files.set('epss_scores-current.csv.gz', gzipSync(head + rows.sort().join('')));
  return files;
}

function newestFirst(records: OsvRecord[]): OsvRecord[] {
  return records.sort((a, b) => (a.modified < b.modified ? 1 : a.modified > b.modified ? -1 : a.id < b.id ? -1 : 1));
}
