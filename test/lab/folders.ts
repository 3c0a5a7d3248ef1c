// The folders of one run of the lab, gone when it ends.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface Folders {
  /** Short path, for sockets and certificates. */
  readonly run: string;
  /** Storage of the registries, on the file system of the cache. */
  readonly storage: string;
}

/** Makes them, and removes those that a run which was cut off left behind. */
export function makeFolders(cacheDir: string, closers: (() => void | Promise<void>)[]): Folders {
  mkdirSync(cacheDir, { recursive: true });
  removeOrphans(cacheDir, /^run-(\d+)-/);
  removeOrphans(os.tmpdir(), /^plimsoll-lab-(\d+)-/);
  const run = mkdtempSync(path.join(os.tmpdir(), `plimsoll-lab-${process.pid}-`));
  const storage = mkdtempSync(path.join(cacheDir, `run-${process.pid}-`));
  const remove = (): void => {
    rmSync(run, { recursive: true, force: true });
    rmSync(storage, { recursive: true, force: true });
  };
  process.once('exit', remove);
  closers.push(() => {
    process.off('exit', remove);
    remove();
  });
  return { run, storage };
}

/** Folders carry the id of the process that made them. */
function removeOrphans(parent: string, pattern: RegExp): void {
  for (const name of readdirSync(parent)) {
    const owner = pattern.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner)))
      rmSync(path.join(parent, name), { recursive: true, force: true });
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
