// Packs the built extension into dist/<name>-<version>.vsix, and looks into it: nothing but what a user needs.
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { packageFile } from './package-file.ts';
import { repositoryRoot, runOrThrow, runScript } from './process.ts';

const maximumBytes = 4 * 1024 * 1024;

const required = ['extension/package.json', 'extension/dist/extension.cjs', 'extension/dist/package.json'];
const allowed = [
  /^extension\.vsixmanifest$/,
  /^\[Content_Types\]\.xml$/,
  /^extension\/(package\.json|readme\.md|changelog\.md|license(\.txt|\.md)?)$/i,
  /^extension\/dist\/[\w-]+\.cjs$/,
  /^extension\/dist\/package\.json$/,
  /^extension\/dist\/webview\/[\w.-]+\.(js|css|ttf)$/,
  /^extension\/media\/[\w./-]+\.(svg|png|md|json)$/,
];

async function main(): Promise<number> {
  const file = packageFile();
  if (!fs.existsSync(path.join(repositoryRoot, 'dist/extension.cjs'))) {
    throw new Error('dist/extension.cjs is missing: run "npm run build" first');
  }
  fs.rmSync(file, { force: true });
  await runOrThrow('vsce', ['package', '--no-dependencies', '--no-rewrite-relative-links', '--out', file], {
    output: 'hide',
  });

  const entries = await listEntries(file);
  const problems = entries
    .filter((name) => !name.endsWith('/') && !allowed.some((pattern) => pattern.test(name)))
    .map((name) => `${name} does not belong there`);
  for (const name of required) if (!entries.includes(name)) problems.push(`${name} is missing`);
  const { size } = fs.statSync(file);
  if (size > maximumBytes) problems.push(`it has ${size} bytes, more than ${maximumBytes}`);
  if (problems.length > 0) {
    fs.rmSync(file);
    throw new Error(`The package is wrong:\n  ${problems.join('\n  ')}`);
  }
  console.log(
    `${path.relative(repositoryRoot, file)}: ${entries.length} files, ${(size / 1024 / 1024).toFixed(2)} MiB`,
  );
  return 0;
}

async function listEntries(file: string): Promise<string[]> {
  const open = promisify<string, yauzl.Options, yauzl.ZipFile>((name, options, done) => {
    yauzl.open(name, options, done);
  });
  const zip = await open(file, { lazyEntries: true });
  return new Promise((resolve, reject) => {
    const names: string[] = [];
    zip.on('entry', (entry: yauzl.Entry) => {
      names.push(entry.fileName);
      zip.readEntry();
    });
    zip.once('end', () => resolve(names));
    zip.once('error', reject);
    zip.readEntry();
  });
}

await runScript(main);
