import * as vscode from 'vscode';
import type { SourceLink } from '../findings/types.ts';
import { BadInputError } from '../core/errors.ts';
import { l10n } from './editor.ts';

/** Opens the file beside what is open, selects the lines and moves the focus there. Throws BadInputError when it is gone. */
export async function openSource(source: SourceLink): Promise<void> {
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(vscode.Uri.parse(source.uri, true));
  } catch (cause) {
    throw new BadInputError(
      l10n.t('"{file}" cannot be opened', { file: source.uri }),
      l10n.t('It may have been moved or deleted since the scan: scan again.'),
      { cause },
    );
  }
  const first = document.lineAt(Math.min(source.line, document.lineCount - 1));
  const last = document.lineAt(Math.min(Math.max(source.endLine, source.line), document.lineCount - 1));
  const open = vscode.window.visibleTextEditors.find(
    (editor) => editor.document.uri.toString() === document.uri.toString(),
  );
  await vscode.window.showTextDocument(document, {
    viewColumn: open?.viewColumn ?? vscode.ViewColumn.Beside,
    selection: new vscode.Range(first.range.start, last.range.end),
    preserveFocus: false,
  });
}

/** Opens an https address after saying which host it leads to. Anything else is refused. */
export async function openLink(url: string): Promise<void> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'https:' || target.username !== '' || target.password !== '') {
    throw new BadInputError(
      l10n.t('The link was not opened: only https addresses are'),
      l10n.t('Copy it, if you trust where it leads.'),
    );
  }
  const open = l10n.t('Open');
  const answer = await vscode.window.showInformationMessage(
    l10n.t('Open a page of {host}?', { host: target.host }),
    { modal: true, detail: target.href.slice(0, 500) },
    open,
  );
  if (answer === open) await vscode.env.openExternal(vscode.Uri.parse(target.href, true));
}

/** Types a command into a terminal and leaves Enter to the person. Line breaks would run it: they become blanks. */
export function typeInTerminal(text: string): void {
  const line = text
    .replace(/\\\r?\n\s*/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim();
  const terminal = vscode.window.activeTerminal ?? vscode.window.createTerminal('Plimsoll');
  terminal.show();
  terminal.sendText(line, false);
}
