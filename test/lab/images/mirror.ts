import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { BuiltImages } from './main.ts';

export async function buildMirror({
  cacheDir,
}: {
  readonly cacheDir: string;
  readonly images: BuiltImages;
}): Promise<string> {
  const folder = path.join(cacheDir, 'mirror');
  await mkdir(folder, { recursive: true });
  return folder;
}
