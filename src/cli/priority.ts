import { evaluateLine, isLineError } from '../findings/priority/lines.ts';
import { readArguments, usage } from './arguments.ts';
import { type Command, exitCodes } from './command.ts';

export const priority: Command = {
  name: 'priority',
  summary: 'effective severity of findings with their factors',
  help: `Usage: plimsoll priority --stdin

Reads one finding a line (JSON, with its factors) and prints one result a line: effective severity, points, rules,
sentences, what is not known. Lines that cannot be read give {"line", "error"} in their place, and exit code 2.
`,
  async run(args, context) {
    const { values, positionals } = readArguments('priority', args, {
      stdin: { type: 'boolean' },
      format: { type: 'string' },
    });
    if (values.stdin !== true || positionals.length > 0)
      throw usage('priority', 'Findings come from standard input: give --stdin');
    let number = 0;
    let bad = false;
    for await (const line of context.stdin()) {
      context.signal.throwIfAborted();
      const answer = evaluateLine(line, ++number);
      if (answer === undefined) continue;
      bad ||= isLineError(answer);
      await context.out(`${JSON.stringify(answer)}\n`);
    }
    return bad ? exitCodes.usage : exitCodes.done;
  },
};
