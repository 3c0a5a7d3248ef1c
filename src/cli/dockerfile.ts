import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../core/atomic-file.ts';
import { BadInputError } from '../core/errors.ts';
import { checkDockerfile, reportedRules } from '../dockerfile/check.ts';
import { applyFixes } from '../dockerfile/edits.ts';
import type { ReportedViolation, RuleSeverity } from '../dockerfile/types.ts';
import { oneOf, readArguments, usage } from './arguments.ts';
import { type Command, exitCodes } from './command.ts';
import { toSarif } from './sarif.ts';

const largestFile = 2 * 1024 * 1024;
const levels = { error: 'error', warning: 'warning', information: 'note', hint: 'note' } as const;
const ranks: readonly RuleSeverity[] = ['hint', 'information', 'warning', 'error'];

export const dockerfile: Command = {
  name: 'dockerfile',
  summary: 'check Dockerfiles against the rules',
  help: `Usage: plimsoll dockerfile <file>... [options]

Checks Dockerfiles. Needs no network.

Options:
  --format text|json|sarif   form of the result (default text)
  --fix                      apply the fixes that leave the built image the same, then check again
  --fail-on <level>          exit with 1 when a violation has this level or a higher one:
                             hint, information, warning, error (default: never)
`,
  async run(args, context) {
    const { values, positionals } = readArguments('dockerfile', args, {
      format: { type: 'string' },
      fix: { type: 'boolean' },
      'fail-on': { type: 'string' },
    });
    const format = oneOf('dockerfile', 'format', values.format, ['text', 'json', 'sarif'] as const, 'text');
    const failOn =
      values['fail-on'] === undefined ? undefined : oneOf('dockerfile', 'fail-on', values['fail-on'], ranks, 'error');
    if (positionals.length === 0) throw usage('dockerfile', 'Name at least one file');
    const today = new Date().toISOString().slice(0, 10);
    const found: { file: string; violation: ReportedViolation }[] = [];
    for (const file of positionals) {
      context.signal.throwIfAborted();
      const text = await readText(file);
      const fixed = values.fix === true ? applySafeFixes(text, today) : text;
      if (fixed !== text) await writeFileAtomically(file, fixed);
      for (const violation of checkDockerfile(fixed, { today }).violations) found.push({ file, violation });
    }
    if (format === 'json') {
      const violations = found.map(({ file, violation: { rule, aliases, severity, message, range, fixes = [] } }) => ({
        file,
        rule,
        aliases,
        severity,
        message,
        range,
        fixes,
      }));
      await context.out(`${JSON.stringify({ schema: 'plimsoll.dockerfile/1', violations }, undefined, 2)}\n`);
    } else if (format === 'sarif') {
      const sarif = toSarif(
        reportedRules.map(({ id, title, why, docs }) => ({ id, name: title, help: why, helpUri: docs })),
        found.map(({ file, violation }) => ({
          rule: violation.rule,
          level: levels[violation.severity],
          message: violation.message,
          uri: file.replaceAll('\\', '/'),
          range: violation.range,
          fingerprint: fingerprint(violation.rule, file, violation.message),
        })),
      );
      await context.out(`${JSON.stringify(sarif, undefined, 2)}\n`);
    } else {
      for (const { file, violation } of found) {
        const { line, character } = violation.range.start;
        await context.out(
          `${file}:${line + 1}:${character + 1} ${violation.severity} ${violation.rule}: ${violation.message}\n`,
        );
      }
      if (found.length === 0) await context.out(`No violations in ${positionals.length} file(s).\n`);
    }
    const failed =
      failOn !== undefined && found.some(({ violation }) => ranks.indexOf(violation.severity) >= ranks.indexOf(failOn));
    return failed ? exitCodes.findings : exitCodes.done;
  },
};

/** Fixes may make room for others: a few rounds, each over the text of the one before. */
function applySafeFixes(text: string, today: string): string {
  let fixed = text;
  for (let round = 0; round < 5; round++) {
    const { file, violations } = checkDockerfile(fixed, { today });
    const safe = violations.flatMap(({ fixes = [] }) => fixes.find((fix) => fix.safe) ?? []);
    if (safe.length === 0) break;
    fixed = applyFixes(file, safe);
  }
  return fixed;
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new BadInputError(`Cannot read "${file}": ${reason}`, 'Check the path.', { cause });
  }
  if (bytes.length > largestFile)
    throw new BadInputError(`Cannot read "${file}": it is larger than 2 MiB`, 'Name a Dockerfile.');
  return bytes.toString('utf8');
}

function fingerprint(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}
