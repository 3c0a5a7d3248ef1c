import * as vscode from 'vscode';
import { l10n, settingsOf } from '../editor.ts';
import type { EngineHost } from '../engine-host.ts';
import { commandIds, internalCommandIds } from '../ids.ts';
import { formatRelative } from '../l10n.ts';
import { dockerfileSettings, findingsLimits } from '../settings.ts';
import type { Analyses } from './analyses.ts';
import type { DockerfileDiagnostics } from './diagnostics.ts';
import { dockerfileSelector } from './documents.ts';
import { withinLimits } from './marks.ts';
import { toRange } from './ranges.ts';
import type { Disposable } from '../disposable.ts';
import { countsInWords } from '../words.ts';

/** Lines above FROM, only from results that exist: nothing appears later and makes lines jump. */
export function registerCodeLens(
  analyses: Analyses,
  engine: EngineHost,
  diagnostics: DockerfileDiagnostics,
): Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    engine.onDidChange((event) => {
      if (event.type === 'findings') changed.fire();
    }),
    diagnostics.onDidCheck(() => changed.fire()),
    vscode.languages.registerCodeLensProvider(dockerfileSelector, {
      onDidChangeCodeLenses: changed.event,
      async provideCodeLenses(document) {
        const read = settingsOf(document.uri);
        const settings = dockerfileSettings(read);
        if (!settings.enable || !settings.codeLens) return [];
        const { marks, links } = await analyses.get(document);
        const lenses: vscode.CodeLens[] = [];
        for (const mark of withinLimits(marks, findingsLimits(settingsOf()))) {
          const [id] = mark.findingIds;
          if (id === undefined || !mark.rule.startsWith('df-base-image-')) continue;
          const at = toRange(mark.range).with(new vscode.Position(mark.range.start.line, 0));
          lenses.push(
            new vscode.CodeLens(at, {
              title: l10n.t('{counts} · base image checked {when}', {
                counts: countsInWords(l10n, mark.counts),
                when: formatRelative(l10n, mark.scannedAt, new Date()),
              }),
              tooltip: mark.message,
              command: commandIds.showFinding,
              arguments: [id],
            }),
          );
        }
        const [link] = links.toSorted((a, b) => b.score - a.score);
        const stage = lastFrom(document);
        if (link !== undefined && stage !== undefined) {
          const name = link.tag === undefined ? link.repository : `${link.repository}:${link.tag}`;
          lenses.push(
            new vscode.CodeLens(new vscode.Range(stage, 0, stage, 0), {
              title: l10n.t('Builds {image}', { image: withoutHost(name) }),
              tooltip: l10n.t('Findings of {image}, in the report', { image: name }),
              command: internalCommandIds.openLinkedRepository,
              arguments: [link.image],
            }),
          );
        }
        return lenses;
      },
    }),
  );
}

function lastFrom(document: vscode.TextDocument): number | undefined {
  for (let line = document.lineCount - 1; line >= 0; line--) {
    if (/^\s*FROM\s/i.test(document.lineAt(line).text)) return line;
  }
  return undefined;
}

/** The first segment is a host when it holds a dot or a port. Distribution, "reference". */
function withoutHost(name: string): string {
  return name.replace(/^[^/]*[.:][^/]*\//, '');
}
