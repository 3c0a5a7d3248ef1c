import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from './process.ts';

const manifestShape = z.object({ name: z.string(), publisher: z.string(), version: z.string() });

/** Name, publisher and version from `package.json`. */
export function readManifest(): z.infer<typeof manifestShape> {
  return manifestShape.parse(JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')));
}

/** Where `npm run package` puts the packed extension. */
export function packageFile(): string {
  const { name, version } = readManifest();
  return path.join(repositoryRoot, 'dist', `${name}-${version}.vsix`);
}
