import fs from 'node:fs';
import path from 'node:path';
import { packageFile } from '../support/package-file.ts';
import { repositoryRoot, runOrThrow } from '../support/process.ts';

/** The packed extension; packs what is built unless that was done since. */
export async function packedExtension(): Promise<string> {
  const file = packageFile();
  const built = fs.statSync(path.join(repositoryRoot, 'dist/extension.cjs')).mtimeMs;
  if (!fs.existsSync(file) || fs.statSync(file).mtimeMs < built) {
    await runOrThrow('node', ['test/support/package.ts'], { output: 'hide' });
  }
  return file;
}
