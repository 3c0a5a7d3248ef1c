import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { duration, repositoryRoot, run, runOrThrow, type Log } from '../process.ts';

/** The npm package that carries VS Code 1.139.1 complete: server, browser workbench, extension host. */
const codeServerVersion = '4.139.1';
/** Raised when the steps below change, so that an installation made by older steps is made again. */
const recipe = 1;

const markerShape = z.object({ codeServer: z.string(), recipe: z.number(), node: z.string(), platform: z.string() });

/** The folder that holds downloaded hosts and browsers; outside version control. */
export const hostFolder = path.join(repositoryRoot, '.vscode-test');

/** An installed VS Code server. */
export interface ServerHost {
  /** `server-main.js` of VS Code, to be run with this Node. */
  readonly serverMain: string;
}

/**
 * Installs the VS Code server into `.vscode-test/server/` unless it is complete there already. Takes about twenty
 * seconds and 740 MB. Two processes may call it at once: the second waits for the first.
 *
 * No install script runs. Those of the package compile native modules, which needs a compiler, Kerberos headers and
 * downloads beyond the npm registry; what the tests need is there without: the terminal and the file watcher bring
 * binaries, and the logger and the watchdog are replaced by the two small modules beside this file.
 * @throws Error when npm fails or this is not Node 24.
 */
export async function installServerHost(log: Log): Promise<ServerHost> {
  if (!process.version.startsWith('v24.')) {
    throw new Error(
      `The VS Code server needs Node 24, this is ${process.version}: start through npm, which puts Node 24 first`,
    );
  }
  const folder = path.join(hostFolder, 'server');
  const packageFolder = path.join(folder, 'node_modules/code-server/lib/vscode');
  const host: ServerHost = { serverMain: path.join(packageFolder, 'out/server-main.js') };
  const marker = path.join(folder, 'installed.json');
  if (isComplete(marker)) return host;

  await using _lock = await acquireLock(path.join(hostFolder, 'server.lock'), log);
  if (isComplete(marker)) return host;

  const start = performance.now();
  log(`Installing the VS Code server (code-server ${codeServerVersion} from the npm registry) into ${folder}`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ private: true, description: 'VS Code server for tests; safe to delete' }),
  );
  const npm = async (cwd: string, ...args: string[]) => {
    await runOrThrow('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd,
      env: npmEnvironment(),
      output: 'hide',
      timeoutMs: 10 * 60_000,
    });
  };
  await npm(folder, 'install', '--save-exact', `code-server@${codeServerVersion}`);
  await npm(packageFolder, 'install', '--omit=dev');
  await npm(path.join(packageFolder, 'extensions'), 'install', '--omit=dev');

  const modules = path.join(packageFolder, 'node_modules/@vscode');
  fs.copyFileSync(new URL('./spdlog.cjs', import.meta.url), path.join(modules, 'spdlog/index.js'));
  fs.copyFileSync(new URL('./watchdog.cjs', import.meta.url), path.join(modules, 'native-watchdog/index.js'));

  const probe = await run(process.execPath, [host.serverMain, '--version'], { output: 'hide', timeoutMs: 60_000 });
  if (probe.code !== 0) throw new Error(`The VS Code server does not start:\n${probe.output}`);
  fs.writeFileSync(marker, JSON.stringify(markerOfThisMachine()));
  log(`Installed VS Code server ${probe.output.split('\n')[0] ?? ''} in ${duration(start)}`);
  return host;
}

/** Written last, so a folder without it is half-finished. */
function isComplete(marker: string): boolean {
  if (!fs.existsSync(marker)) return false;
  const found = markerShape.safeParse(JSON.parse(fs.readFileSync(marker, 'utf8')));
  return found.success && JSON.stringify(found.data) === JSON.stringify(markerOfThisMachine());
}

function markerOfThisMachine(): z.infer<typeof markerShape> {
  return {
    codeServer: codeServerVersion,
    recipe,
    node: process.versions.modules,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The caller's environment without what an outer `npm run` put there: it would point this npm at the wrong folder. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const outer =
    /^(npm_(lifecycle|package|command|execpath|node_execpath)|npm_config_(local_prefix|prefix|allow_scripts)$|INIT_CWD$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
}

/** Holds a file that names this process until disposed; a lock whose process is gone is taken over. */
async function acquireLock(file: string, log: Log): Promise<AsyncDisposable> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return { [Symbol.asyncDispose]: async () => fs.promises.rm(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
    if (owner > 0 && !isAlive(owner)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) log(`Waiting for process ${owner}, which is installing into ${path.dirname(file)}`);
    told = true;
    await sleep(500);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
