// RUN steps: a shell inside the image's own tree, with a mount and process namespace of its own, so that whatever it
// mounts or leaves running is gone when it ends, however it ends.
import { execFile } from 'node:child_process';
import { cp, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { StepRunner } from './builder.ts';

const run = promisify(execFile);
const STEP_TIMEOUT_MS = 300_000;

/** Options of apt that belong to the machine and not to the image: proxies and how strictly clocks are compared. */
const HOST_APT_OPTIONS = ['Acquire::http::Proxy', 'Acquire::Check-Valid-Until', 'Acquire::Check-Date'];

const DEVICES: readonly (readonly [name: string, major: number, minor: number])[] = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
];

// $1 root, $2 user, $3 folder inside, then the command; /proc appears in this namespace alone
const INSIDE = `mount -t proc proc "$1/proc" 2>/dev/null || true
root=$1; user=$2; workdir=$3; shift 3
exec chroot --userspec="$user" "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"`;

/** Whether commands can run in a namespace of their own here; needs root on Linux. */
export async function canIsolate(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return run('unshare', ['--mount', '--pid', '--fork', 'true']).then(
    () => true,
    () => false,
  );
}

/** Runs a command of the machine (not of an image) so that its mounts and processes end with it. */
export async function runIsolated(
  command: string,
  argv: readonly string[],
  options: { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<string> {
  const { stdout } = await execute(['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', command, ...argv], {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment, LC_ALL: 'C.UTF-8' },
  });
  return stdout;
}

/**
 * The steps' environment is that of the image alone, with two exceptions that no image keeps: `proxy` serves the pages
 * that the sample workspace downloads, and apt gets the machine's own proxy and clock settings.
 */
export function chrootRunner(proxy: string): StepRunner {
  return {
    prepare,
    async run(step) {
      const environment = {
        HOME: '/root',
        ...step.environment,
        http_proxy: proxy,
        APT_CONFIG: '/run/lab/apt.conf',
      };
      const argv = ['/bin/sh', '-c', INSIDE, 'sh', step.root, step.user, step.workdir, ...step.argv];
      await execute(['--mount', '--pid', '--fork', '--kill-child', ...argv], { cwd: '/', env: environment });
    },
  };
}

async function execute(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ stdout: string }> {
  try {
    return await run('/usr/bin/unshare', argv, { ...options, timeout: STEP_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    const tail = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
    throw new Error(`"${argv.slice(-3).join(' ')}" failed:\n${tail}`, { cause: error });
  }
}

async function prepare(root: string): Promise<void> {
  await mkdir(path.join(root, 'run/lab'), { recursive: true });
  await writeFile(path.join(root, 'run/lab/apt.conf'), await hostAptOptions());
  await mkdir(path.join(root, 'etc'), { recursive: true });
  for (const file of ['etc/resolv.conf', 'etc/hosts']) {
    await rm(path.join(root, file), { force: true });
    await cp(path.join('/', file), path.join(root, file), { dereference: true }).catch(() => undefined);
  }
  for (const folder of ['dev', 'proc', 'sys']) await mkdir(path.join(root, folder), { recursive: true });
  for (const [name, major, minor] of DEVICES) {
    const device = path.join(root, 'dev', name);
    const found = await lstat(device).catch(() => undefined);
    if (found === undefined) await run('mknod', ['-m', '666', device, 'c', String(major), String(minor)]);
  }
}

async function hostAptOptions(): Promise<string> {
  const dump = await run('apt-config', ['dump', ...HOST_APT_OPTIONS]).catch(() => ({ stdout: '' }));
  const proxy = process.env['http_proxy'] ?? 'DIRECT';
  return `Acquire::http::Proxy "${proxy}";\n${dump.stdout}\nAcquire::Retries "3";\n`;
}
