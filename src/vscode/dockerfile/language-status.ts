import * as vscode from 'vscode';
import { l10n, settingsOf } from '../editor.ts';
import { commandIds, dockerfileStatusId } from '../ids.ts';
import { dockerfileSettings } from '../settings.ts';
import type { Analyses } from './analyses.ts';
import { problemsText, type DockerfileDiagnostics } from './diagnostics.ts';
import { dockerfileSelector, isDockerfile } from './documents.ts';
import type { Disposable } from '../disposable.ts';

/** Says at the language of a Dockerfile what was checked, and why something was not. */
export function registerLanguageStatus(analyses: Analyses, diagnostics: DockerfileDiagnostics): Disposable {
  const item = vscode.languages.createLanguageStatusItem(dockerfileStatusId, dockerfileSelector);
  item.name = 'Plimsoll';

  const update = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined || !isDockerfile(document)) return;
    const { enable, run } = dockerfileSettings(settingsOf(document.uri));
    item.severity = vscode.LanguageStatusSeverity.Information;
    const say = (text: string, detail: string, command: vscode.Command): void => {
      item.text = `Plimsoll: ${text}`;
      item.detail = detail;
      item.command = command;
      item.accessibilityInformation = { label: `Plimsoll: ${text}. ${detail}` };
    };
    const scan = { command: commandIds.scanDockerfile, title: l10n.t('Scan Now') };
    if (!enable) {
      say(l10n.t('switched off'), l10n.t('The setting plimsoll.dockerfile.enable is off.'), {
        command: commandIds.openSettings,
        title: l10n.t('Open Settings'),
      });
      return;
    }
    const count = diagnostics.count(document);
    const text = count === undefined ? l10n.t('not checked yet') : problemsText(count);
    if (!vscode.workspace.isTrusted) {
      item.severity = vscode.LanguageStatusSeverity.Warning;
      say(text, l10n.t('Restricted mode: scan results are not linked, and ignores in this file do not count.'), {
        command: 'workbench.trust.manage',
        title: l10n.t('Manage Workspace Trust'),
      });
      return;
    }
    const [link] = (analyses.current(document)?.links ?? []).toSorted((a, b) => b.score - a.score);
    say(
      text,
      link === undefined
        ? run === 'manual'
          ? l10n.t('Checked only on demand')
          : l10n.t('No scanned image is linked to this file')
        : l10n.t('Builds {image}', { image: link.repository }),
      scan,
    );
  };

  update();
  return vscode.Disposable.from(
    item,
    diagnostics.onDidCheck(update),
    vscode.window.onDidChangeActiveTextEditor(update),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
    vscode.workspace.onDidChangeConfiguration(update),
  );
}
