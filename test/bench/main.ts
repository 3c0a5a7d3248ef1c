// `npm run bench`: measures against the budgets and prints one JSON object a line; progress goes to standard error.
// `--only event-loop,size` runs these alone; `--check` exits with 1 when a budget is broken.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { duration, repositoryRoot, runOrThrow, runScript, stopProcess } from '../support/process.ts';
import { isWithinBudget, type Bench, type BenchRow } from './row.ts';

/** By name, in the order in which they run: what needs a quiet machine most comes first. */
const benches: Readonly<Record<string, () => Promise<{ readonly run: Bench }>>> = {
  'event-loop': () => import('./event-loop.ts'),
  activation: () => import('./activation.ts'),
  layers: () => import('./layers.ts'),
  rescan: () => import('./rescan.ts'),
  sharing: () => import('./sharing.ts'),
  inventory: () => import('./inventory.ts'),
  advisories: () => import('./advisories.ts'),
  posture: () => import('./posture.ts'),
  dockerfile: () => import('./dockerfile.ts'),
  report: () => import('./report.ts'),
  size: () => import('./size.ts'),
};

const rowShape = z.object({
  name: z.string(),
  figure: z.number(),
  unit: z.string(),
  floor: z.number().exactOptional(),
  ratio: z.number().exactOptional(),
  budget: z.number(),
});

async function main(stop: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, check: { type: 'boolean' }, here: { type: 'string' } },
  });
  if (values.here !== undefined) return runHere(values.here);
  const names = values.only?.split(',').map((name) => name.trim()) ?? Object.keys(benches);
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(`No bench "${unknown.join('", "')}"; there are: ${Object.keys(benches).join(', ')}`);
    return 2;
  }
  await buildUnlessBuilt();
  const broken: string[] = [];
  let failed = false;
  for (const name of names) {
    if (stop.aborted) return 130;
    const start = performance.now();
    try {
      for (const row of await runInProcess(name, stop)) {
        console.log(JSON.stringify(row));
        if (!isWithinBudget(row)) broken.push(row.name);
      }
    } catch (error) {
      failed = true;
      console.error(`${name} did not run through: ${error instanceof Error ? error.message : String(error)}`);
    }
    console.error(`${name}: ${duration(start)}`);
  }
  if (broken.length > 0) console.error(`Over budget: ${broken.join('; ')}`);
  return failed || (values.check === true && broken.length > 0) ? 1 : 0;
}

/** Each bench has a process of its own: what one leaves in memory must not count for the next. */
async function runInProcess(name: string, stop: AbortSignal): Promise<BenchRow[]> {
  const child = spawn(process.execPath, ['--expose-gc', import.meta.filename, '--here', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: process.platform !== 'win32',
  });
  const end = (): void => void stopProcess(child);
  stop.addEventListener('abort', end);
  try {
    const rows: BenchRow[] = [];
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    for await (const line of readline.createInterface({ input: child.stdout })) {
      rows.push(rowShape.parse(JSON.parse(line)));
    }
    const code = await exited;
    if (code !== 0) throw new Error(`it ended with exit code ${code}`);
    if (rows.length === 0) throw new Error('it measured nothing');
    return rows;
  } finally {
    stop.removeEventListener('abort', end);
  }
}

async function runHere(name: string): Promise<number> {
  const load = benches[name];
  if (load === undefined) throw new Error(`No bench "${name}"`);
  const { run } = await load();
  for (const row of await run()) console.log(JSON.stringify(row));
  return 0;
}

/** Figures of an old build would say nothing about the sources. */
async function buildUnlessBuilt(): Promise<void> {
  const built = path.join(repositoryRoot, 'dist/extension.cjs');
  if (fs.existsSync(built) && newest(['src', 'webview', 'esbuild.mjs', 'package.json']) < fs.statSync(built).mtimeMs) {
    return;
  }
  console.error('dist/ is missing or older than the sources: building');
  await runOrThrow('node', ['esbuild.mjs'], { output: 'hide' });
}

function newest(names: readonly string[]): number {
  const times = names.flatMap((name) => {
    const top = path.join(repositoryRoot, name);
    const below = fs.statSync(top).isDirectory() ? fs.readdirSync(top, { recursive: true, encoding: 'utf8' }) : [];
    return [top, ...below.map((each) => path.join(top, each))].map((file) => fs.statSync(file).mtimeMs);
  });
  return Math.max(...times);
}

await runScript(main);
