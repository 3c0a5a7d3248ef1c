import * as vscode from 'vscode';
import { l10n, settingsOf } from '../editor.ts';
import { commandIds } from '../ids.ts';
import { escapeMarkdown } from '../l10n.ts';
import { dockerfileSettings, findingsLimits } from '../settings.ts';
import type { Analyses } from './analyses.ts';
import { dockerfileSelector } from './documents.ts';
import { levelled, withinLimits } from './marks.ts';
import { toRange } from './ranges.ts';
import type { Disposable } from '../disposable.ts';

/** Links in hovers may run these commands and no other. */
const hoverCommands: readonly string[] = [commandIds.showFinding, commandIds.openReport];

/** Why a line is marked, and what fixes it. */
export function registerHover(analyses: Analyses): Disposable {
  return vscode.languages.registerHoverProvider(dockerfileSelector, {
    async provideHover(document, position) {
      const read = settingsOf(document.uri);
      const settings = dockerfileSettings(read);
      if (!settings.enable) return undefined;
      const analysis = await analyses.get(document);
      const contents: vscode.MarkdownString[] = [];
      for (const mark of withinLimits(analysis.marks, findingsLimits(settingsOf()))) {
        if (settings.rules[mark.rule] === 'off' || !toRange(mark.range).contains(position)) continue;
        const first = mark.findingIds[0];
        contents.push(
          markdown(first === undefined ? mark.hover : `${mark.hover}\n\n${findingLink(mark.findingIds, first)}`),
        );
      }
      for (const violation of levelled(analysis.violations, settings.rules)) {
        if (!toRange(violation.range).contains(position)) continue;
        const fixes = (violation.fixes ?? []).map(({ title }) => `- ${escapeMarkdown(title)}`);
        const parts = [
          `**${escapeMarkdown(violation.message)}**`,
          escapeMarkdown(violation.why),
          fixes.length === 0 ? '' : `${escapeMarkdown(l10n.t('Fixes (Ctrl+. or Cmd+.):'))}\n${fixes.join('\n')}`,
          URL.canParse(violation.docs) ? `[${escapeMarkdown(l10n.t('Read more'))}](${violation.docs})` : '',
        ];
        contents.push(markdown(parts.filter((part) => part !== '').join('\n\n')));
      }
      return contents.length === 0 ? undefined : new vscode.Hover(contents);
    },
  });
}

function findingLink(ids: readonly string[], first: string): string {
  const title = ids.length === 1 ? l10n.t('Show in the report') : l10n.t('Show the first in the report');
  return `[${escapeMarkdown(title)}](command:${commandIds.showFinding}?${encodeURIComponent(JSON.stringify([first]))})`;
}

function markdown(text: string): vscode.MarkdownString {
  const value = new vscode.MarkdownString(text);
  value.isTrusted = { enabledCommands: hoverCommands };
  value.supportHtml = false;
  return value;
}
