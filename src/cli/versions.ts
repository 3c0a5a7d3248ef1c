import { BadInputError } from '../core/errors.ts';
import { ecosystemNames } from '../versions/index.ts';
import { compareLine } from '../versions/lines.ts';
import { readArguments, usage } from './arguments.ts';
import { type Command, exitCodes } from './command.ts';

/** The names of the ecosystems as lines of at most this many characters, for the help. */
const lineWidth = 100;

export const versions: Command = {
  name: 'versions',
  summary: 'compare versions in the order of an OSV ecosystem',
  help: `Usage: plimsoll versions <ecosystem> <a> <b>
       plimsoll versions <ecosystem> --stdin

Prints <, = or > for each pair, or ! when one of the two is no version of the ecosystem.
<ecosystem> is an OSV name with or without its suffix: Debian, Debian:12, "Azure Linux:3", npm, ...
A version that begins with a hyphen goes behind "--".

Options:
  --stdin   read pairs, one a line, the two versions parted by a tab; one answer a line

Ecosystems (those with a colon want the name of another behind it):
${wrapped(ecosystemNames)}
`,
  async run(args, context) {
    const { values, positionals } = readArguments('versions', args, { stdin: { type: 'boolean' } });
    const [ecosystem, a, b, ...more] = positionals;
    if (ecosystem === undefined) throw usage('versions', 'Name an ecosystem');
    if (values.stdin === true) {
      if (a !== undefined) throw usage('versions', 'With --stdin the versions come from standard input');
      order(ecosystem, '1', '1'); // an unknown ecosystem is refused before the first line
      let block = '';
      for await (const line of context.stdin()) {
        context.signal.throwIfAborted();
        const [left = '', right, ...rest] = line.split('\t');
        block += right === undefined || rest.length > 0 ? '!\n' : `${order(ecosystem, left, right)}\n`;
        if (block.length > 16_384) {
          await context.out(block);
          block = '';
        }
      }
      await context.out(block);
      return exitCodes.done;
    }
    if (a === undefined || b === undefined || more.length > 0) throw usage('versions', 'Give two versions, or --stdin');
    await context.out(`${order(ecosystem, a, b)}\n`);
    return exitCodes.done;
  },
};

function order(ecosystem: string, a: string, b: string): string {
  const answer = compareLine(ecosystem, a, b);
  if (answer !== undefined) return answer;
  throw new BadInputError(
    `There is no version order for "${ecosystem.slice(0, 100)}"`,
    `Known, with or without a suffix: ${ecosystemNames.join(', ')}.`,
  );
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const line = lines.at(-1);
    if (line === undefined || line.length + name.length + 2 > lineWidth) lines.push(`  ${name}`);
    else lines[lines.length - 1] = `${line}, ${name}`;
  }
  return lines.join(',\n');
}
