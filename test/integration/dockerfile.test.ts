import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeEditors, eventually, plimsollDiagnostics, ruleOf, run } from './support/shell.ts';

const text = [
  'FROM node:latest',
  'ENV API_TOKEN=abcdefgh12345678',
  'RUN curl -s https://example.test/install.sh | sh',
  'CMD ["node", "server.js"]',
  '',
].join('\n');

async function open(content = text): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument({ language: 'dockerfile', content });
  await vscode.window.showTextDocument(document);
  return document;
}

const withRule = (document: vscode.TextDocument, rule: string) =>
  plimsollDiagnostics(document.uri).find((diagnostic) => ruleOf(diagnostic) === rule);

const secretRule = (document: vscode.TextDocument) =>
  eventually('the mark on the secret', () => withRule(document, 'df-no-secret-in-env'));

async function replace(document: vscode.TextDocument, content: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), content);
  await vscode.workspace.applyEdit(edit);
}

async function actions(
  document: vscode.TextDocument,
  range: vscode.Range,
  kind?: string,
): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    range,
    kind,
  );
}

async function setting(name: string, value: unknown): Promise<void> {
  await vscode.workspace
    .getConfiguration('plimsoll.dockerfile')
    .update(name, value, vscode.ConfigurationTarget.Workspace);
}

describe('a Dockerfile in the editor', () => {
  afterEach(async () => {
    await setting('rules', undefined);
    await setting('run', undefined);
    await setting('enable', undefined);
    await closeEditors();
  });

  it('is marked where the problem is, with the rule and its documentation', async () => {
    const document = await open();
    const diagnostic = await secretRule(document);
    assert.equal(document.getText(diagnostic.range), 'abcdefgh12345678');
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
    assert.ok(typeof diagnostic.code === 'object' && diagnostic.code.target.scheme === 'https');
    assert.ok(diagnostic.message.length <= 120, diagnostic.message);
  });

  it('27.12: has no mark any more when the last problem is gone', async () => {
    const document = await open();
    await secretRule(document);
    await replace(document, `FROM alpine:3.20@sha256:${'a'.repeat(64)}\nUSER 10001\nCMD ["true"]\n`);
    await eventually('an empty list of problems', () =>
      plimsollDiagnostics(document.uri).length === 0 ? true : undefined,
    );
  });

  it('says at the mark why, and how it is fixed', async () => {
    const document = await open();
    const { range } = await secretRule(document);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      range.start,
    );
    const parts = hovers.flatMap(({ contents }) =>
      contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
    );
    assert.ok(
      parts.some((part) => part.includes('Read more')),
      parts.join('\n'),
    );
  });

  it('offers to ignore a rule with a reason, and to switch it off', async () => {
    const document = await open();
    const { range } = await secretRule(document);
    const titles = (await actions(document, range)).map(({ title }) => title);
    assert.ok(titles.includes('Ignore df-no-secret-in-env here, with a reason...'), titles.join('\n'));
    assert.ok(titles.includes('Turn off df-no-secret-in-env in this workspace'), titles.join('\n'));
  });

  it('fixes everything that is safe at once, and leaves no such problem', async () => {
    const document = await open('FROM alpine:3.20 as build\nRUN true\n');
    const first = await eventually('a mark', () => plimsollDiagnostics(document.uri)[0]);
    const [fixAll] = await actions(document, first.range, 'source.fixAll.plimsoll');
    assert.ok(fixAll?.edit, 'no "fix all" is offered');
    await vscode.workspace.applyEdit(fixAll.edit);
    assert.equal(document.lineAt(0).text, 'FROM alpine:3.20 AS build');
    await eventually('no safe fix is left', async () =>
      (await actions(document, first.range, 'source.fixAll.plimsoll')).length === 0 ? true : undefined,
    );
  });

  it('follows the levels in the settings', async () => {
    const document = await open();
    await secretRule(document);
    await setting('rules', { 'df-no-secret-in-env': 'hint' });
    await eventually('the mark as a hint', () =>
      withRule(document, 'df-no-secret-in-env')?.severity === vscode.DiagnosticSeverity.Hint ? true : undefined,
    );
    await setting('rules', { 'df-no-secret-in-env': 'off' });
    await eventually('the mark gone', () =>
      withRule(document, 'df-no-secret-in-env') === undefined ? true : undefined,
    );
  });

  it('is checked on demand alone when the settings say so', async () => {
    await setting('run', 'manual');
    const document = await open();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(plimsollDiagnostics(document.uri), []);
    await run('plimsoll.scanDockerfile');
    await secretRule(document);
  });

  it('is left alone when the checks are switched off', async () => {
    const document = await open();
    await secretRule(document);
    await setting('enable', false);
    await eventually('no marks', () => (plimsollDiagnostics(document.uri).length === 0 ? true : undefined));
  });

  it('may be called Containerfile', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    assert.ok(folder);
    const file = vscode.Uri.joinPath(folder, 'Containerfile');
    await vscode.workspace.fs.writeFile(file, Buffer.from(text));
    try {
      const document = await vscode.workspace.openTextDocument(file);
      assert.equal(document.languageId, 'dockerfile');
      await secretRule(document);
    } finally {
      await vscode.workspace.fs.delete(file);
    }
  });

  it('that is closed leaves nothing in the Problems view', async () => {
    const document = await open();
    await secretRule(document);
    await run('workbench.action.revertAndCloseActiveEditor');
    await eventually('no marks', () => (plimsollDiagnostics(document.uri).length === 0 ? true : undefined));
  });
});
