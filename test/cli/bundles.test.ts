import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';

const root = path.resolve(import.meta.dirname, '../..');

interface Metafile {
  readonly inputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >;
  readonly outputs: Readonly<Record<string, { readonly bytes: number }>>;
}

/** What esbuild wrote about a bundle when it was built. */
function metafile(bundle: string): Metafile {
  return JSON.parse(readFileSync(path.join(root, '.cache', `meta-${bundle}.json`), 'utf8')) as Metafile;
}

function inputs(bundle: string): string[] {
  const names = Object.keys(metafile(bundle).inputs);
  assert.ok(names.length > 20, `${bundle} has ${names.length} inputs: it was not read`);
  return names;
}

function externals(bundle: string): string[] {
  return Object.values(metafile(bundle).inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map((each) => each.path),
  );
}

describe('The bundles', () => {
  it('let the command line, engine and worker run without the editor', () => {
    for (const bundle of ['cli.js', 'engine.cjs', 'worker.cjs', 'azure-sdk.cjs', 'azure-sign-in.cjs']) {
      assert.ok(!externals(bundle).includes('vscode'), bundle);
      assert.ok(!inputs(bundle).some((name) => name.startsWith('src/vscode/')), bundle);
    }
    assert.ok(externals('extension.cjs').includes('vscode'));
  });

  it('keep the Azure packages in the chunks that a sign-in loads', () => {
    for (const bundle of ['extension.cjs', 'engine.cjs', 'worker.cjs', 'cli.js']) {
      assert.ok(!inputs(bundle).some((name) => name.includes('node_modules/@azure/')), bundle);
    }
    assert.ok(inputs('azure-sign-in.cjs').some((name) => name.includes('node_modules/@azure/identity/')));
    assert.ok(inputs('azure-sdk.cjs').some((name) => name.includes('node_modules/@azure/arm-subscriptions/')));
    assert.ok(externals('engine.cjs').includes('./azure-sdk.cjs'));
    assert.ok(externals('azure-sdk.cjs').includes('./azure-sign-in.cjs'));
  });

  it('keep the engine out of what activation loads', () => {
    const names = inputs('extension.cjs');
    assert.ok(
      !names.some((name) => /^src\/(engine\.ts|engine\/|scan\/|image\/|store\/|advisories\/[a-su-z])/.test(name)),
      names.join('\n'),
    );
    assert.ok(externals('extension.cjs').includes('./engine.cjs'));
    assert.ok((metafile('extension.cjs').outputs['dist/extension.cjs']?.bytes ?? Infinity) <= 350 * 1024);
  });

  it('hold no test code', () => {
    for (const bundle of [
      'extension.cjs',
      'engine.cjs',
      'worker.cjs',
      'azure-sdk.cjs',
      'azure-sign-in.cjs',
      'report.js',
    ]) {
      assert.ok(
        !inputs(bundle).some((name) => name.startsWith('test/') || name.includes('node_modules/mocha')),
        bundle,
      );
    }
  });
});
