import type { VerifyResult, VerifyStep } from '../connectivity/types.ts';
import type { Texts } from './texts.ts';

/** How many steps passed, of those that were tried. Skipped steps do not count. */
export function stepCounts(steps: readonly VerifyStep[]): { readonly passed: number; readonly total: number } {
  const counted = steps.filter(({ state }) => state !== 'skipped');
  return { passed: counted.filter(({ state }) => state === 'pass').length, total: counted.length };
}

/** Commands that assign the roles that are missing, each once, in the order of the steps. */
export function missingRoleCommands(steps: readonly VerifyStep[]): readonly string[] {
  const commands = steps
    .filter(({ state }) => state === 'fail' || state === 'warn')
    .map(({ command }) => command?.text)
    .filter((text) => text !== undefined && text.startsWith('az role assignment create '));
  return [...new Set(commands)].filter((text) => text !== undefined);
}

/** The result as Markdown, for an issue or a mail. It holds what the page shows and no secrets. */
export function verifyMarkdown(name: string, result: VerifyResult, texts: Texts): string {
  const { passed, total } = stepCounts(result.steps);
  const lines = [
    `# ${cell(texts.t('verify.markdown.title', { name }))}`,
    '',
    cell(
      texts.t(`verify.verdict.${result.verdict}`, {
        passed,
        total,
        from: result.ranFrom,
        when: texts.dateTime(result.startedAt),
      }),
    ),
    '',
    `| ${(['verify.state', 'verify.step', 'verify.reason', 'verify.next'] as const).map((key) => texts.t(key)).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...result.steps.map(
      ({ state, title, reason, nextStep }) =>
        `| ${texts.t(`step.${state}`)} | ${cell(title)} | ${cell(reason ?? '')} | ${cell(nextStep ?? '')} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Text that stays within its cell. */
function cell(text: string): string {
  return text
    .replaceAll(/[\\|<>`*_[\]]/g, '\\$&')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
