// `npm test`: everything, in order; a table of all stages at the end. Exit code 1 unless every stage passed.
// For developers: `npm test -- --only unit,cli` runs these alone.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { duration, repositoryRoot, run, runScript } from './process.ts';

interface Stage {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** A stage that hangs fails after this time, and the others still run. */
  readonly limitMinutes: number;
  /** Stages without which this one cannot run. */
  readonly after?: readonly string[];
}

const strict = ['--forbid-only', '--forbid-pending'];

/** Mocha joins the files of package.json with those it is given, so stages other than unit leave that out. */
const suite = (folder: string, timeoutMs: number): [string, ...string[]] => [
  'mocha',
  '--no-package',
  ...strict,
  ...['--timeout', String(timeoutMs), `test/${folder}/**/*.test.ts`],
];

const stages: readonly Stage[] = [
  { name: 'system packages', limitMinutes: 15, command: ['node', 'test/support/system-packages.ts'] },
  { name: 'check', limitMinutes: 10, command: ['node', 'test/support/check.ts'] },
  { name: 'build', limitMinutes: 5, command: ['node', 'esbuild.mjs'] },
  { name: 'unit', limitMinutes: 10, command: ['mocha', ...strict] },
  { name: 'engine', limitMinutes: 15, command: suite('engine', 120_000), after: ['system packages', 'build'] },
  { name: 'cli', limitMinutes: 10, command: suite('cli', 120_000), after: ['system packages', 'build'] },
  { name: 'package', limitMinutes: 5, command: ['node', 'test/support/package.ts'], after: ['build'] },
  {
    name: 'integration',
    limitMinutes: 15,
    command: ['node', 'test/support/integration.ts'],
    after: ['system packages', 'build'],
  },
  { name: 'e2e', limitMinutes: 25, command: suite('e2e', 180_000), after: ['system packages', 'package'] },
];

async function main(stop: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const chosen = values.only?.split(',').map((name) => name.trim());
  const unknown = chosen?.filter((name) => !stages.some((stage) => stage.name === name)) ?? [];
  if (unknown.length > 0) {
    console.error(`No stage "${unknown.join('", "')}"; there are: ${stages.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const selected = stages.filter(({ name }) => chosen?.includes(name) ?? true);
  const begin = performance.now();
  const failed = new Set<string>();
  const table: [string, string, string][] = [];
  for (const stage of selected) {
    if (stop.aborted) {
      failed.add(stage.name);
      table.push([stage.name, 'NOT RUN', 'interrupted']);
      continue;
    }
    const missing = (stage.after ?? []).filter((name) => failed.has(name));
    if (missing.length > 0) {
      failed.add(stage.name);
      table.push([stage.name, 'NOT RUN', `needs ${missing.join(', ')}`]);
      continue;
    }
    console.log(`\n── ${stage.name} ${'─'.repeat(Math.max(0, 70 - stage.name.length))}`);
    const start = performance.now();
    const [program, ...args] = stage.command;
    const code = await run(program, args, {
      stop,
      timeoutMs: stage.limitMinutes * 60_000,
      logFile: path.join(repositoryRoot, 'artifacts/logs', `${stage.name.replaceAll(' ', '-')}.log`),
    }).then(
      (result) => result.code,
      (error: unknown) => {
        console.error(String(error));
        return -1;
      },
    );
    if (code !== 0) failed.add(stage.name);
    table.push([stage.name, code === 0 ? 'passed' : 'FAILED', duration(start)]);
  }
  const lines = table.map(([name, state, note]) => `  ${name.padEnd(18)}${state.padEnd(10)}${note}`);
  if (chosen !== undefined) lines.push(`  only these were asked for (--only ${chosen.join(',')})`);
  lines.push(`  ${failed.size === 0 ? 'Everything passed' : `Failed: ${[...failed].join(', ')}`}, ${duration(begin)}`);
  console.log(`\n── summary ${'─'.repeat(63)}\n${lines.join('\n')}`);
  fs.mkdirSync(path.join(repositoryRoot, 'artifacts'), { recursive: true });
  fs.writeFileSync(path.join(repositoryRoot, 'artifacts/summary.txt'), `${lines.join('\n')}\n`);
  return failed.size === 0 ? 0 : 1;
}

await runScript(main);
