// Builds every bundle. Lazy chunks are CJS entry points of their own: esbuild splits ESM only, and the extension host
// patches `https` (proxies, system certificates) for modules that are required, not for ESM imports.
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { codiconFiles, webviewBuilds } from './webview/bundle.mjs';

const root = import.meta.dirname;
const production = !process.argv.includes('--dev');

/** Source files that are loaded with `await import()` and become a bundle of their own. */
const chunks = new Map([
  ['src/engine.ts', './engine.cjs'],
  ['src/azure/sdk.ts', './azure-sdk.cjs'],
  ['src/azure/sdk/sign-in.ts', './azure-sign-in.cjs'],
  ['src/report/messages.ts', './report-messages.cjs'],
]);

/** Rewrites dynamic imports of chunk sources to a lazy require of the finished bundle. */
const lazyChunks = {
  name: 'lazy-chunks',
  setup(context) {
    context.onResolve({ filter: /^\.{1,2}\// }, (args) => {
      if (args.kind !== 'dynamic-import') return undefined;
      const file = path.relative(root, path.resolve(args.resolveDir, args.path)).replaceAll(path.sep, '/');
      const target = chunks.get(file);
      return target === undefined ? undefined : { path: target, external: true };
    });
  },
};

const node = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: production,
  keepNames: true,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [lazyChunks],
  // import() becomes require(): only required modules get the editor's patched https
  supported: { 'dynamic-import': false },
  // `navigator`: zod looks for one, and the editor logs an error for every extension that touches Node's
  define: { 'process.env.NODE_ENV': '"production"', navigator: 'undefined' },
};

await mkdir('dist/webview', { recursive: true });

const results = await Promise.all([
  build({ ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs', external: ['vscode'] }),
  build({ ...node, entryPoints: ['src/engine.ts'], outfile: 'dist/engine.cjs' }),
  build({ ...node, entryPoints: ['src/azure/sdk.ts'], outfile: 'dist/azure-sdk.cjs' }),
  build({ ...node, entryPoints: ['src/azure/sdk/sign-in.ts'], outfile: 'dist/azure-sign-in.cjs' }),
  build({ ...node, entryPoints: ['src/report/messages.ts'], outfile: 'dist/report-messages.cjs' }),
  build({ ...node, entryPoints: ['src/worker.ts'], outfile: 'dist/worker.cjs' }),
  build({ ...node, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } }),
  ...webviewBuilds(root, 'dist/webview', production).map((options) => build(options)),
]);

for (const { name, from } of codiconFiles) await copyFile(path.join(root, from), path.join('dist/webview', name));
// The package is ESM; its bundles are CJS, and `dist/cli.js` keeps its documented name.
await writeFile('dist/package.json', '{ "type": "commonjs" }\n');
await mkdir('.cache', { recursive: true });
for (const { metafile } of results) {
  const [output] = Object.keys(metafile.outputs).filter((name) => /\.(cjs|js|css)$/.test(name));
  await writeFile(`.cache/meta-${path.basename(output)}.json`, JSON.stringify(metafile));
}

// What an earlier build left and this one does not make. Last, so that a build that fails leaves the old one whole.
const made = new Set(['package.json', 'webview/codicon.css', 'webview/codicon.ttf']);
for (const { metafile } of results)
  for (const name of Object.keys(metafile.outputs)) made.add(path.relative('dist', name));
for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  const name = path.join(entry.parentPath, entry.name);
  const file = path.relative('dist', name).replaceAll(path.sep, '/');
  if (entry.isFile() && !made.has(file) && !file.endsWith('.vsix')) await rm(name);
}
