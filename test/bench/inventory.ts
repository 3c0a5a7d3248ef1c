// How many requests the inventory costs: pages of Resource Graph, and details that do not grow with the estate.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startLabProcess, type LabProcess } from '../support/lab-process.ts';
import { startChild } from './child.ts';
import type { EngineCalls } from './engine-child.ts';
import type { BenchRow } from './row.ts';

const few = 40;
const many = 5_000;
/** Rows of one answer. Azure Resource Graph, "Work with large data sets": at most 1,000. */
const rowsOfPage = 1_000;

interface Counted {
  readonly resources: number;
  /** Requests by kind: method and path with names left out, or the table that Resource Graph is asked for. */
  readonly kinds: ReadonlyMap<string, number>;
}

export async function run(): Promise<BenchRow[]> {
  const small = await count(few);
  const large = await count(many);
  report(small);
  report(large);
  const pages = (one: Counted): number => one.kinds.get(resourcePages) ?? 0;
  const rest = (one: Counted): number => [...one.kinds.values()].reduce((sum, each) => sum + each, 0) - pages(one);
  if (large.resources - small.resources < many - few || pages(small) === 0) {
    throw new Error(`The inventory is not whole: ${small.resources} and ${large.resources} resources`);
  }
  return [
    ...[small, large].map((one) => ({
      name: `requests for the list of ${one.resources} resources`,
      figure: pages(one),
      unit: 'requests',
      budget: Math.ceil(one.resources / rowsOfPage),
    })),
    {
      name: `requests for details that ${large.resources - small.resources} more resources add`,
      figure: rest(large) - rest(small),
      unit: 'requests',
      budget: 0,
    },
  ];
}

const resourcePages = 'POST Resource Graph: resources';

async function count(generated: number): Promise<Counted> {
  const lab = await startLabProcess({ resources: generated, specimens: true });
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const engine = startChild<EngineCalls>('engine-child.ts', { env: { NODE_EXTRA_CA_CERTS: lab.caFile } });
  try {
    await engine.call('open', { lab, dataDir, images: 'running' });
    await lab.clearRequests();
    await engine.call('scan', null);
    const kinds = await kindsOf(lab);
    await engine.call('close', null);
    return { resources: storedResources(dataDir), kinds };
  } finally {
    await engine.stop();
    await lab.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

async function kindsOf(lab: LabProcess): Promise<ReadonlyMap<string, number>> {
  const kinds = new Map<string, number>();
  for (const { role, method, path: asked, body } of await lab.requests()) {
    if (role !== 'arm' && role !== 'graph') continue;
    const table = asked.endsWith('/Microsoft.ResourceGraph/resources') ? /"query":"(\w+)/.exec(body)?.[1] : undefined;
    const kind = table === undefined ? `${method} ${withoutNames(asked)}` : `${method} Resource Graph: ${table}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

function withoutNames(asked: string): string {
  return asked
    .replace(/\/subscriptions\/[^/]+/i, '/subscriptions/*')
    .replace(/\/resourceGroups\/[^/]+/i, '/resourceGroups/*')
    .replaceAll(/(\/providers\/[^/]+\/[^/]+)\/[^/]+(?=\/|$)/gi, '$1/*');
}

function storedResources(dataDir: string): number {
  const database = new DatabaseSync(path.join(dataDir, 'state.db'), { readOnly: true });
  try {
    const row = database
      .prepare("SELECT sum(json_array_length(value)) AS found FROM documents WHERE kind = 'snapshot-resources'")
      .get();
    return Number(row?.['found'] ?? 0);
  } finally {
    database.close();
  }
}

function report({ resources, kinds }: Counted): void {
  console.error(`${resources} resources:`);
  for (const [kind, requests] of [...kinds].sort(([, a], [, b]) => b - a)) console.error(`  ${requests} ${kind}`);
}
