import assert from 'node:assert/strict';
import https from 'node:https';
import process from 'node:process';
import * as vscode from 'vscode';

describe('the host that the integration tests run in', () => {
  it('is a VS Code that the manifest allows, with the extension installed', () => {
    const [major = 0, minor = 0] = vscode.version.split('.').map(Number);
    assert.ok(major === 1 && minor >= 108, `VS Code ${vscode.version} is older than engines.vscode allows`);
    assert.ok(vscode.extensions.getExtension('plimsoll.plimsoll'), 'the extension plimsoll.plimsoll is not there');
  });

  it('opens a trusted copy of the sample workspace', () => {
    assert.equal(vscode.workspace.workspaceFolders?.length, 1);
    assert.equal(vscode.workspace.isTrusted, true);
  });

  it('activates the extension without an error', async () => {
    const extension = vscode.extensions.getExtension('plimsoll.plimsoll');
    await extension?.activate();
    assert.equal(extension?.isActive, true);
  });

  it('has SQLite, without which nothing is stored', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(':memory:');
    const row = database.prepare('select 6 * 7 as answer').get();
    database.close();
    assert.deepEqual({ ...row }, { answer: 42 });
  });

  it('trusts the certificate authority of the lab in https requests', async () => {
    const url = process.env['PLIMSOLL_LAB_MIRROR'] ?? 'missing';
    assert.match(url, /^https:/);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = https.get(url, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      });
      request.on('error', reject);
    });
    assert.ok(status !== undefined && status >= 200, `the lab answered ${String(status)}`);
  });
});
