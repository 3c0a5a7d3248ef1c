import * as vscode from 'vscode';
import { isAbort } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { RuleSeverity } from '../../dockerfile/types.ts';
import type { DockerfileAnalysis } from '../../engine-contract.ts';
import { l10n, settingsOf } from '../editor.ts';
import { diagnosticSource } from '../ids.ts';
import { dockerfileSettings, findingsLimits } from '../settings.ts';
import type { Analyses } from './analyses.ts';
import { isDockerfile } from './documents.ts';
import { levelled, withinLimits } from './marks.ts';
import { toRange } from './ranges.ts';
import type { Disposable } from '../disposable.ts';

/** Keeps the Problems view in step with the Dockerfiles that are open. */
export interface DockerfileDiagnostics extends Disposable {
  /** Checks now, whatever the `run` setting says; answers the number of problems. */
  check(document: vscode.TextDocument): Promise<number>;
  /** Checks again what is shown: results or settings changed. */
  refresh(): void;
  /** Problems of a document were shown or cleared. */
  readonly onDidCheck: vscode.Event<vscode.TextDocument>;
  /** Undefined when the document was not checked. */
  count(document: vscode.TextDocument): number | undefined;
}

const typingPauseMs = 250;

const levels: Readonly<Record<RuleSeverity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** Rules whose problem is that something is there for nothing. */
const unnecessary: ReadonlySet<string> = new Set(['df-ignore-used']);

export function createDiagnostics(analyses: Analyses, log: Log): DockerfileDiagnostics {
  const collection = vscode.languages.createDiagnosticCollection('plimsoll');
  const checked = new vscode.EventEmitter<vscode.TextDocument>();
  const timers = new Map<string, NodeJS.Timeout>();

  const publish = async (document: vscode.TextDocument): Promise<number> => {
    const version = document.version;
    const analysis = await analyses.get(document);
    if (document.isClosed || document.version !== version) return 0; // a newer version is on its way
    const diagnostics = toDiagnostics(document, analysis);
    collection.set(document.uri, diagnostics);
    checked.fire(document);
    return diagnostics.length;
  };

  const clear = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    clearTimeout(timers.get(uri));
    timers.delete(uri);
    analyses.forget(document.uri);
    collection.delete(document.uri);
    checked.fire(document);
  };

  const publishQuietly = (document: vscode.TextDocument): void => {
    publish(document).catch((error: unknown) => {
      if (!isAbort(error)) log.error('dockerfile not checked', error, { file: document.uri.toString() });
    });
  };

  const look = (document: vscode.TextDocument, cause: 'open' | 'type' | 'save'): void => {
    if (!isDockerfile(document)) return;
    const settings = dockerfileSettings(settingsOf(document.uri));
    if (!settings.enable) {
      clear(document);
      return;
    }
    if (settings.run === 'manual') return;
    if (settings.run === 'onSave' && cause === 'type') return;
    const uri = document.uri.toString();
    clearTimeout(timers.get(uri));
    if (cause !== 'type') {
      timers.delete(uri);
      publishQuietly(document);
      return;
    }
    timers.set(
      uri,
      setTimeout(() => {
        timers.delete(uri);
        if (!document.isClosed) publishQuietly(document);
      }, typingPauseMs),
    );
  };

  const refresh = (): void => {
    analyses.forget();
    for (const document of vscode.workspace.textDocuments) {
      if (!isDockerfile(document)) continue;
      const { enable, run } = dockerfileSettings(settingsOf(document.uri));
      if (!enable) clear(document);
      else if (run !== 'manual' || collection.has(document.uri)) publishQuietly(document);
    }
  };

  const disposables = [
    collection,
    checked,
    vscode.workspace.onDidOpenTextDocument((document) => look(document, 'open')),
    vscode.workspace.onDidSaveTextDocument((document) => look(document, 'save')),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) look(document, 'type');
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (isDockerfile(document)) clear(document);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('plimsoll.dockerfile') || event.affectsConfiguration('plimsoll.findings'))
        refresh();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(refresh),
  ];
  // after activation has returned: the first look loads the engine
  const first = setImmediate(() => {
    for (const document of vscode.workspace.textDocuments) look(document, 'open');
  });

  return {
    check: publish,
    refresh,
    onDidCheck: checked.event,
    count: (document) => (collection.has(document.uri) ? collection.get(document.uri)?.length : undefined),
    dispose() {
      clearImmediate(first);
      for (const timer of timers.values()) clearTimeout(timer);
      for (const disposable of disposables) disposable.dispose();
    },
  };
}

function toDiagnostics(document: vscode.TextDocument, analysis: DockerfileAnalysis): vscode.Diagnostic[] {
  const read = settingsOf(document.uri);
  const { rules } = dockerfileSettings(read);
  const violations = levelled(analysis.violations, rules).map((violation) => {
    const diagnostic = new vscode.Diagnostic(toRange(violation.range), violation.message, levels[violation.severity]);
    diagnostic.source = diagnosticSource;
    diagnostic.code = URL.canParse(violation.docs)
      ? { value: violation.rule, target: vscode.Uri.parse(violation.docs) }
      : violation.rule;
    if (unnecessary.has(violation.rule)) diagnostic.tags = [vscode.DiagnosticTag.Unnecessary];
    if (violation.related !== undefined) {
      diagnostic.relatedInformation = violation.related.map(
        ({ range, message }) =>
          new vscode.DiagnosticRelatedInformation(new vscode.Location(document.uri, toRange(range)), message),
      );
    }
    return diagnostic;
  });
  const marks = withinLimits(analysis.marks, findingsLimits(settingsOf()))
    .filter(({ rule }) => !Object.hasOwn(rules, rule) || rules[rule] !== 'off')
    .map((mark) => {
      const diagnostic = new vscode.Diagnostic(toRange(mark.range), mark.message, levels[mark.severity]);
      diagnostic.source = diagnosticSource;
      diagnostic.code = mark.rule;
      if (mark.related !== undefined) {
        diagnostic.relatedInformation = mark.related.map(
          ({ line, message }) =>
            new vscode.DiagnosticRelatedInformation(
              new vscode.Location(document.uri, new vscode.Position(Math.min(line, document.lineCount - 1), 0)),
              message,
            ),
        );
      }
      return diagnostic;
    });
  return [...violations, ...marks];
}

/** `3 problems`, for the status item and the command's answer. */
export function problemsText(count: number): string {
  return count === 0
    ? l10n.t('no problems')
    : count === 1
      ? l10n.t('1 problem')
      : l10n.t('{count} problems', { count });
}
