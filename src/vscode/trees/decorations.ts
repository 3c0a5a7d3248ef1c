import * as vscode from 'vscode';
import { severities } from '../../core/severity.ts';
import { l10n } from '../editor.ts';
import { uriSchemes } from '../ids.ts';
import { severityLetters, severityWord } from '../words.ts';
import type { Disposable } from '../disposable.ts';

/** Puts letter and colour of a severity at tree items whose address begins with it: `plimsoll-asset:/high/…`. */
export function registerDecorations(): Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== uriSchemes.asset && uri.scheme !== uriSchemes.finding) return undefined;
      const word = uri.path.split('/')[1];
      const severity = severities.find((level) => level === word);
      if (severity === undefined) return undefined;
      return new vscode.FileDecoration(
        severityLetters[severity],
        severityWord(l10n, severity),
        new vscode.ThemeColor(`plimsoll.severity.${severity}`),
      );
    },
  });
}
