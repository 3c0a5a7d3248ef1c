import type { Instruction } from '../model.ts';
import { type ShellCommand, baseName, effectiveWords, shellCommands } from '../shell.ts';
import type { DockerfileRule } from './rule.ts';

const downloaders: ReadonlySet<string> = new Set(['curl', 'wget', 'http', 'aria2c', 'fetch']);
const interpreters = /^(sh|bash|dash|ash|zsh|ksh|python[\d.]*|perl|ruby|node|php|pwsh)$/;
/** Programs that only pass their input on. */
const passing: ReadonlySet<string> = new Set([
  'tee',
  'cat',
  'sed',
  'tr',
  'gunzip',
  'zcat',
  'base64',
  'head',
  'tail',
  'grep',
]);

export const noCurlPipeShell: DockerfileRule = {
  id: 'df-no-curl-pipe-shell',
  aliases: [],
  title: 'Downloads are not piped into a shell',
  severity: 'warning',
  why: 'What the server sends at build time runs at once, unseen and unverified; a cut connection runs half a script.',
  docs: 'https://docs.docker.com/build/building/best-practices/#using-pipes',
  *check(file) {
    for (const instruction of file.instructions) {
      if (!runsShell(instruction)) continue;
      const commands = shellCommands(file, instruction);
      for (const [index, command] of commands.entries()) {
        const shell = effectiveWords(command)[0];
        if (shell === undefined) continue;
        const start =
          isPiped(command) && interpreters.test(baseName(shell.text)) ? downloadBefore(commands, index) : undefined;
        if (start !== undefined) {
          yield {
            range: { start: start.range.start, end: command.range.end },
            message: 'A download is piped into a shell. Save it, check its checksum, then run it.',
          };
        } else if (
          interpreters.test(baseName(shell.text)) &&
          command.words.some((word) => /^(<\(|`|\$\()\s*(curl|wget)\b/.test(word.text))
        ) {
          yield {
            range: command.range,
            message: 'A download is run as a script. Save it, check its checksum, then run it.',
          };
        }
      }
    }
  },
};

function runsShell({ keyword }: Instruction): boolean {
  return keyword === 'RUN';
}

function isPiped({ before }: ShellCommand): boolean {
  return before === '|' || before === '|&';
}

/** The download at the head of the pipe that ends in `index`. */
function downloadBefore(commands: readonly ShellCommand[], index: number): ShellCommand | undefined {
  for (let at = index - 1; at >= 0; at--) {
    const command = commands[at];
    if (command === undefined) return undefined;
    const name = baseName(effectiveWords(command)[0]?.text ?? '');
    if (downloaders.has(name)) return command;
    if (!passing.has(name) || !isPiped(command)) return undefined;
  }
  return undefined;
}
