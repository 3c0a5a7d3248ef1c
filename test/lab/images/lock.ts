// A lock between processes: a file that its owner keeps touching.
import { mkdir, readFile, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 5_000;
const ABANDONED_MS = 60_000;

/** One builder at a time; a lock whose owner is gone, or has not touched it for a minute, is taken over. */
export async function lockOf(file: string, log: (line: string) => void): Promise<AsyncDisposable> {
  for (let told = false; ;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isAbandoned(file)) {
      await takeAway(file);
      continue;
    }
    if (!told) log('Another build of the images is under way; waiting for it.');
    told = true;
    await sleep(500);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(heartbeat);
      await rm(file, { force: true });
    },
  };
}

async function isAbandoned(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return false;
  if (Date.now() - found.mtimeMs > ABANDONED_MS) return true;
  const owner = Number(await readFile(file, 'utf8').catch(() => '0'));
  return owner > 0 && !isRunning(owner);
}

/** Two may find a lock abandoned at once: the one that gets the guard looks again, so that no fresh lock is taken away. */
async function takeAway(file: string): Promise<void> {
  const guard = `${file}.guard`;
  try {
    await mkdir(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const made = await stat(guard).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > ABANDONED_MS) await rmdir(guard).catch(() => undefined);
    await sleep(50);
    return;
  }
  try {
    if (await isAbandoned(file)) await rm(file, { force: true });
  } finally {
    await rmdir(guard);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
