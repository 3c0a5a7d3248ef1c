// Sizes of what is shipped: they decide how long installing and starting take.
import fs from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../support/process.ts';
import { packedExtension } from './packed.ts';
import type { BenchRow } from './row.ts';

export async function run(): Promise<BenchRow[]> {
  const file = await packedExtension();
  const built = (name: string): string => path.join(repositoryRoot, 'dist', name);
  return [
    { name: 'size of the main bundle', figure: size(built('extension.cjs'), 1024), unit: 'KiB', budget: 350 },
    { name: 'size of the report page', figure: size(built('webview/report.js'), 1000), unit: 'KB', budget: 250 },
    { name: 'size of the package', figure: size(file, 1024 * 1024), unit: 'MiB', budget: 4 },
  ];
}

function size(file: string, unit: number): number {
  return Math.round((fs.statSync(file).size / unit) * 100) / 100;
}
