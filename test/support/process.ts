import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** The folder that holds `package.json`. */
export const repositoryRoot = path.resolve(import.meta.dirname, '../..');

/** Receives one line of progress at a time, without a line break. */
export type Log = (line: string) => void;

export interface RunResult {
  /** Exit code; 128 + n when a signal ended the process. */
  readonly code: number;
  /** Standard output and standard error in the order they came, at most the last 4 MiB. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `show` passes output on as it comes, `hide` only collects it. */
  readonly output?: 'show' | 'hide';
  /** Also write the output to this file. */
  readonly logFile?: string;
  readonly timeoutMs?: number;
  /** Asks the program to end. */
  readonly stop?: AbortSignal;
  /** `inherit` lets the program ask at the terminal, for a password; else its input is empty. */
  readonly input?: 'inherit' | 'none';
}

const outputCeiling = 4 * 1024 * 1024;
const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Runs a program to its end and never throws for its exit code.
 * @throws Error when the program cannot be started or runs longer than `timeoutMs`.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  // npm and npx are command scripts on Windows, which only a shell can start.
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd ?? repositoryRoot,
    env: options.env ?? process.env,
    stdio: [options.input === 'inherit' ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  };
  let file: fs.WriteStream | undefined;
  if (options.logFile !== undefined) {
    fs.mkdirSync(path.dirname(options.logFile), { recursive: true });
    file = fs.createWriteStream(options.logFile);
  }
  const child = spawn(command, [...args], spawnOptions);
  let output = '';
  const take = (target: NodeJS.WriteStream) => (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    output = (output + text).slice(-outputCeiling);
    file?.write(text);
    if (options.output !== 'hide') target.write(text);
  };
  child.stdout?.on('data', take(process.stdout));
  child.stderr?.on('data', take(process.stderr));
  const limit = { reached: false };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          limit.reached = true;
          void stopProcess(child);
        }, options.timeoutMs);
  const end = () => void stopProcess(child);
  options.stop?.addEventListener('abort', end);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) =>
        resolve(exitCode ?? 128 + (signal === null ? 0 : (signalNumbers[signal] ?? 0))),
      );
    });
    if (limit.reached) {
      throw new Error(
        `"${[command, ...args].join(' ')}" ran longer than ${(options.timeoutMs ?? 0) / 1000} s and was stopped`,
      );
    }
    return { code, output };
  } finally {
    clearTimeout(timer);
    options.stop?.removeEventListener('abort', end);
    file?.end();
  }
}

/** Like {@link run}, but an exit code other than 0 is an error that carries the end of the output. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    const tail = result.output.trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(
      `"${[command, ...args].join(' ')}" ended with exit code ${result.code}` +
        (options.output === 'hide' ? `:\n${tail}` : ''),
    );
  }
  return result;
}

/**
 * Asks a child process to end, waits up to five seconds, then ends it by force, in both cases with its process group
 * if it leads one. Does nothing when it is gone.
 */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    signal(child, 'SIGTERM');
    const force = setTimeout(() => signal(child, 'SIGKILL'), 5000);
    await gone;
    clearTimeout(force);
  }
  // What the leader left behind.
  signal(child, 'SIGKILL');
}

/** Ends a child process, and its group, by force when this process ends without having stopped it. Returns an undo. */
export function endWithThisProcess(child: ChildProcess): () => void {
  const end = () => signal(child, 'SIGKILL');
  process.once('exit', end);
  return () => process.off('exit', end);
}

/** Makes a request to end run the `exit` listeners, which stop what was started. */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/**
 * Runs the body of a script: its number becomes the exit code. An error shows its message and those of its causes, no
 * stack, and the exit code is 1. The first Ctrl+C, or request to end, aborts `stop`, and the exit code is 130; the second
 * ends the process at once.
 */
export async function runScript(body: (stop: AbortSignal) => Promise<number>): Promise<void> {
  lookInSystemFolders();
  const stop = new AbortController();
  const end = () => {
    stop.abort();
    exitOnSignals();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    process.exitCode = await body(stop.signal);
  } catch (error) {
    for (let cause: unknown = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
      console.error(cause instanceof Error ? cause.message : cause);
    }
    process.exitCode = 1;
  }
  if (stop.signal.aborted) process.exitCode = 130;
}

function signal(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(name);
    else process.kill(-child.pid, name);
  } catch {
    // No such group: the child leads none, or everything in it is gone.
    child.kill(name);
  }
}

/** The full path of a program on `PATH`, or undefined. */
export function findProgram(name: string): string | undefined {
  const extensions = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const extension of extensions) {
      const candidate = path.join(folder, name + extension);
      try {
        fs.accessSync(candidate, fs.constants.X_OK);
        if (fs.statSync(candidate).isFile()) return candidate;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/** Seconds since `startMs` (of `performance.now()`), as people read them: `4.2 s`, `3 min 12 s`. */
export function duration(startMs: number): string {
  const seconds = (performance.now() - startMs) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** On Debian the PATH of a user who is not root lacks the folders in which debootstrap and the like lie. */
function lookInSystemFolders(): void {
  if (process.platform === 'win32') return;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const added = ['/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder));
  process.env['PATH'] = [...folders, ...added].join(path.delimiter);
}
