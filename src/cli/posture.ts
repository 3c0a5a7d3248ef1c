import { readFile } from 'node:fs/promises';
import { BadInputError } from '../core/errors.ts';
import { parseSnapshot } from '../inventory/snapshot-file.ts';
import type { Snapshot } from '../inventory/types.ts';
import { allChecks, checkById, services } from '../posture/checks/index.ts';
import { judgeSnapshot } from '../posture/runner.ts';
import type { Check, CheckResult } from '../posture/types.ts';
import { oneOf, readArguments, readFailOn, reaches, usage } from './arguments.ts';
import { collectForPosture } from './azure.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';

export const posture: Command = {
  name: 'posture',
  summary: 'judge Azure resources with the posture checks',
  help: `Usage: plimsoll posture [options]                     reads Azure with AZURE_TENANT_ID, AZURE_CLIENT_ID,
                                                      AZURE_CLIENT_SECRET and AZURE_SUBSCRIPTION_ID
       plimsoll posture --snapshot <file> [options]   judges a snapshot in a file
       plimsoll posture --stdin                       judges one snapshot a line, prints one result object a line
       plimsoll posture --list                        prints the catalogue

Options:
  --check <id>               only this check; may be repeated
  --framework cis|mcsb       group the results by section of a framework (text form)
  --cloud public|usGovernment|china|<file>
                             the cloud; a file holds the endpoints of a custom one (default public)
  --format text|json         form of the result (default text)
  --fail-on <severity>       exit with 1 when a failed check has this severity or a higher one
`,
  async run(args, context) {
    const { values, positionals } = readArguments('posture', args, {
      snapshot: { type: 'string' },
      stdin: { type: 'boolean' },
      list: { type: 'boolean' },
      check: { type: 'string', multiple: true },
      framework: { type: 'string' },
      cloud: { type: 'string' },
      format: { type: 'string' },
      'fail-on': { type: 'string' },
    });
    if (positionals.length > 0) throw usage('posture', `Unexpected argument "${positionals[0] ?? ''}"`);
    const format = oneOf('posture', 'format', values.format, ['text', 'json'] as const, 'text');
    const framework =
      values.framework === undefined
        ? undefined
        : oneOf('posture', 'framework', values.framework, ['cis', 'mcsb'] as const, 'mcsb');
    const failOn = readFailOn('posture', values['fail-on']);
    const checks = chosen(values.check);
    if (values.list === true) return list(checks, format, context);
    if (values.stdin === true) return judgeLines(checks, context);
    const { snapshot, partial } = await read(values.snapshot, values.cloud, context);
    const results = judgeSnapshot(snapshot, checks);
    if (format === 'json') {
      await context.out(`${JSON.stringify({ schema: 'plimsoll.posture/1', results }, undefined, 2)}\n`);
    } else await context.out(asText(results, framework));
    const failed = results
      .filter(({ status }) => status === 'fail')
      .map(({ check }) => checkById(check)?.severity ?? 'info');
    if (reaches(failOn, failed)) return exitCodes.findings;
    return partial ? exitCodes.partial : exitCodes.done;
  },
};

function chosen(ids: readonly string[] | undefined): readonly Check[] {
  if (ids === undefined) return allChecks;
  return ids.map((id) => {
    const check = checkById(id);
    if (check === undefined) throw new BadInputError(`There is no check "${id}"`, 'See "plimsoll posture --list".');
    return check;
  });
}

async function list(checks: readonly Check[], format: 'text' | 'json', context: CommandContext): Promise<number> {
  const rows = services.flatMap(({ service, checks: all }) =>
    all
      .filter((check) => checks.includes(check))
      .map(({ id, title, severity, target, why, fix, references }) => ({
        id,
        service,
        title,
        severity,
        target,
        why,
        fix,
        references,
      })),
  );
  if (format === 'json')
    await context.out(`${JSON.stringify({ schema: 'plimsoll.posture/1', checks: rows }, undefined, 2)}\n`);
  else {
    for (const { id, service, title, severity, references } of rows) {
      const sections = [
        ...(references.cis ?? []).map((each) => `CIS ${each}`),
        ...(references.mcsb ?? []).map((each) => `MCSB ${each}`),
      ];
      await context.out(`${id}\t${service}\t${severity}\t${title}\t${sections.join(', ')}\n`);
    }
  }
  return exitCodes.done;
}

async function judgeLines(checks: readonly Check[], context: CommandContext): Promise<number> {
  let number = 0;
  let bad = false;
  for await (const line of context.stdin()) {
    context.signal.throwIfAborted();
    number++;
    if (line.trim() === '') continue;
    let answer: object;
    try {
      answer = { schema: 'plimsoll.posture/1', results: judgeSnapshot(parseSnapshot(line, new Date()), checks) };
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      bad = true;
      answer = { line: number, error: error.message };
    }
    await context.out(`${JSON.stringify(answer)}\n`);
  }
  return bad ? exitCodes.usage : exitCodes.done;
}

async function read(
  file: string | undefined,
  cloud: string | undefined,
  context: CommandContext,
): Promise<{ snapshot: Snapshot; partial: boolean }> {
  if (file === undefined) return collectForPosture(cloud, context);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new BadInputError(`Cannot read "${file}"`, 'Check the path.', { cause });
  }
  return { snapshot: parseSnapshot(text, new Date()), partial: false };
}

function asText(results: readonly CheckResult[], framework: 'cis' | 'mcsb' | undefined): string {
  const line = ({ status, check, resource, reason }: CheckResult): string =>
    `${status.padEnd(10)} ${check}\t${resource}\t${reason}\n`;
  const total = (each: readonly CheckResult[]): string => {
    const count = (status: CheckResult['status']): number => each.filter((result) => result.status === status).length;
    return `${count('pass')} passed, ${count('fail')} failed, ${count('denied')} denied, ${count('unreadable')} unreadable`;
  };
  if (framework === undefined) return `${results.map(line).join('')}${total(results)}\n`;
  const sections = new Map<string, CheckResult[]>();
  for (const result of results) {
    const references = checkById(result.check)?.references[framework] ?? [];
    for (const section of references.length === 0 ? ['no section'] : references) {
      const group = sections.get(section);
      if (group === undefined) sections.set(section, [result]);
      else group.push(result);
    }
  }
  const names = [...sections.keys()].sort();
  return names
    .map(
      (name) =>
        `${name}: ${total(sections.get(name) ?? [])}\n${(sections.get(name) ?? []).map((each) => `  ${line(each)}`).join('')}`,
    )
    .join('');
}
