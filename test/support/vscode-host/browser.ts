import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { z } from 'zod';
import { findProgram, run, runOrThrow, type Log } from '../process.ts';
import { hostFolder, npmEnvironment } from './install.ts';

const sparticuzVersion = '153.0.0';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/**
 * Starts a headless Chromium: the one named by PLIMSOLL_BROWSER, an installed Chromium, Chrome or Edge, else the one
 * of the npm package `@sparticuz/chromium` (Linux), fetched on first use.
 * @throws Error when none starts.
 */
export async function launchBrowser(log: Log): Promise<Browser> {
  const installed = await installedBrowser();
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args: flags });
  for (const channel of ['chrome', 'msedge']) {
    try {
      return await chromium.launch({ channel, args: flags });
    } catch {
      // Not installed in the place where this system keeps it.
    }
  }
  if (process.platform !== 'linux') {
    throw new Error('No browser found: install Chrome, Chromium or Edge, or name one in PLIMSOLL_BROWSER');
  }
  return chromium.launch(await packagedBrowser(log));
}

async function installedBrowser(): Promise<string | undefined> {
  const named = process.env['PLIMSOLL_BROWSER'];
  if (named !== undefined && named !== '') return named;
  const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser', 'microsoft-edge'];
  for (const name of names) {
    const program = findProgram(name);
    // Ubuntu's "chromium" only leads to a snap, which cannot see temporary folders.
    if (program === undefined || fs.realpathSync(program).includes('/snap')) continue;
    const version = await run(program, ['--version'], { output: 'hide', timeoutMs: 20_000 }).catch(() => undefined);
    if (version?.code === 0 && /\d+\.\d+\.\d+/.test(version.output)) return program;
  }
  return undefined;
}

const moduleShape = z.object({
  default: z.custom<{ args: string[]; executablePath(): Promise<string> }>(
    (value) => typeof value === 'function' || typeof value === 'object',
  ),
});

async function packagedBrowser(log: Log): Promise<{ executablePath: string; args: string[] }> {
  const folder = path.join(hostFolder, `chromium-${sparticuzVersion}`);
  const marker = path.join(folder, 'installed');
  if (!fs.existsSync(marker)) {
    log(`No browser is installed: fetching @sparticuz/chromium ${sparticuzVersion} from the npm registry`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true }));
    await runOrThrow(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@sparticuz/chromium@${sparticuzVersion}`],
      { cwd: folder, env: npmEnvironment(), output: 'hide', timeoutMs: 5 * 60_000 },
    );
    fs.writeFileSync(marker, '');
  }
  const entry = createRequire(path.join(folder, 'package.json')).resolve('@sparticuz/chromium');
  const loaded = moduleShape.parse({ ...(await import(pathToFileURL(entry).href)) });
  return { executablePath: await loaded.default.executablePath(), args: [...loaded.default.args, ...flags] };
}
