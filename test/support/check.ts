// `npm run check`: every script of package.json whose name begins with "check:", two at a time. Exit code 1 if one fails.
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { duration, repositoryRoot, run, runScript } from './process.ts';

const manifest = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')));
const names = Object.keys(manifest.scripts).filter((name) => name.startsWith('check:'));
if (names.length === 0) throw new Error('package.json has no script whose name begins with "check:"');

const waiting = [...names];
const failed: string[] = [];

async function work(stop: AbortSignal): Promise<void> {
  for (let name = waiting.shift(); name !== undefined && !stop.aborted; name = waiting.shift()) {
    const start = performance.now();
    const result = await run('npm', ['run', '--silent', name], { output: 'hide', stop });
    console.log(`${result.code === 0 ? '✔' : '✖'} ${name} (${duration(start)})`);
    if (result.code === 0) continue;
    failed.push(name);
    console.log(result.output.trimEnd().replaceAll(/^/gm, '    '));
  }
}

await runScript(async (stop) => {
  await Promise.all([work(stop), work(stop)]);
  console.log(failed.length === 0 ? `All ${names.length} checks passed` : `Failed: ${failed.sort().join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
