import * as vscode from 'vscode';
import type { Log } from '../../core/log.ts';
import type { CommandEntry } from '../commands/register.ts';
import type { EngineHost } from '../engine-host.ts';
import { createAnalyses } from './analyses.ts';
import { codeActionCommands, registerCodeActions } from './code-actions.ts';
import { registerCodeLens } from './code-lens.ts';
import { createDiagnostics } from './diagnostics.ts';
import { registerHover } from './hover.ts';
import { registerLanguageStatus } from './language-status.ts';
import { scanDockerfileCommand } from './scan-command.ts';
import type { Disposable } from '../disposable.ts';

export interface DockerfileFeatures {
  readonly commands: readonly CommandEntry[];
  readonly disposable: Disposable;
}

/** Everything that Plimsoll does in the editor of a Dockerfile. */
export function registerDockerfileFeatures(engine: EngineHost, log: Log, now: () => Date): DockerfileFeatures {
  const analyses = createAnalyses(engine);
  const diagnostics = createDiagnostics(analyses, log);
  return {
    commands: [scanDockerfileCommand(diagnostics, engine), ...codeActionCommands(now)],
    disposable: vscode.Disposable.from(
      analyses,
      diagnostics,
      registerHover(analyses),
      registerCodeActions(analyses),
      registerCodeLens(analyses, engine, diagnostics),
      registerLanguageStatus(analyses, diagnostics),
      engine.onDidChange((event) => {
        if (event.type === 'findings') diagnostics.refresh();
      }),
    ),
  };
}
