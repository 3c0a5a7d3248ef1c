import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';

const root = path.resolve(import.meta.dirname, '../../..');

/** Runs the arrow check with one more file in the sources. */
function checkWith(file: string, text: string): { status: number | null; output: string } {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text, { flag: 'wx' });
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['test/lint/arrows.ts'], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(full);
  }
}

describe('The check of the dependency arrows', function () {
  this.timeout(120_000);

  it('refuses an import against the arrows, types included', () => {
    const { status, output } = checkWith(
      'src/core/zz-arrow-probe.ts',
      "export type { Finding } from '../findings/types.ts';\n",
    );
    assert.equal(status, 1, output);
    assert.match(output, /src\/core\/zz-arrow-probe\.ts → src\/findings\/types\.ts/);
  });

  it('refuses an import of the editor outside the shell', () => {
    const { status, output } = checkWith('src/image/zz-arrow-probe.ts', "export type { Uri } from 'vscode';\n");
    assert.equal(status, 1, output);
    assert.match(output, /only the edge imports the editor/);
  });

  it('refuses the Azure packages outside their one module', () => {
    const { status, output } = checkWith(
      'src/scan/zz-arrow-probe.ts',
      "export { ClientSecretCredential } from '@azure/identity';\n",
    );
    assert.equal(status, 1, output);
    assert.match(output, /load lazily/);
  });

  it('leaves nothing behind', () => {
    const left = readdirSync(path.join(root, 'src'), { recursive: true }).filter((name) =>
      String(name).includes('zz-arrow-probe'),
    );
    assert.deepEqual(left, []);
  });
});
