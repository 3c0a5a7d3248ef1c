// A hash over everything that goes into an image, so that a cache knows its own.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { WORKSPACE } from './catalogue.ts';

/** Of this folder, what does not change an image: the cache around it, and what the mirror is made of. */
const NOT_INPUTS = new Set([
  'node_modules',
  'advisories',
  'expected-findings.json',
  'inputs.ts',
  'languages',
  'languages.ts',
  'lock.ts',
  'main.ts',
  'mirror.ts',
  'osv.ts',
  'zip.ts',
]);

/** Sixteen hexadecimal digits over the builder's own sources and the sample workspace. */
export async function hashOfInputs(): Promise<string> {
  return (await hashOf([import.meta.dirname, WORKSPACE], 'inputs')).slice(0, 16);
}

export async function hashOf(folders: readonly string[], prefix: string): Promise<string> {
  const hash = createHash('sha256').update(`${prefix}\n`);
  const visit = async (folder: string): Promise<void> => {
    const found = await readdir(folder, { withFileTypes: true });
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(folder, entry.name);
      if (NOT_INPUTS.has(entry.name)) continue;
      if (entry.isDirectory()) await visit(file);
      else hash.update(`${path.relative(import.meta.dirname, file)}\n`).update(await readFile(file));
    }
  };
  for (const folder of folders) await visit(folder);
  return hash.digest('hex').slice(0, 40);
}
