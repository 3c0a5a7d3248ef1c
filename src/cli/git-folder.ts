import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { remotesOfGitConfig } from '../core/git-remote.ts';
import type { SourceRepository } from '../scan/dockerfile-links.ts';

const largestConfig = 256 * 1024;
const mostLevels = 64;

/**
 * The git repository that a file lies in: the nearest folder above it with a `.git/config`, read and nothing else; credentials
 * in its remotes are left out. Undefined when there is none that can be read.
 */
export async function repositoryAbove(file: string): Promise<SourceRepository | undefined> {
  let folder = path.dirname(path.resolve(file));
  for (let level = 0; level < mostLevels; level++) {
    const text = await readSmall(path.join(folder, '.git', 'config'));
    if (text !== undefined) return { root: pathToFileURL(folder).href, remotes: remotesOfGitConfig(text) };
    const above = path.dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return undefined;
}

async function readSmall(file: string): Promise<string | undefined> {
  try {
    const about = await stat(file);
    if (!about.isFile() || about.size > largestConfig) return undefined;
    const handle = await open(file, constants.O_RDONLY);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(largestConfig), 0, largestConfig, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined; // not there, or not for us: the link then goes without it
  }
}
