// Feeds mutants of genuine inputs to the readers of hostile input. Reproducible by its seed.
//   node test/fuzz/run.ts                                   lists the targets
//   node test/fuzz/run.ts <target>... [--executions N] [--seed S]
//   node test/fuzz/run.ts --all [--executions N] [--seed S]
//   node test/fuzz/run.ts <target> --replay <file>          reads one input again
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../support/process.ts';
import { attempt, fuzz } from './fuzz.ts';
import type { FuzzTarget } from './target.ts';
import { targets } from './targets/index.ts';
import { Watchdog } from './watchdog.ts';

const hangMs = 30_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    executions: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const executions = Number(values.executions);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(executions) || executions < 1 || !Number.isSafeInteger(seed)) {
    console.error('--executions and --seed are whole numbers');
    return 2;
  }
  const chosen: FuzzTarget[] = values.all ? [...targets] : [];
  for (const name of positionals) {
    const target = targets.find((each) => each.name === name);
    if (target === undefined) {
      console.error(`There is no target "${name}": ${targets.map((each) => each.name).join(', ')}`);
      return 2;
    }
    chosen.push(target);
  }
  if (chosen.length === 0) console.log(targets.map((each) => each.name).join('\n'));
  let failures = 0;
  for (const target of chosen) {
    const isGood = await (values.replay === undefined ? run(target, executions, seed) : replay(target, values.replay));
    if (!isGood) failures++;
  }
  return failures === 0 ? 0 : 1;
}

async function run(target: FuzzTarget, executions: number, seed: number): Promise<boolean> {
  const file = path.join(repositoryRoot, 'artifacts', 'fuzz', `${target.name}-${seed}.bin`);
  const longestSeed = Math.max(...(await target.seeds()).map((each) => each.length));
  const watchdog = new Watchdog(file, Math.max(target.mostBytes ?? 4_096, longestSeed), hangMs);
  const report = await fuzz(target, { executions, seed, watch: (input) => watchdog.watch(input) });
  await watchdog.stop();
  const { failure } = report;
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${target.name}: ${report.executions} executions, ${report.perSecond}/s, slowest ${report.slowestMs.toFixed(1)} ms, ` +
      `${report.refused} refused, ${report.ways} ways, seed ${seed}, peak ${megabytes} MiB`,
  );
  if (failure === undefined) return true;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, failure.input);
  console.error(`FAILED: ${target.name}, execution ${failure.execution}: ${failure.stack ?? failure.reason}`);
  console.error(`  ${JSON.stringify(Buffer.from(failure.input).toString('latin1')).slice(0, 400)}`);
  console.error(`  node test/fuzz/run.ts ${target.name} --replay ${path.relative(process.cwd(), file)}`);
  return false;
}

async function replay(target: FuzzTarget, file: string): Promise<boolean> {
  const result = await attempt(target, fs.readFileSync(file));
  console.log(`${target.name}: ${result.reason ?? result.way ?? 'read'} (${result.ms.toFixed(1)} ms)`);
  if (result.stack !== undefined) console.log(result.stack);
  return result.reason === undefined;
}
