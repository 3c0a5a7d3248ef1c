import * as vscode from 'vscode';
import type { ReportedViolation } from '../../dockerfile/types.ts';
import { BadInputError } from '../../core/errors.ts';
import { l10n, settingsOf } from '../editor.ts';
import type { CommandEntry } from '../commands/register.ts';
import { commandIds, internalCommandIds, settingIds } from '../ids.ts';
import { dockerfileSettings } from '../settings.ts';
import { askInput } from '../wizard/box.ts';
import { isIsoDate } from '../wizard/draft.ts';
import type { Analyses } from './analyses.ts';
import { dockerfileSelector } from './documents.ts';
import { ignoreComment, instructionStart } from './ignore-comment.ts';
import { levelled, safeEdits } from './marks.ts';
import { toRange, toWorkspaceEdit } from './ranges.ts';
import type { Disposable } from '../disposable.ts';

const fixAll = vscode.CodeActionKind.SourceFixAll.append('plimsoll');

/** Rules that speak about ignores: ignoring them would go in circles. */
const aboutIgnores: ReadonlySet<string> = new Set(['df-ignore-valid', 'df-ignore-used']);

/** Fixes, ignores with a reason, and "fix all"; every one is a text edit that can be undone. */
export function registerCodeActions(analyses: Analyses): Disposable {
  return vscode.languages.registerCodeActionsProvider(
    dockerfileSelector,
    {
      async provideCodeActions(document, range, context) {
        const settings = dockerfileSettings(settingsOf(document.uri));
        if (!settings.enable) return [];
        const analysis = await analyses.get(document);
        const violations = levelled(analysis.violations, settings.rules);
        const actions: vscode.CodeAction[] = [];
        const wanted = context.only;
        if (wanted === undefined || wanted.contains(vscode.CodeActionKind.QuickFix)) {
          for (const violation of violations) {
            if (toRange(violation.range).intersection(range) === undefined) continue;
            actions.push(...fixesOf(document, violation, context.diagnostics));
          }
          const ignorable = [...violations, ...analysis.marks].filter(
            (problem) =>
              toRange(problem.range).intersection(range) !== undefined &&
              !aboutIgnores.has(problem.rule) &&
              settings.rules[problem.rule] !== 'off',
          );
          const rules = new Map(ignorable.map((problem) => [problem.rule, problem.range.start.line]));
          for (const [rule, line] of rules) actions.push(...settingActions(document, rule, line, context.diagnostics));
          // of no kind, so that it must not be offered where quick fixes alone are asked for
          for (const mark of wanted === undefined ? analysis.marks : []) {
            const [id] = mark.findingIds;
            if (id === undefined || toRange(mark.range).intersection(range) === undefined) continue;
            const explain = new vscode.CodeAction(l10n.t('Explain in the report'), vscode.CodeActionKind.Empty);
            explain.command = { command: commandIds.showFinding, title: explain.title, arguments: [id] };
            actions.push(explain);
          }
        }
        if (wanted !== undefined && wanted.contains(fixAll)) actions.push(...fixAllAction(document, violations));
        return actions;
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, fixAll] },
  );
}

function diagnosticsOf(rule: string, diagnostics: readonly vscode.Diagnostic[]): vscode.Diagnostic[] {
  return diagnostics.filter(({ code }) => (typeof code === 'object' ? code.value : code) === rule);
}

function fixesOf(
  document: vscode.TextDocument,
  violation: ReportedViolation,
  diagnostics: readonly vscode.Diagnostic[],
): vscode.CodeAction[] {
  return (violation.fixes ?? []).map((fix) => {
    const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
    action.edit = toWorkspaceEdit(document.uri, fix.edits);
    action.isPreferred = fix.safe;
    action.diagnostics = diagnosticsOf(violation.rule, diagnostics);
    return action;
  });
}

function settingActions(
  document: vscode.TextDocument,
  rule: string,
  line: number,
  diagnostics: readonly vscode.Diagnostic[],
): vscode.CodeAction[] {
  const ignore = new vscode.CodeAction(
    l10n.t('Ignore {rule} here, with a reason...', { rule }),
    vscode.CodeActionKind.QuickFix,
  );
  ignore.command = {
    command: internalCommandIds.ignoreHere,
    title: ignore.title,
    arguments: [document.uri, rule, line],
  };
  ignore.diagnostics = diagnosticsOf(rule, diagnostics);
  if (vscode.workspace.workspaceFolders === undefined) return [ignore];
  const turnOff = new vscode.CodeAction(
    l10n.t('Turn off {rule} in this workspace', { rule }),
    vscode.CodeActionKind.QuickFix,
  );
  turnOff.command = { command: internalCommandIds.turnOffRule, title: turnOff.title, arguments: [rule] };
  turnOff.diagnostics = ignore.diagnostics;
  return [ignore, turnOff];
}

function fixAllAction(document: vscode.TextDocument, violations: readonly ReportedViolation[]): vscode.CodeAction[] {
  const fixes = safeEdits(violations);
  if (fixes.length === 0) return [];
  const action = new vscode.CodeAction(l10n.t('Fix all safe problems'), fixAll);
  action.edit = toWorkspaceEdit(
    document.uri,
    fixes.flatMap(({ edits }) => edits),
  );
  return [action];
}

/** What the code actions run. */
export function codeActionCommands(now: () => Date): readonly CommandEntry[] {
  return [
    {
      id: internalCommandIds.ignoreHere,
      title: l10n.t('Ignore Here'),
      run: async (uri, rule, line) => {
        if (!(uri instanceof vscode.Uri) || typeof rule !== 'string' || typeof line !== 'number') return;
        await ignoreHere(uri, rule, line, now());
      },
    },
    {
      id: internalCommandIds.turnOffRule,
      title: l10n.t('Turn Off Rule'),
      run: async (rule) => {
        if (typeof rule !== 'string') return;
        const configuration = vscode.workspace.getConfiguration();
        const before = configuration.inspect<Record<string, unknown>>(settingIds.dockerfileRules)?.workspaceValue ?? {};
        await configuration.update(
          settingIds.dockerfileRules,
          { ...before, [rule]: 'off' },
          vscode.ConfigurationTarget.Workspace,
        );
      },
    },
  ];
}

/** Asks for a reason and an end date, then inserts the comment above the instruction. */
async function ignoreHere(uri: vscode.Uri, rule: string, line: number, now: Date): Promise<void> {
  const title = l10n.t('Ignore {rule} Here', { rule });
  const reason = await askInput<string>({
    place: { title, step: 1, totalSteps: 2, canGoBack: false },
    prompt: l10n.t('Why is it no problem here? The reason stays in the file.'),
    placeholder: l10n.t('The fact that makes it safe, not the wish'),
    check: (text, final) =>
      text.trim() === '' && final
        ? { level: 'error', message: l10n.t('Without a reason the ignore does not count.') }
        : undefined,
    submit: (text) => Promise.resolve({ done: text.trim().slice(0, 300) }),
  });
  if (reason.kind !== 'done') return;
  const today = now.toISOString().slice(0, 10);
  const proposed = new Date(now.getTime() + 90 * 86_400_000).toISOString().slice(0, 10);
  const until = await askInput<string>({
    place: { title, step: 2, totalSteps: 2, canGoBack: false },
    prompt: l10n.t('Until when? As YYYY-MM-DD'),
    value: proposed,
    check: (text, final) => {
      const date = text.trim();
      if (isIsoDate(date)) {
        return date > today ? undefined : { level: 'error', message: l10n.t('The date must lie in the future.') };
      }
      return final || date.length >= 10
        ? { level: 'error', message: l10n.t('That is no date like {date}.', { date: proposed }) }
        : undefined;
    },
    submit: (text) => Promise.resolve({ done: text.trim() }),
  });
  if (until.kind !== 'done') return;
  const document = await vscode.workspace.openTextDocument(uri);
  const lines = Array.from({ length: document.lineCount }, (_, index) => document.lineAt(index).text);
  const start = instructionStart(lines, Math.min(line, document.lineCount - 1));
  const edit = new vscode.WorkspaceEdit();
  const comment = ignoreComment(lines[start] ?? '', rule, until.value, reason.value);
  edit.insert(uri, new vscode.Position(start, 0), comment);
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new BadInputError(
      l10n.t('The comment could not be inserted'),
      l10n.t('The file may be read-only: check it, then try again.'),
    );
  }
}
