import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { z } from 'zod';
import { hasLoaded, run } from './support/shell.ts';

const manifestShape = z.object({
  contributes: z.object({ commands: z.array(z.object({ command: z.string() })) }),
});

describe('a start without any connection', () => {
  const extension = () => {
    const found = vscode.extensions.getExtension('plimsoll.plimsoll');
    assert.ok(found);
    return found;
  };

  before(async () => {
    await extension().activate();
  });

  it('27.23: loads the bootstrap and nothing else', () => {
    assert.equal(hasLoaded('extension.cjs'), true, 'this test would not see loaded bundles');
    assert.equal(hasLoaded('engine.cjs'), false);
    assert.equal(hasLoaded('azure-sdk.cjs'), false);
    assert.equal(hasLoaded('azure-sign-in.cjs'), false);
  });

  it('27.23: opens no editor and no panel', () => {
    assert.deepEqual(
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label)),
      [],
    );
  });

  it('has every command of the manifest, each with something behind it', async () => {
    const declared = manifestShape
      .parse(extension().packageJSON)
      .contributes.commands.map(({ command }) => command)
      .sort();
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('plimsoll.'));
    const own = registered.filter(
      (id) => !/^plimsoll\.(assets|findings)\.|^plimsoll\.(resetViewContainer|focus)/.test(id),
    );
    assert.deepEqual(own.filter((id) => declared.includes(id)).sort(), declared);
  });

  it('shows both views when asked, still without the engine', async () => {
    await run('plimsoll.assets.focus');
    await run('plimsoll.findings.focus');
    assert.equal(hasLoaded('engine.cjs'), false);
    await run('workbench.view.explorer');
  });
});
